/* SPDX-License-Identifier: MIT */
#include "ask.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <sys/socket.h>
#include <unistd.h>
#include <zlib.h>

int
ask_connect(uint16_t port)
{
	struct sockaddr_in at = {.sin_family = AF_INET,
		.sin_port = htons(port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int connection = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (connection >= 0 && connect(connection, (struct sockaddr *)&at, sizeof at) != 0) {
		(void)close(connection);
		connection = -1;
	}
	return connection;
}

static char *
read_all(int connection, size_t *length)
{
	size_t capacity = 4096;
	char *bytes = malloc(capacity);
	*length = 0;
	for (ssize_t got; bytes != NULL &&
		(got = read(connection, bytes + *length, capacity - *length - 1)) > 0;) {
		*length += (size_t)got;
		if (capacity - *length < 2)
			bytes = realloc(bytes, capacity *= 2);
	}
	if (bytes != NULL)
		bytes[*length] = '\0';
	return bytes;
}

struct asked
ask_on(int connection, const char *request)
{
	struct asked asked = {.status = 0};
	size_t length = 0;
	/* A server that has enough may close before all is sent. */
	(void)send(connection, request, strlen(request), MSG_NOSIGNAL);
	char *bytes = read_all(connection, &length);
	(void)close(connection);
	char *end = bytes == NULL ? NULL : strstr(bytes, "\r\n\r\n");
	size_t head = end == NULL ? 0 : (size_t)(end - bytes) + 4;
	if (head > 0 && head < sizeof asked.head) {
		memcpy(asked.head, bytes, head - 2);
		asked.length = length - head;
		memmove(bytes, bytes + head, asked.length + 1);
		(void)sscanf(asked.head, "HTTP/1.1 %d", &asked.status);
	}
	asked.body = bytes;
	return asked;
}

struct asked
ask(uint16_t port, const char *request)
{
	return ask_on(ask_connect(port), request);
}

struct asked
ask_get(uint16_t port, const char *path, const char *headers)
{
	char request[4096];
	(void)snprintf(request, sizeof request,
		"GET %s HTTP/1.1\r\nHost: h\r\nConnection: close\r\n%s\r\n", path, headers);
	return ask(port, request);
}

void
asked_clear(struct asked *asked)
{
	free(asked->body);
	*asked = (struct asked){.status = 0};
}

int
asked_unpack(struct asked *asked)
{
	uLong room = asked->length * 100 + 4096;
	char *plain = malloc(room + 1);
	z_stream stream = {.next_in = (Bytef *)asked->body,
		.avail_in = (uInt)asked->length,
		.next_out = (Bytef *)plain,
		.avail_out = (uInt)room};
	int state = plain == NULL ? Z_MEM_ERROR : inflateInit2(&stream, 15 + 16);
	if (state == Z_OK) {
		state = inflate(&stream, Z_FINISH);
		(void)inflateEnd(&stream);
	}
	if (state != Z_STREAM_END) {
		free(plain);
		return -1;
	}
	free(asked->body);
	asked->body = plain;
	asked->length = stream.total_out;
	plain[asked->length] = '\0';
	return 0;
}

static size_t
entries_of(const char *path)
{
	size_t count = 0;
	DIR *directory = opendir(path);
	while (directory != NULL && readdir(directory) != NULL)
		count++;
	if (directory != NULL)
		(void)closedir(directory);
	return count;
}

static void *
do_nothing(void *context)
{
	return context;
}

size_t
ask_threads(void)
{
	/* A sanitizer may start a thread of its own with the first one. */
	pthread_t first;
	if (pthread_create(&first, NULL, do_nothing, NULL) == 0)
		(void)pthread_join(first, NULL);
	/* What was joined is there for a moment yet, so the least counts. */
	const struct timespec moment = {.tv_nsec = 2000000};
	size_t least = SIZE_MAX;
	for (int i = 0; i < 100; i++) {
		size_t count = entries_of("/proc/self/task");
		least = count < least ? count : least;
		(void)nanosleep(&moment, NULL);
	}
	return least;
}

size_t
ask_files(void)
{
	return entries_of("/proc/self/fd");
}
