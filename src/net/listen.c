/* SPDX-License-Identifier: MIT */
/*
 * Listening at a TCP port. It fails when the port is taken, when it needs a privilege, when the
 * address is none of this machine, and when descriptors are out; each text says what to do.
 */
#include "net/listen.h"

#include "base/endpoint.h"
#include "base/error.h"
#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <unistd.h>

enum { waiting_most = 64 }; /* connections that are not accepted yet */

static const char *
cure_of(int failure)
{
	switch (failure) {
	case EADDRINUSE:
		return "already in use: choose another";
	case EACCES:
		return "not allowed to this user: choose one above 1023";
	case EADDRNOTAVAIL:
		return "not to be had: no interface of this machine has that address";
	case EINVAL: /* a link-local address needs its interface, which cannot be told */
		return "not to be had: the address does not stand for itself";
	default: /* descriptors or memory are out */
		return strerror(failure);
	}
}

static uint16_t
port_of(int listening)
{
	union {
		struct sockaddr any;
		struct sockaddr_in v4;
		struct sockaddr_in6 v6;
	} at;
	socklen_t length = sizeof at;
	(void)getsockname(listening, &at.any, &length); /* cannot fail for our own socket */
	return ntohs(at.any.sa_family == AF_INET ? at.v4.sin_port : at.v6.sin6_port);
}

static bool
option(int listening, int level, int name, int value)
{
	return setsockopt(listening, level, name, &value, sizeof value) == 0;
}

int
pt_listen(struct pt_listener *listener, const char *address, uint16_t port, struct pitot_error *why)
{
	struct sockaddr_storage at;
	socklen_t length = 0;
	*listener = (struct pt_listener){.socket = -1};
	if (!pt_endpoint_address(address, port, &at, &length))
		return pt_error_set(why, PITOT_USAGE,
			"address \"%.64s\": expected digits such as 127.0.0.1, 0.0.0.0, ::1 or ::",
			address);
	int listening = socket(at.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	/* Connections of an earlier process that are not quite over do not keep the port. */
	bool ok = listening >= 0 && option(listening, SOL_SOCKET, SO_REUSEADDR, 1);
	/* "::" means IPv4 too, whatever the system's default is. */
	if (ok && at.ss_family == AF_INET6)
		ok = option(listening, IPPROTO_IPV6, IPV6_V6ONLY, 0);
	if (ok && bind(listening, (const struct sockaddr *)&at, length) == 0 &&
		listen(listening, waiting_most) == 0) {
		listener->socket = listening;
		listener->port = port_of(listening);
		return 0;
	}
	int failure = errno;
	if (listening >= 0)
		(void)close(listening);
	listener->taken = failure == EADDRINUSE;
	return pt_error_set(
		why, PITOT_IO, "port %u of %s is %s", (unsigned)port, address, cure_of(failure));
}
