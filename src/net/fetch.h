/* SPDX-License-Identifier: MIT */
/*
 * Getting pages, any number at a time, in one thread: each page has its own kept connection and is
 * asked for again and again. Only waking is for other threads.
 */
#ifndef PT_NET_FETCH_H
#define PT_NET_FETCH_H

#include "base/clock.h"
#include <pitot/push.h>

struct pt_fetcher;
struct pt_fetch;

struct pt_fetch_options {
	const char *url; /* complete */
	const struct pitot_http_options *http;
	const char *accept; /* what the page should be */
	int64_t timeout_ms; /* for all of it */
	size_t most_bytes;  /* a longer page, unpacked, is a failure */
	void *context;      /* of the owner */
};

/* What became of it; the page is the fetch's until it is started again or released. */
struct pt_fetched {
	struct pitot_error error; /* .code is 0 if there is a page */
	int status;               /* of HTTP; 0 without an answer */
	const char *type;         /* Content-Type, or "" */
	const char *page;
	size_t length;
};

/* NULL if memory is out. */
struct pt_fetcher *pt_fetcher_new(const struct pt_clock *clock);
/* Its fetches are freed before. */
void pt_fetcher_free(struct pt_fetcher *fetcher);
/* Copies the options. NULL on a wrong one. */
struct pt_fetch *pt_fetch_new(struct pt_fetcher *fetcher, const struct pt_fetch_options *options,
	struct pitot_error *why);
/* Ends it if it is under way. */
void pt_fetch_free(struct pt_fetch *fetch);
/* It must not be under way. What cannot be started is told as any other failure. */
void pt_fetch_start(struct pt_fetch *fetch);
/* Gives up the page's memory if that is more than a little. */
void pt_fetch_release(struct pt_fetch *fetch);
/*
 * Waits until a page is there, or has failed, and calls `done`; or until `mono_ms`, or somebody
 * wakes it. `done` may start fetches, and free other ones than its own.
 */
void pt_fetcher_wait(struct pt_fetcher *fetcher, int64_t mono_ms,
	void (*done)(void *context, struct pt_fetch *fetch, const struct pt_fetched *result));
/* Whether any fetch is under way. */
bool pt_fetcher_is_busy(const struct pt_fetcher *fetcher);
/* From any thread: the wait under way ends, or else the next one. */
void pt_fetcher_wake(struct pt_fetcher *fetcher);

#endif
