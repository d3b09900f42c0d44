/* SPDX-License-Identifier: MIT */
/* A clock that stands until it is moved, from any thread. */
#ifndef TICK_H
#define TICK_H

#include <stdatomic.h>
#include "base/clock.h"

struct tick {
	struct pt_clock clock; /* pass this */
	_Atomic int64_t passed_ms;
};

/* Begins at 1700000000000 since the epoch and at 1000 of the monotonic clock. */
void tick_init(struct tick *tick);
void tick_pass(struct tick *tick, int64_t ms);

#endif
