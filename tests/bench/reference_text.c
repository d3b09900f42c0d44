/* SPDX-License-Identifier: MIT */
/* See reference_text.h. What is no text of the workloads ends the process. */
#include "reference_text.h"

#include "measure.h"
#include "workload.h"
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum {
	block = 32, /* bytes that are copied at once: so many more may be written than a line has */
	buckets = 13, /* of a histogram, the last of infinity */
	child_lines = buckets + 2,
};

struct child {
	_Atomic uint64_t buckets[buckets]; /* not cumulative */
	_Atomic double sum;
};

struct reference_text {
	char kind;
	char *head, *out; /* what stands before the first line; where the text is written */
	size_t head_length, length;
	char *beginnings; /* of all lines, one after another */
	unsigned char *lengths;
	size_t lines, turn;
	_Atomic uint64_t *counters; /* of C, G and H, the others are NULL */
	_Atomic double *gauges;
	struct child *children;
};

/* ---- writing ---- */

static inline char *
put_beginning(char *at, const char *beginning, size_t length)
{
	size_t i = 0;
	do
		memcpy(at + i, beginning + i, block);
	while ((i += block) < length);
	return at + length;
}

/* Halves, quarters and digits of a number below 100,000,000, in the bytes of a word. */
static inline char *
put_whole(char *at, uint64_t value)
{
	if (value >= 100000000)
		return at + reference_to_chars(at, (double)value);
	uint64_t digits = value / 10000 | value % 10000 << 32;
	uint64_t high = digits * 10486 >> 20 & 0x7f0000007fu; /* by 100 */
	digits = high | (digits - high * 100) << 16;
	high = digits * 103 >> 10 & 0x000f000f000f000fu; /* by 10 */
	digits = high | (digits - high * 10) << 8;
	unsigned zeros = (unsigned)__builtin_ctzll(digits | UINT64_C(1) << 56) / 8;
	digits = (digits | 0x3030303030303030u) >> 8 * zeros;
	memcpy(at, &digits, sizeof digits);
	return at + 8 - zeros;
}

static inline char *
end_line(char *at)
{
	*at = '\n';
	return at + 1;
}

/* relaxed, here and below: nothing else is to be seen with a number. */
static char *
write_counters(const struct reference_text *text, char *at)
{
	const char *beginning = text->beginnings;
	for (size_t i = 0; i < text->lines; i++) {
		at = put_beginning(at, beginning, text->lengths[i]);
		at = put_whole(at, atomic_load_explicit(&text->counters[i], memory_order_relaxed));
		at = end_line(at);
		beginning += text->lengths[i];
	}
	return at;
}

static char *
write_gauges(const struct reference_text *text, char *at)
{
	const char *beginning = text->beginnings;
	for (size_t i = 0; i < text->lines; i++) {
		at = put_beginning(at, beginning, text->lengths[i]);
		at += reference_to_chars(
			at, atomic_load_explicit(&text->gauges[i], memory_order_relaxed));
		at = end_line(at);
		beginning += text->lengths[i];
	}
	return at;
}

static char *
write_children(const struct reference_text *text, char *at)
{
	const char *beginning = text->beginnings;
	const unsigned char *length = text->lengths;
	for (size_t i = 0; i < text->lines / child_lines; i++) {
		const struct child *child = &text->children[i];
		uint64_t count = 0;
		for (size_t k = 0; k < buckets; k++) {
			count += atomic_load_explicit(&child->buckets[k], memory_order_relaxed);
			at = put_beginning(at, beginning, *length);
			at = end_line(put_whole(at, count));
			beginning += *length++;
		}
		at = put_beginning(at, beginning, *length);
		at += reference_to_chars(
			at, atomic_load_explicit(&child->sum, memory_order_relaxed));
		at = end_line(at);
		beginning += *length++;
		at = put_beginning(at, beginning, *length);
		at = end_line(put_whole(at, count));
		beginning += *length++;
	}
	return at;
}

static size_t
write_all(const struct reference_text *text)
{
	char *at = text->out;
	memcpy(at, text->head, text->head_length);
	at += text->head_length;
	if (text->kind == 'C')
		at = write_counters(text, at);
	else if (text->kind == 'G')
		at = write_gauges(text, at);
	else
		at = write_children(text, at);
	return (size_t)(at - text->out);
}

void
reference_text_write(void *context, size_t times)
{
	struct reference_text *text = context;
	for (size_t i = 0; i < times; i++) {
		text->length = write_all(text);
		__asm__ volatile("" : : "r"(text->out) : "memory");
	}
}

/* ---- the values ---- */

static void
add_whole(_Atomic uint64_t *cell, uint64_t more)
{
	atomic_store_explicit(cell, atomic_load_explicit(cell, memory_order_relaxed) + more,
		memory_order_relaxed);
}

