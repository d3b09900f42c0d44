/* SPDX-License-Identifier: MIT */
/* What bench_api measures. */
#ifndef BENCH_API_H
#define BENCH_API_H

#include <stddef.h>

/* Updates by handle and by labels, in one thread and in two. */
void bench_updates(void);
/* Making, gathering and writing as text the workload of this kind and size. */
void bench_text(char kind, size_t series);

#endif
