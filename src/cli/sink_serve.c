/* SPDX-License-Identifier: MIT */
/*
 * Which request is what, the faults of the script, and the memory of refused requests that the
 * rules about retries need.
 */
#include "cli/sink.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

const char *
sink_request_header(const struct sink_request *request, const char *name)
{
	for (size_t i = 0; i < request->header_count; i++)
		if (strcasecmp(request->headers[i].name, name) == 0)
			return request->headers[i].value;
	return NULL;
}

void
sink_answer_say(struct sink_answer *answer, unsigned status, const char *format, ...)
{
	va_list list;
	char text[1024]; /* longer reasons are cut: they are for eyes */
	va_start(list, format);
	(void)vsnprintf(text, sizeof text, format, list);
	va_end(list);
	sink_text_clear(&answer->body);
	sink_text_format(&answer->body, "%s\n", text);
	answer->status = status;
}

void
sink_clear(struct sink *sink)
{
	sink_store_clear(&sink->store);
	free(sink->script.faults);
}

/* ---- refused requests ---- */

static uint64_t
hash_request(const struct sink_request *request)
{
	uint64_t hash = UINT64_C(0xcbf29ce484222325);
	for (const char *at = request->target; *at != '\0'; at++)
		hash = (hash ^ (unsigned char)*at) * UINT64_C(0x100000001b3);
	for (size_t i = 0; i < request->body.length; i++)
		hash = (hash ^ (unsigned char)request->body.at[i]) * UINT64_C(0x100000001b3);
	return hash;
}

struct sink_attempt *
sink_attempt_find(struct sink *sink, const struct sink_request *request)
{
	uint64_t hash = hash_request(request);
	for (size_t i = 0; i < SINK_ATTEMPTS; i++)
		if (sink->attempts[i].sent > 0 && sink->attempts[i].hash == hash &&
			sink->attempts[i].length == request->body.length)
			return &sink->attempts[i];
	return NULL;
}

/* `answer` NULL: there is none. An accepted request is forgotten. */
static void
remember(struct sink *sink, const struct sink_request *request, const struct sink_answer *answer)
{
	struct sink_attempt *attempt = sink_attempt_find(sink, request);
	const char *retry = sink_request_header(request, "Retry-Attempt");
	if (answer != NULL && answer->status < 300) {
		if (attempt != NULL)
			*attempt = (struct sink_attempt){0};
		return;
	}
	if (attempt == NULL) {
		attempt = &sink->attempts[sink->attempt_next++ % SINK_ATTEMPTS];
		*attempt = (struct sink_attempt){0};
	}
	attempt->hash = hash_request(request);
	attempt->length = request->body.length;
	attempt->sent++;
	attempt->status = answer != NULL ? answer->status : 0;
	attempt->retry_after = answer != NULL ? answer->retry_after : -1;
	attempt->retry = retry != NULL ? strtol(retry, NULL, 10) : 0;
	attempt->mono_ms = request->mono_ms;
}

/* ---- faults ---- */

static struct sink_fault
next_fault(struct sink *sink)
{
	if (sink->script.at == sink->script.count)
		return (struct sink_fault){.kind = SINK_NORMAL};
	return sink->script.faults[sink->script.at++];
}

static bool
keeps_from_storing(const struct sink_fault *fault)
{
	if (fault->kind == SINK_STATUS)
		return fault->status >= 300;
	return fault->kind != SINK_NORMAL && fault->kind != SINK_SLOW &&
		fault->kind != SINK_WRITTEN;
}

static void
apply_status(const struct sink_fault *fault, struct sink_answer *answer)
{
	if (fault->status < 300) {
		/* Another way to say yes; a refusal stays one. */
		if (answer->accepted)
			answer->status = fault->status;
		return;
	}
	sink_answer_say(answer, fault->status, "answered by the script of the sink");
	answer->retry_after = fault->number;
}

