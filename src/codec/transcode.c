/* SPDX-License-Identifier: MIT */
/*
 * A request of remote write 2.0 as one of 1.0, read and written by protobuf-c: this happens once in
 * the life of a destination, for what waits in a spool. The bytes come from a disk, so nothing in
 * them is believed. Fails on bytes that are no request, and when memory is out.
 */
#include "codec/remote_write.h"

#include "proto/remote_write_v1.pb-c.h"
#include "proto/remote_write_v2.pb-c.h"
#include <stdlib.h>

typedef Io__Prometheus__Write__V2__Request Newer;
typedef Io__Prometheus__Write__V2__TimeSeries NewerSeries;
typedef Io__Prometheus__Write__V2__Histogram NewerHistogram;

/* Everything that is made for one request; freed together. */
struct pool {
	void **list;
	size_t count, capacity;
	bool failed;
};

static void *
make(struct pool *pool, size_t count, size_t size)
{
	if (pool->count == pool->capacity) {
		size_t capacity = pool->capacity == 0 ? 64 : pool->capacity * 2;
		void **list = realloc(pool->list, capacity * sizeof *list);
		if (list == NULL) {
			pool->failed = true;
			return NULL;
		}
		pool->list = list;
		pool->capacity = capacity;
	}
	void *made = calloc(count + 1, size);
	if (made == NULL)
		pool->failed = true;
	else
		pool->list[pool->count++] = made;
	return made;
}

static void
clear(struct pool *pool)
{
	for (size_t i = 0; i < pool->count; i++)
		free(pool->list[i]);
	free(pool->list);
}

/* ---- parts ---- */

static Prometheus__Label **
labels_of(struct pool *pool, const Newer *newer, const uint32_t *refs, size_t count)
{
	Prometheus__Label **labels = make(pool, count / 2, sizeof *labels);
	Prometheus__Label *all = make(pool, count / 2, sizeof *all);
	if (labels == NULL || all == NULL || count % 2 != 0)
		return NULL;
	for (size_t i = 0; i < count; i += 2) {
		if (refs[i] >= newer->n_symbols || refs[i + 1] >= newer->n_symbols)
			return NULL;
		prometheus__label__init(&all[i / 2]);
		all[i / 2].name = newer->symbols[refs[i]];
		all[i / 2].value = newer->symbols[refs[i + 1]];
		labels[i / 2] = &all[i / 2];
	}
	return labels;
}

static bool
put_samples(struct pool *pool, const NewerSeries *from, Prometheus__TimeSeries *to)
{
	to->samples = make(pool, from->n_samples, sizeof *to->samples);
	Prometheus__Sample *all = make(pool, from->n_samples, sizeof *all);
	if (to->samples == NULL || all == NULL)
		return false;
	for (size_t i = 0; i < from->n_samples; i++) {
		prometheus__sample__init(&all[i]);
		all[i].value = from->samples[i]->value;
		all[i].timestamp = from->samples[i]->timestamp;
		to->samples[i] = &all[i];
	}
	to->n_samples = from->n_samples;
	return true;
}

static bool
put_exemplars(
	struct pool *pool, const Newer *newer, const NewerSeries *from, Prometheus__TimeSeries *to)
{
	to->exemplars = make(pool, from->n_exemplars, sizeof *to->exemplars);
	Prometheus__Exemplar *all = make(pool, from->n_exemplars, sizeof *all);
	if (to->exemplars == NULL || all == NULL)
		return false;
	for (size_t i = 0; i < from->n_exemplars; i++) {
		prometheus__exemplar__init(&all[i]);
		all[i].labels = labels_of(pool, newer, from->exemplars[i]->labels_refs,
			from->exemplars[i]->n_labels_refs);
		all[i].n_labels = from->exemplars[i]->n_labels_refs / 2;
		all[i].value = from->exemplars[i]->value;
		all[i].timestamp = from->exemplars[i]->timestamp;
		if (all[i].labels == NULL)
			return false;
		to->exemplars[i] = &all[i];
	}
	to->n_exemplars = from->n_exemplars;
	return true;
}

static Prometheus__BucketSpan **
spans_of(struct pool *pool, Io__Prometheus__Write__V2__BucketSpan *const *from, size_t count)
{
	Prometheus__BucketSpan **spans = make(pool, count, sizeof *spans);
	Prometheus__BucketSpan *all = make(pool, count, sizeof *all);
	if (spans == NULL || all == NULL)
		return NULL;
	for (size_t i = 0; i < count; i++) {
		prometheus__bucket_span__init(&all[i]);
		all[i].offset = from[i]->offset;
		all[i].length = from[i]->length;
		spans[i] = &all[i];
	}
	return spans;
}

