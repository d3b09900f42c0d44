/* SPDX-License-Identifier: MIT */
/* The inside of the server, shared by serve.c (its life) and serve_answer.c (requests). */
#ifndef PT_DRIVE_SERVE_INSIDE_H
#define PT_DRIVE_SERVE_INSIDE_H

#include "net/listen.h"
#include "net/login.h"
#include <microhttpd.h>
#include <stdbool.h>
#include <sys/types.h>
#include <pitot/serve.h>

struct pitot_server {
	/* Constant while it runs. */
	struct pitot_server *next; /* in a forked child, see leave() */
	pid_t pid;
	struct pitot_registry *registry;
	struct MHD_Daemon *daemon; /* NULL: it does nothing */
	struct pt_listener listener;
	char *path;
	void (*log)(void *context, const struct pitot_log_entry *entry);
	void *log_context;

	struct pt_login login; /* the server's thread's own */
};

/* Fields: pairs of texts, ended by NULL. */
void pt_serve_tell(const struct pitot_server *server, enum pitot_log_level level,
	const char *message, ...) __attribute__((sentinel));
/* Whether this is the server's thread. */
bool pt_serve_is_self(const struct pitot_server *server);
/* A request, as libmicrohttpd calls it; the context is the server. */
enum MHD_Result pt_serve_request(void *context, struct MHD_Connection *connection, const char *url,
	const char *method, const char *version, const char *data, size_t *size, void **state);

#endif
