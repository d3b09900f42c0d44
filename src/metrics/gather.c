/* SPDX-License-Identifier: MIT */
/*
 * Gathering: hooks run first, without a lock; then the plan is taken (or made, if something was
 * declared, made or removed since) under the lock; then every cell is read without a lock, while
 * other threads update. Snapshots share the plan's table until it changes. It fails only when
 * memory is out.
 */
#include "metrics/registry.h"

#include "base/error.h"
#include <stdlib.h>

/* Which children are read, in the order of the table. Immutable; shared by reference count. */
struct pt_plan {
	atomic_uint references;
	struct pt_table *table;
	size_t count;
	struct pt_child *children[]; /* each live when the plan was made; they outlive it */
};

static void
plan_unref(struct pt_plan *plan)
{
	/* acq_rel: the last one sees all earlier use before freeing. */
	if (plan == NULL ||
		atomic_fetch_sub_explicit(&plan->references, 1, memory_order_acq_rel) != 1)
		return;
	pt_table_unref(plan->table);
	free(plan);
}

void
pt_gather_forget(struct pitot_registry *registry)
{
	plan_unref(registry->plan);
	registry->plan = NULL;
}

static void
count_live(const struct pitot_registry *registry, size_t *children, size_t *series)
{
	for (const struct pt_set *set = registry->first; set != NULL; set = set->next) {
		size_t each = set->kind->series_count(&set->shape);
		for (const struct pt_child *child = set->first; child != NULL;
			child = child->next) {
			/* relaxed: `live` changes only under the lock, which is held. */
			if (!atomic_load_explicit(&child->live, memory_order_relaxed))
				continue;
			*children += 1;
			*series += each;
		}
	}
}

static void
fill_plan(const struct pitot_registry *registry, struct pt_plan *plan, struct pt_series **series)
{
	size_t at = 0;
	for (const struct pt_set *set = registry->first; set != NULL; set = set->next) {
		size_t each = set->kind->series_count(&set->shape);
		for (struct pt_child *child = set->first; child != NULL; child = child->next) {
			if (!atomic_load_explicit(&child->live, memory_order_relaxed))
				continue;
			plan->children[plan->count++] = child;
			for (size_t i = 0; i < each; i++)
				series[at++] = pt_series_ref(child->series[i]);
		}
	}
}

static struct pt_plan *
make_plan(const struct pitot_registry *registry)
{
	size_t children = 0, count = 0;
	count_live(registry, &children, &count);
	struct pt_plan *plan = malloc(sizeof *plan + children * sizeof plan->children[0]);
	struct pt_series **series = malloc((count + 1) * sizeof *series);
	if (plan == NULL || series == NULL)
		goto fail;
	atomic_init(&plan->references, 1);
	plan->count = 0;
	fill_plan(registry, plan, series);
	plan->table = pt_table_new(series, count);
	if (plan->table == NULL) {
		for (size_t i = 0; i < count; i++)
			pt_series_unref(series[i]);
		goto fail;
	}
	free(series);
	return plan;
fail:
	free(series);
	free(plan);
	return NULL;
}

static struct pt_plan *
take_plan(struct pitot_registry *registry)
{
	(void)pthread_mutex_lock(&registry->lock);
	if (registry->plan == NULL)
		registry->plan = make_plan(registry);
	struct pt_plan *plan = registry->plan;
	/* relaxed: the lock orders this with the registry dropping its own reference. */
	if (plan != NULL)
		atomic_fetch_add_explicit(&plan->references, 1, memory_order_relaxed);
	(void)pthread_mutex_unlock(&registry->lock);
	return plan;
}

/* Reads one child, whose series begin at `at`; returns how many they are, or 0 without memory. */
static size_t
read_child(struct pt_child *child, struct pitot_snapshot *snapshot, size_t at)
{
	const struct pt_kind *kind = child->set->kind;
	size_t count = kind->series_count(&child->set->shape);
	kind->read(child, snapshot->bits + at);
	if (kind->read_native != NULL) {
		struct pt_native *native = kind->read_native(child);
		if (native == NULL || !pt_snapshot_add_native(snapshot, at + count - 1, native))
			return 0;
	}
	/* relaxed: an exemplar kept meanwhile may come with the next gather. */
	if (atomic_load_explicit(&child->has_exemplars, memory_order_relaxed) &&
		!pt_exemplar_gather(child, snapshot, at))
		return 0;
	return count;
}

static void
run_hooks(struct pitot_registry *registry)
{
	(void)pthread_mutex_lock(&registry->lock);
	struct pt_hook *hook = registry->hooks, *last = registry->last_hook;
	(void)pthread_mutex_unlock(&registry->lock);
	/* Hooks are only ever appended, so the part up to `last` does not change. */
	while (hook != NULL) {
		hook->run(hook->context);
		hook = hook == last ? NULL : hook->next;
	}
}

struct pitot_snapshot *
pitot_snapshot_take(struct pitot_registry *registry, struct pitot_error *why)
{
	if (registry == NULL) {
		(void)pt_error_memory(why);
		return NULL;
	}
	run_hooks(registry);
	struct pt_plan *plan = take_plan(registry);
	int64_t now = registry->clock->wall_ms(registry->clock);
	struct pitot_snapshot *snapshot = plan == NULL ? NULL : pt_snapshot_new(plan->table, now);
	size_t at = 0;
	bool ok = snapshot != NULL;
	for (size_t i = 0; ok && i < plan->count; i++) {
		size_t count = read_child(plan->children[i], snapshot, at);
		ok = count > 0;
		at += count;
	}
	plan_unref(plan);
	if (ok)
		return snapshot;
	pitot_snapshot_free(snapshot);
	(void)pt_error_memory(why);
	return NULL;
}
