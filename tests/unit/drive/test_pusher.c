/* SPDX-License-Identifier: MIT */
#include "drive/pusher.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>
#include "support/check.h"
#include "support/find.h"
#include "support/script.h"

#define GATEWAY "http://localhost:9091"
#define LONG_MS 600000 /* longer than any test: what happens sooner was asked for */

struct reports {
	pthread_mutex_t lock;
	size_t count;
	struct pitot_report list[16];
};

static void
keep_report(void *context, const struct pitot_report *report)
{
	struct reports *reports = context;
	(void)pthread_mutex_lock(&reports->lock);
	if (reports->count < 16)
		reports->list[reports->count] = *report;
	reports->count++;
	(void)pthread_mutex_unlock(&reports->lock);
}

struct world {
	struct script script;
	struct reports reports;
	struct pitot_registry *registry;
	struct pitot_gauge *depth;
	struct pitot_push_options options;
	struct pitot_pusher *pusher;
	struct pitot_error why;
};

static void
prepare(struct world *world, const struct script_step *steps, size_t count)
{
	script_init(&world->script, steps, count);
	(void)pthread_mutex_init(&world->reports.lock, NULL);
	world->reports.count = 0;
	world->registry = pitot_registry_new(NULL);
	world->depth = pitot_gauge(world->registry, "depth", NULL);
	world->options = (struct pitot_push_options){
		.url = GATEWAY,
		.job = "j",
		.instance = "",
		.interval_ms = LONG_MS,
		.stop_deadline_ms = LONG_MS,
		.deadline_ms = LONG_MS,
		.report = keep_report,
		.report_context = &world->reports,
		.no_self_metrics = true,
	};
	world->why = (struct pitot_error){.code = 0};
}

static bool
start(struct world *world)
{
	const struct pt_world seams = script_world(&world->script);
	world->pusher = pt_pusher_start_with(world->registry, &world->options, &seams, &world->why);
	check_text(world->why.text, "");
	return check_true(world->pusher != NULL);
}

static void
clear(struct world *world)
{
	script_clear(&world->script);
	pitot_registry_free(world->registry);
	(void)pthread_mutex_destroy(&world->reports.lock);
}

/* Until the first push was reported, which comes after its answer. */
static void
wait_for_a_report(struct world *world)
{
	size_t count;
	do {
		(void)usleep(1000);
		(void)pthread_mutex_lock(&world->reports.lock);
		count = world->reports.count;
		(void)pthread_mutex_unlock(&world->reports.lock);
	} while (count == 0);
}

static void
the_first_push_is_at_once_and_the_last_at_stop(void)
{
	struct world w;
	prepare(&w, NULL, 0);
	pitot_gauge_set(w.depth, 1);
	check_fatal(start(&w));
	check_contains(script_wait(&w.script, 0)->body, "depth 1\n");
	wait_for_a_report(&w);
	pitot_gauge_set(w.depth, 2);
	check_int(pitot_pusher_stop(w.pusher, &w.why), 0);
	check_size(w.script.count, 2);
	check_contains(w.script.requests[1].body, "depth 2\n");
	check_size(w.reports.count, 2);
	check_true(!w.reports.list[0].final && w.reports.list[1].final);
	check_text(w.reports.list[1].url, GATEWAY);
	check_size(w.reports.list[1].samples_sent, 1);
	clear(&w);
}

static void
a_flush_pushes_now_and_waits_for_the_result(void)
{
	struct world w;
	prepare(&w, NULL, 0);
	check_fatal(start(&w));
	for (size_t i = 1; i < 10; i++) {
		char expected[32];
		(void)snprintf(expected, sizeof expected, "depth %zu\n", i);
		pitot_gauge_set(w.depth, (double)i);
		check_int(pitot_pusher_flush(w.pusher, LONG_MS, &w.why), 0);
		check_contains(w.script.last, expected);
	}
	check_int(pitot_pusher_stop(w.pusher, NULL), 0);
	clear(&w);
}

static void
a_flush_that_does_not_wait_is_pushed_all_the_same(void)
{
	struct world w;
	prepare(&w, NULL, 0);
	check_fatal(start(&w));
	(void)script_wait(&w.script, 0);
	pitot_gauge_set(w.depth, 5);
	check_int(pitot_pusher_flush(w.pusher, 0, NULL), 0);
	check_contains(script_wait(&w.script, 1)->body, "depth 5\n");
	check_int(pitot_pusher_stop(w.pusher, NULL), 0);
	clear(&w);
}

