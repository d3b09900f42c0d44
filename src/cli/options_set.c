/* SPDX-License-Identifier: MIT */
/*
 * The values of options. A wrong one is told with the option, the value (unless it may be secret)
 * and what is expected, and is exit status 64.
 */
#include "cli/options_inside.h"

#include <stdlib.h>
#include <string.h>

static int
bad_value(const struct cli_option_reader *reader, const struct cli_option_row *row,
	const char *value, const char *allowed)
{
	return cli_usage(reader->verb_name, "--%s \"%s\": expected %s", row->name, value, allowed);
}

static int
set_duration(const struct cli_option_reader *reader, const struct cli_option_row *row,
	const char *value, int64_t *ms)
{
	struct pitot_error why;
	if (pitot_duration_parse(value, ms, &why) != 0)
		return cli_usage(reader->verb_name, "--%s: %s", row->name, why.text);
	return *ms > 0 ? 0 : bad_value(reader, row, value, "more than nothing");
}

/*
 * Cuts "name<cut>value" in place, which argv allows. It takes the place of one of the same name
 * among the first `replaceable`, those of the environment.
 */
static int
add_pair(const struct cli_option_reader *reader, const struct cli_option_row *row, char *value,
	struct pitot_label *list, size_t *count)
{
	bool is_label = row->id == CLI_OPTION_LABEL;
	size_t replaceable = is_label ? reader->env_labels : reader->env_headers, index = 0;
	char *at = strchr(value, is_label ? '=' : ':');
	if (at == NULL || at == value)
		/* A header may be secret. */
		return is_label ? bad_value(reader, row, value, "NAME=VALUE")
				: cli_usage(reader->verb_name,
					  "--header: expected 'Name: value', with a colon");
	*at++ = '\0';
	if (!is_label)
		at += strspn(at, " \t");
	while (index < replaceable && strcmp(list[index].name, value) != 0)
		index++;
	if (index == replaceable)
		index = *count;
	if (index == cli_max_labels)
		return cli_usage(reader->verb_name, "--%s: at most %d", row->name, cli_max_labels);
	list[index] = (struct pitot_label){value, at};
	if (index == *count)
		++*count;
	return 0;
}

static int
set_size(const struct cli_option_reader *reader, const struct cli_option_row *row,
	const char *value, size_t *size)
{
	return cli_size_parse(value, size)
		? 0
		: bad_value(reader, row, value, "bytes such as 500000, 512KiB or 4MiB");
}

static int
set_bytes(const struct cli_option_reader *reader, const struct cli_option_row *row,
	const char *value, uint64_t *bytes)
{
	size_t size = 0;
	int status = set_size(reader, row, value, &size);
	*bytes = size;
	return status;
}

/* A whole number above 0. */
static int
set_count(const struct cli_option_reader *reader, const struct cli_option_row *row,
	const char *value, size_t *count)
{
	size_t digits = strspn(value, "0123456789");
	if (digits == 0 || digits > 12 || value[digits] != '\0' || strtoull(value, NULL, 10) == 0)
		return bad_value(reader, row, value, "a whole number above 0");
	*count = (size_t)strtoull(value, NULL, 10);
	return 0;
}

static void
warn_of_password(const struct cli_option_reader *reader)
{
	cli_warn(reader->verb_name,
		"others on this machine can see a password on the command line; use "
		"--password-file");
}

/* The first takes the place of the environment's; a password stands between // and @. */
static int
set_url(const struct cli_option_reader *reader, const char *value)
{
	struct cli_options *options = reader->options;
	const char *host = strstr(value, "://");
	host = host == NULL ? value : host + 3;
	const char *at = memchr(host, '@', strcspn(host, "/?#"));
	if (at != NULL && memchr(host, ':', (size_t)(at - host)) != NULL)
		warn_of_password(reader);
	if (options->url_count == cli_max_urls)
		return cli_usage(reader->verb_name, "--url: at most %d", cli_max_urls);
	options->urls[options->url_count++] = value;
	options->config.push.url = options->urls[0];
	return 0;
}

static int
set_user(const struct cli_option_reader *reader, const char *value)
{
	struct cli_options *options = reader->options;
	free(options->user);
	options->user = strdup(value);
	if (options->user == NULL)
		return cli_usage(reader->verb_name, "out of memory");
	char *colon = strchr(options->user, ':');
	options->config.push.http.username = options->user;
	if (colon != NULL) {
		*colon = '\0';
		options->config.push.http.password = colon + 1;
		warn_of_password(reader);
	}
	return 0;
}

struct word {
	const char *word;
	int value;
};

