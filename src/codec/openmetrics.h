/* SPDX-License-Identifier: MIT */
/* A snapshot as OpenMetrics 1.0 text (specs/text-formats). Failures stick in the buffer. */
#ifndef PT_CODEC_OPENMETRICS_H
#define PT_CODEC_OPENMETRICS_H

#include "base/buf.h"
#include "model/snapshot.h"

/*
 * `options` is never NULL; names are written as they are, quoted where they must be, so
 * options->escaping is the caller's to apply (codec/rename.h). Ends with "# EOF\n", also for an
 * empty snapshot.
 */
void pt_openmetrics_encode(struct pt_buf *out, const struct pitot_snapshot *snapshot,
	const struct pitot_encode_options *options);

#endif
