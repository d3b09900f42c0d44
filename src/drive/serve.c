/* SPDX-License-Identifier: MIT */
/*
 * The endpoint, over libmicrohttpd: its options, its start and its end. Its thread is serve_loop.c.
 *
 * The happy path is: the options are checked, the files are read, the port is bound by us (so that
 * we can say why not), and the thread starts. Possible failures are: the port is
 * taken, a file cannot be read, a certificate and a key do not belong together, memory or threads
 * are out; then nothing is left behind. The process forks: the child has no thread and a copy of
 * the listening socket, which is all that it may close.
 */
#include "drive/serve_inside.h"

#include "base/buf.h"
#include "base/endpoint.h"
#include "base/error.h"
#include "base/file.h"
#include "base/limits.h"
#include "base/thread.h"
#include "metrics/registry.h"
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { head_ms = 5000 }; /* that a client has to send a request's head */

/* ---- telling ---- */

void
pt_serve_tell(
	const struct pitot_server *server, enum pitot_log_level level, const char *message, ...)
{
	enum { fields_most = 4 };
	struct pitot_label fields[fields_most];
	struct pitot_log_entry entry = {level, message, fields, 0};
	va_list arguments;
	if (server->log == NULL)
		return;
	va_start(arguments, message);
	for (const char *name; (name = va_arg(arguments, const char *)) != NULL &&
		entry.field_count < fields_most;) {
		const char *value = va_arg(arguments, const char *);
		fields[entry.field_count++] = (struct pitot_label){name, value};
	}
	va_end(arguments);
	server->log(server->log_context, &entry);
}

/* ---- options ---- */

static int
check(const struct pitot_server_options *options, struct pitot_error *why)
{
	if (!pt_endpoint_path(options->path))
		return pt_error_set(why, PITOT_USAGE,
			"path \"%.64s\": expected / and letters, digits or any of /._~- behind it",
			options->path);
	if ((options->cert_file == NULL) != (options->key_file == NULL))
		return pt_error_set(why, PITOT_USAGE, "cert_file and key_file need each other");
	if (options->max_header_bytes < 1024 || options->max_header_bytes > PT_LIMIT_PEM)
		return pt_error_set(why, PITOT_USAGE,
			"max_header_bytes: %zu is not allowed: 1024 to %zu",
			options->max_header_bytes, PT_LIMIT_PEM);
	if (options->max_connections > UINT16_MAX)
		return pt_error_set(why, PITOT_USAGE, "max_connections: %u is not allowed: 1 to %u",
			options->max_connections, (unsigned)UINT16_MAX);
	if (options->timeout_ms < 1000 || options->timeout_ms > 86400000)
		return pt_error_set(
			why, PITOT_USAGE, "timeout_ms: it must be from a second to a day");
	return 0;
}

static struct pitot_server_options
complete(const struct pitot_server_options *given)
{
	struct pitot_server_options options = {.port = 0};
	if (given != NULL)
		options = *given;
	if (options.address == NULL)
		options.address = "127.0.0.1";
	if (options.path == NULL)
		options.path = "/metrics";
	if (options.max_connections == 0)
		options.max_connections = 32;
	if (options.max_header_bytes == 0)
		options.max_header_bytes = 16384;
	if (options.timeout_ms == 0)
		options.timeout_ms = 30000;
	return options;
}

/* ---- starting ---- */

/* What TLS needs; empty without it. */
struct credentials {
	struct pt_buf cert, key;
};

static int
read_credentials(struct credentials *tls, const struct pitot_server_options *options,
	struct pitot_error *why)
{
	if (options->cert_file == NULL)
		return 0;
	if (MHD_is_feature_supported(MHD_FEATURE_TLS) != MHD_YES)
		return pt_error_set(
			why, PITOT_FAILED, "this machine's libmicrohttpd was built without TLS");
	/* Room for all of it at once, so that no copy of it stays in freed memory. */
	if (pt_buf_room(&tls->key, PT_LIMIT_PEM) == NULL)
		return pt_error_memory(why);
	int code = pt_file_read(options->cert_file, &tls->cert, why);
	if (code == 0)
		code = pt_file_read(options->key_file, &tls->key, why);
	(void)pt_buf_text(&tls->cert); /* both end in NUL then */
	(void)pt_buf_text(&tls->key);
	if (code == 0 && (pt_buf_error(&tls->cert) != 0 || pt_buf_error(&tls->key) != 0))
		code = pt_error_memory(why);
	return code;
}

static void
clear_credentials(struct credentials *tls)
{
	pt_buf_clear(&tls->cert);
	if (tls->key.bytes != NULL)
		explicit_bzero(tls->key.bytes, tls->key.capacity);
	pt_buf_clear(&tls->key);
}

