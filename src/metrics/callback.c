/* SPDX-License-Identifier: MIT */
/*
 * Counters and gauges whose value is computed when it is gathered: children without a number of
 * their own. The callback runs without a lock. Wrong declarations are mistakes, as everywhere.
 */
#include "base/number.h"
#include "metrics/registry.h"

size_t
pt_one_series(const struct pt_shape *shape)
{
	(void)shape;
	return 1;
}

static size_t
size(const struct pt_shape *shape)
{
	(void)shape;
	return sizeof(struct pt_child);
}

static void
reset(struct pt_child *child)
{
	(void)child; /* there is no number */
}

static struct pt_part_of
counter_part(const struct pt_shape *shape, size_t index)
{
	(void)shape, (void)index;
	return (struct pt_part_of){.part = PT_PART_TOTAL};
}

static struct pt_part_of
gauge_part(const struct pt_shape *shape, size_t index)
{
	(void)shape, (void)index;
	return (struct pt_part_of){.part = PT_PART_VALUE};
}

static double
call(const struct pt_child *child)
{
	return child->set->shape.read(child->set->shape.context);
}

static void
read_counter(struct pt_child *child, uint64_t *bits)
{
	double value = call(child);
	*bits = value >= 0 ? pt_number_bits(value) : PT_NUMBER_ABSENT;
}

static void
read_gauge(struct pt_child *child, uint64_t *bits)
{
	*bits = pt_number_user_bits(call(child));
}

static const struct pt_kind counter_kind = {
	.type = PITOT_COUNTER,
	.size = size,
	.series_count = pt_one_series,
	.part = counter_part,
	.reset = reset,
	.read = read_counter,
};

static const struct pt_kind gauge_kind = {
	.type = PITOT_GAUGE,
	.size = size,
	.series_count = pt_one_series,
	.part = gauge_part,
	.reset = reset,
	.read = read_gauge,
};

void
pitot_counter_callback(struct pitot_registry *registry, const char *name, const char *help,
	pitot_read_fn *read, void *context)
{
	struct pt_declaration declaration = {.name = name, .help = help, .kind = &counter_kind};
	declaration.shape = (struct pt_shape){.read = read, .context = context};
	(void)pt_declare_single(registry, &declaration, NULL);
}

void
pitot_gauge_callback(struct pitot_registry *registry, const char *name, const char *help,
	pitot_read_fn *read, void *context)
{
	struct pt_declaration declaration = {.name = name, .help = help, .kind = &gauge_kind};
	declaration.shape = (struct pt_shape){.read = read, .context = context};
	(void)pt_declare_single(registry, &declaration, NULL);
}
