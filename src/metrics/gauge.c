/* SPDX-License-Identifier: MIT */
/* Gauges: one double each. Setting is a store; adding is a compare-and-swap. Nothing can fail. */
#include "metrics/cell.h"
#include "metrics/registry.h"

#include <time.h>

struct pitot_gauge {
	struct pt_child child;
	pt_double value;
};

static struct pitot_gauge ignoring = {.child = {.use = PT_USE_IGNORED}};
struct pt_child *const pt_ignoring_gauge = &ignoring.child;

static size_t
size(const struct pt_shape *shape)
{
	(void)shape;
	return sizeof(struct pitot_gauge);
}

static struct pt_part_of
part(const struct pt_shape *shape, size_t index)
{
	(void)shape, (void)index;
	return (struct pt_part_of){.part = PT_PART_VALUE};
}

static void
reset(struct pt_child *child)
{
	pt_whole_set(&((struct pitot_gauge *)child)->value, 0);
}

static void
read(struct pt_child *child, uint64_t *bits)
{
	*bits = pt_whole_get(&((struct pitot_gauge *)child)->value);
}

static void
take(struct pt_child *child, uint64_t *bits)
{
	*bits = pt_whole_read(&((struct pitot_gauge *)child)->value, true);
}

const struct pt_kind pt_kind_gauge = {
	.type = PITOT_GAUGE,
	.size = size,
	.series_count = pt_one_series,
	.part = part,
	.reset = reset,
	.read = read,
	.take = take,
};

/* ---- the face ---- */

struct pitot_gauge *
pitot_gauge(struct pitot_registry *registry, const char *name, const char *help)
{
	return (struct pitot_gauge *)pt_declare_single(registry,
		&(struct pt_declaration){.name = name, .help = help, .kind = &pt_kind_gauge},
		pt_ignoring_gauge);
}

void
pitot_gauge_set(struct pitot_gauge *gauge, double value)
{
	if (pt_child_touch(&gauge->child))
		pt_whole_set(&gauge->value, pt_number_user_bits(value));
}

void
pitot_gauge_add(struct pitot_gauge *gauge, double amount)
{
	if (pt_child_touch(&gauge->child))
		pt_double_add(&gauge->value, amount);
}

void
pitot_gauge_inc(struct pitot_gauge *gauge)
{
	pitot_gauge_add(gauge, 1);
}

void
pitot_gauge_dec(struct pitot_gauge *gauge)
{
	pitot_gauge_add(gauge, -1);
}

void
pitot_gauge_set_to_current_time(struct pitot_gauge *gauge)
{
	struct timespec now;
	(void)clock_gettime(CLOCK_REALTIME, &now); /* cannot fail for this clock */
	pitot_gauge_set(gauge, (double)now.tv_sec + (double)now.tv_nsec / 1e9);
}

void
pt_gauge_absent(struct pitot_gauge *gauge)
{
	if (pt_child_touch(&gauge->child))
		pt_whole_set(&gauge->value, PT_NUMBER_ABSENT);
}
