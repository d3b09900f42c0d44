/* SPDX-License-Identifier: MIT */
/*
 * Fuzzes what the sink does with a request: snappy, protobuf, text, paths, and every rule. The
 * first byte says what the rest is; with its highest bit it is remote write 2.0, or protobuf to a
 * Pushgateway. Any bytes are answered with one of the statuses of a receiver.
 */
#include "cli/sink.h"
#include "fuzz/fuzz.h"
#include <snappy-c.h>
#include <stdlib.h>
#include <string.h>

static FILE *nowhere;
static bool newer; /* remote write 2.0, or protobuf */

static void
serve(struct sink *sink, const char *method, const char *target, const char *body, size_t length)
{
	bool write = strstr(target, "write") != NULL;
	struct sink_header headers[] = {{"Content-Type", SINK_MODEL_TYPE},
		{"Content-Encoding", "snappy"}, {"Retry-Attempt", "1"}};
	if (!newer)
		headers[0].value = write ? "application/x-protobuf" : "text/plain";
	else if (write)
		headers[0].value = "application/x-protobuf;proto=io.prometheus.write.v2.Request";
	struct sink_request request = {.method = method,
		.target = target,
		.headers = headers,
		.header_count = write ? 3 : 1,
		.body = {body, length},
		.wall_ms = INT64_C(1700000000000),
		.mono_ms = 1000};
	struct sink_answer answer;
	struct sink_fault fault;
	sink_serve(sink, &request, &answer, &fault);
	if (answer.status < 200 || answer.status > 500)
		abort();
	if (answer.accepted != (answer.status < 300 && strcmp(method, "GET") != 0))
		abort();
	sink_text_clear(&answer.body);
}

/* Compressed here, so that the fuzzer gets behind snappy. */
static void
write_plain(struct sink *sink, const char *body, size_t length)
{
	size_t size = snappy_max_compressed_length(length);
	char *block = malloc(size);
	if (block == NULL || snappy_compress(body, length, block, &size) != SNAPPY_OK)
		abort();
	serve(sink, "POST", "/api/v1/write", block, size);
	serve(sink, "POST", "/api/v1/write", block, size);
	free(block);
}

/* A path and, behind a NUL, a body. */
static void
push_path(struct sink *sink, const char *text, size_t length)
{
	size_t path = strlen(text);
	struct sink_text target = {0};
	sink_text_format(&target, "/metrics/job/%s", text);
	const char *body = path < length ? text + path + 1 : "";
	serve(sink, "POST", sink_text_chars(&target), body, path < length ? length - path - 1 : 0);
	serve(sink, "DELETE", sink_text_chars(&target), "", 0);
	sink_text_clear(&target);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (nowhere == NULL)
		nowhere = fopen("/dev/null", "w");
	struct sink sink = {
		.route_prefix = "", .plain_limit = 1 << 16, .out = nowhere, .err = nowhere};
	char *text = malloc(size + 1);
	if (size == 0 || text == NULL || nowhere == NULL) {
		free(text);
		return 0;
	}
	/* As the sink hands it on: with a NUL behind it. */
	memcpy(text, data + 1, size - 1);
	text[size - 1] = '\0';
	newer = data[0] >= 0x80;
	switch (data[0] % 4) {
	case 0:
		serve(&sink, "POST", "/api/v1/write", text, size - 1);
		break;
	case 1:
		write_plain(&sink, text, size - 1);
		break;
	case 2:
		serve(&sink, "PUT", "/metrics/job/a/b/c", text, size - 1);
		serve(&sink, "POST", "/metrics/job/a/b/c", text, size - 1);
		serve(&sink, "GET", "/metrics", "", 0);
		break;
	default:
		push_path(&sink, text, size - 1);
	}
	sink_clear(&sink);
	free(text);
	return 0;
}
