/* SPDX-License-Identifier: MIT */
/*
 * HTTP for the sink, by libmicrohttpd in the caller's thread. The happy path is: the request line
 * is kept as it came, the body is gathered up to SINK_LIMIT_BODY, sink_serve() answers. A fault of
 * the script holds the connection back (hang, slow), ends it (close) or resets it. Possible
 * failures: the address cannot be bound, the certificate cannot be used; later ones end just their
 * connection.
 */
#include "cli/sink.h"

#include <arpa/inet.h>
#include <errno.h>
#include <microhttpd.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define IDLE_SECONDS 60

enum stage { NEW, BODY, HELD, LET_GO };

/* One request on its connection. */
struct exchange {
	enum stage stage;
	char *target;
	struct sink_text body;
	bool too_large;
	struct sink_answer answer;
	struct sink_fault fault;
	struct MHD_Connection *connection;
	int fd;
	int64_t until_ms; /* HELD: when to answer; negative: never */
};

struct sink_http {
	struct sink *sink;
	struct MHD_Daemon *daemon;
	char *login;
	int epoll_fd;
	unsigned long done;
	struct exchange *held[SINK_LIMIT_WAITING];
	size_t held_count;
};

static int64_t
now_ms(clockid_t clock)
{
	struct timespec now;
	(void)clock_gettime(clock, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* ---- a request ---- */

struct header_list {
	struct sink_header *headers;
	size_t count, capacity;
};

static enum MHD_Result
add_header(void *context, enum MHD_ValueKind kind, const char *name, const char *value)
{
	struct header_list *list = context;
	(void)kind;
	if (list->count == list->capacity)
		return MHD_NO;
	list->headers[list->count++] = (struct sink_header){
		(char *)(uintptr_t)name, (char *)(uintptr_t)(value ? value : "")};
	return MHD_YES;
}

static void
serve(struct sink_http *http, struct exchange *exchange, const char *method)
{
	struct sink_header headers[200]; /* more than libmicrohttpd's memory for a connection has */
	struct header_list list = {.headers = headers, .capacity = 200};
	struct sink_request request = {
		.method = method,
		.target = exchange->target,
		.headers = headers,
		.body = {sink_text_chars(&exchange->body), exchange->body.length},
		.wall_ms = now_ms(CLOCK_REALTIME),
		.mono_ms = now_ms(CLOCK_MONOTONIC),
	};
	(void)MHD_get_connection_values(exchange->connection, MHD_HEADER_KIND, add_header, &list);
	request.header_count = list.count;
	const char *login = sink_request_header(&request, "Authorization");
	exchange->answer = (struct sink_answer){.status = 500, .retry_after = -1};
	if (http->login != NULL && (login == NULL || strcmp(login, http->login) != 0))
		sink_answer_say(&exchange->answer, 401, "Unauthorized");
	else if (exchange->too_large)
		sink_answer_say(
			&exchange->answer, 413, "the sink takes %zu bytes", SINK_LIMIT_BODY);
	else if (exchange->body.failed)
		sink_answer_say(&exchange->answer, 500, "the sink is out of memory");
	else
		sink_serve(http->sink, &request, &exchange->answer, &exchange->fault);
}

/* ---- an answer ---- */

static void
add_number(struct MHD_Response *response, const char *name, unsigned long long number)
{
	char text[24];
	(void)snprintf(text, sizeof text, "%llu", number);
	(void)MHD_add_response_header(response, name, text);
}

static void
add_headers(struct MHD_Response *response, const struct sink_answer *answer)
{
	char number[16];
	(void)snprintf(number, sizeof number, "%d", answer->retry_after);
	if (answer->body.length > 0)
		(void)MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE,
			answer->type != NULL ? answer->type : "text/plain; charset=utf-8");
	if (answer->retry_after >= 0)
		(void)MHD_add_response_header(response, MHD_HTTP_HEADER_RETRY_AFTER, number);
	if (answer->tells) {
		add_number(response, "X-Prometheus-Remote-Write-Samples-Written",
			answer->samples_written);
		add_number(response, "X-Prometheus-Remote-Write-Histograms-Written",
			answer->histograms_written);
		add_number(response, "X-Prometheus-Remote-Write-Exemplars-Written",
			answer->exemplars_written);
	}
	if (answer->status == 401)
		(void)MHD_add_response_header(response, MHD_HTTP_HEADER_WWW_AUTHENTICATE,
			"Basic realm=\"pitot sink\", charset=\"UTF-8\"");
}

static enum MHD_Result
reply(const struct exchange *exchange)
{
	const struct sink_answer *answer = &exchange->answer;
	struct MHD_Response *response = MHD_create_response_from_buffer(answer->body.length,
		(void *)(uintptr_t)sink_text_chars(&answer->body), MHD_RESPMEM_MUST_COPY);
	if (response == NULL)
		return MHD_NO;
	add_headers(response, answer);
	enum MHD_Result result = MHD_queue_response(exchange->connection, answer->status, response);
	MHD_destroy_response(response);
	return result;
}

/* Dissolving the association makes Linux send a RST; closing would send a FIN first. */
static void
reset(int fd)
{
	struct sockaddr none = {.sa_family = AF_UNSPEC};
	(void)connect(fd, &none, sizeof none);
}

static enum MHD_Result
hold(struct sink_http *http, struct exchange *exchange)
{
	if (http->held_count == SINK_LIMIT_WAITING)
		return MHD_NO;
	exchange->stage = HELD;
	exchange->until_ms = exchange->fault.kind == SINK_HANG
		? -1
		: now_ms(CLOCK_MONOTONIC) + (int64_t)exchange->fault.number * 1000;
	http->held[http->held_count++] = exchange;
	MHD_suspend_connection(exchange->connection);
	return MHD_YES;
}

static enum MHD_Result
finish(struct sink_http *http, struct exchange *exchange)
{
	switch (exchange->fault.kind) {
	case SINK_HANG:
	case SINK_SLOW:
		return hold(http, exchange);
	case SINK_RESET:
		reset(exchange->fd);
		return MHD_NO;
	case SINK_CLOSE:
		return MHD_NO;
	case SINK_NORMAL:
	case SINK_STATUS:
	case SINK_UNWRITTEN:
	case SINK_WRITTEN:
		break;
	}
	return reply(exchange);
}

/* ---- libmicrohttpd's callbacks ---- */

/* Called first, with the request line's target as it came. */
static void *
begin(void *context, const char *target, struct MHD_Connection *connection)
{
	(void)context;
	struct exchange *exchange = calloc(1, sizeof *exchange);
	if (exchange == NULL)
		return NULL;
	exchange->connection = connection;
	exchange->target = strdup(target);
	return exchange;
}

static enum MHD_Result
handle(void *context, struct MHD_Connection *connection, const char *url, const char *method,
	const char *version, const char *data, size_t *size, void **state)
{
	struct sink_http *http = context;
	struct exchange *exchange = *state;
	(void)url;
	(void)version;
	if (exchange == NULL || exchange->target == NULL)
		return MHD_NO;
	if (exchange->stage == NEW) {
		exchange->fd =
			MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD)
				->connect_fd;
		exchange->stage = BODY;
		return MHD_YES;
	}
	if (*size > 0) {
		if (*size > SINK_LIMIT_BODY - exchange->body.length)
			exchange->too_large = true;
		if (!exchange->too_large)
			sink_text_add(&exchange->body, (struct sink_span){data, *size});
		*size = 0;
		return MHD_YES;
	}
	if (exchange->stage == LET_GO)
		return exchange->fault.kind == SINK_HANG ? MHD_NO : reply(exchange);
	serve(http, exchange, method);
	return finish(http, exchange);
}

