/* SPDX-License-Identifier: MIT */
/*
 * The cells of a native histogram: chunks of neighbouring buckets, made when a value first falls
 * among them and kept until the registry is freed. Making one can fail for want of memory, and then
 * its value is not counted; reading fails only for want of memory.
 *
 * Chunks stand in short lists, found by a hash of their place. A list only grows at its head, so
 * walking one needs no lock, and a new chunk is added by one compare-and-swap; who loses the race
 * uses the winner's chunk. A chunk comes with its first value already counted.
 *
 * Resolution is lowered by whoever reads, in the copy: cells are never merged where others update
 * them. What bounds memory is that a schema may get twice as many chunks as the budget allows
 * buckets; a value that needs one more is counted in the schema below, and a reader takes the
 * lowest schema that holds anything. That loses nothing: where so many chunks hold a value each,
 * the budget asks for the lower schema anyway. A reset keeps the chunks, which others may be using,
 * and counts new ones from zero; so their number is that of the ranges seen between two resets,
 * and at the very most that of all ranges there are.
 *
 * Memory order: counts are relaxed, as in cell.h. The count of a value is never derived from
 * anything but the buckets read, so that they agree whatever happens meanwhile.
 */
#include "metrics/native_cells.h"

#include "metrics/native_index.h"
#include <math.h>
#include <stdlib.h>

enum {
	chunk_cells = 32,
	/* Makes every index positive; a multiple of chunk_cells above 1075 * 256. */
	index_shift = 1 << 19,
};

/* Immutable, but for the cells. */
struct pt_native_chunk {
	struct pt_native_chunk *next;
	int32_t first; /* index of the first cell's bucket, 1 more than a multiple of chunk_cells */
	int8_t schema;
	bool negative;
	pt_whole cells[chunk_cells];
};

/* Where a value is counted. */
struct place {
	int32_t first; /* as above */
	int32_t cell;
	int8_t schema;
	bool negative;
};

static struct place
place_of(int32_t index, int schema, bool negative)
{
	int32_t shifted = index - 1 + index_shift, cell = shifted % chunk_cells;
	return (struct place){
		.first = index - cell,
		.cell = cell,
		.schema = (int8_t)schema,
		.negative = negative,
	};
}

static _Atomic(struct pt_native_chunk *) *
head_of(struct pt_native_cells *cells, const struct place *place)
{
	/* Neighbouring chunks go to different lists; so do the schemas and sides of one value. */
	int32_t hash = (place->first + index_shift) / chunk_cells;
	hash += (place->schema - PT_NATIVE_SCHEMA_MIN) * 5 + (place->negative ? 11 : 0);
	return &cells->heads[hash % pt_native_heads];
}

static struct pt_native_chunk *
find(struct pt_native_chunk *chunk, const struct place *place)
{
	while (chunk != NULL &&
		(chunk->first != place->first || chunk->schema != place->schema ||
			chunk->negative != place->negative))
		chunk = chunk->next;
	return chunk;
}

static struct pt_native_chunk *
make_chunk(const struct place *place)
{
	struct pt_native_chunk *chunk = calloc(1, sizeof *chunk);
	if (chunk == NULL)
		return NULL;
	chunk->first = place->first;
	chunk->schema = place->schema;
	chunk->negative = place->negative;
	pt_whole_set(&chunk->cells[place->cell], 1);
	return chunk;
}

static _Atomic uint32_t *
chunks_of(struct pt_native_cells *cells, int schema)
{
	return &cells->chunks[schema - PT_NATIVE_SCHEMA_MIN];
}

/* Counts one value in a chunk that is not there yet, or has come meanwhile. */
static bool
add_chunk(struct pt_native_cells *cells, const struct place *place)
{
	_Atomic(struct pt_native_chunk *) *head = head_of(cells, place);
	struct pt_native_chunk *made = NULL;
	/* acquire: pairs with the release below, so that the chunks found are seen complete. */
	struct pt_native_chunk *first = atomic_load_explicit(head, memory_order_acquire);
	do {
		struct pt_native_chunk *there = find(first, place);
		if (there != NULL) {
			pt_whole_add(&there->cells[place->cell], 1);
			free(made);
			return true;
		}
		if (made == NULL)
			made = make_chunk(place);
		if (made == NULL)
			return false;
		made->next = first;
	} while (!atomic_compare_exchange_weak_explicit(
		head, &first, made, memory_order_release, memory_order_acquire));
	/* relaxed: threads may go a little over the limit, which is only for memory. */
	atomic_fetch_add_explicit(chunks_of(cells, place->schema), 1, memory_order_relaxed);
	return true;
}

