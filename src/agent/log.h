/* SPDX-License-Identifier: MIT */
/*
 * What the agent tells whoever started it. The same trouble is told once, then at most once a
 * minute with how often it was there. From any thread.
 */
#ifndef PT_AGENT_LOG_H
#define PT_AGENT_LOG_H

#include "base/clock.h"
#include <pitot/agent.h>

struct pt_log;

/* NULL if memory is out. */
struct pt_log *pt_log_new(const struct pitot_agent_options *options, const struct pt_clock *clock);
void pt_log_free(struct pt_log *log);
/* Fields: pairs of texts, ended by NULL; those whose value is NULL are left out. */
void pt_log_tell(struct pt_log *log, enum pitot_log_level level, const char *message, ...)
	__attribute__((sentinel));
/*
 * Trouble of `about` (a URL, a target): told when its text is another than before, and each minute,
 * also if it works in between. An empty text: it is over, which is told if the trouble was.
 */
void pt_log_trouble(struct pt_log *log, const char *message, const char *kind, const char *about,
	const char *trouble);

#endif
