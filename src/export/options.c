/* SPDX-License-Identifier: MIT */
/*
 * Push options that are numbers or choices. Fails only on a value outside its range, with a text
 * for the person who set it.
 */
#include "export/options.h"

#include "base/error.h"
#include "base/limits.h"
#include "base/number.h"
#include <inttypes.h>
#include <stddef.h>

static int
complete_times(struct pitot_push_options *options, struct pitot_error *why)
{
	const struct {
		const char *name;
		int64_t *value;
		int64_t otherwise;
	} times[] = {
		{"interval_ms", &options->interval_ms, 15000},
		{"timeout_ms", &options->timeout_ms, 10000},
		{"deadline_ms", &options->deadline_ms, 30000},
		{"stop_deadline_ms", &options->stop_deadline_ms, 5000},
		{"max_age_ms", &options->max_age_ms, 0},
	};
	for (size_t i = 0; i < sizeof times / sizeof times[0]; i++) {
		int64_t value = *times[i].value;
		if (value < 0 || value > PT_LIMIT_DURATION_MS)
			return pt_error_set(why, PITOT_USAGE,
				"%s: %" PRId64 " is not allowed: 1 to %" PRId64
				", or 0 for the default of %" PRId64,
				times[i].name, value, PT_LIMIT_DURATION_MS, times[i].otherwise);
		if (value == 0)
			*times[i].value = times[i].otherwise;
	}
	return 0;
}

static int
complete_jitter(struct pitot_push_options *options, struct pitot_error *why)
{
	double jitter = options->jitter;
	if (!(jitter <= 1)) { /* NaN too */
		char text[PT_NUMBER_TEXT];
		int length = (int)pt_number_format(text, jitter, PT_NUMBER_PLAIN);
		return pt_error_set(why, PITOT_USAGE,
			"jitter: %.*s is not allowed: a share of the interval up to 1, negative "
			"for none, or 0 for the default of 0.1",
			length, text);
	}
	if (jitter == 0)
		options->jitter = 0.1;
	return 0;
}

static int
complete_sizes(struct pitot_push_options *options, struct pitot_error *why)
{
	const struct {
		const char *name;
		size_t *value;
		size_t most, otherwise;
	} sizes[] = {
		{"max_request_bytes", &options->max_request_bytes, PT_LIMIT_REQUEST,
			PT_LIMIT_REQUEST_DEFAULT},
		{"queue_bytes", &options->queue_bytes, PT_LIMIT_QUEUE, PT_LIMIT_QUEUE_DEFAULT},
	};
	for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
		if (*sizes[i].value > sizes[i].most)
			return pt_error_set(why, PITOT_USAGE,
				"%s: %zu is not allowed: 1 to %zu, or 0 for the default of %zu",
				sizes[i].name, *sizes[i].value, sizes[i].most, sizes[i].otherwise);
		if (*sizes[i].value == 0)
			*sizes[i].value = sizes[i].otherwise;
	}
	return 0;
}

static int
check_choices(const struct pitot_push_options *options, struct pitot_error *why)
{
	const struct {
		const char *name;
		unsigned value, most;
		const char *allowed;
	} choices[] = {
		{"protocol", options->protocol, PITOT_PROTOCOL_REMOTE_WRITE_2,
			"0 (by the URL), 1 (Pushgateway), 2 (remote write), 3 (remote write 1.0) "
			"or "
			"4 (remote write 2.0)"},
		{"mode", options->mode, PITOT_REPLACE, "0 (merge) or 1 (replace)"},
		{"at_end", options->at_end, PITOT_END_DELETE,
			"0 (default), 1 (keep), 2 (stale) or 3 (delete)"},
		{"on_refused", options->on_refused, PITOT_REFUSED_SPLIT,
			"0 (default), 1 (drop) or 2 (split)"},
		{"fanout", options->fanout, PITOT_FANOUT_FIRST, "0 (all) or 1 (first)"},
	};
	for (size_t i = 0; i < sizeof choices / sizeof choices[0]; i++)
		if (choices[i].value > choices[i].most)
			return pt_error_set(why, PITOT_USAGE, "%s: %d is not allowed: %s",
				choices[i].name, (int)choices[i].value, choices[i].allowed);
	return 0;
}

static int
complete_spool(struct pitot_push_options *options, struct pitot_error *why)
{
	if (options->shards > 16)
		return pt_error_set(why, PITOT_USAGE,
			"shards: %u is not allowed: 1 to 16, or 0 for the default of 1",
			options->shards);
	if (options->shards == 0)
		options->shards = 1;
	if (options->spool_bytes == 0)
		options->spool_bytes = PT_LIMIT_SPOOL_DEFAULT;
	if (options->spool_dir != NULL && options->shards > 1)
		return pt_error_set(why, PITOT_USAGE,
			"shards: %u is not possible with a spool, from which one request goes "
			"after the other: leave it out",
			options->shards);
	if (options->spool_dir != NULL && options->spool_dir[0] == '\0')
		return pt_error_set(
			why, PITOT_USAGE, "spool_dir: is empty: a directory, or NULL for none");
	if (options->detach && options->spool_dir == NULL)
		return pt_error_set(why, PITOT_USAGE,
			"detach: needs a spool_dir, from which a later push sends");
	return 0;
}

int
pt_options_complete(struct pitot_push_options *complete, const struct pitot_push_options *options,
	struct pitot_error *why)
{
	struct pitot_push_options result = *options;
	int code = complete_times(&result, why);
	if (code == 0)
		code = complete_jitter(&result, why);
	if (code == 0)
		code = check_choices(&result, why);
	if (code == 0)
		code = complete_sizes(&result, why);
	if (code == 0)
		code = complete_spool(&result, why);
	if (code == 0)
		*complete = result;
	return code;
}
