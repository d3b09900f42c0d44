/* SPDX-License-Identifier: MIT */
#include "trial.h"

#include "check.h"

bool
trial_open(struct trial *trial, const struct pitot_push_options *options,
	const struct script_step *steps, size_t count)
{
	return trial_open_in(trial, options, steps, count, pt_clock_real(), pt_files_real());
}

bool
trial_open_in(struct trial *trial, const struct pitot_push_options *options,
	const struct script_step *steps, size_t count, const struct pt_clock *clock,
	const struct pt_files *files)
{
	script_init(&trial->script, steps, count);
	struct pt_world world = script_world(&trial->script);
	world.clock = clock;
	world.files = files;
	trial->why = (struct pitot_error){.code = 0};
	trial->ticket = 0;
	trial->deadline = pt_deadline_new(clock);
	int code = pt_lanes_init(&trial->lanes, options, &world, true, &trial->why);
	check_text(trial->why.text, "");
	if (code != 0 || trial->deadline == NULL)
		return false;
	pt_deadline_set(trial->deadline, clock->mono_ms(clock) + 60000);
	return true;
}

void
trial_close(struct trial *trial)
{
	pt_lanes_clear(&trial->lanes);
	pt_deadline_free(trial->deadline);
	script_clear(&trial->script);
}

static int
run(struct trial *trial)
{
	struct pt_lane *lane = trial->lanes.list[0];
	pt_lane_run(lane, trial->deadline, NULL, NULL);
	pt_lane_abandon(lane);
	(void)pt_lane_report(lane, &trial->report);
	check_size(pt_lane_resolved(lane, &trial->why), trial->ticket);
	check_text(trial->why.text, trial->report.error.text);
	return trial->why.code;
}

int
trial_push(struct trial *trial, struct pitot_snapshot *snapshot)
{
	pt_lane_offer(trial->lanes.list[0], snapshot, 1700000000000, false, ++trial->ticket);
	pitot_snapshot_free(snapshot);
	return run(trial);
}

int
trial_remove(struct trial *trial)
{
	pt_lane_offer_action(trial->lanes.list[0], PT_FORMAT_DELETE, ++trial->ticket);
	return run(trial);
}
