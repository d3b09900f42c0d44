/* SPDX-License-Identifier: MIT */
/*
 * Gathering for all lanes. A snapshot is offered even when there was no memory to compare it with
 * the last one: the next gather finds the same births and ends.
 */
#include "drive/gatherer.h"

#include "base/error.h"

static void
offer_all(struct pt_gatherer *gatherer, struct pitot_snapshot *snapshot, int64_t time_ms, bool life)
{
	gatherer->ticket++;
	for (size_t i = 0; snapshot != NULL && i < gatherer->lanes->count; i++)
		if (!life || !pt_lane_is_gateway(gatherer->lanes->list[i]))
			pt_lane_offer(gatherer->lanes->list[i], snapshot, time_ms, life,
				gatherer->ticket);
}

/* What becomes of the series now that no more samples will come. */
static void
offer_end(struct pt_gatherer *gatherer, struct pitot_snapshot *snapshot, int64_t time_ms)
{
	struct pitot_snapshot *end =
		gatherer->at_end == PITOT_END_KEEP ? NULL : pt_lifecycle_end(snapshot, time_ms);
	offer_all(gatherer, end, time_ms + 1, true);
	pitot_snapshot_free(end);
	for (size_t i = 0; i < gatherer->lanes->count; i++)
		if (pt_lane_is_gateway(gatherer->lanes->list[i]) &&
			gatherer->at_end >= PITOT_END_STALE)
			pt_lane_offer_action(gatherer->lanes->list[i],
				gatherer->at_end == PITOT_END_DELETE ? PT_FORMAT_DELETE
								     : PT_FORMAT_EMPTY,
				gatherer->ticket);
}

int
pt_gatherer_run(struct pt_gatherer *gatherer, bool final, struct pitot_error *why)
{
	struct pitot_snapshot *snapshot = pitot_snapshot_take(gatherer->registry, why);
	if (snapshot == NULL)
		return PITOT_NO_MEMORY;
	gatherer->changed = pt_change_count(&gatherer->change, snapshot);
	int64_t wall_ms = gatherer->clock->wall_ms(gatherer->clock);
	int64_t time_ms = pt_schedule_stamp(gatherer->schedule, wall_ms);
	/* The clock was far ahead and has been corrected: time begins anew. */
	if (time_ms < gatherer->life.last_ms + PT_SCHEDULE_GAP_MS)
		gatherer->life.last_ms = time_ms - PT_SCHEDULE_GAP_MS;
	struct pitot_snapshot *ends = NULL, *births = NULL;
	int code = pt_lifecycle_follow(&gatherer->life, snapshot, time_ms, &ends, &births);
	if (ends != NULL)
		offer_all(gatherer, ends, ends->time_ms, true);
	if (births != NULL)
		offer_all(gatherer, births, births->time_ms, true);
	offer_all(gatherer, snapshot, time_ms, false);
	gatherer->snapshot_ticket = gatherer->ticket;
	if (final)
		offer_end(gatherer, snapshot, time_ms);
	pitot_snapshot_free(ends);
	pitot_snapshot_free(births);
	pitot_snapshot_free(snapshot);
	return code == 0 ? 0 : pt_error_memory(why);
}

void
pt_gatherer_clear(struct pt_gatherer *gatherer)
{
	pt_lifecycle_clear(&gatherer->life);
	pt_change_clear(&gatherer->change);
}
