/* SPDX-License-Identifier: MIT */
/* See reference_series.h. What does not fit ends the process. */
#include "reference_series.h"

#include "measure.h"
#include "reference_string.h"
#include "workload.h"
#include <stdlib.h>

enum { labels = 4 };

struct text {
	const char *bytes; /* NULL: a free slot */
	uint32_t length, id;
};

struct ids {
	uint32_t of[labels];
};

struct reference_series {
	struct text *texts; /* the table of label values */
	size_t text_mask, text_count;
	char *bytes; /* of all of them */
	size_t used, room;
	struct ids *ids; /* of each series, and so on */
	double *values;
	double **handles;
	size_t count;
	uint32_t *index; /* the numbers of series, by their ids; 0: free */
	size_t index_mask;
};

static void *
room_for(size_t count, size_t size)
{
	void *memory = calloc(count, size);
	bench_must(memory != NULL, "out of memory");
	return memory;
}

/* The least power of two that is twice as much. */
static size_t
slots_for(size_t count)
{
	size_t slots = 2;
	while (slots < 2 * count)
		slots *= 2;
	return slots;
}

static uint32_t
intern(struct reference_series *series, const char *label)
{
	size_t length = strlen(label);
	size_t at = reference_hash(label, length) & series->text_mask;
	for (; series->texts[at].bytes != NULL; at = (at + 1) & series->text_mask)
		if (series->texts[at].length == length &&
			reference_equal(series->texts[at].bytes, label, length))
			return series->texts[at].id;
	bench_must(series->used + length < series->room && series->text_count < series->text_mask,
		"too many label values");
	char *bytes = series->bytes + series->used;
	memcpy(bytes, label, length + 1);
	series->used += length + 1;
	series->texts[at] = (struct text){bytes, (uint32_t)length, (uint32_t)series->text_count++};
	return series->texts[at].id;
}

/* Where the value of the series of these labels is; adds the series if it is missing. */
static double *
find(struct reference_series *series, const char *const *label)
{
	struct ids ids;
	for (int i = 0; i < labels; i++)
		ids.of[i] = intern(series, label[i]);
	uint64_t hash = reference_hash((const char *)&ids, sizeof ids);
	size_t at = hash & series->index_mask;
	for (; series->index[at] != 0; at = (at + 1) & series->index_mask) {
		const struct ids *other = &series->ids[series->index[at] - 1];
		if (memcmp(other, &ids, sizeof ids) == 0)
			return &series->values[series->index[at] - 1];
	}
	series->ids[series->count] = ids;
	series->index[at] = (uint32_t)++series->count;
	return &series->values[series->count - 1];
}

struct reference_series *
reference_series_new(size_t count)
{
	struct reference_series *series = room_for(1, sizeof *series);
	char instance[48];
	const char *label[labels];
	size_t texts = slots_for(count / 32 + 32), index = slots_for(count);
	series->texts = room_for(texts, sizeof *series->texts);
	series->text_mask = texts - 1;
	series->room = texts * 16;
	series->bytes = room_for(series->room, 1);
	series->index = room_for(index, sizeof *series->index);
	series->index_mask = index - 1;
	series->ids = room_for(count, sizeof *series->ids);
	series->values = room_for(count, sizeof *series->values);
	series->handles = room_for(count, sizeof(double *));
	for (size_t i = 0; i < count; i++) {
		workload_labels(i, instance, label);
		double *value = find(series, label);
		*value += workload_integer(i + 1);
		series->handles[i] = value;
	}
	bench_must(series->count == count, "series are missing");
	return series;
}

void
reference_series_free(struct reference_series *series)
{
	if (series == NULL)
		return;
	free(series->texts);
	free(series->bytes);
	free(series->index);
	free(series->ids);
	free(series->values);
	free(series->handles);
	free(series);
}