/* The two messages have the same fields, and the arrays of numbers may be shared. */
static bool
fill_histogram(struct pool *pool, const NewerHistogram *from, Prometheus__Histogram *to)
{
	prometheus__histogram__init(to);
	to->count_case = (Prometheus__Histogram__CountCase)from->count_case;
	if (from->count_case == IO__PROMETHEUS__WRITE__V2__HISTOGRAM__COUNT_COUNT_FLOAT)
		to->count_float = from->count_float;
	else
		to->count_int = from->count_int;
	to->zero_count_case = (Prometheus__Histogram__ZeroCountCase)from->zero_count_case;
	if (from->zero_count_case ==
		IO__PROMETHEUS__WRITE__V2__HISTOGRAM__ZERO_COUNT_ZERO_COUNT_FLOAT)
		to->zero_count_float = from->zero_count_float;
	else
		to->zero_count_int = from->zero_count_int;
	to->sum = from->sum;
	to->schema = from->schema;
	to->zero_threshold = from->zero_threshold;
	to->reset_hint = (Prometheus__Histogram__ResetHint)from->reset_hint;
	to->timestamp = from->timestamp;
	to->n_negative_deltas = from->n_negative_deltas;
	to->negative_deltas = from->negative_deltas;
	to->n_negative_counts = from->n_negative_counts;
	to->negative_counts = from->negative_counts;
	to->n_positive_deltas = from->n_positive_deltas;
	to->positive_deltas = from->positive_deltas;
	to->n_positive_counts = from->n_positive_counts;
	to->positive_counts = from->positive_counts;
	to->n_negative_spans = from->n_negative_spans;
	to->negative_spans = spans_of(pool, from->negative_spans, from->n_negative_spans);
	to->n_positive_spans = from->n_positive_spans;
	to->positive_spans = spans_of(pool, from->positive_spans, from->n_positive_spans);
	return to->negative_spans != NULL && to->positive_spans != NULL;
}

static bool
put_histograms(struct pool *pool, const NewerSeries *from, Prometheus__TimeSeries *to,
	struct pt_write_count *lost)
{
	to->histograms = make(pool, from->n_histograms, sizeof *to->histograms);
	Prometheus__Histogram *all = make(pool, from->n_histograms, sizeof *all);
	if (to->histograms == NULL || all == NULL)
		return false;
	for (size_t i = 0; i < from->n_histograms; i++) {
		if (from->histograms[i]->schema == PT_NATIVE_CUSTOM) {
			lost->histograms++;
			continue;
		}
		if (!fill_histogram(pool, from->histograms[i], &all[to->n_histograms]))
			return false;
		to->histograms[to->n_histograms] = &all[to->n_histograms];
		to->n_histograms++;
	}
	return true;
}

static bool
put_series(struct pool *pool, const Newer *newer, const NewerSeries *from,
	Prometheus__WriteRequest *request, struct pt_write_count *lost)
{
	Prometheus__TimeSeries *to = make(pool, 1, sizeof *to);
	if (to == NULL)
		return false;
	prometheus__time_series__init(to);
	to->labels = labels_of(pool, newer, from->labels_refs, from->n_labels_refs);
	to->n_labels = from->n_labels_refs / 2;
	if (to->labels == NULL || !put_samples(pool, from, to) ||
		!put_exemplars(pool, newer, from, to) || !put_histograms(pool, from, to, lost))
		return false;
	if (to->n_samples + to->n_histograms == 0)
		lost->exemplars += to->n_exemplars; /* there is nothing they belong to */
	else
		request->timeseries[request->n_timeseries++] = to;
	return true;
}

bool
pt_remote_write_v1_from_v2(
	struct pt_buf *out, const void *bytes, size_t length, struct pt_write_count *lost)
{
	Newer *newer = io__prometheus__write__v2__request__unpack(NULL, length, bytes);
	if (newer == NULL)
		return false;
	struct pool pool = {.count = 0};
	Prometheus__WriteRequest request;
	prometheus__write_request__init(&request);
	request.timeseries = make(&pool, newer->n_timeseries, sizeof(Prometheus__TimeSeries *));
	bool ok = request.timeseries != NULL;
	for (size_t i = 0; ok && i < newer->n_timeseries; i++)
		ok = put_series(&pool, newer, newer->timeseries[i], &request, lost);
	if (ok) {
		size_t size = prometheus__write_request__get_packed_size(&request);
		char *room = pt_buf_room(out, size + 1);
		ok = room != NULL;
		if (ok)
			out->length += prometheus__write_request__pack(&request, (uint8_t *)room);
	}
	if (pool.failed)
		out->error = PITOT_NO_MEMORY;
	clear(&pool);
	io__prometheus__write__v2__request__free_unpacked(newer, NULL);
	return ok;
}
