/* SPDX-License-Identifier: MIT */
/*
 * The registry itself: options, mistakes, hooks, units. Everything that goes wrong is kept as a
 * mistake (first one wins); only running out of memory in pitot_registry_new() gives NULL, which
 * all functions take and treat as a mistake.
 */
#include "metrics/registry.h"

#include "base/error.h"
#include "base/utf8.h"
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void
keep_first(struct pitot_registry *registry, struct pitot_error *kept, const char *text)
{
	(void)pthread_mutex_lock(&registry->lock);
	if (kept->code == 0)
		(void)pt_error_set(kept, PITOT_USAGE, "%s", text);
	(void)pthread_mutex_unlock(&registry->lock);
}

void
pt_registry_mistake(struct pitot_registry *registry, const char *format, ...)
{
	char text[PITOT_ERROR_TEXT];
	va_list arguments;
	va_start(arguments, format);
	(void)vsnprintf(text, sizeof text, format, arguments); /* cut when too long */
	va_end(arguments);
	keep_first(registry, &registry->declaring, text);
}

void
pt_registry_misuse(struct pitot_registry *registry, const char *format, ...)
{
	char text[PITOT_ERROR_TEXT];
	va_list arguments;
	va_start(arguments, format);
	(void)vsnprintf(text, sizeof text, format, arguments); /* cut when too long */
	va_end(arguments);
	keep_first(registry, &registry->updating, text);
}

static bool
copy_label(struct pitot_registry *registry, const struct pitot_label *label)
{
	const char *name = label->name == NULL ? "" : label->name;
	const char *value = label->value == NULL ? "" : label->value;
	if (!pt_name_is_label(name, strlen(name), registry->utf8_names) ||
		strncmp(name, "__", 2) == 0 || strcmp(name, PT_OVERFLOW_LABEL) == 0) {
		pt_registry_mistake(
			registry, "constant label \"%s\": not a label name, or reserved", name);
		return true;
	}
	if (!pt_utf8_valid(value, strlen(value)) || strlen(value) > PT_LIMIT_VALUE) {
		pt_registry_mistake(registry, "constant label \"%s\": value is not UTF-8", name);
		return true;
	}
	char *name_copy = strdup(name), *value_copy = strdup(value);
	if (name_copy == NULL || value_copy == NULL) {
		free(name_copy);
		free(value_copy);
		return false;
	}
	registry->labels[registry->label_count++] = pt_label_of(name_copy, value_copy);
	return true;
}

static bool
copy_options(struct pitot_registry *registry, const struct pitot_registry_options *options)
{
	registry->utf8_names = options->utf8_names;
	registry->disabled = options->disabled;
	registry->max_label_sets =
		options->max_label_sets == 0 ? PT_LIMIT_LABEL_SETS : options->max_label_sets;
	registry->prefix = strdup(options->prefix == NULL ? "" : options->prefix);
	registry->labels = calloc(options->label_count + 1, sizeof registry->labels[0]);
	if (registry->prefix == NULL || registry->labels == NULL)
		return false;
	size_t count = options->label_count;
	if (count > PT_LIMIT_LABELS / 2) {
		pt_registry_mistake(registry, "%zu constant labels: at most %d are allowed", count,
			PT_LIMIT_LABELS / 2);
		count = 0;
	}
	for (size_t i = 0; i < count; i++)
		if (!copy_label(registry, &options->labels[i]))
			return false;
	const char *twice = pt_labels_duplicate(registry->labels, registry->label_count);
	if (twice != NULL)
		pt_registry_mistake(registry, "constant label \"%s\" is given twice", twice);
	return true;
}

struct pitot_registry *
pitot_registry_new(const struct pitot_registry_options *options)
{
	static const struct pitot_registry_options defaults = {0};
	struct pitot_registry *registry = calloc(1, sizeof *registry);
	if (registry == NULL)
		return NULL;
	/* Cannot fail on Linux with default attributes. */
	(void)pthread_mutex_init(&registry->lock, NULL);
	(void)pthread_mutex_init(&registry->exemplar_lock, NULL);
	registry->clock = pt_clock_real();
	registry->ids = pt_ids_new();
	if (registry->ids == NULL || !pt_fork_join(registry) ||
		!copy_options(registry, options == NULL ? &defaults : options)) {
		pitot_registry_free(registry);
		return NULL;
	}
	return registry;
}

