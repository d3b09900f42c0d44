/* SPDX-License-Identifier: MIT */
/*
 * The rules of remote write (specs/remote-write 2 and 6) for what stands around the samples:
 * symbols, start times, exemplars, metadata, native histograms. Each writes the first thing that is
 * wrong.
 */
#include <math.h>
#include <string.h>
#include "cli/sink_message.h"

#define EXEMPLAR_LIMIT 128 /* code points of its labels */
#define SCHEMA_MIN (-4)
#define SCHEMA_MAX 8

static size_t
series_count(const struct sink_view *view)
{
	return view->write != NULL ? view->write->series_count : 0;
}

static void
tell(struct sink_text *found, const struct sink_view *view, size_t series, const char *what)
{
	sink_text_format(found, "%s in series %zu, \"%s\"", what, series,
		sink_timeseries_name(&view->write->series[series]));
}

/* ---- the message ---- */

SINK_RULE(write_fields)
{
	if (view->undecoded != NULL)
		sink_text_str(found, view->undecoded);
	if (view->write != NULL && view->write->unknown > 0)
		sink_text_format(
			found, "%zu fields that the message does not have", view->write->unknown);
}

SINK_RULE(write_symbols)
{
	if (view->write != NULL && view->write->symbols.length > 0)
		sink_text_str(found, sink_text_chars(&view->write->symbols));
}

SINK_RULE(write_refs)
{
	if (view->write != NULL && view->write->refs.length > 0)
		sink_text_str(found, sink_text_chars(&view->write->refs));
}

/* ---- start times ---- */

static bool
is_cumulative(int type)
{
	return type == SINK_TYPE_COUNTER || type == SINK_TYPE_HISTOGRAM ||
		type == SINK_TYPE_SUMMARY;
}

/* What is wrong with one, after `held`; both times in milliseconds. */
static const char *
wrong_start(const struct sink_timeseries *series, const struct sink_series *held, int64_t start_ms,
	int64_t time_ms)
{
	bool is_known = series->is_described && series->type != SINK_TYPE_UNKNOWN;
	if (start_ms == 0)
		return NULL;
	if (is_known && !is_cumulative(series->type))
		return "a start time where nothing is counted";
	if (start_ms > time_ms)
		return "a start time behind the sample's";
	if (held->accepted && held->start_ms != 0 && start_ms < held->start_ms)
		return "a start time that went back";
	return NULL;
}

SINK_RULE(sample_start)
{
	for (size_t i = 0; i < series_count(view); i++) {
		const struct sink_timeseries *series = &view->write->series[i];
		const char *wrong = NULL;
		for (size_t k = 0; wrong == NULL && k < series->sample_count; k++)
			wrong = wrong_start(series, view->series[i], series->samples[k].start_ms,
				series->samples[k].time_ms);
		for (size_t k = 0; wrong == NULL && k < series->native_count; k++)
			wrong = wrong_start(series, view->series[i], series->natives[k].start_ms,
				series->natives[k].time_ms);
		if (wrong != NULL) {
			tell(found, view, i, wrong);
			return;
		}
	}
}

/* ---- exemplars and metadata ---- */

static size_t
code_points(const char *text)
{
	size_t count = 0;
	for (; *text != '\0'; text++)
		count += ((unsigned char)*text & 0xc0) != 0x80;
	return count;
}

static const char *
wrong_exemplar(const struct sink_exemplar *exemplar)
{
	size_t length = 0;
	if (exemplar->time_ms == 0)
		return "an exemplar without a time";
	for (size_t i = 0; i < exemplar->labels.count; i++) {
		const struct sink_pair *label = &exemplar->labels.list[i];
		if (!sink_is_label_name(SPAN(label->name)) || !sink_utf8_valid(SPAN(label->value)))
			return "an exemplar with an invalid label";
		length += code_points(label->name) + code_points(label->value);
	}
	return length > EXEMPLAR_LIMIT ? "an exemplar with too long labels" : NULL;
}

SINK_RULE(exemplars)
{
	for (size_t i = 0; i < series_count(view); i++) {
		const struct sink_timeseries *series = &view->write->series[i];
		const char *wrong = NULL;
		if (series->exemplar_count > 0 && series->sample_count + series->native_count == 0)
			wrong = "an exemplar without a sample";
		for (size_t k = 0; wrong == NULL && k < series->exemplar_count; k++)
			wrong = wrong_exemplar(&series->exemplars[k]);
		if (wrong != NULL) {
			tell(found, view, i, wrong);
			return;
		}
	}
}

SINK_RULE(metadata)
{
	if (view->write == NULL)
		return;
	if (view->write->described_count > 0 && view->write->series_count > 0) {
		sink_text_str(found, "metadata and series in one 1.0 request");
		return;
	}
	for (size_t i = 0; i < view->write->described_count; i++) {
		const struct sink_described *described = &view->write->described[i];
		if (sink_type_text(described->type) == NULL ||
			!sink_is_metric_name(SPAN(described->name))) {
			sink_text_format(
				found, "type %d of \"%s\"", described->type, described->name);
			return;
		}
	}
	for (size_t i = 0; i < series_count(view); i++) {
		const struct sink_timeseries *series = &view->write->series[i];
		if (view->write->version != 2 ||
			(series->is_described && sink_type_text(series->type) != NULL))
			continue;
		tell(found, view, i, series->is_described ? "an unknown type" : "no metadata");
		return;
	}
}

