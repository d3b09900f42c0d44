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

int
pt_options_complete(struct pitot_push_options *complete, const struct pitot_push_options *options,
	struct pitot_error *why)
{
	struct pitot_push_options result = *options;
	int code = complete_times(&result, why);
	if (code == 0)
		code = complete_jitter(&result, why);
	if (code != 0)
		return code;
	if ((unsigned)result.protocol > PITOT_PROTOCOL_REMOTE_WRITE)
		return pt_error_set(why, PITOT_USAGE,
			"protocol: %d is not allowed: 0 (by the URL), 1 (Pushgateway) or "
			"2 (remote write)",
			(int)result.protocol);
	if ((unsigned)result.mode > PITOT_REPLACE)
		return pt_error_set(why, PITOT_USAGE,
			"mode: %d is not allowed: 0 (merge) or 1 (replace)", (int)result.mode);
	if (result.max_request_bytes > PT_LIMIT_REQUEST)
		return pt_error_set(why, PITOT_USAGE,
			"max_request_bytes: %zu is not allowed: 1 to %zu, or 0 for the default of "
			"%zu",
			result.max_request_bytes, PT_LIMIT_REQUEST, PT_LIMIT_REQUEST_DEFAULT);
	if (result.max_request_bytes == 0)
		result.max_request_bytes = PT_LIMIT_REQUEST_DEFAULT;
	*complete = result;
	return 0;
}
