/* SPDX-License-Identifier: MIT */
/*
 * The endpoint's thread: it waits for connections, lets libmicrohttpd serve them, and sees to it
 * that none stays for longer than it may. libmicrohttpd knows one limit only, that of idling, which
 * a client that sends or takes a byte now and then never reaches; so who comes, begins a request
 * and has its answer is written down here, and whose time is over loses its socket.
 *
 * The happy path is: a client comes, sends its request's head, takes the answer, and goes or idles.
 * Possible failures are: it is slow with the head or the answer, or idles for too long; then its
 * connection is closed. Or too many are there when one more comes: then the one that has been
 * waiting for its client the longest gives way, so that slow clients keep nobody out. Those that
 * take an answer are left in peace for the time that a head has. If memory is out for writing one
 * down, that one is closed.
 */
#include "drive/serve_inside.h"

#include "base/clock.h"
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>

enum stage { READING, ANSWERING, IDLE };

/* One connection. In the order of their stages' beginnings. */
struct pt_serve_guest {
	struct pt_serve_guest *before, *behind;
	int64_t since_ms; /* when its stage began */
	int socket;
	unsigned came; /* the run in which it did */
	enum stage stage;
	bool leaving; /* its socket is shut, and libmicrohttpd has not noticed yet */
};

static int64_t
now_ms(void)
{
	const struct pt_clock *clock = pt_clock_real();
	return clock->mono_ms(clock);
}

/* ---- the list ---- */

static void
append(struct pt_serve_crowd *crowd, struct pt_serve_guest *guest)
{
	guest->before = crowd->newest;
	guest->behind = NULL;
	*(crowd->newest == NULL ? &crowd->oldest : &crowd->newest->behind) = guest;
	crowd->newest = guest;
}

static void
take_out(struct pt_serve_crowd *crowd, struct pt_serve_guest *guest)
{
	*(guest->before == NULL ? &crowd->oldest : &guest->before->behind) = guest->behind;
	*(guest->behind == NULL ? &crowd->newest : &guest->behind->before) = guest->before;
}

static void
enter(struct pt_serve_crowd *crowd, struct pt_serve_guest *guest, enum stage stage)
{
	take_out(crowd, guest);
	append(crowd, guest);
	guest->stage = stage;
	guest->since_ms = now_ms();
}

/* ---- who gives way ---- */

static void
dismiss(struct pt_serve_crowd *crowd, struct pt_serve_guest *guest)
{
	(void)shutdown(guest->socket, SHUT_RDWR); /* fails if the client is gone already */
	guest->leaving = true;
	crowd->staying--;
}

/*
 * What a client sent with its coming is read in the run after that; and the last that came has
 * time for its head even if all others are having answers.
 */
static bool
may_give_way(const struct pt_serve_crowd *crowd, const struct pt_serve_guest *guest)
{
	bool silent =
		guest->stage == READING && guest->came != crowd->run && guest != crowd->latest;
	return !guest->leaving && (guest->stage == IDLE || silent);
}

static void
make_room(struct pt_serve_crowd *crowd)
{
	struct pt_serve_guest *guest = crowd->oldest;
	for (; guest != NULL && crowd->staying > crowd->most; guest = guest->behind)
		if (may_give_way(crowd, guest))
			dismiss(crowd, guest);
}

static int64_t
allowed_ms(const struct pt_serve_crowd *crowd, enum stage stage)
{
	bool too_many = crowd->staying > crowd->most;
	return stage == READING || (stage == ANSWERING && too_many) ? crowd->head_ms
								    : crowd->timeout_ms;
}

/* Dismisses those whose time was over then; when the next one's will be, or INT64_MAX. */
static int64_t
sweep(struct pt_serve_crowd *crowd, int64_t then_ms)
{
	int64_t next_ms = INT64_MAX;
	for (struct pt_serve_guest *guest = crowd->oldest; guest != NULL; guest = guest->behind) {
		int64_t due_ms = guest->since_ms + allowed_ms(crowd, guest->stage);
		if (guest->leaving)
			continue;
		if (due_ms <= then_ms)
			dismiss(crowd, guest);
		else if (due_ms < next_ms)
			next_ms = due_ms;
	}
	return next_ms;
}

