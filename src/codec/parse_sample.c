/* SPDX-License-Identifier: MIT */
/*
 * A sample line: name, labels, value, timestamp, exemplar. It fails where the line is not one; what
 * the words mean together is found in parse_series.c.
 */
#include "codec/parse.h"

#include "base/utf8.h"
#include <string.h>

/* ---- labels ---- */

static bool
check_new(struct pt_parse *parse, const struct pt_parse_label *labels, size_t count, const char *at)
{
	const struct pt_label *added = &labels[count].pair;
	for (size_t i = 0; i < count; i++)
		if (labels[i].pair.name_length == added->name_length &&
			memcmp(labels[i].pair.name, added->name, added->name_length) == 0)
			return pt_parse_fail(parse, at, "the label \"%.*s\" stands twice",
				(int)added->name_length, added->name);
	return true;
}

static bool
one_label(struct pt_parse *parse, struct pt_parse_label *labels, size_t *count)
{
	const char *at = parse->at;
	struct pt_parse_text name, value;
	if (!pt_parse_name(parse, true, &name) || !pt_parse_skip(parse))
		return false;
	if (*count == PT_LIMIT_LABELS)
		return pt_parse_over(parse, at, "too many labels", PT_LIMIT_LABELS);
	if (!pt_parse_is(parse, '='))
		return pt_parse_expected_label(parse, parse->at, "\"=\" behind the label's name");
	parse->at++;
	if (!pt_parse_skip(parse))
		return false;
	const char *value_at = parse->at;
	if (!pt_parse_is(parse, '"'))
		return pt_parse_expected_label(parse, value_at, "a label value in quotes");
	if (!pt_parse_quoted(parse, "label value", PT_LIMIT_VALUE, &value))
		return false;
	labels[*count] = (struct pt_parse_label){
		.pair = {name.bytes, value.bytes, (uint32_t)name.length, (uint32_t)value.length},
		.at = value_at,
	};
	if (!check_new(parse, labels, *count, at))
		return false;
	++*count;
	return true;
}

/* Behind a label: a comma, perhaps, and whether the braces end. */
static bool
label_end(struct pt_parse *parse, bool *last)
{
	if (!pt_parse_skip(parse))
		return false;
	*last = pt_parse_is(parse, '}');
	if (*last)
		return true;
	if (!pt_parse_is(parse, ','))
		return pt_parse_expected_label(parse, parse->at, "\",\" or \"}\" behind the label");
	const char *comma = parse->at++;
	if (!pt_parse_skip(parse))
		return false;
	*last = pt_parse_is(parse, '}');
	if (*last && parse->open && parse->strict)
		return pt_parse_fail(
			parse, comma, "OpenMetrics has no comma behind the last label");
	return true;
}

/* Where no name stands before the braces, it is the first thing in them. */
static bool
name_in_braces(struct pt_parse *parse, struct pt_parse_text *name, bool *last)
{
	if (!pt_parse_is(parse, '"'))
		return pt_parse_expected_label(parse, parse->at, "a metric name in quotes");
	return pt_parse_name(parse, false, name) && label_end(parse, last);
}

/* From "{" to behind "}". */
static bool
read_labels(struct pt_parse *parse, struct pt_parse_text *name, struct pt_parse_label *labels,
	size_t *count)
{
	parse->at++;
	if (!pt_parse_skip(parse))
		return false;
	bool last = pt_parse_is(parse, '}');
	if (name != NULL && name->bytes == NULL && !name_in_braces(parse, name, &last))
		return false;
	while (!last)
		if (!one_label(parse, labels, count) || !label_end(parse, &last))
			return false;
	parse->at++;
	return true;
}

/* ---- exemplar ---- */

/* Whether only blanks are left: then they are for pt_parse_line_end() to judge. */
static bool
nothing_left(const struct pt_parse *parse)
{
	const char *at = parse->at;
	while (at < parse->end && (*at == ' ' || *at == '\t'))
		at++;
	return at == parse->end;
}

