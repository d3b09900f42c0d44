/* SPDX-License-Identifier: MIT */
/*
 * Gathering for all lanes. Pushgateways get a snapshot at once, since it carries no times; the
 * others as soon as the clock guard gives it one. A snapshot is offered even when there was no
 * memory to compare it with the last one: the next gather finds the same births and ends.
 */
#include "drive/gatherer.h"

#include "base/error.h"
#include "metrics/registry.h"
#include <stdlib.h>

/* The tickets of one gather, in this order. */
enum { ENDS = 1, BIRTHS, SNAPSHOT, END, TICKETS = END };

void
pt_gatherer_init(struct pt_gatherer *gatherer, struct pitot_registry *registry,
	struct pt_lanes *lanes, const struct pt_clock *clock,
	const struct pitot_push_options *options)
{
	*gatherer = (struct pt_gatherer){
		.registry = registry,
		.clock = clock,
		.lanes = lanes,
		.at_end = options->at_end,
		.hold_bytes = options->queue_bytes,
		.hold_most = pt_gatherer_holds,
		.life = {.anchors = !options->no_zero_anchor},
		.watches_change = options->adaptive.enabled,
	};
	gatherer->own.life = &gatherer->life;
	/* Not so far that it is too old before it is sent. */
	if (options->max_age_ms / 2 < PT_LIMIT_AHEAD_MS)
		gatherer->life.reach_ms = options->max_age_ms / 2;
	if (registry == NULL) {
		/* Many feeds may be gathered at one moment, and none needs room for births. */
		pt_clockguard_init(&gatherer->guard, options->clock, 1);
		return;
	}
	pt_clockguard_init(&gatherer->guard, options->clock, PT_GATHERER_GAP_MS);
	/* acquire: pairs with the release of the pusher that was stopped. */
	int64_t until_ms = atomic_load_explicit(&registry->pushed_until_ms, memory_order_acquire);
	if (until_ms != 0)
		pt_clockguard_stored(&gatherer->guard, until_ms);
	gatherer->life.last_ms = until_ms;
}

/* ---- offering ---- */

/* `snapshot` may be NULL. */
static void
offer(struct pt_gatherer *gatherer, const struct pt_source *source, bool gateways,
	struct pitot_snapshot *snapshot, int64_t time_ms, uint64_t ticket)
{
	bool life = ticket % TICKETS != SNAPSHOT;
	for (size_t i = 0; snapshot != NULL && i < gatherer->lanes->count; i++) {
		struct pt_lane *lane = gatherer->lanes->list[i];
		if (pt_lane_is_gateway(lane) != gateways)
			continue;
		struct pitot_snapshot *view = source->view == NULL
			? pt_snapshot_ref(snapshot)
			: source->view(source->context, i, snapshot);
		if (view != NULL)
			pt_lane_offer(lane, view, time_ms, life, ticket);
		pitot_snapshot_free(view);
	}
}

static int
offer_timed(struct pt_gatherer *gatherer, const struct pt_held *held, int64_t time_ms,
	const struct pt_clockguard_now *now, struct pitot_error *why)
{
	struct pitot_snapshot *ends = NULL, *births = NULL;
	for (size_t i = 0; i < gatherer->lanes->count; i++)
		pt_lane_follow_clock(
			gatherer->lanes->list[i], pt_clockguard_offset(&gatherer->guard, now));
	const struct pt_source *source = held->source;
	int code = source->life == NULL
		? 0
		: pt_lifecycle_follow(source->life, held->snapshot, time_ms, &ends, &births);
	if (ends != NULL)
		offer(gatherer, source, false, ends, ends->time_ms, held->ticket + ENDS);
	if (births != NULL)
		offer(gatherer, source, false, births, births->time_ms, held->ticket + BIRTHS);
	offer(gatherer, source, false, held->snapshot, time_ms, held->ticket + SNAPSHOT);
	pitot_snapshot_free(ends);
	pitot_snapshot_free(births);
	return code == 0 ? 0 : pt_error_memory(why);
}

/* What becomes of the series now that no more samples will come. */
static void
offer_end(struct pt_gatherer *gatherer, const struct pt_held *held, int64_t time_ms)
{
	if (gatherer->at_end == PITOT_END_KEEP || held->source->life == NULL)
		return;
	struct pitot_snapshot *end = pt_lifecycle_end(held->snapshot, time_ms);
	offer(gatherer, held->source, false, end, time_ms + 1, held->ticket + END);
	pitot_snapshot_free(end);
}

