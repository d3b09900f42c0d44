/* SPDX-License-Identifier: MIT */
/* Filling struct pitot_error. Every function takes NULL for `why` and does nothing then. */
#ifndef PT_BASE_ERROR_H
#define PT_BASE_ERROR_H

#include <pitot/error.h>

/* Writes code and text, clears the rest; returns `code`. */
int pt_error_set(struct pitot_error *why, int code, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
/* Puts "context: " before the text that is there; returns why->code (PITOT_FAILED for NULL). */
int pt_error_wrap(struct pitot_error *why, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
/* Out of memory. */
int pt_error_memory(struct pitot_error *why);

#endif
