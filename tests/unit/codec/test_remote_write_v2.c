/* SPDX-License-Identifier: MIT */
/* Requests of both versions beyond plain samples: symbols, start times, exemplars, natives. */
#include "codec/remote_write.h"

#include "base/limits.h"
#include "base/number.h"
#include <stdlib.h>
#include "codec/write_item.h"
#include "proto/remote_write_v1.pb-c.h"
#include "proto/remote_write_v2.pb-c.h"
#include "support/build.h"
#include "support/build_native.h"
#include "support/check.h"
#include "support/oracle_v2.h"

static const int64_t now = 1700000000000;

static struct pt_write_options
options_for(const struct pitot_snapshot *snapshot)
{
	return (struct pt_write_options){
		.time_ms = now,
		.max_bytes = SIZE_MAX,
		.max_series = SIZE_MAX,
		.end = snapshot->table->count,
	};
}

/* All in one request, as the oracle says; what it counted. */
static struct pt_write_count
check_whole(const struct pitot_snapshot *snapshot, const struct pt_labels *added, bool natives,
	bool old_start)
{
	struct pt_buf out;
	struct pt_write_count count = {.oldest_ms = INT64_MAX};
	struct pt_write_options options = options_for(snapshot);
	options.labels = added;
	options.natives = natives;
	options.part = natives ? PT_WRITE_NATIVES : PT_WRITE_FLOATS;
	options.old_start = old_start;
	pt_buf_init(&out, PT_LIMIT_REQUEST);
	check_size(pt_remote_write_v2_encode(&out, snapshot, 0, &options, &count), options.end);
	check_int(pt_buf_error(&out), 0);
	struct oracle_v2 asked = {.snapshot = snapshot,
		.to = options.end,
		.added = added,
		.time_ms = now,
		.natives = natives,
		.old_start = old_start};
	check_size(
		oracle_request_v2(&asked, out.bytes, out.length), count.samples + count.histograms);
	/* remote-write 24 */
	check_true((natives ? count.samples : count.histograms) == 0);
	pt_buf_clear(&out);
	return count;
}

/* ---- golden vectors: they spell out zeros, which ours do not, so both are packed anew ---- */

static void
unhex(struct pt_buf *out, const char *hex)
{
	for (; hex[0] != '\0'; hex += 2) {
		char digits[3] = {hex[0], hex[1], '\0'};
		pt_buf_char(out, (char)strtoul(digits, NULL, 16));
	}
}

static void
repack(struct pt_buf *buf, const ProtobufCMessageDescriptor *descriptor)
{
	ProtobufCMessage *message = protobuf_c_message_unpack(
		descriptor, NULL, buf->length, (const uint8_t *)buf->bytes);
	check_fatal(message != NULL);
	char *packed = malloc(protobuf_c_message_get_packed_size(message) + 1);
	size_t length = protobuf_c_message_pack(message, (uint8_t *)packed);
	pt_buf_reset(buf);
	pt_buf_put(buf, packed, length);
	free(packed);
	protobuf_c_message_free_unpacked(message, NULL);
}

/* Clears `found`. */
static void
check_golden(struct pt_buf *found, const char *hex, const ProtobufCMessageDescriptor *descriptor)
{
	struct pt_buf expected;
	pt_buf_init(&expected, 10000);
	unhex(&expected, hex);
	repack(&expected, descriptor);
	repack(found, descriptor);
	check_bytes(found->bytes, found->length, expected.bytes, expected.length);
	pt_buf_clear(&expected);
	pt_buf_clear(found);
}

static struct pitot_snapshot *
counter_with_exemplar(void)
{
	return BUILD(now,
		{.family = "c",
			.type = PITOT_COUNTER,
			.help = "Help.",
			.part = PT_PART_TOTAL,
			.value = 5,
			.start_ms = now - 60000,
			.exemplar = {"trace_id", "abc"},
			.exemplar_value = 1});
}

/* remote-write 10 */
/* remote-write 11 */
static void
requests_are_the_golden_vectors(void)
{
	struct pitot_snapshot *snapshots[] = {BUILD(now,
						      {.family = "up",
							      .type = PITOT_GAUGE,
							      .help = "Up.",
							      .labels = {{"job", "a"}},
							      .value = 1}),
		counter_with_exemplar()};
	static const char *const hex[] = {
		"220022085f5f6e616d655f5f2202757022036a6f62220161220355702e2a200a0401020304121009"
		"000000000000f03f1080d095ffbc312a06080218052000",
		"220022085f5f6e616d655f5f2207635f746f74616c220874726163655f69642203616263220548656c"
		"702e2a3b0a02010212170900000000000014401080d095ffbc3118a0fb91ffbc3122140a02030411"
		"000000000000f03f1880d095ffbc312a06080118052000"};
	for (size_t i = 0; i < 2; i++) {
		struct pt_write_options options = options_for(snapshots[i]);
		struct pt_write_count count = {0};
		struct pt_buf out;
		pt_buf_init(&out, 10000);
		(void)pt_remote_write_v2_encode(&out, snapshots[i], 0, &options, &count);
		check_golden(&out, hex[i], &io__prometheus__write__v2__request__descriptor);
		pitot_snapshot_free(snapshots[i]);
	}
}

