/* SPDX-License-Identifier: MIT */
/*
 * Options from the environment: the program's own variables first, then well-known ones of others,
 * then defaults. Every variable is read, whether or not enabled, so that a tool can use them too.
 *
 * It fails with PITOT_BAD_CONFIG on the first bad value, on two that exclude each other, and if
 * enabled without a URL; with PITOT_USAGE on a bad prefix. Nothing is written to *config then.
 */
#include "base/arena.h"
#include "base/error.h"
#include "base/limits.h"
#include "base/utf8.h"
#include "config/json.h"
#include "config/pairs.h"
#include <pitot/config.h>
#include <stdlib.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

/* The first failure sticks: finding yields nothing after it. */
struct reader {
	const char *prefix;
	struct pt_arena arena;
	struct pitot_error error;
	struct pitot_config config;
};

/* A variable that is set; both strings stand in the arena. */
struct variable {
	const char *name;
	const char *value;
};

/* ---- finding and refusing ---- */

/* The full name: one that begins with '_' is ours. */
static const char *
full_name(struct reader *reader, const char *name)
{
	if (name[0] != '_')
		return name;
	size_t before = strlen(reader->prefix), after = strlen(name);
	char *full = pt_arena_alloc(&reader->arena, before + after + 1);
	if (full == NULL) {
		(void)pt_error_memory(&reader->error);
		return NULL;
	}
	memcpy(full, reader->prefix, before);
	memcpy(full + before, name, after + 1);
	return full;
}

/* False if it is unset or empty. */
static bool
find(struct reader *reader, const char *name, struct variable *found)
{
	if (reader->error.code != 0)
		return false;
	const char *full = full_name(reader, name);
	const char *value = full == NULL ? NULL : getenv(full);
	if (value == NULL || *value == '\0')
		return false;
	*found = (struct variable){full, pt_arena_copy(&reader->arena, value, strlen(value))};
	if (found->value != NULL)
		return true;
	(void)pt_error_memory(&reader->error);
	return false;
}

static void
refuse(struct reader *reader, const struct variable *variable, const char *expected)
{
	(void)pt_error_set(&reader->error, PITOT_BAD_CONFIG, "%s=\"%.64s\": %s", variable->name,
		variable->value, expected);
}

/* For values that may be secret, and those that cannot be shown. */
static void
refuse_unseen(struct reader *reader, const struct variable *variable, const char *expected)
{
	(void)pt_error_set(&reader->error, PITOT_BAD_CONFIG, "%s: %s", variable->name, expected);
}

/* The reader's error comes from a parser: puts the variable, and perhaps its value, before it. */
static void
name_culprit(struct reader *reader, const struct variable *variable, bool show)
{
	if (reader->error.code == PITOT_NO_MEMORY)
		return;
	reader->error.code = PITOT_BAD_CONFIG;
	if (show)
		(void)pt_error_wrap(
			&reader->error, "%s=\"%.64s\"", variable->name, variable->value);
	else
		(void)pt_error_wrap(&reader->error, "%s", variable->name);
}

/* ---- kinds of values ---- */

struct choice {
	const char *word;
	int value;
};

/* Without regard to case, of ASCII letters only: `word` is in lower case. */
static bool
is_word(const char *text, size_t length, const char *word)
{
	if (length != strlen(word))
		return false;
	for (size_t i = 0; i < length; i++) {
		char c = text[i] >= 'A' && text[i] <= 'Z' ? (char)(text[i] | 0x20) : text[i];
		if (c != word[i])
			return false;
	}
	return true;
}

static int
read_choice(struct reader *reader, const char *name, const struct choice *choices, size_t count,
	int otherwise, const char *expected)
{
	struct variable found;
	if (!find(reader, name, &found))
		return otherwise;
	for (size_t i = 0; i < count; i++)
		if (is_word(found.value, strlen(found.value), choices[i].word))
			return choices[i].value;
	refuse(reader, &found, expected);
	return otherwise;
}

static bool
read_bool(struct reader *reader, const char *name, bool otherwise)
{
	static const struct choice choices[] = {{"true", 1}, {"1", 1}, {"yes", 1}, {"on", 1},
		{"false", 0}, {"0", 0}, {"no", 0}, {"off", 0}};
	return read_choice(reader, name, choices, COUNT(choices), otherwise,
		       "expected true, false, 1, 0, yes, no, on or off") != 0;
}

/* NULL if it is not set. */
static const char *
read_text(struct reader *reader, const char *name)
{
	struct variable found;
	if (!find(reader, name, &found))
		return NULL;
	if (pt_utf8_valid(found.value, strlen(found.value)))
		return found.value;
	refuse_unseen(reader, &found, "the value is not valid UTF-8");
	return NULL;
}

/* A path: any bytes. */
static const char *
read_path(struct reader *reader, const char *name)
{
	struct variable found;
	return find(reader, name, &found) ? found.value : NULL;
}

