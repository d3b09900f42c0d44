/* SPDX-License-Identifier: MIT */
/* The metrics of one run of a command: when it began and ended, how, and what it cost. */
#ifndef CLI_JOB_H
#define CLI_JOB_H

#include <pitot.h>
#include <stdbool.h>
#include <sys/resource.h>

enum cli_job_result {
	CLI_JOB_SUCCESS, /* exit status 0 */
	CLI_JOB_FAILURE, /* another one, or it could not be executed */
	CLI_JOB_SIGNAL,  /* a signal ended it */
	CLI_JOB_OOM,     /* so did the kernel, for want of memory */
	CLI_JOB_TIMEOUT, /* we did: it took too long */
	CLI_JOB_STUCK,   /* we did: its progress stood still */
};

struct cli_job {
	struct pitot_registry *registry;
	int64_t began_ms; /* monotonic */
	/* private */
	struct pitot_gauge *running, *start, *next_due;
	struct pitot_counters *runs;
	long oom_kills; /* of the cgroup, before */
};

/* Declares what is known at the start; `due_ms` after it the next run is due, 0: not known. */
void cli_job_begin(struct cli_job *job, struct pitot_registry *registry, int64_t due_ms);
/*
 * Continues what a sample of an earlier run says of the job: how often it ran, and when it last
 * succeeded. False if it says nothing of that.
 */
bool cli_job_restore(struct cli_job *job, const struct pitot_sample *sample);
/* The same of a run that ended meanwhile: `amount` of the runs are its. */
bool cli_job_add(struct cli_job *job, const struct pitot_sample *sample, double amount);
/* Sets what is known at the end; `status` as from waitpid(). A failure says nothing of success. */
enum cli_job_result cli_job_end(
	struct cli_job *job, enum cli_job_result judged, int status, const struct rusage *usage);

#endif
