/* SPDX-License-Identifier: MIT */
/*
 * Fuzzes what a command may write to PITOT_FD, and crontab lines. Whatever comes, in whatever
 * pieces, the registry can be encoded, and what is encoded can be read again; a schedule that is
 * taken has a next time behind the last, or none.
 */
#include "cli/job_lines.h"
#include "cli/schedule.h"
#include "fuzz/fuzz.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void
require(bool condition)
{
	if (!condition)
		abort();
}

static void
feed(const char *bytes, size_t length, size_t piece)
{
	struct pitot_registry *registry = pitot_registry_new(NULL);
	static const char *const exported[] = {"job"};
	struct cli_job_lines *lines = cli_job_lines_new(registry, NULL, exported, 1);
	require(registry != NULL && lines != NULL);
	for (size_t at = 0; at < length; at += piece)
		(void)cli_job_lines_take(
			lines, bytes + at, length - at < piece ? length - at : piece);
	cli_job_lines_end(lines);
	struct pitot_error why;
	struct pitot_snapshot *snapshot = pitot_snapshot_take(registry, &why);
	char *text = NULL;
	size_t text_length = 0;
	require(snapshot != NULL &&
		pitot_encode(snapshot, PITOT_OPENMETRICS_1_0, NULL, &text, &text_length, &why) ==
			0);
	struct pitot_snapshot *again = pitot_parse(text, text_length,
		&(struct pitot_parse_options){.format = PITOT_OPENMETRICS_1_0}, &why);
	require(again != NULL && pitot_snapshot_size(again) == pitot_snapshot_size(snapshot));
	pitot_snapshot_free(again);
	pitot_snapshot_free(snapshot);
	free(text);
	cli_job_lines_free(lines);
	pitot_registry_free(registry);
}

static void
plan(const char *text)
{
	struct cli_schedule schedule;
	const char *why;
	if (!cli_schedule_read(&schedule, text, &why))
		return;
	int64_t next = cli_schedule_next(&schedule, 1795513535);
	require(next == 0 || (next > 1795513535 && cli_schedule_next(&schedule, next) != next));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static bool quiet;
	if (!quiet)
		quiet = freopen("/dev/null", "w", stderr) != NULL; /* mistakes are told there */
	char *text = malloc(size + 1);
	if (size == 0 || text == NULL) {
		free(text);
		return 0;
	}
	memcpy(text, data + 1, size - 1);
	text[size - 1] = '\0';
	if (data[0] == '@')
		plan(text);
	else
		feed(text, size - 1, 1 + data[0] % 16);
	free(text);
	return 0;
}
