/* SPDX-License-Identifier: MIT */
/*
 * The pusher's thread: it sleeps until the next gather, makes it, and tells the couriers. What can
 * fail is memory for a snapshot, which is told, and the next gather tries again.
 */
#include "base/error.h"
#include "drive/pusher_inside.h"

static int64_t
next_tick(struct pitot_pusher *pusher, int64_t now_ms)
{
	if (!pusher->adapts)
		return pt_schedule_next(&pusher->schedule, now_ms);
	int64_t next_ms = pusher->gathered_ms + pt_adaptive_interval_ms(&pusher->adaptive);
	return next_ms > now_ms ? next_ms : now_ms;
}

static bool
is_wanted(const struct pitot_pusher *pusher)
{
	return pusher->stopping || pusher->wanted != pusher->done;
}

/* Returns whether the next gather is due; otherwise what is held may have got its time. */
static bool
sleep_until_wanted(struct pitot_pusher *pusher)
{
	const struct pt_clock *clock = pusher->clock;
	(void)pthread_mutex_lock(&pusher->lock);
	int64_t now_ms = clock->mono_ms(clock);
	int64_t tick_ms = is_wanted(pusher) ? now_ms : next_tick(pusher, now_ms);
	int64_t next_ms = pusher->heard ? now_ms : tick_ms;
	/* Set under the lock: a later flush or stop hastens it, an earlier one was just seen. */
	pt_deadline_set(pusher->alarm, next_ms);
	(void)pthread_mutex_unlock(&pusher->lock);
	pt_deadline_sleep(pusher->alarm, next_ms);
	(void)pthread_mutex_lock(&pusher->lock);
	bool due = is_wanted(pusher) || !pusher->heard || clock->mono_ms(clock) >= tick_ms;
	pusher->heard = false;
	(void)pthread_mutex_unlock(&pusher->lock);
	return due;
}

/* The fullest lane is what the load is measured by. */
static void
look_at_lanes(const struct pitot_pusher *pusher, uint64_t *pending, uint64_t *capacity)
{
	*pending = 0;
	*capacity = 1;
	for (size_t i = 0; i < pusher->lanes.count; i++) {
		struct pt_lane_view view;
		pt_lane_look(pusher->lanes.list[i], &view);
		uint64_t bytes = view.has_spool ? view.spool_bytes : view.queue_bytes;
		uint64_t limit = view.has_spool ? view.spool_limit : view.queue_limit;
		if ((double)bytes / (double)limit > (double)*pending / (double)*capacity) {
			*pending = bytes;
			*capacity = limit;
		}
	}
}

/* Tells the controller what happened; returns whether the queue demands that it be emptied. */
static bool
adapt(struct pitot_pusher *pusher)
{
	uint64_t pending, capacity;
	int64_t now_ms = pusher->clock->mono_ms(pusher->clock);
	look_at_lanes(pusher, &pending, &capacity);
	struct pt_adaptive_observed observed = {
		.changed_samples = pusher->gatherer.changed,
		.elapsed_ms = pusher->gathered_ms == 0 ? 0 : now_ms - pusher->gathered_ms,
		.pending_bytes = pending,
		.capacity_bytes = capacity,
	};
	(void)pthread_mutex_lock(&pusher->lock);
	observed.push_ms = pusher->push_ms;
	observed.push_ok = pusher->push_ok;
	pusher->push_ms = -1;
	(void)pthread_mutex_unlock(&pusher->lock);
	pusher->gathered_ms = now_ms;
	pt_adaptive_observe(&pusher->adaptive, &observed);
	return pt_adaptive_forced(&pusher->adaptive, pending, capacity);
}

static void
tell_couriers(struct pitot_pusher *pusher, bool final, bool hurry, int64_t stop_at_ms)
{
	if (final)
		pt_crew_finish(&pusher->crew, stop_at_ms);
	else if (hurry)
		pt_crew_hurry(&pusher->crew);
	else
		pt_crew_wake(&pusher->crew);
}

