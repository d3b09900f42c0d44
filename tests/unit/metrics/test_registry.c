/* SPDX-License-Identifier: MIT */
/* Declaring: names, labels, prefixes, units, clashes, and what mistakes give. */
#include <pitot/exposition.h>
#include <pitot/metrics.h>
#include <stdlib.h>
#include "support/check.h"
#include "support/find.h"

static struct pitot_snapshot *
take(struct pitot_registry *m)
{
	struct pitot_snapshot *snapshot = pitot_snapshot_take(m, NULL);
	check_true(snapshot != NULL);
	return snapshot;
}

static void
expect_mistake(struct pitot_registry *m, const char *part)
{
	struct pitot_error why = {0};
	check_int(pitot_registry_error(m, &why), PITOT_USAGE);
	check_contains(why.text, part);
	pitot_registry_free(m);
}

static void
a_counter_is_the_same_with_and_without_total(void)
{
	/* text-formats 20 is the suffix and the sign; see also test_counter */
	struct pitot_registry *m = pitot_registry_new(NULL);
	struct pitot_counter *a = pitot_counter(m, "mail_sent", "Sent.");
	struct pitot_counter *b = pitot_counter(m, "mail_sent_total", "Sent.");
	check_true(a == b);
	pitot_counter_inc(a);
	struct pitot_snapshot *s = take(m);
	check_double(find_value(s, "mail_sent_total"), 1);
	check_size(pitot_snapshot_size(s), 1);
	pitot_snapshot_free(s);
	check_int(pitot_registry_error(m, NULL), 0);
	pitot_registry_free(m);
}

static void
bad_metric_names_are_mistakes_that_give_ignoring_instruments(void)
{
	/* text-formats 3 */
	static const char *const names[] = {"", "1a", "a-b", "a b", "\xc3\xa9", "a\"b", "a.b"};
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		struct pitot_registry *m = pitot_registry_new(NULL);
		struct pitot_counter *c = pitot_counter(m, names[i], "x");
		check_true(c != NULL);
		pitot_counter_inc(c);
		struct pitot_snapshot *s = take(m);
		check_size(pitot_snapshot_size(s), 0);
		pitot_snapshot_free(s);
		expect_mistake(m, "not a metric name");
	}
}

static void
utf8_names_are_allowed_by_option_and_invalid_utf8_never(void)
{
	/* text-formats 1 */
	struct pitot_registry *m =
		pitot_registry_new(&(struct pitot_registry_options){.utf8_names = true});
	pitot_gauge_set(pitot_gauge(m, "temp.\xc3\xa9t\xc3\xa9", "x"), 3);
	check_int(pitot_registry_error(m, NULL), 0);
	struct pitot_snapshot *s = take(m);
	check_double(find_value(s, "temp.\xc3\xa9t\xc3\xa9"), 3);
	pitot_snapshot_free(s);
	(void)pitot_gauge(m, "bad\xff", "x");
	expect_mistake(m, "not a metric name");

	m = pitot_registry_new(NULL);
	(void)pitot_gauge(m, "g", "help \xff");
	expect_mistake(m, "help text is not UTF-8");

	m = pitot_registry_new(NULL);
	struct pitot_gauges *f = pitot_gauges(m, "g", "x", "l");
	pitot_gauge_set(pitot_gauges_get(f, "\xff"), 1);
	expect_mistake(m, "label \"l\" is not UTF-8");
}

static void
bad_labels_are_mistakes(void)
{
	/* text-formats 3 */
	/* text-formats 4 */
	static const struct {
		const char *label, *why;
	} cases[] = {
		{"", "not a label name"},
		{"a:b", "not a label name"},
		{"1a", "not a label name"},
		{"__name__", "reserved"},
		{"__x", "reserved"},
		{"region", "constant label"},
	};
	const struct pitot_label constant = {"region", "eu"};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct pitot_registry *m = pitot_registry_new(
			&(struct pitot_registry_options){.labels = &constant, .label_count = 1});
		struct pitot_counters *f = pitot_counters(m, "a", "x", cases[i].label);
		pitot_counter_inc(pitot_counters_get(f, "v"));
		expect_mistake(m, cases[i].why);
	}
	struct pitot_registry *m = pitot_registry_new(NULL);
	(void)pitot_histograms(m, "h", "x", NULL, "le");
	expect_mistake(m, "belongs to the histogram");
	m = pitot_registry_new(NULL);
	(void)pitot_summaries(m, "s", "x", NULL, "quantile");
	expect_mistake(m, "belongs to the summary");
	m = pitot_registry_new(NULL);
	const char *const states[] = {"on", "off"};
	(void)pitot_statesets(m, "mode", "x", states, 2, "mode");
	expect_mistake(m, "own label");
	m = pitot_registry_new(NULL);
	(void)pitot_counters(m, "a", "x", "l", "m", "l");
	expect_mistake(m, "\"l\" is given twice");
}

