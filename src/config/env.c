/* SPDX-License-Identifier: MIT */
/*
 * Options from the environment: the program's own variables first, then well-known ones of others,
 * then defaults. Every variable is read, whether or not enabled, so that a tool can use them too.
 *
 * It fails with PITOT_BAD_CONFIG on the first bad value, on two that exclude each other, and on one
 * that needs another; with PITOT_USAGE on a bad prefix. Nothing is written to *config then.
 */
#include "base/error.h"
#include "config/variable.h"
#include <pitot/config.h>
#include <stdlib.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

struct reader {
	struct pt_variables from; /* whose error is ours */
	struct pitot_config config;
};

/* ---- where to ---- */

/* Well-known variables, in order of precedence; each implies a protocol. */
struct receiver {
	const char *url, *username, *password;
	enum pitot_protocol protocol;
};

static const struct receiver receivers[] = {
	{"PUSHGATEWAY_URL", NULL, NULL, PITOT_PROTOCOL_PUSHGATEWAY},
	{"PROMETHEUS_PUSHGATEWAY_URL", NULL, NULL, PITOT_PROTOCOL_PUSHGATEWAY},
	{"PROMETHEUS_PUSHGATEWAY", NULL, NULL, PITOT_PROTOCOL_PUSHGATEWAY},
	{"PUSHGATEWAY_ADDRESS", NULL, NULL, PITOT_PROTOCOL_PUSHGATEWAY},
	{"PROMETHEUS_REMOTE_WRITE_URL", "PROMETHEUS_REMOTE_WRITE_USERNAME",
		"PROMETHEUS_REMOTE_WRITE_PASSWORD", PITOT_PROTOCOL_REMOTE_WRITE},
	{"REMOTE_WRITE_URL", "REMOTE_WRITE_USERNAME", "REMOTE_WRITE_PASSWORD",
		PITOT_PROTOCOL_REMOTE_WRITE},
};

/* The login that belongs to a well-known URL; ours, if there is any, takes its place. */
static void
read_receiver_login(struct reader *reader, const struct receiver *receiver)
{
	struct pitot_http_options *http = &reader->config.push.http;
	if (receiver->username == NULL || http->username != NULL || http->bearer_token_file != NULL)
		return;
	http->username = pt_variable_text(&reader->from, receiver->username);
	if (http->username != NULL && http->password_file == NULL)
		http->password = pt_variable_text(&reader->from, receiver->password);
}

/* The protocol and the login must have been read. */
static void
read_url(struct reader *reader)
{
	struct pitot_push_options *push = &reader->config.push;
	struct pt_variable found;
	if (pt_variable_find(&reader->from, "_URL", &found)) {
		pt_variable_check_url(&reader->from, &found);
		push->url = found.value;
		return;
	}
	for (size_t i = 0; i < COUNT(receivers); i++) {
		const struct receiver *receiver = &receivers[i];
		/* A URL for the other protocol would be misunderstood. */
		bool gateway = push->protocol == PITOT_PROTOCOL_PUSHGATEWAY;
		if (push->protocol != PITOT_PROTOCOL_AUTO &&
			gateway != (receiver->protocol == PITOT_PROTOCOL_PUSHGATEWAY))
			continue;
		if (!pt_variable_find(&reader->from, receiver->url, &found))
			continue;
		pt_variable_check_url(&reader->from, &found);
		push->url = found.value;
		if (push->protocol == PITOT_PROTOCOL_AUTO)
			push->protocol = receiver->protocol;
		read_receiver_login(reader, receiver);
		return;
	}
}

static void
read_protocol(struct reader *reader)
{
	static const struct pt_choice choices[] = {{"auto", PITOT_PROTOCOL_AUTO},
		{"pushgateway", PITOT_PROTOCOL_PUSHGATEWAY},
		{"remote-write", PITOT_PROTOCOL_REMOTE_WRITE},
		{"remote-write-1", PITOT_PROTOCOL_REMOTE_WRITE_1},
		{"remote-write-2", PITOT_PROTOCOL_REMOTE_WRITE_2}};
	reader->config.push.protocol = (enum pitot_protocol)pt_variable_choice(&reader->from,
		"_PROTOCOL", choices, COUNT(choices), PITOT_PROTOCOL_AUTO,
		"expected auto, pushgateway, remote-write, remote-write-1 or remote-write-2");
}

