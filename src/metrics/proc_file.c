/* SPDX-License-Identifier: MIT */
/* /proc is read with one open, a few reads and a close; numbers are digits, nothing else. */
#include "metrics/proc_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

bool
pt_proc_file_read(const char *proc, const char *name, char *text, size_t size)
{
	char path[512];
	int length = snprintf(path, sizeof path, "%s/%s", proc, name);
	if (length < 0 || (size_t)length >= sizeof path)
		return false;
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	size_t used = 0;
	ssize_t got = 1;
	while (got != 0 && used < size - 1) {
		got = read(fd, text + used, size - 1 - used);
		if (got < 0 && errno != EINTR)
			break;
		used += got > 0 ? (size_t)got : 0;
	}
	(void)close(fd); /* only read */
	text[used] = '\0';
	return got == 0;
}

int64_t
pt_proc_file_next(const char **text)
{
	const char *at = *text + strspn(*text, " \t");
	if (*at < '0' || *at > '9')
		return -1;
	uint64_t number = 0;
	for (; *at >= '0' && *at <= '9'; at++) {
		if (number > (UINT64_C(1) << 59))
			return -1; /* nothing real is that large */
		number = number * 10 + (uint64_t)(*at - '0');
	}
	*text = at;
	return (int64_t)number;
}

int64_t
pt_proc_file_number(const char *text, const char *key)
{
	size_t length = strlen(key);
	for (const char *line = text; line != NULL && *line != '\0';) {
		if (strncmp(line, key, length) == 0) {
			line += length;
			return pt_proc_file_next(&line);
		}
		line = strchr(line, '\n');
		line = line == NULL ? NULL : line + 1;
	}
	return -1;
}
