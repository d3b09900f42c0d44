/* SPDX-License-Identifier: MIT */
/* The retry policy, under virtual time, against a transport that answers from a table. */
#include "export/lanes.h"
#include "support/check.h"

/* Time passes by a tenth of a millisecond each time it is asked for. */
static int64_t ticks;

static int64_t
virtual_ms(const struct pt_clock *clock)
{
	(void)clock;
	return ticks++ / 10;
}

static const struct pt_clock virtual_clock = {virtual_ms, virtual_ms, NULL};

struct step {
	int code;   /* of send */
	int status; /* where code is 0 */
	int64_t retry_after_ms;
	bool maybe_received;
	const char *location;
	bool hasten; /* while this is answered, somebody is in a hurry */
};

enum { max_sends = 200 };

struct table {
	struct pt_transport base;
	const struct step *steps; /* the last is repeated */
	size_t step_count, sends;
	int64_t times[max_sends];
	char attempts[max_sends][16]; /* the Retry-Attempt header, "" for none */
};

static int
answer_from_table(struct pt_transport *base, const struct pt_http_request *request,
	int64_t timeout_ms, struct pt_deadline *deadline, struct pt_http_answer *answer,
	struct pitot_error *why)
{
	struct table *table = (struct table *)base;
	(void)timeout_ms;
	size_t index = table->sends < table->step_count ? table->sends : table->step_count - 1;
	const struct step *step = &table->steps[index];
	if (table->sends < max_sends) {
		table->times[table->sends] = virtual_ms(NULL);
		for (size_t i = 0; i < request->header_count; i++)
			if (strcmp(request->headers[i].name, "Retry-Attempt") == 0)
				(void)snprintf(table->attempts[table->sends], 16, "%s",
					request->headers[i].value);
	}
	table->sends++;
	answer->status = step->status;
	answer->retry_after_ms = step->retry_after_ms == 0 ? -1 : step->retry_after_ms;
	answer->maybe_received = step->maybe_received;
	if (step->hasten)
		pt_deadline_hasten(deadline, virtual_ms(NULL) + 20);
	if (step->location != NULL)
		(void)snprintf(answer->location, sizeof answer->location, "%s", step->location);
	(void)snprintf(answer->body, sizeof answer->body, "the reason");
	if (step->code != 0 && why != NULL) {
		*why = (struct pitot_error){.code = step->code};
		(void)snprintf(why->text, sizeof why->text, "no answer");
	}
	return step->code;
}

static void
free_nothing(struct pt_transport *base)
{
	(void)base;
}

static struct pt_transport *
connect_table(void *context, const struct pitot_http_options *options, struct pitot_error *why)
{
	(void)options;
	(void)why;
	return &((struct table *)context)->base;
}

static const char where[] = "delete http://h: ";

/* A group is deleted: the request is the same whatever is gathered. */
static int
deliver(struct table *table, const struct step *steps, size_t count, int64_t deadline_ms,
	struct pitot_report *report)
{
	*table = (struct table){.base = {.send = answer_from_table, .free = free_nothing},
		.steps = steps,
		.step_count = count};
	const struct pt_world world = {
		.clock = &virtual_clock, .connect = connect_table, .context = table};
	struct pt_lanes lanes;
	*report = (struct pitot_report){.series = 0};
	const struct pitot_push_options options = {.url = "http://h", .job = "j"};
	if (pt_lanes_init(&lanes, &options, &world, true, &report->error) != 0)
		return report->error.code;
	struct pt_deadline *deadline = pt_deadline_new(&virtual_clock);
	pt_deadline_set(deadline, virtual_ms(NULL) + deadline_ms);
	pt_lane_offer_action(lanes.list[0], PT_FORMAT_DELETE, 1);
	pt_lane_run(lanes.list[0], deadline, NULL, NULL);
	pt_lane_abandon(lanes.list[0]);
	(void)pt_lane_report(lanes.list[0], report);
	pt_deadline_free(deadline);
	pt_lanes_clear(&lanes);
	return report->error.code;
}

static int
expected_code(int status)
{
	if (status < 300)
		return 0;
	if (status == 401 || status == 403)
		return PITOT_DENIED;
	if (status >= 500 || status == 429 || status == 408)
		return PITOT_UNAVAILABLE;
	return status < 400 || status == 404 || status == 405 ? PITOT_FAILED : PITOT_REFUSED;
}

