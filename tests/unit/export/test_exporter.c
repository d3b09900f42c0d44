/* SPDX-License-Identifier: MIT */
#include "export/exporter.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include "support/check.h"
#include "support/script.h"

#define GATEWAY "http://localhost:9091"
#define WRITE "http://localhost:9090/api/v1/write"
#define LABELS(...)                                                                                \
	.labels = (const struct pitot_label[]){__VA_ARGS__},                                       \
	.label_count =                                                                             \
		sizeof((const struct pitot_label[]){__VA_ARGS__}) / sizeof(struct pitot_label)

static int
make(const struct pitot_push_options *options, struct pitot_error *why)
{
	struct script script;
	script_init(&script, NULL, 0);
	struct pt_exporter *exporter =
		pt_exporter_new(options, &script.transport, pt_clock_real(), why);
	int protocol = exporter == NULL ? -1 : (int)exporter->protocol;
	check_size(script.freed, exporter == NULL ? 1 : 0);
	if (exporter != NULL)
		exporter->free(exporter);
	check_size(script.freed, 1);
	script_clear(&script);
	return protocol;
}

static void
a_wrong_option_is_named_with_its_value_and_what_is_allowed(void)
{
	const struct {
		struct pitot_push_options options;
		const char *parts[2];
	} cases[] = {
		{{.url = NULL}, {"url: is missing", "http://localhost:9091"}},
		{{.url = ""}, {"url: is missing", ""}},
		{{.url = "ftp://h"}, {"ftp", "http"}},
		{{.url = GATEWAY, .protocol = (enum pitot_protocol)5}, {"protocol: 5", "0 (by"}},
		{{.url = GATEWAY "/metrics"}, {"protocol:", "/metrics"}},
		{{.url = GATEWAY, .mode = (enum pitot_push_mode)2}, {"mode: 2", "1 (replace)"}},
		{{.url = WRITE, .mode = PITOT_REPLACE}, {"mode: replace", "Pushgateway"}},
		{{.url = GATEWAY, .interval_ms = -5}, {"interval_ms: -5", "of 15000"}},
		{{.url = GATEWAY, .interval_ms = PT_LIMIT_DURATION_MS + 1},
			{"3153600000001", "3153600000000"}},
		{{.url = GATEWAY, .timeout_ms = -1}, {"timeout_ms: -1", "of 10000"}},
		{{.url = GATEWAY, .deadline_ms = INT64_MIN}, {"deadline_ms: -9", "of 30000"}},
		{{.url = GATEWAY, .stop_deadline_ms = -1}, {"stop_deadline_ms: -1", "of 5000"}},
		{{.url = GATEWAY, .jitter = 1.5}, {"jitter: 1.5", "of 0.1"}},
		{{.url = GATEWAY, .jitter = (double)NAN}, {"jitter: NaN", "of 0.1"}},
		{{.url = WRITE, .max_request_bytes = (size_t)1 << 30},
			{"max_request_bytes: 1073741824", "33554432"}},
		/* pushgateway 2 */
		{{.url = GATEWAY, .job = ""}, {"job: is empty", "needs the name"}},
		/* pushgateway 7 */
		{{.url = GATEWAY, .job = "\xff"}, {"job: the value of job", "UTF-8"}},
		{{.url = GATEWAY, .instance = "a\xc0"}, {"instance: the value", "UTF-8"}},
		{{.url = GATEWAY, LABELS({"a", "\xed\xa0\x80"})},
			{"labels: the value of a", "UTF-8"}},
		{{.url = GATEWAY, LABELS({"\xff", "x"})},
			{"labels: the name of number 1", "UTF-8"}},
		/* pushgateway 8 */
		{{.url = GATEWAY, LABELS({"__x", "x"})}, {"labels: \"__x\"", "reserved"}},
		{{.url = GATEWAY, LABELS({"le", "1"})}, {"labels: \"le\"", "histograms"}},
		{{.url = GATEWAY, LABELS({"quantile", "1"})},
			{"labels: \"quantile\"", "summaries"}},
		{{.url = GATEWAY, LABELS({"job", "1"})}, {"labels: \"job\"", "use the option job"}},
		{{.url = WRITE, LABELS({"instance", "1"})}, {"\"instance\"", "use the option"}},
		{{.url = GATEWAY, LABELS({"a", "1"}, {"b", "1"}, {"a", "1"})},
			{"labels: \"a\"", "given twice"}},
		{{.url = GATEWAY, LABELS({"", "1"})}, {"labels: \"\"", "not a label name"}},
		{{.url = GATEWAY, LABELS({"a-b", "1"})}, {"labels: \"a-b\"", "letters, digits"}},
		{{.url = GATEWAY, LABELS({"1a", "1"})}, {"labels: \"1a\"", "letters, digits"}},
		{{.url = GATEWAY, .utf8_names = true, LABELS({"a/b", "1"})}, {"\"a/b\"", "URL"}},
		{{.url = GATEWAY, .utf8_names = true, LABELS({"..", "1"})}, {"\"..\"", "URL"}},
		{{.url = GATEWAY, .utf8_names = true, LABELS({"a@base64", "1"})},
			{"@base64", "URL"}},
		{{.url = GATEWAY, LABELS({"a", NULL})}, {"labels: number 1", "no value"}},
		{{.url = GATEWAY, LABELS({NULL, "a"})}, {"labels: number 1", "no name"}},
		{{.url = GATEWAY, .label_count = 2}, {"label_count is 2", "without labels"}},
	};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct pitot_error why = {.code = 0};
		check_int(make(&cases[i].options, &why), -1);
		check_int(why.code, PITOT_USAGE);
		check_contains(why.text, cases[i].parts[0]);
		check_contains(why.text, cases[i].parts[1]);
	}
}

