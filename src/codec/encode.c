/* SPDX-License-Identifier: MIT */
/*
 * pitot_encode(): one snapshot to bytes in any format. It fails on a format that cannot be written,
 * on labels that cannot be added, on names that become the same by escaping, and when memory or a
 * limit is out.
 */
#include "base/error.h"
#include "base/limits.h"
#include "base/utf8.h"
#include "codec/escape.h"
#include "codec/openmetrics.h"
#include "codec/recording.h"
#include "codec/remote_write.h"
#include "codec/rename.h"
#include "codec/text.h"
#include "codec/unique.h"

static void
encode_remote_write(struct pt_buf *out, const struct pitot_snapshot *snapshot,
	const struct pitot_encode_options *options)
{
	struct pt_label labels[PT_LIMIT_LABELS];
	for (size_t i = 0; i < options->label_count; i++)
		labels[i] = pt_label_of(options->labels[i].name, options->labels[i].value);
	struct pt_labels *extra = pt_labels_new(labels, options->label_count);
	if (extra == NULL) {
		out->error = PITOT_NO_MEMORY;
		return;
	}
	struct pt_write_count count = {.oldest_ms = INT64_MAX};
	(void)pt_remote_write_v1_encode(out, snapshot, 0,
		&(struct pt_write_options){
			.labels = extra,
			.time_ms = snapshot->time_ms,
			.max_bytes = SIZE_MAX, /* what is too large fails in the buffer */
			.max_series = SIZE_MAX,
			.end = snapshot->table->count,
		},
		&count);
	pt_labels_unref(extra);
}

static int
encode_view(struct pt_buf *out, const struct pitot_snapshot *view, enum pitot_format format,
	const struct pitot_encode_options *options, struct pitot_error *why)
{
	switch (format) {
	case PITOT_TEXT_0_0_4:
		pt_text_encode(out, view, options);
		break;
	case PITOT_OPENMETRICS_1_0:
		pt_openmetrics_encode(out, view, options);
		break;
	case PITOT_REMOTE_WRITE_1:
		encode_remote_write(out, view, options);
		break;
	default:
		return pt_error_set(why, PITOT_USAGE, "encode: a format must be chosen");
	}
	if (pt_buf_error(out) != 0)
		return pt_error_set(why, PITOT_NO_MEMORY, "encode: out of memory or over 1 GiB");
	return 0;
}

/* ---- the labels that are to be added ---- */

/* Under escaped names. */
struct added {
	struct pitot_label labels[PT_LIMIT_LABELS];
	struct pt_buf names;
};

static int
check_label(const struct pitot_label *label, struct pitot_error *why)
{
	const char *name = label->name, *value = label->value;
	if (name == NULL || value == NULL)
		return pt_error_set(
			why, PITOT_USAGE, "encode: a label to add has no name or value");
	size_t length = strlen(name);
	if (length > PT_LIMIT_NAME || !pt_name_is_label(name, length, true) ||
		strcmp(name, "__name__") == 0)
		return pt_error_set(why, PITOT_USAGE,
			"encode: \"%s\" cannot be the name of a label to add", name);
	length = strlen(value);
	if (length > PT_LIMIT_VALUE || !pt_utf8_valid(value, length))
		return pt_error_set(why, PITOT_USAGE,
			"encode: the value of the label \"%s\" is too long or not UTF-8", name);
	return 0;
}

static int
escape_added(
	struct added *added, const struct pitot_encode_options *options, struct pitot_error *why)
{
	size_t from[PT_LIMIT_LABELS];
	for (size_t i = 0; i < options->label_count; i++) {
		const char *name = options->labels[i].name;
		from[i] = added->names.length;
		pt_escape_name(&added->names, name, strlen(name), true, options->escaping);
		pt_buf_char(&added->names, '\0');
	}
	if (pt_buf_error(&added->names) != 0)
		return pt_error_memory(why);
	for (size_t i = 0; i < options->label_count; i++) {
		added->labels[i].name = added->names.bytes + from[i];
		added->labels[i].value = options->labels[i].value;
		for (size_t j = 0; j < i; j++)
			if (strcmp(added->labels[i].name, added->labels[j].name) == 0)
				return pt_error_set(why, PITOT_USAGE,
					"encode: the labels to add \"%s\" and \"%s\" have the same "
					"name",
					options->labels[j].name, options->labels[i].name);
	}
	return 0;
}

static int
take_options(struct added *added, struct pitot_encode_options *options, struct pitot_error *why)
{
	if ((unsigned)options->escaping > PITOT_ESCAPE_NONE)
		return pt_error_set(why, PITOT_USAGE, "encode: there is no such escaping");
	if (options->label_count > PT_LIMIT_LABELS)
		return pt_error_set(why, PITOT_USAGE,
			"encode: %zu labels to add: at most %d are allowed", options->label_count,
			PT_LIMIT_LABELS);
	int code = 0;
	for (size_t i = 0; code == 0 && i < options->label_count; i++)
		code = check_label(&options->labels[i], why);
	if (code == 0)
		code = escape_added(added, options, why);
	options->labels = added->labels;
	return code;
}

/* ---- one call ---- */

static int
take_bytes(struct pt_buf *out, char **bytes, size_t *length, struct pitot_error *why)
{
	size_t taken = 0;
	char *text = pt_buf_take(out, &taken);
	if (text == NULL)
		return pt_error_memory(why);
	*bytes = text;
	*length = taken;
	return 0;
}

/* A text that was recorded need not be looked through again. */
static bool
must_rename(struct pt_table *table, enum pitot_format format, enum pitot_escaping escaping)
{
	bool text = format == PITOT_TEXT_0_0_4 || format == PITOT_OPENMETRICS_1_0;
	return !(text && escaping != PITOT_ESCAPE_DOTS && pt_recording_is_classic(table, format)) &&
		pt_rename_needed(table, escaping);
}

int
pitot_encode(const struct pitot_snapshot *snapshot, enum pitot_format format,
	const struct pitot_encode_options *given, char **bytes, size_t *length,
	struct pitot_error *why)
{
	struct pitot_encode_options options = {0};
	struct pitot_snapshot view = pt_snapshot_view(snapshot, snapshot->table);
	struct pt_table *renamed = NULL;
	struct added added;
	struct pt_buf out;
	if (given != NULL)
		options = *given;
	pt_buf_init(&added.names, PT_LIMIT_TEXT);
	pt_buf_init(&out, PT_LIMIT_TEXT);
	int code = take_options(&added, &options, why);
	if (code == 0 && must_rename(snapshot->table, format, options.escaping)) {
		code = pt_rename_table(&renamed, snapshot->table, options.escaping, why);
		if (code == 0)
			code = pt_unique_check(renamed, snapshot->table, NULL, why);
		view.table = renamed;
	}
	if (code == 0)
		code = encode_view(&out, &view, format, &options, why);
	if (code == 0)
		code = take_bytes(&out, bytes, length, why);
	pt_buf_clear(&out);
	pt_buf_clear(&added.names);
	pt_table_unref(renamed);
	return code;
}