void
pitot_registry_free(struct pitot_registry *registry)
{
	if (registry == NULL)
		return;
	pt_fork_leave(registry);
	pt_gather_forget(registry);
	pt_exemplar_free(registry);
	while (registry->first != NULL) {
		struct pt_set *set = registry->first;
		registry->first = set->next;
		pt_family_free(set);
	}
	while (registry->hooks != NULL) {
		struct pt_hook *hook = registry->hooks;
		registry->hooks = hook->next;
		if (hook->release != NULL)
			hook->release(hook->context);
		free(hook);
	}
	for (size_t i = 0; i < registry->label_count; i++) {
		free((char *)registry->labels[i].name);
		free((char *)registry->labels[i].value);
	}
	free(registry->labels);
	free(registry->names);
	free((char *)registry->prefix);
	pt_ids_unref(registry->ids);
	(void)pthread_mutex_destroy(&registry->lock);
	(void)pthread_mutex_destroy(&registry->exemplar_lock);
	free(registry);
}

static int
tell(const struct pitot_registry *registry, const struct pitot_error *kept, struct pitot_error *why)
{
	pthread_mutex_t *lock =
		(pthread_mutex_t *)&registry->lock; /* locking changes nothing seen */
	(void)pthread_mutex_lock(lock);
	struct pitot_error error = *kept;
	(void)pthread_mutex_unlock(lock);
	if (error.code != 0 && why != NULL)
		*why = error;
	return error.code;
}

int
pt_registry_declared(const struct pitot_registry *registry, struct pitot_error *why)
{
	if (registry == NULL)
		return pt_error_memory(why);
	return tell(registry, &registry->declaring, why);
}

int
pitot_registry_error(const struct pitot_registry *registry, struct pitot_error *why)
{
	int code = pt_registry_declared(registry, why);
	return code != 0 ? code : tell(registry, &registry->updating, why);
}

bool
pt_registry_disabled(const struct pitot_registry *registry)
{
	return registry != NULL && registry->disabled;
}

void
pt_registry_hook(struct pitot_registry *registry, void (*run)(void *context),
	void (*release)(void *context), void *context)
{
	struct pt_hook *hook = registry == NULL ? NULL : calloc(1, sizeof *hook);
	if (hook == NULL) {
		if (registry != NULL)
			pt_registry_mistake(registry, "gather hook: out of memory");
		if (release != NULL)
			release(context);
		return;
	}
	*hook = (struct pt_hook){.run = run, .release = release, .context = context};
	(void)pthread_mutex_lock(&registry->lock);
	if (registry->last_hook == NULL)
		registry->hooks = hook;
	else
		registry->last_hook->next = hook;
	registry->last_hook = hook;
	(void)pthread_mutex_unlock(&registry->lock);
}

void
pitot_registry_on_gather(
	struct pitot_registry *registry, void (*hook)(void *context), void *context)
{
	if (registry != NULL && !registry->disabled)
		pt_registry_hook(registry, hook, NULL, context);
}

static const char *
unit_problem(const struct pt_set *set, const char *unit)
{
	const struct pt_family *family = set->family;
	if (family->type == PITOT_INFO || family->type == PITOT_STATESET)
		return "info and state set families have no unit";
	if (!pt_name_is_metric(unit, strlen(unit), false))
		return "not a unit's name";
	size_t cut = pt_name_without(family->name, family->name_length, unit);
	if (cut == family->name_length || family->name[cut - 1] != '_')
		return "the family's name must end in \"_\" and the unit";
	return NULL;
}

/* A family is immutable, so stating the unit makes a new one, and the series that refer to it. */
static const char *
state_unit(struct pitot_registry *registry, const char *name, const char *unit)
{
	struct pt_set *set = pt_declare_find(registry, name);
	if (set == NULL)
		return "no family of this name is declared";
	const char *problem = unit_problem(set, unit);
	if (problem != NULL)
		return problem;
	struct pt_family *old = set->family;
	set->family = pt_family_new(old->name, old->name_length, old->type,
		old->has_help ? old->help : NULL, old->help_length, unit, strlen(unit));
	if (set->family != NULL)
		set->family->is_native = old->is_native;
	if (set->family == NULL || !pt_family_renew(set)) {
		pt_family_unref(set->family);
		set->family = old;
		return "out of memory";
	}
	pt_gather_forget(registry);
	pt_family_unref(old);
	return NULL;
}

void
pitot_registry_unit(struct pitot_registry *registry, const char *family, const char *unit)
{
	if (registry == NULL || registry->disabled)
		return;
	(void)pthread_mutex_lock(&registry->lock);
	const char *problem = state_unit(registry, family, unit);
	(void)pthread_mutex_unlock(&registry->lock);
	if (problem != NULL)
		pt_registry_mistake(registry, "unit \"%s\" of \"%s\": %s", unit, family, problem);
}
