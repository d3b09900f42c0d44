/* SPDX-License-Identifier: MIT */
/*
 * The file in which the counters of a job continue from one run to the next: OpenMetrics text,
 * replaced as a whole. Runs at the same time add up.
 */
#ifndef CLI_STATE_H
#define CLI_STATE_H

#include <pitot.h>
#include <stdbool.h>

struct cli_state {
	const char *path;
	struct pitot_snapshot *before; /* what it held, or NULL */
};

/* What is told of each sample; `amount` is its value, or by how much a counter rose since. */
typedef void cli_state_fn(void *context, const struct pitot_sample *sample, double amount);

/*
 * Reads it, if it is there, and tells each sample. One that is damaged is set aside as
 * PATH.damaged, one that cannot be read is left as it is, now and at the end. False, told on
 * stderr, if something is wrong: the run goes on without.
 */
bool cli_state_begin(
	struct cli_state *state, const char *path, cli_state_fn *restore, void *context);
/* What is done with it at the end. */
struct cli_state_use {
	cli_state_fn *add;
	/* A little, while another run holds the lock; false: no more. */
	bool (*wait)(void *context);
	void *context;
};
/*
 * Under a lock: tells by how much counters rose in the file since then, and replaces it by what the
 * registry holds after that. False, told on stderr, on failure.
 */
bool cli_state_end(
	struct cli_state *state, struct pitot_registry *registry, const struct cli_state_use *use);

#endif
