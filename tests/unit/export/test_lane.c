/* SPDX-License-Identifier: MIT */
/*
 * What a lane does about trouble: a poison request, bad series in a good one, wrong logins, several
 * destinations, data that grows old. Time is virtual and passes only where somebody waits.
 */
#include "support/check.h"
#include "support/literal.h"
#include "support/memory_files.h"
#include "support/tick.h"
#include "support/trial.h"

#define URL "http://h/api/v1/write"

static const struct literal four[] = {
	GAUGE("a", NULL, 1), GAUGE("b", NULL, 2), GAUGE("c", "x=y", 3), GAUGE("d", NULL, 4)};

struct scene {
	struct tick tick;
	struct memory_files disk;
	struct pitot_push_options options;
	struct trial trial;
};

static void
pass(const struct pt_clock *clock, int64_t mono_ms)
{
	/* The clock is the first member, and no test's is constant. */
	struct tick *tick = (struct tick *)(uintptr_t)clock;
	tick_pass(tick, mono_ms - clock->mono_ms(clock));
}

static bool
open_scene(struct scene *scene, const struct script_step *steps, size_t count)
{
	tick_init(&scene->tick);
	scene->tick.clock.pass = pass;
	if (scene->options.url == NULL)
		scene->options.url = URL;
	if (scene->options.protocol == PITOT_PROTOCOL_AUTO)
		scene->options.protocol = PITOT_PROTOCOL_REMOTE_WRITE_1;
	scene->options.job = "j";
	scene->options.instance = "";
	memory_files_init(&scene->disk, 1);
	return trial_open_in(&scene->trial, &scene->options, steps, count, &scene->tick.clock,
		&scene->disk.files);
}

static void
close_scene(struct scene *scene)
{
	trial_close(&scene->trial);
	memory_files_clear(&scene->disk);
}

/* ---- one bad request ---- */

static void
a_poison_request_is_given_up_while_its_receiver_lives(void)
{
	/* remote-write 38 */
	static const struct script_step steps[] = {{.status = 500}, {.status = 500},
		{.status = 500}, {.status = 500}, {.status = 500}, {.status = 204}, {.status = 500},
		{.status = 204}, {.status = 500}, {.status = 204}};
	struct scene scene = {.options = {.deadline_ms = 0}};
	check_fatal(open_scene(&scene, steps, 10));
	check_int(trial_push(&scene.trial, LITERAL(four)), PITOT_UNAVAILABLE);
	check_contains(scene.trial.why.text, "takes everything except this request");
	check_size(scene.trial.report.dropped[PITOT_DROP_POISON], 4);
	/* An empty request, compressed, is one zero byte. */
	for (size_t i = 5; i < 10; i += 2)
		check_size(scene.trial.script.requests[i].length, 1);
	check_int(trial_push(&scene.trial, LITERAL(four)), 0);
	close_scene(&scene);
}

static void
a_receiver_that_fails_at_everything_is_down_and_nothing_is_poison(void)
{
	static const struct script_step steps[] = {{.status = 500}};
	struct scene scene = {.options = {.deadline_ms = 0}};
	check_fatal(open_scene(&scene, steps, 1));
	script_repeat(&scene.trial.script, true);
	check_int(trial_push(&scene.trial, LITERAL(four)), PITOT_UNAVAILABLE);
	check_size(scene.trial.report.dropped[PITOT_DROP_POISON], 0);
	check_size(scene.trial.report.dropped[PITOT_DROP_UNSENT], 4);
	check_true(scene.trial.report.attempts > 10);
	close_scene(&scene);
}

