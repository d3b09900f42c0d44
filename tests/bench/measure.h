/* SPDX-License-Identifier: MIT */
/*
 * Measuring: cases are run in turn, again and again, so that what disturbs the machine disturbs all
 * of them; each prints one line `WHO ROW MEDIAN MIN UNIT` that tests/bench/report reads.
 *
 * Times are CPU time of the thread, which a machine shared with others changes less than the
 * clock's; the row `cpu_share` tells how much of the clock's time the threads really had.
 */
#ifndef BENCH_MEASURE_H
#define BENCH_MEASURE_H

#include <stddef.h>
#include <stdint.h>

struct bench_case {
	const char *who, *row, *unit;
	void (*prepare)(void *context); /* before each run, not measured; or NULL */
	void (*run)(void *context, size_t times);
	void *context;
	size_t times; /* of one measurement */
	double units; /* the figure is for one of so many in each of the times: lines, series */
};

/*
 * Measures each case so many times. With bench_only() set, the case of that row runs, after a
 * warm-up, once inside bench_counted(), for a tool that counts instructions there, and prints
 * `WHO ROW UNITS`.
 */
void bench_run(const struct bench_case *cases, size_t count, int repetitions);
void bench_only(const char *row);
/* The same with two threads on the same object: CPU time of an operation in one thread. */
void bench_run_two(const struct bench_case *cases, size_t count, int repetitions);
/* Prints heap allocations of one more run, whoever makes them in this process. */
void bench_allocations(const struct bench_case *one);

void bench_tell(const char *who, const char *row, double median, double least, const char *unit);
/* "text/C/10000" in memory that stays. */
const char *bench_row(const char *what, char kind, size_t series);
/* Resident memory of the process now, in bytes. */
double bench_resident(void);
/* Ends the process with a text if something that cannot fail did. */
void bench_must(int ok, const char *what);

#endif