static void
pushes_repeat_by_themselves(void)
{
	struct world w;
	prepare(&w, NULL, 0);
	w.options.interval_ms = 1;
	check_fatal(start(&w));
	(void)script_wait(&w.script, 9);
	check_int(pitot_pusher_stop(w.pusher, NULL), 0);
	clear(&w);
}

static void
a_flush_returns_what_its_push_returned(void)
{
	static const struct script_step steps[] = {
		{.status = 200}, {.status = 400, .body = "bad metric"}, {.status = 200}};
	struct world w;
	prepare(&w, steps, 3);
	check_fatal(start(&w));
	wait_for_a_report(&w);
	check_int(pitot_pusher_flush(w.pusher, LONG_MS, &w.why), PITOT_REFUSED);
	check_contains(w.why.text, "push " GATEWAY ": ");
	check_contains(w.why.text, "bad metric");
	check_int(pitot_pusher_flush(w.pusher, LONG_MS, NULL), 0);
	check_int(pitot_pusher_stop(w.pusher, NULL), 0);
	check_size(w.reports.count, 4);
	check_int(w.reports.list[1].error.code, PITOT_REFUSED);
	check_size(w.reports.list[1].samples_failed, 1);
	check_int(w.reports.list[2].error.code, 0);
	clear(&w);
}

static void
stop_returns_what_the_last_push_returned(void)
{
	static const struct script_step steps[] = {{.status = 200}, {.status = 403}};
	struct world w;
	prepare(&w, steps, 2);
	check_fatal(start(&w));
	(void)script_wait(&w.script, 0);
	check_int(pitot_pusher_stop(w.pusher, &w.why), PITOT_DENIED);
	check_contains(w.why.text, "403");
	clear(&w);
}

static void
a_hanging_receiver_does_not_hold_a_flush_or_stop(void)
{
	static const struct script_step steps[] = {{.kind = SCRIPT_HANG}};
	struct world w;
	prepare(&w, steps, 1);
	script_repeat(&w.script, true);
	w.options.timeout_ms = LONG_MS;
	w.options.stop_deadline_ms = 100;
	check_fatal(start(&w));
	(void)script_wait(&w.script, 0);
	check_int(pitot_pusher_flush(w.pusher, 1, &w.why), PITOT_UNAVAILABLE);
	check_contains(w.why.text, "flush: not delivered after 1 ms");
	const struct pt_clock *clock = pt_clock_real();
	int64_t before_ms = clock->mono_ms(clock);
	pitot_gauge_set(w.depth, 7);
	check_int(pitot_pusher_stop(w.pusher, &w.why), PITOT_UNAVAILABLE);
	/* Generous: that it ended at all is the point. */
	check_true(clock->mono_ms(clock) - before_ms < LONG_MS / 10);
	/* The push under way was cut short so that the last values were tried too. */
	check_size(w.reports.count, 2);
	check_contains(script_wait(&w.script, 1)->body, "depth 7\n");
	check_true(w.reports.list[1].final);
	clear(&w);
}

static void
after_an_outage_the_newest_values_arrive(void)
{
	static const struct script_step steps[] = {{.kind = SCRIPT_REFUSE}};
	struct world w;
	prepare(&w, steps, 1);
	script_repeat(&w.script, true);
	check_fatal(start(&w));
	for (int i = 0; i < 3; i++) {
		pitot_gauge_set(w.depth, i);
		check_int(pitot_pusher_flush(w.pusher, 20, &w.why), PITOT_UNAVAILABLE);
	}
	script_repeat(&w.script, false);
	pitot_gauge_set(w.depth, 42);
	check_int(pitot_pusher_flush(w.pusher, LONG_MS, NULL), 0);
	check_contains(w.script.last, "depth 42\n");
	check_int(pitot_pusher_stop(w.pusher, NULL), 0);
	clear(&w);
}