static void
end_groups(struct pt_gatherer *gatherer)
{
	enum pt_format action =
		gatherer->at_end == PITOT_END_DELETE ? PT_FORMAT_DELETE : PT_FORMAT_EMPTY;
	for (size_t i = 0; i < gatherer->lanes->count; i++)
		if (pt_lane_is_gateway(gatherer->lanes->list[i]) &&
			gatherer->at_end >= PITOT_END_STALE)
			pt_lane_offer_action(gatherer->lanes->list[i], action, gatherer->ticket);
}

/* ---- what is held ---- */

/* Takes it out of the list; with a reason, it is counted and will never be offered. */
static void
let_go(struct pt_gatherer *gatherer, size_t at, enum pitot_drop reason)
{
	for (size_t i = 0; reason != PITOT_DROP_REASONS && i < gatherer->lanes->count; i++)
		if (!pt_lane_is_gateway(gatherer->lanes->list[i]))
			pt_lane_drop(gatherer->lanes->list[i], gatherer->held[at].snapshot, reason);
	pitot_snapshot_free(gatherer->held[at].snapshot);
	gatherer->held_count--;
	for (; at < gatherer->held_count; at++)
		gatherer->held[at] = gatherer->held[at + 1];
}

/* Takes over the snapshot's reference, also on failure. */
static int
hold(struct pt_gatherer *gatherer, const struct pt_held *held, struct pitot_error *why)
{
	if (gatherer->held_count == gatherer->held_capacity) {
		size_t capacity = gatherer->held_capacity == 0 ? 4 : gatherer->held_capacity * 2;
		struct pt_held *grown = realloc(gatherer->held, capacity * sizeof *grown);
		if (grown == NULL) {
			pitot_snapshot_free(held->snapshot);
			return pt_error_memory(why);
		}
		gatherer->held = grown;
		gatherer->held_capacity = capacity;
	}
	gatherer->held[gatherer->held_count++] = *held;
	return 0;
}

static size_t
bytes_held(const struct pt_gatherer *gatherer)
{
	size_t bytes = 0;
	for (size_t i = 0; i < gatherer->held_count; i++)
		bytes += pt_snapshot_bytes(gatherer->held[i].snapshot);
	return bytes;
}

/* Makes room for one more: every second goes, so that the others are as old as before. */
static void
thin_out(struct pt_gatherer *gatherer)
{
	while (gatherer->held_count > 1 &&
		(gatherer->held_count >= gatherer->hold_most ||
			bytes_held(gatherer) > gatherer->hold_bytes))
		for (size_t i = 1; i < gatherer->held_count; i++)
			let_go(gatherer, i, PITOT_DROP_REPLACED);
}

/* What the answers told of the receivers; the first one's time is what counts. */
static void
hear(struct pt_gatherer *gatherer)
{
	bool first = true;
	for (size_t i = 0; i < gatherer->lanes->count; i++) {
		struct pt_lane_clock heard;
		if (pt_lane_is_gateway(gatherer->lanes->list[i]))
			continue;
		bool news = pt_lane_clock(gatherer->lanes->list[i], &heard);
		if (heard.stored_ms != 0)
			pt_clockguard_stored(&gatherer->guard, heard.stored_ms);
		if (news && first)
			pt_clockguard_answer(&gatherer->guard, heard.date_ms, heard.sent_mono_ms,
				&(struct pt_clockguard_now){heard.wall_ms, heard.mono_ms});
		first = false;
	}
}

static void
ask(struct pt_gatherer *gatherer)
{
	for (size_t i = 0; i < gatherer->lanes->count; i++)
		if (!pt_lane_is_gateway(gatherer->lanes->list[i])) {
			pt_lane_ask(gatherer->lanes->list[i]);
			return;
		}
}

static void
rewind_all(struct pt_gatherer *gatherer, int64_t time_ms)
{
	for (size_t i = 0; i < gatherer->lanes->count; i++)
		if (!pt_lane_is_gateway(gatherer->lanes->list[i]))
			pt_lane_rewind(gatherer->lanes->list[i], time_ms);
	gatherer->life.last_ms = time_ms - PT_GATHERER_GAP_MS;
}

