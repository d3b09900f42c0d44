/* SPDX-License-Identifier: MIT */
/* The seam for tests to the pusher: the world around it. */
#ifndef PT_DRIVE_PUSHER_H
#define PT_DRIVE_PUSHER_H

#include "export/lanes.h"

/*
 * pitot_pusher_start() in this world, whose parts must outlive the pusher. flush and stop wait in
 * real time.
 */
struct pitot_pusher *pt_pusher_start_with(struct pitot_registry *registry,
	const struct pitot_push_options *options, const struct pt_world *world,
	struct pitot_error *why);

/* Whether this is one of the pusher's threads. */
bool pt_pusher_is_self(const struct pitot_pusher *pusher);

#endif
