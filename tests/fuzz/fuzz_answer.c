/* SPDX-License-Identifier: MIT */
/*
 * Fuzzes the reader of answers as libcurl hands them over: header lines up to an empty one, then
 * the body in pieces. Whatever comes, numbers are in their ranges and texts end and are printable.
 */
#include "fuzz/fuzz.h"
#include "net/answer.h"
#include <stdlib.h>
#include <string.h>

static void
require(bool condition)
{
	if (!condition)
		abort();
}

static void
check_printable(const char *text, size_t size)
{
	size_t length = strnlen(text, size);
	require(length < size);
	for (size_t i = 0; i < length; i++)
		require((unsigned char)text[i] >= 0x20 && text[i] != 0x7f);
}

/* Each piece is memory of its own, so that one byte too far is seen. */
static size_t
hand_over(size_t (*take)(char *, size_t, size_t, void *), const uint8_t *bytes, size_t length,
	struct pt_answer_reader *reader)
{
	char *piece = malloc(length + 1);
	require(piece != NULL);
	memcpy(piece, bytes, length);
	size_t taken = take(piece, 1, length, reader);
	free(piece);
	return taken;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct pt_http_answer answer;
	struct pt_answer_reader reader;
	size_t at = 0;
	bool more = true;
	pt_answer_begin(&reader, &answer);
	while (more && at < size) {
		const uint8_t *end = memchr(data + at, '\n', size - at);
		size_t length = end == NULL ? size - at : (size_t)(end - data) + 1 - at;
		more = hand_over(pt_answer_take_header, data + at, length, &reader) == length &&
			length > 2;
		at += length;
	}
	for (size_t piece = 1; at < size; at += piece, piece = piece % 700 + 97) {
		size_t length = size - at < piece ? size - at : piece;
		(void)hand_over(pt_answer_take_body, data + at, length, &reader);
	}
	pt_answer_end(&reader);
	require(answer.retry_after_ms >= -1 && answer.date_ms >= -1);
	require(answer.samples_written >= -1 && answer.histograms_written >= -1 &&
		answer.exemplars_written >= -1);
	check_printable(answer.body, sizeof answer.body);
	check_printable(answer.location, sizeof answer.location);
	return 0;
}
