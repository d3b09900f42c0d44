/* SPDX-License-Identifier: MIT */
/* The inside of pt_steady, shared by steady.c and steady_plan.c. */
#ifndef PT_EXPORT_STEADY_INSIDE_H
#define PT_EXPORT_STEADY_INSIDE_H

#include "export/steady.h"

/* The series of one request, and what is known of it. */
struct pt_steady_slot {
	size_t from, to;              /* in the table */
	struct pt_template *template; /* or NULL */
	bool has_grown;               /* a value has left its class: it is to be made anew */
	unsigned char headroom;       /* for the next one */
	unsigned char patience;       /* how often it must have been the same to get a template */
	unsigned char calm;           /* how often it was */
	unsigned uses;                /* of the template */
	size_t samples, length;       /* when it was encoded last */
};

/* A table of series, cut. */
struct pt_steady_plan {
	struct pt_table *table; /* referenced */
	int64_t used_ms;        /* in monotonic time */
	size_t slot_count, slot_capacity;
	struct pt_steady_slot *slots; /* one behind the other: from 0 to the table's count */
};

/* A plan of one slot; NULL if memory is out. */
struct pt_steady_plan *pt_steady_plan_new(struct pt_table *table);
void pt_steady_plan_free(struct pt_steady_plan *plan);
/* Puts a slot in at `index`; false if memory is out. */
bool pt_steady_plan_insert(struct pt_steady_plan *plan, size_t index, size_t from, size_t to);
/* Whether some series of one are those of the other. */
bool pt_steady_plan_is_kin(const struct pt_steady_plan *old, const struct pt_table *table);
/*
 * A plan for `table`, to which the slots of `old` move that are unchanged in it; `old` is to be
 * freed then. NULL if memory is out: `old` is as it was. Slots have at most `most` series.
 */
struct pt_steady_plan *pt_steady_plan_follow(
	struct pt_steady_plan *old, struct pt_table *table, size_t most);
size_t pt_steady_plan_templates(const struct pt_steady_plan *plan); /* their bytes */

#endif
