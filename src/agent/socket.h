/* SPDX-License-Identifier: MIT */
/*
 * A Unix socket that speaks the Pushgateway's protocol, so that its clients push to the agent
 * unchanged. It has a thread of its own.
 */
#ifndef PT_AGENT_SOCKET_H
#define PT_AGENT_SOCKET_H

#include "agent/groups.h"

struct pt_socket;

/*
 * Listens at `path`, which gets `mode`; what a dead process left there is replaced. `groups`
 * outlive it. PITOT_IO: the path cannot be used, or another process listens there.
 */
struct pt_socket *pt_socket_open(const char *path, unsigned mode, struct pt_groups *groups,
	struct pt_log *log, struct pitot_error *why);
/* Ends connections, and removes the path. */
void pt_socket_close(struct pt_socket *socket);

#endif
