/* SPDX-License-Identifier: MIT */
/* A lane to one destination, the scripted receiver there, and what came of the last push. */
#ifndef TRIAL_H
#define TRIAL_H

#include "export/lanes.h"
#include "script.h"

struct trial {
	struct script script;
	struct pt_lanes lanes;
	struct pt_deadline *deadline;
	uint64_t ticket;
	struct pitot_report report;
	struct pitot_error why;
};

/* False, and a failed check, if the lane cannot be made. The deadline is far away. */
bool trial_open(struct trial *trial, const struct pitot_push_options *options,
	const struct script_step *steps, size_t count);
/* The same with a clock and files that are not the system's. */
bool trial_open_in(struct trial *trial, const struct pitot_push_options *options,
	const struct script_step *steps, size_t count, const struct pt_clock *clock,
	const struct pt_files *files);
void trial_close(struct trial *trial);
/* Pushes the snapshot, with 1700000000000 as the time, and frees it. */
int trial_push(struct trial *trial, struct pitot_snapshot *snapshot);
int trial_remove(struct trial *trial);

#endif
