/* SPDX-License-Identifier: MIT */
/*
 * Requests of remote write 1.0 and 2.0, decoded by protobuf-c and brought into one form, so that
 * rules and printing need to know but one. A few bytes can make an object of a hundred, so what a
 * message may take is bounded. References that lead nowhere are told in `refs`, and read as "".
 */
#include "cli/sink_message.h"

#include <stdlib.h>
#include <string.h>
#include "proto/remote_write_v1.pb-c.h"
#include "proto/remote_write_v2.pb-c.h"

#define DECODED_LIMIT ((size_t)512 << 20)

typedef Prometheus__WriteRequest Request1;
typedef Io__Prometheus__Write__V2__Request Request2;
typedef Io__Prometheus__Write__V2__TimeSeries Series2;

/* ---- memory ---- */

struct sink_owned {
	struct sink_owned *next;
	max_align_t bytes[];
};

void *
sink_bounded_alloc(void *room_left, size_t size)
{
	size_t *room = room_left;
	if (size > *room)
		return NULL;
	*room -= size;
	return malloc(size);
}

void
sink_bounded_free(void *room_left, void *memory)
{
	(void)room_left;
	free(memory);
}

/* Zeroed, and freed with the message. NULL, and `failed`, if memory or room is out. */
static void *
take(struct sink_write *write, bool *failed, size_t count, size_t size)
{
	struct sink_owned *owned = NULL;
	size_t bytes = (count + 1) * size;
	if (!*failed && bytes <= write->room)
		owned = calloc(1, sizeof *owned + bytes);
	if (owned == NULL) {
		*failed = true;
		return NULL;
	}
	write->room -= bytes;
	owned->next = write->owned;
	write->owned = owned;
	return owned->bytes;
}

/* ---- native histograms ---- */