static void
end(void *context, struct MHD_Connection *connection, void **state,
	enum MHD_RequestTerminationCode code)
{
	struct sink_http *http = context;
	struct exchange *exchange = *state;
	(void)connection;
	(void)code;
	if (exchange == NULL)
		return;
	http->done += exchange->answer.accepted;
	free(exchange->target);
	sink_text_clear(&exchange->body);
	sink_text_clear(&exchange->answer.body);
	free(exchange);
	*state = NULL;
}

/* ---- start, turn, stop ---- */

static bool
read_address(const struct sink_http_options *options, struct sockaddr_storage *address)
{
	struct sockaddr_in *four = (struct sockaddr_in *)address;
	struct sockaddr_in6 *six = (struct sockaddr_in6 *)address;
	memset(address, 0, sizeof *address);
	if (inet_pton(AF_INET, options->address, &four->sin_addr) == 1) {
		four->sin_family = AF_INET;
		four->sin_port = htons(options->port);
		return true;
	}
	six->sin6_family = AF_INET6;
	six->sin6_port = htons(options->port);
	return inet_pton(AF_INET6, options->address, &six->sin6_addr) == 1;
}

static struct MHD_Daemon *
start_daemon(struct sink_http *http, const struct sink_http_options *options)
{
	struct sockaddr_storage address;
	if (!read_address(options, &address)) {
		errno = EADDRNOTAVAIL;
		return NULL;
	}
	bool tls = options->cert != NULL;
	struct MHD_OptionItem secure[] = {
		{MHD_OPTION_HTTPS_MEM_CERT, 0, options->cert},
		{MHD_OPTION_HTTPS_MEM_KEY, 0, options->key},
		{MHD_OPTION_END, 0, NULL},
	};
	struct MHD_OptionItem none[] = {{MHD_OPTION_END, 0, NULL}};
	unsigned flags = MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME;
	if (tls)
		flags |= MHD_USE_TLS;
	if (address.ss_family == AF_INET6)
		flags |= MHD_USE_IPv6;
	errno = 0;
	return MHD_start_daemon(flags, 0, NULL, NULL, handle, http, MHD_OPTION_SOCK_ADDR, &address,
		MHD_OPTION_URI_LOG_CALLBACK, begin, http, MHD_OPTION_NOTIFY_COMPLETED, end, http,
		MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)IDLE_SECONDS, MHD_OPTION_ARRAY,
		tls ? secure : none, MHD_OPTION_END);
}

