/* SPDX-License-Identifier: MIT */
/*
 * Pure arithmetic; only the options can be wrong.
 *
 * The load is the weighted mean of three shares, each cut to 0 … 1 before it is smoothed, so that
 * one burst counts no more than full load once. Below the lower threshold the shortest interval
 * serves; above the upper one the longest; between them it grows linearly with the load. More load
 * makes pushes rarer, which makes a push cheaper for each sample that it carries.
 *
 * A failed push counts as a slow one, and as a full share of time: a receiver that is away refuses
 * connections within a millisecond, which must not look like an idle one to be pushed to more
 * often. The breaker closes with the first push that is delivered in time; the load is followed
 * while it is open, so that the interval is right at once then.
 */
#include "drive/adaptive.h"

#include "base/error.h"
#include "base/limits.h"
#include "base/number.h"
#include <inttypes.h>

/* ---- options ---- */

static int
complete_time(const char *name, int64_t *value, int64_t otherwise, struct pitot_error *why)
{
	if (*value < 0 || *value > PT_LIMIT_DURATION_MS)
		return pt_error_set(why, PITOT_USAGE,
			"adaptive.%s: %" PRId64 " is not allowed: 1 to %" PRId64
			", or 0 for the default of %" PRId64,
			name, *value, PT_LIMIT_DURATION_MS, otherwise);
	if (*value == 0)
		*value = otherwise;
	return 0;
}

static int
complete_times(struct pitot_adaptive_options *options, int64_t interval_ms, struct pitot_error *why)
{
	int64_t third = interval_ms < 3 ? 1 : interval_ms / 3;
	int code = complete_time("min_interval_ms", &options->min_interval_ms, third, why);
	if (code != 0)
		return code;
	int64_t sixfold = options->min_interval_ms > PT_LIMIT_DURATION_MS / 6
		? PT_LIMIT_DURATION_MS
		: options->min_interval_ms * 6;
	code = complete_time("max_interval_ms", &options->max_interval_ms, sixfold, why);
	if (code == 0)
		code = complete_time(
			"fixed_interval_ms", &options->fixed_interval_ms, interval_ms, why);
	if (code == 0)
		code = complete_time("slow_push_ms", &options->slow_push_ms, 2000, why);
	if (code == 0)
		code = complete_time(
			"full_duration_ms", &options->full_duration_ms, options->slow_push_ms, why);
	if (code == 0 && options->max_interval_ms < options->min_interval_ms)
		return pt_error_set(why, PITOT_USAGE,
			"adaptive.max_interval_ms: %" PRId64
			" is not allowed: at least min_interval_ms, which is %" PRId64,
			options->max_interval_ms, options->min_interval_ms);
	return code;
}

static int
tell_number(const char *name, double value, const char *allowed, struct pitot_error *why)
{
	char text[PT_NUMBER_TEXT];
	int length = (int)pt_number_format(text, value, PT_NUMBER_PLAIN);
	return pt_error_set(why, PITOT_USAGE, "adaptive.%s: %.*s is not allowed: %s", name, length,
		text, allowed);
}

static int
complete_weights(struct pitot_adaptive_options *options, struct pitot_error *why)
{
	const struct {
		const char *name;
		double value;
	} weights[] = {{"rate_weight", options->rate_weight},
		{"pending_weight", options->pending_weight},
		{"duration_weight", options->duration_weight}};
	double sum = 0;
	for (size_t i = 0; i < sizeof weights / sizeof weights[0]; i++) {
		if (!(weights[i].value >= 0 && weights[i].value <= 1e6)) /* NaN too */
			return tell_number(weights[i].name, weights[i].value, "0 to 1e6", why);
		sum += weights[i].value;
	}
	if (sum > 0)
		return 0;
	options->rate_weight = 0.5;
	options->pending_weight = 0.3;
	options->duration_weight = 0.2;
	return 0;
}

static int
complete_numbers(struct pitot_adaptive_options *options, struct pitot_error *why)
{
	const struct {
		const char *name;
		double *value, otherwise, most;
		const char *allowed;
	} numbers[] = {
		{"full_rate", &options->full_rate, 1000, 1e15,
			"above 0 up to 1e15, or 0 for the default of 1000"},
		{"full_pending", &options->full_pending, 0.5, 1,
			"above 0 up to 1, or 0 for the default of 0.5"},
		{"smoothing", &options->smoothing, 0.3, 1,
			"above 0 up to 1, or 0 for the default of 0.3"},
		{"low_load", &options->low_load, 0.3, 1,
			"above 0 up to 1, or 0 for the default of 0.3"},
		{"high_load", &options->high_load, 0.7, 1,
			"above 0 up to 1, or 0 for the default of 0.7"},
	};
	for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
		double value = *numbers[i].value;
		if (!(value >= 0 && value <= numbers[i].most)) /* NaN too */
			return tell_number(numbers[i].name, value, numbers[i].allowed, why);
		if (value == 0)
			*numbers[i].value = numbers[i].otherwise;
	}
	if (options->low_load >= options->high_load)
		return tell_number(
			"low_load", options->low_load, "it must be below high_load", why);
	return 0;
}

