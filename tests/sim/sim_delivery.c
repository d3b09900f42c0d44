/* SPDX-License-Identifier: MIT */
/*
 * Thousands of random runs of a worker that pushes through outages under virtual time. A second
 * destination that never fails keeps what was offered; in the end the first one must hold the same,
 * in order and once, but for what was counted as dropped for a reason that the run allows.
 *
 * Usage: sim_delivery [runs [first seed]]. A violation prints its seed.
 */
#include "base/number.h"
#include "drive/gatherer.h"
#include "metrics/registry.h"
#include "receiver.h"
#include "support/memory_files.h"
#include <stdio.h>
#include <stdlib.h>

/* ---- chance: splitmix64, so that a seed tells everything ---- */

static uint64_t state;

static uint64_t
chance(void)
{
	uint64_t x = state += UINT64_C(0x9e3779b97f4a7c15);
	x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
	return x ^ x >> 31;
}

static uint64_t
below(uint64_t limit)
{
	return chance() % limit;
}

/* ---- one run ---- */

struct run {
	struct sim_clock clock;
	struct sim_receiver target, mirror;
	struct pitot_registry *registry;
	struct pitot_counters *jobs;
	struct pitot_gauges *depths;
	struct pitot_histogram *took;
	struct pitot_native_histogram *sizes;
	struct pt_lanes lanes;
	struct pt_gatherer gatherer;
	struct pt_deadline *deadline;
	struct pitot_push_options options, other;
	struct pitot_report sum; /* of the target */
	bool limited;            /* its queue is small */
	struct memory_files disk;
	bool spools;
	bool steps;                           /* its wall clock does */
	size_t unoffered[PITOT_DROP_REASONS]; /* samples that the clock kept from every lane */
	size_t counted_twice;
	size_t crashes, lost_in_crashes; /* samples of gathers in which the process died */
	bool loses_power;                /* when it dies, so may the machine */
	size_t power_cuts;
};

static const char mirror_name[] = "mirror";

static struct pt_transport *
connect_one(void *context, const struct pitot_http_options *http, struct pitot_error *why)
{
	struct run *run = context;
	bool mirror = http->username != NULL && strcmp(http->username, mirror_name) == 0;
	return sim_connect(mirror ? &run->mirror : &run->target, http, why);
}

static void
choose_options(struct run *run)
{
	static const enum pitot_protocol protocols[] = {PITOT_PROTOCOL_REMOTE_WRITE,
		PITOT_PROTOCOL_REMOTE_WRITE, PITOT_PROTOCOL_REMOTE_WRITE_1,
		PITOT_PROTOCOL_REMOTE_WRITE_2};
	enum pitot_protocol protocol = protocols[below(4)];
	run->target.version = SIM_SPEAKS_BOTH;
	if (protocol == PITOT_PROTOCOL_REMOTE_WRITE)
		run->target.version = (enum sim_version)below(SIM_VERSIONS);
	run->limited = below(4) == 0;
	run->spools = below(3) == 0;
	run->loses_power = run->spools && below(3) == 0;
	run->target.tells_time = below(2) == 0;
	/* A process that starts again does not know what its clock said before. */
	run->steps = !run->spools && below(2) == 0;
	if (run->steps && run->target.tells_time && below(4) == 0)
		run->clock.wall_ahead_ms = (int64_t)below(100000); /* never set: 1970 */
	run->options = (struct pitot_push_options){
		.url = "http://target/api/v1/write",
		.protocol = protocol,
		.job = "j",
		.instance = "i",
		.interval_ms = (int64_t)(1000 + below(15000)),
		.timeout_ms = (int64_t)(500 + below(20000)),
		.queue_bytes = run->limited ? 4096 + below(20000) : 0,
		.max_age_ms = below(8) == 0 ? (int64_t)(30000 + below(300000)) : 0,
		.max_request_bytes = below(3) == 0 ? 400 + below(1000) : 0,
		.native_histograms = true,
		.shards = run->spools ? 1 : (unsigned)(1 + below(3)),
		.spool_dir = run->spools ? "/spool" : NULL,
		.spool_bytes = run->spools && run->limited ? 4096 + below(20000) : 0,
		.at_end = (enum pitot_at_end)below(3),
		.no_zero_anchor = below(4) == 0,
		.clock = below(4) == 0 && run->target.tells_time && !run->spools
			? PITOT_CLOCK_SERVER
			: PITOT_CLOCK_LOCAL,
	};
	run->other = (struct pitot_push_options){
		.url = "http://mirror/api/v1/write",
		.job = "j",
		.instance = "i",
		.http = {.username = mirror_name},
		.queue_bytes = (size_t)1 << 30,
		.native_histograms = true,
	};
}

