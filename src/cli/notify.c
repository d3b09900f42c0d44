/* SPDX-License-Identifier: MIT */
/* Ten lines in place of a library. What cannot be sent is not missed by us, but by systemd. */
#include "cli/notify.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

void
cli_notify(const char *state)
{
	const char *path = getenv("NOTIFY_SOCKET");
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	size_t length = path == NULL ? 0 : strlen(path);
	if (length == 0 || length >= sizeof address.sun_path)
		return;
	memcpy(address.sun_path, path, length);
	if (path[0] == '@')
		address.sun_path[0] = '\0'; /* an abstract name */
	int to = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (to < 0)
		return;
	socklen_t size = (socklen_t)(sizeof address - sizeof address.sun_path + length);
	if (sendto(to, state, strlen(state), MSG_NOSIGNAL, (const struct sockaddr *)&address,
		    size) < 0) {
		/* systemd's own timeouts tell it. */
	}
	(void)close(to);
}

void
cli_notify_reloading(void)
{
	struct timespec now;
	char text[64];
	(void)clock_gettime(CLOCK_MONOTONIC, &now); /* cannot fail for this clock */
	(void)snprintf(text, sizeof text, "RELOADING=1\nMONOTONIC_USEC=%lld",
		(long long)now.tv_sec * 1000000 + now.tv_nsec / 1000);
	cli_notify(text);
}
