/* SPDX-License-Identifier: MIT */
/* Options from the environment, with a prefix that the program chooses. */
#ifndef PITOT_CONFIG_H
#define PITOT_CONFIG_H

#include <stdbool.h>
#include <pitot/error.h>
#include <pitot/metrics.h>
#include <pitot/push.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Filled by pitot_config_from_env(); the strings live until pitot_config_clear(). */
struct pitot_config {
	bool enabled;         /* <P>_ENABLED, default false */
	bool collect_default; /* <P>_COLLECT_DEFAULT, default true */
	struct pitot_registry_options registry;
	struct pitot_push_options push;
	void *owned; /* private */
};

/*
 * Reads <prefix>_ENABLED, _URL, _PROTOCOL, _JOB, _INSTANCE, _INTERVAL, _TIMEOUT, _PREFIX,
 * _LABELS (a JSON object of strings), _COLLECT_DEFAULT, _USERNAME, _PASSWORD_FILE,
 * _BEARER_TOKEN_FILE, _CA_FILE, _CERT_FILE, _KEY_FILE, _HEADERS (k=v,k=v, percent-encoded), _SPOOL,
 * _MAX_AGE, _AT_END (keep, stale, delete), _NATIVE_HISTOGRAMS, _ADAPTIVE and the
 * well-known variables that README.md lists. An empty variable counts as unset. A bad value is
 * PITOT_BAD_CONFIG, and the text names the variable, the value (unless it may be secret) and what
 * is allowed. Not thread-safe against setenv().
 */
int pitot_config_from_env(
	struct pitot_config *config, const char *prefix, struct pitot_error *why) PITOT_MUST_USE;
/* Releases what the config owns; harmless on a zeroed one. */
void pitot_config_clear(struct pitot_config *config);

/*
 * Reads a duration such as "15s", "1h30m" or "500ms": units y, w, d, h, m, s, ms from large to
 * small, each at most once. Anything else, also a number without a unit, is PITOT_USAGE.
 */
int pitot_duration_parse(const char *text, int64_t *ms, struct pitot_error *why) PITOT_MUST_USE;
/*
 * The one of `known` that `word` was most likely meant to be, or NULL: for messages about words
 * that are not known.
 */
const char *pitot_nearest(const char *word, const char *const *known, size_t count);

#ifdef __cplusplus
}
#endif
#endif
