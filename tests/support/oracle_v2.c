/* SPDX-License-Identifier: MIT */
/* The checks go on after a failure; only a request that cannot be read ends them. */
#include "oracle_v2.h"

#include "base/number.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "proto/remote_write_v2.pb-c.h"
#include "support/check.h"
#include "support/oracle_labels.h"

typedef Io__Prometheus__Write__V2__Request Request;
typedef Io__Prometheus__Write__V2__TimeSeries TimeSeries;
typedef Io__Prometheus__Write__V2__Histogram Histogram;
typedef Io__Prometheus__Write__V2__BucketSpan BucketSpan;

static uint64_t
canonical(uint64_t bits)
{
	bool is_nan = (bits & INT64_MAX) > UINT64_C(0x7ff) << 52;
	return is_nan && bits != PT_NUMBER_STALE ? UINT64_C(0x7ff8000000000001) : bits;
}

static uint64_t
bits_of(double value)
{
	uint64_t bits;
	memcpy(&bits, &value, sizeof bits);
	return bits;
}

/* ---- validity ---- */

struct totals {
	uint64_t whole;
	double real;
	bool ok;
};

static void
add_side(struct totals *totals, const struct pt_native *native, const struct pt_native_side *side)
{
	size_t bucket = 0;
	for (size_t i = 0; i < side->span_count; i++) {
		if (i > 0 && side->spans[i].offset < 0)
			totals->ok = false;
		for (uint32_t k = 0; k < side->spans[i].length; k++, bucket++) {
			if (bucket >= side->bucket_count)
				continue;
			double real;
			memcpy(&real, &side->buckets[bucket], sizeof real);
			totals->whole += side->buckets[bucket];
			totals->real += native->is_float ? real : 0;
			if (native->is_float && !(real >= 0))
				totals->ok = false;
		}
	}
	if (bucket != side->bucket_count)
		totals->ok = false;
}

static bool
custom_is_valid(const struct pt_native *native)
{
	double zero;
	memcpy(&zero, &native->zero_count, sizeof zero);
	for (size_t i = 0; i < native->bound_count; i++)
		if (!(native->bounds[i] < HUGE_VAL) ||
			(i > 0 && !(native->bounds[i - 1] < native->bounds[i])))
			return false;
	if (native->negative.bucket_count > 0 || native->negative.span_count > 0)
		return false;
	if (native->zero_threshold != 0 || (native->is_float ? zero != 0 : native->zero_count != 0))
		return false;
	int64_t index = 0;
	for (size_t i = 0; i < native->positive.span_count; i++) {
		index += native->positive.spans[i].offset;
		if (index < 0)
			return false;
		index += native->positive.spans[i].length;
		if (index > (int64_t)native->bound_count + 1)
			return false;
	}
	return true;
}

bool
oracle_native_valid(const struct pt_native *native)
{
	struct totals totals = {.ok = true};
	bool sum_is_nan = isnan(pt_number_from_bits(native->sum_bits));
	double count, zero;
	memcpy(&count, &native->count, sizeof count);
	memcpy(&zero, &native->zero_count, sizeof zero);
	if (native->schema == -53
			? !custom_is_valid(native)
			: native->schema < -4 || native->schema > 8 || native->bound_count > 0)
		return false;
	if (!(native->zero_threshold >= 0) || native->zero_threshold == HUGE_VAL)
		return false;
	add_side(&totals, native, &native->positive);
	add_side(&totals, native, &native->negative);
	if (!totals.ok)
		return false;
	if (native->is_float)
		return zero >= 0 && count >= 0 &&
			(sum_is_nan || fabs(count - zero - totals.real) <= 1e-9 * count);
	totals.whole += native->zero_count;
	return sum_is_nan ? native->count >= totals.whole : native->count == totals.whole;
}

/* ---- comparing ---- */

static const char *
symbol(const Request *request, uint32_t ref)
{
	/* remote-write 10 */
	check_true(ref < request->n_symbols);
	return ref < request->n_symbols ? request->symbols[ref] : "";
}

static int
by_text(const void *left, const void *right)
{
	return strcmp(*(char *const *)left, *(char *const *)right);
}

static void
check_symbols(const Request *request)
{
	/* remote-write 10 */
	check_true(request->n_symbols > 0 && request->symbols[0][0] == '\0');
	char **sorted = calloc(request->n_symbols + 1, sizeof *sorted);
	if (sorted == NULL)
		return;
	memcpy(sorted, request->symbols, request->n_symbols * sizeof *sorted);
	qsort(sorted, request->n_symbols, sizeof *sorted, by_text);
	for (size_t i = 1; i < request->n_symbols; i++)
		check_true(strcmp(sorted[i - 1], sorted[i]) != 0);
	free(sorted);
}

static bool
counts_up(const struct pt_series *series, const struct pt_native *native)
{
	switch (series->role->family->type) {
	case PITOT_COUNTER:
	case PITOT_HISTOGRAM:
		return native == NULL || !native->is_gauge;
	case PITOT_SUMMARY:
		return series->role->part != PT_PART_QUANTILE;
	default:
		return false;
	}
}

