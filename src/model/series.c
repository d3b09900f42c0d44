/* SPDX-License-Identifier: MIT */
/*
 * Labels, families, series: each is one allocation with its texts behind it. Making one fails only
 * when memory is out. Reference counts are taken relaxed (whoever copies a reference holds one) and
 * dropped with release/acquire, so that the last one sees all earlier use before freeing.
 */
#include "model/series.h"

#include "base/hash.h"
#include "base/number.h"
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

static void
take(atomic_uint *references)
{
	atomic_fetch_add_explicit(references, 1, memory_order_relaxed);
}

static bool
drop(atomic_uint *references)
{
	return atomic_fetch_sub_explicit(references, 1, memory_order_acq_rel) == 1;
}

/* ---- labels ---- */

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

static const char *
append(char **at, const char *text, uint32_t length)
{
	char *copy = *at;
	memcpy(copy, text, length);
	copy[length] = '\0';
	*at += length + 1;
	return copy;
}

/* There are few, and mostly they are in order. */
static void
insert(struct pt_label *sorted, size_t count, const struct pt_label *pair)
{
	size_t at = count;
	for (; at > 0 && strcmp(sorted[at - 1].name, pair->name) > 0; at--)
		sorted[at] = sorted[at - 1];
	sorted[at] = *pair;
}

struct pt_labels *
pt_labels_new(const struct pt_label *pairs, size_t count)
{
	size_t kept = 0, bytes = 0;
	for (size_t i = 0; i < count; i++) {
		if (pairs[i].value_length == 0)
			continue;
		kept++;
		bytes += (size_t)pairs[i].name_length + pairs[i].value_length + 2;
	}
	struct pt_labels *labels = malloc(sizeof *labels + kept * sizeof labels->pairs[0] + bytes);
	if (labels == NULL)
		return NULL;
	atomic_init(&labels->references, 1);
	labels->count = 0;
	for (size_t i = 0; i < count; i++)
		if (pairs[i].value_length > 0)
			insert(labels->pairs, labels->count++, &pairs[i]);
	char *text = (char *)(labels->pairs + kept);
	for (size_t i = 0; i < kept; i++) {
		struct pt_label *pair = &labels->pairs[i];
		pair->name = append(&text, pair->name, pair->name_length);
		pair->value = append(&text, pair->value, pair->value_length);
	}
	return labels;
}

struct pt_labels *
pt_labels_ref(struct pt_labels *labels)
{
	take(&labels->references);
	return labels;
}

void
pt_labels_unref(struct pt_labels *labels)
{
	if (labels != NULL && drop(&labels->references))
		free(labels);
}

const char *
pt_labels_find(const struct pt_labels *labels, const char *name)
{
	for (uint32_t i = 0; i < labels->count; i++)
		if (strcmp(labels->pairs[i].name, name) == 0)
			return labels->pairs[i].value;
	return NULL;
}

bool
pt_labels_equal(const struct pt_labels *a, const struct pt_labels *b)
{
	if (a->count != b->count)
		return false;
	for (uint32_t i = 0; i < a->count; i++) {
		const struct pt_label *x = &a->pairs[i], *y = &b->pairs[i];
		if (x->name_length != y->name_length || x->value_length != y->value_length ||
			memcmp(x->name, y->name, x->name_length) != 0 ||
			memcmp(x->value, y->value, x->value_length) != 0)
			return false;
	}
	return true;
}

/* ---- family ---- */

struct pt_family *
pt_family_new(const char *name, size_t name_length, enum pitot_type type, const char *help,
	size_t help_length, const char *unit, size_t unit_length)
{
	if (help == NULL)
		help_length = 0;
	if (unit == NULL)
		unit_length = 0;
	struct pt_family *family =
		malloc(sizeof *family + name_length + help_length + unit_length + 3);
	if (family == NULL)
		return NULL;
	atomic_init(&family->references, 1);
	family->type = type;
	family->name_length = (uint32_t)name_length;
	family->help_length = (uint32_t)help_length;
	family->unit_length = (uint32_t)unit_length;
	family->has_help = help != NULL;
	family->is_native = false;
	char *text = family->text;
	family->name = append(&text, name, family->name_length);
	family->help = append(&text, help == NULL ? "" : help, family->help_length);
	family->unit = append(&text, unit == NULL ? "" : unit, family->unit_length);
	return family;
}

struct pt_family *
pt_family_ref(struct pt_family *family)
{
	take(&family->references);
	return family;
}

void
pt_family_unref(struct pt_family *family)
{
	if (family != NULL && drop(&family->references))
		free(family);
}

/* ---- ids ---- */

struct pt_ids {
	atomic_uint references;
	pthread_mutex_t lock; /* guards what follows */
	uint32_t next;
	uint32_t *freed; /* a stack, so that numbers stay small */
	size_t freed_count;
	size_t freed_capacity;
};

struct pt_ids *
pt_ids_new(void)
{
	struct pt_ids *ids = calloc(1, sizeof *ids);
	if (ids == NULL)
		return NULL;
	atomic_init(&ids->references, 1);
	(void)pthread_mutex_init(&ids->lock, NULL); /* cannot fail on Linux */
	return ids;
}

