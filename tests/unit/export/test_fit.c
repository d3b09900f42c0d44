/* SPDX-License-Identifier: MIT */
#include "export/fit.h"

#include "support/check.h"
#include "support/literal.h"

static struct pt_label owned[] = {{.name = "job", .name_length = 3},
	{.name = "zone", .name_length = 4}, {.name = "net_zone", .name_length = 8}};

struct refused {
	const char *text; /* part of the error; NULL: fits */
	bool utf8;
	const char *added; /* the value of an added label "job"; NULL: the label is owned instead */
	size_t count;
	struct literal rows[3];
};

static const struct refused cases[] = {
	{NULL, false, NULL, 2, {GAUGE("a", "x=1", 1), GAUGE("a", "x=2", 1)}},
	{NULL, false, NULL, 2, {GAUGE("a", "x=1", 1), GAUGE("b", "x=1", 1)}},
	/* pushgateway 14 */
	{"metric a: label job: is part of the grouping key", false, NULL, 1,
		{GAUGE("a", "job=x", 1)}},
	{"metric a: label zone: is part of the grouping key", false, NULL, 1,
		{GAUGE("a", "zone=x", 1)}},
	{"metric zone: label zone: is part of the grouping key", false, NULL, 1,
		{{.family = "zone", .type = PITOT_STATESET, .part = PT_PART_STATE, .state = "on"}}},
	{NULL, false, "j", 1, {GAUGE("a", "job=x", 1)}},
	/* pushgateway 15 */
	{"series a{x=\"1\"}: is there twice", false, NULL, 2,
		{GAUGE("a", "x=1", 1), GAUGE("a", "x=1", 2)}},
	{"series a: is there twice", false, "j", 2, {GAUGE("a", NULL, 1), GAUGE("a", NULL, 1)}},
	{"series a_count: is there twice", false, NULL, 2,
		{SERIES("a", PITOT_SUMMARY, PT_PART_COUNT, NULL, 1), GAUGE("a_count", NULL, 1)}},
	{"series a: would arrive as the same as a{job=\"j\"}", false, "j", 2,
		{GAUGE("a", "job=j", 1), GAUGE("a", NULL, 1)}},
	{NULL, false, "j", 2, {GAUGE("a", "job=k", 1), GAUGE("a", NULL, 1)}},
	{"metric a: is there twice", false, NULL, 3,
		{GAUGE("a", "x=1", 1), GAUGE("b", NULL, 1), GAUGE("a", "x=2", 1)}},
	/* Names that escaping makes equal. */
	{"series a_b: would arrive as the same as a.b", false, NULL, 2,
		{GAUGE("a.b", NULL, 1), GAUGE("a_b", NULL, 1)}},
	{"metric a_b: would arrive under the same name as a.b", false, NULL, 2,
		{GAUGE("a.b", "x=1", 1), GAUGE("a_b", "x=2", 1)}},
	{"metric a: two of its labels would arrive as x_y", false, NULL, 1,
		{GAUGE("a", "x.y=1,x_y=2", 1)}},
	{NULL, true, NULL, 2, {GAUGE("a.b", "x.y=1,x_y=2", 1), GAUGE("a_b", "x=2", 1)}},
	{"metric a.b: two of its labels would arrive as a_b", false, NULL, 1,
		{{.family = "a.b",
			.type = PITOT_STATESET,
			.part = PT_PART_STATE,
			.state = "on",
			.labels = "a_b=x"}}},
	{"metric h: label le: is there twice", false, NULL, 1,
		{SERIES("h", PITOT_HISTOGRAM, PT_PART_BUCKET, "le=x", 1)}},
	{"metric a: label net_zone: is part of the grouping key", false, NULL, 1,
		{GAUGE("a", "net.zone=x", 1)}},
	{NULL, true, NULL, 1, {GAUGE("a", "net.zone=x", 1)}},
	/* Not even escaping helps. */
	{"metric a:b: label a:b: is not a label name", false, NULL, 1,
		{{.family = "a:b", .type = PITOT_STATESET, .part = PT_PART_STATE, .state = "on"}}},
	{"metric a: label __name__: is not a label name", false, NULL, 1,
		{GAUGE("a", "__name__=b", 1)}},
	/* pushgateway 7 */
	{"metric a: label x: its value is not valid UTF-8", false, NULL, 1,
		{GAUGE("a", "x=\xff", 1)}},
	{"metric a\xff: is not a name", true, NULL, 1, {GAUGE("a\xff", NULL, 1)}},
};

