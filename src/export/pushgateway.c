/* SPDX-License-Identifier: MIT */
/*
 * The Pushgateway: the whole snapshot as one body to the URL of one group, replacing or merging; or
 * the group's emptying or deletion (specs/pushgateway). The body is text 0.0.4, or delimited
 * protobuf where that carries more. A Pushgateway takes no timestamps and silently overwrites
 * labels that are part of the group's key, so that samples with a time of their own and such labels
 * are refused here. The rest that can go wrong is the delivery.
 */
#include "base/arena.h"
#include "base/error.h"
#include "base/number.h"
#include "codec/client_model.h"
#include "codec/text.h"
#include "export/sender.h"
#include "net/url.h"
#include <stdlib.h>

#define DAY_MS INT64_C(86400000)

struct pushgateway {
	struct pt_sender sender; /* first */
	bool replace;
	bool natives;   /* native histograms are asked for */
	bool text_only; /* what is sent must be what every receiver of this kind reads */
	bool doubted;   /* protobuf was refused, and it is not known yet whether for being that */
	/* Until when text is sent, in monotonic time. relaxed: stands for itself. */
	_Atomic int64_t text_until_ms;
	struct pt_arena texts; /* of sender.fit.owned */
	struct pt_buf body;
	uint64_t *bits; /* a snapshot's values without stale markers */
	size_t bits_capacity;
};

/* ---- the group's URL ---- */

static bool
needs_base64(const struct pt_label *pair)
{
	const char *value = pair->value;
	return value[0] == '\0' || strcmp(value, ".") == 0 || strcmp(value, "..") == 0 ||
		strchr(value, '/') != NULL;
}

static void
put_pair(struct pt_buf *url, const struct pt_label *pair)
{
	pt_buf_char(url, '/');
	pt_url_escape(url, pair->name, pair->name_length);
	if (!needs_base64(pair)) {
		pt_buf_char(url, '/');
		pt_url_escape(url, pair->value, pair->value_length);
		return;
	}
	pt_buf_str(url, "@base64/");
	if (pair->value_length == 0)
		pt_buf_char(url, '='); /* an empty path component would be cleaned away */
	pt_url_base64(url, pair->value, pair->value_length);
}

static int
make_url(struct pt_sender *sender, const struct pt_target *target, struct pitot_error *why)
{
	struct pt_buf *url = &sender->url;
	const char *text = target->url.bytes;
	size_t length = 0;
	const char *path = pt_url_path(text, &length);
	const char *query = path + length;
	while (length > 0 && path[length - 1] == '/')
		length--;
	pt_buf_put(url, text, (size_t)(path - text) + length);
	pt_buf_str(url, "/metrics");
	for (size_t i = 0; i < target->count; i++)
		put_pair(url, &target->pairs[i]);
	if (query[0] == '?')
		pt_buf_put(url, query, strcspn(query, "#"));
	(void)pt_buf_text(url); /* the NUL now, so that a failure shows here */
	if (pt_buf_error(url) != 0)
		return pt_error_set(why, PITOT_NO_MEMORY,
			"url: with job, instance and labels is longer than %zu bytes, or memory is "
			"out",
			PT_LIMIT_URL);
	return 0;
}

/* ---- making and freeing ---- */

static int
own_labels(struct pushgateway *gateway, const struct pt_target *target, struct pitot_error *why)
{
	struct pt_label *owned = pt_arena_alloc(&gateway->texts, target->count * sizeof *owned);
	if (owned == NULL)
		return pt_error_memory(why);
	for (size_t i = 0; i < target->count; i++) {
		const struct pt_label *pair = &target->pairs[i];
		char *name = pt_arena_copy(&gateway->texts, pair->name, pair->name_length);
		if (name == NULL)
			return pt_error_memory(why);
		owned[i] = (struct pt_label){.name = name, .name_length = pair->name_length};
	}
	gateway->sender.fit.owned = owned;
	gateway->sender.fit.owned_count = target->count;
	gateway->sender.fit.text = true;
	return 0;
}

static void
gateway_free(struct pt_exporter *exporter)
{
	struct pushgateway *gateway = (struct pushgateway *)exporter;
	pt_sender_clear(&gateway->sender);
	pt_arena_clear(&gateway->texts);
	pt_buf_clear(&gateway->body);
	free(gateway->bits);
	free(gateway);
}

