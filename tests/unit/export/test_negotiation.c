/* SPDX-License-Identifier: MIT */
/* Which version of remote write is spoken, and what a receiver says that it wrote. */
#include <stdlib.h>
#include "base/number.h"
#include "support/build.h"
#include "support/build_native.h"
#include "support/check.h"
#include "support/literal.h"
#include "support/memory_files.h"
#include "support/tick.h"
#include "support/trial.h"

#define URL "http://h/api/v1/write"
#define DAY_MS INT64_C(86400000)

static const struct literal two[] = {GAUGE("a", NULL, 1), GAUGE("b", NULL, 2)};

/* A trial whose clock stands until it is moved. */
struct scene {
	struct tick tick;
	struct memory_files disk;
	struct pitot_push_options options;
	struct trial trial;
};

static bool
open_scene(struct scene *scene, const struct script_step *steps, size_t count)
{
	tick_init(&scene->tick);
	scene->options.url = URL;
	scene->options.job = "j";
	scene->options.instance = "";
	scene->options.deadline_ms = 60000;
	memory_files_init(&scene->disk, 1);
	bool ok = trial_open_in(&scene->trial, &scene->options, steps, count, &scene->tick.clock,
		&scene->disk.files);
	pt_deadline_set(scene->trial.deadline, 10 * DAY_MS);
	return ok;
}

static void
close_scene(struct scene *scene)
{
	trial_close(&scene->trial);
	memory_files_clear(&scene->disk);
}

static bool
spoke_2(const struct scene *scene, size_t request)
{
	const char *headers = scene->trial.script.requests[request].headers;
	/* remote-write 3 */
	/* remote-write 4 */
	bool newer = strstr(headers, "\nX-Prometheus-Remote-Write-Version: 2.0.0\n") != NULL;
	check_int(strstr(headers,
			  "Content-Type: application/x-protobuf;proto=io.prometheus.write."
			  "v2.Request\n") != NULL,
		newer);
	check_int(strstr(headers, "\nX-Prometheus-Remote-Write-Version: 0.1.0\n") != NULL, !newer);
	check_int(strstr(headers, "Content-Type: application/x-protobuf\n") != NULL, !newer);
	check_true(strstr(headers, "\nContent-Encoding: snappy\n") != NULL);
	return newer;
}

/* Requests from `from` on, as "2" or "1" each. */
static void
check_versions(const struct scene *scene, size_t from, const char *expected)
{
	char found[SCRIPT_REQUESTS + 1] = "";
	size_t count = scene->trial.script.count;
	for (size_t i = from; i < count && i < SCRIPT_REQUESTS; i++)
		found[i - from] = spoke_2(scene, i) ? '2' : '1';
	check_text(found, expected);
}

/* ---- choosing ---- */

static void
a_receiver_that_tells_what_it_wrote_speaks_the_newer_version(void)
{
	/* remote-write 36 */
	static const struct script_step steps[] = {
		{.status = 204, .written = true}, {.status = 200, .written = true}};
	struct scene scene = {.options = {.url = NULL}};
	check_fatal(open_scene(&scene, steps, 2));
	check_int(trial_push(&scene.trial, LITERAL(two)), 0);
	check_int(scene.trial.report.protocol, PITOT_PROTOCOL_REMOTE_WRITE_2);
	check_size(scene.trial.report.samples_sent, 2);
	check_int(trial_push(&scene.trial, LITERAL(two)), 0);
	check_versions(&scene, 0, "22");
	close_scene(&scene);
}

/* The older version with the same samples; kept for a day, then the newer one is tried again. */
static void
check_fall_back(const struct script_step *first)
{
	struct script_step steps[] = {*first, {.status = 204}, {.status = 204}, {.status = 204},
		{.status = 204, .written = true}};
	struct scene scene = {.options = {.url = NULL}};
	check_fatal(open_scene(&scene, steps, 5));
	check_int(trial_push(&scene.trial, LITERAL(two)), 0);
	check_int(scene.trial.report.protocol, PITOT_PROTOCOL_REMOTE_WRITE_1);
	check_size(scene.trial.report.samples_sent, 2);
	check_size(scene.trial.report.samples_failed + scene.trial.report.samples_dropped, 0);
	check_size(scene.trial.report.samples_retried, 0);
	check_versions(&scene, 0, "211"); /* the third tells the families */
	tick_pass(&scene.tick, DAY_MS - 1);
	check_int(trial_push(&scene.trial, LITERAL(two)), 0);
	check_versions(&scene, 3, "11");
	tick_pass(&scene.tick, 1);
	scene.trial.script.steps = &steps[4]; /* it was updated meanwhile */
	scene.trial.script.step_count = 1;
	script_repeat(&scene.trial.script, true);
	check_int(trial_push(&scene.trial, LITERAL(two)), 0);
	check_versions(&scene, 5, "2");
	close_scene(&scene);
}

