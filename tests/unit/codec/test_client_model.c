/* SPDX-License-Identifier: MIT */
/*
 * The protobuf of a Pushgateway, read by the sink (which shares no code with the encoder): it holds
 * what the text holds, in the same order, and in comments what text has no place for.
 */
#include "codec/client_model.h"

#include <math.h>
#include <stdlib.h>
#include "base/number.h"
#include "cli/sink_message.h"
#include "codec/text.h"
#include "support/build.h"
#include "support/build_native.h"
#include "support/check.h"

static size_t
decode(const struct pitot_snapshot *snapshot, bool natives, struct sink_text *text)
{
	struct pt_buf out;
	pt_buf_init(&out, 1 << 20);
	size_t exemplars = pt_client_model_encode(&out, snapshot, natives);
	check_int(pt_buf_error(&out), 0);
	*text = (struct sink_text){.bytes = NULL};
	const char *wrong = sink_model_text(text, out.bytes, out.length);
	check_text(wrong == NULL ? "" : wrong, "");
	check_true(!text->failed);
	pt_buf_clear(&out);
	return exemplars;
}

/* The lines that begin with one of the words, or all others. */
static void
keep(const struct sink_text *from, bool extras, struct pt_buf *to)
{
	static const char *const words[] = {"# CREATED ", "# EXEMPLAR ", "# NATIVE "};
	for (const char *at = sink_text_chars(from); *at != '\0';) {
		size_t length = strcspn(at, "\n") + 1;
		bool extra = false;
		for (size_t i = 0; i < 3; i++)
			extra = extra || strncmp(at, words[i], strlen(words[i])) == 0;
		if (extra == extras)
			pt_buf_put(to, at, length);
		at += length;
	}
}

static void
check_as_text(const struct pitot_snapshot *snapshot)
{
	struct sink_text text;
	struct pt_buf found, expected;
	pt_buf_init(&found, 1 << 20);
	pt_buf_init(&expected, 1 << 20);
	(void)decode(snapshot, true, &text);
	keep(&text, false, &found);
	pt_text_encode(&expected, snapshot, &(struct pitot_encode_options){0});
	check_text(pt_buf_text(&found), pt_buf_text(&expected));
	sink_text_clear(&text);
	pt_buf_clear(&found);
	pt_buf_clear(&expected);
}

static void
check_extras(
	const struct pitot_snapshot *snapshot, bool natives, size_t exemplars, const char *expected)
{
	struct sink_text text;
	struct pt_buf found;
	pt_buf_init(&found, 1 << 20);
	check_size(decode(snapshot, natives, &text), exemplars);
	keep(&text, true, &found);
	check_text(pt_buf_text(&found), expected);
	sink_text_clear(&text);
	pt_buf_clear(&found);
}

static void
every_type_is_as_in_text(void)
{
	struct pitot_snapshot *snapshot = build_every_type();
	check_true(pt_client_model_fits(snapshot) && pt_client_model_gains(snapshot, false));
	check_as_text(snapshot);
	check_extras(snapshot, false, 2,
		"# EXEMPLAR jobs_total{queue=\"a\\\"b\\\\c\\nd\"} "
		"{trace_id=\"KOO5S4vxi0o\"} 0.67 1700000000.500\n"
		"# CREATED jobs_total{queue=\"a\\\"b\\\\c\\nd\"} 1700000000.123\n"
		"# EXEMPLAR lat_seconds_bucket{le=\"0.005\"} {trace_id=\"x\"} 0.004 "
		"1700000000.500\n"
		"# CREATED lat_seconds 1700000000.123\n"
		"# CREATED rpc_seconds 1700000000.123\n");
	pitot_snapshot_free(snapshot);
}

static void
random_snapshots_are_as_in_text(void)
{
	uint64_t seed = build_seed();
	size_t fitting = 0;
	for (int i = 0; i < 3000; i++) {
		struct pitot_snapshot *snapshot = build_random_snapshot(&seed);
		if (pt_client_model_fits(snapshot)) {
			check_as_text(snapshot);
			fitting++;
		}
		pitot_snapshot_free(snapshot);
	}
	check_true(fitting > 10);
}

