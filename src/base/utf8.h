/* SPDX-License-Identifier: MIT */
/* UTF-8: validity, counting, stepping. */
#ifndef PT_BASE_UTF8_H
#define PT_BASE_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* No overlong forms, no surrogates, nothing above U+10FFFF. */
bool pt_utf8_valid(const char *text, size_t length);
/* Code points of a valid text. */
size_t pt_utf8_count(const char *text, size_t length);
/* Decodes one code point at *at (< length) and moves *at behind it; -1 and one byte if invalid. */
int32_t pt_utf8_next(const char *text, size_t length, size_t *at);

#endif
