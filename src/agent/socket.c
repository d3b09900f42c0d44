/* SPDX-License-Identifier: MIT */
/*
 * The socket, over libmicrohttpd (specs/pushgateway 2 to 6).
 *
 * The happy path is: a request's body is collected, unpacked, parsed, and becomes a push to its
 * group, which is answered when it is taken. Possible failures are told to the client with 400
 * (what it sent), 404, 405, 413, 415 or 500 (memory), and a push that was refused is remembered in
 * its group. A client that is slow keeps its connection as long as there is room; when there is
 * not, the one whose last request is the longest ago loses it, so that slow ones starve nobody.
 */
#include "agent/socket.h"

#include "agent/group_key.h"
#include "base/buf.h"
#include "base/error.h"
#include "base/limits.h"
#include "codec/block.h"
#include "codec/client_model_text.h"
#include <errno.h>
#include <microhttpd.h>
#include <pitot/config.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>
#include <zlib.h>

#define BODY_MOST ((size_t)64 << 20)

/* Connections at a time: fewer than the descriptors a process mostly has; and when slow ones go. */
enum { connections_most = 512, connections_kept = 384 };
/* Without a byte. */
enum { idle_most_seconds = 30 };

/* A connection, in a ring. Only the server's one thread knows them. */
struct peer {
	struct peer *before, *after;
	int socket;
};

struct pt_socket {
	struct peer peers; /* the ring's head: after it is who waits longest for a whole request */
	size_t peer_count;
	struct MHD_Daemon *daemon;
	struct pt_groups *groups;
	struct pt_log *log;
	char *path;
	int listening;
};

/* A request on its way. */
struct request {
	struct pt_buf body;
	char *path; /* as it was sent */
};

/* ---- what was sent ---- */

static bool
inflate_body(struct pt_buf *out, const struct pt_buf *packed)
{
	/* 16: gzip; 15: any window. */
	z_stream stream = {.next_in = (Bytef *)packed->bytes, .avail_in = (uInt)packed->length};
	int state = inflateInit2(&stream, 15 + 16);
	if (state != Z_OK)
		return false;
	while (state == Z_OK) {
		char *room = pt_buf_room(out, 65536);
		if (room == NULL)
			break;
		stream.next_out = (Bytef *)room;
		stream.avail_out = 65536;
		state = inflate(&stream, Z_NO_FLUSH);
		out->length += 65536 - stream.avail_out;
		if (state == Z_BUF_ERROR || stream.avail_in == 0)
			break;
	}
	(void)inflateEnd(&stream);
	return state == Z_STREAM_END;
}

/* 0, or the status of the answer. */
static unsigned
unpack(struct MHD_Connection *connection, const struct pt_buf *body, struct pt_buf *plain,
	struct pitot_error *why)
{
	const char *encoding = MHD_lookup_connection_value(
		connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_CONTENT_ENCODING);
	if (encoding == NULL || encoding[0] == '\0' || strcasecmp(encoding, "identity") == 0) {
		pt_buf_put(plain, body->bytes, body->length);
	} else if (strcasecmp(encoding, "gzip") == 0) {
		if (!inflate_body(plain, body)) {
			(void)pt_error_set(why, PITOT_BAD_INPUT,
				"the body is not gzip, or unpacks "
				"to too much");
			return MHD_HTTP_BAD_REQUEST;
		}
	} else if (strcasecmp(encoding, "snappy") == 0) {
		if (!pt_block_expand(plain, body->bytes, body->length)) {
			(void)pt_error_set(why, PITOT_BAD_INPUT, "the body is not a snappy block");
			return MHD_HTTP_BAD_REQUEST;
		}
	} else {
		(void)pt_error_set(why, PITOT_BAD_INPUT,
			"the Content-Encoding %s is not known: gzip and snappy are", encoding);
		return MHD_HTTP_UNSUPPORTED_MEDIA_TYPE;
	}
	return pt_buf_error(plain) == 0 ? 0 : MHD_HTTP_CONTENT_TOO_LARGE;
}

static int
refuse_times(const struct pitot_snapshot *snapshot, struct pitot_error *why)
{
	for (size_t i = 0; snapshot->timestamps != NULL && i < snapshot->table->count; i++)
		if (snapshot->timestamps[i] != PT_NO_TIME)
			return pt_error_set(why, PITOT_BAD_INPUT,
				"pushed metrics must not have timestamps: %s has one",
				snapshot->table->series[i]->role->family->name);
	return 0;
}