static void
a_stop_while_retrying_still_delivers_the_last_values(void)
{
	static const struct script_step steps[] = {{.status = 503}};
	struct world w;
	prepare(&w, steps, 1);
	script_repeat(&w.script, true);
	w.options.stop_deadline_ms = 2000;
	check_fatal(start(&w));
	(void)script_wait(&w.script, 1); /* the first retry */
	pitot_gauge_set(w.depth, 9);
	script_repeat(&w.script, false);
	check_int(pitot_pusher_stop(w.pusher, NULL), 0);
	check_contains(w.script.last, "depth 9\n");
	clear(&w);
}

/* ---- threads ---- */

enum { updaters = 4, updates = 20000 };

static void *
update(void *context)
{
	struct pitot_counter *counter = context;
	for (int i = 0; i < updates; i++)
		pitot_counter_inc(counter);
	return NULL;
}

static void
no_update_is_lost_while_pushing(void)
{
	struct world w;
	pthread_t threads[updaters];
	char expected[64];
	prepare(&w, NULL, 0);
	w.options.interval_ms = 1;
	struct pitot_counter *counter = pitot_counter(w.registry, "work", NULL);
	check_fatal(start(&w));
	for (int i = 0; i < updaters; i++)
		check_int(pthread_create(&threads[i], NULL, update, counter), 0);
	for (int i = 0; i < 20; i++)
		check_int(pitot_pusher_flush(w.pusher, LONG_MS, NULL), 0);
	for (int i = 0; i < updaters; i++)
		check_int(pthread_join(threads[i], NULL), 0);
	check_int(pitot_pusher_stop(w.pusher, NULL), 0);
	(void)snprintf(expected, sizeof expected, "work_total %d\n", updaters * updates);
	check_contains(w.script.last, expected);
	clear(&w);
}

static void *
flush_often(void *context)
{
	int failed = 0;
	for (int i = 0; i < 20; i++)
		failed += pitot_pusher_flush(context, LONG_MS, NULL) != 0;
	return failed == 0 ? context : NULL;
}

static void
many_threads_may_flush(void)
{
	struct world w;
	pthread_t threads[updaters];
	prepare(&w, NULL, 0);
	check_fatal(start(&w));
	for (int i = 0; i < updaters; i++)
		check_int(pthread_create(&threads[i], NULL, flush_often, w.pusher), 0);
	for (int i = 0; i < updaters; i++) {
		void *result = NULL;
		check_int(pthread_join(threads[i], &result), 0);
		check_true(result == w.pusher);
	}
	check_int(pitot_pusher_stop(w.pusher, NULL), 0);
	clear(&w);
}

/* What a report callback does wrong. */
static struct pitot_pusher *_Atomic own;
static int own_flush, own_stop;

static void
misuse_pusher(void *context, const struct pitot_report *report)
{
	(void)context;
	(void)report;
	if (own == NULL)
		return;
	own_flush = pitot_pusher_flush(own, 5, NULL);
	own_stop = pitot_pusher_stop(own, NULL);
}

static void
waiting_for_oneself_is_refused(void)
{
	struct world w;
	prepare(&w, NULL, 0);
	w.options.report = misuse_pusher;
	check_fatal(start(&w));
	own = w.pusher;
	check_int(pitot_pusher_flush(w.pusher, LONG_MS, NULL), 0);
	check_int(pitot_pusher_stop(w.pusher, NULL), 0);
	check_int(own_flush, PITOT_USAGE);
	check_int(own_stop, PITOT_USAGE);
	clear(&w);
}

static sigset_t blocked_there;

static void
look_at_signals(void *context)
{
	(void)context;
	(void)pthread_sigmask(SIG_SETMASK, NULL, &blocked_there);
}

static void
signals_stay_with_the_programs_own_threads(void)
{
	struct world w;
	sigset_t here;
	prepare(&w, NULL, 0);
	pitot_registry_on_gather(w.registry, look_at_signals, NULL);
	check_fatal(start(&w));
	check_int(pitot_pusher_stop(w.pusher, NULL), 0);
	check_true(sigismember(&blocked_there, SIGTERM) == 1);
	check_true(sigismember(&blocked_there, SIGUSR1) == 1);
	check_int(pthread_sigmask(SIG_SETMASK, NULL, &here), 0);
	check_true(sigismember(&here, SIGTERM) == 0);
	clear(&w);
}

/* ---- what is not started, and forks ---- */

