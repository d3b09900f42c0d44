/* SPDX-License-Identifier: MIT */
/*
 * What a receiver answers is not trusted: it is kept up to a limit, read on up to another so that
 * the connection can be used again, and cut off there. Nothing here fails; what cannot be
 * understood is as if it had not been sent.
 */
#include "net/answer.h"

#include "base/utf8.h"
#include <curl/curl.h>
#include <string.h>
#include <strings.h>

/* What an answer may weigh in all; more ends the connection. */
enum { answer_most = 1 << 20 };

/* Of the year 9999; HTTP's dates have four digits. */
static const int64_t last_second = INT64_C(253402300799);

/* Control characters and broken UTF-8 become '?', so that a log line stays one. */
static void
make_printable(char *text)
{
	size_t length = strlen(text);
	for (size_t at = 0; at < length;) {
		size_t from = at;
		int32_t c = pt_utf8_next(text, length, &at);
		if (c < ' ' || (c >= 0x7f && c < 0xa0))
			memset(text + from, c == '\n' || c == '\t' || c == '\r' ? ' ' : '?',
				at - from);
	}
	while (length > 0 && text[length - 1] == ' ')
		text[--length] = '\0';
}

void
pt_answer_begin(struct pt_answer_reader *reader, struct pt_http_answer *answer)
{
	*answer = PT_HTTP_NO_ANSWER;
	*reader = (struct pt_answer_reader){.answer = answer};
}

void
pt_answer_end(struct pt_answer_reader *reader)
{
	make_printable(reader->answer->body);
}

/* Any other number than was handed over makes libcurl end the transfer and the connection. */
static size_t
count(struct pt_answer_reader *reader, size_t length)
{
	reader->seen += length;
	reader->too_long = reader->seen > answer_most;
	return reader->too_long ? 0 : length;
}

size_t
pt_answer_take_body(char *bytes, size_t one, size_t many, void *context)
{
	struct pt_answer_reader *reader = context;
	size_t length = one * many, room = PT_LIMIT_ANSWER - reader->kept;
	size_t kept = length < room ? length : room;
	char *to = reader->answer->body + reader->kept;
	memcpy(to, bytes, kept);
	for (size_t i = 0; i < kept; i++)
		to[i] = to[i] == '\0' ? '?' : to[i];
	reader->kept += kept;
	return count(reader, length);
}

static bool
is_header(
	const char *line, size_t length, const char *name, const char **value, size_t *value_length)
{
	size_t size = strlen(name);
	if (length <= size || line[size] != ':' || strncasecmp(line, name, size) != 0)
		return false;
	const char *at = line + size + 1, *end = line + length;
	while (at < end && (*at == ' ' || *at == '\t'))
		at++;
	while (end > at &&
		(end[-1] == '\r' || end[-1] == '\n' || end[-1] == ' ' || end[-1] == '\t'))
		end--;
	*value = at;
	*value_length = (size_t)(end - at);
	return true;
}

/*
 * Milliseconds since the epoch, -1 for anything else than a date. It begins with the day's name and
 * has a time of day; curl_getdate() sees dates in much else too.
 */
static int64_t
read_date(const char *value, size_t length)
{
	char text[64];
	if (length >= sizeof text)
		return -1;
	memcpy(text, value, length);
	text[length] = '\0';
	bool looks_right = strspn(text, "MTWFS") == 1 && strchr(text, ':') != NULL;
	time_t when = looks_right ? curl_getdate(text, NULL) : -1;
	return when < 0 || when > last_second ? -1 : (int64_t)when * 1000;
}

/* Seconds or a date; -1 for anything else, and for what lies in the past. */
static int64_t
retry_after(const char *value, size_t length)
{
	size_t digits = 0;
	int64_t seconds = 0;
	for (; digits < length && value[digits] >= '0' && value[digits] <= '9'; digits++)
		seconds = digits < 9 ? seconds * 10 + (value[digits] - '0') : 1000 * 1000 * 1000;
	if (digits == length)
		return length == 0 ? -1 : seconds * 1000;
	int64_t when_ms = read_date(value, length);
	if (when_ms < 0)
		return -1;
	int64_t left_ms = when_ms - pt_clock_real()->wall_ms(pt_clock_real());
	return left_ms < 0 ? -1 : left_ms;
}

/* A decimal number; -1 for anything else. */
static int64_t
number_of(const char *value, size_t length)
{
	int64_t number = 0;
	if (length == 0 || length > 18)
		return -1;
	for (size_t i = 0; i < length; i++) {
		if (value[i] < '0' || value[i] > '9')
			return -1;
		number = number * 10 + (value[i] - '0');
	}
	return number;
}

static void
take_written(struct pt_http_answer *answer, const char *line, size_t length)
{
	const struct {
		const char *name;
		int64_t *to;
	} headers[] = {
		{"X-Prometheus-Remote-Write-Samples-Written", &answer->samples_written},
		{"X-Prometheus-Remote-Write-Histograms-Written", &answer->histograms_written},
		{"X-Prometheus-Remote-Write-Exemplars-Written", &answer->exemplars_written},
	};
	const char *value = NULL;
	size_t value_length = 0;
	for (size_t i = 0; i < sizeof headers / sizeof headers[0]; i++)
		if (is_header(line, length, headers[i].name, &value, &value_length))
			*headers[i].to = number_of(value, value_length);
}

size_t
pt_answer_take_header(char *line, size_t one, size_t many, void *context)
{
	struct pt_answer_reader *reader = context;
	struct pt_http_answer *answer = reader->answer;
	size_t length = one * many, value_length = 0;
	const char *value = NULL;
	/* A status line: what came before was an interim answer, say 103 Early Hints. */
	if (length > 5 && strncmp(line, "HTTP/", 5) == 0)
		*answer = PT_HTTP_NO_ANSWER;
	take_written(answer, line, length);
	if (is_header(line, length, "Retry-After", &value, &value_length))
		answer->retry_after_ms = retry_after(value, value_length);
	if (is_header(line, length, "Date", &value, &value_length))
		answer->date_ms = read_date(value, value_length);
	if (is_header(line, length, "Location", &value, &value_length)) {
		if (value_length >= sizeof answer->location)
			value_length = sizeof answer->location - 1;
		memcpy(answer->location, value, value_length);
		answer->location[value_length] = '\0';
		make_printable(answer->location);
	}
	return count(reader, length);
}
