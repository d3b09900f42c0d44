/* SPDX-License-Identifier: MIT */
/*
 * Summaries: sum and count, and quantiles over a sliding window.
 *
 * Quantiles come from a sketch: values are counted in buckets of equal relative width (32 to a
 * power of two, from 2^-30 to 2^34), so that a quantile is within 1/64 of a value that was
 * observed. The window is a ring of five sketches, each for a fifth of it; who first observes in a
 * new fifth empties the oldest one. An observation that another thread makes at that very moment
 * may be missing from the quantiles, never from sum and count. Negative values and NaN are misuse.
 */
#include "metrics/cell.h"
#include "metrics/registry.h"

#include <math.h>
#include <string.h>

enum {
	sketch_bits = 5, /* buckets for a power of two: 2^5 */
	first_power = -30,
	last_power = 34,
	bucket_count = (last_power - first_power) << sketch_bits,
	ring_size = 5,
};

struct sketch {
	_Atomic int64_t
		fifth; /* which fifth of a window since the clock began it counts; -1 none */
	_Atomic uint32_t zero; /* values below 2^-30 */
	_Atomic uint32_t buckets[bucket_count];
};

struct pitot_summary {
	struct pt_child child;
	pt_whole count;
	pt_double sum;
	struct sketch ring[]; /* ring_size, or none without quantiles */
};

static struct pitot_summary ignoring = {.child = {.use = PT_USE_IGNORED}};
struct pt_child *const pt_ignoring_summary = &ignoring.child;

/* ---- the sketch ---- */

static int64_t
current_fifth(const struct pt_child *child)
{
	const struct pt_clock *clock = child->set->registry->clock;
	double fifth_ms = child->set->shape.window_seconds * 1000 / ring_size;
	return (int64_t)((double)clock->mono_ms(clock) / fifth_ms);
}

static void
empty(struct sketch *sketch)
{
	/* relaxed throughout: see the file's head for what may be missed. */
	atomic_store_explicit(&sketch->zero, 0, memory_order_relaxed);
	for (size_t i = 0; i < bucket_count; i++)
		atomic_store_explicit(&sketch->buckets[i], 0, memory_order_relaxed);
}

static struct sketch *
current_sketch(struct pitot_summary *summary)
{
	int64_t fifth = current_fifth(&summary->child);
	struct sketch *sketch = &summary->ring[fifth % ring_size];
	int64_t found = atomic_load_explicit(&sketch->fifth, memory_order_relaxed);
	if (found != fifth &&
		atomic_compare_exchange_strong_explicit(
			&sketch->fifth, &found, fifth, memory_order_relaxed, memory_order_relaxed))
		empty(sketch);
	return sketch;
}

static void
sketch_value(struct sketch *sketch, double value)
{
	_Atomic uint32_t *cell = &sketch->zero;
	if (value >= 0x1p-30) {
		/* Exponent and leading bits of the fraction are the bucket's number. */
		uint64_t place = pt_number_bits(value) >> (52 - sketch_bits);
		uint64_t index = place - ((uint64_t)(1023 + first_power) << sketch_bits);
		cell = &sketch->buckets[index < bucket_count ? index : bucket_count - 1];
	}
	atomic_fetch_add_explicit(cell, 1, memory_order_relaxed);
}

/* The middle of a bucket. */
static double
bucket_value(size_t index)
{
	uint64_t place = index + ((uint64_t)(1023 + first_power) << sketch_bits);
	double low = pt_number_from_bits(place << (52 - sketch_bits));
	double high = pt_number_from_bits((place + 1) << (52 - sketch_bits));
	return (low + high) / 2;
}

/* Adds up the sketches that lie in the window; returns how many values they hold. */
static uint64_t
merge(struct pitot_summary *summary, uint64_t *zero, uint64_t *merged)
{
	int64_t fifth = current_fifth(&summary->child);
	uint64_t total = 0;
	*zero = 0;
	memset(merged, 0, bucket_count * sizeof *merged);
	for (size_t i = 0; i < ring_size; i++) {
		struct sketch *sketch = &summary->ring[i];
		int64_t of = atomic_load_explicit(&sketch->fifth, memory_order_relaxed);
		if (of < 0 || of <= fifth - ring_size)
			continue;
		uint32_t count = atomic_load_explicit(&sketch->zero, memory_order_relaxed);
		*zero += count;
		total += count;
		for (size_t j = 0; j < bucket_count; j++) {
			count = atomic_load_explicit(&sketch->buckets[j], memory_order_relaxed);
			merged[j] += count;
			total += count;
		}
	}
	return total;
}

