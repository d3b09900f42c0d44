/* SPDX-License-Identifier: MIT */
/* The inside of the pusher, shared by pusher.c (from outside) and pusher_run.c (its thread). */
#ifndef PT_DRIVE_PUSHER_INSIDE_H
#define PT_DRIVE_PUSHER_INSIDE_H

#include <pthread.h>
#include "drive/crew.h"
#include "drive/gatherer.h"
#include "drive/schedule.h"
#include "drive/selfstats.h"

struct pitot_pusher {
	/* Constant while the thread runs. */
	bool inert;                /* the registry is disabled: no thread, nothing else set */
	struct pitot_pusher *next; /* in a forked child, see leave() */
	pid_t pid;
	pthread_t thread;
	const struct pt_clock *clock;
	struct pt_deadline *alarm; /* the end of the thread's sleep */
	int64_t stop_deadline_ms;
	void (*report)(void *context, const struct pitot_report *report);
	void *report_context;
	struct pt_lanes lanes;
	struct pt_crew crew;
	bool counts_itself;

	/* The thread's own. */
	struct pt_schedule schedule;
	struct pt_gatherer gatherer;
	struct pt_adaptive adaptive;
	bool adapts;
	int64_t gathered_ms; /* when the last gather was, in monotonic time */

	struct pt_selfstats stats; /* its instruments take updates from any thread */

	pthread_mutex_t lock; /* guards what follows; taken before a deadline's lock */
	pthread_cond_t moved;
	bool stopping;
	int64_t stop_at_ms;
	uint64_t wanted;             /* flushes asked for */
	uint64_t done;               /* of those, how many a finished gather began after */
	uint64_t done_ticket;        /* of the last gather's snapshot */
	struct pitot_error gathered; /* what became of it */
	bool holding;                /* the gatherer waits for the receiver's time */
	bool heard;                  /* meanwhile a lane made a step, which may have told it */
	int64_t push_ms; /* how long the last push took; -1: none since the last gather */
	bool push_ok;
};

/* The thread; its context is the pusher. */
void *pt_pusher_run(void *context);
/* What the couriers call. */
void pt_pusher_report(void *context, const struct pitot_report *report);
void pt_pusher_done(void *context);

#endif
