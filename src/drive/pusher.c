/* SPDX-License-Identifier: MIT */
/*
 * The pusher: one thread that gathers now, then once in an interval, when a flush asks for it, and
 * a last time when it is stopped; what it gathers goes to every lane, which a courier drives.
 *
 * The happy path is: the thread sleeps on `alarm` until the next tick; a flush or a stop raises
 * `wanted` or `stopping` and moves the alarm to now; the thread takes a snapshot, finds which
 * series were born or ended since the last one, and offers all of it to the lanes. The couriers
 * send, report, and wake those who wait for their flush.
 *
 * Possible failures are: a lane cannot deliver, which its report tells while it keeps what it can;
 * memory is out for a snapshot, which is told, and the next tick gathers again; a receiver hangs
 * when we are stopped, so that the request under way gets half of the time; the process forks, and
 * the child has no thread but our locks as they were, and the parent's connections: it touches none
 * of them.
 */
#include "drive/pusher.h"

#include "base/error.h"
#include "base/thread.h"
#include "drive/pusher_inside.h"
#include "export/options.h"
#include "metrics/registry.h"
#include <inttypes.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* ---- starting ---- */

static void
pusher_free(struct pitot_pusher *pusher)
{
	pt_lanes_clear(&pusher->lanes);
	pt_gatherer_clear(&pusher->gatherer);
	pt_deadline_free(pusher->alarm);
	(void)pthread_cond_destroy(&pusher->moved);
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
	(void)pthread_cond_init(&pusher->moved, &monotonic);
	(void)pthread_condattr_destroy(&monotonic);
	(void)pthread_mutex_init(&pusher->lock, NULL);
}

static int
start_crew(struct pitot_pusher *pusher, struct pitot_error *why)
{
	const struct pt_courier_options options = {
		.clock = pusher->clock,
		.report = pt_pusher_report,
		.done = pt_pusher_done,
		.context = pusher,
	};
	return pt_crew_start(&pusher->crew, &pusher->lanes, &options, why);
}

/* The program's hooks run on this thread's stack. */
static int
start_thread(struct pitot_pusher *pusher, struct pitot_error *why)
{
	(void)pthread_mutex_lock(&pusher->lock); /* the thread begins with it, and so sees its id */
	int failed = pt_thread_start(&pusher->thread, pt_pusher_run, pusher);
	(void)pthread_mutex_unlock(&pusher->lock);
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

static void
set_options(struct pitot_pusher *pusher, const struct pitot_push_options *options)
{
	pusher->pid = getpid();
	pusher->stop_deadline_ms = options->stop_deadline_ms;
	pusher->report = options->report;
	pusher->report_context = options->report_context;
	set_schedule(pusher, options);
	pusher->adapts = options->adaptive.enabled;
	pusher->push_ms = -1;
}

struct pitot_pusher *
pt_pusher_start_with(struct pitot_registry *registry, const struct pitot_push_options *options,
	const struct pt_world *world, struct pitot_error *why)
{
	struct pitot_push_options complete;
	struct pitot_pusher *pusher = calloc(1, sizeof *pusher);
	if (pusher == NULL) {
		(void)pt_error_memory(why);
		return NULL;
	}
	init_lock(pusher);
	if (pt_options_complete(&complete, options, why) != 0 ||
		pt_lanes_init(&pusher->lanes, options, world, false, why) != 0)
		goto fail;
	pusher->counts_itself = !complete.no_self_metrics && registry != NULL;
	if (pt_adaptive_init(&pusher->adaptive, &complete.adaptive, complete.interval_ms, why) != 0)
		goto fail;
	if (pusher->counts_itself) {
		pt_selfstats_init(&pusher->stats, registry);
		pt_selfstats_destinations(&pusher->stats, &pusher->lanes);
	}
	if (pt_registry_declared(registry, why) != 0)
		goto fail;
	pusher->clock = world->clock;
	pt_gatherer_init(&pusher->gatherer, registry, &pusher->lanes, world->clock, &complete);
	pusher->alarm = pt_deadline_new(world->clock);
	if (pusher->alarm == NULL) {
		(void)pt_error_memory(why);
		goto fail;
	}
	set_options(pusher, &complete);
	if (start_crew(pusher, why) == 0 && start_thread(pusher, why) == 0)
		return pusher;
	pt_crew_finish(&pusher->crew, 0);
	pt_crew_join(&pusher->crew);
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
	const struct pt_world world = pt_world_real();
	if (pt_registry_disabled(registry))
		return inert_pusher(why);
	return pt_pusher_start_with(registry, options == NULL ? &none : options, &world, why);
}

/* ---- from other threads ---- */

static int
told(const struct pitot_error *error, struct pitot_error *why)
{
	if (error->code != 0 && why != NULL)
		*why = *error;
	return error->code;
}

/* Whether all lanes are through with it; *error is the first reason why one did not deliver. */
static bool
is_resolved(struct pitot_pusher *pusher, uint64_t ticket, struct pitot_error *error)
{
	bool all = true;
	for (size_t i = 0; i < pusher->lanes.count; i++) {
		struct pitot_error last;
		if (pt_lane_resolved(pusher->lanes.list[i], &last) < ticket)
			all = false;
		else if (error->code == 0)
			*error = last;
	}
	return all;
}

static int
wait_for(struct pitot_pusher *pusher, uint64_t wanted, int64_t wait_ms, struct pitot_error *why)
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
	uint64_t ticket = 0;
	bool done = false;
	struct pitot_error error = {.code = 0};
	(void)pthread_mutex_lock(&pusher->lock);
	while (!done && late == 0) {
		if (ticket == 0 && pusher->done >= wanted)
			ticket = pusher->done_ticket;
		error = pusher->gathered;
		done = ticket != 0 && is_resolved(pusher, ticket, &error);
		if (!done)
			late = pthread_cond_timedwait(&pusher->moved, &pusher->lock, &until);
	}
	(void)pthread_mutex_unlock(&pusher->lock);
	if (!done)
		return pt_error_set(why, PITOT_UNAVAILABLE,
			"flush: not delivered after %" PRId64 " ms; it goes on", wait_ms);
	return told(&error, why);
}

