/* SPDX-License-Identifier: MIT */
#include "receiver.h"

#include "base/error.h"
#include "base/number.h"
#include "codec/block.h"
#include "proto/remote_write_v1.pb-c.h"
#include "proto/remote_write_v2.pb-c.h"
#include <stdio.h>
#include <stdlib.h>

/* ---- time ---- */

static int64_t
mono(const struct pt_clock *clock)
{
	return ((const struct sim_clock *)clock)->mono_ms;
}

static int64_t
wall(const struct pt_clock *clock)
{
	const struct sim_clock *sim = (const struct sim_clock *)clock;
	return sim->mono_ms + sim->wall_ahead_ms;
}

static void
pass(const struct pt_clock *clock, int64_t mono_ms)
{
	struct sim_clock *sim = (struct sim_clock *)(uintptr_t)clock;
	if (mono_ms > sim->mono_ms)
		sim->mono_ms = mono_ms;
}

void
sim_clock_init(struct sim_clock *clock)
{
	*clock = (struct sim_clock){
		.clock = {.wall_ms = wall, .mono_ms = mono, .pass = pass},
		.mono_ms = 1000000,
		.wall_ahead_ms = INT64_C(1700000000000),
		.true_ahead_ms = INT64_C(1700000000000),
	};
}

/* ---- the store ---- */

/* What memory is out for ends the test. */
static void *
grown(void *array, size_t count, size_t *capacity, size_t size)
{
	if (count < *capacity)
		return array;
	*capacity = *capacity == 0 ? 16 : *capacity * 2;
	void *result = realloc(array, *capacity * size);
	if (result == NULL)
		abort();
	return result;
}

struct sim_series *
sim_find(struct sim_receiver *receiver, const char *text)
{
	for (size_t i = 0; i < receiver->series_count; i++)
		if (strcmp(receiver->series[i].text, text) == 0)
			return &receiver->series[i];
	return NULL;
}

struct sim_series *
sim_get(struct sim_receiver *receiver, const char *text)
{
	struct sim_series *found = sim_find(receiver, text);
	if (found != NULL)
		return found;
	receiver->series = grown(receiver->series, receiver->series_count,
		&receiver->series_capacity, sizeof receiver->series[0]);
	found = &receiver->series[receiver->series_count++];
	*found = (struct sim_series){.text = strdup(text)};
	if (found->text == NULL)
		abort();
	return found;
}

void
sim_append(struct sim_series *series, int64_t time_ms, uint64_t bits)
{
	series->samples =
		grown(series->samples, series->count, &series->capacity, sizeof series->samples[0]);
	series->samples[series->count++] = (struct sim_sample){time_ms, bits};
}

void
sim_receiver_clear(struct sim_receiver *receiver)
{
	for (size_t i = 0; i < receiver->series_count; i++) {
		free(receiver->series[i].text);
		free(receiver->series[i].samples);
	}
	free(receiver->series);
}

/* ---- what a request holds ---- */

struct entry {
	char *text;
	struct sim_sample sample;
	bool native;
};

struct entries {
	struct entry *list;
	size_t count, capacity;
	size_t exemplars;
};

static void
add(struct entries *entries, const char *text, int64_t time_ms, uint64_t bits, bool native)
{
	entries->list =
		grown(entries->list, entries->count, &entries->capacity, sizeof entries->list[0]);
	entries->list[entries->count++] = (struct entry){strdup(text), {time_ms, bits}, native};
}

static void
clear(struct entries *entries)
{
	for (size_t i = 0; i < entries->count; i++)
		free(entries->list[i].text);
	free(entries->list);
}

static void
broken(struct sim_receiver *receiver, const char *why)
{
	if (receiver->broken++ == 0)
		(void)snprintf(receiver->why, sizeof receiver->why, "%s", why);
}

static uint64_t
native_bits(bool is_float, uint64_t count_int, double count_float, double sum)
{
	if (pt_number_bits(sum) == PT_NUMBER_STALE)
		return PT_NUMBER_STALE;
	return pt_number_bits(is_float ? count_float : (double)count_int);
}

