/* SPDX-License-Identifier: MIT */
/*
 * The command line of push, delete and check: one table is the parser and the help, and is what the
 * manual page is compared with. Flags win over the environment (PITOT_URL and so on). Every mistake
 * names the option and the nearest that exists, and is exit status 64 (78 for the environment).
 */
#include "cli/cli.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include "cli/nearest.h"

enum id {
	ID_URL,
	ID_PROTOCOL,
	ID_JOB,
	ID_INSTANCE,
	ID_LABEL,
	ID_MERGE,
	ID_REPLACE,
	ID_TIMESTAMP,
	ID_TIMEOUT,
	ID_DEADLINE,
	ID_USER,
	ID_PASSWORD_FILE,
	ID_TOKEN_FILE,
	ID_HEADER,
	ID_CA_FILE,
	ID_CERT_FILE,
	ID_KEY_FILE,
	ID_INSECURE,
	ID_PROXY,
	ID_UNIX_SOCKET,
	ID_UTF8_NAMES,
	ID_MAX_REQUEST,
	ID_DRY_RUN,
	ID_STRICT,
	ID_COUNTS,
	ID_VERBOSE,
	ID_HELP,
};

enum { TO = CLI_PUSH | CLI_DELETE, ALL = CLI_PUSH | CLI_DELETE | CLI_CHECK };

struct row {
	enum id id;
	const char *name;
	char letter;
	const char *argument; /* NULL: none */
	unsigned verbs;
	const char *help;  /* NULL: it shares the line of the next row */
	const char *alias; /* as curl calls it, or NULL */
};

static const struct row rows[] = {
	{ID_URL, "url", 0, "URL", TO, "where to; its path tells the protocol", NULL},
	{ID_PROTOCOL, "protocol", 0, "P", TO, "auto, pushgateway or remote-write", NULL},
	{ID_JOB, "job", 0, "NAME", TO, "label job, default \"pitot\"", NULL},
	{ID_INSTANCE, "instance", 0, "NAME", TO, "label instance; none: no such label", NULL},
	{ID_LABEL, "label", 0, "N=V", TO, "grouping label, or a label for every series", NULL},
	{ID_MERGE, "merge", 0, NULL, CLI_PUSH, NULL, NULL},
	{ID_REPLACE, "replace", 0, NULL, CLI_PUSH,
		"Pushgateway: keep other metrics (default) or not", NULL},
	{ID_TIMESTAMP, "timestamp", 0, "T", CLI_PUSH, "now, seconds, or 2026-11-23T10:00:00Z",
		NULL},
	{ID_TIMEOUT, "timeout", 'm', "TIME", TO, NULL, NULL},
	{ID_DEADLINE, "deadline", 0, "TIME", TO, "one request 10s, all retries 30s", NULL},
	{ID_USER, "user", 'u', "NAME", TO, NULL, NULL},
	{ID_PASSWORD_FILE, "password-file", 0, "FILE", TO, "basic login", NULL},
	{ID_TOKEN_FILE, "bearer-token-file", 0, "FILE", TO, "bearer login", NULL},
	{ID_HEADER, "header", 'H', "'N: V'", TO, "an extra header", NULL},
	{ID_CA_FILE, "ca-file", 0, "FILE", TO, NULL, "cacert"},
	{ID_CERT_FILE, "cert-file", 0, "FILE", TO, NULL, "cert"},
	{ID_KEY_FILE, "key-file", 0, "FILE", TO, "TLS", "key"},
	{ID_INSECURE, "insecure", 'k', NULL, TO, "do not verify TLS", NULL},
	{ID_PROXY, "proxy", 'x', "URL", TO, NULL, NULL},
	{ID_UNIX_SOCKET, "unix-socket", 0, "PATH", TO, "connect through one of these", NULL},
	{ID_UTF8_NAMES, "utf8-names", 0, NULL, CLI_PUSH, "the receiver takes any UTF-8 names",
		NULL},
	{ID_MAX_REQUEST, "max-request-size", 0, "SIZE", CLI_PUSH, "remote write, default 1MiB",
		NULL},
	{ID_DRY_RUN, "dry-run", 0, "HOW", CLI_PUSH, "send nothing, show it: text, json or hex",
		NULL},
	{ID_STRICT, "strict", 0, NULL, CLI_PUSH | CLI_CHECK, "refuse what the format forbids",
		NULL},
	{ID_COUNTS, "counts", 0, NULL, CLI_CHECK, "print the series of each metric", NULL},
	{ID_VERBOSE, "verbose", 'v', NULL, TO, "tell on stderr what was sent", NULL},
	{ID_HELP, "help", 'h', NULL, ALL, "this text", NULL},
};
enum { row_count = sizeof rows / sizeof rows[0] };

/* "-x, --name=ARGUMENT" */
static int
put_option(const struct row *row, bool first)
{
	int width = 0;
	if (row->letter != 0)
		width += printf("%s-%c, ", first ? "" : ", ", row->letter);
	else
		width += printf("%s", first ? "    " : ", ");
	width += printf("--%s", row->name);
	if (row->argument != NULL)
		width += printf("=%s", row->argument);
	return width;
}

