/* SPDX-License-Identifier: MIT */
/*
 * Labels: a few numbers. There are as many of them as instruments, so those of usual size come
 * from blocks that have no overhead, and go back to a list for their size; blocks stay, and so the
 * memory is that of the most that there were at one time.
 *
 * Making some fails only when memory is out. Reference counts are taken relaxed (whoever copies a
 * reference holds one) and dropped with release and acquire, so that the last one sees all earlier
 * use before freeing.
 */
#include "model/labels.h"

#include "base/hash.h"
#include "base/limits.h"
#include "base/poison.h"
#include "model/lock.h"
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

/* ---- memory; the lock is held ---- */

/* With an address sanitizer, most are allocations of their own, so that it sees each fault. */
enum { usual_count = PT_POISONS ? 0 : 16, block_size = 8192 };

struct block {
	struct block *before;
	char bytes[block_size];
};

/* What is free, by how many pairs it has room for. */
struct room {
	struct room *next;
};

static struct {
	struct room *free[usual_count + 1];
	struct block *blocks;
	size_t left; /* of the newest one */
} memory;

static size_t
size_of(size_t count)
{
	return sizeof(struct pt_labels) + count * sizeof(struct pt_pair);
}

/* The rest of the last block, if there is one, is lost: it is less than the largest. */
static void *
cut(size_t size)
{
	if (memory.left < size) {
		struct block *block = malloc(sizeof *block);
		if (block == NULL)
			return NULL;
		block->before = memory.blocks;
		memory.blocks = block;
		memory.left = block_size;
	}
	memory.left -= size;
	return memory.blocks->bytes + memory.left;
}

/* The pairs are set by the caller, as is the count. */
static struct pt_labels *
new_labels(size_t count)
{
	struct pt_labels *labels;
	if (count > usual_count) {
		labels = malloc(size_of(count));
	} else if (memory.free[count] != NULL) {
		struct room *room = memory.free[count];
		memory.free[count] = room->next;
		labels = (struct pt_labels *)room;
	} else {
		labels = cut(size_of(count));
	}
	if (labels != NULL) {
		atomic_init(&labels->references, 1);
		labels->count = 0;
	}
	return labels;
}

static void
free_labels(struct pt_labels *labels, size_t count)
{
	if (count > usual_count) {
		free(labels);
		return;
	}
	struct room *room = (struct room *)labels;
	room->next = memory.free[count];
	memory.free[count] = room;
}

/* ---- making ---- */

/* The lock is held. */
static void
drop_pairs(const struct pt_labels *labels)
{
	for (uint32_t i = 0; i < labels->count; i++) {
		pt_intern_drop(labels->pairs[i].name);
		if (labels->pairs[i].value != 0)
			pt_intern_drop(labels->pairs[i].value);
	}
}

/* The lock is held. The number of the text, which may be `near` (or 0); 0 if memory is out. */
static inline uint32_t
take_text(const struct pt_text *text, uint32_t near)
{
	if (near == 0 || !pt_intern_is(pt_intern_at(near), text))
		return pt_intern_take(text);
	pt_intern_again(near);
	return near;
}

/* The lock is held. Appends the label, perhaps that of `near`; false if memory is out. */
static bool
add_pair(struct pt_labels *labels, const struct pt_label *pair, struct pt_pair near)
{
	const struct pt_text name_text = pt_text_of(pair->name, pair->name_length);
	const struct pt_text value_text = pt_text_of(pair->value, pair->value_length);
	uint32_t name = take_text(&name_text, near.name);
	uint32_t value = name == 0 ? 0 : take_text(&value_text, near.value);
	if (value == 0) {
		if (name != 0)
			pt_intern_drop(name);
		return false;
	}
	labels->pairs[labels->count++] = (struct pt_pair){name, value};
	return true;
}

/* What stands at the place of `labels`, which may be NULL. */
static struct pt_pair
pair_at(const struct pt_labels *labels, size_t place)
{
	return labels != NULL && place < labels->count ? labels->pairs[place]
						       : (struct pt_pair){0, 0};
}

/* They were made for `count` pairs; NULL if something was missing. Unlocks. */
static struct pt_labels *
finish(struct pt_labels *labels, size_t count, bool ok)
{
	if (!ok && labels != NULL) {
		drop_pairs(labels);
		free_labels(labels, count);
	}
	pt_model_unlock();
	return ok ? labels : NULL;
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
	return pt_labels_near(NULL, pairs, count);
}

