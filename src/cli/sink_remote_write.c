/* SPDX-License-Identifier: MIT */
/*
 * What a receiver of remote write does: snappy, protobuf, the latest sample of each series. It
 * answers 204 (to 2.0 with what was written), 400 with a reason, 405, or 415 for a version that is
 * not accepted or another protocol. The length in the block's header is checked before anything is
 * allocated.
 */
#include <snappy-c.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "cli/sink_message.h"

/* ---- bytes into a message ---- */

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

static struct sink_write *
decode(struct sink_view *view)
{
	char *plain = uncompress(view);
	if (plain == NULL)
		return NULL;
	struct sink_write *write = sink_write_decode(view->version, plain, view->plain_length);
	if (write == NULL)
		view->undecoded = "protobuf cannot be decoded";
	free(plain);
	return write;
}

/* ---- series ---- */

/* NULL if memory or room is out. */
static struct sink_series *
series_at(struct sink_store *store, const struct sink_timeseries *series)
{
	struct sink_text text = {0};
	sink_text_series(&text, series);
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
	size_t count = view->write != NULL ? view->write->series_count : 0;
	view->series = calloc(count + 1, sizeof(struct sink_series *));
	if (view->series == NULL)
		return false;
	for (size_t i = 0; i < count; i++) {
		view->series[i] = series_at(&sink->store, &view->write->series[i]);
		if (view->series[i] == NULL)
			return false;
	}
	return true;
}

/* ---- storing and printing ---- */

static void
print_write(struct sink *sink, const struct sink_write *write)
{
	sink_print_metadata(sink->out, write, &sink->store.told);
	for (size_t i = 0; i < write->series_count; i++)
		sink_print_series(sink->out, &write->series[i]);
}

static void
keep(struct sink_series *held, const struct sink_timeseries *series)
{
	held->accepted = true;
	if (series->native_count > 0) {
		const struct sink_native *last = &series->natives[series->native_count - 1];
		held->last_ms = last->time_ms;
		held->start_ms = last->start_ms;
	}
	if (series->sample_count > 0) {
		const struct sink_sample *last = &series->samples[series->sample_count - 1];
		held->last_ms = last->time_ms;
		held->start_ms = last->start_ms;
		held->value = last->value;
	}
}

static void
store_write(struct sink *sink, const struct sink_view *view, struct sink_answer *answer)
{
	const struct sink_write *write = view->write;
	if (sink->print == SINK_PRINT_SAMPLES)
		print_write(sink, write);
	for (size_t i = 0; i < write->series_count; i++) {
		const struct sink_timeseries *series = &write->series[i];
		answer->samples_written += series->sample_count;
		answer->histograms_written += series->native_count;
		answer->exemplars_written += series->exemplar_count;
		if (series->sample_count + series->native_count > 0)
			keep(view->series[i], series);
	}
	unsigned long long samples = answer->samples_written + answer->histograms_written;
	sink->samples += samples;
	if (sink->print == SINK_PRINT_SUMMARY)
		(void)fprintf(sink->out, "%s %s: %llu samples\n", view->request->method,
			view->request->target, samples);
}

static void
mark_sampled(const struct sink_view *view)
{
	for (size_t i = 0; view->write != NULL && i < view->write->series_count; i++)
		if (view->write->series[i].sample_count + view->write->series[i].native_count > 0)
			view->series[i]->sampled = true;
}

/* ---- the request ---- */

/* The version by the head, as real receivers find it; 0: another protocol. */
static unsigned
version_of(const struct sink_request *request)
{
	static const char media[] = "application/x-protobuf";
	const char *type = sink_request_header(request, "Content-Type");
	const char *encoding = sink_request_header(request, "Content-Encoding");
	if (encoding != NULL && strcasecmp(encoding, "snappy") != 0)
		return 0;
	if (type == NULL)
		return 1;
	if (strncmp(type, media, strlen(media)) != 0)
		return 0;
	type += strlen(media);
	if (strcmp(type, ";proto=io.prometheus.write.v2.Request") == 0)
		return 2;
	return *type == '\0' || strcmp(type, ";proto=prometheus.WriteRequest") == 0 ? 1 : 0;
}

static void
conclude(struct sink *sink, const struct sink_view *view, bool refuse, struct sink_answer *answer)
{
	struct sink_text why = {0};
	bool broken = sink_judge(sink, SINK_ON_WRITE, view, &why);
	mark_sampled(view);
	if (strcmp(view->request->method, "POST") != 0)
		sink_answer_say(answer, 405, "Method Not Allowed");
	else if (view->version == 0)
		sink_answer_say(answer, 415, "only remote write is understood here");
	else if (sink->declines[view->version])
		sink_answer_say(
			answer, 415, "remote write %u.0 is not accepted here", view->version);
	else if (broken)
		sink_answer_say(answer, 400, "%s", sink_text_chars(&why));
	else
		answer->status = 204;
	if (answer->status == 204 && !refuse) {
		store_write(sink, view, answer);
		answer->accepted = true;
	}
	answer->tells = view->version == 2 && (answer->status == 204 || answer->status == 400);
	sink_text_clear(&why);
}

void
sink_remote_write(struct sink *sink, const struct sink_request *request, bool refuse,
	struct sink_answer *answer)
{
	struct sink_view view = {.request = request,
		.before = sink_attempt_find(sink, request),
		.plain_limit = sink->plain_limit,
		.version = version_of(request)};
	/* Bytes of another protocol are not worth an opinion about ours. */
	struct sink_write *write = view.version != 0 ? decode(&view) : NULL;
	view.write = write;
	if (find_series(sink, &view))
		conclude(sink, &view, refuse, answer);
	else
		sink_answer_say(answer, 500, "the sink is out of memory or room for series");
	free(view.series);
	sink_write_free(write);
}
