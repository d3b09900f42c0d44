/* SPDX-License-Identifier: MIT */
/* Protobuf's wire format, written by hand: tags, varints, fixed64, lengths. */
#ifndef PT_CODEC_WIRE_H
#define PT_CODEC_WIRE_H

#include <stdint.h>
#include "base/buf.h"

enum pt_wire_type { PT_WIRE_VARINT = 0, PT_WIRE_FIXED64 = 1, PT_WIRE_BYTES = 2 };

/* How many bytes a varint takes: 1 to 10. */
static inline size_t
pt_wire_varint_size(uint64_t value)
{
	/* Seven bits a byte; 0 takes one, as most do. */
	return value < 0x80 ? 1 : (size_t)(63 - __builtin_clzll(value)) / 7 + 1;
}
/* How many bytes a string or message field takes, tag (below 16) and length included. */
static inline size_t
pt_wire_bytes_size(size_t length)
{
	return 1 + pt_wire_varint_size(length) + length;
}
/* Of more than a byte. */
void pt_wire_long_varint(struct pt_buf *out, uint64_t value);
static inline void
pt_wire_varint(struct pt_buf *out, uint64_t value)
{
	if (value < 0x80)
		pt_buf_char(out, (char)value);
	else
		pt_wire_long_varint(out, value);
}
static inline void
pt_wire_tag(struct pt_buf *out, uint32_t field, enum pt_wire_type type)
{
	pt_wire_varint(out, (uint64_t)field << 3 | (uint64_t)type);
}
static inline void
pt_wire_bytes(struct pt_buf *out, uint32_t field, const void *bytes, size_t length)
{
	pt_wire_tag(out, field, PT_WIRE_BYTES);
	pt_wire_varint(out, length);
	pt_buf_put(out, bytes, length);
}
/* ---- where there is room already: they return what is behind ---- */

static inline char *
pt_wire_put_varint(char *at, uint64_t value)
{
	for (; value >= 0x80; value >>= 7)
		*at++ = (char)(value | 0x80);
	*at++ = (char)value;
	return at;
}
/* `field` is below 16. */
static inline char *
pt_wire_put_tag(char *at, uint32_t field, enum pt_wire_type type)
{
	*at = (char)(field << 3 | (uint32_t)type);
	return at + 1;
}
static inline char *
pt_wire_put_bytes(char *at, uint32_t field, const void *bytes, size_t length)
{
	at = pt_wire_put_varint(pt_wire_put_tag(at, field, PT_WIRE_BYTES), length);
	memcpy(at, bytes, length);
	return at + length;
}
static inline char *
pt_wire_put_fixed64(char *at, uint32_t field, uint64_t bits)
{
	at = pt_wire_put_tag(at, field, PT_WIRE_FIXED64);
	for (unsigned i = 0; i < 8; i++)
		at[i] = (char)(bits >> 8 * i);
	return at + 8;
}

/* ---- appended to a buffer ---- */

/* Little-endian bits, so that a stale marker stays what it is. */
void pt_wire_fixed64(struct pt_buf *out, uint32_t field, uint64_t bits);
/* The same without a tag, in a packed field. */
void pt_wire_bare64(struct pt_buf *out, uint64_t bits);
void pt_wire_int64(struct pt_buf *out, uint32_t field, int64_t value);

#endif
