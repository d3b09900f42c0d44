/* SPDX-License-Identifier: MIT */
/* The snappy block format (not the framed one), by libsnappy. */
#ifndef PT_CODEC_BLOCK_H
#define PT_CODEC_BLOCK_H

#include <stdbool.h>
#include "base/buf.h"

/* Appends `bytes` compressed. Failures stick in the buffer. */
void pt_block_compress(struct pt_buf *out, const void *bytes, size_t length);
/* Appends the decompressed bytes; false if they are no snappy block or larger than the limit. */
bool pt_block_expand(struct pt_buf *out, const void *bytes, size_t length);

#endif
