/* SPDX-License-Identifier: MIT */
/*
 * Counters. Whole amounts are added to an integer, so that they stay exact beyond 2^53, others to a
 * double; the value is their sum. A negative or non-finite amount is misuse.
 */
#include "metrics/cell.h"
#include "metrics/registry.h"

#include <math.h>

struct pitot_counter {
	struct pt_child child;
	pt_whole whole;
	pt_double fraction;
};

static struct pitot_counter ignoring = {.child = {.use = PT_USE_IGNORED}};
struct pt_child *const pt_ignoring_counter = &ignoring.child;

static size_t
size(const struct pt_shape *shape)
{
	(void)shape;
	return sizeof(struct pitot_counter);
}

static struct pt_part_of
part(const struct pt_shape *shape, size_t index)
{
	(void)shape, (void)index;
	return (struct pt_part_of){.part = PT_PART_TOTAL};
}

static void
reset(struct pt_child *child)
{
	struct pitot_counter *counter = (struct pitot_counter *)child;
	pt_whole_set(&counter->whole, 0);
	pt_whole_set(&counter->fraction, 0);
}

static void
read_cells(struct pt_child *child, uint64_t *bits, bool take)
{
	struct pitot_counter *counter = (struct pitot_counter *)child;
	uint64_t fraction = pt_whole_read(&counter->fraction, take);
	uint64_t whole = pt_whole_read(&counter->whole, take);
	if (fraction == PT_NUMBER_ABSENT)
		*bits = PT_NUMBER_ABSENT;
	else
		*bits = pt_number_bits((double)whole + pt_number_from_bits(fraction));
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
}

const struct pt_kind pt_kind_counter = {
	.type = PITOT_COUNTER,
	.size = size,
	.series_count = pt_one_series,
	.part = part,
	.reset = reset,
	.read = read,
	.take = take,
};

/* ---- the face ---- */

struct pitot_counter *
pitot_counter(struct pitot_registry *registry, const char *name, const char *help)
{
	return (struct pitot_counter *)pt_declare_single(registry,
		&(struct pt_declaration){.name = name, .help = help, .kind = &pt_kind_counter},
		pt_ignoring_counter);
}

void
pitot_counter_inc(struct pitot_counter *counter)
{
	if (pt_child_touch(&counter->child))
		pt_whole_add(&counter->whole, 1);
}

void
pitot_counter_add(struct pitot_counter *counter, double amount)
{
	if (!pt_child_touch(&counter->child))
		return;
	if (!(amount >= 0) || isinf(amount)) {
		pt_registry_misuse(counter->child.set->registry,
			"%s: a counter takes finite amounts from 0 up; another was ignored",
			counter->child.set->declared->name);
		return;
	}
	if (amount < 0x1p63 && amount == (double)(uint64_t)amount)
		pt_whole_add(&counter->whole, (uint64_t)amount);
	else
		pt_double_add(&counter->fraction, amount);
}

void
pitot_counter_add_exemplar(struct pitot_counter *counter, double amount,
	const struct pitot_label *labels, size_t label_count)
{
	pitot_counter_add(counter, amount);
	if (pt_child_touch(&counter->child) && amount >= 0 && !isinf(amount))
		pt_exemplar_keep(&counter->child, 0, amount, labels, label_count);
}

void
pitot_counter_restore(struct pitot_counter *counter, double value, int64_t start_ms)
{
	struct pt_child *child = &counter->child;
	if (!pt_child_touch(child))
		return;
	(void)pthread_mutex_lock(&child->set->registry->lock);
	if (child->series != NULL) {
		/* Not gathered yet, so that nobody else has it. */
		child->series[0]->start_ms = start_ms > 0 ? start_ms : 0;
		child->series[0]->continues = true;
	}
	(void)pthread_mutex_unlock(&child->set->registry->lock);
	pitot_counter_add(counter, value);
}

void
pt_counter_set(struct pitot_counter *counter, double value)
{
	if (!pt_child_touch(&counter->child))
		return;
	pt_whole_set(&counter->fraction, value >= 0 ? pt_number_bits(value) : PT_NUMBER_ABSENT);
}