struct pt_labels *
pt_labels_near(const struct pt_labels *near, const struct pt_label *pairs, size_t count)
{
	uint16_t some[2 * PT_LIMIT_LABELS], *order = some;
	if (count > sizeof some / sizeof some[0])
		order = malloc(count * sizeof order[0]);
	if (order == NULL)
		return NULL;
	size_t kept = sort(pairs, count, order);
	pt_model_lock();
	struct pt_labels *labels = new_labels(kept);
	bool ok = labels != NULL;
	for (size_t i = 0; ok && i < kept; i++)
		ok = add_pair(labels, &pairs[order[i]], pair_at(near, i));
	labels = finish(labels, kept, ok);
	if (order != some)
		free(order);
	return labels;
}

/* The lock is held. All of the pattern, and of the same places; false if memory is out. */
static bool
put_all(struct pt_labels *labels, const struct pt_labels *pattern, const struct pt_labels *near,
	const struct pt_labels_own *own)
{
	labels->count = pattern->count;
	for (uint32_t i = 0; i < pattern->count; i++) {
		labels->pairs[i] = pattern->pairs[i];
		pt_intern_again(pattern->pairs[i].name);
		if (pattern->pairs[i].value != 0)
			pt_intern_again(pattern->pairs[i].value);
	}
	for (size_t i = 0; i < own->count; i++) {
		uint8_t at = own->places[i];
		labels->pairs[at].value = take_text(&own->values[i], pair_at(near, at).value);
		if (labels->pairs[at].value == 0)
			return false;
	}
	return true;
}

/* The lock is held. What has a value; false if memory is out. */
static bool
put_some(struct pt_labels *labels, const struct pt_labels *pattern, const struct pt_labels_own *own)
{
	bool ok = true;
	for (uint32_t i = 0; ok && i < pattern->count; i++) {
		const uint8_t *place = memchr(own->places, (int)i, own->count);
		const struct pt_interned *name = pt_intern_at(pattern->pairs[i].name);
		struct pt_label pair = {.name = name->text, .name_length = name->length};
		if (place == NULL) {
			pair = pt_labels_at(pattern, i);
		} else {
			pair.value = own->values[place - own->places].bytes;
			pair.value_length = (uint32_t)own->values[place - own->places].length;
		}
		if (pair.value_length > 0)
			ok = add_pair(labels, &pair, pattern->pairs[i]);
	}
	return ok;
}

void
pt_labels_blank(struct pt_labels *pattern, size_t place)
{
	pt_model_lock();
	pt_intern_drop(pattern->pairs[place].value);
	pattern->pairs[place].value = 0;
	pt_model_unlock();
}

struct pt_labels *
pt_labels_like(const struct pt_labels *pattern, const struct pt_labels *near,
	const struct pt_labels_own *own)
{
	size_t count = pattern->count;
	for (size_t i = 0; i < own->count; i++)
		count -= own->values[i].length == 0;
	if (near != NULL && near->count != pattern->count)
		near = NULL; /* its places are others */
	pt_model_lock();
	struct pt_labels *labels = new_labels(count);
	bool ok = labels != NULL;
	if (ok)
		ok = count == pattern->count ? put_all(labels, pattern, near, own)
					     : put_some(labels, pattern, own);
	return finish(labels, count, ok);
}

/* ---- references ---- */

struct pt_labels *
pt_labels_ref(struct pt_labels *labels)
{
	atomic_fetch_add_explicit(&labels->references, 1, memory_order_relaxed);
	return labels;
}

static bool
was_last(struct pt_labels *labels)
{
	return atomic_fetch_sub_explicit(&labels->references, 1, memory_order_acq_rel) == 1;
}

/* The lock is held. */
static void
end(struct pt_labels *labels)
{
	drop_pairs(labels);
	free_labels(labels, labels->count);
}

void
pt_labels_drop(struct pt_labels *labels)
{
	if (was_last(labels))
		end(labels);
}

void
pt_labels_unref(struct pt_labels *labels)
{
	if (labels == NULL || !was_last(labels))
		return;
	pt_model_lock();
	end(labels);
	pt_model_unlock();
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
