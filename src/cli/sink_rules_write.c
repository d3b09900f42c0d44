/* SPDX-License-Identifier: MIT */
/*
 * The rules of remote write (specs/remote-write 6) that a receiver can see in the head, the labels
 * and the samples. Each writes the first thing that is wrong, and nothing where the message could
 * not be decoded: another rule says that.
 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "cli/sink_message.h"

#define CANONICAL_NAN UINT64_C(0x7ff8000000000001)
#define SKEW_MS 5000
#define OLDEST_MS INT64_C(100000000000) /* 1973; seconds of today are far below */
/* The least wait before a retry, and what a timer may be early by. */
#define MIN_WAIT_MS 30
#define EARLY_MS 20

typedef struct sink_timeseries Series;
typedef struct sink_pair Label;

static const char *
header(const struct sink_view *view, const char *name)
{
	const char *value = sink_request_header(view->request, name);
	return value != NULL ? value : "";
}

static size_t
series_count(const struct sink_view *view)
{
	return view->write != NULL ? view->write->series_count : 0;
}

static uint64_t
bits_of(double value)
{
	uint64_t bits;
	memcpy(&bits, &value, sizeof bits);
	return bits;
}

/* ---- the request ---- */

SINK_RULE(write_method)
{
	if (strcmp(view->request->method, "POST") != 0)
		sink_text_str(found, view->request->method);
}

SINK_RULE(write_encoding)
{
	const char *encoding = header(view, "Content-Encoding");
	if (strcmp(encoding, "snappy") != 0)
		sink_text_format(found, "expected snappy, found \"%s\"", encoding);
}

SINK_RULE(write_block)
{
	if (view->unblocked != NULL)
		sink_text_str(found, view->unblocked);
}

/* Receivers compare these bytes: a space or a quote too much, and another message is decoded. */
SINK_RULE(write_type)
{
	const char *type = header(view, "Content-Type");
	if (strcmp(type, "application/x-protobuf") != 0 &&
		strcmp(type, "application/x-protobuf;proto=prometheus.WriteRequest") != 0 &&
		strcmp(type, "application/x-protobuf;proto=io.prometheus.write.v2.Request") != 0)
		sink_text_format(found,
			"expected application/x-protobuf, or that and "
			";proto=io.prometheus.write.v2.Request, found \"%s\"",
			type);
}

SINK_RULE(write_version)
{
	const char *version = header(view, "X-Prometheus-Remote-Write-Version");
	const char *expected = view->version == 2 ? "2.0.0" : "0.1.0";
	if (strcmp(version, expected) != 0)
		sink_text_format(found,
			"expected X-Prometheus-Remote-Write-Version: %s, found \"%s\"", expected,
			version);
}

SINK_RULE(write_agent)
{
	const char *agent = header(view, "User-Agent");
	const char *slash = strchr(agent, '/');
	if (slash == NULL || slash == agent || slash[1] == '\0' || slash[1] == ' ')
		sink_text_format(found, "found \"%s\"", agent);
}

SINK_RULE(write_size)
{
	if (view->plain_length > view->plain_limit)
		sink_text_format(found, "%zu bytes before compression, the limit is %zu",
			view->plain_length, view->plain_limit);
}

/* ---- retries ---- */

/*
 * HTTP libraries send a request again by themselves when a kept connection ends without an answer:
 * then the number may be the same; after an answer it has to rise.
 */
SINK_RULE(retry_attempt)
{
	const char *text = sink_request_header(view->request, "Retry-Attempt");
	const struct sink_attempt *before = view->before;
	char *end = NULL;
	long number = text != NULL ? strtol(text, &end, 10) : 0;
	if (text != NULL && (*text < '1' || *text > '9' || *end != '\0')) {
		sink_text_format(found, "expected a number from 1 on, found \"%s\"", text);
		return;
	}
	long least = before == NULL ? 0 : before->status != 0 ? before->retry + 1 : before->retry;
	if (number < least)
		sink_text_format(found,
			"the same body came %u times before: expected %ld, found %s", before->sent,
			least, text != NULL ? text : "none");
}

SINK_RULE(retry_refused)
{
	const struct sink_attempt *before = view->before;
	if (before == NULL || before->status < 400 || before->status > 499)
		return;
	if (before->status != 429 && before->status != 408)
		sink_text_format(found, "the same body was answered %u", before->status);
}

static int64_t
waited(const struct sink_view *view)
{
	return view->request->mono_ms - view->before->mono_ms;
}

SINK_RULE(retry_soon)
{
	if (view->before == NULL || view->before->status == 0)
		return;
	if (waited(view) < MIN_WAIT_MS)
		sink_text_format(found, "%lld ms after the answer %u", (long long)waited(view),
			view->before->status);
}

SINK_RULE(retry_after)
{
	if (view->before == NULL || view->before->retry_after <= 0)
		return;
	if (waited(view) + EARLY_MS < (int64_t)view->before->retry_after * 1000)
		sink_text_format(found, "%lld ms after \"Retry-After: %d\"",
			(long long)waited(view), view->before->retry_after);
}

/* ---- the message ---- */

SINK_RULE(series_samples)
{
	for (size_t i = 0; i < series_count(view); i++) {
		const Series *series = &view->write->series[i];
		bool samples = series->sample_count > 0, histograms = series->native_count > 0;
		if (samples == histograms) {
			sink_text_format(found, "series %zu, \"%s\", has %s", i,
				sink_timeseries_name(series),
				samples ? "samples and histograms"
					: "neither sample nor histogram");
			return;
		}
	}
}

