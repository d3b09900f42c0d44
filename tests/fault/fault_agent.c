/* SPDX-License-Identifier: MIT */
/*
 * Pages, rosters and rules with each allocation failing once: the failure is told, what was known
 * stays, and the next page is read as if nothing had happened.
 */
#include "base/number.h"
#include "config/agent_config.h"
#include "support/fault.h"
#include "support/feed.h"

#include "support/check.h"

static const char first[] = "# TYPE a counter\na{x=\"1\"} 1\na{x=\"2\"} 2\nb 3\nold_c 4\n";
static const char second[] = "# TYPE a counter\na{x=\"2\"} 5\na{x=\"3\"} 6\nold_d 7\n";

/* With a rule, which needs memory, too. */
static bool
open_with_rule(struct feed *feed)
{
	static const char *const name[] = {"__name__"};
	return open_feed(feed, PT_DRESS_RENAME) &&
		pt_relabel_add(feed->rules,
			&(struct pt_relabel_rule){.source_labels = name,
				.source_count = 1,
				.regex = "old_(.*)",
				.target_label = "__name__",
				.replacement = "new_$1"},
			NULL) == 0;
}

/* How many samples and stale markers one page makes; false if memory was out. */
static bool
scrape(struct feed *feed, const char *text, size_t *samples, size_t *stale)
{
	const struct pitot_parse_options options = {.source = "t", .format = PITOT_TEXT_0_0_4};
	struct pitot_error why = {.code = 0};
	bool changed = false;
	int code = pt_page_read(&feed->page, text, strlen(text), &options, &changed, &why);
	if (code == 0 && changed && pt_roster_follow(&feed->roster, feed->page.snapshot) != 0) {
		pt_page_clear(&feed->page);
		code = PITOT_NO_MEMORY;
	}
	pt_page_settle(&feed->page);
	struct pitot_snapshot *snapshot =
		code == 0 ? pt_roster_snapshot(&feed->roster, &feed->page, 1) : NULL;
	*samples = *stale = 0;
	for (size_t i = 0; snapshot != NULL && i < snapshot->table->count; i++) {
		*stale += snapshot->bits[i] == PT_NUMBER_STALE;
		*samples += snapshot->bits[i] != PT_NUMBER_STALE &&
			snapshot->bits[i] != PT_NUMBER_ABSENT;
	}
	bool ok = snapshot != NULL;
	pitot_snapshot_free(snapshot);
	return ok;
}

static void
a_scrape_without_memory_costs_only_itself(void)
{
	unsigned long runs = 0;
	for (struct fault fault = {0}; fault_next(&fault); runs++) {
		struct feed feed;
		size_t samples, stale;
		bool opened = open_with_rule(&feed);
		check_true(opened || fault_met());
		bool known = opened && scrape(&feed, first, &samples, &stale);
		check_true(known || fault_met());
		check_true(!known || (samples == 4 && stale == 0));
		bool again = opened && scrape(&feed, second, &samples, &stale);
		check_true(again || fault_met());
		/* Once memory is there again, the same page comes through. */
		if (opened && !again) {
			check_true(scrape(&feed, second, &samples, &stale));
			again = true;
		}
		/* What the first page had, and the second has not, ends: also after a failure. */
		if (again && known)
			check_true(samples == 3 && stale == 3);
		close_feed(&feed);
	}
	check_true(runs > 50);
}

static void
a_configuration_without_memory_is_refused(void)
{
	static const char text[] =
		"global: {external_labels: {a: b}}\n"
		"remote_write: [{url: \"http://h/api/v1/write\", basic_auth: {username: u},\n"
		"  write_relabel_configs: [{action: drop, regex: x, source_labels: [a]}]}]\n"
		"scrape_configs: [{job_name: j, static_configs: [{targets: [\"h:1\"]}]}]\n";
	unsigned long runs = 0;
	for (struct fault fault = {0}; fault_next(&fault); runs++) {
		struct pitot_error why = {.code = 0};
		struct pt_agent_config *config =
			pt_agent_config_parse(text, sizeof text - 1, "c", NULL, NULL, &why);
		check_true(config != NULL || (fault_met() && why.code != 0));
		pt_agent_config_free(config);
	}
	check_true(runs > 5); /* libyaml has an allocator of its own */
}

CHECK_MAIN("fault/agent", TEST(a_scrape_without_memory_costs_only_itself),
	TEST(a_configuration_without_memory_is_refused))
