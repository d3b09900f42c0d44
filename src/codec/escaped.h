/* SPDX-License-Identifier: MIT */
/*
 * Copying text into lines, eight bytes at a time where nothing needs a backslash. Nothing here can
 * fail: the caller has made room.
 */
#ifndef PT_CODEC_ESCAPED_H
#define PT_CODEC_ESCAPED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* Room that what is copied in blocks needs behind its end, at its source and where it goes. */
enum { pt_escaped_slack = 32 };

/* Copies up to pt_escaped_slack bytes more than there are; returns the end of what counts. */
static inline char *
pt_escaped_blocks(char *to, const char *from, size_t length)
{
	for (size_t at = 0; at < length; at += pt_escaped_slack)
		memcpy(to + at, from + at, pt_escaped_slack);
	return to + length;
}

/*
 * Backslash and line feed get a backslash, and if `quotes` the double quote too. There is room for
 * twice the length. Returns the end.
 */
char *pt_escaped(char *to, const char *text, size_t length, bool quotes);

#endif