static int
run(struct pitot_server *server, const struct pitot_server_options *options,
	const struct credentials *tls, struct pitot_error *why)
{
	bool secure = options->cert_file != NULL;
	struct MHD_OptionItem items[] = {
		{MHD_OPTION_LISTEN_SOCKET, server->listener.socket, NULL},
		/* With one more, so that who comes to a full house is seen. */
		{MHD_OPTION_CONNECTION_LIMIT, (intptr_t)options->max_connections + 1, NULL},
		{MHD_OPTION_CONNECTION_MEMORY_LIMIT, (intptr_t)options->max_header_bytes, NULL},
		{secure ? MHD_OPTION_HTTPS_MEM_CERT : MHD_OPTION_END, 0, tls->cert.bytes},
		{MHD_OPTION_HTTPS_MEM_KEY, 0, tls->key.bytes},
		{MHD_OPTION_HTTPS_PRIORITIES, 0,
			(void *)(uintptr_t) "NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2"},
		{MHD_OPTION_END, 0, NULL},
	};
	server->crowd.most = options->max_connections;
	server->crowd.timeout_ms = options->timeout_ms;
	server->crowd.head_ms = options->timeout_ms < head_ms ? options->timeout_ms : head_ms;
	server->daemon = MHD_start_daemon(MHD_USE_EPOLL | (secure ? MHD_USE_TLS : 0),
		server->listener.port, NULL, NULL, pt_serve_request, server, MHD_OPTION_ARRAY,
		items, MHD_OPTION_NOTIFY_CONNECTION, pt_serve_comes_or_goes, &server->crowd,
		MHD_OPTION_NOTIFY_COMPLETED, pt_serve_answered, &server->crowd, MHD_OPTION_END);
	if (server->daemon != NULL && pt_thread_start(&server->thread, pt_serve_loop, server) == 0)
		return 0;
	if (secure && server->daemon == NULL)
		return pt_error_set(why, PITOT_USAGE,
			"%s and %s: not a certificate and its key, in PEM", options->cert_file,
			options->key_file);
	return pt_error_set(why, PITOT_FAILED, "no thread, no descriptors or no memory");
}

static int
open_port(struct pitot_server *server, const struct pitot_server_options *options,
	struct pitot_error *why)
{
	char port[8];
	int code = pt_listen(&server->listener, options->address, options->port, why);
	(void)snprintf(port, sizeof port, "%u", (unsigned)options->port);
	if (server->listener.taken)
		pt_serve_tell(server, PITOT_LOG_ERROR, "prometheus metrics port already in use",
			"port", port, NULL);
	return code;
}

static void
server_free(struct pitot_server *server)
{
	if (server->daemon != NULL)
		MHD_stop_daemon(server->daemon); /* closes the listening socket, too */
	else if (server->listener.socket >= 0)
		(void)close(server->listener.socket);
	pt_login_clear(&server->login);
	free(server->path);
	free(server);
}

static int
start(struct pitot_server *server, const struct pitot_server_options *options,
	struct pitot_error *why)
{
	struct credentials tls;
	pt_buf_init(&tls.cert, PT_LIMIT_PEM);
	pt_buf_init(&tls.key, PT_LIMIT_PEM);
	server->log = options->log;
	server->log_context = options->log_context;
	server->path = strdup(options->path);
	int code = server->path == NULL ? pt_error_memory(why) : check(options, why);
	if (code == 0)
		code = pt_registry_declared(server->registry, why);
	if (code == 0)
		code = pt_login_init(
			&server->login, options->username, options->password_file, why);
	if (code == 0)
		code = read_credentials(&tls, options, why);
	if (code == 0)
		code = open_port(server, options, why);
	if (code == 0)
		code = run(server, options, &tls, why);
	clear_credentials(&tls);
	return code;
}

struct pitot_server *
pt_serve_start(struct pitot_registry *registry, const struct pitot_server_options *given,
	struct pitot_error *why)
{
	const struct pitot_server_options options = complete(given);
	struct pitot_server *server = calloc(1, sizeof *server);
	if (server == NULL) {
		(void)pt_error_memory(why);
		return NULL;
	}
	server->registry = registry;
	server->pid = getpid();
	server->listener.socket = -1;
	if (pt_registry_disabled(registry) || start(server, &options, why) == 0)
		return server;
	server_free(server);
	(void)pt_error_wrap(why, "endpoint");
	return NULL;
}

void
pt_serve_tell_started(const struct pitot_server *server)
{
	char port[8];
	(void)snprintf(port, sizeof port, "%u", (unsigned)server->listener.port);
	pt_serve_tell(server, PITOT_LOG_INFO, "prometheus metrics server started", "port", port,
		"path", server->path, NULL);
}

struct pitot_server *
pitot_server_start(struct pitot_registry *registry, const struct pitot_server_options *options,
	struct pitot_error *why)
{
	struct pitot_server *server = pt_serve_start(registry, options, why);
	if (server != NULL)
		pt_serve_tell_started(server);
	return server;
}

/* ---- from other threads ---- */

uint16_t
pitot_server_port(const struct pitot_server *server)
{
	return server == NULL ? 0 : server->listener.port;
}

/*
 * In a forked child there is no thread to join, and the rest is as it was at some moment of it. It
 * is kept in a list, so that leak checkers know it.
 */
static void
leave(struct pitot_server *server)
{
	static struct pitot_server *_Atomic left;
	(void)close(server->listener.socket); /* this copy of it */
	/* relaxed: nobody reads what the list holds. */
	server->next = atomic_exchange_explicit(&left, server, memory_order_relaxed);
}

int
pitot_server_stop(struct pitot_server *server, struct pitot_error *why)
{
	if (server == NULL)
		return 0;
	if (server->daemon != NULL && server->pid != getpid()) {
		leave(server);
		return 0;
	}
	if (pt_serve_is_self(server))
		return pt_error_set(why, PITOT_USAGE,
			"stop: the server's own thread cannot stop it: stop it from another one");
	/* Also where a forked child still has a copy, the port is free again. */
	if (server->daemon != NULL) {
		(void)shutdown(server->listener.socket, SHUT_RDWR);
		(void)pthread_join(server->thread, NULL); /* cannot fail for our own thread */
	}
	server_free(server);
	return 0;
}