static const char *
read_metric_prefix(struct reader *reader, const char *name)
{
	struct variable found;
	if (!find(reader, name, &found))
		return NULL;
	static const char allowed[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_:0123456789";
	if (strspn(found.value, "0123456789") == 0 &&
		found.value[strspn(found.value, allowed)] == '\0')
		return found.value;
	refuse(reader, &found,
		"expected letters, digits, _ and :, not beginning with a digit, for example "
		"mailer_");
	return NULL;
}

/* 0 if it is not set. */
static int64_t
read_duration(struct reader *reader, const char *name)
{
	struct variable found;
	int64_t ms = 0;
	if (!find(reader, name, &found))
		return 0;
	if (pitot_duration_parse(found.value, &ms, &reader->error) != 0) {
		name_culprit(reader, &found, false); /* the text begins with the value */
	} else if (ms == 0) {
		refuse(reader, &found, "expected a duration above 0, for example 15s");
	}
	return ms;
}

/* OTEL_… times are plain milliseconds; 0 if it is not set. */
static int64_t
read_milliseconds(struct reader *reader, const char *name)
{
	struct variable found;
	if (!find(reader, name, &found))
		return 0;
	int64_t ms = 0;
	const char *at = found.value;
	for (; *at >= '0' && *at <= '9' && ms <= PT_LIMIT_DURATION_MS; at++)
		ms = ms * 10 + (*at - '0');
	if (*at == '\0' && ms > 0 && ms <= PT_LIMIT_DURATION_MS)
		return ms;
	refuse(reader, &found,
		"expected a whole number of milliseconds above 0, for example 15000");
	return 0;
}

static void
read_labels(
	struct reader *reader, const char *name, const struct pitot_label **labels, size_t *count)
{
	struct variable found;
	if (find(reader, name, &found) &&
		pt_json_labels(&reader->arena, found.value, labels, count, &reader->error) != 0)
		name_culprit(reader, &found, true);
}

static void
read_pairs(struct reader *reader, const char *name, const struct pitot_label **pairs, size_t *count)
{
	struct variable found;
	if (find(reader, name, &found) &&
		pt_pairs_parse(&reader->arena, found.value, pairs, count, &reader->error) != 0)
		name_culprit(reader, &found, false); /* may be secret */
}

/* ---- where to ---- */

/* The bytes of "scheme://" that the URL begins with, or 0. */
static size_t
scheme_length(const char *url)
{
	size_t length =
		strspn(url, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+-.");
	return length > 0 && strncmp(url + length, "://", 3) == 0 ? length + 3 : 0;
}

/* Says what is wrong with a URL without what may be secret: user, password, query and fragment. */
static void
refuse_url(struct reader *reader, const struct variable *variable, const char *expected)
{
	const char *url = variable->value, *at = strrchr(url, '@');
	size_t scheme = scheme_length(url);
	/* The last '@' anywhere, as a password may hold what looks like the end of the host. */
	const char *rest = at != NULL ? at + 1 : url + scheme;
	size_t shown = strcspn(rest, "?#");
	(void)pt_error_set(&reader->error, PITOT_BAD_CONFIG, "%s=\"%.*s%.*s\": %s", variable->name,
		(int)(scheme < 16 ? scheme : 16), url, (int)(shown < 64 ? shown : 64), rest,
		expected);
}

static void
check_url(struct reader *reader, const struct variable *variable)
{
	const char *url = variable->value;
	size_t length = strlen(url), scheme = scheme_length(url);
	bool clean = pt_utf8_valid(url, length);
	for (const char *p = url; *p != '\0'; p++)
		clean &= (unsigned char)*p > 0x20 && *p != 0x7f;
	if (!clean)
		refuse_unseen(reader, variable,
			"a URL holds no spaces or control characters; write a space as %20");
	else if (length > PT_LIMIT_URL)
		refuse_url(reader, variable, "longer than 8192 bytes");
	else if (scheme > 0 && !is_word(url, scheme, "http://") &&
		!is_word(url, scheme, "https://"))
		refuse_url(reader, variable, "expected http:// or https://");
}

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
	http->username = read_text(reader, receiver->username);
	if (http->username != NULL && http->password_file == NULL)
		http->password = read_text(reader, receiver->password);
}

/* The protocol and the login must have been read. */
static void
read_url(struct reader *reader)
{
	struct pitot_push_options *push = &reader->config.push;
	struct variable found;
	if (find(reader, "_URL", &found)) {
		check_url(reader, &found);
		push->url = found.value;
		return;
	}
	for (size_t i = 0; i < COUNT(receivers); i++) {
		const struct receiver *receiver = &receivers[i];
		/* A URL for the other protocol would be misunderstood. */
		if (push->protocol != PITOT_PROTOCOL_AUTO && push->protocol != receiver->protocol)
			continue;
		if (!find(reader, receiver->url, &found))
			continue;
		check_url(reader, &found);
		push->url = found.value;
		push->protocol = receiver->protocol;
		read_receiver_login(reader, receiver);
		return;
	}
}

static void
read_protocol(struct reader *reader)
{
	static const struct choice choices[] = {{"auto", PITOT_PROTOCOL_AUTO},
		{"pushgateway", PITOT_PROTOCOL_PUSHGATEWAY},
		{"remote-write", PITOT_PROTOCOL_REMOTE_WRITE}};
	reader->config.push.protocol =
		(enum pitot_protocol)read_choice(reader, "_PROTOCOL", choices, COUNT(choices),
			PITOT_PROTOCOL_AUTO, "expected auto, pushgateway or remote-write");
}

static void
read_http(struct reader *reader)
{
	struct pitot_http_options *http = &reader->config.push.http;
	http->username = read_text(reader, "_USERNAME");
	http->password_file = read_path(reader, "_PASSWORD_FILE");
	http->bearer_token_file = read_path(reader, "_BEARER_TOKEN_FILE");
	http->ca_file = read_path(reader, "_CA_FILE");
	if (http->ca_file == NULL)
		http->ca_file = read_path(reader, "SSL_CERT_FILE");
	http->cert_file = read_path(reader, "_CERT_FILE");
	http->key_file = read_path(reader, "_KEY_FILE");
	read_pairs(reader, "_HEADERS", &http->headers, &http->header_count);
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
	read_pairs(reader, "OTEL_RESOURCE_ATTRIBUTES", &attributes, &count);
	push->job = read_text(reader, "_JOB");
	if (push->job == NULL)
		push->job = read_text(reader, "OTEL_SERVICE_NAME");
	if (push->job == NULL)
		push->job = find_attribute(attributes, count, "service.name");
	push->instance = read_text(reader, "_INSTANCE");
	if (push->instance == NULL)
		push->instance = find_attribute(attributes, count, "service.instance.id");
}

static void
read_registry(struct reader *reader)
{
	struct pitot_registry_options *registry = &reader->config.registry;
	registry->prefix = read_metric_prefix(reader, "_PREFIX");
	read_labels(reader, "_LABELS", &registry->labels, &registry->label_count);
}

static void
read_times(struct reader *reader)
{
	struct pitot_push_options *push = &reader->config.push;
	push->interval_ms = read_duration(reader, "_INTERVAL");
	if (push->interval_ms == 0)
		push->interval_ms = read_milliseconds(reader, "OTEL_METRIC_EXPORT_INTERVAL");
	push->timeout_ms = read_duration(reader, "_TIMEOUT");
	/* OpenTelemetry's is that of a whole export. */
	push->deadline_ms = read_milliseconds(reader, "OTEL_METRIC_EXPORT_TIMEOUT");
}

/* ---- all of it ---- */

static void
read_switches(struct reader *reader)
{
	struct pitot_config *config = &reader->config;
	struct variable otel;
	config->enabled = read_bool(reader, "_ENABLED", false);
	/* Only "true" is true there, and nothing is an error. */
	if (find(reader, "OTEL_SDK_DISABLED", &otel) &&
		is_word(otel.value, strlen(otel.value), "true"))
		config->enabled = false;
	config->registry.disabled = !config->enabled;
	config->collect_default = read_bool(reader, "_COLLECT_DEFAULT", true);
}

/* Two variables that exclude each other, or of which one needs the other. */
static void
check_pair(struct reader *reader, bool bad, const char *one, const char *what, const char *other)
{
	if (bad && reader->error.code == 0)
		(void)pt_error_set(&reader->error, PITOT_BAD_CONFIG, "%s%s %s %s%s", reader->prefix,
			one, what, reader->prefix, other);
}

static void
check_together(struct reader *reader)
{
	const struct pitot_config *config = &reader->config;
	const struct pitot_http_options *http = &config->push.http;
	check_pair(reader, http->username != NULL && http->bearer_token_file != NULL, "_USERNAME",
		"and", "_BEARER_TOKEN_FILE exclude each other: set only one of them");
	check_pair(reader, http->password_file != NULL && http->bearer_token_file != NULL,
		"_PASSWORD_FILE", "and",
		"_BEARER_TOKEN_FILE exclude each other: set only one of them");
	check_pair(reader, http->cert_file != NULL && http->key_file == NULL, "_CERT_FILE", "needs",
		"_KEY_FILE");
	check_pair(reader, http->key_file != NULL && http->cert_file == NULL, "_KEY_FILE", "needs",
		"_CERT_FILE");
	check_pair(reader, config->enabled && config->push.url == NULL, "_ENABLED", "needs",
		"_URL, for example http://localhost:9091 for a Pushgateway");
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
	struct reader reader = {.prefix = prefix};
	read_switches(&reader);
	read_registry(&reader);
	read_identity(&reader);
	read_times(&reader);
	read_http(&reader);
	read_protocol(&reader);
	read_url(&reader);
	check_together(&reader);
	struct pt_arena *owned = malloc(sizeof *owned);
	if (owned == NULL && reader.error.code == 0)
		(void)pt_error_memory(&reader.error);
	if (reader.error.code != 0)
		goto fail;
	*owned = reader.arena;
	*config = reader.config;
	config->owned = owned;
	return 0;
fail:
	free(owned);
	pt_arena_clear(&reader.arena);
	if (why != NULL)
		*why = reader.error;
	return reader.error.code;
}

void
pitot_config_clear(struct pitot_config *config)
{
	if (config->owned != NULL)
		pt_arena_clear(config->owned);
	free(config->owned);
	*config = (struct pitot_config){0};
}
