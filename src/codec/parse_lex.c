/* SPDX-License-Identifier: MIT */
/*
 * The words of a line: blanks, names, quoted texts, numbers, times; and how a failure is told:
 * "source:line:column: expected this, found that". Each function either moves behind its word or
 * describes why it cannot. The input is known to be valid UTF-8 without NUL.
 */
#include "codec/parse.h"

#include "base/error.h"
#include "base/number.h"
#include <endian.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* How much of the input an error shows. */
enum { shown = 40 };

static const char *
source(const struct pt_parse *parse)
{
	return parse->options->source != NULL ? parse->options->source : "input";
}

/* Writes `text` so that it cannot disturb a terminal; `out` has room for four times its length. */
static void
show(char *out, const char *text)
{
	static const char digits[] = "0123456789abcdef";
	for (; *text != '\0'; text++) {
		unsigned char c = (unsigned char)*text;
		if (c >= ' ' && c != 0x7f) {
			*out++ = (char)c;
			continue;
		}
		*out++ = '\\';
		*out++ = 'x';
		*out++ = digits[c >> 4];
		*out++ = digits[c & 15];
	}
	*out = '\0';
}

static bool
describe(struct pt_parse *parse, int code, const char *at, const char *text)
{
	char shown_text[4 * PITOT_ERROR_TEXT];
	unsigned column = (unsigned)(at - parse->line) + 1;
	show(shown_text, text);
	(void)pt_error_set(
		parse->why, code, "%s:%u:%u: %s", source(parse), parse->number, column, shown_text);
	if (parse->why != NULL) {
		parse->why->line = parse->number;
		parse->why->column = column;
	}
	return false;
}

bool
pt_parse_fail(struct pt_parse *parse, const char *at, const char *format, ...)
{
	/* As long as the error's own text, so nothing is cut twice. */
	char text[PITOT_ERROR_TEXT];
	va_list arguments;
	va_start(arguments, format);
	(void)vsnprintf(text, sizeof text, format, arguments);
	va_end(arguments);
	return describe(parse, PITOT_BAD_INPUT, at, text);
}

bool
pt_parse_over(struct pt_parse *parse, const char *at, const char *what, size_t limit)
{
	char text[PITOT_ERROR_TEXT];
	(void)snprintf(text, sizeof text, "%s: the limit is %zu", what, limit);
	return describe(parse, PITOT_NO_MEMORY, at, text);
}

bool
pt_parse_memory(struct pt_parse *parse)
{
	(void)pt_error_memory(parse->why);
	(void)pt_error_wrap(parse->why, "%s", source(parse));
	return false;
}

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t';
}

/* What an error calls the word at `at`: up to a blank, or one of `stops`; in quotes, what they
 * hold. */
static struct pt_parse_text
found_word(const struct pt_parse *parse, const char *at, const char *stops)
{
	struct pt_parse_text found = {at, 1};
	if (*at == '"') {
		found = (struct pt_parse_text){at + 1, 0};
		stops = "\"";
	}
	while (found.bytes + found.length < parse->end) {
		char c = found.bytes[found.length];
		if ((is_blank(c) && *at != '"') || strchr(stops, c) != NULL)
			break;
		found.length++;
	}
	return found;
}

static bool
expected(struct pt_parse *parse, const char *at, const char *what, const char *stops)
{
	if (at == parse->end)
		return pt_parse_fail(parse, at, "expected %s, found the end of the line", what);
	if (is_blank(*at))
		return pt_parse_fail(
			parse, at, "expected %s, found a %s", what, *at == ' ' ? "blank" : "tab");
	struct pt_parse_text found = found_word(parse, at, stops);
	bool cut = found.length > shown;
	if (cut) {
		found.length = shown;
		/* Never cut within a character. */
		while (((unsigned char)found.bytes[found.length] & 0xc0) == 0x80)
			found.length--;
	}
	return pt_parse_fail(parse, at, "expected %s, found \"%.*s\"%s", what, (int)found.length,
		found.bytes, cut ? "..." : "");
}

bool
pt_parse_expected(struct pt_parse *parse, const char *at, const char *what)
{
	return expected(parse, at, what, "{");
}

