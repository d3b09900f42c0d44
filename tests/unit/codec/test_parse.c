/* SPDX-License-Identifier: MIT */
#include "base/limits.h"
#include "base/number.h"
#include "support/dump.h"
#include "support/golden.h"

#include <pitot/exposition.h>
#include <stdlib.h>
#include "support/check.h"

/* ---- golden ---- */

/* The words of a case's file "options", which need not be there. */
static struct pitot_parse_options
options_of(const char *path, struct pt_buf *words)
{
	static const char *const exported[] = {"job", "instance"};
	struct pitot_parse_options options = {.source = "input"};
	(void)golden_read(path, "options", words);
	const char *text = pt_buf_text(words);
	options.strict = strstr(text, "strict") != NULL;
	if (strstr(text, "openmetrics") != NULL)
		options.format = PITOT_OPENMETRICS_1_0;
	else if (strstr(text, "text") != NULL)
		options.format = PITOT_TEXT_0_0_4;
	if (strstr(text, "exported") != NULL) {
		options.exported = exported;
		options.exported_count = 2;
	}
	return options;
}

static struct pitot_snapshot *
parse_case(const char *path, struct pitot_error *why)
{
	struct pt_buf input, words;
	pt_buf_init(&input, PT_LIMIT_TEXT);
	pt_buf_init(&words, PT_LIMIT_NAME);
	check_true_at(path, 0, "input", golden_read(path, "input", &input));
	struct pitot_parse_options options = options_of(path, &words);
	struct pitot_snapshot *snapshot = pitot_parse(input.bytes, input.length, &options, why);
	pt_buf_clear(&input);
	pt_buf_clear(&words);
	return snapshot;
}

static void
check_valid(const char *path)
{
	struct pitot_error why = {0};
	struct pitot_snapshot *snapshot = parse_case(path, &why);
	check_text_at(path, 0, "error", why.text, "");
	if (snapshot == NULL)
		return;
	struct pt_buf dump;
	pt_buf_init(&dump, PT_LIMIT_TEXT);
	dump_snapshot(&dump, snapshot);
	golden_compare(path, "expected", pt_buf_text(&dump), dump.length);
	pt_buf_clear(&dump);
	pitot_snapshot_free(snapshot);
}

static void
check_invalid(const char *path)
{
	struct pitot_error why = {0};
	struct pitot_snapshot *snapshot = parse_case(path, &why);
	check_true_at(path, 0, "is refused", snapshot == NULL);
	pitot_snapshot_free(snapshot);
	char text[PITOT_ERROR_TEXT + 1];
	(void)snprintf(text, sizeof text, "%s\n", why.text);
	golden_compare(path, "error", text, strlen(text));
	/* The fields say the same as the text. */
	char place[64];
	(void)snprintf(place, sizeof place, "input:%u:%u: ", why.line, why.column);
	check_true_at(path, 0, "has the place", strncmp(text, place, strlen(place)) == 0);
	check_true_at(
		path, 0, "has a code", why.code == PITOT_BAD_INPUT || why.code == PITOT_NO_MEMORY);
}

static void
valid_texts_are_read_as_expected(void)
{
	check_true(golden_each("parse/valid", check_valid) >= 40);
}

static void
invalid_texts_are_refused_with_place_and_reason(void)
{
	check_true(golden_each("parse/invalid", check_invalid) >= 40);
}

/* ---- helpers ---- */

static struct pitot_snapshot *
parse(const char *text, enum pitot_format format, bool strict, struct pitot_error *why)
{
	const struct pitot_parse_options options = {.format = format, .strict = strict};
	return pitot_parse(text, strlen(text), &options, why);
}

static bool
parses(const char *text, enum pitot_format format, bool strict)
{
	struct pitot_snapshot *snapshot = parse(text, format, strict, NULL);
	pitot_snapshot_free(snapshot);
	return snapshot != NULL;
}

/* ---- what real parsers accept (specs/text-formats 4), tolerant and strict ---- */

struct row {
	const char *text;
	/* accepted as 0.0.4 tolerant, 0.0.4 strict, OpenMetrics tolerant, OpenMetrics strict */
	bool text_tolerant, text_strict, open_tolerant, open_strict;
};

