/* SPDX-License-Identifier: MIT */
/*
 * One push in the calling thread: lanes are made, given one snapshot, run until the deadline, and
 * freed; further destinations have a thread each meanwhile. Fails on wrong options, on a mistake
 * that the registry keeps (after pushing what there is), on what a destination cannot take, and
 * when it could not be delivered before the deadline.
 */
#include "drive/push.h"

#include "base/error.h"
#include "base/thread.h"
#include "drive/lifecycle.h"
#include "export/options.h"
#include "metrics/registry.h"
#include <pthread.h>
#include <stdlib.h>

/* One lane's part of it. */
struct run {
	struct pt_lane *lane;
	struct pt_deadline *deadline;
	const struct pt_push_task *task;
	bool threaded;
	pthread_t thread;
	struct pitot_report report;
};

static void
tell_progress(void *context)
{
	const struct run *run = context;
	struct pt_lane_view view;
	if (run->task->progress == NULL)
		return;
	pt_lane_look(run->lane, &view);
	run->task->progress(run->task->context, view.samples, view.queue_bytes + view.spool_bytes);
}

static void *
run_lane(void *context)
{
	struct run *run = context;
	pt_lane_run(run->lane, run->deadline, tell_progress, run);
	pt_lane_abandon(run->lane);
	(void)pt_lane_report(run->lane, &run->report);
	return NULL;
}

static void
run_all(struct run *runs, size_t count)
{
	for (size_t i = 1; i < count; i++)
		runs[i].threaded = pt_thread_start(&runs[i].thread, run_lane, &runs[i]) == 0;
	(void)run_lane(&runs[0]);
	for (size_t i = 1; i < count; i++) {
		if (runs[i].threaded)
			(void)pthread_join(runs[i].thread, NULL); /* ours, joined once */
		else
			(void)run_lane(&runs[i]);
	}
}

static void
add_report(struct pitot_report *sum, const struct pitot_report *one)
{
	bool failed = sum->error.code == 0 && one->error.code != 0;
	if (sum->url[0] == '\0' || failed) {
		memcpy(sum->url, one->url, sizeof sum->url);
		sum->protocol = one->protocol;
	}
	if (failed)
		sum->error = one->error;
	if (sum->receiver_ms == 0) {
		sum->receiver_ms = one->receiver_ms;
		sum->heard_ms = one->heard_ms;
	}
	if (sum->time_ms == 0 || one->time_ms < sum->time_ms)
		sum->time_ms = one->time_ms;
	if (one->duration_ms > sum->duration_ms)
		sum->duration_ms = one->duration_ms;
	sum->requests += one->requests;
	sum->attempts += one->attempts;
	sum->series = one->series > sum->series ? one->series : sum->series;
	sum->samples_sent += one->samples_sent;
	sum->samples_retried += one->samples_retried;
	sum->samples_failed += one->samples_failed;
	sum->samples_dropped += one->samples_dropped;
	for (int i = 0; i < PITOT_DROP_REASONS; i++)
		sum->dropped[i] += one->dropped[i];
	if (one->dropped_reason != NULL)
		sum->dropped_reason = one->dropped_reason;
	sum->exemplars_sent += one->exemplars_sent;
	sum->exemplars_dropped += one->exemplars_dropped;
	sum->samples_pending += one->samples_pending;
	sum->pending_bytes += one->pending_bytes;
	if (one->oldest_ms != 0 && (sum->oldest_ms == 0 || one->oldest_ms < sum->oldest_ms))
		sum->oldest_ms = one->oldest_ms;
	sum->bytes_sent += one->bytes_sent;
	sum->maybe_stored |= one->maybe_stored;
}

static int
deliver(const struct pt_push_task *task, struct pt_lanes *lanes, const struct pt_clock *clock,
	const struct pitot_push_options *options, struct pitot_report *report)
{
	struct run *runs = calloc(lanes->count, sizeof *runs);
	int64_t now_ms = clock->mono_ms(clock);
	bool ok = runs != NULL;
	for (size_t i = 0; ok && i < lanes->count; i++) {
		runs[i].lane = lanes->list[i];
		runs[i].task = task;
		runs[i].deadline = pt_deadline_new(clock);
		ok = runs[i].deadline != NULL;
		if (ok)
			pt_deadline_set(runs[i].deadline,
				options->detach ? now_ms : now_ms + options->deadline_ms);
	}
	if (ok)
		run_all(runs, lanes->count);
	for (size_t i = 0; runs != NULL && i < lanes->count; i++) {
		add_report(report, &runs[i].report);
		pt_deadline_free(runs[i].deadline);
	}
	free(runs);
	if (!ok)
		return pt_error_memory(&report->error);
	/* To leave it in the spool is what was asked for. */
	if (options->detach && report->error.code == PITOT_SPOOLED)
		report->error = (struct pitot_error){.code = 0};
	return report->error.code;
}

/* ---- what is to be delivered ---- */