static struct pitot_snapshot *
parse(struct MHD_Connection *connection, struct pt_buf *plain, struct pitot_error *why)
{
	const char *type = MHD_lookup_connection_value(
		connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_CONTENT_TYPE);
	static const struct pitot_parse_options options = {.source = "body"};
	struct pt_buf text;
	int code = 0;
	pt_buf_init(&text, BODY_MOST);
	const struct pt_buf *from = plain;
	if (type != NULL && strncasecmp(type, "application/vnd.google.protobuf", 31) == 0) {
		code = pt_client_model_text(&text, plain->bytes, plain->length, why);
		from = &text;
	}
	struct pitot_snapshot *snapshot =
		code == 0 ? pitot_parse(from->bytes, from->length, &options, why) : NULL;
	pt_buf_clear(&text);
	if (snapshot != NULL && refuse_times(snapshot, why) != 0) {
		pitot_snapshot_free(snapshot);
		snapshot = NULL;
	}
	return snapshot;
}

/* ---- answers ---- */

static enum MHD_Result
answer(struct MHD_Connection *connection, unsigned status, const char *text)
{
	struct MHD_Response *response = MHD_create_response_from_buffer(
		strlen(text), (void *)(uintptr_t)text, MHD_RESPMEM_MUST_COPY);
	if (response == NULL)
		return MHD_NO;
	if (text[0] != '\0')
		(void)MHD_add_response_header(
			response, MHD_HTTP_HEADER_CONTENT_TYPE, "text/plain; charset=utf-8");
	if (status == MHD_HTTP_METHOD_NOT_ALLOWED)
		(void)MHD_add_response_header(response, MHD_HTTP_HEADER_ALLOW, "PUT, POST, DELETE");
	enum MHD_Result result = MHD_queue_response(connection, status, response);
	MHD_destroy_response(response);
	return result;
}

static enum MHD_Result
refuse(struct MHD_Connection *connection, unsigned status, const char *text)
{
	char line[PITOT_ERROR_TEXT + 2];
	(void)snprintf(line, sizeof line, "%s\n", text);
	return answer(connection, status, line);
}

static unsigned
status_of(int code)
{
	switch (code) {
	case PITOT_NO_INPUT:
		return MHD_HTTP_NOT_FOUND;
	case PITOT_NO_MEMORY:
		return MHD_HTTP_INTERNAL_SERVER_ERROR;
	default:
		return MHD_HTTP_BAD_REQUEST;
	}
}

/* "?ttl=26h": how long the group lives from now on. */
static int
read_ttl(struct MHD_Connection *connection, int64_t *ttl_ms, struct pitot_error *why)
{
	const char *text = MHD_lookup_connection_value(connection, MHD_GET_ARGUMENT_KIND, "ttl");
	*ttl_ms = 0;
	if (text == NULL)
		return 0;
	if (pitot_duration_parse(text, ttl_ms, why) != 0 || *ttl_ms <= 0)
		return pt_error_set(why, PITOT_BAD_INPUT,
			"ttl: expected a time such as 26h, found \"%.40s\"", text);
	return 0;
}

/* ---- connections ---- */

static void
unlink_peer(struct pt_socket *socket, struct peer *peer)
{
	if (peer->before == NULL)
		return;
	peer->before->after = peer->after;
	peer->after->before = peer->before;
	peer->before = peer->after = NULL;
	socket->peer_count--;
}

static void
link_last(struct pt_socket *socket, struct peer *peer)
{
	peer->before = socket->peers.before;
	peer->after = &socket->peers;
	peer->before->after = socket->peers.before = peer;
	socket->peer_count++;
}

static void
end_slowest(struct pt_socket *socket)
{
	struct peer *slowest = socket->peers.after;
	unlink_peer(socket, slowest);
	(void)shutdown(slowest->socket, SHUT_RDWR); /* libmicrohttpd sees that, and closes it */
}

static void
on_connection(void *context, struct MHD_Connection *connection, void **state,
	enum MHD_ConnectionNotificationCode what)
{
	struct pt_socket *socket = context;
	struct peer *peer = *state;
	if (what == MHD_CONNECTION_NOTIFY_STARTED) {
		/* Without memory for it, it is one that is never ended for others. */
		*state = peer = calloc(1, sizeof *peer);
		if (peer == NULL)
			return;
		peer->socket =
			MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD)
				->connect_fd;
		link_last(socket, peer);
		if (socket->peer_count > connections_kept)
			end_slowest(socket);
	} else if (peer != NULL) {
		unlink_peer(socket, peer);
		free(peer);
		*state = NULL;
	}
}