/* One of a list of words, told by `allowed`. */
static int
set_word(const struct cli_option_reader *reader, const struct cli_option_row *row,
	const char *value, int *to)
{
	static const struct {
		enum cli_option id;
		const char *allowed;
		struct word words[6];
	} lists[] = {
		{CLI_OPTION_PROTOCOL,
			"auto, pushgateway, remote-write, remote-write-1 or remote-write-2",
			{{"auto", PITOT_PROTOCOL_AUTO}, {"pushgateway", PITOT_PROTOCOL_PUSHGATEWAY},
				{"remote-write", PITOT_PROTOCOL_REMOTE_WRITE},
				{"remote-write-1", PITOT_PROTOCOL_REMOTE_WRITE_1},
				{"remote-write-2", PITOT_PROTOCOL_REMOTE_WRITE_2}}},
		{CLI_OPTION_DRY_RUN, "count, text, json or hex",
			{{"count", CLI_COUNT}, {"text", CLI_SHOW_TEXT}, {"json", CLI_SHOW_JSON},
				{"hex", CLI_SHOW_HEX}}},
		{CLI_OPTION_FANOUT, "all or first",
			{{"all", PITOT_FANOUT_ALL}, {"first", PITOT_FANOUT_FIRST}}},
		{CLI_OPTION_AT_END, "keep, stale or delete",
			{{"keep", PITOT_END_KEEP}, {"stale", PITOT_END_STALE},
				{"delete", PITOT_END_DELETE}}},
		{CLI_OPTION_ON_REFUSED, "split or drop",
			{{"split", PITOT_REFUSED_SPLIT}, {"drop", PITOT_REFUSED_DROP}}},
		{CLI_OPTION_LOG_LEVEL, "debug, info, warn or error",
			{{"debug", PITOT_LOG_DEBUG}, {"info", PITOT_LOG_INFO},
				{"warn", PITOT_LOG_WARN}, {"error", PITOT_LOG_ERROR}}},
		{CLI_OPTION_LOG_FORMAT, "logfmt, json or short",
			{{"logfmt", CLI_LOG_LOGFMT}, {"json", CLI_LOG_JSON},
				{"short", CLI_LOG_SHORT}}},
	};
	for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++) {
		if (lists[i].id != row->id)
			continue;
		for (const struct word *word = lists[i].words; word->word != NULL; word++)
			if (strcmp(word->word, value) == 0) {
				*to = word->value;
				return 0;
			}
		return bad_value(reader, row, value, lists[i].allowed);
	}
	return 0;
}

/* Options whose value is one of a list of words. */
static int
set_choice(
	const struct cli_option_reader *reader, const struct cli_option_row *row, const char *value)
{
	struct cli_options *options = reader->options;
	struct pitot_push_options *push = &options->config.push;
	int word = 0, status = set_word(reader, row, value, &word);
	if (status != 0)
		return status;
	if (row->id == CLI_OPTION_PROTOCOL)
		push->protocol = (enum pitot_protocol)word;
	if (row->id == CLI_OPTION_DRY_RUN)
		options->dry_run = (enum cli_dry_run)word;
	if (row->id == CLI_OPTION_FANOUT)
		push->fanout = (enum pitot_fanout)word;
	if (row->id == CLI_OPTION_AT_END)
		push->at_end = (enum pitot_at_end)word;
	if (row->id == CLI_OPTION_ON_REFUSED)
		push->on_refused = (enum pitot_on_refused)word;
	if (row->id == CLI_OPTION_LOG_LEVEL)
		options->log_level = (enum pitot_log_level)word;
	if (row->id == CLI_OPTION_LOG_FORMAT)
		options->log_format = (enum cli_log_format)word;
	return 0;
}

static int
set_time(
	const struct cli_option_reader *reader, const struct cli_option_row *row, const char *value)
{
	reader->options->has_time = cli_time_parse(value, &reader->options->time_ms);
	return reader->options->has_time
		? 0
		: bad_value(reader, row, value, "now, seconds since 1970, or 2026-11-23T10:00:00Z");
}

