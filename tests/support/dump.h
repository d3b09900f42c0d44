/* SPDX-License-Identifier: MIT */
/*
 * A snapshot as plain text, for golden files. Each family begins with "family NAME TYPE" and, where
 *it has them, "unit UNIT" and "help HELP"; a series is
 *
 *	NAME{LABEL="VALUE",…} NUMBER [time MS] [since MS]
 *
 * and its exemplar stands in the next line: "  exemplar {LABEL="VALUE"} NUMBER [time MS]".
 * Texts are escaped like label values. The snapshot's own time is left out.
 */
#ifndef SUPPORT_DUMP_H
#define SUPPORT_DUMP_H

#include "base/buf.h"
#include "model/snapshot.h"

void dump_snapshot(struct pt_buf *out, const struct pitot_snapshot *snapshot);

#endif
