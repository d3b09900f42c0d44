/* SPDX-License-Identifier: MIT */
#include <pitot/config.h>
#include <stddef.h>
#include <stdlib.h>
#include "support/check.h"

/* Sets exactly these variables, "NAME=value" each, ended by NULL. */
static void
set_environment(const char *const *variables)
{
	check_int(clearenv(), 0);
	for (; *variables != NULL; variables++)
		check_int(putenv((char *)(uintptr_t)*variables), 0);
}

#define ENV(...) ((const char *const[]){__VA_ARGS__, NULL})

/* What was read; PITOT_OK is checked. */
static struct pitot_config
read_config(const char *const *variables)
{
	struct pitot_config config = {0};
	struct pitot_error why = {0};
	set_environment(variables);
	if (pitot_config_from_env(&config, "APP", &why) != 0)
		check_text(why.text, "");
	return config;
}

/* The error's text; nothing may be written. */
static const char *
read_error(const char *const *variables)
{
	static struct pitot_error why;
	struct pitot_config config = {.owned = &why};
	why = (struct pitot_error){0};
	set_environment(variables);
	check_int(pitot_config_from_env(&config, "APP", &why), PITOT_BAD_CONFIG);
	check_int(why.code, PITOT_BAD_CONFIG);
	check_true(config.owned == &why);
	return why.text;
}

static void
nothing_set_means_off_and_defaults(void)
{
	struct pitot_config config = read_config((const char *const[]){NULL});
	check_true(!config.enabled && config.registry.disabled && config.collect_default);
	check_true(config.registry.prefix == NULL && config.registry.label_count == 0);
	check_true(config.push.url == NULL && config.push.job == NULL);
	check_true(config.push.instance == NULL && config.push.http.username == NULL);
	check_int(config.push.protocol, PITOT_PROTOCOL_AUTO);
	check_int(config.push.interval_ms, 0);
	check_int(config.push.timeout_ms, 0);
	check_int(config.push.deadline_ms, 0);
	pitot_config_clear(&config);
	pitot_config_clear(&config);
}

static void
switches_take_all_usual_words(void)
{
	static const struct {
		const char *variable;
		bool on;
	} rows[] = {
		{"APP_ENABLED=true", true},
		{"APP_ENABLED=TRUE", true},
		{"APP_ENABLED=1", true},
		{"APP_ENABLED=Yes", true},
		{"APP_ENABLED=oN", true},
		{"APP_ENABLED=false", false},
		{"APP_ENABLED=0", false},
		{"APP_ENABLED=NO", false},
		{"APP_ENABLED=off", false},
		{"APP_ENABLED=", false},
	};
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct pitot_config config = read_config(ENV(rows[i].variable, "APP_URL=http://h"));
		check_int(config.enabled, rows[i].on);
		check_int(config.registry.disabled, !rows[i].on);
		pitot_config_clear(&config);
	}
	struct pitot_config config = read_config(ENV("APP_COLLECT_DEFAULT=off"));
	check_true(!config.collect_default);
	pitot_config_clear(&config);
}

/* Where a text of the configuration stands. */
static const char *
text_at(const struct pitot_config *config, size_t offset)
{
	const char *text;
	memcpy(&text, (const char *)config + offset, sizeof text);
	return text;
}

#define AT(member) offsetof(struct pitot_config, member)

