/* SPDX-License-Identifier: MIT */
/*
 * Families are written as the text encoder writes them, so that a gateway shows the same whichever
 * it got: info and state set are gauges, a gauge histogram is three untyped families (a type that
 * older gateways take and then cut their page off at). A message's length stands before it, so each
 * level is made in a buffer of its own. Nothing can fail but memory.
 */
#include "codec/client_model.h"

#include <math.h>
#include "codec/line.h"
#include "codec/native_message.h"
#include "codec/wire.h"
#include "codec/write_item.h"

/* Field numbers of io.prometheus.client.MetricFamily and below. */
enum {
	field_family_name = 1,
	field_family_help = 2,
	field_family_type = 3,
	field_family_metric = 4,
	field_label = 1,
	field_gauge = 2,
	field_counter = 3,
	field_summary = 4,
	field_untyped = 5,
	field_histogram = 7,
	field_value = 1,
	field_counter_exemplar = 2,
	field_counter_created = 3,
	field_summary_quantile = 3,
	field_summary_created = 4,
	field_count = 1,
	field_sum = 2,
	field_bucket = 3,
	field_bucket_exemplar = 3,
	field_histogram_created = 15,
	field_histogram_exemplars = 16,
	field_pair_name = 1,
	field_pair_value = 2,
	field_exemplar_timestamp = 3,
	type_counter = 0,
	type_gauge = 1,
	type_summary = 2,
	type_untyped = 3,
	type_histogram = 4,
};

/* One message inside the other; all failures stick in the buffers. */
struct writer {
	struct pt_buf *out;
	struct pt_buf family, metric, value, part, piece;
	struct pt_label_list list;
	const struct pitot_snapshot *snapshot;
	bool natives;
	size_t exemplars;
};

/* The inner message becomes a field of the outer one. (A reset would forget an error.) */
static void
put_inside(struct pt_buf *outer, uint32_t field, struct pt_buf *inner)
{
	pt_wire_bytes(outer, field, inner->bytes, inner->length);
	inner->length = 0;
}

/* ---- pieces ---- */

static void
put_pair(struct writer *writer, struct pt_buf *to, uint32_t field, const struct pt_label *pair)
{
	pt_wire_bytes(&writer->piece, field_pair_name, pair->name, pair->name_length);
	pt_wire_bytes(&writer->piece, field_pair_value, pair->value, pair->value_length);
	put_inside(to, field, &writer->piece);
}

static void
put_time(struct writer *writer, struct pt_buf *to, uint32_t field, int64_t ms)
{
	int64_t below = ms % 1000 < 0 ? ms % 1000 + 1000 : ms % 1000;
	pt_wire_int64(&writer->piece, 1, (ms - below) / 1000);
	pt_wire_int64(&writer->piece, 2, below * 1000000);
	put_inside(to, field, &writer->piece);
}

/* The exemplar of the series, if it has one, as a field of `to`. */
static void
put_exemplar(struct writer *writer, struct pt_buf *to, uint32_t field, size_t index)
{
	const struct pt_exemplar *exemplar = pt_snapshot_exemplar(writer->snapshot, index);
	struct pt_buf message;
	if (exemplar == NULL || !pt_write_exemplar_fits(exemplar))
		return;
	pt_buf_init(&message, PT_LIMIT_TEXT);
	for (uint32_t i = 0; i < pt_labels_count(exemplar->labels); i++) {
		const struct pt_label label = pt_labels_at(exemplar->labels, i);
		put_pair(writer, &message, field_label, &label);
	}
	pt_wire_fixed64(&message, field_pair_value, exemplar->bits);
	if (exemplar->has_timestamp)
		put_time(writer, &message, field_exemplar_timestamp, exemplar->timestamp_ms);
	put_inside(to, field, &message);
	if (pt_buf_error(&message) != 0)
		to->error = PITOT_NO_MEMORY;
	pt_buf_clear(&message);
	writer->exemplars++;
}

static void
put_created(struct writer *writer, uint32_t field, const struct pt_series *series)
{
	if (series->start_ms > 0)
		put_time(writer, &writer->value, field, series->start_ms);
}

/* The labels of the series, then the value in writer->value as `field`, as a metric. */
static void
put_metric(struct writer *writer, const struct pt_series *series, bool bare, uint32_t field)
{
	pt_label_list_fill(&writer->list, series, NULL, bare);
	for (size_t i = 0; i < writer->list.count; i++)
		put_pair(writer, &writer->metric, field_label, &writer->list.labels[i]);
	put_inside(&writer->metric, field, &writer->value);
	put_inside(&writer->family, field_family_metric, &writer->metric);
}

/* ---- histograms and summaries ---- */

