/* SPDX-License-Identifier: MIT */
/*
 * Metrics that a command writes to PITOT_FD, one a line:
 *
 *	rows_total 5                     a counter stands at 5
 *	queue_length{kind="in"} 3        a gauge is 3
 *	inc errors_total{kind="io"} [2]  one, or 2, more; of a gauge, too
 *	observe step_seconds 0.2         a histogram
 *
 * A name that ends in _total is a counter. Empty lines and those with # are skipped.
 */
#ifndef CLI_JOB_LINES_H
#define CLI_JOB_LINES_H

#include <pitot.h>
#include <stdbool.h>

struct cli_job_lines;

/*
 * `progress`: only this metric counts as progress; NULL: any. Labels that are `exported` get the
 * prefix exported_; the list must stay. NULL if memory is out.
 */
struct cli_job_lines *cli_job_lines_new(struct pitot_registry *registry, const char *progress,
	const char *const *exported, size_t exported_count);
void cli_job_lines_free(struct cli_job_lines *lines);
/*
 * Takes bytes as they come; a wrong line is told on stderr, the first few of them, and ignored.
 * True if the progress changed.
 */
bool cli_job_lines_take(struct cli_job_lines *lines, const char *bytes, size_t length);
/* Continues a counter of an earlier run; other samples are left. */
void cli_job_lines_restore(struct cli_job_lines *lines, const struct pitot_sample *sample);
/* The same of a run that ended meanwhile, by which it rose so much. */
void cli_job_lines_add(
	struct cli_job_lines *lines, const struct pitot_sample *sample, double amount);
/* The last line, if it has no end. */
void cli_job_lines_end(struct cli_job_lines *lines);

#endif