bool
pt_native_cells_add(
	struct pt_native_cells *cells, const struct pt_native_shape *shape, double value)
{
	double size = fabs(value);
	if (size <= shape->zero_threshold) {
		pt_whole_add(&cells->zero, 1);
		return true;
	}
	int32_t index = pt_native_index(size, shape->schema);
	for (int schema = shape->schema;; schema--) {
		struct place place = place_of(index, schema, value < 0);
		/* acquire: pairs with the release in add_chunk(). */
		struct pt_native_chunk *chunk = find(
			atomic_load_explicit(head_of(cells, &place), memory_order_acquire), &place);
		if (chunk != NULL) {
			pt_whole_add(&chunk->cells[place.cell], 1);
			return true;
		}
		if (schema == PT_NATIVE_SCHEMA_MIN ||
			atomic_load_explicit(chunks_of(cells, schema), memory_order_relaxed) <
				2 * shape->max_buckets)
			return add_chunk(cells, &place);
		index = pt_native_index_coarser(index, 1);
	}
}

void
pt_native_cells_reset(struct pt_native_cells *cells)
{
	pt_whole_set(&cells->zero, 0);
	/* relaxed: as in add_chunk(). */
	for (size_t i = 0; i < pt_native_levels; i++)
		atomic_store_explicit(&cells->chunks[i], 0, memory_order_relaxed);
	for (size_t i = 0; i < pt_native_heads; i++) {
		/* acquire: as in find's callers. */
		struct pt_native_chunk *chunk =
			atomic_load_explicit(&cells->heads[i], memory_order_acquire);
		for (; chunk != NULL; chunk = chunk->next)
			for (size_t j = 0; j < chunk_cells; j++)
				pt_whole_set(&chunk->cells[j], 0);
	}
}

void
pt_native_cells_clear(struct pt_native_cells *cells)
{
	for (size_t i = 0; i < pt_native_heads; i++) {
		/* relaxed: nobody else is left. */
		struct pt_native_chunk *chunk =
			atomic_load_explicit(&cells->heads[i], memory_order_relaxed);
		while (chunk != NULL) {
			struct pt_native_chunk *next = chunk->next;
			free(chunk);
			chunk = next;
		}
	}
}

/* ---- reading ---- */

/* A bucket that holds something. */
struct item {
	uint64_t count;
	int32_t index;
	int8_t schema;
	bool negative;
};

struct items {
	struct item *array;
	size_t count;
	int schema; /* the lowest, to which all are brought */
};

/* The lists as they are now: what is added meanwhile stands before, and is not walked. */
static size_t
take_heads(struct pt_native_cells *cells, struct pt_native_chunk **heads)
{
	size_t chunks = 0;
	for (size_t i = 0; i < pt_native_heads; i++) {
		/* acquire: as in find's callers. */
		heads[i] = atomic_load_explicit(&cells->heads[i], memory_order_acquire);
		for (struct pt_native_chunk *chunk = heads[i]; chunk != NULL; chunk = chunk->next)
			chunks++;
	}
	return chunks;
}

static void
copy_chunk(struct items *items, struct pt_native_chunk *chunk, bool take)
{
	for (int32_t i = 0; i < chunk_cells; i++) {
		uint64_t count = pt_whole_read(&chunk->cells[i], take);
		if (count == 0)
			continue;
		items->array[items->count++] = (struct item){
			.count = count,
			.index = chunk->first + i,
			.schema = chunk->schema,
			.negative = chunk->negative,
		};
		if (chunk->schema < items->schema)
			items->schema = chunk->schema;
	}
}

static bool
copy_cells(struct items *items, struct pt_native_cells *cells, bool take)
{
	struct pt_native_chunk *heads[pt_native_heads];
	size_t chunks = take_heads(cells, heads);
	items->array = malloc((chunks * chunk_cells + 1) * sizeof items->array[0]);
	if (items->array == NULL)
		return false;
	for (size_t i = 0; i < pt_native_heads; i++)
		for (struct pt_native_chunk *chunk = heads[i]; chunk != NULL; chunk = chunk->next)
			copy_chunk(items, chunk, take);
	return true;
}

