/* SPDX-License-Identifier: MIT */
/*
 * The rules of a Pushgateway's body, text 0.0.4 (specs/pushgateway 12, specs/text-formats 9). Each
 * writes the first thing that is wrong, with its line. Memory that runs out makes a rule say
 * nothing.
 */
#include "cli/sink.h"

#include <stdlib.h>
#include <string.h>

static bool
ends_in(struct sink_span span, char c)
{
	return span.length > 0 && span.at[span.length - 1] == c;
}

/* The first line that is wrong. */
static void
each_line(const struct sink_view *view, struct sink_text *found,
	bool (*wrong)(const struct sink_view *view, const struct sink_line *line))
{
	for (size_t i = 0; i < view->lines->count; i++) {
		const struct sink_line *line = &view->lines->lines[i];
		if (!wrong(view, line))
			continue;
		sink_text_format(found, "line %zu: %.*s", line->number, SPAN_ARG(line->whole));
		return;
	}
}

SINK_RULE(body_parsed)
{
	if (view->unparsed != NULL)
		sink_text_str(found, view->unparsed);
}

SINK_RULE(body_utf8)
{
	if (!sink_utf8_valid(view->request->body))
		sink_text_str(found, "the body");
}

SINK_RULE(body_ends)
{
	struct sink_span body = view->request->body;
	if (body.length > 0 && !ends_in(body, '\n'))
		sink_text_format(found, "line %zu", view->lines->count);
}

static bool
has_cr(const struct sink_view *view, const struct sink_line *line)
{
	(void)view;
	return ends_in(line->whole, '\r');
}

SINK_RULE(body_cr)
{
	each_line(view, found, has_cr);
}

/* A help text may end in a blank. */
static bool
has_trailing(const struct sink_view *view, const struct sink_line *line)
{
	(void)view;
	if (line->kind != SINK_LINE_SAMPLE && line->kind != SINK_LINE_TYPE)
		return false;
	return ends_in(line->whole, ' ') || ends_in(line->whole, '\t');
}

SINK_RULE(body_trailing)
{
	each_line(view, found, has_trailing);
}

static bool
has_time(const struct sink_view *view, const struct sink_line *line)
{
	(void)view;
	return line->time.length > 0;
}

SINK_RULE(body_times)
{
	each_line(view, found, has_time);
}

static bool
has_exemplar(const struct sink_view *view, const struct sink_line *line)
{
	(void)view;
	return line->kind == SINK_LINE_SAMPLE && line->rest.length > 0 &&
		memchr(line->rest.at, '#', line->rest.length) != NULL;
}

SINK_RULE(body_exemplars)
{
	each_line(view, found, has_exemplar);
}

static bool
has_other_type(const struct sink_view *view, const struct sink_line *line)
{
	static const char *const types[] = {"counter", "gauge", "histogram", "summary", "untyped"};
	(void)view;
	bool known = line->kind != SINK_LINE_TYPE;
	for (size_t i = 0; i < sizeof types / sizeof types[0]; i++)
		known = known || sink_span_is(line->value, types[i]);
	return !known;
}

SINK_RULE(body_types)
{
	each_line(view, found, has_other_type);
}

static bool
is_bare_counter(const struct sink_view *view, const struct sink_line *line)
{
	(void)view;
	return line->kind == SINK_LINE_TYPE && sink_span_is(line->value, "counter") &&
		!sink_span_ends(line->name, "_total");
}

SINK_RULE(body_total)
{
	each_line(view, found, is_bare_counter);
}

/* ---- metadata and order ---- */

static bool
is_second(const struct sink_view *view, const struct sink_line *line)
{
	(void)view;
	if (line->kind == SINK_LINE_TYPE)
		return line->value.at != line->family->type.at;
	return line->kind == SINK_LINE_HELP && line->whole.at != line->family->help.at;
}

SINK_RULE(body_meta_once)
{
	each_line(view, found, is_second);
}

static bool
is_late(const struct sink_view *view, const struct sink_line *line)
{
	(void)view;
	if (line->kind != SINK_LINE_TYPE && line->kind != SINK_LINE_HELP)
		return false;
	return line->family->first_sample != 0 && line->family->first_sample < line->number;
}

SINK_RULE(body_meta_first)
{
	each_line(view, found, is_late);
}

