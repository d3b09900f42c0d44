/* SPDX-License-Identifier: MIT */
/* What the exporters over HTTP have in common: an address, a transport, and reading of answers. */
#ifndef PT_EXPORT_SENDER_H
#define PT_EXPORT_SENDER_H

#include "base/buf.h"
#include "export/exporter.h"
#include "export/fit.h"
#include "export/target.h"

struct pt_sender {
	struct pt_exporter exporter; /* first, so that one pointer is both */
	struct pt_transport *transport;
	const struct pt_clock *clock;
	struct pt_fit fit;
	struct pt_buf url;   /* where requests go, NUL behind it */
	struct pt_buf shown; /* the redacted one, NUL behind it */
	int64_t timeout_ms;
};

/* Fills a zeroed sender but for transport, clock, url, fit.added, fit.owned. PITOT_NO_MEMORY. */
int pt_sender_init(
	struct pt_sender *sender, const struct pt_target *target, struct pitot_error *why);
/* Frees the transport, if there is one, and what _init made. */
void pt_sender_clear(struct pt_sender *sender);
/* A hash of the URL and of all that tells tenants apart; after `url` is set. */
uint64_t pt_sender_key(const struct pt_sender *sender, const struct pt_target *target);
/*
 * Sends one request to `url`; method, headers, body and length are those of `request`. Fills fate,
 * error and bytes of the outcome by the status alone.
 */
void pt_sender_attempt(struct pt_sender *sender, struct pt_http_request *request,
	struct pt_deadline *deadline, struct pt_attempt *attempt, struct pt_outcome *outcome);

/* The exporters; unlike pt_exporter_new() they leave `transport` to the caller on failure. */
struct pt_exporter *pt_pushgateway_new(const struct pt_target *target,
	struct pt_transport *transport, const struct pt_clock *clock, struct pitot_error *why);
struct pt_exporter *pt_remote_write_new(const struct pt_target *target,
	struct pt_transport *transport, const struct pt_clock *clock, struct pitot_error *why);

#endif