/* remote-write 22 */
static void
the_older_version_carries_exemplars_too(void)
{
	struct pitot_snapshot *snapshot = counter_with_exemplar();
	struct pt_write_options options = options_for(snapshot);
	struct pt_write_count count = {0};
	struct pt_buf out;
	pt_buf_init(&out, 10000);
	(void)pt_remote_write_v1_encode(&out, snapshot, 0, &options, &count);
	check_size(count.exemplars, 1);
	check_golden(&out,
		"0a4a0a130a085f5f6e616d655f5f1207635f746f74616c12100900000000000014401080d095ffbc31"
		"1a210a0f0a0874726163655f6964120361626311000000000000f03f1880d095ffbc31",
		&prometheus__write_request__descriptor);
	pitot_snapshot_free(snapshot);
}

static void
histograms_are_the_golden_vectors(void)
{
	static const struct {
		const struct build_native *literal;
		const char *hex;
	} cases[] = {
		{&build_native_exponential,
			"0810190000000000404540200029000000000000f03730025a04080310025a04080410015a"
			"04080210026205060407040170007880d095ffbc31"},
		{&build_native_custom,
			"0803190000000000001440206929000000000000000030005a04080010025a040802100162"
			"0302000070007880d095ffbc31820118000000000000e03f000000000000f03f0000000000"
			"000040"},
	};
	for (size_t i = 0; i < 2; i++) {
		struct pt_native *native = build_native(cases[i].literal);
		struct pt_write_item item = {.native = native, .time_ms = now};
		struct pt_buf out;
		pt_buf_init(&out, 10000);
		pt_write_item_histogram(&out, &item, true);
		check_golden(&out, cases[i].hex, &io__prometheus__write__v2__histogram__descriptor);
		free(native);
	}
}

/* remote-write 23 */
static void
families_of_the_older_version_stand_alone(void)
{
	struct pitot_snapshot *snapshot = BUILD(now,
		{.family = "http_requests_total", .type = PITOT_COUNTER, .help = "Total."},
		{.labels = {{"a", "b"}}}, {.family = "none"});
	struct pt_write_options options = options_for(snapshot);
	struct pt_buf out;
	options.end = 2;
	pt_buf_init(&out, 10000);
	check_size(pt_remote_write_v1_metadata(&out, snapshot->table, 0, &options), 2);
	check_golden(&out, "1a2108011213687474705f72657175657374735f746f74616c2206546f74616c2e2a00",
		&prometheus__write_request__descriptor);
	options.end = 3;
	options.max_series = 1;
	/* One family per request: each is told once, whatever the borders. */
	size_t families = 0, requests = 0;
	for (size_t at = 0; at < 3 && requests < 9; requests++) {
		pt_buf_init(&out, 10000);
		at = pt_remote_write_v1_metadata(&out, snapshot->table, at, &options);
		Prometheus__WriteRequest *request = prometheus__write_request__unpack(
			NULL, out.length, (const uint8_t *)out.bytes);
		check_fatal(request != NULL);
		check_size(request->n_timeseries, 0);
		families += request->n_metadata;
		prometheus__write_request__free_unpacked(request, NULL);
		pt_buf_clear(&out);
	}
	check_size(families, 2);
	pitot_snapshot_free(snapshot);
}

/* ---- against the oracle ---- */

static void
a_snapshot_of_every_type_reads_back(void)
{
	struct pitot_snapshot *snapshot = build_every_type();
	struct pt_write_count count = check_whole(snapshot, NULL, false, false);
	check_size(count.exemplars, 2);
	(void)check_whole(snapshot, NULL, false, true);
	pitot_snapshot_free(snapshot);
}

