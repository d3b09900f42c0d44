/* SPDX-License-Identifier: MIT */
/* A receiver that takes everything at once. It cannot fail. */
#include "inside.h"

#include "net/transport.h"

static int
send_nowhere(struct pt_transport *transport, const struct pt_http_request *request,
	int64_t timeout_ms, struct pt_deadline *deadline, struct pt_http_answer *answer,
	struct pitot_error *why)
{
	const struct pt_clock *clock = pt_deadline_clock(deadline);
	(void)transport;
	(void)request;
	(void)timeout_ms;
	(void)why;
	*answer = PT_HTTP_NO_ANSWER;
	answer->status = 200;
	answer->date_ms = clock->wall_ms(clock) / 1000 * 1000;
	answer->samples_written = answer->histograms_written = answer->exemplars_written =
		INT32_MAX;
	return 0;
}

static void
free_nothing(struct pt_transport *transport)
{
	(void)transport;
}

struct pt_transport *
bench_transport(void)
{
	static struct pt_transport transport = {.send = send_nowhere, .free = free_nothing};
	return &transport;
}

enum pitot_protocol
bench_protocol(int version)
{
	static const enum pitot_protocol protocols[] = {PITOT_PROTOCOL_PUSHGATEWAY,
		PITOT_PROTOCOL_REMOTE_WRITE_1, PITOT_PROTOCOL_REMOTE_WRITE_2};
	return protocols[version];
}

const char *
bench_url(int version)
{
	return version == 0 ? "http://localhost:9091" : "http://localhost:9090/api/v1/write";
}
