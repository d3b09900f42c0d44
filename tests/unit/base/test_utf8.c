/* SPDX-License-Identifier: MIT */
#include "base/utf8.h"

#include <string.h>
#include "support/check.h"

static size_t
encode(char *out, uint32_t point)
{
	if (point < 0x80) {
		out[0] = (char)point;
		return 1;
	}
	size_t size = point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;
	static const unsigned char marks[] = {0, 0, 0xc0, 0xe0, 0xf0};
	for (size_t i = size; i-- > 1; point >>= 6)
		out[i] = (char)(0x80 | (point & 0x3f));
	out[0] = (char)(marks[size] | point);
	return size;
}

static void
every_code_point_decodes_but_surrogates(void)
{
	for (uint32_t point = 0; point <= 0x110003; point++) {
		char text[4];
		size_t length = encode(text, point), at = 0;
		bool legal = point <= 0x10ffff && (point < 0xd800 || point > 0xdfff);
		int32_t found = pt_utf8_next(text, length, &at);
		if (found == (legal ? (int32_t)point : -1) && at == (legal ? length : 1) &&
			pt_utf8_valid(text, length) == legal)
			continue;
		check_int(found, legal ? (int32_t)point : -1);
		check_size(at, legal ? length : 1);
	}
}

/* text-formats 1 */
static void
invalid_texts_are_refused_wherever_they_stand(void)
{
	static const char *const parts[] = {"\x80", "\xbf", "\xc0\x80", "\xc1\xbf", "\xc2", "\xc2 ",
		"\xe0\x80\x80", "\xe0\x9f\xbf", "\xe1\x80", "\xe1\x80 ", "\xed\xa0\x80",
		"\xed\xbf\xbf", "\xf0\x80\x80\x80", "\xf0\x8f\xbf\xbf", "\xf1\x80\x80",
		"\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xf8\x88\x80\x80\x80", "\xfe", "\xff"};
	for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++)
		for (size_t before = 0; before < 20; before++) {
			char text[64] = "aaaaaaaaaaaaaaaaaaaa";
			size_t length = before + strlen(parts[i]);
			(void)strcpy(text + before, parts[i]);
			check_true(!pt_utf8_valid(text, length));
			text[length] = 'z';
			check_true(!pt_utf8_valid(text, length + 1));
		}
}

static void
valid_texts_are_accepted_and_counted(void)
{
	static const struct {
		const char *text;
		size_t count;
	} rows[] = {
		{"", 0},
		{"a", 1},
		{"12345678", 8},
		{"Stra\xc3\x9f"
		 "e",
			6},
		{"\xe2\x82\xac\xe2\x82\xac", 2},
		{"12345678\xf0\x9f\x8e\x89", 9},
		{"\xef\xbb\xbf", 1},
		{"\xf4\x8f\xbf\xbf", 1},
	};
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		check_true(pt_utf8_valid(rows[i].text, strlen(rows[i].text)));
		check_size(pt_utf8_count(rows[i].text, strlen(rows[i].text)), rows[i].count);
	}
	check_true(pt_utf8_valid("a\0b", 3));
	check_size(pt_utf8_count("a\0b", 3), 3);
}

static void
a_cut_sequence_costs_one_byte(void)
{
	const char *text = "\xe2\x82\xac";
	size_t at = 0;
	check_int(pt_utf8_next(text, 2, &at), -1);
	check_size(at, 1);
	check_int(pt_utf8_next(text, 2, &at), -1);
	check_size(at, 2);
}

CHECK_MAIN("base/utf8", TEST(every_code_point_decodes_but_surrogates),
	TEST(invalid_texts_are_refused_wherever_they_stand),
	TEST(valid_texts_are_accepted_and_counted), TEST(a_cut_sequence_costs_one_byte))
