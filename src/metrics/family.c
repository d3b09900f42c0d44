/* SPDX-License-Identifier: MIT */
/*
 * The children of a family, found by their label values.
 *
 * The index is a hash table that readers walk without a lock: slots are only ever filled, a full
 * table is replaced by a larger one, and the old one is kept until the family is freed (all of them
 * together are no larger than the newest). A reader that sees an old table and misses a child looks
 * again under the lock before it makes one. It fails, as a mistake, on wrong values or no memory.
 */
#include "metrics/registry.h"

#include "base/hash.h"
#include "base/utf8.h"
#include <stdlib.h>
#include <string.h>

struct pt_index {
	struct pt_index *before;
	size_t capacity; /* a power of two */
	size_t used;
	_Atomic(struct pt_child *) slots[];
};

/* ---- finding ---- */

static uint64_t
hash_values(const char *const *values, size_t count)
{
	uint64_t hash = 0;
	for (size_t i = 0; i < count; i++)
		hash = pt_hash(values[i], strlen(values[i]), hash);
	return hash;
}

static bool
has_values(const struct pt_child *child, const char *const *values, size_t count)
{
	const char *at = child->values;
	for (size_t i = 0; i < count; i++) {
		size_t length = strlen(values[i]) + 1;
		if (length > (size_t)(child->values + child->values_length - at) ||
			memcmp(at, values[i], length) != 0)
			return false;
		at += length;
	}
	return true;
}

static struct pt_child *
find(const struct pt_index *index, uint64_t hash, const char *const *values, size_t count)
{
	if (index == NULL)
		return NULL;
	size_t mask = index->capacity - 1;
	for (size_t at = (size_t)hash & mask;; at = (at + 1) & mask) {
		/* acquire: pairs with the release in add(), so the child's fields are seen. */
		struct pt_child *child =
			atomic_load_explicit(&index->slots[at], memory_order_acquire);
		if (child == NULL)
			return NULL;
		if (child->hash == hash && has_values(child, values, count))
			return child;
	}
}

/* ---- adding; the registry's lock is held ---- */

static void
add(struct pt_index *index, struct pt_child *child)
{
	size_t mask = index->capacity - 1, at = (size_t)child->hash & mask;
	/* relaxed: only holders of the lock write slots. */
	while (atomic_load_explicit(&index->slots[at], memory_order_relaxed) != NULL)
		at = (at + 1) & mask;
	/* release: a reader that finds the child sees it complete. */
	atomic_store_explicit(&index->slots[at], child, memory_order_release);
	index->used++;
}

static struct pt_index *
index_with_room(struct pt_set *set)
{
	/* relaxed: only holders of the lock replace the index. */
	struct pt_index *index = atomic_load_explicit(&set->index, memory_order_relaxed);
	if (index != NULL && (index->used + 1) * 4 <= index->capacity * 3)
		return index;
	size_t capacity = index == NULL ? (set->label_count == 0 ? 2 : 16) : index->capacity * 2;
	struct pt_index *larger = calloc(1, sizeof *larger + capacity * sizeof larger->slots[0]);
	if (larger == NULL)
		return NULL;
	larger->before = index;
	larger->capacity = capacity;
	for (struct pt_child *child = set->first; child != NULL; child = child->next)
		add(larger, child);
	/* release: a reader that gets the new index sees its slots. */
	atomic_store_explicit(&set->index, larger, memory_order_release);
	return larger;
}

/* ---- making a child ---- */

static struct pt_labels *
join_labels(const struct pt_set *set, const char *values)
{
	const struct pitot_registry *registry = set->registry;
	struct pt_label all[PT_LIMIT_LABELS * 2];
	size_t count = 0;
	for (size_t i = 0; i < registry->label_count; i++)
		all[count++] = registry->labels[i];
	for (uint32_t i = 0; set->fixed != NULL && i < set->fixed->count; i++)
		all[count++] = set->fixed->pairs[i];
	for (size_t i = 0; i < set->label_count; i++) {
		all[count] = pt_label_of(set->label_names[i], values);
		values += all[count++].value_length + 1;
	}
	return pt_labels_new(all, count);
}

