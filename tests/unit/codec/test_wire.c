/* SPDX-License-Identifier: MIT */
#include "codec/wire.h"

#include "proto/remote_write_v1.pb-c.h"
#include "support/check.h"

/*
 * The bytes of a Sample by us and by protobuf-c, which leaves zeros out, so value and time are not
 * 0.
 */
static void
compare_sample(int64_t time_ms)
{
	Prometheus__Sample sample = PROMETHEUS__SAMPLE__INIT;
	sample.value = 1.5;
	sample.timestamp = time_ms;
	uint8_t expected[64];
	size_t length = prometheus__sample__pack(&sample, expected);
	struct pt_buf found;
	pt_buf_init(&found, 1000);
	pt_wire_fixed64(&found, 1, UINT64_C(0x3ff8000000000000));
	pt_wire_int64(&found, 2, time_ms);
	check_bytes(found.bytes, found.length, expected, length);
	check_size(pt_wire_varint_size((uint64_t)time_ms), length - 10);
	pt_buf_clear(&found);
}

static void
varints_are_those_of_protobuf_around_every_seven_bits(void)
{
	for (unsigned shift = 0; shift < 64; shift++)
		for (int64_t off = -1; off <= 1; off++) {
			int64_t value = (int64_t)((UINT64_C(1) << shift) + (uint64_t)off);
			if (value != 0)
				compare_sample(value);
		}
	compare_sample(INT64_MIN);
	compare_sample(INT64_MAX);
	compare_sample(-1);
	check_size(pt_wire_varint_size(0), 1);
	check_size(pt_wire_varint_size(UINT64_MAX), 10);
}

static void
strings_are_those_of_protobuf_around_every_length_of_the_length(void)
{
	static const size_t lengths[] = {1, 127, 128, 129, 16383, 16384, 16385};
	static char text[16386];
	static uint8_t expected[sizeof text + 16];
	for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
		memset(text, 'x', lengths[i]);
		text[lengths[i]] = '\0';
		Prometheus__Label label = PROMETHEUS__LABEL__INIT;
		label.value = text;
		size_t length = prometheus__label__pack(&label, expected);
		struct pt_buf found;
		pt_buf_init(&found, sizeof expected);
		pt_wire_bytes(&found, 2, text, lengths[i]);
		check_bytes(found.bytes, found.length, expected, length);
		check_size(pt_wire_bytes_size(lengths[i]), length);
		pt_buf_clear(&found);
	}
	check_size(pt_wire_bytes_size(0), 2);
}

static void
tags_are_field_and_type(void)
{
	struct pt_buf found;
	pt_buf_init(&found, 100);
	pt_wire_tag(&found, 1, PT_WIRE_BYTES);
	pt_wire_tag(&found, 15, PT_WIRE_FIXED64);
	pt_wire_tag(&found, 16, PT_WIRE_BYTES);
	pt_wire_tag(&found, 17, PT_WIRE_VARINT);
	check_bytes(found.bytes, found.length, "\x0a\x79\x82\x01\x88\x01", 6);
	pt_buf_clear(&found);
}

/* remote-write 19 */
static void
a_stale_marker_keeps_its_bits(void)
{
	struct pt_buf found;
	pt_buf_init(&found, 100);
	pt_wire_fixed64(&found, 1, UINT64_C(0x7ff0000000000002));
	check_bytes(found.bytes, found.length, "\x09\x02\x00\x00\x00\x00\x00\xf0\x7f", 9);
	pt_buf_clear(&found);
}

static void
a_full_buffer_fails_and_never_holds_part_of_a_varint(void)
{
	struct pt_buf found;
	pt_buf_init(&found, 9);
	pt_wire_varint(&found, UINT64_MAX);
	check_true(pt_buf_error(&found) != 0);
	check_size(found.length, 0);
	pt_buf_clear(&found);
}

CHECK_MAIN("codec/wire", TEST(varints_are_those_of_protobuf_around_every_seven_bits),
	TEST(strings_are_those_of_protobuf_around_every_length_of_the_length),
	TEST(tags_are_field_and_type), TEST(a_stale_marker_keeps_its_bits),
	TEST(a_full_buffer_fails_and_never_holds_part_of_a_varint))