/* The oldest that is held; false if it stays. */
static bool
release_one(struct pt_gatherer *gatherer, bool final, int *code, struct pitot_error *why)
{
	const struct pt_held *held = &gatherer->held[0];
	const struct pt_clockguard_now now = {gatherer->clock->wall_ms(gatherer->clock),
		gatherer->clock->mono_ms(gatherer->clock)};
	bool last = final && gatherer->held_count == 1;
	int64_t time_ms = 0;
	switch ((last ? pt_clockguard_stamp_last : pt_clockguard_stamp)(
		&gatherer->guard, &now, held->mono_ms, &time_ms)) {
	case PT_CLOCKGUARD_ASK:
		ask(gatherer);
		/* fall through */
	case PT_CLOCKGUARD_HOLD:
		if (final)
			let_go(gatherer, 0, PITOT_DROP_CLOCK);
		return final;
	case PT_CLOCKGUARD_DROP:
		*code = pt_error_set(why, PITOT_FAILED,
			"samples were dropped: the clock went back, and the receiver may have "
			"later ones already");
		ask(gatherer); /* the answer brings the report, and shows whose clock is right */
		let_go(gatherer, 0, PITOT_DROP_CLOCK);
		return true;
	case PT_CLOCKGUARD_REWOUND:
		rewind_all(gatherer, time_ms);
		break;
	case PT_CLOCKGUARD_SEND:
		break;
	}
	if (offer_timed(gatherer, held, time_ms, &now, why) != 0)
		*code = PITOT_NO_MEMORY;
	if (last)
		offer_end(gatherer, held, time_ms);
	let_go(gatherer, 0, PITOT_DROP_REASONS);
	return true;
}

static int
release(struct pt_gatherer *gatherer, bool final, struct pitot_error *why)
{
	int code = 0;
	hear(gatherer);
	while (gatherer->held_count > 0 && release_one(gatherer, final, &code, why))
		continue;
	return code;
}

/* ---- the face ---- */

static bool
has_times(const struct pt_gatherer *gatherer)
{
	for (size_t i = 0; i < gatherer->lanes->count; i++)
		if (!pt_lane_is_gateway(gatherer->lanes->list[i]))
			return true;
	return false;
}

int
pt_gatherer_take(struct pt_gatherer *gatherer, const struct pt_source *source,
	struct pitot_snapshot *snapshot, int64_t mono_ms, bool final, struct pitot_error *why)
{
	const struct pt_held held = {source, snapshot, mono_ms, gatherer->ticket};
	gatherer->ticket += TICKETS;
	gatherer->snapshot_ticket = held.ticket + SNAPSHOT;
	offer(gatherer, source, true, snapshot, snapshot->time_ms, gatherer->snapshot_ticket);
	if (final)
		end_groups(gatherer);
	if (!has_times(gatherer)) {
		pitot_snapshot_free(snapshot);
		return 0;
	}
	thin_out(gatherer);
	int code = hold(gatherer, &held, why);
	return code != 0 ? code : release(gatherer, final, why);
}

int
pt_gatherer_run(struct pt_gatherer *gatherer, bool final, struct pitot_error *why)
{
	int64_t mono_ms = gatherer->clock->mono_ms(gatherer->clock);
	struct pitot_snapshot *snapshot = pitot_snapshot_take(gatherer->registry, why);
	if (snapshot == NULL)
		return PITOT_NO_MEMORY;
	if (gatherer->watches_change)
		gatherer->changed = pt_change_count(&gatherer->change, snapshot);
	return pt_gatherer_take(gatherer, &gatherer->own, snapshot, mono_ms, final, why);
}

void
pt_gatherer_forget(struct pt_gatherer *gatherer, const struct pt_source *source)
{
	for (size_t i = gatherer->held_count; i-- > 0;)
		if (gatherer->held[i].source == source)
			let_go(gatherer, i, PITOT_DROP_REASONS);
}

int
pt_gatherer_release(struct pt_gatherer *gatherer, struct pitot_error *why)
{
	return release(gatherer, false, why);
}

void
pt_gatherer_clear(struct pt_gatherer *gatherer)
{
	while (gatherer->held_count > 0)
		let_go(gatherer, 0, PITOT_DROP_REASONS);
	free(gatherer->held);
	pt_lifecycle_clear(&gatherer->life);
	pt_change_clear(&gatherer->change);
}