static void
drop_series(struct pt_series **series, size_t count)
{
	for (size_t i = 0; series != NULL && i < count; i++)
		pt_series_unref(series[i]);
	free(series);
}

static struct pt_series **
make_series(const struct pt_set *set, const struct pt_child *child, int64_t start_ms)
{
	size_t count = set->kind->series_count(&set->shape);
	struct pt_labels *labels = join_labels(set, child->values);
	struct pt_series **series = calloc(count, sizeof *series);
	bool ok = labels != NULL && series != NULL;
	for (size_t i = 0; ok && i < count; i++) {
		struct pt_part_of part = set->kind->part(&set->shape, i);
		series[i] = pt_series_new(set->registry->ids, set->family, labels, part.part,
			part.bound, part.state, start_ms);
		ok = series[i] != NULL;
	}
	pt_labels_unref(labels);
	if (ok)
		return series;
	drop_series(series, count);
	return NULL;
}

static void
free_child(struct pt_child *child)
{
	if (child == NULL)
		return;
	const struct pt_kind *kind = child->set->kind;
	pt_exemplar_forget(child);
	drop_series(child->series, kind->series_count(&child->set->shape));
	if (kind->clear != NULL)
		kind->clear(child);
	free((char *)child->values);
	free(child);
}

static struct pt_child *
make_child(struct pt_set *set, uint64_t hash, const char *const *values)
{
	struct pt_child *child = calloc(1, set->kind->size(&set->shape));
	if (child == NULL)
		return NULL;
	child->set = set;
	child->hash = hash;
	for (size_t i = 0; i < set->label_count; i++)
		child->values_length += strlen(values[i]) + 1;
	char *copy = malloc(child->values_length + 1);
	child->values = copy;
	for (size_t i = 0; copy != NULL && i < set->label_count; i++)
		copy = stpcpy(copy, values[i]) + 1;
	if (child->values == NULL ||
		(child->series = make_series(set, child,
			 set->registry->clock->wall_ms(set->registry->clock))) == NULL) {
		free_child(child);
		return NULL;
	}
	set->kind->reset(child);
	return child;
}

/* A child starts anew: from zero, with series of its own and a new start time. */
static bool
start_anew(struct pt_child *child)
{
	struct pt_set *set = child->set;
	struct pt_series **series =
		make_series(set, child, set->registry->clock->wall_ms(set->registry->clock));
	if (series == NULL)
		return false;
	drop_series(child->series, set->kind->series_count(&set->shape));
	child->series = series;
	set->kind->reset(child);
	return true;
}

/* The registry's lock is held. */
static struct pt_child *
make_or_revive(struct pt_set *set, uint64_t hash, const char *const *values, size_t count)
{
	struct pt_index *index = index_with_room(set);
	if (index == NULL)
		return NULL;
	struct pt_child *child = find(index, hash, values, count);
	/* relaxed: `live` changes only under the lock. */
	if (child != NULL && atomic_load_explicit(&child->live, memory_order_relaxed))
		return child;
	if (child != NULL && !start_anew(child))
		return NULL;
	if (child == NULL) {
		child = make_child(set, hash, values);
		if (child == NULL)
			return NULL;
		if (set->last == NULL)
			set->first = child;
		else
			set->last->next = child;
		set->last = child;
		add(index, child);
	}
	/* release: who sees it live without the lock sees it reset. */
	atomic_store_explicit(&child->live, true, memory_order_release);
	pt_gather_forget(set->registry);
	return child;
}

/* ---- the face ---- */

static bool
values_are_valid(const struct pt_set *set, const char *const *values, size_t count)
{
	const char *name = set->declared->name;
	if (count != set->label_count) {
		pt_registry_mistake(set->registry, "%s has %zu labels, but %zu values were given",
			name, set->label_count, count);
		return false;
	}
	for (size_t i = 0; i < count; i++) {
		size_t length = strlen(values[i]);
		if (length <= PT_LIMIT_VALUE && pt_utf8_valid(values[i], length))
			continue;
		pt_registry_mistake(set->registry, "%s: the value of label \"%s\" is %s", name,
			set->label_names[i], length > PT_LIMIT_VALUE ? "too long" : "not UTF-8");
		return false;
	}
	return true;
}

