/* SPDX-License-Identifier: MIT */
/* The system's files. Every failure is handed on as its errno. */
#include "spool/files.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

static int
result(int value)
{
	return value < 0 ? -errno : value;
}

static int
make_dir(const struct pt_files *files, const char *path)
{
	(void)files;
	return mkdir(path, 0700) == 0 || errno == EEXIST ? 0 : -errno;
}

static int
open_file(const struct pt_files *files, const char *path, enum pt_open how)
{
	static const int flags[] = {
		[PT_OPEN_READ] = O_RDONLY,
		[PT_OPEN_APPEND] = O_RDWR | O_CREAT | O_APPEND,
		[PT_OPEN_NEW] = O_RDWR | O_CREAT | O_TRUNC | O_APPEND,
		[PT_OPEN_LOCK] = O_RDWR | O_CREAT,
	};
	(void)files;
	int file = open(path, flags[how] | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (file < 0)
		return -errno;
	if (how == PT_OPEN_LOCK && flock(file, LOCK_EX | LOCK_NB) != 0) {
		int error = errno;
		(void)close(file);
		return -error;
	}
	return file;
}

static void
close_file(const struct pt_files *files, int file)
{
	(void)files;
	(void)close(file); /* what matters was synced before */
}

static int64_t
size_of(const struct pt_files *files, int file)
{
	struct stat status;
	(void)files;
	return fstat(file, &status) == 0 ? (int64_t)status.st_size : -errno;
}

static int64_t
read_file(const struct pt_files *files, int file, int64_t at, void *to, size_t length)
{
	size_t done = 0;
	(void)files;
	while (done < length) {
		ssize_t got = pread(file, (char *)to + done, length - done, at + (int64_t)done);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -errno;
		if (got == 0)
			break;
		done += (size_t)got;
	}
	return (int64_t)done;
}

static int64_t
append(const struct pt_files *files, int file, const void *bytes, size_t length)
{
	size_t done = 0;
	(void)files;
	while (done < length) {
		ssize_t put = write(file, (const char *)bytes + done, length - done);
		if (put < 0 && errno == EINTR)
			continue;
		if (put <= 0)
			return done > 0 ? (int64_t)done : -errno;
		done += (size_t)put;
	}
	return (int64_t)done;
}

static int
truncate_file(const struct pt_files *files, int file, int64_t length)
{
	(void)files;
	return result(ftruncate(file, length));
}

static int
sync_file(const struct pt_files *files, int file)
{
	(void)files;
	return result(fdatasync(file));
}

static int
sync_dir(const struct pt_files *files, const char *path)
{
	(void)files;
	int directory = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (directory < 0)
		return -errno;
	int code = result(fsync(directory));
	(void)close(directory);
	return code;
}

static int
rename_file(const struct pt_files *files, const char *from, const char *to)
{
	(void)files;
	return result(rename(from, to));
}

static int
unlink_file(const struct pt_files *files, const char *path)
{
	(void)files;
	return result(unlink(path));
}

static int
remove_dir(const struct pt_files *files, const char *path)
{
	(void)files;
	return result(rmdir(path));
}

static int
list(const struct pt_files *files, const char *path, void (*each)(void *context, const char *name),
	void *context)
{
	(void)files;
	DIR *directory = opendir(path);
	if (directory == NULL)
		return -errno;
	const struct dirent *entry;
	while ((entry = readdir(directory)) != NULL)
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
			each(context, entry->d_name);
	(void)closedir(directory);
	return 0;
}

static bool
is_linked(const struct pt_files *files, int file, const char *path)
{
	struct stat opened, named;
	(void)files;
	return fstat(file, &opened) == 0 && stat(path, &named) == 0 &&
		opened.st_dev == named.st_dev && opened.st_ino == named.st_ino;
}

const struct pt_files *
pt_files_real(void)
{
	static const struct pt_files real = {
		.make_dir = make_dir,
		.open = open_file,
		.close = close_file,
		.size = size_of,
		.read = read_file,
		.append = append,
		.truncate = truncate_file,
		.sync = sync_file,
		.sync_dir = sync_dir,
		.rename = rename_file,
		.unlink = unlink_file,
		.remove_dir = remove_dir,
		.list = list,
		.is_linked = is_linked,
	};
	return &real;
}
