/* SPDX-License-Identifier: MIT */
/*
 * Birth and death of series, seen by comparing each gather with the one before: a zero before the
 * first sample of a counter or histogram, so that increase() sees what it counted at first, and a
 * stale marker behind the last one of a series that ended (specs/remote-write 3.4, needs A3, A26).
 */
#ifndef PT_DRIVE_LIFECYCLE_H
#define PT_DRIVE_LIFECYCLE_H

#include "export/lane.h"

struct pt_lifecycle {
	bool anchors;     /* zeros are wanted */
	int64_t reach_ms; /* how far before the first sample one may stand; 0: ten minutes */
	int64_t last_ms;  /* the time of the last samples; at first, nothing may be older than it */
	/* private */
	struct pt_table *table; /* of the last gather; referenced */
};

void pt_lifecycle_clear(struct pt_lifecycle *life);
/*
 * Compares; `time_ms` is at least last_ms + 3. *ends and *births become snapshots of the caller's,
 * or NULL where there are none; the samples of both are later than last_ms and earlier than
 * time_ms. PITOT_NO_MEMORY: the next call finds the same again.
 */
int pt_lifecycle_follow(struct pt_lifecycle *life, const struct pitot_snapshot *snapshot,
	int64_t time_ms, struct pitot_snapshot **ends, struct pitot_snapshot **births);
/* Stale markers for all that the snapshot has, one millisecond later; NULL if memory is out. */
struct pitot_snapshot *pt_lifecycle_end(const struct pitot_snapshot *snapshot, int64_t time_ms);

#endif
