/* SPDX-License-Identifier: MIT */
/*
 * The names are those that an alert rule looks for, whatever the schedule: batch_job_… . The time
 * of the last success is only there after a success, so that a failure does not overwrite it. What
 * fails is only known by the registry, which the push tells.
 */
#include "cli/job.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>

static const char success_name[] = "batch_job_last_success_timestamp_seconds";

static int64_t
mono_ms(void)
{
	struct timespec now;
	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static double
wall_seconds(void)
{
	struct timespec now;
	(void)clock_gettime(CLOCK_REALTIME, &now);
	return (double)now.tv_sec + (double)(now.tv_nsec / 1000000) / 1000;
}

/* ---- kills for want of memory ---- */

/* The number behind `word` in a file of the cgroup at `path`; -1 if there is none. */
static long
count_in(const char *root, const char *path, const char *name, const char *word)
{
	char file[4200], line[200];
	long count = -1;
	(void)snprintf(file, sizeof file, "%s%s/%s", root, path, name);
	FILE *stream = fopen(file, "re");
	if (stream == NULL)
		return -1;
	while (fgets(line, sizeof line, stream) != NULL)
		if (strncmp(line, word, strlen(word)) == 0 && line[strlen(word)] == ' ')
			count = strtol(line + strlen(word), NULL, 10);
	(void)fclose(stream);
	return count;
}

/* How many processes of our cgroup the kernel killed for want of memory; -1: not known. */
static long
count_oom_kills(void)
{
	char line[4096];
	long count = -1;
	FILE *stream = fopen("/proc/self/cgroup", "re");
	while (stream != NULL && count < 0 && fgets(line, sizeof line, stream) != NULL) {
		line[strcspn(line, "\n")] = '\0';
		char *path = strchr(line, ':');
		path = path == NULL ? NULL : strchr(path + 1, ':');
		if (path == NULL)
			continue;
		if (strncmp(line, "0::", 3) == 0)
			count = count_in("/sys/fs/cgroup", path + 1, "memory.events", "oom_kill");
		else if (strstr(line, ":memory:") != NULL)
			count = count_in("/sys/fs/cgroup/memory", path + 1, "memory.oom_control",
				"oom_kill");
	}
	if (stream != NULL)
		(void)fclose(stream);
	return count;
}

/* ---- begin and end ---- */

void
cli_job_begin(struct cli_job *job, struct pitot_registry *registry, int64_t due_ms)
{
	*job = (struct cli_job){
		.registry = registry, .began_ms = mono_ms(), .oom_kills = count_oom_kills()};
	double now = wall_seconds();
	job->running = pitot_gauge(
		registry, "batch_job_running", "1 while the command runs, 0 when it has ended.");
	job->start = pitot_gauge(
		registry, "batch_job_last_start_timestamp_seconds", "When the last run began.");
	job->runs = pitot_counters(registry, "batch_job_runs", "Runs, by result.", "result");
	pitot_gauge_set(job->running, 1);
	pitot_gauge_set(job->start, now);
	if (due_ms == 0)
		return;
	job->next_due = pitot_gauge(registry, "batch_job_next_due_timestamp_seconds",
		"When the next run should have begun, grace included.");
	pitot_gauge_set(job->next_due, now + (double)due_ms / 1000);
}

static const char *const results[] = {
	[CLI_JOB_SUCCESS] = "success",
	[CLI_JOB_FAILURE] = "failure",
	[CLI_JOB_SIGNAL] = "signal",
	[CLI_JOB_OOM] = "oom",
	[CLI_JOB_TIMEOUT] = "timeout",
	[CLI_JOB_STUCK] = "stuck",
};

static enum cli_job_result
judge(const struct cli_job *job, enum cli_job_result judged, int status)
{
	if (judged == CLI_JOB_TIMEOUT || judged == CLI_JOB_STUCK)
		return judged;
	if (!WIFSIGNALED(status))
		return WEXITSTATUS(status) == 0 ? CLI_JOB_SUCCESS : CLI_JOB_FAILURE;
	long kills = WTERMSIG(status) == SIGKILL ? count_oom_kills() : -1;
	return kills > job->oom_kills && job->oom_kills >= 0 ? CLI_JOB_OOM : CLI_JOB_SIGNAL;
}

static void
set(const struct cli_job *job, const char *name, const char *help, double value)
{
	pitot_gauge_set(pitot_gauge(job->registry, name, help), value);
}

static void
set_success(const struct cli_job *job, double when)
{
	set(job, success_name, "When the last run that succeeded ended.", when);
}

static struct pitot_counter *
runs_like(const struct cli_job *job, const struct pitot_sample *sample)
{
	if (strcmp(sample->family, "batch_job_runs") != 0 || sample->label_count != 1)
		return NULL;
	return pitot_counters_get(job->runs, pitot_sample_label(sample, 0).value);
}

bool
cli_job_restore(struct cli_job *job, const struct pitot_sample *sample)
{
	struct pitot_counter *runs = runs_like(job, sample);
	if (runs != NULL)
		pitot_counter_restore(runs, sample->value, sample->start_ms);
	else if (strcmp(sample->family, success_name) == 0)
		set_success(job, sample->value);
	return runs != NULL || strncmp(sample->family, "batch_job_", 10) == 0;
}

bool
cli_job_add(struct cli_job *job, const struct pitot_sample *sample, double amount)
{
	struct pitot_counter *runs = runs_like(job, sample);
	if (runs != NULL)
		pitot_counter_add(runs, amount);
	return runs != NULL || strncmp(sample->family, "batch_job_", 10) == 0;
}

static double
seconds_of(struct timeval time)
{
	return (double)time.tv_sec + (double)time.tv_usec / 1e6;
}

static void
set_costs(const struct cli_job *job, const struct rusage *usage)
{
	struct pitot_gauges *cpu = pitot_gauges(job->registry, "batch_job_cpu_seconds",
		"CPU time of the last run, its children included.", "mode");
	pitot_gauge_set(pitot_gauges_get(cpu, "user"), seconds_of(usage->ru_utime));
	pitot_gauge_set(pitot_gauges_get(cpu, "system"), seconds_of(usage->ru_stime));
	struct pitot_gauges *io = pitot_gauges(job->registry, "batch_job_io_bytes",
		"What the last run read from and wrote to disks.", "direction");
	pitot_gauge_set(pitot_gauges_get(io, "read"), (double)usage->ru_inblock * 512);
	pitot_gauge_set(pitot_gauges_get(io, "write"), (double)usage->ru_oublock * 512);
	set(job, "batch_job_max_rss_bytes", "Most memory that a process of the last run had.",
		(double)usage->ru_maxrss * 1024);
}

enum cli_job_result
cli_job_end(struct cli_job *job, enum cli_job_result judged, int status, const struct rusage *usage)
{
	enum cli_job_result result = judge(job, judged, status);
	double now = wall_seconds();
	pitot_gauge_set(job->running, 0);
	set(job, "batch_job_last_end_timestamp_seconds", "When the last run ended.", now);
	set(job, "batch_job_duration_seconds", "How long the last run took.",
		(double)(mono_ms() - job->began_ms) / 1000);
	set(job, "batch_job_exit_code", "Exit status of the last run; 128 and more: a signal.",
		WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status));
	set(job, "batch_job_signal", "The signal that ended the last run, or 0.",
		WIFSIGNALED(status) ? WTERMSIG(status) : 0);
	set(job, "batch_job_oom_killed", "1 if the last run was killed for want of memory.",
		result == CLI_JOB_OOM ? 1 : 0);
	set(job, "batch_job_stuck", "1 if the last run was ended since it made no progress.",
		result == CLI_JOB_STUCK ? 1 : 0);
	if (result == CLI_JOB_SUCCESS)
		set_success(job, now);
	pitot_counter_inc(pitot_counters_get(job->runs, results[result]));
	set_costs(job, usage);
	return result;
}
