/* SPDX-License-Identifier: MIT */
#include "agent/roster.h"

#include "agent/mapping.h"
#include "base/number.h"
#include "support/check.h"
#include "support/feed.h"
#include <stdlib.h>

static bool
open_with_up(struct feed *feed, enum pt_dress_mode mode)
{
	return open_feed(feed, mode) && pt_roster_add(&feed->roster, "up", "Up.", NULL) == 0;
}

/* "name{l=v} 1, …" of what has a sample; "stale" for a marker. */
static void
describe(const struct pitot_snapshot *snapshot, char *text, size_t size)
{
	text[0] = '\0';
	for (size_t i = 0; i < snapshot->table->count; i++) {
		const struct pt_series *series = snapshot->table->series[i];
		char value[PT_NUMBER_TEXT + 1] = "stale";
		size_t at = strlen(text);
		if (snapshot->bits[i] == PT_NUMBER_ABSENT)
			continue;
		if (snapshot->bits[i] != PT_NUMBER_STALE)
			value[pt_number_format(value, pt_number_from_bits(snapshot->bits[i]),
				PT_NUMBER_PLAIN)] = '\0';
		at += (size_t)snprintf(text + at, size - at, "%s%s%s{", at > 0 ? ", " : "",
			series->role->family->name, pt_name_suffix(series->role->part));
		for (size_t k = 0; k < pt_series_label_count(series); k++) {
			struct pt_label label = pt_series_label(series, k);
			at += (size_t)snprintf(text + at, size - at, "%s%s=%s", k > 0 ? "," : "",
				label.name, label.value);
		}
		(void)snprintf(text + at, size - at, "} %s", value);
	}
}

static struct pitot_snapshot *
scrape(struct feed *feed, const char *text)
{
	const struct pitot_parse_options options = {.source = "t", .format = PITOT_TEXT_0_0_4};
	bool changed = false;
	if (text == NULL)
		return pt_roster_snapshot(&feed->roster, NULL, 1);
	check_int(pt_page_read(&feed->page, text, strlen(text), &options, &changed, NULL), 0);
	if (changed)
		check_int(pt_roster_follow(&feed->roster, feed->page.snapshot), 0);
	pt_page_settle(&feed->page);
	return pt_roster_snapshot(&feed->roster, &feed->page, 1);
}

static void
check_scrape(struct feed *feed, const char *text, const char *expected)
{
	char found[2048];
	struct pitot_snapshot *snapshot = scrape(feed, text);
	check_fatal(snapshot != NULL);
	describe(snapshot, found, sizeof found);
	check_text(found, expected);
	pitot_snapshot_free(snapshot);
}

static void
series_that_vanish_get_one_marker(void)
{
	struct feed feed;
	check_fatal(open_with_up(&feed, PT_DRESS_RENAME));
	check_scrape(&feed, "a 1\nb 2\nc 3\nd 4\ne 5\n",
		"a{job=j} 1, b{job=j} 2, c{job=j} 3, d{job=j} 4, e{job=j} 5");
	/* One line is missing: the page is read as before. */
	check_scrape(&feed, "a 1\nc 3\nd 4\ne 5\n",
		"a{job=j} 1, b{job=j} stale, c{job=j} 3, d{job=j} 4, e{job=j} 5");
	check_scrape(
		&feed, "a 1\nc 3\nd 4\ne 5\n", "a{job=j} 1, c{job=j} 3, d{job=j} 4, e{job=j} 5");
	/* It is parsed anew, and f stands behind what there was. */
	check_scrape(&feed, "f 6\na 1\n",
		"f{job=j} 6, a{job=j} 1, c{job=j} stale, d{job=j} stale, e{job=j} stale");
	/* A target that is down. */
	check_scrape(&feed, NULL, "f{job=j} stale, a{job=j} stale");
	check_scrape(&feed, NULL, "");
	check_scrape(&feed, "f 7\na 2\n", "f{job=j} 7, a{job=j} 2");
	/* Those with times of their own end without a marker. */
	check_scrape(&feed, "t 1 1000\na 1\n", "t{job=j} 1, a{job=j} 1, f{job=j} stale");
	check_scrape(&feed, "a 1\n", "a{job=j} 1");
	close_feed(&feed);
}

