/* SPDX-License-Identifier: MIT */
/*
 * The least that makes the requests of a steady push of counters: the numbers of the cells, which
 * live, as doubles; those patched into compressed bodies that are there already, without a branch;
 * and each body copied to where it is sent from. The places are found in bodies that pitot sent:
 * which of a value's eight bytes stand there literally, the others being copies of bytes that stay.
 */
#ifndef BENCH_REFERENCE_TEMPLATE_H
#define BENCH_REFERENCE_TEMPLATE_H

#include <stddef.h>

struct reference_template;

struct reference_template *reference_template_new(void);
void reference_template_free(struct reference_template *template);
/* One more body, compressed and plain, and where in the plain one the values are. */
struct reference_body {
	const char *sent, *plain;
	size_t sent_length, plain_length;
	const size_t *values;
	size_t count;
};
void reference_template_add(struct reference_template *template, const struct reference_body *body);
/* For a case: adds one to each counter, and makes all bodies. */
void reference_template_advance(void *template);
void reference_template_make(void *template, size_t times);
/* Ends the process unless all values fit their places and what is made expands to them. */
void reference_template_check(struct reference_template *template);

#endif