/* ---- what libmicrohttpd tells ---- */

static void
welcome(struct pt_serve_crowd *crowd, struct MHD_Connection *connection, void **context)
{
	struct pt_serve_guest *guest = calloc(1, sizeof *guest);
	int socket =
		MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd;
	*context = guest;
	if (guest == NULL) {
		(void)shutdown(socket, SHUT_RDWR);
		return;
	}
	*guest = (struct pt_serve_guest){
		.since_ms = now_ms(), .socket = socket, .came = crowd->run, .stage = READING};
	append(crowd, guest);
	crowd->latest = guest;
	crowd->staying++;
}

void
pt_serve_comes_or_goes(void *context, struct MHD_Connection *connection, void **own,
	enum MHD_ConnectionNotificationCode what)
{
	struct pt_serve_crowd *crowd = context;
	struct pt_serve_guest *guest = *own;
	if (what == MHD_CONNECTION_NOTIFY_STARTED) {
		welcome(crowd, connection, own);
		return;
	}
	crowd->gone = true;
	if (guest == NULL)
		return;
	crowd->staying -= !guest->leaving;
	if (crowd->latest == guest)
		crowd->latest = NULL;
	take_out(crowd, guest);
	free(guest);
}

static void
turn_to(struct pt_serve_crowd *crowd, struct MHD_Connection *connection, enum stage stage)
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
	if (info->socket_context != NULL)
		enter(crowd, info->socket_context, stage);
}

void
pt_serve_answering(struct pt_serve_crowd *crowd, struct MHD_Connection *connection)
{
	turn_to(crowd, connection, ANSWERING);
}

void
pt_serve_answered(void *context, struct MHD_Connection *connection, void **state,
	enum MHD_RequestTerminationCode code)
{
	(void)state, (void)code;
	turn_to(context, connection, IDLE);
}

/* ---- the thread ---- */

/* Milliseconds to wait, -1: for as long as nothing comes. */
static int
patience(struct pitot_server *server, int64_t next_ms)
{
	MHD_UNSIGNED_LONG_LONG own_ms = 0;
	int64_t wait_ms = INT64_MAX;
	if (next_ms != INT64_MAX)
		wait_ms = next_ms - now_ms();
	if (MHD_get_timeout(server->daemon, &own_ms) == MHD_YES && (int64_t)own_ms < wait_ms)
		wait_ms = (int64_t)own_ms;
	/* At its limit, libmicrohttpd looks for new ones again in the run after one has gone. */
	if (server->crowd.gone || wait_ms < 0)
		wait_ms = 0;
	server->crowd.gone = false;
	return wait_ms == INT64_MAX ? -1 : (int)wait_ms;
}

void *
pt_serve_loop(void *context)
{
	struct pitot_server *server = context;
	const union MHD_DaemonInfo *info =
		MHD_get_daemon_info(server->daemon, MHD_DAEMON_INFO_EPOLL_FD);
	int64_t next_ms = INT64_MAX;
	struct pollfd files[] = {{.fd = info->epoll_fd, .events = POLLIN},
		{.fd = server->listener.socket}}; /* which reports nothing but its shutdown */
	for (;;) {
		(void)poll(files, 2, patience(server, next_ms)); /* fails on a stop signal only */
		if (files[1].revents != 0)
			return NULL;
		/* A scrape may take long: what came meanwhile is read before it is found late. */
		int64_t then_ms = now_ms();
		server->crowd.run++;
		(void)MHD_run(server->daemon);
		make_room(&server->crowd);
		next_ms = sweep(&server->crowd, then_ms);
	}
}
