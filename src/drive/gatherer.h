/* SPDX-License-Identifier: MIT */
/*
 * What one gather brings to the lanes: the snapshot with a time that always rises, and before it
 * the ends and births of series. A gather whose time is not known yet, or lies in the receiver's
 * future, is held back. It has no thread and no schedule: those are the pusher's.
 */
#ifndef PT_DRIVE_GATHERER_H
#define PT_DRIVE_GATHERER_H

#include "drive/change.h"
#include "drive/clockguard.h"
#include "drive/lifecycle.h"
#include "export/lanes.h"

#define PT_GATHERER_GAP_MS 3 /* between two gathers: room for ends and births of series */

/* A gather without a time. */
struct pt_held {
	struct pitot_snapshot *snapshot; /* owned */
	int64_t mono_ms;                 /* when it was made */
	uint64_t ticket;
};

enum { pt_gatherer_holds = 64 };

struct pt_gatherer {
	struct pitot_registry *registry;
	const struct pt_clock *clock;
	struct pt_lanes *lanes;
	enum pitot_at_end at_end;
	struct pt_lifecycle life;
	struct pt_clockguard guard;
	struct pt_change change;
	size_t changed;                         /* samples, between the last two snapshots */
	uint64_t ticket;                        /* of the last offer */
	uint64_t snapshot_ticket;               /* of the last snapshot */
	struct pt_held held[pt_gatherer_holds]; /* oldest first */
	size_t held_count;
	size_t hold_bytes; /* what they may take */
};

/* `options` are complete; registry, lanes and clock outlive it. */
void pt_gatherer_init(struct pt_gatherer *gatherer, struct pitot_registry *registry,
	struct pt_lanes *lanes, const struct pt_clock *clock,
	const struct pitot_push_options *options);
/*
 * Takes a snapshot and offers it; `final` ends the series too, as at_end says. PITOT_NO_MEMORY:
 * nothing, or not everything, was offered; PITOT_FAILED: the clock forbids it.
 */
int pt_gatherer_run(struct pt_gatherer *gatherer, bool final, struct pitot_error *why);
/* Offers what was held, as far as its time has come. Fails likewise. */
int pt_gatherer_release(struct pt_gatherer *gatherer, struct pitot_error *why);
void pt_gatherer_clear(struct pt_gatherer *gatherer);

#endif
