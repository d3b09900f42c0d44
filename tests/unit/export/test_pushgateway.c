/* SPDX-License-Identifier: MIT */
#include "base/number.h"
#include "cli/sink_message.h"
#include <errno.h>
#include <unistd.h>
#include "support/check.h"
#include "support/literal.h"
#include "support/memory_files.h"
#include "support/trial.h"

#define BASE "http://localhost:9091"

static const struct literal one[] = {GAUGE("a", NULL, 1)};

static void
add_exemplar(struct pitot_snapshot *snapshot, size_t index)
{
	struct pt_label trace = pt_label_of("trace_id", "abc");
	struct pt_labels *labels = pt_labels_new(&trace, 1);
	struct pt_exemplar exemplar = {.index = index, .labels = labels, .bits = pt_number_bits(1)};
	check_true(pt_snapshot_add_exemplar(snapshot, &exemplar));
	pt_labels_unref(labels);
}

static bool
is_protobuf(const struct script_request *request)
{
	/* pushgateway 10 */
	return strstr(request->headers,
		       "Content-Type: application/vnd.google.protobuf; "
		       "proto=io.prometheus.client.MetricFamily; encoding=delimited\n") != NULL;
}

/* The requests from `from` on, a letter each. */
static const char *
formats_of(const struct trial *trial, size_t from)
{
	static char formats[SCRIPT_REQUESTS + 1];
	size_t count = 0;
	for (size_t i = from; i < trial->script.count; i++)
		formats[count++] = is_protobuf(&trial->script.requests[i]) ? 'p' : 't';
	formats[count] = '\0';
	return formats;
}

/* The body, as text in any case; valid until the next call. */
static const char *
body_of(const struct script_request *request)
{
	static char body[4096];
	struct sink_text text = {.bytes = NULL};
	if (!is_protobuf(request))
		return request->body;
	check_true(sink_model_text(&text, request->body, request->length) == NULL);
	(void)snprintf(body, sizeof body, "%s", sink_text_chars(&text));
	sink_text_clear(&text);
	return body;
}

static void
the_group_stands_in_the_url(void)
{
	const struct {
		const char *url, *job, *instance;
		struct pitot_label labels[3];
		const char *expected;
	} cases[] = {
		/* pushgateway 1 */
		{BASE, "j", "", {{0}}, BASE "/metrics/job/j"},
		{BASE "/", "j", "", {{0}}, BASE "/metrics/job/j"},
		{BASE "//", "j", "", {{0}}, BASE "/metrics/job/j"},
		{BASE "/pre/fix", "j", "", {{0}}, BASE "/pre/fix/metrics/job/j"},
		{BASE "/pre/fix/", "j", "", {{0}}, BASE "/pre/fix/metrics/job/j"},
		{BASE "?a=b#c", "j", "", {{0}}, BASE "/metrics/job/j?a=b"},
		{"localhost:9091", "j", "h-1.x:8", {{0}}, BASE "/metrics/job/j/instance/h-1.x%3A8"},
		/* pushgateway 3 */
		{BASE, "a/b", "", {{0}}, BASE "/metrics/job@base64/YS9i"},
		{BASE, "j", "x/>>>?\?\?", {{0}}, BASE "/metrics/job/j/instance@base64/eC8-Pj4_Pz8"},
		{BASE, "j", "/var/ü", {{0}}, BASE "/metrics/job/j/instance@base64/L3Zhci_DvA"},
		/* pushgateway 4 */
		{BASE, "j", "", {{"x", ""}}, BASE "/metrics/job/j/x@base64/="},
		/* pushgateway 5 */
		{BASE, ".", "..", {{0}}, BASE "/metrics/job@base64/Lg/instance@base64/Li4"},
		{BASE, "...", ".a", {{0}}, BASE "/metrics/job/.../instance/.a"},
		/* pushgateway 6 */
		{BASE, "a b+c", "%?#\"\n", {{0}},
			BASE "/metrics/job/a%20b%2Bc/instance/%25%3F%23%22%0A"},
		{BASE, "é€", "", {{0}}, BASE "/metrics/job/%C3%A9%E2%82%AC"},
		/* pushgateway 9 */
		{BASE, "j", "i", {{"z", "1"}, {"a", "2"}, {"m", "3"}},
			BASE "/metrics/job/j/instance/i/a/2/m/3/z/1"},
		{BASE, "j", "i", {{"m", "3"}, {"z", "1"}, {"a", "2"}},
			BASE "/metrics/job/j/instance/i/a/2/m/3/z/1"},
	};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct pitot_push_options options = {
			.url = cases[i].url,
			.protocol = PITOT_PROTOCOL_PUSHGATEWAY,
			.job = cases[i].job,
			.instance = cases[i].instance,
			.labels = cases[i].labels,
		};
		while (options.label_count < 3 && cases[i].labels[options.label_count].name != NULL)
			options.label_count++;
		struct trial trial;
		check_fatal(trial_open(&trial, &options, NULL, 0));
		check_int(trial_push(&trial, LITERAL(one)), 0);
		check_text(trial.script.requests[0].url, cases[i].expected);
		/* pushgateway 25 */
		check_int(trial_remove(&trial), 0);
		check_text(trial.script.requests[1].url, cases[i].expected);
		trial_close(&trial);
	}
}

