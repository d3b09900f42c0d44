/* SPDX-License-Identifier: MIT */
/* Names outside the classic charset, in one of Prometheus' escaping schemes (text-formats 3). */
#ifndef PT_CODEC_ESCAPE_H
#define PT_CODEC_ESCAPE_H

#include "base/buf.h"
#include "model/snapshot.h"

/* The longest a name of `length` bytes can become. */
#define PT_ESCAPE_BOUND(length) ((length)*8 + 3)

/* Appends the name as the scheme writes it; with PITOT_ESCAPE_NONE as it is. */
void pt_escape_name(struct pt_buf *out, const char *name, size_t length, bool label,
	enum pitot_escaping scheme);
/*
 * PITOT_BAD_INPUT, naming both, if names of samples or families, or labels of one series, become the
 * same by escaping. Cheap when all names are classic ones.
 */
int pt_escape_check(const struct pitot_snapshot *snapshot, enum pitot_escaping scheme,
	struct pitot_error *why);

#endif
