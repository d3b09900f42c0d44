/* SPDX-License-Identifier: MIT */
/*
 * The command line of most verbs: one table is the parser and the help, and is what the
 * manual page is compared with. Flags win over the environment (PITOT_URL and so on). Every mistake
 * names the option and the nearest that exists, and is exit status 64 (78 for the environment).
 */
#include "cli/options_inside.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

enum {
	ONCE = CLI_PUSH | CLI_DELETE | CLI_SPOOL | CLI_BACKFILL | CLI_DOCTOR,
	TO = ONCE | CLI_RUN,
	GATEWAY = CLI_LIST | CLI_GC,
	VIA = TO | CLI_AGENT | GATEWAY, /* what is said about HTTP */
	NO_INPUT = CLI_DELETE | CLI_AGENT | GATEWAY,
	ALL = VIA | CLI_CHECK | CLI_CONVERT | CLI_DASHBOARD,
};

static const struct cli_option_row rows[] = {
	{CLI_OPTION_CONFIG, "config", 0, "FILE", CLI_AGENT,
		"default /etc/pitot/agent.yml, or these:", "config.file"},
	{CLI_OPTION_URL, "url", 0, "URL", CLI_AGENT, "where to; more of them: to all", NULL},
	{CLI_OPTION_SCRAPE, "scrape", 0, "HOST:PORT", CLI_AGENT, "a target; more of them: all",
		NULL},
	{CLI_OPTION_URL, "url", 0, "URL", TO & ~(unsigned)CLI_DOCTOR, NULL, NULL},
	{CLI_OPTION_URL, "url", 0, "URL", GATEWAY, "the Pushgateway", NULL},
	{CLI_OPTION_OLDER, "older-than", 0, "TIME", CLI_GC, "also groups not pushed for so long",
		NULL},
	{CLI_OPTION_YES, "yes", 0, NULL, CLI_GC, "delete them; otherwise only tell", NULL},
	{CLI_OPTION_FROM, "from", 0, "FORM", CLI_CONVERT, "what it is, default text", NULL},
	{CLI_OPTION_TO, "to", 0, "FORM", CLI_CONVERT, "what it shall be", NULL},
	{CLI_OPTION_TITLE, "title", 0, "TEXT", CLI_DASHBOARD, "of the dashboard", NULL},
	{CLI_OPTION_PROTOCOL, "protocol", 0, "P", TO, NULL, NULL},
	{CLI_OPTION_FANOUT, "fanout", 0, "HOW", CLI_PUSH | CLI_DELETE | CLI_SPOOL | CLI_RUN,
		"where; how; to all or the first", NULL},
	{CLI_OPTION_PROFILE, "profile", 0, "NAME", TO, NULL, NULL},
	{CLI_OPTION_TENANT, "tenant", 0, "NAME", TO, "kind of receiver", NULL},
	{CLI_OPTION_JOB, "job", 0, "NAME", TO | CLI_AGENT | CLI_CONVERT, NULL, NULL},
	{CLI_OPTION_INSTANCE, "instance", 0, "NAME", TO | CLI_CONVERT,
		"labels, default \"pitot\" and none", NULL},
	{CLI_OPTION_INSTANCE, "instance", 0, "NAME", CLI_AGENT, "labels of its own metrics", NULL},
	{CLI_OPTION_LABEL, "label", 0, "N=V", TO | CLI_CONVERT,
		"grouping label, or a label for every series", NULL},
	{CLI_OPTION_LABEL, "label", 0, "N=V", CLI_AGENT, "a label for every series", NULL},
	{CLI_OPTION_TTL, "ttl", 0, "TIME", CLI_PUSH, NULL, NULL},
	{CLI_OPTION_MERGE, "merge", 0, NULL, CLI_PUSH, NULL, NULL},
	{CLI_OPTION_REPLACE, "replace", 0, NULL, CLI_PUSH,
		"Pushgateway: for gc; keep others or not", NULL},
	{CLI_OPTION_TIMESTAMP, "timestamp", 0, "T", CLI_PUSH | CLI_CONVERT,
		"now, seconds, or 2026-11-23T10:00:00Z", NULL},
	{CLI_OPTION_EVERY, "every", 0, "TIME", CLI_RUN, NULL, NULL},
	{CLI_OPTION_SCHEDULE, "schedule", 0, "CRON", CLI_RUN, NULL, NULL},
	{CLI_OPTION_GRACE, "grace", 0, "TIME", CLI_RUN, "when the next is due", NULL},
	{CLI_OPTION_LIMIT, "timeout", 0, "TIME", CLI_RUN, NULL, NULL},
	{CLI_OPTION_KILL_AFTER, "kill-after", 0, "TIME", CLI_RUN, "SIGTERM, and SIGKILL 10s later",
		NULL},
	{CLI_OPTION_STUCK, "stuck-after", 0, "TIME", CLI_RUN, NULL, NULL},
	{CLI_OPTION_PROGRESS, "progress", 0, "METRIC", CLI_RUN, "the same without progress", NULL},
	{CLI_OPTION_STATE, "state", 0, "FILE", CLI_BACKFILL,
		"how far it came, default FILE.position", NULL},
	{CLI_OPTION_STATE, "state", 0, "FILE", CLI_RUN, "counters continue from run to run", NULL},
	{CLI_OPTION_TEXTFILE, "textfile", 0, "FILE", CLI_RUN, "write the metrics there, too", NULL},
	{CLI_OPTION_TEXTFILE, "textfile", 0, "DIR", CLI_AGENT, "read the *.prom files there",
		"collector.textfile.directory"},
	{CLI_OPTION_SOCKET, "socket", 0, "PATH", CLI_AGENT, "take pushes as a Pushgateway there",
		NULL},
	{CLI_OPTION_INTERVAL, "interval", 0, "TIME", CLI_RUN, NULL, NULL},
	{CLI_OPTION_INTERVAL, "interval", 0, "TIME", CLI_AGENT, "between scrapes, default 1m",
		NULL},
	{CLI_OPTION_TIMEOUT, "timeout", 'm', "TIME", ONCE, NULL, NULL},
	{CLI_OPTION_TIMEOUT, "timeout", 'm', "TIME", GATEWAY, "of a request, default 10s", NULL},
	{CLI_OPTION_DEADLINE, "deadline", 0, "TIME", ONCE, "one request 10s, all retries 30s",
		NULL},
	{CLI_OPTION_DEADLINE, "deadline", 0, "TIME", CLI_RUN,
		"between pushes 15s, the last one 30s", NULL},
	{CLI_OPTION_USER, "user", 'u', "NAME", VIA, NULL, NULL},
	{CLI_OPTION_PASSWORD_FILE, "password-file", 0, "FILE", VIA, "basic login", NULL},
	{CLI_OPTION_TOKEN_FILE, "bearer-token-file", 0, "FILE", VIA, NULL, NULL},
	{CLI_OPTION_HEADER, "header", 'H', "'N: V'", VIA, "bearer login, any header", NULL},
	{CLI_OPTION_CA_FILE, "ca-file", 0, "FILE", VIA, NULL, "cacert"},
	{CLI_OPTION_CERT_FILE, "cert-file", 0, "FILE", VIA, NULL, "cert"},
	{CLI_OPTION_KEY_FILE, "key-file", 0, "FILE", VIA, "TLS", "key"},
	{CLI_OPTION_INSECURE, "insecure", 'k', NULL, VIA, NULL, NULL},
	{CLI_OPTION_PROXY, "proxy", 'x', "URL", VIA, NULL, NULL},
	{CLI_OPTION_UNIX_SOCKET, "unix-socket", 0, "PATH", VIA, "unverified; connect by", NULL},
	{CLI_OPTION_UTF8_NAMES, "utf8-names", 0, NULL, CLI_CONVERT, "leave names as they are",
		NULL},
	{CLI_OPTION_UTF8_NAMES, "utf8-names", 0, NULL, CLI_PUSH, NULL, NULL},
	{CLI_OPTION_NATIVE, "native-histograms", 0, NULL, CLI_PUSH, NULL, NULL},
	{CLI_OPTION_OLD_START, "old-start-time", 0, NULL, CLI_PUSH, "it takes these", NULL},
	{CLI_OPTION_MAX_REQUEST, "max-request-size", 0, "SIZE", CLI_PUSH,
		"remote write, default 1MiB", NULL},
	{CLI_OPTION_AT_END, "at-end", 0, "HOW", CLI_PUSH,
		"keep (default), stale: end the series after it", NULL},
	{CLI_OPTION_ON_REFUSED, "on-refused", 0, "HOW", CLI_PUSH | CLI_BACKFILL,
		"split (default) to find the bad series, or drop", NULL},
	{CLI_OPTION_SPOOL, "spool", 0, "DIR",
		CLI_PUSH | CLI_DELETE | CLI_SPOOL | CLI_RUN | CLI_AGENT,
		"keep what cannot be sent for a later push", NULL},
	{CLI_OPTION_SPOOL_SIZE, "spool-size", 0, "SIZE", CLI_PUSH, NULL, NULL},
	{CLI_OPTION_MAX_AGE, "max-age", 0, "TIME", CLI_PUSH, NULL, NULL},
	{CLI_OPTION_DETACH, "detach", 0, NULL, CLI_PUSH, "its limits; only into it", NULL},
	{CLI_OPTION_MAX_SERIES, "max-series", 0, "N", CLI_PUSH, NULL, NULL},
	{CLI_OPTION_KNOWN, "known", 0, "FILE", CLI_PUSH, "no more; which were there before", NULL},
	{CLI_OPTION_INTERVAL, "interval", 0, "TIME", CLI_PUSH, NULL, NULL},
	{CLI_OPTION_DRY_RUN, "dry-run", 0, "HOW", CLI_PUSH, "show it: count, text, json, hex",
		NULL},
	{CLI_OPTION_STRICT, "strict", 0, NULL, CLI_PUSH | CLI_CHECK | CLI_CONVERT,
		"refuse what the format forbids", NULL},
	{CLI_OPTION_STRICT, "strict", 0, NULL, CLI_RUN, "a push that fails is a failure", NULL},
	{CLI_OPTION_COUNTS, "counts", 0, NULL, CLI_CHECK, "print the series of each metric", NULL},
	{CLI_OPTION_VERBOSE, "verbose", 'v', NULL, TO & ~(unsigned)CLI_DOCTOR,
		"tell on stderr what was sent", NULL},
	{CLI_OPTION_LOG_LEVEL, "log-level", 0, "LEVEL", CLI_AGENT, NULL, "log.level"},
	{CLI_OPTION_LOG_FORMAT, "log-format", 0, "HOW", CLI_AGENT,
		"least to tell; logfmt, json or short", "log.format"},
	{CLI_OPTION_HELP, "help", 'h', NULL, ALL, "this text", NULL},
};
enum { row_count = sizeof rows / sizeof rows[0] };

