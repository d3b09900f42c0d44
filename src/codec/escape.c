/* SPDX-License-Identifier: MIT */
/*
 * Escaping of names. Writing cannot fail but for the buffer; the check finds names that become the
 * same, by sorting the escaped ones, and fails also when memory is out.
 */
#include "codec/escape.h"

#include "base/error.h"
#include "base/limits.h"
#include "base/utf8.h"
#include <stdlib.h>

static bool
is_classic(const char *name, size_t length, bool label)
{
	return label ? pt_name_is_label(name, length, false) : pt_name_is_metric(name, length, false);
}

static bool
is_allowed(int32_t c, size_t at, bool label)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || (c == ':' && !label) ||
		(c >= '0' && c <= '9' && at > 0);
}

/* One code point that stood at byte `at`. */
static void
escape_point(struct pt_buf *out, int32_t c, bool allowed, enum pitot_escaping scheme)
{
	if (scheme == PITOT_ESCAPE_DOTS && c == '.')
		pt_buf_str(out, "_dot_");
	else if (scheme != PITOT_ESCAPE_UNDERSCORES && c == '_')
		pt_buf_str(out, "__");
	else if (allowed)
		pt_buf_char(out, (char)c);
	else if (scheme == PITOT_ESCAPE_UNDERSCORES)
		pt_buf_char(out, '_');
	else if (scheme == PITOT_ESCAPE_DOTS)
		pt_buf_str(out, "__");
	else if (c < 0)
		pt_buf_str(out, "_FFFD_");
	else
		pt_buf_printf(out, "_%x_", (unsigned)c);
}

void
pt_escape_name(struct pt_buf *out, const char *name, size_t length, bool label,
	enum pitot_escaping scheme)
{
	if (scheme == PITOT_ESCAPE_NONE ||
		(scheme != PITOT_ESCAPE_DOTS && is_classic(name, length, label))) {
		pt_buf_put(out, name, length);
		return;
	}
	if (scheme == PITOT_ESCAPE_VALUES)
		pt_buf_str(out, "U__");
	for (size_t at = 0; at < length;) {
		size_t from = at;
		int32_t c = pt_utf8_next(name, length, &at);
		escape_point(out, c, is_allowed(c, from, label), scheme);
	}
}

/* ---- the check ---- */

struct escaped {
	size_t offset;    /* in the buffer, which may move until all are there */
	const char *text; /* there, with NUL, at last */
	const char *name; /* before; without suffix */
	const char *suffix;
};

static int
by_text(const void *left, const void *right)
{
	return strcmp(((const struct escaped *)left)->text, ((const struct escaped *)right)->text);
}

static bool
all_labels_classic(const struct pt_labels *labels)
{
	for (uint32_t i = 0; i < labels->count; i++)
		if (!is_classic(labels->pairs[i].name, labels->pairs[i].name_length, true))
			return false;
	return true;
}

static bool
all_classic(const struct pt_table *table)
{
	const struct pt_labels *seen = NULL;
	for (size_t i = 0; i < table->count; i++) {
		const struct pt_series *series = table->series[i];
		const struct pt_family *family = series->family;
		bool first = i == 0 || table->series[i - 1]->family != family;
		if (first && !is_classic(family->name, family->name_length, false))
			return false;
		bool colon = series->part == PT_PART_STATE && strchr(series->extra_name, ':') != NULL;
		if (colon || (series->labels != seen && !all_labels_classic(series->labels)))
			return false;
		seen = series->labels;
	}
	return true;
}

static void
add_name(struct escaped *to, struct pt_buf *texts, const char *name, const char *suffix, bool label,
	enum pitot_escaping scheme)
{
	*to = (struct escaped){.offset = texts->length, .name = name, .suffix = suffix};
	pt_escape_name(texts, name, strlen(name), label, scheme);
	pt_buf_put(texts, suffix, strlen(suffix) + 1);
}

/* Two names that were the same before have not become so by escaping. */
static bool
became_same(const struct escaped *a, const struct escaped *b)
{
	return strcmp(a->text, b->text) == 0 &&
		(strcmp(a->name, b->name) != 0 || strcmp(a->suffix, b->suffix) != 0);
}