static void
check_exemplar(const Request *request, const TimeSeries *found, const struct pt_exemplar *expected,
	int64_t time_ms)
{
	check_size(found->n_exemplars, expected != NULL);
	if (expected == NULL || found->n_exemplars != 1)
		return;
	/* remote-write 22 */
	const Io__Prometheus__Write__V2__Exemplar *exemplar = found->exemplars[0];
	check_true(bits_of(exemplar->value) == expected->bits);
	check_int(exemplar->timestamp, expected->has_timestamp ? expected->timestamp_ms : time_ms);
	check_size(exemplar->n_labels_refs, 2 * (size_t)pt_labels_count(expected->labels));
	for (size_t i = 0; i + 1 < exemplar->n_labels_refs; i += 2) {
		check_text(symbol(request, exemplar->labels_refs[i]),
			pt_labels_at(expected->labels, i / 2).name);
		check_text(symbol(request, exemplar->labels_refs[i + 1]),
			pt_labels_at(expected->labels, i / 2).value);
	}
}

static void
check_metadata(const Request *request, const TimeSeries *found, const struct pt_family *family)
{
	/* remote-write 23 */
	if (!check_true_at(__FILE__, __LINE__, "there is metadata", found->metadata != NULL))
		return;
	static const int types[] = {
		[PITOT_UNKNOWN] = IO__PROMETHEUS__WRITE__V2__METADATA__METRIC_TYPE__UNSPECIFIED,
		[PITOT_COUNTER] = IO__PROMETHEUS__WRITE__V2__METADATA__METRIC_TYPE__COUNTER,
		[PITOT_GAUGE] = IO__PROMETHEUS__WRITE__V2__METADATA__METRIC_TYPE__GAUGE,
		[PITOT_HISTOGRAM] = IO__PROMETHEUS__WRITE__V2__METADATA__METRIC_TYPE__HISTOGRAM,
		[PITOT_GAUGE_HISTOGRAM] =
			IO__PROMETHEUS__WRITE__V2__METADATA__METRIC_TYPE__GAUGEHISTOGRAM,
		[PITOT_SUMMARY] = IO__PROMETHEUS__WRITE__V2__METADATA__METRIC_TYPE__SUMMARY,
		[PITOT_INFO] = IO__PROMETHEUS__WRITE__V2__METADATA__METRIC_TYPE__INFO,
		[PITOT_STATESET] = IO__PROMETHEUS__WRITE__V2__METADATA__METRIC_TYPE__STATESET,
	};
	check_int(found->metadata->type, types[family->type]);
	/* remote-write 11 */
	check_text(symbol(request, found->metadata->help_ref), family->help);
	check_text(symbol(request, found->metadata->unit_ref), family->unit);
	check_true((found->metadata->help_ref == 0) == (family->help[0] == '\0'));
	check_true((found->metadata->unit_ref == 0) == (family->unit[0] == '\0'));
}

static void
check_spans(BucketSpan *const *found, size_t count, const struct pt_native_side *side)
{
	check_size(count, side->span_count);
	for (size_t i = 0; i < count && i < side->span_count; i++) {
		check_int(found[i]->offset, side->spans[i].offset);
		check_int(found[i]->length, side->spans[i].length);
	}
}

static void
check_buckets(const int64_t *deltas, size_t delta_count, const double *counts, size_t count_count,
	const struct pt_native *native, const struct pt_native_side *side)
{
	int64_t value = 0;
	check_size(delta_count, native->is_float ? 0 : side->bucket_count);
	check_size(count_count, native->is_float ? side->bucket_count : 0);
	for (size_t i = 0; i < delta_count && i < side->bucket_count; i++) {
		value += deltas[i];
		check_true((uint64_t)value == side->buckets[i]);
	}
	for (size_t i = 0; i < count_count && i < side->bucket_count; i++)
		check_true(bits_of(counts[i]) == side->buckets[i]);
}

/* remote-write 24 */
static void
check_histogram(const Histogram *found, const struct pt_native *native)
{
	bool is_float =
		found->count_case == IO__PROMETHEUS__WRITE__V2__HISTOGRAM__COUNT_COUNT_FLOAT;
	bool zero_is_float = found->zero_count_case ==
		IO__PROMETHEUS__WRITE__V2__HISTOGRAM__ZERO_COUNT_ZERO_COUNT_FLOAT;
	check_true(is_float == native->is_float && zero_is_float == native->is_float);
	check_true(native->count ==
		(is_float ? bits_of(found->count_float) : (uint64_t)found->count_int));
	check_true(native->zero_count ==
		(is_float ? bits_of(found->zero_count_float) : (uint64_t)found->zero_count_int));
	check_true(bits_of(found->sum) == canonical(native->sum_bits));
	check_int(found->schema, native->schema);
	check_double(found->zero_threshold, native->zero_threshold);
	check_int(found->reset_hint, native->is_gauge ? 3 : 0);
	check_spans(found->positive_spans, found->n_positive_spans, &native->positive);
	check_spans(found->negative_spans, found->n_negative_spans, &native->negative);
	check_buckets(found->positive_deltas, found->n_positive_deltas, found->positive_counts,
		found->n_positive_counts, native, &native->positive);
	check_buckets(found->negative_deltas, found->n_negative_deltas, found->negative_counts,
		found->n_negative_counts, native, &native->negative);
	check_size(found->n_custom_values, native->bound_count);
	for (size_t i = 0; i < found->n_custom_values && i < native->bound_count; i++)
		check_double(found->custom_values[i], native->bounds[i]);
}

