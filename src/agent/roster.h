/* SPDX-License-Identifier: MIT */
/*
 * The series of one feed over time: each keeps its identity as long as the feed has it, whatever is
 * parsed anew, and gets a stale marker in the snapshot where it is missing for the first time.
 */
#ifndef PT_AGENT_ROSTER_H
#define PT_AGENT_ROSTER_H

#include "agent/dress.h"
#include "codec/page.h"

enum { pt_roster_extras = 8 };

/* Zeroed but for `dress`, which is complete, to begin with. */
struct pt_roster {
	struct pt_dress dress;
	struct pt_table *table; /* the page's series, those that ended, the extras; NULL at first */
	size_t kept;            /* series of the page that the rules left */
	size_t doubles;         /* that were left out, since the rules made them another's equal */
	/* private */
	struct pt_series *extras[pt_roster_extras];
	uint32_t extra_slots[pt_roster_extras]; /* where they stand in the table */
	size_t extra_count;
	uint32_t *slots; /* where the page's series stand in the table */
	size_t slot_count;
	unsigned char *states; /* of the table's series */
};

void pt_roster_clear(struct pt_roster *roster);
/*
 * Before the roster follows anything: a series that the page does not have, a gauge, such as `up`,
 * with one more label unless that is NULL. Returns its number, or -1.
 */
int pt_roster_add(struct pt_roster *roster, const char *name, const char *help,
	const struct pitot_label *label);
/*
 * The page has other series than before; `page` may be NULL for none. PITOT_NO_MEMORY: all is as it
 * was.
 */
int pt_roster_follow(struct pt_roster *roster, const struct pitot_snapshot *page);
/*
 * The snapshot of these values: `page` is what was followed, or NULL when it has nothing now, so
 * that all its series end. The extras are absent. NULL if memory is out.
 */
struct pitot_snapshot *pt_roster_snapshot(
	struct pt_roster *roster, const struct pt_page *page, int64_t time_ms);
/* Gives an extra its value. */
void pt_roster_set(
	const struct pt_roster *roster, struct pitot_snapshot *snapshot, int extra, double value);
/* How many series the last call of follow found for the first time; 0 after a snapshot. */
size_t pt_roster_added(const struct pt_roster *roster);

#endif