/* Sorts the escaped names and returns two that became the same, or NULL. */
static const struct escaped *
find_same(struct escaped *names, size_t count, const struct pt_buf *texts)
{
	for (size_t i = 0; i < count; i++)
		names[i].text = texts->bytes + names[i].offset;
	if (count > 1)
		qsort(names, count, sizeof names[0], by_text);
	for (size_t i = 1; i < count; i++)
		if (became_same(&names[i - 1], &names[i]))
			return &names[i - 1];
	return NULL;
}

/* The names of the family that begins at `at`, and of its samples; moves behind it. */
static size_t
add_family(struct escaped *to, struct pt_buf *texts, const struct pt_table *table, size_t *at,
	enum pitot_escaping scheme)
{
	const struct pt_family *family = table->series[*at]->family;
	unsigned parts = 0;
	size_t count = 0;
	add_name(&to[count++], texts, family->name, "", false, scheme);
	for (; *at < table->count && table->series[*at]->family == family; ++*at) {
		enum pt_part part = table->series[*at]->part;
		const char *suffix = pt_name_suffix(part);
		if ((parts & 1u << part) == 0 && suffix[0] != '\0')
			add_name(&to[count++], texts, family->name, suffix, false, scheme);
		parts |= 1u << part;
	}
	return count;
}

static int
check_families(const struct pt_table *table, enum pitot_escaping scheme, struct pitot_error *why)
{
	struct pt_buf texts;
	pt_buf_init(&texts, SIZE_MAX / 2);
	/* At most as many sample names as series, and as many families. */
	struct escaped *names = malloc((table->count * 2 + 1) * sizeof *names);
	const struct escaped *same = NULL;
	size_t count = 0;
	for (size_t at = 0; names != NULL && at < table->count;)
		count += add_family(names + count, &texts, table, &at, scheme);
	int code = names == NULL || pt_buf_error(&texts) != 0 ? pt_error_memory(why) : 0;
	if (code == 0)
		same = find_same(names, count, &texts);
	if (same != NULL)
		code = pt_error_set(why, PITOT_BAD_INPUT,
			"the names \"%s%s\" and \"%s%s\" both become \"%s\" for this receiver: rename one",
			same[0].name, same[0].suffix, same[1].name, same[1].suffix, same[0].text);
	free(names);
	pt_buf_clear(&texts);
	return code;
}

static int
check_labels(const struct pt_series *series, enum pitot_escaping scheme, struct pitot_error *why)
{
	struct escaped names[PT_LIMIT_LABELS * 2];
	struct pt_buf texts;
	pt_buf_init(&texts, SIZE_MAX / 2);
	size_t count = 0;
	for (uint32_t i = 0; i < series->labels->count; i++) {
		const struct pt_label *label = &series->labels->pairs[i];
		add_name(&names[count++], &texts, label->name, "", true, scheme);
	}
	if (series->extra_name != NULL)
		add_name(&names[count++], &texts, series->extra_name, "", true, scheme);
	int code = pt_buf_error(&texts) != 0 ? pt_error_memory(why) : 0;
	const struct escaped *same = code == 0 ? find_same(names, count, &texts) : NULL;
	if (same != NULL)
		code = pt_error_set(why, PITOT_BAD_INPUT,
			"%s: the labels \"%s\" and \"%s\" both become \"%s\" for this receiver: rename "
			"one",
			series->family->name, same[0].name, same[1].name, same[0].text);
	pt_buf_clear(&texts);
	return code;
}

int
pt_escape_check(const struct pitot_snapshot *snapshot, enum pitot_escaping scheme,
	struct pitot_error *why)
{
	const struct pt_table *table = snapshot->table;
	if (scheme == PITOT_ESCAPE_NONE || all_classic(table))
		return 0;
	int code = check_families(table, scheme, why);
	const struct pt_labels *seen = NULL;
	for (size_t i = 0; code == 0 && i < table->count; i++) {
		if (table->series[i]->labels != seen || table->series[i]->extra_name != NULL)
			code = check_labels(table->series[i], scheme, why);
		seen = table->series[i]->labels;
	}
	return code;
}