/* Whoever sends whole requests comes last in the ring. */
static void
was_quick(struct pt_socket *socket, struct MHD_Connection *connection)
{
	struct peer *peer = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT)
				    ->socket_context;
	if (peer == NULL || peer->before == NULL)
		return;
	unlink_peer(socket, peer);
	link_last(socket, peer);
}

/* ---- requests ---- */

static enum MHD_Result
push(struct pt_socket *socket, struct MHD_Connection *connection, struct request *request,
	struct pt_labels *key, bool replace)
{
	struct pt_group_push push = {.key = key, .replace = replace};
	struct pitot_error problem = {.code = 0};
	struct pt_buf plain;
	pt_buf_init(&plain, BODY_MOST);
	unsigned status = unpack(connection, &request->body, &plain, &problem);
	if (status == MHD_HTTP_CONTENT_TOO_LARGE)
		(void)pt_error_set(
			&problem, PITOT_BAD_INPUT, "the body is longer than %zu bytes", BODY_MOST);
	if (status == 0 && plain.length > 0) {
		push.snapshot = parse(connection, &plain, &problem);
		status = push.snapshot == NULL ? status_of(problem.code) : 0;
	}
	pt_buf_clear(&plain);
	if (status == 0 && read_ttl(connection, &push.ttl_ms, &problem) != 0)
		status = MHD_HTTP_BAD_REQUEST;
	if (status != 0) {
		pitot_snapshot_free(push.snapshot);
		pt_groups_refused(socket->groups, key);
		pt_log_trouble(
			socket->log, "A push was refused", "path", request->path, problem.text);
		return refuse(connection, status, problem.text);
	}
	if (pt_groups_push(socket->groups, &push) != 0)
		return refuse(connection, MHD_HTTP_INTERNAL_SERVER_ERROR, "out of memory");
	return answer(connection, MHD_HTTP_OK, "");
}

static enum MHD_Result
handle(struct pt_socket *socket, struct MHD_Connection *connection, const char *method,
	struct request *request)
{
	struct pitot_error problem;
	bool get = strcmp(method, "GET") == 0 || strcmp(method, "HEAD") == 0;
	if (get &&
		(strcmp(request->path, "/-/healthy") == 0 ||
			strcmp(request->path, "/-/ready") == 0))
		return answer(connection, MHD_HTTP_OK, "OK\n");
	struct pt_labels *key = pt_group_key(request->path, &problem);
	if (key == NULL)
		return refuse(connection, status_of(problem.code), problem.text);
	if (strcmp(method, "PUT") == 0 || strcmp(method, "POST") == 0)
		return push(socket, connection, request, key, method[1] == 'U');
	if (strcmp(method, "DELETE") == 0) {
		(void)pt_groups_delete(socket->groups, key);
		return answer(connection, MHD_HTTP_ACCEPTED, "");
	}
	pt_labels_unref(key);
	return refuse(connection, MHD_HTTP_METHOD_NOT_ALLOWED,
		"a group is pushed with PUT or POST, and deleted with DELETE");
}

static enum MHD_Result
on_request(void *context, struct MHD_Connection *connection, const char *url, const char *method,
	const char *version, const char *data, size_t *size, void **state)
{
	struct request *request = *state;
	(void)url, (void)version;
	if (request == NULL)
		return MHD_NO; /* there was no memory for it */
	if (request->path != NULL && request->body.limit == 0) {
		pt_buf_init(&request->body, BODY_MOST);
		return MHD_YES; /* the first call, with the headers */
	}
	if (*size > 0) {
		pt_buf_put(&request->body, data, *size);
		*size = 0;
		return MHD_YES;
	}
	was_quick(context, connection);
	if (pt_buf_error(&request->body) != 0)
		return refuse(connection, MHD_HTTP_CONTENT_TOO_LARGE, "the body is too long");
	return handle(context, connection, method, request);
}

