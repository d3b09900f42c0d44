/* SPDX-License-Identifier: MIT */
/*
 * A command as a child process that does not notice it: it has our terminal, process group, signals
 * and descriptors, and one more, a pipe to us. One child at a time.
 */
#ifndef CLI_CHILD_H
#define CLI_CHILD_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/resource.h>
#include <sys/types.h>

struct cli_child {
	pid_t pid;
	int lines;   /* the end of the pipe that we read, never blocking */
	int signals; /* a signalfd */
	int failure; /* errno: it could not be executed; 0 */
	bool ended;
	int status; /* as from waitpid() */
	struct rusage usage;
};

/*
 * Starts argv[0] with PITOT_FD in its environment. False if there can be no child (errno); one that
 * cannot be executed has ended, with `failure`. Call it before there are threads.
 */
bool cli_child_start(struct cli_child *child, char **argv);
/*
 * Waits until something happens, at most so long (-1: for ever): signals for us are passed on, all
 * children that ended are reaped. True if there are lines to read.
 */
bool cli_child_wait(struct cli_child *child, int timeout_ms);
/* After it has ended: waits at most so long; true if a signal told us to end, too. */
bool cli_child_is_over(struct cli_child *child, int timeout_ms);
void cli_child_close(struct cli_child *child);

#endif
