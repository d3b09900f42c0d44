/* SPDX-License-Identifier: MIT */
/* What the verbs of the command share: options, input, errors, help. */
#ifndef CLI_H
#define CLI_H

#include <pitot.h>

/* Which verbs know an option. */
enum cli_verb_bit {
	CLI_PUSH = 1,
	CLI_DELETE = 2,
	CLI_CHECK = 4,
	CLI_SPOOL = 8,
	CLI_RUN = 16,
	CLI_AGENT = 32,
	CLI_LIST = 64,
	CLI_GC = 128,
	CLI_DOCTOR = 256,
	CLI_CONVERT = 512,
	CLI_BACKFILL = 1024,
	CLI_DASHBOARD = 2048,
};

enum cli_dry_run { CLI_SEND = 0, CLI_COUNT, CLI_SHOW_TEXT, CLI_SHOW_JSON, CLI_SHOW_HEX };

enum cli_log_format { CLI_LOG_AUTO = 0, CLI_LOG_LOGFMT, CLI_LOG_JSON, CLI_LOG_SHORT };

enum { cli_max_labels = 64, cli_max_urls = 16 };

/*
 * The command line, complete with the environment. Strings belong to argv, the environment or
 * config.
 */
struct cli_options {
	struct pitot_config config; /* what the environment says; push is what will be used */
	struct pitot_label labels[cli_max_labels];
	struct pitot_label headers[cli_max_labels];
	const char *urls[cli_max_urls]; /* of the command line */
	size_t url_count;
	struct pitot_push_options others[cli_max_urls]; /* push.others: the same but for the URL */
	const char *input;                              /* a file's name; "-" for standard input */
	bool has_time;
	int64_t time_ms;
	enum cli_dry_run dry_run;
	bool strict, verbose, counts;
	bool help;                     /* --help was asked for and written */
	char *user;                    /* --user, cut at the colon */
	const char *verb;              /* argv[0] */
	bool has_input;                /* it was given */
	size_t max_series;             /* 0: no limit */
	const char *known;             /* a file of series that were pushed before, or NULL */
	int64_t ttl_ms;                /* of a Pushgateway's group; 0: none */
	const char *profile, *tenant;  /* or NULL */
	char *made_urls[cli_max_urls]; /* with the profile's path; owned */
	size_t made_count;
	/* gc, convert, dashboard */
	int64_t older_ms;
	bool yes;
	const char *from, *to, *title; /* or NULL */
	/* run */
	char **command; /* the rest of argv; NULL: none */
	int64_t every_ms, grace_ms;
	const char *schedule;                      /* a crontab's line, or NULL */
	int64_t limit_ms, kill_after_ms, stuck_ms; /* 0: no limit */
	const char *progress, *textfile, *state;   /* or NULL */
	/* agent */
	const char *config_file, *socket; /* or NULL */
	const char *scrapes[cli_max_urls];
	size_t scrape_count;
	const char *instead; /* agent: the first option that says what a file says; or NULL */
	enum cli_log_format log_format;
	enum pitot_log_level log_level;
};

/*
 * Reads a verb's arguments. 0, or the exit status after the mistake was told. Clear it in any case.
 */
int cli_options_read(struct cli_options *options, enum cli_verb_bit verb, int argc, char **argv);
void cli_options_clear(struct cli_options *options);
/*
 * The labels that the destination sets: job, instance if it is set, and all others that are added.
 * `names` has room for cli_max_labels and 2; returns how many.
 */
size_t cli_exported_labels(const struct pitot_push_options *push, const char **names);
/* Writes the verb's options, one a line. */
void cli_options_help(enum cli_verb_bit verb);

/*
 * The part of it that the environment gives: fills `config`, `labels` and `headers`. `gives_url`:
 * the command line has --url.
 */
int cli_environment_read(struct cli_options *options, const char *verb, bool gives_url);

/* The exit status for a code of the library (needs of sysexits.h). */
int cli_exit_code(int code);
/* "pitot: VERB: text" on stderr; returns the exit status. */
int cli_fail(const char *verb, const struct pitot_error *why);
/* Tells what works but should be known. */
void cli_warn(const char *verb, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Tells wrong usage with a hint at --help; returns 64. */
int cli_usage(const char *verb, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The whole input and its name for messages; NULL after the failure was told (*status). */
char *cli_input_read(const char *verb, const char *input, size_t *length, int *status);
const char *cli_input_name(const char *input);

/* Writes a file, readable for all, as a whole or not at all; 0 or errno. */
int cli_output_write(const char *path, const char *bytes, size_t length);

/* Seconds or RFC 3339 or "now", to milliseconds since the epoch, more than 0. */
bool cli_time_parse(const char *text, int64_t *ms);
/* "500000", "512KiB", "4MiB"; more than 0. */
bool cli_size_parse(const char *text, size_t *bytes);

/* Shows a request of --dry-run; `context` is struct cli_preview. */
struct cli_preview {
	enum cli_dry_run how;
	size_t count; /* requests so far */
	bool failed;  /* one could not be decoded */
};
void cli_preview_show(void *context, const struct pitot_request *request);
void cli_preview_end(const struct cli_preview *preview);

/* Looks for what is unwise though not wrong, telling each on stdout; returns how many. */
size_t cli_lint(const char *name, const struct pitot_snapshot *snapshot);

/* Prints the labels that look like ids; returns how many. */
size_t cli_lint_ids(const char *name, const struct pitot_snapshot *snapshot);

/* What pushing the snapshot would cost, on stdout; exit status. */
int cli_bill_show(const struct cli_options *options, const struct pitot_snapshot *snapshot);
/* 0, or the exit status after it was told that there are more than --max-series. */
int cli_bill_check(const struct cli_options *options, const struct pitot_snapshot *snapshot);
/* Remembers the series in the file of --known. */
int cli_bill_known(const struct cli_options *options, const struct pitot_snapshot *snapshot);

/* What --profile and --tenant say of URL, protocol and headers; 0 or exit status. */
int cli_profile_apply(struct cli_options *options);
/* False if nothing is known of an error with this text. The texts are static. */
bool cli_explain_text(const char *text, const char **cause, const char **cure, const char **who);
/* `pitot check url`: as doctor, but for the limits. */
int cli_check_url(int argc, char **argv);

/* The verbs by number, NULL behind the last; and the options of one, by what its parser reads. */
const char *cli_verb_name(size_t index);
int cli_verb_run(size_t index, int argc, char **argv);
void cli_options_each(const char *verb,
	void (*show)(void *context, const char *verb, const char *option, const char *argument),
	void *context);
/* The key of the agent's file that says the same as an option of `agent`; NULL: none does. */
const char *cli_agent_key(const char *option);
/* What `convert` knows, one after the other; NULL behind the last. */
const char *cli_convert_form(size_t index);

/* The verbs. argv[0] is the verb's name; each returns the exit status. */
int cli_push(int argc, char **argv);
int cli_delete(int argc, char **argv);
int cli_check(int argc, char **argv);
int cli_spool(int argc, char **argv);
int cli_run(int argc, char **argv);
int cli_agent(int argc, char **argv);
int cli_alerts(int argc, char **argv);
int cli_backfill(int argc, char **argv);
int cli_completion(int argc, char **argv);
int cli_convert(int argc, char **argv);
int cli_dashboard(int argc, char **argv);
int cli_doctor(int argc, char **argv);
int cli_explain(int argc, char **argv);
int cli_gc(int argc, char **argv);
int cli_list(int argc, char **argv);
int cli_help(int argc, char **argv);
int cli_version(void);

#endif
