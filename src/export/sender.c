/* SPDX-License-Identifier: MIT */
/* Sending one request and reading its answer. What can fail is memory, and then the attempt. */
#include "export/sender.h"

#include "base/error.h"
#include "base/hash.h"
#include "net/url.h"
#include <strings.h>

int
pt_sender_init(struct pt_sender *sender, const struct pt_target *target, struct pitot_error *why)
{
	sender->timeout_ms = target->options.timeout_ms;
	sender->fit.utf8_names = target->options.utf8_names;
	sender->exporter.protocol = target->protocol;
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

static uint64_t
add_text(const char *text, uint64_t hash)
{
	return text == NULL ? pt_hash("", 0, hash) : pt_hash(text, strlen(text), hash);
}

uint64_t
pt_sender_key(const struct pt_sender *sender, const struct pt_target *target)
{
	const struct pitot_http_options *http = &target->options.http;
	bool gateway = target->protocol == PITOT_PROTOCOL_PUSHGATEWAY;
	/* The redacted URL: the key stands in the names of files, and may betray no secret. */
	struct pt_buf shown;
	pt_buf_init(&shown, PT_LIMIT_URL + 1);
	pt_url_redact(&shown, sender->url.bytes);
	uint64_t hash = add_text(gateway ? "pushgateway" : "remote write", 0);
	hash = add_text(pt_buf_text(&shown), hash);
	hash = add_text(http->username, hash);
	for (size_t i = 0; i < http->header_count; i++)
		if (strcasestr(http->headers[i].name, "orgid") != NULL ||
			strcasestr(http->headers[i].name, "tenant") != NULL)
			hash = add_text(http->headers[i].value, hash);
	pt_buf_clear(&shown);
	return hash;
}

void
pt_sender_attempt(struct pt_sender *sender, struct pt_http_request *request,
	struct pt_deadline *deadline, struct pt_attempt *attempt, struct pt_outcome *outcome)
{
	request->url = pt_buf_text(&sender->url);
	outcome->bytes = request->length;
	int code = pt_attempt_send(
		sender->transport, request, sender->timeout_ms, deadline, attempt, &outcome->error);
	if (code == 0)
		outcome->fate = PT_FATE_STORED;
	else if (attempt->again)
		outcome->fate = PT_FATE_LATER;
	else
		outcome->fate = code == PITOT_REFUSED ? PT_FATE_REFUSED : PT_FATE_DENIED;
}