static void
job_and_instance_have_defaults(void)
{
	char host[256] = "", expected[1024];
	struct pitot_push_options options = {.url = BASE};
	struct trial trial;
	check_int(gethostname(host, sizeof host), 0);
	(void)snprintf(expected, sizeof expected, BASE "/metrics/job/%s/instance/%s",
		program_invocation_short_name, host);
	check_fatal(trial_open(&trial, &options, NULL, 0));
	check_int(trial_push(&trial, LITERAL(one)), 0);
	check_text(trial.script.requests[0].url, expected);
	trial_close(&trial);
}

static void
replace_merge_and_delete_have_their_methods(void)
{
	/* pushgateway 18 */
	static const struct literal rows[] = {
		SERIES("mail_sent", PITOT_COUNTER, PT_PART_TOTAL, "to=x", 2)};
	for (int replace = 0; replace <= 1; replace++) {
		struct pitot_push_options options = {.url = BASE,
			.job = "j",
			.instance = "",
			.mode = replace ? PITOT_REPLACE : PITOT_MERGE};
		struct trial trial;
		check_fatal(trial_open(&trial, &options, NULL, 0));
		check_int(trial_push(&trial, LITERAL(rows)), 0);
		const struct script_request *request = &trial.script.requests[0];
		check_text(request->method, replace ? "PUT" : "POST");
		/* pushgateway 10 */
		/* pushgateway 16 */
		check_text(request->headers,
			"Content-Type: text/plain; version=0.0.4; charset=utf-8\n");
		/* pushgateway 12 */
		/* pushgateway 13 */
		check_text(request->body,
			"# HELP mail_sent_total Help.\n"
			"# TYPE mail_sent_total counter\n"
			"mail_sent_total{to=\"x\"} 2\n");
		check_size(trial.report.requests, 1);
		check_size(trial.report.attempts, 1);
		check_size(trial.report.series, 1);
		check_size(trial.report.samples_sent, 1);
		check_size(trial.report.samples_failed, 0);
		check_size(trial.report.bytes_sent, request->length);
		check_int(trial_remove(&trial), 0);
		check_text(trial.script.requests[1].method, "DELETE");
		check_text(trial.script.requests[1].headers, "");
		check_size(trial.script.requests[1].length, 0);
		trial_close(&trial);
	}
}

