/* SPDX-License-Identifier: MIT */
/*
 * The pieces of text lines. What a line has in common with the one before, its name and often its
 * labels, is not made anew but copied in blocks. The only failure is memory, which sticks in the
 * buffer.
 */
#include "codec/line.h"

#include "codec/escaped.h"

static void
put_escaped(struct pt_buf *out, const char *text, size_t length, bool quotes)
{
	char *room = pt_buf_room(out, 2 * length);
	if (room != NULL)
		out->length += (size_t)(pt_escaped(room, text, length, quotes) - room);
}

/* ---- names ---- */

static bool
must_quote(const struct pt_family *family)
{
	return !pt_name_is_metric(family->name, family->name_length, false);
}

static void
put_name(struct pt_buf *out, const struct pt_family *family, const char *suffix, bool quoted)
{
	if (quoted)
		pt_buf_char(out, '"');
	put_escaped(out, family->name, family->name_length, true);
	pt_buf_str(out, suffix);
	if (quoted)
		pt_buf_char(out, '"');
}

void
pt_line_meta(struct pt_line *line, const char *keyword, const struct pt_family *family,
	const char *suffix, const char *text)
{
	pt_buf_put(line->out, "# ", 2);
	pt_buf_str(line->out, keyword);
	pt_buf_char(line->out, ' ');
	put_name(line->out, family, suffix, must_quote(family));
	pt_buf_char(line->out, ' ');
	pt_buf_str(line->out, text);
	pt_buf_char(line->out, '\n');
}

void
pt_line_help(struct pt_line *line, const struct pt_family *family, const char *suffix, bool quotes)
{
	pt_buf_put(line->out, "# HELP ", 7);
	put_name(line->out, family, suffix, must_quote(family));
	pt_buf_char(line->out, ' ');
	put_escaped(line->out, family->help, family->help_length, quotes);
	pt_buf_char(line->out, '\n');
}

static void
set_head(struct pt_line *line, const struct pt_family *family, const char *suffix)
{
	pt_buf_reset(&line->head);
	line->quoted = must_quote(family);
	if (line->quoted)
		pt_buf_char(&line->head, '{');
	put_name(&line->head, family, suffix, line->quoted);
	if (pt_buf_room(&line->head, pt_escaped_slack) == NULL)
		line->out->error = PITOT_NO_MEMORY;
	line->family = family;
	line->suffix = suffix;
}

/* ---- labels ---- */

/* The most that put_label() writes. */
static size_t
label_room(const struct pt_label *label)
{
	return 2 * ((size_t)label->name_length + label->value_length) + 8;
}

static char *
put_label_name(char *to, const struct pt_label *label)
{
	bool quoted = !pt_name_is_label(label->name, label->name_length, false);
	*to++ = ',';
	if (quoted)
		*to++ = '"';
	to = pt_escaped(to, label->name, label->name_length, true);
	if (quoted)
		*to++ = '"';
	*to++ = '=';
	*to++ = '"';
	return to;
}

static char *
put_label_value(char *to, const char *value, size_t length)
{
	to = pt_escaped(to, value, length, true);
	*to++ = '"';
	return to;
}

static char *
put_label(char *to, const struct pt_label *label)
{
	return put_label_value(put_label_name(to, label), label->value, label->value_length);
}

/* As put_label_name(), by the piece that stood in this position last. */
static char *
put_piece(struct pt_line_piece *piece, char *to, const struct pt_label *label)
{
	if (piece->name != NULL && piece->name_length == label->name_length &&
		(piece->name == label->name ||
			memcmp(piece->name, label->name, label->name_length) == 0)) {
		memcpy(to, piece->text, sizeof piece->text);
		return to + piece->size;
	}
	char *end = put_label_name(to, label);
	size_t size = (size_t)(end - to);
	piece->name = size <= sizeof piece->text ? label->name : NULL;
	if (piece->name == NULL)
		return end;
	memcpy(piece->text, to, size);
	piece->name_length = label->name_length;
	piece->size = (uint32_t)size;
	return end;
}

