/* SPDX-License-Identifier: MIT */
/*
 * Declaring families: the OpenMetrics naming rules are checked here, once, so that nothing later
 * has to. Every failure is a mistake that the registry keeps, and gives NULL.
 *
 * Two families must not own the same sample name (a counter "a" owns a_total and a_created, so
 * there can be no gauge "a_created"). The registry therefore keeps a hash table of all names owned.
 */
#include "metrics/index.h"

#include "base/buf.h"
#include "base/hash.h"
#include "base/utf8.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* A sample name that a set owns: its family's name and one of the reserved suffixes. */
struct pt_name {
	uint64_t hash;
	const struct pt_set *set;
	const char *suffix;
};

/* ---- the table of names owned ---- */

static uint64_t
hash_of(const struct pt_set *set, const char *suffix)
{
	/* One text in two pieces must hash as one: the suffix is short, so hash the joined name. */
	char joined[PT_LIMIT_NAME + 16];
	size_t length = set->declared->name_length, tail = strlen(suffix);
	memcpy(joined, set->declared->name, length);
	memcpy(joined + length, suffix, tail);
	return pt_hash(joined, length + tail, 0);
}

static bool
same_name(const struct pt_name *a, const struct pt_set *set, const char *suffix)
{
	size_t left = a->set->declared->name_length + strlen(a->suffix);
	size_t right = set->declared->name_length + strlen(suffix);
	if (left != right)
		return false;
	for (size_t i = 0; i < left; i++) {
		const struct pt_family *x = a->set->declared, *y = set->declared;
		char p = i < x->name_length ? x->name[i] : a->suffix[i - x->name_length];
		char q = i < y->name_length ? y->name[i] : suffix[i - y->name_length];
		if (p != q)
			return false;
	}
	return true;
}

static struct pt_name *
name_slot(struct pitot_registry *registry, uint64_t hash, const struct pt_set *set,
	const char *suffix)
{
	size_t mask = registry->name_capacity - 1;
	for (size_t at = (size_t)hash & mask;; at = (at + 1) & mask) {
		struct pt_name *slot = &registry->names[at];
		if (slot->set == NULL || (slot->hash == hash && same_name(slot, set, suffix)))
			return slot;
	}
}

static bool
grow_names(struct pitot_registry *registry)
{
	if ((registry->name_count + 8) * 2 <= registry->name_capacity)
		return true;
	struct pt_name *old = registry->names;
	size_t old_capacity = registry->name_capacity;
	size_t capacity = old_capacity == 0 ? 64 : old_capacity * 2;
	struct pt_name *names = calloc(capacity, sizeof *names);
	if (names == NULL)
		return false;
	registry->names = names;
	registry->name_capacity = capacity;
	for (size_t i = 0; i < old_capacity; i++)
		if (old[i].set != NULL)
			*name_slot(registry, old[i].hash, old[i].set, old[i].suffix) = old[i];
	free(old);
	return true;
}

/* The set that owns one of the names `set` would own, or NULL. */
static const struct pt_set *
find_owner(struct pitot_registry *registry, const struct pt_set *set)
{
	const char *const *suffix = pt_name_reserved(set->kind->type);
	for (; registry->name_capacity > 0 && *suffix != NULL; suffix++) {
		struct pt_name *slot = name_slot(registry, hash_of(set, *suffix), set, *suffix);
		if (slot->set != NULL)
			return slot->set;
	}
	return NULL;
}

static void
own_names(struct pitot_registry *registry, const struct pt_set *set)
{
	for (const char *const *suffix = pt_name_reserved(set->kind->type); *suffix != NULL;
		suffix++) {
		uint64_t hash = hash_of(set, *suffix);
		*name_slot(registry, hash, set, *suffix) = (struct pt_name){hash, set, *suffix};
		registry->name_count++;
	}
}

/* ---- checks: each returns what is wrong, or NULL ---- */

