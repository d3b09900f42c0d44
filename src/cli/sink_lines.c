/* SPDX-License-Identifier: MIT */
/*
 * Text 0.0.4 as lines and words, for rules that ask how something was written. It understands any
 * bytes somehow, and fails only when memory runs out: whether the text can be read at all is for
 * pitot_parse() to say.
 */
#include "cli/sink.h"

#include <stdlib.h>
#include <string.h>

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static void
skip_blanks(struct sink_span *left)
{
	while (left->length > 0 && is_blank(left->at[0])) {
		left->at++;
		left->length--;
	}
}

/* The first `length` bytes of what is left, moving behind them. */
static struct sink_span
take(struct sink_span *left, size_t length)
{
	struct sink_span span = {left->at, length};
	left->at += length;
	left->length -= length;
	return span;
}

static struct sink_span
take_word(struct sink_span *left)
{
	size_t length = 0;
	skip_blanks(left);
	while (length < left->length && !is_blank(left->at[length]))
		length++;
	return take(left, length);
}

/* How many bytes a text in quotes takes that begins here, quotes included. */
static size_t
quoted_length(struct sink_span left)
{
	size_t i = 1;
	for (; i < left.length && left.at[i] != '"'; i++)
		if (left.at[i] == '\\')
			i++;
	return i < left.length ? i + 1 : left.length;
}

/* ---- one line ---- */

static void
read_meta(struct sink_line *line, struct sink_span left)
{
	(void)take(&left, 1);
	struct sink_span word = take_word(&left);
	line->kind = SINK_LINE_COMMENT;
	if (sink_span_is(word, "HELP"))
		line->kind = SINK_LINE_HELP;
	else if (sink_span_is(word, "TYPE"))
		line->kind = SINK_LINE_TYPE;
	else if (sink_span_is(word, "UNIT") || sink_span_is(word, "EOF"))
		line->kind = SINK_LINE_OPEN;
	if (line->kind != SINK_LINE_HELP && line->kind != SINK_LINE_TYPE)
		return;
	line->name = take_word(&left);
	if (line->kind == SINK_LINE_TYPE) {
		line->value = take_word(&left);
		line->rest = left;
		return;
	}
	skip_blanks(&left);
	line->value = left;
}

/* What stands in braces, moving behind them. */
static struct sink_span
take_braces(struct sink_span *left)
{
	size_t length = 0;
	(void)take(left, 1);
	while (length < left->length && left->at[length] != '}') {
		struct sink_span from = {left->at + length, left->length - length};
		length += from.at[0] == '"' ? quoted_length(from) : 1;
	}
	struct sink_span inside = take(left, length);
	if (left->length > 0)
		(void)take(left, 1);
	return inside;
}

static void
read_sample(struct sink_line *line, struct sink_span left)
{
	size_t length = 0;
	line->kind = SINK_LINE_SAMPLE;
	while (length < left.length && !is_blank(left.at[length]) && left.at[length] != '{')
		length++;
	line->name = take(&left, length);
	skip_blanks(&left);
	if (left.length > 0 && left.at[0] == '{')
		line->labels = take_braces(&left);
	line->value = take_word(&left);
	struct sink_span ahead = left;
	skip_blanks(&ahead);
	if (ahead.length > 0 && ahead.at[0] != '#')
		line->time = take_word(&left);
	line->rest = left;
}

static void
read_line(struct sink_line *line, struct sink_span left)
{
	line->whole = left;
	/* So that the last word is not taken for another one. */
	if (left.length > 0 && left.at[left.length - 1] == '\r')
		left.length--;
	skip_blanks(&left);
	if (left.length == 0)
		line->kind = SINK_LINE_BLANK;
	else if (left.at[0] == '#')
		read_meta(line, left);
	else
		read_sample(line, left);
}

/* ---- families ---- */

static struct sink_declared *
declare(struct sink_lines *lines, struct sink_span name)
{
	struct sink_entry *entry = sink_table_at(&lines->families, name);
	if (entry == NULL)
		return NULL;
	if (entry->value == NULL) {
		struct sink_declared *family = calloc(1, sizeof *family);
		if (family == NULL)
			return NULL;
		family->name = entry->key;
		entry->value = family;
	}
	return entry->value;
}