static void
every_status_is_final_or_retried_as_the_protocols_say(void)
{
	/* remote-write 27 */
	/* remote-write 28 */
	/* remote-write 29 */
	/* pushgateway 19 */
	/* pushgateway 20 */
	/* pushgateway 22 */
	for (int status = 200; status < 600; status++) {
		const struct step steps[] = {{.status = status}, {.status = 204}};
		struct table table;
		struct pitot_report report;
		int code = deliver(&table, steps, 2, 60000, &report);
		bool retried = expected_code(status) == PITOT_UNAVAILABLE;
		check_size(table.sends, retried ? 2 : 1);
		check_int(code, retried ? 0 : expected_code(status));
		if (code != 0) {
			check_int(report.error.http_status, status);
			check_contains(report.error.text, "the reason");
		}
		const struct step forever[] = {{.status = status}};
		code = deliver(&table, forever, 1, 3000, &report);
		check_int(code, expected_code(status));
		check_true(retried ? table.sends > 3 : table.sends == 1);
		if (retried)
			check_contains(report.error.text, "given up after");
	}
}

static void
waits_grow_are_bounded_and_end_at_the_deadline(void)
{
	/* remote-write 29 */
	/* remote-write 38 */
	const struct step steps[] = {{.status = 503}};
	struct table table;
	struct pitot_report report;
	int64_t begin = virtual_ms(NULL);
	check_int(deliver(&table, steps, 1, 60000, &report), PITOT_UNAVAILABLE);
	check_true(virtual_ms(NULL) - begin <= 60000 + 100);
	check_true(table.sends > 10 && table.sends < max_sends);
	int64_t longest = 0;
	for (size_t i = 1; i < table.sends; i++) {
		int64_t wait = table.times[i] - table.times[i - 1];
		check_true(wait >= 50 && wait <= 5000 + 2);
		if (i <= 3)
			check_true(wait <= (100 << (i - 1)) + 2);
		longest = wait > longest ? wait : longest;
	}
	check_true(longest > 1000);
}

static void
retries_are_numbered_and_the_first_attempt_is_not(void)
{
	/* remote-write 8 */
	const struct step steps[] = {{.status = 500}, {.status = 429}, {.status = 204}};
	struct table table;
	struct pitot_report report;
	check_int(deliver(&table, steps, 3, 60000, &report), 0);
	check_int(report.attempts, 3);
	check_text(table.attempts[0], "");
	check_text(table.attempts[1], "1");
	check_text(table.attempts[2], "2");
}

static void
retry_after_replaces_the_wait_is_capped_and_obeys_the_deadline(void)
{
	/* remote-write 30 */
	static const struct {
		int64_t retry_after_ms, least, most;
		size_t sends;
	} cases[] = {
		{2000, 2000, 2010, 2},
		{10, 10, 20, 2},
		{INT64_C(1000000000000), 30000, 30010, 2}, /* the cap */
		{-1, 50, 110, 2},
	};
	struct table table;
	struct pitot_report report;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		const struct step steps[] = {
			{.status = 429, .retry_after_ms = cases[i].retry_after_ms},
			{.status = 204}};
		check_int(deliver(&table, steps, 2, 60000, &report), 0);
		check_size(table.sends, cases[i].sends);
		int64_t wait = table.times[1] - table.times[0];
		check_true(wait >= cases[i].least && wait <= cases[i].most);
	}
	/* A wait that would pass the deadline is not waited. */
	const struct step steps[] = {{.status = 503, .retry_after_ms = 20000}};
	int64_t begin = virtual_ms(NULL);
	check_int(deliver(&table, steps, 1, 5000, &report), PITOT_UNAVAILABLE);
	check_true(virtual_ms(NULL) - begin < 100);
	check_size(table.sends, 1);
	check_contains(report.error.text,
		"given up after 1 attempt, since the receiver asks to wait 20 s: 503 Service "
		"Unavailable: the reason");
}

static void
failures_without_an_answer_are_retried_unless_that_is_useless(void)
{
	/* remote-write 31 */
	static const struct {
		int code;
		bool retried;
	} cases[] = {{PITOT_UNAVAILABLE, true}, {PITOT_NO_HOST, true}, {PITOT_USAGE, false},
		{PITOT_NO_INPUT, false}, {PITOT_NO_MEMORY, false}};
	struct table table;
	struct pitot_report report;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		const struct step steps[] = {{.code = cases[i].code}, {.status = 200}};
		int code = deliver(&table, steps, 2, 60000, &report);
		check_int(code, cases[i].retried ? 0 : cases[i].code);
		const struct step forever[] = {{.code = cases[i].code}};
		code = deliver(&table, forever, 1, 1000, &report);
		check_int(code, cases[i].code);
		check_contains(report.error.text, "no answer");
	}
}

static void
a_refusal_after_an_unanswered_attempt_may_mean_already_stored(void)
{
	/* remote-write 39 */
	const struct step steps[] = {
		{.code = PITOT_UNAVAILABLE, .maybe_received = true}, {.status = 400}};
	struct table table;
	struct pitot_report report;
	check_int(deliver(&table, steps, 2, 60000, &report), PITOT_REFUSED);
	check_true(report.maybe_stored);
	check_contains(report.error.text, "possibly already stored");
	const struct step clean[] = {{.code = PITOT_UNAVAILABLE}, {.status = 400}};
	check_int(deliver(&table, clean, 2, 60000, &report), PITOT_REFUSED);
	check_true(!report.maybe_stored);
	check_true(strstr(report.error.text, "possibly") == NULL);
}

