/* SPDX-License-Identifier: MIT */
#include "codec/escape.h"

#include <pitot/exposition.h>
#include <stdlib.h>
#include "support/build.h"
#include "support/check.h"

/* text-formats 31 */
static void
names_are_those_of_the_schemes(void)
{
	static const struct {
		const char *name;
		bool label;
		const char *expected[3]; /* underscores, dots, values */
	} cases[] = {
		{"http.status:sum", false,
			{"http_status:sum", "http_dot_status:sum", "U__http_2e_status:sum"}},
		{"my.metric_x", false, {"my_metric_x", "my_dot_metric__x", "U__my_2e_metric__x"}},
		{"plain_x", false, {"plain_x", "plain__x", "plain_x"}},
		{"plain_x", true, {"plain_x", "plain__x", "plain_x"}},
		{"U__x", false, {"U__x", "U____x", "U__x"}},
		{"a:b", false, {"a:b", "a:b", "a:b"}},
		{"a:b", true, {"a_b", "a__b", "U__a_3a_b"}},
		{"9lives", true, {"_lives", "__lives", "U___39_lives"}},
		{"a9", true, {"a9", "a9", "a9"}},
		{"\xc3\xa4/\xf0\x9f\x8d\x95", true, {"___", "______", "U___e4__2f__1f355_"}},
		{"a\xff", true, {"a_", "a__", "U__a_FFFD_"}},
	};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
		for (int scheme = 0; scheme <= PITOT_ESCAPE_NONE; scheme++) {
			struct pt_buf out;
			pt_buf_init(&out, 100);
			pt_escape_name(&out, cases[i].name, strlen(cases[i].name), cases[i].label,
				(enum pitot_escaping)scheme);
			check_text(pt_buf_text(&out),
				scheme == PITOT_ESCAPE_NONE ? cases[i].name
							    : cases[i].expected[scheme]);
			pt_buf_clear(&out);
		}
}

/* text-formats 3 */
static void
what_becomes_of_a_name_is_always_a_classic_one(void)
{
	uint64_t seed = build_seed();
	for (int i = 0; i < 2000; i++) {
		char name[12];
		size_t length = 1 + build_random(&seed, sizeof name);
		for (size_t j = 0; j < length; j++)
			name[j] = (char)(1 + build_random(&seed, 255));
		for (int scheme = 0; scheme < PITOT_ESCAPE_NONE; scheme++)
			for (int label = 0; label < 2; label++) {
				struct pt_buf out;
				pt_buf_init(&out, 200);
				pt_escape_name(&out, name, length, label != 0,
					(enum pitot_escaping)scheme);
				check_true(label ? pt_name_is_label(out.bytes, out.length, false)
						 : pt_name_is_metric(out.bytes, out.length, false));
				pt_buf_clear(&out);
			}
	}
}

/* Frees the snapshot. No parts: there is no collision. */
static void
check_collision(struct pitot_snapshot *snapshot, enum pitot_escaping scheme, const char *one,
	const char *other)
{
	static const enum pitot_format formats[] = {
		PITOT_TEXT_0_0_4, PITOT_OPENMETRICS_1_0, PITOT_REMOTE_WRITE_1};
	const struct pitot_encode_options options = {.escaping = scheme};
	for (size_t i = 0; i < sizeof formats / sizeof formats[0]; i++) {
		struct pitot_error why = {0};
		char *bytes = NULL;
		size_t length = 0;
		check_int(pitot_encode(snapshot, formats[i], &options, &bytes, &length, &why),
			one == NULL ? 0 : PITOT_BAD_INPUT);
		check_contains(why.text, one == NULL ? "" : one);
		check_contains(why.text, other == NULL ? "" : other);
		check_true((bytes == NULL) == (one != NULL));
		free(bytes);
	}
	pitot_snapshot_free(snapshot);
}

/* text-formats 31 */
static void
families_that_become_the_same_are_told(void)
{
	for (int scheme = 0; scheme <= PITOT_ESCAPE_NONE; scheme++) {
		bool collide = scheme == PITOT_ESCAPE_UNDERSCORES;
		check_collision(
			BUILD(0, {.family = "a.b", .type = PITOT_GAUGE},
				{.family = "c", .type = PITOT_GAUGE},
				{.family = "a_b", .type = PITOT_GAUGE, .labels = {{"x", "y"}}}),
			(enum pitot_escaping)scheme, collide ? "a_b" : NULL,
			collide ? "a.b" : NULL);
	}
}

