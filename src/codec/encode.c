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
#include "codec/remote_write_v1.h"
#include "codec/text.h"

static void
encode_remote_write(struct pt_buf *out, const struct pitot_snapshot *snapshot,
	const struct pitot_encode_options *options)
{
	struct pt_label labels[PT_LIMIT_LABELS];
	for (size_t i = 0; i < options->label_count; i++)
		labels[i] = pt_label_of(options->labels[i].name, options->labels[i].value);
	struct pt_labels *added = pt_labels_new(labels, options->label_count);
	if (added == NULL) {
		out->error = PITOT_NO_MEMORY;
		return;
	}
	struct pt_remote_write_v1_count count = {0};
	(void)pt_remote_write_v1_encode(out, snapshot, 0,
		&(struct pt_remote_write_v1_options){
			.labels = added,
			.time_ms = snapshot->time_ms,
			.escaping = options->escaping,
			.max_bytes = SIZE_MAX,
			.max_series = SIZE_MAX,
		},
		&count);
	pt_labels_unref(added);
}

/* ---- the labels that are to be added ---- */

static int
check_label(const struct pitot_label *label, struct pitot_error *why)
{
	const char *name = label->name, *value = label->value;
	if (name == NULL || value == NULL)
		return pt_error_set(why, PITOT_USAGE, "encode: a label to add has no name or value");
	size_t length = strlen(name);
	if (length > PT_LIMIT_NAME || !pt_name_is_label(name, length, true) ||
		strcmp(name, "__name__") == 0)
		return pt_error_set(
			why, PITOT_USAGE, "encode: \"%s\" cannot be the name of a label to add", name);
	length = strlen(value);
	if (length > PT_LIMIT_VALUE || !pt_utf8_valid(value, length))
		return pt_error_set(why, PITOT_USAGE,
			"encode: the value of the label \"%s\" is too long or not UTF-8", name);
	return 0;
}

/* Equal names, also by escaping: the escaped ones are compared where they stand in one text. */
static int
check_different(const struct pitot_encode_options *options, struct pitot_error *why)
{
	struct pt_buf text;
	size_t from[PT_LIMIT_LABELS];
	int code = 0;
	pt_buf_init(&text, PT_LIMIT_TEXT);
	for (size_t i = 0; i < options->label_count; i++) {
		const char *name = options->labels[i].name;
		from[i] = text.length;
		pt_escape_name(&text, name, strlen(name), true, options->escaping);
		pt_buf_char(&text, '\0');
	}
	if (pt_buf_error(&text) != 0)
		code = pt_error_memory(why);
	for (size_t i = 1; i < options->label_count; i++)
		for (size_t j = 0; code == 0 && j < i; j++)
			if (strcmp(text.bytes + from[i], text.bytes + from[j]) == 0)
				code = pt_error_set(why, PITOT_USAGE,
					"encode: the labels to add \"%s\" and \"%s\" have the same name",
					options->labels[j].name, options->labels[i].name);
	pt_buf_clear(&text);
	return code;
}

static int
check_options(const struct pitot_encode_options *options, struct pitot_error *why)
{
	if ((unsigned)options->escaping > PITOT_ESCAPE_NONE)
		return pt_error_set(why, PITOT_USAGE, "encode: there is no such escaping");
	if (options->label_count > PT_LIMIT_LABELS)
		return pt_error_set(why, PITOT_USAGE, "encode: %zu labels to add: at most %d are allowed",
			options->label_count, PT_LIMIT_LABELS);
	for (size_t i = 0; i < options->label_count; i++) {
		int code = check_label(&options->labels[i], why);
		if (code != 0)
			return code;
	}
	return check_different(options, why);
}

int
pitot_encode(const struct pitot_snapshot *snapshot, enum pitot_format format,
	const struct pitot_encode_options *options, char **bytes, size_t *length,
	struct pitot_error *why)
{
	static const struct pitot_encode_options defaults = {0};
	if (options == NULL)
		options = &defaults;
	int code = check_options(options, why);
	if (code == 0)
		code = pt_escape_check(snapshot, options->escaping, why);
	if (code != 0)
		return code;
	struct pt_buf out;
	pt_buf_init(&out, PT_LIMIT_TEXT);
	switch (format) {
	case PITOT_TEXT_0_0_4:
		pt_text_encode(&out, snapshot, options);
		break;
	case PITOT_OPENMETRICS_1_0:
		pt_openmetrics_encode(&out, snapshot, options);
		break;
	case PITOT_REMOTE_WRITE_1:
		encode_remote_write(&out, snapshot, options);
		break;
	default:
		return pt_error_set(why, PITOT_USAGE, "encode: a format must be chosen");
	}
	size_t taken = 0;
	char *text = pt_buf_take(&out, &taken);
	pt_buf_clear(&out);
	if (text == NULL)
		return pt_error_set(why, PITOT_NO_MEMORY, "encode: out of memory or over 1 GiB");
	*bytes = text;
	*length = taken;
	return 0;
}
