/* SPDX-License-Identifier: MIT */
#include "codec/block.h"
#include "support/build.h"
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

CHECK_MAIN("fault/encode", TEST(every_format_is_whole_or_says_that_memory_is_out),
	TEST(a_block_is_whole_or_fails))
