/* SPDX-License-Identifier: MIT */
#include "codec/template.h"

#include "base/limits.h"
#include "base/number.h"
#include <math.h>
#include <stdlib.h>
#include "codec/block.h"
#include "support/build.h"
#include "support/check.h"

#define NOW INT64_C(1700000000000)

enum { series_count = 2000 };

typedef size_t encoder(struct pt_buf *out, const struct pitot_snapshot *snapshot, size_t from,
	const struct pt_write_options *options, struct pt_write_count *count);
static encoder *const encoders[] = {pt_remote_write_v1_encode, pt_remote_write_v2_encode};

/* A request, encoded, and its template. */
struct trial {
	struct pitot_snapshot *snapshot;
	encoder *encode;
	struct pt_template_maker maker;
	struct pt_write_marks marks;
	struct pt_buf plain;
	struct pt_template *template;
};

static void
encode(struct trial *trial, int64_t time_ms)
{
	struct pt_write_count count = {.samples = 0};
	trial->marks.count = 0;
	trial->marks.odd = false;
	trial->marks.not_before = INT64_MIN;
	trial->marks.not_after = INT64_MAX;
	pt_buf_reset(&trial->plain);
	(void)trial->encode(&trial->plain, trial->snapshot, 0,
		&(struct pt_write_options){.time_ms = time_ms,
			.max_bytes = SIZE_MAX,
			.max_series = SIZE_MAX,
			.end = trial->snapshot->table->count,
			.marks = &trial->marks},
		&count);
}

static void
make(struct trial *trial, const struct pt_template *before)
{
	trial->template = pt_template_new(&trial->maker,
		&(struct pt_template_source){
			.bytes = trial->plain.bytes,
			.length = trial->plain.length,
			.marks = &trial->marks,
			.bits = trial->snapshot->bits,
			.to = trial->snapshot->table->count,
			.time_ms = NOW,
			.before = before,
			.headroom = 2,
		});
}

/* Takes over the snapshot. */
static bool
trial_open(struct trial *trial, struct pitot_snapshot *snapshot, encoder *encode_by)
{
	*trial = (struct trial){.snapshot = snapshot, .encode = encode_by};
	pt_template_maker_init(&trial->maker);
	pt_buf_init(&trial->plain, PT_LIMIT_REQUEST);
	encode(trial, NOW);
	make(trial, NULL);
	return check_true(trial->template != NULL);
}

static void
trial_close(struct trial *trial)
{
	pt_template_free(trial->template);
	pt_template_maker_clear(&trial->maker);
	free(trial->marks.list);
	pt_buf_clear(&trial->plain);
	pitot_snapshot_free(trial->snapshot);
}

/* What it holds is what the encoder makes. */
static void
check_body(struct trial *trial, int64_t time_ms)
{
	size_t length;
	const void *body = pt_template_body(trial->template, &length);
	struct pt_buf expanded;
	pt_buf_init(&expanded, PT_LIMIT_REQUEST);
	encode(trial, time_ms);
	check_true(pt_block_expand(&expanded, body, length));
	check_bytes(expanded.bytes, expanded.length, trial->plain.bytes, trial->plain.length);
	pt_buf_clear(&expanded);
}

static void
check_fill(struct trial *trial, int64_t time_ms)
{
	check_int(pt_template_fill(trial->template, trial->snapshot->bits, time_ms),
		PT_TEMPLATE_FITS);
	check_body(trial, time_ms);
}

/* ---- a usual request: the project's workloads of counters and of gauges ---- */

static uint64_t
mix(uint64_t x)
{
	x += UINT64_C(0x9e3779b97f4a7c15);
	x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
	return x ^ x >> 31;
}

static struct pitot_snapshot *
workload(bool counts)
{
	static const char *const jobs[] = {"worker", "api-server", "frontend", "scheduler"};
	static const char *const methods[] = {"GET", "POST", "PUT", "DELETE"};
	static const char *const statuses[] = {
		"200", "201", "204", "301", "400", "404", "500", "503"};
	static const uint64_t powers[] = {10, 100, 1000, 10000, 100000, 1000000, 10000000};
	static char instances[series_count][48];
	struct build_row *rows = calloc(series_count, sizeof rows[0]);
	for (size_t i = 0; i < series_count; i++) {
		size_t k = i / 32;
		uint64_t x = mix(i + 1);
		(void)snprintf(
			instances[i], sizeof instances[i], "10.0.%zu.%zu:9100", k / 250, k % 250);
		rows[i] = (struct build_row){
			.part = counts ? PT_PART_TOTAL : PT_PART_VALUE,
			.labels = {{"instance", instances[i]}, {"job", jobs[k % 4]},
				{"method", methods[i / 8 % 4]}, {"status", statuses[i % 8]}},
			.value = counts ? (double)((x >> 8) % powers[x % 7])
					: (double)(x >> 11) * 0x1p-53 * 100,
		};
	}
	rows[0].family = counts ? "http_requests" : "process_load_ratio";
	rows[0].type = counts ? PITOT_COUNTER : PITOT_GAUGE;
	rows[0].help = counts ? "Requests answered." : "Load.";
	struct pitot_snapshot *snapshot = build_snapshot(rows, series_count, NOW);
	free(rows);
	return snapshot;
}

