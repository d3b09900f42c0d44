/* SPDX-License-Identifier: MIT */
/*
 * The Pushgateway: the whole snapshot as one body of text 0.0.4 to the URL of one group, replacing
 * or merging; or the group's deletion (specs/pushgateway). A Pushgateway takes no timestamps, no
 * exemplars, and silently overwrites labels that are part of the group's key, so that samples with
 * a time of their own and such labels are refused here; exemplars are counted and left out. The
 * rest that can go wrong is the delivery.
 */
#include "base/arena.h"
#include "base/error.h"
#include "base/number.h"
#include "codec/text.h"
#include "export/sender.h"
#include "net/url.h"
#include <stdlib.h>

struct pushgateway {
	struct pt_sender sender; /* first */
	bool replace;
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
				snapshot->table->series[i]->family->name);
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

/* The snapshot as it can be sent, in *view; the body of it in gateway->body. */
static int
prepare(struct pushgateway *gateway, const struct pitot_snapshot *snapshot,
	struct pitot_snapshot *view, struct pitot_error *why)
{
	int code = refuse_times(snapshot, why);
	if (code == 0)
		code = pt_fit_snapshot(&gateway->sender.fit, snapshot, view, why);
	if (code == 0)
		code = without_stale(gateway, view, why);
	if (code != 0)
		return code;
	if (gateway->replace && pt_fit_count(view) == 0)
		return pt_error_set(why, PITOT_BAD_INPUT,
			"there is not one sample, and replacing would clear the group: to do that, "
			"delete it");
	pt_buf_reset(&gateway->body);
	pt_text_encode(&gateway->body, view, &(struct pitot_encode_options){0});
	return pt_buf_error(&gateway->body) != 0 ? pt_error_memory(why) : 0;
}

static int
push(struct pt_exporter *exporter, const struct pitot_snapshot *snapshot, int64_t time_ms,
	struct pt_deadline *deadline, struct pitot_report *report, struct pitot_error *why)
{
	struct pushgateway *gateway = (struct pushgateway *)exporter;
	static const struct pitot_label headers[] = {
		{"Content-Type", "text/plain; version=0.0.4; charset=utf-8"},
	};
	(void)time_ms; /* the Pushgateway's scraper gives the time */
	report->series = snapshot->table->count;
	struct pitot_snapshot view;
	int code = prepare(gateway, snapshot, &view, why);
	if (code == 0) {
		struct pt_http_request request = {
			.method = gateway->replace ? "PUT" : "POST",
			.headers = headers,
			.header_count = sizeof headers / sizeof headers[0],
			.body = gateway->body.bytes,
			.length = gateway->body.length,
		};
		code = pt_sender_send(&gateway->sender, &request, deadline, report, why);
		report->exemplars_dropped = snapshot->exemplar_count;
	}
	*(code == 0 ? &report->samples_sent : &report->samples_failed) =
		pt_fit_count(code == 0 ? &view : snapshot);
	return code;
}

static int
delete_group(struct pt_exporter *exporter, struct pt_deadline *deadline,
	struct pitot_report *report, struct pitot_error *why)
{
	struct pushgateway *gateway = (struct pushgateway *)exporter;
	struct pt_http_request request = {.method = "DELETE"};
	return pt_sender_send(&gateway->sender, &request, deadline, report, why);
}

struct pt_exporter *
pt_pushgateway_new(
	const struct pt_target *target, struct pt_transport *transport, struct pitot_error *why)
{
	struct pushgateway *gateway = calloc(1, sizeof *gateway);
	if (gateway == NULL) {
		(void)pt_error_memory(why);
		return NULL;
	}
	gateway->sender.exporter = (struct pt_exporter){
		.push = push,
		.remove = delete_group,
		.free = gateway_free,
	};
	gateway->replace = target->options.mode == PITOT_REPLACE;
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
	gateway->sender.transport = transport;
	return &gateway->sender.exporter;
}
