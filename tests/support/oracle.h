/* SPDX-License-Identifier: MIT */
/*
 * What a remote-write request should hold, worked out slowly from the snapshot's public face,
 * against what protobuf-c reads in the bytes: reader and writer share no code.
 */
#ifndef SUPPORT_ORACLE_H
#define SUPPORT_ORACLE_H

#include "model/snapshot.h"

/*
 * Checks that `bytes` are a WriteRequest with just the samples of the series from `from` up to
 * `to`. `added` are the labels that the sender adds, or NULL. Returns how many series it held.
 * Names of the snapshot must be classic ones.
 */
size_t oracle_write_request(const struct pitot_snapshot *snapshot, size_t from, size_t to,
	const struct pt_labels *added, int64_t time_ms, const void *bytes, size_t length);

#endif
