/* SPDX-License-Identifier: MIT */
/* What is made of the headers of an answer, handed over as libcurl does. */
#include "net/answer.h"

#include "support/check.h"
#include <stdlib.h>
#include <time.h>

static void
take(struct pt_answer_reader *reader, const char *line)
{
	size_t length = strlen(line);
	char copy[4096];
	memcpy(copy, line, length); /* without a NUL, as it comes */
	check_size(pt_answer_take_header(copy, 1, length, reader), length);
}

static void
the_receivers_date_is_read_in_every_form_of_http_and_nothing_else_is_one(void)
{
	static const struct {
		const char *line;
		int64_t date_ms;
	} cases[] = {
		{"Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n", INT64_C(784111777000)},
		{"date:Sun, 06 Nov 1994 08:49:37 GMT\r\n", INT64_C(784111777000)},
		{"DATE: \t Tue, 14 Nov 2023 22:13:20 GMT \t\r\n", INT64_C(1700000000000)},
		{"Date: Sunday, 06-Nov-94 08:49:37 GMT\r\n", INT64_C(784111777000)},
		{"Date: Sun Nov  6 08:49:37 1994\r\n", INT64_C(784111777000)},
		{"Date: Thu, 01 Jan 1970 00:00:00 GMT\r\n", 0},
		{"Date: Thu, 01 Jan 1970 00:00:01 GMT\r\n", 1000},
		{"Date: Fri, 31 Dec 9999 23:59:59 GMT\r\n", INT64_C(253402300799000)},
		{"Date: Wed, 31 Dec 1969 23:59:50 GMT\r\n", -1},
		{"Date: Sat, 01 Jan 10000 00:00:00 GMT\r\n", -1},
		{"Date: Sat, 01 Jan 99999999999999999999 00:00:00 GMT\r\n", -1},
		{"Date: Fri, 99 Foo 2099 00:00:00 GMT\r\n", -1},
		{"Date: Sun, 06 Nov 1994\r\n", -1},
		{"Date: Sun\r\n", -1},
		{"Date: 08:49:37\r\n", -1},
		{"Date: 1700000000\r\n", -1},
		{"Date: 20231114 22:13:20\r\n", -1},
		{"Date: \r\n", -1},
		{"Date:\r\n", -1},
		{"Date\r\n", -1},
		{"Date: yesterday\r\n", -1},
		{"Date: S\xff\x01\r\n", -1},
		{"Date: Sun, 06 Nov 1994 08:49:37 GMT Sun, 06 Nov 1994 08:49:37 GMT plus a "
		 "tail\r\n",
			-1},
		{"X-Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n", -1},
		{"Dates: Sun, 06 Nov 1994 08:49:37 GMT\r\n", -1},
		{"Content-Length: 0\r\n", -1},
	};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct pt_http_answer answer;
		struct pt_answer_reader reader;
		pt_answer_begin(&reader, &answer);
		check_int(answer.date_ms, -1);
		take(&reader, "HTTP/1.1 204 No Content\r\n");
		take(&reader, cases[i].line);
		take(&reader, "\r\n");
		pt_answer_end(&reader);
		check_int(answer.date_ms, cases[i].date_ms);
		check_int(answer.retry_after_ms, -1);
	}
}

static void
a_date_of_any_length_is_read_or_left(void)
{
	for (size_t length = 0; length < 200; length++) {
		struct pt_http_answer answer;
		struct pt_answer_reader reader;
		char line[300] = "Date: Sun, 06 Nov 1994 08:49:37 GMT";
		size_t used = strlen(line);
		memset(line + used, '0', length);
		line[used + length] = '\0';
		pt_answer_begin(&reader, &answer);
		take(&reader, line);
		check_true(length == 0 ? answer.date_ms == INT64_C(784111777000)
				       : answer.date_ms >= -1);
		check_true(length < 40 || answer.date_ms == -1);
	}
}

static void
the_final_answer_has_its_own_date(void)
{
	struct pt_http_answer answer;
	struct pt_answer_reader reader;
	pt_answer_begin(&reader, &answer);
	take(&reader, "HTTP/1.1 103 Early Hints\r\n");
	take(&reader, "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n");
	check_int(answer.date_ms, INT64_C(784111777000));
	take(&reader, "HTTP/1.1 200 OK\r\n");
	check_int(answer.date_ms, -1);
	/* Of two, the last; if that is none, there is none. */
	take(&reader, "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n");
	take(&reader, "Date: Tue, 14 Nov 2023 22:13:20 GMT\r\n");
	check_int(answer.date_ms, INT64_C(1700000000000));
	take(&reader, "Date: now\r\n");
	check_int(answer.date_ms, -1);
}

static void
a_date_does_not_depend_on_where_we_are(void)
{
	struct pt_http_answer answer;
	struct pt_answer_reader reader;
	check_int(setenv("TZ", "Asia/Tokyo", 1), 0);
	tzset();
	pt_answer_begin(&reader, &answer);
	take(&reader, "Date: Tue, 14 Nov 2023 22:13:20 GMT\r\n");
	check_int(answer.date_ms, INT64_C(1700000000000));
	check_int(unsetenv("TZ"), 0);
	tzset();
}

CHECK_MAIN("net/answer",
	TEST(the_receivers_date_is_read_in_every_form_of_http_and_nothing_else_is_one),
	TEST(a_date_of_any_length_is_read_or_left), TEST(the_final_answer_has_its_own_date),
	TEST(a_date_does_not_depend_on_where_we_are))
