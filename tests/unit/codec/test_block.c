/* SPDX-License-Identifier: MIT */
#include "codec/block.h"

#include "support/build.h"
#include "support/check.h"

/* remote-write 2 */
static void
a_block_is_not_framed_and_expands_to_what_it_was(void)
{
	static char bytes[70000];
	uint64_t seed = 1;
	for (size_t i = 0; i < sizeof bytes; i++)
		bytes[i] = (char)(i < 35000 ? "pitot "[i % 6] : (char)build_random(&seed, 256));
	static const size_t lengths[] = {
		0, 1, 59, 60, 61, 255, 256, 65535, 65536, 65537, sizeof bytes};
	for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
		struct pt_buf packed, plain;
		pt_buf_init(&packed, 1 << 20);
		pt_buf_init(&plain, lengths[i] + 1);
		pt_block_compress(&packed, bytes, lengths[i]);
		check_int(pt_buf_error(&packed), 0);
		check_true(packed.length > 0 &&
			(packed.length < 10 ||
				memcmp(packed.bytes, "\xff\x06\x00\x00sNaPpY", 10) != 0));
		check_true(pt_block_expand(&plain, packed.bytes, packed.length));
		check_bytes(plain.bytes, plain.length, bytes, lengths[i]);
		pt_buf_clear(&packed);
		pt_buf_clear(&plain);
	}
}

static void
what_is_larger_than_the_limit_does_not_expand(void)
{
	static const char text[1000];
	struct pt_buf packed;
	pt_buf_init(&packed, 10000);
	pt_block_compress(&packed, text, sizeof text);
	for (size_t limit = sizeof text - 2; limit <= sizeof text + 1; limit++) {
		struct pt_buf plain;
		pt_buf_init(&plain, limit);
		check_true(pt_block_expand(&plain, packed.bytes, packed.length) ==
			(limit >= sizeof text));
		pt_buf_clear(&plain);
	}
	pt_buf_clear(&packed);
}

static void
what_is_no_block_does_not_expand(void)
{
	static const struct {
		const char *bytes;
		size_t length;
	} cases[] = {
		{"", 0}, {"\xff\x06\x00\x00sNaPpY", 10}, /* the framed stream */
		{"\x05\x10"
		 "abc",
			5}, /* ends early */
		{"\x04\x0c"
		 "abcd"
		 "e",
			7},                  /* goes on behind the end */
		{"\x04\x01\x00", 3},         /* a copy of what is not there */
		{"\xff\xff\xff\xff\x7f", 5}, /* claims more than 4 GiB */
	};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct pt_buf plain;
		pt_buf_init(&plain, 1 << 20);
		check_true(!pt_block_expand(&plain, cases[i].bytes, cases[i].length));
		check_size(plain.length, 0);
		pt_buf_clear(&plain);
	}
}

static void
a_buffer_too_small_for_the_worst_case_fails(void)
{
	struct pt_buf packed;
	pt_buf_init(&packed, 32 + 60 + 60 / 6 - 1);
	static const char text[60];
	pt_block_compress(&packed, text, sizeof text);
	check_true(pt_buf_error(&packed) != 0);
	pt_buf_clear(&packed);
}

CHECK_MAIN("codec/block", TEST(a_block_is_not_framed_and_expands_to_what_it_was),
	TEST(what_is_larger_than_the_limit_does_not_expand), TEST(what_is_no_block_does_not_expand),
	TEST(a_buffer_too_small_for_the_worst_case_fails))
