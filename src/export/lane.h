/* SPDX-License-Identifier: MIT */
/*
 * A lane brings snapshots to one destination, one request at a time and in order, whatever happens
 * on the way: it keeps what waits (in memory or in a spool), retries, fails over, and keeps account
 * of every sample. It has no thread: whoever drives it calls step when it is due.
 *
 * One thread offers, another may step; reports and state are for any.
 */
#ifndef PT_EXPORT_LANE_H
#define PT_EXPORT_LANE_H

#include "export/exporter.h"
#include "spool/spool.h"

struct pt_lane;

struct pt_lane_options {
	/* In order of preference; more than one: the next is used while those before are down. */
	struct pt_exporter *const *exporters;
	size_t exporter_count;  /* 1 to PT_LANE_EXPORTERS */
	struct pt_spool *spool; /* or NULL */
	size_t queue_bytes;
	uint64_t spool_bytes;
	int64_t max_age_ms; /* 0: no limit */
	bool split;         /* find the bad series of a refused request of 1.0 */
	unsigned shard, shards;
	bool natives; /* the receiver takes native histograms; only for counting what waits */
	const struct pt_clock *clock;
	uint64_t seed; /* of the waits' jitter; 0: another one in every process and lane */
};

#define PT_LANE_EXPORTERS 16

/* Takes over exporters and spool, also on failure, which is want of memory. */
struct pt_lane *pt_lane_new(const struct pt_lane_options *options, struct pitot_error *why);
/* What still waits in memory is not counted any more: abandon it before. */
void pt_lane_free(struct pt_lane *lane);

/*
 * Adds a snapshot (which gets a reference) at the end. `ticket` is told back when it has left the
 * lane; tickets rise. With a spool it is in the spool when this returns. Failures are counted and
 * reported like those of delivery.
 */
void pt_lane_offer(struct pt_lane *lane, struct pitot_snapshot *snapshot, int64_t time_ms,
	bool only_ends, uint64_t ticket);
/* Adds PT_FORMAT_EMPTY or PT_FORMAT_DELETE, for a Pushgateway. */
void pt_lane_offer_action(struct pt_lane *lane, enum pt_format action, uint64_t ticket);
/* Whether it is a Pushgateway's: no times, no births and ends of series. */
bool pt_lane_is_gateway(const struct pt_lane *lane);

/* Counts the samples of a snapshot that is not offered. */
void pt_lane_drop(
	struct pt_lane *lane, const struct pitot_snapshot *snapshot, enum pitot_drop reason);
/*
 * Drops, as PITOT_DROP_CLOCK, what waits in memory with this time or a later one: the clock was
 * ahead when it was stamped.
 */
void pt_lane_rewind(struct pt_lane *lane, int64_t time_ms);
/* Samples follow a clock that is so far ahead of the wall clock; at first 0. */
void pt_lane_follow_clock(struct pt_lane *lane, int64_t ahead_ms);
/*
 * Asks for the receiver's time, by an empty request, unless another is under way; for remote write.
 * It is asked again until there is an answer.
 */
void pt_lane_ask(struct pt_lane *lane);
/* The receiver's last answer that told its time, and both of our clocks then. */
struct pt_lane_clock {
	int64_t date_ms;      /* what it told, in whole seconds */
	int64_t sent_mono_ms; /* when the request was sent */
	int64_t mono_ms, wall_ms;
	int64_t stored_ms; /* of what a receiver may have got since the last call; 0: none */
};
/* *clock is filled; true if an answer came since the last call. */
bool pt_lane_clock(struct pt_lane *lane, struct pt_lane_clock *clock);

/* The next step looks for what other processes left in the spool. From any thread. */
void pt_lane_look_around(struct pt_lane *lane);
/* When the next step is worth it, in monotonic time: INT64_MAX when nothing waits. */
int64_t pt_lane_due(struct pt_lane *lane);
/* Forgets the wait before the next attempt. Called by the thread that steps. */
void pt_lane_hurry(struct pt_lane *lane);
/* At most one request, not beyond the deadline. */
void pt_lane_step(struct pt_lane *lane, struct pt_deadline *deadline);
/* Steps until nothing waits or the deadline makes more useless; `after` each step, or NULL. */
void pt_lane_run(struct pt_lane *lane, struct pt_deadline *deadline, void (*after)(void *context),
	void *context);
/* Gives up what waits: counts it as unsent, unless it is in the spool. */
void pt_lane_abandon(struct pt_lane *lane);

/* All with this ticket or an earlier one have left the lane; *error is what became of the last. */
uint64_t pt_lane_resolved(struct pt_lane *lane, struct pitot_error *error);
/* What a lane holds. */
struct pt_lane_view {
	char url[PITOT_URL_TEXT];
	size_t samples; /* that wait */
	uint64_t queue_bytes, queue_limit;
	uint64_t spool_bytes, spool_limit;
	int64_t oldest_ms; /* of the first that waits; 0: none does */
	size_t encoder_bytes;
	bool has_spool;
};
void pt_lane_look(struct pt_lane *lane, struct pt_lane_view *view);
/*
 * Whether there is something to report: nothing waits any more, an attempt failed, or it has been
 * a second. Called by the thread that steps.
 */
bool pt_lane_has_news(struct pt_lane *lane);
/*
 * What happened since the last call. False if nothing did but waiting; the report is filled all the
 * same.
 */
bool pt_lane_report(struct pt_lane *lane, struct pitot_report *report);

#endif
