/* SPDX-License-Identifier: MIT */
/* See bodies.h. Bodies that are no remote write end the process. */
#include "bodies.h"

#include <snappy-c.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A series of a request: its bytes, and where in them the eight of the value stand. */
struct piece {
	const char *bytes;
	size_t length, value; /* 0: the value is zero, which is not written */
};

struct body {
	char *sent, *plain, *snappy;
	size_t sent_length, plain_length, snappy_length;
	size_t first, behind; /* its pieces */
	size_t head, tail;    /* where its first piece begins, and the last one ends */
};

struct bodies {
	struct body *list;
	size_t count, capacity;
	struct piece *pieces;
	size_t piece_count, piece_capacity;
	char *plain, *packed, *expanded; /* room for one of them */
	size_t room;
	uint64_t turn;
};

static void *
grow(void *memory, size_t count, size_t *capacity, size_t each)
{
	if (count < *capacity)
		return memory;
	*capacity = *capacity == 0 ? 64 : *capacity * 2;
	memory = realloc(memory, *capacity * each);
	bench_must(memory != NULL, "out of memory");
	return memory;
}

static char *
room_for(size_t length)
{
	char *memory = malloc(length + 1);
	bench_must(memory != NULL, "out of memory");
	return memory;
}

struct bodies *
bodies_new(void)
{
	struct bodies *bodies = calloc(1, sizeof *bodies);
	bench_must(bodies != NULL, "out of memory");
	return bodies;
}

void
bodies_free(struct bodies *bodies)
{
	for (size_t i = 0; i < bodies->count; i++) {
		free(bodies->list[i].sent);
		free(bodies->list[i].plain);
		free(bodies->list[i].snappy);
	}
	free(bodies->list);
	free(bodies->pieces);
	free(bodies->plain);
	free(bodies->packed);
	free(bodies->expanded);
	free(bodies);
}

void
bodies_add(struct bodies *bodies, const void *sent, size_t length)
{
	bodies->list = grow(bodies->list, bodies->count, &bodies->capacity, sizeof *bodies->list);
	struct body *body = &bodies->list[bodies->count++];
	*body = (struct body){.sent = room_for(length), .sent_length = length};
	memcpy(body->sent, sent, length);
}

const char *
bodies_only(const struct bodies *bodies, size_t *length)
{
	bench_must(bodies->count == 1, "a push has several bodies");
	*length = bodies->list[0].sent_length;
	return bodies->list[0].sent;
}

/* ---- cutting ---- */

static uint64_t
varint(const char **at, const char *end)
{
	uint64_t value = 0;
	for (unsigned shift = 0; *at < end && shift < 64; shift += 7) {
		unsigned char byte = (unsigned char)*(*at)++;
		value |= (uint64_t)(byte & 127) << shift;
		if (byte < 128)
			return value;
	}
	bench_must(0, "a body is no protobuf");
	return 0;
}

/* Steps over one field; its number and wire type are returned, *data and *length what is in it. */
static uint64_t
field(const char **at, const char *end, const char **data, size_t *length)
{
	uint64_t tag = varint(at, end);
	*length = (tag & 7) == 1 ? 8 : 0;
	if ((tag & 7) == 2)
		*length = (size_t)varint(at, end);
	*data = *at;
	if ((tag & 7) == 0)
		(void)varint(at, end);
	bench_must(*length <= (size_t)(end - *at), "a body is no protobuf");
	*at += *length;
	return tag;
}

/* Where the value of the first sample stands; samples are field 2 of a series in 1.0 and 2.0. */
static size_t
value_of(const char *series, size_t length, const char *piece)
{
	const char *at = series, *end = series + length, *data;
	while (at < end) {
		if (field(&at, end, &data, &length) != (2 << 3 | 2))
			continue;
		const char *sample = data, *behind = data + length;
		return field(&sample, behind, &data, &length) == (1 << 3 | 1)
			? (size_t)(data - piece)
			: 0;
	}
	return 0;
}

/* Series are field 1 of a request of 1.0 and field 5 of one of 2.0. */
static void
cut(struct bodies *bodies, struct body *body)
{
	const char *at = body->plain, *end = at + body->plain_length, *data;
	size_t length;
	body->first = bodies->piece_count;
	while (at < end) {
		const char *start = at;
		uint64_t tag = field(&at, end, &data, &length);
		if (tag != (1 << 3 | 2) && tag != (5 << 3 | 2))
			continue;
		if (body->tail == 0)
			body->head = (size_t)(start - body->plain);
		body->tail = (size_t)(at - body->plain);
		bodies->pieces = grow(bodies->pieces, bodies->piece_count, &bodies->piece_capacity,
			sizeof *bodies->pieces);
		bodies->pieces[bodies->piece_count++] =
			(struct piece){start, (size_t)(at - start), value_of(data, length, start)};
	}
	body->behind = bodies->piece_count;
}

