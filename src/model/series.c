/* SPDX-License-Identifier: MIT */
/*
 * Series. Each is four words: what it shares with others is in its role and its labels, and its
 * memory stands in a slab at the place that its number says, so that a set of series is dense
 * however it came about.
 *
 * Making one fails only when memory is out. Reference counts are taken relaxed (whoever copies a
 * reference holds one) and dropped with release/acquire, so that the last one sees all earlier use
 * before freeing.
 */
#include "model/series.h"

#include "base/poison.h"
#include "model/lock.h"
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

/* ---- numbers, and the memory of series ---- */

enum { slab_series = 64 };

struct slab {
	struct pt_ids *ids;
	struct pt_series series[slab_series];
};

/* The model's lock guards them. */
struct pt_ids {
	uint32_t references; /* one for each series, and the maker's */
	uint32_t next;
	uint32_t *freed; /* a stack, so that numbers stay small */
	size_t freed_count;
	size_t freed_capacity;
	struct slab **slabs; /* by number; NULL where no series was */
	size_t slab_count;
};

struct pt_ids *
pt_ids_new(void)
{
	struct pt_ids *ids = calloc(1, sizeof *ids);
	if (ids != NULL)
		ids->references = 1;
	return ids;
}

/* The lock is held. */
static void
let_go(struct pt_ids *ids)
{
	if (--ids->references > 0)
		return;
	for (size_t i = 0; i < ids->slab_count; i++)
		free(ids->slabs[i]);
	free(ids->slabs);
	free(ids->freed);
	free(ids);
}

void
pt_ids_unref(struct pt_ids *ids)
{
	if (ids == NULL)
		return;
	pt_model_lock();
	let_go(ids);
	pt_model_unlock();
}

/* The lock is held, here and below. */
static uint32_t
get(struct pt_ids *ids)
{
	return ids->freed_count > 0 ? ids->freed[--ids->freed_count] : ids->next++;
}

static void
put(struct pt_ids *ids, uint32_t id)
{
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
}

static bool
make_slab(struct pt_ids *ids, size_t at)
{
	if (at >= ids->slab_count) {
		size_t count = ids->slab_count == 0 ? 1 : ids->slab_count * 2;
		while (count <= at)
			count *= 2;
		struct slab **slabs = realloc(ids->slabs, count * sizeof slabs[0]);
		if (slabs == NULL)
			return false;
		memset(slabs + ids->slab_count, 0, (count - ids->slab_count) * sizeof slabs[0]);
		ids->slabs = slabs;
		ids->slab_count = count;
	}
	if (ids->slabs[at] != NULL)
		return true;
	struct slab *slab = ids->slabs[at] = malloc(sizeof *slab);
	if (slab == NULL)
		return false;
	slab->ids = ids;
	PT_POISON(slab->series, sizeof slab->series);
	return true;
}

/* With nothing but its number; NULL if memory is out. */
static struct pt_series *
get_series(struct pt_ids *ids)
{
	uint32_t id = get(ids);
	if (!make_slab(ids, id / slab_series)) {
		put(ids, id);
		return NULL;
	}
	struct pt_series *series = &ids->slabs[id / slab_series]->series[id % slab_series];
	PT_UNPOISON(series, sizeof *series);
	series->id = id & INT32_MAX; /* PT_LIMIT_SERIES is far below */
	ids->references++;
	return series;
}

struct pt_ids *
pt_series_ids(const struct pt_series *series)
{
	const struct pt_series *first = series - pt_series_id(series) % slab_series;
	return *(struct pt_ids *const *)((const char *)first - offsetof(struct slab, series));
}

/* ---- series ---- */

struct pt_series *
pt_series_add(struct pt_ids *ids, struct pt_family *family, struct pt_labels *labels,
	const struct pt_role_key *key, int64_t start_ms)
{
	struct pt_role *role = pt_role_get(family, key);
	struct pt_series *series = role == NULL ? NULL : get_series(ids);
	if (series == NULL) {
		if (role != NULL)
			pt_role_drop(role);
		return NULL;
	}
	atomic_init(&series->references, 1);
	series->continues = false;
	series->role = role;
	series->labels = pt_labels_ref(labels);
	series->start_ms = start_ms;
	return series;
}

struct pt_series *
pt_series_new(struct pt_ids *ids, struct pt_family *family, struct pt_labels *labels,
	enum pt_part part, double bound, const char *extra_value, int64_t start_ms)
{
	const struct pt_role_key key = {part, bound, part == PT_PART_STATE ? extra_value : NULL};
	pt_model_lock();
	struct pt_series *series = pt_series_add(ids, family, labels, &key, start_ms);
	pt_model_unlock();
	return series;
}

struct pt_series *
pt_series_like(const struct pt_series *series, struct pt_ids *ids, struct pt_family *family,
	struct pt_labels *labels)
{
	const struct pt_role *role = series->role;
	return pt_series_new(
		ids, family, labels, role->part, role->bound, role->extra_value, series->start_ms);
}

struct pt_series *
pt_series_ref(struct pt_series *series)
{
	atomic_fetch_add_explicit(&series->references, 1, memory_order_relaxed);
	return series;
}

void
pt_series_unref(struct pt_series *series)
{
	if (series == NULL ||
		atomic_fetch_sub_explicit(&series->references, 1, memory_order_acq_rel) != 1)
		return;
	struct pt_ids *ids = pt_series_ids(series);
	pt_model_lock();
	pt_role_drop(series->role);
	pt_labels_drop(series->labels);
	put(ids, pt_series_id(series));
	PT_POISON(series, sizeof *series);
	let_go(ids);
	pt_model_unlock();
}

bool
pt_series_move(struct pt_series *series, struct pt_family *family)
{
	const struct pt_role_key key = pt_role_key(series->role);
	pt_model_lock();
	struct pt_role *role = pt_role_get(family, &key);
	if (role != NULL) {
		pt_role_drop(series->role);
		series->role = role;
	}
	pt_model_unlock();
	return role != NULL;
}

uint64_t
pt_series_hash(const struct pt_series *series)
{
	return pt_labels_hash(series->labels, series->role->hash);
}

size_t
pt_series_label_count(const struct pt_series *series)
{
	return pt_labels_count(series->labels) + (series->role->extra_name != NULL ? 1u : 0u);
}

struct pt_label
pt_series_label(const struct pt_series *series, size_t index)
{
	const struct pt_labels *labels = series->labels;
	const struct pt_role *role = series->role;
	if (role->extra_name == NULL)
		return pt_labels_at(labels, index);
	size_t place = 0;
	while (place < pt_labels_count(labels) &&
		strcmp(pt_labels_at(labels, place).name, role->extra_name) < 0)
		place++;
	if (index == place)
		return (struct pt_label){
			.name = role->extra_name,
			.value = role->extra_value,
			.name_length = (uint32_t)strlen(role->extra_name),
			.value_length = role->extra_length,
		};
	return pt_labels_at(labels, index < place ? index : index - 1);
}
