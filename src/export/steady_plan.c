/* SPDX-License-Identifier: MIT */
/*
 * Cutting a table into slots, and a table that follows another into as many of the same as may be.
 *
 * Tables keep the order of their series; some were removed, others put in between or behind. So an
 * old slot is looked for by its first series, behind the slot before it, and is kept if all its
 * series stand there. What is left between two kept ones is added to the one before it as long as
 * that stays within the limit, so that slots do not become ever smaller. The only failure is that
 * memory is out.
 */
#include "export/steady_inside.h"

#include <stdlib.h>

enum { first_headroom = 2 };

void
pt_steady_plan_free(struct pt_steady_plan *plan)
{
	if (plan == NULL)
		return;
	for (size_t i = 0; i < plan->slot_count; i++)
		pt_template_free(plan->slots[i].template);
	free(plan->slots);
	pt_table_unref(plan->table);
	free(plan);
}

size_t
pt_steady_plan_templates(const struct pt_steady_plan *plan)
{
	size_t bytes = 0;
	for (size_t i = 0; i < plan->slot_count; i++)
		if (plan->slots[i].template != NULL)
			bytes += pt_template_bytes(plan->slots[i].template);
	return bytes;
}

static bool
has_room(struct pt_steady_plan *plan)
{
	if (plan->slot_count < plan->slot_capacity)
		return true;
	size_t capacity = plan->slot_capacity == 0 ? 1 : plan->slot_capacity * 2;
	struct pt_steady_slot *grown = realloc(plan->slots, capacity * sizeof *grown);
	if (grown == NULL)
		return false;
	plan->slots = grown;
	plan->slot_capacity = capacity;
	return true;
}

bool
pt_steady_plan_insert(struct pt_steady_plan *plan, size_t index, size_t from, size_t to)
{
	if (!has_room(plan))
		return false;
	struct pt_steady_slot *slot = plan->slots + index;
	memmove(slot + 1, slot, (plan->slot_count - index) * sizeof *slot);
	*slot = (struct pt_steady_slot){
		.from = from, .to = to, .headroom = first_headroom, .patience = 1};
	plan->slot_count++;
	return true;
}

/* Without slots. */
static struct pt_steady_plan *
plan_of(struct pt_table *table)
{
	struct pt_steady_plan *plan = calloc(1, sizeof *plan);
	if (plan != NULL)
		plan->table = pt_table_ref(table);
	return plan;
}

struct pt_steady_plan *
pt_steady_plan_new(struct pt_table *table)
{
	struct pt_steady_plan *plan = plan_of(table);
	if (plan != NULL && pt_steady_plan_insert(plan, 0, 0, table->count))
		return plan;
	pt_steady_plan_free(plan);
	return NULL;
}

/* ---- following ---- */

/* Where the series stands from `from` on, or the table's count. */
static size_t
find(const struct pt_table *table, size_t from, const struct pt_series *series)
{
	while (from < table->count && table->series[from] != series)
		from++;
	return from;
}

bool
pt_steady_plan_is_kin(const struct pt_steady_plan *old, const struct pt_table *table)
{
	const struct pt_table *before = old->table;
	return before->count > 0 &&
		(find(table, 0, before->series[0]) < table->count ||
			find(table, 0, before->series[before->count - 1]) < table->count);
}

/* The series between two kept slots, or behind the last. */
static bool
add_rest(struct pt_steady_plan *plan, size_t from, size_t to, size_t most)
{
	struct pt_steady_slot *last =
		plan->slot_count > 0 ? &plan->slots[plan->slot_count - 1] : NULL;
	if (from == to)
		return true;
	if (last != NULL && to - last->from <= most) {
		pt_template_free(last->template);
		from = last->from;
		plan->slot_count--;
	}
	/* In parts of one size, so that each has room for more. */
	for (size_t parts = (to - from + most - 1) / most; parts > 0; parts--) {
		size_t count = (to - from) / parts;
		if (!pt_steady_plan_insert(plan, plan->slot_count, from, from + count))
			return false;
		from += count;
	}
	return true;
}

static bool
keep(struct pt_steady_plan *plan, struct pt_steady_slot *old, size_t from)
{
	if (!has_room(plan))
		return false;
	struct pt_steady_slot *slot = &plan->slots[plan->slot_count++];
	*slot = *old;
	slot->from = from;
	slot->to = from + (old->to - old->from);
	old->template = NULL;
	return true;
}

/* False if memory is out. */
static bool
fill(struct pt_steady_plan *plan, struct pt_steady_plan *old, size_t most)
{
	struct pt_table *table = plan->table;
	struct pt_series *const *before = old->table->series;
	size_t done = 0, looked = 0;
	/* Series that are gone are looked for in vain; not too often. */
	for (size_t i = 0; i < old->slot_count && looked < 8 * table->count; i++) {
		struct pt_steady_slot *slot = &old->slots[i];
		size_t count = slot->to - slot->from;
		if (count == 0)
			continue;
		size_t at = find(table, done, before[slot->from]);
		looked += at - done;
		if (count > table->count - at ||
			memcmp(table->series + at, before + slot->from, count * sizeof before[0]) !=
				0)
			continue;
		if (!add_rest(plan, done, at, most) || !keep(plan, slot, at))
			return false;
		done = at + count;
	}
	if (plan->slot_count == 0)
		return pt_steady_plan_insert(plan, 0, 0, table->count);
	return add_rest(plan, done, table->count, most);
}

struct pt_steady_plan *
pt_steady_plan_follow(struct pt_steady_plan *old, struct pt_table *table, size_t most)
{
	struct pt_steady_plan *plan = plan_of(table);
	if (plan != NULL && fill(plan, old, most))
		return plan;
	pt_steady_plan_free(plan);
	return NULL;
}
