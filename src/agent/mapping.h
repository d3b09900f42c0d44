/* SPDX-License-Identifier: MIT */
/* What one destination gets of one feed: its series under the destination's labels and rules. */
#ifndef PT_AGENT_MAPPING_H
#define PT_AGENT_MAPPING_H

#include "agent/dress.h"
#include "model/snapshot.h"

/* Zeroed but for `dress`, which is complete, to begin with. */
struct pt_mapping {
	struct pt_dress dress;
	/* private */
	struct pt_table *from, *to; /* referenced */
	uint32_t *slots;            /* where the series of `from` stand in `to` */
};

void pt_mapping_clear(struct pt_mapping *mapping);
/* A new snapshot with what is left of this one; NULL if memory is out. */
struct pitot_snapshot *pt_mapping_apply(
	struct pt_mapping *mapping, const struct pitot_snapshot *snapshot);

#endif
