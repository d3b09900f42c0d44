/* SPDX-License-Identifier: MIT */
/*
 * Remote write 2.0 (specs/remote-write 2.2). Texts are written once, as symbols, into the request,
 * and the series into a buffer beside it, which follows them in the end. A series that does not fit
 * takes its new symbols back with it; one that fits into no request is dropped and counted. Nothing
 * else can fail but memory.
 */
#include "codec/remote_write.h"

#include "codec/symbols.h"
#include "codec/wire.h"
#include "codec/write_item.h"

/* Field numbers of io.prometheus.write.v2.Request and below. */
enum {
	field_timeseries = 5,
	field_labels_refs = 1,
	field_samples = 2,
	field_histograms = 3,
	field_exemplars = 4,
	field_metadata = 5,
	field_created = 6, /* where start times stood before */
	field_value = 1,
	field_timestamp = 2,
	field_start = 3,
	field_exemplar_value = 2,
	field_exemplar_timestamp = 3,
	field_type = 1,
	field_help = 3,
	field_unit = 4,
};

/* One request in the making; all failures stick in the buffers. */
struct request {
	struct pt_symbols symbols;
	struct pt_buf series;  /* the finished ones, each behind its tag and length */
	struct pt_buf one;     /* the series in the making */
	struct pt_buf message; /* a message inside it */
	size_t value_at;       /* of its value, in `one` */
	struct pt_label_list list;
	bool old_start;
};

static void
put_refs(struct request *request, const struct pt_label *labels, size_t count, struct pt_buf *to)
{
	uint32_t refs[2 * (PT_LIMIT_LABELS * 2 + 2)];
	size_t size = 0;
	if (count == 0)
		return;
	for (size_t i = 0; i < count; i++) {
		refs[2 * i] =
			pt_symbols_put(&request->symbols, labels[i].name, labels[i].name_length);
		refs[2 * i + 1] =
			pt_symbols_put(&request->symbols, labels[i].value, labels[i].value_length);
		size += pt_wire_varint_size(refs[2 * i]) + pt_wire_varint_size(refs[2 * i + 1]);
	}
	pt_wire_tag(to, field_labels_refs, PT_WIRE_BYTES);
	pt_wire_varint(to, size);
	for (size_t i = 0; i < 2 * count; i++)
		pt_wire_varint(to, refs[i]);
}

/* What stands in request->message becomes a field of the series. */
static void
put_message(struct request *request, uint32_t field)
{
	pt_wire_bytes(&request->one, field, request->message.bytes, request->message.length);
	request->message.length = 0; /* a reset would forget an error */
}

static void
put_value(struct request *request, const struct pt_write_item *item)
{
	struct pt_buf *message = &request->message;
	if (item->series->part == PT_PART_NATIVE) {
		pt_write_item_histogram(message, item, true);
		put_message(request, field_histograms);
		return;
	}
	request->value_at = request->one.length + 3; /* two tags, and a length of one byte */
	pt_wire_fixed64(message, field_value, item->bits);
	pt_wire_int64(message, field_timestamp, item->time_ms);
	if (item->start_ms != 0)
		pt_wire_int64(message, field_start, item->start_ms);
	put_message(request, field_samples);
}

static void
put_exemplar(struct request *request, const struct pt_write_item *item)
{
	struct pt_buf *message = &request->message;
	const struct pt_labels *labels = item->exemplar->labels;
	put_refs(request, labels->pairs, labels->count, message);
	pt_wire_fixed64(message, field_exemplar_value, item->exemplar->bits);
	pt_wire_int64(message, field_exemplar_timestamp, item->exemplar_ms);
	put_message(request, field_exemplars);
}

static void
put_metadata(struct request *request, const struct pt_family *family)
{
	struct pt_buf *message = &request->message;
	unsigned type = pt_write_type(family->type);
	if (type != 0)
		pt_wire_int64(message, field_type, type);
	if (family->help_length > 0)
		pt_wire_int64(message, field_help,
			pt_symbols_put(&request->symbols, family->help, family->help_length));
	if (family->unit_length > 0)
		pt_wire_int64(message, field_unit,
			pt_symbols_put(&request->symbols, family->unit, family->unit_length));
	put_message(request, field_metadata);
}

/* The series into request->one. */
static void
put_series(struct request *request, const struct pt_write_item *item)
{
	request->one.length = 0; /* a reset would forget an error */
	put_refs(request, item->list->labels, item->list->count, &request->one);
	put_value(request, item);
	if (item->exemplar != NULL)
		put_exemplar(request, item);
	put_metadata(request, item->series->family);
	if (request->old_start && item->start_ms != 0)
		pt_wire_int64(&request->one, field_created, item->start_ms);
}

static void
init(struct request *request, struct pt_buf *out, const struct pt_write_options *options)
{
	pt_symbols_init(&request->symbols, out);
	pt_buf_init(&request->series, PT_LIMIT_TEXT);
	pt_buf_init(&request->one, PT_LIMIT_TEXT);
	pt_buf_init(&request->message, PT_LIMIT_TEXT);
	pt_label_list_init(&request->list);
	request->old_start = options->old_start;
}

/* Puts the series behind the symbols, or takes everything back if there are none. */
static void
finish(struct request *request, size_t begin, struct pt_write_marks *marks)
{
	struct pt_buf *out = request->symbols.out;
	for (size_t i = 0; marks != NULL && i < marks->count; i++)
		marks->list[i].at += (uint32_t)(out->length - begin);
	if (pt_buf_error(&request->series) != 0 || pt_buf_error(&request->one) != 0 ||
		pt_buf_error(&request->message) != 0 || pt_label_list_error(&request->list) != 0)
		out->error = PITOT_NO_MEMORY;
	if (request->series.length > 0)
		pt_buf_put(out, request->series.bytes, request->series.length);
	else if (pt_buf_error(out) == 0)
		out->length = begin;
	pt_symbols_clear(&request->symbols);
	pt_buf_clear(&request->series);
	pt_buf_clear(&request->one);
	pt_buf_clear(&request->message);
	pt_label_list_clear(&request->list);
}

size_t
pt_remote_write_v2_encode(struct pt_buf *out, const struct pitot_snapshot *snapshot, size_t from,
	const struct pt_write_options *options, struct pt_write_count *count)
{
	size_t begin = out->length, written = 0, index = from;
	struct request request;
	struct pt_write_item item;
	init(&request, out, options);
	for (; written < options->max_series &&
		pt_write_item_next(snapshot, &index, options, &request.list, &item, count);
		index++) {
		size_t length = out->length;
		uint32_t symbols = request.symbols.count;
		put_series(&request, &item);
		size_t size = out->length - begin + request.series.length +
			pt_wire_bytes_size(request.one.length);
		if (size > options->max_bytes && pt_buf_error(out) == 0) {
			pt_symbols_cut(&request.symbols, symbols, length);
			if (written > 0)
				break;
			count->dropped++;
			continue;
		}
		pt_wire_bytes(
			&request.series, field_timeseries, request.one.bytes, request.one.length);
		pt_write_item_mark(&item, index,
			request.series.length - request.one.length + request.value_at, options);
		pt_write_item_count(&item, count);
		written++;
	}
	finish(&request, begin, options->marks);
	return index;
}
