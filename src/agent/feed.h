/* SPDX-License-Identifier: MIT */
/*
 * A feed is what comes from one place: a target, a file, a pushed group, the agent itself. It knows
 * its series over time and brings each snapshot to every destination: to those of remote write
 * through the gatherer, which gives it a time, and to each Pushgateway as a group of its own.
 */
#ifndef PT_AGENT_FEED_H
#define PT_AGENT_FEED_H

#include "agent/mapping.h"
#include "agent/outputs.h"
#include "agent/roster.h"

struct pt_feed {
	struct pt_roster roster;
	struct pt_labels *labels; /* that its series get; a Pushgateway's grouping key */
	/* private */
	struct pt_outputs *outputs;
	struct pt_source source;
	struct pt_table *followed;   /* of the last snapshot that was given; referenced */
	struct pt_mapping *mappings; /* one for each destination of remote write */
	size_t mapping_count;
	struct pt_outlet *outlets;    /* one for each Pushgateway */
	struct pt_mapping *stripping; /* one for each outlet, since the group has the labels */
	size_t outlet_count;
	unsigned generation; /* of the outputs that these are for */
};

/*
 * Zeroed before; must not move after. `labels` are taken over. PITOT_NO_MEMORY. The roster gets its
 * extras, and follows something, before the first offer.
 */
int pt_feed_init(struct pt_feed *feed, struct pt_outputs *outputs, struct pt_labels *labels,
	enum pt_dress_mode mode, const struct pt_relabel *rules);
/*
 * Brings one snapshot, made at `mono_ms`, everywhere; `page` may be NULL for nothing, `extras` are
 * the values of what pt_roster_add() made. What fails is told through the outputs.
 */
void pt_feed_offer(
	struct pt_feed *feed, const struct pt_page *page, const double *extras, int64_t mono_ms);
/* The same for a snapshot that somebody has; its series may be others than before. */
void pt_feed_offer_snapshot(struct pt_feed *feed, const struct pitot_snapshot *snapshot,
	const double *extras, int64_t mono_ms);
/* Ends all its series. */
void pt_feed_end(struct pt_feed *feed, int64_t mono_ms);
/* A feed that did not end goes on at its destinations. */
void pt_feed_clear(struct pt_feed *feed);

#endif
