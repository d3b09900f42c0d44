/* SPDX-License-Identifier: MIT */
/*
 * The children of a family: made, found by their label values, ended, started again.
 *
 * Lookups walk the index without a lock: slots are only ever filled, a full table is replaced by a
 * larger one, and the old one is kept, emptied, until the family is freed. A reader that sees an
 * old table and misses a child looks again under the lock before it makes one. In families that
 * expire, children leave the index, so lookups take the family's lock there. It fails, as a
 * mistake, on wrong values or no memory.
 */
#include "metrics/index.h"
#include "metrics/registry.h"

#include "base/utf8.h"
#include "model/lock.h"
#include <stdlib.h>
#include <string.h>

void
pt_family_lock(struct pt_set *set)
{
	if (pt_family_expires(set))
		(void)pthread_mutex_lock(&set->lock);
}

void
pt_family_unlock(struct pt_set *set)
{
	if (pt_family_expires(set))
		(void)pthread_mutex_unlock(&set->lock);
}

/* relaxed: only holders of the lock replace the index. */
static struct pt_index *
locked_index(struct pt_set *set)
{
	return atomic_load_explicit(&set->index, memory_order_relaxed);
}

/* The registry's lock is held; false if memory is out. */
static bool
make_room(struct pt_set *set)
{
	struct pt_index *index = locked_index(set);
	if (pt_index_has_room(index))
		return true;
	size_t first = set->label_count == 0 ? 2 : 16;
	struct pt_index *larger = pt_index_new(index == NULL ? first : index->capacity * 2);
	if (larger == NULL)
		return false;
	struct pt_child_place place = {0};
	struct pt_child *child;
	while ((child = pt_child_next(set, &place)) != NULL)
		if (!child->is_overflow)
			pt_index_add(larger, child);
	/* release: a reader that gets the new index sees its slots. */
	atomic_store_explicit(&set->index, larger, memory_order_release);
	if (pt_family_expires(set))
		pt_index_free(index);
	else
		pt_index_replace(index, larger);
	return true;
}

/* ---- making a child ---- */

/* Those of all children, and the one that says so. */
static struct pt_labels *
overflow_labels(const struct pt_set *set)
{
	struct pt_label all[PT_LIMIT_LABELS * 2];
	size_t count = 0;
	for (uint32_t i = 0; i < pt_labels_count(set->pattern); i++)
		if (memchr(set->places, (int)i, set->label_count) == NULL)
			all[count++] = pt_labels_at(set->pattern, i);
	all[count++] = pt_label_of(PT_OVERFLOW_LABEL, "true");
	return pt_labels_new(all, count);
}

static void
unref_all(struct pt_series **series, size_t count)
{
	for (size_t i = 0; i < count; i++)
		pt_series_unref(series[i]);
}

/* The model's lock is held. The labels of these values; NULL if memory is out. */
static struct pt_labels *
join_labels(const struct pt_set *set, const struct pt_values *values)
{
	const struct pt_labels_own own = {set->places, values->at, values->count};
	const struct pt_labels *near = set->newest == NULL ? NULL : set->newest->labels;
	return pt_labels_like(set->pattern, near, &own);
}

/* The model's lock is held. How many could be made; less than all if memory is out. */
static size_t
fill_series(const struct pt_child *child, int64_t start_ms, struct pt_series **series)
{
	const struct pt_set *set = child->set;
	size_t made = 0;
	for (; made < set->each; made++) {
		struct pt_part_of part = set->kind->part(&set->shape, made);
		const struct pt_role_key key = {part.part, part.bound, part.state};
		series[made] = pt_series_add(
			set->registry->ids, set->family, child->labels, &key, start_ms);
		if (series[made] == NULL)
			break;
	}
	return made;
}

/*
 * Fills `series`, which is empty, whole or not at all; with values (or NULL), makes the child's
 * labels first. False if memory is out.
 */
static bool
make_series(struct pt_child *child, const struct pt_values *values, int64_t start_ms,
	struct pt_series **series)
{
	size_t count = child->set->each, made = 0;
	pt_model_lock();
	if (values != NULL)
		child->labels = join_labels(child->set, values);
	if (child->labels != NULL)
		made = fill_series(child, start_ms, series);
	pt_model_unlock();
	if (made < count)
		unref_all(series, made);
	return made == count;
}

static void
drop_series(struct pt_child *child)
{
	struct pt_series **series = pt_child_series(child);
	if (series == NULL)
		return;
	unref_all(series, child->set->each);
	if (child->set->each > 1)
		free(series);
	child->series.one = NULL;
}

static void
free_child(struct pt_child *child)
{
	const struct pt_kind *kind = child->set->kind;
	drop_series(child);
	if (kind->clear != NULL)
		kind->clear(child);
	pt_labels_unref(child->labels);
}

