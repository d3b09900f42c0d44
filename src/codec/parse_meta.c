/* SPDX-License-Identifier: MIT */
/*
 * Lines that begin with "#": TYPE, HELP, UNIT, EOF and comments; and which of the two formats a
 * text is. A failure is a second line of a kind, a line that comes too late, or one that is
 * misspelt.
 */
#include "codec/parse.h"

#include <string.h>
#include <strings.h>

/* ---- which format ---- */

static bool
is_word(struct pt_parse_text text, const char *word)
{
	return text.length == strlen(word) && strncasecmp(text.bytes, word, text.length) == 0;
}

/* The next word of the line, moving behind it; empty at its end. */
static struct pt_parse_text
next_word(struct pt_parse *line)
{
	while (pt_parse_is(line, ' ') || pt_parse_is(line, '\t'))
		line->at++;
	struct pt_parse_text word = pt_parse_word(line);
	line->at += word.length;
	return word;
}

/* UNIT with a name and a unit, or TYPE with a word that 0.0.4 does not have. */
static bool
meta_looks_open(struct pt_parse line)
{
	struct pt_parse_text keyword = next_word(&line), name = next_word(&line);
	struct pt_parse_text word = next_word(&line), more = next_word(&line);
	if (name.length == 0 || word.length == 0 || more.length != 0)
		return false;
	if (pt_parse_text_is(keyword, "UNIT"))
		return true;
	return pt_parse_text_is(keyword, "TYPE") &&
		(is_word(word, "info") || is_word(word, "stateset") || is_word(word, "unknown") ||
			is_word(word, "gaugehistogram"));
}

/* An exemplar: "#" and labels, outside of quotes. */
static bool
sample_looks_open(struct pt_parse line)
{
	bool quoted = false;
	if (memchr(line.at, '#', (size_t)(line.end - line.at)) == NULL)
		return false;
	for (; line.at < line.end; line.at++) {
		if (*line.at == '"')
			quoted = !quoted;
		else if (*line.at == '\\' && line.at + 1 < line.end)
			line.at++;
		else if (*line.at == '#' && !quoted)
			break;
	}
	if (line.at == line.end)
		return false;
	line.at++;
	struct pt_parse_text word = next_word(&line);
	return word.length > 0 && word.bytes[0] == '{';
}

static bool
is_eof(struct pt_parse line)
{
	if (!pt_parse_is(&line, '#'))
		return false;
	line.at++;
	struct pt_parse_text keyword = next_word(&line);
	return pt_parse_text_is(keyword, "EOF") && next_word(&line).length == 0;
}

static bool
is_blank(const char *at, const char *end)
{
	while (at < end && (*at == ' ' || *at == '\t' || *at == '\r' || *at == '\n'))
		at++;
	return at == end;
}

bool
pt_parse_looks_open(const char *text, size_t length)
{
	bool ended = false;
	const char *at = text, *to = text + length, *mark;
	/* Only lines with a "#" tell anything. */
	while (at < to && (mark = memchr(at, '#', (size_t)(to - at))) != NULL) {
		const char *feed = memchr(mark, '\n', (size_t)(to - mark));
		struct pt_parse line = {.at = mark, .end = feed != NULL ? feed : to};
		while (line.at > at && line.at[-1] != '\n')
			line.at--;
		at = feed != NULL ? feed + 1 : to;
		if (line.end[-1] == '\r')
			line.end--;
		while (pt_parse_is(&line, ' ') || pt_parse_is(&line, '\t'))
			line.at++;
		ended = is_eof(line) && is_blank(at, to);
		if (*line.at != '#') {
			if (sample_looks_open(line))
				return true;
			continue;
		}
		line.at++;
		if (meta_looks_open(line))
			return true;
	}
	/* Before the end, "# EOF" may be a comment. */
	return ended;
}

/* ---- TYPE ---- */