static void
what_a_receiver_would_refuse_or_mix_up_is_found(void)
{
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		const struct refused *c = &cases[i];
		struct pitot_snapshot *snapshot = literal_snapshot(c->rows, c->count, 1), view;
		struct pt_fit fit = {.utf8_names = c->utf8};
		struct pitot_error why = {.code = 0};
		struct pt_label job = pt_label_of("job", c->added == NULL ? "" : c->added);
		struct pt_labels *added = pt_labels_new(&job, 1);
		if (c->added != NULL)
			fit.added = added;
		else
			fit.owned = owned, fit.owned_count = 3;
		int code = pt_fit_snapshot(&fit, snapshot, &view, &why);
		check_int(code, c->text == NULL ? 0 : PITOT_BAD_INPUT);
		check_contains(why.text, c->text == NULL ? "" : c->text);
		pt_fit_clear(&fit);
		pt_labels_unref(added);
		pitot_snapshot_free(snapshot);
	}
}

static void
native_histograms_clash_with_nothing_and_are_not_counted_twice(void)
{
	static const struct literal rows[] = {
		SERIES("h", PITOT_HISTOGRAM, PT_PART_SUM, NULL, 1),
		SERIES("h", PITOT_HISTOGRAM, PT_PART_COUNT, NULL, 1),
		SERIES("h", PITOT_HISTOGRAM, PT_PART_NATIVE, NULL, 1),
		SERIES("h", PITOT_HISTOGRAM, PT_PART_COUNT, "x=1", 1),
		SERIES("h", PITOT_HISTOGRAM, PT_PART_NATIVE, "x=1", 1),
	};
	struct pitot_snapshot *snapshot = LITERAL(rows), view;
	struct pt_fit fit = {.text = true};
	check_int(pt_fit_snapshot(&fit, snapshot, &view, NULL), 0);
	check_size(pt_fit_count(&view), 3);
	pt_fit_clear(&fit);
	pitot_snapshot_free(snapshot);
}

static void
names_that_text_gives_to_a_histogram_or_summary_are_its_own(void)
{
	static const struct {
		const char *text; /* NULL: fits */
		struct literal rows[2];
	} both[] = {
		{"metric h_count: would be taken for a part of the histogram h: rename one",
			{SERIES("h", PITOT_HISTOGRAM, PT_PART_SUM, NULL, 1),
				GAUGE("h_count", NULL, 1)}},
		{"metric h_bucket: would be taken for a part of the histogram h",
			{GAUGE("h_bucket", "x=1", 1),
				SERIES("h", PITOT_HISTOGRAM, PT_PART_SUM, NULL, 1)}},
		{"metric s_sum: would be taken for a part of the summary s",
			{SERIES("s", PITOT_SUMMARY, PT_PART_COUNT, NULL, 1),
				SERIES("s_sum", PITOT_SUMMARY, PT_PART_COUNT, NULL, 1)}},
		{"metric h.count: would be taken for a part of the histogram h",
			{SERIES("h", PITOT_HISTOGRAM, PT_PART_SUM, NULL, 1),
				GAUGE("h.count", NULL, 1)}},
		{"metric a_total: would arrive under the same name as a",
			{SERIES("a", PITOT_COUNTER, PT_PART_TOTAL, NULL, 1),
				GAUGE("a_total", "x=1", 1)}},
		{NULL,
			{SERIES("s", PITOT_SUMMARY, PT_PART_COUNT, NULL, 1),
				GAUGE("s_bucket", NULL, 1)}},
		{NULL,
			{SERIES("h", PITOT_HISTOGRAM, PT_PART_SUM, NULL, 1),
				SERIES("h_count", PITOT_COUNTER, PT_PART_TOTAL, NULL, 1)}},
		{NULL, {GAUGE("g", NULL, 1), GAUGE("g_count", NULL, 1)}},
	};
	for (size_t i = 0; i < sizeof both / sizeof both[0]; i++) {
		for (int text = 0; text < 2; text++) {
			bool refused = text && both[i].text != NULL;
			struct pitot_snapshot *snapshot = LITERAL(both[i].rows), view;
			struct pt_fit fit = {.text = text};
			struct pitot_error why = {.code = 0};
			check_int(pt_fit_snapshot(&fit, snapshot, &view, &why),
				refused ? PITOT_BAD_INPUT : 0);
			check_contains(why.text, refused ? both[i].text : "");
			pt_fit_clear(&fit);
			pitot_snapshot_free(snapshot);
		}
	}
}