static void
texts_are_taken_as_they_are_and_empty_ones_as_unset(void)
{
	static const struct {
		const char *name, *value;
		size_t offset;
	} rows[] = {
		{"APP_URL", "https://user:pw@host:9091/p?q", AT(push.url)},
		{"APP_URL", "localhost:9091", AT(push.url)},
		{"APP_URL", "HTTP://[::1]:9091", AT(push.url)},
		{"APP_JOB", "mail er/\xc3\xa4", AT(push.job)},
		{"APP_INSTANCE", "host:1", AT(push.instance)},
		{"APP_PREFIX", "mailer_:9", AT(registry.prefix)},
		{"APP_USERNAME", "user", AT(push.http.username)},
		{"APP_PASSWORD_FILE", "/run/pw\xff", AT(push.http.password_file)},
		{"APP_BEARER_TOKEN_FILE", "/run/token", AT(push.http.bearer_token_file)},
		{"APP_CA_FILE", "/etc/ca.pem", AT(push.http.ca_file)},
		{"APP_ADDRESS", "0.0.0.0", AT(server.address)},
		{"APP_ADDRESS", "::1", AT(server.address)},
		{"APP_PATH", "/", AT(server.path)},
		{"APP_PATH", "/a/B-1_2.~", AT(server.path)},
		{"SSL_CERT_FILE", "/etc/ca.pem", AT(push.http.ca_file)},
	};
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		char set[128], empty[128];
		(void)snprintf(set, sizeof set, "%s=%s", rows[i].name, rows[i].value);
		(void)snprintf(empty, sizeof empty, "%s=", rows[i].name);
		struct pitot_config config = read_config(ENV(set));
		/* The strings are copies. */
		check_int(clearenv(), 0);
		(void)memset(set, 'x', sizeof set - 1);
		check_text(text_at(&config, rows[i].offset), rows[i].value);
		pitot_config_clear(&config);
		config = read_config(ENV(empty));
		check_true(text_at(&config, rows[i].offset) == NULL);
		pitot_config_clear(&config);
	}
	struct pitot_config config = read_config(ENV("APP_CERT_FILE=/c", "APP_KEY_FILE=/k"));
	check_text(config.push.http.cert_file, "/c");
	check_text(config.push.http.key_file, "/k");
	pitot_config_clear(&config);
}

static void
another_prefix_reads_other_variables(void)
{
	struct pitot_config config;
	set_environment(ENV("A_JOB=a", "A_B_JOB=ab"));
	check_int(pitot_config_from_env(&config, "A", NULL), 0);
	check_text(config.push.job, "a");
	pitot_config_clear(&config);
	check_int(pitot_config_from_env(&config, "A_B", NULL), 0);
	check_text(config.push.job, "ab");
	pitot_config_clear(&config);
	check_int(pitot_config_from_env(&config, "", NULL), PITOT_USAGE);
	check_int(pitot_config_from_env(&config, NULL, NULL), PITOT_USAGE);
	check_int(pitot_config_from_env(&config, "A=B", NULL), PITOT_USAGE);
}

static void
protocols_have_names(void)
{
	static const struct {
		const char *variable;
		enum pitot_protocol protocol;
	} rows[] = {
		{"APP_PROTOCOL=", PITOT_PROTOCOL_AUTO},
		{"APP_PROTOCOL=auto", PITOT_PROTOCOL_AUTO},
		{"APP_PROTOCOL=pushgateway", PITOT_PROTOCOL_PUSHGATEWAY},
		{"APP_PROTOCOL=remote-write", PITOT_PROTOCOL_REMOTE_WRITE},
	};
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct pitot_config config = read_config(ENV(rows[i].variable, "APP_URL=http://h"));
		check_int(config.push.protocol, rows[i].protocol);
		pitot_config_clear(&config);
	}
}

static void
times_have_units_and_those_of_others_are_milliseconds(void)
{
	static const struct {
		const char *variables[3];
		int64_t interval, timeout, deadline;
	} rows[] = {
		{{"APP_INTERVAL=15s", "APP_TIMEOUT=500ms"}, 15000, 500, 0},
		{{"APP_INTERVAL=1h30m"}, 5400000, 0, 0},
		{{"OTEL_METRIC_EXPORT_INTERVAL=60000", "OTEL_METRIC_EXPORT_TIMEOUT=30000"}, 60000,
			0, 30000},
		{{"OTEL_METRIC_EXPORT_INTERVAL=60000", "APP_INTERVAL=2s"}, 2000, 0, 0},
		{{"OTEL_METRIC_EXPORT_INTERVAL=60000", "APP_INTERVAL="}, 60000, 0, 0},
		{{"OTEL_METRIC_EXPORT_INTERVAL=", "OTEL_METRIC_EXPORT_TIMEOUT="}, 0, 0, 0},
	};
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct pitot_config config = read_config(rows[i].variables);
		check_int(config.push.interval_ms, rows[i].interval);
		check_int(config.push.timeout_ms, rows[i].timeout);
		check_int(config.push.deadline_ms, rows[i].deadline);
		pitot_config_clear(&config);
	}
}

