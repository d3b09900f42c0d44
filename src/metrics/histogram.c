/* SPDX-License-Identifier: MIT */
/*
 * Histograms and gauge histograms, which are the same thing inside: one integer for each bucket
 * (not cumulative) and a sum. The count is the sum of the buckets, so that buckets and count always
 * agree, whatever is observed meanwhile. Wrong bounds are a mistake; observing NaN is misuse.
 */
#include "metrics/histogram.h"

#include <math.h>
#include <time.h>

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
pt_histogram_reset(pt_whole *cells, const struct pt_shape *shape)
{
	for (size_t i = 0; i < shape->count + 2; i++)
		pt_whole_set(&cells[i], 0);
}

void
pt_histogram_read(pt_whole *cells, const struct pt_shape *shape, uint64_t *bits, bool take)
{
	size_t bounds = shape->count;
	uint64_t count = 0;
	bits[bounds + 1] = pt_whole_read(&cells[0], take);
	for (size_t i = 0; i <= bounds; i++) {
		/* A gauge histogram from which more was removed than added counts nothing there. */
		int64_t bucket = (int64_t)pt_whole_read(&cells[i + 1], take);
		count += bucket > 0 ? (uint64_t)bucket : 0;
		bits[i] = pt_number_bits((double)count);
	}
	bits[bounds + 2] = bits[bounds];
}

/* The first bucket whose bound is not below the value. */
static size_t
bucket_of(const struct pt_shape *shape, double value)
{
	size_t low = 0, high = shape->count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (shape->bounds[middle] < value)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
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
reset(struct pt_child *child)
{
	pt_histogram_reset(((struct pitot_histogram *)child)->cells, &child->set->shape);
}

static void
read(struct pt_child *child, uint64_t *bits)
{
	pt_histogram_read(
		((struct pitot_histogram *)child)->cells, &child->set->shape, bits, false);
}

static void
take(struct pt_child *child, uint64_t *bits)
{
	pt_histogram_read(((struct pitot_histogram *)child)->cells, &child->set->shape, bits, true);
}

const struct pt_kind pt_kind_histogram = {
	.type = PITOT_HISTOGRAM,
	.size = size,
	.series_count = pt_histogram_series,
	.part = pt_histogram_part,
	.reset = reset,
	.read = read,
	.take = take,
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

bool
pt_histogram_takes(struct pt_child *child, double value)
{
	if (!pt_child_touch(child))
		return false;
	if (isnan(value))
		pt_registry_misuse(child->set->registry, "%s: observing NaN was ignored",
			child->set->declared->name);
	return !isnan(value);
}

/* Returns the bucket. */
static size_t
count_value(struct pitot_histogram *histogram, double value, int sign)
{
	return pt_histogram_count(histogram->cells, &histogram->child.set->shape, value, sign);
}

void
pitot_histogram_observe(struct pitot_histogram *histogram, double value)
{
	if (pt_histogram_takes(&histogram->child, value))
		(void)count_value(histogram, value, 1);
}

void
pitot_histogram_observe_exemplar(struct pitot_histogram *histogram, double value,
	const struct pitot_label *labels, size_t label_count)
{
	if (!pt_histogram_takes(&histogram->child, value))
		return;
	size_t bucket = count_value(histogram, value, 1);
	pt_exemplar_keep(&histogram->child, bucket, value, labels, label_count);
}

void
pitot_gauge_histogram_add(struct pitot_gauge_histogram *gauge_histogram, double value)
{
	struct pitot_histogram *histogram = (struct pitot_histogram *)gauge_histogram;
	if (pt_histogram_takes(&histogram->child, value))
		(void)count_value(histogram, value, 1);
}

void
pitot_gauge_histogram_remove(struct pitot_gauge_histogram *gauge_histogram, double value)
{
	struct pitot_histogram *histogram = (struct pitot_histogram *)gauge_histogram;
	if (pt_histogram_takes(&histogram->child, value))
		(void)count_value(histogram, value, -1);
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