/* ---- pushing ---- */

static int
refuse_times(const struct pitot_snapshot *snapshot, struct pitot_error *why)
{
	if (snapshot->timestamps == NULL)
		return 0;
	for (size_t i = 0; i < snapshot->table->count; i++)
		if (snapshot->bits[i] != PT_NUMBER_ABSENT && snapshot->timestamps[i] != PT_NO_TIME)
			return pt_error_set(why, PITOT_BAD_INPUT,
				"metric %s: has a timestamp, which a Pushgateway refuses: remove "
				"it, or push by remote write, which keeps timestamps",
				snapshot->table->series[i]->role->family->name);
	return 0;
}

/* A stale marker would be read as an ordinary NaN, so a series that ended is left out. */
static int
without_stale(struct pushgateway *gateway, struct pitot_snapshot *view, struct pitot_error *why)
{
	size_t count = view->table->count, first = 0;
	while (first < count && view->bits[first] != PT_NUMBER_STALE)
		first++;
	if (first == count)
		return 0;
	if (gateway->bits_capacity < count) {
		free(gateway->bits);
		gateway->bits = malloc(count * sizeof gateway->bits[0]);
		gateway->bits_capacity = gateway->bits == NULL ? 0 : count;
	}
	if (gateway->bits == NULL)
		return pt_error_memory(why);
	for (size_t i = 0; i < count; i++)
		gateway->bits[i] =
			view->bits[i] == PT_NUMBER_STALE ? PT_NUMBER_ABSENT : view->bits[i];
	view->bits = gateway->bits;
	return 0;
}

static int
begin(struct pt_exporter *exporter, struct pt_work *work, struct pitot_error *why)
{
	struct pushgateway *gateway = (struct pushgateway *)exporter;
	int code = refuse_times(work->snapshot, why);
	if (code == 0)
		code = pt_fit_snapshot(&gateway->sender.fit, work->snapshot, &work->view, why);
	if (code == 0)
		code = without_stale(gateway, &work->view, why);
	if (code != 0)
		return code;
	if (gateway->replace && pt_fit_count(&work->view) == 0)
		return pt_error_set(why, PITOT_BAD_INPUT,
			"there is not one sample, and replacing would clear the group: to do that, "
			"delete it");
	work->at = 0;
	work->end = 1; /* one request in all */
	return 0;
}

static int64_t
now_of(const struct pushgateway *gateway)
{
	return gateway->sender.clock->mono_ms(gateway->sender.clock);
}

/* Only where it carries more, since text is what every receiver of this protocol reads. */
static bool
sends_protobuf(const struct pushgateway *gateway, const struct pitot_snapshot *view)
{
	return !gateway->text_only &&
		now_of(gateway) >=
		atomic_load_explicit(&gateway->text_until_ms, memory_order_relaxed) &&
		pt_client_model_gains(view, gateway->natives) && pt_client_model_fits(view);
}

static int
next(struct pt_exporter *exporter, struct pt_work *work, struct pt_batch *batch,
	struct pitot_error *why)
{
	struct pushgateway *gateway = (struct pushgateway *)exporter;
	if (work->at == work->end)
		return 0;
	work->at = work->end;
	pt_buf_reset(&gateway->body);
	bool protobuf = sends_protobuf(gateway, &work->view);
	size_t exemplars = 0;
	if (protobuf)
		exemplars = pt_client_model_encode(&gateway->body, &work->view, gateway->natives);
	else
		pt_text_encode(&gateway->body, &work->view, &(struct pitot_encode_options){0});
	if (pt_buf_error(&gateway->body) != 0)
		return pt_error_memory(why);
	atomic_store_explicit(&exporter->kept_bytes, gateway->body.capacity, memory_order_relaxed);
	work->exemplars_skipped = work->view.exemplar_count - exemplars;
	*batch = (struct pt_batch){
		.format = protobuf ? PT_FORMAT_PROTOBUF : PT_FORMAT_TEXT,
		.count = {.samples = pt_fit_count(&work->view),
			.exemplars = exemplars,
			.oldest_ms = work->time_ms},
		.to = work->view.table->count,
		.body = gateway->body.bytes,
		.length = gateway->body.length,
	};
	return 1;
}

