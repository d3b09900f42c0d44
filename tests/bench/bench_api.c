/* SPDX-License-Identifier: MIT */
/*
 * pitot through its public functions and its shared library, as a program uses it.
 *
 *	bench_api [--only ROW] updates          updates, in one thread and in two
 *	bench_api [--only ROW] text KIND N      making, gathering, text of C(N), G(N) or H(N)
 *
 * Lines are those of measure.h; --only is for counting instructions.
 */
#include "api.h"
#include "measure.h"
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
	if (argc == 2 && strcmp(argv[1], "updates") == 0)
		bench_updates();
	else if (argc == 4 && strcmp(argv[1], "text") == 0)
		bench_text(argv[2][0], strtoul(argv[3], NULL, 10));
	else
		return 64;
	return 0;
}
