/* SPDX-License-Identifier: MIT */
/* Names outside the classic charset, in one of Prometheus' escaping schemes (text-formats 3). */
#ifndef PT_CODEC_ESCAPE_H
#define PT_CODEC_ESCAPE_H

#include "base/buf.h"
#include "model/name.h"

/* Appends the name as the scheme writes it; with PITOT_ESCAPE_NONE as it is. */
void pt_escape_name(struct pt_buf *out, const char *name, size_t length, bool label,
	enum pitot_escaping scheme);

#endif
