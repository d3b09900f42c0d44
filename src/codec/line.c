/* SPDX-License-Identifier: MIT */
/* The pieces of text lines. The only failure is memory, which sticks in the buffer. */
#include "codec/line.h"

#include <math.h>

void
pt_line_init(struct pt_line *line, struct pt_buf *out, const struct pitot_snapshot *snapshot,
	const struct pitot_encode_options *options)
{
	*line = (struct pt_line){.out = out, .snapshot = snapshot, .options = options};
	pt_label_list_init(&line->list);
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
	pt_label_list_clear(&line->list);
	pt_labels_unref(line->added);
}

/* ---- walking ---- */

bool
pt_line_has(const struct pitot_snapshot *snapshot, size_t index)
{
	return snapshot->bits[index] != PT_NUMBER_ABSENT &&
		snapshot->bits[index] != PT_NUMBER_STALE &&
		snapshot->table->series[index]->part != PT_PART_NATIVE;
}

struct pt_range
pt_line_family(const struct pitot_snapshot *snapshot, size_t from)
{
	const struct pt_table *table = snapshot->table;
	size_t to = from + 1;
	while (to < table->count && table->series[to]->family == table->series[from]->family)
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
		if (series->part == PT_PART_SUM || series->part == PT_PART_GSUM)
			totals.sum = i;
		else if (series->part == PT_PART_COUNT || series->part == PT_PART_GCOUNT)
			totals.count = i;
		else if (series->part == PT_PART_BUCKET && isinf(series->bound) &&
			series->bound > 0)
			totals.infinity = i;
		else if (series->part == PT_PART_BUCKET && series->bound < 0)
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
			parts |= PT_LINE_PART(snapshot->table->series[i]->part);
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

/* ---- writing ---- */

/* Backslash and line feed always, the double quote on demand. */
static void
put_escaped(struct pt_buf *out, const char *text, size_t length, bool quotes)
{
	const char *special = quotes ? "\\\n\"" : "\\\n";
	const char *end = text + length;
	while (text < end) {
		size_t plain = strcspn(text, special);
		pt_buf_put(out, text, plain);
		text += plain;
		if (text < end) {
			pt_buf_char(out, '\\');
			pt_buf_char(out, *text == '\n' ? 'n' : *text);
			text++;
		}
	}
}

static void
put_label(struct pt_buf *out, const struct pt_label *label)
{
	bool quoted = !pt_name_is_label(label->name, label->name_length, false);
	if (quoted)
		pt_buf_char(out, '"');
	put_escaped(out, label->name, label->name_length, true);
	if (quoted)
		pt_buf_char(out, '"');
	pt_buf_put(out, "=\"", 2);
	put_escaped(out, label->value, label->value_length, true);
	pt_buf_char(out, '"');
}

static bool
must_quote(const struct pt_family *family)
{
	return !pt_name_is_metric(family->name, family->name_length, false);
}

static void
put_name(struct pt_line *line, const struct pt_family *family, const char *suffix)
{
	bool quoted = must_quote(family);
	if (quoted)
		pt_buf_char(line->out, '"');
	put_escaped(line->out, family->name, family->name_length, true);
	pt_buf_str(line->out, suffix);
	if (quoted)
		pt_buf_char(line->out, '"');
}

void
pt_line_meta(struct pt_line *line, const char *keyword, const struct pt_family *family,
	const char *suffix, const char *text)
{
	pt_buf_put(line->out, "# ", 2);
	pt_buf_str(line->out, keyword);
	pt_buf_char(line->out, ' ');
	put_name(line, family, suffix);
	pt_buf_char(line->out, ' ');
	pt_buf_str(line->out, text);
	pt_buf_char(line->out, '\n');
}

void
pt_line_help(struct pt_line *line, const struct pt_family *family, const char *suffix, bool quotes)
{
	pt_buf_put(line->out, "# HELP ", 7);
	put_name(line, family, suffix);
	pt_buf_char(line->out, ' ');
	put_escaped(line->out, family->help, family->help_length, quotes);
	pt_buf_char(line->out, '\n');
}

static void
put_name_and_labels(
	struct pt_line *line, const struct pt_series *series, const char *suffix, bool bare)
{
	struct pt_buf *out = line->out;
	bool quoted = must_quote(series->family);
	pt_label_list_fill(&line->list, series, line->added, bare);
	if (quoted)
		pt_buf_char(out, '{');
	put_name(line, series->family, suffix);
	for (size_t i = 0; i < line->list.count; i++) {
		pt_buf_char(out, i == 0 && !quoted ? '{' : ',');
		put_label(out, &line->list.labels[i]);
	}
	if (quoted || line->list.count > 0)
		pt_buf_char(out, '}');
	pt_buf_char(out, ' ');
}

void
pt_line_name(struct pt_line *line, const struct pt_series *series)
{
	put_name_and_labels(line, series, pt_name_suffix(series->part), false);
}

void
pt_line_bare_name(struct pt_line *line, const struct pt_series *series, const char *suffix)
{
	put_name_and_labels(line, series, suffix, true);
}

void
pt_line_labels(struct pt_buf *out, const struct pt_labels *labels)
{
	pt_buf_char(out, '{');
	for (uint32_t i = 0; i < labels->count; i++) {
		if (i > 0)
			pt_buf_char(out, ',');
		put_label(out, &labels->pairs[i]);
	}
	pt_buf_char(out, '}');
}

void
pt_line_number(struct pt_buf *out, uint64_t bits, enum pt_number_style style)
{
	char *room = pt_buf_room(out, PT_NUMBER_TEXT);
	if (room != NULL)
		out->length += pt_number_format(room, pt_number_from_bits(bits), style);
}

void
pt_line_seconds(struct pt_buf *out, int64_t ms)
{
	uint64_t size = ms < 0 ? 0 - (uint64_t)ms : (uint64_t)ms;
	unsigned rest = (unsigned)(size % 1000), digits = 3;
	while (digits > 1 && rest % 10 == 0) {
		rest /= 10;
		digits--;
	}
	if (ms < 0)
		pt_buf_char(out, '-');
	pt_buf_uint(out, size / 1000);
	pt_buf_printf(out, ".%0*u", (int)digits, rest);
}
