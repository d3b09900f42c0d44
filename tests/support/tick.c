/* SPDX-License-Identifier: MIT */
#include "tick.h"

static int64_t
passed(const struct pt_clock *clock)
{
	/* The clock is the first member. */
	const struct tick *tick = (const struct tick *)clock;
	return atomic_load_explicit(&tick->passed_ms, memory_order_relaxed);
}

static int64_t
wall_ms(const struct pt_clock *clock)
{
	return INT64_C(1700000000000) + passed(clock);
}

static int64_t
mono_ms(const struct pt_clock *clock)
{
	return 1000 + passed(clock);
}

void
tick_init(struct tick *tick)
{
	*tick = (struct tick){.clock = {.wall_ms = wall_ms, .mono_ms = mono_ms}};
}

void
tick_pass(struct tick *tick, int64_t ms)
{
	atomic_fetch_add_explicit(&tick->passed_ms, ms, memory_order_relaxed);
}
