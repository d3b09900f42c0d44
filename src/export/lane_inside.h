/* SPDX-License-Identifier: MIT */
/* The inside of a lane, shared by lane.c, lane_offer.c, lane_fate.c and lane_report.c. */
#ifndef PT_EXPORT_LANE_INSIDE_H
#define PT_EXPORT_LANE_INSIDE_H

#include <pthread.h>
#include "export/lane.h"
#include "export/queue.h"

/* A part of a refused request that is still to be sent. */
struct pt_lane_range {
	size_t from, to;
};

enum { pt_lane_ranges = 40 };

/* The search for the bad series of a refused request. */
struct pt_lane_split {
	struct pt_lane_range waiting[pt_lane_ranges]; /* a stack */
	size_t count;
	size_t outer_end; /* where the work ended before */
	bool active;
	unsigned requests; /* made in this search */
	unsigned in_vain;  /* refused in a row, before any was taken */
	size_t found;      /* bad series */
};

struct pt_lane {
	/* Constant. */
	struct pt_exporter *exporters[PT_LANE_EXPORTERS];
	size_t exporter_count;
	struct pt_spool *spool;
	uint64_t spool_bytes;
	int64_t max_age_ms;
	bool split;
	unsigned shard, shards;
	const struct pt_clock *clock;

	/* How far the clock that samples follow is ahead of the wall clock; relaxed: on its own. */
	_Atomic int64_t sample_ahead_ms;

	/* Of the thread that steps. */
	size_t current;        /* the exporter that is used */
	int64_t prefer_ms;     /* when to try the first one again */
	bool remake;           /* the batch was made by another exporter */
	struct pt_queued item; /* the snapshot on its way; none with a spool */
	bool has_item;
	struct pt_work work;
	struct pt_batch batch; /* the request on its way */
	bool has_batch;
	struct pt_attempt attempt;
	unsigned waited;   /* attempts of what this batch took the place of */
	unsigned tried;    /* exporters in a row that were down */
	unsigned sick;     /* answers 500 in a row to this batch */
	unsigned verdicts; /* probes in a row that showed the receiver alive meanwhile */
	struct pt_lane_split parts;
	struct pt_retry retry;
	int64_t due_ms;
	unsigned questions;         /* for the receiver's time, in a row without an answer */
	struct pitot_error trouble; /* of the item: the first reason why it is not all delivered */
	struct pitot_error failure; /* of the last attempt that is to be repeated */
	size_t skipped[PITOT_DROP_REASONS]; /* of the work, as far as they were counted */
	size_t exemplars_skipped;

	pthread_mutex_t lock; /* guards what follows */
	struct pt_queue queue;
	struct pitot_report report; /* since it was last taken */
	int64_t started_ms;         /* when the report begins, in monotonic time */
	struct pitot_error hiccup;  /* the last failure, while it may still be made good */
	bool news;
	size_t item_samples;              /* of the item, still to be sent */
	uint64_t offered;                 /* with a spool: the last ticket */
	struct pitot_error offer_error;   /* with a spool: of the last offer */
	struct pt_spool_state spool_seen; /* what it told when it was last asked */
	struct pt_lane_clock clock_seen;
	bool clock_news;
	bool asks;  /* for the receiver's time */
	bool looks; /* for queues that other processes left in the spool */
	bool rewound;
	int64_t rewound_ms;
	uint64_t resolved;
	struct pitot_error last; /* of the last one that was resolved */
};

/* lane_fate.c: one attempt to send lane->batch, and what follows from it. */
void pt_lane_attempt(struct pt_lane *lane, struct pt_deadline *deadline);
/* The rest of the item, this batch included, is given up for `reason`. */
void pt_lane_drop_rest(struct pt_lane *lane, enum pitot_drop reason);

/* lane.c */
static inline struct pt_exporter *
pt_lane_exporter(const struct pt_lane *lane)
{
	return lane->exporters[lane->current];
}
/* The batch is done with: on to the next. */
void pt_lane_next(struct pt_lane *lane);
/* The batch is to be made anew: for another version, or by another exporter. */
void pt_lane_again(struct pt_lane *lane);
/* The item is done with, and what it ended with is its trouble. */
void pt_lane_finish(struct pt_lane *lane);

static inline int64_t
pt_lane_now(const struct pt_lane *lane)
{
	return lane->clock->mono_ms(lane->clock);
}

/* ---- lane_clock.c ---- */

/* What the answer to lane->batch, which was sent at `sent_ms`, says of time. */
void pt_lane_note_answer(struct pt_lane *lane, const struct pt_outcome *outcome, int64_t sent_ms);
bool pt_lane_asks(struct pt_lane *lane);
void pt_lane_probe(struct pt_lane *lane, struct pt_deadline *deadline);
/* Gives up the item if it was stamped by a clock that was ahead. */
void pt_lane_heed_rewind(struct pt_lane *lane);

/* Now, by the clock that samples follow. */
static inline int64_t
pt_lane_sample_now(const struct pt_lane *lane)
{
	return lane->clock->wall_ms(lane->clock) +
		atomic_load_explicit(&lane->sample_ahead_ms, memory_order_relaxed);
}

/* ---- lane_report.c ---- */

/* Counts samples that will never be delivered. */
void pt_lane_count_drop(struct pt_lane *lane, enum pitot_drop reason, uint64_t samples);
/* The same, and the report's beginning, with the lock held. */
void pt_lane_count(struct pt_lane *lane, enum pitot_drop reason, uint64_t samples);
void pt_lane_begin_report(struct pt_lane *lane);
/* What of the work never got into a request, since `before`, which is brought up to date. */
void pt_lane_count_skipped(struct pt_lane *lane, const struct pt_work *work, size_t before[],
	size_t *exemplars_before);
/* Keeps the first reason why the item is not all delivered, and tells it. */
void pt_lane_trouble(struct pt_lane *lane, const struct pitot_error *error);
/* Tells of a failure that may still be made good, and that it was, or will not be. */
void pt_lane_tell(struct pt_lane *lane, const struct pitot_error *error);
void pt_lane_recovered(struct pt_lane *lane);
/* Puts the verb and the URL before what a lane tells. */
void pt_lane_say_where(
	const struct pt_lane *lane, enum pt_format format, struct pitot_error *error);
/* Tells it as it is. */
void pt_lane_report_error(struct pt_lane *lane, const struct pitot_error *error);

#endif
