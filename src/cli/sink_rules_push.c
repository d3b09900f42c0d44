/* SPDX-License-Identifier: MIT */
/*
 * The rules of a request's head: those of both protocols, and of a Pushgateway path and its headers
 * (specs/pushgateway 12). Each writes the first thing that is wrong.
 */
#include "cli/sink.h"

#include <string.h>
#include <strings.h>

/* ---- both protocols ---- */

SINK_RULE(target)
{
	const char *target = view->request->target;
	size_t path = strcspn(target, "?");
	const char *slashes = strstr(target, "//");
	if (slashes != NULL && (size_t)(slashes - target) < path)
		sink_text_str(found, target);
}

SINK_RULE(reserved_headers)
{
	static const char *const reserved[] = {"Host", "Content-Encoding", "Content-Length",
		"Content-Type", "User-Agent", "Connection", "Keep-Alive", "Proxy-Authenticate",
		"Proxy-Authorization", "WWW-Authenticate", "Accept-Encoding",
		"X-Prometheus-Remote-Write-Version", "X-Prometheus-Remote-Read-Version",
		"X-Amz-Date", "X-Amz-Security-Token", "X-Amz-Content-Sha256", "Authorization"};
	const struct sink_request *request = view->request;
	for (size_t i = 0; i < sizeof reserved / sizeof reserved[0]; i++) {
		unsigned count = 0;
		for (size_t j = 0; j < request->header_count; j++)
			count += strcasecmp(request->headers[j].name, reserved[i]) == 0;
		if (count > 1) {
			sink_text_str(found, reserved[i]);
			return;
		}
	}
}

SINK_RULE(content_length)
{
	if (sink_request_header(view->request, "Content-Length") == NULL)
		sink_text_str(found, "the body came in chunks or not at all");
}

SINK_RULE(expect)
{
	const char *expect = sink_request_header(view->request, "Expect");
	if (expect != NULL)
		sink_text_str(found, expect);
}

/* ---- the path ---- */

typedef bool wrong_label(const struct sink_key *key, const struct sink_key_label *label);

static void
each_key_label(const struct sink_view *view, struct sink_text *found, wrong_label *wrong)
{
	for (size_t i = 0; i < view->key->count; i++) {
		const struct sink_key_label *label = &view->key->labels[i];
		if (!wrong(view->key, label))
			continue;
		sink_text_format(found, "/%.*s%s/%.*s", SPAN_ARG(label->raw_name),
			label->base64 ? "@base64" : "", SPAN_ARG(label->raw_value));
		return;
	}
}

static bool
has_encoded_slash(struct sink_span raw)
{
	for (size_t i = 0; i + 2 < raw.length; i++)
		if (strncasecmp(raw.at + i, "%2f", 3) == 0)
			return true;
	return false;
}

static bool
wrong_base64(const struct sink_key *key, const struct sink_key_label *label)
{
	(void)key;
	return label->base64 ? label->value == NULL : has_encoded_slash(label->raw_value);
}

SINK_RULE(key_base64)
{
	each_key_label(view, found, wrong_base64);
}

static bool
wrong_empty(const struct sink_key *key, const struct sink_key_label *label)
{
	(void)key;
	if (label->value == NULL || label->value_length > 0)
		return false;
	return !label->base64 || !sink_span_is(label->raw_value, "=");
}

SINK_RULE(key_empty)
{
	each_key_label(view, found, wrong_empty);
}

static bool
wrong_dots(const struct sink_key *key, const struct sink_key_label *label)
{
	(void)key;
	return !label->base64 && label->value != NULL &&
		(strcmp(label->value, ".") == 0 || strcmp(label->value, "..") == 0);
}

SINK_RULE(key_dots)
{
	each_key_label(view, found, wrong_dots);
}

/* What may stand in a path as it is, by RFC 3986; a query would be cut off. */
SINK_RULE(key_bytes)
{
	static const char also[] = "-._~!$&'()*+,;=:@/";
	const char *target = view->request->target;
	for (const char *at = target; *at != '\0'; at++) {
		bool plain = (*at >= 'a' && *at <= 'z') || (*at >= 'A' && *at <= 'Z') ||
			(*at >= '0' && *at <= '9') || strchr(also, *at) != NULL;
		if (*at == '%' && strspn(at + 1, "0123456789abcdefABCDEF") >= 2)
			plain = true;
		if (plain)
			continue;
		sink_text_format(found, "byte 0x%02x in %s", (unsigned)(unsigned char)*at, target);
		return;
	}
}

static bool
wrong_key_utf8(const struct sink_key *key, const struct sink_key_label *label)
{
	(void)key;
	return label->value != NULL &&
		!sink_utf8_valid((struct sink_span){label->value, label->value_length});
}

SINK_RULE(key_utf8)
{
	each_key_label(view, found, wrong_key_utf8);
}

static bool
wrong_key_name(const struct sink_key *key, const struct sink_key_label *label)
{
	if (label->name == NULL ||
		!sink_is_label_name((struct sink_span){label->name, label->name_length}))
		return true;
	if (strncmp(label->name, "__", 2) == 0 || strcmp(label->name, "le") == 0 ||
		strcmp(label->name, "quantile") == 0)
		return true;
	return sink_key_find(key, SPAN(label->name)) != label;
}

SINK_RULE(key_names)
{
	each_key_label(view, found, wrong_key_name);
	if (found->length == 0 && view->key->error != NULL && view->key->count == 0)
		sink_text_str(found, view->key->error);
}

/* ---- headers ---- */

SINK_RULE(push_type)
{
	static const char expected[] = "text/plain; version=0.0.4; charset=utf-8";
	const char *type = sink_request_header(view->request, "Content-Type");
	if (type == NULL || (strcmp(type, expected) != 0 && strcmp(type, SINK_MODEL_TYPE) != 0))
		sink_text_format(found, "expected \"%s\" or \"%s\", found \"%s\"", expected,
			SINK_MODEL_TYPE, type != NULL ? type : "");
}

SINK_RULE(push_encoding)
{
	const char *encoding = sink_request_header(view->request, "Content-Encoding");
	if (encoding != NULL)
		sink_text_format(found, "\"%s\", which not every gateway can read", encoding);
}

SINK_RULE(delete_empty)
{
	const char *length = sink_request_header(view->request, "Content-Length");
	if (view->request->body.length > 0)
		sink_text_format(found, "%zu bytes of body", view->request->body.length);
	else if (length == NULL || strcmp(length, "0") != 0)
		sink_text_str(found, "no \"Content-Length: 0\"");
}
