/* SPDX-License-Identifier: MIT */
/*
 * Checking and renaming. Fails when memory is out, on labels that the destination owns, on text
 * that is not UTF-8, and when two series or families would arrive as one: given twice, or made
 * equal by escaping their names, by the labels that the destination adds, or by what text makes of
 * them.
 */
#include "export/fit.h"

#include "base/error.h"
#include "base/number.h"
#include "base/utf8.h"
#include "codec/rename.h"
#include "codec/unique.h"
#include <stdlib.h>
#include <string.h>

static void
forget(struct pt_fitted *entry)
{
	pt_table_unref(entry->source);
	pt_table_unref(entry->fitted);
}

void
pt_fit_clear(struct pt_fit *fit)
{
	for (size_t i = 0; i < fit->table_count; i++)
		forget(&fit->tables[i]);
	free(fit->tables);
	fit->tables = NULL;
	fit->table_count = 0;
}

size_t
pt_fit_count(const struct pitot_snapshot *snapshot)
{
	size_t count = 0;
	for (size_t i = 0; i < snapshot->table->count; i++)
		count += snapshot->bits[i] != PT_NUMBER_ABSENT &&
			snapshot->table->series[i]->role->part != PT_PART_NATIVE;
	return count;
}

/* ---- what no receiver takes ---- */

static int
check_label(const struct pt_fit *fit, const struct pt_series *series, const struct pt_label *label,
	struct pitot_error *why)
{
	const char *metric = series->role->family->name, *name = label->name;
	for (size_t i = 0; i < fit->owned_count; i++)
		if (strcmp(fit->owned[i].name, name) == 0)
			return pt_error_set(why, PITOT_BAD_INPUT,
				"metric %s: label %s: is part of the grouping key, whose value "
				"would silently replace this one: remove or rename it",
				metric, name);
	if (!pt_name_is_label(name, label->name_length, fit->utf8_names) ||
		strcmp(name, "__name__") == 0)
		return pt_error_set(why, PITOT_BAD_INPUT,
			"metric %s: label %s: is not a label name that the receiver takes", metric,
			name);
	if (!pt_utf8_valid(label->value, label->value_length))
		return pt_error_set(why, PITOT_BAD_INPUT,
			"metric %s: label %s: its value is not valid UTF-8", metric, name);
	return 0;
}

static int
check_series(const struct pt_fit *fit, const struct pt_series *series, struct pitot_error *why)
{
	const struct pt_family *family = series->role->family;
	if (!pt_name_is_metric(family->name, family->name_length, fit->utf8_names))
		return pt_error_set(why, PITOT_BAD_INPUT,
			"metric %s: is not a name that the receiver takes", family->name);
	size_t count = pt_series_label_count(series);
	const char *before = "";
	for (size_t i = 0; i < count; i++) {
		struct pt_label label = pt_series_label(series, i);
		int code = check_label(fit, series, &label, why);
		if (code != 0)
			return code;
		/* They are sorted, and le, quantile or a state set's name may repeat one. */
		if (strcmp(before, label.name) == 0)
			return pt_error_set(why, PITOT_BAD_INPUT,
				"metric %s: label %s: is there twice", family->name, label.name);
		before = label.name;
	}
	return 0;
}

/* ---- tables ---- */

static int
check_table(const struct pt_fit *fit, const struct pt_fitted *entry, struct pitot_error *why)
{
	const struct pt_table *table = entry->fitted;
	for (size_t i = 0; i < table->count; i++) {
		int code = check_series(fit, table->series[i], why);
		if (code != 0)
			return code;
	}
	if (entry->source->history && !fit->text)
		return 0;
	int code = pt_unique_check(table, entry->source, fit->added, why);
	return code == 0 && fit->text ? pt_unique_check_text(table, entry->source, why) : code;
}

static int
fit_table(const struct pt_fit *fit, struct pt_fitted *entry, struct pt_table *table,
	struct pitot_error *why)
{
	*entry = (struct pt_fitted){.source = pt_table_ref(table)};
	enum pitot_escaping scheme = fit->utf8_names ? PITOT_ESCAPE_NONE : PITOT_ESCAPE_UNDERSCORES;
	int code = 0;
	if (pt_rename_needed(table, scheme))
		code = pt_rename_table(&entry->fitted, table, scheme, why);
	else
		entry->fitted = pt_table_ref(table);
	if (code == 0)
		code = check_table(fit, entry, why);
	if (code != 0)
		forget(entry);
	return code;
}

/* A table that only this one and its owner still hold will not come again. */
static bool
is_gone(const struct pt_fitted *entry)
{
	unsigned own = 1u + (entry->fitted == entry->source) + entry->is_held;
	/* acquire: whoever let it go has done with it. Nobody can take it up again. */
	return atomic_load_explicit(&entry->source->references, memory_order_acquire) == own;
}

static void
forget_gone(struct pt_fit *fit)
{
	size_t kept = 0;
	for (size_t i = 0; i < fit->table_count; i++) {
		if (is_gone(&fit->tables[i]))
			forget(&fit->tables[i]);
		else
			fit->tables[kept++] = fit->tables[i];
	}
	fit->table_count = kept;
}

static int
add_table(struct pt_fit *fit, struct pt_table *table, struct pitot_error *why)
{
	forget_gone(fit);
	struct pt_fitted *grown =
		realloc(fit->tables, (fit->table_count + 1) * sizeof fit->tables[0]);
	if (grown == NULL)
		return pt_error_memory(why);
	fit->tables = grown;
	fit->last = &fit->tables[fit->table_count];
	int code = fit_table(fit, fit->last, table, why);
	fit->table_count += code == 0;
	return code;
}

int
pt_fit_snapshot(struct pt_fit *fit, const struct pitot_snapshot *snapshot,
	struct pitot_snapshot *view, struct pitot_error *why)
{
	fit->last = NULL;
	/* The reference that is held keeps another table from having the same address. */
	for (size_t i = 0; fit->last == NULL && i < fit->table_count; i++)
		if (fit->tables[i].source == snapshot->table)
			fit->last = &fit->tables[i];
	int code = fit->last == NULL ? add_table(fit, snapshot->table, why) : 0;
	if (code != 0)
		return code;
	*view = pt_snapshot_view(snapshot, fit->last->fitted);
	return 0;
}
