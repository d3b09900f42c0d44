/* SPDX-License-Identifier: MIT */
/*
 * What a lane does next.
 *
 * The happy path is: a snapshot is offered and queued; step takes it, makes its requests one after
 * the other and sends each. With a spool the requests are made and spooled when the snapshot is
 * offered, and step reads them from there, so that the end of the process loses nothing.
 *
 * Possible failures are: what an attempt ends with (lane_fate.c); a snapshot that cannot be sent at
 * all, which is counted as invalid; a spool that takes no more, which is counted; memory that is
 * out, which is told, and the snapshot is counted as unsent.
 */
#include "export/lane_inside.h"

#include "base/error.h"
#include "base/hash.h"
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* ---- the snapshot on its way ---- */

static void
tell_too_large(struct pt_lane *lane, size_t samples)
{
	struct pitot_error error;
	(void)pt_error_set(&error, PITOT_BAD_INPUT,
		"%zu samples are too large for a request of max_request_bytes and were left out; "
		"the others were delivered",
		samples);
	pt_lane_trouble(lane, &error);
}

void
pt_lane_finish(struct pt_lane *lane)
{
	if (lane->skipped[PITOT_DROP_TOO_LARGE] > 0)
		tell_too_large(lane, lane->skipped[PITOT_DROP_TOO_LARGE]);
	pitot_snapshot_free(lane->item.snapshot);
	(void)pthread_mutex_lock(&lane->lock);
	lane->resolved = lane->item.ticket;
	lane->last = lane->trouble;
	lane->item_samples = 0;
	(void)pthread_mutex_unlock(&lane->lock);
	lane->item = (struct pt_queued){.snapshot = NULL};
	lane->has_item = false;
	lane->has_batch = false;
	lane->batch = (struct pt_batch){.from = 0};
	lane->parts = (struct pt_lane_split){.count = 0};
	lane->trouble = (struct pitot_error){.code = 0};
}

/* Begins with the snapshot anew, by whichever exporter is used now, at `from` of `part`. */
static int
begin_work(struct pt_lane *lane, size_t from, enum pt_write_part part, struct pitot_error *why)
{
	struct pt_work *work = &lane->work;
	work->snapshot = lane->item.snapshot;
	work->time_ms = lane->item.time_ms;
	work->now_ms = pt_lane_sample_now(lane);
	work->only_ends = lane->item.only_ends;
	work->shard = lane->shard;
	work->shards = lane->shards;
	int code = pt_lane_exporter(lane)->begin(pt_lane_exporter(lane), work, why);
	if (code == 0 && from > 0)
		work->at = from;
	if (code == 0 && part != PT_WRITE_FLOATS && work->natives)
		work->part = part;
	return code;
}

/* What was stamped before the clock went back is not the program's fault. */
static void
drop_invalid(struct pt_lane *lane, const struct pitot_error *error)
{
	int64_t limit_ms = pt_lane_sample_now(lane) + PT_LIMIT_AHEAD_MS;
	bool ahead = !pt_lane_is_gateway(lane) && lane->item.time_ms > limit_ms;
	pt_lane_trouble(lane, error);
	pt_lane_count_drop(lane, ahead ? PITOT_DROP_CLOCK : PITOT_DROP_INVALID, lane->item_samples);
	pt_lane_finish(lane);
}

static bool
take_item(struct pt_lane *lane)
{
	(void)pthread_mutex_lock(&lane->lock);
	bool taken = pt_queue_take(&lane->queue, &lane->item);
	lane->item_samples = taken ? lane->item.samples : 0;
	(void)pthread_mutex_unlock(&lane->lock);
	if (!taken)
		return false;
	lane->has_item = true;
	lane->work = (struct pt_work){.at = 0};
	memset(lane->skipped, 0, sizeof lane->skipped);
	lane->exemplars_skipped = 0;
	if (lane->current != 0 && pt_lane_now(lane) >= lane->prefer_ms)
		lane->current = 0;
	if (lane->item.snapshot == NULL) {
		lane->batch = (struct pt_batch){.format = lane->item.action};
		lane->has_batch = true;
		return true;
	}
	struct pitot_error error;
	if (begin_work(lane, 0, PT_WRITE_FLOATS, &error) == 0)
		return true;
	drop_invalid(lane, &error);
	return true;
}

