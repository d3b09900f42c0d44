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

/* Behind the value: when it was that, if that is to be told, and the end of the line. */
static void
end_sample(struct pt_line *line, size_t index)
{
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
	if (!pt_line_has(line->snapshot, index))
		return;
	pt_line_name(line, line->snapshot->table->series[index]);
	pt_line_value(line, index, PT_NUMBER_PLAIN);
	end_sample(line, index);
}

/*
 * One histogram or summary. Receivers take a histogram's missing sum or count for 0, so where the
 * source had none (it has a negative bound), the count is that of the last bucket and the sum is
 * NaN: nobody knows it.
 */
static void
put_metric(struct pt_line *line, struct pt_range metric)
{
	const struct pitot_snapshot *snapshot = line->snapshot;
	const struct pt_line_totals totals = pt_line_totals(snapshot, metric);
	for (size_t i = metric.from; i < metric.to; i++)
		if (i != totals.sum && i != totals.count)
			put_sample(line, i);
	bool derive = totals.infinity != PT_LINE_NONE;
	if (totals.sum != PT_LINE_NONE) {
		put_sample(line, totals.sum);
	} else if (derive) {
		pt_line_bare_name(line, snapshot->table->series[totals.infinity], "_sum");
		pt_line_number(line->out, PT_NUMBER_NAN, PT_NUMBER_PLAIN);
		end_sample(line, totals.infinity);
	}
	if (totals.count != PT_LINE_NONE) {
		put_sample(line, totals.count);
	} else if (derive) {
		pt_line_bare_name(line, snapshot->table->series[totals.infinity], "_count");
		pt_line_value(line, totals.infinity, PT_NUMBER_PLAIN);
		end_sample(line, totals.infinity);
	}
}

static void
put_metrics(struct pt_line *line, struct pt_range family)
{
	while (family.from < family.to) {
		struct pt_range metric = pt_line_metric(line->snapshot, family.from, family.to);
		put_metric(line, metric);
		family.from = metric.to;
	}
}

static void
put_header(struct pt_line *line, const struct pt_family *family, const char *suffix, bool help)
{
	if (help && family->has_help)
		pt_line_help(line, family, suffix, false);
	pt_line_meta(line, "TYPE", family, suffix, type_word(family->type));
}

/* Each sample name is a family of its own; the first one has the help. */
static void
put_groups(struct pt_line *line, struct pt_range range, unsigned parts)
{
	struct pt_series *const *series = line->snapshot->table->series;
	bool help = true;
	for (size_t i = 0; i < PT_LINE_GROUPS; i++) {
		unsigned group = pt_line_groups[i].parts;
		if ((parts & group) == 0)
			continue;
		put_header(line, series[range.from]->role->family, pt_line_groups[i].suffix, help);
		help = false;
		for (size_t j = range.from; j < range.to; j++)
			if ((PT_LINE_PART(series[j]->role->part) & group) != 0)
				put_sample(line, j);
	}
}

static void
put_family(struct pt_line *line, struct pt_range range)
{
	const struct pt_family *family = line->snapshot->table->series[range.from]->role->family;
	unsigned parts = pt_line_parts(line->snapshot, range);
	bool composite = family->type == PITOT_HISTOGRAM || family->type == PITOT_SUMMARY;
	if (!composite) {
		put_groups(line, range, parts);
	} else if (parts != 0) {
		put_header(line, family, "", true);
		put_metrics(line, range);
	}
}

void
pt_text_encode(struct pt_buf *out, const struct pitot_snapshot *snapshot,
	const struct pitot_encode_options *options)
{
	struct pt_line line;
	if (pt_recording_play(out, snapshot, PITOT_TEXT_0_0_4, options))
		return;
	pt_line_init(&line, out, snapshot, options, PITOT_TEXT_0_0_4);
	for (size_t at = 0; at < snapshot->table->count;) {
		struct pt_range family = pt_line_family(snapshot, at);
		put_family(&line, family);
		at = family.to;
	}
	pt_line_clear(&line);
}