static void
labels_are_a_json_object(void)
{
	struct pitot_config config = read_config(
		ENV("APP_LABELS={\"zone\": \"a\\\"b\\n\", \"env\":\"\xc3\xa4\", \"e\":\"\"}"));
	check_size(config.registry.label_count, 3);
	check_text(config.labels_variable, "APP_LABELS");
	check_fatal(config.registry.label_count == 3);
	check_text(config.registry.labels[0].name, "zone");
	check_text(config.registry.labels[0].value, "a\"b\n");
	check_text(config.registry.labels[1].name, "env");
	check_text(config.registry.labels[1].value, "\xc3\xa4");
	check_text(config.registry.labels[2].value, "");
	check_size(config.push.label_count, 0);
	pitot_config_clear(&config);
	config = read_config(ENV("APP_LABELS={}"));
	check_size(config.registry.label_count, 0);
	pitot_config_clear(&config);
	config = read_config(ENV("APP_LABELS="));
	check_true(config.labels_variable == NULL);
	pitot_config_clear(&config);
}

static void
headers_are_percent_decoded_pairs(void)
{
	struct pitot_config config =
		read_config(ENV("APP_HEADERS=X-Scope-OrgID = team%2Ca , x=a=b,y=,z=%E2%82%aC"));
	check_fatal(config.push.http.header_count == 4);
	static const char *const expected[][2] = {
		{"X-Scope-OrgID", "team,a"}, {"x", "a=b"}, {"y", ""}, {"z", "\xe2\x82\xac"}};
	for (size_t i = 0; i < 4; i++) {
		check_text(config.push.http.headers[i].name, expected[i][0]);
		check_text(config.push.http.headers[i].value, expected[i][1]);
	}
	pitot_config_clear(&config);
}

static void
our_identity_goes_before_that_of_others(void)
{
	static const char *const attributes =
		"OTEL_RESOURCE_ATTRIBUTES=a=b,service.name=from%20list,service.instance.id=i1";
	static const struct {
		const char *variables[4];
		const char *job, *instance;
	} rows[] = {
		{{"OTEL_RESOURCE_ATTRIBUTES"}, "from list", "i1"},
		{{"OTEL_RESOURCE_ATTRIBUTES", "OTEL_SERVICE_NAME=service"}, "service", "i1"},
		{{"OTEL_RESOURCE_ATTRIBUTES", "OTEL_SERVICE_NAME="}, "from list", "i1"},
		{{"OTEL_RESOURCE_ATTRIBUTES", "OTEL_SERVICE_NAME=service", "APP_JOB=ours"}, "ours",
			"i1"},
		{{"OTEL_RESOURCE_ATTRIBUTES", "APP_INSTANCE=ours", "APP_JOB="}, "from list",
			"ours"},
		{{"OTEL_RESOURCE_ATTRIBUTES=service.name=,x=y"}, NULL, NULL},
		{{"OTEL_RESOURCE_ATTRIBUTES="}, NULL, NULL},
	};
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		const char *variables[5] = {NULL};
		memcpy(variables, rows[i].variables, sizeof rows[i].variables);
		if (strchr(variables[0], '=') == NULL)
			variables[0] = attributes;
		struct pitot_config config = read_config(variables);
		check_true((config.push.job == NULL) == (rows[i].job == NULL));
		if (rows[i].job != NULL)
			check_text(config.push.job, rows[i].job);
		check_true((config.push.instance == NULL) == (rows[i].instance == NULL));
		if (rows[i].instance != NULL)
			check_text(config.push.instance, rows[i].instance);
		pitot_config_clear(&config);
	}
}