/* That our clock and the receiver's differ, once. */
static void
tell_clock(struct pitot_pusher *pusher)
{
	struct pitot_report report = {.time_ms = pusher->clock->wall_ms(pusher->clock)};
	struct pt_lane_view view;
	if (!pt_clockguard_news(&pusher->gatherer.guard, &report.error) || pusher->report == NULL)
		return;
	pt_lane_look(pusher->lanes.list[0], &view);
	(void)pt_error_wrap(&report.error, "push %s", view.url);
	memcpy(report.url, view.url, sizeof report.url);
	pusher->report(pusher->report_context, &report);
}

/* One gather; returns whether it was the last. */
static bool
flush(struct pitot_pusher *pusher, bool *forced)
{
	struct pitot_error error = {.code = 0};
	(void)pthread_mutex_lock(&pusher->lock);
	bool final = pusher->stopping;
	uint64_t wanted = pusher->wanted;
	bool asked = wanted != pusher->done;
	int64_t stop_at_ms = pusher->stop_at_ms;
	(void)pthread_mutex_unlock(&pusher->lock);
	if (pusher->counts_itself) {
		pt_selfstats_flush(&pusher->stats, pt_adaptive_mode(&pusher->adaptive),
			asked || final || *forced);
		pt_selfstats_gauge(
			&pusher->stats, &pusher->lanes, pusher->clock->wall_ms(pusher->clock));
		pt_selfstats_rhythm(
			&pusher->stats, &pusher->adaptive, pusher->gatherer.guard.off_ms);
	}
	(void)pt_gatherer_run(&pusher->gatherer, final, &error);
	*forced = adapt(pusher);
	(void)pthread_mutex_lock(&pusher->lock);
	pusher->done = wanted;
	pusher->done_ticket = pusher->gatherer.snapshot_ticket;
	pusher->gathered = error;
	pusher->holding = pusher->gatherer.held_count > 0;
	(void)pthread_cond_broadcast(&pusher->moved);
	(void)pthread_mutex_unlock(&pusher->lock);
	tell_clock(pusher);
	tell_couriers(pusher, final, asked || *forced, stop_at_ms);
	return final;
}

/* What was held, as far as its time has come. */
static void
release(struct pitot_pusher *pusher)
{
	struct pitot_error error = {.code = 0};
	(void)pt_gatherer_release(&pusher->gatherer, &error);
	(void)pthread_mutex_lock(&pusher->lock);
	if (error.code != 0)
		pusher->gathered = error;
	pusher->holding = pusher->gatherer.held_count > 0;
	(void)pthread_mutex_unlock(&pusher->lock);
	tell_clock(pusher);
	tell_couriers(pusher, false, false, 0);
}

void *
pt_pusher_run(void *context)
{
	struct pitot_pusher *pusher = context;
	for (bool forced = false; !flush(pusher, &forced);)
		while (!sleep_until_wanted(pusher))
			release(pusher);
	return NULL;
}

/* ---- from the couriers ---- */

void
pt_pusher_report(void *context, const struct pitot_report *report)
{
	struct pitot_pusher *pusher = context;
	if (pusher->counts_itself)
		pt_selfstats_count(&pusher->stats, report);
	(void)pthread_mutex_lock(&pusher->lock);
	if (report->attempts > 0) {
		pusher->push_ms = report->duration_ms;
		pusher->push_ok = report->error.code == 0;
	}
	(void)pthread_mutex_unlock(&pusher->lock);
	if (pusher->report != NULL)
		pusher->report(pusher->report_context, report);
}

void
pt_pusher_done(void *context)
{
	struct pitot_pusher *pusher = context;
	(void)pthread_mutex_lock(&pusher->lock);
	if (pusher->holding) {
		pusher->heard = true;
		pt_deadline_hasten(pusher->alarm, 0);
	}
	(void)pthread_cond_broadcast(&pusher->moved);
	(void)pthread_mutex_unlock(&pusher->lock);
}
