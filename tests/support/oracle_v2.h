/* SPDX-License-Identifier: MIT */
/*
 * What a request of remote write 2.0 should hold, worked out from the snapshot, against what
 * protobuf-c reads in the bytes: reader and writer share no code.
 */
#ifndef SUPPORT_ORACLE_V2_H
#define SUPPORT_ORACLE_V2_H

#include <stdbool.h>
#include "model/snapshot.h"

/*
 * Checks that `bytes` are a Request with just the series from `from` up to `to` that are native
 * histograms, or that are not; native ones that break a rule (oracle_native_valid) are left out of
 * it. With `old_start` the start time stands twice. Returns how many series it held. Names of the
 * snapshot must be classic ones.
 */
struct oracle_v2 {
	const struct pitot_snapshot *snapshot;
	size_t from, to;
	const struct pt_labels *added; /* or NULL */
	int64_t time_ms;
	bool natives;
	bool old_start;
};
size_t oracle_request_v2(const struct oracle_v2 *asked, const void *bytes, size_t length);

/* The rules of specs/remote-write 2.5, bucket by bucket. */
bool oracle_native_valid(const struct pt_native *native);

#endif
