/* SPDX-License-Identifier: MIT */
/*
 * A snappy block (specs/remote-write 2.6) of bytes of which some will change later: those that do
 * are told apart from the others beforehand, and no copy reads or writes them but as it was asked.
 *
 * What is compressed are symbols: one for each byte, equal only where the bytes are equal and will
 * stay so. The bytes themselves are needed only for literals.
 */
#ifndef PT_CODEC_SQUEEZE_H
#define PT_CODEC_SQUEEZE_H

#include <stdbool.h>
#include "base/buf.h"

/* A byte that stays is its own symbol. The others: */
enum {
	PT_SQUEEZE_TIME = 0x100, /* + n: equal to the byte n of any other time, whatever it is */
	PT_SQUEEZE_VALUE =
		0x200 /* equal to none: always a literal, of its own place in the block */
};

/* Bytes of PT_SQUEEZE_VALUE, one behind the other. */
struct pt_squeeze_hole {
	uint32_t at;    /* in the bytes */
	uint32_t size;  /* at least 1 */
	uint32_t place; /* found out: where they stand in the block, one behind the other too */
};

/* A byte of a time that stands in the block itself; all others are copies of it. */
struct pt_squeeze_time {
	uint32_t place; /* in the block */
	uint32_t byte;  /* which of the time's */
};

struct pt_squeeze {
	uint16_t *symbols;   /* to be filled after pt_squeeze_begin */
	struct pt_buf out;   /* the block */
	struct pt_buf times; /* of struct pt_squeeze_time */
	/* private */
	size_t room; /* of symbols and chain */
	uint16_t *chain;
	uint32_t *heads;
	struct pt_squeeze_step *steps;
};

void pt_squeeze_init(struct pt_squeeze *squeeze);
void pt_squeeze_clear(struct pt_squeeze *squeeze);
size_t pt_squeeze_bytes(const struct pt_squeeze *squeeze);
/* Makes room for so many symbols; false if memory is out. */
bool pt_squeeze_begin(struct pt_squeeze *squeeze, size_t length);
/*
 * Fills out, times and the holes' places. The holes rise, and are where PT_SQUEEZE_VALUE stands.
 * False if memory is out.
 */
bool pt_squeeze_run(struct pt_squeeze *squeeze, const unsigned char *bytes, size_t length,
	struct pt_squeeze_hole *holes, size_t hole_count);

#endif
