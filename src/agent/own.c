/* SPDX-License-Identifier: MIT */
/* The agent about itself. A gather that finds no memory is told, and the next one tries again. */
#include "agent/own.h"

#include <string.h>

void
pt_own_declare(struct pt_own *own, struct pitot_registry *m)
{
	own->registry = m;
	own->targets = pitot_gauge(m, "pitot_agent_targets", "Targets that are scraped.");
	own->groups = pitot_gauge(m, "pitot_agent_groups", "Groups that were pushed and live.");
	own->scrapes = pitot_counter(m, "pitot_agent_scrapes", "Scrapes of all targets.");
	own->scrape_failures =
		pitot_counter(m, "pitot_agent_scrape_failures", "Scrapes that gave no samples.");
	own->reload_ok = pitot_gauge(m, "pitot_agent_config_last_reload_successful",
		"Whether the configuration was right when it was last read.");
	own->reloaded = pitot_gauge(m, "pitot_agent_config_last_reload_success_timestamp_seconds",
		"When a right configuration was last read, since the epoch.");
	own->clock_offset = pitot_gauge(m, "pitot_clock_offset_seconds",
		"How much this clock is ahead of the receiver's, beyond doubt.");
	pt_own_reloaded(own, true);
}

int
pt_own_open(struct pt_own *own, struct pt_outputs *outputs, const struct pt_agent_config *config,
	const char *instance)
{
	const struct pt_label pairs[] = {
		pt_label_of("instance", instance), pt_label_of("job", config->job)};
	struct pt_labels *labels = pt_labels_new(pairs, 2);
	pt_own_follow(own, config);
	if (labels == NULL)
		return PITOT_NO_MEMORY;
	return pt_feed_init(&own->feed, outputs, labels, PT_DRESS_HONOR, NULL);
}

void
pt_own_follow(struct pt_own *own, const struct pt_agent_config *config)
{
	own->interval_ms = config->interval_ms;
}

void
pt_own_reloaded(struct pt_own *own, bool ok)
{
	pitot_gauge_set(own->reload_ok, ok ? 1 : 0);
	if (ok)
		pitot_gauge_set_to_current_time(own->reloaded);
}

int64_t
pt_own_due(const struct pt_own *own)
{
	return own->due_ms;
}

static void
look_around(struct pt_own *own, const struct pt_inputs *inputs)
{
	struct pt_outputs *outputs = own->feed.outputs;
	const struct pt_clock *clock = outputs->clock;
	for (size_t i = 0; i < inputs->scrape_count; i++) {
		unsigned all, failures = pt_scrape_failures(inputs->scrapes[i], &all);
		pitot_counter_add(own->scrapes, all);
		pitot_counter_add(own->scrape_failures, failures);
	}
	pitot_gauge_set(own->targets, (double)inputs->scrape_count);
	pitot_gauge_set(
		own->groups, inputs->groups == NULL ? 0 : (double)pt_groups_count(inputs->groups));
	pitot_gauge_set(own->clock_offset, (double)outputs->gatherer.guard.off_ms / 1000);
	pt_selfstats_gauge(&outputs->stats, &outputs->lanes, clock->wall_ms(clock));
}

void
pt_own_run(struct pt_own *own, const struct pt_inputs *inputs, int64_t now_ms)
{
	struct pitot_error problem;
	look_around(own, inputs);
	struct pitot_snapshot *snapshot = pitot_snapshot_take(own->registry, &problem);
	if (snapshot == NULL)
		pt_log_tell(own->feed.outputs->log, PITOT_LOG_ERROR, problem.text, NULL);
	else
		pt_feed_offer_snapshot(&own->feed, snapshot, NULL, now_ms);
	pitot_snapshot_free(snapshot);
	own->due_ms = now_ms + own->interval_ms;
}

void
pt_own_clear(struct pt_own *own)
{
	pt_feed_clear(&own->feed);
	own->feed.outputs = NULL;
}
