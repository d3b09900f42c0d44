/* SPDX-License-Identifier: MIT */
/*
 * One of everything.
 *
 * Generated from alerting/catalog/mini.toml by scripts/catalog; do not edit.
 */
/* clang-format off */
#ifndef PITOT_MINI_H
#define PITOT_MINI_H

#include <pitot/config.h>
#include <pitot/metrics.h>

#ifdef __cplusplus
extern "C" {
#endif

/* How. Label mode. */
enum pitot_mini_mode {
	PITOT_MINI_MODE_FAST, /* fast */
	PITOT_MINI_MODE_SLOW_AND_SURE, /* slowAndSure */
	PITOT_MINI_MODES /* how many there are */
};

/*
 * Every instrument, by its metric's name without the prefix. Labels of a closed
 * set are indices: the enum, or false and true. What has other labels is a
 * family, as pitot_counters_get() and its like take it.
 */
struct pitot_mini {
	/* Runs "as told". */
	struct pitot_counter *runs_total[PITOT_MINI_MODES][2];
	/* Time of a run. */
	struct pitot_histogram *run_seconds[PITOT_MINI_MODES];
	/*
	 * State of each.
	 * By id: at most 10, and each ends after 60 s without use.
	 */
	struct pitot_gauges *state;
	/* Height. */
	struct pitot_gauge *height;
	/* Whether it is. Begins at 1.5. */
	struct pitot_gauge *well;
};

/*
 * pitot_config_from_env() with "MINI_PROMETHEUS", and with the prefix
 * "mini_" if the environment names no other. A constant label that metrics
 * have themselves is PITOT_BAD_CONFIG.
 */
int pitot_mini_config_from_env(struct pitot_config *config,
	struct pitot_error *why) PITOT_MUST_USE;
/*
 * Declares every instrument in the registry, whose prefix should be
 * "mini_". Series of closed labels begin at 0 at once. Mistakes are
 * told by pitot_registry_error(). The pointers live as long as the registry.
 * Thread-safe.
 */
void pitot_mini_declare(struct pitot_mini *kit,
	struct pitot_registry *registry);

#ifdef __cplusplus
}
#endif
#endif
