/* SPDX-License-Identifier: MIT */
/*
 * The transport over libcurl: one easy handle, so one kept-alive connection, driven through the
 * multi interface, whose poll another thread can wake.
 *
 * The happy path is: set the request, run it, read the answer. Possible failures are: a file of the
 * options cannot be read (trying again is useless), no connection, no or a broken answer, the
 * timeout or the deadline (trying again may help). An answer with a status is no failure here.
 * Redirections are never followed; only http and https are spoken.
 */
#include "net/transport.h"

#include "base/error.h"
#include "net/answer.h"
#include "net/easy.h"
#include <stdlib.h>
#include <string.h>
#include <strings.h>

struct curl_transport {
	struct pt_transport base;
	struct pt_easy easy;
	CURLM *multi;
	struct pt_answer_reader reader; /* of the request under way */
};

/* ---- one request ---- */

/* The caller frees the list after the transfer, also on failure. */
static int
set_request(struct curl_transport *transport, const struct pt_http_request *request,
	struct curl_slist **headers, struct pitot_error *why)
{
	CURL *easy = transport->easy.handle;
	bool ok = true, typed = false;
	for (size_t i = 0; ok && i < request->header_count; i++) {
		typed = typed || strcasecmp(request->headers[i].name, "Content-Type") == 0;
		ok = pt_easy_header(headers, request->headers[i].name, request->headers[i].value);
	}
	for (struct curl_slist *user = transport->easy.user_headers; ok && user != NULL;
		user = user->next)
		ok = pt_easy_append(headers, user->data);
	/* A name and a colon alone keep libcurl from sending its own. */
	static const char *const unwanted[] = {"Expect:", "Accept:", "Content-Type:"};
	for (size_t i = 0; ok && i < (typed ? 2u : 3u); i++)
		ok = pt_easy_append(headers, unwanted[i]);
	if (!ok)
		return pt_error_memory(why);
	/* POSTFIELDS with any method sends Content-Length always, and 0 for an empty body. */
	(void)curl_easy_setopt(easy, CURLOPT_HTTPHEADER, *headers);
	(void)curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)request->length);
	(void)curl_easy_setopt(
		easy, CURLOPT_POSTFIELDS, request->length > 0 ? request->body : (const void *)"");
	if (pt_easy_text(easy, CURLOPT_CUSTOMREQUEST, request->method) != 0 ||
		pt_easy_text(easy, CURLOPT_URL, request->url) != 0)
		return pt_error_memory(why);
	return pt_easy_login(&transport->easy, why);
}

static void
wake(void *context)
{
	(void)curl_multi_wakeup(context); /* at worst the poll ends by itself */
}

static int64_t
smaller(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

/* CURLE_OPERATION_TIMEDOUT when the time is over; otherwise what libcurl says. */
static CURLcode
run(struct curl_transport *transport, int64_t timeout_ms, struct pt_deadline *deadline)
{
	const struct pt_clock *clock = pt_deadline_clock(deadline);
	int64_t end_ms = clock->mono_ms(clock) + timeout_ms;
	CURLcode result = CURLE_OPERATION_TIMEDOUT;
	if (curl_multi_add_handle(transport->multi, transport->easy.handle) != CURLM_OK)
		return CURLE_OUT_OF_MEMORY;
	pt_deadline_on_hasten(deadline, wake, transport->multi);
	for (;;) {
		int running = 0, left = 0;
		if (curl_multi_perform(transport->multi, &running) != CURLM_OK)
			break;
		CURLMsg *message = curl_multi_info_read(transport->multi, &left);
		if (message != NULL && message->msg == CURLMSG_DONE) {
			result = message->data.result;
			break;
		}
		int64_t left_ms =
			smaller(pt_deadline_left(deadline), end_ms - clock->mono_ms(clock));
		if (left_ms <= 0)
			break;
		(void)curl_multi_poll(transport->multi, NULL, 0, (int)smaller(left_ms, 1000), NULL);
	}
	pt_deadline_on_hasten(deadline, NULL, NULL);
	(void)curl_multi_remove_handle(transport->multi, transport->easy.handle);
	return result;
}

static int
transport_send(struct pt_transport *base, const struct pt_http_request *request, int64_t timeout_ms,
	struct pt_deadline *deadline, struct pt_http_answer *answer, struct pitot_error *why)
{
	struct curl_transport *transport = (struct curl_transport *)base;
	struct curl_slist *headers = NULL;
	pt_answer_begin(&transport->reader, answer);
	transport->easy.times_sent = 0;
	transport->easy.detail[0] = '\0';
	int code = set_request(transport, request, &headers, why);
	if (code != 0) {
		pt_easy_free_headers(headers);
		return code == PITOT_NO_MEMORY ? pt_error_memory(why) : code;
	}
	CURLcode result = run(transport, timeout_ms, deadline);
	long status = 0;
	(void)curl_easy_getinfo(transport->easy.handle, CURLINFO_RESPONSE_CODE, &status);
	(void)curl_easy_setopt(transport->easy.handle, CURLOPT_HTTPHEADER, NULL);
	pt_easy_free_headers(headers);
	pt_answer_end(&transport->reader);
	bool answered = status > 0 && (result == CURLE_OK || transport->reader.too_long);
	answer->maybe_received = transport->easy.times_sent > (answered ? 1 : 0);
	if (!answered)
		return pt_easy_failure(&transport->easy, result, why);
	answer->status = (int)status;
	return 0;
}

static void
transport_free(struct pt_transport *base)
{
	struct curl_transport *transport = (struct curl_transport *)base;
	pt_easy_clear(&transport->easy);
	if (transport->multi != NULL)
		(void)curl_multi_cleanup(transport->multi);
	free(transport);
}

static void
read_answers(struct curl_transport *transport)
{
	CURL *easy = transport->easy.handle;
	/* These only store a pointer, which cannot fail. */
	(void)curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, pt_answer_take_body);
	(void)curl_easy_setopt(easy, CURLOPT_WRITEDATA, &transport->reader);
	(void)curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, pt_answer_take_header);
	(void)curl_easy_setopt(easy, CURLOPT_HEADERDATA, &transport->reader);
}

struct pt_transport *
pt_curl_new(const struct pitot_http_options *options, struct pitot_error *why)
{
	struct curl_transport *transport = calloc(1, sizeof *transport);
	int code = transport == NULL ? pt_error_memory(why)
				     : pt_easy_init(&transport->easy, options, why);
	if (code == 0) {
		transport->base =
			(struct pt_transport){.send = transport_send, .free = transport_free};
		transport->multi = curl_multi_init();
		if (transport->multi == NULL)
			code = pt_error_memory(why);
	}
	if (code == 0) {
		read_answers(transport);
		return &transport->base;
	}
	if (transport != NULL)
		transport_free(&transport->base);
	return NULL;
}