/* The line after which another family's samples stand although this one has more. */
static bool
is_torn(const struct sink_view *view, const struct sink_line *line)
{
	if (line->kind != SINK_LINE_SAMPLE || line->family->last_sample == line->number)
		return false;
	for (size_t i = line->number; i < view->lines->count; i++) {
		const struct sink_line *next = &view->lines->lines[i];
		if (next->family != NULL)
			return next->family != line->family;
	}
	return false;
}

SINK_RULE(body_together)
{
	each_line(view, found, is_torn);
}

static bool
is_help_misspelt(const struct sink_view *view, const struct sink_line *line)
{
	(void)view;
	if (line->kind != SINK_LINE_HELP)
		return false;
	for (size_t i = 0; i < line->value.length; i++) {
		if (line->value.at[i] != '\\')
			continue;
		i++;
		if (i == line->value.length ||
			(line->value.at[i] != 'n' && line->value.at[i] != '\\'))
			return true;
	}
	return false;
}

SINK_RULE(body_help)
{
	each_line(view, found, is_help_misspelt);
}

static bool
is_open(const struct sink_view *view, const struct sink_line *line)
{
	(void)view;
	return line->kind == SINK_LINE_OPEN;
}

SINK_RULE(body_open_lines)
{
	each_line(view, found, is_open);
}

/* ---- names and labels ---- */

static bool
has_invalid_name(const struct sink_view *view, const struct sink_line *line)
{
	struct sink_label labels[SINK_LIMIT_LABELS];
	(void)view;
	if (line->family == NULL)
		return false;
	if (!sink_is_metric_name(line->name))
		return true;
	size_t count = sink_line_labels(line, labels);
	for (size_t i = 0; i < count; i++)
		if (!sink_is_label_name(labels[i].name) ||
			sink_span_is(labels[i].name, "__name__") ||
			(i > 0 && sink_span_equal(labels[i].name, labels[i - 1].name)))
			return true;
	return false;
}

SINK_RULE(body_names)
{
	each_line(view, found, has_invalid_name);
}

static bool
has_grouping_label(const struct sink_view *view, const struct sink_line *line)
{
	struct sink_label labels[SINK_LIMIT_LABELS];
	size_t count = line->kind == SINK_LINE_SAMPLE ? sink_line_labels(line, labels) : 0;
	for (size_t i = 0; i < count; i++)
		if (sink_span_is(labels[i].name, "job") ||
			sink_key_find(view->key, labels[i].name) != NULL)
			return true;
	return false;
}

SINK_RULE(body_own_labels)
{
	each_line(view, found, has_grouping_label);
}

/* name{labels} in sorted order; without the label `but`, if not NULL. */
static void
identity(const struct sink_line *line, const char *but, struct sink_text *out)
{
	struct sink_label labels[SINK_LIMIT_LABELS];
	size_t count = sink_line_labels(line, labels);
	sink_text_add(out, but != NULL ? line->family->name : line->name);
	for (size_t i = 0; i < count; i++) {
		if (but != NULL && sink_span_is(labels[i].name, but))
			continue;
		sink_text_str(out, "{");
		sink_text_add(out, labels[i].name);
		sink_text_str(out, "=\"");
		sink_text_add(out, labels[i].value);
		sink_text_str(out, "\"");
	}
}

SINK_RULE(body_duplicates)
{
	struct sink_table seen = {0};
	for (size_t i = 0; i < view->lines->count && found->length == 0; i++) {
		const struct sink_line *line = &view->lines->lines[i];
		struct sink_text key = {0};
		if (line->kind != SINK_LINE_SAMPLE)
			continue;
		identity(line, NULL, &key);
		size_t before = seen.count;
		(void)sink_table_at(&seen, (struct sink_span){sink_text_chars(&key), key.length});
		if (seen.count == before)
			sink_text_format(
				found, "line %zu: %.*s", line->number, SPAN_ARG(line->whole));
		sink_text_clear(&key);
	}
	sink_table_clear(&seen, NULL);
}

/* ---- families that take each other's names ---- */

static bool
clashes(const struct sink_lines *lines, const struct sink_declared *family, const char *suffix,
	struct sink_text *found)
{
	struct sink_text name = {0};
	sink_text_add(&name, family->name);
	sink_text_str(&name, suffix);
	const struct sink_entry *other = sink_table_find(
		&lines->families, (struct sink_span){sink_text_chars(&name), name.length});
	if (other != NULL)
		sink_text_format(found, "the %.*s %.*s and the family %s", SPAN_ARG(family->type),
			SPAN_ARG(family->name), sink_text_chars(&name));
	sink_text_clear(&name);
	return other != NULL;
}

