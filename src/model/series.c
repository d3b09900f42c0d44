/* SPDX-License-Identifier: MIT */
/*
 * Families, their roles, and series. A series is four words: what it shares with others is in its
 * role and its labels, and its memory stands in a slab at the place that its number says, so that a
 * set of series is dense however it came about.
 *
 * Making one fails only when memory is out. Reference counts are taken relaxed (whoever copies a
 * reference holds one) and dropped with release/acquire, so that the last one sees all earlier use
 * before freeing.
 */
#include "model/series.h"

#include "base/hash.h"
#include "base/number.h"
#include "base/poison.h"
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

static const char *
append(char **at, const char *text, uint32_t length)
{
	char *copy = *at;
	memcpy(copy, text, length);
	copy[length] = '\0';
	*at += length + 1;
	return copy;
}

/* ---- roles ---- */

/* More parts than any instrument of ours has; what others send may have any number. */
enum { most_shared = 4096 };

struct pt_roles {
	pthread_mutex_t lock; /* guards what follows, for writing also `first` and each `next` */
	struct pt_role **slots;
	size_t capacity; /* a power of two, at most half full */
	size_t count;
	struct pt_role *last;
	_Atomic(struct pt_role *) first;
	/* Where the last search ended: series come in the order of their roles. A mere hint. */
	_Atomic(struct pt_role *) recent;
};

static void
free_roles(struct pt_roles *roles)
{
	/* relaxed: nobody else is left. */
	struct pt_role *role = atomic_load_explicit(&roles->first, memory_order_relaxed), *next;
	for (; role != NULL; role = next) {
		next = atomic_load_explicit(&role->next, memory_order_relaxed);
		free(role);
	}
	free(roles->slots);
	(void)pthread_mutex_destroy(&roles->lock);
	free(roles);
}

/* What is asked for; `state` only for PT_PART_STATE. */
struct role_key {
	enum pt_part part;
	double bound;
	const char *state;
};

static bool
is_role(const struct pt_role *role, const struct role_key *key)
{
	return role != NULL && role->part == key->part &&
		pt_number_bits(role->bound) == pt_number_bits(key->bound) &&
		(key->state == NULL || strcmp(role->extra_value, key->state) == 0);
}

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

static uint64_t
hash_role(const struct pt_role *role, uint64_t seed)
{
	const struct pt_family *family = role->family;
	uint64_t hash = pt_hash(family->name, family->name_length, seed ^ (uint64_t)role->part);
	return role->extra_value == NULL
		? hash
		: pt_hash(role->extra_value, role->extra_length, hash);
}

static struct pt_role *
new_role(struct pt_family *family, const struct role_key *key)
{
	char number[PT_NUMBER_TEXT];
	const char *value = key->state, *name = extra_name_of(family, key->part);
	size_t length = 0;
	if (key->part == PT_PART_BUCKET || key->part == PT_PART_QUANTILE) {
		length = pt_number_format(number, key->bound, PT_NUMBER_OPEN);
		value = number;
	} else if (name != NULL) {
		length = strlen(value);
	}
	struct pt_role *role = malloc(sizeof *role + length + 1);
	if (role == NULL)
		return NULL;
	*role = (struct pt_role){
		.family = family,
		.part = key->part,
		.extra_length = (uint32_t)length,
		.extra_name = name,
		.bound = key->bound,
	};
	atomic_init(&role->next, NULL);
	char *text = role->text;
	if (name != NULL)
		role->extra_value = append(&text, value, role->extra_length);
	role->hash = hash_role(role, 0);
	role->place = hash_role(role, pt_hash_secret());
	return role;
}

static size_t
slot_of(const struct pt_roles *roles, const struct role_key *key)
{
	uint64_t bits = pt_number_bits(key->bound);
	uint64_t hash = pt_hash(&bits, sizeof bits, pt_hash_secret() ^ (uint64_t)key->part);
	if (key->state != NULL)
		hash = pt_hash(key->state, strlen(key->state), hash);
	size_t at = (size_t)hash & (roles->capacity - 1);
	while (roles->slots[at] != NULL && !is_role(roles->slots[at], key))
		at = (at + 1) & (roles->capacity - 1);
	return at;
}

static bool
has_room(struct pt_roles *roles)
{
	if ((roles->count + 1) * 2 <= roles->capacity)
		return true;
	struct pt_roles grown = {.capacity = roles->capacity == 0 ? 2 : roles->capacity * 2};
	grown.slots = calloc(grown.capacity, sizeof grown.slots[0]);
	if (grown.slots == NULL)
		return false;
	for (size_t i = 0; i < roles->capacity; i++) {
		struct pt_role *role = roles->slots[i];
		if (role == NULL)
			continue;
		const char *state = role->part == PT_PART_STATE ? role->extra_value : NULL;
		const struct role_key key = {role->part, role->bound, state};
		grown.slots[slot_of(&grown, &key)] = role;
	}
	free(roles->slots);
	roles->slots = grown.slots;
	roles->capacity = grown.capacity;
	return true;
}

/* The lock is held. */
static struct pt_role *
find_or_add(struct pt_family *family, const struct role_key *key)
{
	struct pt_roles *roles = family->roles;
	if (!has_room(roles))
		return NULL;
	size_t at = slot_of(roles, key);
	struct pt_role *role = roles->slots[at];
	if (role != NULL)
		return role;
	role = new_role(family, key);
	if (role == NULL || roles->count == most_shared)
		return role;
	role->is_shared = true;
	roles->slots[at] = role;
	roles->count++;
	/* release: pairs with the acquire in role_of(). */
	atomic_store_explicit(
		roles->last == NULL ? &roles->first : &roles->last->next, role, memory_order_release);
	roles->last = role;
	return role;
}