static void
every_2xx_is_success(void)
{
	/* pushgateway 19 */
	static const int statuses[] = {200, 202, 204};
	for (size_t i = 0; i < 3; i++) {
		const struct script_step steps[] = {
			{.status = statuses[i]}, {.status = statuses[i]}};
		struct pitot_push_options options = {.url = BASE};
		struct trial trial;
		check_fatal(trial_open(&trial, &options, steps, 2));
		check_int(trial_push(&trial, LITERAL(one)), 0);
		check_int(trial_remove(&trial), 0);
		trial_close(&trial);
	}
}

static void
a_refused_push_is_told_and_not_tried_again(void)
{
	/* pushgateway 20 */
	/* pushgateway 27 */
	static const struct script_step steps[] = {
		{.status = 400, .body = "inconsistent: a is not a GAUGE"}};
	struct pitot_push_options options = {.url = BASE};
	struct trial trial;
	check_fatal(trial_open(&trial, &options, steps, 1));
	check_int(trial_push(&trial, LITERAL(one)), PITOT_REFUSED);
	check_contains(trial.why.text, "a is not a GAUGE");
	check_int(trial.why.http_status, 400);
	check_size(script_count(&trial.script), 1);
	check_size(trial.report.samples_sent, 0);
	check_size(trial.report.samples_failed, 1);
	check_size(trial.report.requests, 0);
	check_size(trial.report.attempts, 1);
	/* The next push is not disturbed. */
	check_int(trial_push(&trial, LITERAL(one)), 0);
	trial_close(&trial);
}

static void
a_gateway_that_is_away_for_a_moment_gets_the_same_body_again(void)
{
	/* pushgateway 22 */
	static const struct script_step steps[] = {
		{.kind = SCRIPT_REFUSE}, {.status = 503}, {.kind = SCRIPT_RESET}, {.status = 200}};
	struct pitot_push_options options = {.url = BASE};
	struct trial trial;
	check_fatal(trial_open(&trial, &options, steps, 4));
	check_int(trial_push(&trial, LITERAL(one)), 0);
	check_size(trial.report.attempts, 4);
	check_size(trial.report.requests, 1);
	check_true(trial.report.maybe_stored);
	for (size_t i = 0; i < 4; i++)
		check_text(trial.script.requests[i].body, trial.script.requests[0].body);
	check_size(trial.report.bytes_sent, 4 * trial.script.requests[0].length);
	trial_close(&trial);
}

/* What a push must answer without sending anything. */
static void
check_refused_here(const struct literal *rows, size_t count, const char *part)
{
	static const struct pitot_label zone = {"zone", "z"};
	struct pitot_push_options options = {.url = BASE,
		.job = "j",
		.instance = "i",
		.mode = PITOT_REPLACE,
		.labels = &zone,
		.label_count = 1};
	struct trial trial;
	check_fatal(trial_open(&trial, &options, NULL, 0));
	check_int(trial_push(&trial, literal_snapshot(rows, count, 1)), PITOT_BAD_INPUT);
	check_contains(trial.why.text, part);
	check_size(script_count(&trial.script), 0);
	check_size(trial.report.samples_sent, 0);
	trial_close(&trial);
}

static void
what_a_gateway_cannot_take_is_refused_here(void)
{
	static const struct literal job[] = {GAUGE("a", "job=x", 1)};
	static const struct literal instance[] = {GAUGE("a", "instance=x", 1)};
	static const struct literal zone[] = {GAUGE("ok", NULL, 1), GAUGE("a", "zone=x", 1)};
	static const struct literal twice[] = {GAUGE("a", "x=1", 1), GAUGE("a", "x=1", 1)};
	static const struct literal timed[] = {GAUGE("ok", NULL, 1),
		{.family = "a", .type = PITOT_GAUGE, .labels = "x=1", .value = 1, .time_ms = 5}};
	static const struct literal broken[] = {GAUGE("a", "x=\xff", 1)};
	/* pushgateway 14 */
	check_refused_here(job, 1, "metric a: label job: is part of the grouping key");
	check_refused_here(instance, 1, "metric a: label instance: is part of");
	check_refused_here(zone, 2, "metric a: label zone: is part of");
	/* pushgateway 15 */
	check_refused_here(twice, 2, "series a{x=\"1\"}: is there twice");
	/* pushgateway 11 */
	check_refused_here(timed, 2, "metric a: has a timestamp, which a Pushgateway refuses");
	check_refused_here(timed, 2, "by remote write");
	/* pushgateway 7 */
	check_refused_here(broken, 1, "metric a: label x: its value is not valid UTF-8");
	/* pushgateway 17 */
	check_refused_here(NULL, 0, "replacing would clear the group");
	check_refused_here(NULL, 0, "delete it");
}