static bool
type_of(const struct pt_parse *parse, struct pt_parse_text word, enum pitot_type *type)
{
	static const struct {
		const char *word;
		enum pitot_type type;
		bool text, open; /* which format has it */
	} words[] = {
		{"counter", PITOT_COUNTER, true, true},
		{"gauge", PITOT_GAUGE, true, true},
		{"histogram", PITOT_HISTOGRAM, true, true},
		{"summary", PITOT_SUMMARY, true, true},
		{"untyped", PITOT_UNKNOWN, true, false},
		{"unknown", PITOT_UNKNOWN, false, true},
		{"gaugehistogram", PITOT_GAUGE_HISTOGRAM, false, true},
		{"info", PITOT_INFO, false, true},
		{"stateset", PITOT_STATESET, false, true},
	};
	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
		if (!is_word(word, words[i].word))
			continue;
		bool there = parse->open ? words[i].open : words[i].text;
		/* Only OpenMetrics minds the case. */
		if (parse->open && !pt_parse_text_is(word, words[i].word))
			there = false;
		*type = words[i].type;
		return there || !parse->strict;
	}
	return false;
}

/* Samples of a histogram that came before its TYPE line stand in families of their own by now. */
static bool
check_parts(struct pt_parse *parse, const struct pt_parse_family *family, const char *at)
{
	const char *const *suffix = pt_name_reserved(family->type);
	for (; *suffix != NULL; suffix++) {
		/* In 0.0.4 these are names like any other. */
		bool plain = strcmp(*suffix, "_total") == 0 || strcmp(*suffix, "_created") == 0;
		if (**suffix == '\0' || (plain && !parse->open))
			continue;
		const struct pt_parse_name *name =
			pt_parse_lookup(parse, family->name->text, *suffix);
		if (name == NULL || name->owner == NULL || name->owner->typed)
			continue;
		return pt_parse_fail(parse, at,
			"TYPE must come before the samples, but \"%.*s\" "
			"is in line %u",
			(int)name->text.length, name->text.bytes, name->owner->line);
	}
	return true;
}

static bool
read_type(struct pt_parse *parse, struct pt_parse_family *family, const char *at)
{
	if (family->typed)
		return pt_parse_fail(parse, at, "a second TYPE for \"%.*s\"",
			(int)family->name->text.length, family->name->text.bytes);
	if (family->name->owner != NULL)
		return pt_parse_fail(parse, at,
			"TYPE must come before the samples, but \"%.*s\" "
			"has some already",
			(int)family->name->text.length, family->name->text.bytes);
	if (!pt_parse_gap(parse))
		return false;
	struct pt_parse_text word = pt_parse_word(parse);
	if (!type_of(parse, word, &family->type))
		return pt_parse_expected(parse, parse->at,
			parse->open ? "counter, gauge, histogram, gaugehistogram, summary, info, "
				      "stateset or unknown"
				    : "counter, gauge, histogram, summary or untyped");
	parse->at += word.length;
	family->typed = true;
	return check_parts(parse, family, at) && pt_parse_line_end(parse);
}

/* ---- HELP ---- */

/* The byte that the escape `c` stands for, or 0: then the backslash is kept. */
static char
help_escape(const struct pt_parse *parse, char c)
{
	if (c == 'n')
		return '\n';
	return c == '\\' || (c == '"' && parse->open) ? c : '\0';
}

static bool
unescape_help(struct pt_parse *parse, struct pt_parse_text *help)
{
	if (memchr(help->bytes, '\\', help->length) == NULL)
		return true;
	char *copy = pt_arena_alloc(&parse->arena, help->length);
	if (copy == NULL)
		return pt_parse_memory(parse);
	size_t length = 0;
	for (size_t i = 0; i < help->length; i++) {
		char c = help->bytes[i];
		char next = i + 1 < help->length ? help->bytes[i + 1] : '\0';
		char byte = c == '\\' ? help_escape(parse, next) : '\0';
		/* OpenMetrics' grammar allows a backslash before any other character. */
		bool allowed = parse->open ? next != '\0' : byte != '\0';
		if (c == '\\' && parse->strict && !allowed)
			return pt_parse_expected(parse, help->bytes + i,
				parse->open ? "one of the escapes \\\\, \\\" and \\n"
					    : "one of the escapes \\\\ and \\n");
		copy[length++] = byte != '\0' ? byte : c;
		if (byte != '\0')
			i++;
	}
	*help = (struct pt_parse_text){copy, length};
	return true;
}