int
cli_option_set(
	const struct cli_option_reader *reader, const struct cli_option_row *row, char *value)
{
	struct cli_options *options = reader->options;
	struct pitot_push_options *push = &options->config.push;
	switch (row->id) {
	case CLI_OPTION_URL:
		return set_url(reader, value);
	case CLI_OPTION_PROTOCOL:
	case CLI_OPTION_DRY_RUN:
	case CLI_OPTION_FANOUT:
	case CLI_OPTION_AT_END:
	case CLI_OPTION_ON_REFUSED:
	case CLI_OPTION_LOG_LEVEL:
	case CLI_OPTION_LOG_FORMAT:
		return set_choice(reader, row, value);
	case CLI_OPTION_NATIVE:
		push->native_histograms = true;
		return 0;
	case CLI_OPTION_OLD_START:
		push->old_start_time = true;
		return 0;
	case CLI_OPTION_MAX_AGE:
		return set_duration(reader, row, value, &push->max_age_ms);
	case CLI_OPTION_SPOOL:
		push->spool_dir = value;
		return 0;
	case CLI_OPTION_SPOOL_SIZE:
		return set_bytes(reader, row, value, &push->spool_bytes);
	case CLI_OPTION_DETACH:
		push->detach = true;
		return 0;
	case CLI_OPTION_JOB:
		push->job = value;
		return 0;
	case CLI_OPTION_INSTANCE:
		push->instance = strcmp(value, "none") == 0 ? "" : value;
		return 0;
	case CLI_OPTION_LABEL:
		return add_pair(reader, row, value, options->labels, &push->label_count);
	case CLI_OPTION_HEADER:
		return add_pair(reader, row, value, options->headers, &push->http.header_count);
	case CLI_OPTION_MERGE:
		push->mode = PITOT_MERGE;
		return 0;
	case CLI_OPTION_REPLACE:
		push->mode = PITOT_REPLACE;
		return 0;
	case CLI_OPTION_TIMESTAMP:
		return set_time(reader, row, value);
	case CLI_OPTION_TIMEOUT:
		return set_duration(reader, row, value, &push->timeout_ms);
	case CLI_OPTION_DEADLINE:
		return set_duration(reader, row, value, &push->deadline_ms);
	case CLI_OPTION_EVERY:
		return set_duration(reader, row, value, &options->every_ms);
	case CLI_OPTION_SCHEDULE:
		options->schedule = value;
		return 0;
	case CLI_OPTION_GRACE:
		return set_duration(reader, row, value, &options->grace_ms);
	case CLI_OPTION_LIMIT:
		return set_duration(reader, row, value, &options->limit_ms);
	case CLI_OPTION_KILL_AFTER:
		return set_duration(reader, row, value, &options->kill_after_ms);
	case CLI_OPTION_STUCK:
		return set_duration(reader, row, value, &options->stuck_ms);
	case CLI_OPTION_PROGRESS:
		options->progress = value;
		return 0;
	case CLI_OPTION_INTERVAL:
		return set_duration(reader, row, value, &push->interval_ms);
	case CLI_OPTION_STATE:
		options->state = value;
		return 0;
	case CLI_OPTION_PROFILE:
		options->profile = value;
		return 0;
	case CLI_OPTION_TENANT:
		options->tenant = value;
		return 0;
	case CLI_OPTION_MAX_SERIES:
		return set_count(reader, row, value, &options->max_series);
	case CLI_OPTION_KNOWN:
		options->known = value;
		return 0;
	case CLI_OPTION_TTL:
		return set_duration(reader, row, value, &options->ttl_ms);
	case CLI_OPTION_OLDER:
		return set_duration(reader, row, value, &options->older_ms);
	case CLI_OPTION_YES:
		options->yes = true;
		return 0;
	case CLI_OPTION_FROM:
		options->from = value;
		return 0;
	case CLI_OPTION_TO:
		options->to = value;
		return 0;
	case CLI_OPTION_TITLE:
		options->title = value;
		return 0;
	case CLI_OPTION_CONFIG:
		options->config_file = value;
		return 0;
	case CLI_OPTION_SCRAPE:
		if (options->scrape_count == cli_max_urls)
			return cli_usage(reader->verb_name, "--scrape: more than %d: use a file",
				cli_max_urls);
		options->scrapes[options->scrape_count++] = value;
		return 0;
	case CLI_OPTION_SOCKET:
		options->socket = value;
		return 0;
	case CLI_OPTION_TEXTFILE:
		options->textfile = value;
		return 0;
	case CLI_OPTION_USER:
		return set_user(reader, value);
	case CLI_OPTION_PASSWORD_FILE:
		push->http.password_file = value;
		return 0;
	case CLI_OPTION_TOKEN_FILE:
		push->http.bearer_token_file = value;
		return 0;
	case CLI_OPTION_CA_FILE:
		push->http.ca_file = value;
		return 0;
	case CLI_OPTION_CERT_FILE:
		push->http.cert_file = value;
		return 0;
	case CLI_OPTION_KEY_FILE:
		push->http.key_file = value;
		return 0;
	case CLI_OPTION_INSECURE:
		push->http.insecure_skip_verify = true;
		return 0;
	case CLI_OPTION_PROXY:
		push->http.proxy = value;
		return 0;
	case CLI_OPTION_UNIX_SOCKET:
		push->http.unix_socket = value;
		return 0;
	case CLI_OPTION_UTF8_NAMES:
		push->utf8_names = true;
		return 0;
	case CLI_OPTION_MAX_REQUEST:
		return set_size(reader, row, value, &push->max_request_bytes);
	case CLI_OPTION_STRICT:
		options->strict = true;
		return 0;
	case CLI_OPTION_COUNTS:
		options->counts = true;
		return 0;
	case CLI_OPTION_VERBOSE:
		options->verbose = true;
		return 0;
	case CLI_OPTION_HELP:
		options->help = true;
		return 0;
	}
	return 0;
}
