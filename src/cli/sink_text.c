/* SPDX-License-Identifier: MIT */
/*
 * Text for the sink: spans, a growing text, numbers, names, and the encodings of a URL path. Memory
 * that runs out sticks in the text (`failed`); decoders return NULL for what is malformed.
 */
#include "cli/sink.h"

#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

/* ---- spans ---- */

bool
sink_span_is(struct sink_span span, const char *text)
{
	return sink_span_equal(span, SPAN(text));
}

bool
sink_span_equal(struct sink_span a, struct sink_span b)
{
	return a.length == b.length && (a.length == 0 || memcmp(a.at, b.at, a.length) == 0);
}

bool
sink_span_ends(struct sink_span span, const char *suffix)
{
	size_t length = strlen(suffix);
	return span.length >= length && memcmp(span.at + span.length - length, suffix, length) == 0;
}

int
sink_span_compare(struct sink_span a, struct sink_span b)
{
	size_t length = a.length < b.length ? a.length : b.length;
	int order = length > 0 ? memcmp(a.at, b.at, length) : 0;
	if (order != 0)
		return order;
	return a.length < b.length ? -1 : a.length > b.length;
}

/* ---- the growing text ---- */

void
sink_text_clear(struct sink_text *text)
{
	free(text->bytes);
	*text = (struct sink_text){0};
}

static bool
reserve(struct sink_text *text, size_t more)
{
	if (text->failed || more >= SINK_LIMIT_TEXT - text->length) {
		text->failed = true;
		return false;
	}
	if (text->length + more < text->capacity)
		return true;
	size_t capacity = text->capacity != 0 ? text->capacity : 64;
	while (capacity <= text->length + more)
		capacity *= 2;
	char *bytes = realloc(text->bytes, capacity);
	if (bytes == NULL) {
		text->failed = true;
		return false;
	}
	text->bytes = bytes;
	text->capacity = capacity;
	return true;
}

void
sink_text_add(struct sink_text *text, struct sink_span span)
{
	if (!reserve(text, span.length))
		return;
	if (span.length > 0)
		memcpy(text->bytes + text->length, span.at, span.length);
	text->length += span.length;
	text->bytes[text->length] = '\0';
}

void
sink_text_str(struct sink_text *text, const char *bytes)
{
	sink_text_add(text, SPAN(bytes));
}

void
sink_text_format(struct sink_text *text, const char *format, ...)
{
	va_list list, again;
	va_start(list, format);
	va_copy(again, list);
	int length = vsnprintf(NULL, 0, format, list);
	va_end(list);
	if (length < 0)
		text->failed = true;
	else if (reserve(text, (size_t)length)) {
		(void)vsnprintf(text->bytes + text->length, (size_t)length + 1, format, again);
		text->length += (size_t)length;
	}
	va_end(again);
}

void
sink_text_escaped(struct sink_text *text, struct sink_span value)
{
	for (size_t i = 0; i < value.length; i++) {
		char c = value.at[i];
		if (c == '\n')
			sink_text_str(text, "\\n");
		else if (c == '\\' || c == '"')
			sink_text_format(text, "\\%c", c);
		else
			sink_text_add(text, (struct sink_span){&c, 1});
	}
}

const char *
sink_text_chars(const struct sink_text *text)
{
	return text->bytes != NULL ? text->bytes : "";
}

/* ---- numbers ---- */

/* The command never calls setlocale(), so that printf() and strtod() stay in the C locale. */
static int
shortest(double value, char *digits)
{
	char form[40];
	for (int precision = 0; precision < 17; precision++) {
		(void)snprintf(form, sizeof form, "%.*e", precision, value);
		if (strtod(form, NULL) == value)
			break;
	}
	const char *at = form;
	size_t count = 0;
	for (; *at != 'e'; at++)
		if (*at != '.')
			digits[count++] = *at;
	digits[count] = '\0';
	return (int)strtol(at + 1, NULL, 10);
}

/* Digits with the point behind the first `whole` ones. */
static void
add_fixed(struct sink_text *text, const char *digits, int whole)
{
	int count = (int)strlen(digits);
	if (whole <= 0) {
		sink_text_str(text, "0.");
		for (; whole < 0; whole++)
			sink_text_str(text, "0");
		sink_text_str(text, digits);
		return;
	}
	for (int i = 0; i < count || i < whole; i++)
		sink_text_format(text, "%s%c", i == whole ? "." : "", i < count ? digits[i] : '0');
}