static void
a_constant_label_that_a_type_has_itself_is_a_mistake_there(void)
{
	static const char *const states[] = {"on", "off"};
	static const char *const names[] = {"le", "quantile", "mode"};
	static const char *const problems[] = {"belongs to the histogram's buckets",
		"belongs to the summary's quantiles", "is the state set's own label"};
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		const struct pitot_label constant = {names[i], "x"};
		for (size_t kind = 0; kind < 4; kind++) {
			struct pitot_registry *m =
				pitot_registry_new(&(struct pitot_registry_options){
					.labels = &constant, .label_count = 1});
			if (kind == 0)
				(void)pitot_histogram(m, "h", "x", NULL);
			else if (kind == 1)
				(void)pitot_summary(m, "s", "x", NULL);
			else if (kind == 2)
				(void)pitot_stateset(m, "mode", "x", states, 2);
			else
				(void)pitot_gauge(m, "g", "x");
			if (kind == i)
				expect_mistake(m, problems[i]);
			else
				pitot_registry_free(m);
		}
	}
}

static void
families_that_would_share_a_sample_name_clash(void)
{
	/* text-formats 10 */
	struct pitot_registry *m = pitot_registry_new(NULL);
	(void)pitot_counter(m, "foo", "x");
	(void)pitot_gauge(m, "foo_created", "x");
	expect_mistake(m, "clashes with counter foo");
	m = pitot_registry_new(NULL);
	(void)pitot_histogram(m, "h", "x", NULL);
	(void)pitot_gauge(m, "h_count", "x");
	expect_mistake(m, "clashes with histogram h");
	m = pitot_registry_new(NULL);
	(void)pitot_gauge(m, "h_sum", "x");
	(void)pitot_summary(m, "h", "x", NULL);
	expect_mistake(m, "clashes with gauge h_sum");
	m = pitot_registry_new(NULL);
	(void)pitot_gauge(m, "a", "x");
	(void)pitot_counter(m, "a", "x");
	expect_mistake(m, "clashes with gauge a");
	m = pitot_registry_new(NULL);
	(void)pitot_counters(m, "a", "x", "l");
	(void)pitot_counters(m, "a", "x", "m");
	expect_mistake(m, "clashes with counter a");
}

static void
many_families_do_not_clash_and_the_same_one_is_found_again(void)
{
	struct pitot_registry *m = pitot_registry_new(NULL);
	struct pitot_gauge *first = NULL;
	for (int i = 0; i < 2000; i++) {
		char name[32];
		(void)snprintf(name, sizeof name, "g%d", i);
		struct pitot_gauge *g = pitot_gauge(m, name, "x");
		first = i == 0 ? g : first;
	}
	check_true(pitot_gauge(m, "g0", "x") == first);
	check_int(pitot_registry_error(m, NULL), 0);
	struct pitot_snapshot *s = take(m);
	check_size(pitot_snapshot_size(s), 2000);
	pitot_snapshot_free(s);
	pitot_registry_free(m);
}

static void
prefix_and_constant_labels_are_on_every_series_sorted(void)
{
	const struct pitot_label constant[] = {{"zone", "z1"}, {"env", "prod"}, {"none", ""}};
	struct pitot_registry *m = pitot_registry_new(&(struct pitot_registry_options){
		.prefix = "mailer_", .labels = constant, .label_count = 3});
	pitot_counter_inc(pitot_counters_get(pitot_counters(m, "sent", "x", "kind"), "a"));
	struct pitot_snapshot *s = take(m);
	check_double(find_value(s, "mailer_sent_total{env=\"prod\",kind=\"a\",zone=\"z1\"}"), 1);
	pitot_snapshot_free(s);
	pitot_registry_free(m);
	m = pitot_registry_new(&(struct pitot_registry_options){
		.labels = &(struct pitot_label){"__bad", "x"}, .label_count = 1});
	expect_mistake(m, "constant label \"__bad\"");
}

static void
a_unit_must_be_the_suffix_and_never_on_info_or_state_set(void)
{
	/* text-formats 19 */
	static const struct {
		const char *family, *unit, *why;
	} cases[] = {
		{"took_seconds", "bytes", "must end in"},
		{"took_seconds", "econds", "must end in"},
		{"seconds", "seconds", "must end in"},
		{"took_seconds", "", "not a unit"},
		{"other", "seconds", "no family"},
		{"build_seconds", "seconds", "have no unit"},
		{"mode_seconds", "seconds", "have no unit"},
	};
	const char *const states[] = {"on"};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct pitot_registry *m = pitot_registry_new(NULL);
		(void)pitot_gauge(m, "took_seconds", "x");
		(void)pitot_gauge(m, "seconds", "x");
		pitot_info(m, "build_seconds", "x", NULL, 0);
		(void)pitot_stateset(m, "mode_seconds", "x", states, 1);
		pitot_registry_unit(m, cases[i].family, cases[i].unit);
		expect_mistake(m, cases[i].why);
	}
}

