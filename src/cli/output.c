/* SPDX-License-Identifier: MIT */
/*
 * Writing a file so that whoever reads it never sees half of it. What is no file, such as
 * /dev/null, is never replaced by one. What fails is told by errno.
 */
#include "cli/cli.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* The name of the folder that `path` is in, to be freed; NULL if memory is out. */
static char *
folder_of(const char *path)
{
	const char *slash = strrchr(path, '/');
	return slash == NULL ? strdup(".") : strndup(path, (size_t)(slash - path) + 1);
}

/* A file without a name, so that being killed leaves no part of one; *named if there is none. */
static int
open_new(const char *path, const char *name, bool *named)
{
	char *folder = folder_of(path);
	int file = -1;
	/* Without /proc it could not be given a name later. */
	if (folder != NULL && access("/proc/self/fd", X_OK) == 0)
		file = open(folder, O_TMPFILE | O_WRONLY | O_CLOEXEC, 0644);
	free(folder);
	*named = file < 0;
	return file >= 0 ? file : open(name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
}

/* Gives it the name; 0 or errno. */
static int
give_name(int file, const char *name)
{
	char self[64];
	(void)snprintf(self, sizeof self, "/proc/self/fd/%d", file);
	(void)unlink(name); /* of a process that had our number */
	return linkat(AT_FDCWD, self, AT_FDCWD, name, AT_SYMLINK_FOLLOW) == 0 ? 0 : errno;
}

/* A whole file that never came to its place, of a process that was killed just before. */
static void
sweep(const char *path)
{
	const char *slash = strrchr(path, '/'), *base = slash == NULL ? path : slash + 1;
	char *folder = folder_of(path);
	DIR *dir = folder == NULL ? NULL : opendir(folder);
	size_t length = strlen(base);
	for (struct dirent *entry; dir != NULL && (entry = readdir(dir)) != NULL;) {
		char *end = entry->d_name;
		if (strncmp(end, base, length) != 0 || end[length] != '.')
			continue;
		long pid = strtol(end + length + 1, &end, 10);
		if (strcmp(end, ".new") == 0 && pid > 0 && kill((pid_t)pid, 0) != 0 &&
			errno == ESRCH)
			(void)unlinkat(dirfd(dir), entry->d_name, 0);
	}
	if (dir != NULL)
		(void)closedir(dir);
	free(folder);
}

static int
write_all(int file, const char *bytes, size_t length)
{
	for (size_t at = 0; at < length;) {
		ssize_t put = write(file, bytes + at, length - at);
		if (put < 0 && errno != EINTR)
			return errno;
		at += put > 0 ? (size_t)put : 0;
	}
	return 0;
}

/* A terminal, /dev/null, a pipe that is read: it is written to, and stays what it is. */
static int
write_into(const char *path, const char *bytes, size_t length)
{
	int file = open(path, O_WRONLY | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
	if (file < 0)
		return errno;
	int failure = write_all(file, bytes, length);
	(void)close(file); /* it holds nothing back */
	return failure;
}

static int
replace(const char *path, const char *bytes, size_t length)
{
	char *name = NULL;
	bool named = false;
	if (asprintf(&name, "%s.%d.new", path, (int)getpid()) < 0)
		return ENOMEM;
	int file = open_new(path, name, &named);
	int failure = file < 0 ? errno : write_all(file, bytes, length);
	if (failure == 0 && (fchmod(file, 0644) != 0 || fsync(file) != 0))
		failure = errno;
	if (failure == 0 && !named)
		failure = give_name(file, name);
	if (failure == 0 && rename(name, path) != 0)
		failure = errno;
	if (failure != 0 && file >= 0)
		(void)unlink(name);
	if (file >= 0)
		(void)close(file); /* fsync told already what writing had to say */
	if (failure == 0)
		sweep(path);
	free(name);
	return failure;
}

int
cli_output_write(const char *path, const char *bytes, size_t length)
{
	struct stat seen;
	if (stat(path, &seen) != 0)
		return replace(path, bytes, length); /* tells what is wrong, if not just missing */
	if (S_ISDIR(seen.st_mode))
		return EISDIR;
	if (!S_ISREG(seen.st_mode))
		return write_into(path, bytes, length);
	char *real = realpath(path, NULL); /* a link stays one */
	int failure = real == NULL ? errno : replace(real, bytes, length);
	free(real);
	return failure;
}