static void
begin_process(struct run *run)
{
	struct pt_world world = {
		.clock = &run->clock.clock,
		.files = &run->disk.files,
		.connect = connect_one,
		.context = run,
		.seed = chance() | 1,
	};
	struct pitot_error why = {.code = 0};
	run->registry = pitot_registry_new(NULL);
	run->registry->clock = &run->clock.clock;
	run->jobs = pitot_counters(run->registry, "jobs", "Jobs.", "kind", "zone");
	run->depths = pitot_gauges(run->registry, "depth", "Depth.", "queue");
	run->took = pitot_histogram(run->registry, "took_seconds", "Time.", NULL);
	run->sizes = pitot_native_histogram(run->registry, "size_bytes", "Size.", NULL);
	struct pt_lanes mirrors;
	if (pt_lanes_init(&run->lanes, &run->options, &world, false, &why) != 0 ||
		pt_lanes_init(&mirrors, &run->other, &world, false, &why) != 0) {
		fprintf(stderr, "cannot begin: %s\n", why.text);
		abort();
	}
	run->lanes.list[run->lanes.count++] = mirrors.list[0];
	pt_gatherer_init(
		&run->gatherer, run->registry, &run->lanes, &run->clock.clock, &run->options);
}

static void
end_process(struct run *run)
{
	pt_gatherer_clear(&run->gatherer);
	pt_lanes_clear(&run->lanes);
	pitot_registry_free(run->registry);
}

static void
work(struct run *run)
{
	static const char *const kinds[] = {"a", "b", "c", "d"};
	for (uint64_t n = below(12); n > 0; n--) {
		const char *kind = kinds[below(4)], *zone = kinds[below(4)];
		switch (below(8)) {
		case 0:
			pitot_counters_remove(run->jobs, kind, zone);
			break;
		case 1:
			pitot_gauges_remove(run->depths, kind);
			break;
		case 2:
			pitot_gauge_set(pitot_gauges_get(run->depths, kind), (double)below(100));
			break;
		case 3:
			pitot_histogram_observe(run->took, (double)below(20));
			break;
		case 4:
			pitot_native_histogram_observe(run->sizes, (double)(1 + below(1000)));
			break;
		default:
			pitot_counter_inc(pitot_counters_get(run->jobs, kind, zone));
		}
	}
}

static void
change_weather(struct run *run)
{
	if (below(4) != 0)
		return;
	run->target.fault = below(3) == 0 ? SIM_FINE : (enum sim_fault)below(SIM_FAULTS);
	run->target.retry_after_ms =
		below(2) == 0 ? -1 : (int64_t)(below(20) == 0 ? INT64_MAX / 2 : below(60000));
}

/* Adds what a lane tells to the sum, if it is one of the target's. */
static void
take_report(struct run *run, struct pt_lane *lane)
{
	struct pitot_report report;
	(void)pt_lane_report(lane, &report);
	if (strstr(report.url, "target") == NULL) {
		for (int i = 0; i < PITOT_DROP_REASONS; i++)
			run->unoffered[i] += report.dropped[i];
		return;
	}
	run->sum.samples_sent += report.samples_sent;
	for (int i = 0; i < PITOT_DROP_REASONS; i++)
		run->sum.dropped[i] += report.dropped[i];
	run->sum.samples_pending = report.samples_pending;
	if (report.error.code != 0)
		run->sum.error = report.error;
}

static size_t
dropped_of(const struct run *run)
{
	size_t dropped = 0;
	for (int i = 0; i < PITOT_DROP_REASONS; i++)
		dropped += run->sum.dropped[i];
	return dropped;
}

/* By seconds, minutes or hours, or right again. */
static void
step_clock(struct run *run)
{
	static const int64_t spans[] = {3000, 100000, 7200000, 36000000};
	if (!run->steps || below(20) != 0)
		return;
	int64_t span = spans[below(4)];
	run->clock.wall_ahead_ms = run->clock.true_ahead_ms;
	if (below(2) == 0)
		run->clock.wall_ahead_ms += (int64_t)below((uint64_t)span * 2) - span;
}

