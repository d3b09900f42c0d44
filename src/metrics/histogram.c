/* SPDX-License-Identifier: MIT */
/*
 * Histograms and gauge histograms: one integer for each bucket (not cumulative) and a sum. The
 * count is the sum of the buckets, so that buckets and count always agree, whatever is observed
 * meanwhile. What is observed in a histogram goes to the thread's tally (tally.h), with which the
 * sum agrees, too; what there is no memory for, and values so large that a sum could become
 * infinite for ever, go to the cells that all threads share, as all of a gauge histogram does (a
 * tally cannot count down). Wrong bounds are a mistake; observing NaN is misuse.
 */
#include "metrics/histogram.h"

#include <math.h>
#include <string.h>
#include <time.h>
#include "metrics/tally.h"

struct pitot_histogram {
	struct pt_child child;
	pt_whole cells[];
};

/* Never observed: its use is asked first. */
static struct pitot_histogram ignoring = {.child = {.use = PT_USE_IGNORED}};
struct pt_child *const pt_ignoring_histogram = &ignoring.child;

static const double request_bounds[] = {0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10};
static const double job_bounds[] = {
	1, 5, 15, 30, 60, 120, 300, 600, 1800, 3600, 7200, 14400, 28800, 43200, 86400};
const struct pitot_buckets pitot_buckets_requests = {
	request_bounds, sizeof request_bounds / sizeof request_bounds[0]};
const struct pitot_buckets pitot_buckets_jobs = {
	job_bounds, sizeof job_bounds / sizeof job_bounds[0]};

void
pitot_buckets_linear(double *bounds, size_t count, double start, double width)
{
	for (size_t i = 0; i < count; i++)
		bounds[i] = start + (double)i * width;
}

void
pitot_buckets_exponential(double *bounds, size_t count, double start, double factor)
{
	for (size_t i = 0; i < count; i++)
		bounds[i] = start * pow(factor, (double)i);
}

/* ---- cells ---- */

size_t
pt_histogram_series(const struct pt_shape *shape)
{
	return shape->count + 3;
}

static struct pt_part_of
part_of(const struct pt_shape *shape, size_t index, enum pt_part sum, enum pt_part count)
{
	if (index < shape->count)
		return (struct pt_part_of){.part = PT_PART_BUCKET, .bound = shape->bounds[index]};
	if (index == shape->count)
		return (struct pt_part_of){.part = PT_PART_BUCKET, .bound = INFINITY};
	return (struct pt_part_of){.part = index == shape->count + 1 ? sum : count};
}

struct pt_part_of
pt_histogram_part(const struct pt_shape *shape, size_t index)
{
	return part_of(shape, index, PT_PART_SUM, PT_PART_COUNT);
}

size_t
pt_histogram_size(const struct pt_shape *shape)
{
	return (shape->count + 2) * sizeof(pt_whole);
}

void
pt_histogram_read(pt_whole *cells, struct pt_owned *tallies, const struct pt_shape *shape,
	uint64_t *bits, bool take)
{
	size_t bounds = shape->count;
	memset(bits, 0, (bounds + 3) * sizeof *bits);
	double sum = tallies == NULL ? 0 : pt_tally_read(tallies, bits, bounds + 1);
	double shared =
		pt_number_from_bits(pt_whole_swap(&cells[0], pt_number_bits(0 - sum), take));
	uint64_t count = 0;
	for (size_t i = 0; i <= bounds; i++) {
		/* A gauge histogram from which more was removed than added counts nothing there. */
		int64_t bucket = (int64_t)(bits[i] + pt_whole_swap(&cells[i + 1], -bits[i], take));
		count += bucket > 0 ? (uint64_t)bucket : 0;
		bits[i] = pt_number_bits((double)count);
	}
	bits[bounds + 1] = pt_number_bits(shared + sum);
	bits[bounds + 2] = bits[bounds];
}

/* From where sixteen bounds, among which the value's bucket ends, are left of a multiple of it. */
static inline const double *
halve(const double *bounds, size_t count, double value)
{
	while (count > pt_bounds_unit) {
		size_t half = count / 2 / pt_bounds_unit * pt_bounds_unit;
		bounds += half & (0 - (size_t)(bounds[half - 1] < value));
		count -= half;
	}
	return bounds;
}