static void
a_receiver_without_the_newer_version_gets_the_same_in_the_older(void)
{
	/* remote-write 32 */
	check_fall_back(&(struct script_step){.status = 204});
	check_fall_back(&(struct script_step){.status = 200});
	/* remote-write 33 */
	check_fall_back(&(struct script_step){.status = 415, .body = "unsupported"});
	/* Some know no better than this. */
	check_fall_back(&(struct script_step){.status = 400, .body = "cannot decode"});
}

static void
a_version_that_was_asked_for_is_kept(void)
{
	static const struct {
		struct script_step step;
		const char *text;
	} cases[] = {
		{{.status = 415, .body = "unsupported"}, "415"},
		{{.status = 204}, "does not know remote write 2.0"},
		{{.status = 400}, "400 Bad Request"},
	};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct scene scene = {.options = {.protocol = PITOT_PROTOCOL_REMOTE_WRITE_2}};
		check_fatal(open_scene(&scene, &cases[i].step, 1));
		check_int(trial_push(&scene.trial, LITERAL(two)), PITOT_REFUSED);
		check_contains(scene.trial.why.text, cases[i].text);
		check_size(scene.trial.report.samples_failed, 2);
		check_versions(&scene, 0, "2");
		close_scene(&scene);
	}
	struct scene scene = {.options = {.protocol = PITOT_PROTOCOL_REMOTE_WRITE_1}};
	check_fatal(open_scene(&scene, NULL, 0));
	tick_pass(&scene.tick, 2 * DAY_MS);
	check_int(trial_push(&scene.trial, LITERAL(two)), 0);
	check_versions(&scene, 0, "11");
	close_scene(&scene);
}

static void
trouble_on_the_way_is_no_reason_for_another_version(void)
{
	static const struct script_step steps[] = {{.status = 503}, {.kind = SCRIPT_RESET},
		{.status = 429}, {.status = 204, .written = true}};
	struct trial trial;
	struct pitot_push_options options = {.url = URL};
	check_fatal(trial_open(&trial, &options, steps, 4));
	check_int(trial_push(&trial, LITERAL(two)), 0);
	for (size_t i = 0; i < 4; i++)
		check_contains(trial.script.requests[i].headers, ": 2.0.0\n");
	trial_close(&trial);
}

/* ---- what was written ---- */

static void
what_the_receiver_did_not_write_is_counted_and_not_sent_again(void)
{
	static const struct {
		struct script_step step;
		size_t sent;
		const char *text;
	} cases[] = {
		/* remote-write 34 */
		{{.status = 204, .samples_written = 1}, 1, "wrote only 1 of 2 samples"},
		{{.status = 200, .samples_written = 7}, 2, ""},
		{{.status = 204, .histograms_written = 1}, 0, "wrote only 0 of 2 samples"},
		/* remote-write 35 */
		{{.status = 400, .samples_written = 1, .body = "out of order"}, 1, "out of order"},
		{{.status = 409, .samples_written = 1, .body = "again"}, 1, "again"},
	};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct scene scene = {.options = {.url = NULL}};
		check_fatal(open_scene(&scene, &cases[i].step, 1));
		bool whole = cases[i].sent == 2;
		check_int(trial_push(&scene.trial, LITERAL(two)), whole ? 0 : PITOT_REFUSED);
		check_contains(scene.trial.why.text, cases[i].text);
		check_size(scene.trial.report.samples_sent, cases[i].sent);
		check_size(scene.trial.report.dropped[PITOT_DROP_REFUSED], 2 - cases[i].sent);
		check_versions(&scene, 0, "2");
		close_scene(&scene);
	}
}

static void
after_the_newer_version_was_taken_a_400_is_about_the_data(void)
{
	static const struct script_step steps[] = {
		{.status = 204, .written = true}, {.status = 400, .body = "bad"}};
	struct scene scene = {.options = {.url = NULL}};
	check_fatal(open_scene(&scene, steps, 2));
	check_int(trial_push(&scene.trial, LITERAL(two)), 0);
	check_int(trial_push(&scene.trial, LITERAL(two)), PITOT_REFUSED);
	check_versions(&scene, 0, "22");
	close_scene(&scene);
}

