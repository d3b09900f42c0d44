/* SPDX-License-Identifier: MIT */
/* Self-telemetry. Declaring fails only as mistakes of the registry; counting never fails. */
#include "drive/selfstats.h"

#include "metrics/index.h"

static struct pt_set *
family(struct pitot_registry *registry, const char *name, const char *help,
	const struct pt_kind *kind, const char *second)
{
	const char *labels[] = {"destination", second};
	return pt_declare(registry,
		&(struct pt_declaration){
			.name = name,
			.help = help,
			.kind = kind,
			.label_names = labels,
			.label_count = second == NULL ? 1 : 2,
			.without_prefix = true,
		});
}

static struct pt_child *
single(struct pitot_registry *registry, const char *name, const char *help,
	const struct pt_kind *kind, struct pt_child *otherwise)
{
	return pt_declare_single(registry,
		&(struct pt_declaration){
			.name = name, .help = help, .kind = kind, .without_prefix = true},
		otherwise);
}

static struct pitot_counter *
counter(struct pitot_registry *registry, const char *name, const char *help)
{
	return (struct pitot_counter *)single(
		registry, name, help, &pt_kind_counter, pt_ignoring_counter);
}

static struct pitot_gauge *
gauge(struct pitot_registry *registry, const char *name, const char *help)
{
	return (struct pitot_gauge *)single(
		registry, name, help, &pt_kind_gauge, pt_ignoring_gauge);
}

static void
init_destinations(struct pt_selfstats *stats, struct pitot_registry *m)
{
	const struct pt_kind *counts = &pt_kind_counter, *values = &pt_kind_gauge;
	stats->pushes = family(m, "pitot_pushes", "Pushes, by result.", counts, "result");
	stats->attempts = family(m, "pitot_push_attempts",
		"HTTP requests of pushes, retries included.", counts, NULL);
	stats->sent = family(
		m, "pitot_samples_sent", "Samples that the receiver acknowledged.", counts, NULL);
	stats->retried = family(m, "pitot_samples_retried",
		"Samples that were sent once more, each time.", counts, NULL);
	stats->failed = family(m, "pitot_samples_failed",
		"Samples that the receiver did not take, by reason.", counts, "reason");
	stats->dropped = family(m, "pitot_samples_dropped",
		"Samples that were given up without being refused, by reason.", counts, "reason");
	stats->errors = family(
		m, "pitot_errors", "Attempts and snapshots that failed, by type.", counts, "type");
	stats->exemplars = family(m, "pitot_exemplars_dropped",
		"Exemplars that the destination cannot carry.", counts, NULL);
	stats->bytes = family(m, "pitot_sent_bytes", "Bytes of request bodies sent.", counts, NULL);
	stats->duration = family(m, "pitot_push_duration_seconds",
		"Time from the gather until a push was reported, retries included.",
		&pt_kind_summary, NULL);
	stats->pending = family(m, "pitot_samples_pending",
		"Samples that wait in the queue or the spool.", values, NULL);
	stats->pending_bytes =
		family(m, "pitot_pending_bytes", "Memory or disk that they take.", values, NULL);
	stats->pending_age =
		family(m, "pitot_pending_age_seconds", "Age of the oldest of them.", values, NULL);
	stats->spool_bytes =
		family(m, "pitot_spool_bytes", "Bytes of the requests in the spool.", values, NULL);
	stats->encoder_bytes = family(
		m, "pitot_encoder_bytes", "Memory that is kept for making requests.", values, NULL);
	stats->success = family(m, "pitot_last_success_timestamp_seconds",
		"When the last push that delivered everything began, since the epoch.", values,
		NULL);
}

static void
init_state(struct pt_selfstats *stats, struct pitot_registry *m)
{
	static const char *const states[] = {"up", "retrying", "denied"};
	static const char *const destination = "destination";
	stats->state = pt_declare(m,
		&(struct pt_declaration){
			.name = "pitot_destination_state",
			.help = "What the last attempt says of the destination.",
			.kind = &pt_kind_stateset,
			.shape = {.states = states, .count = 3},
			.label_names = &destination,
			.label_count = 1,
			.without_prefix = true,
		});
}

void
pt_selfstats_init_destinations(struct pt_selfstats *stats, struct pitot_registry *m)
{
	*stats = (struct pt_selfstats){.registry = m};
	init_destinations(stats, m);
	init_state(stats, m);
}

