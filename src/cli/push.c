/* SPDX-License-Identifier: MIT */
/*
 * `pitot push`: text in, one push out. Labels of the input that the destination sets itself are
 * renamed to exported_…, as Prometheus does. Nothing is printed on success; the exit status tells
 * what failed.
 */
#include "cli/cli.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static struct pitot_snapshot *
parse_input(
	const struct cli_options *options, const char *text, size_t length, struct pitot_error *why)
{
	const char *names[cli_max_labels + 2];
	size_t count = cli_exported_labels(&options->config.push, names);
	return pitot_parse(text, length,
		&(struct pitot_parse_options){
			.source = cli_input_name(options->input),
			.strict = options->strict,
			.exported = names,
			.exported_count = count,
		},
		why);
}

static const char *
protocol_text(enum pitot_protocol protocol)
{
	switch (protocol) {
	case PITOT_PROTOCOL_REMOTE_WRITE_1:
		return "remote write 1.0";
	case PITOT_PROTOCOL_REMOTE_WRITE_2:
		return "remote write 2.0";
	default:
		return "the Pushgateway's protocol";
	}
}

static void
tell(const struct pitot_report *report)
{
	fprintf(stderr,
		"pitot: push: %s by %s: %zu of %zu samples in %u request%s and %u attempt%s, %llu "
		"bytes, "
		"%lld ms\n",
		report->url, protocol_text(report->protocol), report->samples_sent, report->series,
		report->requests, report->requests == 1 ? "" : "s", report->attempts,
		report->attempts == 1 ? "" : "s", (unsigned long long)report->bytes_sent,
		(long long)report->duration_ms);
	if (report->exemplars_dropped > 0)
		fprintf(stderr, "pitot: push: %zu exemplars were left out: the protocol has none\n",
			report->exemplars_dropped);
}

static int
show_snapshot(const struct cli_options *options, const struct pitot_snapshot *snapshot)
{
	struct pitot_error why;
	struct cli_preview preview = {.how = options->dry_run};
	int code = pitot_push_preview(snapshot, options->time_ms, &options->config.push,
		cli_preview_show, &preview, &why);
	cli_preview_end(&preview);
	if (code == 0 && preview.failed)
		return cli_fail("push",
			&(struct pitot_error){
				.code = PITOT_FAILED, .text = "a request cannot be decoded"});
	return code == 0 ? 0 : cli_fail("push", &why);
}

/* When the group's time to live is over, for pitot gc. */
static int
push_ttl(const struct cli_options *options)
{
	struct pitot_error why;
	struct pitot_push_options push = options->config.push;
	char text[256];
	if (options->ttl_ms == 0)
		return 0;
	push.mode = PITOT_MERGE;
	int length = snprintf(text, sizeof text,
		"# HELP pitot_expires_timestamp_seconds When this group may be deleted.\n"
		"# TYPE pitot_expires_timestamp_seconds gauge\n"
		"pitot_expires_timestamp_seconds %lld\n",
		(long long)time(NULL) + (long long)options->ttl_ms / 1000);
	struct pitot_snapshot *snapshot = pitot_parse(text, (size_t)length, NULL, &why);
	int code =
		snapshot == NULL ? why.code : pitot_push_snapshot(snapshot, 0, &push, NULL, &why);
	pitot_snapshot_free(snapshot);
	return code == 0 ? 0 : cli_fail("push", &why);
}

static int
send_snapshot(const struct cli_options *options, const struct pitot_snapshot *snapshot)
{
	struct pitot_error why;
	struct pitot_report report = {.series = 0};
	int code = pitot_push_snapshot(
		snapshot, options->time_ms, &options->config.push, &report, &why);
	if (options->verbose && report.attempts > 0)
		tell(&report);
	if (report.samples_dropped > 0)
		cli_warn("push", "%zu samples were left out: %s", report.samples_dropped,
			report.dropped_reason != NULL ? report.dropped_reason : "unknown");
	if (code != 0)
		return cli_fail("push", &why);
	int status = push_ttl(options);
	return status != 0 ? status : cli_bill_known(options, snapshot);
}

static int
push_input(struct cli_options *options)
{
	struct pitot_error why;
	struct pitot_push_options *push = &options->config.push;
	enum pitot_protocol protocol;
	if (pitot_push_protocol(push, &protocol, &why) != 0)
		return cli_fail("push", &why);
	/* What a job says of itself through a Pushgateway is about the job, not about a host. */
	if (push->instance == NULL && protocol == PITOT_PROTOCOL_PUSHGATEWAY)
		push->instance = "";
	if (options->ttl_ms != 0 && protocol != PITOT_PROTOCOL_PUSHGATEWAY)
		return cli_usage("push", "--ttl: is for a Pushgateway, whose groups never end");
	if (options->has_time && protocol == PITOT_PROTOCOL_PUSHGATEWAY)
		return cli_usage("push",
			"--timestamp: a Pushgateway takes no timestamps; remote write does");
	size_t length = 0;
	int status = 0;
	char *text = cli_input_read("push", options->input, &length, &status);
	if (text == NULL)
		return status;
	struct pitot_snapshot *snapshot = parse_input(options, text, length, &why);
	free(text);
	if (snapshot == NULL)
		return cli_fail("push", &why);
	if (options->dry_run == CLI_COUNT)
		status = cli_bill_show(options, snapshot);
	else if (options->dry_run != CLI_SEND)
		status = show_snapshot(options, snapshot);
	else
		status = cli_bill_check(options, snapshot);
	if (status == 0 && options->dry_run == CLI_SEND)
		status = send_snapshot(options, snapshot);
	pitot_snapshot_free(snapshot);
	return status;
}

static void
help(void)
{
	puts("Usage: pitot push [OPTION]... [FILE]\n"
	     "Push metrics, read as text from FILE or standard input.");
	cli_options_help(CLI_PUSH);
}

int
cli_push(int argc, char **argv)
{
	struct cli_options options;
	int status = cli_options_read(&options, CLI_PUSH, argc, argv);
	if (status == 0 && options.help)
		help();
	else if (status == 0 && options.config.push.url == NULL)
		status = cli_usage("push", "no destination: give --url or set PITOT_URL");
	else if (status == 0)
		status = push_input(&options);
	cli_options_clear(&options);
	return status;
}