void
cli_options_help(enum cli_verb_bit verb)
{
	enum { column = 26 };
	int width = 0;
	for (size_t i = 0; i < row_count; i++) {
		if ((rows[i].verbs & verb) == 0)
			continue;
		if (width == 0)
			fputs("  ", stdout);
		width += put_option(&rows[i], width == 0);
		if (rows[i].help == NULL)
			continue;
		printf("%*s %s\n", width < column ? column - width : 1, "", rows[i].help);
		width = 0;
	}
}

/* ---- values ---- */

struct reader {
	struct cli_options *options;
	enum cli_verb_bit verb;
	const char *verb_name;
	size_t env_labels, env_headers; /* how many the environment gives */
};

static int
bad_value(
	const struct reader *reader, const struct row *row, const char *value, const char *allowed)
{
	return cli_usage(reader->verb_name, "--%s \"%s\": expected %s", row->name, value, allowed);
}

static int
set_duration(const struct reader *reader, const struct row *row, const char *value, int64_t *ms)
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
add_pair(const struct reader *reader, const struct row *row, char *value, struct pitot_label *list,
	size_t *count)
{
	bool is_label = row->id == ID_LABEL;
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
set_size(const struct reader *reader, const struct row *row, const char *value, size_t *size)
{
	return cli_size_parse(value, size)
		? 0
		: bad_value(reader, row, value, "bytes such as 500000, 512KiB or 4MiB");
}

static void
warn_of_password(const struct reader *reader)
{
	cli_warn(reader->verb_name,
		"others on this machine can see a password on the command line; use "
		"--password-file");
}

/* A password stands between // and @. */
static void
set_url(const struct reader *reader, const char *value)
{
	const char *host = strstr(value, "://");
	host = host == NULL ? value : host + 3;
	const char *at = memchr(host, '@', strcspn(host, "/?#"));
	reader->options->config.push.url = value;
	if (at != NULL && memchr(host, ':', (size_t)(at - host)) != NULL)
		warn_of_password(reader);
}

static int
set_user(const struct reader *reader, const char *value)
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

static int
set_word(const struct reader *reader, const struct row *row, const char *value)
{
	static const char *const protocols[] = {"auto", "pushgateway", "remote-write"};
	static const char *const shows[] = {"", "text", "json", "hex"};
	struct cli_options *options = reader->options;
	for (size_t i = 0; row->id == ID_PROTOCOL && i < 3; i++)
		if (strcmp(value, protocols[i]) == 0) {
			options->config.push.protocol = (enum pitot_protocol)i;
			return 0;
		}
	for (size_t i = 1; row->id == ID_DRY_RUN && i < 4; i++)
		if (strcmp(value, shows[i]) == 0) {
			options->dry_run = (enum cli_dry_run)i;
			return 0;
		}
	return bad_value(reader, row, value,
		row->id == ID_PROTOCOL ? "auto, pushgateway or remote-write" : "text, json or hex");
}

static int
set_time(const struct reader *reader, const struct row *row, const char *value)
{
	reader->options->has_time = cli_time_parse(value, &reader->options->time_ms);
	return reader->options->has_time
		? 0
		: bad_value(reader, row, value, "now, seconds since 1970, or 2026-11-23T10:00:00Z");
}

static int
set(const struct reader *reader, const struct row *row, char *value)
{
	struct cli_options *options = reader->options;
	struct pitot_push_options *push = &options->config.push;
	switch (row->id) {
	case ID_URL:
		set_url(reader, value);
		return 0;
	case ID_PROTOCOL:
	case ID_DRY_RUN:
		return set_word(reader, row, value);
	case ID_JOB:
		push->job = value;
		return 0;
	case ID_INSTANCE:
		push->instance = strcmp(value, "none") == 0 ? "" : value;
		return 0;
	case ID_LABEL:
		return add_pair(reader, row, value, options->labels, &push->label_count);
	case ID_HEADER:
		return add_pair(reader, row, value, options->headers, &push->http.header_count);
	case ID_MERGE:
		push->mode = PITOT_MERGE;
		return 0;
	case ID_REPLACE:
		push->mode = PITOT_REPLACE;
		return 0;
	case ID_TIMESTAMP:
		return set_time(reader, row, value);
	case ID_TIMEOUT:
		return set_duration(reader, row, value, &push->timeout_ms);
	case ID_DEADLINE:
		return set_duration(reader, row, value, &push->deadline_ms);
	case ID_USER:
		return set_user(reader, value);
	case ID_PASSWORD_FILE:
		push->http.password_file = value;
		return 0;
	case ID_TOKEN_FILE:
		push->http.bearer_token_file = value;
		return 0;
	case ID_CA_FILE:
		push->http.ca_file = value;
		return 0;
	case ID_CERT_FILE:
		push->http.cert_file = value;
		return 0;
	case ID_KEY_FILE:
		push->http.key_file = value;
		return 0;
	case ID_INSECURE:
		push->http.insecure_skip_verify = true;
		return 0;
	case ID_PROXY:
		push->http.proxy = value;
		return 0;
	case ID_UNIX_SOCKET:
		push->http.unix_socket = value;
		return 0;
	case ID_UTF8_NAMES:
		push->utf8_names = true;
		return 0;
	case ID_MAX_REQUEST:
		return set_size(reader, row, value, &push->max_request_bytes);
	case ID_STRICT:
		options->strict = true;
		return 0;
	case ID_COUNTS:
		options->counts = true;
		return 0;
	case ID_VERBOSE:
		options->verbose = true;
		return 0;
	case ID_HELP:
		options->help = true;
		return 0;
	}
	return 0;
}

/* ---- finding the option ---- */

/* '_' is read as '-'. */
static bool
same_name(const char *given, size_t length, const char *name)
{
	if (name == NULL || strlen(name) != length)
		return false;
	for (size_t i = 0; i < length; i++)
		if (given[i] != name[i] && !(given[i] == '_' && name[i] == '-'))
			return false;
	return true;
}

static int
unknown(const struct reader *reader, const char *given)
{
	const char *names[row_count];
	size_t count = 0;
	for (size_t i = 0; i < row_count; i++)
		if ((rows[i].verbs & reader->verb) != 0)
			names[count++] = rows[i].name;
	const char *nearest =
		strncmp(given, "--", 2) == 0 ? cli_nearest(given + 2, names, count) : NULL;
	if (nearest == NULL)
		return cli_usage(reader->verb_name, "there is no option %s", given);
	return cli_usage(
		reader->verb_name, "there is no option %s; did you mean --%s?", given, nearest);
}

static const struct row *
find_row(const struct reader *reader, const char *argument, size_t length)
{
	for (size_t i = 0; i < row_count; i++) {
		const struct row *row = &rows[i];
		if ((row->verbs & reader->verb) == 0)
			continue;
		if (argument[1] != '-' ? row->letter == argument[1]
				       : same_name(argument + 2, length - 2, row->name) ||
					same_name(argument + 2, length - 2, row->alias))
			return row;
	}
	return NULL;
}

/* Reads the option at argv[*at]; moves *at to the last word that it took. */
static int
read_option(const struct reader *reader, int argc, char **argv, int *at)
{
	char *argument = argv[*at];
	bool is_long = argument[1] == '-';
	size_t length = is_long ? strcspn(argument, "=") : 2;
	const struct row *row = find_row(reader, argument, length);
	char *value = argument[length] == '\0' ? NULL : argument + length + (is_long ? 1 : 0);
	if (row == NULL) {
		char name[64];
		(void)snprintf(name, sizeof name, "%.*s", (int)length, argument);
		return unknown(reader, name);
	}
	if (row->argument == NULL && value != NULL)
		return cli_usage(reader->verb_name, "--%s takes no value", row->name);
	if (row->argument != NULL && value == NULL) {
		if (*at + 1 >= argc)
			return cli_usage(reader->verb_name, "--%s needs a value: %s", row->name,
				row->argument);
		value = argv[++*at];
	}
	return set(reader, row, value);
}

/* ---- the face ---- */

/* A login of the command line takes the place of the environment's as a whole. */
static void
settle_login(struct pitot_http_options *http, const struct pitot_http_options *environment)
{
	if (http->username != NULL || http->bearer_token_file != NULL)
		return;
	http->username = environment->username;
	http->bearer_token_file = environment->bearer_token_file;
	if (http->password_file != NULL)
		return;
	http->password_file = environment->password_file;
	http->password = environment->password;
}

static void
forget_login(struct pitot_http_options *http)
{
	http->username = http->password = http->password_file = http->bearer_token_file = NULL;
}

int
cli_options_read(struct cli_options *options, enum cli_verb_bit verb, int argc, char **argv)
{
	bool only_words = false;
	*options = (struct cli_options){.input = NULL};
	int status = verb == CLI_CHECK ? 0 : cli_environment_read(options, argc, argv);
	struct pitot_http_options *http = &options->config.push.http;
	const struct pitot_http_options environment = *http;
	const struct reader reader = {
		options, verb, argv[0], options->config.push.label_count, http->header_count};
	forget_login(http);
	for (int at = 1; status == 0 && at < argc; at++) {
		bool option = !only_words && argv[at][0] == '-' && argv[at][1] != '\0';
		if (option && strcmp(argv[at], "--") == 0)
			only_words = true;
		else if (option)
			status = read_option(&reader, argc, argv, &at);
		else if (options->input == NULL && verb != CLI_DELETE)
			options->input = argv[at];
		else
			status = cli_usage(argv[0], "\"%s\" is one argument too many", argv[at]);
	}
	settle_login(http, &environment);
	if (options->input == NULL)
		options->input = "-";
	return status;
}

void
cli_options_clear(struct cli_options *options)
{
	pitot_config_clear(&options->config);
	if (options->user != NULL)
		explicit_bzero(options->user, strlen(options->user));
	free(options->user);
}
