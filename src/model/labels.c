/* SPDX-License-Identifier: MIT */
/*
 * Labels: one small allocation of numbers. Making some fails only when memory is out. Reference
 * counts are taken relaxed (whoever copies a reference holds one) and dropped with release and
 * acquire, so that the last one sees all earlier use before freeing.
 */
#include "model/labels.h"

#include "base/hash.h"
#include "base/limits.h"
#include <stdlib.h>
#include <string.h>

struct pt_label
pt_label_of(const char *name, const char *value)
{
	return (struct pt_label){
		.name = name,
		.value = value,
		.name_length = (uint32_t)strlen(name),
		.value_length = (uint32_t)strlen(value),
	};
}

const char *
pt_labels_duplicate(const struct pt_label *pairs, size_t count)
{
	for (size_t i = 1; i < count; i++)
		for (size_t j = 0; j < i; j++)
			if (strcmp(pairs[i].name, pairs[j].name) == 0)
				return pairs[i].name;
	return NULL;
}

/* ---- making ---- */

/* The pairs are set by the caller; `count` at the end, too, if some are left out. */
static struct pt_labels *
new_labels(size_t count)
{
	struct pt_labels *labels = malloc(sizeof *labels + count * sizeof labels->pairs[0]);
	if (labels == NULL)
		return NULL;
	atomic_init(&labels->references, 1);
	labels->count = 0;
	return labels;
}

/* The lock is held. */
static void
drop_pairs(const struct pt_labels *labels)
{
	for (uint32_t i = 0; i < labels->count; i++) {
		pt_intern_drop(labels->pairs[i].name);
		pt_intern_drop(labels->pairs[i].value);
	}
}

/* The lock is held. Appends; false if memory is out. `name` is the caller's reference. */
static bool
add_pair(struct pt_labels *labels, uint32_t name, const char *value, uint32_t length)
{
	uint32_t number = name == 0 ? 0 : pt_intern_take(value, length);
	if (number == 0) {
		if (name != 0)
			pt_intern_drop(name);
		return false;
	}
	labels->pairs[labels->count++] = (struct pt_pair){name, number};
	return true;
}

/* With what was added, or NULL. */
static struct pt_labels *
finish(struct pt_labels *labels, bool ok)
{
	if (!ok)
		drop_pairs(labels);
	pt_intern_unlock();
	if (ok)
		return labels;
	free(labels);
	return NULL;
}

/* Their order: `order[i]` is the index of the one at `i`. There are few, mostly in order. */
static size_t
sort(const struct pt_label *pairs, size_t count, uint16_t *order)
{
	size_t kept = 0;
	for (size_t i = 0; i < count; i++) {
		if (pairs[i].value_length == 0)
			continue;
		size_t at = kept++;
		for (; at > 0 && strcmp(pairs[order[at - 1]].name, pairs[i].name) > 0; at--)
			order[at] = order[at - 1];
		order[at] = (uint16_t)i;
	}
	return kept;
}

struct pt_labels *
pt_labels_new(const struct pt_label *pairs, size_t count)
{
	uint16_t some[2 * PT_LIMIT_LABELS], *order = some;
	if (count > sizeof some / sizeof some[0])
		order = malloc(count * sizeof order[0]);
	if (order == NULL)
		return NULL;
	size_t kept = sort(pairs, count, order);
	struct pt_labels *labels = new_labels(kept);
	bool ok = labels != NULL && pt_intern_lock();
	if (!ok) {
		free(labels);
		labels = NULL;
	}
	for (size_t i = 0; ok && i < kept; i++) {
		const struct pt_label *pair = &pairs[order[i]];
		ok = add_pair(labels, pt_intern_take(pair->name, pair->name_length), pair->value,
			pair->value_length);
	}
	if (order != some)
		free(order);
	return labels == NULL ? NULL : finish(labels, ok);
}

struct pt_labels *
pt_labels_like(const struct pt_labels *pattern, const uint8_t *places,
	const struct pt_label *values, size_t count)
{
	uint8_t of[PT_LIMIT_LABELS * 2] = {0}; /* 0, or which of the values stands there, from 1 */
	struct pt_labels *labels = new_labels(pattern->count);
	if (labels == NULL || !pt_intern_lock()) {
		free(labels);
		return NULL;
	}
	for (size_t i = 0; i < count; i++)
		of[places[i]] = (uint8_t)(i + 1);
	bool ok = true;
	for (uint32_t i = 0; ok && i < pattern->count; i++) {
		struct pt_pair pair = pattern->pairs[i];
		const struct pt_label *value = of[i] == 0 ? NULL : &values[of[i] - 1];
		if (value != NULL && value->value_length == 0)
			continue;
		pt_intern_again(pair.name);
		if (value != NULL) {
			ok = add_pair(labels, pair.name, value->value, value->value_length);
			continue;
		}
		pt_intern_again(pair.value);
		labels->pairs[labels->count++] = pair;
	}
	return finish(labels, ok);
}

/* ---- references ---- */

struct pt_labels *
pt_labels_ref(struct pt_labels *labels)
{
	atomic_fetch_add_explicit(&labels->references, 1, memory_order_relaxed);
	return labels;
}

void
pt_labels_unref(struct pt_labels *labels)
{
	if (labels == NULL ||
		atomic_fetch_sub_explicit(&labels->references, 1, memory_order_acq_rel) != 1)
		return;
	/* Locking fails only as long as nothing was ever interned. */
	if (labels->count > 0 && pt_intern_lock()) {
		drop_pairs(labels);
		pt_intern_unlock();
	}
	free(labels);
}

/* ---- reading ---- */

const char *
pt_labels_find(const struct pt_labels *labels, const char *name)
{
	for (uint32_t i = 0; i < labels->count; i++)
		if (strcmp(pt_intern_at(labels->pairs[i].name)->text, name) == 0)
			return pt_intern_at(labels->pairs[i].value)->text;
	return NULL;
}

bool
pt_labels_equal(const struct pt_labels *a, const struct pt_labels *b)
{
	return a == b ||
		(a->count == b->count &&
			memcmp(a->pairs, b->pairs, a->count * sizeof a->pairs[0]) == 0);
}

uint64_t
pt_labels_hash(const struct pt_labels *labels, uint64_t hash)
{
	for (uint32_t i = 0; i < labels->count; i++)
		hash = pt_hash_mix(hash ^ pt_intern_at(labels->pairs[i].name)->hash,
			PT_HASH_ODD ^ pt_intern_at(labels->pairs[i].value)->hash);
	return hash;
}
