/* SPDX-License-Identifier: MIT */
/*
 * A hash table with open addressing, at most half full. The only failure is that memory is out; the
 * table stays as it was then.
 */
#include "codec/parse.h"

#include <stdlib.h>

enum { first_capacity = 64 };

void
pt_parse_table_clear(struct pt_parse_table *table)
{
	free(table->slots);
	*table = (struct pt_parse_table){0};
}

void *
pt_parse_table_find(
	const struct pt_parse_table *table, uint64_t hash, pt_parse_equal *equal, const void *key)
{
	if (table->capacity == 0)
		return NULL;
	size_t mask = table->capacity - 1;
	for (size_t i = (size_t)hash & mask; table->slots[i].item != NULL; i = (i + 1) & mask)
		if (table->slots[i].hash == hash && equal(table->slots[i].item, key))
			return table->slots[i].item;
	return NULL;
}

static void
put(struct pt_parse_table *table, uint64_t hash, void *item)
{
	size_t mask = table->capacity - 1, i = (size_t)hash & mask;
	while (table->slots[i].item != NULL)
		i = (i + 1) & mask;
	table->slots[i] = (struct pt_parse_slot){hash, item};
}

static bool
grow(struct pt_parse_table *table)
{
	struct pt_parse_table grown = {
		.capacity = table->capacity == 0 ? first_capacity : table->capacity * 2,
		.count = table->count,
	};
	grown.slots = calloc(grown.capacity, sizeof grown.slots[0]);
	if (grown.slots == NULL)
		return false;
	for (size_t i = 0; i < table->capacity; i++)
		if (table->slots[i].item != NULL)
			put(&grown, table->slots[i].hash, table->slots[i].item);
	free(table->slots);
	*table = grown;
	return true;
}

bool
pt_parse_table_add(struct pt_parse_table *table, uint64_t hash, void *item)
{
	if (table->count * 2 >= table->capacity && !grow(table))
		return false;
	put(table, hash, item);
	table->count++;
	return true;
}
