/* SPDX-License-Identifier: MIT */
/*
 * Bringing a feed's snapshots to the destinations. What can fail is memory, which is told, and
 * costs one snapshot; and a group that a Pushgateway cannot have, which is told too.
 */
#include "agent/feed.h"

#include "base/error.h"
#include "base/number.h"
#include <stdlib.h>

/* ---- what each destination gets ---- */

static struct pitot_snapshot *
view(void *context, size_t lane, struct pitot_snapshot *snapshot)
{
	struct pt_feed *feed = context;
	struct pt_mapping *mapping = &feed->mappings[lane];
	if (mapping->dress.rules == NULL)
		return pt_snapshot_ref(snapshot);
	return pt_mapping_apply(mapping, snapshot);
}

static void
clear_mappings(struct pt_mapping **mappings, size_t count)
{
	for (size_t i = 0; *mappings != NULL && i < count; i++)
		pt_mapping_clear(&(*mappings)[i]);
	free(*mappings);
	*mappings = NULL;
}

static void
close_outlets(struct pt_feed *feed)
{
	const struct pt_clock *clock = feed->outputs->clock;
	int64_t until_ms = feed->outputs->finish_ms != 0 ? feed->outputs->finish_ms
							 : clock->mono_ms(clock) + 1000;
	for (size_t i = 0; i < feed->outlet_count; i++)
		pt_outlet_close(&feed->outlets[i], until_ms);
	clear_mappings(&feed->stripping, feed->outlet_count);
	free(feed->outlets);
	feed->outlets = NULL;
	feed->outlet_count = 0;
}

static bool
open_outlets(struct pt_feed *feed)
{
	struct pt_outputs *outputs = feed->outputs;
	size_t count = outputs->config->gateway_count;
	feed->outlets = calloc(count + 1, sizeof feed->outlets[0]);
	feed->stripping = calloc(count + 1, sizeof feed->stripping[0]);
	if (feed->outlets == NULL || feed->stripping == NULL)
		return false;
	for (; feed->outlet_count < count; feed->outlet_count++) {
		struct pitot_error problem;
		size_t i = feed->outlet_count;
		feed->stripping[i].dress = (struct pt_dress){
			.rules = outputs->config->gateways[i].rules.relabel,
			.strip = feed->labels,
			.ids = outputs->ids,
			.set = outputs->set,
		};
		if (pt_outlet_open(&feed->outlets[i], outputs, i, feed->labels, &problem) != 0)
			pt_log_tell(outputs->log, PITOT_LOG_ERROR, "A group cannot be pushed",
				"err", problem.text, NULL);
	}
	return true;
}

static bool
open_mappings(struct pt_feed *feed)
{
	struct pt_outputs *outputs = feed->outputs;
	feed->mapping_count = outputs->lanes.count;
	feed->mappings = calloc(feed->mapping_count + 1, sizeof feed->mappings[0]);
	for (size_t i = 0; feed->mappings != NULL && i < feed->mapping_count; i++)
		if (!pt_relabel_is_empty(outputs->list[i].rules))
			feed->mappings[i].dress = (struct pt_dress){
				.labels = outputs->list[i].labels,
				.mode = PT_DRESS_HONOR,
				.rules = outputs->list[i].rules,
				.ids = outputs->ids,
				.set = outputs->set,
			};
	return feed->mappings != NULL;
}

/* After the destinations changed. */
static bool
follow_outputs(struct pt_feed *feed)
{
	if (feed->generation == feed->outputs->generation)
		return true;
	clear_mappings(&feed->mappings, feed->mapping_count);
	close_outlets(feed);
	if (!open_mappings(feed) || !open_outlets(feed))
		return false; /* the next snapshot tries again */
	feed->generation = feed->outputs->generation;
	return true;
}

int
pt_feed_init(struct pt_feed *feed, struct pt_outputs *outputs, struct pt_labels *labels,
	enum pt_dress_mode mode, const struct pt_relabel *rules)
{
	feed->outputs = outputs;
	feed->labels = labels;
	feed->roster.dress = (struct pt_dress){
		.labels = labels,
		.mode = mode,
		.rules = rules,
		.ids = outputs->ids,
		.set = outputs->set,
	};
	feed->source = (struct pt_source){.view = view, .context = feed};
	return follow_outputs(feed) ? 0 : PITOT_NO_MEMORY;
}

