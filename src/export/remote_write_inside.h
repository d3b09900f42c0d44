/* SPDX-License-Identifier: MIT */
/* The inside of the exporter of remote write: remote_write_make.c makes what the other sends. */
#ifndef PT_EXPORT_REMOTE_WRITE_INSIDE_H
#define PT_EXPORT_REMOTE_WRITE_INSIDE_H

#include "export/sender.h"
#include "export/steady.h"

struct remote_write {
	struct pt_sender sender; /* first */
	size_t max_bytes;
	bool forced; /* the version was asked for */
	bool wants_natives;
	bool old_start;
	/*
	 * Found out by attempts, used for making requests, perhaps in another thread. relaxed: each
	 * stands for itself, and a request that was made too early is made anew.
	 */
	atomic_bool speaks_1;          /* the receiver does not know 2.0 */
	_Atomic int64_t forget_ms;     /* when to ask again, in monotonic time */
	_Atomic int64_t no_natives_ms; /* until when native histograms are not sent */

	/* Making requests. */
	struct pt_buf plain, packed; /* one request; kept, so that later ones allocate nothing */
	bool has_encoded;            /* something, since the work began */
	struct pt_steady steady;     /* what is known of requests that were made before */
	bool makes_1;                /* by version 1.0, since the work began */

	/* Sending requests. */
	bool confirmed;                              /* the receiver has taken 2.0 */
	struct pt_buf expanded, rewritten, repacked; /* a request of 2.0 that must become 1.0 */
};

static inline int64_t
pt_remote_write_now(const struct remote_write *writer)
{
	return writer->sender.clock->mono_ms(writer->sender.clock);
}

static inline bool
pt_remote_write_speaks_1(const struct remote_write *writer)
{
	return atomic_load_explicit(&writer->speaks_1, memory_order_relaxed);
}

/* What Prometheus sends at most in one request, and so what receivers expect. */
#define PT_REMOTE_WRITE_SERIES 2000

/* Those of pt_exporter. */
int pt_remote_write_begin(
	struct pt_exporter *exporter, struct pt_work *work, struct pitot_error *why);
int pt_remote_write_next(struct pt_exporter *exporter, struct pt_work *work, struct pt_batch *batch,
	struct pitot_error *why);

#endif