static bool
read_1(struct sim_receiver *receiver, const struct pt_buf *plain, struct entries *entries)
{
	Prometheus__WriteRequest *request = prometheus__write_request__unpack(
		NULL, plain->length, (const uint8_t *)plain->bytes);
	if (request == NULL)
		return false;
	if (request->n_metadata > 0 && request->n_timeseries > 0)
		broken(receiver, "metadata together with series");
	struct pt_buf text;
	pt_buf_init(&text, 1 << 20);
	for (size_t i = 0; i < request->n_timeseries; i++) {
		const Prometheus__TimeSeries *series = request->timeseries[i];
		pt_buf_reset(&text);
		for (size_t k = 0; k < series->n_labels; k++)
			pt_buf_printf(
				&text, "%s=%s,", series->labels[k]->name, series->labels[k]->value);
		for (size_t k = 0; k < series->n_samples; k++)
			add(entries, pt_buf_text(&text), series->samples[k]->timestamp,
				pt_number_bits(series->samples[k]->value), false);
		for (size_t k = 0; k < series->n_histograms; k++) {
			const Prometheus__Histogram *histogram = series->histograms[k];
			add(entries, pt_buf_text(&text), histogram->timestamp,
				native_bits(histogram->count_case ==
						PROMETHEUS__HISTOGRAM__COUNT_COUNT_FLOAT,
					histogram->count_int, histogram->count_float,
					histogram->sum),
				true);
		}
		entries->exemplars += series->n_exemplars;
		if (series->n_samples + series->n_histograms == 0)
			broken(receiver, "a series without samples");
	}
	pt_buf_clear(&text);
	prometheus__write_request__free_unpacked(request, NULL);
	return true;
}

enum { float_2 = IO__PROMETHEUS__WRITE__V2__HISTOGRAM__COUNT_COUNT_FLOAT };

static bool
read_2(struct sim_receiver *receiver, const struct pt_buf *plain, struct entries *entries)
{
	Io__Prometheus__Write__V2__Request *request = io__prometheus__write__v2__request__unpack(
		NULL, plain->length, (const uint8_t *)plain->bytes);
	if (request == NULL)
		return false;
	if (request->n_timeseries > 0 &&
		(request->n_symbols == 0 || request->symbols[0][0] != '\0'))
		broken(receiver, "the first symbol is not empty");
	struct pt_buf text;
	pt_buf_init(&text, 1 << 20);
	for (size_t i = 0; i < request->n_timeseries; i++) {
		const Io__Prometheus__Write__V2__TimeSeries *series = request->timeseries[i];
		pt_buf_reset(&text);
		for (size_t k = 0; k + 1 < series->n_labels_refs; k += 2) {
			if (series->labels_refs[k] >= request->n_symbols ||
				series->labels_refs[k + 1] >= request->n_symbols) {
				broken(receiver, "a reference to no symbol");
				continue;
			}
			pt_buf_printf(&text, "%s=%s,", request->symbols[series->labels_refs[k]],
				request->symbols[series->labels_refs[k + 1]]);
		}
		for (size_t k = 0; k < series->n_samples; k++)
			add(entries, pt_buf_text(&text), series->samples[k]->timestamp,
				pt_number_bits(series->samples[k]->value), false);
		for (size_t k = 0; k < series->n_histograms; k++) {
			const Io__Prometheus__Write__V2__Histogram *histogram =
				series->histograms[k];
			add(entries, pt_buf_text(&text), histogram->timestamp,
				native_bits((int)histogram->count_case == float_2,
					histogram->count_int, histogram->count_float,
					histogram->sum),
				true);
		}
		entries->exemplars += series->n_exemplars;
		if (series->n_samples + series->n_histograms == 0)
			broken(receiver, "a series without samples");
	}
	pt_buf_clear(&text);
	io__prometheus__write__v2__request__free_unpacked(request, NULL);
	return true;
}

/* ---- storing as Prometheus does ---- */

enum verdict { NEW, SAME, REFUSED };

static enum verdict
judge(struct sim_receiver *receiver, const struct entry *entry)
{
	const struct sim_series *series = sim_find(receiver, entry->text);
	if (series == NULL || series->count == 0)
		return NEW;
	const struct sim_sample *last = &series->samples[series->count - 1];
	if (entry->sample.time_ms > last->time_ms)
		return NEW;
	return entry->sample.time_ms == last->time_ms && entry->sample.bits == last->bits ? SAME
											  : REFUSED;
}

/* 204 or 400, with how many were written. Samples of one series in one request rise (we check). */
static int
store(struct sim_receiver *receiver, const struct entries *entries, bool newer,
	struct pt_http_answer *answer)
{
	size_t refused = 0, written = 0, natives = 0;
	for (size_t i = 0; i < entries->count; i++)
		refused += judge(receiver, &entries->list[i]) == REFUSED;
	if (refused > 0 && !newer) {
		receiver->refused += entries->count;
		return 400; /* all or nothing */
	}
	for (size_t i = 0; i < entries->count; i++) {
		const struct entry *entry = &entries->list[i];
		enum verdict verdict = judge(receiver, entry);
		if (verdict == NEW)
			sim_append(sim_get(receiver, entry->text), entry->sample.time_ms,
				entry->sample.bits);
		receiver->again += verdict == SAME;
		if (verdict != REFUSED)
			*(entry->native ? &natives : &written) += 1;
	}
	if (newer) {
		answer->samples_written = (int64_t)written;
		answer->histograms_written = (int64_t)natives;
		answer->exemplars_written = (int64_t)entries->exemplars;
		receiver->refused += refused;
	}
	receiver->requests[newer ? 2 : 1] += entries->count > 0;
	return refused > 0 ? 400 : 204;
}

