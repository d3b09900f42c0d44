/* SPDX-License-Identifier: MIT */
/* What in the sink needs no network: numbers, encodings, paths, the script, text rules. */
#include "cli/sink.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include "support/check.h"

static void
check_number(double value, const char *plain, const char *open)
{
	struct sink_text text = {0};
	sink_text_number(&text, value, false);
	check_text(sink_text_chars(&text), plain);
	sink_text_clear(&text);
	sink_text_number(&text, value, true);
	check_text(sink_text_chars(&text), open);
	sink_text_clear(&text);
}

static void
numbers_are_written_as_the_official_writers_do(void)
{
	check_number(0, "0", "0.0");
	check_number(-0.0, "-0", "-0.0");
	check_number(1, "1", "1.0");
	check_number(17.25, "17.25", "17.25");
	check_number(99999, "99999", "99999.0");
	check_number(100000, "100000", "100000.0");
	check_number(999999, "999999", "999999.0");
	check_number(1e6, "1e+06", "1e+06");
	check_number(1234567, "1.234567e+06", "1.234567e+06");
	check_number(0.0001, "0.0001", "0.0001");
	check_number(0.00001, "1e-05", "1e-05");
	check_number(0.1, "0.1", "0.1");
	check_number(5e-324, "5e-324", "5e-324");
	check_number(DBL_MAX, "1.7976931348623157e+308", "1.7976931348623157e+308");
	check_number(1700000000.123, "1.700000000123e+09", "1.700000000123e+09");
	check_number((double)INFINITY, "+Inf", "+Inf");
	check_number(-(double)INFINITY, "-Inf", "-Inf");
	check_number((double)NAN, "NaN", "NaN");
}

static void
check_decoded(char *(*decode)(struct sink_span, size_t *), const char *in, const char *expected)
{
	size_t length = 0;
	char *out = decode(SPAN(in), &length);
	if (expected == NULL)
		check_true(out == NULL);
	else
		check_text(out, expected);
	free(out);
}

static void
percent_and_base64_decode_or_refuse(void)
{
	check_decoded(sink_percent_decode, "", "");
	check_decoded(sink_percent_decode, "a%20b%2Fc%2f", "a b/c/");
	check_decoded(sink_percent_decode, "a+b", "a+b");
	check_decoded(sink_percent_decode, "%", NULL);
	check_decoded(sink_percent_decode, "a%2", NULL);
	check_decoded(sink_percent_decode, "%2g", NULL);
	check_decoded(sink_base64url_decode, "", "");
	check_decoded(sink_base64url_decode, "=", "");
	check_decoded(sink_base64url_decode, "YQ", "a");
	check_decoded(sink_base64url_decode, "YQ==", "a");
	check_decoded(sink_base64url_decode, "L3Zhci90bXA=", "/var/tmp");
	check_decoded(sink_base64url_decode, "Pz8_Pj4-", "?\?\?>>>");
	check_decoded(sink_base64url_decode, "Pz8/", NULL);
	check_decoded(sink_base64url_decode, "Pj4+", NULL);
	check_decoded(sink_base64url_decode, "Y", NULL);
}

static void
base64_is_padded(void)
{
	static const char *const table[][2] = {{"", ""}, {"a", "YQ=="}, {"ab", "YWI="},
		{"abc", "YWJj"}, {"user:pass", "dXNlcjpwYXNz"}};
	for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
		struct sink_text text = {0};
		sink_text_base64(&text, SPAN(table[i][0]));
		check_text(sink_text_chars(&text), table[i][1]);
		sink_text_clear(&text);
	}
}

static void
utf8_is_checked_to_the_byte(void)
{
	check_true(sink_utf8_valid(SPAN("a\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80")));
	static const char *const bad[] = {"\x80", "\xc0\x80", "\xc3", "\xe2\x82", "\xed\xa0\x80",
		"\xf4\x90\x80\x80", "\xf8\x88\x80\x80\x80", "\xff"};
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		check_true(!sink_utf8_valid(SPAN(bad[i])));
}

static void
a_table_finds_what_was_put_in(void)
{
	struct sink_table table = {0};
	char key[16];
	for (int i = 0; i < 1000; i++) {
		(void)snprintf(key, sizeof key, "key %d", i);
		check_true(sink_table_find(&table, SPAN(key)) == NULL);
		check_fatal(sink_table_at(&table, SPAN(key)) != NULL);
	}
	check_size(table.count, 1000);
	check_true(
		sink_table_find(&table, SPAN("key 999")) == sink_table_at(&table, SPAN("key 999")));
	check_size(table.count, 1000);
	sink_table_clear(&table, NULL);
}

/* ---- paths ---- */

