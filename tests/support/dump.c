/* SPDX-License-Identifier: MIT */
/* A snapshot as plain text. Failures stick in the buffer. */
#include "dump.h"

#include "base/number.h"

static void
put_text(struct pt_buf *out, const char *text)
{
	for (; *text != '\0'; text++) {
		if (*text == '\\' || *text == '"')
			pt_buf_char(out, '\\');
		if (*text == '\n')
			pt_buf_str(out, "\\n");
		else
			pt_buf_char(out, *text);
	}
}

static void
put_label(struct pt_buf *out, size_t index, struct pt_label label)
{
	if (index > 0)
		pt_buf_char(out, ',');
	put_text(out, label.name);
	pt_buf_str(out, "=\"");
	put_text(out, label.value);
	pt_buf_char(out, '"');
}

static void
put_number(struct pt_buf *out, uint64_t bits)
{
	char text[PT_NUMBER_TEXT];
	pt_buf_put(out, text, pt_number_format(text, pt_number_from_bits(bits), PT_NUMBER_PLAIN));
}

static void
put_time(struct pt_buf *out, const char *word, int64_t ms)
{
	pt_buf_char(out, ' ');
	pt_buf_str(out, word);
	pt_buf_char(out, ' ');
	pt_buf_int(out, ms);
}

static void
put_exemplar(struct pt_buf *out, const struct pt_exemplar *exemplar)
{
	pt_buf_str(out, "  exemplar {");
	for (uint32_t i = 0; i < pt_labels_count(exemplar->labels); i++)
		put_label(out, i, pt_labels_at(exemplar->labels, i));
	pt_buf_str(out, "} ");
	put_number(out, exemplar->bits);
	if (exemplar->has_timestamp)
		put_time(out, "time", exemplar->timestamp_ms);
	pt_buf_char(out, '\n');
}

static void
put_family(struct pt_buf *out, const struct pt_family *family)
{
	pt_buf_str(out, "family ");
	put_text(out, family->name);
	pt_buf_char(out, ' ');
	pt_buf_str(out, pitot_type_text(family->type));
	pt_buf_char(out, '\n');
	if (family->unit_length > 0) {
		pt_buf_str(out, "unit ");
		put_text(out, family->unit);
		pt_buf_char(out, '\n');
	}
	if (family->has_help) {
		pt_buf_str(out, "help ");
		put_text(out, family->help);
		pt_buf_char(out, '\n');
	}
}

static void
put_series(struct pt_buf *out, const struct pitot_snapshot *snapshot, size_t index)
{
	const struct pt_series *series = snapshot->table->series[index];
	put_text(out, series->role->family->name);
	pt_buf_str(out, pt_name_suffix(series->role->part));
	pt_buf_char(out, '{');
	for (size_t i = 0; i < pt_series_label_count(series); i++)
		put_label(out, i, pt_series_label(series, i));
	pt_buf_str(out, "} ");
	put_number(out, snapshot->bits[index]);
	int64_t time_ms = pt_snapshot_time_of(snapshot, index, PT_NO_TIME);
	if (time_ms != PT_NO_TIME)
		put_time(out, "time", time_ms);
	if (series->start_ms != 0)
		put_time(out, "since", series->start_ms);
	pt_buf_char(out, '\n');
	const struct pt_exemplar *exemplar = pt_snapshot_exemplar(snapshot, index);
	if (exemplar != NULL)
		put_exemplar(out, exemplar);
}

void
dump_snapshot(struct pt_buf *out, const struct pitot_snapshot *snapshot)
{
	const struct pt_family *family = NULL;
	for (size_t i = 0; i < snapshot->table->count; i++) {
		if (snapshot->table->series[i]->role->family != family) {
			family = snapshot->table->series[i]->role->family;
			put_family(out, family);
		}
		put_series(out, snapshot, i);
	}
}
