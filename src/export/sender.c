/* SPDX-License-Identifier: MIT */
/* Sending and accounting. What can fail is memory at first, and then the delivery of a request. */
#include "export/sender.h"

#include "base/error.h"
#include "base/hash.h"
#include "net/url.h"
#include <unistd.h>

/* Different in every process and exporter, so that clients which failed together retry apart. */
static uint64_t
seed_of(const struct pt_sender *sender)
{
	const struct pt_clock *clock = pt_clock_real();
	int64_t parts[] = {
		clock->wall_ms(clock), clock->mono_ms(clock), getpid(), (int64_t)(uintptr_t)sender};
	return pt_hash(parts, sizeof parts, 0);
}

int
pt_sender_init(struct pt_sender *sender, const struct pt_target *target, struct pitot_error *why)
{
	sender->timeout_ms = target->options.timeout_ms;
	sender->fit.utf8_names = target->options.utf8_names;
	sender->exporter.protocol = target->protocol;
	pt_retry_init(&sender->retry, seed_of(sender));
	pt_buf_init(&sender->url, PT_LIMIT_URL + 1);
	pt_buf_init(&sender->shown, PT_LIMIT_URL + 1);
	pt_url_redact(&sender->shown, target->url.bytes);
	sender->exporter.url = pt_buf_text(&sender->shown);
	return pt_buf_error(&sender->shown) != 0 ? pt_error_memory(why) : 0;
}

void
pt_sender_clear(struct pt_sender *sender)
{
	if (sender->transport != NULL)
		sender->transport->free(sender->transport);
	pt_fit_clear(&sender->fit);
	pt_buf_clear(&sender->url);
	pt_buf_clear(&sender->shown);
}

int
pt_sender_send(struct pt_sender *sender, struct pt_http_request *request,
	struct pt_deadline *deadline, struct pitot_report *report, struct pitot_error *why)
{
	struct pt_delivery delivery = {.attempts = 0};
	request->url = pt_buf_text(&sender->url);
	int code = pt_deliver(sender->transport, request, sender->timeout_ms, deadline,
		&sender->retry, &delivery, why);
	report->requests += code == 0;
	report->attempts += delivery.attempts;
	report->bytes_sent += (uint64_t)delivery.attempts * request->length;
	report->maybe_stored |= delivery.maybe_stored;
	return code;
}