static bool
check_help(struct pt_parse *parse, struct pt_parse_text help)
{
	if (help.length > PT_LIMIT_VALUE)
		return pt_parse_over(
			parse, help.bytes, "this help text is too long", PT_LIMIT_VALUE);
	if (!parse->open || !parse->strict)
		return true;
	for (size_t i = 0; i < help.length; i++) {
		if (help.bytes[i] == '\\')
			i++;
		else if (help.bytes[i] == '"')
			return pt_parse_fail(
				parse, help.bytes + i, "a quote in HELP must be escaped: \\\"");
	}
	return true;
}

static bool
read_help(struct pt_parse *parse, struct pt_parse_family *family, const char *at)
{
	if (family->help.bytes != NULL)
		return pt_parse_fail(parse, at, "a second HELP for \"%.*s\"",
			(int)family->name->text.length, family->name->text.bytes);
	if (parse->open && (parse->strict || pt_parse_is(parse, ' '))) {
		/* Further blanks belong to the text. */
		if (!pt_parse_is(parse, ' '))
			return pt_parse_expected(parse, parse->at, "a single space");
		parse->at++;
	} else if (!pt_parse_skip(parse)) {
		return false;
	}
	struct pt_parse_text help = {parse->at, (size_t)(parse->end - parse->at)};
	if (!check_help(parse, help) || !unescape_help(parse, &help))
		return false;
	family->help = help;
	return true;
}

/* ---- UNIT ---- */

static bool
check_unit(struct pt_parse *parse, const struct pt_parse_family *family)
{
	struct pt_parse_text name = family->name->text, unit = family->unit;
	if (!parse->strict || unit.length == 0)
		return true;
	if (name.length < unit.length + 2 || name.bytes[name.length - unit.length - 1] != '_' ||
		memcmp(name.bytes + name.length - unit.length, unit.bytes, unit.length) != 0)
		return pt_parse_fail(parse, unit.bytes, "the name \"%.*s\" must end in \"_%.*s\"",
			(int)name.length, name.bytes, (int)unit.length, unit.bytes);
	return true;
}

static bool
read_unit(struct pt_parse *parse, struct pt_parse_family *family, const char *at)
{
	if (family->unit.bytes != NULL)
		return pt_parse_fail(parse, at, "a second UNIT for \"%.*s\"",
			(int)family->name->text.length, family->name->text.bytes);
	bool blank = pt_parse_is(parse, ' ') || pt_parse_is(parse, '\t');
	if ((blank || parse->strict) && !pt_parse_gap(parse))
		return false;
	struct pt_parse_text unit = pt_parse_word(parse);
	if (unit.length > PT_LIMIT_NAME)
		return pt_parse_over(parse, parse->at, "this unit is too long", PT_LIMIT_NAME);
	parse->at += unit.length;
	family->unit = unit;
	return check_unit(parse, family) && pt_parse_line_end(parse);
}

/* ---- the line ---- */

static bool
read_family(struct pt_parse *parse, struct pt_parse_text keyword, const char *at)
{
	struct pt_parse_text name;
	if (!pt_parse_gap(parse) || !pt_parse_name(parse, false, &name))
		return false;
	struct pt_parse_family *family = pt_parse_declare(parse, name);
	if (family == NULL)
		return false;
	if (parse->open && parse->strict && family->first != NULL)
		return pt_parse_fail(parse, at,
			"%.*s must come before the samples, but \"%.*s\" has "
			"some already",
			(int)keyword.length, keyword.bytes, (int)name.length, name.bytes);
	if (keyword.bytes[0] == 'T')
		return read_type(parse, family, at);
	return keyword.bytes[0] == 'H' ? read_help(parse, family, at)
				       : read_unit(parse, family, at);
}

bool
pt_parse_meta(struct pt_parse *parse)
{
	const char *at = parse->at++;
	bool exact = parse->open && parse->strict;
	if (!pt_parse_space(parse))
		return false;
	struct pt_parse_text keyword = pt_parse_word(parse);
	parse->at += keyword.length;
	if (pt_parse_text_is(keyword, "TYPE") || pt_parse_text_is(keyword, "HELP") ||
		(pt_parse_text_is(keyword, "UNIT") && parse->open))
		return read_family(parse, keyword, at);
	if (is_eof((struct pt_parse){.at = at, .end = parse->end}) && parse->open) {
		parse->ended = true;
		return pt_parse_line_end(parse);
	}
	return !exact || pt_parse_expected(parse, keyword.bytes, "TYPE, UNIT, HELP or EOF");
}
