/* SPDX-License-Identifier: MIT */
/* Every maximum that input or load can reach, in one place. Reaching one is a told error. */
#ifndef PT_BASE_LIMITS_H
#define PT_BASE_LIMITS_H

#include <stddef.h>
#include <stdint.h>

#define PT_LIMIT_TEXT ((size_t)1 << 30)        /* one exposition, read or written */
#define PT_LIMIT_RECORDING ((size_t)128 << 20) /* text that is kept beside a table of series */
#define PT_LIMIT_REQUEST ((size_t)32 << 20)    /* one remote-write request before compression */
#define PT_LIMIT_REQUEST_DEFAULT ((size_t)1 << 20)
#define PT_LIMIT_TEMPLATES ((size_t)64 << 20) /* ready-made requests for a destination */
#define PT_LIMIT_QUEUE ((size_t)1 << 40)      /* what waits in memory for a destination */
#define PT_LIMIT_QUEUE_DEFAULT ((size_t)16 << 20)
#define PT_LIMIT_SPOOL_DEFAULT (UINT64_C(256) << 20) /* what waits on disk for a destination */
#define PT_LIMIT_SERIES ((size_t)10 * 1000 * 1000)   /* one registry or snapshot */
#define PT_LIMIT_LABEL_SETS ((size_t)1000 * 1000)    /* one family, unless it is told otherwise */
#define PT_LIMIT_LABELS 64                           /* one series */
#define PT_LIMIT_LABEL_NAMES 30                      /* one labelled family */
#define PT_LIMIT_NAME ((size_t)1024)                 /* bytes of a metric or label name */
#define PT_LIMIT_VALUE ((size_t)1 << 20)             /* bytes of a label value or help text */
#define PT_LIMIT_EXEMPLAR 128                        /* code points of an exemplar's labels */
#define PT_LIMIT_BUCKETS 1000               /* bounds, states or quantiles of one instrument */
#define PT_LIMIT_ANSWER ((size_t)1024)      /* bytes kept of a receiver's answer */
#define PT_LIMIT_SECRET ((size_t)64 * 1024) /* bytes of a password or token file */
#define PT_LIMIT_PEM ((size_t)1 << 20)      /* bytes of a server's certificates or key */
#define PT_LIMIT_URL ((size_t)8192)
#define PT_LIMIT_DURATION_MS INT64_C(3153600000000) /* 100 years: sums with a clock fit */
/* How far ahead of the clock a sample may be: receivers refuse more, or are blocked by it. */
#define PT_LIMIT_AHEAD_MS INT64_C(600000)

#endif
