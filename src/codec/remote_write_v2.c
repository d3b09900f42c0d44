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
	/* What the series before had, since the next one mostly has much of it, too. */
	size_t label_count;
	struct pt_label labels[PT_LIMIT_LABELS * 2 + 2];
	uint32_t refs[2 * (PT_LIMIT_LABELS * 2 + 2)];
	const struct pt_family *named; /* whose name with the suffix of the part it was */
	enum pt_part named_part;
	const struct pt_family *family; /* of the metadata */
	struct pt_buf metadata;         /* the field */
};

static void
forget(struct request *request)
{
	request->label_count = 0;
	request->named = NULL;
	request->family = NULL;
}

static void
put_ref_list(const uint32_t *refs, size_t count, struct pt_buf *to)
{
	size_t size = 0;
	for (size_t i = 0; i < count; i++)
		size += pt_wire_varint_size(refs[i]);
	char *at = pt_buf_room(to, pt_wire_bytes_size(size));
	if (count == 0 || at == NULL)
		return;
	at = pt_wire_put_varint(pt_wire_put_tag(at, field_labels_refs, PT_WIRE_BYTES), size);
	for (size_t i = 0; i < count; i++)
		at = pt_wire_put_varint(at, refs[i]);
	to->length += pt_wire_bytes_size(size);
}

/* `b` may be NULL, which is like none. */
static bool
is_same(const char *a, uint32_t a_length, const char *b, uint32_t b_length)
{
	return a_length == b_length && b != NULL && memcmp(a, b, a_length) == 0;
}

static bool
has_same_name(const struct request *request, const struct pt_label_list *list)
{
	return request->named == list->family && request->named_part == list->part;
}

/* The labels of the series live as long as the request, but for the sample's name. */
static void
put_labels(struct request *request, const struct pt_label_list *list, struct pt_buf *to)
{
	struct pt_symbols *symbols = &request->symbols;
	bool same_name = has_same_name(request, list);
	for (size_t i = 0; i < list->count; i++) {
		const struct pt_label *label = &list->labels[i];
		struct pt_label *old = &request->labels[i];
		uint32_t *refs = &request->refs[2 * i];
		bool is_known = i < request->label_count;
		bool is_name = label->value == list->name.bytes;
		/* What was not known is not read, since it was never written. */
		bool is_same_value = is_name ? is_known && same_name && old->value == NULL
					     : is_known &&
				is_same(label->value, label->value_length, old->value,
					old->value_length);
		if (!is_known ||
			!is_same(label->name, label->name_length, old->name, old->name_length))
			refs[0] = pt_symbols_put(symbols, label->name, label->name_length);
		if (!is_known || !is_same_value)
			refs[1] = pt_symbols_put(symbols, label->value, label->value_length);
		*old = *label;
		if (is_name)
			old->value = NULL; /* it will be another text */
	}
	request->label_count = list->count;
	request->named = list->family;
	request->named_part = list->part;
	put_ref_list(request->refs, 2 * list->count, to);
}

static void
put_refs(struct request *request, const struct pt_labels *labels, struct pt_buf *to)
{
	uint32_t refs[2 * (PT_LIMIT_LABELS * 2 + 2)];
	size_t count = 0;
	for (uint32_t i = 0;
		i < pt_labels_count(labels) && count + 2 <= sizeof refs / sizeof refs[0]; i++) {
		const struct pt_label pair = pt_labels_at(labels, i);
		refs[count++] = pt_symbols_put(&request->symbols, pair.name, pair.name_length);
		refs[count++] = pt_symbols_put(&request->symbols, pair.value, pair.value_length);
	}
	put_ref_list(refs, count, to);
}

/* What stands in request->message becomes a field of the series. */
static void
put_message(struct request *request, uint32_t field)
{
	pt_wire_bytes(&request->one, field, request->message.bytes, request->message.length);
	request->message.length = 0; /* a reset would forget an error */
}

static void
put_sample(struct request *request, const struct pt_write_item *item)
{
	struct pt_buf *one = &request->one;
	size_t size = 10 + pt_wire_varint_size((uint64_t)item->time_ms);
	if (item->start_ms != 0)
		size += 1 + pt_wire_varint_size((uint64_t)item->start_ms);
	char *begin = pt_buf_room(one, pt_wire_bytes_size(size));
	if (begin == NULL)
		return;
	char *at = pt_wire_put_tag(begin, field_samples, PT_WIRE_BYTES);
	at = pt_wire_put_varint(at, size);
	request->value_at = one->length + (size_t)(at - begin) + 1;
	at = pt_wire_put_fixed64(at, field_value, item->bits);
	at = pt_wire_put_tag(at, field_timestamp, PT_WIRE_VARINT);
	at = pt_wire_put_varint(at, (uint64_t)item->time_ms);
	if (item->start_ms != 0) {
		at = pt_wire_put_tag(at, field_start, PT_WIRE_VARINT);
		(void)pt_wire_put_varint(at, (uint64_t)item->start_ms);
	}
	one->length += pt_wire_bytes_size(size);
}

static void
put_histogram(struct request *request, const struct pt_write_item *item)
{
	pt_write_item_histogram(&request->message, item, true);
	put_message(request, field_histograms);
}

static void
put_exemplar(struct request *request, const struct pt_write_item *item)
{
	struct pt_buf *message = &request->message;
	put_refs(request, item->exemplar->labels, message);
	pt_wire_fixed64(message, field_exemplar_value, item->exemplar->bits);
	pt_wire_int64(message, field_exemplar_timestamp, item->exemplar_ms);
	put_message(request, field_exemplars);
}

/* What is told of the family: the same for all its series. */
static void
make_metadata(struct request *request, const struct pt_family *family)
{
	struct pt_buf *message = &request->message, *field = &request->metadata;
	unsigned type = pt_write_type(family->type);
	if (type != 0)
		pt_wire_int64(message, field_type, type);
	if (family->help_length > 0)
		pt_wire_int64(message, field_help,
			pt_symbols_put(&request->symbols, family->help, family->help_length));
	if (family->unit_length > 0)
		pt_wire_int64(message, field_unit,
			pt_symbols_put(&request->symbols, family->unit, family->unit_length));
	field->length = 0; /* a reset would forget an error */
	pt_wire_bytes(field, field_metadata, message->bytes, message->length);
	message->length = 0;
	request->family = family;
}

/* The series into request->one. */
static void
put_series(struct request *request, const struct pt_write_item *item)
{
	request->one.length = 0; /* a reset would forget an error */
	put_labels(request, item->list, &request->one);
	if (item->series->role->part == PT_PART_NATIVE)
		put_histogram(request, item);
	else
		put_sample(request, item);
	if (item->exemplar != NULL)
		put_exemplar(request, item);
	if (item->series->role->family != request->family)
		make_metadata(request, item->series->role->family);
	pt_buf_put(&request->one, request->metadata.bytes, request->metadata.length);
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
	pt_buf_init(&request->metadata, PT_LIMIT_TEXT);
	forget(request);
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
		pt_buf_error(&request->message) != 0 || pt_buf_error(&request->metadata) != 0 ||
		pt_label_list_error(&request->list) != 0)
		out->error = PITOT_NO_MEMORY;
	if (request->series.length > 0)
		pt_buf_put(out, request->series.bytes, request->series.length);
	else if (pt_buf_error(out) == 0)
		out->length = begin;
	pt_symbols_clear(&request->symbols);
	pt_buf_clear(&request->series);
	pt_buf_clear(&request->one);
	pt_buf_clear(&request->message);
	pt_buf_clear(&request->metadata);
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
			forget(&request);
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
