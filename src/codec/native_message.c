/* SPDX-License-Identifier: MIT */
/* Nothing can fail but memory, which sticks in the buffer. */
#include "codec/native_message.h"

#include "base/number.h"
#include "codec/wire.h"

/* Field numbers of the message of remote write. */
enum {
	field_count_int = 1,
	field_count_float = 2,
	field_sum = 3,
	field_schema = 4,
	field_zero_threshold = 5,
	field_zero_int = 6,
	field_zero_float = 7,
	field_negative_spans = 8, /* then deltas and counts */
	field_positive_spans = 11,
	field_reset_hint = 14,
	field_custom_values = 16,
	hint_gauge = 3,
};

/* The same of io.prometheus.client.Histogram. */
enum {
	client_schema = 5,
	client_zero_threshold = 6,
	client_zero_count = 7,
	client_negative_spans = 9,
	client_positive_spans = 12,
};

static uint64_t
zigzag(int64_t value)
{
	return (uint64_t)value << 1 ^ (uint64_t)(value >> 63);
}

static uint64_t
sum_bits(const struct pt_native *native)
{
	return pt_number_user_bits(pt_number_from_bits(native->sum_bits));
}

static void
put_spans(struct pt_buf *out, uint32_t field, const struct pt_native_side *side)
{
	for (size_t i = 0; i < side->span_count; i++) {
		uint64_t offset = zigzag(side->spans[i].offset);
		pt_wire_tag(out, field, PT_WIRE_BYTES);
		pt_wire_varint(out,
			2 + pt_wire_varint_size(offset) +
				pt_wire_varint_size(side->spans[i].length));
		pt_wire_tag(out, 1, PT_WIRE_VARINT);
		pt_wire_varint(out, offset);
		pt_wire_tag(out, 2, PT_WIRE_VARINT);
		pt_wire_varint(out, side->spans[i].length);
	}
}

static void
put_doubles(struct pt_buf *out, uint32_t field, const uint64_t *bits, size_t count)
{
	if (count == 0)
		return;
	pt_wire_tag(out, field, PT_WIRE_BYTES);
	pt_wire_varint(out, count * 8);
	for (size_t i = 0; i < count; i++)
		pt_wire_bare64(out, bits[i]);
}

static uint64_t
delta(const struct pt_native_side *side, size_t index)
{
	uint64_t before = index == 0 ? 0 : side->buckets[index - 1];
	return zigzag((int64_t)(side->buckets[index] - before));
}

static void
put_deltas(struct pt_buf *out, uint32_t field, const struct pt_native_side *side)
{
	size_t size = 0;
	if (side->bucket_count == 0)
		return;
	for (size_t i = 0; i < side->bucket_count; i++)
		size += pt_wire_varint_size(delta(side, i));
	pt_wire_tag(out, field, PT_WIRE_BYTES);
	pt_wire_varint(out, size);
	for (size_t i = 0; i < side->bucket_count; i++)
		pt_wire_varint(out, delta(side, i));
}

static void
put_side(struct pt_buf *out, uint32_t first, const struct pt_native *native,
	const struct pt_native_side *side)
{
	put_spans(out, first, side);
	if (native->is_float)
		put_doubles(out, first + 2, side->buckets, side->bucket_count);
	else
		put_deltas(out, first + 1, side);
}

void
pt_native_put_write(struct pt_buf *out, const struct pt_native *native)
{
	/* Members of a oneof are sent even when they are zero: their presence tells the kind. */
	if (native->is_float)
		pt_wire_fixed64(out, field_count_float, native->count);
	else
		pt_wire_int64(out, field_count_int, (int64_t)native->count);
	pt_wire_fixed64(out, field_sum, sum_bits(native));
	if (native->schema != 0) {
		pt_wire_tag(out, field_schema, PT_WIRE_VARINT);
		pt_wire_varint(out, zigzag(native->schema));
	}
	if (native->zero_threshold > 0)
		pt_wire_fixed64(out, field_zero_threshold, pt_number_bits(native->zero_threshold));
	if (native->is_float)
		pt_wire_fixed64(out, field_zero_float, native->zero_count);
	else
		pt_wire_int64(out, field_zero_int, (int64_t)native->zero_count);
	put_side(out, field_negative_spans, native, &native->negative);
	put_side(out, field_positive_spans, native, &native->positive);
	if (native->is_gauge)
		pt_wire_int64(out, field_reset_hint, hint_gauge);
}

void
pt_native_put_bounds(struct pt_buf *out, const struct pt_native *native)
{
	if (native->bound_count == 0)
		return;
	pt_wire_tag(out, field_custom_values, PT_WIRE_BYTES);
	pt_wire_varint(out, native->bound_count * 8);
	for (size_t i = 0; i < native->bound_count; i++)
		pt_wire_bare64(out, pt_number_bits(native->bounds[i]));
}

void
pt_native_put_client(struct pt_buf *out, const struct pt_native *native)
{
	pt_wire_tag(out, client_schema, PT_WIRE_VARINT);
	pt_wire_varint(out, zigzag(native->schema));
	pt_wire_fixed64(out, client_zero_threshold, pt_number_bits(native->zero_threshold));
	pt_wire_int64(out, client_zero_count, (int64_t)native->zero_count);
	put_side(out, client_negative_spans, native, &native->negative);
	put_side(out, client_positive_spans, native, &native->positive);
	/* Readers know a native histogram by its spans: one without any gets an empty one. */
	if (native->negative.span_count + native->positive.span_count == 0)
		pt_wire_bytes(out, client_positive_spans, "", 0);
}