static void
what_does_not_fit_goes_as_text(void)
{
	static const struct {
		struct build_row row;
		bool fits;
	} cases[] = {
		{{.family = "s", .type = PITOT_SUMMARY, .part = PT_PART_COUNT, .value = 3}, true},
		{{.family = "s", .type = PITOT_SUMMARY, .part = PT_PART_COUNT, .value = 2.5},
			false},
		{{.family = "s", .type = PITOT_SUMMARY, .part = PT_PART_COUNT, .value = -1}, false},
		{{.family = "s", .type = PITOT_SUMMARY, .part = PT_PART_COUNT, .value = 0x1p53},
			true},
		{{.family = "s", .type = PITOT_SUMMARY, .part = PT_PART_COUNT, .value = 0x1p54},
			false},
		{{.family = "s", .type = PITOT_SUMMARY, .part = PT_PART_COUNT, .value = NAN},
			false},
		{{.family = "s", .type = PITOT_SUMMARY, .part = PT_PART_SUM, .value = 2.5}, true},
		{{.family = "g", .type = PITOT_GAUGE, .value = 2.5}, true},
		{{.family = "g.h", .type = PITOT_GAUGE, .value = 1}, false},
		{{.family = "g", .type = PITOT_GAUGE, .labels = {{"a.b", "c"}}}, false},
		{{.family = "g.h", .type = PITOT_GAUGE, .bits = PT_NUMBER_ABSENT}, true},
	};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct pitot_snapshot *snapshot = build_snapshot(&cases[i].row, 1, 1);
		check_int(pt_client_model_fits(snapshot), cases[i].fits);
		check_true(!pt_client_model_gains(snapshot, true));
		pitot_snapshot_free(snapshot);
	}
}

static void
native_histograms_stand_beside_their_buckets(void)
{
	struct pitot_snapshot *snapshot = BUILD(1,
		{.family = "h",
			.type = PITOT_HISTOGRAM,
			.part = PT_PART_BUCKET,
			.bound = INFINITY,
			.value = 15,
			.labels = {{"a", "b"}},
			.start_ms = 1500},
		{.part = PT_PART_COUNT, .value = 15, .labels = {{"a", "b"}}},
		{.part = PT_PART_NATIVE,
			.labels = {{"a", "b"}},
			.exemplar = {"t", "u"},
			.exemplar_value = 3});
	(void)pt_snapshot_add_native(snapshot, 2, build_native(&build_native_exponential));
	check_extras(snapshot, true, 1,
		"# NATIVE h{a=\"b\"} {count:16,sum:42.5,schema:0,zero:2,0.25:3,0.5:5,4:1,16:3,"
		"32:2}\n"
		"# EXEMPLAR h{a=\"b\"} {t=\"u\"} 3\n"
		"# CREATED h{a=\"b\"} 1.500\n");
	check_extras(snapshot, false, 0, "# CREATED h{a=\"b\"} 1.500\n");
	/* What the format lacks stays away; the buckets remain. */
	pt_snapshot_set_native(snapshot, 2, build_native(&build_native_custom));
	check_extras(snapshot, true, 0, "# CREATED h{a=\"b\"} 1.500\n");
	/* One without an observation is known by an empty span. */
	pt_snapshot_set_native(
		snapshot, 2, build_native(&(struct build_native){.zero_threshold = 0x1p-128}));
	check_extras(snapshot, true, 1,
		"# NATIVE h{a=\"b\"} {count:0,sum:0,schema:0,zero:0}\n"
		"# EXEMPLAR h{a=\"b\"} {t=\"u\"} 3\n"
		"# CREATED h{a=\"b\"} 1.500\n");
	pitot_snapshot_free(snapshot);
}

static void
a_full_buffer_fails_without_harm(void)
{
	struct pitot_snapshot *snapshot = build_every_type();
	for (size_t limit = 0; limit < 300; limit++) {
		struct pt_buf out;
		pt_buf_init(&out, limit);
		(void)pt_client_model_encode(&out, snapshot, true);
		check_int(pt_buf_error(&out), PITOT_NO_MEMORY);
		check_true(out.length <= limit);
		pt_buf_clear(&out);
	}
	pitot_snapshot_free(snapshot);
}

CHECK_MAIN("codec/client_model", TEST(every_type_is_as_in_text),
	TEST(random_snapshots_are_as_in_text), TEST(what_does_not_fit_goes_as_text),
	TEST(native_histograms_stand_beside_their_buckets), TEST(a_full_buffer_fails_without_harm))
