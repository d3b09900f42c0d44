/* SPDX-License-Identifier: MIT */
/* See reference_template.h. A body whose values cannot be patched ends the process. */
#include "reference_template.h"

#include "measure.h"
#include <snappy-c.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { most_masks = 256, slack = 8 };

/* What stays of the eight bytes at a place, and what it is there. */
struct mask {
	uint64_t keep, kept;
};

struct body {
	char *bytes, *plain;
	size_t length, plain_length;
	size_t *values; /* in the plain bytes */
	size_t count;
};

struct reference_template {
	struct body *bodies;
	size_t body_count;
	struct mask masks[most_masks];
	size_t mask_count;
	_Atomic uint64_t *cells; /* of each value, and so on */
	double *numbers;
	uint32_t *places; /* in the compressed bytes, and behind it the number of a mask */
	size_t count;
	char *out; /* room for a body */
	size_t room;
	uint64_t left; /* bits of a value that did not fit its place */
};

static void *
copy_of(const void *bytes, size_t length)
{
	char *memory = calloc(length + slack, 1);
	bench_must(memory != NULL, "out of memory");
	memcpy(memory, bytes, length);
	return memory;
}

static void *
resize(void *memory, size_t size)
{
	memory = realloc(memory, size);
	bench_must(memory != NULL, "out of memory");
	return memory;
}

struct reference_template *
reference_template_new(void)
{
	struct reference_template *template = calloc(1, sizeof *template);
	bench_must(template != NULL, "out of memory");
	return template;
}

void
reference_template_free(struct reference_template *template)
{
	for (size_t i = 0; i < template->body_count; i++) {
		free(template->bodies[i].bytes);
		free(template->bodies[i].plain);
		free(template->bodies[i].values);
	}
	free(template->bodies);
	free(template->cells);
	free(template->numbers);
	free(template->places);
	free(template->out);
	free(template);
}

/* ---- finding the places ---- */

/* Steps over an element of snappy: how many bytes it makes; *literal is where they stand, or 0. */
static size_t
element(const unsigned char *bytes, size_t *at, size_t *literal)
{
	static const size_t copy_bytes[] = {0, 2, 3, 5};
	size_t tag = bytes[*at], kind = tag & 3, length = (tag >> 2) + 1;
	*literal = 0;
	if (kind != 0) {
		*at += copy_bytes[kind];
		return kind == 1 ? (tag >> 2 & 7) + 4 : length;
	}
	size_t more = length > 60 ? length - 60 : 0;
	for (size_t i = 0; i < more; i++)
		length = (i == 0 ? 1 : length) + ((size_t)bytes[*at + 1 + i] << 8 * i);
	*literal = *at + 1 + more;
	*at = *literal + length;
	return length;
}

/* For each plain byte, where it stands literally in the compressed ones; 0: nowhere. */
static uint32_t *
find_literals(const struct body *body)
{
	const unsigned char *bytes = (const unsigned char *)body->bytes;
	uint32_t *where = calloc(body->plain_length, sizeof *where);
	size_t at = 0, plain = 0, literal;
	bench_must(where != NULL, "out of memory");
	while (bytes[at++] >= 128) /* the length, which stands first */
		;
	while (at < body->length) {
		size_t length = element(bytes, &at, &literal);
		bench_must(length <= body->plain_length - plain, "a body is not compressed");
		for (size_t i = 0; i < length && literal != 0; i++)
			where[plain + i] = (uint32_t)(literal + i);
		plain += length;
	}
	bench_must(plain == body->plain_length, "a body is not compressed");
	return where;
}

static size_t
mask_for(struct reference_template *template, uint64_t keep, uint64_t kept)
{
	size_t i = 0;
	while (i < template->mask_count &&
		(template->masks[i].keep != keep || template->masks[i].kept != kept))
		i++;
	bench_must(i < most_masks, "too many ways to keep a value");
	if (i == template->mask_count)
		template->masks[template->mask_count++] = (struct mask){keep, kept};
	return i;
}

/*
 * Where the eight bytes of a value would begin so that most of them stand there, of those that are
 * literal; the others, which are literal elsewhere or not at all, stay what they are.
 */
static size_t
place_of(const uint32_t *where, uint64_t *keep)
{
	size_t place = 0, most = 0;
	for (size_t i = 0; i < 8; i++) {
		uint64_t others = 0;
		size_t count = 0;
		for (size_t k = 0; k < 8; k++)
			if (where[i] != 0 && where[k] + i == where[i] + k)
				count++;
			else
				others |= UINT64_C(255) << 8 * k;
		if (count > most) {
			most = count;
			place = where[i] - i;
			*keep = others;
		}
	}
	bench_must(most > 0, "a value is not literal");
	return place;
}

