/* SPDX-License-Identifier: MIT */
/*
 * The pusher: one thread that gathers and pushes now, then once in an interval, when a flush asks
 * for it, and a last time when it is stopped. It alone uses the exporter, so that its connection
 * lives from push to push.
 *
 * The happy path is: the thread sleeps on `alarm` until the next tick; a flush or a stop raises
 * `wanted` or `stopping` and moves the alarm to now; the thread pushes under the deadline
 * `running`, reports, and raises `done`, which wakes those who wait for their flush.
 *
 * Possible failures are: a push fails, which the report tells, and the next one carries newer
 * values; the receiver hangs when we are stopped, so stop moves `running` nearer, halfway for a
 * push under way and the whole stop deadline for the last one; the process forks, and the child has
 * no thread but our locks as they were, and the parent's connection: it touches none of them.
 */
#include "drive/pusher.h"

#include "base/error.h"
#include "drive/push.h"
#include "drive/schedule.h"
#include "drive/selfstats.h"
#include "export/options.h"
#include "metrics/registry.h"
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

struct pitot_pusher {
	/* Constant while the thread runs. */
	bool inert; /* the registry is disabled: no thread, nothing else set */
	pid_t pid;
	pthread_t thread;
	struct pitot_registry *registry;
	const struct pt_clock *clock;
	struct pt_deadline *running; /* of the push under way */
	struct pt_deadline *alarm;   /* the end of the thread's sleep */
	int64_t deadline_ms, stop_deadline_ms;
	void (*report)(void *context, const struct pitot_report *report);
	void *report_context;

	/* The thread's own. */
	struct pt_exporter *exporter;
	struct pt_schedule schedule;
	struct pt_selfstats stats;
	bool counts_itself;

	pthread_mutex_t lock; /* guards what follows; taken before a deadline's lock */
	pthread_cond_t pushed;
	bool stopping;
	int64_t stop_at_ms;
	uint64_t wanted;         /* flushes asked for */
	uint64_t done;           /* of those, how many a finished push began after */
	struct pitot_error last; /* of the last push */
};

/* ---- the thread ---- */

static void
sleep_until_wanted(struct pitot_pusher *pusher)
{
	const struct pt_clock *clock = pusher->clock;
	(void)pthread_mutex_lock(&pusher->lock);
	int64_t now_ms = clock->mono_ms(clock);
	bool at_once = pusher->stopping || pusher->wanted != pusher->done;
	int64_t next_ms = at_once ? now_ms : pt_schedule_next(&pusher->schedule, now_ms);
	/* Set under the lock: a later flush or stop hastens it, an earlier one was just seen. */
	pt_deadline_set(pusher->alarm, next_ms);
	(void)pthread_mutex_unlock(&pusher->lock);
	pt_deadline_sleep(pusher->alarm, next_ms);
}

/* Returns whether this is the last push; *ticket is how many flushes it answers. */
static bool
begin(struct pitot_pusher *pusher, uint64_t *ticket)
{
	const struct pt_clock *clock = pusher->clock;
	(void)pthread_mutex_lock(&pusher->lock);
	bool final = pusher->stopping;
	*ticket = pusher->wanted;
	pt_deadline_set(pusher->running,
		final ? pusher->stop_at_ms : clock->mono_ms(clock) + pusher->deadline_ms);
	(void)pthread_mutex_unlock(&pusher->lock);
	return final;
}

static void
push(struct pitot_pusher *pusher, struct pitot_report *report)
{
	*report = (struct pitot_report){.series = 0};
	struct pitot_snapshot *snapshot = pitot_snapshot_take(pusher->registry, &report->error);
	if (snapshot == NULL)
		return;
	int64_t wall_ms = pusher->clock->wall_ms(pusher->clock);
	(void)pt_push_once(pusher->exporter, snapshot,
		pt_schedule_stamp(&pusher->schedule, wall_ms), pusher->running, report);
	pitot_snapshot_free(snapshot);
}

static void
finish(struct pitot_pusher *pusher, uint64_t ticket, const struct pitot_error *error)
{
	(void)pthread_mutex_lock(&pusher->lock);
	pusher->done = ticket;
	pusher->last = *error;
	(void)pthread_cond_broadcast(&pusher->pushed);
	(void)pthread_mutex_unlock(&pusher->lock);
}

