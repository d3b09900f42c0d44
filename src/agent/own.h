/* SPDX-License-Identifier: MIT */
/* The agent's metrics about itself and its process, as one more feed. */
#ifndef PT_AGENT_OWN_H
#define PT_AGENT_OWN_H

#include "agent/inputs.h"

struct pt_own {
	struct pt_feed feed;
	struct pitot_registry *registry;
	struct pitot_gauge *targets, *groups, *reload_ok, *reloaded, *clock_offset;
	struct pitot_counter *scrapes, *scrape_failures;
	int64_t interval_ms, due_ms;
};

void pt_own_declare(struct pt_own *own, struct pitot_registry *registry);
/* PITOT_NO_MEMORY. */
int pt_own_open(struct pt_own *own, struct pt_outputs *outputs,
	const struct pt_agent_config *config, const char *instance);
/* Another configuration: how often. */
void pt_own_follow(struct pt_own *own, const struct pt_agent_config *config);
/* From any thread. */
void pt_own_reloaded(struct pt_own *own, bool ok);
int64_t pt_own_due(const struct pt_own *own);
void pt_own_run(struct pt_own *own, const struct pt_inputs *inputs, int64_t now_ms);
void pt_own_clear(struct pt_own *own);

#endif
