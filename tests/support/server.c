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

/* Reads until `length` bytes or, with length 0, an empty line; false if the client went. */
static bool
receive(const struct server *server, int fd, char *to, size_t size, size_t length)
{
	size_t used = 0;
	while (length > 0 ? used < length : used < 4 || memcmp(to + used - 4, "\r\n\r\n", 4) != 0) {
		char byte;
		/* Byte by byte, so that nothing of the next request is taken. */
		if (!readable(server, fd) || recv(fd, &byte, 1, 0) != 1)
			return false;
		if (used < size - 1)
			to[used++] = byte;
		else
			used = length > 0 ? used + 1 : used;
	}
	to[used < size ? used : size - 1] = '\0';
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
	for (size_t sent = 0; sent < size; sent += sizeof block)
		if (send(fd, block, sizeof block, MSG_NOSIGNAL) <= 0)
			return;
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
	case SERVER_HANG:
		if (readable(server, fd))
			(void)recv(fd, &byte, 1, 0);
		return false;
	case SERVER_RESET:
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
	if (!receive(server, fd, request.head, sizeof request.head, 0))
		return false;
	request.body_length = content_length(request.head);
	if (request.body_length > 0 &&
		!receive(server, fd, request.body, sizeof request.body, request.body_length))
		return false;
	(void)pthread_mutex_lock(&server->lock);
	size_t index = server->count++;
	if (index < kept)
		server->requests[index] = request;
	(void)pthread_mutex_unlock(&server->lock);
	size_t step = index < server->step_count ? index : server->step_count - 1;
	return act(server, fd, &server->steps[step]);
}

static void *
serve(void *context)
{
	struct server *server = context;
	while (readable(server, server->listener)) {
		int fd = accept(server->listener, NULL, NULL);
		if (fd < 0)
			continue;
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
	if (listen_on(server, unix_path) != 0 || pipe(server->stop_pipe) != 0 ||
		pthread_create(&server->thread, NULL, serve, server) != 0) {
		free(server);
		return NULL;
	}
	return server;
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
	struct server_request request = server->requests[index];
	(void)pthread_mutex_unlock(&server->lock);
	return request;
}
