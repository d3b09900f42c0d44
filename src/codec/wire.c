/* SPDX-License-Identifier: MIT */
/* Protobuf's wire format. Nothing here can fail but the buffer, whose failure sticks. */
#include "codec/wire.h"

size_t
pt_wire_varint_size(uint64_t value)
{
	size_t size = 1;
	while (value >= 0x80) {
		value >>= 7;
		size++;
	}
	return size;
}

size_t
pt_wire_bytes_size(size_t length)
{
	return 1 + pt_wire_varint_size(length) + length;
}

void
pt_wire_varint(struct pt_buf *out, uint64_t value)
{
	size_t size = pt_wire_varint_size(value);
	char *room = pt_buf_room(out, size);
	if (room == NULL)
		return;
	for (size_t i = 0; i + 1 < size; i++, value >>= 7)
		room[i] = (char)(value | 0x80);
	room[size - 1] = (char)value;
	out->length += size;
}

void
pt_wire_tag(struct pt_buf *out, uint32_t field, enum pt_wire_type type)
{
	pt_wire_varint(out, (uint64_t)field << 3 | (uint64_t)type);
}

void
pt_wire_bytes(struct pt_buf *out, uint32_t field, const void *bytes, size_t length)
{
	pt_wire_tag(out, field, PT_WIRE_BYTES);
	pt_wire_varint(out, length);
	pt_buf_put(out, bytes, length);
}

void
pt_wire_bare64(struct pt_buf *out, uint64_t bits)
{
	unsigned char bytes[8];
	for (size_t i = 0; i < sizeof bytes; i++)
		bytes[i] = (unsigned char)(bits >> (8 * i));
	pt_buf_put(out, bytes, sizeof bytes);
}

void
pt_wire_fixed64(struct pt_buf *out, uint32_t field, uint64_t bits)
{
	pt_wire_tag(out, field, PT_WIRE_FIXED64);
	pt_wire_bare64(out, bits);
}

void
pt_wire_int64(struct pt_buf *out, uint32_t field, int64_t value)
{
	pt_wire_tag(out, field, PT_WIRE_VARINT);
	pt_wire_varint(out, (uint64_t)value);
}
