/* SPDX-License-Identifier: MIT */
/*
 * OpenMetrics 1.0 text. It is stricter than what a snapshot may hold, so: a counter whose samples do
 * not end in _total is unknown here, and a histogram with a negative bound has no sum and no count.
 */
#include "codec/openmetrics.h"

#include "codec/line.h"

static void
put_time(struct pt_line *line, size_t index)
{
	int64_t time_ms = pt_snapshot_time_of(line->snapshot, index, PT_NO_TIME);
	if (!line->options->timestamps || time_ms == PT_NO_TIME)
		return;
	pt_buf_char(line->out, ' ');
	pt_line_seconds(line->out, time_ms);
}

static void
put_exemplar(struct pt_line *line, size_t index, enum pt_part part)
{
	const struct pt_exemplar *exemplar = pt_snapshot_exemplar(line->snapshot, index);
	if (exemplar == NULL || (part != PT_PART_TOTAL && part != PT_PART_BUCKET))
		return;
	pt_buf_put(line->out, " # ", 3);
	pt_line_labels(line->out, exemplar->labels);
	pt_buf_char(line->out, ' ');
	pt_line_number(line->out, exemplar->bits, PT_NUMBER_OPEN);
	if (!exemplar->has_timestamp)
		return;
	pt_buf_char(line->out, ' ');
	pt_line_seconds(line->out, exemplar->timestamp_ms);
}

/* Counts are written as integers, all other values in the canonical form. */
static enum pt_number_style
style_of(enum pt_part part)
{
	switch (part) {
	case PT_PART_BUCKET:
	case PT_PART_COUNT:
	case PT_PART_GCOUNT:
	case PT_PART_INFO:
	case PT_PART_STATE:
		return PT_NUMBER_PLAIN;
	default:
		return PT_NUMBER_OPEN;
	}
}

static void
put_sample(struct pt_line *line, size_t index)
{
	const struct pt_series *series = line->snapshot->table->series[index];
	if (line->snapshot->bits[index] == PT_NUMBER_ABSENT)
		return;
	pt_line_name(line, series, pt_name_suffix(series->part));
	pt_line_number(line->out, line->snapshot->bits[index], style_of(series->part));
	put_time(line, index);
	put_exemplar(line, index, series->part);
	pt_buf_char(line->out, '\n');
}

static void
put_created(struct pt_line *line, struct pt_range metric)
{
	const struct pt_series *series = line->snapshot->table->series[metric.from];
	enum pitot_type type = series->family->type;
	bool counts = type == PITOT_COUNTER || type == PITOT_HISTOGRAM || type == PITOT_SUMMARY;
	if (!line->options->created_series || !counts || series->start_ms <= 0 ||
		line->snapshot->bits[metric.from] == PT_NUMBER_ABSENT)
		return;
	struct pt_series bare = *series;
	bare.extra_name = NULL;
	pt_line_name(line, &bare, "_created");
	pt_line_seconds(line->out, series->start_ms);
	put_time(line, metric.from);
	pt_buf_char(line->out, '\n');
}

/* The sum comes last, and not at all beside a negative bound, nor does the count. */
static void
put_metric(struct pt_line *line, struct pt_range metric)
{
	struct pt_series *const *series = line->snapshot->table->series;
	bool negative = false;
	size_t sum = metric.to;
	for (size_t i = metric.from; i < metric.to; i++) {
		enum pt_part part = series[i]->part;
		bool histogram = series[i]->family->type == PITOT_HISTOGRAM;
		negative = negative || (histogram && part == PT_PART_BUCKET && series[i]->bound < 0);
		if (part == PT_PART_SUM || part == PT_PART_GSUM)
			sum = i;
		else if (part != PT_PART_COUNT || !negative)
			put_sample(line, i);
	}
	if (sum < metric.to && !negative)
		put_sample(line, sum);
	put_created(line, metric);
}

static void
put_family(struct pt_line *line, struct pt_range range)
{
	const struct pt_series *series = line->snapshot->table->series[range.from];
	const struct pt_family *family = series->family;
	bool bare_counter = family->type == PITOT_COUNTER && series->part == PT_PART_VALUE;
	pt_line_meta(line, "TYPE", family, "",
		pitot_type_text(bare_counter ? PITOT_UNKNOWN : family->type));
	if (family->unit_length > 0)
		pt_line_meta(line, "UNIT", family, "", family->unit);
	if (family->has_help)
		pt_line_help(line, family, "", true);
	while (range.from < range.to) {
		struct pt_range metric = pt_line_metric(line->snapshot, range.from, range.to);
		put_metric(line, metric);
		range.from = metric.to;
	}
}

void
pt_openmetrics_encode(struct pt_buf *out, const struct pitot_snapshot *snapshot,
	const struct pitot_encode_options *options)
{
	struct pt_line line;
	pt_line_init(&line, out, snapshot, options);
	for (size_t at = 0; at < snapshot->table->count;) {
		struct pt_range family = pt_line_family(snapshot, at);
		put_family(&line, family);
		at = family.to;
	}
	pt_line_clear(&line);
	pt_buf_str(out, "# EOF\n");
}
