/* SPDX-License-Identifier: MIT */
#include "drive/push.h"

#include <stdlib.h>
#include "support/check.h"
#include "support/literal.h"
#include "support/script.h"

#define GATEWAY "http://user:hunter2@localhost:9091"
#define WRITE "http://localhost:9090/api/v1/write"

static const struct literal rows[] = {GAUGE("a", NULL, 1)};

static int
run(const struct pt_push_task *task, struct script *script, struct pitot_report *report,
	struct pitot_error *why)
{
	*why = (struct pitot_error){.code = 0};
	const struct pt_world world = script_world(script);
	int code = pt_push_with(task, &world, report, why);
	check_size(script->freed, 1);
	return code;
}

static void
a_registry_is_gathered_and_pushed(void)
{
	struct pitot_registry *registry = pitot_registry_new(NULL);
	struct pitot_push_options options = {.url = GATEWAY, .job = "j", .instance = ""};
	struct pt_push_task task = {.registry = registry, .options = &options};
	struct pitot_report report;
	struct pitot_error why;
	struct script script;
	script_init(&script, NULL, 0);
	pitot_gauge_set(pitot_gauge(registry, "depth", "Depth."), 12);
	check_int(run(&task, &script, &report, &why), 0);
	check_text(script.requests[0].body, "# HELP depth Depth.\n# TYPE depth gauge\ndepth 12\n");
	check_text(report.url, "http://localhost:9091");
	check_int(report.protocol, PITOT_PROTOCOL_PUSHGATEWAY);
	check_int(report.error.code, 0);
	check_true(report.time_ms > 1700000000000 && report.duration_ms >= 0);
	check_size(report.samples_sent, 1);
	check_true(!report.final);
	script_clear(&script);
	pitot_registry_free(registry);
}

static void
a_failure_names_the_url_without_its_secrets(void)
{
	static const struct script_step steps[] = {{.status = 400, .body = "no"}};
	struct pitot_snapshot *snapshot = LITERAL(rows);
	struct pitot_push_options options = {.url = GATEWAY};
	for (int remove = 0; remove <= 1; remove++) {
		struct pt_push_task task = {
			.remove = remove != 0, .snapshot = snapshot, .options = &options};
		struct pitot_report report;
		struct pitot_error why;
		struct script script;
		script_init(&script, steps, 1);
		task.snapshot = remove ? NULL : snapshot;
		check_int(run(&task, &script, &report, &why), PITOT_REFUSED);
		check_contains(why.text,
			remove ? "delete http://localhost:9091: " : "push http://localhost:9091: ");
		check_true(strstr(why.text, "hunter2") == NULL);
		check_text(report.error.text, why.text);
		check_int(report.error.code, PITOT_REFUSED);
		check_int(report.error.http_status, 400);
		check_text(script.requests[0].method, remove ? "DELETE" : "POST");
		script_clear(&script);
	}
	pitot_snapshot_free(snapshot);
}

static void
the_time_given_is_that_of_samples_without_one(void)
{
	struct pitot_snapshot *snapshot = LITERAL(rows);
	struct pitot_push_options options = {.url = WRITE, .job = "", .instance = ""};
	/* The same sample at the snapshot's own time, 1700000000000, and at another. */
	static const int64_t times[] = {0, 1700000000000, 1650000000000};
	struct script scripts[3];
	for (size_t i = 0; i < 3; i++) {
		struct pt_push_task task = {
			.snapshot = snapshot, .time_ms = times[i], .options = &options};
		struct pitot_error why;
		script_init(&scripts[i], NULL, 0);
		check_int(run(&task, &scripts[i], NULL, &why), 0);
	}
	check_bytes(scripts[0].requests[0].body, scripts[0].requests[0].length,
		scripts[1].requests[0].body, scripts[1].requests[0].length);
	check_true(memcmp(scripts[0].requests[0].body, scripts[2].requests[0].body,
			   scripts[0].requests[0].length) != 0);
	for (size_t i = 0; i < 3; i++)
		script_clear(&scripts[i]);
	pitot_snapshot_free(snapshot);
}

static void
a_pushgateway_takes_no_time(void)
{
	struct pitot_snapshot *snapshot = LITERAL(rows);
	struct pitot_push_options options = {.url = GATEWAY};
	struct pt_push_task task = {.snapshot = snapshot, .time_ms = 5, .options = &options};
	struct pitot_error why;
	struct script script;
	script_init(&script, NULL, 0);
	check_int(run(&task, &script, NULL, &why), PITOT_USAGE);
	check_contains(why.text, "takes no timestamps");
	check_size(script.count, 0);
	script_clear(&script);
	pitot_snapshot_free(snapshot);
}

