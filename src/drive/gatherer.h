/* SPDX-License-Identifier: MIT */
/*
 * What one gather brings to the lanes: the snapshot with a time that always rises, and before it
 * the ends and births of series. A gather whose time is not known yet, or lies in the receiver's
 * future, is held back. It has no thread and no schedule: those are the pusher's, or the agent's,
 * whose feeds take turns.
 */
#ifndef PT_DRIVE_GATHERER_H
#define PT_DRIVE_GATHERER_H

#include "drive/change.h"
#include "drive/clockguard.h"
#include "drive/lifecycle.h"
#include "export/lanes.h"

#define PT_GATHERER_GAP_MS 3 /* between two gathers: room for ends and births of series */

/* Where snapshots come from. */
struct pt_source {
	/* Births and ends are found by comparing; NULL: stale markers are in the snapshots. */
	struct pt_lifecycle *life;
	/*
	 * What a lane gets in place of the snapshot, as a new reference; NULL if nothing. Without
	 * this function all get all.
	 */
	struct pitot_snapshot *(*view)(void *context, size_t lane, struct pitot_snapshot *snapshot);
	void *context;
};

/* A gather without a time. */
struct pt_held {
	const struct pt_source *source;
	struct pitot_snapshot *snapshot; /* owned */
	int64_t mono_ms;                 /* when it was made */
	uint64_t ticket;
};

enum { pt_gatherer_holds = 64 }; /* of one source */

struct pt_gatherer {
	struct pitot_registry *registry; /* NULL: snapshots are given */
	const struct pt_clock *clock;
	struct pt_lanes *lanes;
	enum pitot_at_end at_end;
	struct pt_lifecycle life;
	struct pt_source own; /* the registry */
	struct pt_clockguard guard;
	bool watches_change; /* somebody wants to know `changed` */
	struct pt_change change;
	size_t changed;           /* samples, between the last two snapshots */
	uint64_t ticket;          /* of the last offer */
	uint64_t snapshot_ticket; /* of the last snapshot */
	struct pt_held *held;     /* oldest first */
	size_t held_count, held_capacity;
	size_t hold_most;  /* how many they may be */
	size_t hold_bytes; /* what they may take */
};

/* `options` are complete; registry (NULL: none), lanes and clock outlive it. */
void pt_gatherer_init(struct pt_gatherer *gatherer, struct pitot_registry *registry,
	struct pt_lanes *lanes, const struct pt_clock *clock,
	const struct pitot_push_options *options);
/*
 * Takes a snapshot and offers it; `final` ends the series too, as at_end says. PITOT_NO_MEMORY:
 * nothing, or not everything, was offered; PITOT_FAILED: the clock forbids it.
 */
int pt_gatherer_run(struct pt_gatherer *gatherer, bool final, struct pitot_error *why);
/*
 * Offers a snapshot of a source that was made at `mono_ms`; its reference is taken over. Sources
 * outlive what is held of them. `source` without `life` has its ends in its snapshots.
 */
int pt_gatherer_take(struct pt_gatherer *gatherer, const struct pt_source *source,
	struct pitot_snapshot *snapshot, int64_t mono_ms, bool final, struct pitot_error *why);
/* Lets what is held of the source go, uncounted. */
void pt_gatherer_forget(struct pt_gatherer *gatherer, const struct pt_source *source);
/* Offers what was held, as far as its time has come. Fails likewise. */
int pt_gatherer_release(struct pt_gatherer *gatherer, struct pitot_error *why);
void pt_gatherer_clear(struct pt_gatherer *gatherer);

#endif