static void *
run(void *context)
{
	struct pitot_pusher *pusher = context;
	for (bool final = false; !final;) {
		struct pitot_report report;
		uint64_t ticket;
		final = begin(pusher, &ticket);
		push(pusher, &report);
		report.final = final;
		if (pusher->counts_itself)
			pt_selfstats_count(&pusher->stats, &report);
		if (pusher->report != NULL)
			pusher->report(pusher->report_context, &report);
		finish(pusher, ticket, &report.error);
		if (!final)
			sleep_until_wanted(pusher);
	}
	return NULL;
}

/* ---- starting ---- */

static void
pusher_free(struct pitot_pusher *pusher)
{
	if (pusher->exporter != NULL)
		pusher->exporter->free(pusher->exporter);
	pt_deadline_free(pusher->running);
	pt_deadline_free(pusher->alarm);
	(void)pthread_cond_destroy(&pusher->pushed);
	(void)pthread_mutex_destroy(&pusher->lock);
	free(pusher);
}

static void
init_lock(struct pitot_pusher *pusher)
{
	pthread_condattr_t monotonic;
	/* None of these can fail with these arguments on Linux. */
	(void)pthread_condattr_init(&monotonic);
	(void)pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	(void)pthread_cond_init(&pusher->pushed, &monotonic);
	(void)pthread_condattr_destroy(&monotonic);
	(void)pthread_mutex_init(&pusher->lock, NULL);
}

/*
 * The program's signals are for its own threads. The stack has the usual size, because the
 * program's callbacks run on it.
 */