static void
read_quantiles(struct pitot_summary *summary, uint64_t *bits)
{
	const struct pt_shape *shape = &summary->child.set->shape;
	uint64_t zero, merged[bucket_count];
	uint64_t total = merge(summary, &zero, merged), seen = zero;
	size_t bucket = 0;
	for (size_t i = 0; i < shape->count; i++) {
		double wanted = ceil(shape->bounds[i] * (double)total);
		uint64_t rank = wanted < 1 ? 1 : (uint64_t)wanted;
		while (seen < rank && bucket < bucket_count)
			seen += merged[bucket++];
		if (total == 0)
			bits[i] = PT_NUMBER_NAN;
		else
			bits[i] = pt_number_bits(bucket == 0 ? 0.0 : bucket_value(bucket - 1));
	}
}

/* ---- the kind ---- */

static size_t
size(const struct pt_shape *shape)
{
	return sizeof(struct pitot_summary) +
		(shape->count > 0 ? ring_size * sizeof(struct sketch) : 0);
}

static size_t
series_count(const struct pt_shape *shape)
{
	return shape->count + 2;
}

static struct pt_part_of
part(const struct pt_shape *shape, size_t index)
{
	if (index < shape->count)
		return (struct pt_part_of){.part = PT_PART_QUANTILE, .bound = shape->bounds[index]};
	return (struct pt_part_of){.part = index == shape->count ? PT_PART_SUM : PT_PART_COUNT};
}

static void
empty_ring(struct pitot_summary *summary)
{
	for (size_t i = 0; summary->child.set->shape.count > 0 && i < ring_size; i++) {
		atomic_store_explicit(&summary->ring[i].fifth, -1, memory_order_relaxed);
		empty(&summary->ring[i]);
	}
}

static void
reset(struct pt_child *child)
{
	struct pitot_summary *summary = (struct pitot_summary *)child;
	pt_whole_set(&summary->count, 0);
	pt_whole_set(&summary->sum, 0);
	empty_ring(summary);
}

static void
read_cells(struct pt_child *child, uint64_t *bits, bool take)
{
	struct pitot_summary *summary = (struct pitot_summary *)child;
	size_t quantiles = child->set->shape.count;
	if (quantiles > 0)
		read_quantiles(summary, bits);
	bits[quantiles] = pt_whole_read(&summary->sum, take);
	bits[quantiles + 1] = pt_number_bits((double)pt_whole_read(&summary->count, take));
}

static void
read(struct pt_child *child, uint64_t *bits)
{
	read_cells(child, bits, false);
}

static void
take(struct pt_child *child, uint64_t *bits)
{
	read_cells(child, bits, true);
	empty_ring((struct pitot_summary *)child);
}

const struct pt_kind pt_kind_summary = {
	.type = PITOT_SUMMARY,
	.size = size,
	.series_count = series_count,
	.part = part,
	.reset = reset,
	.read = read,
	.take = take,
};

bool
pt_summary_shape(struct pitot_registry *registry, const char *name,
	const struct pitot_summary_options *options, struct pt_shape *shape)
{
	static const struct pitot_summary_options defaults = {0};
	if (options == NULL)
		options = &defaults;
	size_t count = options->quantile_count;
	double window = options->window_seconds == 0 ? 600 : options->window_seconds;
	bool ok = count <= PT_LIMIT_BUCKETS && window >= 1 && window <= 1e9;
	for (size_t i = 0; ok && i < count; i++)
		ok = options->quantiles[i] >= 0 && options->quantiles[i] <= 1 &&
			(i == 0 || options->quantiles[i] > options->quantiles[i - 1]);
	if (!ok && registry != NULL)
		pt_registry_mistake(registry,
			"%s: quantiles must be at most %d numbers from 0 to 1 that rise, and the "
			"window "
			"at least 1 second",
			name, PT_LIMIT_BUCKETS);
	*shape = (struct pt_shape){
		.bounds = options->quantiles, .count = count, .window_seconds = window};
	return ok;
}

/* ---- the face ---- */

struct pitot_summary *
pitot_summary(struct pitot_registry *registry, const char *name, const char *help,
	const struct pitot_summary_options *options)
{
	struct pt_declaration declaration = {.name = name, .help = help, .kind = &pt_kind_summary};
	if (!pt_summary_shape(registry, name, options, &declaration.shape))
		return (struct pitot_summary *)pt_ignoring_summary;
	return (struct pitot_summary *)pt_declare_single(
		registry, &declaration, pt_ignoring_summary);
}

void
pitot_summary_observe(struct pitot_summary *summary, double value)
{
	if (!pt_child_touch(&summary->child))
		return;
	if (!(value >= 0)) {
		pt_registry_misuse(summary->child.set->registry,
			"%s: a summary takes values from 0 up; another was ignored",
			summary->child.set->declared->name);
		return;
	}
	pt_whole_add(&summary->count, 1);
	pt_double_add(&summary->sum, value);
	if (summary->child.set->shape.count > 0)
		sketch_value(current_sketch(summary), value);
}

void
pitot_summary_observe_since(struct pitot_summary *summary, double start)
{
	pitot_summary_observe(summary, pitot_timer_start() - start);
}
