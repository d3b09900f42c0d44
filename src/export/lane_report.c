/* SPDX-License-Identifier: MIT */
/*
 * A lane's accounts: every sample that leaves it is counted here, as sent or under the reason why
 * it never will be, and told by the next report. Nothing here can fail.
 */
#include "base/error.h"
#include "export/lane_inside.h"
#include <stdio.h>

void
pt_lane_begin_report(struct pt_lane *lane)
{
	if (lane->report.time_ms == 0) {
		lane->report.time_ms = lane->clock->wall_ms(lane->clock);
		lane->started_ms = pt_lane_now(lane);
	}
}

void
pt_lane_count(struct pt_lane *lane, enum pitot_drop reason, uint64_t samples)
{
	if (samples == 0)
		return;
	pt_lane_begin_report(lane);
	struct pitot_report *report = &lane->report;
	bool failed = reason == PITOT_DROP_REFUSED || reason == PITOT_DROP_DENIED ||
		reason == PITOT_DROP_POISON || reason == PITOT_DROP_UNSENT;
	report->dropped[reason] += samples;
	*(failed ? &report->samples_failed : &report->samples_dropped) += samples;
	if (!failed)
		report->dropped_reason = pitot_drop_text(reason);
	lane->news = true;
}

void
pt_lane_count_drop(struct pt_lane *lane, enum pitot_drop reason, uint64_t samples)
{
	(void)pthread_mutex_lock(&lane->lock);
	pt_lane_count(lane, reason, samples);
	(void)pthread_mutex_unlock(&lane->lock);
}

/* The verb and the URL stand before everything that a lane tells. */
void
pt_lane_say_where(const struct pt_lane *lane, enum pt_format format, struct pitot_error *error)
{
	const char *verb = format == PT_FORMAT_DELETE ? "delete" : "push";
	(void)pt_error_wrap(error, "%s %s", verb, pt_lane_exporter(lane)->url);
}

void
pt_lane_report_error(struct pt_lane *lane, const struct pitot_error *error)
{
	(void)pthread_mutex_lock(&lane->lock);
	pt_lane_begin_report(lane);
	if (lane->report.error.code == 0)
		lane->report.error = *error;
	lane->news = true;
	(void)pthread_mutex_unlock(&lane->lock);
}

void
pt_lane_trouble(struct pt_lane *lane, const struct pitot_error *error)
{
	struct pitot_error whole = *error;
	pt_lane_say_where(lane, lane->batch.format, &whole);
	if (lane->trouble.code == 0)
		lane->trouble = whole;
	pt_lane_report_error(lane, &whole);
}

void
pt_lane_tell(struct pt_lane *lane, const struct pitot_error *error)
{
	struct pitot_error whole = *error;
	pt_lane_say_where(lane, lane->batch.format, &whole);
	(void)pthread_mutex_lock(&lane->lock);
	pt_lane_begin_report(lane);
	lane->hiccup = whole;
	lane->news = true;
	(void)pthread_mutex_unlock(&lane->lock);
}

void
pt_lane_recovered(struct pt_lane *lane)
{
	(void)pthread_mutex_lock(&lane->lock);
	lane->hiccup = (struct pitot_error){.code = 0};
	(void)pthread_mutex_unlock(&lane->lock);
}

/* What of the work never got into a request, since it was last asked. */
void
pt_lane_count_skipped(
	struct pt_lane *lane, const struct pt_work *work, size_t before[], size_t *exemplars_before)
{
	(void)pthread_mutex_lock(&lane->lock);
	for (int i = 0; i < PITOT_DROP_REASONS; i++) {
		pt_lane_count(lane, (enum pitot_drop)i, work->skipped[i] - before[i]);
		before[i] = work->skipped[i];
	}
	lane->report.exemplars_dropped += work->exemplars_skipped - *exemplars_before;
	*exemplars_before = work->exemplars_skipped;
	(void)pthread_mutex_unlock(&lane->lock);
}

/* ---- for others ---- */

