/* SPDX-License-Identifier: MIT */
/*
 * What is played is, byte for byte, what is written the ordinary way, which a table goes that was
 * never encoded before.
 */
#include "codec/recording.h"

#include "base/limits.h"
#include "codec/openmetrics.h"
#include "codec/text.h"
#include "support/build.h"
#include "support/check.h"
#include <math.h>
#include <stdlib.h>

typedef void encoder(struct pt_buf *out, const struct pitot_snapshot *snapshot,
	const struct pitot_encode_options *options);

static const struct pitot_encode_options plain = {0};

/* The same values over the same series in another table. */
static void
write_ordinarily(struct pt_buf *out, const struct pitot_snapshot *snapshot, encoder *encode)
{
	struct pt_table *table = pt_table_new(snapshot->table->series, snapshot->table->count);
	check_fatal(table != NULL);
	for (size_t i = 0; i < table->count; i++)
		(void)pt_series_ref(table->series[i]);
	struct pitot_snapshot view = pt_snapshot_view(snapshot, table);
	encode(out, &view, &plain);
	pt_table_unref(table);
}

static void
check_same(const struct pitot_snapshot *snapshot, encoder *encode)
{
	struct pt_buf found, expected;
	pt_buf_init(&found, PT_LIMIT_TEXT);
	pt_buf_init(&expected, PT_LIMIT_TEXT);
	pt_buf_str(&found, "before");
	pt_buf_str(&expected, "before");
	encode(&found, snapshot, &plain);
	write_ordinarily(&expected, snapshot, encode);
	check_bytes(found.bytes, found.length, expected.bytes, expected.length);
	pt_buf_clear(&found);
	pt_buf_clear(&expected);
}

static bool
plays(const struct pitot_snapshot *snapshot, enum pitot_format format)
{
	struct pt_buf out;
	pt_buf_init(&out, PT_LIMIT_TEXT);
	bool played = pt_recording_play(&out, snapshot, format, &plain);
	pt_buf_clear(&out);
	return played;
}

static void
change_values(uint64_t *seed, struct pitot_snapshot *snapshot, bool ends)
{
	static const uint64_t special[] = {PT_NUMBER_ABSENT, PT_NUMBER_STALE, PT_NUMBER_NAN};
	for (size_t i = 0; i < snapshot->table->count; i++) {
		uint64_t *bits = &snapshot->bits[i];
		if (*bits == PT_NUMBER_ABSENT || *bits == PT_NUMBER_STALE ||
			snapshot->table->series[i]->role->part == PT_PART_NATIVE)
			continue;
		*bits = pt_number_bits((double)build_random(seed, 100000000) /
			(build_random(seed, 3) == 0 ? 1e6 : 1));
		if (build_random(seed, 20) == 0)
			*bits = special[ends ? build_random(seed, 3) : 2];
	}
}

static void
random_snapshots_play_as_they_are_written(void)
{
	uint64_t seed = build_seed();
	for (int i = 0; i < 300; i++) {
		struct pitot_snapshot *snapshot = build_random_snapshot(&seed);
		check_fatal(snapshot != NULL);
		for (int round = 0; round < 6; round++) {
			check_same(snapshot, pt_text_encode);
			check_same(snapshot, pt_openmetrics_encode);
			change_values(&seed, snapshot, round > 3);
		}
		pitot_snapshot_free(snapshot);
	}
}

static struct pitot_snapshot *
build_histogram(void)
{
	return BUILD(0, {.family = "up", .type = PITOT_GAUGE, .value = 1},
		{.labels = {{"a", "\"\\\n"}}, .value = 2}, {.labels = {{"a", "3"}}, .value = 3},
		{.labels = {{"a", "4"}}, .value = 4}, {.labels = {{"a", "5"}}, .value = 5},
		{.labels = {{"a", "6"}}, .value = 6},
		{.family = "h",
			.type = PITOT_HISTOGRAM,
			.part = PT_PART_BUCKET,
			.bound = 1,
			.value = 1},
		{.type = PITOT_HISTOGRAM, .part = PT_PART_BUCKET, .bound = INFINITY, .value = 5});
}

