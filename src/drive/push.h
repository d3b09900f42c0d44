/* SPDX-License-Identifier: MIT */
/* One push in the calling thread, and the seam for tests to the public functions. */
#ifndef PT_DRIVE_PUSH_H
#define PT_DRIVE_PUSH_H

#include "export/lanes.h"

struct pt_push_task {
	bool remove;                     /* delete; otherwise push */
	bool spool_only;                 /* send what is in the spool, and nothing new */
	struct pitot_registry *registry; /* to gather and push, or NULL */
	struct pitot_snapshot *snapshot; /* to push if there is no registry */
	int64_t time_ms;                 /* 0: the time of the snapshot */
	const struct pitot_push_options *options;
	/* After every request, with what still waits at its destination; or NULL. */
	void (*progress)(void *context, uint64_t samples, uint64_t bytes);
	void *context;
};

/*
 * What pitot_push() and the others do, in any world. The report is the sum of all destinations; its
 * url is that of the first which failed, or of the first.
 */
int pt_push_with(const struct pt_push_task *task, const struct pt_world *world,
	struct pitot_report *report, struct pitot_error *why);

#endif