static void
read_http(struct reader *reader)
{
	struct pitot_http_options *http = &reader->config.push.http;
	http->username = pt_variable_text(&reader->from, "_USERNAME");
	http->password_file = pt_variable_path(&reader->from, "_PASSWORD_FILE");
	http->bearer_token_file = pt_variable_path(&reader->from, "_BEARER_TOKEN_FILE");
	http->ca_file = pt_variable_path(&reader->from, "_CA_FILE");
	if (http->ca_file == NULL)
		http->ca_file = pt_variable_path(&reader->from, "SSL_CERT_FILE");
	http->cert_file = pt_variable_path(&reader->from, "_CERT_FILE");
	http->key_file = pt_variable_path(&reader->from, "_KEY_FILE");
	pt_variable_pairs(&reader->from, "_HEADERS", &http->headers, &http->header_count);
}

/* ---- who we are ---- */

static const char *
find_attribute(const struct pitot_label *attributes, size_t count, const char *name)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(attributes[i].name, name) == 0 && *attributes[i].value != '\0')
			return attributes[i].value;
	return NULL;
}

static void
read_identity(struct reader *reader)
{
	struct pitot_push_options *push = &reader->config.push;
	const struct pitot_label *attributes = NULL;
	size_t count = 0;
	pt_variable_pairs(&reader->from, "OTEL_RESOURCE_ATTRIBUTES", &attributes, &count);
	push->job = pt_variable_text(&reader->from, "_JOB");
	if (push->job == NULL)
		push->job = pt_variable_text(&reader->from, "OTEL_SERVICE_NAME");
	if (push->job == NULL)
		push->job = find_attribute(attributes, count, "service.name");
	push->instance = pt_variable_text(&reader->from, "_INSTANCE");
	if (push->instance == NULL)
		push->instance = find_attribute(attributes, count, "service.instance.id");
}

static void
read_registry(struct reader *reader)
{
	struct pitot_registry_options *registry = &reader->config.registry;
	registry->prefix = pt_variable_metric_prefix(&reader->from, "_PREFIX");
	pt_variable_labels(&reader->from, "_LABELS", &registry->labels, &registry->label_count);
	struct pt_variable found;
	if (pt_variable_find(&reader->from, "_LABELS", &found))
		reader->config.labels_variable = found.name;
}

static void
read_times(struct reader *reader)
{
	struct pitot_push_options *push = &reader->config.push;
	push->interval_ms = pt_variable_duration(&reader->from, "_INTERVAL");
	if (push->interval_ms == 0)
		push->interval_ms =
			pt_variable_milliseconds(&reader->from, "OTEL_METRIC_EXPORT_INTERVAL");
	push->timeout_ms = pt_variable_duration(&reader->from, "_TIMEOUT");
	/* OpenTelemetry's is that of a whole export. */
	push->deadline_ms = pt_variable_milliseconds(&reader->from, "OTEL_METRIC_EXPORT_TIMEOUT");
}

/* What becomes of samples that cannot be sent, and of series in the end. */
static void
read_delivery(struct reader *reader)
{
	static const struct pt_choice ends[] = {
		{"keep", PITOT_END_KEEP}, {"stale", PITOT_END_STALE}, {"delete", PITOT_END_DELETE}};
	struct pitot_push_options *push = &reader->config.push;
	push->spool_dir = pt_variable_path(&reader->from, "_SPOOL");
	push->max_age_ms = pt_variable_duration(&reader->from, "_MAX_AGE");
	push->at_end = (enum pitot_at_end)pt_variable_choice(&reader->from, "_AT_END", ends,
		COUNT(ends), PITOT_END_DEFAULT, "expected keep, stale or delete");
	push->native_histograms = pt_variable_bool(&reader->from, "_NATIVE_HISTOGRAMS", false);
	push->adaptive.enabled = pt_variable_bool(&reader->from, "_ADAPTIVE", false);
}

/* ---- being scraped ---- */

