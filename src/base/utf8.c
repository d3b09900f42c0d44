/* SPDX-License-Identifier: MIT */
/* UTF-8 as RFC 3629 defines it. Invalid text is an answer, not a failure. */
#include "base/utf8.h"

#include <string.h>

/* Bytes of the sequence that starts with `first`; 0 if none does. */
static size_t
sequence_length(unsigned char first)
{
	if (first < 0x80)
		return 1;
	if (first < 0xc2) /* a continuation byte, or an overlong form of ASCII */
		return 0;
	if (first < 0xe0)
		return 2;
	if (first < 0xf0)
		return 3;
	return first < 0xf5 ? 4 : 0;
}

int32_t
pt_utf8_next(const char *text, size_t length, size_t *at)
{
	static const unsigned char first_bits[] = {0, 0x7f, 0x1f, 0x0f, 0x07};
	static const int32_t smallest[] = {0, 0, 0x80, 0x800, 0x10000};
	const unsigned char *bytes = (const unsigned char *)text + *at;
	size_t size = sequence_length(bytes[0]);
	if (size == 0 || size > length - *at) {
		*at += 1;
		return -1;
	}
	int32_t point = bytes[0] & first_bits[size];
	bool valid = true;
	for (size_t i = 1; i < size; i++) {
		valid &= (bytes[i] & 0xc0) == 0x80;
		point = point << 6 | (bytes[i] & 0x3f);
	}
	valid &= point >= smallest[size] && point <= 0x10ffff;
	valid &= point < 0xd800 || point > 0xdfff;
	*at += valid ? size : 1;
	return valid ? point : -1;
}

/* How many ASCII bytes the text starts with, to a multiple of eight. */
static size_t
skip_ascii(const char *text, size_t length)
{
	size_t at = 0;
	for (; length - at >= 8; at += 8) {
		uint64_t word;
		memcpy(&word, text + at, 8);
		if ((word & UINT64_C(0x8080808080808080)) != 0)
			break;
	}
	return at;
}

bool
pt_utf8_valid(const char *text, size_t length)
{
	for (size_t at = skip_ascii(text, length); at < length;)
		if (pt_utf8_next(text, length, &at) < 0)
			return false;
	return true;
}

size_t
pt_utf8_count(const char *text, size_t length)
{
	size_t count = 0;
	for (size_t i = 0; i < length; i++)
		count += ((unsigned char)text[i] & 0xc0) != 0x80;
	return count;
}