static bool
is_own_thread(const struct pitot_pusher *pusher)
{
	return pt_crew_is_self(&pusher->crew) || pthread_equal(pthread_self(), pusher->thread) != 0;
}

bool
pt_pusher_is_self(const struct pitot_pusher *pusher)
{
	return pusher != NULL && !pusher->inert && pusher->pid == getpid() && is_own_thread(pusher);
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
	if (wait_ms > 0 && is_own_thread(pusher))
		return pt_error_set(why, PITOT_USAGE,
			"flush: the pusher's own threads cannot wait for themselves: use wait_ms "
			"0");
	(void)pthread_mutex_lock(&pusher->lock);
	uint64_t ticket = ++pusher->wanted;
	pt_deadline_hasten(pusher->alarm, 0);
	(void)pthread_mutex_unlock(&pusher->lock);
	return wait_ms == 0 ? 0 : wait_for(pusher, ticket, wait_ms, why);
}

static void
ask_to_stop(struct pitot_pusher *pusher)
{
	int64_t now_ms = pusher->clock->mono_ms(pusher->clock);
	/* Half for the requests under way, so that the last values get a chance too. */
	pt_crew_hold(&pusher->crew, now_ms + pusher->stop_deadline_ms / 2);
	(void)pthread_mutex_lock(&pusher->lock);
	pusher->stopping = true;
	pusher->stop_at_ms = now_ms + pusher->stop_deadline_ms;
	pt_deadline_hasten(pusher->alarm, 0);
	(void)pthread_mutex_unlock(&pusher->lock);
}

/*
 * In a forked child the locks may be held for ever, and closing the connection would end the
 * parent's: nothing can be released. It is kept in a list, so that leak checkers know it.
 */
static void
leave(struct pitot_pusher *pusher)
{
	static struct pitot_pusher *_Atomic left;
	/* relaxed: nobody reads what the list holds. */
	pusher->next = atomic_exchange_explicit(&left, pusher, memory_order_relaxed);
}

int
pitot_pusher_stop(struct pitot_pusher *pusher, struct pitot_error *why)
{
	if (pusher == NULL)
		return 0;
	if (pusher->inert) {
		free(pusher);
		return 0;
	}
	if (pusher->pid != getpid()) {
		leave(pusher);
		return 0;
	}
	if (is_own_thread(pusher))
		return pt_error_set(why, PITOT_USAGE,
			"stop: the pusher's own threads cannot stop it: stop it from another one");
	ask_to_stop(pusher);
	(void)pthread_join(pusher->thread, NULL); /* it is ours and is joined once */
	pt_crew_join(&pusher->crew);
	struct pitot_error error = pusher->gathered;
	(void)is_resolved(pusher, 0, &error); /* whatever it was, it was the last */
	/* release: a later pusher sees what its samples must be newer than. */
	atomic_store_explicit(&pusher->gatherer.registry->pushed_until_ms,
		pusher->gatherer.life.last_ms + 1, memory_order_release);
	int code = told(&error, why);
	pusher_free(pusher);
	return code;
}
