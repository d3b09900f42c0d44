/* SPDX-License-Identifier: MIT */
#include "exchange.h"

#include <string.h>

struct exchange
exchange(struct pt_transport *transport, const struct pt_http_request *request, int64_t timeout_ms)
{
	struct exchange result = {0};
	struct pt_deadline *deadline = pt_deadline_new(pt_clock_real());
	pt_deadline_set(deadline, pt_clock_real()->mono_ms(pt_clock_real()) + 20000);
	result.code = transport->send(
		transport, request, timeout_ms, deadline, &result.answer, &result.why);
	pt_deadline_free(deadline);
	return result;
}

struct exchange
exchange_once(const char *url, const struct pitot_http_options *options, const char *body)
{
	static const struct pitot_label headers[] = {{"Content-Type", "text/plain"}};
	struct exchange result = {0};
	struct pt_transport *transport = pt_curl_new(options, &result.why);
	if (transport == NULL) {
		result.code = result.why.code;
		return result;
	}
	result = exchange(transport,
		&(struct pt_http_request){.method = "POST",
			.url = url,
			.headers = headers,
			.header_count = 1,
			.body = body,
			.length = strlen(body)},
		10000);
	transport->free(transport);
	return result;
}
