/* SPDX-License-Identifier: MIT */
/*
 * Remote write 1.0 and 2.0: a snapshot in as many requests as its size asks for
 * (specs/remote-write). Names are escaped and label sets checked before the first one is made.
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
#include "export/sender.h"
#include "export/steady.h"
#include <inttypes.h>
#include <stdatomic.h>
#include <stdlib.h>

/* What Prometheus sends at most in one request, and so what receivers expect. */
#define MAX_SERIES 2000
#define DAY_MS INT64_C(86400000)
#define METADATA_MS INT64_C(600000) /* how often the families are told again with 1.0 */

struct remote_write {
	struct pt_sender sender; /* first */
	size_t max_bytes;
	bool forced; /* the version was asked for */
	bool wants_natives;
	bool old_start;
	/*
	 * Found out by attempts, used for making requests, perhaps in another thread. relaxed: each
	 * stands for itself, and a request that was made too early is made anew.
	 */
	atomic_bool speaks_1;          /* the receiver does not know 2.0 */
	_Atomic int64_t forget_ms;     /* when to ask again, in monotonic time */
	_Atomic int64_t no_natives_ms; /* until when native histograms are not sent */

	/* Making requests. */
	struct pt_buf plain, packed; /* one request; kept, so that later ones allocate nothing */
	struct pt_steady steady;     /* what is known of requests that were made before */
	bool makes_1;                /* by version 1.0, since the work began */

	/* Sending requests. */
	bool confirmed;                              /* the receiver has taken 2.0 */
	struct pt_buf expanded, rewritten, repacked; /* a request of 2.0 that must become 1.0 */
};

static int64_t
now_of(const struct remote_write *writer)
{
	return writer->sender.clock->mono_ms(writer->sender.clock);
}

static bool
speaks_1(const struct remote_write *writer)
{
	return atomic_load_explicit(&writer->speaks_1, memory_order_relaxed);
}

static bool
takes_natives(const struct remote_write *writer)
{
	return writer->wants_natives &&
		now_of(writer) >=
		atomic_load_explicit(&writer->no_natives_ms, memory_order_relaxed);
}

/* ---- making requests ---- */

static int
refuse_future(const struct pitot_snapshot *snapshot, int64_t time_ms, int64_t now_ms,
	struct pitot_error *why)
{
	int64_t limit_ms = now_ms + PT_LIMIT_AHEAD_MS;
	if (snapshot->timestamps == NULL && time_ms <= limit_ms)
		return 0;
	for (size_t i = 0; i < snapshot->table->count; i++) {
		if (snapshot->bits[i] == PT_NUMBER_ABSENT)
			continue;
		int64_t at_ms = pt_snapshot_time_of(snapshot, i, time_ms);
		if (at_ms > limit_ms)
			return pt_error_set(why, PITOT_BAD_INPUT,
				"metric %s: its time %" PRId64
				" ms is more than 10 minutes ahead of the clock (%" PRId64
				" ms): check the timestamp or the clock",
				snapshot->table->series[i]->family->name, at_ms, now_ms);
	}
	return 0;
}

/* Asks for the newer version again from time to time. */
static void
forget(struct remote_write *writer)
{
	int64_t at_ms = atomic_load_explicit(&writer->forget_ms, memory_order_relaxed);
	if (!writer->forced && speaks_1(writer) && now_of(writer) >= at_ms)
		atomic_store_explicit(&writer->speaks_1, false, memory_order_relaxed);
}

/* 1.0 is told the families of each table in requests of their own, behind its samples. */
static bool
must_tell_families(
	struct remote_write *writer, const struct pt_work *work, struct pt_fitted *fitted)
{
	if (work->only_ends || !speaks_1(writer) || work->shard != 0)
		return false;
	if (fitted->told_ms != 0 && now_of(writer) - fitted->told_ms < METADATA_MS)
		return false;
	if (pt_fit_count(&work->view) == 0)
		return false;
	fitted->told_ms = now_of(writer);
	return true;
}

