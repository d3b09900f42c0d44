/* SPDX-License-Identifier: MIT */
/*
 * An HTTP server on loopback that follows a script, for what a real server does not do on demand.
 * One thread, one connection at a time; each request takes the next step, and the last step is
 * repeated. Plain HTTP over TCP or a Unix socket; every request is kept.
 */
#ifndef SERVER_H
#define SERVER_H

#include <stddef.h>

enum server_kind {
	SERVER_ANSWER, /* `answer` verbatim, then the connection stays open */
	SERVER_CLOSE,  /* reads the request and closes without an answer */
	SERVER_RESET,  /* the same with a TCP reset */
	SERVER_HANG,   /* reads the request and says nothing until the client goes */
	SERVER_HUGE    /* 400 with a body of `size` bytes, as fast as the client takes it */
};

struct server_step {
	enum server_kind kind;
	const char *answer; /* "HTTP/1.1 204 No Content\r\n\r\n" */
	size_t size;
};

struct server_request {
	char head[4096]; /* request line and headers, each ended by \r\n */
	char body[4096];
	size_t body_length;
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
/* The request at `index` (< 64), as a copy. */
struct server_request server_request(struct server *server, size_t index);

#endif
