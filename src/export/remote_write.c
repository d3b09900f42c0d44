/* SPDX-License-Identifier: MIT */
/*
 * Remote write 1.0 and 2.0: sending requests (specs/remote-write); remote_write_make.c makes them.
 *
 * Which version a receiver speaks is found out by sending 2.0: 415, or a 2xx that does not tell how
 * much was written, means 1.0, and the same samples are sent again by that. A 400 that does not
 * tell either, from a receiver that never took 2.0, is taken for the same. The finding holds for a
 * day. A receiver that turns out not to take native histograms gets classic buckets for a day.
 *
 * Possible failures are those of the fit, memory, and what an answer says.
 */
#include "base/error.h"
#include "base/number.h"
#include "codec/block.h"
#include "export/remote_write_inside.h"
#include <stdlib.h>

#define DAY_MS INT64_C(86400000)

/* ---- sending requests ---- */

static const struct pitot_label headers_1[] = {
	{"Content-Type", "application/x-protobuf"},
	{"Content-Encoding", "snappy"},
	{"X-Prometheus-Remote-Write-Version", "0.1.0"},
};
static const struct pitot_label headers_2[] = {
	{"Content-Type", "application/x-protobuf;proto=io.prometheus.write.v2.Request"},
	{"Content-Encoding", "snappy"},
	{"X-Prometheus-Remote-Write-Version", "2.0.0"},
};

/* A request of 2.0 from a spool, for a receiver that speaks 1.0. */
static bool
rewrite(struct remote_write *writer, const struct pt_batch *batch, struct pt_http_request *request,
	struct pt_outcome *outcome)
{
	pt_buf_reset(&writer->expanded);
	pt_buf_reset(&writer->rewritten);
	pt_buf_reset(&writer->repacked);
	bool ok = pt_block_expand(&writer->expanded, batch->body, batch->length) &&
		pt_remote_write_v1_from_v2(&writer->rewritten, writer->expanded.bytes,
			writer->expanded.length, &outcome->lost);
	if (ok)
		pt_block_compress(
			&writer->repacked, writer->rewritten.bytes, writer->rewritten.length);
	if (!ok || pt_buf_error(&writer->repacked) != 0)
		return false;
	request->body = writer->repacked.bytes;
	request->length = writer->repacked.length;
	return true;
}

static size_t
less(size_t sent, size_t lost)
{
	return sent > lost ? sent - lost : 0;
}

/* Missing headers count as nothing, if at least one is there. */
static size_t
written(int64_t header, size_t sent)
{
	if (header < 0)
		return 0;
	return (uint64_t)header < sent ? (size_t)header : sent;
}

static bool
tells_written(const struct pt_http_answer *answer)
{
	return answer->samples_written >= 0 || answer->histograms_written >= 0 ||
		answer->exemplars_written >= 0;
}

static void
fall_back(struct remote_write *writer, struct pt_outcome *outcome)
{
	atomic_store_explicit(
		&writer->forget_ms, pt_remote_write_now(writer) + DAY_MS, memory_order_relaxed);
	atomic_store_explicit(&writer->speaks_1, true, memory_order_relaxed);
	outcome->fate = PT_FATE_AGAIN;
}

/* An answer to 2.0, of which the status was judged. */
static void
judge_2(struct remote_write *writer, const struct pt_batch *batch,
	const struct pt_http_answer *answer, struct pt_outcome *outcome)
{
	bool tells = tells_written(answer);
	bool stored = outcome->fate == PT_FATE_STORED;
	bool unknown = answer->status == 415 || (stored && !tells) ||
		(answer->status == 400 && !tells && !writer->confirmed);
	if (unknown && !writer->forced) {
		fall_back(writer, outcome);
		return;
	}
	if (stored && !tells) {
		outcome->fate = PT_FATE_REFUSED;
		(void)pt_error_set(&outcome->error, PITOT_REFUSED,
			"%d, but the receiver does not tell what it wrote: it does not know remote "
			"write 2.0, and has stored nothing: use 1.0",
			answer->status);
		return;
	}
	if (!tells || (!stored && outcome->fate != PT_FATE_REFUSED))
		return;
	writer->confirmed = true;
	outcome->stored.samples = written(answer->samples_written, batch->count.samples);
	outcome->stored.histograms = written(answer->histograms_written, batch->count.histograms);
	outcome->stored.exemplars = written(answer->exemplars_written, batch->count.exemplars);
	size_t sent = batch->count.samples + batch->count.histograms;
	size_t kept = outcome->stored.samples + outcome->stored.histograms;
	if (stored && kept < sent)
		(void)pt_error_set(&outcome->error, PITOT_REFUSED,
			"%d, but the receiver wrote only %zu of %zu samples", answer->status, kept,
			sent);
}

static bool
is_no_natives(const struct pt_batch *batch, const struct pt_http_answer *answer)
{
	/* The words of Prometheus before 3.8, which says 500 to this for ever. */
	return batch->count.histograms > 0 && answer->status == 500 &&
		strstr(answer->body, "native histograms are disabled") != NULL;
}

static void
poisoned(struct pt_exporter *exporter, const struct pt_batch *batch)
{
	struct remote_write *writer = (struct remote_write *)exporter;
	if (batch->count.histograms > 0)
		atomic_store_explicit(&writer->no_natives_ms, pt_remote_write_now(writer) + DAY_MS,
			memory_order_relaxed);
}