static void
bad_series_are_found_and_named(void)
{
	/* All, then a and b, then c and d, c, d; the last tells the families. */
	static const struct script_step steps[] = {{.status = 400, .body = "out of order"},
		{.status = 204}, {.status = 400, .body = "out of order"},
		{.status = 400, .body = "c is bad"}, {.status = 204}, {.status = 204}};
	struct scene scene = {.options = {.on_refused = PITOT_REFUSED_SPLIT}};
	check_fatal(open_scene(&scene, steps, 6));
	check_int(trial_push(&scene.trial, LITERAL(four)), PITOT_REFUSED);
	check_contains(scene.trial.why.text, "c{x=\"y\"}");
	check_contains(scene.trial.why.text, "c is bad");
	check_size(scene.trial.report.samples_sent, 3);
	check_size(scene.trial.report.dropped[PITOT_DROP_REFUSED], 1);
	check_size(scene.trial.script.count, 6);
	close_scene(&scene);
}

static void
a_search_for_bad_series_ends_where_all_are_bad(void)
{
	static const struct script_step steps[] = {{.status = 400, .body = "no"}};
	static struct literal rows[1000];
	static char labels[1000][16];
	for (size_t i = 0; i < 1000; i++) {
		(void)snprintf(labels[i], sizeof labels[i], "x=%zu", i);
		rows[i] = (struct literal)GAUGE("a", labels[i], 1);
	}
	struct scene scene = {.options = {.on_refused = PITOT_REFUSED_SPLIT}};
	check_fatal(open_scene(&scene, steps, 1));
	script_repeat(&scene.trial.script, true);
	check_int(trial_push(&scene.trial, LITERAL(rows)), PITOT_REFUSED);
	check_size(scene.trial.report.dropped[PITOT_DROP_REFUSED], 1000);
	check_true(scene.trial.script.count < 50);
	close_scene(&scene);
}

static void
the_reason_is_not_lost_when_the_time_is_up(void)
{
	static const struct script_step steps[] = {
		{.status = 503, .body = "the disk is full", .retry_after_ms = 10},
		{.kind = SCRIPT_HANG}};
	struct scene scene = {.options = {.timeout_ms = 10000}};
	check_fatal(open_scene(&scene, steps, 2));
	pt_deadline_set(scene.trial.deadline, 5000);
	check_int(trial_push(&scene.trial, LITERAL(four)), PITOT_UNAVAILABLE);
	check_contains(scene.trial.why.text, "given up after 2 attempts");
	check_contains(scene.trial.why.text, "the disk is full");
	close_scene(&scene);
}

/* ---- a login that is wrong ---- */

static void
a_wrong_login_is_no_reason_to_lose_what_is_in_the_spool(void)
{
	static const struct script_step steps[] = {{.status = 401}, {.status = 204}};
	struct scene scene = {.options = {.spool_dir = "/spool", .spool_bytes = 1 << 20}};
	check_fatal(open_scene(&scene, steps, 2));
	pt_deadline_set(scene.trial.deadline, 30000);
	check_int(trial_push(&scene.trial, LITERAL(four)), PITOT_DENIED);
	check_contains(scene.trial.why.text, "kept in the spool");
	check_size(scene.trial.script.count, 1);
	check_size(scene.trial.report.samples_failed + scene.trial.report.samples_dropped, 0);
	check_size(scene.trial.report.samples_pending, 4);
	/* Five minutes later it is tried again. */
	pt_deadline_set(scene.trial.deadline, 400000);
	pt_lane_run(scene.trial.lanes.list[0], scene.trial.deadline, NULL, NULL);
	(void)pt_lane_report(scene.trial.lanes.list[0], &scene.trial.report);
	check_size(scene.trial.report.samples_sent, 4);
	check_size(scene.trial.report.samples_pending, 0);
	check_true(scene.tick.clock.mono_ms(&scene.tick.clock) >= 300000);
	close_scene(&scene);
}

/* ---- several destinations ---- */

