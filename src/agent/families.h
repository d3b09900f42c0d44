/* SPDX-License-Identifier: MIT */
/*
 * One family for each name in a table that is being made: series that were parsed at different
 * times, or renamed by rules, bring families of their own.
 */
#ifndef PT_AGENT_FAMILIES_H
#define PT_AGENT_FAMILIES_H

#include "model/snapshot.h"

struct pt_families {
	struct pt_families_entry *entries; /* a hash table */
	size_t size, count;
};

/* Knows the families of a table that was there before, or of none. False if memory is out. */
bool pt_families_init(struct pt_families *families, const struct pt_table *before);
void pt_families_clear(struct pt_families *families);
/*
 * Takes over the series and returns it, or one like it, with the family that its name has: that of
 * before if it says the same, or else the first that comes. NULL if memory is out.
 */
struct pt_series *pt_families_adopt(struct pt_families *families, struct pt_series *series);
/*
 * Where each of the series, which were all adopted, stands when those of one family stand together
 * and otherwise in order, as in every table; and moves them there. False if memory is out; nothing
 * is moved then.
 */
bool pt_families_group(
	struct pt_families *families, struct pt_series **series, size_t count, uint32_t *places);

#endif