uint64_t
pt_lane_resolved(struct pt_lane *lane, struct pitot_error *error)
{
	(void)pthread_mutex_lock(&lane->lock);
	uint64_t resolved = lane->resolved;
	*error = lane->last;
	(void)pthread_mutex_unlock(&lane->lock);
	return resolved;
}

/* What the spool lost since it was last asked. The lock is held. */
static void
count_spool(struct pt_lane *lane, const struct pt_spool_state *state)
{
	struct pt_spool_state *seen = &lane->spool_seen;
	pt_lane_count(lane, PITOT_DROP_SPOOL_FULL, state->dropped_full - seen->dropped_full);
	pt_lane_count(lane, PITOT_DROP_TOO_OLD, state->dropped_age - seen->dropped_age);
	pt_lane_count(lane, PITOT_DROP_DAMAGED, state->dropped_damaged - seen->dropped_damaged);
	*seen = *state;
}

bool
pt_lane_has_news(struct pt_lane *lane)
{
	bool idle = pt_lane_due(lane) == INT64_MAX;
	(void)pthread_mutex_lock(&lane->lock);
	bool news = lane->news &&
		(idle || lane->report.error.code != 0 || lane->hiccup.code != 0 ||
			pt_lane_now(lane) - lane->started_ms >= 1000);
	(void)pthread_mutex_unlock(&lane->lock);
	return news;
}

void
pt_lane_look(struct pt_lane *lane, struct pt_lane_view *view)
{
	struct pt_spool_state state = {.records = 0};
	if (lane->spool != NULL)
		pt_spool_state(lane->spool, &state);
	*view = (struct pt_lane_view){
		.spool_bytes = state.bytes,
		.spool_limit = lane->spool_bytes,
		.queue_limit = lane->queue.limit,
		.has_spool = lane->spool != NULL,
	};
	/* A URL that is too long is cut there, as push.h says. */
	(void)snprintf(view->url, sizeof view->url, "%s", lane->exporters[0]->url);
	for (size_t i = 0; i < lane->exporter_count; i++)
		view->encoder_bytes +=
			atomic_load_explicit(&lane->exporters[i]->kept_bytes, memory_order_relaxed);
	(void)pthread_mutex_lock(&lane->lock);
	view->samples = lane->queue.samples + lane->item_samples + state.samples;
	view->queue_bytes = lane->queue.bytes;
	view->oldest_ms = state.oldest_ms != 0 ? state.oldest_ms : pt_queue_oldest(&lane->queue);
	(void)pthread_mutex_unlock(&lane->lock);
}

bool
pt_lane_report(struct pt_lane *lane, struct pitot_report *report)
{
	struct pt_spool_state state = {.records = 0};
	const struct pt_exporter *exporter = pt_lane_exporter(lane);
	if (lane->spool != NULL)
		pt_spool_state(lane->spool, &state);
	(void)pthread_mutex_lock(&lane->lock);
	if (lane->spool != NULL)
		count_spool(lane, &state);
	*report = lane->report;
	if (report->error.code == 0)
		report->error = lane->hiccup;
	report->samples_pending = lane->queue.samples + lane->item_samples + state.samples;
	report->pending_bytes = lane->queue.bytes + state.bytes;
	report->oldest_ms = state.oldest_ms != 0 ? state.oldest_ms : pt_queue_oldest(&lane->queue);
	if (lane->report.time_ms != 0)
		report->duration_ms = pt_lane_now(lane) - lane->started_ms;
	if (lane->clock_seen.date_ms > 0) {
		report->receiver_ms = lane->clock_seen.date_ms;
		report->heard_ms = lane->clock_seen.wall_ms;
	}
	bool news = lane->news;
	lane->report = (struct pitot_report){.series = report->series};
	lane->news = false;
	(void)pthread_mutex_unlock(&lane->lock);
	/* A URL that is too long for the report is cut there, as push.h says. */
	(void)snprintf(report->url, sizeof report->url, "%s", exporter->url);
	report->protocol = pt_exporter_speaks(exporter);
	return news;
}
