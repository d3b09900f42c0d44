/* SPDX-License-Identifier: MIT */
/*
 * pitot below its public functions, where nothing is sent: linked to the layers themselves.
 *
 *	bench_inside [--only ROW] numbers                     numbers as text
 *	bench_inside [--only ROW] requests VERSION KIND N     instruments to bodies of requests
 *	bench_inside [--only ROW] pushes VERSION KIND N       whole pushes to a receiver of our own
 *	bench_inside memory VERSION N                         resident memory of C(N) that is pushed
 *
 * VERSION is 1 or 2, of remote write, or 0 for a Pushgateway. Lines are those of measure.h.
 */
#include "inside.h"
#include "measure.h"
#include "workload.h"
#include <stdlib.h>
#include <string.h>

int
main(int argc, char **argv)
{
	if (argc > 2 && strcmp(argv[1], "--only") == 0) {
		bench_only(argv[2]);
		argc -= 2;
		argv += 2;
	}
	int version = argc > 2 ? atoi(argv[2]) : 0;
	if (version < 0 || version > 2)
		return 64;
	if (version == 0)
		workload_job = "task";
	if (argc == 2 && strcmp(argv[1], "numbers") == 0)
		bench_numbers();
	else if (argc == 5 && strcmp(argv[1], "requests") == 0)
		bench_requests(version, argv[3][0], strtoul(argv[4], NULL, 10));
	else if (argc == 5 && strcmp(argv[1], "pushes") == 0)
		bench_pushes(version, argv[3][0], strtoul(argv[4], NULL, 10));
	else if (argc == 4 && strcmp(argv[1], "memory") == 0)
		bench_memory(version, strtoul(argv[3], NULL, 10));
	else
		return 64;
	return 0;
}