static void
a_series_stays_the_same_whatever_is_parsed(void)
{
	struct feed feed;
	check_fatal(open_with_up(&feed, PT_DRESS_RENAME));
	pitot_snapshot_free(scrape(&feed, "# TYPE a gauge\na{x=\"1\"} 1\n"));
	struct pt_series *before = pt_series_ref(feed.roster.table->series[0]);
	pitot_snapshot_free(scrape(&feed, "# TYPE a gauge\na{x=\"0\"} 1\na{x=\"1\"} 1\n"));
	check_true(feed.roster.table->series[1] == before);
	/* Both have one family: no destination would take two of one name. */
	check_true(feed.roster.table->series[0]->role->family == before->role->family);
	/* Another type is another object, but no end of the series. */
	check_scrape(&feed, "# TYPE a counter\na{x=\"0\"} 1\na{x=\"1\"} 1\n",
		"a{job=j,x=0} 1, a{job=j,x=1} 1");
	check_true(feed.roster.table->series[1] != before);
	check_int(feed.roster.table->series[1]->role->family->type, PITOT_COUNTER);
	/* What ended has the family of what lives. */
	pitot_snapshot_free(scrape(&feed, "# HELP a h\n# TYPE a counter\na{x=\"0\"} 1\n"));
	check_true(feed.roster.table->series[0]->role->family ==
		feed.roster.table->series[1]->role->family);
	pt_series_unref(before);
	close_feed(&feed);
}

/* What stands apart would be refused as a metric that is there twice. */
static void
series_of_one_family_stand_together(void)
{
	struct feed feed;
	check_fatal(open_with_up(&feed, PT_DRESS_RENAME));
	check_scrape(&feed, "a{x=\"1\"} 1\na{x=\"2\"} 2\nb 3\n",
		"a{job=j,x=1} 1, a{job=j,x=2} 2, b{job=j} 3");
	check_scrape(&feed, "a{x=\"1\"} 1\nb 3\nc 4\n",
		"a{job=j,x=1} 1, a{job=j,x=2} stale, b{job=j} 3, c{job=j} 4");
	/* The feed's own word wins over the page's, and has the page's family. */
	check_scrape(&feed, "up{x=\"1\"} 1\nb 3\nup 7\nd 5\n",
		"up{job=j,x=1} 1, b{job=j} 3, d{job=j} 5, a{job=j,x=1} stale, c{job=j} stale");
	struct pitot_snapshot *snapshot = scrape(&feed, "up{x=\"1\"} 1\nb 3\nup 7\nd 5\n");
	char found[512];
	pt_roster_set(&feed.roster, snapshot, 0, 9);
	describe(snapshot, found, sizeof found);
	check_text(found, "up{job=j,x=1} 1, up{job=j} 9, b{job=j} 3, d{job=j} 5");
	pitot_snapshot_free(snapshot);
	close_feed(&feed);
}

static void
labels_meet_those_of_the_target(void)
{
	static const struct {
		enum pt_dress_mode mode;
		const char *expected;
	} rows[] = {
		{PT_DRESS_RENAME, "a{exported_job=own,job=j} 1, b{job=j} 2"},
		{PT_DRESS_HONOR, "a{job=own} 1, b{job=j} 2"},
		{PT_DRESS_FORCE, "a{job=j} 1, b{job=j} 2"},
	};
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct feed feed;
		check_fatal(open_with_up(&feed, rows[i].mode));
		check_scrape(&feed, "a{job=\"own\"} 1\nb{job=\"\"} 2\n", rows[i].expected);
		close_feed(&feed);
	}
}

