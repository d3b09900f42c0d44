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
#include "cli/sink_message.h"

/* The version of remote write; 0: a Pushgateway's request. */
static unsigned
version_of(const struct pitot_request *request)
{
	for (size_t i = 0; i < request->header_count; i++)
		if (strcmp(request->headers[i].name, "X-Prometheus-Remote-Write-Version") == 0)
			return strcmp(request->headers[i].value, "2.0.0") == 0 ? 2 : 1;
	return 0;
}

/* NULL, with preview->failed, if it cannot be decoded. */
static struct sink_write *
decode(struct cli_preview *preview, const struct pitot_request *request)
{
	struct sink_write *write =
		sink_write_decode(version_of(request), request->plain, request->plain_length);
	preview->failed = preview->failed || write == NULL;
	return write;
}

/* Whether a Pushgateway's body is protobuf. */
static bool
is_model(const struct pitot_request *request)
{
	for (size_t i = 0; i < request->header_count; i++)
		if (strcmp(request->headers[i].value, SINK_MODEL_TYPE) == 0)
			return true;
	return false;
}

/* A Pushgateway's body as text. */
static void
body_text(struct cli_preview *preview, const struct pitot_request *request, struct sink_text *out)
{
	const char *wrong = NULL;
	if (is_model(request))
		wrong = sink_model_text(out, request->body, request->body_length);
	else
		sink_text_add(out, (struct sink_span){request->body, request->body_length});
	preview->failed = preview->failed || wrong != NULL || out->failed;
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

/* Times as the API of Prometheus writes them. */
static void
put_time(int64_t ms)
{
	printf("%lld.%03lld", (long long)ms / 1000, (long long)ms % 1000);
}

static void
put_number(double value)
{
	struct sink_text number = {.bytes = NULL};
	sink_text_number(&number, value, false);
	printf("\"%s\"", sink_text_chars(&number));
	sink_text_clear(&number);
}

static void
put_labels(const struct sink_pairs *labels)
{
	fputs("\"labels\": {", stdout);
	for (size_t i = 0; i < labels->count; i++) {
		fputs(i == 0 ? "" : ", ", stdout);
		put_json(labels->list[i].name, strlen(labels->list[i].name));
		fputs(": ", stdout);
		put_json(labels->list[i].value, strlen(labels->list[i].value));
	}
	putchar('}');
}

/* [seconds, "value"] each; of a native histogram, what the text form shows. */
static void
put_values(const struct sink_timeseries *series)
{
	fputs(", \"samples\": [", stdout);
	for (size_t i = 0; i < series->sample_count; i++) {
		fputs(i == 0 ? "[" : ", [", stdout);
		put_time(series->samples[i].time_ms);
		fputs(", ", stdout);
		put_number(series->samples[i].value);
		putchar(']');
	}
	fputs(series->native_count > 0 ? "], \"histograms\": [" : "", stdout);
	for (size_t i = 0; i < series->native_count; i++) {
		struct sink_text text = {.bytes = NULL};
		sink_text_native(&text, &series->natives[i]);
		fputs(i == 0 ? "[" : ", [", stdout);
		put_time(series->natives[i].time_ms);
		printf(", \"%s\"]", sink_text_chars(&text));
		sink_text_clear(&text);
	}
	putchar(']');
}

/* What only some series have. */
static void
put_extras(const struct sink_timeseries *series)
{
	int64_t start_ms = series->sample_count > 0 ? series->samples[0].start_ms
		: series->native_count > 0          ? series->natives[0].start_ms
						    : 0;
	if (start_ms != 0) {
		fputs(", \"start\": ", stdout);
		put_time(start_ms);
	}
	fputs(series->exemplar_count > 0 ? ", \"exemplars\": [" : "", stdout);
	for (size_t i = 0; i < series->exemplar_count; i++) {
		fputs(i == 0 ? "{" : ", {", stdout);
		put_labels(&series->exemplars[i].labels);
		fputs(", \"value\": ", stdout);
		put_number(series->exemplars[i].value);
		fputs(", \"time\": ", stdout);
		put_time(series->exemplars[i].time_ms);
		putchar('}');
	}
	fputs(series->exemplar_count > 0 ? "]" : "", stdout);
}

static void
put_metadata(int type, const char *help, const char *unit)
{
	const char *text = sink_type_text(type);
	printf(", \"type\": \"%s\", \"help\": ", text != NULL ? text : "unknown");
	put_json(help, strlen(help));
	if (*unit != '\0') {
		fputs(", \"unit\": ", stdout);
		put_json(unit, strlen(unit));
	}
}

static void
put_write(struct cli_preview *preview, const struct pitot_request *request)
{
	struct sink_write *write = decode(preview, request);
	fputs("\"series\": [", stdout);
	for (size_t i = 0; write != NULL && i < write->series_count; i++) {
		const struct sink_timeseries *series = &write->series[i];
		printf("%s\n   {", i == 0 ? "" : ",");
		put_labels(&series->labels);
		put_values(series);
		put_extras(series);
		if (series->is_described)
			put_metadata(series->type, series->help, series->unit);
		putchar('}');
	}
	putchar(']');
	bool tells = write != NULL && write->described_count > 0;
	fputs(tells ? ",\n  \"metadata\": [" : "", stdout);
	for (size_t i = 0; tells && i < write->described_count; i++) {
		const struct sink_described *described = &write->described[i];
		printf("%s\n   {\"family\": ", i == 0 ? "" : ",");
		put_json(described->name, strlen(described->name));
		put_metadata(described->type, described->help, described->unit);
		putchar('}');
	}
	fputs(tells ? "]" : "", stdout);
	sink_write_free(write);
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
	if (version_of(request) != 0) {
		put_write(preview, request);
	} else {
		struct sink_text text = {.bytes = NULL};
		body_text(preview, request, &text);
		fputs("\"text\": ", stdout);
		put_json(sink_text_chars(&text), text.length);
		sink_text_clear(&text);
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
show_write(struct cli_preview *preview, const struct pitot_request *request)
{
	struct sink_write *write = decode(preview, request);
	struct sink_table told = {.count = 0};
	size_t samples = 0;
	if (write == NULL)
		return;
	sink_print_metadata(stdout, write, &told);
	for (size_t i = 0; i < write->series_count; i++) {
		samples += write->series[i].sample_count + write->series[i].native_count;
		sink_print_series(stdout, &write->series[i]);
	}
	printf("# %zu series, %zu samples; %zu bytes, %zu compressed\n", write->series_count,
		samples, request->plain_length, request->body_length);
	sink_table_clear(&told, NULL);
	sink_write_free(write);
}

static void
show_push(struct cli_preview *preview, const struct pitot_request *request)
{
	struct sink_text text = {.bytes = NULL};
	body_text(preview, request, &text);
	fwrite(sink_text_chars(&text), 1, text.length, stdout);
	if (is_model(request))
		printf("# %zu bytes of protobuf\n", request->body_length);
	sink_text_clear(&text);
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
	if (version_of(request) != 0)
		show_write(preview, request);
	else
		show_push(preview, request);
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