static void
a_table_is_recorded_the_second_time_and_played_from_then_on(void)
{
	struct pitot_snapshot *snapshot = build_histogram();
	struct pt_buf out;
	pt_buf_init(&out, PT_LIMIT_TEXT);
	for (int i = 0; i < 4; i++) {
		check_int(plays(snapshot, PITOT_TEXT_0_0_4), i >= 2);
		check_int(pt_recording_is_classic(snapshot->table, PITOT_TEXT_0_0_4), i >= 2);
		check_int(plays(snapshot, PITOT_OPENMETRICS_1_0), false);
		pt_buf_reset(&out);
		pt_text_encode(&out, snapshot, &plain);
	}
	check_text(pt_buf_text(&out),
		"# TYPE up gauge\nup 1\nup{a=\"\\\"\\\\\\n\"} 2\n"
		"up{a=\"3\"} 3\nup{a=\"4\"} 4\nup{a=\"5\"} 5\nup{a=\"6\"} 6\n# TYPE h histogram\n"
		"h_bucket{le=\"1.0\"} 1\nh_bucket{le=\"+Inf\"} 5\nh_sum NaN\nh_count 5\n");
	pt_buf_clear(&out);
	pitot_snapshot_free(snapshot);
}

static void
a_small_table_is_not_recorded(void)
{
	struct pitot_snapshot *snapshot = BUILD(0, {.family = "a", .type = PITOT_GAUGE});
	for (int i = 0; i < 3; i++) {
		check_same(snapshot, pt_text_encode);
		check_true(!plays(snapshot, PITOT_TEXT_0_0_4));
	}
	pitot_snapshot_free(snapshot);
}

static void
what_is_not_only_numbers_is_not_played(void)
{
	struct pitot_snapshot *snapshot = build_histogram();
	struct pt_buf out;
	pt_buf_init(&out, PT_LIMIT_TEXT);
	for (int i = 0; i < 3; i++)
		pt_text_encode(&out, snapshot, &plain);
	const struct pitot_label label = {"l", "v"};
	const struct pitot_encode_options labels = {.labels = &label, .label_count = 1},
					  times = {.timestamps = true};
	check_true(!pt_recording_play(&out, snapshot, PITOT_TEXT_0_0_4, &labels));
	check_true(pt_recording_play(&out, snapshot, PITOT_TEXT_0_0_4, &times));
	check_true(pt_snapshot_set_time(snapshot, 0, 1));
	check_true(!pt_recording_play(&out, snapshot, PITOT_TEXT_0_0_4, &times));
	snapshot->bits[7] = PT_NUMBER_ABSENT;
	size_t length = out.length;
	check_true(!pt_recording_play(&out, snapshot, PITOT_TEXT_0_0_4, &plain));
	check_size(out.length, length);
	pt_buf_clear(&out);
	pitot_snapshot_free(snapshot);
}

static void
names_that_need_quotes_are_not_classic(void)
{
	struct pitot_snapshot *snapshot = BUILD(0, {.family = "a.b", .type = PITOT_GAUGE},
		{.labels = {{"l", "1"}}}, {.labels = {{"l", "2"}}}, {.labels = {{"l", "3"}}},
		{.labels = {{"l", "4"}}}, {.labels = {{"l", "5"}}}, {.labels = {{"l", "6"}}},
		{.labels = {{"l", "7"}}});
	char *text = NULL;
	size_t length;
	const struct pitot_encode_options none = {.escaping = PITOT_ESCAPE_NONE};
	for (int i = 0; i < 4; i++) {
		check_int(pitot_encode(snapshot, PITOT_TEXT_0_0_4, &none, &text, &length, NULL), 0);
		check_contains(text, "# TYPE \"a.b\" gauge\n{\"a.b\"} 0\n{\"a.b\",l=\"1\"} 0\n");
		free(text);
		check_int(pitot_encode(snapshot, PITOT_TEXT_0_0_4, NULL, &text, &length, NULL), 0);
		check_contains(text, "# TYPE a_b gauge\na_b 0\na_b{l=\"1\"} 0\n");
		free(text);
	}
	check_true(plays(snapshot, PITOT_TEXT_0_0_4));
	check_true(!pt_recording_is_classic(snapshot->table, PITOT_TEXT_0_0_4));
	pitot_snapshot_free(snapshot);
}

static void
a_full_buffer_fails_and_sticks_when_playing(void)
{
	struct pitot_snapshot *snapshot = build_histogram();
	struct pt_buf out;
	pt_buf_init(&out, PT_LIMIT_TEXT);
	for (int i = 0; i < 3; i++)
		pt_text_encode(&out, snapshot, &plain);
	pt_buf_clear(&out);
	pt_buf_init(&out, 100);
	pt_text_encode(&out, snapshot, &plain);
	check_int(pt_buf_error(&out), PITOT_NO_MEMORY);
	pt_buf_clear(&out);
	pitot_snapshot_free(snapshot);
}

CHECK_MAIN("codec/recording", TEST(random_snapshots_play_as_they_are_written),
	TEST(a_table_is_recorded_the_second_time_and_played_from_then_on),
	TEST(a_small_table_is_not_recorded), TEST(what_is_not_only_numbers_is_not_played),
	TEST(names_that_need_quotes_are_not_classic),
	TEST(a_full_buffer_fails_and_sticks_when_playing))
