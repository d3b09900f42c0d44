/* SPDX-License-Identifier: MIT */
/*
 * Prometheus text 0.0.4, also for receivers that read nothing else (Pushgateway). What the format
 * lacks becomes what those receivers understand (specs/pushgateway 11): info and state set are
 * gauges, a gauge histogram is three untyped families, exemplars and units are left out.
 */
#include "codec/text.h"

#include "codec/line.h"

static const char *
type_word(enum pitot_type type)
{
	switch (type) {
	case PITOT_COUNTER:
	case PITOT_GAUGE:
	case PITOT_HISTOGRAM:
	case PITOT_SUMMARY:
		return pitot_type_text(type);
	case PITOT_INFO:
	case PITOT_STATESET:
		return "gauge";
	default:
		return "untyped";
	}
}

static void
put_value(struct pt_line *line, size_t index, uint64_t bits)
{
	pt_line_number(line->out, bits, PT_NUMBER_PLAIN);
	int64_t time_ms = pt_snapshot_time_of(line->snapshot, index, PT_NO_TIME);
	if (line->options->timestamps && time_ms != PT_NO_TIME) {
		pt_buf_char(line->out, ' ');
		pt_buf_int(line->out, time_ms);
	}
	pt_buf_char(line->out, '\n');
}

static void
put_sample(struct pt_line *line, size_t index)
{
	const struct pt_series *series = line->snapshot->table->series[index];
	if (line->snapshot->bits[index] == PT_NUMBER_ABSENT)
		return;
	pt_line_name(line, series, pt_name_suffix(series->part));
	put_value(line, index, line->snapshot->bits[index]);
}

/*
 * One histogram. Receivers take a missing sum or count for 0, so where the source had none (it has a
 * negative bound), the count is that of the last bucket and the sum is NaN, which is the truth.
 */
static void
put_histogram(struct pt_line *line, struct pt_range metric)
{
	const struct pitot_snapshot *snapshot = line->snapshot;
	bool has_sum = false, has_count = false;
	size_t last = metric.from;
	for (size_t i = metric.from; i < metric.to; i++) {
		enum pt_part part = snapshot->table->series[i]->part;
		has_sum = has_sum || part == PT_PART_SUM;
		has_count = has_count || part == PT_PART_COUNT;
		last = part == PT_PART_BUCKET ? i : last;
		put_sample(line, i);
	}
	struct pt_series bare = *snapshot->table->series[last];
	if (bare.part != PT_PART_BUCKET || snapshot->bits[last] == PT_NUMBER_ABSENT)
		return;
	bare.extra_name = NULL;
	if (!has_sum) {
		pt_line_name(line, &bare, "_sum");
		put_value(line, last, PT_NUMBER_NAN);
	}
	if (!has_count) {
		pt_line_name(line, &bare, "_count");
		put_value(line, last, snapshot->bits[last]);
	}
}

/* The samples of one part, as an untyped family of their own. */
static void
put_part(struct pt_line *line, struct pt_range family, enum pt_part part)
{
	bool first = true;
	for (size_t i = family.from; i < family.to; i++) {
		const struct pt_series *series = line->snapshot->table->series[i];
		if (series->part != part)
			continue;
		if (first && part == PT_PART_BUCKET && series->family->has_help)
			pt_line_help(line, series->family, pt_name_suffix(part), false);
		if (first)
			pt_line_meta(line, "TYPE", series->family, pt_name_suffix(part), "untyped");
		first = false;
		put_sample(line, i);
	}
}

static void
put_family(struct pt_line *line, struct pt_range range)
{
	const struct pt_series *series = line->snapshot->table->series[range.from];
	const struct pt_family *family = series->family;
	if (family->type == PITOT_GAUGE_HISTOGRAM) {
		put_part(line, range, PT_PART_BUCKET);
		put_part(line, range, PT_PART_GCOUNT);
		put_part(line, range, PT_PART_GSUM);
		return;
	}
	/* Counters and infos carry the suffix in the family's name too. */
	bool named = series->part == PT_PART_TOTAL || series->part == PT_PART_INFO;
	const char *suffix = named ? pt_name_suffix(series->part) : "";
	if (family->has_help)
		pt_line_help(line, family, suffix, false);
	pt_line_meta(line, "TYPE", family, suffix, type_word(family->type));
	while (range.from < range.to) {
		struct pt_range metric = pt_line_metric(line->snapshot, range.from, range.to);
		if (family->type == PITOT_HISTOGRAM)
			put_histogram(line, metric);
		else
			for (size_t i = metric.from; i < metric.to; i++)
				put_sample(line, i);
		range.from = metric.to;
	}
}

void
pt_text_encode(struct pt_buf *out, const struct pitot_snapshot *snapshot,
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
}
