/* SPDX-License-Identifier: MIT */
/*
 * Gathering: hooks run first, without a lock; then the plan is taken (or made, if something was
 * declared, made or removed since) under the lock; then every cell is read without a lock, while
 * other threads update. Snapshots share the plan's table until it changes. In families that expire,
 * each child is read under the family's lock, since it may have become another one's memory after
 * the plan was made. It fails only when memory is out.
 */
#include "metrics/registry.h"

#include "base/error.h"
#include <stdlib.h>

/* The live children of one family, so that what they share is asked once. */
struct pt_run {
	const struct pt_set *set;
	size_t count;
	size_t each; /* series of a child */
};

/* Which children are read, in the order of the table. Immutable; shared by reference count. */
struct pt_plan {
	atomic_uint references;
	struct pt_table *table;
	size_t run_count;
	struct pt_run *runs;         /* behind the children */
	struct pt_child *children[]; /* each live when the plan was made; the memory outlives it */
};

static void
plan_unref(struct pt_plan *plan)
{
	/* acq_rel: the last one sees all earlier use before freeing. */
	if (plan == NULL ||
		atomic_fetch_sub_explicit(&plan->references, 1, memory_order_acq_rel) != 1)
		return;
	pt_table_retire(plan->table);
	pt_table_unref(plan->table);
	free(plan);
}

void
pt_gather_forget(struct pitot_registry *registry)
{
	plan_unref(registry->plan);
	registry->plan = NULL;
}

struct room {
	size_t sets, children, series;
};

/* At least what fill_plan() finds: without the registry's lock, children can only become less. */
static struct room
count_live(const struct pitot_registry *registry)
{
	struct room room = {0};
	for (struct pt_set *set = registry->first; set != NULL; set = set->next) {
		pt_family_lock(set);
		size_t live = set->live + (set->overflow != NULL);
		pt_family_unlock(set);
		room.sets++;
		room.children += live;
		room.series += live * set->kind->series_count(&set->shape);
	}
	return room;
}

/* Appends the set's live children and their series; returns how many children. */
static size_t
fill_run(struct pt_set *set, struct pt_child **children, struct pt_series **series, size_t each)
{
	size_t count = 0;
	pt_family_lock(set);
	for (struct pt_child *child = set->first; child != NULL; child = child->next) {
		/* relaxed: `live` changes only under the lock, which is held. */
		if (!atomic_load_explicit(&child->live, memory_order_relaxed))
			continue;
		children[count++] = child;
		for (size_t i = 0; i < each; i++)
			*series++ = pt_series_ref(child->series[i]);
	}
	pt_family_unlock(set);
	return count;
}

/* Returns how many series there are. */
static size_t
fill_plan(const struct pitot_registry *registry, struct pt_plan *plan, struct pt_series **series)
{
	struct pt_child **children = plan->children;
	size_t at = 0;
	for (struct pt_set *set = registry->first; set != NULL; set = set->next) {
		size_t each = set->kind->series_count(&set->shape);
		size_t count = fill_run(set, children, series + at, each);
		children += count;
		at += count * each;
		if (count > 0)
			plan->runs[plan->run_count++] = (struct pt_run){set, count, each};
	}
	return at;
}

