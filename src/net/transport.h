/* SPDX-License-Identifier: MIT */
/*
 * The seam to the network: one HTTP request, one answer. Production uses net/curl.c; tests script
 * answers. A transport belongs to one thread at a time.
 */
#ifndef PT_NET_TRANSPORT_H
#define PT_NET_TRANSPORT_H

#include <stdbool.h>
#include "base/clock.h"
#include "base/limits.h"
#include <pitot/push.h>

struct pt_http_request {
	const char *method;                /* "POST", "PUT", "DELETE", "GET" */
	const char *url;                   /* complete, with scheme */
	const struct pitot_label *headers; /* the protocol's own; the user's are the transport's */
	size_t header_count;
	const void *body; /* not copied: must stay until send returns */
	size_t length;
};

struct pt_http_answer {
	int status; /* 100 to 599; 0 when there was no answer */
	/*
	 * The request may have reached the receiver without an answer: there is none, or it is the
	 * answer to a second sending, since a kept connection was closed during the first.
	 */
	bool maybe_received;
	int64_t retry_after_ms; /* from Retry-After, both forms; -1 for none, bad or negative */
	int64_t date_ms;        /* the receiver's time by its Date, in whole seconds; -1 for none */
	/* X-Prometheus-Remote-Write-{Samples,Histograms,Exemplars}-Written; -1 where missing. */
	int64_t samples_written, histograms_written, exemplars_written;
	char location[256]; /* of a 3xx, cut, printable; "" for none */
	/* The start of the answer's body, made printable, with NUL. */
	char body[PT_LIMIT_ANSWER + 1];
};

/* What an answer is before there is one. */
#define PT_HTTP_NO_ANSWER                                                                          \
	((struct pt_http_answer){                                                                  \
		.retry_after_ms = -1,                                                              \
		.date_ms = -1,                                                                     \
		.samples_written = -1,                                                             \
		.histograms_written = -1,                                                          \
		.exemplars_written = -1,                                                           \
	})

struct pt_transport {
	/*
	 * Sends one request and waits for the answer, no longer than min(timeout_ms, what is left
	 * of `deadline`), even if the deadline is hastened meanwhile. Returns 0 with any answer
	 * that has a status; otherwise PITOT_NO_HOST, PITOT_UNAVAILABLE (connect, TLS, reset,
	 * timeout: may be tried again), or PITOT_USAGE, PITOT_NO_INPUT, PITOT_NO_MEMORY (trying
	 * again is useless).
	 */
	int (*send)(struct pt_transport *transport, const struct pt_http_request *request,
		int64_t timeout_ms, struct pt_deadline *deadline, struct pt_http_answer *answer,
		struct pitot_error *why);
	void (*free)(struct pt_transport *transport);
};

/*
 * The real one, over libcurl. Copies the options; reads certificates and secrets when they are
 * needed, and again when their files change. NULL on a wrong option (a reserved header, a bearer
 * token together with a user name, …).
 */
struct pt_transport *pt_curl_new(const struct pitot_http_options *options, struct pitot_error *why);

#endif
