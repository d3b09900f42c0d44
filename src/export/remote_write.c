/* SPDX-License-Identifier: MIT */
/*
 * Remote write 1.0: the snapshot in as many requests as its size asks for, one after the other
 * (specs/remote-write). Names are escaped and label sets checked before the first one goes out.
 *
 * A request that the receiver refuses for what is in it loses its own samples only, and the next
 * one is tried; when the receiver is down, denies us or the time is up, the rest is given up too.
 * Either way the report tells how many samples were acknowledged, failed, or were too large for a
 * request.
 */
#include "base/error.h"
#include "base/number.h"
#include "codec/block.h"
#include "codec/remote_write_v1.h"
#include "export/sender.h"
#include <inttypes.h>
#include <stdlib.h>

/* What Prometheus sends at most in one request, and so what receivers expect. */
#define MAX_SERIES 2000

struct remote_write {
	struct pt_sender sender; /* first */
	size_t max_bytes;
	struct pt_buf plain;  /* one request; kept, so that later pushes allocate nothing */
	struct pt_buf packed; /* the same, compressed */
};

static void
writer_free(struct pt_exporter *exporter)
{
	struct remote_write *writer = (struct remote_write *)exporter;
	pt_sender_clear(&writer->sender);
	pt_labels_unref(writer->sender.fit.added);
	pt_buf_clear(&writer->plain);
	pt_buf_clear(&writer->packed);
	free(writer);
}

static int
refuse_future(const struct pitot_snapshot *snapshot, int64_t time_ms, int64_t now_ms,
	struct pitot_error *why)
{
	for (size_t i = 0; i < snapshot->table->count; i++) {
		if (snapshot->bits[i] == PT_NUMBER_ABSENT)
			continue;
		int64_t at_ms = pt_snapshot_time_of(snapshot, i, time_ms);
		if (at_ms > now_ms + PT_LIMIT_AHEAD_MS)
			return pt_error_set(why, PITOT_BAD_INPUT,
				"metric %s: its time %" PRId64
				" ms is more than 10 minutes ahead of this host's clock (%" PRId64
				" ms): check the timestamp or the clock",
				snapshot->table->series[i]->family->name, at_ms, now_ms);
	}
	return 0;
}

/* Sends what stands in writer->plain. */
static int
send_request(struct remote_write *writer, struct pt_deadline *deadline, struct pitot_report *report,
	struct pitot_error *why)
{
	static const struct pitot_label headers[] = {
		{"Content-Type", "application/x-protobuf"},
		{"Content-Encoding", "snappy"},
		{"X-Prometheus-Remote-Write-Version", "0.1.0"},
	};
	pt_buf_reset(&writer->packed);
	pt_block_compress(&writer->packed, writer->plain.bytes, writer->plain.length);
	if (pt_buf_error(&writer->plain) != 0 || pt_buf_error(&writer->packed) != 0)
		return pt_error_memory(why);
	struct pt_http_request request = {
		.method = "POST",
		.headers = headers,
		.header_count = sizeof headers / sizeof headers[0],
		.body = writer->packed.bytes,
		.length = writer->packed.length,
	};
	return pt_sender_send(&writer->sender, &request, deadline, report, why);
}

/* The first failure is the one that is told. */
static void
keep_first(struct pitot_error *first, const struct pitot_error *error)
{
	if (first->code == 0)
		*first = *error;
}

/* Sends all requests; returns the first failure's code, and its text in *first. */
static int
send_all(struct remote_write *writer, const struct pitot_snapshot *view, int64_t time_ms,
	struct pt_deadline *deadline, struct pitot_report *report, struct pitot_error *first)
{
	const struct pt_remote_write_v1_options options = {
		.labels = writer->sender.fit.added,
		.time_ms = time_ms,
		.max_bytes = writer->max_bytes,
		.max_series = MAX_SERIES,
	};
	struct pitot_error error;
	for (size_t next = 0; next < view->table->count;) {
		struct pt_remote_write_v1_count count = {0};
		pt_buf_reset(&writer->plain);
		next = pt_remote_write_v1_encode(&writer->plain, view, next, &options, &count);
		report->samples_dropped += count.dropped;
		if (count.sent == 0)
			continue;
		int code = send_request(writer, deadline, report, &error);
		if (code == 0)
			report->samples_sent += count.sent;
		if (code != 0)
			keep_first(first, &error);
		if (code != 0 && code != PITOT_REFUSED)
			break;
	}
	return first->code;
}

static int
push(struct pt_exporter *exporter, const struct pitot_snapshot *snapshot, int64_t time_ms,
	struct pt_deadline *deadline, struct pitot_report *report, struct pitot_error *why)
{
	struct remote_write *writer = (struct remote_write *)exporter;
	const struct pt_clock *clock = pt_deadline_clock(deadline);
	struct pitot_snapshot view;
	struct pitot_error first = {.code = 0};
	report->series = snapshot->table->count;
	int code = refuse_future(snapshot, time_ms, clock->wall_ms(clock), &first);
	if (code == 0)
		code = pt_fit_snapshot(&writer->sender.fit, snapshot, &view, &first);
	if (code == 0) {
		report->exemplars_dropped = snapshot->exemplar_count;
		code = send_all(writer, &view, time_ms, deadline, report, &first);
	}
	report->samples_failed =
		pt_fit_count(snapshot) - report->samples_sent - report->samples_dropped;
	if (report->samples_dropped > 0) {
		report->dropped_reason = "larger than max_request_bytes";
		if (code == 0)
			code = pt_error_set(&first, PITOT_BAD_INPUT,
				"%zu samples are too large for a request of %zu bytes "
				"(max_request_bytes) and were left out; the others were delivered",
				report->samples_dropped, writer->max_bytes);
	}
	if (code != 0 && why != NULL)
		*why = first;
	return code;
}

struct pt_exporter *
pt_remote_write_new(
	const struct pt_target *target, struct pt_transport *transport, struct pitot_error *why)
{
	struct remote_write *writer = calloc(1, sizeof *writer);
	if (writer == NULL) {
		(void)pt_error_memory(why);
		return NULL;
	}
	writer->sender.exporter = (struct pt_exporter){.push = push, .free = writer_free};
	writer->max_bytes = target->options.max_request_bytes;
	pt_buf_init(&writer->plain, PT_LIMIT_REQUEST);
	/* The most that snappy makes of it. */
	pt_buf_init(&writer->packed, 32 + PT_LIMIT_REQUEST + PT_LIMIT_REQUEST / 6);
	int code = pt_sender_init(&writer->sender, target, why);
	writer->sender.fit.added = pt_labels_new(target->pairs, target->count);
	pt_buf_put(&writer->sender.url, target->url.bytes, target->url.length);
	(void)pt_buf_text(&writer->sender.url); /* the NUL now, so that a failure shows here */
	if (code != 0 || writer->sender.fit.added == NULL ||
		pt_buf_error(&writer->sender.url) != 0) {
		(void)pt_error_memory(why);
		writer_free(&writer->sender.exporter);
		return NULL;
	}
	writer->sender.transport = transport;
	return &writer->sender.exporter;
}