static void
apply(const struct sink_fault *fault, struct sink_answer *answer)
{
	if (fault->kind == SINK_STATUS)
		apply_status(fault, answer);
	else if (fault->kind == SINK_UNWRITTEN && answer->status < 300)
		answer->tells = false;
	else if (fault->kind == SINK_WRITTEN)
		answer->samples_written = (unsigned long long)fault->number;
}

/* ---- routes ---- */

static bool
is_write_path(struct sink_span path)
{
	static const char *const ends[] = {"/api/v1/write", "/api/v1/push", "/api/prom/push",
		"/api/v1/receive", "/remote_write"};
	for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++)
		if (sink_span_ends(path, ends[i]))
			return true;
	return false;
}

static bool
begins(struct sink_span path, const char *with)
{
	return path.length >= strlen(with) && memcmp(path.at, with, strlen(with)) == 0;
}

/* The path without query and route prefix; `within` tells whether the prefix was there. */
static struct sink_span
path_of(const struct sink *sink, const struct sink_request *request, bool *within)
{
	struct sink_span path = {request->target, strcspn(request->target, "?")};
	/* The rules tell; the route is clear enough. */
	while (begins(path, "//")) {
		path.at++;
		path.length--;
	}
	*within = begins(path, sink->route_prefix);
	if (*within) {
		path.at += strlen(sink->route_prefix);
		path.length -= strlen(sink->route_prefix);
	}
	while (*within && begins(path, "//")) {
		path.at++;
		path.length--;
	}
	return path;
}

static void
serve_reader(struct sink *sink, const struct sink_request *request, struct sink_span path,
	struct sink_answer *answer)
{
	bool reads = strcmp(request->method, "GET") == 0 || strcmp(request->method, "HEAD") == 0;
	bool healthy = sink_span_is(path, "/-/ready") || sink_span_is(path, "/-/healthy");
	if (!healthy && !sink_span_is(path, "/metrics")) {
		sink_answer_say(answer, 404, "404 page not found");
	} else if (!reads) {
		sink_answer_say(answer, 405, "Method Not Allowed");
	} else if (healthy) {
		sink_answer_say(answer, 200, "OK");
	} else {
		answer->status = 200;
		answer->type = "text/plain; version=0.0.4; charset=utf-8";
		sink_store_text(&sink->store, &answer->body);
		if (answer->body.failed)
			sink_answer_say(answer, 500, "the sink is out of memory");
	}
}

static void
serve_sender(struct sink *sink, const struct sink_request *request, struct sink_span path,
	struct sink_answer *answer, struct sink_fault *fault)
{
	static const char metrics[] = "/metrics/";
	bool write = !begins(path, metrics);
	*fault = next_fault(sink);
	bool refuse = keeps_from_storing(fault);
	sink->requests++;
	if (write)
		sink_remote_write(sink, request, refuse, answer);
	else
		sink_pushgateway(sink, request,
			(struct sink_span){
				path.at + strlen(metrics), path.length - strlen(metrics)},
			refuse, answer);
	apply(fault, answer);
	sink->accepted += answer->accepted;
	bool silent = refuse && fault->kind != SINK_STATUS && fault->kind != SINK_UNWRITTEN;
	if (write)
		remember(sink, request, silent ? NULL : answer);
}

void
sink_serve(struct sink *sink, const struct sink_request *request, struct sink_answer *answer,
	struct sink_fault *fault)
{
	bool within;
	struct sink_span path = path_of(sink, request, &within);
	*fault = (struct sink_fault){.kind = SINK_NORMAL};
	*answer = (struct sink_answer){.status = 500, .retry_after = -1};
	bool key =
		within && (begins(path, "/metrics/job/") || begins(path, "/metrics/job@base64/"));
	if (key || is_write_path(path))
		serve_sender(sink, request, path, answer, fault);
	else if (within)
		serve_reader(sink, request, path, answer);
	else
		sink_answer_say(answer, 404, "404 page not found");
	(void)fflush(sink->out);
	(void)fflush(sink->err);
}
