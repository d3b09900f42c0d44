/* SPDX-License-Identifier: MIT */
/* Secrets from files. See the header for how it can fail. */
#include "net/secret.h"

#include "base/error.h"
#include "base/file.h"
#include "base/limits.h"
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

static void
forget(struct pt_secret *secret)
{
	if (secret->text != NULL)
		explicit_bzero(secret->text, strlen(secret->text));
	free(secret->text);
	secret->text = NULL;
}

int
pt_secret_init(struct pt_secret *secret, const char *path)
{
	*secret = (struct pt_secret){0};
	if (path == NULL)
		return 0;
	secret->path = strdup(path);
	return secret->path == NULL ? PITOT_NO_MEMORY : 0;
}

void
pt_secret_clear(struct pt_secret *secret)
{
	forget(secret);
	free(secret->path);
	*secret = (struct pt_secret){0};
}

static bool
is_same_time(const struct timespec *a, const struct timespec *b)
{
	return a->tv_sec == b->tv_sec && a->tv_nsec == b->tv_nsec;
}

/* The time of the last change too: tools that copy files may set back that of the content's. */
static bool
is_unchanged(const struct stat *a, const struct stat *b)
{
	return is_same_time(&a->st_mtim, &b->st_mtim) && is_same_time(&a->st_ctim, &b->st_ctim) &&
		a->st_size == b->st_size && a->st_ino == b->st_ino && a->st_dev == b->st_dev;
}

static char *
first_line(const char *path, struct pt_buf *content, struct pitot_error *why)
{
	(void)pt_buf_text(content); /* puts a NUL behind it */
	size_t length = strcspn(content->bytes, "\r\n");
	for (size_t i = 0; i < length; i++)
		if ((unsigned char)content->bytes[i] < ' ')
			length = 0;
	if (length == 0 || strlen(content->bytes) != content->length) {
		(void)pt_error_set(why, PITOT_USAGE, "%s: no secret on its first line", path);
		return NULL;
	}
	char *line = strndup(content->bytes, length);
	if (line == NULL)
		(void)pt_error_memory(why);
	return line;
}

const char *
pt_secret_read(struct pt_secret *secret, struct pitot_error *why)
{
	struct stat now;
	if (stat(secret->path, &now) != 0) {
		(void)pt_error_set(why, PITOT_NO_INPUT, "%s: %s", secret->path, strerror(errno));
		return NULL;
	}
	if (secret->text != NULL && is_unchanged(&now, &secret->seen))
		return secret->text;
	struct pt_buf content;
	pt_buf_init(&content, PT_LIMIT_SECRET);
	char *line = NULL;
	/* Room for all of it at once, so that no copy of it stays in freed memory. */
	if (pt_buf_room(&content, PT_LIMIT_SECRET) == NULL)
		(void)pt_error_memory(why);
	else if (pt_file_read(secret->path, &content, why) == 0)
		line = first_line(secret->path, &content, why);
	if (content.bytes != NULL)
		explicit_bzero(content.bytes, content.capacity);
	pt_buf_clear(&content);
	if (line == NULL)
		return NULL;
	forget(secret);
	secret->text = line;
	secret->seen = now;
	return secret->text;
}
