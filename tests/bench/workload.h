/* SPDX-License-Identifier: MIT */
/*
 * The workloads of all benchmarks, exactly: C(N) counters, G(N) gauges, H(N) lines of histograms,
 * with the names, labels and values below. Peers have the same ones in their own languages.
 */
#ifndef BENCH_WORKLOAD_H
#define BENCH_WORKLOAD_H

#include <pitot/metrics.h>
#include <stddef.h>
#include <stdint.h>

struct workload {
	char kind;     /* 'C', 'G' or 'H' */
	size_t series; /* lines of text, too */
	struct pitot_registry *registry;
	void **handles; /* of the instruments; NULL where they are not kept */
	size_t count;   /* instruments */
	uint64_t turn;
};

/* The finalizer of splitmix64. */
static inline uint64_t
mix(uint64_t x)
{
	x += 0x9e3779b97f4a7c15u;
	x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9u;
	x = (x ^ x >> 27) * 0x94d049bb133111ebu;
	return x ^ x >> 31;
}

extern const char *const workload_methods[4], *const workload_statuses[8];
extern const struct pitot_buckets workload_buckets; /* 12 bounds */
/* "job"; a Pushgateway keeps that name for itself, so what is pushed there has another. */
extern const char *workload_job;

/* The values: of the i-th observation, of the (i-1)-th counter, and of a gauge. */
double workload_duration(uint64_t i);
double workload_integer(uint64_t i);
double workload_ratio(uint64_t i);
/* The values of the four labels of the i-th counter or gauge; the first one's text is made here. */
void workload_labels(size_t i, char instance[48], const char *labels[4]);

/* Declares it and gives every series its value; a kept handle lets the values change later. */
void workload_make(struct workload *workload, char kind, size_t series, bool keep);
/* Changes the value of every instrument. */
void workload_advance(struct workload *workload);
void workload_clear(struct workload *workload);

#endif
