/* SPDX-License-Identifier: MIT */
/*
 * Reading "k=v,k=v". It fails on a pair without '=', on a name that is no HTTP token, on a wrong
 * percent sign, and on values with control characters or broken UTF-8, which neither a header nor a
 * label could carry.
 */
#include "config/pairs.h"

#include "base/error.h"
#include "base/utf8.h"
#include <string.h>

/* A part of the text. */
struct span {
	const char *start;
	size_t length;
};

static struct span
trimmed(const char *start, const char *end)
{
	while (start < end && (*start == ' ' || *start == '\t'))
		start++;
	while (end > start && (end[-1] == ' ' || end[-1] == '\t'))
		end--;
	return (struct span){start, (size_t)(end - start)};
}

static bool
is_token(struct span name)
{
	static const char allowed[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
		"!#$%&'*+-.^_`|~";
	for (size_t i = 0; i < name.length; i++)
		if (memchr(allowed, name.start[i], sizeof allowed - 1) == NULL)
			return false;
	return name.length > 0;
}

static int
hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	char lower = (char)(c | 0x20);
	return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

/* In place; the new length, or SIZE_MAX after a '%' without two hexadecimal digits. */
static size_t
percent_decode(char *text)
{
	char *to = text;
	for (const char *from = text; *from != '\0'; from++) {
		if (*from != '%') {
			*to++ = *from;
			continue;
		}
		int high = hex_digit(from[1]), low = high < 0 ? -1 : hex_digit(from[2]);
		if (low < 0)
			return SIZE_MAX;
		*to++ = (char)(high << 4 | low);
		from += 2;
	}
	*to = '\0';
	return (size_t)(to - text);
}

static bool
is_clean(const char *value, size_t length)
{
	for (size_t i = 0; i < length; i++)
		if (((unsigned char)value[i] < 0x20 && value[i] != '\t') || value[i] == 0x7f)
			return false;
	return pt_utf8_valid(value, length);
}

/* `at` to `end` is one pair, the text's `number`th. */
static int
read_pair(struct pt_arena *arena, const char *at, const char *end, size_t number,
	struct pitot_label *pair, struct pitot_error *why)
{
	const char *equals = memchr(at, '=', (size_t)(end - at));
	if (equals == NULL)
		return pt_error_set(why, PITOT_BAD_CONFIG, "pair %zu has no =", number);
	struct span name = trimmed(at, equals), value = trimmed(equals + 1, end);
	if (!is_token(name))
		return pt_error_set(why, PITOT_BAD_CONFIG,
			"pair %zu: a name is letters, digits, and any of !#$%%&'*+-.^_`|~", number);
	char *decoded = pt_arena_copy(arena, value.start, value.length);
	pair->name = pt_arena_copy(arena, name.start, name.length);
	pair->value = decoded;
	if (decoded == NULL || pair->name == NULL)
		return pt_error_memory(why);
	size_t length = percent_decode(decoded);
	if (length == SIZE_MAX)
		return pt_error_set(why, PITOT_BAD_CONFIG,
			"pair %zu: %% needs two hexadecimal digits behind it (%%25 for itself)",
			number);
	if (!is_clean(decoded, length))
		return pt_error_set(why, PITOT_BAD_CONFIG,
			"pair %zu: control characters and invalid UTF-8 are not allowed", number);
	return 0;
}

int
pt_pairs_parse(struct pt_arena *arena, const char *text, const struct pitot_label **pairs,
	size_t *count, struct pitot_error *why)
{
	size_t wanted = 1;
	for (const char *p = text; *p != '\0'; p++)
		wanted += *p == ',';
	struct pitot_label *list = pt_arena_alloc(arena, wanted * sizeof *list);
	if (list == NULL)
		return pt_error_memory(why);
	const char *at = text;
	for (size_t i = 0; i < wanted; i++) {
		const char *end = at + strcspn(at, ",");
		int code = read_pair(arena, at, end, i + 1, &list[i], why);
		if (code != 0)
			return code;
		at = end + 1;
	}
	*pairs = list;
	*count = wanted;
	return 0;
}
