/* SPDX-License-Identifier: MIT */
/*
 * A growing byte buffer with a maximum, whose first failure sticks: after one, appending does
 * nothing, and pt_buf_error() tells. Encoders therefore contain no error checks.
 */
#ifndef PT_BASE_BUF_H
#define PT_BASE_BUF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct pt_buf {
	char *bytes; /* not NUL-terminated; NULL while empty */
	size_t length;
	size_t capacity;
	size_t limit;
	int error;     /* 0, or PITOT_NO_MEMORY */
	bool is_paged; /* the memory is of pages.h */
};

void pt_buf_init(struct pt_buf *buf, size_t limit);
/* For what may be large and is needed now and then: cleared, it leaves nothing in the heap. */
void pt_buf_init_paged(struct pt_buf *buf, size_t limit);
void pt_buf_clear(struct pt_buf *buf);
/* Empties the buffer and forgets a failure; keeps the memory. */
void pt_buf_reset(struct pt_buf *buf);
/* 0, or PITOT_NO_MEMORY if memory was out or the limit reached. */
int pt_buf_error(const struct pt_buf *buf);
/* As pt_buf_room(), for when there is not enough room yet. */
char *pt_buf_make_room(struct pt_buf *buf, size_t size);
/*
 * Room for `size` more bytes, or NULL; the length does not change until the caller adds to it.
 * Encoders ask for each number: what they find room for costs two comparisons.
 */
static inline char *
pt_buf_room(struct pt_buf *buf, size_t size)
{
	if (size <= buf->capacity - buf->length && buf->error == 0 && buf->bytes != NULL)
		return buf->bytes + buf->length;
	return pt_buf_make_room(buf, size);
}
static inline void
pt_buf_put(struct pt_buf *buf, const void *bytes, size_t size)
{
	char *room = size == 0 ? NULL : pt_buf_room(buf, size);
	if (room == NULL)
		return;
	memcpy(room, bytes, size);
	buf->length += size;
}
static inline void
pt_buf_char(struct pt_buf *buf, char c)
{
	char *room = pt_buf_room(buf, 1);
	if (room == NULL)
		return;
	*room = c;
	buf->length++;
}
void pt_buf_str(struct pt_buf *buf, const char *text);
void pt_buf_uint(struct pt_buf *buf, uint64_t value);
void pt_buf_int(struct pt_buf *buf, int64_t value);
/* Never for floating-point: printf follows the locale. */
void pt_buf_printf(struct pt_buf *buf, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
/* Appends a NUL that is not counted, and returns the text; "" on failure. */
const char *pt_buf_text(struct pt_buf *buf);
/*
 * Hands the memory to the caller (free()), with a NUL behind it; the buffer is empty then, and is
 * not a paged one.
 */
char *pt_buf_take(struct pt_buf *buf, size_t *length);

#endif