static void
finish(struct bodies *bodies, struct body *body)
{
	bench_must(snappy_uncompressed_length(body->sent, body->sent_length, &body->plain_length) ==
			SNAPPY_OK,
		"a body is not compressed");
	body->plain = room_for(body->plain_length);
	bench_must(snappy_uncompress(body->sent, body->sent_length, body->plain,
			   &body->plain_length) == SNAPPY_OK,
		"a body is not compressed");
	body->snappy_length = snappy_max_compressed_length(body->plain_length);
	if (body->snappy_length > bodies->room)
		bodies->room = body->snappy_length;
	body->snappy = room_for(body->snappy_length);
	(void)snappy_compress(body->plain, body->plain_length, body->snappy, &body->snappy_length);
	cut(bodies, body);
}

void
bodies_finish(struct bodies *bodies)
{
	for (size_t i = 0; i < bodies->count; i++)
		finish(bodies, &bodies->list[i]);
	bodies->plain = room_for(bodies->room);
	bodies->packed = room_for(bodies->room);
	bodies->expanded = room_for(bodies->room);
}

size_t
bodies_series(const struct bodies *bodies)
{
	return bodies->piece_count;
}

double
bodies_sent(const struct bodies *bodies)
{
	size_t sum = 0;
	for (size_t i = 0; i < bodies->count; i++)
		sum += bodies->list[i].sent_length;
	return (double)sum;
}

double
bodies_snappy(const struct bodies *bodies)
{
	size_t sum = 0;
	for (size_t i = 0; i < bodies->count; i++)
		sum += bodies->list[i].snappy_length;
	return (double)sum;
}

struct reference_template *
bodies_template(const struct bodies *bodies)
{
	struct reference_template *template = reference_template_new();
	size_t *values = malloc((bodies->piece_count + 1) * sizeof *values);
	bench_must(values != NULL, "out of memory");
	for (size_t i = 0; i < bodies->count; i++) {
		const struct body *body = &bodies->list[i];
		for (size_t k = body->first; k < body->behind; k++) {
			const struct piece *piece = &bodies->pieces[k];
			bench_must(piece->value != 0, "a counter is zero");
			values[k - body->first] =
				(size_t)(piece->bytes - body->plain) + piece->value;
		}
		reference_template_add(template,
			&(struct reference_body){body->sent, body->plain, body->sent_length,
				body->plain_length, values, body->behind - body->first});
	}
	free(values);
	reference_template_check(template);
	return template;
}

/* ---- pieces and libsnappy ---- */

static void
compress(struct bodies *bodies, const char *plain, size_t length)
{
	size_t packed = bodies->room;
	(void)snappy_compress(plain, length, bodies->packed, &packed);
}

static void
compress_all(void *context, size_t times)
{
	struct bodies *bodies = context;
	(void)times;
	for (size_t i = 0; i < bodies->count; i++)
		compress(bodies, bodies->list[i].plain, bodies->list[i].plain_length);
}

/* The bytes of a series are there; only the value is new. */
static char *
put_pieces(const struct bodies *bodies, const struct body *body, char *at)
{
	for (size_t i = body->first; i < body->behind; i++) {
		const struct piece *piece = &bodies->pieces[i];
		memcpy(at, piece->bytes, piece->length);
		if (piece->value != 0) {
			double value = (double)((i * 7919 + bodies->turn) % 100000);
			memcpy(at + piece->value, &value, sizeof value);
		}
		at += piece->length;
	}
	return at;
}

static void
encode_all(void *context, size_t times)
{
	struct bodies *bodies = context;
	(void)times;
	bodies->turn++;
	for (size_t i = 0; i < bodies->count; i++) {
		const struct body *body = &bodies->list[i];
		memcpy(bodies->plain, body->plain, body->head);
		char *at = put_pieces(bodies, body, bodies->plain + body->head);
		memcpy(at, body->plain + body->tail, body->plain_length - body->tail);
		compress(bodies, bodies->plain, body->plain_length);
	}
}

static void
expand(const struct bodies *bodies, const char *packed, size_t length)
{
	size_t room = bodies->room;
	bench_must(snappy_uncompress(packed, length, bodies->expanded, &room) == SNAPPY_OK,
		"a body is not compressed");
}

static void
expand_sent(void *context, size_t times)
{
	struct bodies *bodies = context;
	(void)times;
	for (size_t i = 0; i < bodies->count; i++)
		expand(bodies, bodies->list[i].sent, bodies->list[i].sent_length);
}

static void
expand_snappy(void *context, size_t times)
{
	struct bodies *bodies = context;
	(void)times;
	for (size_t i = 0; i < bodies->count; i++)
		expand(bodies, bodies->list[i].snappy, bodies->list[i].snappy_length);
}

void
bodies_cases(struct bodies *bodies, const char *what, char kind, size_t series,
	struct bench_case cases[bodies_case_count])
{
	char receiver[32];
	(void)snprintf(receiver, sizeof receiver, "%s_expand", what);
	const char *row = bench_row(what, kind, series);
	const char *expand_row = bench_row(receiver, kind, series);
	double count = (double)series;
	const struct bench_case all[bodies_case_count] = {
		{"libsnappy", row, "ns/series", NULL, compress_all, bodies, 1, count},
		{"pieces+libsnappy", row, "ns/series", NULL, encode_all, bodies, 1, count},
		{"pitot", expand_row, "ns/series", NULL, expand_sent, bodies, 1, count},
		{"libsnappy", expand_row, "ns/series", NULL, expand_snappy, bodies, 1, count},
	};
	memcpy(cases, all, sizeof all);
}