/* NULL if memory is out. */
static struct pt_role *
role_of(struct pt_family *family, const struct role_key *key)
{
	struct pt_roles *roles = family->roles;
	/* acquire: what is found is seen as it was made. */
	struct pt_role *role = atomic_load_explicit(&roles->recent, memory_order_acquire);
	if (is_role(role, key))
		return role;
	role = atomic_load_explicit(role == NULL ? &roles->first : &role->next, memory_order_acquire);
	if (role == NULL)
		role = atomic_load_explicit(&roles->first, memory_order_acquire);
	if (!is_role(role, key)) {
		(void)pthread_mutex_lock(&roles->lock);
		role = find_or_add(family, key);
		(void)pthread_mutex_unlock(&roles->lock);
	}
	/* release: as in find_or_add(), for whoever finds it by this. */
	if (role != NULL && role->is_shared)
		atomic_store_explicit(&roles->recent, role, memory_order_release);
	return role;
}

static void
drop_role(struct pt_role *role)
{
	if (!role->is_shared)
		free(role);
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
	family->roles = calloc(1, sizeof *family->roles);
	if (family->roles == NULL) {
		free(family);
		return NULL;
	}
	(void)pthread_mutex_init(&family->roles->lock, NULL); /* cannot fail on Linux */
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
	if (family == NULL || !drop(&family->references))
		return;
	free_roles(family->roles);
	free(family);
}

/* ---- numbers, and the memory of series ---- */

enum { slab_series = 64 };

struct slab {
	struct pt_ids *ids;
	struct pt_series series[slab_series];
};

struct pt_ids {
	atomic_uint references;
	pthread_mutex_t lock; /* guards what follows */
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
	for (size_t i = 0; i < ids->slab_count; i++)
		free(ids->slabs[i]);
	free(ids->slabs);
	(void)pthread_mutex_destroy(&ids->lock);
	free(ids->freed);
	free(ids);
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

uint32_t
pt_ids_get(struct pt_ids *ids)
{
	(void)pthread_mutex_lock(&ids->lock);
	uint32_t id = get(ids);
	(void)pthread_mutex_unlock(&ids->lock);
	return id;
}

void
pt_ids_put(struct pt_ids *ids, uint32_t id)
{
	(void)pthread_mutex_lock(&ids->lock);
	put(ids, id);
	(void)pthread_mutex_unlock(&ids->lock);
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
	struct pt_series *series = NULL;
	(void)pthread_mutex_lock(&ids->lock);
	uint32_t id = get(ids);
	if (make_slab(ids, id / slab_series)) {
		series = &ids->slabs[id / slab_series]->series[id % slab_series];
		PT_UNPOISON(series, sizeof *series);
		series->id = id & INT32_MAX; /* PT_LIMIT_SERIES is far below */
	} else {
		put(ids, id);
	}
	(void)pthread_mutex_unlock(&ids->lock);
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
pt_series_new(struct pt_ids *ids, struct pt_family *family, struct pt_labels *labels,
	enum pt_part part, double bound, const char *extra_value, int64_t start_ms)
{
	const struct role_key key = {part, bound, part == PT_PART_STATE ? extra_value : NULL};
	struct pt_role *role = role_of(family, &key);
	struct pt_series *series = role == NULL ? NULL : get_series(ids);
	if (series == NULL) {
		if (role != NULL)
			drop_role(role);
		return NULL;
	}
	atomic_init(&series->references, 1);
	series->continues = false;
	series->role = role;
	(void)pt_family_ref(family);
	(void)pt_ids_ref(ids);
	series->labels = pt_labels_ref(labels);
	series->start_ms = start_ms;
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
	struct pt_ids *ids = pt_series_ids(series);
	struct pt_family *family = series->role->family;
	drop_role(series->role);
	pt_family_unref(family);
	pt_labels_unref(series->labels);
	uint32_t id = pt_series_id(series);
	PT_POISON(series, sizeof *series);
	pt_ids_put(ids, id);
	pt_ids_unref(ids);
}

bool
pt_series_move(struct pt_series *series, struct pt_family *family)
{
	struct pt_role *old = series->role;
	struct pt_family *old_family = old->family;
	const struct role_key key = {
		old->part, old->bound, old->part == PT_PART_STATE ? old->extra_value : NULL};
	struct pt_role *role = role_of(family, &key);
	if (role == NULL)
		return false;
	series->role = role;
	(void)pt_family_ref(family);
	drop_role(old);
	pt_family_unref(old_family);
	return true;
}

uint64_t
pt_series_hash(const struct pt_series *series)
{
	return pt_labels_hash(series->labels, series->role->hash);
}

size_t
pt_series_label_count(const struct pt_series *series)
{
	return series->labels->count + (series->role->extra_name != NULL ? 1u : 0u);
}

struct pt_label
pt_series_label(const struct pt_series *series, size_t index)
{
	const struct pt_labels *labels = series->labels;
	const struct pt_role *role = series->role;
	if (role->extra_name == NULL)
		return pt_labels_at(labels, index);
	size_t place = 0;
	while (place < labels->count &&
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
