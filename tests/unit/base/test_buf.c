/* SPDX-License-Identifier: MIT */
#include "base/buf.h"

#include <pitot/error.h>
#include <stdlib.h>
#include "support/check.h"

static void
appending_grows_to_the_limit_and_no_further(void)
{
	for (size_t limit = 0; limit < 600; limit += 7) {
		struct pt_buf buf;
		pt_buf_init(&buf, limit);
		for (size_t i = 0; i < limit; i++)
			pt_buf_char(&buf, (char)i);
		check_int(pt_buf_error(&buf), 0);
		check_size(buf.length, limit);
		pt_buf_char(&buf, 'x');
		check_int(pt_buf_error(&buf), PITOT_NO_MEMORY);
		check_size(buf.length, limit);
		pt_buf_clear(&buf);
	}
}

static void
the_first_failure_sticks_until_reset(void)
{
	struct pt_buf buf;
	pt_buf_init(&buf, 4);
	pt_buf_str(&buf, "abc");
	pt_buf_str(&buf, "de");
	pt_buf_str(&buf, "f");
	check_int(pt_buf_error(&buf), PITOT_NO_MEMORY);
	check_bytes(buf.bytes, buf.length, "abc", 3);
	pt_buf_reset(&buf);
	pt_buf_str(&buf, "f");
	check_int(pt_buf_error(&buf), 0);
	check_bytes(buf.bytes, buf.length, "f", 1);
	pt_buf_clear(&buf);
}

static void
numbers_are_written_in_full_range(void)
{
	struct pt_buf buf;
	pt_buf_init(&buf, 1000);
	pt_buf_uint(&buf, 0);
	pt_buf_char(&buf, ' ');
	pt_buf_uint(&buf, UINT64_MAX);
	pt_buf_char(&buf, ' ');
	pt_buf_int(&buf, INT64_MIN);
	pt_buf_char(&buf, ' ');
	pt_buf_int(&buf, -1);
	pt_buf_printf(&buf, " %s", "tail");
	check_text(pt_buf_text(&buf), "0 18446744073709551615 -9223372036854775808 -1 tail");
	pt_buf_clear(&buf);
}

static void
taking_hands_the_memory_over(void)
{
	struct pt_buf buf;
	pt_buf_init(&buf, 1000);
	pt_buf_str(&buf, "abc");
	size_t length = 0;
	char *bytes = pt_buf_take(&buf, &length);
	check_text(bytes, "abc");
	check_size(length, 3);
	check_true(buf.bytes == NULL && buf.length == 0);
	free(bytes);
	pt_buf_clear(&buf);
}

CHECK_MAIN("base/buf", TEST(appending_grows_to_the_limit_and_no_further),
	TEST(the_first_failure_sticks_until_reset), TEST(numbers_are_written_in_full_range),
	TEST(taking_hands_the_memory_over))
