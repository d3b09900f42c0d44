/* SPDX-License-Identifier: MIT */
/*
 * Fuzzes the text parser: any bytes are a snapshot or an error that says where. What strict
 * accepts, tolerant accepts too, as the same series.
 */
#include "fuzz/fuzz.h"
#include <pitot/exposition.h>
#include <stdlib.h>
#include <string.h>

static void
require(bool condition)
{
	if (!condition)
		abort();
}

/* Reads every text, so that a dangling one is seen. */
static void
touch(const struct pitot_snapshot *snapshot)
{
	for (size_t i = 0; i < pitot_snapshot_size(snapshot); i++) {
		struct pitot_sample sample = pitot_snapshot_sample(snapshot, i);
		require(strlen(sample.family) > 0 && !sample.absent);
		require(strlen(sample.help) + strlen(sample.unit) + strlen(sample.suffix) <
			SIZE_MAX);
		for (size_t j = 0; j < sample.label_count; j++) {
			struct pitot_label label = pitot_sample_label(&sample, j);
			require(strlen(label.name) > 0 && strlen(label.value) > 0);
		}
	}
}

static struct pitot_snapshot *
parse(const uint8_t *data, size_t size, enum pitot_format format, bool strict)
{
	static const char *const exported[] = {"job", "instance"};
	struct pitot_error why = {0};
	const struct pitot_parse_options options = {
		.source = "fuzz",
		.format = format,
		.strict = strict,
		.exported = exported,
		.exported_count = 2,
	};
	struct pitot_snapshot *snapshot = pitot_parse((const char *)data, size, &options, &why);
	if (snapshot != NULL)
		touch(snapshot);
	else
		require(why.code != 0 && why.line > 0 && why.column > 0 && why.text[0] != '\0');
	return snapshot;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const enum pitot_format formats[] = {
		PITOT_FORMAT_AUTO, PITOT_TEXT_0_0_4, PITOT_OPENMETRICS_1_0};
	for (size_t i = 0; i < sizeof formats / sizeof formats[0]; i++) {
		struct pitot_snapshot *strict = parse(data, size, formats[i], true);
		struct pitot_snapshot *tolerant = parse(data, size, formats[i], false);
		if (strict != NULL) {
			require(tolerant != NULL);
			require(pitot_snapshot_size(strict) == pitot_snapshot_size(tolerant));
		}
		pitot_snapshot_free(strict);
		pitot_snapshot_free(tolerant);
	}
	return 0;
}
