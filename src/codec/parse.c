/* SPDX-License-Identifier: MIT */
/*
 * Text into a snapshot: 0.0.4 and OpenMetrics 1.0, read line by line in one pass, then grouped. It
 * reads what either format allows and the common mistakes of both; with `strict`, only what the
 * format allows. The first failure ends it, and says where and what was expected. Everything read
 * lies in one arena until the snapshot is made.
 */
#include "codec/parse.h"

#include "base/error.h"
#include "base/utf8.h"
#include <stdlib.h>
#include <string.h>

/* Moves to the line that begins at `from`; returns where the next one does. */
static const char *
next_line(struct pt_parse *parse, const char *from, const char *end)
{
	const char *feed = memchr(from, '\n', (size_t)(end - from));
	parse->number++;
	parse->at = parse->line = from;
	parse->end = feed != NULL ? feed : end;
	return feed != NULL ? feed + 1 : end;
}

/* The whole text once, before anything else: what no line may hold. */
static bool
check_bytes(struct pt_parse *parse, const char *text, size_t length)
{
	const char *nul = length > 0 ? memchr(text, '\0', length) : NULL;
	if (nul == NULL && pt_utf8_valid(text, length))
		return true;
	const char *bad = nul;
	for (size_t at = 0; bad == NULL && at < length;) {
		size_t before = at;
		if (pt_utf8_next(text, length, &at) < 0)
			bad = text + before;
	}
	const char *from = text;
	do
		from = next_line(parse, from, text + length);
	while (bad > parse->end);
	if (nul != NULL)
		return pt_parse_fail(parse, nul,
			"expected text, found a NUL byte, which a label or name cannot hold");
	return pt_parse_fail(
		parse, bad, "expected UTF-8, found the byte 0x%02x", (unsigned)(unsigned char)*bad);
}

static bool
read_line(struct pt_parse *parse)
{
	bool exact = parse->open && parse->strict;
	if (parse->end > parse->at && parse->end[-1] == '\r') {
		parse->end--;
		if (parse->strict)
			return pt_parse_fail(
				parse, parse->end, "expected a line feed, found a carriage return");
	}
	/* A line of blanks is an empty one. */
	while (!exact && (pt_parse_is(parse, ' ') || pt_parse_is(parse, '\t')))
		parse->at++;
	if (parse->ended && (exact || parse->at < parse->end))
		return pt_parse_expected(parse, parse->at, "nothing behind \"# EOF\"");
	if (parse->at == parse->end)
		return !exact || pt_parse_fail(parse, parse->at, "OpenMetrics has no empty line");
	return pt_parse_is(parse, '#') ? pt_parse_meta(parse) : pt_parse_sample(parse);
}

/* What is only known behind the last line. */
static bool
check_end(struct pt_parse *parse, bool feed)
{
	parse->at = parse->end;
	if (parse->number == 0)
		parse->number = 1;
	if (parse->open && !parse->ended)
		return pt_parse_fail(parse, parse->at, "expected \"# EOF\" as the last line");
	if (!parse->open && !feed)
		return pt_parse_fail(
			parse, parse->at, "expected a line feed at the end of the last line");
	return !parse->open || pt_parse_check_clashes(parse);
}

static bool
read_text(struct pt_parse *parse, const char *text, size_t length)
{
	static const char mark[] = "\xef\xbb\xbf";
	const char *end = text + length;
	parse->at = parse->line = parse->end = text;
	if (!check_bytes(parse, text, length))
		return false;
	if (length >= 3 && memcmp(text, mark, 3) == 0) {
		parse->number = 1;
		if (parse->strict)
			return pt_parse_fail(parse, text, "expected text, found a byte order mark");
		parse->number = 0;
		text += 3;
	}
	if (parse->options->format == PITOT_FORMAT_AUTO)
		parse->open = pt_parse_looks_open(text, (size_t)(end - text));
	while (text < end) {
		text = next_line(parse, text, end);
		if (!read_line(parse))
			return false;
	}
	return !parse->strict || check_end(parse, length == 0 || end[-1] == '\n');
}

static void
clear(struct pt_parse *parse)
{
	for (struct pt_parse_family *family = parse->first; family != NULL; family = family->next) {
		for (struct pt_parse_metric *metric = family->first; metric != NULL;
			metric = metric->next) {
			pt_labels_unref(metric->labels);
			for (struct pt_parse_sample *sample = metric->first; sample != NULL;
				sample = sample->next)
				if (sample->exemplar != NULL)
					pt_labels_unref(sample->exemplar->labels);
		}
	}
	pt_parse_table_clear(&parse->names);
	pt_parse_table_clear(&parse->metrics);
	pt_parse_table_clear(&parse->samples);
	pt_arena_clear(&parse->arena);
}

static bool
begin(struct pt_parse *parse, size_t length)
{
	enum pitot_format format = parse->options->format;
	if (format != PITOT_FORMAT_AUTO && format != PITOT_TEXT_0_0_4 &&
		format != PITOT_OPENMETRICS_1_0) {
		(void)pt_error_set(parse->why, PITOT_USAGE, "parse: this format is not text");
		return false;
	}
	if (length > PT_LIMIT_TEXT) {
		(void)pt_error_set(parse->why, PITOT_NO_MEMORY,
			"%s: too long: the limit is %zu bytes",
			parse->options->source != NULL ? parse->options->source : "input",
			PT_LIMIT_TEXT);
		return false;
	}
	parse->open = format == PITOT_OPENMETRICS_1_0;
	parse->strict = parse->options->strict;
	return true;
}

struct pitot_snapshot *
pitot_parse(const char *text, size_t length, const struct pitot_parse_options *options,
	struct pitot_error *why)
{
	static const struct pitot_parse_options defaults = {0};
	struct pt_parse parse = {.options = options != NULL ? options : &defaults, .why = why};
	struct pitot_snapshot *snapshot = NULL;
	if (begin(&parse, length) && read_text(&parse, length > 0 ? text : "", length))
		snapshot = pt_parse_build(&parse);
	clear(&parse);
	return snapshot;
}

struct pitot_snapshot *
pt_parse_page(const char *text, size_t length, const struct pitot_parse_options *options,
	unsigned **lines, size_t *duplicates, struct pitot_error *why)
{
	struct pt_parse parse = {.options = options, .why = why, .skips_duplicates = true};
	struct pitot_snapshot *snapshot = NULL;
	*lines = NULL;
	if (begin(&parse, length) && read_text(&parse, length > 0 ? text : "", length)) {
		parse.lines = *lines = calloc(parse.sample_count + 1, sizeof *parse.lines);
		if (*lines != NULL)
			snapshot = pt_parse_build(&parse);
		else
			(void)pt_parse_memory(&parse);
	}
	*duplicates = parse.duplicates;
	clear(&parse);
	return snapshot;
}