bool
pt_parse_expected_label(struct pt_parse *parse, const char *at, const char *what)
{
	return expected(parse, at, what, "=,}\"");
}

struct pt_parse_text
pt_parse_word(const struct pt_parse *parse)
{
	const char *to = parse->at;
	while (to < parse->end && !is_blank(*to))
		to++;
	return (struct pt_parse_text){parse->at, (size_t)(to - parse->at)};
}

static bool
single_space(struct pt_parse *parse)
{
	if (!pt_parse_is(parse, ' '))
		return pt_parse_expected(parse, parse->at, "a single space");
	parse->at++;
	if (parse->at < parse->end && is_blank(*parse->at))
		return pt_parse_fail(parse, parse->at, "expected a single space, found more");
	return true;
}

bool
pt_parse_gap(struct pt_parse *parse)
{
	if (parse->open && parse->strict)
		return single_space(parse);
	const char *from = parse->at;
	while (parse->at < parse->end && is_blank(*parse->at))
		parse->at++;
	/* At the end of the line it is the next word that is missing. */
	return parse->at > from || from == parse->end || pt_parse_expected(parse, from, "a blank");
}

bool
pt_parse_skip_blanks(struct pt_parse *parse)
{
	if (parse->open && parse->strict)
		return pt_parse_fail(parse, parse->at, "OpenMetrics has no blank here");
	return pt_parse_gap(parse);
}

bool
pt_parse_space(struct pt_parse *parse)
{
	return parse->open && parse->strict ? single_space(parse) : pt_parse_skip(parse);
}

bool
pt_parse_line_end(struct pt_parse *parse)
{
	while (!parse->strict && parse->at < parse->end && is_blank(*parse->at))
		parse->at++;
	return parse->at == parse->end ||
		pt_parse_expected(parse, parse->at, "the end of the line");
}

/* What may stand behind a name, or looks like it; anything else was meant to be part of it. */
static bool
ends_name(char c, bool label)
{
	switch (c) {
	case ' ':
	case '\t':
		return true;
	case '=':
	case ',':
	case '}':
	case '"':
		return label;
	default:
		return c == '{' && !label;
	}
}

static bool
plain_name(struct pt_parse *parse, bool label, struct pt_parse_text *name)
{
	const char *from = parse->at;
	size_t length = pt_name_plain(from, (size_t)(parse->end - from), label);
	const char *to = from + length;
	if (length == 0 || (to < parse->end && !ends_name(*to, label)))
		return label ? pt_parse_expected_label(parse, from, "a label name")
			     : pt_parse_expected(parse, from, "a metric name");
	*name = (struct pt_parse_text){from, length};
	parse->at = to;
	return true;
}

bool
pt_parse_name(struct pt_parse *parse, bool label, struct pt_parse_text *name)
{
	const char *from = parse->at;
	if (!pt_parse_is(parse, '"')) {
		if (!plain_name(parse, label, name))
			return false;
	} else if (parse->strict) {
		return pt_parse_fail(parse, from, "names in quotes are not part of %s",
			parse->open ? "OpenMetrics 1.0" : "text 0.0.4");
	} else if (!pt_parse_quoted(parse, "name", PT_LIMIT_NAME, name)) {
		return false;
	} else if (name->length == 0) {
		return pt_parse_fail(parse, from, "expected a name, found \"\"");
	}
	if (name->length > PT_LIMIT_NAME)
		return pt_parse_over(parse, from, "this name is too long", PT_LIMIT_NAME);
	if (label && pt_parse_text_is(*name, "__name__"))
		return pt_parse_fail(parse, from, "\"__name__\" cannot be a label");
	return true;
}

/* The byte that `c` behind a backslash stands for, or 0. */
static char
unescaped(char c)
{
	switch (c) {
	case 'n':
		return '\n';
	case '"':
	case '\\':
		return c;
	default:
		return '\0';
	}
}