/* ---- native histograms ---- */

/* A gauge, and a histogram with its classic count beside it. */
static struct pitot_snapshot *
with_native(const struct build_native *literal)
{
	struct pitot_snapshot *snapshot = BUILD(1700000000000,
		{.family = "g", .type = PITOT_GAUGE, .value = 1},
		{.family = "h", .type = PITOT_HISTOGRAM, .part = PT_PART_COUNT, .value = 16},
		{.part = PT_PART_NATIVE});
	snapshot->table->series[1]->role->family->is_native = true;
	(void)pt_snapshot_add_native(snapshot, 2, build_native(literal));
	return snapshot;
}

/* remote-write 24 */
static void
native_histograms_are_asked_for_and_go_by_themselves(void)
{
	for (int wanted = 0; wanted < 2; wanted++) {
		static const struct script_step steps[] = {
			{.status = 204, .written = true}, {.status = 204, .written = true}};
		struct scene scene = {.options = {.native_histograms = wanted != 0}};
		check_fatal(open_scene(&scene, steps, 2));
		check_int(trial_push(&scene.trial, with_native(&build_native_exponential)), 0);
		check_size(scene.trial.script.count, wanted != 0 ? 2 : 1);
		check_size(scene.trial.report.samples_sent, 2);
		close_scene(&scene);
	}
}

static void
a_receiver_that_takes_no_native_histograms_gets_classic_ones(void)
{
	static const struct script_step steps[] = {{.status = 204, .written = true},
		{.status = 500, .body = "native histograms are disabled"},
		{.status = 204, .written = true}, {.status = 204, .written = true},
		{.status = 204, .written = true}};
	struct scene scene = {.options = {.native_histograms = true}};
	check_fatal(open_scene(&scene, steps, 5));
	check_int(trial_push(&scene.trial, with_native(&build_native_exponential)), PITOT_REFUSED);
	check_contains(scene.trial.why.text, "native histograms are disabled");
	check_size(scene.trial.report.samples_sent, 1);
	check_size(scene.trial.report.dropped[PITOT_DROP_REFUSED], 1);
	/* From now on for a day: nothing is lost any more. */
	check_int(trial_push(&scene.trial, with_native(&build_native_exponential)), 0);
	check_size(scene.trial.script.count, 3);
	check_size(scene.trial.report.samples_sent, 2);
	tick_pass(&scene.tick, DAY_MS);
	check_int(trial_push(&scene.trial, with_native(&build_native_exponential)), 0);
	check_size(scene.trial.script.count, 5);
	close_scene(&scene);
}

/* ---- from a spool ---- */

static void
a_spooled_request_is_rewritten_for_a_receiver_of_the_older_version(void)
{
	static const struct script_step steps[] = {{.status = 204, .written = true},
		{.status = 415}, {.status = 204}, {.status = 415}, {.status = 204}};
	static const struct {
		const struct build_native *literal;
		size_t lost;
	} cases[] = {{&build_native_exponential, 0}, {&build_native_custom, 1}};
	for (size_t i = 0; i < 2; i++) {
		struct scene scene = {
			.options = {.spool_dir = "/spool", .native_histograms = true}};
		check_fatal(open_scene(&scene, &steps[1], 2));
		/* remote-write 25 */
		(void)trial_push(&scene.trial, with_native(cases[i].literal));
		check_size(scene.trial.report.samples_sent, 2 - cases[i].lost);
		check_size(scene.trial.report.dropped[PITOT_DROP_UNSENDABLE], cases[i].lost);
		check_versions(&scene, 0, "211");
		close_scene(&scene);
	}
}

CHECK_MAIN("export/negotiation", TEST(a_receiver_that_tells_what_it_wrote_speaks_the_newer_version),
	TEST(a_receiver_without_the_newer_version_gets_the_same_in_the_older),
	TEST(a_version_that_was_asked_for_is_kept),
	TEST(trouble_on_the_way_is_no_reason_for_another_version),
	TEST(what_the_receiver_did_not_write_is_counted_and_not_sent_again),
	TEST(after_the_newer_version_was_taken_a_400_is_about_the_data),
	TEST(native_histograms_are_asked_for_and_go_by_themselves),
	TEST(a_receiver_that_takes_no_native_histograms_gets_classic_ones),
	TEST(a_spooled_request_is_rewritten_for_a_receiver_of_the_older_version))
