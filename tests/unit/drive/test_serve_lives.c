/* SPDX-License-Identifier: MIT */
/* How an endpoint starts and ends: taken ports, forks, threads, stops at awkward moments. */
#include <pitot/serve.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>
#include "support/ask.h"
#include "support/check.h"

static struct pitot_server *
start_at(struct pitot_registry *m, uint16_t port, struct pitot_error *why)
{
	return pitot_server_start(m, &(struct pitot_server_options){.port = port}, why);
}

static void
a_stopped_endpoint_leaves_nothing(void)
{
	struct pitot_registry *m = pitot_registry_new(NULL);
	size_t threads = ask_threads(), files = ask_files();
	uint16_t port = 0;
	for (int i = 0; i < 3; i++) {
		struct pitot_server *server = start_at(m, port, NULL);
		check_fatal(server != NULL);
		port = pitot_server_port(server); /* the same is free again */
		check_size(ask_threads(), threads + 1);
		int open = ask_connect(port);
		struct asked asked = ask_get(port, "/metrics", "");
		check_int(asked.status, 200);
		asked_clear(&asked);
		check_int(pitot_server_stop(server, NULL), 0);
		(void)close(open);
		check_int(ask_connect(port), -1);
	}
	check_size(ask_threads(), threads);
	check_size(ask_files(), files);
	check_int(pitot_server_stop(NULL, NULL), 0);
	check_int(pitot_server_port(NULL), 0);
	pitot_registry_free(m);
}

static void
a_disabled_registry_opens_nothing(void)
{
	struct pitot_registry *m =
		pitot_registry_new(&(struct pitot_registry_options){.disabled = true});
	size_t threads = ask_threads(), files = ask_files();
	struct pitot_server *server = pitot_server_start(m, NULL, NULL);
	check_true(server != NULL);
	check_int(pitot_server_port(server), 0);
	check_size(ask_threads(), threads);
	check_size(ask_files(), files);
	check_int(pitot_server_stop(server, NULL), 0);
	pitot_registry_free(m);
}

static atomic_uint ports_taken;

static void
count_taken(void *context, const struct pitot_log_entry *entry)
{
	check_int(entry->level, PITOT_LOG_ERROR);
	check_text(entry->message, "prometheus metrics port already in use");
	check_size(entry->field_count, 1);
	check_text(entry->fields[0].name, "port");
	check_text(entry->fields[0].value, context);
	(void)atomic_fetch_add(&ports_taken, 1);
}

static void
a_taken_port_is_told_with_its_cure(void)
{
	struct pitot_registry *m = pitot_registry_new(NULL);
	struct pitot_server *first = start_at(m, 0, NULL);
	struct pitot_error why;
	char port[8], expected[128];
	check_fatal(first != NULL);
	(void)snprintf(port, sizeof port, "%u", (unsigned)pitot_server_port(first));
	(void)snprintf(expected, sizeof expected,
		"endpoint: port %s of 127.0.0.1 is already in use: choose another", port);
	const struct pitot_server_options options = {
		.port = pitot_server_port(first), .log = count_taken, .log_context = port};
	check_true(pitot_server_start(m, &options, &why) == NULL);
	check_int(why.code, PITOT_IO);
	check_text(why.text, expected);
	check_int(atomic_load(&ports_taken), 1);
	struct asked asked = ask_get(pitot_server_port(first), "/metrics", "");
	check_int(asked.status, 200); /* the first one is undisturbed */
	asked_clear(&asked);
	check_int(pitot_server_stop(first, NULL), 0);
	pitot_registry_free(m);
}

/* In the child; its exit status says which check failed. */
static void
live_as_child(struct pitot_server *server, int tell, int wait)
{
	char byte = 'x';
	size_t files = ask_files();
	if (pitot_server_stop(server, NULL) != 0)
		_exit(1);
	if (ask_files() != files - 1)
		_exit(2);
	if (write(tell, &byte, 1) != 1 || read(wait, &byte, 1) < 0)
		_exit(3);
	_exit(0);
}

static void
a_forked_child_leaves_the_parent_s_endpoint_alone(void)
{
	struct pitot_registry *m = pitot_registry_new(NULL);
	struct pitot_server *server = start_at(m, 0, NULL);
	int told[2], wait[2], status = 0;
	char byte;
	check_fatal(server != NULL && pipe(told) == 0 && pipe(wait) == 0);
	pid_t child = fork();
	if (child == 0) {
		(void)close(wait[1]);
		live_as_child(server, told[1], wait[0]);
	}
	check_int(read(told[0], &byte, 1), 1);
	struct asked asked = ask_get(pitot_server_port(server), "/metrics", "");
	check_int(asked.status, 200);
	asked_clear(&asked);
	(void)close(wait[1]);
	check_int(waitpid(child, &status, 0), child);
	check_int(status, 0);
	check_int(pitot_server_stop(server, NULL), 0);
	(void)close(told[0]), (void)close(told[1]), (void)close(wait[0]);
	pitot_registry_free(m);
}

static void
a_child_that_holds_a_copy_does_not_keep_the_port(void)
{
	struct pitot_registry *m = pitot_registry_new(NULL);
	struct pitot_server *server = start_at(m, 0, NULL);
	check_fatal(server != NULL);
	uint16_t port = pitot_server_port(server);
	pid_t child = fork();
	if (child == 0) {
		(void)pause();
		_exit(0);
	}
	check_int(pitot_server_stop(server, NULL), 0);
	struct pitot_error why = {.code = 0};
	server = start_at(m, port, &why);
	check_text(why.text, "");
	check_int(pitot_server_port(server), port);
	check_int(pitot_server_stop(server, NULL), 0);
	check_int(kill(child, SIGKILL), 0);
	check_int(waitpid(child, NULL, 0), child);
	pitot_registry_free(m);
}

