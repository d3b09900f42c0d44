/* SPDX-License-Identifier: MIT */
/*
 * A client of an endpoint on loopback: sends what it is given, byte for byte, and keeps what comes
 * back until the server closes the connection, so a request says "Connection: close".
 */
#ifndef ASK_H
#define ASK_H

#include <stddef.h>
#include <stdint.h>

struct asked {
	int status;      /* 0: nothing came that looks like an answer */
	char head[4096]; /* status line and headers, each ended by \r\n */
	char *body;      /* with a NUL behind it; never NULL */
	size_t length;
};

/* Connects to the port; -1 if nobody listens. */
int ask_connect(uint16_t port);
/* Sends a whole request and reads the answer. Clear it with asked_clear(). */
struct asked ask(uint16_t port, const char *request);
/* The same on a connection that exists, which is closed then. */
struct asked ask_on(int connection, const char *request);
/* GET of a path with further header lines, each ended by \r\n. */
struct asked ask_get(uint16_t port, const char *path, const char *headers);
void asked_clear(struct asked *asked);
/* The body unpacked from gzip, in place of it. -1: it is not gzip. */
int asked_unpack(struct asked *asked);

/* How many threads and open files this process has: both end when what was started is stopped. */
size_t ask_threads(void);
size_t ask_files(void);

#endif