/*
 * Receivers that are like a Pushgateway but read only text refuse protobuf, or answer something
 * that no Pushgateway ever does. They get the same as text, for a day; unless they refuse that too,
 * and so were talking of the data.
 */
static void
judge(struct pushgateway *gateway, const struct pt_batch *batch,
	const struct pt_http_answer *answer, struct pt_outcome *outcome)
{
	bool stored = outcome->fate == PT_FATE_STORED;
	bool refused = outcome->fate == PT_FATE_REFUSED;
	if (batch->format == PT_FORMAT_PROTOBUF) {
		if (refused || (stored && answer->status != 200 && answer->status != 202)) {
			gateway->doubted = true;
			atomic_store_explicit(&gateway->text_until_ms, now_of(gateway) + DAY_MS,
				memory_order_relaxed);
			outcome->fate = PT_FATE_AGAIN;
		}
	} else if (batch->format == PT_FORMAT_TEXT && gateway->doubted && (stored || refused)) {
		gateway->doubted = false;
		if (refused)
			atomic_store_explicit(
				&gateway->text_until_ms, INT64_MIN, memory_order_relaxed);
	}
}

static void
attempt(struct pt_exporter *exporter, const struct pt_batch *batch, struct pt_deadline *deadline,
	struct pt_attempt *number, struct pt_outcome *outcome)
{
	struct pushgateway *gateway = (struct pushgateway *)exporter;
	static const struct pitot_label text = {
		"Content-Type", "text/plain; version=0.0.4; charset=utf-8"};
	static const struct pitot_label protobuf = {"Content-Type",
		"application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; "
		"encoding=delimited"};
	struct pt_http_request request = {
		.method = gateway->replace ? "PUT" : "POST",
		.headers = batch->format == PT_FORMAT_PROTOBUF ? &protobuf : &text,
		.header_count = 1,
		.body = batch->body,
		.length = batch->length,
	};
	if (batch->format == PT_FORMAT_EMPTY)
		request.method = "PUT"; /* replaced by nothing */
	if (batch->format == PT_FORMAT_DELETE) {
		request.method = "DELETE";
		request.header_count = 0;
	}
	*outcome = (struct pt_outcome){.stored = batch->count};
	pt_sender_attempt(&gateway->sender, &request, deadline, number, outcome);
	judge(gateway, batch, &number->answer, outcome);
	if (outcome->fate != PT_FATE_STORED)
		outcome->stored = (struct pt_write_count){0};
}

/*
 * A spooled request cannot be made anew when it turns out that nobody reads it. And VictoriaMetrics
 * answers 200 to protobuf on its Pushgateway paths, all below this one, and stores nothing.
 */
static bool
must_be_text(const struct pt_target *target)
{
	return target->options.spool_dir != NULL ||
		strstr(target->url.bytes, "/api/v1/import/prometheus") != NULL;
}

struct pt_exporter *
pt_pushgateway_new(const struct pt_target *target, struct pt_transport *transport,
	const struct pt_clock *clock, struct pitot_error *why)
{
	struct pushgateway *gateway = calloc(1, sizeof *gateway);
	if (gateway == NULL) {
		(void)pt_error_memory(why);
		return NULL;
	}
	gateway->sender.exporter = (struct pt_exporter){
		.begin = begin,
		.next = next,
		.attempt = attempt,
		.free = gateway_free,
	};
	gateway->replace = target->options.mode == PITOT_REPLACE;
	gateway->natives = target->options.native_histograms;
	gateway->text_only = must_be_text(target);
	gateway->sender.clock = clock;
	atomic_init(&gateway->text_until_ms, INT64_MIN);
	pt_buf_init(&gateway->body, PT_LIMIT_TEXT);
	int code = pt_sender_init(&gateway->sender, target, why);
	if (code == 0)
		code = make_url(&gateway->sender, target, why);
	if (code == 0)
		code = own_labels(gateway, target, why);
	if (code != 0) {
		gateway_free(&gateway->sender.exporter);
		return NULL;
	}
	gateway->sender.exporter.key = pt_sender_key(&gateway->sender, target);
	gateway->sender.transport = transport;
	return &gateway->sender.exporter;
}
