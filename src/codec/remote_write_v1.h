/* SPDX-License-Identifier: MIT */
/* A snapshot as prometheus.WriteRequest, remote write 1.0 (specs/remote-write 2.1). */
#ifndef PT_CODEC_REMOTE_WRITE_V1_H
#define PT_CODEC_REMOTE_WRITE_V1_H

#include "base/buf.h"
#include "model/snapshot.h"

struct pt_remote_write_v1_options {
	const struct pt_labels *labels; /* added to every series (job, instance); may be NULL */
	int64_t time_ms;                /* of samples without a time of their own */
	size_t max_bytes;               /* of one request */
	size_t max_series;              /* of one request */
};

struct pt_remote_write_v1_count {
	size_t sent;    /* samples written */
	size_t dropped; /* samples that fit into no request */
};

/*
 * Appends one request with the series from `from` on, as many as fit, and returns the index behind
 * the last one that was looked at (the table's count when all are done). The counts rise. A label
 * of the series wins over one of the same name in options->labels. Absent values are skipped;
 * labels are sorted bytewise and include __name__. Failures stick in the buffer.
 */
size_t pt_remote_write_v1_encode(struct pt_buf *out, const struct pitot_snapshot *snapshot,
	size_t from, const struct pt_remote_write_v1_options *options,
	struct pt_remote_write_v1_count *count);

#endif