#define EOF_LINE "# EOF\n"

static const struct row rows[] = {
	/* the end */
	{"a 1\n", true, true, true, false},
	{"a 1\n" EOF_LINE, true, true, true, true},
	{"a 1\n# EOF", true, false, true, true},
	{"a 1\n# EOF\n\n", true, true, true, false},
	{"a 1\n# EOF\nb 1\n", true, true, false, false},
	{"a 1\n# EOF\n# EOF\n", true, true, false, false},
	{"a 1", true, false, true, false},
	{"", true, true, true, false},
	{EOF_LINE, true, true, true, true},
	/* blank lines, comments, line ends */
	{"\na 1\n" EOF_LINE, true, true, true, false},
	{"# comment\na 1\n" EOF_LINE, true, true, true, false},
	{"#\na 1\n" EOF_LINE, true, true, true, false},
	{"a 1\r\n# EOF\r\n", true, false, true, false},
	{"\xef\xbb\xbf"
	 "a 1\n" EOF_LINE,
		true, false, true, false},
	/* blanks */
	{"a  1\n" EOF_LINE, true, true, true, false},
	{"a\t1\n" EOF_LINE, true, true, true, false},
	{" a 1\n" EOF_LINE, true, true, true, false},
	{"a 1 \n" EOF_LINE, true, false, true, false},
	{"a { l = \"v\" , } 1\n" EOF_LINE, true, true, true, false},
	{"a{ l=\"v\"} 1\n" EOF_LINE, true, true, true, false},
	{"a {l=\"v\"} 1\n" EOF_LINE, true, true, true, false},
	{"a{l=\"v\"}1\n" EOF_LINE, true, true, true, false},
	{"a{l=\"v\"} 1\n" EOF_LINE, true, true, true, true},
	{"a{} 1\n" EOF_LINE, true, true, true, true},
	{"a{l=\"v\",} 1\n" EOF_LINE, true, true, true, false},
	{"a{,} 1\n" EOF_LINE, false, false, false, false},
	{"a{l=\"v\",,m=\"w\"} 1\n" EOF_LINE, false, false, false, false},
	/* names in quotes */
	{"{\"a.b\",\"l\"=\"v\"} 1\n" EOF_LINE, true, false, true, false},
	{"{\"a\"} 1\n" EOF_LINE, true, false, true, false},
	{"# TYPE \"a.b\" gauge\n{\"a.b\"} 1\n" EOF_LINE, true, false, true, false},
	/* exemplars */
	{"# TYPE a counter\na_total 1 # {t=\"x\"} 1\n" EOF_LINE, true, false, true, true},
	{"# TYPE a counter\na_total 1 # {} 1 2.5\n" EOF_LINE, true, false, true, true},
	{"# TYPE a gauge\na 1 # {t=\"x\"} 1\n" EOF_LINE, true, false, true, false},
	{"# TYPE a histogram\na_bucket{le=\"+Inf\"} 1\na_sum 1 # {} 1\n" EOF_LINE, true, false,
		true, false},
	/* types */
	{"# TYPE a counter\na 1\n" EOF_LINE, true, true, true, false},
	{"# TYPE a_total counter\na_total 1\n" EOF_LINE, true, true, true, false},
	{"# TYPE a gauge\n# TYPE a gauge\na 1\n" EOF_LINE, false, false, false, false},
	{"a 1\n# TYPE a gauge\n" EOF_LINE, false, false, false, false},
	{"a{x=\"1\"} 1\nb 1\na{x=\"2\"} 1\n" EOF_LINE, true, true, true, false},
	{"a 1\na 1\n" EOF_LINE, false, false, false, false},
	{"# TYPE a untyped\n" EOF_LINE, true, true, true, false},
	{"# TYPE a GAUGE\n" EOF_LINE, true, true, true, false},
	{"# TYPE a meter\n" EOF_LINE, false, false, false, false},
	{"# TYPE a unknown\n" EOF_LINE, true, false, true, true},
	{"# TYPE a info\n" EOF_LINE, true, false, true, true},
	{"# TYPE a stateset\n" EOF_LINE, true, false, true, true},
	{"# TYPE a gaugehistogram\n" EOF_LINE, true, false, true, true},
	{"# TYPE a histogram\na_bucket{le=\"1.0\"} 1\n" EOF_LINE, true, true, true, true},
	/* units */
	{"# UNIT a seconds\na 1\n" EOF_LINE, true, true, true, false},
	{"# UNIT a_seconds seconds\na_seconds 1\n" EOF_LINE, true, true, true, true},
	{"# UNIT a \na 1\n" EOF_LINE, true, true, true, true},
	/* numbers */
	{"a 1E5\n" EOF_LINE, true, true, true, true},
	{"a .5\n" EOF_LINE, true, true, true, true},
	{"a 5.\n" EOF_LINE, true, true, true, true},
	{"a +1\n" EOF_LINE, true, true, true, true},
	{"a Infinity\n" EOF_LINE, true, true, true, true},
	{"a nan\n" EOF_LINE, true, true, true, true},
	{"a -nan\n" EOF_LINE, true, false, true, false},
	{"a 0x1p3\n" EOF_LINE, false, false, false, false},
	{"a 1_0\n" EOF_LINE, false, false, false, false},
	{"a 1e400\n" EOF_LINE, false, false, false, false},
	{"a 1 NaN\n" EOF_LINE, false, false, false, false},
	{"a 1 1.5\n" EOF_LINE, false, false, true, true},
	{"a 1 -1\n" EOF_LINE, true, true, true, true},
	/* texts */
	{"a{l=\"\xff\"} 1\n" EOF_LINE, false, false, false, false},
	{"a{l=\"\xed\xa0\x80\"} 1\n" EOF_LINE, false, false, false, false},
	{"a{l=\"x\",l=\"y\"} 1\n" EOF_LINE, false, false, false, false},
	{"a{__name__=\"x\"} 1\n" EOF_LINE, false, false, false, false},
	{"a{l=\"\\x\"} 1\n" EOF_LINE, false, false, false, false},
	{"a{l=\"\t\r\"} 1\n" EOF_LINE, true, true, true, true},
	/* help */
	{"# HELP a \n" EOF_LINE, true, true, true, true},
	{"# HELP a\n" EOF_LINE, true, true, true, false},
	{"# HELP a x\"y\n" EOF_LINE, true, true, true, false},
	{"# HELP a x\\\"y\n" EOF_LINE, true, false, true, true},
	{"# HELP a x\\y\n" EOF_LINE, true, false, true, true},
	{"# HELP a x\n# HELP a x\n" EOF_LINE, false, false, false, false},
	{"a 1\n# HELP a x\n" EOF_LINE, true, true, true, false},
	/* OpenMetrics 2.0 */
	{"a 1 st@1\n" EOF_LINE, false, false, false, false},
	{"a {count:1,sum:1}\n" EOF_LINE, false, false, false, false},
	/* values of types */
	{"# TYPE a counter\na_total -1\n" EOF_LINE, true, true, true, false},
	{"# TYPE a counter\na_total NaN\n" EOF_LINE, true, true, true, false},
	{"# TYPE a info\na_info 2\n" EOF_LINE, true, false, true, false},
	{"# TYPE a stateset\na{a=\"x\"} 2\n" EOF_LINE, true, false, true, false},
	{"# TYPE a summary\na{quantile=\"1.5\"} 2\n" EOF_LINE, true, true, true, false},
	{"# TYPE a counter\n# TYPE a_created gauge\n" EOF_LINE, true, true, true, false},
};

