/* SPDX-License-Identifier: MIT */
/* The bytes of segments and positions, as FORMAT describes them. */
#ifndef PT_SPOOL_SEGMENT_H
#define PT_SPOOL_SEGMENT_H

#include "base/buf.h"
#include "spool/spool.h"

#define PT_SEGMENT_HEAD 16                /* bytes before the first record */
#define PT_RECORD_HEAD 36                 /* bytes before a record's body */
#define PT_RECORD_MOST ((size_t)64 << 20) /* the longest body */
#define PT_POSITION_SIZE 28

/* The head of a segment. */
void pt_segment_head(unsigned char head[PT_SEGMENT_HEAD]);
bool pt_segment_is(const unsigned char head[PT_SEGMENT_HEAD]);

/* Appends a whole record. */
void pt_record_put(struct pt_buf *out, const struct pt_spool_record *record);
/* Reads a head; the body is left out. False if it cannot be one. */
bool pt_record_head(const unsigned char head[PT_RECORD_HEAD], struct pt_spool_record *record);
/* Whether head and body (record->body) are what was written. */
bool pt_record_is_sound(
	const unsigned char head[PT_RECORD_HEAD], const struct pt_spool_record *record);

struct pt_position {
	uint64_t segment;
	uint64_t offset; /* of the first record that waits */
};
void pt_position_put(unsigned char bytes[PT_POSITION_SIZE], const struct pt_position *position);
bool pt_position_get(const unsigned char bytes[PT_POSITION_SIZE], struct pt_position *position);

#endif
