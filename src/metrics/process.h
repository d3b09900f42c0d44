/* SPDX-License-Identifier: MIT */
/*
 * The groups of process metrics, with the place of /proc as an argument, so that tests can fake it.
 */
#ifndef PT_METRICS_PROCESS_H
#define PT_METRICS_PROCESS_H

#include <pitot/metrics.h>

/* `proc` is the directory of this process, "/proc/self" in production; not copied. */
void pt_process_collect(struct pitot_registry *registry, const char *proc);
void pt_process_collect_io(struct pitot_registry *registry, const char *proc);
void pt_process_collect_network(struct pitot_registry *registry, const char *proc);

#endif
