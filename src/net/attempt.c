/* SPDX-License-Identifier: MIT */
/*
 * One request and what its answer means. The happy path is: send, get a 2xx. Possible failures are:
 * no answer, or one that asks for another try (5xx, 429, 408); an answer that is final, which is
 * told with what the receiver said. Whether and when there is another attempt is the caller's.
 */
#include "net/attempt.h"

#include "base/error.h"
#include "net/url.h"
#include <stdio.h>

void
pt_retry_init(struct pt_retry *retry, uint64_t seed)
{
	*retry = (struct pt_retry){
		.min_wait_ms = 100,
		.max_wait_ms = 5000,
		.max_retry_after_ms = 30000,
		.random = seed,
	};
}

/* splitmix64: any state is a good one, and jitter needs no more. */
static uint64_t
next_random(struct pt_retry *retry)
{
	uint64_t x = retry->random += UINT64_C(0x9e3779b97f4a7c15);
	x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
	return x ^ x >> 31;
}

int64_t
pt_retry_wait(struct pt_retry *retry, unsigned attempt, int64_t retry_after_ms)
{
	if (retry_after_ms > 0)
		return retry_after_ms < retry->max_retry_after_ms ? retry_after_ms
								  : retry->max_retry_after_ms;
	int64_t most = retry->min_wait_ms;
	for (unsigned i = 1; i < attempt && most < retry->max_wait_ms; i++)
		most *= 2;
	if (most > retry->max_wait_ms)
		most = retry->max_wait_ms;
	int64_t least = retry->min_wait_ms / 2;
	return least + (int64_t)(next_random(retry) % (uint64_t)(most - least + 1));
}

static const char *
reason_of(int status)
{
	static const struct {
		int status;
		const char *reason;
	} reasons[] = {
		{301, "Moved Permanently"},
		{302, "Found"},
		{307, "Temporary Redirect"},
		{308, "Permanent Redirect"},
		{400, "Bad Request"},
		{401, "Unauthorized"},
		{403, "Forbidden"},
		{404, "Not Found"},
		{405, "Method Not Allowed"},
		{408, "Request Timeout"},
		{409, "Conflict"},
		{413, "Content Too Large"},
		{415, "Unsupported Media Type"},
		{422, "Unprocessable Content"},
		{429, "Too Many Requests"},
		{500, "Internal Server Error"},
		{502, "Bad Gateway"},
		{503, "Service Unavailable"},
		{504, "Gateway Timeout"},
	};
	for (size_t i = 0; i < sizeof reasons / sizeof reasons[0]; i++)
		if (reasons[i].status == status)
			return reasons[i].reason;
	return "";
}

static const char *
hint_of(int status)
{
	switch (status) {
	case 401:
		return " (check user name and password, or the token)";
	case 404:
		return " (is the URL's path right? Prometheus needs "
		       "--web.enable-remote-write-receiver)";
	case 405:
		return " (is the URL's path right?)";
	case 413:
		return " (send less in one request)";
	default:
		return "";
	}
}

static int
code_of(int status)
{
	if (status == 401 || status == 403)
		return PITOT_DENIED;
	if (status >= 500 || status == 429 || status == 408)
		return PITOT_UNAVAILABLE;
	if (status >= 400 && status != 404 && status != 405)
		return PITOT_REFUSED;
	return PITOT_FAILED;
}

static bool
is_worth_a_retry(int code, int status)
{
	if (code != 0)
		return code == PITOT_UNAVAILABLE || code == PITOT_NO_HOST;
	return code_of(status) == PITOT_UNAVAILABLE;
}

/* What stands behind the path of a Location may be what stood behind ours: a token, say. */
static void
tell_redirection(const struct pt_http_answer *answer, const char *reason, struct pitot_error *why)
{
	struct pt_buf place;
	pt_buf_init(&place, sizeof answer->location + 1);
	pt_url_redact(&place, answer->location);
	(void)pt_error_set(why, code_of(answer->status),
		"%d%s%s to %s: redirections are not followed, use that URL", answer->status,
		*reason == '\0' ? "" : " ", reason, pt_buf_text(&place));
	pt_buf_clear(&place);
}

/* Tells what a final answer says. */
static int
tell_answer(const struct pt_attempt *attempt, struct pitot_error *why)
{
	const struct pt_http_answer *answer = &attempt->answer;
	const char *reason = reason_of(answer->status), *said = answer->body;
	int code = code_of(answer->status);
	if (answer->status < 400 && answer->location[0] != '\0')
		tell_redirection(answer, reason, why);
	else
		(void)pt_error_set(why, code, "%d%s%s%s%s%s", answer->status,
			*reason == '\0' ? "" : " ", reason, hint_of(answer->status),
			*said == '\0' ? "" : ": ", said);
	/* Samples that are there already are refused by most with 400, by Thanos with 409. */
	if (attempt->maybe_stored && (answer->status == 400 || answer->status == 409))
		(void)pt_error_wrap(
			why, "possibly already stored, since an earlier attempt got no answer");
	why->http_status = answer->status;
	return code;
}

enum { max_headers = 16 };

static int
send_numbered(struct pt_transport *transport, const struct pt_http_request *request,
	int64_t timeout_ms, struct pt_deadline *deadline, struct pt_attempt *attempt,
	struct pitot_error *why)
{
	struct pitot_label headers[max_headers + 1];
	char number[16];
	struct pt_http_request again = *request;
	if (attempt->number > 0 && request->header_count <= max_headers) {
		for (size_t i = 0; i < request->header_count; i++)
			headers[i] = request->headers[i];
		(void)snprintf(number, sizeof number, "%u", attempt->number);
		headers[again.header_count++] = (struct pitot_label){"Retry-Attempt", number};
		again.headers = headers;
	}
	attempt->answer = PT_HTTP_NO_ANSWER;
	attempt->number++;
	return transport->send(transport, &again, timeout_ms, deadline, &attempt->answer, why);
}

int
pt_attempt_send(struct pt_transport *transport, const struct pt_http_request *request,
	int64_t timeout_ms, struct pt_deadline *deadline, struct pt_attempt *attempt,
	struct pitot_error *why)
{
	int code = send_numbered(transport, request, timeout_ms, deadline, attempt, why);
	int status = attempt->answer.status;
	attempt->again = false;
	if (code == 0 && status >= 200 && status < 300)
		return 0;
	attempt->maybe_stored |= attempt->answer.maybe_received;
	attempt->again = is_worth_a_retry(code, status);
	return code == 0 ? tell_answer(attempt, why) : code;
}
