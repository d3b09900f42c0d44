/* SPDX-License-Identifier: MIT */
/*
 * Families that forget: the end of label sets that nobody uses, and the limit on how many there
 * are. Gathers do the work, so that nothing here needs a thread; it fails only when memory is out.
 *
 * Nothing counted is lost. A gather that finds a child idle takes its numbers out cell by cell,
 * leaving zeros, and reports them as the last of its series. An update at that very moment is
 * either in what was taken or in what stays; what stays marks the child as used, and the next
 * gather begins by making it live again, as a new series that starts after the old one ended.
 * Should the mark have been lost in the race (see pt_child_touch), the number is still there when
 * the memory is to be given away, which is refused then.
 */
#include "metrics/registry.h"

#include "base/number.h"
#include <math.h>
#include <stdlib.h>

/*
 * In ticks. About as much again passes before the count begins anew. Gathers that overlap may have
 * read the clock so much before what another one noted, which is no time then.
 */
enum { longest_idle = INT32_MAX, most_ahead = 1 << 28 };

/* ---- finding what is idle ---- */

static bool
take_mark(struct pt_child *child)
{
	/* relaxed: see pt_child_touch(). A mark set between the two is of now, as `since` is. */
	bool armed = pt_owned_disarm(&child->owned);
	if (atomic_load_explicit(&child->use, memory_order_relaxed) != PT_USE_SOME)
		return armed;
	atomic_store_explicit(&child->use, PT_USE_NONE, memory_order_relaxed);
	return true;
}

static bool
is_over(const struct pt_child *child, int64_t now_ms)
{
	/* relaxed: constant while there are children. */
	int64_t idle_ms = atomic_load_explicit(&child->set->idle_ms, memory_order_relaxed);
	uint32_t idle = pt_expire_tick(child->set, now_ms) - child->since;
	return idle >= pt_expire_tick(child->set, idle_ms) && idle <= UINT32_MAX - most_ahead;
}

bool
pt_expire_look(struct pt_child *child, int64_t now_ms)
{
	if (take_mark(child))
		child->since = pt_expire_tick(child->set, now_ms);
	return is_over(child, now_ms);
}

/* False if memory is out. */
static bool
take_numbers(struct pt_child *child, struct pitot_snapshot *snapshot, size_t at)
{
	const struct pt_set *set = child->set;
	if (set->kind->take_native == NULL) {
		set->kind->take(child, snapshot->bits + at);
		return true;
	}
	struct pt_native *native = set->kind->take_native(child, snapshot->bits + at);
	if (native != NULL)
		pt_snapshot_set_native(snapshot, at + set->each - 1, native);
	return native != NULL;
}

void
pt_expire_end(struct pt_child *child, struct pitot_snapshot *snapshot, size_t at, int64_t now_ms)
{
	struct pt_set *set = child->set;
	(void)pthread_mutex_lock(&set->lock);
	struct pt_series **series = pt_child_series(child);
	if (series != NULL && series[0] == snapshot->table->series[at] &&
		pt_expire_look(child, now_ms) && take_numbers(child, snapshot, at)) {
		pt_family_end(child, now_ms);
		atomic_fetch_add_explicit(&set->registry->expired, 1, memory_order_relaxed);
	}
	(void)pthread_mutex_unlock(&set->lock);
}

/* ---- what comes after the end ---- */

static bool
has_counted(struct pt_child *child)
{
	struct pt_set *set = child->set;
	set->kind->read(child, set->scratch);
	for (size_t i = 0; i < set->each; i++) {
		double value = pt_number_from_bits(set->scratch[i]);
		if (value != 0 && !isnan(value)) /* quantiles of nothing are NaN */
			return true;
	}
	return false;
}

/*
 * After the last gather, whose sample may be the last of the old series: one millisecond later is
 * the place of its stale marker, the next one is free.
 */
static int64_t
new_start_ms(const struct pitot_registry *registry)
{
	int64_t now_ms = registry->clock->wall_ms(registry->clock);
	int64_t start_ms = registry->gathered_ms + 2;
	return start_ms < now_ms && registry->gathered_ms != 0 ? start_ms : now_ms;
}

