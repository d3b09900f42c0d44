/* SPDX-License-Identifier: MIT */
/*
 * Remote write 1.0 (specs/remote-write 2.1). A message's length stands before it, so each series is
 * measured first and then written: two passes over its labels, none over the bytes. A series that
 * fits into no request, or that 1.0 has no place for, is dropped and counted; nothing else can fail
 * but memory.
 */
#include "codec/remote_write.h"

#include "codec/wire.h"
#include "codec/write_item.h"

/* Field numbers of prometheus.WriteRequest and below. */
enum {
	field_timeseries = 1,
	field_metadata = 3,
	field_labels = 1,
	field_samples = 2,
	field_exemplars = 3,
	field_histograms = 4,
	field_name = 1,
	field_value = 2,
	field_sample_value = 1,
	field_timestamp = 2,
	field_exemplar_value = 2,
	field_exemplar_timestamp = 3,
	field_type = 1,
	field_family = 2,
	field_help = 4,
	field_unit = 5,
};

static size_t
label_size(const struct pt_label *label)
{
	return pt_wire_bytes_size(label->name_length) + pt_wire_bytes_size(label->value_length);
}

static char *
put_label(char *at, const struct pt_label *label)
{
	at = pt_wire_put_tag(at, field_labels, PT_WIRE_BYTES);
	at = pt_wire_put_varint(at, label_size(label));
	at = pt_wire_put_bytes(at, field_name, label->name, label->name_length);
	return pt_wire_put_bytes(at, field_value, label->value, label->value_length);
}

static size_t
time_size(int64_t time_ms)
{
	return 1 + pt_wire_varint_size((uint64_t)time_ms);
}

static size_t
exemplar_size(const struct pt_write_item *item)
{
	size_t size = 9 + time_size(item->exemplar_ms);
	for (uint32_t i = 0; i < pt_labels_count(item->exemplar->labels); i++) {
		const struct pt_label label = pt_labels_at(item->exemplar->labels, i);
		size += pt_wire_bytes_size(label_size(&label));
	}
	return size;
}

static char *
put_exemplar(char *at, const struct pt_write_item *item)
{
	const struct pt_exemplar *exemplar = item->exemplar;
	at = pt_wire_put_tag(at, field_exemplars, PT_WIRE_BYTES);
	at = pt_wire_put_varint(at, exemplar_size(item));
	for (uint32_t i = 0; i < pt_labels_count(exemplar->labels); i++) {
		const struct pt_label label = pt_labels_at(exemplar->labels, i);
		at = put_label(at, &label);
	}
	at = pt_wire_put_fixed64(at, field_exemplar_value, exemplar->bits);
	at = pt_wire_put_tag(at, field_exemplar_timestamp, PT_WIRE_VARINT);
	return pt_wire_put_varint(at, (uint64_t)item->exemplar_ms);
}

/* `histogram` is the message of a native histogram, or empty. */
static size_t
series_size(const struct pt_write_item *item, const struct pt_buf *histogram)
{
	size_t size = histogram->length > 0 ? histogram->length : 9 + time_size(item->time_ms);
	size = pt_wire_bytes_size(size);
	for (size_t i = 0; i < item->list->count; i++)
		size += pt_wire_bytes_size(label_size(&item->list->labels[i]));
	if (item->exemplar != NULL)
		size += pt_wire_bytes_size(exemplar_size(item));
	return size;
}

static char *
put_sample(char *at, const struct pt_write_item *item)
{
	at = pt_wire_put_tag(at, field_samples, PT_WIRE_BYTES);
	at = pt_wire_put_varint(at, 9 + time_size(item->time_ms));
	at = pt_wire_put_fixed64(at, field_sample_value, item->bits);
	at = pt_wire_put_tag(at, field_timestamp, PT_WIRE_VARINT);
	return pt_wire_put_varint(at, (uint64_t)item->time_ms);
}

