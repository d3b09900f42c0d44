/* SPDX-License-Identifier: MIT */
/* How many samples changed between two gathers of one registry: what the load is measured by. */
#ifndef PT_DRIVE_CHANGE_H
#define PT_DRIVE_CHANGE_H

#include "model/snapshot.h"

/* Zeroed to begin with. */
struct pt_change {
	struct pt_table *table; /* of the last gather, referenced; NULL before the first */
	uint64_t *bits;         /* its values */
	size_t capacity;
};

/*
 * The samples of `snapshot` whose values are not what they were in the one before; those of new
 * series are, absent ones are not. Allocates only when series came or went. Cannot fail: with
 * memory out, all samples count, this time and the next.
 */
size_t pt_change_count(struct pt_change *change, const struct pitot_snapshot *snapshot);
void pt_change_clear(struct pt_change *change);

#endif
