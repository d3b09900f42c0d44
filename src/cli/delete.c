/* SPDX-License-Identifier: MIT */
/* `pitot delete`: deletes the group of exactly this job, instance and labels from a Pushgateway. */
#include "cli/cli.h"

#include <stdio.h>

int
cli_delete(int argc, char **argv)
{
	struct cli_options options;
	struct pitot_error why;
	struct pitot_report report;
	int status = cli_options_read(&options, CLI_DELETE, argc, argv);
	struct pitot_push_options *push = &options.config.push;
	if (status == 0 && options.help) {
		puts("Usage: pitot delete --url URL --job NAME [OPTION]...\n"
		     "Delete the group of exactly this job, instance and labels from a "
		     "Pushgateway.\n");
		cli_options_help(CLI_DELETE);
	} else if (status == 0 && push->url == NULL) {
		status = cli_usage("delete", "no destination: give --url or set PITOT_URL");
	} else if (status == 0 && push->job == NULL) {
		status = cli_usage("delete", "no job: give --job or set PITOT_JOB");
	} else if (status == 0) {
		if (push->instance == NULL)
			push->instance = ""; /* as pitot push does for a Pushgateway */
		if (pitot_push_delete(push, &report, &why) != 0)
			status = cli_fail("delete", &why);
		else if (options.verbose)
			fprintf(stderr, "pitot: delete: %s: done in %lld ms\n", report.url,
				(long long)report.duration_ms);
	}
	cli_options_clear(&options);
	return status;
}
