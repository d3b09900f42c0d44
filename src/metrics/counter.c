/* SPDX-License-Identifier: MIT */
/*
 * Counters. Whole amounts are added to an integer, so that they stay exact beyond 2^53, others to a
 * double; the value is their sum. Each thread adds to cells of its own (owned.h); the shared ones
 * have what there is no memory for, what is set from elsewhere, and what makes zero of the others.
 * A negative or non-finite amount is misuse.
 */
#include "metrics/owned.h"
#include "metrics/registry.h"

#include <math.h>

struct pitot_counter {
	struct pt_child child;
	struct pt_owned fractions; /* of the threads; the child's are their whole amounts */
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

/* Inlined, since a gather is mostly this. */
__attribute__((always_inline)) static inline uint64_t
read_cells(struct pitot_counter *counter, bool take)
{
	double fractions = pt_owned_sum_double(&counter->fractions);
	uint64_t shared = pt_whole_swap(&counter->fraction, pt_number_bits(0 - fractions), take);
	uint64_t whole = pt_owned_read(&counter->child.owned, &counter->whole, take);
	if (shared == PT_NUMBER_ABSENT)
		return PT_NUMBER_ABSENT;
	return pt_number_bits((double)whole + (pt_number_from_bits(shared) + fractions));
}

static void
reset(struct pt_child *child)
{
	struct pitot_counter *counter = (struct pitot_counter *)child;
	/* What it takes, not what it had before: an old pointer may count meanwhile. */
	if (pt_number_from_bits(read_cells(counter, true)) != 0)
		pt_family_complicate(child->set);
}

static void
read(struct pt_child *child, uint64_t *bits)
{
	*bits = read_cells((struct pitot_counter *)child, false);
}

static void
take(struct pt_child *child, uint64_t *bits)
{
	*bits = read_cells((struct pitot_counter *)child, true);
}

static void
clear(struct pt_child *child)
{
	pt_owned_clear(&child->owned);
	pt_owned_clear(&((struct pitot_counter *)child)->fractions);
}

const struct pt_kind pt_kind_counter = {
	.type = PITOT_COUNTER,
	.size = size,
	.series_count = pt_one_series,
	.part = part,
	.reset = reset,
	.read = read,
	.take = take,
	.clear = clear,
	.read_plain = pt_owned_sum_row,
};

/* ---- the face ---- */

struct pitot_counter *
pitot_counter(struct pitot_registry *registry, const char *name, const char *help)
{
	return (struct pitot_counter *)pt_declare_single(registry,
		&(struct pt_declaration){.name = name, .help = help, .kind = &pt_kind_counter},
		pt_ignoring_counter);
}

static void
add_whole(struct pitot_counter *counter, uint64_t amount)
{
	pt_whole *own = pt_owned_make(&counter->child.owned);
	if (own != NULL) {
		pt_owned_add(own, amount);
		return;
	}
	pt_family_complicate(counter->child.set);
	pt_whole_add(&counter->whole, amount);
}

static void
add_fraction(struct pitot_counter *counter, double amount)
{
	/* Before there is a cell, so that who finds one need not. */
	pt_family_complicate(counter->child.set);
	pt_whole *own = pt_owned_make(&counter->fractions);
	if (own != NULL && pt_owned_takes(amount))
		pt_owned_add_double(own, amount);
	else
		pt_double_add(&counter->fraction, amount);
}

/* Returns whether it is a whole number below 2^63, which goes to *whole. */
static inline bool
is_whole(double amount, uint64_t *whole)
{
	if (!(amount >= 0 && amount < 0x1p63))
		return false;
	int64_t integer = (int64_t)amount;
	*whole = (uint64_t)integer;
	return (double)integer == amount;
}

/* Whatever finds no cell, or is not to be added. Not inlined, so that adding needs no frame. */
__attribute__((noinline)) static void
add_slowly(struct pitot_counter *counter, double amount)
{
	uint64_t whole;
	if (!pt_child_touch(&counter->child))
		return;
	if (!(amount >= 0) || isinf(amount))
		pt_registry_misuse(counter->child.set->registry,
			"%s: a counter takes finite amounts from 0 up; another was ignored",
			counter->child.set->declared->name);
	else if (is_whole(amount, &whole))
		add_whole(counter, whole);
	else
		add_fraction(counter, amount);
}

void
pitot_counter_inc(struct pitot_counter *counter)
{
	pt_whole *own = pt_owned_find(&counter->child.owned);
	if (__builtin_expect(own != NULL, true))
		pt_owned_add(own, 1);
	else if (pt_child_touch(&counter->child))
		add_whole(counter, 1);
}

/* That the number of the fractions is armed is no mark of use, as that of the child is. */
void
pitot_counter_add(struct pitot_counter *counter, double amount)
{
	uint64_t whole;
	if (is_whole(amount, &whole)) {
		pt_whole *own = pt_owned_find(&counter->child.owned);
		if (__builtin_expect(own != NULL, true)) {
			pt_owned_add(own, whole);
			return;
		}
	} else if (amount >= 0 && amount < PT_OWNED_END && pt_child_touch(&counter->child)) {
		pt_whole *own = pt_owned_find(&counter->fractions);
		if (__builtin_expect(own != NULL, true)) {
			pt_owned_add_double(own, amount);
			return;
		}
	}
	add_slowly(counter, amount);
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
	if (child->series.one != NULL) {
		/* Not gathered yet, so that nobody else has it. */
		child->series.one->start_ms = start_ms > 0 ? start_ms : 0;
		child->series.one->continues = true;
	}
	(void)pthread_mutex_unlock(&child->set->registry->lock);
	pitot_counter_add(counter, value);
}

void
pt_counter_set(struct pitot_counter *counter, double value)
{
	if (!pt_child_touch(&counter->child))
		return;
	pt_family_complicate(counter->child.set);
	pt_whole_set(&counter->fraction, value >= 0 ? pt_number_bits(value) : PT_NUMBER_ABSENT);
}
