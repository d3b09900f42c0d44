/* SPDX-License-Identifier: MIT */
/* One push, by whatever drives it, and the seam for tests to the public functions. */
#ifndef PT_DRIVE_PUSH_H
#define PT_DRIVE_PUSH_H

#include "export/exporter.h"

/*
 * Pushes until the deadline (with snapshot NULL: deletes) and fills the whole report, its error
 * included, whose code it returns. A failure's text names the URL.
 */
int pt_push_once(struct pt_exporter *exporter, const struct pitot_snapshot *snapshot,
	int64_t time_ms, struct pt_deadline *deadline, struct pitot_report *report);

struct pt_push_task {
	bool remove;                           /* delete; otherwise push */
	struct pitot_registry *registry;       /* to gather and push, or NULL */
	const struct pitot_snapshot *snapshot; /* to push if there is no registry */
	int64_t time_ms;                       /* 0: the time of the snapshot */
	const struct pitot_push_options *options;
};

/* What pitot_push() and the others do, over any transport, which is taken over, and any clock. */
int pt_push_with(const struct pt_push_task *task, struct pt_transport *transport,
	const struct pt_clock *clock, struct pitot_report *report, struct pitot_error *why);

#endif
