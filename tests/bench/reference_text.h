/* SPDX-License-Identifier: MIT */
/*
 * The least that writes a text: for each line a ready-made beginning, which is copied, and the
 * value as text, read from a cell that lives, into room that is there already. Lines and values
 * are cut out of a text that pitot wrote, whose numbers are written again at once and compared.
 * Integers are written eight digits at once, and plainly (pitot writes 1e+06), other numbers by
 * std::to_chars.
 */
#ifndef BENCH_REFERENCE_TEXT_H
#define BENCH_REFERENCE_TEXT_H

#include <stddef.h>

struct reference_text;

/* Of C, G or H in Prometheus text; anything else ends the process. */
struct reference_text *reference_text_new(char kind, const char *body, size_t length);
void reference_text_free(struct reference_text *text);
/* For a case: changes the values as workload_advance() does, and writes the text once. */
void reference_text_advance(void *text);
void reference_text_write(void *text, size_t times);

/* std::to_chars, in to_chars.cc; returns the length. */
size_t reference_to_chars(char out[32], double value);

#endif
