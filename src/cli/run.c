/* SPDX-License-Identifier: MIT */
/*
 * `pitot run`: a command as a child, and pushes of how it goes: at once, while it runs, and when it
 * has ended, also by SIGKILL or for want of memory, since we are not it. Whoever calls us sees the
 * command: its streams, signals and exit status. What goes wrong with a push is told on stderr, and
 * is a failure only with --strict.
 */
#include "cli/cli.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>
#include "cli/child.h"
#include "cli/job.h"
#include "cli/job_lines.h"
#include "cli/schedule.h"
#include "cli/state.h"

enum { kill_after_default_ms = 10000, push_default_ms = 30000, spool_push_ms = 1000 };

struct running {
	const struct cli_options *options;
	struct cli_schedule schedule; /* if there is one */
	struct cli_child child;
	struct cli_job job;
	struct cli_job_lines *lines;
	struct cli_state state;
	struct pitot_registry *registry;
	struct pitot_pusher *pusher; /* NULL: only a file is written */
	int64_t moved_ms;            /* the last progress */
	int64_t ended_ms;            /* when we ended it; 0: we did not */
	enum cli_job_result judged;
	int64_t lock_until_ms; /* how long the state's lock is waited for */
	bool failed;           /* a push or the file did */
};

static int64_t
now_ms(void)
{
	struct timespec now;
	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* ---- the text file ---- */

/* All metrics, as a whole or not at all: whoever reads it never sees half of it. */
static void
write_textfile(struct running *running)
{
	const char *path = running->options->textfile;
	struct pitot_error why;
	char *bytes = NULL;
	size_t length = 0;
	if (path == NULL)
		return;
	struct pitot_snapshot *snapshot = pitot_snapshot_take(running->registry, &why);
	if (snapshot == NULL ||
		pitot_encode(snapshot, PITOT_TEXT_0_0_4, NULL, &bytes, &length, &why) != 0) {
		(void)cli_fail("run", &why);
		running->failed = true;
	} else {
		int failure = cli_output_write(path, bytes, length);
		if (failure != 0)
			fprintf(stderr, "pitot: run: --textfile: %s: %s\n", path,
				strerror(failure));
		running->failed = running->failed || failure != 0;
	}
	free(bytes);
	pitot_snapshot_free(snapshot);
}

/* ---- earlier runs ---- */

static void
restore(void *context, const struct pitot_sample *sample, double value)
{
	struct running *running = context;
	(void)value;
	if (!cli_job_restore(&running->job, sample))
		cli_job_lines_restore(running->lines, sample);
}

static void
add(void *context, const struct pitot_sample *sample, double amount)
{
	struct running *running = context;
	if (!cli_job_add(&running->job, sample, amount))
		cli_job_lines_add(running->lines, sample, amount);
}

static int64_t
deadline_ms(const struct running *running)
{
	int64_t given_ms = running->options->config.push.deadline_ms;
	return given_ms != 0 ? given_ms : push_default_ms;
}

/* The command has ended, so that a signal means us. */
static bool
wait_for_lock(void *context)
{
	struct running *running = context;
	return now_ms() < running->lock_until_ms && !cli_child_is_over(&running->child, 50);
}

static void
end_state(struct running *running)
{
	const struct cli_state_use use = {add, wait_for_lock, running};
	running->lock_until_ms = now_ms() + deadline_ms(running);
	if (!cli_state_end(&running->state, running->registry, &use))
		running->failed = true;
}

/* ---- pushes ---- */

static void
report(void *context, const struct pitot_report *report)
{
	(void)context;
	fprintf(stderr, "pitot: run: %s: %zu samples sent in %u attempt%s%s%s\n", report->url,
		report->samples_sent, report->attempts, report->attempts == 1 ? "" : "s",
		report->error.code != 0 ? ": " : "", report->error.text);
}

/* False, told, if an option is wrong. */
static bool
start_pusher(struct running *running)
{
	struct pitot_push_options push = running->options->config.push;
	struct pitot_error why;
	if (push.url == NULL)
		return true;
	if (push.job == NULL || push.job[0] == '\0') {
		const char *slash = strrchr(running->options->command[0], '/');
		push.job = slash != NULL ? slash + 1 : running->options->command[0];
	}
	push.no_self_metrics = true;
	push.at_end = PITOT_END_KEEP; /* how it ended is to be seen after it */
	push.stop_deadline_ms = deadline_ms(running);
	if (push.spool_dir != NULL && push.deadline_ms == 0)
		push.stop_deadline_ms = spool_push_ms; /* a later run delivers the rest */
	push.deadline_ms = 0;
	if (running->options->verbose)
		push.report = report;
	running->pusher = pitot_pusher_start(running->registry, &push, &why);
	if (running->pusher == NULL)
		(void)cli_fail("run", &why);
	return running->pusher != NULL;
}

static void
stop_pusher(struct running *running)
{
	struct pitot_error why;
	if (running->pusher == NULL)
		return;
	int code = pitot_pusher_stop(running->pusher, &why);
	running->pusher = NULL;
	if (code == 0 || (code == PITOT_SPOOLED && !running->options->verbose))
		return;
	(void)cli_fail("run", &why);
	running->failed = running->failed || code != PITOT_SPOOLED;
}

/* ---- the child ---- */

static void
read_lines(struct running *running)
{
	char bytes[65536];
	ssize_t got;
	while ((got = read(running->child.lines, bytes, sizeof bytes)) > 0)
		if (cli_job_lines_take(running->lines, bytes, (size_t)got))
			running->moved_ms = now_ms();
	if (got == 0) { /* the command has closed it: there is nothing more to wait for */
		(void)close(running->child.lines);
		running->child.lines = -1;
	}
}

static void
earlier(int64_t *deadline_ms, int64_t at_ms)
{
	if (at_ms < *deadline_ms)
		*deadline_ms = at_ms;
}

/* Ends a command that takes too long; the time of the next thing to do. */
static int64_t
watch(struct running *running)
{
	const struct cli_options *options = running->options;
	int64_t now = now_ms(), next = INT64_MAX;
	int64_t limit = running->job.began_ms + options->limit_ms;
	int64_t stuck = running->moved_ms + options->stuck_ms;
	int64_t kill_after =
		options->kill_after_ms != 0 ? options->kill_after_ms : kill_after_default_ms;
	if (running->ended_ms != 0) {
		if (now >= running->ended_ms + kill_after)
			(void)kill(running->child.pid, SIGKILL);
		else
			next = running->ended_ms + kill_after;
		return next;
	}
	if (options->limit_ms != 0 && now >= limit)
		running->judged = CLI_JOB_TIMEOUT;
	else if (options->stuck_ms != 0 && now >= stuck)
		running->judged = CLI_JOB_STUCK;
	if (running->judged != CLI_JOB_SUCCESS) {
		fprintf(stderr, "pitot: run: %s: %s: it is ended\n", options->command[0],
			running->judged == CLI_JOB_TIMEOUT ? "it takes too long"
							   : "it makes no progress");
		running->ended_ms = now;
		(void)kill(running->child.pid, SIGTERM);
		(void)kill(running->child.pid, SIGCONT);
		return now + kill_after;
	}
	if (options->limit_ms != 0)
		earlier(&next, limit);
	if (options->stuck_ms != 0)
		earlier(&next, stuck);
	return next;
}

static void
wait_for_end(struct running *running)
{
	while (!running->child.ended) {
		int64_t next = watch(running), left = next == INT64_MAX ? -1 : next - now_ms();
		int timeout = next == INT64_MAX ? -1
			: left < 0              ? 0
			: left > 60000          ? 60000
						: (int)left;
		if (cli_child_wait(&running->child, timeout))
			read_lines(running);
	}
	if (running->child.lines >= 0)
		read_lines(running); /* what it wrote last; its own children may hold the pipe */
	cli_job_lines_end(running->lines);
}

/* ---- all of it ---- */

static int
exit_status(const struct running *running)
{
	int status = running->child.status;
	if (running->options->strict && running->failed && WIFEXITED(status) &&
		WEXITSTATUS(status) == 0)
		return EXIT_FAILURE;
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

/* How long after the beginning the next run is due; 0: that is not known. */
static int64_t
due_after_ms(const struct running *running)
{
	const struct cli_options *options = running->options;
	int64_t after_ms = options->every_ms;
	if (options->schedule != NULL) {
		int64_t seconds = (int64_t)time(NULL);
		int64_t next = cli_schedule_next(&running->schedule, seconds);
		after_ms = next == 0 ? 0 : (next - seconds) * 1000;
	}
	return after_ms == 0 ? 0 : after_ms + options->grace_ms;
}

static int
run_command(struct running *running)
{
	const struct cli_options *options = running->options;
	cli_job_begin(&running->job, running->registry, due_after_ms(running));
	running->moved_ms = running->job.began_ms;
	if (!cli_state_begin(&running->state, options->state, restore, running))
		running->failed = true;
	/* Before there are threads, so that the child has none of our locks. */
	if (!cli_child_start(&running->child, options->command)) {
		fprintf(stderr, "pitot: run: %s: %s\n", options->command[0], strerror(errno));
		return EX_OSERR;
	}
	if (running->child.failure != 0)
		fprintf(stderr, "pitot: run: %s: %s\n", options->command[0],
			strerror(running->child.failure));
	if (!start_pusher(running))
		running->failed = true;
	write_textfile(running);
	wait_for_end(running);
	(void)cli_job_end(
		&running->job, running->judged, running->child.status, &running->child.usage);
	end_state(running);
	write_textfile(running);
	stop_pusher(running);
	cli_child_close(&running->child);
	return exit_status(running);
}

static int
run(struct cli_options *options)
{
	struct pitot_push_options *push = &options->config.push;
	struct running running = {.options = options};
	struct pitot_error why;
	enum pitot_protocol protocol;
	const char *wrong;
	if (options->schedule != NULL &&
		!cli_schedule_read(&running.schedule, options->schedule, &wrong))
		return cli_usage("run", "--schedule: \"%s\": %s", options->schedule, wrong);
	if (options->schedule != NULL && cli_schedule_next(&running.schedule, time(NULL)) == 0)
		return cli_usage(
			"run", "--schedule: \"%s\": there is no such day", options->schedule);
	if (push->url != NULL && pitot_push_protocol(push, &protocol, &why) != 0)
		return cli_fail("run", &why);
	/* What a job says of itself through a Pushgateway is about the job, not about a host. */
	if (push->url != NULL && push->instance == NULL && protocol == PITOT_PROTOCOL_PUSHGATEWAY)
		push->instance = "";
	const char *exported[cli_max_labels + 2];
	running.registry = pitot_registry_new(NULL);
	running.lines = cli_job_lines_new(
		running.registry, options->progress, exported, cli_exported_labels(push, exported));
	int status = EX_OSERR;
	if (running.registry != NULL && running.lines != NULL)
		status = run_command(&running);
	else
		fputs("pitot: run: out of memory\n", stderr);
	cli_job_lines_free(running.lines);
	pitot_registry_free(running.registry);
	return status;
}

static void
help(void)
{
	puts("Usage: pitot run [OPTION]... [--] COMMAND [ARGUMENT]...\n"
	     "Run a command, and push when it began and ended, how, and what it cost.");
	cli_options_help(CLI_RUN);
}

int
cli_run(int argc, char **argv)
{
	struct cli_options options;
	int status = cli_options_read(&options, CLI_RUN, argc, argv);
	if (status == 0 && options.help)
		help();
	else if (status == 0 && options.command == NULL)
		status = cli_usage("run", "no command: give one after the options");
	else if (status == 0 && options.config.push.url == NULL && options.textfile == NULL)
		status = cli_usage(
			"run", "no destination: give --url or --textfile, or set PITOT_URL");
	else if (status == 0 && options.every_ms != 0 && options.schedule != NULL)
		status = cli_usage("run", "--every and --schedule: only one of them");
	else if (status == 0 && options.grace_ms != 0 && options.every_ms == 0 &&
		options.schedule == NULL)
		status = cli_usage("run", "--grace: needs --every or --schedule");
	else if (status == 0)
		status = run(&options);
	cli_options_clear(&options);
	return status;
}
