/* SPDX-License-Identifier: MIT */
/* Addresses and paths of servers. Nothing here can fail but by saying no. */
#include "base/endpoint.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>

bool
pt_endpoint_address(
	const char *address, uint16_t port, struct sockaddr_storage *at, socklen_t *length)
{
	struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_port = htons(port)};
	struct sockaddr_in6 v6 = {.sin6_family = AF_INET6, .sin6_port = htons(port)};
	memset(at, 0, sizeof *at);
	if (inet_pton(AF_INET, address, &v4.sin_addr) == 1) {
		memcpy(at, &v4, sizeof v4);
		*length = sizeof v4;
		return true;
	}
	if (inet_pton(AF_INET6, address, &v6.sin6_addr) == 1) {
		memcpy(at, &v6, sizeof v6);
		*length = sizeof v6;
		return true;
	}
	return false;
}

bool
pt_endpoint_path(const char *path)
{
	static const char allowed[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/._~-";
	return path[0] == '/' && path[strspn(path, allowed)] == '\0';
}
