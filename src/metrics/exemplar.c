/* SPDX-License-Identifier: MIT */
/*
 * Exemplars: the last one of each series is kept. They are rare beside updates, so one lock of the
 * registry guards all. An exemplar with bad labels is misuse: it is told, and the update still
 * counts.
 */
#include "metrics/registry.h"

#include "base/number.h"
#include "base/utf8.h"
#include <stdlib.h>

static const char *
problem_of(const struct pitot_registry *registry, const struct pt_label *labels, size_t count)
{
	size_t points = 0;
	for (size_t i = 0; i < count; i++) {
		const struct pt_label *label = &labels[i];
		if (!pt_name_is_label(label->name, label->name_length, registry->utf8_names))
			return "a label name is wrong";
		if (!pt_utf8_valid(label->value, label->value_length))
			return "a label value is not UTF-8";
		points += pt_utf8_count(label->name, label->name_length) +
			pt_utf8_count(label->value, label->value_length);
	}
	if (points > PT_LIMIT_EXEMPLAR)
		return "its labels have more than 128 code points";
	return pt_labels_duplicate(labels, count) != NULL ? "a label stands twice" : NULL;
}

static struct pt_labels *
make_labels(struct pt_child *child, const struct pitot_label *labels, size_t count)
{
	struct pitot_registry *registry = child->set->registry;
	struct pt_label pairs[PT_LIMIT_LABELS];
	const char *problem = count > PT_LIMIT_LABELS ? "it has too many labels" : NULL;
	for (size_t i = 0; problem == NULL && i < count; i++)
		pairs[i] = pt_label_of(labels[i].name, labels[i].value);
	if (problem == NULL)
		problem = problem_of(registry, pairs, count);
	struct pt_labels *made = problem == NULL ? pt_labels_new(pairs, count) : NULL;
	if (made == NULL)
		pt_registry_misuse(registry, "%s: an exemplar was left out: %s",
			child->set->declared->name, problem != NULL ? problem : "out of memory");
	return made;
}

void
pt_exemplar_keep(struct pt_child *child, size_t index, double value,
	const struct pitot_label *labels, size_t label_count)
{
	struct pitot_registry *registry = child->set->registry;
	struct pt_labels *made = make_labels(child, labels, label_count);
	if (made == NULL)
		return;
	size_t count = child->set->kind->series_count(&child->set->shape);
	(void)pthread_mutex_lock(&registry->exemplar_lock);
	if (child->exemplars == NULL)
		child->exemplars = calloc(count, sizeof child->exemplars[0]);
	if (child->exemplars != NULL) {
		struct pt_exemplar_slot *slot = &child->exemplars[index];
		struct pt_labels *old = slot->labels;
		*slot = (struct pt_exemplar_slot){
			.labels = made,
			.bits = pt_number_user_bits(value),
			.timestamp_ms = registry->clock->wall_ms(registry->clock),
		};
		made = old;
		pt_family_complicate(child->set);
		/* relaxed: only a hint; the lock orders the slots. */
		atomic_store_explicit(&child->has_exemplars, true, memory_order_relaxed);
	}
	bool kept = child->exemplars != NULL;
	(void)pthread_mutex_unlock(&registry->exemplar_lock);
	pt_labels_unref(made);
	if (!kept)
		pt_registry_misuse(registry, "%s: an exemplar was left out: out of memory",
			child->set->declared->name);
}

bool
pt_exemplar_gather(struct pt_child *child, struct pitot_snapshot *snapshot, size_t first)
{
	struct pitot_registry *registry = child->set->registry;
	size_t count = child->set->kind->series_count(&child->set->shape);
	bool ok = true;
	(void)pthread_mutex_lock(&registry->exemplar_lock);
	for (size_t i = 0; ok && child->exemplars != NULL && i < count; i++) {
		const struct pt_exemplar_slot *slot = &child->exemplars[i];
		if (slot->labels != NULL)
			ok = pt_snapshot_add_exemplar(snapshot,
				&(struct pt_exemplar){
					.index = first + i,
					.labels = slot->labels,
					.bits = slot->bits,
					.has_timestamp = true,
					.timestamp_ms = slot->timestamp_ms,
				});
	}
	(void)pthread_mutex_unlock(&registry->exemplar_lock);
	return ok;
}

void
pt_exemplar_forget(struct pt_child *child)
{
	struct pitot_registry *registry = child->set->registry;
	size_t count = child->set->kind->series_count(&child->set->shape);
	(void)pthread_mutex_lock(&registry->exemplar_lock);
	for (size_t i = 0; child->exemplars != NULL && i < count; i++)
		pt_labels_unref(child->exemplars[i].labels);
	free(child->exemplars);
	child->exemplars = NULL;
	atomic_store_explicit(&child->has_exemplars, false, memory_order_relaxed);
	(void)pthread_mutex_unlock(&registry->exemplar_lock);
}