static void
a_mistake_of_the_registry_is_told_at_the_start(void)
{
	struct world w;
	prepare(&w, NULL, 0);
	const struct pt_world seams = script_world(&w.script);
	(void)pitot_gauge(w.registry, "not a name", NULL);
	check_true(pt_pusher_start_with(w.registry, &w.options, &seams, &w.why) == NULL);
	check_int(w.why.code, PITOT_USAGE);
	check_contains(w.why.text, "not a name");
	clear(&w);
}

static void
a_wrong_option_is_told_at_the_start(void)
{
	struct world w;
	prepare(&w, NULL, 0);
	const struct pt_world seams = script_world(&w.script);
	w.options.jitter = 2;
	check_true(pt_pusher_start_with(w.registry, &w.options, &seams, &w.why) == NULL);
	check_contains(w.why.text, "jitter: 2");
	check_true(pitot_pusher_start(w.registry, NULL, &w.why) == NULL);
	check_contains(w.why.text, "url: is missing");
	check_true(pitot_pusher_start(NULL, &w.options, &w.why) == NULL);
	clear(&w);
}

static void
a_disabled_registry_makes_a_pusher_that_does_nothing(void)
{
	struct pitot_registry_options disabled = {.disabled = true};
	struct pitot_registry *registry = pitot_registry_new(&disabled);
	struct pitot_error why;
	/* Not even the options are looked at: nothing needs to be set. */
	struct pitot_pusher *pusher = pitot_pusher_start(registry, NULL, &why);
	check_fatal(pusher != NULL);
	check_int(pitot_pusher_flush(pusher, LONG_MS, &why), 0);
	check_int(pitot_pusher_stop(pusher, &why), 0);
	check_int(pitot_pusher_flush(NULL, LONG_MS, &why), 0);
	check_int(pitot_pusher_stop(NULL, NULL), 0);
	pitot_registry_free(registry);
}

static void
a_forked_child_leaves_the_pusher_alone(void)
{
	struct world w;
	prepare(&w, NULL, 0);
	check_fatal(start(&w));
	(void)script_wait(&w.script, 0);
	pid_t child = fork();
	if (child == 0) {
		struct pitot_error why = {.code = 0};
		bool ok = pitot_pusher_flush(w.pusher, LONG_MS, &why) == PITOT_FAILED &&
			strstr(why.text, "forked") != NULL &&
			pitot_pusher_stop(w.pusher, &why) == 0;
		_exit(ok ? 0 : 1);
	}
	int status = -1;
	check_int(waitpid(child, &status, 0), child);
	check_int(status, 0);
	check_int(pitot_pusher_flush(w.pusher, LONG_MS, NULL), 0);
	check_int(pitot_pusher_stop(w.pusher, NULL), 0);
	clear(&w);
}

static void
a_pusher_counts_its_own_pushes_without_the_prefix(void)
{
	static const struct script_step steps[] = {
		{.status = 200}, {.status = 400}, {.status = 200}};
	struct world w;
	prepare(&w, steps, 3);
	pitot_registry_free(w.registry);
	w.registry = pitot_registry_new(&(struct pitot_registry_options){.prefix = "mailer_"});
	pitot_gauge_set(pitot_gauge(w.registry, "depth", "x"), 1);
	w.options.no_self_metrics = false;
	check_fatal(start(&w));
	wait_for_a_report(&w);
	check_int(pitot_pusher_flush(w.pusher, LONG_MS, NULL), PITOT_REFUSED);
	struct pitot_snapshot *s = pitot_snapshot_take(w.registry, NULL);
	check_double(find_value(s,
			     "pitot_pushes_total{destination=\"http://"
			     "localhost:9091\",result=\"success\"}"),
		1);
	check_double(find_value(s,
			     "pitot_pushes_total{destination=\"http://"
			     "localhost:9091\",result=\"failure\"}"),
		1);
	check_double(
		find_value(s, "pitot_push_attempts_total{destination=\"http://localhost:9091\"}"),
		2);
	check_double(
		find_value(s,
			"pitot_push_duration_seconds_count{destination=\"http://localhost:9091\"}"),
		2);
	check_true(find_value(s,
			   "pitot_samples_sent_total{destination=\"http://localhost:9091\"}") > 0);
	check_true(find_value(s,
			   "pitot_samples_failed_total{destination=\"http://"
			   "localhost:9091\",reason=\"refused\"}") > 0);
	check_true(
		find_value(s, "pitot_sent_bytes_total{destination=\"http://localhost:9091\"}") > 0);
	check_true(find_value(s,
			   "pitot_last_success_timestamp_seconds{destination=\"http://"
			   "localhost:9091\"}") > 1e9);
	pitot_snapshot_free(s);
	check_int(pitot_pusher_stop(w.pusher, NULL), 0);
	check_contains(w.script.last, "mailer_depth 1");
	check_contains(w.script.last,
		"pitot_pushes_total{destination=\"http://localhost:9091\",result=\"failure\"} 1");
	pitot_registry_free(w.registry);
	script_clear(&w.script);
}

