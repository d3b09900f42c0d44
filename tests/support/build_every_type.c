/* SPDX-License-Identifier: MIT */
/* The registry of the golden pair of texts. */
#include "build.h"

#include <math.h>

struct pitot_snapshot *
build_every_type(void)
{
	const int64_t start = 1700000000123, then = 1700000000500;
	return BUILD(1700000001000,
		{.family = "jobs", .type = PITOT_COUNTER, .help = "Jobs \"done\" in C:\\tmp.",
			.part = PT_PART_TOTAL, .labels = {{"queue", "a\"b\\c\nd"}}, .value = 17,
			.start_ms = start, .exemplar = {"trace_id", "KOO5S4vxi0o"},
			.exemplar_value = 0.67, .exemplar_ms = then},
		{.family = "temp_celsius", .type = PITOT_GAUGE, .help = "Temperature.",
			.unit = "celsius", .value = -0.0},
		{.family = "lat_seconds", .type = PITOT_HISTOGRAM, .help = "Latency.",
			.unit = "seconds", .part = PT_PART_BUCKET, .bound = 0.005, .value = 1,
			.start_ms = start, .exemplar = {"trace_id", "x"}, .exemplar_value = 0.004,
			.exemplar_ms = then},
		{.part = PT_PART_BUCKET, .bound = 1, .value = 3, .start_ms = start},
		{.part = PT_PART_BUCKET, .bound = INFINITY, .value = 4, .start_ms = start},
		{.part = PT_PART_SUM, .value = 5.5, .start_ms = start},
		{.part = PT_PART_COUNT, .value = 4, .start_ms = start},
		{.family = "q", .type = PITOT_GAUGE_HISTOGRAM, .help = "Queue.",
			.part = PT_PART_BUCKET, .bound = 10, .value = 1},
		{.part = PT_PART_BUCKET, .bound = INFINITY, .value = 2},
		{.part = PT_PART_GSUM, .value = 30}, {.part = PT_PART_GCOUNT, .value = 2},
		{.family = "rpc_seconds", .type = PITOT_SUMMARY, .help = "RPC.", .unit = "seconds",
			.part = PT_PART_QUANTILE, .bound = 0.5, .value = NAN, .start_ms = start},
		{.part = PT_PART_QUANTILE, .bound = 0.99, .value = 0.25, .start_ms = start},
		{.part = PT_PART_SUM, .value = 0.5, .start_ms = start},
		{.part = PT_PART_COUNT, .value = 3, .start_ms = start},
		{.family = "build", .type = PITOT_INFO, .help = "Build.", .part = PT_PART_INFO,
			.labels = {{"version", "1.2.3"}}, .value = 1},
		{.family = "mode", .type = PITOT_STATESET, .help = "Mode.", .part = PT_PART_STATE,
			.state = "on", .value = 1},
		{.part = PT_PART_STATE, .state = "off", .value = 0},
		{.family = "thing", .type = PITOT_UNKNOWN, .help = "Thing.", .value = INFINITY});
}