void
sink_text_number(struct sink_text *text, double value, bool open)
{
	char digits[40];
	if (isnan(value)) {
		sink_text_str(text, "NaN");
		return;
	}
	if (isinf(value)) {
		sink_text_str(text, value > 0 ? "+Inf" : "-Inf");
		return;
	}
	if (signbit(value))
		sink_text_str(text, "-");
	int exponent = shortest(fabs(value), digits);
	int count = (int)strlen(digits);
	if (exponent < -4 || exponent >= 6) {
		sink_text_format(text, "%c%s%se%c%02d", digits[0], count > 1 ? "." : "", digits + 1,
			exponent < 0 ? '-' : '+', abs(exponent));
		return;
	}
	add_fixed(text, digits, exponent + 1);
	if (open && count <= exponent + 1)
		sink_text_str(text, ".0");
}

/* ---- characters ---- */

/* The bytes of the character that begins here, 0 if it is none. */
static size_t
utf8_length(const unsigned char *at, size_t left)
{
	static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
	if (at[0] < 0x80)
		return 1;
	size_t length = at[0] >= 0xf0 ? 4 : at[0] >= 0xe0 ? 3 : 2;
	if (at[0] < 0xc2 || at[0] > 0xf4 || left < length)
		return 0;
	uint32_t point = at[0] & (0xffu >> (length + 1));
	for (size_t i = 1; i < length; i++) {
		if ((at[i] & 0xc0) != 0x80)
			return 0;
		point = point << 6 | (at[i] & 0x3f);
	}
	bool surrogate = point >= 0xd800 && point <= 0xdfff;
	return point < least[length] || point > 0x10ffff || surrogate ? 0 : length;
}

bool
sink_utf8_valid(struct sink_span span)
{
	for (size_t at = 0; at < span.length;) {
		size_t step = utf8_length((const unsigned char *)span.at + at, span.length - at);
		if (step == 0)
			return false;
		at += step;
	}
	return true;
}

static bool
is_name(struct sink_span name, bool colon)
{
	for (size_t i = 0; i < name.length; i++) {
		char c = name.at[i];
		bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
		bool digit = c >= '0' && c <= '9' && i > 0;
		if (!letter && !digit && !(colon && c == ':'))
			return false;
	}
	return name.length > 0;
}

bool
sink_is_metric_name(struct sink_span name)
{
	return is_name(name, true);
}

bool
sink_is_label_name(struct sink_span name)
{
	return is_name(name, false);
}

/* ---- encodings of a path ---- */

static int
hex(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

char *
sink_percent_decode(struct sink_span in, size_t *length)
{
	char *out = malloc(in.length + 1);
	size_t to = 0;
	if (out == NULL)
		return NULL;
	for (size_t i = 0; i < in.length; i++) {
		char c = in.at[i];
		if (c == '%') {
			bool whole = in.length - i > 2;
			int high = whole ? hex(in.at[i + 1]) : -1,
			    low = whole ? hex(in.at[i + 2]) : -1;
			if (high < 0 || low < 0) {
				free(out);
				return NULL;
			}
			c = (char)(high * 16 + low);
			i += 2;
		}
		out[to++] = c;
	}
	out[to] = '\0';
	*length = to;
	return out;
}

static int
base64url(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	return c == '-' ? 62 : c == '_' ? 63 : -1;
}

char *
sink_base64url_decode(struct sink_span in, size_t *length)
{
	while (in.length > 0 && in.at[in.length - 1] == '=')
		in.length--;
	char *out = malloc(in.length / 4 * 3 + 4);
	uint32_t bits = 0;
	size_t to = 0;
	bool good = out != NULL && in.length % 4 != 1;
	for (size_t i = 0; good && i < in.length; i++) {
		int six = base64url(in.at[i]);
		good = six >= 0;
		bits = bits << 6 | (uint32_t)(six & 63);
		/* Each character but the first of four completes a byte. */
		if (i % 4 != 0)
			out[to++] = (char)(bits >> (6 - 2 * (i % 4)) & 0xff);
	}
	if (!good) {
		free(out);
		return NULL;
	}
	out[to] = '\0';
	*length = to;
	return out;
}

void
sink_text_base64(struct sink_text *text, struct sink_span in)
{
	static const char alphabet[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	for (size_t i = 0; i < in.length; i += 3) {
		size_t left = in.length - i;
		uint32_t bits = (uint32_t)(unsigned char)in.at[i] << 16;
		if (left > 1)
			bits |= (uint32_t)(unsigned char)in.at[i + 1] << 8;
		if (left > 2)
			bits |= (unsigned char)in.at[i + 2];
		sink_text_format(text, "%c%c%c%c", alphabet[bits >> 18], alphabet[bits >> 12 & 63],
			left > 1 ? alphabet[bits >> 6 & 63] : '=',
			left > 2 ? alphabet[bits & 63] : '=');
	}
}