static void
check_row(const struct row *row, enum pitot_format format, bool strict, bool accepted)
{
	struct pitot_error why = {0};
	struct pitot_snapshot *snapshot = parse(row->text, format, strict, &why);
	pitot_snapshot_free(snapshot);
	if ((snapshot != NULL) == accepted)
		return;
	char message[2 * PITOT_ERROR_TEXT];
	(void)snprintf(message, sizeof message, "row %d, %s%s: %s", (int)(row - rows),
		format == PITOT_TEXT_0_0_4 ? "0.0.4" : "OpenMetrics", strict ? " strict" : "",
		accepted ? why.text : "not refused");
	check_true_at(__FILE__, __LINE__, message, 0);
}

/* text-formats 29 */
/* text-formats 30 */
static void
each_format_accepts_what_it_should_in_both_modes(void)
{
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		const struct row *row = &rows[i];
		check_row(row, PITOT_TEXT_0_0_4, false, row->text_tolerant);
		check_row(row, PITOT_TEXT_0_0_4, true, row->text_strict);
		check_row(row, PITOT_OPENMETRICS_1_0, false, row->open_tolerant);
		check_row(row, PITOT_OPENMETRICS_1_0, true, row->open_strict);
	}
}

/* ---- which format ---- */

static void
the_format_is_found_by_content(void)
{
	static const struct {
		const char *text;
		bool open;
	} texts[] = {
		{"a 1 1000\n", false},
		{"a 1 1000\n# EOF\n", true},
		{"a 1 1000\n# EOF\n \n", true},
		{"a 1 1000\r\n# EOF\r\n", true},
		{"a 1 1000\n# EOF", true},
		{"# EOF\na 1 1000\n", false},
		{"# TYPE b unknown\na 1 1000\n", true},
		{"# TYPE b info\na 1 1000\n", true},
		{"# TYPE b StateSet\na 1 1000\n", true},
		{"# TYPE b gaugehistogram\na 1 1000\n", true},
		{"# TYPE b untyped\na 1 1000\n", false},
		{"# HELP b info\na 1 1000\n", false},
		{"# UNIT b_s s\na 1 1000\n", true},
		{"# UNIT tests are here\na 1 1000\n", false},
		{"a 1 1000\nb 1 # {} 1\n", true},
		{"a 1 1000\nb{l=\" # {} 1\"} 1\n", false},
		{"a 1 1000\nb{l=\"\\\" # {} 1\"} 1\n", false},
		{"a 1 1000\nb{l=\"#\"} 1 # {} 1\n", true},
	};
	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
		struct pitot_snapshot *snapshot =
			parse(texts[i].text, PITOT_FORMAT_AUTO, false, NULL);
		check_fatal(snapshot != NULL);
		struct pitot_sample sample = pitot_snapshot_sample(snapshot, 0);
		if (sample.timestamp_ms != (texts[i].open ? 1000000 : 1000))
			check_text("another format", texts[i].text);
		pitot_snapshot_free(snapshot);
	}
}