struct pt_ids *
pt_ids_ref(struct pt_ids *ids)
{
	take(&ids->references);
	return ids;
}

void
pt_ids_unref(struct pt_ids *ids)
{
	if (ids == NULL || !drop(&ids->references))
		return;
	(void)pthread_mutex_destroy(&ids->lock);
	free(ids->freed);
	free(ids);
}

uint32_t
pt_ids_get(struct pt_ids *ids)
{
	(void)pthread_mutex_lock(&ids->lock);
	uint32_t id = ids->freed_count > 0 ? ids->freed[--ids->freed_count] : ids->next++;
	(void)pthread_mutex_unlock(&ids->lock);
	return id;
}

void
pt_ids_put(struct pt_ids *ids, uint32_t id)
{
	(void)pthread_mutex_lock(&ids->lock);
	if (ids->freed_count == ids->freed_capacity) {
		size_t capacity = ids->freed_capacity == 0 ? 64 : ids->freed_capacity * 2;
		uint32_t *freed = realloc(ids->freed, capacity * sizeof *freed);
		if (freed != NULL) {
			ids->freed = freed;
			ids->freed_capacity = capacity;
		}
	}
	/* Without memory the number is not used again, which costs only density. */
	if (ids->freed_count < ids->freed_capacity)
		ids->freed[ids->freed_count++] = id;
	(void)pthread_mutex_unlock(&ids->lock);
}

/* ---- series ---- */

static const char *
extra_name_of(const struct pt_family *family, enum pt_part part)
{
	switch (part) {
	case PT_PART_BUCKET:
		return "le";
	case PT_PART_QUANTILE:
		return "quantile";
	case PT_PART_STATE:
		return family->name;
	default:
		return NULL;
	}
}

/* The texts of all labels, in order and each with its NUL, stand one after the other. */
static uint64_t
hash_of(const struct pt_series *series)
{
	const struct pt_labels *labels = series->labels;
	uint64_t hash =
		pt_hash(series->family->name, series->family->name_length, (uint64_t)series->part);
	if (labels->count > 0) {
		const struct pt_label *last = &labels->pairs[labels->count - 1];
		const char *from = labels->pairs[0].name, *to = last->value + last->value_length;
		hash = pt_hash(from, (size_t)(to - from), hash);
	}
	if (series->extra_value != NULL)
		hash = pt_hash(series->extra_value, series->extra_length, hash);
	return hash;
}

struct pt_series *
pt_series_new(struct pt_ids *ids, struct pt_family *family, struct pt_labels *labels,
	enum pt_part part, double bound, const char *extra_value, int64_t start_ms)
{
	char number[PT_NUMBER_TEXT];
	const char *extra_name = extra_name_of(family, part);
	size_t length = 0;
	if (part == PT_PART_BUCKET || part == PT_PART_QUANTILE) {
		length = pt_number_format(number, bound, PT_NUMBER_OPEN);
		extra_value = number;
	} else if (extra_name != NULL) {
		length = strlen(extra_value);
	}
	struct pt_series *series = malloc(sizeof *series + length);
	if (series == NULL)
		return NULL;
	atomic_init(&series->references, 1);
	series->id = pt_ids_get(ids);
	series->part = part;
	series->extra_length = (uint32_t)length;
	series->family = pt_family_ref(family);
	series->labels = pt_labels_ref(labels);
	series->ids = pt_ids_ref(ids);
	series->extra_name = extra_name;
	series->extra_value = NULL;
	series->bound = bound;
	series->start_ms = start_ms;
	series->continues = false;
	char *text = series->text;
	if (extra_name != NULL)
		series->extra_value = append(&text, extra_value, series->extra_length);
	series->hash = hash_of(series);
	return series;
}

struct pt_series *
pt_series_ref(struct pt_series *series)
{
	take(&series->references);
	return series;
}

void
pt_series_unref(struct pt_series *series)
{
	if (series == NULL || !drop(&series->references))
		return;
	pt_ids_put(series->ids, series->id);
	pt_family_unref(series->family);
	pt_labels_unref(series->labels);
	pt_ids_unref(series->ids);
	free(series);
}

size_t
pt_series_label_count(const struct pt_series *series)
{
	return series->labels->count + (series->extra_name != NULL ? 1u : 0u);
}

struct pt_label
pt_series_label(const struct pt_series *series, size_t index)
{
	const struct pt_labels *labels = series->labels;
	if (series->extra_name == NULL)
		return labels->pairs[index];
	size_t place = 0;
	while (place < labels->count && strcmp(labels->pairs[place].name, series->extra_name) < 0)
		place++;
	if (index == place)
		return (struct pt_label){
			.name = series->extra_name,
			.value = series->extra_value,
			.name_length = (uint32_t)strlen(series->extra_name),
			.value_length = series->extra_length,
		};
	return labels->pairs[index < place ? index : index - 1];
}