/* The next part of a request that was cut; false if there is none. */
static bool
next_range(struct pt_lane *lane)
{
	struct pt_lane_split *parts = &lane->parts;
	if (!parts->active)
		return false;
	if (parts->count > 0) {
		parts->count--;
		lane->work.at = parts->waiting[parts->count].from;
		lane->work.end = parts->waiting[parts->count].to;
		return true;
	}
	lane->work.end = parts->outer_end;
	size_t found = parts->found;
	*parts = (struct pt_lane_split){.found = found};
	return true;
}

static void
new_batch(struct pt_lane *lane)
{
	lane->has_batch = true;
	lane->attempt = (struct pt_attempt){.number = 0};
	lane->tried = lane->sick = lane->verdicts = lane->waited = 0;
	lane->failure = (struct pitot_error){.code = 0};
	lane->due_ms = pt_lane_now(lane);
}

static bool
fetch_queued(struct pt_lane *lane)
{
	while (!lane->has_batch) {
		if (!lane->has_item && !take_item(lane))
			return false;
		if (!lane->has_item || lane->has_batch)
			continue;
		struct pitot_error error;
		struct pt_exporter *exporter = pt_lane_exporter(lane);
		int got = exporter->next(exporter, &lane->work, &lane->batch, &error);
		pt_lane_count_skipped(lane, &lane->work, lane->skipped, &lane->exemplars_skipped);
		if (got == 1) {
			new_batch(lane);
			return true;
		}
		if (got == 0 && next_range(lane))
			continue;
		if (got < 0) {
			pt_lane_trouble(lane, &error);
			pt_lane_count_drop(lane, PITOT_DROP_UNSENT, lane->item_samples);
		}
		pt_lane_finish(lane);
	}
	new_batch(lane); /* an action */
	return true;
}

static bool
fetch_spooled(struct pt_lane *lane)
{
	struct pt_spool_record record;
	(void)pthread_mutex_lock(&lane->lock);
	uint64_t offered = lane->offered;
	lane->looks = false;
	struct pitot_error offer_error = lane->offer_error;
	(void)pthread_mutex_unlock(&lane->lock);
	if (pt_spool_peek(lane->spool, &record) ||
		(pt_spool_next(lane->spool) && pt_spool_peek(lane->spool, &record))) {
		lane->batch = (struct pt_batch){
			.format = (enum pt_format)record.format,
			.count = {.samples = record.samples - record.histograms,
				.histograms = record.histograms,
				.exemplars = record.exemplars,
				.oldest_ms = record.oldest_ms},
			.body = record.body,
			.length = record.length,
		};
		new_batch(lane);
		return true;
	}
	(void)pthread_mutex_lock(&lane->lock);
	lane->resolved = offered;
	lane->last = lane->trouble.code != 0 ? lane->trouble : offer_error;
	(void)pthread_mutex_unlock(&lane->lock);
	lane->trouble = (struct pitot_error){.code = 0};
	return false;
}

static bool
fetch(struct pt_lane *lane)
{
	if (lane->has_batch)
		return true;
	return lane->spool != NULL ? fetch_spooled(lane) : fetch_queued(lane);
}

void
pt_lane_next(struct pt_lane *lane)
{
	(void)pthread_mutex_lock(&lane->lock);
	size_t done = lane->batch.count.samples + lane->batch.count.histograms;
	lane->item_samples -= done < lane->item_samples ? done : lane->item_samples;
	(void)pthread_mutex_unlock(&lane->lock);
	lane->has_batch = false;
	if (lane->spool != NULL)
		pt_spool_advance(lane->spool);
	else if (lane->item.snapshot == NULL)
		pt_lane_finish(lane);
}

