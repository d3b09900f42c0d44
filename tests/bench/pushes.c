/* SPDX-License-Identifier: MIT */
/*
 * Whole pushes as the pusher makes them: a gather with births, ends and times, the lane with its
 * queue and its account, to a receiver that takes everything at once. And the memory of a registry
 * that is pushed so.
 */
#include "inside.h"
#include "measure.h"
#include "workload.h"
#include "drive/gatherer.h"
#include "support/tick.h"
#include <stdio.h>

struct sender {
	struct tick tick;
	struct workload work;
	struct pt_lanes lanes;
	struct pt_gatherer gatherer;
	struct pt_deadline *deadline;
	struct pitot_report report;
};

static struct pt_transport *
connect_nowhere(void *context, const struct pitot_http_options *options, struct pitot_error *why)
{
	(void)context;
	(void)options;
	(void)why;
	return bench_transport();
}

static void
open_sender(struct sender *sender, int version)
{
	struct pitot_error why;
	const struct pt_world world = {.clock = &sender->tick.clock,
		.files = pt_files_real(),
		.connect = connect_nowhere,
		.seed = 1};
	const struct pitot_push_options options = {
		.url = bench_url(version),
		.protocol = bench_protocol(version),
		.job = version == 0 ? "bench" : "",
		.instance = "",
		.queue_bytes = (size_t)1 << 30,
	};
	tick_init(&sender->tick);
	sender->deadline = pt_deadline_new(&sender->tick.clock);
	bench_must(sender->deadline != NULL &&
			pt_lanes_init(&sender->lanes, &options, &world, false, &why) == 0,
		"no lane");
	pt_deadline_set(sender->deadline, INT64_MAX);
	pt_gatherer_init(&sender->gatherer, sender->work.registry, &sender->lanes,
		&sender->tick.clock, &options);
}

static void
close_sender(struct sender *sender)
{
	pt_gatherer_clear(&sender->gatherer);
	pt_lanes_clear(&sender->lanes);
	pt_deadline_free(sender->deadline);
}

static void
pass(void *context)
{
	struct sender *sender = context;
	tick_pass(&sender->tick, 15000);
	if (sender->work.handles != NULL)
		workload_advance(&sender->work);
}

static void
push(void *context, size_t times)
{
	struct sender *sender = context;
	struct pitot_error why;
	(void)times;
	bench_must(pt_gatherer_run(&sender->gatherer, false, &why) == 0, "no gather");
	pt_lane_run(sender->lanes.list[0], sender->deadline, NULL, NULL);
	(void)pt_lane_report(sender->lanes.list[0], &sender->report);
	bench_must(sender->report.samples_sent >= sender->work.series &&
			sender->report.samples_failed == 0,
		"a push was not taken");
}

void
bench_pushes(int version, char kind, size_t series)
{
	static const char *const names[] = {"push_gateway", "push_rw1", "push_rw2"};
	struct sender sender = {.deadline = NULL};
	workload_make(&sender.work, kind, series, true);
	open_sender(&sender, version);
	pass(&sender);
	push(&sender, 1);
	const struct bench_case one = {"pitot", bench_row(names[version], kind, sender.work.series),
		"ns/series", pass, push, &sender, 1, (double)sender.work.series};
	bench_run(&one, 1, series > 500000 ? 3 : series > 50000 ? 7 : 15);
	bench_allocations(&one);
	close_sender(&sender);
	workload_clear(&sender.work);
}

void
bench_memory(int version, size_t series)
{
	static const char *const names[] = {"memory_gateway", "memory_rw1", "memory_rw2"};
	struct sender sender = {.deadline = NULL};
	double before = bench_resident(), count = (double)series;
	workload_make(&sender.work, 'C', series, false);
	double made = (bench_resident() - before) / count;
	open_sender(&sender, version);
	for (int i = 0; i < 3; i++) {
		pass(&sender);
		push(&sender, 1);
	}
	double pushed = (bench_resident() - before) / count;
	bench_tell("pitot", bench_row("memory", 'C', series), made, made, "bytes/series");
	bench_tell("pitot", bench_row(names[version], 'C', series), pushed, pushed, "bytes/series");
	close_sender(&sender);
	workload_clear(&sender.work);
}
