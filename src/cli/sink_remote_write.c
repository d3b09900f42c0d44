/* SPDX-License-Identifier: MIT */
/*
 * What a receiver of remote write 1.0 does: snappy, protobuf, the latest sample of each series. It
 * answers 204, 400 with a reason, 405, or 415 for another protocol. The length in the block's
 * header is checked before anything is allocated, and protobuf-c may take only so much memory.
 */
#include "cli/sink.h"

#include <snappy-c.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "proto/remote_write_v1.pb-c.h"

/* What one message may take once decoded; a few bytes of it can make an object of a hundred. */
#define DECODED_LIMIT ((size_t)512 << 20)
#define STALE_NAN UINT64_C(0x7ff0000000000002)

typedef Prometheus__TimeSeries Series;

/* ---- bytes into a message ---- */

static void *
bounded_alloc(void *left, size_t size)
{
	size_t *room = left;
	if (size > *room)
		return NULL;
	*room -= size;
	return malloc(size);
}

static void
bounded_free(void *left, void *memory)
{
	(void)left;
	free(memory);
}

/* The block's content; NULL with view->unblocked or view->plain_length saying why. */
static char *
uncompress(struct sink_view *view)
{
	struct sink_span body = view->request->body;
	static const char magic[] = "\xff\x06\x00\x00sNaPpY";
	size_t length = 0;
	if (body.length >= 10 && memcmp(body.at, magic, 10) == 0) {
		view->unblocked = "it is in the framed format";
		return NULL;
	}
	if (snappy_uncompressed_length(body.at, body.length, &length) != SNAPPY_OK) {
		view->unblocked = "no length at its head";
		return NULL;
	}
	view->plain_length = length;
	if (length > view->plain_limit)
		return NULL;
	char *plain = malloc(length + 1);
	if (plain != NULL && snappy_uncompress(body.at, body.length, plain, &length) == SNAPPY_OK)
		return plain;
	view->unblocked = plain != NULL ? "corrupt" : "no memory";
	free(plain);
	return NULL;
}

static Prometheus__WriteRequest *
decode(struct sink_view *view, ProtobufCAllocator *allocator)
{
	char *plain = uncompress(view);
	if (plain == NULL)
		return NULL;
	Prometheus__WriteRequest *write = prometheus__write_request__unpack(
		allocator, view->plain_length, (const uint8_t *)plain);
	if (write == NULL)
		view->undecoded = "protobuf cannot be decoded";
	free(plain);
	return write;
}

/* ---- series ---- */

/* name{labels}, in the order in which the labels came. */
static void
series_text(const Series *series, struct sink_text *out)
{
	const char *name = "", *comma = "";
	for (size_t i = 0; i < series->n_labels; i++)
		if (strcmp(series->labels[i]->name, "__name__") == 0)
			name = series->labels[i]->value;
	sink_text_str(out, name);
	sink_text_str(out, "{");
	for (size_t i = 0; i < series->n_labels; i++) {
		if (strcmp(series->labels[i]->name, "__name__") == 0)
			continue;
		sink_text_str(out, comma);
		sink_text_str(out, series->labels[i]->name);
		sink_text_str(out, "=\"");
		sink_text_escaped(out, SPAN(series->labels[i]->value));
		sink_text_str(out, "\"");
		comma = ",";
	}
	sink_text_str(out, "}");
}

/* NULL if memory or room is out. */
static struct sink_series *
series_at(struct sink_store *store, const Series *series)
{
	struct sink_text text = {0};
	series_text(series, &text);
	struct sink_span key = {sink_text_chars(&text), text.length};
	struct sink_entry *entry = NULL;
	if (!text.failed &&
		(store->series.count < SINK_LIMIT_SERIES ||
			sink_table_find(&store->series, key) != NULL))
		entry = sink_table_at(&store->series, key);
	if (entry != NULL && entry->value == NULL)
		entry->value = calloc(1, sizeof(struct sink_series));
	sink_text_clear(&text);
	return entry != NULL ? entry->value : NULL;
}

static bool
find_series(struct sink *sink, struct sink_view *view)
{
	size_t count = view->write != NULL ? view->write->n_timeseries : 0;
	view->series = calloc(count + 1, sizeof(struct sink_series *));
	if (view->series == NULL)
		return false;
	for (size_t i = 0; i < count; i++) {
		view->series[i] = series_at(&sink->store, view->write->timeseries[i]);
		if (view->series[i] == NULL)
			return false;
	}
	return true;
}

/* ---- storing and printing ---- */

