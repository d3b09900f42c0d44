/* SPDX-License-Identifier: MIT */
/*
 * OpenMetrics 1.0 text. It is stricter than what a snapshot may hold, so: a family whose samples do
 * not fit its type (a counter without _total) is unknown here, a histogram with a negative bound
 * has no sum and no count, and a unit that does not end the name is left out.
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
put_sample(struct pt_line *line, size_t index, bool exemplars)
{
	const struct pt_series *series = line->snapshot->table->series[index];
	if (!pt_line_has(line->snapshot, index))
		return;
	pt_line_name(line, series);
	pt_line_value(line, index, style_of(series->role->part));
	put_time(line, index);
	if (exemplars)
		put_exemplar(line, index, series->role->part);
	pt_buf_char(line->out, '\n');
}

static void
put_created(struct pt_line *line, struct pt_range metric)
{
	const struct pt_series *series = line->snapshot->table->series[metric.from];
	enum pitot_type type = series->role->family->type;
	bool counts = type == PITOT_COUNTER || type == PITOT_HISTOGRAM || type == PITOT_SUMMARY;
	if (!line->options->created_series || !counts || series->start_ms <= 0 ||
		!pt_line_has(line->snapshot, metric.from))
		return;
	pt_line_bare_name(line, series, "_created");
	pt_line_seconds(line->out, series->start_ms);
	put_time(line, metric.from);
	pt_buf_char(line->out, '\n');
}

/*
 * The count and then the sum come last. A histogram has both or none, and none beside a negative
 * bound; a count that is missing is that of the last bucket.
 */
static void
put_totals(struct pt_line *line, enum pitot_type type, const struct pt_line_totals *totals)
{
	bool gauge = type == PITOT_GAUGE_HISTOGRAM;
	bool both = gauge || type == PITOT_HISTOGRAM;
	if (both && (totals->sum == PT_LINE_NONE || (!gauge && totals->negative)))
		return;
	if (totals->count != PT_LINE_NONE) {
		put_sample(line, totals->count, false);
	} else if (both && totals->infinity != PT_LINE_NONE) {
		const struct pt_series *last = line->snapshot->table->series[totals->infinity];
		pt_line_bare_name(line, last, gauge ? "_gcount" : "_count");
		pt_line_value(line, totals->infinity, PT_NUMBER_PLAIN);
		put_time(line, totals->infinity);
		pt_buf_char(line->out, '\n');
	}
	if (totals->sum != PT_LINE_NONE)
		put_sample(line, totals->sum, false);
}

static void
put_metric(struct pt_line *line, struct pt_range metric)
{
	const struct pt_family *family = line->snapshot->table->series[metric.from]->role->family;
	const struct pt_line_totals totals = pt_line_totals(line->snapshot, metric);
	for (size_t i = metric.from; i < metric.to; i++)
		if (i != totals.sum && i != totals.count)
			put_sample(line, i, true);
	put_totals(line, family->type, &totals);
	put_created(line, metric);
}

/* A unit must be the end of the name, and some types have none. */
static bool
may_have_unit(const struct pt_family *family)
{
	size_t name = family->name_length, unit = family->unit_length;
	return unit > 0 && unit + 1 < name && family->name[name - unit - 1] == '_' &&
		memcmp(family->name + name - unit, family->unit, unit) == 0 &&
		family->type != PITOT_INFO && family->type != PITOT_STATESET;
}

/* Each sample name is an unknown family of its own; the first one has the help. */
static void
put_groups(struct pt_line *line, struct pt_range range, unsigned parts)
{
	struct pt_series *const *series = line->snapshot->table->series;
	const struct pt_family *family = series[range.from]->role->family;
	bool help = family->has_help;
	for (size_t i = 0; i < PT_LINE_GROUPS; i++) {
		unsigned group = pt_line_groups[i].parts;
		if ((parts & group) == 0)
			continue;
		pt_line_meta(line, "TYPE", family, pt_line_groups[i].suffix, "unknown");
		if (help)
			pt_line_help(line, family, pt_line_groups[i].suffix, true);
		help = false;
		for (size_t j = range.from; j < range.to; j++)
			if ((PT_LINE_PART(series[j]->role->part) & group) != 0)
				put_sample(line, j, false);
	}
}

static void
put_family(struct pt_line *line, struct pt_range range)
{
	const struct pt_family *family = line->snapshot->table->series[range.from]->role->family;
	unsigned parts = pt_line_parts(line->snapshot, range);
	if ((parts & ~pt_line_own_parts(family->type)) != 0) {
		put_groups(line, range, parts);
		return;
	}
	if (parts == 0)
		return;
	pt_line_meta(line, "TYPE", family, "", pitot_type_text(family->type));
	if (may_have_unit(family))
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
	if (pt_recording_play(out, snapshot, PITOT_OPENMETRICS_1_0, options))
		return;
	pt_line_init(&line, out, snapshot, options, PITOT_OPENMETRICS_1_0);
	for (size_t at = 0; at < snapshot->table->count;) {
		struct pt_range family = pt_line_family(snapshot, at);
		put_family(&line, family);
		at = family.to;
	}
	pt_buf_str(out, "# EOF\n");
	pt_line_clear(&line);
}
