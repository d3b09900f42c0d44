/* SPDX-License-Identifier: MIT */
/*
 * `pitot alerts`: alert rules for what pitot run and pitot agent push, ready for Prometheus. Jobs
 * that push once a day are not seen by a plain query, which looks back 5 minutes: hence
 * last_over_time. One rule fits all schedules, since each job says itself when it is due.
 */
#include "cli/cli.h"

#include "cli/alert_rules.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int
cli_alerts(int argc, char **argv)
{
	if (argc > 1 && (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)) {
		puts("Usage: pitot alerts\n"
		     "Print alert rules for batch jobs (pitot run) and for pitot itself, as a file "
		     "of\n"
		     "rules for Prometheus.");
		return EXIT_SUCCESS;
	}
	if (argc > 1)
		return cli_usage("alerts", "\"%s\" is one argument too many", argv[1]);
	for (size_t i = 0; i < sizeof alert_rules / sizeof alert_rules[0]; i++)
		puts(alert_rules[i]);
	return EXIT_SUCCESS;
}