static void
counters_and_gauges_are_filled_as_an_encoder_writes_them(void)
{
	for (int i = 0; i < 4; i++) {
		struct trial trial;
		if (!trial_open(&trial, workload(i < 2), encoders[i % 2]))
			continue;
		check_size(pt_template_samples(trial.template), series_count);
		check_body(&trial, NOW);
		for (int push = 1; push < 4; push++) {
			for (size_t k = 0; k < series_count; k++) {
				double value = pt_number_from_bits(trial.snapshot->bits[k]);
				value = i < 2 ? value + (double)(k % 2) : value * 1.37 - 40;
				trial.snapshot->bits[k] = pt_number_bits(value);
			}
			check_fill(&trial, NOW + push * 15001);
		}
		trial_close(&trial);
	}
}

/* The goals of the project: 1.00 times what libsnappy makes by 1.0, 1.08 times by 2.0. */
static void
a_body_is_as_small_as_an_ordinary_compressor_makes_it(void)
{
	for (int i = 0; i < 4; i++) {
		struct trial trial;
		if (!trial_open(&trial, workload(i < 2), encoders[i % 2]))
			continue;
		size_t length;
		struct pt_buf packed;
		(void)pt_template_body(trial.template, &length);
		pt_buf_init(&packed, PT_LIMIT_REQUEST);
		pt_block_compress(&packed, trial.plain.bytes, trial.plain.length);
		printf("%s by %d.0: %zu bytes, libsnappy %zu\n", i < 2 ? "counters" : "gauges",
			i % 2 + 1, length, packed.length);
		check_true(length * 100 <= packed.length * (i % 2 == 0 ? 100 : 108));
		pt_buf_clear(&packed);
		trial_close(&trial);
	}
}

/* ---- values one by one ---- */

static struct pitot_snapshot *
three(double value, bool counts)
{
	return BUILD(NOW,
		{.family = "a",
			.type = PITOT_COUNTER,
			.part = PT_PART_TOTAL,
			.labels = {{"x", "1"}},
			.value = value},
		{.family = counts ? "b" : "g",
			.type = counts ? PITOT_COUNTER : PITOT_GAUGE,
			.part = counts ? PT_PART_TOTAL : PT_PART_VALUE,
			.labels = {{"x", "2"}},
			.value = value},
		{.labels = {{"x", "3"}},
			.part = counts ? PT_PART_TOTAL : PT_PART_VALUE,
			.value = value});
}

/* What comes from what: it fits, or the one made after it holds it. */
static void
check_change(double from, uint64_t to, bool counts)
{
	for (int i = 0; i < 2; i++) {
		struct trial trial;
		if (!trial_open(&trial, three(from, counts), encoders[i]))
			continue;
		trial.snapshot->bits[1] = to;
		enum pt_template_fit fit =
			pt_template_fill(trial.template, trial.snapshot->bits, NOW + 1);
		check_true(fit != PT_TEMPLATE_OTHER);
		if (fit == PT_TEMPLATE_GROWN) {
			struct pt_template *before = trial.template;
			encode(&trial, NOW);
			make(&trial, before);
			pt_template_free(before);
			check_fatal(trial.template != NULL);
			check_fill(&trial, NOW + 2);
			trial.snapshot->bits[0] = to;
			(void)pt_template_fill(trial.template, trial.snapshot->bits, NOW + 3);
			trial.snapshot->bits[0] = pt_number_bits(from);
			check_fill(&trial, NOW + 4);
		} else {
			check_body(&trial, NOW + 1);
		}
		trial_close(&trial);
	}
}

