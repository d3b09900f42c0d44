/* SPDX-License-Identifier: MIT */
/*
 * Numbers as text, without the locale and without allocation: the shortest decimal that reads back
 * to the same double, and reading any decimal to the nearest double.
 */
#ifndef PT_BASE_NUMBER_H
#define PT_BASE_NUMBER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* The longest output of pt_number_format, without a NUL. */
#define PT_NUMBER_TEXT 32

enum pt_number_style {
	PT_NUMBER_PLAIN, /* 0.0.4: 1, 1e+06, 0.001, +Inf, NaN */
	PT_NUMBER_OPEN   /* OpenMetrics canonical: 1.0, 1e+06, 0.001, +Inf, NaN */
};

/*
 * Writes at most PT_NUMBER_TEXT bytes, no NUL; returns how many of them are the text
 * (specs/text-formats 2).
 */
size_t pt_number_format(char *out, double value, enum pt_number_style style);

/*
 * Reads the whole of `text` as a decimal number, correctly rounded; also inf, infinity, nan in any
 * case with a sign. False for anything else: empty, spaces, hex, '_', or an overflow such as 1e400.
 * A NaN reads as the canonical one, 0x7ff8000000000001.
 */
bool pt_number_parse(const char *text, size_t length, double *value);

/*
 * Reads the plain decimal that begins at `text`, before `end`: a sign, up to 19 digits, a point, an
 * exponent that is not large. Returns how many bytes it has, or 0 where it is anything else, which
 * pt_number_parse() may yet read. What stands behind it is for the caller to judge.
 */
size_t pt_number_scan(const char *text, const char *end, double *value);

/* Doubles are carried as bits, so that a stale marker (a signalling NaN) stays what it is. */
static inline uint64_t
pt_number_bits(double value)
{
	uint64_t bits;
	memcpy(&bits, &value, sizeof bits);
	return bits;
}

static inline double
pt_number_from_bits(uint64_t bits)
{
	double value;
	memcpy(&value, &bits, sizeof value);
	return value;
}

#define PT_NUMBER_NAN UINT64_C(0x7ff8000000000001)    /* the NaN that users' NaNs become */
#define PT_NUMBER_STALE UINT64_C(0x7ff0000000000002)  /* the stale marker */
#define PT_NUMBER_ABSENT UINT64_C(0x7ff00000000ab5e7) /* inside a snapshot: no sample at all */

/* The bits of a value that a user gave: every NaN becomes PT_NUMBER_NAN. */
static inline uint64_t
pt_number_user_bits(double value)
{
	return value == value ? pt_number_bits(value) : PT_NUMBER_NAN;
}

#endif
