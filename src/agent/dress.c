/* SPDX-License-Identifier: MIT */
/*
 * Dressing. Series of one metric share their labels, so what was made of the last labels is used
 * again as long as no rule looks at names. A rule may change the name or the label that makes a
 * bucket: such a series becomes a plain one of another name.
 */
#include "agent/dress.h"

#include "base/limits.h"
#include <string.h>

#define NAME "__name__"

void
pt_dress_clear(struct pt_dress *dress)
{
	pt_labels_unref(dress->last_made);
	dress->last_made = NULL;
	dress->last_from = NULL;
}

static void
put_pair(struct pt_label_set *set, const struct pt_label *pair)
{
	pt_label_set_put(set, pair->name, pair->name_length, pair->value, pair->value_length);
}

/* Renames the series' own label out of the way. */
static void
export_label(struct pt_label_set *set, const struct pt_label *added, const char *value)
{
	char name[PT_LIMIT_NAME + 1];
	size_t length = added->name_length;
	memcpy(name, added->name, length + 1);
	do {
		if (length + 9 > PT_LIMIT_NAME)
			return;
		memmove(name + 9, name, length + 1);
		memcpy(name, "exported_", 9);
		length += 9;
	} while (pt_label_set_get(set, name) != NULL);
	pt_label_set_put(set, name, length, value, strlen(value));
}

static void
add_label(const struct pt_dress *dress, const struct pt_label *added)
{
	const char *own = pt_label_set_get(dress->set, added->name);
	if (own != NULL && dress->mode == PT_DRESS_HONOR)
		return;
	if (own != NULL && dress->mode == PT_DRESS_RENAME)
		export_label(dress->set, added, own);
	put_pair(dress->set, added);
}

static void
fill_set(const struct pt_dress *dress, const struct pt_series *series)
{
	pt_label_set_empty(dress->set);
	for (uint32_t i = 0; i < pt_labels_count(series->labels); i++) {
		const struct pt_label label = pt_labels_at(series->labels, i);
		put_pair(dress->set, &label);
	}
	for (uint32_t i = 0; dress->labels != NULL && i < pt_labels_count(dress->labels); i++) {
		const struct pt_label label = pt_labels_at(dress->labels, i);
		add_label(dress, &label);
	}
}

static struct pt_labels *
make_labels(struct pt_dress *dress, const struct pt_labels *from, bool *failed)
{
	for (uint32_t i = 0; dress->strip != NULL && i < pt_labels_count(dress->strip); i++) {
		const struct pt_interned *name =
			pt_intern_at(pt_labels_names(dress->strip)->numbers[i]);
		pt_label_set_put(dress->set, name->text, name->length, "", 0);
	}
	struct pt_labels *made = pt_label_set_failed(dress->set)
		? NULL
		: pt_labels_near(dress->last_made, pt_label_set_pairs(dress->set),
			  pt_label_set_count(dress->set));
	if (made == NULL) {
		*failed = true;
		return NULL;
	}
	if (dress->last_made != NULL && pt_labels_equal(made, dress->last_made)) {
		pt_labels_unref(made);
		made = pt_labels_ref(dress->last_made);
	}
	pt_labels_unref(dress->last_made);
	dress->last_made = pt_labels_ref(made);
	dress->last_from = from;
	return made;
}

static struct pt_series *
same_but(const struct pt_dress *dress, const struct pt_series *series, struct pt_labels *labels)
{
	struct pt_series *made = pt_series_like(series, dress->ids, series->role->family, labels);
	if (made != NULL)
		made->continues = series->continues;
	return made;
}

/* A series of no other part than its value, under whatever name the rules gave it. */
static struct pt_series *
renamed(const struct pt_dress *dress, const struct pt_series *series, const char *name,
	size_t length, struct pt_labels *labels)
{
	const struct pt_family *old = series->role->family;
	struct pt_family *family = pt_family_new(name, length,
		series->role->part == PT_PART_VALUE || series->role->part == PT_PART_TOTAL
			? old->type
			: PITOT_UNKNOWN,
		old->has_help ? old->help : NULL, old->help_length, old->unit, old->unit_length);
	struct pt_series *made = family == NULL ? NULL
						: pt_series_new(dress->ids, family, labels,
							  PT_PART_VALUE, 0, NULL, series->start_ms);
	pt_family_unref(family);
	return made;
}

static bool
put_name(struct pt_label_set *set, const struct pt_series *series, char *name, size_t *length)
{
	const char *suffix = pt_name_suffix(series->role->part);
	size_t size = strlen(suffix);
	*length = series->role->family->name_length + size;
	if (*length > 2 * PT_LIMIT_NAME)
		return false;
	memcpy(name, series->role->family->name, series->role->family->name_length);
	memcpy(name + series->role->family->name_length, suffix, size + 1);
	pt_label_set_put(set, NAME, sizeof NAME - 1, name, *length);
	return true;
}

/* Through the rules; NULL if they drop it. */
static struct pt_series *
by_rules(struct pt_dress *dress, const struct pt_series *series, bool *failed)
{
	char name[2 * PT_LIMIT_NAME + 1], other[2 * PT_LIMIT_NAME + 1];
	struct pt_label_set *set = dress->set;
	size_t length = 0;
	const char *extra = series->role->extra_name;
	if (!put_name(set, series, name, &length))
		return NULL;
	if (extra != NULL)
		pt_label_set_put(set, extra, strlen(extra), series->role->extra_value,
			series->role->extra_length);
	if (!pt_relabel_apply(dress->rules, set))
		return NULL;
	const char *now = pt_label_set_get(set, NAME);
	if (now == NULL || strlen(now) > 2 * PT_LIMIT_NAME)
		return NULL; /* a series without a name is none */
	(void)strcpy(other, now);
	const char *value = extra == NULL ? NULL : pt_label_set_get(set, extra);
	bool same = strcmp(other, name) == 0 &&
		(extra == NULL || (value != NULL && strcmp(value, series->role->extra_value) == 0));
	pt_label_set_put(set, NAME, sizeof NAME - 1, "", 0);
	if (same && extra != NULL)
		pt_label_set_put(set, extra, strlen(extra), "", 0);
	struct pt_labels *labels = make_labels(dress, NULL, failed);
	if (labels == NULL)
		return NULL;
	struct pt_series *made = same ? same_but(dress, series, labels)
				      : renamed(dress, series, other, strlen(other), labels);
	*failed = made == NULL;
	pt_labels_unref(labels);
	return made;
}

struct pt_series *
pt_dress_series(struct pt_dress *dress, const struct pt_series *series, bool *failed)
{
	*failed = false;
	bool rules = !pt_relabel_is_empty(dress->rules);
	if (!rules && dress->last_made != NULL && dress->last_from == series->labels) {
		struct pt_series *made = same_but(dress, series, dress->last_made);
		*failed = made == NULL;
		return made;
	}
	fill_set(dress, series);
	if (rules)
		return by_rules(dress, series, failed);
	struct pt_labels *labels = make_labels(dress, series->labels, failed);
	struct pt_series *made = labels == NULL ? NULL : same_but(dress, series, labels);
	*failed = made == NULL;
	pt_labels_unref(labels);
	return made;
}
