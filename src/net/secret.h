/* SPDX-License-Identifier: MIT */
/* A password or token in a file, read again when the file changes, wiped when it is forgotten. */
#ifndef PT_NET_SECRET_H
#define PT_NET_SECRET_H

#include <sys/stat.h>
#include <pitot/error.h>

struct pt_secret {
	char *path;       /* NULL: there is no secret */
	char *text;       /* NULL: not read yet */
	struct stat seen; /* of the file when it was read */
};

/* `path` may be NULL. False if memory is out. */
int pt_secret_init(struct pt_secret *secret, const char *path);
void pt_secret_clear(struct pt_secret *secret);
/*
 * The first line of the file, without its end, until the next call; NULL on failure: the file
 * cannot be read (PITOT_NO_INPUT), is empty or has control characters (PITOT_USAGE). The text never
 * holds it.
 */
const char *pt_secret_read(struct pt_secret *secret, struct pitot_error *why);

#endif
