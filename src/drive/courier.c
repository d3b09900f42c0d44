/* SPDX-License-Identifier: MIT */
/*
 * The happy path is: the thread sleeps until its lane is due or somebody wakes it, makes one step,
 * and reports. Possible failures are all the lane's. It ends when it is told to finish: with a last
 * round until the given time, after which what is left is given up.
 */
#include "drive/courier.h"

#include "base/error.h"
#include "base/thread.h"
#include <stdlib.h>
#include <string.h>

struct pt_courier {
	struct pt_courier_options options;
	pthread_t thread;
	struct pt_deadline *running; /* of the request under way */
	struct pt_deadline *alarm;   /* the end of the thread's sleep */

	pthread_mutex_t lock; /* guards what follows; taken before a deadline's lock */
	bool woken, hurried, held, finishing;
	int64_t until_ms; /* what `running` is set to */
};

static void
report(struct pt_courier *courier, bool final)
{
	struct pitot_report text;
	(void)pt_lane_report(courier->options.lane, &text);
	text.final = final;
	courier->options.report(courier->options.context, &text);
}

/* Sleeps until there is something to do; returns whether it is the last round. */
static bool
sleep_until_due(struct pt_courier *courier)
{
	for (;;) {
		const struct pt_clock *clock = courier->options.clock;
		(void)pthread_mutex_lock(&courier->lock);
		bool hurried = courier->hurried, held = courier->held;
		bool finishing = courier->finishing;
		courier->hurried = courier->woken = false;
		(void)pthread_mutex_unlock(&courier->lock);
		if (finishing)
			return true;
		if (hurried)
			pt_lane_hurry(courier->options.lane);
		int64_t due_ms = held ? INT64_MAX : pt_lane_due(courier->options.lane);
		if (due_ms <= clock->mono_ms(clock))
			return false;
		(void)pthread_mutex_lock(&courier->lock);
		bool woken = courier->woken;
		/* Set under the lock: a later waker hastens it, an earlier one was just seen. */
		if (!woken)
			pt_deadline_set(courier->alarm, due_ms);
		(void)pthread_mutex_unlock(&courier->lock);
		if (!woken)
			pt_deadline_sleep(courier->alarm, due_ms);
	}
}

static void
begin_running(struct pt_courier *courier)
{
	(void)pthread_mutex_lock(&courier->lock);
	pt_deadline_set(courier->running, courier->until_ms);
	(void)pthread_mutex_unlock(&courier->lock);
}

static void *
run(void *context)
{
	struct pt_courier *courier = context;
	struct pt_lane *lane = courier->options.lane;
	/* Whoever started it holds the lock until the thread's id is known. */
	(void)pthread_mutex_lock(&courier->lock);
	(void)pthread_mutex_unlock(&courier->lock);
	while (!sleep_until_due(courier)) {
		begin_running(courier);
		pt_lane_step(lane, courier->running);
		if (pt_lane_has_news(lane))
			report(courier, false);
		courier->options.done(courier->options.context);
	}
	begin_running(courier);
	pt_lane_hurry(lane);
	pt_lane_run(lane, courier->running, NULL, NULL);
	pt_lane_abandon(lane);
	report(courier, true);
	courier->options.done(courier->options.context);
	return NULL;
}

static void
courier_free(struct pt_courier *courier)
{
	pt_deadline_free(courier->running);
	pt_deadline_free(courier->alarm);
	(void)pthread_mutex_destroy(&courier->lock);
	free(courier);
}

/*
 * The program's signals are for its own threads. The stack has the usual size, because the
 * program's callbacks run on it.
 */
struct pt_courier *
pt_courier_start(const struct pt_courier_options *options, struct pitot_error *why)
{
	struct pt_courier *courier = calloc(1, sizeof *courier);
	if (courier == NULL) {
		(void)pt_error_memory(why);
		return NULL;
	}
	(void)pthread_mutex_init(&courier->lock, NULL);
	courier->options = *options;
	courier->until_ms = INT64_MAX;
	courier->running = pt_deadline_new(options->clock);
	courier->alarm = pt_deadline_new(options->clock);
	int failed = 0;
	if (courier->running == NULL || courier->alarm == NULL) {
		(void)pt_error_memory(why);
		courier_free(courier);
		return NULL;
	}
	(void)pthread_mutex_lock(&courier->lock);
	failed = pt_thread_start(&courier->thread, run, courier);
	(void)pthread_mutex_unlock(&courier->lock);
	if (failed != 0) {
		(void)pt_error_set(why, PITOT_FAILED, "pusher: no thread: %s", strerror(failed));
		courier_free(courier);
		return NULL;
	}
	(void)pthread_setname_np(courier->thread, "pitot-send"); /* only for the eye */
	return courier;
}

/* The lock is held. */
static void
wake(struct pt_courier *courier)
{
	courier->woken = true;
	pt_deadline_hasten(courier->alarm, 0);
}

void
pt_courier_wake(struct pt_courier *courier)
{
	(void)pthread_mutex_lock(&courier->lock);
	wake(courier);
	(void)pthread_mutex_unlock(&courier->lock);
}

void
pt_courier_hurry(struct pt_courier *courier)
{
	(void)pthread_mutex_lock(&courier->lock);
	courier->hurried = true;
	wake(courier);
	(void)pthread_mutex_unlock(&courier->lock);
}

void
pt_courier_hold(struct pt_courier *courier, int64_t mono_ms)
{
	(void)pthread_mutex_lock(&courier->lock);
	courier->held = true;
	courier->until_ms = mono_ms;
	pt_deadline_hasten(courier->running, mono_ms);
	wake(courier);
	(void)pthread_mutex_unlock(&courier->lock);
}

void
pt_courier_finish(struct pt_courier *courier, int64_t mono_ms)
{
	(void)pthread_mutex_lock(&courier->lock);
	courier->finishing = true;
	courier->until_ms = mono_ms;
	wake(courier);
	(void)pthread_mutex_unlock(&courier->lock);
}

void
pt_courier_join(struct pt_courier *courier)
{
	(void)pthread_join(courier->thread, NULL); /* it is ours and is joined once */
	courier_free(courier);
}

bool
pt_courier_is_self(const struct pt_courier *courier)
{
	return pthread_equal(pthread_self(), courier->thread) != 0;
}