static void
a_push_ends_at_its_deadline(void)
{
	static const struct script_step steps[] = {{.kind = SCRIPT_HANG}};
	struct pitot_snapshot *snapshot = LITERAL(rows);
	struct pitot_push_options options = {.url = GATEWAY, .deadline_ms = 50};
	struct pt_push_task task = {.snapshot = snapshot, .options = &options};
	struct pitot_report report;
	struct pitot_error why;
	struct script script;
	script_init(&script, steps, 1);
	script_repeat(&script, true);
	check_int(run(&task, &script, &report, &why), PITOT_UNAVAILABLE);
	check_true(report.duration_ms >= 50 && report.duration_ms < 20000);
	check_size(report.samples_failed, 1);
	check_true(report.maybe_stored);
	script_clear(&script);
	pitot_snapshot_free(snapshot);
}

static void
only_a_pushgateway_deletes(void)
{
	struct pitot_push_options options = {.url = WRITE};
	struct pt_push_task task = {.remove = true, .options = &options};
	struct pitot_error why;
	struct script script;
	script_init(&script, NULL, 0);
	check_int(run(&task, &script, NULL, &why), PITOT_USAGE);
	check_contains(why.text, "only a Pushgateway can delete");
	check_size(script.count, 0);
	script_clear(&script);
}

static void
a_missing_snapshot_is_no_deletion(void)
{
	struct pitot_push_options options = {.url = GATEWAY};
	struct pt_push_task task = {.options = &options};
	struct pitot_error why;
	struct script script;
	script_init(&script, NULL, 0);
	check_int(run(&task, &script, NULL, &why), PITOT_USAGE);
	check_contains(why.text, "there is no snapshot");
	check_size(script.count, 0);
	script_clear(&script);
}

static void
wrong_options_are_told_in_report_and_error(void)
{
	struct pitot_push_options options = {.url = GATEWAY, .timeout_ms = -1};
	struct pitot_report report;
	struct pitot_error why;
	check_int(pitot_push_delete(&options, &report, &why), PITOT_USAGE);
	check_contains(why.text, "timeout_ms: -1");
	check_text(report.error.text, why.text);
	check_int(pitot_push_delete(NULL, NULL, &why), PITOT_USAGE);
	check_contains(why.text, "url: is missing");
	check_int(pitot_push_delete(NULL, NULL, NULL), PITOT_USAGE);
	options = (struct pitot_push_options){
		.url = GATEWAY, .http = {.username = "u", .bearer_token_file = "/t"}};
	check_int(pitot_push_delete(&options, &report, &why), PITOT_USAGE);
	check_text(report.error.text, why.text);
}

static void
a_disabled_registry_is_not_pushed(void)
{
	struct pitot_registry_options disabled = {.disabled = true};
	struct pitot_registry *registry = pitot_registry_new(&disabled);
	struct pitot_report report;
	struct pitot_error why;
	check_int(pitot_push(registry, NULL, &report, &why), 0);
	check_size(report.attempts, 0);
	pitot_registry_free(registry);
}

static void
a_registry_that_there_was_no_memory_for_is_told(void)
{
	struct pitot_report report;
	struct pitot_error why;
	check_int(pitot_push(NULL, &(struct pitot_push_options){.url = GATEWAY}, &report, &why),
		PITOT_NO_MEMORY);
	check_size(report.attempts, 0);
}

/* ---- preview ---- */

struct seen {
	size_t count;
	char text[4096]; /* "Name: value\n" of the last one */
	char method[8], url[256];
	char plain[256], body[256];
	size_t plain_length, body_length;
};

static void
look(void *context, const struct pitot_request *request)
{
	struct seen *seen = context;
	seen->count++;
	seen->text[0] = '\0';
	for (size_t i = 0; i < request->header_count; i++) {
		size_t used = strlen(seen->text);
		(void)snprintf(seen->text + used, sizeof seen->text - used, "%s: %s\n",
			request->headers[i].name, request->headers[i].value);
	}
	(void)snprintf(seen->method, sizeof seen->method, "%s", request->method);
	(void)snprintf(seen->url, sizeof seen->url, "%s", request->url);
	seen->plain_length = request->plain_length;
	seen->body_length = request->body_length;
	if (request->plain_length < sizeof seen->plain)
		memcpy(seen->plain, request->plain, request->plain_length);
	if (request->body_length < sizeof seen->body)
		memcpy(seen->body, request->body, request->body_length);
}

