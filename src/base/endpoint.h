/* SPDX-License-Identifier: MIT */
/* Where a server may listen: what addresses, paths and ports are. */
#ifndef PT_BASE_ENDPOINT_H
#define PT_BASE_ENDPOINT_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

/* An IPv4 or IPv6 address in digits; no names, which would have to be looked up. */
bool pt_endpoint_address(
	const char *address, uint16_t port, struct sockaddr_storage *at, socklen_t *length);
/* "/", then letters, digits and any of /._~-: the same in a URL, in HTML and on a command line. */
bool pt_endpoint_path(const char *path);

#endif