/* Labels that the type of metric has itself. */
static const char *
own_label_problem(const struct pt_family *family, const char *label)
{
	enum pitot_type type = family->type;
	bool buckets = type == PITOT_HISTOGRAM || type == PITOT_GAUGE_HISTOGRAM;
	if (buckets && strcmp(label, "le") == 0)
		return "belongs to the histogram's buckets";
	if (type == PITOT_SUMMARY && strcmp(label, "quantile") == 0)
		return "belongs to the summary's quantiles";
	if (type == PITOT_STATESET && strcmp(label, family->name) == 0)
		return "is the state set's own label";
	return NULL;
}

static const char *
label_problem(
	const struct pitot_registry *registry, const struct pt_family *family, const char *label)
{
	if (!pt_name_is_label(label, strlen(label), registry->utf8_names))
		return "is not a label name";
	if (strncmp(label, "__", 2) == 0)
		return "begins with \"__\", which is reserved";
	if (strcmp(label, PT_OVERFLOW_LABEL) == 0)
		return "belongs to the series beyond a family's limit";
	if (strlen(label) > PT_LIMIT_NAME)
		return "is too long";
	for (size_t i = 0; i < registry->label_count; i++)
		if (strcmp(label, registry->labels[i].name) == 0)
			return "is a constant label of the registry";
	return own_label_problem(family, label);
}

static bool
check_labels(struct pitot_registry *registry, const struct pt_declaration *declaration,
	const struct pt_family *family)
{
	struct pt_label all[PT_LIMIT_LABELS];
	size_t count = 0;
	for (size_t i = 0; i < declaration->label_count; i++)
		all[count++] = pt_label_of(declaration->label_names[i], "");
	for (size_t i = 0; i < declaration->fixed_count; i++)
		all[count++] = declaration->fixed[i];
	const char *problem = NULL, *label = "";
	for (size_t i = 0; i < count && problem == NULL; i++) {
		label = all[i].name;
		problem = label_problem(registry, family, label);
		if (problem == NULL && !pt_utf8_valid(all[i].value, all[i].value_length))
			problem = "has a value that is not UTF-8";
	}
	for (size_t i = 0; i < registry->label_count && problem == NULL; i++) {
		label = registry->labels[i].name;
		problem = own_label_problem(family, label);
	}
	if (problem == NULL && (label = pt_labels_duplicate(all, count)) != NULL)
		problem = "is given twice";
	if (problem != NULL)
		pt_registry_mistake(registry, "%s: label \"%s\" %s", family->name, label, problem);
	return problem == NULL;
}

static const char *
own_suffix(enum pitot_type type)
{
	return type == PITOT_COUNTER ? "_total" : type == PITOT_INFO ? "_info" : "";
}

/* Prefix and name, without the suffix that the samples carry anyway. NULL on a mistake. */
static struct pt_family *
make_family(struct pitot_registry *registry, const struct pt_declaration *declaration)
{
	const char *name = declaration->name == NULL ? "" : declaration->name;
	const char *help = declaration->help;
	struct pt_buf full;
	pt_buf_init(&full, PT_LIMIT_NAME);
	if (!declaration->without_prefix)
		pt_buf_str(&full, registry->prefix);
	pt_buf_str(&full, name);
	struct pt_family *family = NULL;
	size_t length = full.length;
	if (pt_buf_error(&full) != 0)
		pt_registry_mistake(
			registry, "a metric name is longer than %zu bytes", PT_LIMIT_NAME);
	else if (*name == '\0' || !pt_name_is_metric(full.bytes, length, registry->utf8_names))
		pt_registry_mistake(registry, "\"%s%s\" is not a metric name%s", registry->prefix,
			name, registry->utf8_names ? "" : " (allowed: [a-zA-Z_:][a-zA-Z0-9_:]*)");
	else if (help != NULL &&
		(!pt_utf8_valid(help, strlen(help)) || strlen(help) > PT_LIMIT_VALUE))
		pt_registry_mistake(registry, "%s: the help text is not UTF-8 or too long", name);
	else {
		enum pitot_type type = declaration->kind->type;
		length = pt_name_without(full.bytes, length, own_suffix(type));
		family = pt_family_new(
			full.bytes, length, type, help, help == NULL ? 0 : strlen(help), NULL, 0);
		if (family == NULL)
			pt_registry_mistake(registry, "%s: out of memory", name);
		else
			family->is_native = declaration->kind->read_native != NULL;
	}
	pt_buf_clear(&full);
	return family;
}