static void
merging_nothing_only_touches_the_group(void)
{
	/* pushgateway 17 */
	struct pitot_push_options options = {.url = BASE};
	struct trial trial;
	check_fatal(trial_open(&trial, &options, NULL, 0));
	check_int(trial_push(&trial, literal_snapshot(NULL, 0, 1)), 0);
	check_text(trial.script.requests[0].method, "POST");
	check_text(trial.script.requests[0].body, "");
	trial_close(&trial);
}

static void
the_instance_is_no_grouping_label_when_it_is_empty(void)
{
	static const struct literal rows[] = {GAUGE("a", "instance=x", 1)};
	struct pitot_push_options options = {.url = BASE, .job = "j", .instance = ""};
	struct trial trial;
	check_fatal(trial_open(&trial, &options, NULL, 0));
	check_int(trial_push(&trial, LITERAL(rows)), 0);
	check_contains(trial.script.requests[0].body, "a{instance=\"x\"} 1\n");
	trial_close(&trial);
}

static void
the_body_has_neither_stale_markers_nor_absent_samples(void)
{
	/* pushgateway 11 */
	static const char *const words[] = {"text/plain", "protobuf"};
	struct literal rows[] = {
		SERIES("a", PITOT_COUNTER, PT_PART_TOTAL, "x=1", 1),
		SERIES("a", PITOT_COUNTER, PT_PART_TOTAL, "x=2",
			pt_number_from_bits(PT_NUMBER_STALE)),
		SERIES("a", PITOT_COUNTER, PT_PART_TOTAL, "x=3",
			pt_number_from_bits(PT_NUMBER_ABSENT)),
		SERIES("a", PITOT_COUNTER, PT_PART_TOTAL, "x=4", 4),
	};
	struct pitot_push_options options = {.url = BASE};
	for (size_t i = 0; i < 2; i++) {
		struct trial trial;
		check_fatal(trial_open(&trial, &options, NULL, 0));
		struct pitot_snapshot *snapshot = LITERAL(rows);
		if (i == 1)
			add_exemplar(snapshot, 0);
		check_int(trial_push(&trial, snapshot), 0);
		const struct script_request *request = &trial.script.requests[0];
		check_contains(request->headers, words[i]);
		check_text(body_of(request),
			i == 0 ? "# HELP a_total Help.\n# TYPE a_total counter\n"
				 "a_total{x=\"1\"} 1\na_total{x=\"4\"} 4\n"
			       : "# HELP a_total Help.\n# TYPE a_total counter\n"
				 "a_total{x=\"1\"} 1\n"
				 "# EXEMPLAR a_total{x=\"1\"} {trace_id=\"abc\"} 1\n"
				 "a_total{x=\"4\"} 4\n");
		check_size(trial.report.samples_sent, 2);
		check_size(trial.report.series, 4);
		trial_close(&trial);
	}
}