static void
a_preview_shows_the_request_without_secrets(void)
{
	static const struct pitot_label headers[] = {{"X-Scope-OrgID", "tenant"}, {"Cookie", "s1"},
		{"X-Api-Key", "s2"}, {"x-auth-token", "s3"}, {"Accept-Language", "de"}};
	struct pitot_push_options options = {.url = GATEWAY "/?token=s4",
		.protocol = PITOT_PROTOCOL_PUSHGATEWAY,
		.job = "j",
		.instance = "",
		.mode = PITOT_REPLACE,
		.http = {.headers = headers, .header_count = 5}};
	struct pitot_snapshot *snapshot = LITERAL(rows);
	struct seen seen = {.count = 0};
	check_int(pitot_push_preview(snapshot, 0, &options, look, &seen, NULL), 0);
	check_size(seen.count, 1);
	check_text(seen.method, "PUT");
	check_text(seen.url, "http://localhost:9091/metrics/job/j");
	check_contains(seen.text, "Content-Type: text/plain; version=0.0.4; charset=utf-8\n");
	check_contains(seen.text, "User-Agent: pitot/");
	check_contains(seen.text, "Authorization: <hidden>\n");
	check_contains(seen.text, "X-Scope-OrgID: tenant\n");
	check_contains(seen.text, "Cookie: <hidden>\n");
	check_contains(seen.text, "X-Api-Key: <hidden>\n");
	check_contains(seen.text, "x-auth-token: <hidden>\n");
	check_contains(seen.text, "Accept-Language: de\n");
	static const char body[] = "# HELP a Help.\n# TYPE a gauge\na 1\n";
	check_bytes(seen.body, seen.body_length, body, sizeof body - 1);
	check_bytes(seen.plain, seen.plain_length, body, sizeof body - 1);
	pitot_snapshot_free(snapshot);
}

static void
a_preview_shows_what_was_before_compression(void)
{
	static const char plain[] = "\x22\0\x22\x08__name__\x22\x01"
				    "a\x22\x05Help.\x2a\x1c\x0a\x02\x01\x02"
				    "\x12\x10\x09\0\0\0\0\0\0\xf0\x3f\x10\x80\xd0\x95\xff\xbc\x31"
				    "\x2a\x04\x08\x02\x18\x03";
	struct pitot_push_options options = {.url = WRITE, .job = "", .instance = ""};
	struct pitot_snapshot *snapshot = LITERAL(rows);
	struct seen seen = {.count = 0};
	check_int(pitot_push_preview(snapshot, 0, &options, look, &seen, NULL), 0);
	check_text(seen.url, WRITE);
	check_contains(seen.text, "Content-Encoding: snappy\n");
	check_true(strstr(seen.text, "Authorization") == NULL);
	check_true(memcmp(seen.body, seen.plain, seen.plain_length) != 0);
	check_bytes(seen.plain, seen.plain_length, plain, sizeof plain - 1);
	pitot_snapshot_free(snapshot);
}

static void
a_preview_shows_each_request_and_checks_like_a_push(void)
{
	static const struct literal two[] = {GAUGE("a", "x=1", 1), GAUGE("a", "x=2", 1)};
	struct pitot_push_options options = {
		.url = WRITE, .job = "j", .instance = "", .max_request_bytes = 75};
	struct pitot_snapshot *snapshot = LITERAL(two);
	struct seen seen = {.count = 0};
	struct pitot_error why;
	check_int(pitot_push_preview(snapshot, 0, &options, look, &seen, NULL), 0);
	check_size(seen.count, 2);
	options.http = (struct pitot_http_options){.username = "u", .bearer_token_file = "/t"};
	check_int(pitot_push_preview(snapshot, 0, &options, look, &seen, &why), PITOT_USAGE);
	check_int(pitot_push_preview(snapshot, 0, NULL, look, &seen, &why), PITOT_USAGE);
	check_size(seen.count, 2);
	pitot_snapshot_free(snapshot);
}

CHECK_MAIN("drive/push", TEST(a_registry_is_gathered_and_pushed),
	TEST(a_failure_names_the_url_without_its_secrets),
	TEST(the_time_given_is_that_of_samples_without_one), TEST(a_pushgateway_takes_no_time),
	TEST(a_push_ends_at_its_deadline), TEST(only_a_pushgateway_deletes),
	TEST(a_missing_snapshot_is_no_deletion), TEST(wrong_options_are_told_in_report_and_error),
	TEST(a_disabled_registry_is_not_pushed),
	TEST(a_registry_that_there_was_no_memory_for_is_told),
	TEST(a_preview_shows_the_request_without_secrets),
	TEST(a_preview_shows_what_was_before_compression),
	TEST(a_preview_shows_each_request_and_checks_like_a_push))
