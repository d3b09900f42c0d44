/* SPDX-License-Identifier: MIT */
/*
 * What a push would send, shown in place of being sent: a transport that hands each request to the
 * caller and answers 200. Options are checked as for a real push. Fails like a push, but for what
 * only a network or a receiver can do.
 */
#include "base/error.h"
#include "base/limits.h"
#include "codec/block.h"
#include "drive/push.h"
#include "net/url.h"
#include <stdlib.h>
#include <strings.h>

struct viewer {
	struct pt_transport transport;  /* first */
	struct pitot_http_options http; /* its texts are the caller's */
	void (*show)(void *context, const struct pitot_request *request);
	void *context;
};

static const char hidden[] = "<hidden>";

/* Rather one header too many hidden than a secret on a screen. */
static bool
is_secret(const char *name)
{
	static const char *const marks[] = {
		"auth", "cookie", "token", "secret", "password", "key", "credential", "session"};
	for (size_t i = 0; i < sizeof marks / sizeof marks[0]; i++)
		if (strcasestr(name, marks[i]) != NULL)
			return true;
	return false;
}

/* Whether a login stands in the URL: an @ before the path. */
static bool
has_login(const char *url)
{
	const char *host = strstr(url, "://");
	host = host == NULL ? url : host + 3;
	return memchr(host, '@', strcspn(host, "/?#")) != NULL;
}

/* Appends to `headers`, which has room; returns how many there are then. */
static size_t
collect_headers(const struct viewer *viewer, const struct pt_http_request *request,
	struct pitot_label *headers)
{
	const struct pitot_http_options *http = &viewer->http;
	size_t count = 0;
	for (size_t i = 0; i < request->header_count; i++)
		headers[count++] = request->headers[i];
	headers[count++] = (struct pitot_label){"User-Agent", "pitot/" PACKAGE_VERSION};
	if (http->username != NULL || http->bearer_token != NULL ||
		http->bearer_token_file != NULL || has_login(request->url))
		headers[count++] = (struct pitot_label){"Authorization", hidden};
	for (size_t i = 0; i < http->header_count; i++) {
		headers[count] = http->headers[i];
		if (is_secret(headers[count].name))
			headers[count].value = hidden;
		count++;
	}
	return count;
}

static bool
is_packed(const struct pt_http_request *request)
{
	for (size_t i = 0; i < request->header_count; i++)
		if (strcmp(request->headers[i].name, "Content-Encoding") == 0)
			return true;
	return false;
}

static int
show_request(struct pt_transport *transport, const struct pt_http_request *request,
	int64_t timeout_ms, struct pt_deadline *deadline, struct pt_http_answer *answer,
	struct pitot_error *why)
{
	struct viewer *viewer = (struct viewer *)transport;
	(void)timeout_ms;
	(void)deadline;
	struct pt_buf url, plain;
	pt_buf_init(&url, PT_LIMIT_URL + 1);
	pt_buf_init(&plain, PT_LIMIT_REQUEST);
	struct pitot_label *headers =
		malloc((request->header_count + viewer->http.header_count + 2) * sizeof *headers);
	pt_url_redact(&url, request->url);
	struct pitot_request shown = {
		.method = request->method,
		.url = pt_buf_text(&url),
		.headers = headers,
		.body = request->body,
		.body_length = request->length,
		.plain = request->body,
		.plain_length = request->length,
	};
	bool ok = headers != NULL && pt_buf_error(&url) == 0;
	if (ok && is_packed(request)) {
		ok = pt_block_expand(&plain, request->body, request->length);
		shown.plain = plain.bytes;
		shown.plain_length = plain.length;
	}
	if (ok) {
		shown.header_count = collect_headers(viewer, request, headers);
		viewer->show(viewer->context, &shown);
		*answer = PT_HTTP_NO_ANSWER;
		answer->status = 200; /* what all of them say for stored */
		answer->samples_written = answer->histograms_written = INT32_MAX; /* all */
		answer->exemplars_written = INT32_MAX;
	}
	free(headers);
	pt_buf_clear(&url);
	pt_buf_clear(&plain);
	return ok ? 0 : pt_error_memory(why);
}

static void
viewer_free(struct pt_transport *transport)
{
	free(transport);
}

/* What is shown, and to whom. */
struct show {
	void (*show)(void *context, const struct pitot_request *request);
	void *context;
};

static struct pt_transport *
connect_viewer(void *context, const struct pitot_http_options *http, struct pitot_error *why)
{
	const struct show *show = context;
	/* The real transport is made only for its checks. */
	struct pt_transport *real = pt_curl_new(http, why);
	if (real == NULL)
		return NULL;
	real->free(real);
	struct viewer *viewer = malloc(sizeof *viewer);
	if (viewer == NULL) {
		(void)pt_error_memory(why);
		return NULL;
	}
	*viewer = (struct viewer){
		.transport = {.send = show_request, .free = viewer_free},
		.http = *http,
		.show = show->show,
		.context = show->context,
	};
	return &viewer->transport;
}

int
pitot_push_preview(const struct pitot_snapshot *snapshot, int64_t time_ms,
	const struct pitot_push_options *options,
	void (*show)(void *context, const struct pitot_request *request), void *context,
	struct pitot_error *why)
{
	struct show to = {show, context};
	struct pt_world world = pt_world_real();
	world.connect = connect_viewer;
	world.context = &to;
	struct pitot_push_options shown =
		options != NULL ? *options : (struct pitot_push_options){.url = NULL};
	shown.spool_dir = NULL; /* nothing may be left behind */
	shown.detach = false;
	const struct pt_push_task task = {.snapshot = (struct pitot_snapshot *)(uintptr_t)snapshot,
		.time_ms = time_ms,
		.options = &shown};
	return pt_push_with(&task, &world, NULL, why);
}
