/* SPDX-License-Identifier: MIT */
/*
 * --dry-run: each request as a person reads it (the request line, the headers, the text or the
 * series), as JSON, or as the bytes of the body. The series of remote write are decoded from the
 * request's own bytes. The library has hidden the secrets already.
 */
#include "cli/cli.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "cli/sink.h"
#include "proto/remote_write_v1.pb-c.h"

/* NULL, with preview->failed, if it cannot be decoded. */
static Prometheus__WriteRequest *
decode(struct cli_preview *preview, const struct pitot_request *request)
{
	Prometheus__WriteRequest *write =
		prometheus__write_request__unpack(NULL, request->plain_length, request->plain);
	preview->failed = preview->failed || write == NULL;
	return write;
}

/* ---- JSON ---- */

static void
put_json(const char *text, size_t length)
{
	putchar('"');
	for (size_t i = 0; i < length; i++) {
		unsigned char c = (unsigned char)text[i];
		if (c == '"' || c == '\\')
			printf("\\%c", c);
		else if (c == '\n')
			fputs("\\n", stdout);
		else if (c < ' ')
			printf("\\u%04x", c);
		else
			putchar(c);
	}
	putchar('"');
}

/* Samples as the API of Prometheus writes them: [seconds, "value"]. */
static void
put_samples(const Prometheus__TimeSeries *series)
{
	for (size_t i = 0; i < series->n_samples; i++) {
		struct sink_text number = {.bytes = NULL};
		int64_t ms = series->samples[i]->timestamp;
		sink_text_number(&number, series->samples[i]->value, false);
		printf("%s[%lld.%03lld, \"%s\"]", i == 0 ? "" : ", ", (long long)ms / 1000,
			(long long)ms % 1000, sink_text_chars(&number));
		sink_text_clear(&number);
	}
}

static void
put_series(struct cli_preview *preview, const struct pitot_request *request)
{
	Prometheus__WriteRequest *write = decode(preview, request);
	for (size_t i = 0; write != NULL && i < write->n_timeseries; i++) {
		const Prometheus__TimeSeries *series = write->timeseries[i];
		printf("%s\n   {\"labels\": {", i == 0 ? "" : ",");
		for (size_t k = 0; k < series->n_labels; k++) {
			fputs(k == 0 ? "" : ", ", stdout);
			put_json(series->labels[k]->name, strlen(series->labels[k]->name));
			fputs(": ", stdout);
			put_json(series->labels[k]->value, strlen(series->labels[k]->value));
		}
		fputs("}, \"samples\": [", stdout);
		put_samples(series);
		fputs("]}", stdout);
	}
	if (write != NULL)
		prometheus__write_request__free_unpacked(write, NULL);
}

static void
show_json(struct cli_preview *preview, const struct pitot_request *request)
{
	fputs(preview->count == 0 ? "[\n" : ",\n", stdout);
	printf(" {\"method\": \"%s\", \"url\": ", request->method);
	put_json(request->url, strlen(request->url));
	fputs(",\n  \"headers\": {", stdout);
	for (size_t i = 0; i < request->header_count; i++) {
		fputs(i == 0 ? "" : ", ", stdout);
		put_json(request->headers[i].name, strlen(request->headers[i].name));
		fputs(": ", stdout);
		put_json(request->headers[i].value, strlen(request->headers[i].value));
	}
	printf("},\n  \"bytes\": %zu, \"plain_bytes\": %zu,\n  ", request->body_length,
		request->plain_length);
	if (preview->protocol == PITOT_PROTOCOL_REMOTE_WRITE) {
		fputs("\"series\": [", stdout);
		put_series(preview, request);
		putchar(']');
	} else {
		fputs("\"text\": ", stdout);
		put_json(request->body, request->body_length);
	}
	putchar('}');
}

/* ---- hexadecimal, as hexdump -C ---- */

static void
show_hex(const struct pitot_request *request)
{
	const unsigned char *body = request->body;
	for (size_t from = 0; from < request->body_length; from += 16) {
		size_t count = request->body_length - from < 16 ? request->body_length - from : 16;
		printf("%08zx ", from);
		for (size_t i = 0; i < 16; i++) {
			fputs(i == 8 ? "  " : " ", stdout);
			if (i < count)
				printf("%02x", body[from + i]);
			else
				fputs("  ", stdout);
		}
		fputs("  |", stdout);
		for (size_t i = 0; i < count; i++)
			putchar(body[from + i] >= ' ' && body[from + i] < 0x7f ? body[from + i]
									       : '.');
		puts("|");
	}
	printf("%08zx\n", request->body_length);
}

/* ---- text ---- */

static void
show_series(struct cli_preview *preview, const struct pitot_request *request)
{
	Prometheus__WriteRequest *write = decode(preview, request);
	size_t samples = 0;
	if (write == NULL)
		return;
	for (size_t i = 0; i < write->n_timeseries; i++) {
		samples += write->timeseries[i]->n_samples;
		sink_print_series(stdout, write->timeseries[i]);
	}
	printf("# %zu series, %zu samples, %zu families described; %zu bytes, %zu compressed\n",
		write->n_timeseries, samples, write->n_metadata, request->plain_length,
		request->body_length);
	prometheus__write_request__free_unpacked(write, NULL);
}

static void
show_text(struct cli_preview *preview, const struct pitot_request *request)
{
	if (preview->count > 0)
		putchar('\n');
	printf("%s %s\n", request->method, request->url);
	for (size_t i = 0; i < request->header_count; i++)
		printf("%s: %s\n", request->headers[i].name, request->headers[i].value);
	putchar('\n');
	if (preview->protocol == PITOT_PROTOCOL_REMOTE_WRITE)
		show_series(preview, request);
	else
		fwrite(request->body, 1, request->body_length, stdout);
}

void
cli_preview_show(void *context, const struct pitot_request *request)
{
	struct cli_preview *preview = context;
	switch (preview->how) {
	case CLI_SHOW_JSON:
		show_json(preview, request);
		break;
	case CLI_SHOW_HEX:
		show_hex(request);
		break;
	default:
		show_text(preview, request);
	}
	preview->count++;
}

void
cli_preview_end(const struct cli_preview *preview)
{
	if (preview->how == CLI_SHOW_JSON)
		puts(preview->count == 0 ? "[]" : "\n]");
}
