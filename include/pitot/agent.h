/* SPDX-License-Identifier: MIT */
/*
 * The agent: a daemon's inside. It scrapes targets, reads files, takes pushes on a socket, and
 * sends all of it to the destinations that its configuration names; pitot-agent.yml(5) describes
 * that.
 */
#ifndef PITOT_AGENT_H
#define PITOT_AGENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <pitot/error.h>
#include <pitot/log.h>

#ifdef __cplusplus
extern "C" {
#endif

struct pitot_agent_options {
	const char *path; /* of the configuration; read again by pitot_agent_reload() */
	const char *text; /* of the configuration, if path is NULL */
	/* Called from several threads, one at a time; or NULL. */
	void (*log)(void *context, const struct pitot_log_entry *entry);
	void *log_context;
	int64_t stop_deadline_ms; /* for delivering the rest at the end; 0: 5000 */
};

struct pitot_agent;

/*
 * Reads the configuration, opens what it names, and starts. NULL: PITOT_NO_INPUT (no such file),
 * PITOT_BAD_CONFIG with line and column, PITOT_IO (the socket or the spool).
 */
struct pitot_agent *pitot_agent_start(
	const struct pitot_agent_options *options, struct pitot_error *why) PITOT_MUST_USE;
/*
 * Reads the file again. On a mistake everything goes on as before. Targets and destinations that
 * are as they were go on undisturbed; series of targets that are gone get stale markers.
 */
int pitot_agent_reload(struct pitot_agent *agent, struct pitot_error *why);
/*
 * Delivers what waits, within the deadline, and ends. PITOT_SPOOLED: some is in the spool;
 * otherwise why something was not delivered. pitot_agent_stop(NULL, NULL) does nothing.
 */
int pitot_agent_stop(struct pitot_agent *agent, struct pitot_error *why);
/* Whether the agent's thread still goes round: for a watchdog. Milliseconds since it last did. */
int64_t pitot_agent_idle_ms(struct pitot_agent *agent);

/* What a configuration would do. */
struct pitot_agent_summary {
	size_t targets, remote_writes, pushgateways;
	bool textfile, socket, spool;
};
/*
 * Reads a configuration (as pitot_agent_start() does) without opening anything. `warn` is told what
 * works but should be known. Fails as pitot_agent_start().
 */
int pitot_agent_check(const struct pitot_agent_options *options,
	void (*warn)(void *context, const char *text), void *context,
	struct pitot_agent_summary *summary, struct pitot_error *why);

#ifdef __cplusplus
}
#endif
#endif
