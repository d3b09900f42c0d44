/* SPDX-License-Identifier: MIT */
/* What bench_inside measures. */
#ifndef BENCH_INSIDE_H
#define BENCH_INSIDE_H

#include <pitot/push.h>
#include <stddef.h>
#include <stdint.h>

/* Requests of this version (1 or 2; 0: of a Pushgateway) from live instruments, sent nowhere. */
void bench_requests(int version, char kind, size_t series);
/* A whole push of a registry, gather to answer, to a receiver that takes all at once. */
void bench_pushes(int version, char kind, size_t series);
/* Resident memory of a series that is ready to be pushed. */
void bench_memory(int version, size_t series);
/* Numbers as text. */
void bench_numbers(void);

/* ---- shared between these ---- */

enum pitot_protocol bench_protocol(int version);
/* Where nothing is sent to: a URL that suits the version. */
const char *bench_url(int version);
struct pt_transport;
/* A transport that answers at once that all was written; static, never freed. */
struct pt_transport *bench_transport(void);

#endif