/* Start times before, at and after the sample, and exemplars of every size. */
static void
adorn(struct pitot_snapshot *snapshot, uint64_t *seed)
{
	static const int64_t starts[] = {0, 1, 1600000000000, 1700000000000, 1700000000001};
	char value[200];
	for (size_t i = 0; i < snapshot->table->count; i++) {
		snapshot->table->series[i]->start_ms = starts[build_random(seed, 5)];
		if (build_random(seed, 3) > 0)
			continue;
		size_t length = build_random(seed, 4) == 0 ? 119 + build_random(seed, 3) : 5;
		memset(value, 'x', length);
		value[length] = '\0';
		struct pt_label pair = pt_label_of("trace_id", value);
		struct pt_labels *labels = pt_labels_new(&pair, build_random(seed, 4) > 0);
		(void)pt_snapshot_add_exemplar(snapshot,
			&(struct pt_exemplar){.index = i,
				.labels = labels,
				.bits = pt_number_bits((double)build_random(seed, 9)),
				.has_timestamp = build_random(seed, 2) == 0,
				.timestamp_ms = 1699999999999});
		pt_labels_unref(labels);
	}
}

/* remote-write 21 */
/* remote-write 22 */
static void
random_snapshots_read_back_field_by_field(void)
{
	struct pt_label pairs[] = {pt_label_of("job", "a \"job\""), pt_label_of("instance", "h:1"),
		pt_label_of("A", "added"), pt_label_of("le", "never"), pt_label_of("none", "")};
	struct pt_labels *added = pt_labels_new(pairs, sizeof pairs / sizeof pairs[0]);
	uint64_t seed = build_seed();
	for (int i = 0; i < 300; i++) {
		struct pitot_snapshot *snapshot = build_random_snapshot(&seed);
		adorn(snapshot, &seed);
		(void)check_whole(snapshot, NULL, false, i % 2 == 0);
		(void)check_whole(snapshot, added, false, i % 2 != 0);
		pitot_snapshot_free(snapshot);
	}
	pt_labels_unref(added);
}

static size_t
in_older_version(const struct pitot_snapshot *snapshot, struct pt_write_count *count)
{
	struct pt_write_options options = options_for(snapshot);
	struct pt_buf out;
	size_t found = 0;
	options.part = PT_WRITE_NATIVES;
	options.natives = true;
	pt_buf_init(&out, PT_LIMIT_REQUEST);
	(void)pt_remote_write_v1_encode(&out, snapshot, 0, &options, count);
	Prometheus__WriteRequest *request = prometheus__write_request__unpack(NULL, out.length,
		out.length > 0 ? (const uint8_t *)out.bytes : (const uint8_t *)"");
	if (check_true_at(__FILE__, __LINE__, "the request can be unpacked", request != NULL)) {
		for (size_t i = 0; i < request->n_timeseries; i++) {
			check_size(request->timeseries[i]->n_samples, 0);
			check_size(request->timeseries[i]->n_histograms, 1);
			/* remote-write 25 */
			check_true(request->timeseries[i]->histograms[0]->schema != -53);
			check_size(request->timeseries[i]->histograms[0]->base.n_unknown_fields, 0);
		}
		found = request->n_timeseries;
		prometheus__write_request__free_unpacked(request, NULL);
	}
	pt_buf_clear(&out);
	return found;
}

/* remote-write 24 */
static void
only_valid_native_histograms_are_sent_bucket_by_bucket(void)
{
	uint64_t seed = build_seed();
	for (int i = 0; i < 300; i++) {
		struct pitot_snapshot *snapshot = build_random_natives(&seed, 20);
		size_t valid = 0, custom = 0, ended = 0, absent = 0;
		for (size_t s = 0; s < 20; s++) {
			const struct pt_native *native = pt_snapshot_native(snapshot, s);
			absent += snapshot->bits[s] == PT_NUMBER_ABSENT;
			ended += native == NULL && snapshot->bits[s] == PT_NUMBER_STALE;
			if (native == NULL || !oracle_native_valid(native))
				continue;
			valid++;
			custom += native->schema == PT_NATIVE_CUSTOM;
		}
		struct pt_write_count count = check_whole(snapshot, NULL, true, false);
		check_size(count.histograms, valid + ended);
		check_size(count.dropped, 20 - absent - ended - valid);
		struct pt_write_count older = {0};
		check_size(in_older_version(snapshot, &older), valid - custom + ended);
		check_size(older.dropped, count.dropped + custom);
		(void)check_whole(snapshot, NULL, false, false);
		pitot_snapshot_free(snapshot);
	}
}

/* A family that is native goes as one or as the other, by what the receiver takes. */
static void
classic_series_of_a_native_family_are_for_others(void)
{
	struct pitot_snapshot *snapshot = BUILD(now,
		{.family = "h", .type = PITOT_HISTOGRAM, .part = PT_PART_COUNT, .value = 1},
		{.part = PT_PART_NATIVE}, {.family = "g", .type = PITOT_GAUGE});
	snapshot->table->series[0]->role->family->is_native = true;
	(void)pt_snapshot_add_native(snapshot, 1, build_native(&build_native_exponential));
	for (int natives = 0; natives < 2; natives++) {
		struct pt_write_options options = options_for(snapshot);
		struct pt_write_count count = {0};
		struct pt_buf out;
		options.natives = natives != 0;
		pt_buf_init(&out, 10000);
		(void)pt_remote_write_v2_encode(&out, snapshot, 0, &options, &count);
		check_size(count.samples, natives != 0 ? 1 : 2);
		check_size(count.histograms, 0);
		check_true((memmem(out.bytes, out.length, "h_count", 7) != NULL) == (natives == 0));
		pt_buf_clear(&out);
	}
	pitot_snapshot_free(snapshot);
}

