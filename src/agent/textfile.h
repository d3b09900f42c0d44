/* SPDX-License-Identifier: MIT */
/*
 * A directory of files with metrics, as jobs and scripts leave them: each *.prom is a feed, whose
 * values are repeated until the file is gone or too old.
 */
#ifndef PT_AGENT_TEXTFILE_H
#define PT_AGENT_TEXTFILE_H

#include "agent/feed.h"

struct pt_textfile;

/* NULL if memory is out. A directory that is missing is told when it is read. */
struct pt_textfile *pt_textfile_new(
	struct pt_outputs *outputs, const struct pt_agent_config *config, const char *instance);
void pt_textfile_free(struct pt_textfile *textfile);
/* Reads the directory and brings all of it to the destinations. */
void pt_textfile_run(struct pt_textfile *textfile, int64_t now_ms);
/* All its series end. */
void pt_textfile_end(struct pt_textfile *textfile, int64_t now_ms);

#endif
