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

/* Live children of one family, so that what they share is asked once. */
struct pt_run {
	const struct pt_set *set;
	size_t count;
	size_t each;     /* series of a child */
	uint32_t number; /* 0, or the first one's, which those of the others follow (owned.h) */
};

/* Which children are read, in the order of the table. Immutable; shared by reference count. */
struct pt_plan {
	atomic_uint references;
	struct pt_table *table;
	struct pt_run *runs; /* owned */
	size_t run_count, run_capacity;
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
	free(plan->runs);
	free(plan);
}

void
pt_gather_forget(struct pitot_registry *registry)
{
	plan_unref(registry->plan);
	registry->plan = NULL;
}

struct room {
	size_t children, series;
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
		room.children += live;
		room.series += live * set->kind->series_count(&set->shape);
	}
	return room;
}

/* What is made in making a plan; `children` and `series` are where the next ones belong. */
struct making {
	struct pt_plan *plan;
	struct pt_child **children;
	struct pt_series **series;
	bool failed; /* memory is out */
};

/* An empty run of the family, or NULL. */
static struct pt_run *
new_run(struct making *making, const struct pt_set *set, size_t each, uint32_t number)
{
	struct pt_plan *plan = making->plan;
	if (plan->run_count == plan->run_capacity) {
		size_t capacity = plan->run_capacity == 0 ? 16 : plan->run_capacity * 2;
		struct pt_run *grown = realloc(plan->runs, capacity * sizeof *grown);
		if (grown == NULL) {
			making->failed = true;
			return NULL;
		}
		plan->runs = grown;
		plan->run_capacity = capacity;
	}
	struct pt_run *run = &plan->runs[plan->run_count++];
	*run = (struct pt_run){.set = set, .each = each, .number = number};
	return run;
}

/* Whether the child goes on with the run, if that has its numbers. */
static bool
follows(const struct pt_run *run, uint32_t number)
{
	return run->number == 0 ? number == 0 : number == run->number + run->count;
}

/* Appends the set's live children and their series. */
static void
fill_runs(struct making *making, struct pt_set *set)
{
	size_t each = set->kind->series_count(&set->shape);
	bool numbered = set->kind->read_plain != NULL && !pt_family_expires(set);
	struct pt_run *run = NULL;
	pt_family_lock(set);
	for (struct pt_child *child = set->first; child != NULL; child = child->next) {
		/* relaxed: `live` changes only under the lock, which is held. */
		if (!atomic_load_explicit(&child->live, memory_order_relaxed))
			continue;
		uint32_t number = numbered ? pt_owned_number(&child->owned) : 0;
		if (run == NULL || !follows(run, number))
			run = new_run(making, set, each, number);
		if (run == NULL)
			break;
		run->count++;
		*making->children++ = child;
		for (size_t i = 0; i < each; i++)
			*making->series++ = pt_series_ref(child->series[i]);
	}
	pt_family_unlock(set);
}

static struct pt_plan *
make_plan(const struct pitot_registry *registry)
{
	struct room room = count_live(registry);
	struct pt_plan *plan = malloc(sizeof *plan + room.children * sizeof plan->children[0]);
	struct pt_series **series = malloc((room.series + 1) * sizeof *series);
	if (plan == NULL || series == NULL)
		goto fail;
	*plan = (struct pt_plan){.runs = NULL};
	atomic_init(&plan->references, 1);
	struct making making = {.plan = plan, .children = plan->children, .series = series};
	for (struct pt_set *set = registry->first; set != NULL && !making.failed; set = set->next)
		fill_runs(&making, set);
	size_t count = (size_t)(making.series - series);
	plan->table = making.failed ? NULL : pt_table_new(series, count);
	if (plan->table == NULL) {
		for (size_t i = 0; i < count; i++)
			pt_series_unref(series[i]);
		free(plan->runs);
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
	/* relaxed: see is_plain. */
	if (run->number != 0 && atomic_load_explicit(&run->set->is_plain, memory_order_relaxed)) {
		kind->read_plain(run->number, run->count, snapshot->bits + at);
		return true;
	}
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
