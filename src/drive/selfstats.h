/* SPDX-License-Identifier: MIT */
/* The pusher's metrics about itself: reports, turned into instruments of the registry it pushes. */
#ifndef PT_DRIVE_SELFSTATS_H
#define PT_DRIVE_SELFSTATS_H

#include "metrics/registry.h"
#include <pitot/push.h>

struct pt_selfstats {
	struct pt_set *pushes, *dropped; /* labelled; NULL if they could not be declared */
	struct pitot_counter *attempts, *sent, *failed, *exemplars, *bytes;
	struct pitot_summary *duration;
	struct pitot_gauge *success;
};

/*
 * Declares the metrics, without the registry's prefix and with its constant labels. A name that the
 * program took is a mistake of the registry. Several pushers of one registry count together.
 */
void pt_selfstats_init(struct pt_selfstats *stats, struct pitot_registry *registry);
/* Counts one push; the next push carries it. */
void pt_selfstats_count(struct pt_selfstats *stats, const struct pitot_report *report);

#endif