static void
observe(struct child *child, double value)
{
	size_t at = 0;
	for (size_t i = 0; i < workload_buckets.count; i++)
		at += value > workload_buckets.bounds[i];
	add_whole(&child->buckets[at], 1);
	atomic_store_explicit(&child->sum,
		atomic_load_explicit(&child->sum, memory_order_relaxed) + value,
		memory_order_relaxed);
}

void
reference_text_advance(void *context)
{
	struct reference_text *text = context;
	size_t count = text->kind == 'H' ? text->lines / child_lines : text->lines;
	size_t from = ++text->turn * count;
	for (size_t i = 0; i < count; i++)
		if (text->kind == 'C')
			add_whole(&text->counters[i], 1);
		else if (text->kind == 'G')
			atomic_store_explicit(
				&text->gauges[i], workload_ratio(from + i), memory_order_relaxed);
		else
			observe(&text->children[i], workload_duration(from + i));
}

/* The value of the line'th line, as it was read. */
static void
set(struct reference_text *text, size_t line, double value)
{
	if (text->kind == 'C') {
		add_whole(&text->counters[line], (uint64_t)value);
		return;
	}
	if (text->kind == 'G') {
		atomic_store_explicit(&text->gauges[line], value, memory_order_relaxed);
		return;
	}
	struct child *child = &text->children[line / child_lines];
	size_t at = line % child_lines;
	if (at == buckets)
		atomic_store_explicit(&child->sum, value, memory_order_relaxed);
	if (at >= buckets)
		return;
	add_whole(&child->buckets[at], (uint64_t)value);
	if (at + 1 < buckets) /* which is cumulative */
		add_whole(&child->buckets[at + 1], 0 - (uint64_t)value);
}

/* ---- making ---- */

static void *
room_for(size_t count, size_t size)
{
	void *memory = calloc(count + 1, size);
	bench_must(memory != NULL, "out of memory");
	return memory;
}

/* Comments stand before all lines, since each workload is one family. */
static const char *
cut_head(struct reference_text *text, const char *body, const char *end)
{
	const char *at = body;
	while (at < end && *at == '#')
		at = (const char *)memchr(at, '\n', (size_t)(end - at)) + 1;
	text->head_length = (size_t)(at - body);
	text->head = room_for(text->head_length, 1);
	memcpy(text->head, body, text->head_length);
	for (const char *line = at; line < end; line++)
		text->lines += *line == '\n';
	return at;
}

static void
cut_lines(struct reference_text *text, const char *at, const char *end)
{
	char *beginning = text->beginnings;
	for (size_t i = 0; i < text->lines; i++) {
		const char *stop = memchr(at, '\n', (size_t)(end - at)), *value = stop;
		while (value > at && value[-1] != ' ')
			value--;
		size_t length = (size_t)(value - at);
		bench_must(length > 0 && length <= 255, "a line is none of the workload's");
		memcpy(beginning, at, length);
		beginning += length;
		text->lengths[i] = (unsigned char)length;
		set(text, i, strtod(value, NULL));
		at = stop + 1;
	}
}

/* Whether both are the same lines with the same numbers, whatever these look like. */
static bool
is_same(const char *left, const char *right, size_t lines)
{
	for (size_t i = 0; i < lines; i++) {
		size_t a = strcspn(left, "}") + 2, b = strcspn(right, "}") + 2;
		char *behind_left, *behind_right;
		if (a != b || memcmp(left, right, a) != 0 ||
			strtod(left + a, &behind_left) != strtod(right + b, &behind_right) ||
			*behind_left != '\n' || *behind_right != '\n')
			return false;
		left = behind_left + 1;
		right = behind_right + 1;
	}
	return true;
}

struct reference_text *
reference_text_new(char kind, const char *body, size_t length)
{
	struct reference_text *text = room_for(1, sizeof *text);
	const char *end = body + length;
	bench_must(length > 0 && end[-1] == '\n', "a text has no end");
	text->kind = kind;
	const char *at = cut_head(text, body, end);
	text->beginnings = room_for((size_t)(end - at) + block, 1);
	text->lengths = room_for(text->lines, sizeof *text->lengths);
	/* A value may become longer, but by no more than a number has. */
	text->out = room_for(length + text->lines * 32 + 2 * block, 1);
	if (kind == 'C')
		text->counters = room_for(text->lines, sizeof *text->counters);
	else if (kind == 'G')
		text->gauges = room_for(text->lines, sizeof *text->gauges);
	else
		text->children = room_for(text->lines / child_lines, sizeof *text->children);
	cut_lines(text, at, end);
	reference_text_write(text, 1);
	bench_must(memcmp(text->out, body, text->head_length) == 0 &&
			is_same(text->out + text->head_length, at, text->lines),
		"the reference does not write what pitot writes");
	return text;
}

void
reference_text_free(struct reference_text *text)
{
	free(text->head);
	free(text->out);
	free(text->beginnings);
	free(text->lengths);
	free(text->counters);
	free(text->gauges);
	free(text->children);
	free(text);
}