void
pt_selfstats_init(struct pt_selfstats *stats, struct pitot_registry *m)
{
	static const char *const by[] = {"mode", "forced"};
	pt_selfstats_init_destinations(stats, m);
	stats->flushes = pt_declare(m,
		&(struct pt_declaration){
			.name = "pitot_flushes",
			.help = "Gathers, by the mode of the interval, and whether one was asked "
				"for or forced by a full queue.",
			.kind = &pt_kind_counter,
			.label_names = by,
			.label_count = 2,
			.without_prefix = true,
		});
	stats->interval =
		gauge(m, "pitot_flush_interval_seconds", "The time until the next gather.");
	stats->event_rate =
		gauge(m, "pitot_event_rate", "Samples that change in a second, smoothed.");
	stats->healthy = gauge(m, "pitot_healthy", "0 while the breaker is open.");
	stats->trips = counter(m, "pitot_breaker_trips", "Times that the breaker opened.");
	stats->clock_offset = gauge(m, "pitot_clock_offset_seconds",
		"How much this clock is ahead of the receiver's, beyond doubt.");
	stats->series = gauge(m, "pitot_series", "Series of the registry.");
	stats->label_sets = gauge(m, "pitot_label_sets", "Instruments of the registry.");
	stats->expired = counter(
		m, "pitot_label_sets_expired", "Label sets that ended because they were idle.");
	stats->overflows = counter(m, "pitot_label_set_overflows",
		"Times that a family was full and its overflow series was used.");
}

/* ---- by destination ---- */

static struct pt_child *
of(struct pt_set *set, const char *destination, const char *second, struct pt_child *otherwise)
{
	struct pt_values values;
	pt_values_begin(&values, set);
	pt_values_add(&values, destination);
	if (second != NULL)
		pt_values_add(&values, second);
	struct pt_child *child = set == NULL ? NULL : pt_family_get(set, &values);
	return child == NULL ? otherwise : child;
}

static void
count(struct pt_set *set, const char *destination, const char *second, double amount)
{
	pitot_counter_add(
		(struct pitot_counter *)of(set, destination, second, pt_ignoring_counter), amount);
}

static void
put(struct pt_set *set, const char *destination, double value)
{
	pitot_gauge_set((struct pitot_gauge *)of(set, destination, NULL, pt_ignoring_gauge), value);
}

static bool
is_failure(enum pitot_drop reason)
{
	return reason == PITOT_DROP_REFUSED || reason == PITOT_DROP_DENIED ||
		reason == PITOT_DROP_POISON || reason == PITOT_DROP_UNSENT;
}

static const char *
type_of(int code)
{
	switch (code) {
	case PITOT_NO_HOST:
		return "no_host";
	case PITOT_UNAVAILABLE:
	case PITOT_SPOOLED:
		return "unavailable";
	case PITOT_DENIED:
		return "denied";
	case PITOT_REFUSED:
		return "refused";
	case PITOT_BAD_INPUT:
		return "bad_input";
	default:
		return "other";
	}
}

void
pt_selfstats_destinations(struct pt_selfstats *stats, const struct pt_lanes *lanes)
{
	for (size_t i = 0; i < lanes->count; i++) {
		struct pt_lane_view view;
		pt_lane_look(lanes->list[i], &view);
		count(stats->pushes, view.url, "success", 0);
		count(stats->pushes, view.url, "failure", 0);
		for (int reason = 0; reason < PITOT_DROP_REASONS; reason++)
			if (is_failure((enum pitot_drop)reason))
				count(stats->failed, view.url,
					pitot_drop_text((enum pitot_drop)reason), 0);
	}
}

static void
set_state(struct pt_selfstats *stats, const struct pitot_report *report)
{
	int code = report->error.code;
	size_t state = code == PITOT_DENIED || code == PITOT_FAILED                           ? 2
		: code == PITOT_UNAVAILABLE || code == PITOT_NO_HOST || code == PITOT_SPOOLED ? 1
											      : 0;
	pitot_stateset_only(
		(struct pitot_stateset *)of(stats->state, report->url, NULL, pt_ignoring_stateset),
		state);
}