void
pt_lane_again(struct pt_lane *lane)
{
	struct pitot_error error;
	if (lane->spool != NULL || lane->item.snapshot == NULL)
		return; /* there is nothing to make anew */
	lane->has_batch = false;
	size_t end = lane->work.end, from = lane->batch.from;
	bool part = lane->parts.active;
	if (begin_work(lane, from, lane->work.part, &error) == 0) {
		if (part)
			lane->work.end = end;
		return;
	}
	drop_invalid(lane, &error);
}

/* ---- driving ---- */

static bool
waits(struct pt_lane *lane)
{
	(void)pthread_mutex_lock(&lane->lock);
	bool queued = lane->queue.first != NULL;
	bool unresolved = lane->spool != NULL && (lane->looks || lane->offered != lane->resolved);
	(void)pthread_mutex_unlock(&lane->lock);
	if (lane->spool == NULL || queued || unresolved)
		return queued || unresolved;
	struct pt_spool_state state;
	pt_spool_state(lane->spool, &state);
	return state.records > 0;
}

int64_t
pt_lane_due(struct pt_lane *lane)
{
	if (lane->has_batch)
		return lane->due_ms;
	if (lane->has_item || waits(lane))
		return pt_lane_now(lane);
	return pt_lane_asks(lane) ? lane->due_ms : INT64_MAX;
}

void
pt_lane_look_around(struct pt_lane *lane)
{
	(void)pthread_mutex_lock(&lane->lock);
	lane->looks = lane->spool != NULL;
	(void)pthread_mutex_unlock(&lane->lock);
}

void
pt_lane_hurry(struct pt_lane *lane)
{
	lane->due_ms = pt_lane_now(lane);
}

/*
 * A Pushgateway gets only the newest state: one that came meanwhile takes the place of what waits
 * for another attempt. Its ticket is told with that of the newer one.
 */
static void
supersede(struct pt_lane *lane)
{
	(void)pthread_mutex_lock(&lane->lock);
	bool newer = lane->queue.newest_only && lane->queue.first != NULL;
	if (newer)
		pt_lane_count(lane, PITOT_DROP_REPLACED, lane->item_samples);
	(void)pthread_mutex_unlock(&lane->lock);
	if (!newer)
		return;
	unsigned number = lane->attempt.number;
	struct pitot_error failure = lane->failure;
	pitot_snapshot_free(lane->item.snapshot);
	lane->item.snapshot = NULL;
	lane->has_item = lane->has_batch = false;
	if (fetch(lane)) {
		lane->waited = number; /* waits go on growing */
		lane->failure = failure;
	}
}

/* The same samples by the exporter that is used now, as a further attempt of the same. */
static void
remake(struct pt_lane *lane)
{
	unsigned number = lane->attempt.number, tried = lane->tried;
	bool maybe_stored = lane->attempt.maybe_stored;
	lane->remake = false;
	pt_lane_again(lane);
	if (fetch(lane)) {
		lane->attempt.number = number;
		lane->attempt.maybe_stored = maybe_stored;
		lane->tried = tried;
	}
}

void
pt_lane_step(struct pt_lane *lane, struct pt_deadline *deadline)
{
	pt_lane_heed_rewind(lane);
	if (lane->has_batch && lane->spool == NULL)
		supersede(lane);
	if (lane->has_batch && lane->remake)
		remake(lane);
	lane->remake = false;
	if (fetch(lane))
		pt_lane_attempt(lane, deadline);
	else if (pt_lane_asks(lane))
		pt_lane_probe(lane, deadline);
	if (!lane->has_batch)
		(void)fetch(lane); /* so that what is done is seen to be done */
}

void
pt_lane_run(struct pt_lane *lane, struct pt_deadline *deadline, void (*after)(void *context),
	void *context)
{
	for (;;) {
		int64_t due_ms = pt_lane_due(lane), now_ms = pt_lane_now(lane);
		int64_t left_ms = pt_deadline_left(deadline);
		if (due_ms == INT64_MAX || left_ms == 0 || due_ms - now_ms >= left_ms)
			return;
		if (due_ms > now_ms)
			pt_deadline_sleep(deadline, due_ms);
		if (pt_deadline_left(deadline) > 0)
			pt_lane_step(lane, deadline);
		if (after != NULL)
			after(context);
	}
}