static void
check_key(const char *path, const char *expected, const char *error)
{
	struct sink_text text = {0};
	struct sink_key key;
	sink_key_read(&key, SPAN(path));
	check_text(key.error != NULL ? key.error : "", error);
	sink_key_text(&key, &text);
	if (*error == '\0')
		check_text(sink_text_chars(&text), expected);
	sink_text_clear(&text);
	sink_key_clear(&key);
}

static void
a_grouping_key_is_read_from_its_path(void)
{
	check_key("job/a", "{job=\"a\"}", "");
	check_key("job/z/b/1/a/2", "{a=\"2\",b=\"1\",job=\"z\"}", "");
	check_key("job@base64/L3Zhci90bXA/i/%22", "{i=\"\\\"\",job=\"/var/tmp\"}", "");
	check_key("job/a/i@base64/=", "{i=\"\",job=\"a\"}", "");
	check_key("job/a/i/", "{i=\"\",job=\"a\"}", "");
	check_key("job/a/job/b", "{job=\"b\"}", "");
	check_key("job/a%20b/x/+", "{job=\"a b\",x=\"+\"}", "");
	check_key("job/", "", "job name is required");
	check_key("job@base64/=", "", "job name is required");
	check_key("job/a/b", "", "odd number of components in the path");
	check_key("job//a/b", "", "job name is required");
	check_key("job/a//b", "", "an empty component in the path");
	check_key("job/a/__x/b", "", "improper label name");
	check_key("job/a/1x/b", "", "improper label name");
	check_key("job/a/x/b%2Fc", "", "a slash in a value needs @base64");
	check_key("job/a/x@base64/+", "", "invalid base64url encoding");
	check_key("job/a/x/%zz", "", "invalid percent-encoding");
}

/* ---- the script ---- */

static void
a_script_is_words(void)
{
	static const struct sink_fault expected[] = {{SINK_STATUS, 500, -1}, {SINK_STATUS, 429, 2},
		{SINK_HANG, 0, -1}, {SINK_RESET, 0, -1}, {SINK_CLOSE, 0, -1}, {SINK_SLOW, 0, 2},
		{SINK_SLOW, 0, 7}, {SINK_NORMAL, 0, -1}, {SINK_STATUS, 204, -1}};
	struct sink_script script = {0};
	const char *where = NULL;
	check_true(sink_script_parse(&script, " 500 429/2,hang reset close slow slow/7 ok 204 ",
			   &where) == NULL);
	check_size(script.count, sizeof expected / sizeof expected[0]);
	for (size_t i = 0; i < script.count; i++) {
		check_int(script.faults[i].kind, expected[i].kind);
		check_int(script.faults[i].status, expected[i].status);
		check_int(script.faults[i].number, expected[i].number);
	}
	free(script.faults);
}

static void
a_wrong_script_is_refused_at_its_word(void)
{
	static const char *const bad[] = {
		"42", "600", "199", "hang/2", "500/", "500/x", "slow/99999", "never", "500/-1"};
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		struct sink_script script = {0};
		const char *where = NULL;
		check_true(sink_script_parse(&script, bad[i], &where) != NULL);
		check_true(where == bad[i]);
		free(script.faults);
	}
}

/* ---- rules of the text ---- */

/* What is told about a push of this body; a Content-Type is always missing, so not looked at. */
static void
judge(const char *body, struct sink_text *found)
{
	struct sink sink = {.route_prefix = "", .print = SINK_PRINT_NONE};
	char *told = NULL;
	size_t size = 0;
	struct sink_header header = {"Content-Type", "text/plain; version=0.0.4; charset=utf-8"};
	struct sink_request request = {.method = "PUT",
		.target = "/metrics/job/j/group/g",
		.headers = &header,
		.header_count = 1,
		.body = SPAN(body)};
	struct sink_answer answer;
	struct sink_fault fault;
	sink.err = sink.out = open_memstream(&told, &size);
	sink_serve(&sink, &request, &answer, &fault);
	(void)fclose(sink.err);
	sink_text_format(found, "%u %s", answer.status, told);
	free(told);
	sink_text_clear(&answer.body);
	sink_clear(&sink);
}

