/* SPDX-License-Identifier: MIT */
/*
 * Where the agent sends: a lane and its courier for each destination of remote write, and one for
 * each group at each Pushgateway. Used by the agent's thread; only reports come from others.
 */
#ifndef PT_AGENT_OUTPUTS_H
#define PT_AGENT_OUTPUTS_H

#include "agent/log.h"
#include "config/agent_config.h"
#include "drive/crew.h"
#include "drive/gatherer.h"
#include "drive/selfstats.h"

enum { pt_outputs_most = 64 };

/* A destination of remote write. */
struct pt_output {
	uint64_t key;                   /* equal for equal configurations */
	const struct pt_relabel *rules; /* of the configuration */
	struct pt_labels *labels;       /* external ones, where there are rules; otherwise NULL */
};

/* A group at a Pushgateway. */
struct pt_outlet {
	struct pt_lane *lane; /* NULL: could not be opened */
	struct pt_courier *courier;
};

struct pt_outputs {
	const struct pt_agent_config *config; /* that is followed */
	const struct pt_clock *clock;
	struct pt_log *log;
	struct pt_ids *ids;       /* of all series, so that no two have the same */
	struct pt_label_set *set; /* work space */
	struct pt_selfstats stats;
	struct pt_lanes lanes; /* of remote write */
	struct pt_crew crew;
	struct pt_output list[pt_outputs_most];
	struct pt_gatherer gatherer;
	unsigned generation;          /* rises when destinations change */
	int64_t finish_ms;            /* until when all must end; 0: not yet */
	void (*heard)(void *context); /* a courier made a step, which may have told the time */
	void *context;
};

/* All but the first members up to `set`, and `heard`, zeroed before. */
int pt_outputs_open(struct pt_outputs *outputs, struct pitot_registry *registry,
	const struct pt_agent_config *config, struct pitot_error *why);
/*
 * Follows another configuration: what is equal goes on, the rest is closed after it had
 * `deadline_ms` to deliver. On failure the old destinations go on.
 */
int pt_outputs_follow(struct pt_outputs *outputs, const struct pt_agent_config *config,
	int64_t deadline_ms, struct pitot_error *why);
/* There is something new. */
void pt_outputs_wake(struct pt_outputs *outputs);
/* Looks for what other processes left in the spool. */
void pt_outputs_look_around(struct pt_outputs *outputs);
/* Nothing more will be offered: what waits has until `mono_ms` to be delivered. */
void pt_outputs_finish(struct pt_outputs *outputs, int64_t mono_ms);
/* After finish; waits for it. *error becomes the first reason why something is left. */
void pt_outputs_close(struct pt_outputs *outputs, struct pitot_error *error);

/* The group `labels` at Pushgateway number `index` of the configuration. */
int pt_outlet_open(struct pt_outlet *outlet, struct pt_outputs *outputs, size_t index,
	const struct pt_labels *labels, struct pitot_error *why);
/* What waits is delivered until then, at most. */
void pt_outlet_close(struct pt_outlet *outlet, int64_t mono_ms);

#endif
