/* SPDX-License-Identifier: MIT */
/*
 * Finished remote-write requests of one push, and what it takes to make them without templates: the
 * same bytes, series by series from ready-made pieces, compressed by libsnappy. The pieces are cut
 * out of the requests, so that whatever pitot sends, the reference sends.
 */
#ifndef BENCH_BODIES_H
#define BENCH_BODIES_H

#include "measure.h"
#include "reference_template.h"

struct bodies;

struct bodies *bodies_new(void);
void bodies_free(struct bodies *bodies);
/* Copies a compressed body. */
void bodies_add(struct bodies *bodies, const void *body, size_t length);
/* The one body, as it was added, of a push that has only one. */
const char *bodies_only(const struct bodies *bodies, size_t *length);
/* After the last one: expands them, cuts them, compresses them by libsnappy. */
void bodies_finish(struct bodies *bodies);
size_t bodies_series(const struct bodies *bodies); /* how many series were found in them */
double bodies_sent(const struct bodies *bodies);   /* bytes as they were added */
double bodies_snappy(const struct bodies *bodies); /* bytes as libsnappy makes of them */
/* The same bodies as templates: see reference_template.h. Of counters only, none being zero. */
struct reference_template *bodies_template(const struct bodies *bodies);
/*
 * The cases of making them from the pieces, compressing them, and expanding both as a receiver
 * does; rows of `what`, kind and series.
 */
enum { bodies_case_count = 4 };
void bodies_cases(struct bodies *bodies, const char *what, char kind, size_t series,
	struct bench_case cases[bodies_case_count]);

#endif
