/* SPDX-License-Identifier: MIT */
/*
 * What a lane knows of time: what its receiver's answers say, which samples may be stored there,
 * and asking when nothing else would be answered. A question that is not answered is asked again,
 * with the waits of other attempts.
 */
#include "export/lane_inside.h"

/* The lock is held. */
static void
note_answer(struct pt_lane *lane, const struct pt_http_answer *answer, int64_t sent_ms)
{
	if (answer->date_ms < 0)
		return;
	lane->clock_seen.date_ms = answer->date_ms;
	lane->clock_seen.sent_mono_ms = sent_ms;
	lane->clock_seen.mono_ms = pt_lane_now(lane);
	lane->clock_seen.wall_ms = lane->clock->wall_ms(lane->clock);
	lane->clock_news = true;
}

void
pt_lane_note_answer(struct pt_lane *lane, const struct pt_outcome *outcome, int64_t sent_ms)
{
	bool maybe = outcome->fate == PT_FATE_STORED || lane->attempt.maybe_stored;
	int64_t time_ms = lane->spool != NULL ? lane->batch.count.oldest_ms : lane->item.time_ms;
	(void)pthread_mutex_lock(&lane->lock);
	note_answer(lane, &lane->attempt.answer, sent_ms);
	if (maybe && time_ms != INT64_MAX && time_ms > lane->clock_seen.stored_ms)
		lane->clock_seen.stored_ms = time_ms;
	(void)pthread_mutex_unlock(&lane->lock);
}

bool
pt_lane_clock(struct pt_lane *lane, struct pt_lane_clock *clock)
{
	(void)pthread_mutex_lock(&lane->lock);
	bool news = lane->clock_news;
	*clock = lane->clock_seen;
	lane->clock_news = false;
	lane->clock_seen.stored_ms = 0;
	(void)pthread_mutex_unlock(&lane->lock);
	return news;
}

void
pt_lane_follow_clock(struct pt_lane *lane, int64_t ahead_ms)
{
	atomic_store_explicit(&lane->sample_ahead_ms, ahead_ms, memory_order_relaxed);
}

void
pt_lane_ask(struct pt_lane *lane)
{
	(void)pthread_mutex_lock(&lane->lock);
	lane->asks = true;
	(void)pthread_mutex_unlock(&lane->lock);
}

bool
pt_lane_asks(struct pt_lane *lane)
{
	(void)pthread_mutex_lock(&lane->lock);
	bool asks = lane->asks;
	(void)pthread_mutex_unlock(&lane->lock);
	return asks && pt_lane_exporter(lane)->probe != NULL;
}

void
pt_lane_probe(struct pt_lane *lane, struct pt_deadline *deadline)
{
	struct pt_exporter *exporter = pt_lane_exporter(lane);
	struct pt_attempt attempt = {.number = 0};
	int64_t sent_ms = pt_lane_now(lane);
	(void)exporter->probe(exporter, deadline, &attempt);
	bool answered = attempt.answer.status != 0;
	lane->questions = answered ? 0 : lane->questions + 1;
	lane->due_ms = pt_lane_now(lane) +
		(answered ? 0 : pt_retry_wait(&lane->retry, lane->questions, -1));
	(void)pthread_mutex_lock(&lane->lock);
	note_answer(lane, &attempt.answer, sent_ms);
	lane->asks = lane->asks && !answered;
	(void)pthread_mutex_unlock(&lane->lock);
}

void
pt_lane_drop(struct pt_lane *lane, const struct pitot_snapshot *snapshot, enum pitot_drop reason)
{
	(void)pthread_mutex_lock(&lane->lock);
	pt_lane_count(lane, reason, pt_queue_samples(&lane->queue, snapshot));
	(void)pthread_mutex_unlock(&lane->lock);
}

void
pt_lane_rewind(struct pt_lane *lane, int64_t time_ms)
{
	(void)pthread_mutex_lock(&lane->lock);
	pt_lane_count(lane, PITOT_DROP_CLOCK, pt_queue_rewind(&lane->queue, time_ms));
	lane->rewound = true;
	lane->rewound_ms = time_ms;
	(void)pthread_mutex_unlock(&lane->lock);
}

void
pt_lane_heed_rewind(struct pt_lane *lane)
{
	(void)pthread_mutex_lock(&lane->lock);
	bool gone = lane->rewound && lane->has_item && lane->item.snapshot != NULL &&
		lane->item.time_ms >= lane->rewound_ms;
	lane->rewound = false;
	(void)pthread_mutex_unlock(&lane->lock);
	if (gone)
		pt_lane_drop_rest(lane, PITOT_DROP_CLOCK);
}