static void
each_broken_rule_of_the_text_is_told(void)
{
	static const char *const table[][2] = {
		{"a 1\n", "200 "},
		{"", "200 "},
		{"# HELP a_total x\n# TYPE a_total counter\na_total{x=\"}\\\"\"} 1\n", "200 "},
		{"a 1", "400 sink: VIOLATION pushgateway 11: no LF at the end: line 1"},
		{"a 1\r\n", "400 sink: VIOLATION pushgateway 11: CR: line 1: a 1?"},
		{"a 1 \n", "400 sink: VIOLATION pushgateway 11: trailing blank: line 1"},
		{"a 1 1700000000000\n", "400 sink: VIOLATION pushgateway 11: timestamp: line 1"},
		{"# TYPE a info\na_info 1\n",
			"400 sink: VIOLATION pushgateway 11: type not of 0.0.4"},
		{"# TYPE a counter\na 1\n", "200 sink: VIOLATION pushgateway 12: "},
		{"# HELP a x\n# HELP a x\na 1\n", "400 sink: VIOLATION pushgateway 26: "},
		{"a 1\n# HELP a x\n",
			"400 sink: VIOLATION pushgateway 13: HELP or TYPE too late: line 2"},
		{"a{x=\"1\"} 1\nb 1\na{x=\"2\"} 1\n",
			"200 sink: VIOLATION pushgateway 13: family torn apart: line 1"},
		{"a{job=\"x\"} 1\n", "200 sink: VIOLATION pushgateway 14: "},
		{"a{group=\"x\"} 1\n", "200 sink: VIOLATION pushgateway 14: "},
		{"a{x=\"1\",y=\"2\"} 1\na{y=\"2\",x=\"1\"} 1\n",
			"400 sink: VIOLATION pushgateway 26: "},
		{"a{x=\"\xff\"} 1\n", "400 sink: VIOLATION text-formats 1: not UTF-8"},
		{"# TYPE h summary\nh_sum 1\nh_count 1\n# TYPE h_bucket gauge\nh_bucket 1\n",
			"200 "},
		{"# HELP a \\\"\na 1\n", "400 sink: VIOLATION text-formats 13: "},
		{"a 1\n# EOF\n", "200 sink: VIOLATION text-formats 14: "},
	};
	for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
		struct sink_text found = {0};
		judge(table[i][0], &found);
		/* Nothing told means exactly that. */
		if (strlen(table[i][1]) == 4)
			check_text(sink_text_chars(&found), table[i][1]);
		else
			check_contains(sink_text_chars(&found), table[i][1]);
		sink_text_clear(&found);
	}
}

static void
a_histogram_is_complete_and_rises(void)
{
#define HISTOGRAM(lines) "# TYPE h histogram\n" lines
	static const char *const table[][2] = {
		{HISTOGRAM("h_bucket{le=\"1\"} 1\nh_bucket{le=\"+Inf\"} 2\nh_sum 1\nh_count 2\n"),
			""},
		{HISTOGRAM("h_bucket{le=\"1\"} 1\nh_sum 1\nh_count 1\n"),
			"no bucket with le=\"+Inf\""},
		{HISTOGRAM("h_bucket{le=\"+Inf\"} 2\nh_count 2\n"), "no _sum"},
		{HISTOGRAM("h_bucket{le=\"+Inf\"} 2\nh_sum 2\n"), "no _count"},
		{HISTOGRAM("h_bucket{le=\"+Inf\"} 2\nh_sum 2\nh_count 3\n"),
			"is not the +Inf bucket"},
		{HISTOGRAM("h_bucket{le=\"2\"} 1\nh_bucket{le=\"1\"} 1\n"), "bounds do not rise"},
		{HISTOGRAM("h_bucket{le=\"1\"} 1\nh_bucket{le=\"1.0\"} 1\n"), "bounds do not rise"},
		{HISTOGRAM("h_bucket{le=\"1\"} 3\nh_bucket{le=\"+Inf\"} 2\n"), "not cumulative"},
		{HISTOGRAM("h_bucket{x=\"a\",le=\"+Inf\"} 3\nh_bucket{x=\"b\",le=\"+Inf\"} 2\n"
			   "h_sum{x=\"a\"} 1\nh_count{x=\"a\"} 3\nh_sum{x=\"b\"} "
			   "1\nh_count{x=\"b\"} 2\n"),
			""},
	};
	for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
		struct sink_text found = {0};
		judge(table[i][0], &found);
		if (*table[i][1] == '\0')
			check_text(sink_text_chars(&found), "200 ");
		else
			check_contains(sink_text_chars(&found), "VIOLATION text-formats 15: ");
		check_contains(sink_text_chars(&found), table[i][1]);
		sink_text_clear(&found);
	}
}

static void
what_is_told_cannot_disturb_a_terminal(void)
{
	struct sink_text found = {0};
	judge("a\x1b[2J 1\n", &found);
	check_true(strchr(sink_text_chars(&found), '\x1b') == NULL);
	check_contains(sink_text_chars(&found), "VIOLATION pushgateway 26");
	sink_text_clear(&found);
}

CHECK_MAIN("cli/sink", TEST(numbers_are_written_as_the_official_writers_do),
	TEST(percent_and_base64_decode_or_refuse), TEST(base64_is_padded),
	TEST(utf8_is_checked_to_the_byte), TEST(a_table_finds_what_was_put_in),
	TEST(a_grouping_key_is_read_from_its_path), TEST(a_script_is_words),
	TEST(a_wrong_script_is_refused_at_its_word), TEST(each_broken_rule_of_the_text_is_told),
	TEST(a_histogram_is_complete_and_rises), TEST(what_is_told_cannot_disturb_a_terminal))
