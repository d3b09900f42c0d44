/* SPDX-License-Identifier: MIT */
/*
 * A growing byte buffer. Growth doubles, so that n appended bytes cost O(n). It fails when memory
 * is out or the limit is reached; the failure sticks, and what was appended before stays as it was.
 */
#include "base/buf.h"

#include "base/pages.h"
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <pitot/error.h>

void
pt_buf_init(struct pt_buf *buf, size_t limit)
{
	*buf = (struct pt_buf){.limit = limit};
}

void
pt_buf_init_paged(struct pt_buf *buf, size_t limit)
{
	*buf = (struct pt_buf){.limit = limit, .is_paged = true};
}

void
pt_buf_clear(struct pt_buf *buf)
{
	if (buf->is_paged)
		pt_pages_free(buf->bytes, buf->capacity);
	else
		free(buf->bytes);
	*buf = (struct pt_buf){.limit = buf->limit, .is_paged = buf->is_paged};
}

void
pt_buf_reset(struct pt_buf *buf)
{
	buf->length = 0;
	buf->error = 0;
}

int
pt_buf_error(const struct pt_buf *buf)
{
	return buf->error;
}

/* NULL, and nothing changed, if memory is out. */
static char *
enlarge(const struct pt_buf *buf, size_t capacity)
{
	if (!buf->is_paged)
		return realloc(buf->bytes, capacity);
	char *bytes = pt_pages_new(capacity);
	if (bytes == NULL)
		return NULL;
	if (buf->length > 0)
		memcpy(bytes, buf->bytes, buf->length);
	pt_pages_free(buf->bytes, buf->capacity);
	return bytes;
}

static void
grow(struct pt_buf *buf, size_t needed)
{
	/* Of pages, only those are there that are used. */
	size_t least = buf->is_paged ? pt_pages_least : 128;
	size_t capacity = buf->capacity < least ? least : buf->capacity * 2;
	if (capacity > buf->limit)
		capacity = buf->limit;
	if (capacity < needed)
		capacity = needed;
	char *bytes = enlarge(buf, capacity);
	if (bytes == NULL) {
		buf->error = PITOT_NO_MEMORY;
		return;
	}
	if (buf->bytes == NULL && !buf->is_paged)
		pt_pages_large(bytes, capacity);
	buf->bytes = bytes;
	buf->capacity = capacity;
}

char *
pt_buf_make_room(struct pt_buf *buf, size_t size)
{
	if (buf->error != 0)
		return NULL;
	if (size > buf->limit - buf->length) {
		buf->error = PITOT_NO_MEMORY;
		return NULL;
	}
	if (size > buf->capacity - buf->length || buf->bytes == NULL)
		grow(buf, buf->length + size);
	return buf->error != 0 ? NULL : buf->bytes + buf->length;
}

void
pt_buf_str(struct pt_buf *buf, const char *text)
{
	pt_buf_put(buf, text, strlen(text));
}

void
pt_buf_uint(struct pt_buf *buf, uint64_t value)
{
	char digits[20];
	size_t at = sizeof digits;
	do {
		digits[--at] = (char)('0' + value % 10);
		value /= 10;
	} while (value != 0);
	pt_buf_put(buf, digits + at, sizeof digits - at);
}

void
pt_buf_int(struct pt_buf *buf, int64_t value)
{
	if (value < 0)
		pt_buf_char(buf, '-');
	/* Negating as unsigned is defined for INT64_MIN too. */
	pt_buf_uint(buf, value < 0 ? 0 - (uint64_t)value : (uint64_t)value);
}

void
pt_buf_printf(struct pt_buf *buf, const char *format, ...)
{
	va_list arguments;
	va_start(arguments, format);
	int size = vsnprintf(NULL, 0, format, arguments);
	va_end(arguments);
	char *room = size < 0 ? NULL : pt_buf_room(buf, (size_t)size + 1);
	if (room == NULL) {
		buf->error = PITOT_NO_MEMORY;
		return;
	}
	va_start(arguments, format);
	(void)vsnprintf(room, (size_t)size + 1, format, arguments); /* measured above */
	va_end(arguments);
	buf->length += (size_t)size;
}

const char *
pt_buf_text(struct pt_buf *buf)
{
	char *room = pt_buf_room(buf, 1);
	if (room == NULL)
		return "";
	*room = '\0';
	return buf->bytes;
}

char *
pt_buf_take(struct pt_buf *buf, size_t *length)
{
	if (pt_buf_room(buf, 1) == NULL)
		return NULL;
	buf->bytes[buf->length] = '\0';
	char *bytes = buf->bytes;
	*length = buf->length;
	*buf = (struct pt_buf){.limit = buf->limit};
	return bytes;
}
