/* SPDX-License-Identifier: MIT */
#include <pitot/exposition.h>

#include "base/limits.h"
#include <stdlib.h>
#include "support/build.h"
#include "support/check.h"
#include "support/oracle.h"

static void
check_refused(
	enum pitot_format format, const struct pitot_encode_options *options, const char *part)
{
	struct pitot_snapshot *snapshot = build_every_type();
	struct pitot_error why = {0};
	char *bytes = NULL;
	size_t length = 7;
	check_int(pitot_encode(snapshot, format, options, &bytes, &length, &why), PITOT_USAGE);
	check_int(why.code, PITOT_USAGE);
	check_contains(why.text, part);
	check_true(bytes == NULL && length == 7);
	check_int(pitot_encode(snapshot, format, options, &bytes, &length, NULL), PITOT_USAGE);
	pitot_snapshot_free(snapshot);
}

static void
a_format_must_be_chosen(void)
{
	check_refused(PITOT_FORMAT_AUTO, NULL, "format");
	check_refused((enum pitot_format)99, NULL, "format");
}

/* text-formats 1 */
static void
labels_that_cannot_be_added_are_told(void)
{
	static const struct {
		struct pitot_label label;
		const char *part;
	} cases[] = {{{NULL, "v"}, "no name"}, {{"n", NULL}, "no name or value"},
		{{"", "v"}, "\"\""}, {{"__name__", "v"}, "__name__"},
		{{"a\xff", "v"}, "cannot be the name"}, {{"a", "\xff"}, "\"a\""}};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
		check_refused(PITOT_TEXT_0_0_4,
			&(struct pitot_encode_options){.labels = &cases[i].label, .label_count = 1},
			cases[i].part);
	static const struct pitot_label same[] = {{"a.b", "1"}, {"c", "2"}, {"a_b", "3"}};
	check_refused(PITOT_TEXT_0_0_4,
		&(struct pitot_encode_options){.labels = same, .label_count = 3}, "\"a.b\"");
}

static void
as_many_labels_as_the_limit_can_be_added(void)
{
	static char names[PT_LIMIT_LABELS + 1][8];
	static struct pitot_label labels[PT_LIMIT_LABELS + 1];
	for (size_t i = 0; i <= PT_LIMIT_LABELS; i++) {
		(void)snprintf(names[i], sizeof names[i], "l%zu", i);
		labels[i] = (struct pitot_label){names[i], "v"};
	}
	struct pitot_encode_options options = {.labels = labels, .label_count = PT_LIMIT_LABELS};
	struct pitot_snapshot *snapshot = build_every_type();
	for (int format = PITOT_TEXT_0_0_4; format <= PITOT_REMOTE_WRITE_1; format++) {
		char *bytes = NULL;
		size_t length = 0;
		check_int(pitot_encode(snapshot, (enum pitot_format)format, &options, &bytes,
				  &length, NULL),
			0);
		check_true(memmem(bytes, length, "l63", 3) != NULL);
		free(bytes);
	}
	pitot_snapshot_free(snapshot);
	options.label_count++;
	check_refused(PITOT_TEXT_0_0_4, &options, "at most 64");
}

static void
remote_write_is_one_request_with_everything_at_the_snapshots_time(void)
{
	static const struct pitot_label labels[] = {
		{"job", "j"}, {"instance", "i"}, {"queue", "no"}};
	const struct pitot_encode_options options = {.labels = labels, .label_count = 3};
	const struct pt_label pairs[] = {
		pt_label_of("job", "j"), pt_label_of("instance", "i"), pt_label_of("queue", "no")};
	struct pt_labels *added = pt_labels_new(pairs, 3);
	struct pitot_snapshot *snapshot = build_every_type();
	char *bytes = NULL;
	size_t length = 0, size = pitot_snapshot_size(snapshot);
	check_int(pitot_encode(snapshot, PITOT_REMOTE_WRITE_1, &options, &bytes, &length, NULL), 0);
	check_size(
		oracle_write_request(snapshot, 0, size, added, 1700000001000, bytes, length), size);
	free(bytes);
	pt_labels_unref(added);
	pitot_snapshot_free(snapshot);
}

static void
what_is_encoded_ends_in_nul_and_may_be_empty(void)
{
	struct pitot_snapshot *snapshot = build_snapshot(NULL, 0, 0);
	char *bytes = NULL;
	size_t length = 7;
	check_int(pitot_encode(snapshot, PITOT_REMOTE_WRITE_1, NULL, &bytes, &length, NULL), 0);
	check_text(bytes, "");
	check_size(length, 0);
	free(bytes);
	pitot_snapshot_free(snapshot);
}

/* text-formats 5 */
/* text-formats 6 */
static void
what_is_parsed_and_encoded_again_is_the_same(void)
{
	static const enum pitot_format formats[] = {PITOT_TEXT_0_0_4, PITOT_OPENMETRICS_1_0};
	for (size_t i = 0; i < sizeof formats / sizeof formats[0]; i++) {
		const struct pitot_encode_options encode = {.created_series = true};
		const struct pitot_parse_options parse = {.format = formats[i], .strict = true};
		struct pitot_snapshot *snapshot = build_every_type();
		char *first = NULL, *second = NULL;
		size_t length = 0;
		struct pitot_error why = {0};
		check_int(pitot_encode(snapshot, formats[i], &encode, &first, &length, NULL), 0);
		struct pitot_snapshot *again = pitot_parse(first, length, &parse, &why);
		check_text(why.text, "");
		if (again != NULL)
			check_int(pitot_encode(again, formats[i], &encode, &second, &length, NULL),
				0);
		/* The three families of a gauge histogram, in 0.0.4, are no longer one. */
		check_text(second, first);
		free(first);
		free(second);
		pitot_snapshot_free(again);
		pitot_snapshot_free(snapshot);
	}
}

CHECK_MAIN("codec/encode", TEST(a_format_must_be_chosen),
	TEST(labels_that_cannot_be_added_are_told), TEST(as_many_labels_as_the_limit_can_be_added),
	TEST(remote_write_is_one_request_with_everything_at_the_snapshots_time),
	TEST(what_is_encoded_ends_in_nul_and_may_be_empty),
	TEST(what_is_parsed_and_encoded_again_is_the_same))
