/* SPDX-License-Identifier: MIT */
/* The pusher's metrics about itself, as instruments of the registry that it pushes. */
#ifndef PT_DRIVE_SELFSTATS_H
#define PT_DRIVE_SELFSTATS_H

#include "drive/adaptive.h"
#include "export/lanes.h"
#include "metrics/registry.h"

/* Families are NULL if they could not be declared. */
struct pt_selfstats {
	struct pitot_registry *registry;
	/* By destination, and by reason, result or type where it says so. */
	struct pt_set *pushes, *attempts, *sent, *retried, *failed, *dropped, *errors, *exemplars,
		*bytes, *duration;
	struct pt_set *pending, *pending_bytes, *pending_age, *spool_bytes, *encoder_bytes,
		*success, *state;
	/* Of the pusher. */
	struct pt_set *flushes; /* by mode and forced */
	struct pitot_gauge *interval, *event_rate, *healthy, *clock_offset, *series, *label_sets;
	struct pitot_counter *trips, *expired, *overflows;
	uint64_t trips_seen;
};

/*
 * Declares the metrics, without the registry's prefix and with its constant labels. A name that the
 * program took is a mistake of the registry. Several pushers of one registry count together.
 */
void pt_selfstats_init(struct pt_selfstats *stats, struct pitot_registry *registry);
/* Only those about destinations: of whoever has no rhythm, and gathers not only a registry. */
void pt_selfstats_init_destinations(struct pt_selfstats *stats, struct pitot_registry *registry);
/* The series of each destination exist from the start, so that a first failure is a rise. */
void pt_selfstats_destinations(struct pt_selfstats *stats, const struct pt_lanes *lanes);
/* Counts one report; the next gather carries it. From any thread. */
void pt_selfstats_count(struct pt_selfstats *stats, const struct pitot_report *report);
/* What is true before a gather: what waits at each destination, and what the registry holds. */
void pt_selfstats_gauge(struct pt_selfstats *stats, const struct pt_lanes *lanes, int64_t wall_ms);
/* The pusher's rhythm, and how much our clock is ahead of the receiver's. */
void pt_selfstats_rhythm(
	struct pt_selfstats *stats, const struct pt_adaptive *adaptive, int64_t clock_offset_ms);
/* One gather, and why it was made. */
void pt_selfstats_flush(struct pt_selfstats *stats, enum pitot_rhythm mode, bool forced);

#endif