/* Each variable goes before those that follow it in the table. */
static void
our_url_goes_before_the_well_known_ones(void)
{
	static const struct {
		const char *name;
		enum pitot_protocol protocol;
	} rows[] = {
		{"APP_URL", PITOT_PROTOCOL_AUTO},
		{"PUSHGATEWAY_URL", PITOT_PROTOCOL_PUSHGATEWAY},
		{"PROMETHEUS_PUSHGATEWAY_URL", PITOT_PROTOCOL_PUSHGATEWAY},
		{"PROMETHEUS_PUSHGATEWAY", PITOT_PROTOCOL_PUSHGATEWAY},
		{"PUSHGATEWAY_ADDRESS", PITOT_PROTOCOL_PUSHGATEWAY},
		{"PROMETHEUS_REMOTE_WRITE_URL", PITOT_PROTOCOL_REMOTE_WRITE},
		{"REMOTE_WRITE_URL", PITOT_PROTOCOL_REMOTE_WRITE},
	};
	enum { count = sizeof rows / sizeof rows[0] };
	static char texts[count][64];
	for (size_t first = 0; first < count; first++) {
		const char *variables[count + 1] = {NULL};
		for (size_t i = 0; i < count; i++) {
			/* Those before are empty, which counts as unset. */
			(void)snprintf(texts[i], sizeof texts[i], "%s=%s%s", rows[i].name,
				i < first ? "" : "http://", i < first ? "" : rows[i].name);
			variables[i] = texts[i];
		}
		struct pitot_config config = read_config(variables);
		check_contains(config.push.url, rows[first].name);
		check_int(config.push.protocol, rows[first].protocol);
		pitot_config_clear(&config);
	}
}

static void
a_url_for_another_protocol_is_passed_over(void)
{
	struct pitot_config config = read_config(
		ENV("APP_PROTOCOL=remote-write", "PUSHGATEWAY_URL=p", "REMOTE_WRITE_URL=r"));
	check_text(config.push.url, "r");
	pitot_config_clear(&config);
	config = read_config(ENV("APP_PROTOCOL=pushgateway", "REMOTE_WRITE_URL=r"));
	check_true(config.push.url == NULL);
	pitot_config_clear(&config);
}

static void
a_well_known_login_goes_with_its_url(void)
{
	static const struct {
		const char *variables[5];
		const char *username, *password;
	} rows[] = {
		{{"REMOTE_WRITE_URL=r", "REMOTE_WRITE_USERNAME=u", "REMOTE_WRITE_PASSWORD=p"}, "u",
			"p"},
		{{"PROMETHEUS_REMOTE_WRITE_URL=r", "PROMETHEUS_REMOTE_WRITE_USERNAME=u",
			 "PROMETHEUS_REMOTE_WRITE_PASSWORD=p"},
			"u", "p"},
		{{"APP_URL=a", "REMOTE_WRITE_URL=r", "REMOTE_WRITE_USERNAME=u"}, NULL, NULL},
		{{"PROMETHEUS_REMOTE_WRITE_URL=r", "REMOTE_WRITE_USERNAME=u"}, NULL, NULL},
		{{"REMOTE_WRITE_URL=r", "REMOTE_WRITE_PASSWORD=p"}, NULL, NULL},
		{{"REMOTE_WRITE_URL=r", "REMOTE_WRITE_USERNAME=u", "REMOTE_WRITE_PASSWORD=p",
			 "APP_USERNAME=ours"},
			"ours", NULL},
		{{"REMOTE_WRITE_URL=r", "REMOTE_WRITE_USERNAME=u", "REMOTE_WRITE_PASSWORD=p",
			 "APP_PASSWORD_FILE=/f"},
			"u", NULL},
		{{"REMOTE_WRITE_URL=r", "REMOTE_WRITE_USERNAME=u", "REMOTE_WRITE_PASSWORD=p",
			 "APP_BEARER_TOKEN_FILE=/f"},
			NULL, NULL},
	};
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		const char *variables[6] = {NULL};
		memcpy(variables, rows[i].variables, sizeof rows[i].variables);
		struct pitot_config config = read_config(variables);
		const struct pitot_http_options *http = &config.push.http;
		check_text(http->username == NULL ? "-" : http->username,
			rows[i].username == NULL ? "-" : rows[i].username);
		check_text(http->password == NULL ? "-" : http->password,
			rows[i].password == NULL ? "-" : rows[i].password);
		pitot_config_clear(&config);
	}
}

