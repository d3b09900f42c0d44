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

/* What is free, by how many labels it has room for. */
struct room {
	struct room *next;
};

static struct {
	struct room *free[usual_count + 1];
	struct block *blocks;
	size_t left; /* of the newest one */
} memory;

/* Rounded up, for the list of what is free. */
static size_t
size_of(size_t count)
{
	size_t size = sizeof(struct pt_labels) + count * sizeof(uint32_t);
	return (size + sizeof(struct room) - 1) / sizeof(struct room) * sizeof(struct room);
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

/* With the names, whose number is taken over, and no values; NULL if memory is out. */
static struct pt_labels *
new_labels(uint32_t names, size_t count)
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
	if (labels == NULL)
		return NULL;
	atomic_init(&labels->references, 1);
	labels->names = names;
	for (size_t i = 0; i < count; i++)
		labels->values[i] = 0;
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

/* ---- names; the lock is held ---- */

static void
drop_texts(const uint32_t *numbers, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (numbers[i] != 0)
			pt_intern_drop(numbers[i]);
}

static void
drop_names(uint32_t number)
{
	const struct pt_names *names = pt_names_at(number);
	if (pt_intern_at(number)->references == 1)
		drop_texts(names->numbers, names->count);
	pt_intern_drop(number);
}

/* Fewer are filled up with zeros, so that the text is not a short one. */
enum { least_names = 2 };

/*
 * The number of a pt_names, of which the caller set the numbers, and those are taken over; 0 if
 * memory is out.
 */
static uint32_t
take_names(uint32_t *words, size_t count)
{
	words[0] = PT_NAMES_MARK;
	words[1] = (uint32_t)count;
	for (size_t i = count; i < least_names; i++)
		words[2 + i] = 0;
	size_t kept = count < least_names ? least_names : count;
	const struct pt_text text = pt_text_of((const char *)words, (2 + kept) * sizeof words[0]);
	uint32_t number = pt_intern_take(&text);
	/* If they were there before, they have numbers of their own. */
	if (number == 0 || pt_intern_at(number)->references > 1)
		drop_texts(words + 2, count);
	return number;
}

/* ---- making ---- */

/* What is to become labels: those of `pairs` that `order` tells. */
struct order {
	const struct pt_label *pairs;
	const uint16_t *at;
	size_t count;
};

/* The lock is held. Whether the names are those of `near`, or NULL. */
static bool
has_names(const struct pt_labels *near, const struct order *order)
{
	if (near == NULL || pt_labels_count(near) != order->count)
		return false;
	const struct pt_names *names = pt_labels_names(near);
	for (size_t i = 0; i < order->count; i++) {
		const struct pt_label *pair = &order->pairs[order->at[i]];
		const struct pt_text name = pt_text_of(pair->name, pair->name_length);
		if (!pt_intern_is(pt_intern_at(names->numbers[i]), &name))
			return false;
	}
	return true;
}

/* The lock is held. 0 if memory is out. */
static uint32_t
make_names(const struct order *order, uint32_t *words)
{
	for (size_t i = 0; i < order->count; i++) {
		const struct pt_label *pair = &order->pairs[order->at[i]];
		const struct pt_text name = pt_text_of(pair->name, pair->name_length);
		words[2 + i] = pt_intern_take(&name);
		if (words[2 + i] == 0) {
			drop_texts(words + 2, i);
			return 0;
		}
	}
	return take_names(words, order->count);
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

/* The lock is held. */
static void
end(struct pt_labels *labels)
{
	size_t count = pt_labels_count(labels);
	drop_texts(labels->values, count);
	drop_names(labels->names);
	free_labels(labels, count);
}

/* The lock is held. `words` are room for the names. NULL if memory is out. */
static struct pt_labels *
make(const struct pt_labels *near, const struct order *order, uint32_t *words)
{
	bool is_near = has_names(near, order);
	uint32_t names = is_near ? near->names : make_names(order, words);
	if (names == 0)
		return NULL;
	if (is_near)
		pt_intern_again(names);
	struct pt_labels *labels = new_labels(names, order->count);
	if (labels == NULL) {
		drop_names(names);
		return NULL;
	}
	for (size_t i = 0; i < order->count; i++) {
		const struct pt_label *pair = &order->pairs[order->at[i]];
		const struct pt_text value = pt_text_of(pair->value, pair->value_length);
		labels->values[i] = take_text(&value, is_near ? near->values[i] : 0);
		if (labels->values[i] == 0) {
			end(labels);
			return NULL;
		}
	}
	return labels;
}

/* Bytewise. */
static bool
is_before(const struct pt_label *a, const struct pt_label *b)
{
	uint32_t length = a->name_length < b->name_length ? a->name_length : b->name_length;
	int order = memcmp(a->name, b->name, length);
	return order < 0 || (order == 0 && a->name_length < b->name_length);
}

/* Their order, without those that have no value. There are few, mostly in order. */
static size_t
sort(const struct pt_label *pairs, size_t count, uint16_t *order)
{
	size_t kept = 0;
	for (size_t i = 0; i < count; i++) {
		if (pairs[i].value_length == 0)
			continue;
		size_t at = kept++;
		for (; at > 0 && is_before(&pairs[i], &pairs[order[at - 1]]); at--)
			order[at] = order[at - 1];
		order[at] = (uint16_t)i;
	}
	return kept;
}

/* The lock is held. */
static struct pt_labels *
make_near(const struct pt_labels *near, const struct pt_label *pairs, size_t count)
{
	enum { usual = 2 * PT_LIMIT_LABELS };
	uint16_t some[usual], *at = some;
	uint32_t some_words[2 + usual], *words = some_words;
	if (count > usual) {
		at = malloc(count * sizeof at[0]);
		words = malloc((2 + count) * sizeof words[0]);
	}
	struct pt_labels *labels = NULL;
	if (at != NULL && words != NULL) {
		const struct order order = {pairs, at, sort(pairs, count, at)};
		labels = make(near, &order, words);
	}
	if (at != some)
		free(at);
	if (words != some_words)
		free(words);
	return labels;
}

struct pt_labels *
pt_labels_new(const struct pt_label *pairs, size_t count)
{
	return pt_labels_near(NULL, pairs, count);
}

struct pt_labels *
pt_labels_near(const struct pt_labels *near, const struct pt_label *pairs, size_t count)
{
	pt_model_lock();
	struct pt_labels *labels = make_near(near, pairs, count);
	pt_model_unlock();
	return labels;
}

/* The lock is held. All of the pattern, and of the same places; NULL if memory is out. */
static struct pt_labels *
make_all(const struct pt_labels *pattern, const struct pt_labels *near,
	const struct pt_labels_own *own)
{
	size_t count = pt_labels_count(pattern);
	struct pt_labels *labels = new_labels(pattern->names, count);
	if (labels == NULL)
		return NULL;
	pt_intern_again(pattern->names);
	for (size_t i = 0; i < count; i++) {
		labels->values[i] = pattern->values[i];
		if (labels->values[i] != 0)
			pt_intern_again(labels->values[i]);
	}
	for (size_t i = 0; i < own->count; i++) {
		uint8_t at = own->places[i];
		labels->values[at] =
			take_text(&own->values[i], near == NULL ? 0 : near->values[at]);
		if (labels->values[at] == 0) {
			end(labels);
			return NULL;
		}
	}
	return labels;
}

/* The lock is held. What has a value; NULL if memory is out. */
static struct pt_labels *
make_some(const struct pt_labels *pattern, const struct pt_labels_own *own)
{
	struct pt_label pairs[2 * PT_LIMIT_LABELS];
	size_t count = pt_labels_count(pattern);
	for (size_t i = 0; i < count; i++) {
		const uint8_t *place = memchr(own->places, (int)i, own->count);
		if (place == NULL) {
			pairs[i] = pt_labels_at(pattern, i);
			continue;
		}
		const struct pt_interned *name = pt_intern_at(pt_labels_names(pattern)->numbers[i]);
		const struct pt_text *value = &own->values[place - own->places];
		pairs[i] = (struct pt_label){
			name->text, value->bytes, name->length, (uint32_t)value->length};
	}
	return make_near(NULL, pairs, count);
}

void
pt_labels_blank(struct pt_labels *pattern, size_t place)
{
	pt_model_lock();
	pt_intern_drop(pattern->values[place]);
	pattern->values[place] = 0;
	pt_model_unlock();
}

struct pt_labels *
pt_labels_like(const struct pt_labels *pattern, const struct pt_labels *near,
	const struct pt_labels_own *own)
{
	for (size_t i = 0; i < own->count; i++)
		if (own->values[i].length == 0)
			return make_some(pattern, own);
	if (near != NULL && near->names != pattern->names)
		near = NULL; /* its places are others */
	return make_all(pattern, near, own);
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
	const struct pt_names *names = pt_labels_names(labels);
	for (uint32_t i = 0; i < names->count; i++)
		if (strcmp(pt_intern_at(names->numbers[i])->text, name) == 0)
			return pt_intern_at(labels->values[i])->text;
	return NULL;
}

bool
pt_labels_equal(const struct pt_labels *a, const struct pt_labels *b)
{
	return a == b ||
		(a->names == b->names &&
			memcmp(a->values, b->values, pt_labels_count(a) * sizeof a->values[0]) ==
				0);
}

uint64_t
pt_labels_hash(const struct pt_labels *labels, uint64_t hash)
{
	const struct pt_names *names = pt_labels_names(labels);
	for (uint32_t i = 0; i < names->count; i++)
		hash = pt_hash_mix(hash ^ pt_intern_at(names->numbers[i])->hash,
			PT_HASH_ODD ^ pt_intern_at(labels->values[i])->hash);
	return hash;
}
