/* SPDX-License-Identifier: MIT */
/*
 * What waits in a spool: looking at it, sending it, dropping it. A spool is a directory of queues,
 * one or more for each destination; pushes with spool_dir fill and empty it by themselves.
 */
#ifndef PITOT_SPOOL_H
#define PITOT_SPOOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <pitot/push.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Valid during the call that shows it. */
struct pitot_spool_queue {
	const char *name;        /* of its directory in the spool */
	const char *destination; /* the URL, without user, password and query */
	bool busy;               /* a running process holds it */
	uint64_t requests;       /* that wait */
	uint64_t samples;        /* in them */
	uint64_t bytes;          /* which they take */
	int64_t oldest_ms;       /* the earliest time among the first request's; 0: none waits */
};
/* Shows every queue, oldest first, without taking anything. PITOT_NO_INPUT: no such directory. */
int pitot_spool_list(const char *directory,
	void (*show)(void *context, const struct pitot_spool_queue *queue), void *context,
	struct pitot_error *why);

/* Valid during the call that shows it. */
struct pitot_spool_request {
	const char *kind; /* "remote write 2.0", "Pushgateway text", … */
	uint32_t samples; /* native histograms included */
	uint32_t exemplars;
	int64_t oldest_ms; /* the earliest time of a sample */
	const void *body;  /* as it will be sent */
	size_t length;
};
/* Shows the requests of one queue in order, without taking any. PITOT_NO_INPUT: no such queue. */
int pitot_spool_show(const char *directory, const char *queue,
	void (*show)(void *context, const struct pitot_spool_request *request), void *context,
	struct pitot_error *why);

/* Removes one queue with all that waits in it. PITOT_FAILED if a running process holds it. */
int pitot_spool_drop(const char *directory, const char *queue, struct pitot_error *why);

/*
 * Sends what waits for the destinations of the options, whose spool_dir is looked into, within
 * deadline_ms. `progress`, which may be NULL, is called after every request with how many samples
 * still wait; with several destinations from several threads. PITOT_SPOOLED: some is left.
 */
int pitot_spool_send(const struct pitot_push_options *options,
	void (*progress)(void *context, uint64_t samples, uint64_t bytes), void *context,
	struct pitot_report *report, struct pitot_error *why);

#ifdef __cplusplus
}
#endif
#endif
