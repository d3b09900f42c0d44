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
	char bytes[8192];
	for (;;) {
		ssize_t got = read(fd, bytes, sizeof bytes);
		if (got == 0)
			return 0;
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return pt_error_set(why, PITOT_NO_INPUT, "%s: %s", path, strerror(errno));
		if ((size_t)got > into->limit - into->length)
			return pt_error_set(why, PITOT_NO_INPUT, "%s: larger than %zu bytes", path,
				into->limit);
		pt_buf_put(into, bytes, (size_t)got);
		if (pt_buf_error(into) != 0)
			return pt_error_memory(why);
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