static void
timestamps_are_kept_in_milliseconds(void)
{
	static const struct {
		const char *word;
		enum pitot_format format;
		int64_t ms; /* PT_NO_TIME: refused */
	} times[] = {
		{"0", PITOT_TEXT_0_0_4, 0},
		{"-1", PITOT_TEXT_0_0_4, -1},
		{"+7", PITOT_TEXT_0_0_4, 7},
		{"9223372036854775807", PITOT_TEXT_0_0_4, INT64_MAX},
		{"-9223372036854775807", PITOT_TEXT_0_0_4, -INT64_MAX},
		{"-9223372036854775808", PITOT_TEXT_0_0_4, PT_NO_TIME},
		{"9223372036854775808", PITOT_TEXT_0_0_4, PT_NO_TIME},
		{"92233720368547758070", PITOT_TEXT_0_0_4, PT_NO_TIME},
		{"-", PITOT_TEXT_0_0_4, PT_NO_TIME},
		{"1e3", PITOT_TEXT_0_0_4, PT_NO_TIME},
		{"1700000000.123", PITOT_OPENMETRICS_1_0, 1700000000123},
		{"-1.5", PITOT_OPENMETRICS_1_0, -1500},
		{"1.7e9", PITOT_OPENMETRICS_1_0, 1700000000000},
		{"9e15", PITOT_OPENMETRICS_1_0, 9000000000000000000},
		{"9.3e15", PITOT_OPENMETRICS_1_0, PT_NO_TIME},
		{"-9.3e15", PITOT_OPENMETRICS_1_0, PT_NO_TIME},
		{"+Inf", PITOT_OPENMETRICS_1_0, PT_NO_TIME},
		{"NaN", PITOT_OPENMETRICS_1_0, PT_NO_TIME},
	};
	for (size_t i = 0; i < sizeof times / sizeof times[0]; i++) {
		char text[128];
		(void)snprintf(text, sizeof text, "a 1 %s\n", times[i].word);
		struct pitot_snapshot *snapshot = parse(text, times[i].format, false, NULL);
		check_int(snapshot != NULL, times[i].ms != PT_NO_TIME);
		if (snapshot == NULL)
			continue;
		struct pitot_sample sample = pitot_snapshot_sample(snapshot, 0);
		check_true(sample.has_timestamp);
		check_int(sample.timestamp_ms, times[i].ms);
		pitot_snapshot_free(snapshot);
	}
}