/* ---- limits ---- */

/* All requests of a snapshot, each within the limits and right; how many series they dropped. */
static size_t
split(const struct pitot_snapshot *snapshot, size_t max_bytes, size_t max_series)
{
	struct pt_write_count count = {0};
	struct pt_write_options options = options_for(snapshot);
	options.max_bytes = max_bytes;
	options.max_series = max_series;
	for (size_t at = 0, rounds = 0; at < options.end && rounds <= options.end; rounds++) {
		struct pt_buf out;
		struct pt_write_count before = count;
		pt_buf_init(&out, PT_LIMIT_REQUEST);
		size_t next = pt_remote_write_v2_encode(&out, snapshot, at, &options, &count);
		/* remote-write 26 */
		check_true(pt_buf_error(&out) == 0 && out.length <= max_bytes && next > at);
		check_true(count.samples - before.samples <= max_series);
		struct oracle_v2 asked = {
			.snapshot = snapshot, .from = at, .to = next, .time_ms = now};
		if (count.dropped == before.dropped)
			(void)oracle_request_v2(&asked, out.bytes, out.length);
		pt_buf_clear(&out);
		at = next;
	}
	check_size(count.samples + count.dropped, options.end);
	return count.dropped;
}

/* remote-write 26 */
static void
requests_are_split_at_every_size(void)
{
	struct pitot_snapshot *snapshot = build_every_type();
	struct pt_write_options options = options_for(snapshot);
	struct pt_write_count count = {0};
	struct pt_buf out;
	size_t largest = 0;
	options.max_series = 1;
	for (size_t i = 0; i < options.end; i++) {
		pt_buf_init(&out, 100000);
		(void)pt_remote_write_v2_encode(&out, snapshot, i, &options, &count);
		largest = out.length > largest ? out.length : largest;
		pt_buf_clear(&out);
	}
	pt_buf_init(&out, 100000);
	options.max_series = SIZE_MAX;
	(void)pt_remote_write_v2_encode(&out, snapshot, 0, &options, &count);
	for (size_t bytes = 1; bytes <= out.length + 1; bytes++)
		check_true((split(snapshot, bytes, SIZE_MAX) == 0) == (bytes >= largest));
	for (size_t series = 1; series <= options.end + 1; series++)
		check_size(split(snapshot, SIZE_MAX, series), 0);
	pt_buf_clear(&out);
	pitot_snapshot_free(snapshot);
}

static void
nothing_to_send_is_no_request(void)
{
	struct pitot_snapshot *absent = BUILD(now, {.family = "m", .bits = PT_NUMBER_ABSENT});
	struct pitot_snapshot *empty = build_snapshot(NULL, 0, now);
	(void)check_whole(absent, NULL, false, false);
	(void)check_whole(empty, NULL, false, false);
	pitot_snapshot_free(absent);
	pitot_snapshot_free(empty);
}

static void
a_full_buffer_fails_without_harm(void)
{
	struct pitot_snapshot *snapshot = build_every_type();
	struct pt_write_options options = options_for(snapshot);
	for (size_t limit = 0; limit < 300; limit++) {
		struct pt_write_count count = {0};
		struct pt_buf out;
		pt_buf_init(&out, limit);
		(void)pt_remote_write_v2_encode(&out, snapshot, 0, &options, &count);
		check_int(pt_buf_error(&out), PITOT_NO_MEMORY);
		check_true(out.length <= limit);
		pt_buf_clear(&out);
	}
	pitot_snapshot_free(snapshot);
}

CHECK_MAIN("codec/remote_write_v2", TEST(requests_are_the_golden_vectors),
	TEST(the_older_version_carries_exemplars_too), TEST(histograms_are_the_golden_vectors),
	TEST(families_of_the_older_version_stand_alone), TEST(a_snapshot_of_every_type_reads_back),
	TEST(random_snapshots_read_back_field_by_field),
	TEST(only_valid_native_histograms_are_sent_bucket_by_bucket),
	TEST(classic_series_of_a_native_family_are_for_others),
	TEST(requests_are_split_at_every_size), TEST(nothing_to_send_is_no_request),
	TEST(a_full_buffer_fails_without_harm))
