/* SPDX-License-Identifier: MIT */
#include "codec/remote_write.h"

#include "base/limits.h"
#include "base/number.h"
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include "codec/block.h"
#include "support/build.h"
#include "support/check.h"
#include "support/oracle.h"

static const int64_t now = 1700000000000;

static size_t
encode(struct pt_buf *out, const struct pitot_snapshot *snapshot, size_t from, size_t max_bytes,
	size_t max_series, struct pt_write_count *count)
{
	return pt_remote_write_v1_encode(out, snapshot, from,
		&(struct pt_write_options){.time_ms = now,
			.max_bytes = max_bytes,
			.max_series = max_series,
			.end = snapshot->table->count},
		count);
}

static void
check_all(const struct pitot_snapshot *snapshot, const struct pt_labels *added)
{
	struct pt_buf out;
	struct pt_write_count count = {0};
	pt_buf_init(&out, PT_LIMIT_TEXT);
	size_t size = pitot_snapshot_size(snapshot);
	size_t end = pt_remote_write_v1_encode(&out, snapshot, 0,
		&(struct pt_write_options){
			.labels = added,
			.time_ms = now,
			.max_bytes = SIZE_MAX,
			.max_series = SIZE_MAX,
			.end = snapshot->table->count,
		},
		&count);
	check_int(pt_buf_error(&out), 0);
	check_size(end, size);
	check_size(count.dropped, 0);
	check_size(oracle_write_request(snapshot, 0, size, added, now, out.bytes, out.length),
		count.samples);
	pt_buf_clear(&out);
}

static void
unhex(struct pt_buf *out, const char *hex)
{
	for (; hex[0] != '\0'; hex += 2) {
		char digits[3] = {hex[0], hex[1], '\0'};
		pt_buf_char(out, (char)strtoul(digits, NULL, 16));
	}
}

static void
requests_are_the_golden_vectors(void)
{
	static const struct {
		uint64_t bits;
		const char *hex;
	} cases[] = {
		{UINT64_C(0x3ff0000000000000),
			"0a2c0a0e0a085f5f6e616d655f5f120275700a080a036a6f6212016112100900000000"
			"0000f03f1080d095ffbc31"},
		/* remote-write 19 */
		{PT_NUMBER_STALE,
			"0a2c0a0e0a085f5f6e616d655f5f120275700a080a036a6f62120161121009020000"
			"000000f07f1080d095ffbc31"},
	};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct pitot_snapshot *snapshot = BUILD(now,
			{.family = "up",
				.type = PITOT_GAUGE,
				.labels = {{"job", "a"}},
				.bits = cases[i].bits});
		struct pt_write_count count = {0};
		struct pt_buf found, expected;
		pt_buf_init(&found, 1000);
		pt_buf_init(&expected, 1000);
		unhex(&expected, cases[i].hex);
		check_size(encode(&found, snapshot, 0, SIZE_MAX, SIZE_MAX, &count), 1);
		check_bytes(found.bytes, found.length, expected.bytes, expected.length);
		/* The golden block, one literal. */
		struct pt_buf expanded;
		pt_buf_init(&expanded, 1000);
		pt_buf_reset(&found);
		pt_buf_put(&found, "\x2e\xb4", 2);
		pt_buf_put(&found, expected.bytes, expected.length);
		check_true(pt_block_expand(&expanded, found.bytes, found.length));
		check_bytes(expanded.bytes, expanded.length, expected.bytes, expected.length);
		pt_buf_clear(&expanded);
		pt_buf_clear(&found);
		pt_buf_clear(&expected);
		pitot_snapshot_free(snapshot);
	}
}

static void
a_snapshot_of_every_type_reads_back(void)
{
	struct pitot_snapshot *snapshot = build_every_type();
	check_all(snapshot, NULL);
	pitot_snapshot_free(snapshot);
}

