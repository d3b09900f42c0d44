/* SPDX-License-Identifier: MIT */
#include "literal.h"

#include "base/number.h"
#include <stdlib.h>

static void *
sure(void *memory)
{
	if (memory == NULL)
		abort();
	return memory;
}

static struct pt_labels *
make_labels(const char *text)
{
	struct pt_label pairs[16];
	size_t count = 0;
	char *copy = sure(strdup(text == NULL ? "" : text)), *rest = NULL;
	for (char *pair = strtok_r(copy, ",", &rest); pair != NULL;
		pair = strtok_r(NULL, ",", &rest)) {
		char *equals = sure(strchr(pair, '='));
		*equals = '\0';
		pairs[count++] = pt_label_of(pair, equals + 1);
	}
	struct pt_labels *labels = sure(pt_labels_new(pairs, count));
	free(copy);
	return labels;
}

struct pt_labels *
literal_labels(const char *const *texts, size_t count)
{
	struct pt_label pairs[16];
	for (size_t i = 0; i < count; i++)
		pairs[i] = pt_label_of(texts[2 * i], texts[2 * i + 1]);
	return pt_labels_new(pairs, count);
}

struct pitot_snapshot *
literal_snapshot(const struct literal *rows, size_t count, int64_t time_ms)
{
	struct pt_ids *ids = sure(pt_ids_new());
	struct pt_series **series = sure(calloc(count + 1, sizeof *series));
	struct pt_family *family = NULL;
	for (size_t i = 0; i < count; i++) {
		const struct literal *row = &rows[i];
		if (i == 0 || strcmp(row->family, rows[i - 1].family) != 0) {
			pt_family_unref(family);
			family = sure(pt_family_new(
				row->family, strlen(row->family), row->type, "Help.", 5, NULL, 0));
		}
		struct pt_labels *labels = make_labels(row->labels);
		series[i] = sure(
			pt_series_new(ids, family, labels, row->part, row->bound, row->state, 0));
		pt_labels_unref(labels);
	}
	struct pt_table *table = sure(pt_table_new(series, count));
	struct pitot_snapshot *snapshot = sure(pt_snapshot_new(table, time_ms));
	for (size_t i = 0; i < count; i++) {
		snapshot->bits[i] = pt_number_bits(rows[i].value);
		if (rows[i].time_ms != 0 && !pt_snapshot_set_time(snapshot, i, rows[i].time_ms))
			abort();
	}
	pt_table_unref(table);
	pt_family_unref(family);
	pt_ids_unref(ids);
	free(series);
	return snapshot;
}
