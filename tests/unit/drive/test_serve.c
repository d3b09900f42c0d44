/* SPDX-License-Identifier: MIT */
/* What requests get from an endpoint, and what options it takes. */
#include <pitot/exposition.h>
#include <pitot/serve.h>
#include <stdlib.h>
#include <unistd.h>
#include "support/ask.h"
#include "support/check.h"

#define ACCEPT_OM "Accept: application/openmetrics-text;version=1.0.0,text/plain;q=0.5\r\n"

/* Log lines, one after the other. */
static char told[1024];

static void
keep(void *context, const struct pitot_log_entry *entry)
{
	size_t at = strlen(told);
	check_true(context == told);
	at += (size_t)snprintf(
		told + at, sizeof told - at, "%d %s", (int)entry->level, entry->message);
	for (size_t i = 0; i < entry->field_count; i++)
		at += (size_t)snprintf(told + at, sizeof told - at, " %s=%s", entry->fields[i].name,
			entry->fields[i].value);
	(void)snprintf(told + at, sizeof told - at, "\n");
}

static struct pitot_registry *
some_registry(void)
{
	struct pitot_registry *m = pitot_registry_new(NULL);
	pitot_counter_add(pitot_counter(m, "mail_sent", "Handed over."), 5);
	pitot_histogram_observe(pitot_histogram(m, "mail_seconds", "Time.", NULL), 0.3);
	return m;
}

/* Started with these options, log and all; its port is checked. */
static struct pitot_server *
start(struct pitot_registry *m, struct pitot_server_options options)
{
	struct pitot_error why = {.code = 0};
	told[0] = '\0';
	options.log = keep;
	options.log_context = told;
	struct pitot_server *server = pitot_server_start(m, &options, &why);
	check_text(why.text, "");
	check_true(pitot_server_port(server) != 0);
	return server;
}

static char *
encoded(struct pitot_registry *m, enum pitot_format format)
{
	char *bytes = NULL;
	size_t length = 0;
	struct pitot_snapshot *snapshot = pitot_snapshot_take(m, NULL);
	check_int(pitot_encode(snapshot, format, NULL, &bytes, &length, NULL), 0);
	pitot_snapshot_free(snapshot);
	return bytes;
}

static void
a_scrape_gets_what_the_registry_holds(void)
{
	struct pitot_registry *m = some_registry();
	struct pitot_server *server = start(m, (struct pitot_server_options){.port = 0});
	char expected[128], *text = encoded(m, PITOT_TEXT_0_0_4);
	(void)snprintf(expected, sizeof expected,
		"1 prometheus metrics server started port=%u path=/metrics\n",
		(unsigned)pitot_server_port(server));
	check_text(told, expected);
	for (int i = 0; i < 2; i++) {
		struct asked asked = ask_get(pitot_server_port(server), "/metrics?x=y", "");
		check_int(asked.status, 200);
		check_contains(asked.head,
			"\r\nContent-Type: text/plain; version=0.0.4; charset=utf-8\r\n");
		check_contains(asked.head, "\r\nCache-Control: no-store\r\n");
		check_contains(asked.head, "\r\nVary: Accept, Accept-Encoding\r\n");
		check_true(strstr(asked.head, "Content-Encoding") == NULL);
		check_text(asked.body, text);
		asked_clear(&asked);
	}
	free(text);
	check_int(pitot_server_stop(server, NULL), 0);
	pitot_registry_free(m);
}

static void
openmetrics_and_gzip_are_had_by_asking(void)
{
	struct pitot_registry *m = some_registry();
	struct pitot_server *server = start(m, (struct pitot_server_options){.path = "/a/b"});
	char *text = encoded(m, PITOT_OPENMETRICS_1_0);
	struct asked asked = ask_get(pitot_server_port(server), "/a/b",
		"Accept: text/plain;q=0.5\r\nAccept-Encoding: br\r\n"
		"Accept: application/openmetrics-text;version=1.0.0\r\n"
		"Accept-Encoding: gzip\r\n");
	check_int(asked.status, 200);
	check_contains(asked.head,
		"\r\nContent-Type: application/openmetrics-text; version=1.0.0; charset=utf-8\r\n");
	check_contains(asked.head, "\r\nContent-Encoding: gzip\r\n");
	check_true(asked.length < strlen(text));
	check_fatal(asked_unpack(&asked) == 0);
	check_text(asked.body, text);
	asked_clear(&asked);
	asked = ask_get(pitot_server_port(server), "/a/b", ACCEPT_OM);
	check_text(asked.body, text);
	asked_clear(&asked);
	free(text);
	check_int(pitot_server_stop(server, NULL), 0);
	pitot_registry_free(m);
}