static int
start_thread(struct pitot_pusher *pusher, struct pitot_error *why)
{
	sigset_t all, before;
	(void)sigfillset(&all);
	(void)pthread_sigmask(SIG_SETMASK, &all, &before);
	(void)pthread_mutex_lock(&pusher->lock); /* the thread begins with it, and so sees its id */
	int failed = pthread_create(&pusher->thread, NULL, run, pusher);
	(void)pthread_mutex_unlock(&pusher->lock);
	(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (failed != 0)
		return pt_error_set(why, PITOT_FAILED, "pusher: no thread: %s", strerror(failed));
	(void)pthread_setname_np(pusher->thread, "pitot"); /* only for the eye */
	return 0;
}

static void
set_schedule(struct pitot_pusher *pusher, const struct pitot_push_options *options)
{
	int64_t now_ms = pusher->clock->mono_ms(pusher->clock);
	pusher->schedule = (struct pt_schedule){
		.start_ms = now_ms,
		.interval_ms = options->interval_ms,
		.jitter = options->jitter < 0 ? 0 : options->jitter,
		/* Different in every process, so that machines started together push apart. */
		.seed = (uint64_t)now_ms ^ (uint64_t)pusher->pid << 32 ^ (uintptr_t)pusher,
	};
}

struct pitot_pusher *
pt_pusher_start_with(struct pitot_registry *registry, const struct pitot_push_options *options,
	struct pt_transport *transport, const struct pt_clock *clock, struct pitot_error *why)
{
	struct pitot_push_options complete;
	struct pitot_pusher *pusher = calloc(1, sizeof *pusher);
	if (pusher == NULL) {
		transport->free(transport);
		(void)pt_error_memory(why);
		return NULL;
	}
	init_lock(pusher);
	pusher->exporter = pt_exporter_new(options, transport, why);
	if (pusher->exporter == NULL || pt_options_complete(&complete, options, why) != 0)
		goto fail;
	pusher->counts_itself = !complete.no_self_metrics && registry != NULL;
	if (pusher->counts_itself)
		pt_selfstats_init(&pusher->stats, registry);
	if (pt_registry_declared(registry, why) != 0)
		goto fail;
	pusher->running = pt_deadline_new(clock);
	pusher->alarm = pt_deadline_new(clock);
	if (pusher->running == NULL || pusher->alarm == NULL) {
		(void)pt_error_memory(why);
		goto fail;
	}
	pusher->registry = registry;
	pusher->clock = clock;
	pusher->pid = getpid();
	pusher->deadline_ms = complete.deadline_ms;
	pusher->stop_deadline_ms = complete.stop_deadline_ms;
	pusher->report = complete.report;
	pusher->report_context = complete.report_context;
	set_schedule(pusher, &complete);
	if (start_thread(pusher, why) == 0)
		return pusher;
fail:
	pusher_free(pusher);
	return NULL;
}

/* Calls on it do nothing, so that a program needs no condition around them. */
static struct pitot_pusher *
inert_pusher(struct pitot_error *why)
{
	struct pitot_pusher *pusher = calloc(1, sizeof *pusher);
	if (pusher == NULL)
		(void)pt_error_memory(why);
	else
		pusher->inert = true;
	return pusher;
}

struct pitot_pusher *
pitot_pusher_start(struct pitot_registry *registry, const struct pitot_push_options *options,
	struct pitot_error *why)
{
	static const struct pitot_push_options none;
	if (pt_registry_disabled(registry))
		return inert_pusher(why);
	if (options == NULL)
		options = &none;
	struct pt_transport *transport = pt_curl_new(&options->http, why);
	if (transport == NULL)
		return NULL;
	return pt_pusher_start_with(registry, options, transport, pt_clock_real(), why);
}

/* ---- from other threads ---- */

static int
told(const struct pitot_error *error, struct pitot_error *why)
{
	if (error->code != 0 && why != NULL)
		*why = *error;
	return error->code;
}

static int
wait_for(struct pitot_pusher *pusher, uint64_t ticket, int64_t wait_ms, struct pitot_error *why)
{
	struct timespec until;
	(void)clock_gettime(CLOCK_MONOTONIC, &until); /* cannot fail for this clock */
	until.tv_sec += (time_t)(wait_ms / 1000);
	until.tv_nsec += (long)(wait_ms % 1000) * 1000000;
	if (until.tv_nsec >= 1000000000) {
		until.tv_nsec -= 1000000000;
		until.tv_sec++;
	}
	int late = 0;
	(void)pthread_mutex_lock(&pusher->lock);
	while (pusher->done < ticket && late == 0)
		late = pthread_cond_timedwait(&pusher->pushed, &pusher->lock, &until);
	bool done = pusher->done >= ticket;
	struct pitot_error last = pusher->last;
	(void)pthread_mutex_unlock(&pusher->lock);
	if (!done)
		return pt_error_set(why, PITOT_UNAVAILABLE,
			"flush: the push has not ended after %" PRId64 " ms; it goes on", wait_ms);
	return told(&last, why);
}

int
pitot_pusher_flush(struct pitot_pusher *pusher, int64_t wait_ms, struct pitot_error *why)
{
	if (pusher == NULL || pusher->inert)
		return 0;
	if (pusher->pid != getpid())
		return pt_error_set(why, PITOT_FAILED,
			"flush: this process was forked from the one that started the pusher, "
			"which pushes there: start another one here");
	if (wait_ms < 0)
		return pt_error_set(why, PITOT_USAGE,
			"flush: wait_ms: %" PRId64 " is not allowed: 0 or more", wait_ms);
	if (wait_ms > 0 && pthread_equal(pthread_self(), pusher->thread))
		return pt_error_set(why, PITOT_USAGE,
			"flush: the pusher's own thread cannot wait for itself: use wait_ms 0");
	(void)pthread_mutex_lock(&pusher->lock);
	uint64_t ticket = ++pusher->wanted;
	pt_deadline_hasten(pusher->alarm, 0);
	(void)pthread_mutex_unlock(&pusher->lock);
	return wait_ms == 0 ? 0 : wait_for(pusher, ticket, wait_ms, why);
}

static void
ask_to_stop(struct pitot_pusher *pusher)
{
	(void)pthread_mutex_lock(&pusher->lock);
	int64_t now_ms = pusher->clock->mono_ms(pusher->clock);
	pusher->stopping = true;
	pusher->stop_at_ms = now_ms + pusher->stop_deadline_ms;
	/* Half for the push under way, so that the last values get a chance too. */
	pt_deadline_hasten(pusher->running, now_ms + pusher->stop_deadline_ms / 2);
	pt_deadline_hasten(pusher->alarm, 0);
	(void)pthread_mutex_unlock(&pusher->lock);
}

int
pitot_pusher_stop(struct pitot_pusher *pusher, struct pitot_error *why)
{
	if (pusher == NULL)
		return 0;
	/*
	 * In a forked child the locks may be held for ever, and closing the connection would end
	 * the parent's: the little behind them is left.
	 */
	if (pusher->inert || pusher->pid != getpid()) {
		free(pusher);
		return 0;
	}
	if (pthread_equal(pthread_self(), pusher->thread))
		return pt_error_set(why, PITOT_USAGE,
			"stop: the pusher's own thread cannot stop it: stop it from another one");
	ask_to_stop(pusher);
	(void)pthread_join(pusher->thread, NULL); /* it is ours and is joined once */
	int code = told(&pusher->last, why);
	pusher_free(pusher);
	return code;
}