/* ---- native histograms ---- */

SINK_RULE(natives_apart)
{
	bool floats = false, natives = false;
	for (size_t i = 0; i < series_count(view); i++) {
		floats = floats || view->write->series[i].sample_count > 0;
		natives = natives || view->write->series[i].native_count > 0;
	}
	if (floats && natives && view->write->version == 1)
		sink_text_str(found, "a receiver that refuses one kind refuses both");
}

/* Adds the buckets of one side up; returns what is wrong with it. */
static const char *
wrong_side(const struct sink_native *native, const struct sink_side *side, uint64_t *whole,
	double *fraction)
{
	size_t listed = 0;
	for (size_t i = 0; i < side->span_count; i++) {
		if (i > 0 && side->spans[i].offset < 0)
			return "a span that goes back";
		listed += side->spans[i].length;
	}
	if (listed != (native->is_float ? side->count_count : side->delta_count) ||
		(native->is_float ? side->delta_count : side->count_count) != 0)
		return "spans that do not fit the buckets";
	int64_t value = 0;
	for (size_t i = 0; i < side->delta_count; i++) {
		if (__builtin_add_overflow(value, side->deltas[i], &value) || value < 0)
			return "a bucket below zero";
		*whole += (uint64_t)value;
	}
	for (size_t i = 0; i < side->count_count; i++) {
		if (!(side->counts[i] >= 0))
			return "a bucket below zero";
		*fraction += side->counts[i];
	}
	return NULL;
}

static const char *
wrong_custom(const struct sink_native *native)
{
	const struct sink_side *negative = &native->negative;
	if (native->zero_int != 0 || native->zero_float != 0 || native->zero_threshold != 0 ||
		negative->span_count + negative->delta_count + negative->count_count != 0)
		return "custom buckets with a zero bucket or negative ones";
	for (size_t i = 0; i < native->bound_count; i++)
		if (!isfinite(native->bounds[i]) ||
			(i > 0 && native->bounds[i] <= native->bounds[i - 1]))
			return "custom bounds that do not rise, or are not finite";
	if (native->positive.span_count > 0 && native->positive.spans[0].offset < 0)
		return "a custom bucket below the first";
	uint64_t end = 0;
	for (size_t i = 0; i < native->positive.span_count; i++)
		end += (uint64_t)native->positive.spans[i].offset +
			native->positive.spans[i].length;
	return end > native->bound_count + 1 ? "a custom bucket behind the last" : NULL;
}

static const char *
wrong_native(const struct sink_native *native)
{
	uint64_t bits, whole = native->zero_int;
	double fraction = native->zero_float;
	memcpy(&bits, &native->sum, sizeof bits);
	if (bits == SINK_STALE_NAN)
		return NULL;
	bool custom = native->schema == SINK_CUSTOM_SCHEMA;
	if (!custom && (native->schema < SCHEMA_MIN || native->schema > SCHEMA_MAX))
		return "an unknown schema";
	if (!custom && native->bound_count > 0)
		return "custom bounds with an exponential schema";
	if (native->is_float ? native->zero_int != 0 : native->zero_is_float)
		return "a zero bucket of the other kind";
	if (!(native->zero_threshold >= 0) || !(native->zero_float >= 0))
		return "a zero bucket below zero";
	const char *wrong = wrong_side(native, &native->positive, &whole, &fraction);
	if (wrong == NULL)
		wrong = wrong_side(native, &native->negative, &whole, &fraction);
	if (wrong == NULL && custom)
		wrong = wrong_custom(native);
	if (wrong != NULL)
		return wrong;
	if (native->is_float)
		return native->count_float >= 0 ? NULL : "a count below zero";
	if (isnan(native->sum) ? native->count_int < whole : native->count_int != whole)
		return "a count that is not that of the buckets";
	return NULL;
}

SINK_RULE(natives)
{
	for (size_t i = 0; i < series_count(view); i++) {
		const struct sink_timeseries *series = &view->write->series[i];
		const char *wrong = NULL;
		for (size_t k = 0; wrong == NULL && k < series->native_count; k++)
			wrong = wrong_native(&series->natives[k]);
		if (wrong != NULL) {
			tell(found, view, i, wrong);
			return;
		}
	}
}

SINK_RULE(natives_custom)
{
	for (size_t i = 0; i < series_count(view) && view->write->version == 1; i++)
		for (size_t k = 0; k < view->write->series[i].native_count; k++)
			if (view->write->series[i].natives[k].schema == SINK_CUSTOM_SCHEMA) {
				tell(found, view, i, "a schema that 1.0 forbids");
				return;
			}
}