static void
find_place(struct reference_template *template, const struct body *body, const uint32_t *where,
	size_t value)
{
	uint64_t keep = 0, bits;
	double number;
	memcpy(&bits, body->plain + value, sizeof bits);
	memcpy(&number, &bits, sizeof number);
	size_t at = template->count++;
	size_t place = place_of(&where[value], &keep);
	bench_must(place <= UINT32_MAX / most_masks, "a body is too long");
	template->places[at] =
		(uint32_t)(place * most_masks + mask_for(template, keep, bits & keep));
	atomic_init(&template->cells[at], (uint64_t)number);
}

void
reference_template_add(struct reference_template *template, const struct reference_body *from)
{
	size_t count = template->count + from->count, bodies = template->body_count + 1;
	template->bodies = resize(template->bodies, bodies * sizeof *template->bodies);
	template->cells = resize(template->cells, count * sizeof *template->cells);
	template->numbers = resize(template->numbers, count * sizeof *template->numbers);
	template->places = resize(template->places, count * sizeof *template->places);
	if (from->sent_length + slack > template->room) {
		template->room = from->sent_length + slack;
		template->out = resize(template->out, template->room);
	}
	struct body *body = &template->bodies[template->body_count++];
	*body = (struct body){.bytes = copy_of(from->sent, from->sent_length),
		.plain = copy_of(from->plain, from->plain_length),
		.length = from->sent_length,
		.plain_length = from->plain_length,
		.values = copy_of(from->values, from->count * sizeof *from->values),
		.count = from->count};
	uint32_t *where = find_literals(body);
	for (size_t i = 0; i < body->count; i++)
		find_place(template, body, where, body->values[i]);
	free(where);
}

/* ---- making them ---- */

void
reference_template_advance(void *context)
{
	struct reference_template *template = context;
	for (size_t i = 0; i < template->count; i++)
		atomic_store_explicit(&template->cells[i],
			atomic_load_explicit(&template->cells[i], memory_order_relaxed) + 1,
			memory_order_relaxed);
}

/* relaxed: nothing else is to be seen with a number. */
static void
collect(const _Atomic uint64_t *cells, double *restrict numbers, size_t count)
{
	for (size_t i = 0; i < count; i++)
		numbers[i] = (double)(int64_t)atomic_load_explicit(&cells[i], memory_order_relaxed);
}

/* Puts the numbers at their places in the bytes; returns bits that did not fit. */
static uint64_t
patch(char *restrict bytes, const double *restrict numbers, const uint32_t *restrict places,
	const struct mask *restrict masks, size_t count)
{
	uint64_t left = 0, bits, old;
	for (size_t i = 0; i < count; i++) {
		const struct mask *mask = &masks[places[i] % most_masks];
		char *at = bytes + places[i] / most_masks;
		memcpy(&bits, &numbers[i], sizeof bits);
		memcpy(&old, at, sizeof old);
		old = (old & mask->keep) | (bits & ~mask->keep);
		memcpy(at, &old, sizeof old);
		left |= (bits & mask->keep) ^ mask->kept;
	}
	return left;
}

void
reference_template_make(void *context, size_t times)
{
	struct reference_template *template = context;
	for (size_t k = 0; k < times; k++) {
		size_t first = 0;
		collect(template->cells, template->numbers, template->count);
		for (size_t i = 0; i < template->body_count; i++) {
			const struct body *body = &template->bodies[i];
			template->left |= patch(body->bytes, &template->numbers[first],
				&template->places[first], template->masks, body->count);
			memcpy(template->out, body->bytes, body->length);
			__asm__ volatile("" : : "r"(template->out) : "memory");
			first += body->count;
		}
	}
}

void
reference_template_check(struct reference_template *template)
{
	size_t at = 0;
	reference_template_advance(template);
	reference_template_make(template, 1);
	bench_must(template->left == 0, "a value does not fit its place");
	for (size_t i = 0; i < template->body_count; i++) {
		struct body *body = &template->bodies[i];
		size_t length = body->plain_length;
		char *expanded = copy_of(body->plain, length);
		for (size_t k = 0; k < body->count; k++, at++)
			memcpy(body->plain + body->values[k], &template->numbers[at], 8);
		bench_must(snappy_uncompress(body->bytes, body->length, expanded, &length) ==
					SNAPPY_OK &&
				length == body->plain_length &&
				memcmp(expanded, body->plain, length) == 0,
			"a patched body is not what it should be");
		free(expanded);
	}
}