/* A gather that stands still until it may go on. */
struct gate {
	sem_t inside, go;
	struct pitot_server *server;
	int stopped; /* what stopping it from its own thread gave */
};

static void
stand_still(void *context)
{
	struct gate *gate = context;
	struct pitot_error why;
	gate->stopped = pitot_server_stop(gate->server, &why);
	(void)sem_post(&gate->inside);
	(void)sem_wait(&gate->go);
}

static void *
scrape(void *context)
{
	struct asked asked = ask_get(*(const uint16_t *)context, "/metrics", "");
	free(asked.body);
	return NULL;
}

static void *
stop(void *context)
{
	check_int(pitot_server_stop(context, NULL), 0);
	return NULL;
}

static void
a_stop_waits_for_the_scrape_under_way_and_updates_for_nothing(void)
{
	struct gate gate = {.stopped = 0};
	struct pitot_registry *m = pitot_registry_new(NULL);
	struct pitot_counter *counter = pitot_counter(m, "c", "");
	pthread_t client, stopper;
	(void)sem_init(&gate.inside, 0, 0);
	(void)sem_init(&gate.go, 0, 0);
	pitot_registry_on_gather(m, stand_still, &gate);
	gate.server = start_at(m, 0, NULL);
	check_fatal(gate.server != NULL);
	uint16_t port = pitot_server_port(gate.server);
	check_int(pthread_create(&client, NULL, scrape, &port), 0);
	(void)sem_wait(&gate.inside);
	check_int(gate.stopped, PITOT_USAGE); /* it cannot join itself */
	for (int i = 0; i < 1000; i++)
		pitot_counter_inc(counter); /* with the scrape standing still */
	check_int(pthread_create(&stopper, NULL, stop, gate.server), 0);
	(void)sem_post(&gate.go);
	(void)pthread_join(stopper, NULL);
	(void)pthread_join(client, NULL);
	(void)sem_destroy(&gate.inside);
	(void)sem_destroy(&gate.go);
	pitot_registry_free(m);
}

static void
signals_go_to_the_program_s_own_threads(void)
{
	struct pitot_registry *m = pitot_registry_new(NULL);
	struct pitot_server *server = start_at(m, 0, NULL);
	check_fatal(server != NULL);
	sigset_t one;
	(void)sigemptyset(&one);
	(void)sigaddset(&one, SIGUSR1);
	(void)pthread_sigmask(SIG_BLOCK, &one, NULL);
	check_int(kill(getpid(), SIGUSR1), 0); /* would end the process on any other thread */
	struct asked asked = ask_get(pitot_server_port(server), "/metrics", "");
	check_int(asked.status, 200);
	asked_clear(&asked);
	int got = 0;
	check_int(sigwait(&one, &got), 0);
	check_int(got, SIGUSR1);
	(void)pthread_sigmask(SIG_UNBLOCK, &one, NULL);
	check_int(pitot_server_stop(server, NULL), 0);
	pitot_registry_free(m);
}

struct busy {
	struct pitot_registry *registry;
	struct pitot_counters *family;
	struct pitot_histogram *histogram;
	uint16_t port;
	atomic_bool end;
};

static void *
update(void *context)
{
	struct busy *busy = context;
	char id[24];
	for (unsigned i = 0; !atomic_load(&busy->end); i++) {
		(void)snprintf(id, sizeof id, "%u", i % 100);
		pitot_counter_inc(pitot_counters_get(busy->family, id));
		pitot_histogram_observe(busy->histogram, i % 10);
	}
	return NULL;
}

static void *
scrape_often(void *context)
{
	const struct busy *busy = context;
	for (int i = 0; i < 50; i++) {
		struct asked asked = ask_get(busy->port, "/metrics",
			i % 2 == 0 ? "Accept-Encoding: gzip\r\n"
				   : "Accept: application/openmetrics-text\r\n");
		check_int(asked.status, 200);
		free(asked.body);
	}
	return NULL;
}

static void
many_scrape_while_many_update(void)
{
	struct busy busy = {.registry = pitot_registry_new(NULL)};
	pthread_t updaters[2], scrapers[3];
	busy.family = pitot_counters(busy.registry, "f", "", "id");
	busy.histogram = pitot_histogram(busy.registry, "h", "", NULL);
	struct pitot_server *server = start_at(busy.registry, 0, NULL);
	check_fatal(server != NULL);
	busy.port = pitot_server_port(server);
	for (int i = 0; i < 2; i++)
		check_int(pthread_create(&updaters[i], NULL, update, &busy), 0);
	for (int i = 0; i < 3; i++)
		check_int(pthread_create(&scrapers[i], NULL, scrape_often, &busy), 0);
	for (int i = 0; i < 3; i++)
		(void)pthread_join(scrapers[i], NULL);
	atomic_store(&busy.end, true);
	for (int i = 0; i < 2; i++)
		(void)pthread_join(updaters[i], NULL);
	check_int(pitot_server_stop(server, NULL), 0);
	pitot_registry_free(busy.registry);
}

CHECK_MAIN("drive/serve_lives", TEST(a_stopped_endpoint_leaves_nothing),
	TEST(a_disabled_registry_opens_nothing), TEST(a_taken_port_is_told_with_its_cure),
	TEST(a_forked_child_leaves_the_parent_s_endpoint_alone),
	TEST(a_child_that_holds_a_copy_does_not_keep_the_port),
	TEST(a_stop_waits_for_the_scrape_under_way_and_updates_for_nothing),
	TEST(signals_go_to_the_program_s_own_threads), TEST(many_scrape_while_many_update))
