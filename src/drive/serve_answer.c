/* SPDX-License-Identifier: MIT */
/*
 * What one request gets. The happy path is: the login is right, the path and the method are ours,
 * the registry is gathered, encoded as the client wishes, and handed over. Possible failures are
 * told to the client by 401, 404, 405 or 500 (memory is out, the password's file cannot be read,
 * names become the same when they are escaped), and the last kind to the program's log, too.
 */
#include "drive/serve_inside.h"

#include "base/buf.h"
#include "base/error.h"
#include "base/limits.h"
#include "drive/accept.h"
#include <pitot/exposition.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <zlib.h>

/* What is sent. `bytes` are the answer's own, to be freed. */
struct answer {
	unsigned status;
	char *bytes;
	size_t length;
	struct pt_buf type;   /* the Content-Type, as text */
	const char *encoding; /* NULL: as it is */
};

static _Thread_local const struct pitot_server *serving; /* in its thread, during a request */

bool
pt_serve_is_self(const struct pitot_server *server)
{
	return server != NULL && serving == server;
}

/* ---- handing over ---- */

static bool
add(struct MHD_Response *response, const char *name, const char *value)
{
	return value == NULL || MHD_add_response_header(response, name, value) == MHD_YES;
}

/* The headers that every answer has, and those that its status asks for. */
static bool
add_headers(struct MHD_Response *response, const struct answer *answer, const char *type)
{
	bool ok = add(response, MHD_HTTP_HEADER_CONTENT_TYPE, type) &&
		add(response, MHD_HTTP_HEADER_CONTENT_ENCODING, answer->encoding) &&
		/* Each scrape is of its moment. */
		add(response, MHD_HTTP_HEADER_CACHE_CONTROL, "no-store") &&
		add(response, MHD_HTTP_HEADER_VARY, "Accept, Accept-Encoding");
	if (answer->status == MHD_HTTP_METHOD_NOT_ALLOWED)
		ok = ok && add(response, MHD_HTTP_HEADER_ALLOW, "GET, HEAD");
	if (answer->status == MHD_HTTP_UNAUTHORIZED)
		ok = ok &&
			add(response, MHD_HTTP_HEADER_WWW_AUTHENTICATE,
				"Basic realm=\"metrics\", charset=\"UTF-8\"");
	return ok;
}

/* Takes over the answer's memory. If there is none left, the connection is closed. */
static enum MHD_Result
hand_over(struct MHD_Connection *connection, struct answer *answer)
{
	const char *type = pt_buf_text(&answer->type);
	enum MHD_Result result = MHD_NO;
	struct MHD_Response *response = MHD_create_response_from_buffer(
		answer->length, answer->bytes, MHD_RESPMEM_MUST_FREE);
	if (response == NULL) {
		free(answer->bytes);
	} else {
		if (pt_buf_error(&answer->type) == 0 && add_headers(response, answer, type))
			result = MHD_queue_response(connection, answer->status, response);
		MHD_destroy_response(response);
	}
	pt_buf_clear(&answer->type);
	return result;
}

/* Some words, as a line of their own. */
static void
say(struct answer *answer, unsigned status, const char *type, const char *words)
{
	struct pt_buf text;
	pt_buf_init(&text, PT_LIMIT_TEXT);
	pt_buf_str(&text, words);
	pt_buf_char(&text, '\n');
	answer->bytes = pt_buf_take(&text, &answer->length);
	answer->length = answer->bytes == NULL ? 0 : answer->length;
	pt_buf_clear(&text);
	answer->status = status;
	answer->encoding = NULL;
	pt_buf_reset(&answer->type);
	pt_buf_str(&answer->type, type);
}

static void
say_plainly(struct answer *answer, unsigned status, const char *words)
{
	say(answer, status, "text/plain; charset=utf-8", words);
}

/* What is no fault of the client's. */
static void
fail(const struct pitot_server *server, struct answer *answer, const struct pitot_error *why)
{
	pt_serve_tell(server, PITOT_LOG_ERROR, "prometheus metrics scrape failed", "err", why->text,
		NULL);
	say_plainly(answer, MHD_HTTP_INTERNAL_SERVER_ERROR, "the metrics cannot be had now");
}

/* ---- the metrics ---- */

static enum MHD_Result
take_header(void *context, enum MHD_ValueKind kind, const char *name, const char *value)
{
	struct pt_accept *accept = context;
	(void)kind;
	if (name == NULL || value == NULL)
		return MHD_YES;
	if (strcasecmp(name, MHD_HTTP_HEADER_ACCEPT) == 0)
		pt_accept_types(accept, value);
	else if (strcasecmp(name, MHD_HTTP_HEADER_ACCEPT_ENCODING) == 0)
		pt_accept_codings(accept, value);
	return MHD_YES;
}

/* Packs the answer. It stays as it is if memory is out, or if it is too long for one call. */
static void
pack(struct answer *answer)
{
	/* The fastest level: the time is the program's, and text shrinks to a tenth by it. */
	z_stream stream = {.next_in = (Bytef *)answer->bytes, .avail_in = (uInt)answer->length};
	if (answer->length > UINT32_MAX / 2 ||
		deflateInit2(&stream, Z_BEST_SPEED, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) !=
			Z_OK)
		return;
	uLong most = deflateBound(&stream, (uLong)answer->length);
	char *packed = malloc(most);
	stream.next_out = (Bytef *)packed;
	stream.avail_out = (uInt)most;
	bool whole = packed != NULL && deflate(&stream, Z_FINISH) == Z_STREAM_END;
	(void)deflateEnd(&stream); /* says only whether all was read */
	if (!whole) {
		free(packed);
		return;
	}
	free(answer->bytes);
	/* A slow client may keep it for long: what is too much goes back, if it can. */
	char *fitting = realloc(packed, stream.total_out);
	answer->bytes = fitting == NULL ? packed : fitting;
	answer->length = stream.total_out;
	answer->encoding = "gzip";
}

