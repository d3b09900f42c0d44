/* SPDX-License-Identifier: MIT */
/*
 * An endpoint that is scraped, for where pushing is not wanted: a small HTTP server that answers
 * with what the registry holds at that moment. Nothing listens unless a program starts it.
 *
 * It answers GET and HEAD of one path, in Prometheus text 0.0.4 or OpenMetrics 1.0, as the Accept
 * header asks, compressed with gzip where the client takes that. A scrape gathers as a push does;
 * it holds up no update.
 */
#ifndef PITOT_SERVE_H
#define PITOT_SERVE_H

#include <stddef.h>
#include <stdint.h>
#include <pitot/error.h>
#include <pitot/log.h>
#include <pitot/metrics.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Zero means the default. Everything is copied. */
struct pitot_server_options {
	/*
	 * The IPv4 or IPv6 address to listen at; default 127.0.0.1, which only this machine
	 * reaches. "0.0.0.0" is every address of the machine, "::" those of IPv6 too.
	 */
	const char *address;
	uint16_t port;    /* 0: a free one, which pitot_server_port() tells */
	const char *path; /* "/" and letters, digits, any of /._~-; default "/metrics" */
	/* Basic authentication, both or none. */
	const char *username;
	const char *password_file; /* its first line; read again when it changes */
	/* TLS 1.2 and 1.3, PEM files, both or none; read once. */
	const char *cert_file; /* the server's, then those that signed it */
	const char *key_file;
	/*
	 * Limits of what clients take from this process. When all connections are taken and one
	 * more comes, the one that has been waiting longest for its client gives way: slow clients
	 * keep nobody out. A client has 5 seconds (or timeout_ms, if that is less) from connecting
	 * to the end of its request's head.
	 */
	unsigned max_connections; /* at a time, at most 65535; default 32 */
	size_t max_header_bytes;  /* of a request, from 1024; default 16384 */
	int64_t timeout_ms;       /* for taking an answer, and between requests; default 30000 */
	/*
	 * Told when the server listens, when its port is taken, and when it cannot answer; or NULL.
	 * Called by the thread that starts it and then by the server's own.
	 */
	void (*log)(void *context, const struct pitot_log_entry *entry);
	void *log_context;
};

struct pitot_server;

/*
 * Listens, and answers from one thread, which takes no signals. The registry must outlive it. NULL:
 * PITOT_IO (the port is taken, or the address is not this machine's), PITOT_NO_INPUT (a file cannot
 * be read), PITOT_USAGE (a wrong option, or a mistake that the registry keeps). With a disabled
 * registry the server does nothing: no thread, no socket.
 */
struct pitot_server *pitot_server_start(struct pitot_registry *registry,
	const struct pitot_server_options *options, struct pitot_error *why) PITOT_MUST_USE;
/* The port where it listens; 0 if it is NULL or does nothing. */
uint16_t pitot_server_port(const struct pitot_server *server);
/*
 * Closes the port, ends the scrapes that are under way, joins the thread and frees the server.
 * PITOT_USAGE if called by the server's own thread, from a hook: nothing happens then. In a forked
 * child, which has no thread, it closes the child's copy of the port and leaves the parent's alone.
 * pitot_server_stop(NULL, NULL) does nothing.
 */
int pitot_server_stop(struct pitot_server *server, struct pitot_error *why);

#ifdef __cplusplus
}
#endif
#endif