/* `size` is that of the message. */
static void
put_series(struct pt_buf *out, const struct pt_write_item *item, const struct pt_buf *histogram,
	size_t size)
{
	size_t whole = pt_wire_bytes_size(size);
	char *at = pt_buf_room(out, whole);
	if (at == NULL)
		return;
	at = pt_wire_put_tag(at, field_timeseries, PT_WIRE_BYTES);
	at = pt_wire_put_varint(at, size);
	for (size_t i = 0; i < item->list->count; i++)
		at = put_label(at, &item->list->labels[i]);
	if (histogram->length == 0)
		at = put_sample(at, item);
	if (item->exemplar != NULL)
		at = put_exemplar(at, item);
	if (histogram->length > 0)
		(void)pt_wire_put_bytes(at, field_histograms, histogram->bytes, histogram->length);
	out->length += whole;
}

static bool
is_sendable(const struct pt_write_item *item)
{
	return item->native == NULL || item->native->schema != PT_NATIVE_CUSTOM;
}

size_t
pt_remote_write_v1_encode(struct pt_buf *out, const struct pitot_snapshot *snapshot, size_t from,
	const struct pt_write_options *options, struct pt_write_count *count)
{
	size_t begin = out->length, written = 0, index = from;
	struct pt_label_list list;
	struct pt_write_item item;
	struct pt_buf histogram;
	pt_label_list_init(&list);
	pt_buf_init(&histogram, PT_LIMIT_REQUEST);
	for (; written < options->max_series &&
		pt_write_item_next(snapshot, &index, options, &list, &item, count);
		index++) {
		histogram.length = 0; /* a reset would forget an error */
		if (item.series->role->part == PT_PART_NATIVE)
			pt_write_item_histogram(&histogram, &item, false);
		size_t message = series_size(&item, &histogram);
		size_t size = pt_wire_bytes_size(message);
		if (!is_sendable(&item) || size > options->max_bytes) {
			count->dropped++;
			continue;
		}
		if (out->length - begin + size > options->max_bytes)
			break;
		put_series(out, &item, &histogram, message);
		item.start_ms = item.begins_ms = 0; /* of no meaning to 1.0 */
		/* Without an exemplar behind it, the sample is the last; see its message. */
		pt_write_item_mark(
			&item, index, out->length - begin - time_size(item.time_ms) - 8, options);
		pt_write_item_count(&item, count);
		written++;
	}
	if (pt_label_list_error(&list) != 0 || pt_buf_error(&histogram) != 0)
		out->error = PITOT_NO_MEMORY;
	pt_label_list_clear(&list);
	pt_buf_clear(&histogram);
	return index;
}

/* ---- families ---- */

static size_t
family_size(const struct pt_family *family, unsigned type)
{
	size_t size = pt_wire_bytes_size(family->name_length);
	if (type != 0)
		size += 2;
	if (family->help_length > 0)
		size += pt_wire_bytes_size(family->help_length);
	if (family->unit_length > 0)
		size += pt_wire_bytes_size(family->unit_length);
	return size;
}

static void
put_family(struct pt_buf *out, const struct pt_family *family)
{
	unsigned type = pt_write_type(family->type);
	pt_wire_tag(out, field_metadata, PT_WIRE_BYTES);
	pt_wire_varint(out, family_size(family, type));
	if (type != 0)
		pt_wire_int64(out, field_type, type);
	pt_wire_bytes(out, field_family, family->name, family->name_length);
	if (family->help_length > 0)
		pt_wire_bytes(out, field_help, family->help, family->help_length);
	if (family->unit_length > 0)
		pt_wire_bytes(out, field_unit, family->unit, family->unit_length);
}

/*
 * The family's name is the one that OpenMetrics gives it, without the suffixes of samples: so does
 * a Prometheus that scraped it, which is what receivers look names up by.
 */
size_t
pt_remote_write_v1_metadata(struct pt_buf *out, const struct pt_table *table, size_t from,
	const struct pt_write_options *options)
{
	size_t begin = out->length, written = 0, index = from;
	for (; index < options->end && written < options->max_series; index++) {
		const struct pt_family *family = table->series[index]->role->family;
		if (index > 0 && table->series[index - 1]->role->family == family)
			continue;
		size_t size = pt_wire_bytes_size(family_size(family, pt_write_type(family->type)));
		if (size > options->max_bytes)
			continue; /* a help text that fits nowhere */
		if (out->length - begin + size > options->max_bytes)
			break;
		put_family(out, family);
		written++;
	}
	return index;
}