static void
the_switch_of_opentelemetry_turns_us_off(void)
{
	static const struct {
		const char *variable;
		bool enabled;
	} rows[] = {
		{"OTEL_SDK_DISABLED=true", false},
		{"OTEL_SDK_DISABLED=True", false},
		{"OTEL_SDK_DISABLED=false", true},
		{"OTEL_SDK_DISABLED=1", true},
		{"OTEL_SDK_DISABLED=", true},
	};
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct pitot_config config =
			read_config(ENV("APP_ENABLED=1", "APP_URL=u", rows[i].variable));
		check_int(config.enabled, rows[i].enabled);
		check_int(config.registry.disabled, !rows[i].enabled);
		pitot_config_clear(&config);
	}
}

static void
bad_values_are_named_with_what_is_allowed(void)
{
	static const struct {
		const char *variable, *text;
	} rows[] = {
		{"APP_ENABLED=maybe",
			"APP_ENABLED=\"maybe\": expected true, false, 1, 0, yes, no, on or off"},
		{"APP_ENABLED=truee", "APP_ENABLED=\"truee\": expected"},
		{"APP_ENABLED= true", "APP_ENABLED=\" true\": expected"},
		{"APP_COLLECT_DEFAULT=2", "APP_COLLECT_DEFAULT=\"2\": expected true, false"},
		{"APP_PROTOCOL=otlp",
			"APP_PROTOCOL=\"otlp\": expected auto, pushgateway, remote-write, "
			"remote-write-1 or remote-write-2"},
		{"APP_INTERVAL=15",
			"APP_INTERVAL: \"15\": a unit is missing; expected a duration such as"},
		{"APP_INTERVAL=0s", "APP_INTERVAL=\"0s\": expected a duration above 0"},
		{"APP_TIMEOUT=soon", "APP_TIMEOUT: \"soon\": not a duration"},
		{"APP_TIMEOUT=0ms", "APP_TIMEOUT=\"0ms\": expected a duration above 0"},
		{"OTEL_METRIC_EXPORT_INTERVAL=15s",
			"OTEL_METRIC_EXPORT_INTERVAL=\"15s\": expected a whole number of "
			"milliseconds"},
		{"OTEL_METRIC_EXPORT_INTERVAL=0", "OTEL_METRIC_EXPORT_INTERVAL=\"0\": expected"},
		{"OTEL_METRIC_EXPORT_TIMEOUT=-1", "OTEL_METRIC_EXPORT_TIMEOUT=\"-1\": expected"},
		{"OTEL_METRIC_EXPORT_TIMEOUT=99999999999999999999",
			"OTEL_METRIC_EXPORT_TIMEOUT=\"99999999999999999999\": expected"},
		{"APP_PREFIX=9a", "APP_PREFIX=\"9a\": expected letters, digits, _ and :"},
		{"APP_PREFIX=mail-er", "APP_PREFIX=\"mail-er\": expected letters"},
		{"APP_JOB=\xff", "APP_JOB: the value is not valid UTF-8"},
		{"OTEL_SERVICE_NAME=\xff", "OTEL_SERVICE_NAME: the value is not valid UTF-8"},
		{"APP_INSTANCE=\xc0\x80", "APP_INSTANCE: the value is not valid UTF-8"},
		{"APP_URL=ftp://host/x", "APP_URL=\"ftp://host/x\": expected http:// or https://"},
		{"APP_URL=http://a b", "APP_URL: a URL holds no spaces or control characters"},
		{"APP_URL=http://a\n", "APP_URL: a URL holds no spaces or control characters"},
		{"PUSHGATEWAY_URL=unix://x",
			"PUSHGATEWAY_URL=\"unix://x\": expected http:// or https://"},
		{"APP_PORT=-1", "APP_PORT=\"-1\": expected a port, 1 to 65535, or 0"},
		{"APP_PORT=65536", "APP_PORT=\"65536\": expected a port"},
		{"APP_PORT=18446744073709551617", "APP_PORT=\"18446744073709551617\": expected"},
		{"APP_PORT=9090/tcp", "APP_PORT=\"9090/tcp\": expected a port"},
		{"APP_PATH=metrics", "APP_PATH=\"metrics\": expected / and letters"},
		{"APP_PATH=/a b", "APP_PATH=\"/a b\": expected / and letters"},
		{"APP_PATH=/<a>", "APP_PATH=\"/<a>\": expected / and letters"},
		{"APP_ADDRESS=localhost",
			"APP_ADDRESS=\"localhost\": expected an address in digits"},
		{"APP_ADDRESS=127.0.0.1:9090",
			"APP_ADDRESS=\"127.0.0.1:9090\": expected an address"},
		{"APP_SERVER_USERNAME=\xff", "APP_SERVER_USERNAME: the value is not valid UTF-8"},
		{"APP_LABELS=x", "APP_LABELS=\"x\": line 1, column 1: "},
		{"APP_LABELS={\"a\":\"b\"", "line 1, column 8: "},
		{"APP_LABELS={\"a\":\"b\",\n\"a\":\"c\"}",
			"line 2, column 3: duplicate object key"},
		{"APP_LABELS=[]", "APP_LABELS=\"[]\": expected an object in { }"},
		{"APP_LABELS=\"a\"", "expected an object in { }"},
		{"APP_LABELS={\"a\":\"b\"} x", "line 1, column 11: "},
		{"APP_LABELS={\"a\":\"b\",\"c\":1}", "label 2, \"c\": the value must be a string"},
		{"APP_LABELS={\"a\":{\"b\":\"c\"}}", "label 1, \"a\": the value must be a string"},
		{"APP_LABELS={\"a\":null}", "label 1, \"a\": the value must be a string"},
		{"APP_LABELS={\"9a\":\"b\"}", "label 1, \"9a\": a name is letters"},
		{"APP_LABELS={\"a:b\":\"b\"}", "label 1, \"a:b\": a name is letters"},
		{"APP_LABELS={\"\":\"b\"}", "label 1, \"\": a name is letters"},
		{"APP_LABELS={\"__name__\":\"b\"}", "label 1, \"__name__\": a name is letters"},
		{"APP_LABELS={\"a\":\"\xff\"}", "line 1, column"},
		{"APP_LABELS={\"a\":\"\\u0000\"}", ": \\u0000 cannot be part of a label"},
		{"APP_LABELS={\"a\\u0000\":\"b\"}", ": \\u0000 cannot be part of a label"},
		{"APP_HEADERS=a=b,c", "APP_HEADERS: pair 2 has no ="},
		{"APP_HEADERS=a=b,", "APP_HEADERS: pair 2 has no ="},
		{"APP_HEADERS==b", "APP_HEADERS: pair 1: a name is"},
		{"APP_HEADERS=a b=c", "APP_HEADERS: pair 1: a name is"},
		{"APP_HEADERS=a=%zz", "APP_HEADERS: pair 1: % needs two hexadecimal digits"},
		{"APP_HEADERS=a=%4", "APP_HEADERS: pair 1: % needs two hexadecimal digits"},
		{"APP_HEADERS=a=x%0d%0ay", "APP_HEADERS: pair 1: control characters"},
		{"APP_HEADERS=a=%00", "APP_HEADERS: pair 1: control characters"},
		{"APP_HEADERS=a=%ff", "APP_HEADERS: pair 1: control characters and invalid UTF-8"},
		{"OTEL_RESOURCE_ATTRIBUTES=a", "OTEL_RESOURCE_ATTRIBUTES: pair 1 has no ="},
	};
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		check_contains(read_error(ENV(rows[i].variable)), rows[i].text);
}