/* The value, its time and its start. */
static void
check_value(const struct oracle_v2 *asked, size_t index, int64_t time_ms, const TimeSeries *found)
{
	const struct pt_series *series = asked->snapshot->table->series[index];
	const struct pt_native *native = pt_snapshot_native(asked->snapshot, index);
	bool is_native = series->role->part == PT_PART_NATIVE;
	int64_t found_ms = 0, found_start = 0, start = series->start_ms;
	/* remote-write 12 */
	check_size(found->n_samples, !is_native);
	check_size(found->n_histograms, is_native);
	if (found->n_samples == 1) {
		check_true(bits_of(found->samples[0]->value) ==
			canonical(asked->snapshot->bits[index]));
		found_ms = found->samples[0]->timestamp;
		found_start = found->samples[0]->start_timestamp;
	} else if (found->n_histograms == 1) {
		if (asked->snapshot->bits[index] == PT_NUMBER_STALE)
			check_true(bits_of(found->histograms[0]->sum) == PT_NUMBER_STALE);
		else
			check_histogram(found->histograms[0], native);
		found_ms = found->histograms[0]->timestamp;
		found_start = found->histograms[0]->start_timestamp;
	}
	check_int(found_ms, time_ms);
	/* remote-write 21 */
	if (!counts_up(series, native) || start >= time_ms)
		start = 0;
	check_int(found_start, start);
	check_int(found->created_timestamp, asked->old_start ? start : 0);
}

/* A label set of 129 code points cannot go with a sample, and nothing goes with a marker. */
static const struct pt_exemplar *
exemplar_of(const struct pitot_snapshot *snapshot, size_t index)
{
	const struct pt_exemplar *exemplar = pt_snapshot_exemplar(snapshot, index);
	size_t points = 0;
	for (uint32_t i = 0; exemplar != NULL && i < pt_labels_count(exemplar->labels); i++) {
		const struct pt_label label = pt_labels_at(exemplar->labels, i);
		for (const char *at = label.name; *at != '\0'; at++)
			points += (*at & 0xc0) != 0x80;
		for (const char *at = label.value; *at != '\0'; at++)
			points += (*at & 0xc0) != 0x80;
	}
	return points > 128 || snapshot->bits[index] == PT_NUMBER_STALE ? NULL : exemplar;
}

static bool
is_asked_for(const struct oracle_v2 *asked, size_t index)
{
	uint64_t bits = asked->snapshot->bits[index];
	bool is_native = asked->snapshot->table->series[index]->role->part == PT_PART_NATIVE;
	if (bits == PT_NUMBER_ABSENT || is_native != asked->natives)
		return false;
	return !is_native || bits == PT_NUMBER_STALE ||
		oracle_native_valid(pt_snapshot_native(asked->snapshot, index));
}

static void
check_series(const struct oracle_v2 *asked, size_t index, const Request *request,
	const TimeSeries *found, struct oracle_labels *labels)
{
	struct pitot_sample sample = pitot_snapshot_sample(asked->snapshot, index);
	int64_t time_ms = sample.has_timestamp ? sample.timestamp_ms : asked->time_ms;
	oracle_labels_expect(labels, &sample, asked->added);
	check_size(found->n_labels_refs, 2 * labels->count);
	for (size_t i = 0; i + 1 < found->n_labels_refs; i += 2)
		oracle_labels_check(labels, i / 2, symbol(request, found->labels_refs[i]),
			symbol(request, found->labels_refs[i + 1]));
	check_value(asked, index, time_ms, found);
	check_exemplar(request, found, exemplar_of(asked->snapshot, index), time_ms);
	check_metadata(request, found, asked->snapshot->table->series[index]->role->family);
}

size_t
oracle_request_v2(const struct oracle_v2 *asked, const void *bytes, size_t length)
{
	static const uint8_t none[1];
	Request *request =
		io__prometheus__write__v2__request__unpack(NULL, length, length > 0 ? bytes : none);
	struct oracle_labels *labels = malloc(sizeof *labels);
	size_t at = 0;
	if (!check_true_at(__FILE__, __LINE__, "the request can be unpacked", request != NULL) ||
		labels == NULL) {
		free(labels);
		return 0;
	}
	check_size(request->base.n_unknown_fields, 0);
	if (length > 0)
		check_symbols(request);
	for (size_t i = asked->from; i < asked->to; i++) {
		if (!is_asked_for(asked, i))
			continue;
		if (at < request->n_timeseries)
			check_series(asked, i, request, request->timeseries[at], labels);
		at++;
	}
	check_size(request->n_timeseries, at);
	free(labels);
	io__prometheus__write__v2__request__free_unpacked(request, NULL);
	return at;
}
