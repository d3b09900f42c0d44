/* SPDX-License-Identifier: MIT */
/*
 * What one gather brings to the lanes: the snapshot with a time that always rises, and before it
 * the ends and births of series. It has no thread and no schedule: those are the pusher's.
 */
#ifndef PT_DRIVE_GATHERER_H
#define PT_DRIVE_GATHERER_H

#include "drive/change.h"
#include "drive/lifecycle.h"
#include "drive/schedule.h"
#include "export/lanes.h"

struct pt_gatherer {
	struct pitot_registry *registry;
	const struct pt_clock *clock;
	struct pt_lanes *lanes;
	enum pitot_at_end at_end;
	struct pt_lifecycle life;
	struct pt_schedule *schedule;
	struct pt_change change;
	size_t changed;           /* samples, between the last two snapshots */
	uint64_t ticket;          /* of the last offer */
	uint64_t snapshot_ticket; /* of the last snapshot, which went to all lanes */
};

/*
 * Takes a snapshot and offers it; `final` ends the series too, as at_end says. PITOT_NO_MEMORY:
 * nothing, or not everything, was offered.
 */
int pt_gatherer_run(struct pt_gatherer *gatherer, bool final, struct pitot_error *why);
void pt_gatherer_clear(struct pt_gatherer *gatherer);

#endif
