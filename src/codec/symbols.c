/* SPDX-License-Identifier: MIT */
/* A hash table of texts that stand in a buffer. Fails only when memory is out. */
#include "codec/symbols.h"

#include "base/hash.h"
#include "codec/wire.h"
#include <pitot/error.h>
#include <stdlib.h>

enum { field_symbols = 4 };

void
pt_symbols_init(struct pt_symbols *symbols, struct pt_buf *out)
{
	*symbols = (struct pt_symbols){.out = out};
	(void)pt_symbols_put(symbols, "", 0);
}

void
pt_symbols_clear(struct pt_symbols *symbols)
{
	free(symbols->list);
	free(symbols->slots);
}

static void
fill_slot(struct pt_symbols *symbols, uint32_t number)
{
	size_t mask = symbols->slot_count - 1;
	size_t at = (size_t)symbols->list[number].hash & mask;
	while (symbols->slots[at] != 0)
		at = (at + 1) & mask;
	symbols->slots[at] = number + 1;
}

/* Room for one more, in a table that is at most half full. */
static bool
grow(struct pt_symbols *symbols)
{
	if (symbols->count < symbols->list_capacity)
		return true;
	size_t capacity = symbols->list_capacity == 0 ? 64 : symbols->list_capacity * 2;
	struct pt_symbol *list = realloc(symbols->list, capacity * sizeof *list);
	if (list == NULL)
		return false;
	symbols->list = list;
	uint32_t *slots = calloc(capacity * 2, sizeof *slots);
	if (slots == NULL)
		return false;
	free(symbols->slots);
	symbols->slots = slots;
	symbols->slot_count = capacity * 2;
	symbols->list_capacity = capacity;
	for (uint32_t i = 0; i < symbols->count; i++)
		fill_slot(symbols, i);
	return true;
}

static bool
find(const struct pt_symbols *symbols, const struct pt_symbol *wanted, const char *text,
	uint32_t *number)
{
	size_t mask = symbols->slot_count - 1;
	for (size_t at = (size_t)wanted->hash & mask; symbols->slots[at] != 0;
		at = (at + 1) & mask) {
		const struct pt_symbol *symbol = &symbols->list[symbols->slots[at] - 1];
		if (symbol->hash == wanted->hash && symbol->length == wanted->length &&
			memcmp(symbols->out->bytes + symbol->at, text, wanted->length) == 0) {
			*number = symbols->slots[at] - 1;
			return true;
		}
	}
	return false;
}

uint32_t
pt_symbols_put(struct pt_symbols *symbols, const char *text, uint32_t length)
{
	uint32_t number = 0;
	struct pt_symbol symbol = {.length = length, .hash = pt_hash(text, length, 0)};
	if (pt_buf_error(symbols->out) != 0 || !grow(symbols)) {
		symbols->out->error = PITOT_NO_MEMORY;
		return 0;
	}
	if (find(symbols, &symbol, text, &number))
		return number;
	pt_wire_bytes(symbols->out, field_symbols, text, length);
	if (pt_buf_error(symbols->out) != 0)
		return 0;
	symbol.at = symbols->out->length - length;
	number = symbols->count++;
	symbols->list[number] = symbol;
	fill_slot(symbols, number);
	return number;
}

void
pt_symbols_cut(struct pt_symbols *symbols, uint32_t count, size_t length)
{
	if (pt_buf_error(symbols->out) != 0)
		return;
	/* The last one goes first: no other was placed because of it. */
	size_t mask = symbols->slot_count - 1;
	while (symbols->count > count) {
		symbols->count--;
		size_t at = (size_t)symbols->list[symbols->count].hash & mask;
		while (symbols->slots[at] != symbols->count + 1)
			at = (at + 1) & mask;
		symbols->slots[at] = 0;
	}
	symbols->out->length = length;
}