static void
attempt(struct pt_exporter *exporter, const struct pt_batch *batch, struct pt_deadline *deadline,
	struct pt_attempt *number, struct pt_outcome *outcome)
{
	struct remote_write *writer = (struct remote_write *)exporter;
	bool newer = batch->format == PT_FORMAT_WRITE_2;
	struct pt_http_request request = {
		.method = "POST", .header_count = 3, .body = batch->body, .length = batch->length};
	*outcome = (struct pt_outcome){.fate = PT_FATE_REFUSED};
	if (newer && pt_remote_write_speaks_1(writer)) {
		if (!rewrite(writer, batch, &request, outcome)) {
			(void)pt_error_set(&outcome->error, PITOT_FAILED,
				"a request of remote write 2.0 cannot be made one of 1.0");
			return;
		}
		newer = false;
	}
	request.headers = newer ? headers_2 : headers_1;
	pt_sender_attempt(&writer->sender, &request, deadline, number, outcome);
	if (newer)
		judge_2(writer, batch, &number->answer, outcome);
	else if (outcome->fate == PT_FATE_STORED)
		outcome->stored = (struct pt_write_count){
			.samples = less(batch->count.samples, outcome->lost.samples),
			.histograms = less(batch->count.histograms, outcome->lost.histograms),
			.exemplars = less(batch->count.exemplars, outcome->lost.exemplars),
		};
	if (is_no_natives(batch, &number->answer)) {
		poisoned(exporter, batch);
		outcome->fate = PT_FATE_REFUSED;
		outcome->error.code = PITOT_REFUSED;
	}
}

static bool
probe(struct pt_exporter *exporter, struct pt_deadline *deadline, struct pt_attempt *attempt)
{
	struct remote_write *writer = (struct remote_write *)exporter;
	static const char nothing[] = {0}; /* an empty block */
	struct pt_http_request request = {
		.method = "POST",
		.headers = pt_remote_write_speaks_1(writer) ? headers_1 : headers_2,
		.header_count = 3,
		.body = nothing,
		.length = sizeof nothing,
	};
	struct pt_outcome outcome;
	pt_sender_attempt(&writer->sender, &request, deadline, attempt, &outcome);
	return outcome.fate == PT_FATE_STORED;
}

/* ---- making and freeing ---- */

static void
writer_free(struct pt_exporter *exporter)
{
	struct remote_write *writer = (struct remote_write *)exporter;
	pt_sender_clear(&writer->sender);
	pt_labels_unref(writer->sender.fit.added);
	pt_steady_clear(&writer->steady);
	pt_buf_clear(&writer->plain);
	pt_buf_clear(&writer->packed);
	pt_buf_clear(&writer->expanded);
	pt_buf_clear(&writer->rewritten);
	pt_buf_clear(&writer->repacked);
	free(writer);
}

enum pitot_protocol
pt_exporter_speaks(const struct pt_exporter *exporter)
{
	if (exporter->protocol == PITOT_PROTOCOL_PUSHGATEWAY)
		return PITOT_PROTOCOL_PUSHGATEWAY;
	return pt_remote_write_speaks_1((const struct remote_write *)exporter)
		? PITOT_PROTOCOL_REMOTE_WRITE_1
		: PITOT_PROTOCOL_REMOTE_WRITE_2;
}

static void
init_buffers(struct remote_write *writer)
{
	/* The most that snappy makes of it. */
	size_t most = 32 + PT_LIMIT_REQUEST + PT_LIMIT_REQUEST / 6;
	pt_buf_init_paged(&writer->plain, PT_LIMIT_REQUEST);
	pt_buf_init_paged(&writer->packed, most);
	pt_buf_init_paged(&writer->expanded, PT_LIMIT_REQUEST);
	pt_buf_init_paged(&writer->rewritten, PT_LIMIT_REQUEST);
	pt_buf_init_paged(&writer->repacked, most);
}

struct pt_exporter *
pt_remote_write_new(const struct pt_target *target, struct pt_transport *transport,
	const struct pt_clock *clock, struct pitot_error *why)
{
	const struct pitot_push_options *options = &target->options;
	struct remote_write *writer = calloc(1, sizeof *writer);
	if (writer == NULL) {
		(void)pt_error_memory(why);
		return NULL;
	}
	writer->sender.exporter = (struct pt_exporter){
		.begin = pt_remote_write_begin,
		.next = pt_remote_write_next,
		.attempt = attempt,
		.probe = probe,
		.poisoned = poisoned,
		.free = writer_free,
	};
	writer->max_bytes = options->max_request_bytes;
	writer->forced = target->protocol != PITOT_PROTOCOL_REMOTE_WRITE;
	writer->wants_natives = options->native_histograms;
	writer->old_start = options->old_start_time;
	atomic_init(&writer->speaks_1, target->protocol == PITOT_PROTOCOL_REMOTE_WRITE_1);
	atomic_init(&writer->no_natives_ms, INT64_MIN);
	init_buffers(writer);
	pt_steady_init(&writer->steady, PT_REMOTE_WRITE_SERIES);
	int code = pt_sender_init(&writer->sender, target, why);
	writer->sender.clock = clock;
	writer->sender.fit.added = pt_labels_new(target->pairs, target->count);
	pt_buf_put(&writer->sender.url, target->url.bytes, target->url.length);
	(void)pt_buf_text(&writer->sender.url); /* the NUL now, so that a failure shows here */
	if (code != 0 || writer->sender.fit.added == NULL ||
		pt_buf_error(&writer->sender.url) != 0) {
		(void)pt_error_memory(why);
		writer_free(&writer->sender.exporter);
		return NULL;
	}
	writer->sender.exporter.key = pt_sender_key(&writer->sender, target);
	writer->sender.transport = transport;
	return &writer->sender.exporter;
}
