/* SPDX-License-Identifier: MIT */
/*
 * The public face of labelled families. What is variadic here ends at once in arrays; the rest is
 * in declare.c and family.c. The names stand in parentheses because the header has macros of the
 * same names, which add the NULL that ends a list. Mistakes give what ignores updates.
 */
#include "metrics/index.h"

/* Stands for every family that could not be declared. */
static struct pt_set ignoring_set;

/* At most PT_LIMIT_LABEL_NAMES + 1, so that one too many is noticed. */
struct list {
	const char *texts[PT_LIMIT_LABEL_NAMES + 1];
	size_t count;
};

static struct list
collect(va_list *arguments)
{
	struct list list = {.count = 0};
	const char *text = va_arg(*arguments, const char *);
	while (text != NULL && list.count < PT_LIMIT_LABEL_NAMES + 1) {
		list.texts[list.count++] = text;
		text = va_arg(*arguments, const char *);
	}
	return list;
}

/* Those of a list that ends in NULL; with all that changes in registers. */
static inline void
take_values(struct pt_values *values, const struct pt_set *set, va_list *arguments)
{
	struct pt_text *value = values->at, *end = value + PT_LIMIT_LABEL_NAMES + 1;
	uint64_t hash = pt_index_seed(set);
	const char *text;
	while (value < end && (text = va_arg(*arguments, const char *)) != NULL)
		hash = pt_index_take(value++, text, hash);
	values->hash = hash;
	values->count = (size_t)(value - values->at);
}

static void *
declare(struct pitot_registry *registry, struct pt_declaration *declaration, bool shape_ok,
	va_list *arguments)
{
	struct list names = collect(arguments);
	declaration->label_names = names.texts;
	declaration->label_count = names.count;
	if (!shape_ok || registry == NULL || registry->disabled)
		return &ignoring_set;
	if (names.count == 0 || names.count > PT_LIMIT_LABEL_NAMES) {
		pt_registry_mistake(registry, "%s: a labelled family has 1 to %d label names",
			declaration->name, PT_LIMIT_LABEL_NAMES);
		return &ignoring_set;
	}
	struct pt_set *set = pt_declare(registry, declaration);
	return set == NULL ? &ignoring_set : set;
}

static struct pt_child *
get(void *family, va_list *arguments, struct pt_child *otherwise)
{
	if (family == &ignoring_set)
		return otherwise;
	struct pt_set *set = family;
	struct pt_values values;
	take_values(&values, set, arguments);
	struct pt_child *child = pt_family_get(set, &values);
	return child == NULL ? otherwise : child;
}

static void
forget(void *family, va_list *arguments)
{
	if (family == &ignoring_set)
		return;
	struct pt_values values;
	take_values(&values, family, arguments);
	pt_family_remove(family, &values);
}

struct pitot_counters *(
	pitot_counters)(struct pitot_registry *registry, const char *name, const char *help, ...)
{
	struct pt_declaration declaration = {.name = name, .help = help, .kind = &pt_kind_counter};
	va_list arguments;
	va_start(arguments, help);
	void *set = declare(registry, &declaration, true, &arguments);
	va_end(arguments);
	return set;
}

struct pitot_gauges *(
	pitot_gauges)(struct pitot_registry *registry, const char *name, const char *help, ...)
{
	struct pt_declaration declaration = {.name = name, .help = help, .kind = &pt_kind_gauge};
	va_list arguments;
	va_start(arguments, help);
	void *set = declare(registry, &declaration, true, &arguments);
	va_end(arguments);
	return set;
}

struct pitot_histograms *(pitot_histograms)(struct pitot_registry *registry, const char *name,
	const char *help, const struct pitot_buckets *buckets, ...)
{
	struct pt_declaration declaration = {
		.name = name, .help = help, .kind = &pt_kind_histogram};
	bool ok = pt_histogram_shape(registry, name, buckets, &declaration.shape);
	va_list arguments;
	va_start(arguments, buckets);
	void *set = declare(registry, &declaration, ok, &arguments);
	va_end(arguments);
	return set;
}

struct pitot_native_histograms *(pitot_native_histograms)(struct pitot_registry *registry,
	const char *name, const char *help, const struct pitot_native_options *options, ...)
{
	struct pt_declaration declaration = {.name = name, .help = help, .kind = &pt_kind_native};
	bool ok = pt_native_shape(registry, name, options, &declaration.shape);
	va_list arguments;
	va_start(arguments, options);
	void *set = declare(registry, &declaration, ok, &arguments);
	va_end(arguments);
	return set;
}

struct pitot_summaries *(pitot_summaries)(struct pitot_registry *registry, const char *name,
	const char *help, const struct pitot_summary_options *options, ...)
{
	struct pt_declaration declaration = {.name = name, .help = help, .kind = &pt_kind_summary};
	bool ok = pt_summary_shape(registry, name, options, &declaration.shape);
	va_list arguments;
	va_start(arguments, options);
	void *set = declare(registry, &declaration, ok, &arguments);
	va_end(arguments);
	return set;
}

struct pitot_statesets *(pitot_statesets)(struct pitot_registry *registry, const char *name,
	const char *help, const char *const *states, size_t count, ...)
{
	struct pt_declaration declaration = {.name = name, .help = help, .kind = &pt_kind_stateset};
	bool ok = pt_stateset_shape(registry, name, states, count, &declaration.shape);
	va_list arguments;
	va_start(arguments, count);
	void *set = declare(registry, &declaration, ok, &arguments);
	va_end(arguments);
	return set;
}

struct pitot_gauge_histograms *(pitot_gauge_histograms)(struct pitot_registry *registry,
	const char *name, const char *help, const struct pitot_buckets *buckets, ...)
{
	struct pt_declaration declaration = {
		.name = name, .help = help, .kind = &pt_kind_gauge_histogram};
	bool ok = pt_histogram_shape(registry, name, buckets, &declaration.shape);
	va_list arguments;
	va_start(arguments, buckets);
	void *set = declare(registry, &declaration, ok, &arguments);
	va_end(arguments);
	return set;
}

/* Getting and removing differ by nothing but the type. */
#define GET_AND_REMOVE(families, instrument, ignoring)                                             \
	struct pitot_##instrument *(pitot_##families##_get)(struct pitot_##families * family, ...) \
	{                                                                                          \
		va_list arguments;                                                                 \
		va_start(arguments, family);                                                       \
		struct pt_child *child = get(family, &arguments, ignoring);                        \
		va_end(arguments);                                                                 \
		return (struct pitot_##instrument *)child;                                         \
	}                                                                                          \
	void(pitot_##families##_remove)(struct pitot_##families * family, ...)                     \
	{                                                                                          \
		va_list arguments;                                                                 \
		va_start(arguments, family);                                                       \
		forget(family, &arguments);                                                        \
		va_end(arguments);                                                                 \
	}

GET_AND_REMOVE(counters, counter, pt_ignoring_counter)
GET_AND_REMOVE(gauges, gauge, pt_ignoring_gauge)
GET_AND_REMOVE(histograms, histogram, pt_ignoring_histogram)
GET_AND_REMOVE(native_histograms, native_histogram, pt_ignoring_native)
GET_AND_REMOVE(summaries, summary, pt_ignoring_summary)
GET_AND_REMOVE(statesets, stateset, pt_ignoring_stateset)
GET_AND_REMOVE(gauge_histograms, gauge_histogram, pt_ignoring_histogram)
