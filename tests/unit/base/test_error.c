/* SPDX-License-Identifier: MIT */
#include "base/error.h"

#include <stdbool.h>
#include "support/check.h"

static void
every_code_has_a_text_of_its_own(void)
{
	for (int code = PITOT_SPOOLED; code <= 0; code++) {
		check_true(strcmp(pitot_code_text(code), "unknown error") != 0);
		for (int other = code + 1; other <= 0; other++)
			check_true(strcmp(pitot_code_text(code), pitot_code_text(other)) != 0);
	}
	check_text(pitot_code_text(1), "unknown error");
	check_text(pitot_code_text(PITOT_SPOOLED - 1), "unknown error");
	check_text(pitot_code_text(-1000000), "unknown error");
}

static void
the_version_is_the_packages(void)
{
	check_text(pitot_version(), PACKAGE_VERSION);
}

static void
setting_clears_the_rest(void)
{
	struct pitot_error why = {PITOT_IO, 500, 3, 4, "old"};
	check_int(pt_error_set(&why, PITOT_USAGE, "bad %s", "name"), PITOT_USAGE);
	check_int(why.code, PITOT_USAGE);
	check_int(why.http_status, 0);
	check_int(why.line, 0);
	check_int(why.column, 0);
	check_text(why.text, "bad name");
}

static void
the_text_may_be_made_of_itself(void)
{
	struct pitot_error why;
	(void)pt_error_set(&why, PITOT_IO, "inner");
	(void)pt_error_set(&why, PITOT_FAILED, "outer: %s", why.text);
	check_text(why.text, "outer: inner");
}

static void
wrapping_reads_from_the_outside_in(void)
{
	struct pitot_error why;
	(void)pt_error_set(&why, PITOT_UNAVAILABLE, "connection refused");
	why.http_status = 7;
	check_int(pt_error_wrap(&why, "connect"), PITOT_UNAVAILABLE);
	check_int(pt_error_wrap(&why, "push %s", "http://localhost"), PITOT_UNAVAILABLE);
	check_text(why.text, "push http://localhost: connect: connection refused");
	check_int(why.http_status, 7);
}

static void
a_long_text_is_cut_and_says_so(void)
{
	for (int length = PITOT_ERROR_TEXT - 3; length < PITOT_ERROR_TEXT + 3; length++) {
		struct pitot_error why;
		char found[PITOT_ERROR_TEXT];
		(void)pt_error_set(&why, PITOT_IO, "%0*d", length, 0);
		bool cut = length >= PITOT_ERROR_TEXT;
		check_size(strlen(why.text), cut ? PITOT_ERROR_TEXT - 1 : length);
		memcpy(found, why.text, sizeof found);
		check_text(found + strlen(found) - 3, cut ? "..." : "000");
	}
}

static void
a_long_wrapping_is_cut_and_says_so(void)
{
	for (int length = PITOT_ERROR_TEXT - 12; length < PITOT_ERROR_TEXT + 3; length++) {
		struct pitot_error why;
		(void)pt_error_set(&why, PITOT_IO, "inner");
		(void)pt_error_wrap(&why, "%0*d", length, 0);
		size_t whole = (size_t)length + strlen(": inner");
		bool cut = whole >= PITOT_ERROR_TEXT;
		check_size(strlen(why.text), cut ? PITOT_ERROR_TEXT - 1 : whole);
		check_text(why.text + strlen(why.text) - 3, cut ? "..." : "ner");
	}
}

static void
nobody_has_to_listen(void)
{
	check_int(pt_error_set(NULL, PITOT_IO, "text"), PITOT_IO);
	check_int(pt_error_wrap(NULL, "text"), PITOT_FAILED);
	check_int(pt_error_memory(NULL), PITOT_NO_MEMORY);
}

CHECK_MAIN("base/error", TEST(every_code_has_a_text_of_its_own), TEST(the_version_is_the_packages),
	TEST(setting_clears_the_rest), TEST(the_text_may_be_made_of_itself),
	TEST(wrapping_reads_from_the_outside_in), TEST(a_long_text_is_cut_and_says_so),
	TEST(a_long_wrapping_is_cut_and_says_so), TEST(nobody_has_to_listen))