/* Called before the URL is decoded, which would mix up slashes. */
static void *
on_url(void *context, const char *url, struct MHD_Connection *connection)
{
	(void)context, (void)connection;
	struct request *request = calloc(1, sizeof *request);
	if (request == NULL)
		return NULL;
	request->path = strndup(url, strcspn(url, "?"));
	if (request->path != NULL)
		return request;
	free(request);
	return NULL;
}

static void
on_end(void *context, struct MHD_Connection *connection, void **state,
	enum MHD_RequestTerminationCode how)
{
	struct request *request = *state;
	(void)context, (void)connection, (void)how;
	if (request == NULL)
		return;
	pt_buf_clear(&request->body);
	free(request->path);
	free(request);
	*state = NULL;
}

/* libmicrohttpd decodes arguments by itself; paths are decoded by pt_group_key(). */
static size_t
leave_encoded(void *context, struct MHD_Connection *connection, char *text)
{
	(void)context, (void)connection;
	return strlen(text);
}

/* ---- the path ---- */

/* Whether somebody answers there. */
static bool
is_alive(const struct sockaddr_un *address)
{
	int probe = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	bool alive = probe >= 0 &&
		connect(probe, (const struct sockaddr *)address, sizeof *address) == 0;
	if (probe >= 0)
		(void)close(probe); /* nothing was written */
	return alive;
}

static int
listen_at(const char *path, unsigned mode, struct pitot_error *why)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	struct stat there;
	if (strlen(path) >= sizeof address.sun_path) {
		(void)pt_error_set(why, PITOT_BAD_CONFIG, "socket %s: the path is too long", path);
		return -1;
	}
	(void)strcpy(address.sun_path, path);
	if (lstat(path, &there) == 0 && S_ISSOCK(there.st_mode)) {
		if (is_alive(&address)) {
			(void)pt_error_set(
				why, PITOT_IO, "socket %s: another process listens there", path);
			return -1;
		}
		(void)unlink(path); /* bind tells if it is still there */
	}
	int listening = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	/* On Linux the path gets the socket's mode: nobody may connect between bind and chmod. */
	bool bound = listening >= 0 && fchmod(listening, 0600) == 0 &&
		bind(listening, (const struct sockaddr *)&address, sizeof address) == 0;
	int failure = errno;
	if (bound && chmod(path, (mode_t)mode) == 0 && listen(listening, 128) == 0)
		return listening;
	failure = bound ? errno : failure;
	(void)pt_error_set(why, PITOT_IO, "socket %s: %s", path, strerror(failure));
	if (listening >= 0)
		(void)close(listening);
	if (bound)
		(void)unlink(path);
	return -1;
}

struct pt_socket *
pt_socket_open(const char *path, unsigned mode, struct pt_groups *groups, struct pt_log *log,
	struct pitot_error *why)
{
	struct pt_socket *socket = calloc(1, sizeof *socket);
	if (socket == NULL) {
		(void)pt_error_memory(why);
		return NULL;
	}
	socket->peers.before = socket->peers.after = &socket->peers;
	socket->groups = groups;
	socket->log = log;
	socket->path = strdup(path);
	socket->listening = socket->path == NULL ? -1 : listen_at(path, mode, why);
	if (socket->listening < 0) {
		free(socket->path);
		free(socket);
		return NULL;
	}
	socket->daemon = MHD_start_daemon(MHD_USE_AUTO_INTERNAL_THREAD, 0, NULL, NULL, on_request,
		socket, MHD_OPTION_LISTEN_SOCKET, socket->listening, MHD_OPTION_URI_LOG_CALLBACK,
		on_url, NULL, MHD_OPTION_NOTIFY_COMPLETED, on_end, NULL,
		MHD_OPTION_UNESCAPE_CALLBACK, leave_encoded, NULL, MHD_OPTION_NOTIFY_CONNECTION,
		on_connection, socket, MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)idle_most_seconds,
		MHD_OPTION_CONNECTION_LIMIT, (unsigned)connections_most, MHD_OPTION_END);
	if (socket->daemon != NULL)
		return socket;
	(void)pt_error_set(why, PITOT_IO, "socket %s: the server does not start", path);
	pt_socket_close(socket);
	return NULL;
}

void
pt_socket_close(struct pt_socket *socket)
{
	if (socket == NULL)
		return;
	if (socket->daemon != NULL)
		MHD_stop_daemon(socket->daemon); /* closes the listening socket, too */
	else
		(void)close(socket->listening);
	(void)unlink(socket->path);
	free(socket->path);
	free(socket);
}