/* The worker's variables as they have always been, and nothing else. */
static void
a_worker_is_scraped_where_its_document_says(void)
{
	struct pitot_config config = read_config(ENV("APP_ENABLED=true"));
	check_true(config.enabled && config.serve && config.push.url == NULL);
	check_int(config.server.port, 9090);
	check_true(config.server.address == NULL && config.server.path == NULL);
	check_true(config.collect_default && config.registry.prefix == NULL);
	pitot_config_clear(&config);
	config = read_config(ENV("APP_ENABLED=true", "APP_PORT=9091", "APP_PATH=/m/x",
		"APP_PREFIX=zpro_baileys_", "APP_COLLECT_DEFAULT=false",
		"APP_LABELS={\"environment\":\"production\",\"service\":\"zpro\","
		"\"datacenter\":\"aws-us-east-1\"}"));
	check_true(config.enabled && config.serve && !config.collect_default);
	check_int(config.server.port, 9091);
	check_text(config.server.path, "/m/x");
	check_text(config.registry.prefix, "zpro_baileys_");
	check_size(config.registry.label_count, 3);
	check_text(config.registry.labels[2].value, "aws-us-east-1");
	pitot_config_clear(&config);
}

static void
a_port_opens_an_endpoint_and_a_url_starts_a_pusher(void)
{
	static const struct {
		const char *variables[3];
		bool serves;
		int port;
	} rows[] = {
		{{"APP_ENABLED=1"}, true, 9090},
		{{"APP_ENABLED=1", "APP_PORT=0"}, true, 0},
		{{"APP_ENABLED=1", "APP_PORT=65535"}, true, 65535},
		{{"APP_ENABLED=1", "APP_URL=http://h"}, false, 9090},
		{{"APP_URL=http://h", "APP_PORT=1"}, true, 1},
		{{"APP_URL=http://h", "APP_PORT="}, false, 9090},
		{{"APP_URL=http://h", "APP_PATH=/m"}, false, 9090},
		{{"PUSHGATEWAY_URL=h"}, false, 9090},
		{{"PUSHGATEWAY_URL=h", "APP_PORT=2"}, true, 2},
		/* What Kubernetes sets for a service that is called "app". */
		{{"APP_URL=http://h", "APP_PORT=tcp://10.0.0.1:80"}, false, 9090},
		{{"APP_ENABLED=1", "APP_PORT=tcp://10.0.0.1:80"}, true, 9090},
	};
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct pitot_config config = read_config(rows[i].variables);
		check_int(config.serve, rows[i].serves);
		check_int(config.server.port, rows[i].port);
		pitot_config_clear(&config);
	}
}

