/* SPDX-License-Identifier: MIT */
/* Writing a file so that whoever reads it never sees half of it. What fails is told by errno. */
#include "cli/cli.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

int
cli_output_write(const char *path, const char *bytes, size_t length)
{
	char *name = NULL;
	if (asprintf(&name, "%s.%d.new", path, (int)getpid()) < 0)
		return ENOMEM;
	int file = open(name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644), failure = 0;
	if (file < 0)
		failure = errno;
	for (size_t at = 0; failure == 0 && at < length;) {
		ssize_t put = write(file, bytes + at, length - at);
		if (put < 0 && errno != EINTR)
			failure = errno;
		at += put > 0 ? (size_t)put : 0;
	}
	if (failure == 0 && (fchmod(file, 0644) != 0 || fsync(file) != 0))
		failure = errno;
	if (file >= 0 && close(file) != 0 && failure == 0)
		failure = errno;
	if (failure == 0 && rename(name, path) != 0)
		failure = errno;
	if (failure != 0 && file >= 0)
		(void)unlink(name);
	free(name);
	return failure;
}