struct sink_http *
sink_http_start(struct sink *sink, const struct sink_http_options *options, char **why)
{
	struct sink_text text = {0};
	struct sink_http *http = calloc(1, sizeof *http);
	*why = NULL;
	if (http == NULL)
		return NULL;
	http->sink = sink;
	http->login = options->login;
	http->daemon = start_daemon(http, options);
	if (http->daemon != NULL) {
		http->epoll_fd =
			MHD_get_daemon_info(http->daemon, MHD_DAEMON_INFO_EPOLL_FD)->epoll_fd;
		return http;
	}
	const char *reason = errno != 0 ? strerror(errno)
		: options->cert != NULL ? "the certificate or key cannot be used"
					: "the server cannot start";
	sink_text_format(&text, "listen on %s:%u: %s", options->address, options->port, reason);
	*why = text.bytes;
	free(http);
	return NULL;
}

uint16_t
sink_http_port(const struct sink_http *http)
{
	return MHD_get_daemon_info(http->daemon, MHD_DAEMON_INFO_BIND_PORT)->port;
}

unsigned long
sink_http_done(const struct sink_http *http)
{
	return http->done;
}

static void
let_go(struct sink_http *http, size_t index)
{
	struct exchange *exchange = http->held[index];
	exchange->stage = LET_GO;
	http->held[index] = http->held[--http->held_count];
	MHD_resume_connection(exchange->connection);
}

/* The least of several waits; negative means none. */
static int64_t
sooner(int64_t a, int64_t b)
{
	return a < 0 || (b >= 0 && b < a) ? b : a;
}

static int64_t
wait_of(struct sink_http *http, int64_t wait_ms)
{
	unsigned long long library_ms;
	if (MHD_get_timeout(http->daemon, &library_ms) == MHD_YES)
		wait_ms = sooner(wait_ms, library_ms < 60000 ? (int64_t)library_ms : 60000);
	int64_t now = now_ms(CLOCK_MONOTONIC);
	for (size_t i = 0; i < http->held_count; i++) {
		int64_t until = http->held[i]->until_ms;
		if (until >= 0)
			wait_ms = sooner(wait_ms, until > now ? until - now : 0);
	}
	return wait_ms;
}

void
sink_http_turn(struct sink_http *http, int wake_fd, int64_t wait_ms)
{
	struct pollfd polls[SINK_LIMIT_WAITING + 2];
	nfds_t count = 2;
	polls[0] = (struct pollfd){.fd = http->epoll_fd, .events = POLLIN};
	polls[1] = (struct pollfd){.fd = wake_fd, .events = POLLIN};
	/* libmicrohttpd does not look at suspended ones: see here whether the peer is gone. */
	for (size_t i = 0; i < http->held_count; i++)
		polls[count++] = (struct pollfd){.fd = http->held[i]->fd, .events = POLLRDHUP};
	wait_ms = wait_of(http, wait_ms);
	if (poll(polls, count, (int)(wait_ms < 60000 ? wait_ms : 60000)) < 0)
		return;
	int64_t now = now_ms(CLOCK_MONOTONIC);
	/* From behind, as letting one go moves the last one to its place. */
	for (size_t i = http->held_count; i > 0; i--) {
		int64_t until = http->held[i - 1]->until_ms;
		if (polls[i + 1].revents != 0 || (until >= 0 && until <= now))
			let_go(http, i - 1);
	}
	(void)MHD_run(http->daemon);
}

void
sink_http_stop(struct sink_http *http)
{
	if (http == NULL)
		return;
	while (http->held_count > 0)
		let_go(http, http->held_count - 1);
	(void)MHD_run(http->daemon);
	MHD_stop_daemon(http->daemon);
	free(http);
}