static void
variables_must_fit_together(void)
{
	static const struct {
		const char *variables[3];
		const char *text;
	} rows[] = {
		{{"APP_CERT_FILE=/c"}, "APP_CERT_FILE needs APP_KEY_FILE"},
		{{"APP_KEY_FILE=/c"}, "APP_KEY_FILE needs APP_CERT_FILE"},
		{{"APP_SERVER_CERT_FILE=/c"}, "APP_SERVER_CERT_FILE needs APP_SERVER_KEY_FILE"},
		{{"APP_SERVER_KEY_FILE=/c"}, "APP_SERVER_KEY_FILE needs APP_SERVER_CERT_FILE"},
		{{"APP_SERVER_USERNAME=u"}, "APP_SERVER_USERNAME needs APP_SERVER_PASSWORD_FILE"},
		{{"APP_SERVER_PASSWORD_FILE=/p"},
			"APP_SERVER_PASSWORD_FILE needs APP_SERVER_USERNAME"},
		{{"APP_USERNAME=u", "APP_BEARER_TOKEN_FILE=/t"},
			"APP_USERNAME and APP_BEARER_TOKEN_FILE exclude each other"},
		{{"APP_PASSWORD_FILE=u", "APP_BEARER_TOKEN_FILE=/t"},
			"APP_PASSWORD_FILE and APP_BEARER_TOKEN_FILE exclude each other"},
	};
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		check_contains(read_error(rows[i].variables), rows[i].text);
}

