/* SPDX-License-Identifier: MIT */
/* The inside of reading the command line: options.c (which option), options_set.c (its value). */
#ifndef CLI_OPTIONS_INSIDE_H
#define CLI_OPTIONS_INSIDE_H

#include "cli/cli.h"

enum cli_option {
	CLI_OPTION_URL,
	CLI_OPTION_PROTOCOL,
	CLI_OPTION_JOB,
	CLI_OPTION_INSTANCE,
	CLI_OPTION_LABEL,
	CLI_OPTION_MERGE,
	CLI_OPTION_REPLACE,
	CLI_OPTION_TIMESTAMP,
	CLI_OPTION_TIMEOUT,
	CLI_OPTION_DEADLINE,
	CLI_OPTION_USER,
	CLI_OPTION_PASSWORD_FILE,
	CLI_OPTION_TOKEN_FILE,
	CLI_OPTION_HEADER,
	CLI_OPTION_CA_FILE,
	CLI_OPTION_CERT_FILE,
	CLI_OPTION_KEY_FILE,
	CLI_OPTION_INSECURE,
	CLI_OPTION_PROXY,
	CLI_OPTION_UNIX_SOCKET,
	CLI_OPTION_UTF8_NAMES,
	CLI_OPTION_MAX_REQUEST,
	CLI_OPTION_FANOUT,
	CLI_OPTION_NATIVE,
	CLI_OPTION_OLD_START,
	CLI_OPTION_AT_END,
	CLI_OPTION_ON_REFUSED,
	CLI_OPTION_MAX_AGE,
	CLI_OPTION_SPOOL,
	CLI_OPTION_SPOOL_SIZE,
	CLI_OPTION_DETACH,
	CLI_OPTION_EVERY,
	CLI_OPTION_SCHEDULE,
	CLI_OPTION_GRACE,
	CLI_OPTION_LIMIT,
	CLI_OPTION_KILL_AFTER,
	CLI_OPTION_STUCK,
	CLI_OPTION_PROGRESS,
	CLI_OPTION_TEXTFILE,
	CLI_OPTION_STATE,
	CLI_OPTION_INTERVAL,
	CLI_OPTION_CONFIG,
	CLI_OPTION_PROFILE,
	CLI_OPTION_TENANT,
	CLI_OPTION_MAX_SERIES,
	CLI_OPTION_KNOWN,
	CLI_OPTION_TTL,
	CLI_OPTION_OLDER,
	CLI_OPTION_YES,
	CLI_OPTION_FROM,
	CLI_OPTION_TO,
	CLI_OPTION_TITLE,
	CLI_OPTION_SCRAPE,
	CLI_OPTION_SOCKET,
	CLI_OPTION_LOG_LEVEL,
	CLI_OPTION_LOG_FORMAT,
	CLI_OPTION_DRY_RUN,
	CLI_OPTION_STRICT,
	CLI_OPTION_COUNTS,
	CLI_OPTION_VERBOSE,
	CLI_OPTION_HELP,
};

struct cli_option_row {
	enum cli_option id;
	const char *name;
	char letter;
	const char *argument; /* NULL: none */
	unsigned verbs;
	const char *help;  /* NULL: it shares the line of the next row */
	const char *alias; /* as curl calls it, or NULL */
};

struct cli_option_reader {
	struct cli_options *options;
	enum cli_verb_bit verb;
	const char *verb_name;
	size_t env_labels, env_headers; /* how many the environment gives */
};

/* Sets what the option says; `value` is argv's, or NULL where it takes none. 0 or exit status. */
int cli_option_set(
	const struct cli_option_reader *reader, const struct cli_option_row *row, char *value);

#endif
