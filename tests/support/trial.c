/* SPDX-License-Identifier: MIT */
#include "trial.h"

#include "check.h"

bool
trial_open(struct trial *trial, const struct pitot_push_options *options,
	const struct script_step *steps, size_t count)
{
	const struct pt_clock *clock = pt_clock_real();
	script_init(&trial->script, steps, count);
	trial->why = (struct pitot_error){.code = 0};
	trial->deadline = pt_deadline_new(clock);
	trial->exporter = pt_exporter_new(options, &trial->script.transport, &trial->why);
	check_text(trial->why.text, "");
	if (trial->exporter == NULL || trial->deadline == NULL)
		return false;
	pt_deadline_set(trial->deadline, clock->mono_ms(clock) + 60000);
	return true;
}

void
trial_close(struct trial *trial)
{
	trial->exporter->free(trial->exporter);
	pt_deadline_free(trial->deadline);
	script_clear(&trial->script);
}

static void
forget(struct trial *trial)
{
	trial->report = (struct pitot_report){.series = 0};
	trial->why = (struct pitot_error){.code = 0};
}

int
trial_push(struct trial *trial, struct pitot_snapshot *snapshot)
{
	forget(trial);
	int code = trial->exporter->push(trial->exporter, snapshot, 1700000000000, trial->deadline,
		&trial->report, &trial->why);
	pitot_snapshot_free(snapshot);
	return code;
}

int
trial_remove(struct trial *trial)
{
	forget(trial);
	return trial->exporter->remove(
		trial->exporter, trial->deadline, &trial->report, &trial->why);
}
