/* SPDX-License-Identifier: MIT */
/*
 * Exemplars: the last one of each series is kept. They are rare beside updates and instruments, so
 * one lock of the registry guards all, and they stand in a table beside the instruments, which only
 * have a mark that there is one. An exemplar with bad labels is misuse: it is told, and the update
 * still counts.
 */
#include "metrics/registry.h"

#include "base/hash.h"
#include "base/number.h"
#include "base/utf8.h"
#include <stdlib.h>

struct slot {
	struct pt_labels *labels; /* NULL: none yet */
	uint64_t bits;
	int64_t timestamp_ms;
};

struct entry {
	const struct pt_child *child; /* NULL: free */
	struct slot *slots;           /* one for each series */
};

struct pt_exemplars {
	size_t capacity, used; /* a power of two, at most half full */
	struct entry entries[];
};

/* ---- the table; its lock is held ---- */

static size_t
home_of(const struct pt_exemplars *table, const struct pt_child *child)
{
	return (size_t)pt_hash_mix((uintptr_t)child, PT_HASH_ODD) & (table->capacity - 1);
}

/* The child's entry, or the free one where it belongs. */
static struct entry *
find(struct pt_exemplars *table, const struct pt_child *child)
{
	size_t at = home_of(table, child);
	while (table->entries[at].child != NULL && table->entries[at].child != child)
		at = (at + 1) & (table->capacity - 1);
	return &table->entries[at];
}

/* The child's slots, or NULL. */
static struct slot *
slots_of(const struct pt_child *child)
{
	struct pt_exemplars *table = child->set->registry->exemplars;
	return table == NULL ? NULL : find(table, child)->slots;
}

static bool
has_room(struct pitot_registry *registry)
{
	struct pt_exemplars *old = registry->exemplars;
	if (old != NULL && (old->used + 1) * 2 <= old->capacity)
		return true;
	size_t capacity = old == NULL ? 16 : old->capacity * 2;
	struct pt_exemplars *table = calloc(1, sizeof *table + capacity * sizeof table->entries[0]);
	if (table == NULL)
		return false;
	table->capacity = capacity;
	table->used = old == NULL ? 0 : old->used;
	for (size_t i = 0; old != NULL && i < old->capacity; i++)
		if (old->entries[i].child != NULL)
			*find(table, old->entries[i].child) = old->entries[i];
	free(old);
	registry->exemplars = table;
	return true;
}

/* The child's slots, made if it has none; NULL if memory is out. */
static struct slot *
make_slots(const struct pt_child *child)
{
	struct slot *slots = slots_of(child);
	if (slots != NULL)
		return slots;
	struct pitot_registry *registry = child->set->registry;
	slots = has_room(registry) ? calloc(child->set->each, sizeof *slots) : NULL;
	if (slots != NULL) {
		*find(registry->exemplars, child) = (struct entry){child, slots};
		registry->exemplars->used++;
	}
	return slots;
}

/* Moves those behind it that may stand here, so that no gap is met before what is there. */
static void
take_out(struct pt_exemplars *table, struct entry *entry)
{
	size_t mask = table->capacity - 1, gap = (size_t)(entry - table->entries);
	for (size_t at = (gap + 1) & mask; table->entries[at].child != NULL; at = (at + 1) & mask) {
		size_t from_home = (at - home_of(table, table->entries[at].child)) & mask;
		if (from_home < ((at - gap) & mask))
			continue;
		table->entries[gap] = table->entries[at];
		gap = at;
	}
	table->entries[gap] = (struct entry){NULL, NULL};
	table->used--;
}

/* ---- keeping ---- */

static const char *
problem_of(const struct pitot_registry *registry, const struct pt_label *labels, size_t count)
{
	size_t points = 0;
	for (size_t i = 0; i < count; i++) {
		const struct pt_label *label = &labels[i];
		if (!pt_name_is_label(label->name, label->name_length, registry->utf8_names))
			return "a label name is wrong";
		if (!pt_utf8_valid(label->value, label->value_length))
			return "a label value is not UTF-8";
		points += pt_utf8_count(label->name, label->name_length) +
			pt_utf8_count(label->value, label->value_length);
	}
	if (points > PT_LIMIT_EXEMPLAR)
		return "its labels have more than 128 code points";
	return pt_labels_duplicate(labels, count) != NULL ? "a label stands twice" : NULL;
}

