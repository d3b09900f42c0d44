/* SPDX-License-Identifier: MIT */
/*
 * Info (facts as labels, value 1) and state sets (which of a list of states are on). The states of
 * a set are the bits of one word, so that a gather always sees a whole change. Wrong states are a
 * mistake; setting a state that does not exist is misuse.
 */
#include "metrics/cell.h"
#include "metrics/registry.h"

#include "base/utf8.h"
#include <string.h>

enum { max_states = 64, max_info_labels = 30 };

/* ---- info ---- */

static size_t
info_size(const struct pt_shape *shape)
{
	(void)shape;
	return sizeof(struct pt_child);
}

static struct pt_part_of
info_part(const struct pt_shape *shape, size_t index)
{
	(void)shape, (void)index;
	return (struct pt_part_of){.part = PT_PART_INFO};
}

static void
info_reset(struct pt_child *child)
{
	(void)child; /* it has no number */
}

static void
info_read(struct pt_child *child, uint64_t *bits)
{
	(void)child;
	*bits = pt_number_bits(1);
}

const struct pt_kind pt_kind_info = {
	.type = PITOT_INFO,
	.size = info_size,
	.series_count = pt_one_series,
	.part = info_part,
	.reset = info_reset,
	.read = info_read,
};

void
pitot_info(struct pitot_registry *registry, const char *name, const char *help,
	const struct pitot_label *labels, size_t label_count)
{
	struct pt_label fixed[max_info_labels];
	if (registry == NULL || registry->disabled)
		return;
	if (label_count > max_info_labels) {
		pt_registry_mistake(
			registry, "%s: an info has at most %d labels", name, max_info_labels);
		return;
	}
	for (size_t i = 0; i < label_count; i++)
		fixed[i] = pt_label_of(labels[i].name, labels[i].value);
	(void)pt_declare_single(registry,
		&(struct pt_declaration){
			.name = name,
			.help = help,
			.kind = &pt_kind_info,
			.fixed = fixed,
			.fixed_count = label_count,
		},
		NULL);
}

/* ---- state set ---- */

struct pitot_stateset {
	struct pt_child child;
	pt_whole on; /* one bit for each state */
};

static struct pitot_stateset ignoring = {.child = {.use = PT_USE_IGNORED}};
struct pt_child *const pt_ignoring_stateset = &ignoring.child;

static size_t
stateset_size(const struct pt_shape *shape)
{
	(void)shape;
	return sizeof(struct pitot_stateset);
}

static size_t
stateset_series_count(const struct pt_shape *shape)
{
	return shape->count;
}

static struct pt_part_of
stateset_part(const struct pt_shape *shape, size_t index)
{
	return (struct pt_part_of){.part = PT_PART_STATE, .state = shape->states[index]};
}

static void
stateset_reset(struct pt_child *child)
{
	pt_whole_set(&((struct pitot_stateset *)child)->on, 0);
}

static void
read_states(struct pt_child *child, uint64_t *bits, bool take)
{
	uint64_t on = pt_whole_read(&((struct pitot_stateset *)child)->on, take);
	for (size_t i = 0; i < child->set->shape.count; i++)
		bits[i] = pt_number_bits((double)(on >> i & 1));
}

static void
stateset_read(struct pt_child *child, uint64_t *bits)
{
	read_states(child, bits, false);
}

static void
stateset_take(struct pt_child *child, uint64_t *bits)
{
	read_states(child, bits, true);
}

const struct pt_kind pt_kind_stateset = {
	.type = PITOT_STATESET,
	.size = stateset_size,
	.series_count = stateset_series_count,
	.part = stateset_part,
	.reset = stateset_reset,
	.read = stateset_read,
	.take = stateset_take,
};

bool
pt_stateset_shape(struct pitot_registry *registry, const char *name, const char *const *states,
	size_t count, struct pt_shape *shape)
{
	bool ok = count > 0 && count <= max_states;
	for (size_t i = 0; ok && i < count; i++) {
		ok = states[i][0] != '\0' && pt_utf8_valid(states[i], strlen(states[i]));
		for (size_t j = 0; ok && j < i; j++)
			ok = strcmp(states[i], states[j]) != 0;
	}
	if (!ok && registry != NULL)
		pt_registry_mistake(registry, "%s: states must be 1 to %d different names in UTF-8",
			name, max_states);
	*shape = (struct pt_shape){.states = states, .count = count};
	return ok;
}

struct pitot_stateset *
pitot_stateset(struct pitot_registry *registry, const char *name, const char *help,
	const char *const *states, size_t count)
{
	struct pt_declaration declaration = {.name = name, .help = help, .kind = &pt_kind_stateset};
	if (!pt_stateset_shape(registry, name, states, count, &declaration.shape))
		return &ignoring;
	return (struct pitot_stateset *)pt_declare_single(
		registry, &declaration, pt_ignoring_stateset);
}

static bool
has_state(struct pitot_stateset *set, size_t state)
{
	if (!pt_child_touch(&set->child))
		return false;
	if (state < set->child.set->shape.count)
		return true;
	pt_registry_misuse(set->child.set->registry, "%s: there is no state number %zu",
		set->child.set->declared->name, state);
	return false;
}

void
pitot_stateset_set(struct pitot_stateset *set, size_t state, bool on)
{
	if (!has_state(set, state))
		return;
	uint64_t bit = UINT64_C(1) << state;
	/* relaxed: the word on its own is the whole state. */
	if (on)
		atomic_fetch_or_explicit(&set->on, bit, memory_order_relaxed);
	else
		atomic_fetch_and_explicit(&set->on, ~bit, memory_order_relaxed);
}

void
pitot_stateset_only(struct pitot_stateset *set, size_t state)
{
	if (has_state(set, state))
		pt_whole_set(&set->on, UINT64_C(1) << state);
}