/* The positive ones first. */
static int
by_place(const void *left, const void *right)
{
	const struct item *a = left, *b = right;
	if (a->negative != b->negative)
		return a->negative ? 1 : -1;
	return (a->index > b->index) - (a->index < b->index);
}

/* Neighbours that are the same bucket become one. */
static void
join(struct items *items)
{
	size_t kept = 0;
	for (size_t i = 0; i < items->count; i++) {
		struct item *last = kept == 0 ? NULL : &items->array[kept - 1];
		if (last != NULL && by_place(last, &items->array[i]) == 0)
			last->count += items->array[i].count;
		else
			items->array[kept++] = items->array[i];
	}
	items->count = kept;
}

static void
bring_to_one_schema(struct items *items, size_t max_buckets)
{
	for (size_t i = 0; i < items->count; i++) {
		struct item *item = &items->array[i];
		item->index = pt_native_index_coarser(item->index, item->schema - items->schema);
	}
	qsort(items->array, items->count, sizeof items->array[0], by_place);
	join(items);
	while (items->count > max_buckets && items->schema > PT_NATIVE_SCHEMA_MIN) {
		items->schema--;
		for (size_t i = 0; i < items->count; i++)
			items->array[i].index = pt_native_index_coarser(items->array[i].index, 1);
		join(items);
	}
}

static bool
begins_span(const struct item *item, size_t i)
{
	return i == 0 || item[i].index != item[i - 1].index + 1;
}

static struct pt_native_side
measure(const struct item *item, size_t count)
{
	struct pt_native_side side = {.bucket_count = count};
	for (size_t i = 0; i < count; i++)
		side.span_count += begins_span(item, i);
	return side;
}

/* Returns the sum of the buckets. */
static uint64_t
fill(struct pt_native_side *side, const struct item *item)
{
	struct pt_span *span = side->spans;
	uint64_t sum = 0;
	for (size_t i = 0; i < side->bucket_count; i++) {
		side->buckets[i] = item[i].count;
		sum += item[i].count;
		if (!begins_span(item, i)) {
			span[-1].length++;
			continue;
		}
		span->offset = i == 0 ? item[i].index : item[i].index - item[i - 1].index - 1;
		span->length = 1;
		span++;
	}
	return sum;
}

/* What was taken goes back where it was. */
static void
put_back(struct pt_native_cells *cells, const struct items *items)
{
	for (size_t i = 0; i < items->count; i++) {
		const struct item *item = &items->array[i];
		struct place place = place_of(item->index, item->schema, item->negative);
		/* acquire: as in find's callers. Chunks stay, so it is there. */
		struct pt_native_chunk *chunk = find(
			atomic_load_explicit(head_of(cells, &place), memory_order_acquire), &place);
		pt_whole_add(&chunk->cells[place.cell], item->count);
	}
}

/* Room for all that the items may become: bringing them to one schema only makes them fewer. */
static struct pt_native *
make_room(const struct items *items)
{
	struct pt_native_side sides[2] = {{0}};
	for (size_t i = 0; i < items->count; i++) {
		struct pt_native_side *side = &sides[items->array[i].negative];
		side->bucket_count++;
		side->span_count++;
	}
	return pt_native_new(&sides[0], &sides[1], 0);
}

static uint64_t
make_side(struct pt_native_side *side, const struct item *item, size_t count)
{
	struct pt_native_side needed = measure(item, count);
	side->span_count = needed.span_count;
	side->bucket_count = needed.bucket_count;
	return fill(side, item);
}

struct pt_native *
pt_native_cells_read(struct pt_native_cells *cells, const struct pt_native_shape *shape,
	uint64_t sum_bits, bool take)
{
	struct items items = {.schema = shape->schema};
	if (!copy_cells(&items, cells, take))
		return NULL;
	struct pt_native *native = make_room(&items);
	if (native == NULL) {
		if (take)
			put_back(cells, &items);
		free(items.array);
		return NULL;
	}
	bring_to_one_schema(&items, shape->max_buckets);
	size_t positives = 0;
	while (positives < items.count && !items.array[positives].negative)
		positives++;
	native->schema = (int8_t)items.schema;
	native->zero_threshold = shape->zero_threshold;
	native->sum_bits = sum_bits;
	native->zero_count = pt_whole_read(&cells->zero, take);
	native->count = native->zero_count + make_side(&native->positive, items.array, positives);
	native->count +=
		make_side(&native->negative, items.array + positives, items.count - positives);
	free(items.array);
	return native;
}