void
pt_feed_clear(struct pt_feed *feed)
{
	if (feed->outputs == NULL)
		return;
	pt_gatherer_forget(&feed->outputs->gatherer, &feed->source);
	clear_mappings(&feed->mappings, feed->mapping_count);
	close_outlets(feed);
	pt_roster_clear(&feed->roster);
	pt_table_unref(feed->followed);
	pt_labels_unref(feed->labels);
}

/* ---- snapshots ---- */

static bool
has_samples(const struct pitot_snapshot *snapshot)
{
	size_t i = 0;
	while (i < snapshot->table->count &&
		(snapshot->bits[i] == PT_NUMBER_ABSENT || snapshot->bits[i] == PT_NUMBER_STALE))
		i++;
	return i < snapshot->table->count;
}

static void
offer_groups(struct pt_feed *feed, struct pitot_snapshot *snapshot)
{
	uint64_t ticket = feed->outputs->gatherer.ticket;
	for (size_t i = 0; i < feed->outlet_count; i++) {
		struct pt_outlet *outlet = &feed->outlets[i];
		struct pitot_snapshot *own = outlet->lane == NULL
			? NULL
			: pt_mapping_apply(&feed->stripping[i], snapshot);
		if (own == NULL || !has_samples(own)) {
			/* To push nothing would be refused: the group is as it was, or deleted. */
			pitot_snapshot_free(own);
			continue;
		}
		/* A Pushgateway takes no times. */
		pt_snapshot_drop_times(own);
		pt_lane_offer(outlet->lane, own, own->time_ms, false, ticket);
		pt_courier_wake(outlet->courier);
		pitot_snapshot_free(own);
	}
}

/* Takes over the snapshot; NULL is told. */
static void
offer(struct pt_feed *feed, struct pitot_snapshot *snapshot, int64_t mono_ms)
{
	struct pt_outputs *outputs = feed->outputs;
	struct pitot_error problem;
	if (snapshot == NULL || !follow_outputs(feed)) {
		pitot_snapshot_free(snapshot);
		pt_log_tell(outputs->log, PITOT_LOG_ERROR, "Out of memory: samples are lost", NULL);
		return;
	}
	offer_groups(feed, snapshot);
	if (pt_gatherer_take(
		    &outputs->gatherer, &feed->source, snapshot, mono_ms, false, &problem) != 0)
		pt_log_trouble(outputs->log, "Samples are lost", "reason", "clock or memory",
			problem.text);
	pt_outputs_wake(outputs);
}

void
pt_feed_offer(
	struct pt_feed *feed, const struct pt_page *page, const double *extras, int64_t mono_ms)
{
	const struct pt_clock *clock = feed->outputs->clock;
	struct pitot_snapshot *snapshot =
		pt_roster_snapshot(&feed->roster, page, clock->wall_ms(clock));
	for (size_t i = 0; snapshot != NULL && i < feed->roster.extra_count; i++)
		pt_roster_set(&feed->roster, snapshot, (int)i, extras[i]);
	offer(feed, snapshot, mono_ms);
}

void
pt_feed_offer_snapshot(struct pt_feed *feed, const struct pitot_snapshot *snapshot,
	const double *extras, int64_t mono_ms)
{
	const struct pt_page page = {
		.count = snapshot->table->count,
		.bits = snapshot->bits,
		.times = snapshot->timestamps,
		.exemplars = snapshot->exemplars,
		.exemplar_count = snapshot->exemplar_count,
	};
	if (feed->followed != snapshot->table) {
		if (pt_roster_follow(&feed->roster, snapshot) != 0) {
			offer(feed, NULL, mono_ms);
			return;
		}
		pt_table_unref(feed->followed);
		feed->followed = pt_table_ref(snapshot->table);
	}
	pt_feed_offer(feed, &page, extras, mono_ms);
}

void
pt_feed_end(struct pt_feed *feed, int64_t mono_ms)
{
	const struct pt_clock *clock = feed->outputs->clock;
	struct pitot_snapshot *snapshot =
		pt_roster_snapshot(&feed->roster, NULL, clock->wall_ms(clock));
	size_t extras = feed->roster.extra_count;
	for (size_t i = 0; snapshot != NULL && i < extras; i++)
		snapshot->bits[feed->roster.extra_slots[i]] = PT_NUMBER_STALE;
	offer(feed, snapshot, mono_ms);
	for (size_t i = 0; i < feed->outlet_count; i++)
		if (feed->outlets[i].lane != NULL)
			pt_lane_offer_action(feed->outlets[i].lane, PT_FORMAT_DELETE,
				feed->outputs->gatherer.ticket);
}