/* Births and ends of series come once, and so does what tells of the past. */
static void
begin_steady(struct remote_write *writer, const struct pt_work *work)
{
	struct pt_fitted *fitted = writer->sender.fit.last;
	unsigned version = (writer->makes_1 ? 1u : 2u) + (work->natives ? 2u : 0u);
	if (work->only_ends || fitted->source->history)
		pt_steady_begin_other(&writer->steady);
	else
		fitted->is_held = pt_steady_begin(
			&writer->steady, fitted->source, version, now_of(writer));
}

static int
begin(struct pt_exporter *exporter, struct pt_work *work, struct pitot_error *why)
{
	struct remote_write *writer = (struct remote_write *)exporter;
	int code = refuse_future(work->snapshot, work->time_ms, work->now_ms, why);
	if (code == 0)
		code = pt_fit_snapshot(&writer->sender.fit, work->snapshot, &work->view, why);
	if (code != 0)
		return code;
	forget(writer);
	work->part = PT_WRITE_FLOATS;
	work->natives = takes_natives(writer);
	work->metadata = must_tell_families(writer, work, writer->sender.fit.last);
	work->telling = false;
	work->at = 0;
	work->end = work->view.table->count;
	writer->makes_1 = speaks_1(writer);
	begin_steady(writer, work);
	return 0;
}

/* Encodes the next request into writer->plain, which stays empty when there is none. */
static void
encode(struct remote_write *writer, struct pt_work *work, struct pt_batch *batch,
	const struct pt_write_options *options)
{
	if (work->telling) {
		work->at = pt_remote_write_v1_metadata(
			&writer->plain, work->view.table, work->at, options);
		batch->format = PT_FORMAT_METADATA;
	} else if (writer->makes_1) {
		work->at = pt_remote_write_v1_encode(
			&writer->plain, &work->view, work->at, options, &batch->count);
		batch->format = PT_FORMAT_WRITE_1;
	} else {
		work->at = pt_remote_write_v2_encode(
			&writer->plain, &work->view, work->at, options, &batch->count);
		batch->format = PT_FORMAT_WRITE_2;
	}
}

static void
put_template(struct pt_batch *batch, const struct pt_template *template)
{
	batch->body = pt_template_body(template, &batch->length);
}

/* Whether there is a template for the next request, which is filled then. */
static bool
next_filled(struct remote_write *writer, struct pt_work *work,
	const struct pt_steady_request *request, struct pt_batch *batch)
{
	const struct pt_template *template =
		pt_steady_fill(&writer->steady, request, &work->at);
	if (template == NULL)
		return false;
	batch->format = writer->makes_1 ? PT_FORMAT_WRITE_1 : PT_FORMAT_WRITE_2;
	batch->count.samples = pt_template_samples(template);
	batch->count.oldest_ms = work->time_ms;
	batch->to = work->at;
	put_template(batch, template);
	return true;
}

/* The next request of those that begin at work->at, or none there: an empty body. */
static void
next_at(struct remote_write *writer, struct pt_work *work, struct pt_batch *batch)
{
	struct pt_steady *steady = &writer->steady;
	const struct pt_steady_request request = {
		&work->view, work->time_ms, work->at, work->end};
	bool is_steady = work->part == PT_WRITE_FLOATS && !work->telling;
	*batch = (struct pt_batch){.count = {.oldest_ms = INT64_MAX}, .from = work->at};
	if (is_steady && next_filled(writer, work, &request, batch))
		return;
	const struct pt_write_options options = {
		.labels = writer->sender.fit.added,
		.time_ms = work->time_ms,
		.max_bytes = writer->max_bytes,
		.max_series = MAX_SERIES,
		.end = is_steady ? pt_steady_border(steady, &request) : work->end,
		.part = work->part,
		.natives = work->natives,
		.marks = is_steady ? pt_steady_marks(steady, &request) : NULL,
		.old_start = writer->old_start,
		.shard = work->shard,
		.shards = work->shards,
	};
	encode(writer, work, batch, &options);
	batch->to = work->at;
	work->skipped[PITOT_DROP_TOO_LARGE] += batch->count.dropped;
	work->exemplars_skipped += batch->count.exemplars_dropped;
	if (!is_steady || pt_buf_error(&writer->plain) != 0)
		return;
	const struct pt_steady_made made = {work->at, &writer->plain, &batch->count};
	const struct pt_template *template = pt_steady_learn(steady, &request, &made);
	if (template != NULL)
		put_template(batch, template);
}

