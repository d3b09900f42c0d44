/* SPDX-License-Identifier: MIT */
/* A TCP socket that listens. */
#ifndef PT_NET_LISTEN_H
#define PT_NET_LISTEN_H

#include <stdbool.h>
#include <stdint.h>
#include <pitot/error.h>

struct pt_listener {
	int socket;    /* does not block, is closed on exec */
	uint16_t port; /* the real one */
	bool taken;    /* after a failure: somebody else listens there */
};

/*
 * Listens at the address (in digits) and port, 0: a free one. PITOT_USAGE (no address), PITOT_IO
 * (all else).
 */
int pt_listen(
	struct pt_listener *listener, const char *address, uint16_t port, struct pitot_error *why);

#endif