static bool
is_poisoned(const struct sim_receiver *receiver, const struct entries *entries)
{
	for (size_t i = 0; receiver->poison != NULL && i < entries->count; i++)
		if (strstr(entries->list[i].text, receiver->poison) != NULL)
			return true;
	return false;
}

/* ---- the transport ---- */

struct connection {
	struct pt_transport transport; /* first */
	struct sim_receiver *receiver;
};

static bool
is_newer(const struct pt_http_request *request)
{
	for (size_t i = 0; i < request->header_count; i++)
		if (strcmp(request->headers[i].name, "Content-Type") == 0)
			return strstr(request->headers[i].value, "v2") != NULL;
	return false;
}

static int
serve(struct sim_receiver *receiver, const struct pt_http_request *request,
	struct pt_http_answer *answer, size_t *samples)
{
	bool newer = is_newer(request);
	if ((newer && receiver->version == SIM_ONLY_1_TELLS) ||
		(!newer && receiver->version == SIM_ONLY_2))
		return 415;
	struct entries entries = {.count = 0};
	struct pt_buf plain;
	pt_buf_init(&plain, 64 << 20);
	bool ok = pt_block_expand(&plain, request->body, request->length);
	if (newer && receiver->version == SIM_ONLY_1_SILENT) {
		pt_buf_clear(&plain);
		return 204;
	}
	ok = ok &&
		(newer ? read_2(receiver, &plain, &entries) : read_1(receiver, &plain, &entries));
	int status = 400;
	if (!ok)
		broken(receiver, "a request that cannot be decoded");
	else if (is_poisoned(receiver, &entries))
		status = 500;
	else
		status = store(receiver, &entries, newer, answer);
	*samples = entries.count;
	clear(&entries);
	pt_buf_clear(&plain);
	return status;
}

static int
sim_send(struct pt_transport *transport, const struct pt_http_request *request, int64_t timeout_ms,
	struct pt_deadline *deadline, struct pt_http_answer *answer, struct pitot_error *why)
{
	struct sim_receiver *receiver = ((struct connection *)transport)->receiver;
	struct sim_clock *clock = receiver->clock;
	size_t samples = 0;
	*answer = PT_HTTP_NO_ANSWER;
	clock->mono_ms += 5;
	int64_t date_ms =
		receiver->tells_time ? (clock->mono_ms + clock->true_ahead_ms) / 1000 * 1000 : -1;
	switch (receiver->fault) {
	case SIM_REFUSE:
		return pt_error_set(why, PITOT_UNAVAILABLE, "connect: refused");
	case SIM_RESET:
		answer->maybe_received = true;
		return pt_error_set(why, PITOT_UNAVAILABLE, "reset");
	case SIM_LOST:
		if (serve(receiver, request, answer, &samples) < 300)
			receiver->unsure += samples;
		*answer = PT_HTTP_NO_ANSWER;
		answer->maybe_received = true;
		return pt_error_set(why, PITOT_UNAVAILABLE, "no answer");
	case SIM_HANG:
		pt_deadline_sleep(deadline, clock->mono_ms + timeout_ms);
		answer->maybe_received = true;
		return pt_error_set(why, PITOT_UNAVAILABLE, "timed out");
	case SIM_503:
	case SIM_429:
	case SIM_500:
		answer->date_ms = date_ms;
		answer->status = receiver->fault == SIM_503 ? 503
			: receiver->fault == SIM_429        ? 429
							    : 500;
		if (receiver->fault != SIM_500)
			answer->retry_after_ms = receiver->retry_after_ms;
		return 0;
	default:
		answer->date_ms = date_ms;
		answer->status = serve(receiver, request, answer, &samples);
		return 0;
	}
}

static void
sim_free(struct pt_transport *transport)
{
	free(transport);
}

struct pt_transport *
sim_connect(void *receiver, const struct pitot_http_options *options, struct pitot_error *why)
{
	(void)options;
	struct connection *connection = malloc(sizeof *connection);
	if (connection == NULL) {
		(void)pt_error_memory(why);
		return NULL;
	}
	*connection = (struct connection){
		.transport = {.send = sim_send, .free = sim_free}, .receiver = receiver};
	return &connection->transport;
}
