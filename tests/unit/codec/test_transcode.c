/* SPDX-License-Identifier: MIT */
/*
 * A request of 2.0 becomes one of 1.0 that holds what the encoder of 1.0 would have made of the
 * same snapshot, or is refused.
 */
#include "codec/remote_write.h"

#include "base/limits.h"
#include "base/number.h"
#include <stdlib.h>
#include "proto/remote_write_v1.pb-c.h"
#include "proto/remote_write_v2.pb-c.h"
#include "support/build.h"
#include "support/build_native.h"
#include "support/check.h"

typedef size_t encode(struct pt_buf *out, const struct pitot_snapshot *snapshot, size_t from,
	const struct pt_write_options *options, struct pt_write_count *count);

static struct pt_write_count
whole(encode *encoder, struct pt_buf *out, const struct pitot_snapshot *snapshot, bool natives)
{
	struct pt_write_count count = {0};
	pt_buf_init(out, PT_LIMIT_REQUEST);
	(void)encoder(out, snapshot, 0,
		&(struct pt_write_options){
			.time_ms = 1700000000000,
			.max_bytes = SIZE_MAX,
			.max_series = SIZE_MAX,
			.end = snapshot->table->count,
			.part = natives ? PT_WRITE_NATIVES : PT_WRITE_FLOATS,
			.natives = natives,
		},
		&count);
	check_int(pt_buf_error(out), 0);
	return count;
}

/* Protobuf-c writes what our encoder spells out differently: both are packed by it. */
static void
repack(struct pt_buf *buf)
{
	Prometheus__WriteRequest *request = prometheus__write_request__unpack(
		NULL, buf->length, buf->length > 0 ? (uint8_t *)buf->bytes : (const uint8_t *)"");
	check_fatal(request != NULL);
	char *packed = malloc(prometheus__write_request__get_packed_size(request) + 1);
	size_t length = prometheus__write_request__pack(request, (uint8_t *)packed);
	pt_buf_reset(buf);
	pt_buf_put(buf, packed, length);
	free(packed);
	prometheus__write_request__free_unpacked(request, NULL);
}

static void
check_same(const struct pitot_snapshot *snapshot, bool natives)
{
	struct pt_buf newer, older, found;
	struct pt_write_count lost = {0};
	struct pt_write_count sent = whole(pt_remote_write_v2_encode, &newer, snapshot, natives);
	struct pt_write_count kept = whole(pt_remote_write_v1_encode, &older, snapshot, natives);
	pt_buf_init(&found, PT_LIMIT_REQUEST);
	/* An empty message has no bytes, which the reader wants to see somewhere. */
	check_true(pt_remote_write_v1_from_v2(
		&found, newer.length > 0 ? newer.bytes : "", newer.length, &lost));
	repack(&found);
	repack(&older);
	check_bytes(found.bytes, found.length, older.bytes, older.length);
	/* remote-write 25 */
	check_size(lost.histograms, sent.histograms - kept.histograms);
	check_size(lost.exemplars, sent.exemplars - kept.exemplars);
	check_size(lost.samples, 0);
	pt_buf_clear(&newer);
	pt_buf_clear(&older);
	pt_buf_clear(&found);
}

static void
snapshots_are_the_same_either_way(void)
{
	struct pitot_snapshot *snapshot = build_every_type();
	check_same(snapshot, false);
	pitot_snapshot_free(snapshot);
	uint64_t seed = build_seed();
	for (int i = 0; i < 300; i++) {
		snapshot = build_random_snapshot(&seed);
		check_same(snapshot, false);
		pitot_snapshot_free(snapshot);
		snapshot = build_random_natives(&seed, 10);
		check_same(snapshot, true);
		pitot_snapshot_free(snapshot);
	}
}

static bool
converts(const void *bytes, size_t length)
{
	struct pt_buf out;
	struct pt_write_count lost = {0};
	pt_buf_init(&out, PT_LIMIT_REQUEST);
	bool ok = pt_remote_write_v1_from_v2(&out, bytes, length, &lost);
	/* What was refused left nothing behind. */
	check_true(ok || out.length == 0);
	pt_buf_clear(&out);
	return ok;
}

/* Symbols "", "a", "b", and one series whose labels are these. */
static bool
refs_convert(uint32_t *refs, size_t count, uint32_t *exemplar, size_t exemplar_count)
{
	char *symbols[] = {(char[]){""}, (char[]){"a"}, (char[]){"b"}};
	Io__Prometheus__Write__V2__Request request;
	Io__Prometheus__Write__V2__TimeSeries series, *list[] = {&series};
	Io__Prometheus__Write__V2__Sample sample, *samples[] = {&sample};
	Io__Prometheus__Write__V2__Exemplar one, *exemplars[] = {&one};
	uint8_t bytes[200];
	io__prometheus__write__v2__request__init(&request);
	io__prometheus__write__v2__time_series__init(&series);
	io__prometheus__write__v2__sample__init(&sample);
	io__prometheus__write__v2__exemplar__init(&one);
	request.n_symbols = 3;
	request.symbols = symbols;
	request.n_timeseries = 1;
	request.timeseries = list;
	series.n_labels_refs = count;
	series.labels_refs = refs;
	series.n_samples = 1;
	series.samples = samples;
	series.n_exemplars = 1;
	series.exemplars = exemplars;
	one.n_labels_refs = exemplar_count;
	one.labels_refs = exemplar;
	check_true(io__prometheus__write__v2__request__get_packed_size(&request) < sizeof bytes);
	return converts(bytes, io__prometheus__write__v2__request__pack(&request, bytes));
}

static void
what_is_no_request_is_refused(void)
{
	uint32_t good[] = {1, 2}, beyond[] = {1, 3}, three[] = {1, 2, 1};
	check_true(refs_convert(good, 2, good, 2));
	check_true(refs_convert(good, 0, good, 0));
	check_true(!refs_convert(beyond, 2, good, 2));
	check_true(!refs_convert(good, 2, beyond, 2));
	check_true(!refs_convert(three, 3, good, 2));
	check_true(!refs_convert(good, 2, three, 3));
	check_true(converts("", 0));
	check_true(!converts("\x2a\x05", 2));
	check_true(!converts("no request", 10));
}

static void
a_cut_request_is_refused_or_shorter(void)
{
	struct pitot_snapshot *snapshot = build_every_type();
	struct pt_buf newer;
	(void)whole(pt_remote_write_v2_encode, &newer, snapshot, false);
	for (size_t length = 0; length < newer.length; length++)
		(void)converts(newer.bytes, length);
	pt_buf_clear(&newer);
	pitot_snapshot_free(snapshot);
}

CHECK_MAIN("codec/transcode", TEST(snapshots_are_the_same_either_way),
	TEST(what_is_no_request_is_refused), TEST(a_cut_request_is_refused_or_shorter))
