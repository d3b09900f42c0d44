/* SPDX-License-Identifier: MIT */
/* What the files of `pitot agent` share: the log, and a configuration made of options. */
#ifndef CLI_AGENT_H
#define CLI_AGENT_H

#include "cli/cli.h"

/* ---- agent_log.c ---- */

struct cli_agent_log {
	enum cli_log_format format;
	enum pitot_log_level least;
	bool journal; /* stderr is systemd's: priorities in place of times */
};

/* Decides the format by what stderr is, unless it is given. */
void cli_agent_log_init(
	struct cli_agent_log *log, enum cli_log_format format, enum pitot_log_level least);
/* For pitot_agent_options.log; `context` is the log. */
void cli_agent_log(void *context, const struct pitot_log_entry *entry);

/* ---- agent_text.c ---- */

/* The configuration that the options describe, to be freed; NULL if memory is out. */
char *cli_agent_text(const struct cli_options *options);

#endif