static void
every_nan_becomes_the_canonical_one(void)
{
	static const char *const texts[] = {"a NaN\n", "a nan\n", "a -NAN\n"};
	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
		struct pitot_snapshot *snapshot = parse(texts[i], PITOT_FORMAT_AUTO, false, NULL);
		check_fatal(snapshot != NULL);
		check_true(snapshot->bits[0] == PT_NUMBER_NAN);
		pitot_snapshot_free(snapshot);
	}
}

/* ---- limits ---- */

/* A text of the parts with `count` times `c` between them; to be freed. */
static char *
stretched(const char *before, char c, size_t count, const char *after)
{
	struct pt_buf text;
	size_t length;
	pt_buf_init(&text, PT_LIMIT_TEXT);
	pt_buf_str(&text, before);
	for (size_t i = 0; i < count; i++)
		pt_buf_char(&text, c);
	pt_buf_str(&text, after);
	pt_buf_char(&text, '\0');
	return pt_buf_take(&text, &length);
}

static void
lengths_are_limited(void)
{
	static const struct {
		const char *before, *after;
		size_t limit;
	} texts[] = {
		{"", " 1\n", PT_LIMIT_NAME},
		{"{\"", "\"} 1\n", PT_LIMIT_NAME},
		{"a{", "=\"v\"} 1\n", PT_LIMIT_NAME},
		{"# TYPE ", " counter\n", PT_LIMIT_NAME},
		{"# UNIT a ", "\n", PT_LIMIT_NAME},
		{"# HELP a ", "\n", PT_LIMIT_VALUE},
		{"a{l=\"", "\"} 1\n", PT_LIMIT_VALUE},
		{"a 1 # {t=\"", "\"} 1\n", PT_LIMIT_EXEMPLAR - 1},
	};
	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
		for (size_t over = 0; over < 2; over++) {
			struct pitot_error why = {0};
			char *text = stretched(
				texts[i].before, 'x', texts[i].limit + over, texts[i].after);
			struct pitot_snapshot *snapshot =
				parse(text, PITOT_OPENMETRICS_1_0, false, &why);
			check_int(snapshot != NULL, over == 0);
			check_int(why.code, over == 0 ? 0 : PITOT_NO_MEMORY);
			check_int(why.line, over);
			pitot_snapshot_free(snapshot);
			free(text);
		}
	}
}

/* text-formats 22 */
static void
exemplars_are_measured_in_code_points(void)
{
	struct pt_buf text;
	for (size_t over = 0; over < 2; over++) {
		pt_buf_init(&text, PT_LIMIT_TEXT);
		pt_buf_str(&text, "a 1 # {t=\"");
		for (size_t i = 0; i < PT_LIMIT_EXEMPLAR - 1 + over; i++)
			pt_buf_str(&text, "\xf0\x9f\x99\x82");
		pt_buf_str(&text, "\"} 1\n");
		check_int(parses(pt_buf_text(&text), PITOT_FORMAT_AUTO, false), over == 0);
		pt_buf_clear(&text);
	}
}

