/* SPDX-License-Identifier: MIT */
/*
 * `pitot alerts`: alert rules for what pitot run and pitot agent push, ready for Prometheus. Jobs
 * that push once a day are not seen by a plain query, which looks back 5 minutes: hence
 * last_over_time. One rule fits all schedules, since each job says itself when it is due.
 */
#include "cli/cli.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char rules[] =
	"# Alert rules for what pitot pushes. Batch jobs: pitot run; pitot itself: pitot agent.\n"
	"groups:\n"
	"  - name: batch_jobs\n"
	"    rules:\n"
	"      - alert: BatchJobLate\n"
	"        # Each job tells when its next run is due, with its grace, so no schedule stands "
	"here.\n"
	"        expr: time() > last_over_time(batch_job_next_due_timestamp_seconds[32d])\n"
	"        labels: {severity: critical}\n"
	"        annotations:\n"
	"          summary: \"{{ $labels.job }} did not succeed in time\"\n"
	"          description: \"Its next success was due {{ $value | humanizeTimestamp }}.\"\n"
	"      - alert: BatchJobFailed\n"
	"        # The last success stays when a run fails, and is older than the end then.\n"
	"        expr: |\n"
	"          last_over_time(batch_job_last_end_timestamp_seconds[32d])\n"
	"            > last_over_time(batch_job_last_success_timestamp_seconds[32d])\n"
	"          or last_over_time(batch_job_last_end_timestamp_seconds[32d])\n"
	"            unless last_over_time(batch_job_last_success_timestamp_seconds[32d])\n"
	"        labels: {severity: warning}\n"
	"        annotations:\n"
	"          summary: \"{{ $labels.job }} failed\"\n"
	"          description: \"Its last run ended {{ $value | humanizeTimestamp }} without "
	"success.\"\n"
	"      - alert: BatchJobOutOfMemory\n"
	"        expr: last_over_time(batch_job_oom_killed[32d]) == 1\n"
	"        labels: {severity: warning}\n"
	"        annotations:\n"
	"          summary: \"{{ $labels.job }} was killed since memory was out\"\n"
	"      - alert: BatchJobRunsLong\n"
	"        # Started more than a day ago and not ended: it hangs, or its host is gone.\n"
	"        expr: |\n"
	"          time() - last_over_time(batch_job_last_start_timestamp_seconds[32d]) > 86400\n"
	"            and last_over_time(batch_job_running[32d]) == 1\n"
	"        labels: {severity: warning}\n"
	"        annotations:\n"
	"          summary: \"{{ $labels.job }} runs for {{ $value | humanizeDuration }}\"\n"
	"  - name: pitot\n"
	"    rules:\n"
	"      - alert: PitotNotDelivering\n"
	"        # Seen where another destination gets the same metrics, or when it is over.\n"
	"        expr: |\n"
	"          time() - pitot_last_success_timestamp_seconds > 600\n"
	"            and pitot_samples_pending > 0\n"
	"        for: 5m\n"
	"        labels: {severity: warning}\n"
	"        annotations:\n"
	"          summary: \"{{ $labels.instance }} cannot deliver to {{ $labels.destination "
	"}}\"\n"
	"      - alert: PitotDropsSamples\n"
	"        expr: increase(pitot_samples_dropped_total[15m]) > 0\n"
	"        labels: {severity: warning}\n"
	"        annotations:\n"
	"          summary: \"{{ $labels.instance }} dropped samples: {{ $labels.reason }}\"\n"
	"      - alert: PitotSamplesRefused\n"
	"        expr: increase(pitot_samples_failed_total{reason!=\"unsent\"}[15m]) > 0\n"
	"        labels: {severity: warning}\n"
	"        annotations:\n"
	"          summary: \"{{ $labels.destination }} refuses samples of {{ $labels.instance "
	"}}\"\n"
	"      - alert: PitotSpoolGrows\n"
	"        expr: pitot_spool_bytes > 0 and deriv(pitot_spool_bytes[30m]) > 0\n"
	"        for: 30m\n"
	"        labels: {severity: warning}\n"
	"        annotations:\n"
	"          summary: \"{{ $labels.instance }} writes more to its spool than it delivers\"\n"
	"      - alert: PitotTargetDown\n"
	"        expr: up == 0\n"
	"        for: 5m\n"
	"        labels: {severity: warning}\n"
	"        annotations:\n"
	"          summary: \"{{ $labels.instance }} of {{ $labels.job }} cannot be scraped\"\n"
	"      - alert: PitotAgentSilent\n"
	"        expr: |\n"
	"          max_over_time(pitot_agent_targets[1d])\n"
	"            unless pitot_agent_targets\n"
	"        for: 10m\n"
	"        labels: {severity: critical}\n"
	"        annotations:\n"
	"          summary: \"the agent of {{ $labels.instance }} sends nothing any more\"\n";

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
	fputs(rules, stdout);
	return EXIT_SUCCESS;
}
