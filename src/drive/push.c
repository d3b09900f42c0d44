/* SPDX-License-Identifier: MIT */
/*
 * One push in the calling thread: an exporter is made, used once and freed. Fails on wrong options,
 * on a mistake that the registry keeps (after pushing what there is), on what the destination
 * cannot take, and when it could not be delivered before the deadline.
 */
#include "drive/push.h"

#include "base/error.h"
#include "export/options.h"
#include "metrics/registry.h"
#include <stdio.h>

int
pt_push_once(struct pt_exporter *exporter, const struct pitot_snapshot *snapshot, int64_t time_ms,
	struct pt_deadline *deadline, struct pitot_report *report)
{
	const struct pt_clock *clock = pt_deadline_clock(deadline);
	int64_t start_ms = clock->mono_ms(clock);
	struct pitot_error error = {.code = 0};
	*report = (struct pitot_report){
		.protocol = exporter->protocol,
		.time_ms = clock->wall_ms(clock),
	};
	/* A URL that is too long for the report is cut there, as push.h says. */
	(void)snprintf(report->url, sizeof report->url, "%s", exporter->url);
	int code = snapshot != NULL
		? exporter->push(exporter, snapshot, time_ms, deadline, report, &error)
		: exporter->remove(exporter, deadline, report, &error);
	if (code != 0) {
		(void)pt_error_wrap(
			&error, "%s %s", snapshot != NULL ? "push" : "delete", exporter->url);
		report->error = error;
	}
	report->duration_ms = clock->mono_ms(clock) - start_ms;
	return code;
}

/* The parts of pt_push_with() with an exporter and a deadline; they fill the report's error. */
static int
run_remove(struct pt_exporter *exporter, struct pt_deadline *deadline, struct pitot_report *report)
{
	if (exporter->remove != NULL)
		return pt_push_once(exporter, NULL, 0, deadline, report);
	return pt_error_set(&report->error, PITOT_USAGE,
		"delete %s: only a Pushgateway can delete, and this is remote write",
		exporter->url);
}

static int
run_push(const struct pt_push_task *task, struct pt_exporter *exporter,
	struct pt_deadline *deadline, struct pitot_report *report)
{
	if (task->time_ms != 0 && exporter->protocol == PITOT_PROTOCOL_PUSHGATEWAY)
		return pt_error_set(&report->error, PITOT_USAGE,
			"push %s: a Pushgateway takes no timestamps: leave the time out, or push "
			"by remote write",
			exporter->url);
	struct pitot_snapshot *taken = NULL;
	if (task->registry != NULL) {
		taken = pitot_snapshot_take(task->registry, &report->error);
		if (taken == NULL)
			return report->error.code;
	}
	const struct pitot_snapshot *snapshot = taken != NULL ? taken : task->snapshot;
	if (snapshot == NULL)
		return pt_error_set(&report->error, PITOT_USAGE, "push: there is no snapshot");
	int64_t time_ms = task->time_ms != 0 ? task->time_ms : snapshot->time_ms;
	int code = pt_push_once(exporter, snapshot, time_ms, deadline, report);
	pitot_snapshot_free(taken);
	return code;
}

int
pt_push_with(const struct pt_push_task *task, struct pt_transport *transport,
	const struct pt_clock *clock, struct pitot_report *report, struct pitot_error *why)
{
	struct pitot_push_options options;
	struct pitot_report local;
	if (report == NULL)
		report = &local;
	*report = (struct pitot_report){.series = 0};
	struct pt_exporter *exporter = pt_exporter_new(task->options, transport, &report->error);
	struct pt_deadline *deadline = pt_deadline_new(clock);
	int code = exporter == NULL ? report->error.code : 0;
	if (code == 0)
		code = pt_options_complete(&options, task->options, &report->error);
	if (code == 0 && deadline == NULL)
		code = pt_error_memory(&report->error);
	if (code == 0) {
		pt_deadline_set(deadline, clock->mono_ms(clock) + options.deadline_ms);
		code = task->remove ? run_remove(exporter, deadline, report)
				    : run_push(task, exporter, deadline, report);
	}
	if (exporter != NULL)
		exporter->free(exporter);
	pt_deadline_free(deadline);
	if (code != 0 && why != NULL)
		*why = report->error;
	return code;
}

/* Over the network, by the system's clock. */
static int
push_real(struct pt_push_task *task, struct pitot_report *report, struct pitot_error *why)
{
	static const struct pitot_push_options none;
	struct pitot_error error;
	if (task->options == NULL)
		task->options = &none;
	struct pt_transport *transport = pt_curl_new(&task->options->http, &error);
	if (transport != NULL)
		return pt_push_with(task, transport, pt_clock_real(), report, why);
	if (report != NULL)
		*report = (struct pitot_report){.error = error};
	if (why != NULL)
		*why = error;
	return error.code;
}

int
pitot_push(struct pitot_registry *registry, const struct pitot_push_options *options,
	struct pitot_report *report, struct pitot_error *why)
{
	struct pt_push_task task = {.registry = registry, .options = options};
	int code = 0;
	if (report != NULL)
		*report = (struct pitot_report){.series = 0};
	/* What could be declared is pushed in any case: better some metrics than none. */
	if (registry != NULL && !pt_registry_disabled(registry))
		code = push_real(&task, report, why);
	return code != 0 ? code : pt_registry_declared(registry, why);
}

int
pitot_push_snapshot(const struct pitot_snapshot *snapshot, int64_t time_ms,
	const struct pitot_push_options *options, struct pitot_report *report,
	struct pitot_error *why)
{
	struct pt_push_task task = {.snapshot = snapshot, .time_ms = time_ms, .options = options};
	return push_real(&task, report, why);
}

int
pitot_push_delete(const struct pitot_push_options *options, struct pitot_report *report,
	struct pitot_error *why)
{
	struct pt_push_task task = {.remove = true, .options = options};
	return push_real(&task, report, why);
}