/* The family of a sample of this name: a histogram or summary that was declared, or its own. */
static struct sink_declared *
family_of(struct sink_lines *lines, struct sink_span name)
{
	static const char *const suffixes[] = {"_bucket", "_count", "_sum"};
	for (size_t i = 0; i < 3; i++) {
		if (!sink_span_ends(name, suffixes[i]))
			continue;
		struct sink_span base = {name.at, name.length - strlen(suffixes[i])};
		struct sink_entry *entry = sink_table_find(&lines->families, base);
		struct sink_declared *family = entry != NULL ? entry->value : NULL;
		if (family != NULL &&
			(sink_span_is(family->type, "histogram") ||
				(i > 0 && sink_span_is(family->type, "summary"))))
			return family;
	}
	return declare(lines, name);
}

static bool
file_line(struct sink_lines *lines, struct sink_line *line)
{
	bool meta = line->kind == SINK_LINE_HELP || line->kind == SINK_LINE_TYPE;
	if (!meta && line->kind != SINK_LINE_SAMPLE)
		return true;
	line->family = meta ? declare(lines, line->name) : family_of(lines, line->name);
	if (line->family == NULL)
		return false;
	if (line->kind == SINK_LINE_SAMPLE) {
		line->family->last_sample = line->number;
		if (line->family->first_sample == 0)
			line->family->first_sample = line->number;
	} else if (line->kind == SINK_LINE_TYPE && line->family->type.length == 0) {
		line->family->type = line->value;
	} else if (line->kind == SINK_LINE_HELP && line->family->help.length == 0) {
		line->family->help = line->whole;
	}
	return true;
}

/* ---- all lines ---- */

static size_t
count_lines(struct sink_span body)
{
	size_t count = 0;
	for (size_t i = 0; i < body.length; i++)
		if (body.at[i] == '\n' || i + 1 == body.length)
			count++;
	return count;
}

bool
sink_lines_read(struct sink_lines *lines, struct sink_span body)
{
	*lines = (struct sink_lines){.count = count_lines(body)};
	lines->lines = calloc(lines->count + 1, sizeof *lines->lines);
	if (lines->lines == NULL)
		return false;
	for (size_t i = 0; i < lines->count; i++) {
		const char *feed = memchr(body.at, '\n', body.length);
		size_t length = feed != NULL ? (size_t)(feed - body.at) : body.length;
		lines->lines[i].number = i + 1;
		read_line(&lines->lines[i], (struct sink_span){body.at, length});
		if (!file_line(lines, &lines->lines[i]))
			return false;
		(void)take(&body, feed != NULL ? length + 1 : length);
	}
	return true;
}

void
sink_lines_clear(struct sink_lines *lines)
{
	free(lines->lines);
	sink_table_clear(&lines->families, free);
	*lines = (struct sink_lines){0};
}

/* ---- labels ---- */

static int
compare_labels(const void *a, const void *b)
{
	return sink_span_compare(
		((const struct sink_label *)a)->name, ((const struct sink_label *)b)->name);
}

static void
trim(struct sink_span *span)
{
	skip_blanks(span);
	while (span->length > 0 && is_blank(span->at[span->length - 1]))
		span->length--;
}

size_t
sink_line_labels(const struct sink_line *line, struct sink_label *labels)
{
	struct sink_span left = line->labels;
	size_t count = 0;
	while (count < SINK_LIMIT_LABELS) {
		size_t length = 0;
		while (left.length > 0 && (is_blank(left.at[0]) || left.at[0] == ','))
			(void)take(&left, 1);
		if (left.length == 0)
			break;
		while (length < left.length && left.at[length] != '=')
			length++;
		struct sink_label *label = &labels[count++];
		*label = (struct sink_label){.name = take(&left, length)};
		trim(&label->name);
		if (left.length > 0)
			(void)take(&left, 1);
		skip_blanks(&left);
		if (left.length == 0 || left.at[0] != '"')
			continue;
		label->value = take(&left, quoted_length(left));
		label->value.at++;
		label->value.length -= label->value.length >= 2 ? 2 : 1;
	}
	qsort(labels, count, sizeof *labels, compare_labels);
	return count;
}