/* The URL must have been read: without one, an endpoint is all that can be meant. */
static void
read_server(struct reader *reader)
{
	struct pitot_server_options *server = &reader->config.server;
	server->port = 9090;
	bool port = pt_variable_port(&reader->from, "_PORT", &server->port);
	reader->config.serve = port || reader->config.push.url == NULL;
	server->address = pt_variable_address(&reader->from, "_ADDRESS");
	server->path = pt_variable_url_path(&reader->from, "_PATH");
	server->username = pt_variable_text(&reader->from, "_SERVER_USERNAME");
	server->password_file = pt_variable_path(&reader->from, "_SERVER_PASSWORD_FILE");
	server->cert_file = pt_variable_path(&reader->from, "_SERVER_CERT_FILE");
	server->key_file = pt_variable_path(&reader->from, "_SERVER_KEY_FILE");
}

/* ---- all of it ---- */

static void
read_switches(struct reader *reader)
{
	struct pitot_config *config = &reader->config;
	struct pt_variable otel;
	config->enabled = pt_variable_bool(&reader->from, "_ENABLED", false);
	/* Only "true" is true there, and nothing is an error. */
	if (pt_variable_find(&reader->from, "OTEL_SDK_DISABLED", &otel) &&
		pt_variable_is(otel.value, strlen(otel.value), "true"))
		config->enabled = false;
	config->registry.disabled = !config->enabled;
	config->collect_default = pt_variable_bool(&reader->from, "_COLLECT_DEFAULT", true);
}

/* Two variables that exclude each other, or of which one needs the other. */
static void
check_pair(struct reader *reader, bool bad, const char *one, const char *what, const char *other)
{
	if (bad && reader->from.error.code == 0)
		(void)pt_error_set(&reader->from.error, PITOT_BAD_CONFIG, "%s%s %s %s%s",
			reader->from.prefix, one, what, reader->from.prefix, other);
}

/* Two of which each needs the other. */
static void
check_both(struct reader *reader, const char *one, const char *one_name, const char *other,
	const char *other_name)
{
	check_pair(reader, one != NULL && other == NULL, one_name, "needs", other_name);
	check_pair(reader, other != NULL && one == NULL, other_name, "needs", one_name);
}

static void
check_together(struct reader *reader)
{
	const struct pitot_http_options *http = &reader->config.push.http;
	const struct pitot_server_options *server = &reader->config.server;
	check_pair(reader, http->username != NULL && http->bearer_token_file != NULL, "_USERNAME",
		"and", "_BEARER_TOKEN_FILE exclude each other: set only one of them");
	check_pair(reader, http->password_file != NULL && http->bearer_token_file != NULL,
		"_PASSWORD_FILE", "and",
		"_BEARER_TOKEN_FILE exclude each other: set only one of them");
	check_both(reader, http->cert_file, "_CERT_FILE", http->key_file, "_KEY_FILE");
	check_both(reader, server->cert_file, "_SERVER_CERT_FILE", server->key_file,
		"_SERVER_KEY_FILE");
	check_both(reader, server->username, "_SERVER_USERNAME", server->password_file,
		"_SERVER_PASSWORD_FILE");
}

static bool
is_prefix(const char *prefix)
{
	return prefix != NULL && *prefix != '\0' && strchr(prefix, '=') == NULL;
}

int
pitot_config_from_env(struct pitot_config *config, const char *prefix, struct pitot_error *why)
{
	if (!is_prefix(prefix))
		return pt_error_set(why, PITOT_USAGE,
			"the prefix of environment variables is empty or contains =; expected one "
			"such "
			"as MAILER_METRICS");
	struct reader reader = {.from = {.prefix = prefix}};
	read_switches(&reader);
	read_registry(&reader);
	read_identity(&reader);
	read_times(&reader);
	read_http(&reader);
	read_protocol(&reader);
	read_url(&reader);
	read_server(&reader);
	read_delivery(&reader);
	check_together(&reader);
	struct pt_arena *owned = malloc(sizeof *owned);
	if (owned == NULL && reader.from.error.code == 0)
		(void)pt_error_memory(&reader.from.error);
	if (reader.from.error.code != 0)
		goto fail;
	*owned = reader.from.arena;
	*config = reader.config;
	config->owned = owned;
	return 0;
fail:
	free(owned);
	pt_arena_clear(&reader.from.arena);
	if (why != NULL)
		*why = reader.from.error;
	return reader.from.error.code;
}

void
pitot_config_clear(struct pitot_config *config)
{
	if (config->owned != NULL)
		pt_arena_clear(config->owned);
	free(config->owned);
	*config = (struct pitot_config){0};
}
