/* SPDX-License-Identifier: MIT */
/* A snapshot as Prometheus text 0.0.4 (specs/text-formats). Failures stick in the buffer. */
#ifndef PT_CODEC_TEXT_H
#define PT_CODEC_TEXT_H

#include "base/buf.h"
#include "model/snapshot.h"

/*
 * `options` is never NULL; names are written as they are, quoted where they must be, so
 * options->escaping is the caller's to apply (codec/rename.h). Exemplars and units are left out;
 * types the format lacks are mapped as in specs/pushgateway 11. With options->timestamps, samples
 * that have a time of their own carry it in milliseconds.
 */
void pt_text_encode(struct pt_buf *out, const struct pitot_snapshot *snapshot,
	const struct pitot_encode_options *options);

#endif