/* Lets the lanes work until `until_ms`. */
static void
deliver(struct run *run, int64_t until_ms)
{
	for (;;) {
		int64_t next_ms = until_ms;
		struct pt_lane *next = NULL;
		for (size_t i = 0; i < run->lanes.count; i++) {
			int64_t due_ms = pt_lane_due(run->lanes.list[i]);
			if (due_ms < next_ms) {
				next_ms = due_ms;
				next = run->lanes.list[i];
			}
		}
		if (next_ms > run->clock.mono_ms)
			run->clock.mono_ms = next_ms;
		if (next == NULL || run->disk.dead)
			return;
		size_t before = dropped_of(run) + run->sum.samples_sent;
		pt_lane_step(next, run->deadline);
		take_report(run, next);
		/* The next process does once more what this one did just before it died. */
		if (run->disk.dead)
			run->counted_twice += dropped_of(run) + run->sum.samples_sent - before;
	}
}

/* The mirror gets everything at once, before time passes. */
static void
mirror(struct run *run)
{
	for (size_t i = 0; i < run->lanes.count; i++) {
		struct pt_lane_view view;
		pt_lane_look(run->lanes.list[i], &view);
		if (strstr(view.url, mirror_name) == NULL)
			continue;
		pt_lane_run(run->lanes.list[i], run->deadline, NULL, NULL);
		take_report(run, run->lanes.list[i]);
	}
}

static size_t
count_samples(const struct sim_receiver *receiver)
{
	size_t count = 0;
	for (size_t i = 0; i < receiver->series_count; i++)
		count += receiver->series[i].count;
	return count;
}

/* Samples that wait for the target. */
static size_t
waiting_of(const struct run *run)
{
	size_t waiting = 0;
	for (size_t i = 0; i < run->lanes.count; i++) {
		struct pt_lane_view view;
		pt_lane_look(run->lanes.list[i], &view);
		if (strstr(view.url, mirror_name) == NULL)
			waiting += view.samples;
	}
	return waiting;
}

/* The process was killed: nothing that it does from then on has an effect on the disk. */
static void
crash(struct run *run)
{
	run->crashes++;
	/* What it had counted, but not told yet. */
	for (size_t i = 0; i < run->lanes.count; i++) {
		struct pitot_report report;
		(void)pt_lane_report(run->lanes.list[i], &report);
		run->lost_in_crashes += report.samples_dropped + report.samples_failed;
	}
	size_t waited = waiting_of(run);
	end_process(run);
	if (run->loses_power && below(2) == 0) {
		/* What was not synced may be lost uncounted; what was sent may wait again. */
		memory_files_power_cut(&run->disk);
		run->lost_in_crashes += waited;
		run->power_cuts++;
	} else {
		memory_files_restart(&run->disk);
	}
	run->clock.mono_ms += (int64_t)below(5000) + 10;
	begin_process(run);
}

/* One interval; what was gathered while the process died may or may not be in the spool. */
static void
tick(struct run *run, bool final)
{
	struct pitot_error why;
	size_t before = count_samples(&run->mirror);
	work(run);
	change_weather(run);
	step_clock(run);
	if (run->spools && below(20) == 0)
		run->disk.die_after = 1 + below(60);
	if (pt_gatherer_run(&run->gatherer, final, &why) == PITOT_NO_MEMORY)
		abort();
	mirror(run);
	if (run->disk.dead)
		run->lost_in_crashes += count_samples(&run->mirror) - before;
	else
		deliver(run, run->clock.mono_ms + run->options.interval_ms);
	if (run->disk.dead)
		crash(run);
}

static void
live(struct run *run)
{
	uint64_t ticks = 5 + below(120);
	for (uint64_t i = 0; i < ticks; i++)
		tick(run, i + 1 == ticks);
	run->disk.die_after = 0;
	run->target.fault = SIM_FINE;
	deliver(run, run->clock.mono_ms + INT64_C(86400000));
	mirror(run);
	for (size_t i = 0; i < run->lanes.count; i++)
		take_report(run, run->lanes.list[i]);
}

/* ---- what must be true in the end ---- */

static bool
violation(const char *what, const char *detail)
{
	fprintf(stderr, "violation: %s: %s\n", what, detail);
	return false;
}

/* Counts what the target lacks; false if it has what was never offered, or in another order. */
static bool
compare_series(const struct sim_series *offered, const struct sim_series *stored, size_t *missing)
{
	size_t at = 0;
	for (size_t i = 0; i < offered->count; i++) {
		const struct sim_sample *want = &offered->samples[i];
		if (stored != NULL && at < stored->count &&
			stored->samples[at].time_ms == want->time_ms) {
			if (stored->samples[at].bits != want->bits)
				return violation("another value", offered->text);
			at++;
		} else {
			*missing += 1;
		}
	}
	if (stored != NULL && at != stored->count)
		return violation("samples that were never offered", offered->text);
	return true;
}

/* Whether gathers may wait for the receiver's time. */
static bool
is_held(const struct run *run)
{
	return run->steps || run->options.clock == PITOT_CLOCK_SERVER;
}

