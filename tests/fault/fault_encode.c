/* SPDX-License-Identifier: MIT */
#include "codec/block.h"
#include "codec/client_model.h"
#include "codec/remote_write.h"
#include "support/build.h"
#include "support/build_native.h"
#include "support/fault.h"

#include <pitot/exposition.h>
#include <stdlib.h>
#include "support/check.h"

static const struct pitot_label labels[] = {{"job", "j"}, {"in.stance", "i"}};

/* Either the bytes are as without a fault, or it says that memory is out and gives none. */
static void
encode_with_faults(const struct pitot_snapshot *snapshot, enum pitot_format format)
{
	const struct pitot_encode_options options = {
		.created_series = true, .labels = labels, .label_count = 2};
	char *expected = NULL;
	size_t expected_length = 0, told = 0;
	check_fatal(
		pitot_encode(snapshot, format, &options, &expected, &expected_length, NULL) == 0);
	for (struct fault fault = {0}; fault_next(&fault);) {
		struct pitot_error why = {0};
		char *bytes = NULL;
		size_t length = 0;
		int code = pitot_encode(snapshot, format, &options, &bytes, &length, &why);
		/* Freeing a table of other names does without memory that it asks for. */
		if (fault_met() && code != 0) {
			check_int(code, PITOT_NO_MEMORY);
			check_contains(why.text, "memory");
			check_true(bytes == NULL);
			told++;
		} else {
			check_int(code, 0);
			check_bytes(bytes, length, expected, expected_length);
		}
		free(bytes);
	}
	check_true(told > 1);
	free(expected);
}

static void
every_format_is_whole_or_says_that_memory_is_out(void)
{
	struct pitot_snapshot *classic = build_every_type();
	struct pitot_snapshot *quoted = BUILD(0, {.family = "a.b", .type = PITOT_GAUGE},
		{.labels = {{"c.d", "e"}}}, {.family = "f.g", .type = PITOT_GAUGE});
	for (int format = PITOT_TEXT_0_0_4; format <= PITOT_REMOTE_WRITE_1; format++) {
		encode_with_faults(classic, (enum pitot_format)format);
		encode_with_faults(quoted, (enum pitot_format)format);
	}
	pitot_snapshot_free(classic);
	pitot_snapshot_free(quoted);
}

static void
a_block_is_whole_or_fails(void)
{
	static const char plain[5000];
	for (struct fault fault = {0}; fault_next(&fault);) {
		struct pt_buf packed, again;
		pt_buf_init(&packed, 10000);
		pt_buf_init(&again, 10000);
		pt_block_compress(&packed, plain, sizeof plain);
		bool packs = pt_buf_error(&packed) == 0;
		bool expands = packs && pt_block_expand(&again, packed.bytes, packed.length);
		check_true(expands == !fault_met());
		check_size(again.length, expands ? sizeof plain : 0);
		pt_buf_clear(&packed);
		pt_buf_clear(&again);
	}
}

typedef size_t encoder(struct pt_buf *out, const struct pitot_snapshot *snapshot, size_t from,
	const struct pt_write_options *options, struct pt_write_count *count);

static void
check_encoder(encoder *encode, const struct pitot_snapshot *snapshot, bool natives)
{
	const struct pt_write_options options = {.time_ms = 1,
		.max_bytes = SIZE_MAX,
		.max_series = SIZE_MAX,
		.end = snapshot->table->count,
		.natives = natives,
		.part = natives ? PT_WRITE_NATIVES : PT_WRITE_FLOATS};
	struct pt_buf expected, out;
	struct pt_write_count count = {0};
	pt_buf_init(&expected, 1 << 20);
	(void)encode(&expected, snapshot, 0, &options, &count);
	check_int(pt_buf_error(&expected), 0);
	for (struct fault fault = {0}; fault_next(&fault);) {
		pt_buf_init(&out, 1 << 20);
		(void)encode(&out, snapshot, 0, &options, &count);
		check_int(pt_buf_error(&out), fault_met() ? PITOT_NO_MEMORY : 0);
		if (!fault_met())
			check_bytes(out.bytes, out.length, expected.bytes, expected.length);
		pt_buf_clear(&out);
	}
	pt_buf_clear(&expected);
}

static void
requests_are_whole_or_say_that_memory_is_out(void)
{
	uint64_t seed = 7;
	struct pitot_snapshot *classic = build_every_type();
	struct pitot_snapshot *natives = build_random_natives(&seed, 20);
	check_encoder(pt_remote_write_v1_encode, classic, false);
	check_encoder(pt_remote_write_v2_encode, classic, false);
	check_encoder(pt_remote_write_v1_encode, natives, true);
	check_encoder(pt_remote_write_v2_encode, natives, true);
	pitot_snapshot_free(classic);
	pitot_snapshot_free(natives);
}

static void
delimited_protobuf_is_whole_or_says_that_memory_is_out(void)
{
	struct pitot_snapshot *snapshot = build_every_type();
	struct pt_buf expected, out;
	pt_buf_init(&expected, 1 << 20);
	(void)pt_client_model_encode(&expected, snapshot, true);
	for (struct fault fault = {0}; fault_next(&fault);) {
		pt_buf_init(&out, 1 << 20);
		(void)pt_client_model_encode(&out, snapshot, true);
		check_int(pt_buf_error(&out), fault_met() ? PITOT_NO_MEMORY : 0);
		if (!fault_met())
			check_bytes(out.bytes, out.length, expected.bytes, expected.length);
		pt_buf_clear(&out);
	}
	pt_buf_clear(&expected);
	pitot_snapshot_free(snapshot);
}

/* Protobuf-c's reader asks for memory too, and its failure looks like bytes that are no request. */
static void
a_request_is_rewritten_whole_or_not_at_all(void)
{
	struct pitot_snapshot *snapshot = build_every_type();
	const struct pt_write_options options = {.time_ms = 1,
		.max_bytes = SIZE_MAX,
		.max_series = SIZE_MAX,
		.end = snapshot->table->count};
	struct pt_buf newer, out;
	struct pt_write_count count = {0};
	pt_buf_init(&newer, 1 << 20);
	(void)pt_remote_write_v2_encode(&newer, snapshot, 0, &options, &count);
	for (struct fault fault = {0}; fault_next(&fault);) {
		struct pt_write_count lost = {0};
		pt_buf_init(&out, 1 << 20);
		bool ok = pt_remote_write_v1_from_v2(&out, newer.bytes, newer.length, &lost);
		check_int(ok, !fault_met());
		check_true(ok || out.length == 0);
		pt_buf_clear(&out);
	}
	pt_buf_clear(&newer);
	pitot_snapshot_free(snapshot);
}

CHECK_MAIN("fault/encode", TEST(every_format_is_whole_or_says_that_memory_is_out),
	TEST(a_block_is_whole_or_fails), TEST(requests_are_whole_or_say_that_memory_is_out),
	TEST(delimited_protobuf_is_whole_or_says_that_memory_is_out),
	TEST(a_request_is_rewritten_whole_or_not_at_all))