/* remote-write 12 */
/* remote-write 17 */
static void
random_snapshots_read_back_field_by_field(void)
{
	struct pt_label pairs[] = {pt_label_of("job", "a \"job\""), pt_label_of("instance", "h:1"),
		pt_label_of("A", "added"), pt_label_of("le", "never"), pt_label_of("none", "")};
	struct pt_labels *added = pt_labels_new(pairs, sizeof pairs / sizeof pairs[0]);
	uint64_t seed = build_seed();
	for (int i = 0; i < 300; i++) {
		struct pitot_snapshot *snapshot = build_random_snapshot(&seed);
		check_all(snapshot, NULL);
		check_all(snapshot, added);
		pitot_snapshot_free(snapshot);
	}
	pt_labels_unref(added);
}

/* remote-write 13 */
static void
names_before_underscores_come_before_the_metric_name(void)
{
	struct pitot_snapshot *snapshot = BUILD(now,
		{.family = "m",
			.type = PITOT_GAUGE,
			.labels = {{"a", "1"}, {"Z", "2"}, {"_", "3"}}});
	struct pt_write_count count = {0};
	struct pt_buf out;
	pt_buf_init(&out, 1000);
	(void)encode(&out, snapshot, 0, SIZE_MAX, SIZE_MAX, &count);
	const char *text = pt_buf_text(&out);
	/* In "_", the byte behind is the end; in "__name__" it is "_". */
	check_bytes(text + 2, 8,
		"\x0a\x06\x0a\x01Z\x12\x01"
		"2",
		8);
	check_bytes(text + 10, 8,
		"\x0a\x06\x0a\x01_\x12\x01"
		"3",
		8);
	check_bytes(text + 18, 12, "\x0a\x0d\x0a\x08__name__", 12);
	pt_buf_clear(&out);
	pitot_snapshot_free(snapshot);
}

/* remote-write 20 */
static void
bounds_and_quantiles_are_canonical(void)
{
	struct pitot_snapshot *snapshot = build_every_type();
	struct pt_write_count count = {0};
	struct pt_buf out;
	pt_buf_init(&out, 10000);
	(void)encode(&out, snapshot, 0, SIZE_MAX, SIZE_MAX, &count);
	static const char *const parts[] = {"le\x12\x05"
					    "0.005",
		"le\x12\x03"
		"1.0",
		"le\x12\x04+Inf",
		"le\x12\x04"
		"10.0",
		"quantile\x12\x03"
		"0.5",
		"quantile\x12\x04"
		"0.99"};
	for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++)
		check_true(memmem(out.bytes, out.length, parts[i], strlen(parts[i])) != NULL);
	pt_buf_clear(&out);
	pitot_snapshot_free(snapshot);
}

static void
names_outside_the_classic_charset_are_escaped(void)
{
	static const struct {
		enum pitot_escaping escaping;
		const char *name, *label;
	} cases[] = {
		{PITOT_ESCAPE_UNDERSCORES, "my_metric_total", "lab_el_"},
		{PITOT_ESCAPE_DOTS, "my_dot_metric_total", "lab_dot_el__"},
		{PITOT_ESCAPE_VALUES, "U__my_2e_metric_total", "U__lab_2e_el_3a_"},
		{PITOT_ESCAPE_NONE, "my.metric_total", "lab.el:"},
	};
	struct pitot_snapshot *snapshot = BUILD(now,
		{.family = "my.metric",
			.type = PITOT_COUNTER,
			.part = PT_PART_TOTAL,
			.labels = {{"lab.el:", "v"}}});
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		const struct pitot_encode_options options = {.escaping = cases[i].escaping};
		char *bytes = NULL;
		size_t length = 0;
		check_int(pitot_encode(
				  snapshot, PITOT_REMOTE_WRITE_1, &options, &bytes, &length, NULL),
			0);
		check_true(memmem(bytes, length, cases[i].name, strlen(cases[i].name)) != NULL);
		check_true(memmem(bytes, length, cases[i].label, strlen(cases[i].label)) != NULL);
		free(bytes);
	}
	pitot_snapshot_free(snapshot);
}

static void
no_nan_but_a_marker_looks_like_one(void)
{
	static const uint64_t given[] = {PT_NUMBER_STALE, PT_NUMBER_NAN,
		UINT64_C(0x7ff8000000000002), UINT64_C(0xfff0000000000002),
		UINT64_C(0x7ff0000000000001)};
	for (size_t i = 0; i < sizeof given / sizeof given[0]; i++) {
		struct pitot_snapshot *snapshot =
			BUILD(now, {.family = "m", .type = PITOT_GAUGE, .bits = given[i]});
		/* The oracle knows what they become. */
		check_all(snapshot, NULL);
		pitot_snapshot_free(snapshot);
	}
}