static void
a_refusal_may_also_follow_a_sending_by_the_transport_itself(void)
{
	/* remote-write 39 */
	static const int statuses[] = {400, 409};
	struct table table;
	struct pitot_report report;
	for (size_t i = 0; i < 2; i++) {
		const struct step steps[] = {{.status = statuses[i], .maybe_received = true}};
		check_int(deliver(&table, steps, 1, 60000, &report), PITOT_REFUSED);
		check_size(table.sends, 1);
		check_true(report.maybe_stored);
		check_contains(report.error.text, "possibly already stored");
	}
}

static void
a_hastened_deadline_ends_the_waiting(void)
{
	const struct step steps[] = {{.status = 503, .retry_after_ms = 20000, .hasten = true}};
	struct table table;
	struct pitot_report report;
	int64_t begin = virtual_ms(NULL);
	check_int(deliver(&table, steps, 1, 600000, &report), PITOT_UNAVAILABLE);
	check_true(virtual_ms(NULL) - begin < 1000);
	check_size(table.sends, 1);
}

static void
the_first_waits_double_up_to_a_bound(void)
{
	/* remote-write 29 */
	struct pt_retry retry;
	pt_retry_init(&retry, 7);
	for (unsigned attempt = 1; attempt < 200; attempt++) {
		int64_t most = attempt < 7 ? INT64_C(100) << (attempt - 1) : 5000, longest = 0;
		for (int i = 0; i < 200; i++) {
			int64_t wait = pt_retry_wait(&retry, attempt, -1);
			check_true(wait >= 50 && wait <= most);
			longest = wait > longest ? wait : longest;
		}
		/* Full jitter: it reaches the upper quarter too. */
		check_true(longest > most * 3 / 4);
	}
	check_int(pt_retry_wait(&retry, 9, 1), 1);
	check_int(pt_retry_wait(&retry, 1, 29999), 29999);
	check_int(pt_retry_wait(&retry, 1, 30001), 30000);
	check_true(pt_retry_wait(&retry, 1, 0) >= 50);
}

static void
what_the_receiver_says_is_told_with_what_to_do(void)
{
	/* remote-write 40 */
	/* pushgateway 21 */
	static const struct {
		struct step step;
		const char *text;
	} cases[] = {
		{{.status = 400}, "400 Bad Request: the reason"},
		{{.status = 418}, "418: the reason"},
		{{.status = 404},
			"404 Not Found (is the URL's path right? Prometheus needs "
			"--web.enable-remote-write-receiver): the reason"},
		{{.status = 307, .location = "http://h/a/b"},
			"307 Temporary Redirect to http://h/a/b: redirections are not followed, "
			"use "
			"that URL"},
		{{.status = 399, .location = "http://u:secret@h/a?token=secret"},
			"399 to http://h/a: redirections are not followed, use that URL"},
		{{.status = 302, .location = "/a?secret"},
			"302 Found to /a: redirections are not followed, use that URL"},
		{{.status = 301}, "301 Moved Permanently: the reason"},
		{{.status = 413, .location = "http://h/"},
			"413 Content Too Large (send less in one request): the reason"},
	};
	struct table table;
	struct pitot_report report;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		(void)deliver(&table, &cases[i].step, 1, 60000, &report);
		check_true(strncmp(report.error.text, where, strlen(where)) == 0);
		check_text(report.error.text + strlen(where), cases[i].text);
		check_int(report.error.http_status, cases[i].step.status);
	}
}

static void
success_after_failures_writes_no_error(void)
{
	const struct step steps[] = {{.code = PITOT_UNAVAILABLE}, {.status = 503}, {.status = 200}};
	struct table table;
	struct pitot_report report;
	check_int(deliver(&table, steps, 3, 60000, &report), 0);
	check_text(report.error.text, "");
}

CHECK_MAIN("export/retry", TEST(every_status_is_final_or_retried_as_the_protocols_say),
	TEST(waits_grow_are_bounded_and_end_at_the_deadline),
	TEST(retries_are_numbered_and_the_first_attempt_is_not),
	TEST(retry_after_replaces_the_wait_is_capped_and_obeys_the_deadline),
	TEST(failures_without_an_answer_are_retried_unless_that_is_useless),
	TEST(a_refusal_after_an_unanswered_attempt_may_mean_already_stored),
	TEST(a_refusal_may_also_follow_a_sending_by_the_transport_itself),
	TEST(a_hastened_deadline_ends_the_waiting), TEST(the_first_waits_double_up_to_a_bound),
	TEST(what_the_receiver_says_is_told_with_what_to_do),
	TEST(success_after_failures_writes_no_error))
