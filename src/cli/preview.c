/* SPDX-License-Identifier: MIT */
/*
 * --dry-run: each request as a person reads it (the request line, the headers, the text or the
 * series), as JSON, or as the bytes of the body. The library has hidden the secrets already.
 */
#include "cli/cli.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

static bool
is_packed(const struct pitot_request *request)
{
	return request->plain != request->body;
}

static void
show_json(const struct cli_preview *preview, const struct pitot_request *request)
{
	static const char hex[] = "0123456789abcdef";
	fputs(preview->count == 0 ? "[\n" : ",\n", stdout);
	printf(" {\"method\": \"%s\", \"url\": ", request->method);
	put_json(request->url, strlen(request->url));
	fputs(", \"headers\": {", stdout);
	for (size_t i = 0; i < request->header_count; i++) {
		fputs(i == 0 ? "" : ", ", stdout);
		put_json(request->headers[i].name, strlen(request->headers[i].name));
		fputs(": ", stdout);
		put_json(request->headers[i].value, strlen(request->headers[i].value));
	}
	printf("},\n  \"bytes\": %zu, \"plain_bytes\": %zu, ", request->body_length,
		request->plain_length);
	if (!is_packed(request)) {
		fputs("\"body\": ", stdout);
		put_json(request->body, request->body_length);
	} else {
		const unsigned char *body = request->body;
		fputs("\"body_hex\": \"", stdout);
		for (size_t i = 0; i < request->body_length; i++)
			printf("%c%c", hex[body[i] >> 4], hex[body[i] & 15]);
		putchar('"');
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
show_text(const struct cli_preview *preview, const struct pitot_request *request)
{
	if (preview->count > 0)
		putchar('\n');
	printf("%s %s\n", request->method, request->url);
	for (size_t i = 0; i < request->header_count; i++)
		printf("%s: %s\n", request->headers[i].name, request->headers[i].value);
	putchar('\n');
	if (is_packed(request))
		printf("# %zu bytes, %zu before compression\n", request->body_length,
			request->plain_length);
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
	preview->packed = preview->packed || is_packed(request);
	preview->count++;
}

void
cli_preview_end(const struct cli_preview *preview)
{
	char *text;
	size_t length;
	const struct pitot_encode_options options = {
		.timestamps = true, .labels = preview->labels, .label_count = preview->label_count};
	if (preview->how == CLI_SHOW_JSON)
		puts(preview->count == 0 ? "[]" : "\n]");
	/* Remote write's body is not for people: the series are shown as text, labels and all. */
	if (preview->how != CLI_SHOW_TEXT || !preview->packed ||
		pitot_encode(preview->snapshot, PITOT_TEXT_0_0_4, &options, &text, &length, NULL) !=
			0)
		return;
	fwrite(text, 1, length, stdout);
	free(text);
	printf("# %zu series in %zu request%s\n", pitot_snapshot_size(preview->snapshot),
		preview->count, preview->count == 1 ? "" : "s");
}