/* With values (or NULL) for a child that has no labels yet. */
static bool
start(struct pt_child *child, const struct pt_values *values, int64_t start_ms)
{
	struct pt_set *set = child->set;
	struct pt_series *one, **many = set->each == 1 ? NULL : calloc(set->each, sizeof *many);
	struct pt_series **series = set->each == 1 ? &one : many;
	if (series == NULL || !make_series(child, values, start_ms, series)) {
		free(many);
		return false;
	}
	if (set->each == 1)
		child->series.one = one;
	else
		child->series.many = many;
	child->is_removed = false;
	(void)pt_child_touch(child); /* so that the first look gives it its whole time */
	/* release: who sees it live without the lock sees it reset. */
	atomic_store_explicit(&child->live, true, memory_order_release);
	set->live += !child->is_overflow;
	pt_gather_forget(set->registry);
	return true;
}

static int64_t
wall_ms(const struct pt_set *set)
{
	return set->registry->clock->wall_ms(set->registry->clock);
}

/* From zero. Less values than labels: the overflow. */
static struct pt_child *
make_child(struct pt_set *set, const struct pt_values *values)
{
	struct pt_child *child = pt_child_raw(set);
	if (child == NULL)
		return NULL;
	child->hash = (uint32_t)values->hash;
	child->is_overflow = values->count < set->label_count;
	if (child->is_overflow) {
		child->labels = overflow_labels(set);
		values = NULL;
	}
	set->kind->reset(child);
	if (!start(child, values, wall_ms(set))) {
		pt_child_put(child);
		return NULL;
	}
	set->newest = child;
	return child;
}

/* A removed child starts from zero; an expired one has counted since its end. */
bool
pt_family_revive(struct pt_child *child, int64_t start_ms)
{
	if (child->is_removed)
		child->set->kind->reset(child);
	if (!start(child, NULL, start_ms))
		return false;
	child->set->dead--;
	return true;
}

static struct pt_child *
overflow(struct pt_set *set)
{
	static const struct pt_values no_values = {.count = 0};
	struct pt_child *child = set->overflow;
	if (child == NULL)
		child = set->overflow = make_child(set, &no_values);
	/* relaxed: `live` changes only under the lock. */
	else if (!atomic_load_explicit(&child->live, memory_order_relaxed) &&
		!pt_family_revive(child, wall_ms(set)))
		return NULL;
	if (child != NULL)
		atomic_fetch_add_explicit(&set->registry->overflowed, 1, memory_order_relaxed);
	return child;
}

/* The locks are held. */
static struct pt_child *
find_or_start(struct pt_set *set, const struct pt_values *values)
{
	struct pt_child *child = pt_index_find(locked_index(set), values);
	/* relaxed: `live` changes only under the lock. */
	if (child != NULL && atomic_load_explicit(&child->live, memory_order_relaxed))
		return child;
	if (set->limit != 0 && set->live >= set->limit)
		return overflow(set);
	if (child != NULL)
		return pt_family_revive(child, wall_ms(set)) ? child : NULL;
	if (!make_room(set))
		return NULL;
	child = make_child(set, values);
	if (child != NULL)
		pt_index_add(locked_index(set), child);
	return child;
}

/* ---- what also expire.c does ---- */

void
pt_family_end(struct pt_child *child, int64_t now_ms)
{
	struct pt_set *set = child->set;
	/* relaxed: a thread that still sees it live updates what nobody gathers. */
	atomic_store_explicit(&child->live, false, memory_order_relaxed);
	child->since = pt_expire_tick(set, now_ms);
	set->live -= !child->is_overflow;
	set->dead++;
	drop_series(child);
	pt_exemplar_forget(child);
}

void
pt_family_reuse(struct pt_child *child)
{
	struct pt_set *set = child->set;
	pt_index_remove(locked_index(set), child);
	set->dead--;
	pt_exemplar_forget(child); /* one may have come after the end */
	pt_child_put(child);
}

/* ---- the face ---- */

static bool
values_are_valid(const struct pt_set *set, const struct pt_values *values)
{
	const char *name = set->declared->name;
	if (values->count != set->label_count) {
		pt_registry_mistake(set->registry, "%s has %zu labels, but %zu values were given",
			name, set->label_count, values->count);
		return false;
	}
	for (size_t i = 0; i < values->count; i++) {
		const struct pt_text *value = &values->at[i];
		size_t length = value->length;
		if (pt_text_is_ascii(value) ||
			(length <= PT_LIMIT_VALUE && pt_utf8_valid(value->bytes, length)))
			continue;
		pt_registry_mistake(set->registry, "%s: the value of label \"%s\" is %s", name,
			set->label_names[i], length > PT_LIMIT_VALUE ? "too long" : "not UTF-8");
		return false;
	}
	return true;
}