static int64_t
now_ms(void)
{
	const struct pt_clock *clock = pt_clock_real();
	return clock->wall_ms(clock);
}

static void
a_push_by_the_receivers_clock_waits_for_its_time_and_not_for_the_next_tick(void)
{
	struct script_step steps[] = {
		{.kind = SCRIPT_REFUSE}, {.status = 204, .date_ms = now_ms() - 100000}};
	struct world w;
	prepare(&w, steps, 2);
	w.options.url = "http://localhost/api/v1/write";
	w.options.protocol = PITOT_PROTOCOL_REMOTE_WRITE_1;
	w.options.clock = PITOT_CLOCK_SERVER;
	check_fatal(start(&w));
	/* Asked by an empty request, in vain, asked again; then the push. */
	check_size(script_wait(&w.script, 0)->length, 1);
	check_size(script_wait(&w.script, 1)->length, 1);
	check_true(script_wait(&w.script, 2)->length > 1);
	check_int(pitot_pusher_stop(w.pusher, &w.why), 0);
	check_size(w.reports.list[w.reports.count - 1].samples_failed, 0);
	clear(&w);
}

static void
a_clock_that_is_wrong_is_told_once(void)
{
	struct script_step step = {.status = 204, .date_ms = now_ms() - 100000};
	struct world w;
	prepare(&w, &step, 1);
	script_repeat(&w.script, true);
	w.options.url = "http://localhost/api/v1/write";
	w.options.protocol = PITOT_PROTOCOL_REMOTE_WRITE_1;
	check_fatal(start(&w));
	(void)script_wait(&w.script, 0);
	wait_for_a_report(&w);
	/* What is gathered from now on is in the receiver's future; the end cannot wait. */
	for (int i = 0; i < 3; i++)
		(void)pitot_pusher_flush(w.pusher, 0, NULL);
	check_int(pitot_pusher_stop(w.pusher, &w.why), 0);
	size_t told = 0;
	for (size_t i = 0; i < w.reports.count; i++)
		told += strstr(w.reports.list[i].error.text, "s ahead of the receiver's") != NULL;
	check_size(told, 1);
	clear(&w);
}

CHECK_MAIN("drive/pusher", TEST(the_first_push_is_at_once_and_the_last_at_stop),
	TEST(a_flush_pushes_now_and_waits_for_the_result),
	TEST(a_flush_that_does_not_wait_is_pushed_all_the_same), TEST(pushes_repeat_by_themselves),
	TEST(a_flush_returns_what_its_push_returned),
	TEST(stop_returns_what_the_last_push_returned),
	TEST(a_hanging_receiver_does_not_hold_a_flush_or_stop),
	TEST(after_an_outage_the_newest_values_arrive),
	TEST(a_stop_while_retrying_still_delivers_the_last_values),
	TEST(no_update_is_lost_while_pushing), TEST(many_threads_may_flush),
	TEST(waiting_for_oneself_is_refused), TEST(signals_stay_with_the_programs_own_threads),
	TEST(a_push_by_the_receivers_clock_waits_for_its_time_and_not_for_the_next_tick),
	TEST(a_clock_that_is_wrong_is_told_once),
	TEST(a_mistake_of_the_registry_is_told_at_the_start),
	TEST(a_wrong_option_is_told_at_the_start),
	TEST(a_disabled_registry_makes_a_pusher_that_does_nothing),
	TEST(a_forked_child_leaves_the_pusher_alone),
	TEST(a_pusher_counts_its_own_pushes_without_the_prefix))