/*
 * The first bucket whose bound is not below the value: how many bounds are below it. Halving stops
 * early, as comparing sixteen is cheaper than depending on four in turn; nothing here branches on
 * the value, so there is nothing to guess. What stands behind the bounds is not below any value.
 */
static inline size_t
bucket_of(const struct pt_shape *shape, double value)
{
	typedef double pair __attribute__((vector_size(16), aligned(8), may_alias));
	typedef int64_t places __attribute__((vector_size(16)));
	const double *bounds = shape->bounds;
	const size_t unit = pt_bounds_unit;
	if (__builtin_expect(shape->count > unit, false))
		bounds = halve(bounds, (shape->count + unit - 1) / unit * unit, value);
	const pair *at = (const pair *)bounds, values = {value, value};
	/* A comparison that holds is -1. */
	places first = (at[0] < values) + (at[1] < values) + (at[2] < values) + (at[3] < values);
	places last = (at[4] < values) + (at[5] < values) + (at[6] < values) + (at[7] < values);
	places below = first + last;
	return (size_t)(bounds - shape->bounds) - (size_t)(below[0] + below[1]);
}

size_t
pt_histogram_count(pt_whole *cells, const struct pt_shape *shape, double value, int sign)
{
	size_t bucket = bucket_of(shape, value);
	pt_whole_add(&cells[bucket + 1], (uint64_t)(int64_t)sign);
	pt_double_add(&cells[0], sign * value);
	return bucket;
}

/* ---- the kinds ---- */

static size_t
size(const struct pt_shape *shape)
{
	return sizeof(struct pitot_histogram) + pt_histogram_size(shape);
}

static struct pt_part_of
gauge_part(const struct pt_shape *shape, size_t index)
{
	return part_of(shape, index, PT_PART_GSUM, PT_PART_GCOUNT);
}

static void
read(struct pt_child *child, uint64_t *bits)
{
	struct pitot_histogram *histogram = (struct pitot_histogram *)child;
	pt_histogram_read(
		histogram->cells, &histogram->child.owned, &child->set->shape, bits, false);
}

static void
take(struct pt_child *child, uint64_t *bits)
{
	struct pitot_histogram *histogram = (struct pitot_histogram *)child;
	pt_histogram_read(
		histogram->cells, &histogram->child.owned, &child->set->shape, bits, true);
}

static void
reset(struct pt_child *child)
{
	uint64_t bits[PT_LIMIT_BUCKETS + 3];
	take(child, bits);
}

static void
clear(struct pt_child *child)
{
	pt_tally_clear(&child->owned);
}

const struct pt_kind pt_kind_histogram = {
	.type = PITOT_HISTOGRAM,
	.size = size,
	.series_count = pt_histogram_series,
	.part = pt_histogram_part,
	.reset = reset,
	.read = read,
	.take = take,
	.clear = clear,
};

const struct pt_kind pt_kind_gauge_histogram = {
	.type = PITOT_GAUGE_HISTOGRAM,
	.size = size,
	.series_count = pt_histogram_series,
	.part = gauge_part,
	.reset = reset,
	.read = read,
	.take = take,
};

bool
pt_histogram_shape(struct pitot_registry *registry, const char *name,
	const struct pitot_buckets *buckets, struct pt_shape *shape)
{
	if (buckets == NULL)
		buckets = &pitot_buckets_requests;
	size_t count = buckets->count;
	/* +Inf is implied, so naming it last is harmless. */
	if (count > 0 && count <= PT_LIMIT_BUCKETS && buckets->bounds[count - 1] == INFINITY)
		count--;
	bool ok = count > 0 && count <= PT_LIMIT_BUCKETS && !isnan(buckets->bounds[0]) &&
		!isinf(buckets->bounds[0]);
	for (size_t i = 1; ok && i < count; i++)
		ok = buckets->bounds[i] > buckets->bounds[i - 1];
	if (!ok && registry != NULL)
		pt_registry_mistake(registry,
			"%s: bucket bounds must be 1 to %d finite numbers that rise", name,
			PT_LIMIT_BUCKETS);
	*shape = (struct pt_shape){.bounds = buckets->bounds, .count = count};
	return ok;
}

