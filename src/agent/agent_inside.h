/* SPDX-License-Identifier: MIT */
/* The inside of the agent, shared by agent.c (from outside) and agent_run.c (its thread). */
#ifndef PT_AGENT_AGENT_INSIDE_H
#define PT_AGENT_AGENT_INSIDE_H

#include "agent/inputs.h"
#include "agent/own.h"
#include <limits.h>
#include <pthread.h>
#include <stdatomic.h>
#include <pitot/config.h>

struct pitot_agent {
	/* Constant while the thread runs. */
	struct pitot_agent_options options;
	char *path;
	char instance[HOST_NAME_MAX + 1];
	const struct pt_clock *clock;
	struct pt_log *log;
	struct pt_fetcher *fetcher;
	struct pitot_registry *registry;
	pthread_t thread;

	/* The thread's own; before and after it, of whoever starts and stops it. */
	struct pt_agent_config *config;
	struct pt_outputs outputs;
	struct pt_inputs inputs;
	struct pt_own own;
	int64_t look_ms; /* when to look for what others left in the spool */

	/* relaxed: each stands for itself. */
	atomic_bool holding;       /* the gatherer waits for the receiver's time */
	_Atomic int64_t turned_ms; /* when the thread last went round */

	pthread_mutex_t lock; /* guards what follows */
	pthread_cond_t moved;
	bool stopping;
	struct pt_agent_config *next; /* to be followed; NULL when it was */
	struct pitot_error *next_error;
};

/* The thread; its context is the agent. */
void *pt_agent_run(void *context);

#endif
