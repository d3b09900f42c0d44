/* SPDX-License-Identifier: MIT */
/*
 * A snapshot, how it is to be encoded, and the text: what the tests of both text formats are made
 * of.
 */
#ifndef TEXT_CASE_H
#define TEXT_CASE_H

#include <pitot/exposition.h>
#include <stdlib.h>
#include "support/build.h"
#include "support/check.h"

/* Frees the snapshot. */
static inline void
check_encoded(struct pitot_snapshot *snapshot, enum pitot_format format,
	const struct pitot_encode_options *options, const char *expected)
{
	char *text = NULL;
	size_t length = 0;
	check_int(pitot_encode(snapshot, format, options, &text, &length, NULL), 0);
	check_text(text, expected);
	check_size(length, strlen(expected));
	free(text);
	pitot_snapshot_free(snapshot);
}

#endif