static void
exemplars_go_as_protobuf_where_the_gateway_reads_it(void)
{
	static const struct literal rows[] = {SERIES("a", PITOT_COUNTER, PT_PART_TOTAL, NULL, 1)};
	static const struct {
		struct script_step steps[2];
		const char *spool; /* or NULL */
		int code;
		const char *formats; /* of the requests: p or t */
		const char *next;    /* of those of the next push */
		size_t sent;         /* exemplars */
	} cases[] = {
		{{{.status = 200}}, NULL, 0, "p", "p", 1},
		{{{.status = 202}}, NULL, 0, "p", "p", 1},
		/* Not a Pushgateway: it may have stored nothing. */
		{{{.status = 204}, {.status = 204}}, NULL, 0, "pt", "t", 0},
		{{{.status = 400}, {.status = 200}}, NULL, 0, "pt", "t", 0},
		{{{.status = 415}, {.status = 200}}, NULL, 0, "pt", "t", 0},
		/* It was the data. */
		{{{.status = 400}, {.status = 400}}, NULL, PITOT_REFUSED, "pt", "p", 0},
		/* The gateway is away: no reason for another format. */
		{{{.status = 503}, {.status = 200}}, NULL, 0, "pp", "p", 1},
		{{{.status = 401}, {.status = 200}}, NULL, PITOT_DENIED, "p", "p", 0},
		/* What is spooled cannot be made anew. */
		{{{.status = 200}}, "/spool", 0, "t", "t", 0},
	};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct pitot_push_options options = {.url = BASE, .spool_dir = cases[i].spool};
		static struct memory_files disk;
		struct trial trial;
		memory_files_init(&disk, 1);
		check_fatal(trial_open_in(
			&trial, &options, cases[i].steps, 2, pt_clock_real(), &disk.files));
		struct pitot_snapshot *snapshot = LITERAL(rows);
		add_exemplar(snapshot, 0);
		check_int(trial_push(&trial, snapshot), cases[i].code);
		check_text(formats_of(&trial, 0), cases[i].formats);
		check_size(trial.report.exemplars_sent, cases[i].sent);
		if (cases[i].code == 0)
			check_size(trial.report.exemplars_dropped, 1 - cases[i].sent);
		size_t before = trial.script.count;
		trial.script.step_count = 0; /* 200 from now on */
		snapshot = LITERAL(rows);
		add_exemplar(snapshot, 0);
		check_int(trial_push(&trial, snapshot), 0);
		check_text(formats_of(&trial, before), cases[i].next);
		trial_close(&trial);
		memory_files_clear(&disk);
	}
}

static void
names_are_escaped_unless_the_gateway_reads_utf8(void)
{
	static const struct literal rows[] = {GAUGE("dns.lookups", "net.peer=a", 1)};
	for (int utf8 = 0; utf8 <= 1; utf8++) {
		struct pitot_push_options options = {.url = BASE, .utf8_names = utf8 != 0};
		struct trial trial;
		check_fatal(trial_open(&trial, &options, NULL, 0));
		check_int(trial_push(&trial, LITERAL(rows)), 0);
		check_contains(trial.script.requests[0].body,
			utf8 ? "\n{\"dns.lookups\",\"net.peer\"=\"a\"} 1\n"
			     : "\ndns_lookups{net_peer=\"a\"} 1\n");
		trial_close(&trial);
	}
}

CHECK_MAIN("export/pushgateway", TEST(the_group_stands_in_the_url),
	TEST(job_and_instance_have_defaults), TEST(replace_merge_and_delete_have_their_methods),
	TEST(every_2xx_is_success), TEST(a_refused_push_is_told_and_not_tried_again),
	TEST(a_gateway_that_is_away_for_a_moment_gets_the_same_body_again),
	TEST(what_a_gateway_cannot_take_is_refused_here),
	TEST(merging_nothing_only_touches_the_group),
	TEST(the_instance_is_no_grouping_label_when_it_is_empty),
	TEST(the_body_has_neither_stale_markers_nor_absent_samples),
	TEST(exemplars_go_as_protobuf_where_the_gateway_reads_it),
	TEST(names_are_escaped_unless_the_gateway_reads_utf8))
