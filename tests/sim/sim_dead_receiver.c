/* SPDX-License-Identifier: MIT */
/*
 * A worker whose receivers are dead for a simulated day, with series that come and go all the time:
 * memory stays within the queues' limits, and when the receivers are back they get the newest state
 * at once. The heap is counted, spools included, whose disk is in memory here.
 */
#include "base/number.h"
#include "drive/gatherer.h"
#include "metrics/registry.h"
#include "receiver.h"
#include "support/memory_files.h"
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>

#define INTERVAL_MS INT64_C(15000)
#define DAY_MS INT64_C(86400000)

/* Beside the queue: what the registry, the encoders and one snapshot take. */
enum { queue_bytes = 2 << 20, beside_bytes = 3 << 20 };

struct worker {
	const char *name;
	struct pitot_push_options options;
	struct sim_clock clock;
	struct sim_receiver receiver;
	struct memory_files disk;
	struct pitot_registry *registry;
	struct pitot_counters *jobs;
	struct pitot_gauge *number;
	struct pt_lanes lanes;
	struct pt_gatherer gatherer;
	struct pt_deadline *deadline;
	unsigned gathers;
};

static void
begin(struct worker *worker)
{
	struct pitot_error why;
	sim_clock_init(&worker->clock);
	memory_files_init(&worker->disk, 1);
	worker->receiver.clock = &worker->clock;
	worker->receiver.fault = SIM_REFUSE;
	const struct pt_world world = {.clock = &worker->clock.clock,
		.files = &worker->disk.files,
		.connect = sim_connect,
		.context = &worker->receiver,
		.seed = 7};
	worker->registry = pitot_registry_new(NULL);
	worker->registry->clock = &worker->clock.clock;
	worker->jobs = pitot_counters(worker->registry, "jobs", "Jobs.", "number");
	worker->number = pitot_gauge(worker->registry, "number", "Of the gather.");
	worker->options.job = "j";
	worker->options.instance = "";
	worker->options.interval_ms = INTERVAL_MS;
	worker->deadline = pt_deadline_new(&worker->clock.clock);
	pt_deadline_set(worker->deadline, INT64_MAX);
	if (pt_lanes_init(&worker->lanes, &worker->options, &world, false, &why) != 0) {
		fprintf(stderr, "%s\n", why.text);
		abort();
	}
	pt_gatherer_init(&worker->gatherer, worker->registry, &worker->lanes, &worker->clock.clock,
		&worker->options);
}

static void
end(struct worker *worker)
{
	pt_gatherer_clear(&worker->gatherer);
	pt_lanes_clear(&worker->lanes);
	pitot_registry_free(worker->registry);
	pt_deadline_free(worker->deadline);
	sim_receiver_clear(&worker->receiver);
	memory_files_clear(&worker->disk);
}

/* 200 series live at a time; each gather ends one and begins another. */
static void
gather(struct worker *worker)
{
	char number[16];
	struct pitot_error why;
	for (unsigned i = 0; i < 200; i++) {
		(void)snprintf(number, sizeof number, "%u", worker->gathers + i);
		pitot_counter_inc(pitot_counters_get(worker->jobs, number));
	}
	(void)snprintf(number, sizeof number, "%u", worker->gathers);
	pitot_counters_remove(worker->jobs, number);
	pitot_gauge_set(worker->number, worker->gathers++);
	if (pt_gatherer_run(&worker->gatherer, false, &why) == PITOT_NO_MEMORY)
		abort();
}

static void
deliver(struct worker *worker, int64_t until_ms)
{
	struct pt_lane *lane = worker->lanes.list[0];
	struct pitot_report report;
	while (pt_lane_due(lane) < until_ms) {
		if (pt_lane_due(lane) > worker->clock.mono_ms)
			worker->clock.mono_ms = pt_lane_due(lane);
		pt_lane_step(lane, worker->deadline);
		(void)pt_lane_report(lane, &report);
	}
	worker->clock.mono_ms = until_ms;
}

static bool
live_a_day(struct worker *worker)
{
	size_t begin_bytes = mallinfo2().uordblks, peak = 0;
	begin(worker);
	int64_t day_ends_ms = worker->clock.mono_ms + DAY_MS;
	while (worker->clock.mono_ms < day_ends_ms) {
		gather(worker);
		deliver(worker, worker->clock.mono_ms + INTERVAL_MS);
		size_t bytes = mallinfo2().uordblks - begin_bytes;
		peak = bytes > peak ? bytes : peak;
	}
	struct pt_lane_view view;
	pt_lane_look(worker->lanes.list[0], &view);
	bool within = peak <= queue_bytes + beside_bytes && view.samples > 0;
	printf("%s: %u gathers, at most %zu KiB, %zu samples wait: %s\n", worker->name,
		worker->gathers, peak >> 10, view.samples, within ? "within limits" : "too much");
	worker->receiver.fault = SIM_FINE;
	gather(worker);
	deliver(worker, worker->clock.mono_ms + 10 * INTERVAL_MS);
	pt_lane_look(worker->lanes.list[0], &view);
	if (view.samples != 0) {
		printf("%s: something still waits\n", worker->name);
		within = false;
	}
	const struct sim_series *series = sim_find(&worker->receiver, "__name__=number,job=j,");
	if (series == NULL || series->count == 0 ||
		series->samples[series->count - 1].bits != pt_number_bits(worker->gathers - 1)) {
		printf("%s: the newest state did not arrive\n", worker->name);
		within = false;
	}
	end(worker);
	return within;
}

int
main(void)
{
	struct worker memory = {.name = "remote write",
		.options = {.url = "http://h/api/v1/write",
			.protocol = PITOT_PROTOCOL_REMOTE_WRITE_2,
			.queue_bytes = queue_bytes}};
	struct worker spool = {.name = "remote write with a spool",
		.options = {.url = "http://h/api/v1/write",
			.protocol = PITOT_PROTOCOL_REMOTE_WRITE_2,
			.spool_dir = "/spool",
			.spool_bytes = queue_bytes}};
	bool ok = live_a_day(&memory);
	ok = live_a_day(&spool) && ok;
	return ok ? EXIT_SUCCESS : EXIT_FAILURE;
}