static void
names_are_escaped_as_the_client_wants(void)
{
	static const struct {
		const char *escaping, *type, *line;
	} rows[] = {
		{"", "utf-8\r\n", "\nmy_metric{a_b=\"1\"} 2.0\n"},
		{";escaping=allow-utf-8", "; escaping=allow-utf-8\r\n",
			"\n{\"my.metric\",\"a.b\"=\"1\"} 2.0\n"},
		{";escaping=dots", "; escaping=dots\r\n", "\nmy_dot_metric{a_dot_b=\"1\"} 2.0\n"},
	};
	struct pitot_registry *m =
		pitot_registry_new(&(struct pitot_registry_options){.utf8_names = true});
	pitot_gauge_set(pitot_gauges_get(pitot_gauges(m, "my.metric", "", "a.b"), "1"), 2);
	struct pitot_server *server = start(m, (struct pitot_server_options){.port = 0});
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		char header[128];
		(void)snprintf(header, sizeof header,
			"Accept: application/openmetrics-text;version=1.0.0%s\r\n",
			rows[i].escaping);
		struct asked asked = ask_get(pitot_server_port(server), "/metrics", header);
		check_contains(asked.head, rows[i].type);
		check_contains(asked.body, rows[i].line);
		asked_clear(&asked);
	}
	check_int(pitot_server_stop(server, NULL), 0);
	pitot_registry_free(m);
}

static void
names_that_become_one_are_told_as_the_server_s_fault(void)
{
	struct pitot_registry *m =
		pitot_registry_new(&(struct pitot_registry_options){.utf8_names = true});
	pitot_gauge_set(pitot_gauge(m, "a.b", ""), 1);
	pitot_gauge_set(pitot_gauge(m, "a_b", ""), 2);
	struct pitot_server *server = start(m, (struct pitot_server_options){.port = 0});
	told[0] = '\0';
	struct asked asked = ask_get(pitot_server_port(server), "/metrics", "");
	check_int(asked.status, 500);
	check_text(asked.body, "the metrics cannot be had now\n");
	check_contains(told, "3 prometheus metrics scrape failed err=");
	asked_clear(&asked);
	check_int(pitot_server_stop(server, NULL), 0);
	pitot_registry_free(m);
}

static void
other_methods_and_paths_are_told_what_there_is(void)
{
	static const struct {
		const char *line;
		int status;
		const char *head, *body;
	} rows[] = {
		{"HEAD /metrics", 200, "text/plain; version=0.0.4; charset=utf-8", ""},
		{"POST /metrics", 405, "\r\nAllow: GET, HEAD\r\n", "only GET and HEAD"},
		{"PUT /metrics", 405, "\r\nAllow: GET, HEAD\r\n", "only GET and HEAD"},
		{"DELETE /metrics", 405, "\r\nAllow: GET, HEAD\r\n", "only GET and HEAD"},
		{"OPTIONS /metrics", 405, "\r\nAllow: GET, HEAD\r\n", "only GET and HEAD"},
		{"get /metrics", 405, "\r\nAllow: GET, HEAD\r\n", "only GET and HEAD"},
		{"GET /metrics/", 404, "text/plain", "the metrics are at /metrics\n"},
		{"GET /Metrics", 404, "text/plain", "the metrics are at /metrics\n"},
		{"GET /metrics/job/x", 404, "text/plain", "the metrics are at /metrics\n"},
		{"POST /x", 404, "text/plain", "the metrics are at /metrics\n"},
		{"GET /..%2fmetrics", 404, "text/plain", "the metrics are at /metrics\n"},
		{"GET /", 200, "text/html", "<a href=\"/metrics\">"},
		{"GET /%6detrics", 200, "text/plain", "mail_sent_total 5\n"},
		{"GET http://h/metrics", 200, "text/plain", "mail_sent_total 5\n"},
		{"GET HTTPS://h:1/metrics", 200, "text/plain", "mail_sent_total 5\n"},
		{"GET http://h", 200, "text/html", "<a href=\"/metrics\">"},
		{"GET http://h/x", 404, "text/plain", "the metrics are at /metrics\n"},
		{"POST /", 405, "\r\nAllow: GET, HEAD\r\n", "only GET and HEAD"},
	};
	struct pitot_registry *m = some_registry();
	struct pitot_server *server = start(m, (struct pitot_server_options){.port = 0});
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		char request[256];
		bool body = strncmp(rows[i].line, "P", 1) == 0;
		(void)snprintf(request, sizeof request,
			"%s HTTP/1.1\r\nHost: h\r\nConnection: close\r\n%s", rows[i].line,
			body ? "Content-Length: 3\r\n\r\nabc" : "\r\n");
		struct asked asked = ask(pitot_server_port(server), request);
		check_int(asked.status, rows[i].status);
		check_contains(asked.head, rows[i].head);
		check_contains(asked.body, rows[i].body);
		if (rows[i].line[0] == 'H') {
			check_size(asked.length, 0);
			check_true(strstr(asked.head, "Content-Length: 0") == NULL);
		}
		asked_clear(&asked);
	}
	check_int(pitot_server_stop(server, NULL), 0);
	pitot_registry_free(m);
}