static void
samples_that_become_the_same_are_told(void)
{
	check_collision(BUILD(0, {.family = "x.total", .type = PITOT_GAUGE},
				{.family = "x", .type = PITOT_COUNTER, .part = PT_PART_TOTAL}),
		PITOT_ESCAPE_UNDERSCORES, "x.total", "x_total");
}

static void
labels_that_become_the_same_are_told(void)
{
	const struct build_row rows[] = {{.family = "m", .type = PITOT_GAUGE},
		{.labels = {{"a_b", "1"}, {"z", "2"}, {"a/b", "3"}}}};
	check_collision(build_snapshot(rows, 2, 0), PITOT_ESCAPE_UNDERSCORES,
		"metric m: two of its labels would arrive as a_b", "rename a/b or a_b");
	check_collision(build_snapshot(rows, 2, 0), PITOT_ESCAPE_VALUES, NULL, NULL);
	const struct build_row state = {.family = "m.s",
		.type = PITOT_STATESET,
		.part = PT_PART_STATE,
		.labels = {{"m_s", "1"}},
		.state = "on"};
	check_collision(build_snapshot(&state, 1, 0), PITOT_ESCAPE_UNDERSCORES, "m.s", "m_s");
	check_collision(build_snapshot(&state, 1, 0), PITOT_ESCAPE_VALUES, NULL, NULL);
}

static void
one_label_in_many_series_is_no_collision(void)
{
	check_collision(BUILD(0, {.family = "m.n", .type = PITOT_GAUGE, .labels = {{"a.b", "1"}}},
				{.labels = {{"a.b", "2"}}}, {.labels = {{"a_b", "3"}}}),
		PITOT_ESCAPE_UNDERSCORES, NULL, NULL);
}

static void
check_text_of(struct pitot_snapshot *snapshot, enum pitot_escaping scheme, const char *expected)
{
	const struct pitot_encode_options options = {.escaping = scheme};
	char *bytes = NULL;
	size_t length = 0;
	check_int(
		pitot_encode(snapshot, PITOT_OPENMETRICS_1_0, &options, &bytes, &length, NULL), 0);
	check_text(bytes, expected);
	free(bytes);
	pitot_snapshot_free(snapshot);
}

/* text-formats 31 */
static void
without_escaping_names_stand_in_quotes(void)
{
	check_text_of(BUILD(0,
			      {.family = "my.\"m\"\\\n",
				      .type = PITOT_COUNTER,
				      .help = "M.",
				      .part = PT_PART_TOTAL,
				      .labels = {{"lab.el", "v"}, {"z", "1"}}},
			      {.part = PT_PART_TOTAL},
			      {.family = "plain", .type = PITOT_GAUGE, .labels = {{"a:b", "v"}}}),
		PITOT_ESCAPE_NONE,
		"# TYPE \"my.\\\"m\\\"\\\\\\n\" counter\n# HELP \"my.\\\"m\\\"\\\\\\n\" M.\n"
		"{\"my.\\\"m\\\"\\\\\\n_total\",\"lab.el\"=\"v\",z=\"1\"} 0.0\n"
		"{\"my.\\\"m\\\"\\\\\\n_total\"} 0.0\n"
		"# TYPE plain gauge\nplain{\"a:b\"=\"v\"} 0.0\n# EOF\n");
	check_text_of(BUILD(0,
			      {.family = "my.m",
				      .type = PITOT_COUNTER,
				      .part = PT_PART_TOTAL,
				      .labels = {{"lab.el", "v"}}}),
		PITOT_ESCAPE_VALUES,
		"# TYPE U__my_2e_m counter\nU__my_2e_m_total{U__lab_2e_el=\"v\"} 0.0\n# EOF\n");
}

CHECK_MAIN("codec/escape", TEST(names_are_those_of_the_schemes),
	TEST(what_becomes_of_a_name_is_always_a_classic_one),
	TEST(families_that_become_the_same_are_told), TEST(samples_that_become_the_same_are_told),
	TEST(labels_that_become_the_same_are_told), TEST(one_label_in_many_series_is_no_collision),
	TEST(without_escaping_names_stand_in_quotes))