static void
set_labels(struct pt_line *line, const struct pt_labels *labels, const char *except)
{
	struct pt_label_list *list = &line->list;
	size_t room = pt_escaped_slack;
	pt_label_list_fill_own(list, labels, line->added, except);
	for (size_t i = 0; i < list->count; i++)
		room += label_room(&list->labels[i]);
	pt_buf_reset(&line->text);
	char *text = pt_buf_room(&line->text, room), *to = text;
	if (text == NULL) {
		line->out->error = PITOT_NO_MEMORY;
		list->count = 0;
	}
	for (size_t i = 0; i < list->count; i++) {
		const struct pt_label *label = &list->labels[i];
		line->starts[i] = (size_t)(to - text);
		to = i < pt_line_pieces ? put_piece(&line->pieces[i], to, label)
					: put_label_name(to, label);
		to = put_label_value(to, label->value, label->value_length);
	}
	line->starts[list->count] = text == NULL ? 0 : (size_t)(to - text);
	line->labels = labels;
	line->except = except;
}

/* Where in the text the extra label belongs. */
static size_t
place_of(const struct pt_line *line, const char *name)
{
	size_t i = line->list.count;
	while (i > 0 && strcmp(line->list.labels[i - 1].name, name) > 0)
		i--;
	return line->starts[i];
}

/* ---- lines ---- */

static void
put_name_and_labels(
	struct pt_line *line, const struct pt_series *series, const char *suffix, bool bare)
{
	/* An empty state is written as no label at all. */
	bool extra = series->role->extra_name != NULL && !bare && series->role->extra_length > 0;
	const char *except = extra && line->added != NULL ? series->role->extra_name : NULL;
	struct pt_label label = {.name = series->role->extra_name,
		.value = series->role->extra_value,
		.value_length = series->role->extra_length};
	if (series->role->family != line->family || suffix != line->suffix)
		set_head(line, series->role->family, suffix);
	if (series->labels != line->labels || except != line->except)
		set_labels(line, series->labels, except);
	if (extra)
		label.name_length = (uint32_t)strlen(label.name);
	size_t shared = line->starts[line->list.count], place = shared;
	char *room = pt_buf_room(line->out,
		line->head.length + shared + (extra ? label_room(&label) : 0) + pt_escaped_slack);
	if (room == NULL)
		return;
	char *labels = pt_escaped_blocks(room, line->head.bytes, line->head.length), *to = labels;
	if (extra)
		place = place_of(line, label.name);
	to = pt_escaped_blocks(to, line->text.bytes, place);
	if (extra)
		to = put_label(to, &label);
	to = pt_escaped_blocks(to, line->text.bytes + place, shared - place);
	if (!line->quoted && to > labels)
		*labels = '{';
	if (line->quoted || to > labels)
		*to++ = '}';
	*to++ = ' ';
	line->out->length += (size_t)(to - room);
}

void
pt_line_name(struct pt_line *line, const struct pt_series *series)
{
	put_name_and_labels(line, series, pt_name_suffix(series->role->part), false);
}

void
pt_line_bare_name(struct pt_line *line, const struct pt_series *series, const char *suffix)
{
	put_name_and_labels(line, series, suffix, true);
}

void
pt_line_labels(struct pt_buf *out, const struct pt_labels *labels)
{
	size_t size = 3;
	for (uint32_t i = 0; i < pt_labels_count(labels); i++) {
		const struct pt_label label = pt_labels_at(labels, i);
		size += label_room(&label);
	}
	char *room = pt_buf_room(out, size);
	if (room == NULL)
		return;
	char *to = room + (pt_labels_count(labels) == 0);
	for (uint32_t i = 0; i < pt_labels_count(labels); i++) {
		const struct pt_label label = pt_labels_at(labels, i);
		to = put_label(to, &label);
	}
	*room = '{';
	*to++ = '}';
	out->length += (size_t)(to - room);
}

void
pt_line_number(struct pt_buf *out, uint64_t bits, enum pt_number_style style)
{
	char *room = pt_buf_room(out, PT_NUMBER_TEXT);
	if (room != NULL)
		out->length += pt_number_format(room, pt_number_from_bits(bits), style);
}

void
pt_line_value(struct pt_line *line, size_t index, enum pt_number_style style)
{
	size_t from = line->out->length;
	pt_line_number(line->out, line->snapshot->bits[index], style);
	pt_recording_add(&line->recording, line->out, from, index, style);
}

void
pt_line_seconds(struct pt_buf *out, int64_t ms)
{
	uint64_t size = ms < 0 ? 0 - (uint64_t)ms : (uint64_t)ms;
	unsigned rest = (unsigned)(size % 1000), digits = 3;
	while (digits > 1 && rest % 10 == 0) {
		rest /= 10;
		digits--;
	}
	if (ms < 0)
		pt_buf_char(out, '-');
	pt_buf_uint(out, size / 1000);
	pt_buf_printf(out, ".%0*u", (int)digits, rest);
}
