/* SPDX-License-Identifier: MIT */
/* One request over the real transport, with its answer and error, for tests against a server. */
#ifndef EXCHANGE_H
#define EXCHANGE_H

#include "net/transport.h"

struct exchange {
	int code;
	struct pt_http_answer answer;
	struct pitot_error why;
};

/* Sends over `transport`, within 20 s in all. */
struct exchange exchange(
	struct pt_transport *transport, const struct pt_http_request *request, int64_t timeout_ms);
/* Posts `body` as text/plain over a transport of its own; a refused option is a failure too. */
struct exchange exchange_once(
	const char *url, const struct pitot_http_options *options, const char *body);

#endif