static bool
unescape(struct pt_parse *parse, struct pt_parse_text *text)
{
	char *copy = pt_arena_alloc(&parse->arena, text->length);
	if (copy == NULL)
		return pt_parse_memory(parse);
	size_t length = 0;
	for (size_t i = 0; i < text->length; i++) {
		char c = text->bytes[i];
		copy[length++] = c == '\\' ? unescaped(text->bytes[++i]) : c;
	}
	*text = (struct pt_parse_text){copy, length};
	return true;
}

#define EVERY(byte) (UINT64_C(0x0101010101010101) * (byte))

/* Where the first quote or backslash stands, looked for in eight bytes at a time. */
static const char *
plain_end(const char *at, const char *end)
{
	for (; end - at >= 8; at += 8) {
		uint64_t bytes;
		memcpy(&bytes, at, sizeof bytes);
		bytes = le64toh(bytes);
		/* A byte that is 0 gets its highest bit; so may others behind it. */
		uint64_t quotes = bytes ^ EVERY('"'), slashes = bytes ^ EVERY('\\');
		uint64_t found =
			((quotes - EVERY(1)) & ~quotes) | ((slashes - EVERY(1)) & ~slashes);
		found &= EVERY(0x80);
		if (found != 0)
			return at + __builtin_ctzll(found) / 8;
	}
	while (at < end && *at != '"' && *at != '\\')
		at++;
	return at;
}

bool
pt_parse_quoted(struct pt_parse *parse, const char *what, size_t limit, struct pt_parse_text *text)
{
	const char *quote = parse->at, *to = quote + 1;
	bool escapes = false;
	for (; (to = plain_end(to, parse->end)) < parse->end && *to != '"'; to++) {
		if (*to != '\\')
			continue;
		escapes = true;
		if (++to == parse->end)
			break;
		if (unescaped(*to) == '\0')
			return pt_parse_expected_label(
				parse, to - 1, "one of the escapes \\\\, \\\" and \\n");
	}
	if (to == parse->end)
		return pt_parse_fail(
			parse, quote, "this %s has no closing quote in its line", what);
	*text = (struct pt_parse_text){quote + 1, (size_t)(to - quote - 1)};
	if (text->length > limit) {
		char message[64];
		(void)snprintf(message, sizeof message, "this %s is too long", what);
		return pt_parse_over(parse, quote, message, limit);
	}
	parse->at = to + 1;
	return !escapes || unescape(parse, text);
}

bool
pt_parse_number(struct pt_parse *parse, const char *what, double *value)
{
	struct pt_parse_text word = pt_parse_word(parse);
	double number;
	if (!pt_number_parse(word.bytes, word.length, &number))
		return pt_parse_expected(parse, parse->at, what);
	if (parse->strict && isnan(number) && word.length != 3)
		return pt_parse_fail(parse, parse->at, "NaN has no sign");
	*value = number;
	parse->at += word.length;
	return true;
}

bool
pt_parse_milliseconds(struct pt_parse *parse, int64_t *ms)
{
	struct pt_parse_text word = pt_parse_word(parse);
	size_t i = word.length > 0 && (word.bytes[0] == '-' || word.bytes[0] == '+') ? 1 : 0;
	bool minus = i == 1 && word.bytes[0] == '-', ok = i < word.length;
	int64_t value = 0;
	for (; ok && i < word.length; i++) {
		int digit = word.bytes[i] - '0';
		ok = digit >= 0 && digit <= 9 && !__builtin_mul_overflow(value, 10, &value) &&
			!__builtin_add_overflow(value, digit, &value);
	}
	if (!ok)
		return pt_parse_expected(
			parse, parse->at, "a timestamp in whole milliseconds since 1970");
	*ms = minus ? -value : value;
	parse->at += word.length;
	return true;
}

bool
pt_parse_seconds(struct pt_parse *parse, int64_t *ms)
{
	struct pt_parse_text word = pt_parse_word(parse);
	double seconds;
	/* The range leaves room for rounding, and excludes NaN. */
	if (!pt_number_parse(word.bytes, word.length, &seconds) || !(fabs(seconds) < 9.2e15))
		return pt_parse_expected(parse, parse->at, "a timestamp in seconds since 1970");
	*ms = llround(seconds * 1000);
	parse->at += word.length;
	return true;
}