int
pt_adaptive_init(struct pt_adaptive *adaptive, const struct pitot_adaptive_options *options,
	int64_t interval_ms, struct pitot_error *why)
{
	struct pitot_adaptive_options complete = *options;
	int code = complete_times(&complete, interval_ms, why);
	if (code == 0)
		code = complete_weights(&complete, why);
	if (code == 0)
		code = complete_numbers(&complete, why);
	if (code != 0)
		return code;
	if (complete.slow_pushes == 0)
		complete.slow_pushes = 5;
	if (!complete.enabled)
		complete.fixed_interval_ms = interval_ms;
	*adaptive = (struct pt_adaptive){.options = complete};
	return 0;
}

/* ---- load and breaker ---- */

static double
share_of(double part, double full)
{
	return part < full ? part / full : 1;
}

static void
watch_push(struct pt_adaptive *adaptive, int64_t push_ms, bool ok)
{
	const struct pitot_adaptive_options *options = &adaptive->options;
	adaptive->duration_share =
		ok ? share_of((double)push_ms, (double)options->full_duration_ms) : 1;
	if (ok && push_ms <= options->slow_push_ms) {
		adaptive->slow_in_row = 0;
		adaptive->tripped = false;
		return;
	}
	if (adaptive->tripped || ++adaptive->slow_in_row < options->slow_pushes)
		return;
	adaptive->tripped = true;
	adaptive->trips++;
}

void
pt_adaptive_observe(struct pt_adaptive *adaptive, const struct pt_adaptive_observed *observed)
{
	const struct pitot_adaptive_options *options = &adaptive->options;
	if (!options->enabled)
		return;
	if (observed->push_ms >= 0)
		watch_push(adaptive, observed->push_ms, observed->push_ok);
	double elapsed_ms = observed->elapsed_ms < 1 ? 1 : (double)observed->elapsed_ms;
	double rate = (double)observed->changed_samples * 1000 / elapsed_ms;
	double pending = observed->capacity_bytes == 0
		? 0
		: (double)observed->pending_bytes / (double)observed->capacity_bytes;
	double load = options->rate_weight * share_of(rate, options->full_rate) +
		options->pending_weight * share_of(pending, options->full_pending) +
		options->duration_weight * adaptive->duration_share;
	load /= options->rate_weight + options->pending_weight + options->duration_weight;
	adaptive->load += options->smoothing * (load - adaptive->load);
	adaptive->event_rate += options->smoothing * (rate - adaptive->event_rate);
}

/* ---- what follows from them ---- */

enum pitot_rhythm
pt_adaptive_mode(const struct pt_adaptive *adaptive)
{
	if (!adaptive->options.enabled || adaptive->tripped)
		return PITOT_RHYTHM_DISABLED;
	if (adaptive->load < adaptive->options.low_load)
		return PITOT_RHYTHM_AGGRESSIVE;
	if (adaptive->load > adaptive->options.high_load)
		return PITOT_RHYTHM_CONSERVATIVE;
	return PITOT_RHYTHM_BALANCED;
}

int64_t
pt_adaptive_interval_ms(const struct pt_adaptive *adaptive)
{
	const struct pitot_adaptive_options *options = &adaptive->options;
	double share = 0;
	switch (pt_adaptive_mode(adaptive)) {
	case PITOT_RHYTHM_DISABLED:
		return options->fixed_interval_ms;
	case PITOT_RHYTHM_AGGRESSIVE:
		return options->min_interval_ms;
	case PITOT_RHYTHM_CONSERVATIVE:
		return options->max_interval_ms;
	case PITOT_RHYTHM_BALANCED:
		break;
	}
	share = (adaptive->load - options->low_load) / (options->high_load - options->low_load);
	return options->min_interval_ms +
		(int64_t)(share * (double)(options->max_interval_ms - options->min_interval_ms));
}

bool
pt_adaptive_healthy(const struct pt_adaptive *adaptive)
{
	return !adaptive->tripped;
}

bool
pt_adaptive_forced(struct pt_adaptive *adaptive, size_t pending_bytes, size_t capacity_bytes)
{
	bool full = capacity_bytes > 0 && pending_bytes >= capacity_bytes;
	bool forced = adaptive->options.enabled && full && !adaptive->was_full;
	adaptive->was_full = full;
	return forced;
}

const char *
pitot_rhythm_text(enum pitot_rhythm rhythm)
{
	switch (rhythm) {
	case PITOT_RHYTHM_AGGRESSIVE:
		return "aggressive";
	case PITOT_RHYTHM_BALANCED:
		return "balanced";
	case PITOT_RHYTHM_CONSERVATIVE:
		return "conservative";
	case PITOT_RHYTHM_DISABLED:
		break;
	}
	return "disabled";
}
