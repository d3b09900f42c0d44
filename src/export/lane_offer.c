/* SPDX-License-Identifier: MIT */
/*
 * How snapshots get into a lane: into its queue, or as finished requests into its spool. A spool
 * that takes no more, a snapshot that cannot be sent at all, and memory that is out are counted and
 * told; the lane goes on.
 */
#include "base/error.h"
#include "export/lane_inside.h"

static int
spool_one(struct pt_lane *lane, const struct pt_batch *batch, struct pitot_error *why)
{
	struct pt_spool_record record = {
		.format = batch->format,
		.samples = (uint32_t)(batch->count.samples + batch->count.histograms),
		.histograms = (uint32_t)batch->count.histograms,
		.exemplars = (uint32_t)batch->count.exemplars,
		.oldest_ms = batch->count.oldest_ms,
		.body = batch->body,
		.length = batch->length,
	};
	int code = pt_spool_append(lane->spool, &record, why);
	if (code != 0)
		pt_lane_count_drop(lane, PITOT_DROP_SPOOL_FULL,
			batch->count.samples + batch->count.histograms);
	return code;
}

static int
spool_all(struct pt_lane *lane, struct pt_work *work, struct pitot_error *why)
{
	struct pt_exporter *exporter = lane->exporters[0];
	struct pt_batch batch = {.from = 0};
	size_t skipped[PITOT_DROP_REASONS] = {0}, exemplars = 0;
	struct pitot_error first = {.code = 0}, error;
	int code = exporter->begin(exporter, work, &first);
	if (code != 0)
		pt_lane_count_drop(
			lane, PITOT_DROP_INVALID, pt_queue_samples(&lane->queue, work->snapshot));
	for (int got = 1; code == 0 && got == 1;) {
		got = exporter->next(exporter, work, &batch, &error);
		if (got == 1 && spool_one(lane, &batch, &error) == 0)
			continue;
		if (got != 0 && first.code == 0)
			first = error;
	}
	pt_lane_count_skipped(lane, work, skipped, &exemplars);
	if (first.code != 0)
		*why = first;
	return first.code;
}

static void
offered(struct pt_lane *lane, uint64_t ticket, const struct pitot_error *error)
{
	(void)pthread_mutex_lock(&lane->lock);
	pt_lane_begin_report(lane);
	lane->offered = ticket;
	lane->offer_error = *error;
	(void)pthread_mutex_unlock(&lane->lock);
	if (error->code != 0)
		pt_lane_report_error(lane, error);
}

static void
queue(struct pt_lane *lane, const struct pt_queued *queued)
{
	struct pitot_error error = {.code = 0};
	(void)pthread_mutex_lock(&lane->lock);
	pt_lane_begin_report(lane);
	int code = pt_queue_add(&lane->queue, queued, &error);
	if (code != 0)
		pt_lane_count(lane, PITOT_DROP_UNSENT,
			queued->snapshot == NULL
				? 0
				: pt_queue_samples(&lane->queue, queued->snapshot));
	for (int i = 0; i < PITOT_DROP_REASONS; i++) {
		pt_lane_count(lane, (enum pitot_drop)i, lane->queue.dropped[i]);
		lane->queue.dropped[i] = 0;
	}
	(void)pthread_mutex_unlock(&lane->lock);
	if (code != 0) {
		pitot_snapshot_free(queued->snapshot);
		pt_lane_say_where(lane, queued->action, &error);
		pt_lane_report_error(lane, &error);
	}
}

void
pt_lane_offer(struct pt_lane *lane, struct pitot_snapshot *snapshot, int64_t time_ms,
	bool only_ends, uint64_t ticket)
{
	(void)pthread_mutex_lock(&lane->lock);
	if (!only_ends)
		lane->report.series = snapshot->table->count;
	(void)pthread_mutex_unlock(&lane->lock);
	if (lane->spool == NULL) {
		queue(lane,
			&(struct pt_queued){
				.snapshot = pt_snapshot_ref(snapshot),
				.time_ms = time_ms,
				.only_ends = only_ends,
				.ticket = ticket,
			});
		return;
	}
	struct pt_work work = {.snapshot = snapshot,
		.time_ms = time_ms,
		.now_ms = pt_lane_sample_now(lane),
		.only_ends = only_ends};
	struct pitot_error error = {.code = 0};
	if (spool_all(lane, &work, &error) != 0)
		(void)pt_error_wrap(&error, "push %s", lane->exporters[0]->url);
	offered(lane, ticket, &error);
}

void
pt_lane_offer_action(struct pt_lane *lane, enum pt_format action, uint64_t ticket)
{
	struct pitot_error error = {.code = 0};
	if (lane->spool == NULL) {
		queue(lane, &(struct pt_queued){.action = action, .ticket = ticket});
		return;
	}
	struct pt_batch batch = {.format = action, .body = ""};
	if (spool_one(lane, &batch, &error) != 0)
		pt_lane_say_where(lane, action, &error);
	offered(lane, ticket, &error);
}

bool
pt_lane_is_gateway(const struct pt_lane *lane)
{
	return lane->exporters[0]->protocol == PITOT_PROTOCOL_PUSHGATEWAY;
}
