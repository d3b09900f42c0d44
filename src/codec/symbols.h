/* SPDX-License-Identifier: MIT */
/* The texts of one request of remote write 2.0, each once, written as they are met. */
#ifndef PT_CODEC_SYMBOLS_H
#define PT_CODEC_SYMBOLS_H

#include <stdbool.h>
#include "base/buf.h"

struct pt_symbol {
	size_t at; /* of the text, in the buffer */
	uint32_t length;
	uint64_t hash;
};

struct pt_symbols {
	struct pt_buf *out; /* where they are written */
	uint32_t count;
	/* private */
	struct pt_symbol *list;
	size_t list_capacity;
	uint32_t *slots; /* number + 1, or 0 */
	size_t slot_count;
};

/* Begins with the empty text, which is number 0. Failures stick in the buffer. */
void pt_symbols_init(struct pt_symbols *symbols, struct pt_buf *out);
void pt_symbols_clear(struct pt_symbols *symbols);
/* The number of a text, which is written if it is new. */
uint32_t pt_symbols_put(struct pt_symbols *symbols, const char *text, uint32_t length);
/* Takes back all texts from number `count` on, in the buffer too. */
void pt_symbols_cut(struct pt_symbols *symbols, uint32_t count, size_t length);

#endif
