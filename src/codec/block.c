/* SPDX-License-Identifier: MIT */
/*
 * The snappy block format by libsnappy. Compressing fails only for want of memory; expanding also
 * on bytes that are no block, or that claim to become larger than the buffer's limit.
 */
#include "codec/block.h"

#include <snappy-c.h>

void
pt_block_compress(struct pt_buf *out, const void *bytes, size_t length)
{
	size_t size = snappy_max_compressed_length(length);
	char *room = pt_buf_room(out, size);
	if (room == NULL)
		return;
	/* Cannot fail with a buffer of the size it asked for. */
	(void)snappy_compress(bytes, length, room, &size);
	out->length += size;
}

bool
pt_block_expand(struct pt_buf *out, const void *bytes, size_t length)
{
	size_t size = 0;
	if (snappy_uncompressed_length(bytes, length, &size) != SNAPPY_OK)
		return false;
	char *room =
		size <= out->limit - out->length ? pt_buf_room(out, size > 0 ? size : 1) : NULL;
	if (room == NULL || snappy_uncompress(bytes, length, room, &size) != SNAPPY_OK)
		return false;
	out->length += size;
	return true;
}