static void
a_body_that_nobody_asked_for_is_passed_over(void)
{
	struct pitot_registry *m = some_registry();
	struct pitot_server *server = start(m, (struct pitot_server_options){.port = 0});
	struct asked asked =
		ask_get(pitot_server_port(server), "/metrics", "Content-Length: 5\r\n\r\nhello");
	check_int(asked.status, 200);
	check_contains(asked.body, "mail_sent_total 5\n");
	asked_clear(&asked);
	check_int(pitot_server_stop(server, NULL), 0);
	pitot_registry_free(m);
}

static void
a_login_guards_everything(void)
{
	char path[] = "/tmp/pitot-serve-XXXXXX";
	int file = mkstemp(path);
	check_fatal(file >= 0 && write(file, "secret\n", 7) == 7);
	struct pitot_registry *m = some_registry();
	struct pitot_server *server =
		start(m, (struct pitot_server_options){.username = "user", .password_file = path});
	uint16_t port = pitot_server_port(server);
	static const char *const paths[] = {"/metrics", "/", "/x"};
	for (size_t i = 0; i < 3; i++) {
		struct asked asked = ask_get(port, paths[i], "");
		check_int(asked.status, 401);
		check_contains(asked.head,
			"\r\nWWW-Authenticate: Basic realm=\"metrics\", charset=\"UTF-8\"\r\n");
		check_text(asked.body, "no user and password\n");
		asked_clear(&asked);
	}
	struct asked asked = ask_get(port, "/metrics", "Authorization: Basic dXNlcjpzZWNyZXQx\r\n");
	check_int(asked.status, 401);
	check_text(asked.body, "wrong user or password\n");
	asked_clear(&asked);
	asked = ask_get(port, "/metrics", "Authorization: Basic dXNlcjpzZWNyZXQ=\r\n");
	check_int(asked.status, 200);
	asked_clear(&asked);
	check_int(unlink(path), 0);
	told[0] = '\0';
	asked = ask_get(port, "/metrics", "Authorization: Basic dXNlcjpzZWNyZXQ=\r\n");
	check_int(asked.status, 500);
	check_contains(told, path);
	check_true(strstr(asked.body, path) == NULL);
	asked_clear(&asked);
	check_int(pitot_server_stop(server, NULL), 0);
	(void)close(file);
	pitot_registry_free(m);
}