static void
names_are_escaped_once_for_a_table(void)
{
	static const struct literal rows[] = {
		SERIES("dns.lookups", PITOT_COUNTER, PT_PART_TOTAL, "net.peer=a,net=b", 3),
		GAUGE("1st", NULL, 4),
		{.family = "h",
			.type = PITOT_HISTOGRAM,
			.part = PT_PART_BUCKET,
			.value = 5,
			.bound = 0.5},
	};
	struct pitot_snapshot *snapshot = LITERAL(rows), view, again;
	struct pt_fit fit = {.utf8_names = false};
	snapshot->table->series[2]->role->family->is_native = true;
	check_fatal(pt_fit_snapshot(&fit, snapshot, &view, NULL) == 0);
	struct pitot_sample sample = pitot_snapshot_sample(&view, 0);
	check_text(sample.family, "dns_lookups");
	check_text(sample.suffix, "_total");
	check_text(sample.help, "Help.");
	check_double(sample.value, 3);
	check_text(pitot_sample_label(&sample, 0).name, "net");
	check_text(pitot_sample_label(&sample, 1).name, "net_peer");
	check_text(pitot_sample_label(&sample, 1).value, "a");
	check_text(pitot_snapshot_sample(&view, 1).family, "_st");
	sample = pitot_snapshot_sample(&view, 2);
	check_text(pitot_sample_label(&sample, 0).value, "0.5");
	check_true(view.table->series[2]->role->family->is_native);
	check_true(!view.table->series[1]->role->family->is_native);
	check_int(pt_fit_snapshot(&fit, snapshot, &again, NULL), 0);
	check_true(again.table == view.table);
	pt_fit_clear(&fit);
	pitot_snapshot_free(snapshot);
}

static void
plain_names_are_not_copied(void)
{
	static const struct literal rows[] = {GAUGE("a", "x=1", 3)};
	struct pitot_snapshot *snapshot = LITERAL(rows), view;
	struct pt_fit fit = {.utf8_names = false};
	check_int(pt_fit_snapshot(&fit, snapshot, &view, NULL), 0);
	check_true(view.table == snapshot->table);
	pt_fit_clear(&fit);
	pitot_snapshot_free(snapshot);
}

static void
many_series_are_told_apart(void)
{
	enum { many = 3000 };
	static struct literal rows[many];
	static char labels[many][24];
	for (size_t i = 0; i < many; i++) {
		(void)snprintf(labels[i], sizeof labels[i], "x=%zu", i);
		rows[i] = (struct literal)GAUGE("a", labels[i], 1);
	}
	for (size_t twice = 0; twice < 2; twice++) {
		if (twice == 1)
			rows[many - 1].labels = "x=7";
		struct pitot_snapshot *snapshot = LITERAL(rows), view;
		struct pt_fit fit = {.utf8_names = false};
		struct pitot_error why = {.code = 0};
		check_int(pt_fit_snapshot(&fit, snapshot, &view, &why),
			twice == 1 ? PITOT_BAD_INPUT : 0);
		check_contains(why.text, twice == 1 ? "a{x=\"7\"}" : "");
		pt_fit_clear(&fit);
		pitot_snapshot_free(snapshot);
	}
}

CHECK_MAIN("export/fit", TEST(what_a_receiver_would_refuse_or_mix_up_is_found),
	TEST(native_histograms_clash_with_nothing_and_are_not_counted_twice),
	TEST(names_that_text_gives_to_a_histogram_or_summary_are_its_own),
	TEST(names_are_escaped_once_for_a_table), TEST(plain_names_are_not_copied),
	TEST(many_series_are_told_apart))
