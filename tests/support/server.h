/* SPDX-License-Identifier: MIT */
/*
 * An HTTP server on loopback that follows a script, for what a real server does not do on demand.
 * Each request takes the next step, the last step is repeated, and every request is kept. It speaks
 * plain HTTP over TCP or a Unix socket; behind tests/support/tls.h also TLS.
 *
 * It has one thread and serves one connection at a time: a second client waits until the first has
 * closed its connection, so a test frees one transport before it uses the next. Stop the server
 * after the transports are freed.
 *
 *	const struct server_step steps[] = {{SERVER_RESET, NULL, 0}, {SERVER_ANSWER, OK, 0}};
 *	struct server *server = server_start(NULL, steps, 2);
 *	… send to server_url(server) …
 *	check_text(server_request(server, 0).head, "POST / HTTP/1.1\r\n…");
 *	server_stop(server);
 */
#ifndef SERVER_H
#define SERVER_H

#include <stddef.h>

enum server_kind {
	SERVER_ANSWER, /* `answer` verbatim, then the connection stays open */
	SERVER_CLOSE,  /* reads the request and closes without an answer */
	SERVER_RESET,  /* the same with a TCP reset */
	SERVER_CUT,    /* a TCP reset once the headers are read, with the body under way */
	SERVER_HANG,   /* reads the request and says nothing until the client goes */
	SERVER_HUGE,   /* 400 with a body of `size` bytes, as fast as the client takes it */
	SERVER_DRIP    /* `answer`, then a byte each 10 ms until the client goes */
};

struct server_step {
	enum server_kind kind;
	const char *answer; /* of SERVER_ANSWER and SERVER_DRIP: "HTTP/1.1 204 x\r\n\r\n" */
	size_t size;        /* of SERVER_HUGE */
};

struct server_request {
	char head[4096];     /* request line and headers, each ended by \r\n */
	char body[4096];     /* the start of it, with a NUL behind it */
	size_t body_length;  /* of the whole body, as it arrived */
	unsigned connection; /* counted from 1 */
};

struct server;

/* `unix_path` NULL: a free TCP port. The steps must live as long. NULL if it cannot listen. */
struct server *server_start(const char *unix_path, const struct server_step *steps, size_t count);
/* Stops the thread and frees everything. */
void server_stop(struct server *server);
/* "http://127.0.0.1:PORT" */
const char *server_url(const struct server *server);
/* How many requests there were. */
size_t server_count(struct server *server);
/* The request at `index` (< 64), as a copy; all zero if there was none. */
struct server_request server_request(struct server *server, size_t index);

#endif