/* ---- the face ---- */

static struct pt_child *
declare(struct pitot_registry *registry, const char *name, const char *help,
	const struct pitot_buckets *buckets, const struct pt_kind *kind)
{
	struct pt_declaration declaration = {.name = name, .help = help, .kind = kind};
	if (!pt_histogram_shape(registry, name, buckets, &declaration.shape))
		return pt_ignoring_histogram;
	return pt_declare_single(registry, &declaration, pt_ignoring_histogram);
}

struct pitot_histogram *
pitot_histogram(struct pitot_registry *registry, const char *name, const char *help,
	const struct pitot_buckets *buckets)
{
	return (struct pitot_histogram *)declare(registry, name, help, buckets, &pt_kind_histogram);
}

struct pitot_gauge_histogram *
pitot_gauge_histogram(struct pitot_registry *registry, const char *name, const char *help,
	const struct pitot_buckets *buckets)
{
	return (struct pitot_gauge_histogram *)declare(
		registry, name, help, buckets, &pt_kind_gauge_histogram);
}

void
pt_histogram_refuse(const struct pt_child *child)
{
	pt_registry_misuse(
		child->set->registry, "%s: observing NaN was ignored", child->set->declared->name);
}

/* Returns the bucket. Not inlined, so that observing needs no frame. */
__attribute__((noinline)) static size_t
count_value(struct pitot_histogram *histogram, double value)
{
	const struct pt_shape *shape = &histogram->child.set->shape;
	struct pt_tally *tally = pt_tally_make(&histogram->child.owned, shape->count + 1);
	if (tally == NULL || !pt_owned_takes(value))
		return pt_histogram_count(histogram->cells, shape, value, 1);
	pt_tally_give_way(tally);
	size_t bucket = bucket_of(shape, value);
	pt_tally_add(tally, bucket, value);
	return bucket;
}

/* Likewise. */
__attribute__((noinline)) static void
observe_slowly(struct pitot_histogram *histogram, double value)
{
	if (pt_histogram_takes(&histogram->child, value))
		(void)count_value(histogram, value);
}

void
pitot_histogram_observe(struct pitot_histogram *histogram, double value)
{
	struct pt_tally *tally = pt_tally_find(&histogram->child.owned);
	if (__builtin_expect(tally != NULL && pt_tally_takes(tally, value), true))
		pt_tally_add(tally, bucket_of(&histogram->child.set->shape, value), value);
	else
		observe_slowly(histogram, value);
}

void
pitot_histogram_observe_exemplar(struct pitot_histogram *histogram, double value,
	const struct pitot_label *labels, size_t label_count)
{
	if (!pt_histogram_takes(&histogram->child, value))
		return;
	size_t bucket = count_value(histogram, value);
	pt_exemplar_keep(&histogram->child, bucket, value, labels, label_count);
}

/* `sign`: 1 or -1. */
static void
change(struct pitot_gauge_histogram *gauge_histogram, double value, int sign)
{
	struct pitot_histogram *histogram = (struct pitot_histogram *)gauge_histogram;
	if (pt_histogram_takes(&histogram->child, value))
		(void)pt_histogram_count(
			histogram->cells, &histogram->child.set->shape, value, sign);
}

void
pitot_gauge_histogram_add(struct pitot_gauge_histogram *histogram, double value)
{
	change(histogram, value, 1);
}

void
pitot_gauge_histogram_remove(struct pitot_gauge_histogram *histogram, double value)
{
	change(histogram, value, -1);
}

double
pitot_timer_start(void)
{
	struct timespec now;
	(void)clock_gettime(CLOCK_MONOTONIC, &now); /* cannot fail for this clock */
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

void
pitot_histogram_observe_since(struct pitot_histogram *histogram, double start)
{
	pitot_histogram_observe(histogram, pitot_timer_start() - start);
}
