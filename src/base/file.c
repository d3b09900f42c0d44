/* SPDX-License-Identifier: MIT */
/* Reading whole files. It fails when the file cannot be opened or read, or is over the limit. */
#include "base/file.h"

#include "base/error.h"
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

static int
read_all(int fd, const char *path, struct pt_buf *into, struct pitot_error *why)
{
	for (;;) {
		/* One byte more than the limit tells a file of exactly that size from a longer one. */
		size_t left = into->limit - into->length;
		char *room = pt_buf_room(into, left < 65536 ? (left == 0 ? 1 : left) : 65536);
		if (room == NULL)
			return pt_error_set(why, PITOT_NO_INPUT, "%s: larger than %zu bytes", path,
				into->limit);
		ssize_t got = read(fd, room, left < 65536 ? left : 65536);
		if (got == 0)
			return 0;
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return pt_error_set(why, PITOT_NO_INPUT, "%s: %s", path, strerror(errno));
		into->length += (size_t)got;
	}
}

int
pt_file_read(const char *path, struct pt_buf *into, struct pitot_error *why)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return pt_error_set(why, PITOT_NO_INPUT, "%s: %s", path, strerror(errno));
	int code = read_all(fd, path, into, why);
	(void)close(fd); /* only read */
	return code;
}
