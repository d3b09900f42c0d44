/* SPDX-License-Identifier: MIT */
#include "base/file.h"

#include <stdlib.h>
#include <unistd.h>
#include "support/check.h"

/* A temporary file of this many bytes. */
static void
make_file(char *path, size_t size)
{
	(void)strcpy(path, "/tmp/test_file_XXXXXX");
	int fd = mkstemp(path);
	check_true(fd >= 0);
	for (size_t i = 0; i < size; i++)
		check_true(write(fd, i % 2 == 0 ? "a" : "b", 1) == 1);
	(void)close(fd);
}

static void
files_up_to_the_limit_are_read_whole(void)
{
	static const size_t sizes[] = {0, 1, 2, 127, 128, 129, 8191, 8192, 8193, 20000};
	for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++)
		for (size_t room = 0; room < 3; room++) {
			char path[64];
			struct pt_buf buf;
			struct pitot_error why;
			make_file(path, sizes[i]);
			pt_buf_init(&buf, sizes[i] + room);
			check_int(pt_file_read(path, &buf, &why), 0);
			check_size(buf.length, sizes[i]);
			for (size_t j = 0; j < buf.length; j++)
				check_true(buf.bytes[j] == (j % 2 == 0 ? 'a' : 'b'));
			pt_buf_clear(&buf);
			(void)unlink(path);
		}
}

static void
a_larger_file_is_an_error_that_names_it(void)
{
	static const size_t limits[] = {0, 1, 100, 8192};
	for (size_t i = 0; i < sizeof limits / sizeof limits[0]; i++) {
		char path[64], expected[128];
		struct pt_buf buf;
		struct pitot_error why;
		make_file(path, limits[i] + 1);
		pt_buf_init(&buf, limits[i]);
		check_int(pt_file_read(path, &buf, &why), PITOT_NO_INPUT);
		(void)snprintf(
			expected, sizeof expected, "%s: larger than %zu bytes", path, limits[i]);
		check_text(why.text, expected);
		pt_buf_clear(&buf);
		(void)unlink(path);
	}
}

static void
content_is_appended(void)
{
	char path[64];
	struct pt_buf buf;
	make_file(path, 3);
	pt_buf_init(&buf, 100);
	pt_buf_str(&buf, "x");
	check_int(pt_file_read(path, &buf, NULL), 0);
	check_bytes(buf.bytes, buf.length, "xaba", 4);
	pt_buf_clear(&buf);
	(void)unlink(path);
}

static void
what_cannot_be_read_is_an_error_that_names_it(void)
{
	static const struct {
		const char *path, *text;
	} rows[] = {
		{"/nonexistent/file", "/nonexistent/file: No such file or directory"},
		{"/tmp", "/tmp: Is a directory"},
		{"", ": No such file or directory"},
	};
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct pt_buf buf;
		struct pitot_error why;
		pt_buf_init(&buf, 100);
		check_int(pt_file_read(rows[i].path, &buf, &why), PITOT_NO_INPUT);
		check_int(why.code, PITOT_NO_INPUT);
		check_text(why.text, rows[i].text);
		pt_buf_clear(&buf);
	}
}

CHECK_MAIN("base/file", TEST(files_up_to_the_limit_are_read_whole),
	TEST(a_larger_file_is_an_error_that_names_it), TEST(content_is_appended),
	TEST(what_cannot_be_read_is_an_error_that_names_it))