static int
offer_remove(struct pt_lanes *lanes, struct pitot_report *report)
{
	for (size_t i = 0; i < lanes->count; i++) {
		if (pt_lane_is_gateway(lanes->list[i]))
			continue;
		(void)pt_lane_report(lanes->list[i], report);
		return pt_error_set(&report->error, PITOT_USAGE,
			"delete %s: only a Pushgateway can delete, and this is remote write",
			report->url);
	}
	for (size_t i = 0; i < lanes->count; i++)
		pt_lane_offer_action(lanes->list[i], PT_FORMAT_DELETE, 1);
	return 0;
}

static int
refuse_time(struct pt_lanes *lanes, struct pitot_report *report)
{
	for (size_t i = 0; i < lanes->count; i++)
		if (pt_lane_is_gateway(lanes->list[i])) {
			(void)pt_lane_report(lanes->list[i], report);
			return pt_error_set(&report->error, PITOT_USAGE,
				"push %s: a Pushgateway takes no timestamps: leave the time out, "
				"or push by remote write",
				report->url);
		}
	return 0;
}

static void
offer_snapshot(struct pt_lanes *lanes, struct pitot_snapshot *snapshot, int64_t time_ms,
	enum pitot_at_end at_end)
{
	struct pitot_snapshot *end =
		at_end >= PITOT_END_STALE ? pt_lifecycle_end(snapshot, time_ms) : NULL;
	for (size_t i = 0; i < lanes->count; i++) {
		pt_lane_offer(lanes->list[i], snapshot, time_ms, false, 1);
		if (end != NULL && !pt_lane_is_gateway(lanes->list[i]))
			pt_lane_offer(lanes->list[i], end, time_ms + 1, true, 2);
	}
	pitot_snapshot_free(end);
}

static int
offer(const struct pt_push_task *task, struct pt_lanes *lanes,
	const struct pitot_push_options *options, struct pitot_report *report)
{
	if (task->spool_only)
		return 0;
	if (task->remove)
		return offer_remove(lanes, report);
	int code = task->time_ms != 0 ? refuse_time(lanes, report) : 0;
	if (code != 0)
		return code;
	struct pitot_snapshot *taken = NULL;
	if (task->registry != NULL) {
		taken = pitot_snapshot_take(task->registry, &report->error);
		if (taken == NULL)
			return report->error.code;
	}
	struct pitot_snapshot *snapshot = taken != NULL ? taken : task->snapshot;
	if (snapshot == NULL)
		return pt_error_set(&report->error, PITOT_USAGE, "push: there is no snapshot");
	offer_snapshot(lanes, snapshot, task->time_ms != 0 ? task->time_ms : snapshot->time_ms,
		options->at_end);
	pitot_snapshot_free(taken);
	return 0;
}

int
pt_push_with(const struct pt_push_task *task, const struct pt_world *world,
	struct pitot_report *report, struct pitot_error *why)
{
	static const struct pitot_push_options none;
	const struct pitot_push_options *options = task->options != NULL ? task->options : &none;
	struct pitot_push_options complete;
	struct pitot_report local;
	struct pt_lanes lanes = {.count = 0};
	if (report == NULL)
		report = &local;
	*report = (struct pitot_report){.series = 0};
	int code = pt_options_complete(&complete, options, &report->error);
	if (code == 0)
		code = pt_lanes_init(&lanes, options, world, true, &report->error);
	if (code == 0)
		code = offer(task, &lanes, &complete, report);
	if (code == 0)
		code = deliver(task, &lanes, world->clock, &complete, report);
	pt_lanes_clear(&lanes);
	if (code != 0 && why != NULL)
		*why = report->error;
	return code;
}

/* ---- over the network, by the system's clock ---- */

int
pitot_push(struct pitot_registry *registry, const struct pitot_push_options *options,
	struct pitot_report *report, struct pitot_error *why)
{
	const struct pt_world world = pt_world_real();
	const struct pt_push_task task = {.registry = registry, .options = options};
	int code = 0;
	if (report != NULL)
		*report = (struct pitot_report){.series = 0};
	/* What could be declared is pushed in any case: better some metrics than none. */
	if (registry != NULL && !pt_registry_disabled(registry))
		code = pt_push_with(&task, &world, report, why);
	return code != 0 ? code : pt_registry_declared(registry, why);
}

int
pitot_push_snapshot(const struct pitot_snapshot *snapshot, int64_t time_ms,
	const struct pitot_push_options *options, struct pitot_report *report,
	struct pitot_error *why)
{
	const struct pt_world world = pt_world_real();
	/* Lanes take references, and are gone when this returns. */
	const struct pt_push_task task = {.snapshot = (struct pitot_snapshot *)(uintptr_t)snapshot,
		.time_ms = time_ms,
		.options = options};
	return pt_push_with(&task, &world, report, why);
}

int
pitot_push_delete(const struct pitot_push_options *options, struct pitot_report *report,
	struct pitot_error *why)
{
	const struct pt_world world = pt_world_real();
	const struct pt_push_task task = {.remove = true, .options = options};
	return pt_push_with(&task, &world, report, why);
}