static void
the_next_destination_is_used_while_the_first_is_down(void)
{
	static const struct pitot_push_options other = {
		.url = "http://second/w", .protocol = PITOT_PROTOCOL_REMOTE_WRITE_1};
	static const struct script_step steps[] = {{.status = 503}};
	struct scene scene = {
		.options = {.others = &other, .other_count = 1, .fanout = PITOT_FANOUT_FIRST}};
	check_fatal(open_scene(&scene, steps, 1));
	check_size(scene.trial.lanes.count, 1);
	check_int(trial_push(&scene.trial, LITERAL(four)), 0);
	const struct script_request *requests = scene.trial.script.requests;
	check_text(requests[0].url, URL);
	check_text(requests[1].url, "http://second/w");
	size_t before = scene.trial.script.count;
	check_int(trial_push(&scene.trial, LITERAL(four)), 0);
	check_text(requests[before].url, "http://second/w");
	check_size(scene.trial.report.samples_sent, 4);
	/* After a minute the first one has another chance. */
	pt_deadline_set(scene.trial.deadline, 300000);
	tick_pass(&scene.tick, 60000);
	before = scene.trial.script.count;
	check_int(trial_push(&scene.trial, LITERAL(four)), 0);
	check_text(requests[before].url, URL);
	close_scene(&scene);
}

static void
each_destination_gets_everything_by_itself(void)
{
	static const struct pitot_push_options others[] = {
		{.url = "http://second/w", .protocol = PITOT_PROTOCOL_REMOTE_WRITE_1},
		{.url = "http://third:9091"}};
	static const struct script_step steps[] = {{.kind = SCRIPT_REFUSE}};
	struct scene scene = {.options = {.others = others, .other_count = 2}};
	check_fatal(open_scene(&scene, steps, 1));
	script_repeat(&scene.trial.script, true);
	check_size(scene.trial.lanes.count, 3);
	struct pitot_snapshot *snapshot = LITERAL(four);
	for (size_t i = 0; i < 3; i++)
		pt_lane_offer(scene.trial.lanes.list[i], snapshot, 1700000000000, false, 1);
	pitot_snapshot_free(snapshot);
	/* The first is down; the others are not touched by it. */
	pt_lane_step(scene.trial.lanes.list[0], scene.trial.deadline);
	script_repeat(&scene.trial.script, false);
	for (size_t i = 1; i < 3; i++) {
		struct pitot_error error;
		pt_lane_run(scene.trial.lanes.list[i], scene.trial.deadline, NULL, NULL);
		check_size(pt_lane_resolved(scene.trial.lanes.list[i], &error), 1);
		check_int(error.code, 0);
	}
	check_true(pt_lane_due(scene.trial.lanes.list[0]) >
		scene.tick.clock.mono_ms(&scene.tick.clock));
	for (size_t i = 0; i < 3; i++)
		pt_lane_abandon(scene.trial.lanes.list[i]);
	close_scene(&scene);
}

static void
a_series_has_one_shard_and_all_have_one(void)
{
	static struct literal rows[500];
	static char labels[500][16];
	for (size_t i = 0; i < 500; i++) {
		(void)snprintf(labels[i], sizeof labels[i], "x=%zu", i);
		rows[i] = (struct literal)GAUGE("a", labels[i], 1);
	}
	struct scene scene = {.options = {.shards = 4}};
	check_fatal(open_scene(&scene, NULL, 0));
	check_size(scene.trial.lanes.count, 4);
	struct pitot_snapshot *snapshot = LITERAL(rows);
	size_t sent = 0;
	for (size_t i = 0; i < 4; i++) {
		pt_lane_offer(scene.trial.lanes.list[i], snapshot, 1700000000000, false, 1);
		pt_lane_run(scene.trial.lanes.list[i], scene.trial.deadline, NULL, NULL);
		(void)pt_lane_report(scene.trial.lanes.list[i], &scene.trial.report);
		check_true(scene.trial.report.samples_sent > 50);
		sent += scene.trial.report.samples_sent;
	}
	check_size(sent, 500);
	pitot_snapshot_free(snapshot);
	close_scene(&scene);
}

/* ---- age, and newer data ---- */

