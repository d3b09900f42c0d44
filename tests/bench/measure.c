/* SPDX-License-Identifier: MIT */
/* See measure.h. Any failure ends the process with status 1 and a text. */
#include "measure.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { most_repetitions = 64, warm_ups = 3 };

/* ---- allocations: the program's own malloc is what libraries call, too ---- */

static atomic_ulong allocations;
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *old, size_t size);

/* relaxed: a number that is read when nobody counts. */
static void
count_allocation(void)
{
	atomic_fetch_add_explicit(&allocations, 1, memory_order_relaxed);
}

void *
malloc(size_t size)
{
	count_allocation();
	return __libc_malloc(size);
}

void *
calloc(size_t count, size_t size)
{
	count_allocation();
	return __libc_calloc(count, size);
}

void *
realloc(void *old, size_t size)
{
	count_allocation();
	return __libc_realloc(old, size);
}

/* ---- small things ---- */

static const char *only; /* the row that is counted; NULL: all are measured */

void
bench_must(int ok, const char *what)
{
	if (ok)
		return;
	(void)fprintf(stderr, "bench: %s\n", what);
	exit(1);
}

static double
now_ns(clockid_t clock)
{
	struct timespec now;
	bench_must(clock_gettime(clock, &now) == 0, "no clock");
	return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

static int
by_value(const void *left, const void *right)
{
	double a = *(const double *)left, b = *(const double *)right;
	return (a > b) - (a < b);
}

void
bench_tell(const char *who, const char *row, double median, double least, const char *unit)
{
	if (only != NULL)
		return;
	(void)printf("%s %s %.5g %.5g %s\n", who, row, median, least, unit);
	(void)fflush(stdout);
}

static void
tell_all(const struct bench_case *one, const char *row, double *values, int count)
{
	qsort(values, (size_t)count, sizeof values[0], by_value);
	bench_tell(one->who, row, values[count / 2], values[0], one->unit);
}

const char *
bench_row(const char *what, char kind, size_t series)
{
	size_t room = strlen(what) + 32;
	char *row = malloc(room);
	bench_must(row != NULL, "out of memory");
	(void)snprintf(row, room, "%s/%c/%zu", what, kind, series);
	return row;
}

double
bench_resident(void)
{
	unsigned long all = 0, resident = 0;
	FILE *file = fopen("/proc/self/statm", "r");
	bench_must(file != NULL && fscanf(file, "%lu %lu", &all, &resident) == 2, "no statm");
	(void)fclose(file);
	return (double)resident * (double)sysconf(_SC_PAGESIZE);
}

/* ---- counting instructions ---- */

void
bench_only(const char *row)
{
	only = row;
}

/* What a tool counts: by its name, so it must stay a function of its own. */
void bench_counted(const struct bench_case *one, size_t times);

__attribute__((noinline)) void
bench_counted(const struct bench_case *one, size_t times)
{
	one->run(one->context, times);
	__asm__ volatile(""); /* or the call would be a jump, and nothing would return from here */
}

static void
prepare(const struct bench_case *one)
{
	if (one->prepare != NULL)
		one->prepare(one->context);
}

static void
run_counted(const struct bench_case *cases, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const struct bench_case *one = &cases[i];
		if (strcmp(one->row, only) != 0 || strcmp(one->who, "pitot") != 0)
			continue;
		size_t times = one->times < 1000 ? one->times : 1000;
		for (int k = 0; k < warm_ups; k++) {
			prepare(one);
			one->run(one->context, times);
		}
		prepare(one);
		bench_counted(one, times);
		(void)printf("%s %s %.0f\n", one->who, one->row, (double)times * one->units);
	}
}

/* ---- one thread ---- */

static double
run_once(const struct bench_case *one)
{
	prepare(one);
	double start = now_ns(CLOCK_THREAD_CPUTIME_ID);
	one->run(one->context, one->times);
	double took = now_ns(CLOCK_THREAD_CPUTIME_ID) - start;
	return took / ((double)one->times * one->units);
}

void
bench_run(const struct bench_case *cases, size_t count, int repetitions)
{
	if (only != NULL) {
		run_counted(cases, count);
		return;
	}
	double(*values)[most_repetitions] = malloc(count * sizeof *values);
	bench_must(values != NULL && repetitions <= most_repetitions, "too much to measure");
	for (int turn = -1; turn < repetitions; turn++)
		for (size_t i = 0; i < count; i++) {
			double value = run_once(&cases[i]);
			if (turn >= 0)
				values[i][turn] = value;
		}
	for (size_t i = 0; i < count; i++)
		tell_all(&cases[i], cases[i].row, values[i], repetitions);
	free(values);
}

void
bench_allocations(const struct bench_case *one)
{
	char row[96];
	if (only != NULL)
		return;
	prepare(one);
	unsigned long before = atomic_load_explicit(&allocations, memory_order_relaxed);
	one->run(one->context, one->times);
	double made = (double)(atomic_load_explicit(&allocations, memory_order_relaxed) - before);
	(void)snprintf(row, sizeof row, "%s.allocations", one->row);
	bench_tell(one->who, row, made / (double)one->times, made / (double)one->times, "/time");
}

/* ---- two threads ---- */

struct half {
	const struct bench_case *one;
	pthread_barrier_t *start;
	double cpu_ns, wall_ns;
};

static void *
run_half(void *context)
{
	struct half *half = context;
	(void)pthread_barrier_wait(half->start);
	double cpu = now_ns(CLOCK_THREAD_CPUTIME_ID), wall = now_ns(CLOCK_MONOTONIC);
	half->one->run(half->one->context, half->one->times);
	half->cpu_ns = now_ns(CLOCK_THREAD_CPUTIME_ID) - cpu;
	half->wall_ns = now_ns(CLOCK_MONOTONIC) - wall;
	return NULL;
}

/* Returns the time of an operation; *share gets the part of the clock's time that was ours. */
static double
run_both(const struct bench_case *one, double *share)
{
	pthread_barrier_t start;
	pthread_t thread;
	struct half halves[2] = {{one, &start, 0, 0}, {one, &start, 0, 0}};
	bench_must(pthread_barrier_init(&start, NULL, 2) == 0, "no barrier");
	bench_must(pthread_create(&thread, NULL, run_half, &halves[1]) == 0, "no thread");
	(void)run_half(&halves[0]);
	(void)pthread_join(thread, NULL);
	(void)pthread_barrier_destroy(&start);
	double cpu = halves[0].cpu_ns + halves[1].cpu_ns;
	*share = cpu / (halves[0].wall_ns + halves[1].wall_ns);
	return cpu / 2 / ((double)one->times * one->units);
}

void
bench_run_two(const struct bench_case *cases, size_t count, int repetitions)
{
	if (only != NULL)
		return;
	double(*values)[most_repetitions] = malloc((count + 1) * sizeof *values), share;
	bench_must(values != NULL && repetitions <= most_repetitions, "too much to measure");
	for (int turn = 0; turn < repetitions; turn++) {
		values[count][turn] = 0;
		for (size_t i = 0; i < count; i++) {
			values[i][turn] = run_both(&cases[i], &share);
			values[count][turn] += share / (double)count;
		}
	}
	for (size_t i = 0; i < count; i++) {
		char row[96];
		(void)snprintf(row, sizeof row, "%s/2", cases[i].row);
		tell_all(&cases[i], row, values[i], repetitions);
	}
	qsort(values[count], (size_t)repetitions, sizeof values[count][0], by_value);
	bench_tell(
		"pitot", "cpu_share/2", values[count][repetitions / 2], values[count][0], "of_1");
	free(values);
}