/* ---- giving up ---- */

/* Why no other attempt was made, around the reason of the last. */
static void
tell_end(struct pt_lane *lane)
{
	struct pitot_error error = lane->failure;
	unsigned attempts = lane->attempt.number;
	const char *plural = attempts == 1 ? "" : "s";
	int64_t asked_ms = lane->attempt.answer.retry_after_ms;
	if (error.code == 0)
		(void)pt_error_set(
			&error, PITOT_UNAVAILABLE, "the time was up before it could be sent");
	else if (asked_ms > 0 && lane->due_ms > pt_lane_now(lane))
		(void)pt_error_wrap(&error,
			"given up after %u attempt%s, since the receiver asks to wait %lld s",
			attempts, plural, (long long)((asked_ms + 999) / 1000));
	else
		(void)pt_error_wrap(&error, "given up after %u attempt%s", attempts, plural);
	if (lane->spool != NULL) {
		(void)pt_error_wrap(&error, "kept in the spool");
		if (error.code == PITOT_UNAVAILABLE || error.code == PITOT_NO_HOST)
			error.code = PITOT_SPOOLED;
	}
	pt_lane_trouble(lane, &error);
}

void
pt_lane_abandon(struct pt_lane *lane)
{
	(void)pthread_mutex_lock(&lane->lock);
	lane->asks = false;
	(void)pthread_mutex_unlock(&lane->lock);
	if (pt_lane_due(lane) == INT64_MAX)
		return;
	tell_end(lane);
	pt_lane_recovered(lane);
	if (lane->spool != NULL) {
		(void)pthread_mutex_lock(&lane->lock);
		lane->resolved = lane->offered;
		lane->last = lane->trouble;
		(void)pthread_mutex_unlock(&lane->lock);
		return;
	}
	struct pitot_error trouble = lane->trouble;
	do {
		lane->trouble = trouble;
		if (lane->has_item)
			pt_lane_drop_rest(lane, PITOT_DROP_UNSENT);
	} while (take_item(lane));
}

/* ---- making and freeing ---- */

struct pt_lane *
pt_lane_new(const struct pt_lane_options *options, struct pitot_error *why)
{
	struct pt_lane *lane = calloc(1, sizeof *lane);
	if (lane == NULL) {
		for (size_t i = 0; i < options->exporter_count; i++)
			options->exporters[i]->free(options->exporters[i]);
		pt_spool_close(options->spool);
		(void)pt_error_memory(why);
		return NULL;
	}
	for (size_t i = 0; i < options->exporter_count; i++)
		lane->exporters[i] = options->exporters[i];
	lane->exporter_count = options->exporter_count;
	lane->spool = options->spool;
	lane->spool_bytes = options->spool_bytes;
	lane->max_age_ms = options->max_age_ms;
	lane->split = options->split;
	lane->shard = options->shard;
	lane->shards = options->shards;
	lane->clock = options->clock;
	lane->queue.limit = options->queue_bytes;
	lane->queue.shard = options->shard;
	lane->queue.shards = options->shards;
	lane->queue.natives = options->natives;
	lane->queue.newest_only = pt_lane_is_gateway(lane);
	(void)pthread_mutex_init(&lane->lock, NULL);
	/* Other in every process and lane, so that clients that failed together retry apart. */
	int64_t parts[] = {lane->clock->wall_ms(lane->clock), pt_lane_now(lane), getpid(),
		(int64_t)(uintptr_t)lane};
	pt_retry_init(
		&lane->retry, options->seed != 0 ? options->seed : pt_hash(parts, sizeof parts, 0));
	return lane;
}

void
pt_lane_free(struct pt_lane *lane)
{
	if (lane == NULL)
		return;
	pitot_snapshot_free(lane->item.snapshot);
	pt_queue_clear(&lane->queue);
	pt_spool_close(lane->spool);
	for (size_t i = 0; i < lane->exporter_count; i++)
		lane->exporters[i]->free(lane->exporters[i]);
	(void)pthread_mutex_destroy(&lane->lock);
	free(lane);
}