static void
what_grew_too_old_is_given_up_and_told(void)
{
	static const struct script_step steps[] = {
		{.status = 503}, {.status = 503, .retry_after_ms = 25000}};
	struct scene scene = {.options = {.max_age_ms = 20000}};
	check_fatal(open_scene(&scene, steps, 2));
	pt_deadline_set(scene.trial.deadline, 300000);
	check_int(trial_push(&scene.trial, LITERAL(four)), PITOT_UNAVAILABLE);
	check_contains(scene.trial.why.text, "older than max_age_ms");
	check_size(scene.trial.report.dropped[PITOT_DROP_TOO_OLD], 4);
	check_size(scene.trial.script.count, 3); /* the last tells the families */
	close_scene(&scene);
}

static void
a_gateway_gets_only_the_newest_state(void)
{
	static const struct script_step steps[] = {{.status = 503}};
	struct scene scene = {
		.options = {.url = "http://gateway:9091", .protocol = PITOT_PROTOCOL_PUSHGATEWAY}};
	check_fatal(open_scene(&scene, steps, 1));
	struct pt_lane *lane = scene.trial.lanes.list[0];
	struct pitot_error error;
	for (uint64_t ticket = 1; ticket <= 5; ticket++) {
		const struct literal row[] = {GAUGE("a", NULL, (double)ticket)};
		struct pitot_snapshot *snapshot = LITERAL(row);
		pt_lane_offer(lane, snapshot, 0, false, ticket);
		pitot_snapshot_free(snapshot);
		if (ticket == 1)
			pt_lane_step(lane, scene.trial.deadline); /* and it waits */
	}
	pt_lane_run(lane, scene.trial.deadline, NULL, NULL);
	check_size(pt_lane_resolved(lane, &error), 5);
	check_size(scene.trial.script.count, 2);
	check_contains(scene.trial.script.requests[1].body, "\na 5\n");
	(void)pt_lane_report(lane, &scene.trial.report);
	check_size(scene.trial.report.dropped[PITOT_DROP_REPLACED], 4);
	check_size(scene.trial.report.samples_sent, 1);
	close_scene(&scene);
}

/* What waits behind a slow request was offered long before its own turn and report. */
static void
a_request_behind_another_is_reported_with_all_of_its_time(void)
{
	static const struct script_step steps[] = {{.kind = SCRIPT_HANG}};
	struct scene scene = {.options = {.timeout_ms = 3000}};
	check_fatal(open_scene(&scene, steps, 1));
	script_repeat(&scene.trial.script, true);
	pt_deadline_set(scene.trial.deadline, 300000);
	struct pt_lane *lane = scene.trial.lanes.list[0];
	struct pitot_snapshot *snapshot = LITERAL(four);
	pt_lane_offer(lane, snapshot, 1700000000000, false, 1);
	pitot_snapshot_free(snapshot);
	for (int round = 0; round < 2; round++) {
		pt_lane_step(lane, scene.trial.deadline);
		(void)pt_lane_report(lane, &scene.trial.report);
		check_int(scene.trial.report.attempts, 1);
		check_int(scene.trial.report.duration_ms, 3000);
		tick_pass(&scene.tick, 60000); /* the wait before the next attempt is over */
	}
	close_scene(&scene);
}

CHECK_MAIN("export/lane", TEST(a_poison_request_is_given_up_while_its_receiver_lives),
	TEST(a_receiver_that_fails_at_everything_is_down_and_nothing_is_poison),
	TEST(bad_series_are_found_and_named), TEST(a_search_for_bad_series_ends_where_all_are_bad),
	TEST(the_reason_is_not_lost_when_the_time_is_up),
	TEST(a_wrong_login_is_no_reason_to_lose_what_is_in_the_spool),
	TEST(the_next_destination_is_used_while_the_first_is_down),
	TEST(each_destination_gets_everything_by_itself),
	TEST(a_series_has_one_shard_and_all_have_one), TEST(what_grew_too_old_is_given_up_and_told),
	TEST(a_gateway_gets_only_the_newest_state),
	TEST(a_request_behind_another_is_reported_with_all_of_its_time))
