/* SPDX-License-Identifier: MIT */
/*
 * The snapshots that wait for one destination, oldest first, within a bound of memory. Not thread
 * safe: its lane's lock guards it.
 */
#ifndef PT_EXPORT_QUEUE_H
#define PT_EXPORT_QUEUE_H

#include "export/formats.h"
#include "model/snapshot.h"
#include <pitot/push.h>

struct pt_queued {
	struct pitot_snapshot *snapshot; /* referenced; NULL for an action */
	enum pt_format action;           /* PT_FORMAT_EMPTY or _DELETE where there is no snapshot */
	int64_t time_ms;                 /* of samples that have none of their own */
	bool only_ends; /* births and ends of series: no later snapshot stands for them */
	uint64_t ticket;
	size_t samples; /* of the snapshot, this lane's; filled by pt_queue_take() */
};

struct pt_queue {
	size_t limit; /* in bytes */
	/* Which samples of a snapshot are this lane's, for counting. */
	unsigned shard, shards; /* 0 and 1: all */
	bool natives;           /* native histograms, in place of their classic series */
	/* Only the newest state counts: whatever is added takes the place of what waits. */
	bool newest_only;
	/* private */
	struct pt_queue_node *first, *last;
	struct pt_queue_node *spare; /* NULL, or one for the next snapshot */
	size_t bytes, samples;
	size_t dropped[PITOT_DROP_REASONS]; /* samples, since somebody took the numbers */
};

void pt_queue_clear(struct pt_queue *queue);
/*
 * Takes over the snapshot's reference. When the limit is passed, samples that have a newer one of
 * the same series behind them go, oldest first; then the oldest of all. PITOT_NO_MEMORY: it was not
 * added.
 */
int pt_queue_add(struct pt_queue *queue, const struct pt_queued *queued, struct pitot_error *why);
/* Takes out what has this time or a later one; returns how many samples that were. */
size_t pt_queue_rewind(struct pt_queue *queue, int64_t time_ms);
/* Takes the first out, with its reference; false if there is none. */
bool pt_queue_take(struct pt_queue *queue, struct pt_queued *queued);
/* The time of the first; 0 if there is none. */
int64_t pt_queue_oldest(const struct pt_queue *queue);
/* The samples of a snapshot that are this lane's. */
size_t pt_queue_samples(const struct pt_queue *queue, const struct pitot_snapshot *snapshot);

#endif
