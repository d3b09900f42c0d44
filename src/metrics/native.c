/* SPDX-License-Identifier: MIT */
/*
 * Native histograms as instruments: sparse exponential buckets (native_cells.c), and the cells of a
 * classic histogram for whoever cannot read them; both share the sum. Wrong options are a mistake;
 * observing NaN is misuse, and so is an observation for which there is no memory: it is not counted
 * at all, so that both agree.
 */
#include "metrics/histogram.h"
#include "metrics/native_cells.h"
#include "metrics/native_index.h"

#include <math.h>

struct pitot_native_histogram {
	struct pt_child child;
	struct pt_native_cells native;
	pt_whole classic[]; /* as in histogram.h */
};

/* Never observed: its use is asked first. */
static struct pitot_native_histogram ignoring = {.child = {.use = PT_USE_IGNORED}};
struct pt_child *const pt_ignoring_native = &ignoring.child;

/* ---- the kind ---- */

static size_t
size(const struct pt_shape *shape)
{
	return sizeof(struct pitot_native_histogram) + pt_histogram_size(shape);
}

/* Those of a classic histogram, then the native one. */
static size_t
series_count(const struct pt_shape *shape)
{
	return pt_histogram_series(shape) + 1;
}

static struct pt_part_of
part(const struct pt_shape *shape, size_t index)
{
	if (index == pt_histogram_series(shape))
		return (struct pt_part_of){.part = PT_PART_NATIVE};
	return pt_histogram_part(shape, index);
}

static void
reset(struct pt_child *child)
{
	struct pitot_native_histogram *histogram = (struct pitot_native_histogram *)child;
	pt_native_cells_reset(&histogram->native);
	uint64_t bits[PT_LIMIT_BUCKETS + 3];
	pt_histogram_read(histogram->classic, NULL, &child->set->shape, bits, true);
}

static void
read(struct pt_child *child, uint64_t *bits)
{
	struct pitot_native_histogram *histogram = (struct pitot_native_histogram *)child;
	pt_histogram_read(histogram->classic, NULL, &child->set->shape, bits, false);
}

static struct pt_native *
read_native(struct pt_child *child)
{
	struct pitot_native_histogram *histogram = (struct pitot_native_histogram *)child;
	uint64_t sum_bits = pt_whole_get(&histogram->classic[0]);
	return pt_native_cells_read(&histogram->native, &child->set->shape.native, sum_bits, false);
}

static struct pt_native *
take_native(struct pt_child *child, uint64_t *bits)
{
	struct pitot_native_histogram *histogram = (struct pitot_native_histogram *)child;
	const struct pt_shape *shape = &child->set->shape;
	struct pt_native *native =
		pt_native_cells_read(&histogram->native, &shape->native, 0, true);
	if (native == NULL)
		return NULL;
	pt_histogram_read(histogram->classic, NULL, shape, bits, true);
	native->sum_bits = bits[shape->count + 1];
	return native;
}

static void
clear(struct pt_child *child)
{
	pt_native_cells_clear(&((struct pitot_native_histogram *)child)->native);
}

const struct pt_kind pt_kind_native = {
	.type = PITOT_HISTOGRAM,
	.size = size,
	.series_count = series_count,
	.part = part,
	.reset = reset,
	.read = read,
	.read_native = read_native,
	.take_native = take_native,
	.clear = clear,
};

bool
pt_native_shape(struct pitot_registry *registry, const char *name,
	const struct pitot_native_options *options, struct pt_shape *shape)
{
	static const struct pitot_native_options defaults = {0};
	if (options == NULL)
		options = &defaults;
	double growth = options->growth == 0 ? 1.1 : options->growth;
	size_t max_buckets = options->max_buckets == 0 ? 160 : options->max_buckets;
	double zero = options->zero_threshold == 0 ? 0x1p-128 : options->zero_threshold;
	bool ok = growth > 1 && max_buckets <= PT_LIMIT_BUCKETS && zero > 0 && !isinf(zero);
	if (!ok && registry != NULL)
		pt_registry_mistake(registry,
			"%s: a native histogram's growth must be above 1, its max_buckets at most "
			"%d, its zero_threshold a finite number above 0",
			name, PT_LIMIT_BUCKETS);
	if (!ok || !pt_histogram_shape(registry, name, options->fallback, shape))
		return false;
	shape->native = (struct pt_native_shape){
		.schema = (int8_t)pt_native_schema(growth),
		.max_buckets = (uint32_t)max_buckets,
		.zero_threshold = zero,
	};
	return true;
}

/* ---- the face ---- */

struct pitot_native_histogram *
pitot_native_histogram(struct pitot_registry *registry, const char *name, const char *help,
	const struct pitot_native_options *options)
{
	struct pt_declaration declaration = {.name = name, .help = help, .kind = &pt_kind_native};
	if (!pt_native_shape(registry, name, options, &declaration.shape))
		return &ignoring;
	return (struct pitot_native_histogram *)pt_declare_single(
		registry, &declaration, pt_ignoring_native);
}

/* True if the value was counted, and in which of the classic buckets. */
static bool
count_value(struct pitot_native_histogram *histogram, double value, size_t *bucket)
{
	if (!pt_histogram_takes(&histogram->child, value))
		return false;
	const struct pt_set *set = histogram->child.set;
	if (!pt_native_cells_add(&histogram->native, &set->shape.native, value)) {
		pt_registry_misuse(set->registry, "%s: an observation was left out: out of memory",
			set->declared->name);
		return false;
	}
	*bucket = pt_histogram_count(histogram->classic, &set->shape, value, 1);
	return true;
}

void
pitot_native_histogram_observe(struct pitot_native_histogram *histogram, double value)
{
	size_t bucket;
	(void)count_value(histogram, value, &bucket); /* what was wrong has been told */
}

void
pitot_native_histogram_observe_exemplar(struct pitot_native_histogram *histogram, double value,
	const struct pitot_label *labels, size_t label_count)
{
	size_t bucket;
	if (!count_value(histogram, value, &bucket))
		return;
	/* Formats with native histograms look for it there, the others at the bucket. */
	size_t native = pt_histogram_series(&histogram->child.set->shape);
	pt_exemplar_keep(&histogram->child, bucket, value, labels, label_count);
	pt_exemplar_keep(&histogram->child, native, value, labels, label_count);
}

void
pitot_native_histogram_observe_since(struct pitot_native_histogram *histogram, double start)
{
	pitot_native_histogram_observe(histogram, pitot_timer_start() - start);
}

void
pitot_native_histogram_reset(struct pitot_native_histogram *histogram)
{
	if (pt_child_touch(&histogram->child) && !pt_family_restart(&histogram->child))
		pt_registry_misuse(histogram->child.set->registry,
			"%s: resetting was left out: out of memory",
			histogram->child.set->declared->name);
}