static void
put_type(struct pt_buf *type, enum pitot_format format, const struct pt_accept *accept)
{
	if (format == PITOT_TEXT_0_0_4) {
		pt_buf_str(type, "text/plain; version=0.0.4; charset=utf-8");
		return;
	}
	pt_buf_str(type, "application/openmetrics-text; version=1.0.0; charset=utf-8");
	if (accept->escapes) {
		pt_buf_str(type, "; escaping=");
		pt_buf_str(type, pt_accept_escaping_text(accept->escaping));
	}
}

static void
show_metrics(
	const struct pitot_server *server, struct MHD_Connection *connection, struct answer *answer)
{
	struct pt_accept accept = {.places = 0};
	struct pitot_error why;
	(void)MHD_get_connection_values(connection, MHD_HEADER_KIND, take_header, &accept);
	enum pitot_format format = pt_accept_format(&accept);
	struct pitot_encode_options options = {.timestamps = false};
	if (format == PITOT_OPENMETRICS_1_0)
		options.escaping = accept.escaping;
	struct pitot_snapshot *snapshot = pitot_snapshot_take(server->registry, &why);
	bool ok = snapshot != NULL &&
		pitot_encode(snapshot, format, &options, &answer->bytes, &answer->length, &why) ==
			0;
	pitot_snapshot_free(snapshot);
	if (!ok) {
		fail(server, answer, &why);
		return;
	}
	answer->status = MHD_HTTP_OK;
	put_type(&answer->type, format, &accept);
	if (pt_accept_gzip(&accept))
		pack(answer);
}

/* ---- requests ---- */

static bool
reads(const char *method)
{
	return strcmp(method, MHD_HTTP_METHOD_GET) == 0 ||
		strcmp(method, MHD_HTTP_METHOD_HEAD) == 0;
}

/* The path has no character that HTML would take for its own. */
static void
point_to(const char *path, bool root, struct answer *answer)
{
	struct pt_buf words;
	pt_buf_init(&words, PT_LIMIT_TEXT);
	pt_buf_printf(&words,
		root ? "<!DOCTYPE html><title>Metrics</title><a href=\"%s\">Metrics</a>"
		     : "there is nothing here: the metrics are at %s",
		path);
	if (root)
		say(answer, MHD_HTTP_OK, "text/html; charset=utf-8", pt_buf_text(&words));
	else
		say_plainly(answer, MHD_HTTP_NOT_FOUND, pt_buf_text(&words));
	pt_buf_clear(&words);
}

/* The login's right for everything, so that nobody else learns what there is. */
static bool
may_enter(struct pitot_server *server, struct MHD_Connection *connection, struct answer *answer)
{
	struct pitot_error why;
	const char *authorization = MHD_lookup_connection_value(
		connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_AUTHORIZATION);
	int code = pt_login_check(&server->login, authorization, &why);
	if (code == PITOT_DENIED)
		say_plainly(answer, MHD_HTTP_UNAUTHORIZED, why.text);
	else if (code != 0)
		fail(server, answer, &why);
	return code == 0;
}

/* A request may also name the server, as those to a proxy do; which name is no matter. */
static const char *
path_of(const char *url)
{
	if (strncasecmp(url, "http://", 7) != 0 && strncasecmp(url, "https://", 8) != 0)
		return url;
	const char *path = strchr(strchr(url, ':') + 3, '/');
	return path == NULL ? "/" : path;
}

static void
answer_request(struct pitot_server *server, struct MHD_Connection *connection, const char *url,
	const char *method, struct answer *answer)
{
	if (!may_enter(server, connection, answer))
		return;
	const char *path = path_of(url);
	bool ours = strcmp(path, server->path) == 0, root = strcmp(path, "/") == 0;
	if (!ours && !root)
		point_to(server->path, false, answer);
	else if (!reads(method))
		say_plainly(answer, MHD_HTTP_METHOD_NOT_ALLOWED, "only GET and HEAD are answered");
	else if (ours)
		show_metrics(server, connection, answer);
	else
		point_to(server->path, true, answer);
}

enum MHD_Result
pt_serve_request(void *context, struct MHD_Connection *connection, const char *url,
	const char *method, const char *version, const char *data, size_t *size, void **state)
{
	static char seen; /* its address marks a request whose headers have been seen */
	struct pitot_server *server = context;
	struct answer answer = {.status = 0};
	(void)version, (void)data;
	if (*state == NULL)
		pt_serve_answering(&server->crowd, connection);
	/* What would have a body is answered without it, and its connection is closed then. */
	if (*state == NULL && reads(method)) {
		*state = &seen;
		return MHD_YES;
	}
	if (*size > 0) {
		*size = 0; /* a body that nobody asked for is passed over */
		return MHD_YES;
	}
	serving = server;
	pt_buf_init(&answer.type, PT_LIMIT_URL);
	answer_request(server, connection, url, method, &answer);
	enum MHD_Result result = hand_over(connection, &answer);
	pt_serve_answering(&server->crowd, connection); /* the client's time begins now */
	serving = NULL;
	return result;
}