struct pt_set *
pt_declare_find(struct pitot_registry *registry, const char *name)
{
	size_t prefix = strlen(registry->prefix), length = strlen(name);
	for (struct pt_set *set = registry->first; set != NULL; set = set->next) {
		const struct pt_family *family = set->declared;
		size_t cut = pt_name_without(name, length, own_suffix(family->type));
		if (family->name_length == prefix + cut &&
			strncmp(family->name, registry->prefix, prefix) == 0 &&
			memcmp(family->name + prefix, name, cut) == 0)
			return set;
	}
	return NULL;
}

/* ---- making a set ---- */

static const char **
copy_texts(const char *const *texts, size_t count)
{
	size_t bytes = 0;
	for (size_t i = 0; i < count; i++)
		bytes += strlen(texts[i]) + 1;
	const char **copy = malloc(count * sizeof *copy + bytes + 1);
	if (copy == NULL)
		return NULL;
	char *at = (char *)(copy + count);
	for (size_t i = 0; i < count; i++) {
		size_t length = strlen(texts[i]) + 1;
		copy[i] = memcpy(at, texts[i], length);
		at += length;
	}
	return copy;
}

static bool
copy_shape(struct pt_set *set, const struct pt_shape *shape)
{
	set->shape = *shape;
	set->shape.bounds = NULL;
	set->shape.states = NULL;
	if (shape->states != NULL)
		return (set->shape.states = copy_texts(shape->states, shape->count)) != NULL;
	if (shape->count == 0)
		return true;
	double *bounds = malloc((shape->count + pt_bounds_unit) * sizeof *bounds);
	if (bounds == NULL)
		return false;
	memcpy(bounds, shape->bounds, shape->count * sizeof *bounds);
	for (size_t i = 0; i < pt_bounds_unit; i++)
		bounds[shape->count + i] = INFINITY;
	set->shape.bounds = bounds;
	return true;
}

/* Labels of which each child has a value of its own are there with any, then without one. */
static bool
make_pattern(struct pt_set *set, const struct pt_declaration *declaration)
{
	const struct pitot_registry *registry = set->registry;
	struct pt_label all[PT_LIMIT_LABELS * 2];
	size_t count = 0;
	for (size_t i = 0; i < registry->label_count; i++)
		all[count++] = registry->labels[i];
	for (size_t i = 0; i < declaration->fixed_count; i++)
		all[count++] = declaration->fixed[i];
	for (size_t i = 0; i < set->label_count; i++)
		all[count++] = pt_label_of(set->label_names[i], set->label_names[i]);
	set->pattern = pt_labels_new(all, count);
	if (set->pattern == NULL)
		return false;
	for (size_t i = 0; i < set->label_count; i++)
		while (strcmp(pt_labels_at(set->pattern, set->places[i]).name,
			       set->label_names[i]) != 0)
			set->places[i]++;
	for (size_t i = 0; i < set->label_count; i++)
		pt_labels_blank(set->pattern, set->places[i]);
	return true;
}

static struct pt_set *
make_set(struct pitot_registry *registry, const struct pt_declaration *declaration,
	struct pt_family *family)
{
	struct pt_set *set = calloc(1, sizeof *set);
	if (set == NULL)
		return NULL;
	(void)pthread_mutex_init(&set->lock, NULL); /* cannot fail on Linux */
	set->registry = registry;
	set->kind = declaration->kind;
	set->each = declaration->kind->series_count(&declaration->shape);
	set->child_size = pt_child_size(declaration->kind, &declaration->shape);
	set->family = pt_family_ref(family);
	set->declared = pt_family_ref(family);
	set->label_count = declaration->label_count;
	set->limit = registry->max_label_sets;
	atomic_init(&set->is_plain, true);
	set->label_names = copy_texts(declaration->label_names, declaration->label_count);
	if (set->label_names != NULL && copy_shape(set, &declaration->shape) &&
		make_pattern(set, declaration))
		return set;
	pt_family_free(set);
	return NULL;
}