static void
labels_are_limited_in_number(void)
{
	for (size_t count = PT_LIMIT_LABELS; count <= PT_LIMIT_LABELS + 1; count++) {
		struct pt_buf text;
		struct pitot_error why = {0};
		pt_buf_init(&text, PT_LIMIT_TEXT);
		pt_buf_str(&text, "a{");
		/* Falling, so that they have to be sorted. */
		for (size_t i = count; i-- > 0;)
			pt_buf_printf(&text, "l%03zu=\"%zu\",", i, i);
		pt_buf_str(&text, "} 1\n");
		struct pitot_snapshot *snapshot =
			parse(pt_buf_text(&text), PITOT_FORMAT_AUTO, false, &why);
		check_int(snapshot != NULL, count == PT_LIMIT_LABELS);
		if (snapshot == NULL)
			check_contains(why.text, "too many labels");
		for (size_t i = 0; snapshot != NULL && i < count; i++) {
			struct pitot_sample sample = pitot_snapshot_sample(snapshot, 0);
			check_int(atoi(pitot_sample_label(&sample, i).value), i);
		}
		pitot_snapshot_free(snapshot);
		pt_buf_clear(&text);
	}
}

/* ---- the whole ---- */

static void
many_series_are_all_found_again(void)
{
	enum { count = 20000 };
	struct pt_buf text;
	pt_buf_init(&text, PT_LIMIT_TEXT);
	/* Round robin over families, so that nothing is in the order of the snapshot. */
	for (unsigned i = 0; i < count; i++)
		pt_buf_printf(&text, "m%u{a=\"%u\",b=\"x\"} %u\n", i % 7, i, i);
	struct pitot_snapshot *snapshot = parse(pt_buf_text(&text), PITOT_FORMAT_AUTO, false, NULL);
	check_fatal(snapshot != NULL);
	check_size(pitot_snapshot_size(snapshot), count);
	size_t index = 0, wrong = 0;
	for (unsigned family = 0; family < 7; family++)
		for (unsigned i = family; i < count; i += 7, index++) {
			struct pitot_sample sample = pitot_snapshot_sample(snapshot, index);
			if (sample.value != i || atoi(sample.family + 1) != (int)family)
				wrong++;
		}
	check_size(wrong, 0);
	pitot_snapshot_free(snapshot);
	pt_buf_clear(&text);
}

static void
text_without_a_final_nul_is_enough(void)
{
	char *text = malloc(3);
	check_fatal(text != NULL);
	memcpy(text, "a 1", 3);
	struct pitot_snapshot *snapshot = pitot_parse(text, 3, NULL, NULL);
	free(text);
	check_fatal(snapshot != NULL);
	check_text(pitot_snapshot_sample(snapshot, 0).family, "a");
	pitot_snapshot_free(snapshot);
	snapshot = pitot_parse(NULL, 0, NULL, NULL);
	check_fatal(snapshot != NULL);
	check_size(pitot_snapshot_size(snapshot), 0);
	pitot_snapshot_free(snapshot);
}

static void
errors_name_the_source(void)
{
	struct pitot_error why;
	const struct pitot_parse_options options = {.source = "dir/page"};
	static const char text[] = "a 1\nb 2\nc{l=\"v\"} N/A\n";
	check_true(pitot_parse(text, strlen(text), &options, &why) == NULL);
	check_text(why.text, "dir/page:3:10: expected a number, found \"N/A\"");
	check_int(why.line, 3);
	check_int(why.column, 10);
	check_int(why.code, PITOT_BAD_INPUT);
	check_true(pitot_parse(text, strlen(text), &options, NULL) == NULL);
}

static void
only_text_formats_can_be_parsed(void)
{
	struct pitot_error why;
	check_true(parse("a 1\n", PITOT_REMOTE_WRITE_1, false, &why) == NULL);
	check_int(why.code, PITOT_USAGE);
}

CHECK_MAIN("codec/parse", TEST(valid_texts_are_read_as_expected),
	TEST(invalid_texts_are_refused_with_place_and_reason),
	TEST(each_format_accepts_what_it_should_in_both_modes),
	TEST(the_format_is_found_by_content), TEST(timestamps_are_kept_in_milliseconds),
	TEST(every_nan_becomes_the_canonical_one), TEST(lengths_are_limited),
	TEST(exemplars_are_measured_in_code_points), TEST(labels_are_limited_in_number),
	TEST(many_series_are_all_found_again), TEST(text_without_a_final_nul_is_enough),
	TEST(errors_name_the_source), TEST(only_text_formats_can_be_parsed))
