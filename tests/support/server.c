/* SPDX-License-Identifier: MIT */
#include "server.h"

#include <arpa/inet.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

enum { kept = 64 };

struct server {
	pthread_t thread;
	int listener;
	int stop_pipe[2];
	char url[64];
	const struct server_step *steps;
	size_t step_count;
	pthread_mutex_t lock; /* guards what follows */
	size_t count;
	unsigned connections;
	struct server_request requests[kept];
};

/* False when it is time to stop. */
static bool
readable(const struct server *server, int fd)
{
	struct pollfd fds[2] = {
		{.fd = fd, .events = POLLIN}, {.fd = server->stop_pipe[0], .events = POLLIN}};
	return poll(fds, 2, -1) > 0 && fds[1].revents == 0;
}

/* Reads up to and with an empty line; false if the client went. */
static bool
receive_head(const struct server *server, int fd, char *to, size_t size)
{
	size_t used = 0;
	while (used < 4 || memcmp(to + used - 4, "\r\n\r\n", 4) != 0) {
		char byte;
		/* Byte by byte, so that nothing of the body is taken. */
		if (used == size - 1 || !readable(server, fd) || recv(fd, &byte, 1, 0) != 1)
			return false;
		to[used++] = byte;
	}
	to[used] = '\0';
	return true;
}

/* Reads `length` bytes and keeps the first of them; false if the client went. */
static bool
receive_body(const struct server *server, int fd, struct server_request *request, size_t length)
{
	char block[65536];
	while (request->body_length < length) {
		size_t left = length - request->body_length;
		size_t wanted = left < sizeof block ? left : sizeof block;
		ssize_t got = readable(server, fd) ? recv(fd, block, wanted, 0) : -1;
		if (got <= 0)
			return false;
		for (size_t i = 0; i < (size_t)got; i++)
			if (request->body_length + i < sizeof request->body - 1)
				request->body[request->body_length + i] = block[i];
		request->body_length += (size_t)got;
	}
	return true;
}

static size_t
content_length(const char *head)
{
	for (const char *line = head; line != NULL; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (strncasecmp(line, "Content-Length:", 15) == 0)
			return strtoul(line + 15, NULL, 10);
		if (*line == '\0')
			break;
	}
	return 0;
}

static void
say(int fd, const char *text)
{
	(void)send(fd, text, strlen(text), MSG_NOSIGNAL);
}

static void
send_huge(int fd, size_t size)
{
	char head[128], block[4096];
	(void)snprintf(
		head, sizeof head, "HTTP/1.1 400 Bad Request\r\nContent-Length: %zu\r\n\r\n", size);
	say(fd, head);
	memset(block, 'x', sizeof block);
	while (size > 0) {
		ssize_t sent =
			send(fd, block, size < sizeof block ? size : sizeof block, MSG_NOSIGNAL);
		if (sent <= 0)
			return;
		size -= (size_t)sent;
	}
}

/* A header in drips is one that never ends, a body in drips one that is too slow. */
static void
drip(const struct server *server, int fd, const char *answer)
{
	struct pollfd stop = {.fd = server->stop_pipe[0], .events = POLLIN};
	say(fd, answer);
	while (send(fd, "x", 1, MSG_NOSIGNAL) == 1 && poll(&stop, 1, 10) == 0)
		;
}

/* False ends the connection. */
static bool
act(const struct server *server, int fd, const struct server_step *step)
{
	const struct linger now = {1, 0};
	char byte;
	switch (step->kind) {
	case SERVER_ANSWER:
		say(fd, step->answer);
		return true;
	case SERVER_HUGE:
		send_huge(fd, step->size);
		return true;
	case SERVER_DRIP:
		drip(server, fd, step->answer);
		return false;
	case SERVER_HANG:
		if (readable(server, fd))
			(void)recv(fd, &byte, 1, 0);
		return false;
	case SERVER_RESET:
	case SERVER_CUT:
		(void)setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
		return false;
	default:
		return false;
	}
}