static void
any_value_may_become_any_other(void)
{
	static const double values[] = {0.0, -0.0, 1, 2, 3, 7, 8, 31, 32, 33, 255, 8191, 8192,
		131071, 131072, 2097151, 2097152, 4294967296.0, 0x1p33, 0x1p45, 0x1p52, 0x1p53,
		0x1p60, 1e300, -1, -1000, 0.5, 0.1, 5e-324, INFINITY, -INFINITY, NAN};
	enum { count = sizeof values / sizeof values[0] };
	for (size_t i = 0; i < count; i++)
		for (size_t k = 0; k < count; k++)
			check_change(values[i], pt_number_user_bits(values[k]), (i + k) % 2 == 0);
	static const uint64_t odd[] = {PT_NUMBER_STALE, UINT64_C(0x7ff8000000000000),
		UINT64_C(0xfff8000000000000), UINT64_C(0xffffffffffffffff)};
	for (size_t i = 0; i < count; i++)
		for (size_t k = 0; k < sizeof odd / sizeof odd[0]; k++)
			check_change(values[i], odd[k], k % 2 == 0);
}

static void
a_count_may_grow_by_its_headroom_and_is_noticed_beyond_it(void)
{
	struct trial trial;
	check_fatal(trial_open(&trial, three(1000, true), encoders[0]));
	trial.snapshot->bits[2] = pt_number_bits(4000);
	check_fill(&trial, NOW + 1);
	trial.snapshot->bits[2] = pt_number_bits(4000000.5);
	check_int(
		pt_template_fill(trial.template, trial.snapshot->bits, NOW + 2), PT_TEMPLATE_GROWN);
	trial_close(&trial);
}

static void
other_series_with_values_are_noticed(void)
{
	struct trial trial;
	check_fatal(trial_open(&trial, three(5, true), encoders[0]));
	trial.snapshot->bits[1] = PT_NUMBER_ABSENT;
	check_int(pt_template_fill(trial.template, trial.snapshot->bits, NOW), PT_TEMPLATE_OTHER);
	pt_template_free(trial.template);
	encode(&trial, NOW);
	make(&trial, NULL);
	check_fatal(trial.template != NULL);
	check_size(pt_template_samples(trial.template), 2);
	trial.snapshot->bits[2] = pt_number_bits(6);
	check_fill(&trial, NOW + 1);
	trial.snapshot->bits[1] = pt_number_bits(5);
	check_int(pt_template_fill(trial.template, trial.snapshot->bits, NOW), PT_TEMPLATE_OTHER);
	trial_close(&trial);
}

static void
times_of_another_length_are_none_for_it(void)
{
	static const struct {
		int64_t time_ms;
		enum pt_template_fit fit;
	} cases[] = {
		{-1, PT_TEMPLATE_OTHER},
		{0, PT_TEMPLATE_OTHER},
		{((int64_t)1 << 35) - 1, PT_TEMPLATE_OTHER},
		{(int64_t)1 << 35, PT_TEMPLATE_FITS},
		{((int64_t)1 << 42) - 1, PT_TEMPLATE_FITS},
		{(int64_t)1 << 42, PT_TEMPLATE_OTHER},
	};
	struct trial trial;
	check_fatal(trial_open(&trial, three(5, true), encoders[0]));
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		check_int(pt_template_fill(trial.template, trial.snapshot->bits, cases[i].time_ms),
			cases[i].fit);
		if (cases[i].fit == PT_TEMPLATE_FITS)
			check_body(&trial, cases[i].time_ms);
	}
	trial_close(&trial);
}

/* By 2.0: a start is told only when it is before the sample. */
static void
times_before_a_start_are_none_for_it(void)
{
	static const int64_t starts[] = {NOW - 100, NOW + 100};
	for (size_t i = 0; i < 2; i++) {
		struct trial trial;
		struct pitot_snapshot *snapshot = BUILD(NOW,
			{.family = "a",
				.type = PITOT_COUNTER,
				.part = PT_PART_TOTAL,
				.value = 1,
				.start_ms = starts[i]});
		check_fatal(trial_open(&trial, snapshot, encoders[1]));
		check_fill(&trial, NOW + 1);
		for (int64_t at = starts[i] - 1; at <= starts[i] + 1; at++)
			if (pt_template_fill(trial.template, snapshot->bits, at) ==
				PT_TEMPLATE_FITS)
				check_body(&trial, at);
			else
				check_true((at > starts[i]) != (starts[i] < NOW));
		trial_close(&trial);
	}
}

CHECK_MAIN("codec/template", TEST(counters_and_gauges_are_filled_as_an_encoder_writes_them),
	TEST(a_body_is_as_small_as_an_ordinary_compressor_makes_it),
	TEST(any_value_may_become_any_other),
	TEST(a_count_may_grow_by_its_headroom_and_is_noticed_beyond_it),
	TEST(other_series_with_values_are_noticed), TEST(times_of_another_length_are_none_for_it),
	TEST(times_before_a_start_are_none_for_it))