static void
a_request_that_is_too_long_is_refused_and_the_next_one_served(void)
{
	struct pitot_registry *m = some_registry();
	struct pitot_server *server =
		start(m, (struct pitot_server_options){.max_header_bytes = 2048});
	char request[4096] = "GET /metrics HTTP/1.1\r\nHost: h\r\nConnection: close\r\nX: ";
	size_t length = strlen(request);
	memset(request + length, 'x', 3000);
	(void)strcpy(request + length + 3000, "\r\n\r\n");
	struct asked asked = ask(pitot_server_port(server), request);
	check_true(asked.status == 431 || asked.status == 0);
	asked_clear(&asked);
	asked = ask_get(pitot_server_port(server), "/metrics", "");
	check_int(asked.status, 200);
	asked_clear(&asked);
	check_int(pitot_server_stop(server, NULL), 0);
	pitot_registry_free(m);
}

static void
wrong_options_are_told(void)
{
	static const struct {
		struct pitot_server_options options;
		int code;
		const char *text;
	} rows[] = {
		{{.path = ""}, PITOT_USAGE, "endpoint: path \"\": expected / and letters"},
		{{.path = "metrics"}, PITOT_USAGE, "endpoint: path \"metrics\": expected /"},
		{{.path = "/a?b"}, PITOT_USAGE, "endpoint: path \"/a?b\": expected /"},
		{{.address = "localhost"}, PITOT_USAGE, "endpoint: address \"localhost\""},
		{{.username = "u"}, PITOT_USAGE, "endpoint: username needs password_file"},
		{{.username = "u", .password_file = "/no/such"}, PITOT_NO_INPUT,
			"endpoint: /no/such: No such file"},
		{{.cert_file = "c"}, PITOT_USAGE, "cert_file and key_file need each other"},
		{{.key_file = "k"}, PITOT_USAGE, "cert_file and key_file need each other"},
		{{.cert_file = "/no/such", .key_file = "/dev/null"}, PITOT_NO_INPUT,
			"endpoint: /no/such: No such file"},
		{{.cert_file = "/dev/null", .key_file = "/no/such"}, PITOT_NO_INPUT,
			"endpoint: /no/such: No such file"},
		{{.cert_file = "/dev/null", .key_file = "/dev/null"}, PITOT_USAGE,
			"/dev/null and /dev/null: not a certificate and its key, in PEM"},
		{{.cert_file = "/dev/zero", .key_file = "/dev/null"}, PITOT_NO_INPUT,
			"larger than 1048576 bytes"},
		{{.max_header_bytes = 1023}, PITOT_USAGE, "max_header_bytes: 1023 is not allowed"},
		{{.max_connections = 65536}, PITOT_USAGE, "max_connections: 65536 is not allowed"},
		{{.timeout_ms = 999}, PITOT_USAGE, "timeout_ms"},
		{{.timeout_ms = -1}, PITOT_USAGE, "timeout_ms"},
	};
	struct pitot_registry *m = some_registry();
	size_t threads = ask_threads(), files = ask_files();
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct pitot_error why = {.code = 0};
		check_true(pitot_server_start(m, &rows[i].options, &why) == NULL);
		check_int(why.code, rows[i].code);
		check_contains(why.text, rows[i].text);
		check_true(pitot_server_start(m, &rows[i].options, NULL) == NULL);
	}
	check_size(ask_threads(), threads);
	check_size(ask_files(), files);
	pitot_registry_free(m);
}

static void
a_mistake_of_the_registry_is_told(void)
{
	struct pitot_error why;
	struct pitot_registry *m = pitot_registry_new(NULL);
	(void)pitot_counter(m, "no name", "");
	check_true(pitot_server_start(m, NULL, &why) == NULL);
	check_int(why.code, PITOT_USAGE);
	check_contains(why.text, "endpoint: \"no name\"");
	pitot_registry_free(m);
	check_true(pitot_server_start(NULL, NULL, &why) == NULL);
	check_int(why.code, PITOT_NO_MEMORY);
}

CHECK_MAIN("drive/serve", TEST(a_scrape_gets_what_the_registry_holds),
	TEST(openmetrics_and_gzip_are_had_by_asking), TEST(names_are_escaped_as_the_client_wants),
	TEST(names_that_become_one_are_told_as_the_server_s_fault),
	TEST(other_methods_and_paths_are_told_what_there_is),
	TEST(a_body_that_nobody_asked_for_is_passed_over), TEST(a_login_guards_everything),
	TEST(a_request_that_is_too_long_is_refused_and_the_next_one_served),
	TEST(wrong_options_are_told), TEST(a_mistake_of_the_registry_is_told))
