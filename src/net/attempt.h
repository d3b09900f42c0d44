/* SPDX-License-Identifier: MIT */
/*
 * One attempt to deliver a request, and the retry policy (specs/remote-write 4.1). Worth another
 * attempt: 5xx, 429, 408, and every failure to get an answer; never another 4xx. Waits grow with
 * full jitter; Retry-After replaces them, capped.
 */
#ifndef PT_NET_ATTEMPT_H
#define PT_NET_ATTEMPT_H

#include "net/transport.h"

struct pt_retry {
	int64_t min_wait_ms;        /* upper end of the first wait; doubles each time */
	int64_t max_wait_ms;        /* upper end of any wait */
	int64_t max_retry_after_ms; /* Retry-After is cut to this */
	uint64_t random;            /* state of the jitter; any seed */
};
/* 100 ms, 5 s, 30 s. */
void pt_retry_init(struct pt_retry *retry, uint64_t seed);
/*
 * The wait before retry number `attempt` (1, 2, …): retry_after_ms, cut, if that is positive;
 * otherwise uniform from min_wait / 2 to min_wait doubled attempt - 1 times, at most max_wait.
 */
int64_t pt_retry_wait(struct pt_retry *retry, unsigned attempt, int64_t retry_after_ms);

struct pt_attempt {
	unsigned number;              /* requests sent so far; zero before the first */
	bool maybe_stored;            /* one ended without an answer, but may have been received */
	bool again;                   /* the last one is worth another */
	struct pt_http_answer answer; /* the last one */
};

/*
 * Sends `request`, as the next attempt of the same: with "Retry-Attempt: n" on the n-th retry. 0
 * for 2xx. Otherwise the code says why not: PITOT_DENIED (401, 403), PITOT_REFUSED (other 4xx but
 * 404 and 405: PITOT_FAILED), PITOT_FAILED (3xx, with the Location), PITOT_UNAVAILABLE or
 * PITOT_NO_HOST, or what the transport says. The text has the status and what the receiver said.
 */
int pt_attempt_send(struct pt_transport *transport, const struct pt_http_request *request,
	int64_t timeout_ms, struct pt_deadline *deadline, struct pt_attempt *attempt,
	struct pitot_error *why);

#endif