/* Goes on to what comes behind the part that is done; false if that was all. */
static bool
next_part(struct pt_work *work)
{
	if (work->end != work->view.table->count || work->telling)
		return false;
	if (work->natives && work->part == PT_WRITE_FLOATS)
		work->part = PT_WRITE_NATIVES;
	else if (work->metadata)
		work->telling = true;
	else
		return false;
	work->at = 0;
	return true;
}

static void
tell_memory(struct remote_write *writer)
{
	atomic_store_explicit(&writer->sender.exporter.kept_bytes,
		writer->plain.capacity + writer->packed.capacity +
			pt_steady_bytes(&writer->steady),
		memory_order_relaxed);
}

static int
next(struct pt_exporter *exporter, struct pt_work *work, struct pt_batch *batch,
	struct pitot_error *why)
{
	struct remote_write *writer = (struct remote_write *)exporter;
	struct pt_buf *plain = &writer->plain, *packed = &writer->packed;
	pt_buf_reset(plain);
	pt_buf_reset(packed);
	batch->body = NULL;
	do {
		while (work->at < work->end && batch->body == NULL && plain->length == 0 &&
			pt_buf_error(plain) == 0)
			next_at(writer, work, batch);
	} while (batch->body == NULL && plain->length == 0 && pt_buf_error(plain) == 0 &&
		next_part(work));
	if (batch->body == NULL && plain->length > 0 && pt_buf_error(plain) == 0) {
		pt_block_compress(packed, plain->bytes, plain->length);
		batch->body = packed->bytes;
		batch->length = packed->length;
	}
	if (batch->body == NULL && pt_buf_error(plain) == 0) {
		pt_steady_end(&writer->steady);
		tell_memory(writer);
	}
	if (pt_buf_error(plain) != 0 || pt_buf_error(packed) != 0)
		return pt_error_memory(why);
	return batch->body != NULL;
}

/* ---- sending them ---- */

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
	atomic_store_explicit(&writer->forget_ms, now_of(writer) + DAY_MS, memory_order_relaxed);
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
		atomic_store_explicit(
			&writer->no_natives_ms, now_of(writer) + DAY_MS, memory_order_relaxed);
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
	if (newer && speaks_1(writer)) {
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
		.headers = speaks_1(writer) ? headers_1 : headers_2,
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
	return speaks_1((const struct remote_write *)exporter) ? PITOT_PROTOCOL_REMOTE_WRITE_1
							       : PITOT_PROTOCOL_REMOTE_WRITE_2;
}

static void
init_buffers(struct remote_write *writer)
{
	/* The most that snappy makes of it. */
	size_t most = 32 + PT_LIMIT_REQUEST + PT_LIMIT_REQUEST / 6;
	pt_buf_init(&writer->plain, PT_LIMIT_REQUEST);
	pt_buf_init(&writer->packed, most);
	pt_buf_init(&writer->expanded, PT_LIMIT_REQUEST);
	pt_buf_init(&writer->rewritten, PT_LIMIT_REQUEST);
	pt_buf_init(&writer->repacked, most);
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
		.begin = begin,
		.next = next,
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
	pt_steady_init(&writer->steady, MAX_SERIES);
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