static struct pt_labels *
make_labels(struct pt_child *child, const struct pitot_label *labels, size_t count)
{
	struct pitot_registry *registry = child->set->registry;
	struct pt_label pairs[PT_LIMIT_LABELS];
	const char *problem = count > PT_LIMIT_LABELS ? "it has too many labels" : NULL;
	for (size_t i = 0; problem == NULL && i < count; i++)
		pairs[i] = pt_label_of(labels[i].name, labels[i].value);
	if (problem == NULL)
		problem = problem_of(registry, pairs, count);
	struct pt_labels *made = problem == NULL ? pt_labels_new(pairs, count) : NULL;
	if (made == NULL)
		pt_registry_misuse(registry, "%s: an exemplar was left out: %s",
			child->set->declared->name, problem != NULL ? problem : "out of memory");
	return made;
}

void
pt_exemplar_keep(struct pt_child *child, size_t index, double value,
	const struct pitot_label *labels, size_t label_count)
{
	struct pitot_registry *registry = child->set->registry;
	struct pt_labels *made = make_labels(child, labels, label_count);
	if (made == NULL)
		return;
	(void)pthread_mutex_lock(&registry->exemplar_lock);
	struct slot *slots = make_slots(child);
	if (slots != NULL) {
		struct pt_labels *old = slots[index].labels;
		slots[index] = (struct slot){
			.labels = made,
			.bits = pt_number_user_bits(value),
			.timestamp_ms = registry->clock->wall_ms(registry->clock),
		};
		made = old;
		pt_family_complicate(child->set);
		/* relaxed: only a hint; the lock orders the slots. */
		atomic_store_explicit(&child->has_exemplars, true, memory_order_relaxed);
	}
	(void)pthread_mutex_unlock(&registry->exemplar_lock);
	pt_labels_unref(made);
	if (slots == NULL)
		pt_registry_misuse(registry, "%s: an exemplar was left out: out of memory",
			child->set->declared->name);
}

bool
pt_exemplar_gather(struct pt_child *child, struct pitot_snapshot *snapshot, size_t first)
{
	struct pitot_registry *registry = child->set->registry;
	bool ok = true;
	(void)pthread_mutex_lock(&registry->exemplar_lock);
	const struct slot *slots = slots_of(child);
	for (size_t i = 0; ok && slots != NULL && i < child->set->each; i++) {
		if (slots[i].labels != NULL)
			ok = pt_snapshot_add_exemplar(snapshot,
				&(struct pt_exemplar){
					.index = first + i,
					.labels = slots[i].labels,
					.bits = slots[i].bits,
					.has_timestamp = true,
					.timestamp_ms = slots[i].timestamp_ms,
				});
	}
	(void)pthread_mutex_unlock(&registry->exemplar_lock);
	return ok;
}

static void
free_slots(struct slot *slots, size_t count)
{
	for (size_t i = 0; slots != NULL && i < count; i++)
		pt_labels_unref(slots[i].labels);
	free(slots);
}

void
pt_exemplar_forget(struct pt_child *child)
{
	struct pitot_registry *registry = child->set->registry;
	(void)pthread_mutex_lock(&registry->exemplar_lock);
	struct slot *slots = slots_of(child);
	if (slots != NULL)
		take_out(registry->exemplars, find(registry->exemplars, child));
	atomic_store_explicit(&child->has_exemplars, false, memory_order_relaxed);
	(void)pthread_mutex_unlock(&registry->exemplar_lock);
	free_slots(slots, child->set->each);
}

void
pt_exemplar_free(struct pitot_registry *registry)
{
	struct pt_exemplars *table = registry->exemplars;
	for (size_t i = 0; table != NULL && i < table->capacity; i++)
		if (table->entries[i].child != NULL)
			free_slots(table->entries[i].slots, table->entries[i].child->set->each);
	free(table);
	registry->exemplars = NULL;
}
