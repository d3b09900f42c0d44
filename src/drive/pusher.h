/* SPDX-License-Identifier: MIT */
/* The seam for tests to the pusher: its transport and its clock. */
#ifndef PT_DRIVE_PUSHER_H
#define PT_DRIVE_PUSHER_H

#include "net/transport.h"

/*
 * pitot_pusher_start() over a transport, which is taken over, also on failure, and a clock, which
 * must outlive the pusher. flush and stop wait in real time.
 */
struct pitot_pusher *pt_pusher_start_with(struct pitot_registry *registry,
	const struct pitot_push_options *options, struct pt_transport *transport,
	const struct pt_clock *clock, struct pitot_error *why);

#endif
