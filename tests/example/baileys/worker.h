/* SPDX-License-Identifier: MIT */
/*
 * A simulated WhatsApp worker: connections that come and go, messages of every kind, caches and a
 * heap, and the event buffer. It lives in simulated time and does the same for the same seed. It
 * stands for a real worker in the demonstration and in tests of dashboards and alerts: each fault
 * causes what one of the alert rules is for. Nothing here can fail.
 */
#ifndef EXAMPLE_BAILEYS_WORKER_H
#define EXAMPLE_BAILEYS_WORKER_H

#include "buffer.h"

enum fault {
	FAULT_SLOW_FLUSH,
	FAULT_OVERFLOW,
	FAULT_BREAKER,
	FAULT_RECONNECT_STORM,
	FAULT_LISTENER_LEAK,
	FAULT_MEMORY_GROWTH,
	FAULT_COLD_CACHE,
	FAULTS
};

struct worker_options {
	uint64_t seed;
	double rate; /* events in a second, on average */
	unsigned connections;
	bool faults[FAULTS];
	size_t max_items, max_cache; /* of the event buffer */
};

struct worker;

/* NULL if memory is out. The metrics have to outlive it. */
struct worker *worker_new(
	const struct worker_options *options, const struct pitot_baileys *metrics);
void worker_free(struct worker *worker);
/* Lives on until so many seconds after its start. */
void worker_run(struct worker *worker, double until);

#endif