SINK_RULE(body_clash)
{
	const struct sink_lines *lines = view->lines;
	for (const struct sink_entry *entry = lines->families.first; entry != NULL;
		entry = entry->next) {
		const struct sink_declared *family = entry->value;
		bool histogram = sink_span_is(family->type, "histogram");
		if (!histogram && !sink_span_is(family->type, "summary"))
			continue;
		if (clashes(lines, family, "_count", found) ||
			clashes(lines, family, "_sum", found) ||
			(histogram && clashes(lines, family, "_bucket", found)))
			return;
	}
}

/* ---- histograms ---- */

/* One histogram of one label set, as its lines are read. */
struct histogram {
	bool any, infinite, has_sum, has_count;
	double bound, last, count;
};

static bool
read_bucket(
	struct histogram *histogram, const struct sink_line *line, double value, const char **what)
{
	struct sink_label labels[SINK_LIMIT_LABELS];
	size_t count = sink_line_labels(line, labels), at = 0;
	while (at < count && !sink_span_is(labels[at].name, "le"))
		at++;
	*what = "bucket without le";
	if (at == count || labels[at].value.at == NULL)
		return false;
	double bound = strtod(labels[at].value.at, NULL);
	*what = "bounds do not rise";
	if (histogram->any && !(bound > histogram->bound))
		return false;
	*what = "buckets are not cumulative";
	if (histogram->any && value < histogram->last)
		return false;
	histogram->any = true;
	histogram->infinite = sink_span_is(labels[at].value, "+Inf");
	histogram->bound = bound;
	histogram->last = value;
	return true;
}

/* Returns what is wrong with the line, or NULL. */
static const char *
read_histogram(struct histogram *histogram, const struct sink_line *line)
{
	const char *what = NULL;
	/* The word ends in a blank or LF, or the body's NUL. */
	double value = strtod(line->value.at, NULL);
	if (sink_span_ends(line->name, "_bucket"))
		return read_bucket(histogram, line, value, &what) ? NULL : what;
	if (sink_span_ends(line->name, "_count")) {
		histogram->has_count = true;
		histogram->count = value;
	}
	histogram->has_sum = histogram->has_sum || sink_span_ends(line->name, "_sum");
	return NULL;
}

static const char *
missing(const struct histogram *histogram)
{
	if (!histogram->infinite)
		return "no bucket with le=\"+Inf\"";
	if (!histogram->has_sum || !histogram->has_count)
		return histogram->has_sum ? "no _count" : "no _sum";
	return histogram->count == histogram->last ? NULL : "_count is not the +Inf bucket";
}

static struct histogram *
histogram_of(struct sink_table *table, const struct sink_line *line)
{
	struct sink_text key = {0};
	identity(line, "le", &key);
	struct sink_entry *entry =
		sink_table_at(table, (struct sink_span){sink_text_chars(&key), key.length});
	if (entry != NULL && entry->value == NULL)
		entry->value = calloc(1, sizeof(struct histogram));
	sink_text_clear(&key);
	return entry != NULL ? entry->value : NULL;
}

SINK_RULE(body_histograms)
{
	struct sink_table all = {0};
	for (size_t i = 0; i < view->lines->count && found->length == 0; i++) {
		const struct sink_line *line = &view->lines->lines[i];
		if (line->kind != SINK_LINE_SAMPLE ||
			!sink_span_is(line->family->type, "histogram"))
			continue;
		struct histogram *histogram = histogram_of(&all, line);
		const char *what = histogram != NULL ? read_histogram(histogram, line) : NULL;
		if (what != NULL)
			sink_text_format(found, "line %zu: %s: %.*s", line->number, what,
				SPAN_ARG(line->whole));
	}
	for (const struct sink_entry *entry = all.first; entry != NULL && found->length == 0;
		entry = entry->next) {
		const char *what = entry->value != NULL ? missing(entry->value) : NULL;
		if (what != NULL)
			sink_text_format(found, "%s: %.*s", what, SPAN_ARG(entry->key));
	}
	sink_table_clear(&all, free);
}
