/* SPDX-License-Identifier: MIT */
#include "script.h"

#include "base/error.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void
record(struct script_request *to, const struct pt_http_request *request, int64_t timeout_ms)
{
	(void)snprintf(to->method, sizeof to->method, "%s", request->method);
	(void)snprintf(to->url, sizeof to->url, "%s", request->url);
	to->headers[0] = '\0';
	for (size_t i = 0; i < request->header_count; i++) {
		size_t used = strlen(to->headers);
		(void)snprintf(to->headers + used, sizeof to->headers - used, "%s: %s\n",
			request->headers[i].name, request->headers[i].value);
	}
	to->body = malloc(request->length + 1);
	if (to->body == NULL)
		abort();
	if (request->length > 0)
		memcpy(to->body, request->body, request->length);
	to->body[request->length] = '\0';
	to->length = request->length;
	to->timeout_ms = timeout_ms;
}

static struct script_step
take(struct script *script, const struct pt_http_request *request, int64_t timeout_ms)
{
	(void)pthread_mutex_lock(&script->lock);
	size_t at = script->count;
	if (at < SCRIPT_REQUESTS)
		record(&script->requests[at], request, timeout_ms);
	(void)snprintf(script->last, sizeof script->last, "%.*s", (int)request->length,
		request->length > 0 ? (const char *)request->body : "");
	script->count++;
	if (script->repeat && at >= script->step_count)
		at = script->step_count - 1;
	struct script_step step = {.status = 200};
	if (at < script->step_count)
		step = script->steps[at];
	(void)pthread_cond_broadcast(&script->sent);
	(void)pthread_mutex_unlock(&script->lock);
	return step;
}

static int
script_send(struct pt_transport *transport, const struct pt_http_request *request,
	int64_t timeout_ms, struct pt_deadline *deadline, struct pt_http_answer *answer,
	struct pitot_error *why)
{
	struct script_step step = take((struct script *)transport, request, timeout_ms);
	const struct pt_clock *clock = pt_deadline_clock(deadline);
	*answer = PT_HTTP_NO_ANSWER;
	if (step.kind == SCRIPT_REFUSE)
		return pt_error_set(why, PITOT_UNAVAILABLE, "connect: refused");
	answer->maybe_received = step.kind != SCRIPT_ANSWER;
	if (step.kind == SCRIPT_HANG)
		pt_deadline_sleep(deadline, clock->mono_ms(clock) + timeout_ms);
	if (step.kind != SCRIPT_ANSWER)
		return pt_error_set(why, PITOT_UNAVAILABLE, "no answer");
	answer->status = step.status;
	if (step.written)
		answer->samples_written = answer->histograms_written = answer->exemplars_written =
			INT32_MAX;
	if (step.date_ms != 0)
		answer->date_ms = step.date_ms;
	if (step.samples_written != 0)
		answer->samples_written = step.samples_written;
	if (step.histograms_written != 0)
		answer->histograms_written = step.histograms_written;
	if (step.retry_after_ms != 0)
		answer->retry_after_ms = step.retry_after_ms;
	if (step.location != NULL)
		(void)snprintf(answer->location, sizeof answer->location, "%s", step.location);
	if (step.hasten)
		pt_deadline_hasten(deadline, clock->mono_ms(clock) + 20);
	(void)snprintf(answer->body, sizeof answer->body, "%s", step.body == NULL ? "" : step.body);
	return 0;
}

static void
script_free(struct pt_transport *transport)
{
	struct script *script = (struct script *)transport;
	(void)pthread_mutex_lock(&script->lock);
	script->freed++;
	(void)pthread_mutex_unlock(&script->lock);
}

void
script_init(struct script *script, const struct script_step *steps, size_t count)
{
	memset(script, 0, sizeof *script);
	script->transport = (struct pt_transport){.send = script_send, .free = script_free};
	script->steps = steps;
	script->step_count = count;
	(void)pthread_mutex_init(&script->lock, NULL);
	(void)pthread_cond_init(&script->sent, NULL);
}

static struct pt_transport *
connect_script(void *context, const struct pitot_http_options *options, struct pitot_error *why)
{
	(void)options;
	(void)why;
	return &((struct script *)context)->transport;
}

struct pt_world
script_world(struct script *script)
{
	return (struct pt_world){
		.clock = pt_clock_real(),
		.files = pt_files_real(),
		.connect = connect_script,
		.context = script,
	};
}

void
script_clear(struct script *script)
{
	for (size_t i = 0; i < SCRIPT_REQUESTS; i++)
		free(script->requests[i].body);
	(void)pthread_cond_destroy(&script->sent);
	(void)pthread_mutex_destroy(&script->lock);
}

const struct script_request *
script_wait(struct script *script, size_t index)
{
	(void)pthread_mutex_lock(&script->lock);
	while (script->count <= index)
		(void)pthread_cond_wait(&script->sent, &script->lock);
	(void)pthread_mutex_unlock(&script->lock);
	return &script->requests[index];
}

size_t
script_count(struct script *script)
{
	(void)pthread_mutex_lock(&script->lock);
	size_t count = script->count;
	(void)pthread_mutex_unlock(&script->lock);
	return count;
}

void
script_repeat(struct script *script, bool repeat)
{
	(void)pthread_mutex_lock(&script->lock);
	script->repeat = repeat;
	(void)pthread_mutex_unlock(&script->lock);
}