static bool
serve_request(struct server *server, int fd)
{
	static _Thread_local struct server_request request;
	request = (struct server_request){.connection = server->connections};
	if (!receive_head(server, fd, request.head, sizeof request.head))
		return false;
	/* This thread alone changes the count. */
	size_t index = server->count;
	size_t at = index < server->step_count ? index : server->step_count - 1;
	const struct server_step *step = &server->steps[at];
	if (step->kind != SERVER_CUT &&
		!receive_body(server, fd, &request, content_length(request.head)))
		return false;
	(void)pthread_mutex_lock(&server->lock);
	server->count++;
	if (index < kept)
		server->requests[index] = request;
	(void)pthread_mutex_unlock(&server->lock);
	return act(server, fd, step);
}

static void *
serve(void *context)
{
	struct server *server = context;
	while (readable(server, server->listener)) {
		int fd = accept(server->listener, NULL, NULL);
		if (fd < 0)
			continue;
		/* A client that takes nothing must not keep us from being stopped. */
		(void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &(struct timeval){10, 0},
			sizeof(struct timeval));
		(void)pthread_mutex_lock(&server->lock);
		server->connections++;
		(void)pthread_mutex_unlock(&server->lock);
		while (serve_request(server, fd))
			;
		(void)close(fd);
	}
	return NULL;
}

static int
listen_on(struct server *server, const char *unix_path)
{
	struct sockaddr_in inet = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
	struct sockaddr_un local = {.sun_family = AF_UNIX};
	socklen_t size = sizeof inet;
	if (unix_path != NULL)
		(void)snprintf(local.sun_path, sizeof local.sun_path, "%s", unix_path);
	int fd = socket(unix_path != NULL ? AF_UNIX : AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	bool ok = fd >= 0 &&
		(unix_path != NULL ? bind(fd, (struct sockaddr *)&local, sizeof local)
				   : bind(fd, (struct sockaddr *)&inet, sizeof inet)) == 0 &&
		listen(fd, 16) == 0 &&
		(unix_path != NULL || getsockname(fd, (struct sockaddr *)&inet, &size) == 0);
	(void)snprintf(
		server->url, sizeof server->url, "http://127.0.0.1:%d", ntohs(inet.sin_port));
	server->listener = fd;
	return ok ? 0 : -1;
}

struct server *
server_start(const char *unix_path, const struct server_step *steps, size_t count)
{
	struct server *server = calloc(1, sizeof *server);
	if (server == NULL)
		return NULL;
	server->steps = steps;
	server->step_count = count;
	(void)pthread_mutex_init(&server->lock, NULL);
	server->listener = server->stop_pipe[0] = server->stop_pipe[1] = -1;
	if (listen_on(server, unix_path) == 0 && pipe(server->stop_pipe) == 0 &&
		pthread_create(&server->thread, NULL, serve, server) == 0)
		return server;
	(void)close(server->listener);
	(void)close(server->stop_pipe[0]);
	(void)close(server->stop_pipe[1]);
	(void)pthread_mutex_destroy(&server->lock);
	free(server);
	return NULL;
}

void
server_stop(struct server *server)
{
	(void)close(server->stop_pipe[1]);
	(void)pthread_join(server->thread, NULL);
	(void)close(server->stop_pipe[0]);
	(void)close(server->listener);
	(void)pthread_mutex_destroy(&server->lock);
	free(server);
}

const char *
server_url(const struct server *server)
{
	return server->url;
}

size_t
server_count(struct server *server)
{
	(void)pthread_mutex_lock(&server->lock);
	size_t count = server->count;
	(void)pthread_mutex_unlock(&server->lock);
	return count;
}

struct server_request
server_request(struct server *server, size_t index)
{
	(void)pthread_mutex_lock(&server->lock);
	struct server_request request = {.connection = 0};
	if (index < kept)
		request = server->requests[index];
	(void)pthread_mutex_unlock(&server->lock);
	return request;
}