static void
the_path_tells_the_protocol(void)
{
	const struct {
		const char *url;
		int protocol;
	} cases[] = {
		{"localhost:9091", PITOT_PROTOCOL_PUSHGATEWAY},
		{"http://localhost:9091", PITOT_PROTOCOL_PUSHGATEWAY},
		{"http://localhost:9091/", PITOT_PROTOCOL_PUSHGATEWAY},
		{"https://h/?a=/api/v1/write", PITOT_PROTOCOL_PUSHGATEWAY},
		{"http://h/api/v1/write", PITOT_PROTOCOL_REMOTE_WRITE},
		{"http://h/api/v1/push", PITOT_PROTOCOL_REMOTE_WRITE},
		{"http://h/api/prom/push?x=y", PITOT_PROTOCOL_REMOTE_WRITE},
		{"http://h/api/v1/receive", PITOT_PROTOCOL_REMOTE_WRITE},
		{"https://h/workspaces/ws-1/api/v1/remote_write", PITOT_PROTOCOL_REMOTE_WRITE},
		{"https://h/prefix/api/v1/write", PITOT_PROTOCOL_REMOTE_WRITE},
		{"http://h/api/v1/writes", -1},
		{"http://h/pushgateway", -1},
	};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct pitot_error why;
		struct pitot_push_options options = {.url = cases[i].url};
		check_int(make(&options, &why), cases[i].protocol);
		options.protocol = PITOT_PROTOCOL_REMOTE_WRITE;
		check_int(make(&options, &why), PITOT_PROTOCOL_REMOTE_WRITE);
		options.protocol = PITOT_PROTOCOL_PUSHGATEWAY;
		check_int(make(&options, &why), PITOT_PROTOCOL_PUSHGATEWAY);
	}
}

static void
every_number_of_labels_up_to_the_limit_is_taken(void)
{
	static char names[PT_LIMIT_LABELS + 1][24];
	struct pitot_label labels[PT_LIMIT_LABELS + 1];
	for (size_t i = 0; i <= PT_LIMIT_LABELS; i++) {
		(void)snprintf(names[i], sizeof names[i], "l%zu", i);
		labels[i] = (struct pitot_label){names[i], "v"};
	}
	for (size_t i = 0; i <= PT_LIMIT_LABELS + 1; i++) {
		struct pitot_error why = {.code = 0};
		struct pitot_push_options options = {
			.url = GATEWAY, .instance = "i", .labels = labels, .label_count = i};
		bool fits = i + 2 <= PT_LIMIT_LABELS; /* with job and instance */
		check_int(make(&options, &why), fits ? PITOT_PROTOCOL_PUSHGATEWAY : -1);
		check_contains(why.text, fits ? "" : "more than 64 labels");
	}
}

static void
the_url_in_reports_has_no_secret(void)
{
	struct script script;
	script_init(&script, NULL, 0);
	struct pitot_push_options options = {.url = "https://user:secret@h/api/v1/write?token=x"};
	struct pt_exporter *exporter =
		pt_exporter_new(&options, &script.transport, pt_clock_real(), NULL);
	check_fatal(exporter != NULL);
	check_text(exporter->url, "https://h/api/v1/write");
	exporter->free(exporter);
	script_clear(&script);
}

CHECK_MAIN("export/exporter", TEST(a_wrong_option_is_named_with_its_value_and_what_is_allowed),
	TEST(the_path_tells_the_protocol), TEST(every_number_of_labels_up_to_the_limit_is_taken),
	TEST(the_url_in_reports_has_no_secret))
