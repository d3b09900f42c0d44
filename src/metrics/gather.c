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

/*
 * Live children of one family that stand side by side in memory, which outlives the plan, so that
 * what they share is asked once. They were live when the plan was made.
 */
struct pt_run {
	const struct pt_set *set;
	struct pt_child *first;
	size_t count;
	uint32_t number; /* 0, or the first one's, which those of the others follow (owned.h) */
	uint32_t rows;   /* this run and those behind it whose numbers follow, too; 0 for these */
};

/* Which children are read, in the order of the table. Immutable; shared by reference count. */
struct pt_plan {
	atomic_uint references;
	struct pt_table *table;
	struct pt_run *runs; /* owned */
	size_t run_count, run_capacity;
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

/* At least what fill_runs() finds: without the registry's lock, children can only become less. */
static size_t
count_live(const struct pitot_registry *registry)
{
	size_t series = 0;
	for (struct pt_set *set = registry->first; set != NULL; set = set->next) {
		pt_family_lock(set);
		series += (set->live + (set->overflow != NULL)) * set->each;
		pt_family_unlock(set);
	}
	return series;
}

/* What is made in making a plan. */
struct making {
	struct pt_plan *plan;
	size_t row;  /* the run where the last row of numbers begins */
	bool failed; /* memory is out */
};

/* An empty run that begins with this child, or NULL. */
static struct pt_run *
new_run(struct making *making, struct pt_child *first, uint32_t number)
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
	*run = (struct pt_run){.set = first->set, .first = first, .number = number, .rows = 1};
	return run;
}

/* Whether the numbers go on, if there are any. */
static bool
is_next(const struct pt_run *run, uint32_t number)
{
	return run->number == 0 ? number == 0 : number == run->number + run->count;
}

/* The run that the family's child goes on with, or a new one; NULL if memory is out. */
static struct pt_run *
run_of(struct making *making, struct pt_child *child, uint32_t number, bool is_first)
{
	struct pt_plan *plan = making->plan;
	struct pt_run *last = is_first ? NULL : &plan->runs[plan->run_count - 1];
	bool goes_on = last != NULL && is_next(last, number);
	if (goes_on && child == pt_child_after(last->set, last->first, last->count))
		return last;
	struct pt_run *run = new_run(making, child, number);
	if (run == NULL)
		return NULL;
	if (goes_on) {
		run->rows = 0;
		plan->runs[making->row].rows++;
	} else {
		making->row = plan->run_count - 1;
	}
	return run;
}

/* Appends the set's live children and their series. */
static void
fill_runs(struct making *making, struct pt_set *set)
{
	bool numbered = set->kind->read_plain != NULL && !pt_family_expires(set);
	struct pt_table *table = making->plan->table;
	bool is_first = true;
	struct pt_child_place place = {0};
	struct pt_child *child;
	pt_family_lock(set);
	while ((child = pt_child_next(set, &place)) != NULL) {
		/* relaxed: `live` changes only under the lock, which is held. */
		if (!atomic_load_explicit(&child->live, memory_order_relaxed))
			continue;
		uint32_t number = numbered ? pt_owned_number(&child->owned) : 0;
		struct pt_run *run = run_of(making, child, number, is_first);
		if (run == NULL)
			break;
		run->count++;
		is_first = false;
		struct pt_series **series = pt_child_series(child);
		for (size_t i = 0; i < set->each; i++)
			table->series[table->count++] = pt_series_ref(series[i]);
	}
	pt_family_unlock(set);
}

static struct pt_plan *
make_plan(const struct pitot_registry *registry)
{
	struct pt_plan *plan = malloc(sizeof *plan);
	struct pt_table *table = pt_table_begin(count_live(registry));
	if (plan == NULL || table == NULL) {
		free(plan);
		pt_table_unref(table);
		return NULL;
	}
	*plan = (struct pt_plan){.table = table};
	atomic_init(&plan->references, 1);
	struct making making = {.plan = plan};
	for (struct pt_set *set = registry->first; set != NULL && !making.failed; set = set->next)
		fill_runs(&making, set);
	if (!making.failed)
		return plan;
	plan_unref(plan);
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
read_more(struct pt_child *child, struct pitot_snapshot *snapshot, size_t at)
{
	const struct pt_set *set = child->set;
	if (set->kind->read_native != NULL) {
		struct pt_native *native = set->kind->read_native(child);
		if (native == NULL || !pt_snapshot_add_native(snapshot, at + set->each - 1, native))
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
	struct pt_series **series = pt_child_series(child);
	if (series != NULL && series[0] == snapshot->table->series[at]) {
		set->kind->read(child, snapshot->bits + at);
		ok = read_more(child, snapshot, at);
		*idle += pt_expire_look(child, now_ms);
	}
	(void)pthread_mutex_unlock(&set->lock);
	return ok;
}

/* A family that does not expire. Of most children, only the line that updates read is looked at. */
static bool
read_run(const struct pt_run *run, struct pitot_snapshot *snapshot, size_t at)
{
	const struct pt_set *set = run->set;
	const struct pt_kind *kind = set->kind;
	for (size_t i = 0; i < run->count; i++, at += set->each) {
		struct pt_child *child = pt_child_after(set, run->first, i);
		kind->read(child, snapshot->bits + at);
		/* relaxed: as in read_more(). */
		if ((kind->read_native != NULL ||
			    atomic_load_explicit(&child->has_exemplars, memory_order_relaxed)) &&
			!read_more(child, snapshot, at))
			return false;
	}
	return true;
}

/* Reads what needs no look at the children; returns how many runs that were. */
static size_t
read_row(const struct pt_run *run, struct pitot_snapshot *snapshot, size_t *at)
{
	size_t count = 0;
	/* relaxed: see is_plain. */
	if (run->number == 0 || run->rows == 0 ||
		!atomic_load_explicit(&run->set->is_plain, memory_order_relaxed))
		return 0;
	for (size_t i = 0; i < run->rows; i++)
		count += run[i].count;
	run->set->kind->read_plain(run->number, count, snapshot->bits + *at);
	*at += count;
	return run->rows;
}

/* False if memory is out. `idle`: how many are to end. */
static bool
read_plan(const struct pt_plan *plan, struct pitot_snapshot *snapshot, int64_t now_ms, size_t *idle)
{
	size_t at = 0, row;
	bool ok = true;
	for (size_t r = 0; ok && r < plan->run_count; r += row == 0 ? 1 : row) {
		const struct pt_run *run = &plan->runs[r];
		const struct pt_set *set = run->set;
		row = read_row(run, snapshot, &at);
		if (row > 0)
			continue;
		if (!pt_family_expires(set))
			ok = read_run(run, snapshot, at);
		else
			for (size_t i = 0; ok && i < run->count; i++)
				ok = read_expiring(pt_child_after(set, run->first, i), snapshot,
					at + i * set->each, now_ms, idle);
		at += run->count * set->each;
	}
	return ok;
}

/* Only after all is read, so that a failure ends nothing. */
static void
end_idle(const struct pt_plan *plan, struct pitot_snapshot *snapshot, int64_t now_ms)
{
	size_t at = 0;
	for (size_t r = 0; r < plan->run_count; r++) {
		const struct pt_run *run = &plan->runs[r];
		const struct pt_set *set = run->set;
		for (size_t i = 0; pt_family_expires(set) && i < run->count; i++)
			pt_expire_end(pt_child_after(set, run->first, i), snapshot,
				at + i * set->each, now_ms);
		at += run->count * set->each;
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
