/* SPDX-License-Identifier: MIT */
/*
 * Runs a command and tells what it cost: `spend COMMAND…` prints on descriptor 3 the seconds by
 * the clock, CPU seconds and the largest resident memory in KiB. A program of its own, since
 * the kernel counts the memory of the process that a command was forked from as the command's.
 * Exit status: the command's; 126 if a signal ended it, 127 if it could not be run.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static double
seconds_of(struct timeval time)
{
	return (double)time.tv_sec + (double)time.tv_usec / 1e6;
}

int
main(int argc, char **argv)
{
	struct timespec start, end;
	struct rusage usage;
	int status;
	if (argc < 2)
		return 64;
	(void)clock_gettime(CLOCK_MONOTONIC, &start);
	pid_t child = fork();
	if (child == 0) {
		(void)close(3);
		(void)execvp(argv[1], argv + 1);
		_exit(127);
	}
	if (child < 0 || wait4(child, &status, 0, &usage) < 0)
		return 127;
	(void)clock_gettime(CLOCK_MONOTONIC, &end);
	double wall =
		(double)(end.tv_sec - start.tv_sec) + (double)(end.tv_nsec - start.tv_nsec) / 1e9;
	if (dprintf(3, "%.6f %.6f %ld\n", wall,
		    seconds_of(usage.ru_utime) + seconds_of(usage.ru_stime), usage.ru_maxrss) < 0)
		return 127;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 126;
}