void
pt_selfstats_count(struct pt_selfstats *stats, const struct pitot_report *report)
{
	const char *url = report->url;
	bool ok = report->error.code == PITOT_OK;
	if (report->attempts == 0 && ok)
		return; /* nothing happened but an end */
	count(stats->pushes, url, ok ? "success" : "failure", 1);
	count(stats->attempts, url, NULL, (double)report->attempts);
	count(stats->sent, url, NULL, (double)report->samples_sent);
	count(stats->retried, url, NULL, (double)report->samples_retried);
	count(stats->exemplars, url, NULL, (double)report->exemplars_dropped);
	count(stats->bytes, url, NULL, (double)report->bytes_sent);
	for (int i = 0; i < PITOT_DROP_REASONS; i++) {
		enum pitot_drop reason = (enum pitot_drop)i;
		if (report->dropped[i] > 0)
			count(is_failure(reason) ? stats->failed : stats->dropped, url,
				pitot_drop_text(reason), (double)report->dropped[i]);
	}
	pitot_summary_observe(
		(struct pitot_summary *)of(stats->duration, url, NULL, pt_ignoring_summary),
		(double)report->duration_ms / 1000);
	set_state(stats, report);
	if (ok)
		put(stats->success, url, (double)report->time_ms / 1000);
	else
		count(stats->errors, url, type_of(report->error.code), 1);
}

/* ---- before a gather ---- */

/* The shards of one destination are told as one. */
static void
gauge_destination(
	struct pt_selfstats *stats, const struct pt_lanes *lanes, size_t first, int64_t wall_ms)
{
	struct pt_lane_view sum, view;
	pt_lane_look(lanes->list[first], &sum);
	for (size_t i = 0; i < first; i++) {
		pt_lane_look(lanes->list[i], &view);
		if (strcmp(view.url, sum.url) == 0)
			return; /* it was told with that one */
	}
	for (size_t i = first + 1; i < lanes->count; i++) {
		pt_lane_look(lanes->list[i], &view);
		if (strcmp(view.url, sum.url) != 0)
			continue;
		sum.samples += view.samples;
		sum.queue_bytes += view.queue_bytes;
		sum.spool_bytes += view.spool_bytes;
		sum.encoder_bytes += view.encoder_bytes;
		if (view.oldest_ms != 0 && (sum.oldest_ms == 0 || view.oldest_ms < sum.oldest_ms))
			sum.oldest_ms = view.oldest_ms;
	}
	int64_t age_ms = sum.oldest_ms == 0 ? 0 : wall_ms - sum.oldest_ms;
	put(stats->pending, sum.url, (double)sum.samples);
	put(stats->pending_bytes, sum.url, (double)(sum.queue_bytes + sum.spool_bytes));
	put(stats->pending_age, sum.url, age_ms > 0 ? (double)age_ms / 1000 : 0);
	put(stats->encoder_bytes, sum.url, (double)sum.encoder_bytes);
	if (sum.has_spool)
		put(stats->spool_bytes, sum.url, (double)sum.spool_bytes);
}

static void
gauge_registry(struct pt_selfstats *stats)
{
	struct pt_registry_state state;
	pt_registry_state(stats->registry, &state);
	pitot_gauge_set(stats->series, (double)state.series);
	pitot_gauge_set(stats->label_sets, (double)state.label_sets);
	pt_counter_set(stats->expired, (double)state.expired);
	pt_counter_set(stats->overflows, (double)state.overflowed);
}

void
pt_selfstats_gauge(struct pt_selfstats *stats, const struct pt_lanes *lanes, int64_t wall_ms)
{
	for (size_t i = 0; i < lanes->count; i++)
		gauge_destination(stats, lanes, i, wall_ms);
	if (stats->series != NULL)
		gauge_registry(stats);
}

void
pt_selfstats_rhythm(
	struct pt_selfstats *stats, const struct pt_adaptive *adaptive, int64_t clock_offset_ms)
{
	pitot_gauge_set(stats->clock_offset, (double)clock_offset_ms / 1000);
	pitot_gauge_set(stats->interval, (double)pt_adaptive_interval_ms(adaptive) / 1000);
	pitot_gauge_set(stats->event_rate, adaptive->event_rate);
	pitot_gauge_set(stats->healthy, pt_adaptive_healthy(adaptive) ? 1 : 0);
	pitot_counter_add(stats->trips, (double)(adaptive->trips - stats->trips_seen));
	stats->trips_seen = adaptive->trips;
}

void
pt_selfstats_flush(struct pt_selfstats *stats, enum pitot_rhythm mode, bool forced)
{
	count(stats->flushes, pitot_rhythm_text(mode), forced ? "true" : "false", 1);
}