struct pt_child *
pt_family_get(struct pt_set *set, const char *const *values, size_t count)
{
	uint64_t hash = hash_values(values, count);
	if (count == set->label_count) {
		/* acquire: pairs with the release in index_with_room(). */
		struct pt_child *child =
			find(atomic_load_explicit(&set->index, memory_order_acquire), hash, values,
				count);
		/* acquire: pairs with the release that made it live. */
		if (child != NULL && atomic_load_explicit(&child->live, memory_order_acquire))
			return child;
	}
	if (!values_are_valid(set, values, count))
		return NULL;
	(void)pthread_mutex_lock(&set->registry->lock);
	struct pt_child *child = make_or_revive(set, hash, values, count);
	(void)pthread_mutex_unlock(&set->registry->lock);
	if (child == NULL)
		pt_registry_mistake(set->registry, "%s: out of memory", set->declared->name);
	return child;
}

void
pt_family_remove(struct pt_set *set, const char *const *values, size_t count)
{
	if (!values_are_valid(set, values, count))
		return;
	uint64_t hash = hash_values(values, count);
	(void)pthread_mutex_lock(&set->registry->lock);
	struct pt_child *child =
		find(atomic_load_explicit(&set->index, memory_order_relaxed), hash, values, count);
	if (child != NULL && atomic_load_explicit(&child->live, memory_order_relaxed)) {
		/* relaxed: a thread that still sees it live updates what nobody gathers. */
		atomic_store_explicit(&child->live, false, memory_order_relaxed);
		pt_gather_forget(set->registry);
		drop_series(child->series, set->kind->series_count(&set->shape));
		child->series = NULL;
		pt_exemplar_forget(child);
	}
	(void)pthread_mutex_unlock(&set->registry->lock);
}

bool
pt_family_restart(struct pt_child *child)
{
	struct pitot_registry *registry = child->set->registry;
	bool ok = true;
	(void)pthread_mutex_lock(&registry->lock);
	/* relaxed: `live` changes only under the lock. */
	if (atomic_load_explicit(&child->live, memory_order_relaxed)) {
		ok = start_anew(child);
		if (ok) {
			pt_gather_forget(registry);
			pt_exemplar_forget(child);
		}
	}
	(void)pthread_mutex_unlock(&registry->lock);
	return ok;
}

bool
pt_family_renew(struct pt_set *set)
{
	/* All new series are made before any old one goes, so that a failure changes nothing. */
	size_t children = 0, count = set->kind->series_count(&set->shape), at = 0;
	for (struct pt_child *child = set->first; child != NULL; child = child->next)
		children += child->series != NULL;
	struct pt_series ***made = calloc(children + 1, sizeof *made);
	if (made == NULL)
		return false;
	bool ok = true;
	for (struct pt_child *child = set->first; ok && child != NULL; child = child->next)
		if (child->series != NULL)
			ok = (made[at++] = make_series(set, child, child->series[0]->start_ms)) !=
				NULL;
	at = 0;
	for (struct pt_child *child = set->first; ok && child != NULL; child = child->next)
		if (child->series != NULL) {
			drop_series(child->series, count);
			child->series = made[at];
			made[at++] = NULL;
		}
	for (at = 0; at < children; at++)
		drop_series(made[at], count);
	free(made);
	return ok;
}

void
pt_family_free(struct pt_set *set)
{
	while (set->first != NULL) {
		struct pt_child *child = set->first;
		set->first = child->next;
		free_child(child);
	}
	struct pt_index *index = atomic_load_explicit(&set->index, memory_order_relaxed);
	while (index != NULL) {
		struct pt_index *before = index->before;
		free(index);
		index = before;
	}
	pt_family_unref(set->family);
	pt_family_unref(set->declared);
	pt_labels_unref(set->fixed);
	free((void *)set->label_names);
	free((void *)set->shape.bounds);
	free((void *)set->shape.states);
	free(set);
}