/* "-x, --name=ARGUMENT" */
static int
put_option(const struct cli_option_row *row, bool first)
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

void
cli_options_each(const char *verb,
	void (*show)(void *context, const char *verb, const char *option, const char *argument),
	void *context)
{
	static const struct {
		const char *name;
		enum cli_verb_bit bit;
	} verbs[] = {{"push", CLI_PUSH}, {"run", CLI_RUN}, {"agent", CLI_AGENT},
		{"delete", CLI_DELETE}, {"check", CLI_CHECK}, {"spool", CLI_SPOOL},
		{"list", CLI_LIST}, {"gc", CLI_GC}, {"doctor", CLI_DOCTOR},
		{"convert", CLI_CONVERT}, {"backfill", CLI_BACKFILL}, {"dashboard", CLI_DASHBOARD}};
	for (size_t k = 0; k < sizeof verbs / sizeof verbs[0]; k++)
		for (size_t i = 0; strcmp(verbs[k].name, verb) == 0 && i < row_count; i++)
			if ((rows[i].verbs & verbs[k].bit) != 0)
				show(context, verb, rows[i].name, rows[i].argument);
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
unknown(const struct cli_option_reader *reader, const char *given)
{
	const char *names[row_count];
	size_t count = 0;
	for (size_t i = 0; i < row_count; i++)
		if ((rows[i].verbs & reader->verb) != 0)
			names[count++] = rows[i].name;
	const char *nearest =
		strncmp(given, "--", 2) == 0 ? pitot_nearest(given + 2, names, count) : NULL;
	if (nearest == NULL)
		return cli_usage(reader->verb_name, "there is no option %s", given);
	return cli_usage(
		reader->verb_name, "there is no option %s; did you mean --%s?", given, nearest);
}

static const struct cli_option_row *
find_row(const struct cli_option_reader *reader, const char *argument, size_t length)
{
	for (size_t i = 0; i < row_count; i++) {
		const struct cli_option_row *row = &rows[i];
		if ((row->verbs & reader->verb) == 0)
			continue;
		if (argument[1] != '-' ? row->letter == argument[1]
				       : same_name(argument + 2, length - 2, row->name) ||
					same_name(argument + 2, length - 2, row->alias))
			return row;
	}
	return NULL;
}

/* Whether --url is among the options; the value of another one is not taken for it. */
static bool
gives_url(enum cli_verb_bit verb, int argc, char **argv)
{
	const struct cli_option_reader reader = {.verb = verb};
	for (int at = 1; at < argc && strcmp(argv[at], "--") != 0; at++) {
		const char *argument = argv[at];
		bool is_long = argument[0] == '-' && argument[1] == '-';
		if (argument[0] != '-' || argument[1] == '\0') {
			if (verb == CLI_RUN)
				return false; /* the rest is the command's */
			continue;
		}
		size_t length = is_long ? strcspn(argument, "=") : 2;
		const struct cli_option_row *row = find_row(&reader, argument, length);
		if (row != NULL && row->id == CLI_OPTION_URL)
			return true;
		if (row != NULL && row->argument != NULL && argument[length] == '\0')
			at++;
	}
	return false;
}

/* Reads the option at argv[*at]; moves *at to the last word that it took. */
static int
read_option(const struct cli_option_reader *reader, int argc, char **argv, int *at)
{
	char *argument = argv[*at];
	bool is_long = argument[1] == '-';
	size_t length = is_long ? strcspn(argument, "=") : 2;
	const struct cli_option_row *row = find_row(reader, argument, length);
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
	if (reader->verb == CLI_AGENT && reader->options->instead == NULL &&
		cli_agent_key(row->name) != NULL)
		reader->options->instead = row->name;
	return cli_option_set(reader, row, value);
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

/* All URLs of the command line share the other options. */
static void
set_others(struct cli_options *options)
{
	struct pitot_push_options *push = &options->config.push;
	for (size_t i = 1; i < options->url_count; i++) {
		options->others[i - 1] = *push;
		options->others[i - 1].url = options->urls[i];
	}
	push->others = options->others;
	push->other_count = options->url_count > 1 ? options->url_count - 1 : 0;
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
	*options = (struct cli_options){.input = NULL, .log_level = PITOT_LOG_INFO};
	options->verb = argv[0];
	int status = (verb & (CLI_CHECK | CLI_CONVERT | CLI_DASHBOARD)) != 0
		? 0
		: cli_environment_read(options, argv[0], gives_url(verb, argc, argv));
	struct pitot_http_options *http = &options->config.push.http;
	const struct pitot_http_options environment = *http;
	const struct cli_option_reader reader = {
		options, verb, argv[0], options->config.push.label_count, http->header_count};
	forget_login(http);
	for (int at = 1; status == 0 && at < argc; at++) {
		bool option = !only_words && argv[at][0] == '-' && argv[at][1] != '\0';
		if (option && strcmp(argv[at], "--") == 0) {
			only_words = true;
		} else if (option) {
			status = read_option(&reader, argc, argv, &at);
		} else if (verb == CLI_RUN) {
			options->command = &argv[at];
			break;
		} else if (options->input == NULL && (verb & NO_INPUT) == 0) {
			options->input = argv[at];
			options->has_input = true;
		} else {
			status = cli_usage(argv[0], "\"%s\" is one argument too many", argv[at]);
		}
	}
	settle_login(http, &environment);
	if (status == 0 && !options->help && verb != CLI_DOCTOR)
		status = cli_profile_apply(options);
	set_others(options);
	if (options->input == NULL)
		options->input = "-";
	return status;
}

void
cli_options_clear(struct cli_options *options)
{
	pitot_config_clear(&options->config);
	for (size_t i = 0; i < options->made_count; i++)
		free(options->made_urls[i]);
	if (options->user != NULL)
		explicit_bzero(options->user, strlen(options->user));
	free(options->user);
}

size_t
cli_exported_labels(const struct pitot_push_options *push, const char **names)
{
	size_t count = 0;
	names[count++] = "job";
	if (push->instance == NULL || push->instance[0] != '\0')
		names[count++] = "instance";
	for (size_t i = 0; i < push->label_count; i++)
		names[count++] = push->labels[i].name;
	return count;
}
