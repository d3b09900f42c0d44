/* SPDX-License-Identifier: MIT */
/*
 * pitot_encode(): one snapshot to bytes in any format. It fails on a format that cannot be written,
 * on names that become the same by escaping, on too many labels, and when memory or a limit is out.
 */
#include "base/error.h"
#include "base/limits.h"
#include "codec/openmetrics.h"
#include "codec/remote_write_v1.h"
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
	struct pt_remote_write_v1_count count = {0};
	(void)pt_remote_write_v1_encode(out, snapshot, 0,
		&(struct pt_remote_write_v1_options){
			.labels = extra,
			.time_ms = snapshot->time_ms,
			.max_bytes = PT_LIMIT_TEXT,
			.max_series = SIZE_MAX,
		},
		&count);
	pt_labels_unref(extra);
	if (count.dropped > 0)
		out->error = PITOT_NO_MEMORY; /* larger than any limit */
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

int
pitot_encode(const struct pitot_snapshot *snapshot, enum pitot_format format,
	const struct pitot_encode_options *options, char **bytes, size_t *length,
	struct pitot_error *why)
{
	static const struct pitot_encode_options defaults = {0};
	struct pitot_snapshot view = *snapshot;
	struct pt_table *renamed = NULL;
	struct pt_buf out;
	int code = 0;
	if (options == NULL)
		options = &defaults;
	if (options->label_count > PT_LIMIT_LABELS)
		return pt_error_set(why, PITOT_USAGE, "encode: %zu labels to add: at most %d are allowed",
			options->label_count, PT_LIMIT_LABELS);
	pt_buf_init(&out, PT_LIMIT_TEXT);
	if (pt_rename_needed(snapshot->table, options->escaping)) {
		code = pt_rename_table(&renamed, snapshot->table, options->escaping, why);
		if (code == 0)
			code = pt_unique_check(renamed, snapshot->table, NULL, why);
		view.table = renamed;
	}
	if (code == 0)
		code = encode_view(&out, &view, format, options, why);
	if (code == 0) {
		size_t taken = 0;
		char *text = pt_buf_take(&out, &taken);
		if (text == NULL)
			code = pt_error_memory(why);
		else
			*bytes = text, *length = taken;
	}
	pt_buf_clear(&out);
	pt_table_unref(renamed);
	return code;
}