/* All requests of a snapshot, each within the limits and right; how many series they dropped. */
static size_t
split(const struct pitot_snapshot *snapshot, size_t max_bytes, size_t max_series)
{
	struct pt_write_count count = {0};
	size_t size = pitot_snapshot_size(snapshot), read = 0;
	for (size_t at = 0, rounds = 0; at < size && rounds <= size; rounds++) {
		struct pt_buf out;
		pt_buf_init(&out, max_bytes);
		struct pt_write_count before = count;
		size_t next = encode(&out, snapshot, at, max_bytes, max_series, &count);
		check_int(pt_buf_error(&out), 0);
		/* remote-write 26 */
		check_true(out.length <= max_bytes);
		check_true(count.samples - before.samples <= max_series);
		check_true(next > at);
		if (count.dropped == before.dropped)
			read += oracle_write_request(
				snapshot, at, next, NULL, now, out.bytes, out.length);
		else
			read += count.samples - before.samples;
		at = next;
		pt_buf_clear(&out);
	}
	check_size(read, count.samples);
	check_size(count.samples + count.dropped, size);
	return count.dropped;
}

/* remote-write 26 */
static void
requests_are_split_at_every_size(void)
{
	struct pitot_snapshot *snapshot = build_every_type();
	struct pt_write_count count = {0};
	size_t largest = 0, whole;
	struct pt_buf out;
	pt_buf_init(&out, 100000);
	for (size_t i = 0; i < pitot_snapshot_size(snapshot); i++) {
		size_t before = out.length;
		(void)encode(&out, snapshot, i, SIZE_MAX, 1, &count);
		largest = out.length - before > largest ? out.length - before : largest;
	}
	whole = out.length;
	pt_buf_clear(&out);
	for (size_t bytes = 1; bytes <= whole + 1; bytes++)
		check_true((split(snapshot, bytes, SIZE_MAX) == 0) == (bytes >= largest));
	for (size_t series = 1; series <= pitot_snapshot_size(snapshot) + 1; series++)
		check_size(split(snapshot, whole, series), 0);
	pitot_snapshot_free(snapshot);
}

static void
a_snapshot_without_samples_makes_an_empty_request(void)
{
	struct pitot_snapshot *snapshot =
		BUILD(now, {.family = "m", .type = PITOT_GAUGE, .bits = PT_NUMBER_ABSENT});
	check_all(snapshot, NULL);
	pitot_snapshot_free(snapshot);
	snapshot = build_snapshot(NULL, 0, now);
	check_all(snapshot, NULL);
	pitot_snapshot_free(snapshot);
}

static void
a_full_buffer_fails_without_harm(void)
{
	struct pitot_snapshot *snapshot = build_every_type();
	for (size_t limit = 0; limit < 300; limit++) {
		struct pt_write_count count = {0};
		struct pt_buf out;
		pt_buf_init(&out, limit);
		(void)encode(&out, snapshot, 0, SIZE_MAX, SIZE_MAX, &count);
		check_int(pt_buf_error(&out), PITOT_NO_MEMORY);
		check_true(out.length <= limit);
		pt_buf_clear(&out);
	}
	pitot_snapshot_free(snapshot);
}

CHECK_MAIN("codec/remote_write_v1", TEST(requests_are_the_golden_vectors),
	TEST(a_snapshot_of_every_type_reads_back), TEST(random_snapshots_read_back_field_by_field),
	TEST(names_before_underscores_come_before_the_metric_name),
	TEST(bounds_and_quantiles_are_canonical),
	TEST(names_outside_the_classic_charset_are_escaped),
	TEST(no_nan_but_a_marker_looks_like_one), TEST(requests_are_split_at_every_size),
	TEST(a_snapshot_without_samples_makes_an_empty_request),
	TEST(a_full_buffer_fails_without_harm))