static bool
same_native(const struct pt_native_shape *a, const struct pt_native_shape *b)
{
	return a->schema == b->schema && a->max_buckets == b->max_buckets &&
		a->zero_threshold == b->zero_threshold;
}

static bool
same_declaration(const struct pt_set *set, const struct pt_declaration *declaration,
	const struct pt_family *family)
{
	if (set->kind != declaration->kind || set->label_count != declaration->label_count ||
		set->declared->name_length != family->name_length ||
		set->shape.count != declaration->shape.count || set->shape.read != NULL ||
		!same_native(&set->shape.native, &declaration->shape.native) ||
		set->kind == &pt_kind_info)
		return false;
	for (size_t i = 0; i < set->label_count; i++)
		if (strcmp(set->label_names[i], declaration->label_names[i]) != 0)
			return false;
	if (set->shape.bounds != NULL &&
		memcmp(set->shape.bounds, declaration->shape.bounds,
			set->shape.count * sizeof(double)) != 0)
		return false;
	for (size_t i = 0; set->shape.states != NULL && i < set->shape.count; i++)
		if (strcmp(set->shape.states[i], declaration->shape.states[i]) != 0)
			return false;
	return strcmp(set->declared->name, family->name) == 0;
}

/* Adds the set, or returns the one that is there already; *owner is set on a clash. */
static struct pt_set *
add_set(struct pitot_registry *registry, struct pt_set *set,
	const struct pt_declaration *declaration, const struct pt_set **owner)
{
	*owner = find_owner(registry, set);
	if (*owner != NULL)
		return same_declaration(*owner, declaration, set->declared)
			? (struct pt_set *)*owner
			: NULL;
	if (!grow_names(registry))
		return NULL;
	own_names(registry, set);
	if (registry->last == NULL)
		registry->first = set;
	else
		registry->last->next = set;
	registry->last = set;
	return set;
}

struct pt_set *
pt_declare(struct pitot_registry *registry, const struct pt_declaration *declaration)
{
	if (registry == NULL || registry->disabled)
		return NULL;
	struct pt_family *family = make_family(registry, declaration);
	if (family == NULL || !check_labels(registry, declaration, family)) {
		pt_family_unref(family);
		return NULL;
	}
	struct pt_set *made = make_set(registry, declaration, family), *set = NULL;
	const struct pt_set *owner = NULL;
	if (made != NULL) {
		(void)pthread_mutex_lock(&registry->lock);
		set = add_set(registry, made, declaration, &owner);
		(void)pthread_mutex_unlock(&registry->lock);
	}
	if (set == NULL && owner != NULL)
		pt_registry_mistake(registry,
			"%s %s: clashes with %s %s, which is declared already (or its labels or "
			"buckets "
			"differ)",
			pitot_type_text(family->type), family->name,
			pitot_type_text(owner->declared->type), owner->declared->name);
	else if (set == NULL)
		pt_registry_mistake(registry, "%s: out of memory", family->name);
	if (set != made && made != NULL)
		pt_family_free(made);
	pt_family_unref(family);
	return set;
}

struct pt_child *
pt_declare_single(struct pitot_registry *registry, const struct pt_declaration *declaration,
	struct pt_child *otherwise)
{
	struct pt_set *set = pt_declare(registry, declaration);
	struct pt_values values;
	pt_values_begin(&values, set);
	struct pt_child *child = set == NULL ? NULL : pt_family_get(set, &values);
	return child == NULL ? otherwise : child;
}
