/* SPDX-License-Identifier: MIT */
/*
 * What the sink holds: a table from text to things, the series of remote write, and the groups of a
 * Pushgateway with their text. Memory that runs out is NULL, or sticks in the text being written.
 */
#include "cli/sink.h"

#include <stdlib.h>
#include <string.h>

/* ---- the table ---- */

/* FNV-1a: short, and good enough for names. */
static uint64_t
hash_of(struct sink_span key)
{
	uint64_t hash = UINT64_C(0xcbf29ce484222325);
	for (size_t i = 0; i < key.length; i++)
		hash = (hash ^ (unsigned char)key.at[i]) * UINT64_C(0x100000001b3);
	return hash ^ hash >> 32;
}

static size_t
slot_of(const struct sink_table *table, uint64_t hash, struct sink_span key)
{
	size_t slot = hash & (table->capacity - 1);
	for (; table->slots[slot] != NULL; slot = (slot + 1) & (table->capacity - 1))
		if (table->slots[slot]->hash == hash &&
			sink_span_equal(table->slots[slot]->key, key))
			break;
	return slot;
}

static bool
grow(struct sink_table *table)
{
	if (table->count < table->capacity / 4 * 3)
		return true;
	size_t capacity = table->capacity != 0 ? table->capacity * 2 : 64;
	struct sink_entry **slots = calloc(capacity, sizeof *slots);
	if (slots == NULL)
		return false;
	free(table->slots);
	table->slots = slots;
	table->capacity = capacity;
	for (struct sink_entry *entry = table->first; entry != NULL; entry = entry->next)
		slots[slot_of(table, entry->hash, entry->key)] = entry;
	return true;
}

struct sink_entry *
sink_table_find(const struct sink_table *table, struct sink_span key)
{
	return table->capacity == 0 ? NULL : table->slots[slot_of(table, hash_of(key), key)];
}

struct sink_entry *
sink_table_at(struct sink_table *table, struct sink_span key)
{
	if (!grow(table))
		return NULL;
	uint64_t hash = hash_of(key);
	size_t slot = slot_of(table, hash, key);
	if (table->slots[slot] != NULL)
		return table->slots[slot];
	struct sink_entry *entry = malloc(sizeof *entry + key.length + 1);
	if (entry == NULL)
		return NULL;
	char *copy = (char *)(entry + 1);
	if (key.length > 0)
		memcpy(copy, key.at, key.length);
	copy[key.length] = '\0';
	*entry = (struct sink_entry){.hash = hash, .key = {copy, key.length}};
	if (table->last != NULL)
		table->last->next = entry;
	else
		table->first = entry;
	table->last = entry;
	table->slots[slot] = entry;
	table->count++;
	return entry;
}

void
sink_table_clear(struct sink_table *table, void (*release)(void *value))
{
	for (struct sink_entry *entry = table->first; entry != NULL;) {
		struct sink_entry *next = entry->next;
		if (release != NULL)
			release(entry->value);
		free(entry);
		entry = next;
	}
	free(table->slots);
	*table = (struct sink_table){0};
}

/* ---- groups ---- */

void
sink_family_free(void *value)
{
	struct sink_family *family = value;
	if (family == NULL)
		return;
	sink_text_clear(&family->meta);
	sink_text_clear(&family->samples);
	free(family);
}

void
sink_group_free(void *value)
{
	struct sink_group *group = value;
	if (group == NULL)
		return;
	sink_table_clear(&group->families, sink_family_free);
	free(group);
}

void
sink_store_clear(struct sink_store *store)
{
	sink_table_clear(&store->series, free);
	sink_table_clear(&store->told, NULL);
	sink_table_clear(&store->groups, sink_group_free);
}

size_t
sink_store_groups(const struct sink_store *store)
{
	size_t count = 0;
	for (const struct sink_entry *entry = store->groups.first; entry != NULL;
		entry = entry->next)
		count += entry->value != NULL;
	return count;
}

/* ---- as text ---- */

struct row {
	struct sink_span name;
	const struct sink_family *family;
	size_t order; /* keeps groups in the order in which they came */
};

static int
compare_rows(const void *left, const void *right)
{
	const struct row *a = left, *b = right;
	int order = sink_span_compare(a->name, b->name);
	return order != 0 ? order : a->order < b->order ? -1 : a->order > b->order;
}

static void
add_push_times(const struct sink_store *store, struct sink_text *out)
{
	bool first = true;
	for (const struct sink_entry *entry = store->groups.first; entry != NULL;
		entry = entry->next) {
		const struct sink_group *group = entry->value;
		if (group == NULL)
			continue;
		if (first)
			sink_text_str(out,
				"# HELP push_time_seconds Last Unix time when this group "
				"was changed.\n# TYPE push_time_seconds gauge\n");
		first = false;
		sink_text_str(out, "push_time_seconds");
		sink_text_add(out, entry->key);
		sink_text_str(out, " ");
		sink_text_number(out, group->push_seconds, false);
		sink_text_str(out, "\n");
	}
}

static size_t
count_families(const struct sink_store *store)
{
	size_t count = 0;
	for (const struct sink_entry *group = store->groups.first; group != NULL;
		group = group->next)
		if (group->value != NULL)
			count += ((struct sink_group *)group->value)->families.count;
	return count;
}

static void
fill_rows(const struct sink_store *store, struct row *rows)
{
	size_t at = 0;
	for (const struct sink_entry *entry = store->groups.first; entry != NULL;
		entry = entry->next) {
		const struct sink_group *group = entry->value;
		if (group == NULL)
			continue;
		for (const struct sink_entry *family = group->families.first; family != NULL;
			family = family->next, at++)
			rows[at] = (struct row){family->key, family->value, at};
	}
}

void
sink_store_text(const struct sink_store *store, struct sink_text *out)
{
	size_t count = count_families(store);
	struct row *rows = calloc(count + 1, sizeof *rows);
	if (rows == NULL) {
		out->failed = true;
		return;
	}
	fill_rows(store, rows);
	qsort(rows, count, sizeof *rows, compare_rows);
	for (size_t i = 0; i < count; i++) {
		if (i == 0 || !sink_span_equal(rows[i].name, rows[i - 1].name))
			sink_text_str(out, sink_text_chars(&rows[i].family->meta));
		sink_text_str(out, sink_text_chars(&rows[i].family->samples));
	}
	free(rows);
	add_push_times(store, out);
}