#define COPY_SIDE(write, failed, from, side, to)                                                   \
	do {                                                                                       \
		(to)->spans = take(write, failed, (from)->n_##side##_spans, sizeof *(to)->spans);  \
		for (size_t s = 0; !*(failed) && s < (from)->n_##side##_spans; s++) {              \
			(to)->spans[s].offset = (from)->side##_spans[s]->offset;                   \
			(to)->spans[s].length = (from)->side##_spans[s]->length;                   \
		}                                                                                  \
		(to)->span_count = (from)->n_##side##_spans;                                       \
		(to)->deltas = (from)->side##_deltas;                                              \
		(to)->delta_count = (from)->n_##side##_deltas;                                     \
		(to)->counts = (from)->side##_counts;                                              \
		(to)->count_count = (from)->n_##side##_counts;                                     \
	} while (0)

/* The two versions differ in names only. */
#define COPY_NATIVE(write, failed, from, to, PREFIX)                                               \
	do {                                                                                       \
		(to)->is_float = (from)->count_case == PREFIX##__HISTOGRAM__COUNT_COUNT_FLOAT;     \
		(to)->count_int = (to)->is_float ? 0 : (from)->count_int;                          \
		(to)->count_float = (to)->is_float ? (from)->count_float : 0;                      \
		(to)->zero_is_float = (from)->zero_count_case ==                                   \
			PREFIX##__HISTOGRAM__ZERO_COUNT_ZERO_COUNT_FLOAT;                          \
		(to)->zero_int = (to)->zero_is_float ? 0 : (from)->zero_count_int;                 \
		(to)->zero_float = (to)->zero_is_float ? (from)->zero_count_float : 0;             \
		(to)->sum = (from)->sum;                                                           \
		(to)->schema = (from)->schema;                                                     \
		(to)->zero_threshold = (from)->zero_threshold;                                     \
		(to)->hint = (int)(from)->reset_hint;                                              \
		(to)->time_ms = (from)->timestamp;                                                 \
		COPY_SIDE(write, failed, from, positive, &(to)->positive);                         \
		COPY_SIDE(write, failed, from, negative, &(to)->negative);                         \
		(write)->unknown += (from)->base.n_unknown_fields;                                 \
	} while (0)

/* ---- 1.0 ---- */

static struct sink_pairs
pairs_1(struct sink_write *write, bool *failed, Prometheus__Label **labels, size_t count)
{
	struct sink_pairs pairs = {take(write, failed, count, sizeof *pairs.list), count};
	for (size_t i = 0; !*failed && i < count; i++) {
		pairs.list[i] = (struct sink_pair){labels[i]->name, labels[i]->value};
		write->unknown += labels[i]->base.n_unknown_fields;
	}
	return pairs;
}

static void
series_1(struct sink_write *write, bool *failed, const Prometheus__TimeSeries *from,
	struct sink_timeseries *to)
{
	to->labels = pairs_1(write, failed, from->labels, from->n_labels);
	to->samples = take(write, failed, from->n_samples, sizeof *to->samples);
	to->natives = take(write, failed, from->n_histograms, sizeof *to->natives);
	to->exemplars = take(write, failed, from->n_exemplars, sizeof *to->exemplars);
	write->unknown += from->base.n_unknown_fields;
	for (size_t i = 0; !*failed && i < from->n_samples; i++) {
		to->samples[i] = (struct sink_sample){
			.value = from->samples[i]->value, .time_ms = from->samples[i]->timestamp};
		write->unknown += from->samples[i]->base.n_unknown_fields;
	}
	for (size_t i = 0; !*failed && i < from->n_histograms; i++)
		COPY_NATIVE(write, failed, from->histograms[i], &to->natives[i], PROMETHEUS);
	for (size_t i = 0; !*failed && i < from->n_exemplars; i++) {
		const Prometheus__Exemplar *exemplar = from->exemplars[i];
		to->exemplars[i] = (struct sink_exemplar){
			.labels = pairs_1(write, failed, exemplar->labels, exemplar->n_labels),
			.value = exemplar->value,
			.time_ms = exemplar->timestamp};
		write->unknown += exemplar->base.n_unknown_fields;
	}
	to->sample_count = from->n_samples;
	to->native_count = from->n_histograms;
	to->exemplar_count = from->n_exemplars;
}

static bool
read_1(struct sink_write *write, const Request1 *from)
{
	bool failed = false;
	write->unknown = from->base.n_unknown_fields;
	write->series = take(write, &failed, from->n_timeseries, sizeof *write->series);
	write->described = take(write, &failed, from->n_metadata, sizeof *write->described);
	for (size_t i = 0; !failed && i < from->n_timeseries; i++)
		series_1(write, &failed, from->timeseries[i], &write->series[i]);
	for (size_t i = 0; !failed && i < from->n_metadata; i++) {
		const Prometheus__MetricMetadata *metadata = from->metadata[i];
		write->described[i] = (struct sink_described){
			.name = metadata->metric_family_name,
			.help = metadata->help,
			.unit = metadata->unit,
			.type = (int)metadata->type,
		};
		write->unknown += metadata->base.n_unknown_fields;
	}
	write->series_count = from->n_timeseries;
	write->described_count = from->n_metadata;
	return !failed;
}

/* ---- 2.0 ---- */

static int
by_text(const void *left, const void *right)
{
	return strcmp(*(const char *const *)left, *(const char *const *)right);
}

static void
check_symbols(struct sink_write *write, bool *failed, const Request2 *from)
{
	if (from->n_symbols == 0 || *from->symbols[0] != '\0')
		sink_text_str(&write->symbols, "the first symbol is not empty");
	const char **sorted = take(write, failed, from->n_symbols, sizeof *sorted);
	if (*failed)
		return;
	for (size_t i = 0; i < from->n_symbols; i++)
		sorted[i] = from->symbols[i];
	qsort(sorted, from->n_symbols, sizeof *sorted, by_text);
	for (size_t i = 1; i < from->n_symbols && write->symbols.length == 0; i++)
		if (strcmp(sorted[i - 1], sorted[i]) == 0)
			sink_text_format(
				&write->symbols, "the symbol \"%.100s\" stands twice", sorted[i]);
}

static const char *
symbol(struct sink_write *write, const Request2 *from, uint32_t ref)
{
	if (ref < from->n_symbols)
		return from->symbols[ref];
	if (write->refs.length == 0)
		sink_text_format(&write->refs, "reference %u, but there are %zu symbols", ref,
			from->n_symbols);
	return "";
}

static struct sink_pairs
pairs_2(struct sink_write *write, bool *failed, const Request2 *request, const uint32_t *refs,
	size_t count)
{
	struct sink_pairs pairs = {take(write, failed, count / 2, sizeof *pairs.list), count / 2};
	if (count % 2 != 0 && write->refs.length == 0)
		sink_text_format(&write->refs, "%zu references to labels, an odd number", count);
	for (size_t i = 0; !*failed && i < pairs.count; i++)
		pairs.list[i] = (struct sink_pair){symbol(write, request, refs[2 * i]),
			symbol(write, request, refs[2 * i + 1])};
	return pairs;
}

static void
natives_2(struct sink_write *write, bool *failed, const Series2 *from, struct sink_timeseries *to)
{
	for (size_t i = 0; !*failed && i < from->n_histograms; i++) {
		const Io__Prometheus__Write__V2__Histogram *native = from->histograms[i];
		COPY_NATIVE(write, failed, native, &to->natives[i], IO__PROMETHEUS__WRITE__V2);
		to->natives[i].bounds = native->custom_values;
		to->natives[i].bound_count = native->n_custom_values;
		to->natives[i].start_ms = native->start_timestamp;
	}
}

static void
series_2(struct sink_write *write, bool *failed, const Request2 *request, const Series2 *from,
	struct sink_timeseries *to)
{
	to->labels = pairs_2(write, failed, request, from->labels_refs, from->n_labels_refs);
	to->samples = take(write, failed, from->n_samples, sizeof *to->samples);
	to->natives = take(write, failed, from->n_histograms, sizeof *to->natives);
	to->exemplars = take(write, failed, from->n_exemplars, sizeof *to->exemplars);
	write->unknown += from->base.n_unknown_fields;
	for (size_t i = 0; !*failed && i < from->n_samples; i++) {
		const Io__Prometheus__Write__V2__Sample *sample = from->samples[i];
		to->samples[i] = (struct sink_sample){
			sample->value, sample->timestamp, sample->start_timestamp};
		write->unknown += sample->base.n_unknown_fields;
	}
	natives_2(write, failed, from, to);
	for (size_t i = 0; !*failed && i < from->n_exemplars; i++) {
		const Io__Prometheus__Write__V2__Exemplar *exemplar = from->exemplars[i];
		to->exemplars[i] = (struct sink_exemplar){
			.labels = pairs_2(write, failed, request, exemplar->labels_refs,
				exemplar->n_labels_refs),
			.value = exemplar->value,
			.time_ms = exemplar->timestamp};
		write->unknown += exemplar->base.n_unknown_fields;
	}
	to->sample_count = from->n_samples;
	to->native_count = from->n_histograms;
	to->exemplar_count = from->n_exemplars;
	to->is_described = from->metadata != NULL;
	to->type = to->is_described ? (int)from->metadata->type : SINK_TYPE_UNKNOWN;
	to->help = to->is_described ? symbol(write, request, from->metadata->help_ref) : "";
	to->unit = to->is_described ? symbol(write, request, from->metadata->unit_ref) : "";
}

static bool
read_2(struct sink_write *write, const Request2 *from)
{
	bool failed = false;
	write->unknown = from->base.n_unknown_fields;
	check_symbols(write, &failed, from);
	write->series = take(write, &failed, from->n_timeseries, sizeof *write->series);
	for (size_t i = 0; !failed && i < from->n_timeseries; i++)
		series_2(write, &failed, from, from->timeseries[i], &write->series[i]);
	write->series_count = from->n_timeseries;
	return !failed;
}

/* ---- the face ---- */

struct sink_write *
sink_write_decode(unsigned version, const void *plain, size_t length)
{
	struct sink_write *write = calloc(1, sizeof *write);
	if (write == NULL)
		return NULL;
	write->version = version;
	write->room = DECODED_LIMIT;
	ProtobufCAllocator allocator = {sink_bounded_alloc, sink_bounded_free, &write->room};
	if (version == 1)
		write->message = prometheus__write_request__unpack(&allocator, length, plain);
	else
		write->message =
			io__prometheus__write__v2__request__unpack(&allocator, length, plain);
	if (write->message != NULL &&
		(version == 1 ? read_1(write, write->message) : read_2(write, write->message)))
		return write;
	sink_write_free(write);
	return NULL;
}

void
sink_write_free(struct sink_write *write)
{
	if (write == NULL)
		return;
	ProtobufCAllocator allocator = {sink_bounded_alloc, sink_bounded_free, &write->room};
	if (write->message != NULL)
		protobuf_c_message_free_unpacked(write->message, &allocator);
	while (write->owned != NULL) {
		struct sink_owned *next = write->owned->next;
		free(write->owned);
		write->owned = next;
	}
	sink_text_clear(&write->symbols);
	sink_text_clear(&write->refs);
	free(write);
}

const char *
sink_timeseries_name(const struct sink_timeseries *series)
{
	for (size_t i = 0; i < series->labels.count; i++)
		if (strcmp(series->labels.list[i].name, "__name__") == 0)
			return series->labels.list[i].value;
	return "";
}

const char *
sink_type_text(int type)
{
	static const char *const types[] = {"unknown", "counter", "gauge", "histogram",
		"gaugehistogram", "summary", "info", "stateset"};
	return type >= 0 && type < SINK_TYPES ? types[type] : NULL;
}