static bool
check_exemplar(struct pt_parse *parse, const struct pt_parse_line *line)
{
	size_t points = 0;
	for (size_t i = 0; i < line->exemplar_label_count; i++) {
		const struct pt_label *pair = &line->exemplar_labels[i].pair;
		points += pt_utf8_count(pair->name, pair->name_length);
		points += pt_utf8_count(pair->value, pair->value_length);
	}
	return points <= PT_LIMIT_EXEMPLAR ||
		pt_parse_over(parse, line->exemplar_at,
			"too many characters in the exemplar's labels", PT_LIMIT_EXEMPLAR);
}

static bool
read_exemplar(struct pt_parse *parse, struct pt_parse_line *line)
{
	line->exemplar_at = parse->at++;
	if (!parse->open && parse->strict)
		return pt_parse_expected(parse, line->exemplar_at, "the end of the line");
	if (!pt_parse_space(parse))
		return false;
	if (!pt_parse_is(parse, '{'))
		return pt_parse_expected(parse, parse->at, "\"{\" of an exemplar");
	if (!read_labels(parse, NULL, line->exemplar_labels, &line->exemplar_label_count) ||
		!check_exemplar(parse, line))
		return false;
	if (!pt_parse_space(parse) ||
		!pt_parse_number(parse, "a number as the exemplar's value", &line->exemplar_value))
		return false;
	if (nothing_left(parse))
		return true;
	return pt_parse_gap(parse) && pt_parse_seconds(parse, &line->exemplar_ms);
}

/* ---- the line ---- */

static bool
read_time(struct pt_parse *parse, int64_t *ms)
{
	return parse->open ? pt_parse_seconds(parse, ms) : pt_parse_milliseconds(parse, ms);
}

/* What may follow the value. */
bool
pt_parse_tail(struct pt_parse *parse, struct pt_parse_line *line)
{
	if (nothing_left(parse))
		return true;
	if (!pt_parse_gap(parse))
		return false;
	if (!pt_parse_is(parse, '#')) {
		if (!read_time(parse, &line->timestamp_ms))
			return false;
		if (nothing_left(parse))
			return true;
		if (!pt_parse_gap(parse))
			return false;
		if (!pt_parse_is(parse, '#'))
			return pt_parse_expected(parse, parse->at, "the end of the line");
	}
	return read_exemplar(parse, line);
}

static bool
read_name_and_labels(struct pt_parse *parse, struct pt_parse_line *line)
{
	bool exact = parse->open && parse->strict;
	if (!pt_parse_is(parse, '{')) {
		if (!pt_parse_name(parse, false, &line->name))
			return false;
		bool braces = pt_parse_is(parse, '{');
		if (!braces && !pt_parse_space(parse))
			return false;
		if (!pt_parse_is(parse, '{') || (exact && !braces))
			return true;
	}
	return read_labels(parse, &line->name, line->labels, &line->label_count) &&
		pt_parse_space(parse);
}

bool
pt_parse_sample(struct pt_parse *parse)
{
	struct pt_parse_line line;
	/* The arrays of labels are filled by count, and large: not cleared for each line. */
	line.at = parse->at;
	line.name = (struct pt_parse_text){0};
	line.label_count = line.exemplar_label_count = 0;
	line.timestamp_ms = line.exemplar_ms = PT_NO_TIME;
	line.exemplar_at = NULL;
	line.exemplar_value = 0;
	/* A name in quotes may only stand in braces. */
	if (pt_parse_is(parse, '"'))
		return pt_parse_expected(
			parse, parse->at, "a metric name, or one in quotes in braces");
	if (!read_name_and_labels(parse, &line))
		return false;
	line.value_at = parse->at;
	if (!pt_parse_number(parse, "a number", &line.value))
		return false;
	return pt_parse_tail(parse, &line) && pt_parse_line_end(parse) &&
		pt_parse_file(parse, &line);
}