static void
stating_a_unit_keeps_values_and_series_and_reaches_the_snapshot(void)
{
	struct pitot_registry *m =
		pitot_registry_new(&(struct pitot_registry_options){.prefix = "p_"});
	struct pitot_gauges *f = pitot_gauges(m, "took_seconds", "x", "l");
	pitot_gauge_set(pitot_gauges_get(f, "1"), 5);
	pitot_gauge_set(pitot_gauges_get(f, "2"), 6);
	pitot_gauges_remove(f, "2");
	struct pitot_snapshot *before = take(m);
	pitot_registry_unit(m, "took_seconds", "seconds");
	struct pitot_snapshot *s = take(m);
	struct pitot_sample sample;
	check_true(find_sample(s, "p_took_seconds{l=\"1\"}", &sample));
	check_text(sample.unit, "seconds");
	check_double(sample.value, 5);
	check_size(pitot_snapshot_size(s), 1);
	check_true(find_sample(before, "p_took_seconds{l=\"1\"}", &sample));
	check_text(sample.unit, "");
	check_int(pitot_registry_error(m, NULL), 0);
	/* Snapshots outlive the registry. */
	pitot_registry_free(m);
	check_double(find_value(s, "p_took_seconds{l=\"1\"}"), 5);
	pitot_snapshot_free(s);
	pitot_snapshot_free(before);
}

static void
the_first_mistake_is_the_one_that_is_told(void)
{
	struct pitot_registry *m = pitot_registry_new(NULL);
	pitot_counter_add(pitot_counter(m, "c", "x"), -1);
	struct pitot_error why;
	check_int(pitot_registry_error(m, &why), PITOT_USAGE);
	check_contains(why.text, "c: a counter takes finite amounts");
	(void)pitot_counter(m, "1st", "x");
	(void)pitot_counter(m, "2nd", "x");
	expect_mistake(m, "\"1st\" is not a metric name");
}

static void
a_disabled_registry_ignores_everything(void)
{
	struct pitot_registry *m =
		pitot_registry_new(&(struct pitot_registry_options){.disabled = true});
	pitot_counter_inc(pitot_counter(m, "not a name", "x"));
	pitot_gauge_set(pitot_gauge(m, "g", "x"), 1);
	pitot_histogram_observe(pitot_histogram(m, "h", "x", NULL), 1);
	pitot_summary_observe(pitot_summary(m, "s", "x", NULL), 1);
	pitot_counter_inc(pitot_counters_get(pitot_counters(m, "cs", "x", "l"), "v", "too many"));
	pitot_gauge_histogram_add(pitot_gauge_histogram(m, "gh", "x", NULL), 1);
	const char *const states[] = {"on"};
	pitot_stateset_only(pitot_stateset(m, "st", "x", states, 1), 7);
	pitot_info(m, "i", "x", NULL, 0);
	pitot_collect_process(m);
	pitot_collect_malloc(m);
	pitot_registry_unit(m, "nothing", "x");
	struct pitot_snapshot *s = take(m);
	check_size(pitot_snapshot_size(s), 0);
	check_int(pitot_registry_error(m, NULL), 0);
	pitot_snapshot_free(s);
	pitot_registry_free(m);
}

static void
no_registry_is_an_error_but_never_a_crash(void)
{
	pitot_counter_inc(pitot_counter(NULL, "c", "x"));
	pitot_counter_inc(pitot_counters_get(pitot_counters(NULL, "c", "x", "l"), "v"));
	pitot_histogram_observe(pitot_histogram(NULL, "h", "x", NULL), 1);
	pitot_info(NULL, "i", "x", NULL, 0);
	pitot_collect_process(NULL);
	pitot_registry_on_gather(NULL, NULL, NULL);
	struct pitot_error why;
	check_int(pitot_registry_error(NULL, &why), PITOT_NO_MEMORY);
	check_true(pitot_snapshot_take(NULL, &why) == NULL);
	pitot_registry_free(NULL);
}

CHECK_MAIN("metrics/registry", TEST(a_counter_is_the_same_with_and_without_total),
	TEST(bad_metric_names_are_mistakes_that_give_ignoring_instruments),
	TEST(utf8_names_are_allowed_by_option_and_invalid_utf8_never),
	TEST(bad_labels_are_mistakes),
	TEST(a_constant_label_that_a_type_has_itself_is_a_mistake_there),
	TEST(families_that_would_share_a_sample_name_clash),
	TEST(many_families_do_not_clash_and_the_same_one_is_found_again),
	TEST(prefix_and_constant_labels_are_on_every_series_sorted),
	TEST(a_unit_must_be_the_suffix_and_never_on_info_or_state_set),
	TEST(stating_a_unit_keeps_values_and_series_and_reaches_the_snapshot),
	TEST(the_first_mistake_is_the_one_that_is_told),
	TEST(a_disabled_registry_ignores_everything),
	TEST(no_registry_is_an_error_but_never_a_crash))