SINK_RULE(series_name)
{
	for (size_t i = 0; i < series_count(view); i++) {
		const char *name = sink_timeseries_name(&view->write->series[i]);
		if (!sink_is_metric_name(SPAN(name))) {
			sink_text_format(found, "series %zu has \"%s\"", i, name);
			return;
		}
	}
}

/* The first label of any series that is wrong; `last` is the one before it, or NULL. */
static void
each_label(const struct sink_view *view, struct sink_text *found,
	const char *(*wrong)(const Label *label, const Label *last))
{
	for (size_t i = 0; i < series_count(view); i++) {
		const Series *series = &view->write->series[i];
		for (size_t j = 0; j < series->labels.count; j++) {
			const Label *label = &series->labels.list[j];
			const char *what = wrong(label, j > 0 ? label - 1 : NULL);
			if (what == NULL)
				continue;
			sink_text_format(found, "%s: \"%s\"=\"%s\" in series %zu, \"%s\"", what,
				label->name, label->value, i, sink_timeseries_name(series));
			return;
		}
	}
}

static const char *
wrong_name(const Label *label, const Label *last)
{
	if (last != NULL && strcmp(label->name, last->name) == 0)
		return "duplicate name";
	return sink_is_label_name(SPAN(label->name)) ? NULL : "invalid name";
}

SINK_RULE(series_labels)
{
	each_label(view, found, wrong_name);
}

static const char *
wrong_order(const Label *label, const Label *last)
{
	return last != NULL && strcmp(label->name, last->name) < 0 ? "stands too late" : NULL;
}

SINK_RULE(series_sorted)
{
	each_label(view, found, wrong_order);
}

static const char *
wrong_utf8(const Label *label, const Label *last)
{
	(void)last;
	return sink_utf8_valid(SPAN(label->value)) ? NULL : "value is not UTF-8";
}

SINK_RULE(series_utf8)
{
	each_label(view, found, wrong_utf8);
}

static const char *
wrong_empty(const Label *label, const Label *last)
{
	(void)last;
	return *label->value == '\0' ? "no value" : NULL;
}

SINK_RULE(series_empty)
{
	each_label(view, found, wrong_empty);
}

static const char *
wrong_bound(const Label *label, const Label *last)
{
	(void)last;
	if (strcmp(label->name, "le") != 0 && strcmp(label->name, "quantile") != 0)
		return NULL;
	char *end;
	struct sink_text canonical = {0};
	double bound = strtod(label->value, &end);
	sink_text_number(&canonical, bound, true);
	bool good = *label->value != '\0' && *end == '\0' &&
		strcmp(label->value, sink_text_chars(&canonical)) == 0;
	sink_text_clear(&canonical);
	return good ? NULL : "not as OpenMetrics writes it (1.0, 0.005, 1e+06, +Inf)";
}

SINK_RULE(series_bounds)
{
	each_label(view, found, wrong_bound);
}

/* ---- samples ---- */

/* One sample, the one before it in the request or the store, and whether there was one. */
struct step {
	const struct sink_view *view;
	int64_t time_ms, last_ms;
	double value;
	bool any, follows; /* of the series ever; that was accepted */
};

static void
each_sample(
	const struct sink_view *view, struct sink_text *found, bool (*wrong)(const struct step *))
{
	for (size_t i = 0; i < series_count(view); i++) {
		const Series *series = &view->write->series[i];
		const struct sink_series *held = view->series[i];
		struct step step = {.view = view,
			.last_ms = held->last_ms,
			.any = held->sampled,
			.follows = held->accepted};
		for (size_t j = 0; j < series->sample_count; j++) {
			step.time_ms = series->samples[j].time_ms;
			step.value = series->samples[j].value;
			if (wrong(&step)) {
				sink_text_format(found, "time %lld of series %zu, \"%s\"",
					(long long)step.time_ms, i, sink_timeseries_name(series));
				if (step.follows)
					sink_text_format(
						found, ", after %lld", (long long)step.last_ms);
				return;
			}
			step.last_ms = step.time_ms;
			step.any = step.follows = true;
		}
	}
}

static bool
not_milliseconds(const struct step *step)
{
	return step->time_ms < OLDEST_MS;
}

SINK_RULE(sample_milliseconds)
{
	each_sample(view, found, not_milliseconds);
}

static bool
backwards(const struct step *step)
{
	return step->follows && step->time_ms < step->last_ms;
}

SINK_RULE(sample_order)
{
	each_sample(view, found, backwards);
}

static bool
in_the_future(const struct step *step)
{
	return step->time_ms > step->view->request->wall_ms + SKEW_MS;
}

SINK_RULE(sample_future)
{
	each_sample(view, found, in_the_future);
}

static bool
odd_nan(const struct step *step)
{
	uint64_t bits = bits_of(step->value);
	return step->value != step->value && bits != CANONICAL_NAN && bits != SINK_STALE_NAN;
}

SINK_RULE(sample_nan)
{
	each_sample(view, found, odd_nan);
}

static bool
stale_not_newer(const struct step *step)
{
	return bits_of(step->value) == SINK_STALE_NAN && step->follows &&
		step->time_ms <= step->last_ms;
}

SINK_RULE(sample_stale_newer)
{
	each_sample(view, found, stale_not_newer);
}

/* A user's NaN that looks like the marker would come without anything before it. */
static bool
stale_first(const struct step *step)
{
	return bits_of(step->value) == SINK_STALE_NAN && !step->any;
}

SINK_RULE(sample_stale_first)
{
	each_sample(view, found, stale_first);
}
