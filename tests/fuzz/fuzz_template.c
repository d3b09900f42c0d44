/* SPDX-License-Identifier: MIT */
/*
 * Fuzzes templates: the input says which series there are, and what their values are in one push
 * after another. What a template holds, expanded by libsnappy, is what the encoder makes.
 */
#include "codec/template.h"

#include "base/limits.h"
#include "base/number.h"
#include "codec/block.h"
#include "fuzz/fuzz.h"
#include <stdlib.h>

enum { most_series = 64 };

struct input {
	const uint8_t *data;
	size_t left;
};

static void
require(bool condition)
{
	if (!condition)
		abort();
}

/* Zeros, when there is no more. */
static uint64_t
take(struct input *input, size_t size)
{
	uint64_t value = 0;
	for (size_t i = 0; i<size; i++, input->left -= input->left> 0)
		value = value << 8 | (input->left > 0 ? *input->data++ : 0);
	return value;
}

static struct pt_series *
take_series(struct input *input, struct pt_ids *ids, struct pt_family *family)
{
	char text[256];
	size_t length = take(input, 1);
	for (size_t i = 0; i < length; i++)
		text[i] = (char)(take(input, 1) | 1); /* no NUL */
	const struct pt_label pair = {
		.name = "l", .name_length = 1, .value = text, .value_length = (uint32_t)length};
	struct pt_labels *labels = pt_labels_new(&pair, 1);
	int64_t start_ms = (int64_t)(take(input, 1) << 36);
	struct pt_series *series =
		pt_series_new(ids, family, labels, PT_PART_TOTAL, 0, NULL, start_ms);
	pt_labels_unref(labels);
	return series;
}

static struct pt_table *
take_table(struct input *input)
{
	struct pt_series *series[most_series];
	struct pt_ids *ids = pt_ids_new();
	struct pt_family *family = pt_family_new("f", 1, PITOT_COUNTER, "help", 4, NULL, 0);
	size_t count = 1 + take(input, 1) % most_series;
	for (size_t i = 0; i < count; i++)
		series[i] = take_series(input, ids, family);
	struct pt_table *table = pt_table_new(series, count);
	pt_family_unref(family);
	pt_ids_unref(ids);
	return table;
}

static void
take_values(struct input *input, struct pitot_snapshot *snapshot)
{
	for (size_t i = 0; i < snapshot->table->count; i++)
		switch (take(input, 1) % 6) {
		case 0:
			snapshot->bits[i] = take(input, 8);
			break;
		case 1:
			snapshot->bits[i] = PT_NUMBER_ABSENT;
			break;
		case 2:
			snapshot->bits[i] = pt_number_bits((double)take(input, 2));
			break;
		case 3:
			snapshot->bits[i] = pt_number_bits((double)take(input, 4));
			break;
		default:
			break; /* as it is */
		}
}

/* What a push needs, and a template of the request before it, or none. */
struct fuzzing {
	struct pitot_snapshot *snapshot;
	int64_t time_ms;
	bool newer;
	struct pt_write_marks marks;
	struct pt_buf plain, expanded;
	struct pt_template_maker maker;
	struct pt_template *template;
};

static void
encode(struct fuzzing *fuzzing)
{
	struct pt_write_count count = {.samples = 0};
	fuzzing->marks = (struct pt_write_marks){.list = fuzzing->marks.list,
		.capacity = fuzzing->marks.capacity,
		.not_before = INT64_MIN,
		.not_after = INT64_MAX};
	pt_buf_reset(&fuzzing->plain);
	(void)(fuzzing->newer ? pt_remote_write_v2_encode : pt_remote_write_v1_encode)(
		&fuzzing->plain, fuzzing->snapshot, 0,
		&(struct pt_write_options){.time_ms = fuzzing->time_ms,
			.max_bytes = SIZE_MAX,
			.max_series = SIZE_MAX,
			.end = fuzzing->snapshot->table->count,
			.marks = &fuzzing->marks,
			.old_start = true},
		&count);
	require(!fuzzing->marks.odd);
}

static void
make(struct fuzzing *fuzzing, struct input *input, struct pt_template *before)
{
	fuzzing->template = NULL;
	if (fuzzing->marks.count > 0)
		fuzzing->template = pt_template_new(&fuzzing->maker,
			&(struct pt_template_source){
				.bytes = fuzzing->plain.bytes,
				.length = fuzzing->plain.length,
				.marks = &fuzzing->marks,
				.bits = fuzzing->snapshot->bits,
				.to = fuzzing->snapshot->table->count,
				.time_ms = fuzzing->time_ms,
				.before = before,
				.headroom = (unsigned)take(input, 1) % 64,
			});
	pt_template_free(before);
}

static void
push(struct fuzzing *fuzzing, struct input *input)
{
	encode(fuzzing);
	enum pt_template_fit fit = fuzzing->template == NULL
		? PT_TEMPLATE_OTHER
		: pt_template_fill(fuzzing->template, fuzzing->snapshot->bits, fuzzing->time_ms);
	if (fit == PT_TEMPLATE_OTHER)
		pt_template_free(fuzzing->template);
	if (fit != PT_TEMPLATE_FITS)
		make(fuzzing, input, fit == PT_TEMPLATE_GROWN ? fuzzing->template : NULL);
	if (fuzzing->template == NULL)
		return;
	size_t length;
	const void *body = pt_template_body(fuzzing->template, &length);
	pt_buf_reset(&fuzzing->expanded);
	require(pt_block_expand(&fuzzing->expanded, body, length));
	require(fuzzing->expanded.length == fuzzing->plain.length);
	require(memcmp(fuzzing->expanded.bytes, fuzzing->plain.bytes, fuzzing->plain.length) == 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input input = {data, size};
	struct fuzzing fuzzing = {.newer = take(&input, 1) % 2 == 1};
	struct pt_table *table = take_table(&input);
	fuzzing.snapshot = pt_snapshot_new(table, 0);
	pt_buf_init(&fuzzing.plain, PT_LIMIT_TEXT);
	pt_buf_init(&fuzzing.expanded, PT_LIMIT_TEXT);
	pt_template_maker_init(&fuzzing.maker);
	do {
		fuzzing.time_ms = (int64_t)take(&input, 6);
		take_values(&input, fuzzing.snapshot);
		push(&fuzzing, &input);
	} while (input.left > 0);
	pt_template_free(fuzzing.template);
	pt_template_maker_clear(&fuzzing.maker);
	free(fuzzing.marks.list);
	pt_buf_clear(&fuzzing.plain);
	pt_buf_clear(&fuzzing.expanded);
	pitot_snapshot_free(fuzzing.snapshot);
	pt_table_unref(table);
	return 0;
}
