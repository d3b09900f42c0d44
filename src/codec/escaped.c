/* SPDX-License-Identifier: MIT */
/* Escaping of label values and help texts. */
#include "codec/escaped.h"

#define EVERY(byte) (UINT64_C(0x0101010101010101) * (byte))

/* Not 0 if one of the bytes is 0, by the borrow out of it. */
static uint64_t
has_zero(uint64_t bytes)
{
	return (bytes - EVERY(1)) & ~bytes & EVERY(0x80);
}

static bool
is_plain(uint64_t bytes, bool quotes)
{
	uint64_t found = has_zero(bytes ^ EVERY('\\')) | has_zero(bytes ^ EVERY('\n'));
	return (found | (quotes ? has_zero(bytes ^ EVERY('"')) : 0)) == 0;
}

static char *
one_by_one(char *to, const char *text, const char *end, bool quotes)
{
	for (; text < end; text++) {
		if (*text == '\\' || *text == '\n' || (*text == '"' && quotes))
			*to++ = '\\';
		*to++ = *text == '\n' ? 'n' : *text;
	}
	return to;
}

/* The last eight bytes again, of which some were copied before; or two times four, or less. */
static bool
copy_rest(char *to, const char *text, size_t length, bool quotes)
{
	uint64_t bytes = 0;
	uint32_t first, last;
	if (length >= 8) {
		memcpy(&bytes, text + length - 8, 8);
		memcpy(to + length - 8, &bytes, 8);
	} else if (length >= 4) {
		memcpy(&first, text, 4);
		memcpy(&last, text + length - 4, 4);
		memcpy(to, &first, 4);
		memcpy(to + length - 4, &last, 4);
		bytes = first | (uint64_t)last << 32;
	} else {
		/* One of three, or of two or one several times. */
		unsigned char a = (unsigned char)text[0], b = (unsigned char)text[length / 2],
			      c = (unsigned char)text[length - 1];
		to[0] = (char)a;
		to[length / 2] = (char)b;
		to[length - 1] = (char)c;
		bytes = a | (uint64_t)b << 8 | (uint64_t)c << 16;
	}
	return is_plain(bytes, quotes);
}

char *
pt_escaped(char *to, const char *text, size_t length, bool quotes)
{
	size_t at = 0;
	for (; length - at >= 8; at += 8) {
		uint64_t bytes;
		memcpy(&bytes, text + at, 8);
		if (!is_plain(bytes, quotes))
			return one_by_one(to + at, text + at, text + length, quotes);
		memcpy(to + at, &bytes, 8);
	}
	if (at == length || copy_rest(to, text, length, quotes))
		return to + length;
	return one_by_one(to + at, text + at, text + length, quotes);
}
