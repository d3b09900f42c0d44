/* SPDX-License-Identifier: MIT */
/*
 * Options from the environment, with a prefix that the program chooses, and starting what they ask
 * for.
 *
 * A main() calls pitot_config_from_env(), pitot_registry_new() with the config's registry options,
 * pitot_outlet_start() and, at the end, pitot_outlet_stop().
 */
#ifndef PITOT_CONFIG_H
#define PITOT_CONFIG_H

#include <stdbool.h>
#include <pitot/error.h>
#include <pitot/metrics.h>
#include <pitot/push.h>
#include <pitot/serve.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Filled by pitot_config_from_env(); the strings live until pitot_config_clear(). */
struct pitot_config {
	bool enabled;         /* <P>_ENABLED, default false */
	bool collect_default; /* <P>_COLLECT_DEFAULT, default true */
	bool serve;           /* an endpoint is asked for, see below */
	struct pitot_registry_options registry;
	const char *labels_variable;        /* that gave registry.labels; NULL: none did */
	struct pitot_push_options push;     /* url NULL: no pusher is asked for */
	struct pitot_server_options server; /* its log is also told that metrics are enabled */
	void *owned;                        /* private */
};

/*
 * Reads <prefix>_ENABLED, _URL, _PROTOCOL, _JOB, _INSTANCE, _INTERVAL, _TIMEOUT, _PREFIX,
 * _LABELS (a JSON object of strings), _COLLECT_DEFAULT, _USERNAME, _PASSWORD_FILE,
 * _BEARER_TOKEN_FILE, _CA_FILE, _CERT_FILE, _KEY_FILE, _HEADERS (k=v,k=v, percent-encoded), _SPOOL,
 * _MAX_AGE, _AT_END (keep, stale, delete), _NATIVE_HISTOGRAMS, _ADAPTIVE, for the endpoint _PORT,
 * _PATH, _ADDRESS, _SERVER_USERNAME, _SERVER_PASSWORD_FILE, _SERVER_CERT_FILE, _SERVER_KEY_FILE,
 * and the well-known variables that README.md lists. An empty variable counts as unset. A bad value
 * is PITOT_BAD_CONFIG, and the text names the variable, the value (unless it may be secret) and
 * what is allowed. Not thread-safe against setenv().
 *
 * A URL, from _URL or a well-known variable, asks for a pusher. An endpoint is asked for by _PORT,
 * and where there is no URL: it then listens at port 9090.
 */
int pitot_config_from_env(
	struct pitot_config *config, const char *prefix, struct pitot_error *why) PITOT_MUST_USE;
/* Releases what the config owns; harmless on a zeroed one. */
void pitot_config_clear(struct pitot_config *config);

/*
 * For a program whose metrics have labels of these names: PITOT_BAD_CONFIG if a constant label of
 * the config has one of them, or one that pitot's own metrics have, since no series can carry both.
 * The text names the variable, the label and the cure. pitot_outlet_start() asks it without names.
 */
int pitot_config_own_labels(const struct pitot_config *config, const char *const *names,
	size_t count, struct pitot_error *why) PITOT_MUST_USE;

/* What a config asks for, running: a pusher, an endpoint, both, or nothing. */
struct pitot_outlet;

/*
 * Adds the process metrics (pitot_collect_process() and pitot_collect_malloc()) if collect_default
 * says so, then starts the pusher and the endpoint that the config asks for. All of it or nothing:
 * NULL as pitot_config_own_labels(), pitot_pusher_start() and pitot_server_start(). The registry
 * must outlive it; the config need not. If the config or the registry is disabled, there is no
 * thread and no socket, and nothing is told.
 */
struct pitot_outlet *pitot_outlet_start(struct pitot_registry *registry,
	const struct pitot_config *config, struct pitot_error *why) PITOT_MUST_USE;
/* For pitot_pusher_flush(); NULL if there is none. It stays the outlet's. */
struct pitot_pusher *pitot_outlet_pusher(const struct pitot_outlet *outlet);
/* For pitot_server_port(); NULL if there is none. It stays the outlet's. */
struct pitot_server *pitot_outlet_server(const struct pitot_outlet *outlet);
/*
 * Stops both, the endpoint first, and frees the outlet. Fails as pitot_pusher_stop(), and with
 * PITOT_USAGE on one of its own threads. pitot_outlet_stop(NULL, NULL) does nothing.
 */
int pitot_outlet_stop(struct pitot_outlet *outlet, struct pitot_error *why);

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
