/* SPDX-License-Identifier: MIT */
/* Protobuf's wire format. Nothing here can fail but the buffer, whose failure sticks. */
#include "codec/wire.h"

void
pt_wire_long_varint(struct pt_buf *out, uint64_t value)
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
