/* SPDX-License-Identifier: MIT */
/*
 * Making the requests of remote write: a snapshot in as many as its size asks for. The happy path
 * is that names are escaped and label sets checked before the first one is made, and that each is
 * then filled from its template (export/steady.h), or encoded and compressed. Possible failures
 * are a sample of the future, what does not fit the receiver, and memory.
 */
#include "base/error.h"
#include "base/number.h"
#include "codec/block.h"
#include "export/remote_write_inside.h"
#include <inttypes.h>

#define METADATA_MS INT64_C(600000) /* how often the families are told again with 1.0 */

static bool
takes_natives(const struct remote_write *writer)
{
	return writer->wants_natives &&
		pt_remote_write_now(writer) >=
		atomic_load_explicit(&writer->no_natives_ms, memory_order_relaxed);
}

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
				snapshot->table->series[i]->role->family->name, at_ms, now_ms);
	}
	return 0;
}

/* Asks for the newer version again from time to time. */
static void
forget(struct remote_write *writer)
{
	int64_t at_ms = atomic_load_explicit(&writer->forget_ms, memory_order_relaxed);
	if (!writer->forced && pt_remote_write_speaks_1(writer) &&
		pt_remote_write_now(writer) >= at_ms)
		atomic_store_explicit(&writer->speaks_1, false, memory_order_relaxed);
}

/* 1.0 is told the families of each table in requests of their own, behind its samples. */
static bool
must_tell_families(
	struct remote_write *writer, const struct pt_work *work, struct pt_fitted *fitted)
{
	if (work->only_ends || !pt_remote_write_speaks_1(writer) || work->shard != 0)
		return false;
	if (fitted->told_ms != 0 && pt_remote_write_now(writer) - fitted->told_ms < METADATA_MS)
		return false;
	if (pt_fit_count(&work->view) == 0)
		return false;
	fitted->told_ms = pt_remote_write_now(writer);
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
			&writer->steady, fitted->source, version, pt_remote_write_now(writer));
}

int
pt_remote_write_begin(struct pt_exporter *exporter, struct pt_work *work, struct pitot_error *why)
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
	writer->makes_1 = pt_remote_write_speaks_1(writer);
	begin_steady(writer, work);
	return 0;
}

/* Encodes the next request into writer->plain, which stays empty when there is none. */
static void
encode(struct remote_write *writer, struct pt_work *work, struct pt_batch *batch,
	const struct pt_write_options *options)
{
	writer->has_encoded = true;
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
	const struct pt_template *template = pt_steady_fill(&writer->steady, request, &work->at);
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
	const struct pt_steady_request request = {&work->view, work->time_ms, work->at, work->end};
	bool is_steady = work->part == PT_WRITE_FLOATS && !work->telling;
	*batch = (struct pt_batch){.count = {.oldest_ms = INT64_MAX}, .from = work->at};
	if (is_steady && next_filled(writer, work, &request, batch))
		return;
	const struct pt_write_options options = {
		.labels = writer->sender.fit.added,
		.time_ms = work->time_ms,
		.max_bytes = writer->max_bytes,
		.max_series = PT_REMOTE_WRITE_SERIES,
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
		writer->plain.capacity + writer->packed.capacity + pt_steady_bytes(&writer->steady),
		memory_order_relaxed);
}

/* The work is done. Where templates were all that it needed, the next one may need no more. */
static void
end_encoding(struct remote_write *writer)
{
	if (!writer->has_encoded) {
		pt_buf_clear(&writer->plain);
		pt_buf_clear(&writer->packed);
	}
	writer->has_encoded = false;
}

int
pt_remote_write_next(struct pt_exporter *exporter, struct pt_work *work, struct pt_batch *batch,
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
		end_encoding(writer);
		tell_memory(writer);
	}
	if (pt_buf_error(plain) != 0 || pt_buf_error(packed) != 0)
		return pt_error_memory(why);
	return batch->body != NULL;
}
