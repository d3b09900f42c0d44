/* SPDX-License-Identifier: MIT */
/*
 * What both text formats need to know of a snapshot: what belongs together, and what there is. The
 * only failure is memory for the labels that are added, which sticks in the buffer.
 */
#include "codec/line.h"

#include <math.h>

void
pt_line_init(struct pt_line *line, struct pt_buf *out, const struct pitot_snapshot *snapshot,
	const struct pitot_encode_options *options, enum pitot_format format)
{
	memset(line, 0, offsetof(struct pt_line, starts));
	for (size_t i = 0; i < pt_line_pieces; i++)
		line->pieces[i].name = NULL;
	line->out = out;
	line->snapshot = snapshot;
	line->options = options;
	pt_buf_init(&line->head, PT_LIMIT_TEXT);
	pt_buf_init(&line->text, PT_LIMIT_TEXT);
	pt_label_list_init(&line->list);
	pt_recording_begin(&line->recording, out, snapshot, format, options);
	if (options->label_count == 0)
		return;
	struct pt_label labels[PT_LIMIT_LABELS];
	size_t count =
		options->label_count < PT_LIMIT_LABELS ? options->label_count : PT_LIMIT_LABELS;
	for (size_t i = 0; i < count; i++)
		labels[i] = pt_label_of(options->labels[i].name, options->labels[i].value);
	line->added = pt_labels_new(labels, count);
	if (line->added == NULL)
		out->error = PITOT_NO_MEMORY;
}

void
pt_line_clear(struct pt_line *line)
{
	if (pt_label_list_error(&line->list) != 0)
		line->out->error = PITOT_NO_MEMORY;
	pt_recording_end(&line->recording, line->out, line->snapshot);
	pt_label_list_clear(&line->list);
	pt_buf_clear(&line->head);
	pt_buf_clear(&line->text);
	pt_labels_unref(line->added);
}

/* ---- walking ---- */

bool
pt_line_has(const struct pitot_snapshot *snapshot, size_t index)
{
	return snapshot->bits[index] != PT_NUMBER_ABSENT &&
		snapshot->bits[index] != PT_NUMBER_STALE &&
		snapshot->table->series[index]->role->part != PT_PART_NATIVE;
}

struct pt_range
pt_line_family(const struct pitot_snapshot *snapshot, size_t from)
{
	const struct pt_table *table = snapshot->table;
	size_t to = from + 1;
	while (to < table->count &&
		table->series[to]->role->family == table->series[from]->role->family)
		to++;
	return (struct pt_range){from, to};
}

struct pt_range
pt_line_metric(const struct pitot_snapshot *snapshot, size_t from, size_t to)
{
	struct pt_series *const *series = snapshot->table->series;
	const struct pt_labels *labels = series[from]->labels;
	size_t end = from + 1;
	while (end < to &&
		(series[end]->labels == labels || pt_labels_equal(series[end]->labels, labels)))
		end++;
	return (struct pt_range){from, end};
}

struct pt_line_totals
pt_line_totals(const struct pitot_snapshot *snapshot, struct pt_range metric)
{
	struct pt_line_totals totals = {PT_LINE_NONE, PT_LINE_NONE, PT_LINE_NONE, false};
	for (size_t i = metric.from; i < metric.to; i++) {
		const struct pt_series *series = snapshot->table->series[i];
		if (!pt_line_has(snapshot, i))
			continue;
		if (series->role->part == PT_PART_SUM || series->role->part == PT_PART_GSUM)
			totals.sum = i;
		else if (series->role->part == PT_PART_COUNT ||
			series->role->part == PT_PART_GCOUNT)
			totals.count = i;
		else if (series->role->part == PT_PART_BUCKET && isinf(series->role->bound) &&
			series->role->bound > 0)
			totals.infinity = i;
		else if (series->role->part == PT_PART_BUCKET && series->role->bound < 0)
			totals.negative = true;
	}
	return totals;
}

const struct pt_line_name_group pt_line_groups[PT_LINE_GROUPS] = {
	{"",
		PT_LINE_PART(PT_PART_VALUE) | PT_LINE_PART(PT_PART_QUANTILE) |
			PT_LINE_PART(PT_PART_STATE)},
	{"_total", PT_LINE_PART(PT_PART_TOTAL)},
	{"_bucket", PT_LINE_PART(PT_PART_BUCKET)},
	{"_sum", PT_LINE_PART(PT_PART_SUM)},
	{"_count", PT_LINE_PART(PT_PART_COUNT)},
	{"_gcount", PT_LINE_PART(PT_PART_GCOUNT)},
	{"_gsum", PT_LINE_PART(PT_PART_GSUM)},
	{"_info", PT_LINE_PART(PT_PART_INFO)},
};

unsigned
pt_line_parts(const struct pitot_snapshot *snapshot, struct pt_range family)
{
	unsigned parts = 0;
	for (size_t i = family.from; i < family.to; i++)
		if (pt_line_has(snapshot, i))
			parts |= PT_LINE_PART(snapshot->table->series[i]->role->part);
	return parts;
}

unsigned
pt_line_own_parts(enum pitot_type type)
{
	switch (type) {
	case PITOT_COUNTER:
		return PT_LINE_PART(PT_PART_TOTAL);
	case PITOT_HISTOGRAM:
		return PT_LINE_PART(PT_PART_BUCKET) | PT_LINE_PART(PT_PART_SUM) |
			PT_LINE_PART(PT_PART_COUNT);
	case PITOT_GAUGE_HISTOGRAM:
		return PT_LINE_PART(PT_PART_BUCKET) | PT_LINE_PART(PT_PART_GSUM) |
			PT_LINE_PART(PT_PART_GCOUNT);
	case PITOT_SUMMARY:
		return PT_LINE_PART(PT_PART_QUANTILE) | PT_LINE_PART(PT_PART_SUM) |
			PT_LINE_PART(PT_PART_COUNT);
	case PITOT_INFO:
		return PT_LINE_PART(PT_PART_INFO);
	case PITOT_STATESET:
		return PT_LINE_PART(PT_PART_STATE);
	default:
		return PT_LINE_PART(PT_PART_VALUE);
	}
}
