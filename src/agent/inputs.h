/* SPDX-License-Identifier: MIT */
/* Where the agent's samples come from: targets, text files, the socket. Used by its thread. */
#ifndef PT_AGENT_INPUTS_H
#define PT_AGENT_INPUTS_H

#include "agent/scrape.h"
#include "agent/socket.h"
#include "agent/textfile.h"

/* The first six are set, the rest zeroed before. */
struct pt_inputs {
	struct pt_outputs *outputs;
	struct pt_fetcher *fetcher;
	struct pt_log *log;
	const char *instance;
	void (*wake)(void *context); /* there is something to do; from any thread */
	void *context;
	struct pt_scrape **scrapes;
	size_t scrape_count;
	struct pt_textfile *textfile;
	int64_t textfile_ms, textfile_interval_ms;
	uint64_t textfile_key;
	struct pt_groups *groups;
	struct pt_socket *socket;
	char *socket_path; /* where it listens; NULL: nowhere */
};

/*
 * Follows a configuration, perhaps another one: what is equal goes on, series of what is gone end.
 * On failure what there was goes on.
 */
int pt_inputs_follow(
	struct pt_inputs *inputs, const struct pt_agent_config *config, struct pitot_error *why);
/* Starts what is due. */
void pt_inputs_run(struct pt_inputs *inputs, int64_t now_ms);
/* Only what was pushed. */
void pt_inputs_run_pushes(struct pt_inputs *inputs, int64_t now_ms);
/* When something is due again. */
int64_t pt_inputs_due(const struct pt_inputs *inputs);
/* Nothing ends: the series go on at their destinations. */
void pt_inputs_clear(struct pt_inputs *inputs);

#endif