static uint64_t
count_of(const struct writer *writer, size_t index)
{
	return (uint64_t)pt_number_from_bits(writer->snapshot->bits[index]);
}

static void
put_bucket(struct writer *writer, size_t index, double bound)
{
	pt_wire_int64(&writer->part, 1, (int64_t)count_of(writer, index));
	pt_wire_fixed64(&writer->part, 2, pt_number_bits(bound));
	put_exemplar(writer, &writer->part, field_bucket_exemplar, index);
	put_inside(&writer->value, field_bucket, &writer->part);
}

static void
put_quantile(struct writer *writer, size_t index, double quantile)
{
	pt_wire_fixed64(&writer->part, 1, pt_number_bits(quantile));
	pt_wire_fixed64(&writer->part, 2, writer->snapshot->bits[index]);
	put_inside(&writer->value, field_summary_quantile, &writer->part);
}

static const struct pt_native *
native_of(const struct writer *writer, struct pt_range metric, size_t *index)
{
	for (size_t i = metric.from; writer->natives && i < metric.to; i++) {
		const struct pt_native *native = pt_snapshot_native(writer->snapshot, i);
		uint64_t bits = writer->snapshot->bits[i];
		if (native == NULL || bits == PT_NUMBER_ABSENT || bits == PT_NUMBER_STALE)
			continue;
		*index = i;
		if (!native->is_float && !native->is_gauge && native->schema != PT_NATIVE_CUSTOM &&
			pt_native_wrong(native) == NULL)
			return native;
	}
	return NULL;
}

/* As the text encoder: what the source lacks is worked out from the last bucket. */
static void
put_totals(struct writer *writer, struct pt_range metric, const struct pt_native *native)
{
	const struct pt_line_totals totals = pt_line_totals(writer->snapshot, metric);
	if (native != NULL) {
		pt_wire_int64(&writer->value, field_count, (int64_t)native->count);
		pt_wire_fixed64(&writer->value, field_sum, native->sum_bits);
		return;
	}
	size_t count = totals.count != PT_LINE_NONE ? totals.count : totals.infinity;
	if (count != PT_LINE_NONE)
		pt_wire_int64(&writer->value, field_count, (int64_t)count_of(writer, count));
	if (totals.sum != PT_LINE_NONE)
		pt_wire_fixed64(&writer->value, field_sum, writer->snapshot->bits[totals.sum]);
	else if (totals.infinity != PT_LINE_NONE)
		pt_wire_fixed64(&writer->value, field_sum, PT_NUMBER_NAN);
}

static void
put_composite(struct writer *writer, struct pt_range metric, bool is_summary)
{
	const struct pt_series *first = writer->snapshot->table->series[metric.from];
	size_t at = 0;
	const struct pt_native *native = native_of(writer, metric, &at);
	put_totals(writer, metric, native);
	for (size_t i = metric.from; i < metric.to; i++) {
		const struct pt_series *series = writer->snapshot->table->series[i];
		if (!pt_line_has(writer->snapshot, i))
			continue;
		if (series->role->part == PT_PART_BUCKET && !is_summary)
			put_bucket(writer, i, series->role->bound);
		else if (series->role->part == PT_PART_QUANTILE && is_summary)
			put_quantile(writer, i, series->role->bound);
	}
	if (native != NULL) {
		pt_native_put_client(&writer->value, native);
		put_exemplar(writer, &writer->value, field_histogram_exemplars, at);
	}
	put_created(writer, is_summary ? field_summary_created : field_histogram_created, first);
	put_metric(writer, first, true, is_summary ? field_summary : field_histogram);
}

static void
put_composites(struct writer *writer, struct pt_range family, bool is_summary)
{
	while (family.from < family.to) {
		struct pt_range metric = pt_line_metric(writer->snapshot, family.from, family.to);
		if (pt_line_parts(writer->snapshot, metric) != 0)
			put_composite(writer, metric, is_summary);
		family.from = metric.to;
	}
}

/* ---- single values ---- */

static void
put_single(struct writer *writer, size_t index, unsigned type)
{
	const struct pt_series *series = writer->snapshot->table->series[index];
	pt_wire_fixed64(&writer->value, field_value, writer->snapshot->bits[index]);
	if (type == type_counter) {
		put_exemplar(writer, &writer->value, field_counter_exemplar, index);
		put_created(writer, field_counter_created, series);
	}
	put_metric(writer, series, false,
		type == type_counter         ? (uint32_t)field_counter
			: type == type_gauge ? (uint32_t)field_gauge
					     : (uint32_t)field_untyped);
}

/* ---- families ---- */

static unsigned
type_of(enum pitot_type type)
{
	switch (type) {
	case PITOT_COUNTER:
		return type_counter;
	case PITOT_GAUGE:
	case PITOT_INFO:
	case PITOT_STATESET:
		return type_gauge;
	case PITOT_HISTOGRAM:
		return type_histogram;
	case PITOT_SUMMARY:
		return type_summary;
	default:
		return type_untyped;
	}
}