static struct pt_plan *
make_plan(const struct pitot_registry *registry)
{
	struct room room = count_live(registry);
	struct pt_plan *plan = malloc(sizeof *plan + room.children * sizeof plan->children[0] +
		room.sets * sizeof plan->runs[0]);
	struct pt_series **series = malloc((room.series + 1) * sizeof *series);
	if (plan == NULL || series == NULL)
		goto fail;
	atomic_init(&plan->references, 1);
	plan->run_count = 0;
	plan->runs = (struct pt_run *)(plan->children + room.children);
	size_t count = fill_plan(registry, plan, series);
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

/* Reads the rest of one child, whose series begin at `at`. False if memory is out. */
static bool
read_more(struct pt_child *child, struct pitot_snapshot *snapshot, size_t at, size_t each)
{
	const struct pt_kind *kind = child->set->kind;
	if (kind->read_native != NULL) {
		struct pt_native *native = kind->read_native(child);
		if (native == NULL || !pt_snapshot_add_native(snapshot, at + each - 1, native))
			return false;
	}
	/* relaxed: an exemplar kept meanwhile may come with the next gather. */
	return !atomic_load_explicit(&child->has_exemplars, memory_order_relaxed) ||
		pt_exemplar_gather(child, snapshot, at);
}

/* What is no longer the child that it was in the plan has no sample. */
static bool
read_expiring(struct pt_child *child, struct pitot_snapshot *snapshot, size_t at, int64_t now_ms,
	size_t *idle)
{
	struct pt_set *set = child->set;
	bool ok = true;
	(void)pthread_mutex_lock(&set->lock);
	if (child->series != NULL && child->series[0] == snapshot->table->series[at]) {
		set->kind->read(child, snapshot->bits + at);
		ok = read_more(child, snapshot, at, set->kind->series_count(&set->shape));
		*idle += pt_expire_look(child, now_ms);
	}
	(void)pthread_mutex_unlock(&set->lock);
	return ok;
}

/* A family that does not expire. Of most children, only the line that updates read is looked at. */
static bool
read_run(const struct pt_run *run, struct pt_child *const *children,
	struct pitot_snapshot *snapshot, size_t at)
{
	const struct pt_kind *kind = run->set->kind;
	for (size_t i = 0; i < run->count; i++, at += run->each) {
		struct pt_child *child = children[i];
		kind->read(child, snapshot->bits + at);
		/* relaxed: as in read_more(). */
		if ((kind->read_native != NULL ||
			    atomic_load_explicit(&child->has_exemplars, memory_order_relaxed)) &&
			!read_more(child, snapshot, at, run->each))
			return false;
	}
	return true;
}

/* False if memory is out. `idle`: how many are to end. */
static bool
read_plan(const struct pt_plan *plan, struct pitot_snapshot *snapshot, int64_t now_ms, size_t *idle)
{
	struct pt_child *const *children = plan->children;
	size_t at = 0;
	bool ok = true;
	for (size_t r = 0; ok && r < plan->run_count; r++) {
		const struct pt_run *run = &plan->runs[r];
		if (!pt_family_expires(run->set))
			ok = read_run(run, children, snapshot, at);
		else
			for (size_t i = 0; ok && i < run->count; i++)
				ok = read_expiring(
					children[i], snapshot, at + i * run->each, now_ms, idle);
		children += run->count;
		at += run->count * run->each;
	}
	return ok;
}

/* Only after all is read, so that a failure ends nothing. */
static void
end_idle(const struct pt_plan *plan, struct pitot_snapshot *snapshot, int64_t now_ms)
{
	struct pt_child *const *children = plan->children;
	size_t at = 0;
	for (size_t r = 0; r < plan->run_count; r++) {
		const struct pt_run *run = &plan->runs[r];
		for (size_t i = 0; pt_family_expires(run->set) && i < run->count; i++)
			pt_expire_end(children[i], snapshot, at + i * run->each, now_ms);
		children += run->count;
		at += run->count * run->each;
	}
}

static void
finish(struct pitot_registry *registry, const struct pt_plan *plan, struct pitot_snapshot *snapshot,
	int64_t now_ms, size_t idle)
{
	if (idle > 0)
		end_idle(plan, snapshot, now_ms);
	(void)pthread_mutex_lock(&registry->lock);
	if (idle > 0)
		pt_gather_forget(registry);
	if (snapshot->time_ms > registry->gathered_ms)
		registry->gathered_ms = snapshot->time_ms;
	(void)pthread_mutex_unlock(&registry->lock);
}

struct pitot_snapshot *
pitot_snapshot_take(struct pitot_registry *registry, struct pitot_error *why)
{
	if (registry == NULL) {
		(void)pt_error_memory(why);
		return NULL;
	}
	run_hooks(registry);
	int64_t now_ms = registry->clock->mono_ms(registry->clock);
	struct pt_plan *plan = pt_expire_dead(registry, now_ms) ? take_plan(registry) : NULL;
	int64_t time_ms = registry->clock->wall_ms(registry->clock);
	struct pitot_snapshot *snapshot =
		plan == NULL ? NULL : pt_snapshot_new(plan->table, time_ms);
	size_t idle = 0;
	bool ok = snapshot != NULL && read_plan(plan, snapshot, now_ms, &idle);
	if (ok)
		finish(registry, plan, snapshot, now_ms, idle);
	plan_unref(plan);
	if (ok)
		return snapshot;
	pitot_snapshot_free(snapshot);
	(void)pt_error_memory(why);
	return NULL;
}
