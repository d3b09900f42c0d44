/* SPDX-License-Identifier: MIT */
/*
 * `pitot spool`: what waits on disk. list and show only look; send is a push without anything new;
 * drop takes a queue away for good. Wrong usage is exit status 64, no such spool 66.
 */
#include "cli/cli.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static void
help(void)
{
	puts("Usage: pitot spool list --spool DIR\n"
	     "       pitot spool show --spool DIR QUEUE\n"
	     "       pitot spool send --spool DIR --url URL [OPTION]...\n"
	     "       pitot spool drop --spool DIR QUEUE\n"
	     "List queues and requests that wait in a spool, send them, or drop a queue.\n"
	     "Options of send are those of push:");
	cli_options_help(CLI_SPOOL);
}

/* "2026-11-23T10:00:00Z", or "-" for none. */
static const char *
time_text(int64_t ms, char *text, size_t size)
{
	time_t seconds = (time_t)(ms / 1000);
	struct tm parts;
	if (ms <= 0 || gmtime_r(&seconds, &parts) == NULL ||
		strftime(text, size, "%Y-%m-%dT%H:%M:%SZ", &parts) == 0)
		return "-";
	return text;
}

static void
print_queue(void *context, const struct pitot_spool_queue *queue)
{
	char text[32];
	bool *any = context;
	if (!*any)
		printf("%-20s %8s %9s %10s  %-20s  %s\n", "QUEUE", "REQUESTS", "SAMPLES", "BYTES",
			"OLDEST", "DESTINATION");
	*any = true;
	printf("%-20s %8" PRIu64 " %9" PRIu64 " %10" PRIu64 "  %-20s  %s%s\n", queue->name,
		queue->requests, queue->samples, queue->bytes,
		time_text(queue->oldest_ms, text, sizeof text), queue->destination,
		queue->busy ? " (in use)" : "");
}

static void
print_request(void *context, const struct pitot_spool_request *request)
{
	char text[32];
	(void)context;
	printf("%-20s  %-25s %7" PRIu32 " samples %5" PRIu32 " exemplars %9zu bytes\n",
		time_text(request->oldest_ms, text, sizeof text), request->kind, request->samples,
		request->exemplars, request->length);
}

/* ---- sending, with a bar on a terminal ---- */

struct progress {
	bool terminal;
	uint64_t first, last; /* samples that waited at the beginning, and wait now */
	time_t begun;
};

static void
show_progress(void *context, uint64_t samples, uint64_t bytes)
{
	enum { width = 30 };
	struct progress *progress = context;
	(void)bytes;
	if (progress->first < samples + 1)
		progress->first = samples + 1;
	progress->last = samples;
	if (!progress->terminal)
		return;
	uint64_t done = progress->first - samples;
	time_t seconds = time(NULL) - progress->begun;
	uint64_t rate = done / (uint64_t)(seconds > 0 ? seconds : 1);
	int full = (int)(done * width / progress->first);
	fprintf(stderr, "\r[%.*s%*s] %" PRIu64 " samples left, %" PRIu64 "/s, %" PRIu64 " s   ",
		full, "##############################", width - full, "", samples, rate,
		rate > 0 ? samples / rate : 0);
}

static int
send_spool(struct cli_options *options)
{
	struct pitot_error why;
	struct pitot_report report;
	struct progress progress = {.terminal = isatty(STDERR_FILENO) == 1, .begun = time(NULL)};
	if (options->config.push.url == NULL)
		return cli_usage("spool", "no destination: give --url or set PITOT_URL");
	int code = pitot_spool_send(&options->config.push, show_progress, &progress, &report, &why);
	if (progress.terminal && progress.first > 0)
		fputc('\n', stderr);
	if (options->verbose)
		fprintf(stderr, "pitot: spool: %s: %zu samples sent, %zu left\n", report.url,
			report.samples_sent, report.samples_pending);
	return code == 0 ? 0 : cli_fail("spool", &why);
}

/* ---- the face ---- */

static int
with_queue(struct cli_options *options, const char *what)
{
	struct pitot_error why;
	const char *directory = options->config.push.spool_dir;
	if (strcmp(options->input, "-") == 0)
		return cli_usage("spool", "%s: which queue? see 'pitot spool list'", what);
	int code = strcmp(what, "show") == 0
		? pitot_spool_show(directory, options->input, print_request, NULL, &why)
		: pitot_spool_drop(directory, options->input, &why);
	return code == 0 ? 0 : cli_fail("spool", &why);
}

static int
list(const struct cli_options *options)
{
	struct pitot_error why;
	bool any = false;
	int code = pitot_spool_list(options->config.push.spool_dir, print_queue, &any, &why);
	return code == 0 ? 0 : cli_fail("spool", &why);
}

static int
run(struct cli_options *options, const char *what)
{
	if (options->config.push.spool_dir == NULL)
		return cli_usage("spool", "no spool: give --spool");
	if (strcmp(what, "list") == 0)
		return list(options);
	if (strcmp(what, "send") == 0)
		return send_spool(options);
	return with_queue(options, what);
}

int
cli_spool(int argc, char **argv)
{
	static const char *const whats[] = {"list", "show", "send", "drop"};
	const char *what = argc > 1 ? argv[1] : "";
	bool known = false;
	for (size_t i = 0; i < sizeof whats / sizeof whats[0]; i++)
		known |= strcmp(what, whats[i]) == 0;
	if (strcmp(what, "--help") == 0 || strcmp(what, "-h") == 0) {
		help();
		return EXIT_SUCCESS;
	}
	if (!known)
		return cli_usage("spool", "what to do with it? list, show, send or drop");
	struct cli_options options;
	argv[1] = argv[0];
	int status = cli_options_read(&options, CLI_SPOOL, argc - 1, argv + 1);
	if (status == 0 && options.help)
		help();
	else if (status == 0)
		status = run(&options, what);
	cli_options_clear(&options);
	return status;
}