static void
no_secret_is_told(void)
{
	static const char *const variables[] = {
		"APP_URL=ftp://user:s3cret@host/path",
		"APP_URL=ftp://user:s3/cret@host/path",
		"APP_URL=ftp://user:s3?cret@host/path",
		"APP_URL=ftp://user:s3#s3@s3cret@host/path",
		"APP_URL=ftp://host/path?token=s3cret",
		"APP_URL=ftp://host/path#s3cret",
		"APP_URL=http://user:s3cret@ho st/path",
		"APP_HEADERS=Authorization=s3cret%",
		"APP_HEADERS=s3cret",
		"APP_HEADERS=s3 cret=x",
	};
	for (size_t i = 0; i < sizeof variables / sizeof variables[0]; i++) {
		const char *text = read_error(ENV(variables[i]));
		check_true_at(__FILE__, __LINE__, text, strstr(text, "s3") == NULL);
		check_true_at(__FILE__, __LINE__, text, strstr(text, "cret") == NULL);
	}
	check_contains(read_error(ENV("APP_URL=ftp://user:pw@host/path?q")), "\"ftp://host/path\"");
}

static void
too_much_is_refused(void)
{
	static char url[9000] = "APP_URL=http://", labels[4096] = "APP_LABELS={";
	(void)memset(url + strlen(url), 'a', 8900);
	check_contains(read_error(ENV(url)), "longer than 8192 bytes");
	size_t used = strlen(labels);
	for (int i = 0; i < 65; i++)
		used += (size_t)snprintf(labels + used, sizeof labels - used, "%s\"l%d\":\"v\"",
			i == 0 ? "" : ",", i);
	(void)snprintf(labels + used, sizeof labels - used, "}");
	check_contains(read_error(ENV(labels)), "65 labels; at most 64 are allowed");
}

static void
the_reader_of_errors_may_be_missing(void)
{
	struct pitot_config config;
	set_environment(ENV("APP_ENABLED=x"));
	check_int(pitot_config_from_env(&config, "APP", NULL), PITOT_BAD_CONFIG);
}

CHECK_MAIN("config/env", TEST(nothing_set_means_off_and_defaults),
	TEST(switches_take_all_usual_words),
	TEST(texts_are_taken_as_they_are_and_empty_ones_as_unset),
	TEST(another_prefix_reads_other_variables), TEST(protocols_have_names),
	TEST(times_have_units_and_those_of_others_are_milliseconds), TEST(labels_are_a_json_object),
	TEST(headers_are_percent_decoded_pairs), TEST(our_identity_goes_before_that_of_others),
	TEST(our_url_goes_before_the_well_known_ones),
	TEST(a_url_for_another_protocol_is_passed_over), TEST(a_well_known_login_goes_with_its_url),
	TEST(the_switch_of_opentelemetry_turns_us_off),
	TEST(bad_values_are_named_with_what_is_allowed),
	TEST(a_worker_is_scraped_where_its_document_says),
	TEST(a_port_opens_an_endpoint_and_a_url_starts_a_pusher), TEST(variables_must_fit_together),
	TEST(no_secret_is_told), TEST(too_much_is_refused),
	TEST(the_reader_of_errors_may_be_missing))