static bool
is_allowed(const struct run *run, enum pitot_drop reason)
{
	switch (reason) {
	case PITOT_DROP_REPLACED:
	case PITOT_DROP_QUEUE_FULL:
		return (run->limited && !run->spools) || is_held(run);
	case PITOT_DROP_SPOOL_FULL:
		return run->spools && (run->limited || run->crashes > 0);
	case PITOT_DROP_DAMAGED:
		return run->crashes > 0; /* torn in the middle of the last write */
	case PITOT_DROP_TOO_OLD:
		return run->options.max_age_ms != 0;
	case PITOT_DROP_CLOCK:
		return is_held(run);
	case PITOT_DROP_REFUSED:
		return run->target.unsure > 0 || run->crashes > 0; /* stored, and sent again */
	default:
		return false;
	}
}

static bool
check_counts(const struct run *run, size_t missing)
{
	char text[200];
	size_t dropped = dropped_of(run);
	for (int i = 0; i < PITOT_DROP_REASONS; i++) {
		dropped -= run->unoffered[i];
		if (run->sum.dropped[i] > 0 && !is_allowed(run, (enum pitot_drop)i)) {
			(void)snprintf(text, sizeof text, "%zu %s", run->sum.dropped[i],
				pitot_drop_text((enum pitot_drop)i));
			return violation("dropped without a reason that the run has", text);
		}
	}
	(void)snprintf(text, sizeof text, "%zu missing, %zu counted, %zu unsure", missing, dropped,
		run->target.unsure);
	/* What was being gathered when the process died, it could not count any more. */
	if (missing > dropped + run->lost_in_crashes ||
		(missing < dropped && run->power_cuts == 0 &&
			dropped - missing > run->target.unsure + run->counted_twice))
		return violation("the accounts", text);
	if (run->sum.samples_pending != 0)
		return violation("something still waits", text);
	return true;
}

static bool
check_run(struct run *run)
{
	size_t missing = 0;
	if (run->target.broken > 0)
		return violation("a broken request", run->target.why);
	if (run->mirror.broken > 0 || run->mirror.refused > 0)
		return violation("the mirror refused", run->mirror.why);
	for (size_t i = 0; i < run->mirror.series_count; i++) {
		const struct sim_series *offered = &run->mirror.series[i];
		if (!compare_series(offered, sim_find(&run->target, offered->text), &missing))
			return false;
	}
	for (size_t i = 0; i < run->target.series_count; i++)
		if (sim_find(&run->mirror, run->target.series[i].text) == NULL)
			return violation("a series never offered", run->target.series[i].text);
	/* A short life with a clock that was never set, and receivers away, is all counted. */
	if (run->mirror.series_count == 0 && run->unoffered[PITOT_DROP_CLOCK] == 0)
		return violation("nothing was offered", "");
	return check_counts(run, missing);
}

static bool
run_once(uint64_t seed, struct run *run)
{
	state = seed;
	*run = (struct run){.limited = false};
	sim_clock_init(&run->clock);
	memory_files_init(&run->disk, chance());
	run->target.clock = run->mirror.clock = &run->clock;
	run->deadline = pt_deadline_new(&run->clock.clock);
	pt_deadline_set(run->deadline, INT64_MAX);
	choose_options(run);
	begin_process(run);
	live(run);
	end_process(run);
	bool ok = check_run(run);
	pt_deadline_free(run->deadline);
	memory_files_clear(&run->disk);
	sim_receiver_clear(&run->target);
	sim_receiver_clear(&run->mirror);
	return ok;
}

int
main(int argc, char **argv)
{
	uint64_t runs = argc > 1 ? strtoull(argv[1], NULL, 10) : 500;
	uint64_t first = argc > 2 ? strtoull(argv[2], NULL, 10) : 1;
	struct run run;
	size_t samples = 0, dropped = 0;
	for (uint64_t i = 0; i < runs; i++) {
		if (!run_once(first + i, &run)) {
			fprintf(stderr, "seed %llu; the last error: %s\n",
				(unsigned long long)(first + i), run.sum.error.text);
			return EXIT_FAILURE;
		}
		samples += run.sum.samples_sent;
		for (int k = 0; k < PITOT_DROP_REASONS; k++)
			dropped += run.sum.dropped[k];
	}
	printf("sim_delivery: %llu runs from seed %llu: %zu samples delivered, %zu dropped as "
	       "counted, 0 violations\n",
		(unsigned long long)runs, (unsigned long long)first, samples, dropped);
	return EXIT_SUCCESS;
}