static bool
settle_dead(struct pt_set *set, int64_t now_ms)
{
	bool ok = true;
	struct pt_child_place place = {0};
	struct pt_child *child;
	while ((child = pt_child_next(set, &place)) != NULL) {
		bool is_live = atomic_load_explicit(&child->live, memory_order_relaxed);
		bool is_due = !is_live && is_over(child, now_ms);
		if (!is_live && !child->is_removed &&
			(take_mark(child) || (is_due && has_counted(child)))) {
			ok = pt_family_revive(child, new_start_ms(set->registry)) && ok;
		} else if (is_due && !child->is_overflow) {
			pt_family_reuse(child);
		}
	}
	return ok;
}

bool
pt_expire_dead(struct pitot_registry *registry, int64_t now_ms)
{
	bool ok = true;
	(void)pthread_mutex_lock(&registry->lock);
	for (struct pt_set *set = registry->first; set != NULL; set = set->next) {
		if (!pt_family_expires(set))
			continue;
		(void)pthread_mutex_lock(&set->lock);
		if (set->dead > 0)
			ok = settle_dead(set, now_ms) && ok;
		(void)pthread_mutex_unlock(&set->lock);
	}
	(void)pthread_mutex_unlock(&registry->lock);
	return ok;
}

void
pt_registry_state(struct pitot_registry *registry, struct pt_registry_state *state)
{
	*state = (struct pt_registry_state){
		.expired = atomic_load_explicit(&registry->expired, memory_order_relaxed),
		.overflowed = atomic_load_explicit(&registry->overflowed, memory_order_relaxed),
	};
	(void)pthread_mutex_lock(&registry->lock);
	for (struct pt_set *set = registry->first; set != NULL; set = set->next) {
		pt_family_lock(set);
		bool overflows = set->overflow != NULL &&
			atomic_load_explicit(&set->overflow->live, memory_order_relaxed);
		state->label_sets += set->live;
		state->series += (set->live + overflows) * set->each;
		pt_family_unlock(set);
	}
	(void)pthread_mutex_unlock(&registry->lock);
}

/* ---- the face ---- */

/* What is wrong, or NULL. */
static const char *
state_expiry(struct pt_set *set, double idle_seconds)
{
	if (!(idle_seconds > 0 && idle_seconds <= (double)PT_LIMIT_DURATION_MS / 1000))
		return "the idle time is not between 0 and 100 years";
	if (set->label_count == 0 || (set->kind->take == NULL && set->kind->take_native == NULL))
		return "only labelled families expire";
	if (set->made > 0)
		return "it must be stated before the family's first label set is made";
	if (set->scratch == NULL)
		set->scratch = calloc(set->each, sizeof *set->scratch);
	if (set->scratch == NULL)
		return "out of memory";
	int64_t idle_ms = (int64_t)ceil(idle_seconds * 1000);
	set->tick_bits = 0;
	while (idle_ms >> set->tick_bits > longest_idle)
		set->tick_bits++;
	/* relaxed: released together with the family's first index. */
	atomic_store_explicit(&set->idle_ms, idle_ms, memory_order_relaxed);
	return NULL;
}

void
pitot_registry_expire(struct pitot_registry *registry, const char *family, double idle_seconds)
{
	if (registry == NULL || registry->disabled)
		return;
	(void)pthread_mutex_lock(&registry->lock);
	struct pt_set *set = pt_declare_find(registry, family);
	const char *problem = set == NULL ? "no family of this name is declared"
					  : state_expiry(set, idle_seconds);
	(void)pthread_mutex_unlock(&registry->lock);
	if (problem != NULL)
		pt_registry_mistake(registry, "expiry of \"%s\": %s", family, problem);
}

void
pitot_registry_limit(struct pitot_registry *registry, const char *family, size_t label_sets)
{
	if (registry == NULL || registry->disabled)
		return;
	(void)pthread_mutex_lock(&registry->lock);
	struct pt_set *set = pt_declare_find(registry, family);
	if (set != NULL)
		set->limit = label_sets;
	(void)pthread_mutex_unlock(&registry->lock);
	if (set == NULL)
		pt_registry_mistake(
			registry, "limit of \"%s\": no family of this name is declared", family);
}
