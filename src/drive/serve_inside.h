/* SPDX-License-Identifier: MIT */
/*
 * The inside of the server, shared by serve.c (its life), serve_loop.c (its thread and who is
 * connected) and serve_answer.c (requests).
 */
#ifndef PT_DRIVE_SERVE_INSIDE_H
#define PT_DRIVE_SERVE_INSIDE_H

#include "net/listen.h"
#include "net/login.h"
#include <microhttpd.h>
#include <pthread.h>
#include <stdbool.h>
#include <sys/types.h>
#include <pitot/serve.h>

struct pt_serve_guest;

/* Who is connected: the server's thread's own. */
struct pt_serve_crowd {
	/* Constant while it runs. */
	unsigned most;      /* at a time */
	int64_t head_ms;    /* for the head of a request, from the connection's beginning */
	int64_t timeout_ms; /* for taking an answer, and between two requests */

	struct pt_serve_guest *oldest, *newest; /* by when their stages began */
	struct pt_serve_guest *latest;          /* that came; NULL if it has gone */
	unsigned staying;                       /* without those that have been shut out */
	unsigned run;                           /* of libmicrohttpd, counted */
	bool gone;                              /* one went in this run */
};

struct pitot_server {
	/* Constant while it runs. */
	struct pitot_server *next; /* in a forked child, see leave() */
	pid_t pid;
	struct pitot_registry *registry;
	struct MHD_Daemon *daemon; /* NULL: it does nothing */
	pthread_t thread;
	struct pt_listener listener;
	char *path;
	void (*log)(void *context, const struct pitot_log_entry *entry);
	void *log_context;

	/* The server's thread's own. */
	struct pt_login login;
	struct pt_serve_crowd crowd;
};

/* As pitot_server_start(), which tells then that it has; what is disabled has no log. */
struct pitot_server *pt_serve_start(struct pitot_registry *registry,
	const struct pitot_server_options *options, struct pitot_error *why);
void pt_serve_tell_started(const struct pitot_server *server);
/* Fields: pairs of texts, ended by NULL. */
void pt_serve_tell(const struct pitot_server *server, enum pitot_log_level level,
	const char *message, ...) __attribute__((sentinel));
/* Whether this is the server's thread. */
bool pt_serve_is_self(const struct pitot_server *server);
/* The thread; it ends when the listening socket is shut down. */
void *pt_serve_loop(void *server);
/* The head of a request is read, or its answer is made. */
void pt_serve_answering(struct pt_serve_crowd *crowd, struct MHD_Connection *connection);
/* What libmicrohttpd tells of connections and of requests that are over; the context is a crowd. */
void pt_serve_comes_or_goes(void *context, struct MHD_Connection *connection, void **own,
	enum MHD_ConnectionNotificationCode what);
void pt_serve_answered(void *context, struct MHD_Connection *connection, void **state,
	enum MHD_RequestTerminationCode code);
/* A request, as libmicrohttpd calls it; the context is the server. */
enum MHD_Result pt_serve_request(void *context, struct MHD_Connection *connection, const char *url,
	const char *method, const char *version, const char *data, size_t *size, void **state);

#endif
