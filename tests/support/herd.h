/* SPDX-License-Identifier: MIT */
/*
 * A herd of series that changes as a long-running program's does, at random: series come and go,
 * counts grow, fall and leap, values are missing, stale or no numbers, some samples have exemplars
 * or times of their own. Memory that is out ends the test program.
 */
#ifndef SUPPORT_HERD_H
#define SUPPORT_HERD_H

#include "model/snapshot.h"

#define HERD_FAMILIES 7

struct herd_member {
	struct pt_series *series;
	double value;
	unsigned nature; /* how it changes */
};

struct herd {
	uint64_t *seed;
	struct pt_ids *ids;
	struct pt_family *families[HERD_FAMILIES];
	struct herd_member *members[HERD_FAMILIES];
	size_t counts[HERD_FAMILIES], capacities[HERD_FAMILIES];
	uint64_t next;          /* number of a series, so that each is another */
	struct pt_table *table; /* of the last snapshot; NULL when it has changed */
	unsigned calm;          /* of 100 snapshots, how many bring nothing new but values */
};

/* About so many series. `seed` is the caller's and goes on. */
void herd_init(struct herd *herd, uint64_t *seed, size_t size);
void herd_clear(struct herd *herd);
/* What comes next. */
struct pitot_snapshot *herd_snapshot(struct herd *herd, int64_t time_ms);

#endif