/* In a family that expires: the live child of these values, if there is one. */
static struct pt_child *
find_live(struct pt_set *set, const struct pt_values *values)
{
	(void)pthread_mutex_lock(&set->lock);
	struct pt_child *child = pt_index_find(locked_index(set), values);
	if (child != NULL && !atomic_load_explicit(&child->live, memory_order_relaxed))
		child = NULL;
	if (child != NULL)
		(void)pt_child_touch(child);
	(void)pthread_mutex_unlock(&set->lock);
	return child;
}

struct pt_child *
pt_family_make(struct pt_set *set, const struct pt_values *values)
{
	struct pt_child *child = NULL;
	if (pt_family_expires(set) && values->count == set->label_count)
		child = find_live(set, values);
	if (child != NULL)
		return child;
	if (!values_are_valid(set, values))
		return NULL;
	(void)pthread_mutex_lock(&set->registry->lock);
	pt_family_lock(set);
	child = find_or_start(set, values);
	if (child != NULL)
		(void)pt_child_touch(child);
	pt_family_unlock(set);
	(void)pthread_mutex_unlock(&set->registry->lock);
	if (child == NULL)
		pt_registry_mistake(set->registry, "%s: out of memory", set->declared->name);
	return child;
}

void
pt_family_remove(struct pt_set *set, const struct pt_values *values)
{
	if (!values_are_valid(set, values))
		return;
	const struct pt_clock *clock = set->registry->clock;
	(void)pthread_mutex_lock(&set->registry->lock);
	pt_family_lock(set);
	struct pt_child *child = pt_index_find(locked_index(set), values);
	if (child != NULL) {
		child->is_removed = true;
		if (atomic_load_explicit(&child->live, memory_order_relaxed)) {
			pt_family_end(child, clock->mono_ms(clock));
			pt_gather_forget(set->registry);
		}
	}
	pt_family_unlock(set);
	(void)pthread_mutex_unlock(&set->registry->lock);
}

/* New ones, made by make_series(), in place of the child's. */
static void
replace_series(struct pt_child *child, struct pt_series **series)
{
	size_t count = child->set->each;
	unref_all(pt_child_series(child), count);
	memcpy(pt_child_series(child), series, count * sizeof series[0]);
}

bool
pt_family_restart(struct pt_child *child)
{
	struct pt_set *set = child->set;
	bool ok = true;
	struct pt_series **series = calloc(set->each, sizeof series[0]);
	(void)pthread_mutex_lock(&set->registry->lock);
	pt_family_lock(set);
	if (pt_child_series(child) != NULL) {
		ok = series != NULL && make_series(child, NULL, wall_ms(set), series);
		if (ok) {
			set->kind->reset(child);
			replace_series(child, series);
			pt_exemplar_forget(child);
			pt_gather_forget(set->registry);
		}
	}
	pt_family_unlock(set);
	(void)pthread_mutex_unlock(&set->registry->lock);
	free(series);
	return ok;
}

bool
pt_family_renew(struct pt_set *set)
{
	/* All new series are made before any old one goes, so that a failure changes nothing. */
	pt_family_lock(set);
	size_t count = set->each, made = 0;
	struct pt_series **series = calloc((set->made + 1) * count, sizeof series[0]);
	struct pt_child_place place = {0};
	struct pt_child *child;
	bool ok = series != NULL;
	while (ok && (child = pt_child_next(set, &place)) != NULL) {
		struct pt_series **old = pt_child_series(child);
		if (old != NULL) {
			ok = make_series(child, NULL, old[0]->start_ms, series + made);
			made += ok ? count : 0;
		}
	}
	struct pt_series **from = series;
	place = (struct pt_child_place){0};
	while (ok && (child = pt_child_next(set, &place)) != NULL)
		if (pt_child_series(child) != NULL) {
			replace_series(child, from);
			from += count;
		}
	if (!ok && series != NULL)
		unref_all(series, made);
	pt_family_unlock(set);
	free(series);
	return ok;
}

void
pt_family_free(struct pt_set *set)
{
	struct pt_child_place place = {0};
	struct pt_child *child;
	while ((child = pt_child_next(set, &place)) != NULL)
		free_child(child);
	/* What a free one has is its instrument's alone. */
	for (child = set->free; child != NULL; child = child->series.next)
		if (set->kind->clear != NULL)
			set->kind->clear(child);
	pt_child_free_chunks(set);
	pt_index_free(locked_index(set));
	pt_family_unref(set->family);
	pt_family_unref(set->declared);
	pt_labels_unref(set->pattern);
	free((void *)set->label_names);
	free((void *)set->shape.bounds);
	free((void *)set->shape.states);
	free(set->scratch);
	(void)pthread_mutex_destroy(&set->lock);
	free(set);
}