static void
rules_rename_drop_and_fold(void)
{
	struct feed feed;
	static const char *const name[] = {"__name__"};
	check_fatal(open_with_up(&feed, PT_DRESS_RENAME));
	check_int(pt_relabel_add(feed.rules,
			  &(struct pt_relabel_rule){.source_labels = name,
				  .source_count = 1,
				  .regex = "drop_.*",
				  .action = "drop"},
			  NULL),
		0);
	check_int(pt_relabel_add(feed.rules,
			  &(struct pt_relabel_rule){.source_labels = name,
				  .source_count = 1,
				  .regex = "old_(.*)",
				  .target_label = "__name__",
				  .replacement = "new_$1"},
			  NULL),
		0);
	check_int(pt_relabel_add(feed.rules,
			  &(struct pt_relabel_rule){.regex = "fold", .action = "labeldrop"}, NULL),
		0);
	check_scrape(&feed,
		"# TYPE h histogram\nh_bucket{le=\"1\"} 1\nh_bucket{le=\"+Inf\"} 2\nh_sum 3\n"
		"h_count 2\ndrop_me 1\nold_x_total 4\nold_y{fold=\"1\"} 5\nold_y{fold=\"2\"} 6\n",
		"h_bucket{job=j,le=1.0} 1, h_bucket{job=j,le=+Inf} 2, h_sum{job=j} 3, "
		"h_count{job=j} 2, new_x_total{job=j} 4, new_y{job=j} 5");
	check_size(feed.roster.doubles, 1);
	check_int(feed.roster.table->series[0]->role->part, PT_PART_BUCKET);
	close_feed(&feed);
}

static void
a_destination_has_its_own_view(void)
{
	struct feed feed;
	static const char *const name[] = {"__name__"};
	char found[512];
	check_fatal(open_with_up(&feed, PT_DRESS_RENAME));
	const struct pt_label pairs[] = {pt_label_of("job", "x"), pt_label_of("site", "s")};
	struct pt_labels *external = pt_labels_new(pairs, 2);
	struct pt_relabel *rules = pt_relabel_new();
	check_int(pt_relabel_add(rules,
			  &(struct pt_relabel_rule){.source_labels = name,
				  .source_count = 1,
				  .regex = "b",
				  .action = "drop"},
			  NULL),
		0);
	struct pt_mapping mapping = {.dress = {.labels = external,
					     .mode = PT_DRESS_HONOR,
					     .rules = rules,
					     .ids = feed.ids,
					     .set = feed.set}};
	struct pitot_snapshot *snapshot = scrape(&feed, "a 1\nb 2\n");
	struct pitot_snapshot *view = pt_mapping_apply(&mapping, snapshot);
	describe(view, found, sizeof found);
	check_text(found, "a{job=j,site=s} 1");
	const struct pt_series *first = view->table->series[0];
	pitot_snapshot_free(view);
	pitot_snapshot_free(snapshot);
	snapshot = scrape(&feed, "c 3\na 1\nb 2\n");
	view = pt_mapping_apply(&mapping, snapshot);
	describe(view, found, sizeof found);
	check_text(found, "c{job=j,site=s} 3, a{job=j,site=s} 1");
	check_true(view->table->series[1] == first); /* so that queues know it again */
	pitot_snapshot_free(view);
	pitot_snapshot_free(snapshot);
	pt_mapping_clear(&mapping);
	pt_relabel_free(rules);
	pt_labels_unref(external);
	close_feed(&feed);
}

CHECK_MAIN("agent/roster", TEST(series_that_vanish_get_one_marker),
	TEST(a_series_stays_the_same_whatever_is_parsed), TEST(series_of_one_family_stand_together),
	TEST(labels_meet_those_of_the_target), TEST(rules_rename_drop_and_fold),
	TEST(a_destination_has_its_own_view))