/* The metrics stand in writer->family; what comes before them is put together in writer->metric. */
static void
end_family(struct writer *writer, const struct pt_family *family, const char *suffix, bool help)
{
	struct pt_buf *head = &writer->metric;
	pt_buf_put(&writer->value, family->name, family->name_length);
	pt_buf_str(&writer->value, suffix);
	put_inside(head, field_family_name, &writer->value);
	if (help && family->has_help)
		pt_wire_bytes(head, field_family_help, family->help, family->help_length);
	pt_wire_int64(head, field_family_type, type_of(family->type));
	pt_wire_varint(writer->out, head->length + writer->family.length);
	pt_buf_put(writer->out, head->bytes, head->length);
	pt_buf_put(writer->out, writer->family.bytes, writer->family.length);
	head->length = writer->family.length = 0;
}

static void
put_groups(struct writer *writer, struct pt_range range, unsigned parts)
{
	struct pt_series *const *series = writer->snapshot->table->series;
	const struct pt_family *family = series[range.from]->role->family;
	bool help = true;
	for (size_t i = 0; i < PT_LINE_GROUPS; i++) {
		unsigned group = pt_line_groups[i].parts;
		if ((parts & group) == 0)
			continue;
		for (size_t j = range.from; j < range.to; j++)
			if ((PT_LINE_PART(series[j]->role->part) & group) != 0 &&
				pt_line_has(writer->snapshot, j))
				put_single(writer, j, type_of(family->type));
		end_family(writer, family, pt_line_groups[i].suffix, help);
		help = false;
	}
}

static void
put_family(struct writer *writer, struct pt_range range)
{
	const struct pt_family *family = writer->snapshot->table->series[range.from]->role->family;
	unsigned parts = pt_line_parts(writer->snapshot, range);
	unsigned type = type_of(family->type);
	if (parts == 0)
		return;
	if (type != type_histogram && type != type_summary) {
		put_groups(writer, range, parts);
		return;
	}
	put_composites(writer, range, type == type_summary);
	end_family(writer, family, "", true);
}

/* ---- all of it ---- */

static bool
is_whole(uint64_t bits)
{
	double value = pt_number_from_bits(bits);
	return value >= 0 && !signbit(value) && value <= 9007199254740992.0 &&
		value == floor(value);
}

bool
pt_client_model_fits(const struct pitot_snapshot *snapshot)
{
	for (size_t i = 0; i < snapshot->table->count; i++) {
		const struct pt_series *series = snapshot->table->series[i];
		const struct pt_family *family = series->role->family;
		bool counts = (family->type == PITOT_HISTOGRAM || family->type == PITOT_SUMMARY) &&
			(series->role->part == PT_PART_BUCKET ||
				series->role->part == PT_PART_COUNT);
		if (!pt_line_has(snapshot, i))
			continue;
		if (counts && !is_whole(snapshot->bits[i]))
			return false;
		if (!pt_name_is_metric(family->name, family->name_length, false))
			return false;
		for (uint32_t k = 0; k < pt_labels_count(series->labels); k++) {
			const struct pt_label label = pt_labels_at(series->labels, k);
			if (!pt_name_is_label(label.name, label.name_length, false))
				return false;
		}
	}
	return true;
}

bool
pt_client_model_gains(const struct pitot_snapshot *snapshot, bool natives)
{
	return snapshot->exemplar_count > 0 || (natives && snapshot->native_count > 0);
}

size_t
pt_client_model_encode(struct pt_buf *out, const struct pitot_snapshot *snapshot, bool natives)
{
	struct writer writer = {.out = out, .snapshot = snapshot, .natives = natives};
	struct pt_buf *const bufs[] = {
		&writer.family, &writer.metric, &writer.value, &writer.part, &writer.piece};
	for (size_t i = 0; i < sizeof bufs / sizeof bufs[0]; i++)
		pt_buf_init(bufs[i], PT_LIMIT_TEXT);
	pt_label_list_init(&writer.list);
	for (size_t at = 0; at < snapshot->table->count;) {
		struct pt_range family = pt_line_family(snapshot, at);
		put_family(&writer, family);
		at = family.to;
	}
	bool failed = pt_label_list_error(&writer.list) != 0;
	for (size_t i = 0; i < sizeof bufs / sizeof bufs[0]; i++) {
		failed = failed || pt_buf_error(bufs[i]) != 0;
		pt_buf_clear(bufs[i]);
	}
	pt_label_list_clear(&writer.list);
	if (failed)
		out->error = PITOT_NO_MEMORY;
	return writer.exemplars;
}
