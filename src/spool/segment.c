/* SPDX-License-Identifier: MIT */
/* Bytes and numbers, little-endian. Nothing that is read is believed before its checksum fits. */
#include "spool/segment.h"

#include <zlib.h>

static const char segment_magic[8] = "pitotseg", position_magic[8] = "pitotpos";
enum { version = 1 };

static void
put32(unsigned char *at, uint32_t value)
{
	for (int i = 0; i < 4; i++)
		at[i] = (unsigned char)(value >> (8 * i));
}

static void
put64(unsigned char *at, uint64_t value)
{
	put32(at, (uint32_t)value);
	put32(at + 4, (uint32_t)(value >> 32));
}

static uint32_t
get32(const unsigned char *at)
{
	return (uint32_t)at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 |
		(uint32_t)at[3] << 24;
}

static uint64_t
get64(const unsigned char *at)
{
	return get32(at) | (uint64_t)get32(at + 4) << 32;
}

static uint32_t
sum_of(const void *bytes, size_t length, uint32_t before)
{
	/* PT_RECORD_MOST fits into zlib's uInt. */
	return (uint32_t)crc32(before, bytes, (uInt)length);
}

void
pt_segment_head(unsigned char head[PT_SEGMENT_HEAD])
{
	memcpy(head, segment_magic, sizeof segment_magic);
	put32(head + 8, version);
	put32(head + 12, sum_of(head, 12, 0));
}

bool
pt_segment_is(const unsigned char head[PT_SEGMENT_HEAD])
{
	return memcmp(head, segment_magic, sizeof segment_magic) == 0 &&
		get32(head + 8) == version && get32(head + 12) == sum_of(head, 12, 0);
}

/* The checksum stands first and covers everything behind it. */
void
pt_record_put(struct pt_buf *out, const struct pt_spool_record *record)
{
	unsigned char head[PT_RECORD_HEAD];
	put32(head + 4, (uint32_t)record->length);
	put32(head + 8, record->format);
	put32(head + 12, record->samples);
	put32(head + 16, record->histograms);
	put32(head + 20, record->exemplars);
	put64(head + 24, (uint64_t)record->oldest_ms);
	put32(head + 32, sum_of(head + 4, 28, 0));
	uint32_t sum = sum_of(head + 4, PT_RECORD_HEAD - 4, 0);
	if (record->length > 0)
		sum = sum_of(record->body, record->length, sum);
	put32(head, sum);
	pt_buf_put(out, head, sizeof head);
	pt_buf_put(out, record->body, record->length);
}

bool
pt_record_head(const unsigned char head[PT_RECORD_HEAD], struct pt_spool_record *record)
{
	*record = (struct pt_spool_record){
		.length = get32(head + 4),
		.format = get32(head + 8),
		.samples = get32(head + 12),
		.histograms = get32(head + 16),
		.exemplars = get32(head + 20),
		.oldest_ms = (int64_t)get64(head + 24),
	};
	return record->length <= PT_RECORD_MOST && record->histograms <= record->samples &&
		get32(head + 32) == sum_of(head + 4, 28, 0);
}

bool
pt_record_is_sound(const unsigned char head[PT_RECORD_HEAD], const struct pt_spool_record *record)
{
	uint32_t sum = sum_of(head + 4, PT_RECORD_HEAD - 4, 0);
	if (record->length > 0)
		sum = sum_of(record->body, record->length, sum);
	return get32(head) == sum;
}

void
pt_position_put(unsigned char bytes[PT_POSITION_SIZE], const struct pt_position *position)
{
	memcpy(bytes, position_magic, sizeof position_magic);
	put64(bytes + 8, position->segment);
	put64(bytes + 16, position->offset);
	put32(bytes + 24, sum_of(bytes, 24, 0));
}

bool
pt_position_get(const unsigned char bytes[PT_POSITION_SIZE], struct pt_position *position)
{
	*position = (struct pt_position){get64(bytes + 8), get64(bytes + 16)};
	return memcmp(bytes, position_magic, sizeof position_magic) == 0 &&
		get32(bytes + 24) == sum_of(bytes, 24, 0);
}