void
sink_print_series(FILE *out, const Series *series)
{
	struct sink_text text = {0};
	series_text(series, &text);
	for (size_t i = 0; i < series->n_samples; i++) {
		const Prometheus__Sample *sample = series->samples[i];
		struct sink_text number = {0};
		uint64_t bits;
		memcpy(&bits, &sample->value, sizeof bits);
		if (bits == STALE_NAN)
			sink_text_str(&number, "stale");
		else
			sink_text_number(&number, sample->value, false);
		int64_t ms = sample->timestamp;
		uint64_t size = ms < 0 ? -(uint64_t)ms : (uint64_t)ms;
		(void)fprintf(out, "%s %s @%s%llu.%03u\n", sink_text_chars(&text),
			sink_text_chars(&number), ms < 0 ? "-" : "",
			(unsigned long long)(size / 1000), (unsigned)(size % 1000));
		sink_text_clear(&number);
	}
	for (size_t i = 0; i < series->n_histograms; i++)
		(void)fprintf(out, "%s histogram\n", sink_text_chars(&text));
	sink_text_clear(&text);
}

static void
store_write(struct sink *sink, const struct sink_view *view)
{
	size_t samples = 0;
	for (size_t i = 0; i < view->write->n_timeseries; i++) {
		const Series *series = view->write->timeseries[i];
		struct sink_series *held = view->series[i];
		samples += series->n_samples + series->n_histograms;
		if (sink->print == SINK_PRINT_SAMPLES)
			sink_print_series(sink->out, series);
		if (series->n_samples == 0)
			continue;
		held->accepted = true;
		held->last_ms = series->samples[series->n_samples - 1]->timestamp;
		held->value = series->samples[series->n_samples - 1]->value;
	}
	sink->samples += samples;
	if (sink->print == SINK_PRINT_SUMMARY)
		(void)fprintf(sink->out, "%s %s: %zu samples\n", view->request->method,
			view->request->target, samples);
}

static void
mark_sampled(const struct sink_view *view)
{
	for (size_t i = 0; view->write != NULL && i < view->write->n_timeseries; i++)
		if (view->write->timeseries[i]->n_samples > 0)
			view->series[i]->sampled = true;
}

/* ---- the request ---- */

/* Another protocol than 1.0: the media type, or the message it names. */
static bool
is_foreign(const struct sink_request *request)
{
	static const char media[] = "application/x-protobuf";
	const char *type = sink_request_header(request, "Content-Type");
	const char *encoding = sink_request_header(request, "Content-Encoding");
	if (encoding != NULL && strcasecmp(encoding, "snappy") != 0)
		return true;
	if (type == NULL)
		return false;
	if (strncmp(type, media, strlen(media)) != 0)
		return true;
	type += strlen(media);
	return *type != '\0' && strcmp(type, ";proto=prometheus.WriteRequest") != 0;
}

static void
conclude(struct sink *sink, const struct sink_view *view, bool refuse, struct sink_answer *answer)
{
	struct sink_text why = {0};
	bool broken = sink_judge(sink, SINK_ON_WRITE, view, &why);
	mark_sampled(view);
	if (strcmp(view->request->method, "POST") != 0)
		sink_answer_say(answer, 405, "Method Not Allowed");
	else if (is_foreign(view->request))
		sink_answer_say(answer, 415, "only remote write 1.0 is understood here");
	else if (broken)
		sink_answer_say(answer, 400, "%s", sink_text_chars(&why));
	else
		answer->status = 204;
	if (answer->status == 204 && !refuse) {
		store_write(sink, view);
		answer->accepted = true;
	}
	sink_text_clear(&why);
}

void
sink_remote_write(struct sink *sink, const struct sink_request *request, bool refuse,
	struct sink_answer *answer)
{
	size_t room = DECODED_LIMIT;
	ProtobufCAllocator allocator = {bounded_alloc, bounded_free, &room};
	struct sink_view view = {.request = request,
		.before = sink_attempt_find(sink, request),
		.plain_limit = sink->plain_limit};
	/* Bytes of another protocol are not worth an opinion about ours. */
	Prometheus__WriteRequest *write = is_foreign(request) ? NULL : decode(&view, &allocator);
	view.write = write;
	if (find_series(sink, &view))
		conclude(sink, &view, refuse, answer);
	else
		sink_answer_say(answer, 500, "the sink is out of memory or room for series");
	free(view.series);
	if (write != NULL)
		prometheus__write_request__free_unpacked(write, &allocator);
}
