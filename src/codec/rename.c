/* SPDX-License-Identifier: MIT */
/*
 * A table under escaped names. Series share families and labels with their neighbours, so that one
 * renamed family and one renamed label set are made for each run of them. Fails when memory is out,
 * or when escaping makes two labels of one series the same.
 */
#include "codec/rename.h"

#include "base/buf.h"
#include "base/error.h"
#include "base/limits.h"
#include "codec/escape.h"
#include <stdlib.h>

static bool
are_classic(const struct pt_names *names)
{
	for (uint32_t i = 0; i < names->count; i++) {
		const struct pt_interned *name = pt_intern_at(names->numbers[i]);
		if (!pt_name_is_label(name->text, name->length, false))
			return false;
	}
	return true;
}

bool
pt_rename_needed(const struct pt_table *table, enum pitot_escaping scheme)
{
	if (scheme == PITOT_ESCAPE_NONE || scheme == PITOT_ESCAPE_DOTS)
		return scheme == PITOT_ESCAPE_DOTS; /* it changes names that need no change, too */
	for (size_t i = 0; i < table->count; i++) {
		const struct pt_series *series = table->series[i];
		const struct pt_series *before = i > 0 ? table->series[i - 1] : NULL;
		const struct pt_family *family = series->role->family;
		if ((before == NULL || before->role->family != family) &&
			!pt_name_is_metric(family->name, family->name_length, false))
			return true;
		/* As series beside each other mostly have the same names. */
		if ((before == NULL || before->labels->names != series->labels->names) &&
			!are_classic(pt_labels_names(series->labels)))
			return true;
	}
	return false;
}

struct renamer {
	enum pitot_escaping scheme;
	struct pt_ids *ids;
	const struct pt_family *old_family; /* the last ones, and what they became */
	const struct pt_labels *old_labels;
	struct pt_family *family;
	struct pt_labels *labels;
	struct pt_buf text;
};

static int
take_family(struct renamer *r, const struct pt_family *old, struct pitot_error *why)
{
	if (old == r->old_family)
		return 0;
	pt_buf_reset(&r->text);
	pt_escape_name(&r->text, old->name, old->name_length, false, r->scheme);
	pt_family_unref(r->family);
	r->old_family = NULL;
	r->family = pt_buf_error(&r->text) != 0
		? NULL
		: pt_family_new(r->text.bytes, r->text.length, old->type,
			  old->has_help ? old->help : NULL, old->help_length, old->unit,
			  old->unit_length);
	if (r->family == NULL)
		return pt_error_memory(why);
	r->family->is_native = old->is_native;
	r->old_family = old;
	return 0;
}

/* The names, each with a NUL, stand in r->text, which must not move while they are pointed to. */
static void
escape_labels(struct renamer *r, const struct pt_labels *old, struct pt_label *pairs)
{
	size_t starts[PT_LIMIT_LABELS];
	pt_buf_reset(&r->text);
	for (uint32_t i = 0; i < pt_labels_count(old); i++) {
		pairs[i] = pt_labels_at(old, i);
		starts[i] = r->text.length;
		pt_escape_name(&r->text, pairs[i].name, pairs[i].name_length, true, r->scheme);
		pt_buf_char(&r->text, '\0');
	}
	for (uint32_t i = 0; i < pt_labels_count(old) && pt_buf_error(&r->text) == 0; i++) {
		pairs[i].name = r->text.bytes + starts[i];
		pairs[i].name_length = (uint32_t)strlen(pairs[i].name);
	}
}

static int
take_labels(struct renamer *r, const struct pt_series *series, struct pitot_error *why)
{
	const struct pt_labels *old = series->labels;
	struct pt_label pairs[PT_LIMIT_LABELS];
	if (old == r->old_labels)
		return 0;
	if (pt_labels_count(old) > PT_LIMIT_LABELS)
		return pt_error_set(why, PITOT_BAD_INPUT, "metric %s: has more than %d labels",
			series->role->family->name, PT_LIMIT_LABELS);
	escape_labels(r, old, pairs);
	if (pt_buf_error(&r->text) != 0)
		return pt_error_memory(why);
	for (uint32_t i = 1; i < pt_labels_count(old); i++)
		for (uint32_t j = 0; j < i; j++)
			if (strcmp(pairs[i].name, pairs[j].name) == 0)
				return pt_error_set(why, PITOT_BAD_INPUT,
					"metric %s: two of its labels would arrive as %s: rename "
					"%s or %s",
					series->role->family->name, pairs[i].name,
					pt_labels_at(old, j).name, pt_labels_at(old, i).name);
	pt_labels_unref(r->labels);
	r->old_labels = NULL;
	r->labels = pt_labels_new(pairs, pt_labels_count(old));
	if (r->labels == NULL)
		return pt_error_memory(why);
	r->old_labels = old;
	return 0;
}

static int
rename_series(struct renamer *r, const struct pt_series *old, struct pt_series **series,
	struct pitot_error *why)
{
	int code = take_family(r, old->role->family, why);
	if (code == 0)
		code = take_labels(r, old, why);
	if (code != 0)
		return code;
	*series = pt_series_like(old, r->ids, r->family, r->labels);
	if (*series == NULL)
		return pt_error_memory(why);
	const char *extra = (*series)->role->extra_name;
	if (extra == NULL || pt_labels_find(r->labels, extra) == NULL)
		return 0;
	pt_series_unref(*series);
	return pt_error_set(why, PITOT_BAD_INPUT,
		"metric %s: two of its labels would arrive as %s: rename one",
		old->role->family->name, r->family->name);
}

int
pt_rename_table(struct pt_table **renamed, const struct pt_table *table, enum pitot_escaping scheme,
	struct pitot_error *why)
{
	struct renamer r = {.ids = pt_ids_new(), .scheme = scheme};
	struct pt_series **series = malloc((table->count + 1) * sizeof *series);
	size_t count = 0;
	int code = r.ids == NULL || series == NULL ? pt_error_memory(why) : 0;
	pt_buf_init(&r.text, PT_LIMIT_TEXT);
	while (code == 0 && count < table->count) {
		code = rename_series(&r, table->series[count], &series[count], why);
		count += code == 0;
	}
	struct pt_table *result = code == 0 ? pt_table_new(series, count) : NULL;
	if (code == 0 && result == NULL)
		code = pt_error_memory(why);
	for (size_t i = 0; result == NULL && i < count; i++)
		pt_series_unref(series[i]);
	if (result != NULL) {
		result->history = table->history;
		*renamed = result;
	}
	free(series);
	pt_buf_clear(&r.text);
	pt_family_unref(r.family);
	pt_labels_unref(r.labels);
	pt_ids_unref(r.ids);
	return code;
}
