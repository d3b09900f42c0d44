/* SPDX-License-Identifier: MIT */
/* Slow clients: they lose their connections, and keep nobody out. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <pitot/serve.h>
#include <semaphore.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>
#include "support/ask.h"
#include "support/check.h"

enum { clients_most = 40, most = 4 };

#define REQUEST "GET /metrics HTTP/1.1\r\nHost: h\r\n\r\n"
#define LAST_REQUEST "GET /metrics HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"

struct scene {
	struct pitot_registry *registry;
	struct pitot_server *server;
	uint16_t port;
	int clients[clients_most];
	size_t count;
};

static bool
open_scene(struct scene *scene, struct pitot_server_options options)
{
	*scene = (struct scene){.registry = pitot_registry_new(NULL)};
	pitot_gauge_set(pitot_gauge(scene->registry, "level", ""), 5);
	scene->server = pitot_server_start(scene->registry, &options, NULL);
	scene->port = pitot_server_port(scene->server);
	return scene->server != NULL;
}

static void
close_scene(struct scene *scene)
{
	for (size_t i = 0; i < scene->count; i++)
		(void)close(scene->clients[i]);
	check_int(pitot_server_stop(scene->server, NULL), 0);
	pitot_registry_free(scene->registry);
}

/* One more client, who takes little at a time, with these bytes sent. */
static int
arrive(struct scene *scene, const char *bytes)
{
	struct sockaddr_in at = {.sin_family = AF_INET,
		.sin_port = htons(scene->port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), little = 4096;
	check_int(setsockopt(client, SOL_SOCKET, SO_RCVBUF, &little, sizeof little), 0);
	check_int(connect(client, (struct sockaddr *)&at, sizeof at), 0);
	check_int(send(client, bytes, strlen(bytes), MSG_NOSIGNAL), strlen(bytes));
	scene->clients[scene->count++] = client;
	return client;
}

static void
expect_a_scrape(const struct scene *scene)
{
	struct asked asked = ask_get(scene->port, "/", "");
	check_int(asked.status, 200);
	asked_clear(&asked);
}

/* Waits for the end of what the server sends; the number of bytes before it. */
static size_t
read_to_the_end(int client)
{
	char bytes[65536];
	size_t length = 0;
	for (ssize_t got; (got = recv(client, bytes, sizeof bytes, 0)) > 0; length += (size_t)got)
		continue;
	return length;
}

/* In a house of 32 with all day for everyone, so that nothing but giving way lets the scrape in. */
static void
clients_that_only_connect_or_send_half_a_request_give_way(void)
{
	static const char *const beginnings[] = {"", "GET /met", "GET / HTTP/1.1\r\nHost: h\r\n"};
	for (size_t i = 0; i < sizeof beginnings / sizeof beginnings[0]; i++) {
		struct scene scene;
		check_fatal(
			open_scene(&scene, (struct pitot_server_options){.timeout_ms = 86400000}));
		while (scene.count < clients_most)
			(void)arrive(&scene, beginnings[i]);
		expect_a_scrape(&scene);
		check_size(read_to_the_end(scene.clients[0]), 0);
		close_scene(&scene);
	}
}

/* Reads one answer, whose end is known, and leaves the connection open. */
static void
take_answer(int client)
{
	char bytes[4096] = "";
	for (size_t length = 0; strstr(bytes, "level 5\n") == NULL;) {
		ssize_t got = recv(client, bytes + length, sizeof bytes - 1 - length, 0);
		check_fatal(got > 0);
		bytes[length += (size_t)got] = '\0';
	}
}

static void
the_one_that_idles_longest_gives_way(void)
{
	struct scene scene;
	check_fatal(open_scene(&scene,
		(struct pitot_server_options){.max_connections = most, .timeout_ms = 86400000}));
	while (scene.count < most)
		take_answer(arrive(&scene, REQUEST));
	/* The first asks again, so that the second has idled for longer. */
	check_int(send(scene.clients[0], REQUEST, strlen(REQUEST), MSG_NOSIGNAL), strlen(REQUEST));
	take_answer(scene.clients[0]);
	expect_a_scrape(&scene);
	check_size(read_to_the_end(scene.clients[1]), 0);
	for (size_t i = 0; i < most; i++) {
		if (i == 1)
			continue;
		check_int(send(scene.clients[i], LAST_REQUEST, strlen(LAST_REQUEST), MSG_NOSIGNAL),
			strlen(LAST_REQUEST));
		check_true(read_to_the_end(scene.clients[i]) > 0);
	}
	close_scene(&scene);
}

/* A gather that stands still until it may go on. */
struct gate {
	sem_t inside, go;
};

static void
stand_still(void *context)
{
	struct gate *gate = context;
	(void)sem_post(&gate->inside);
	(void)sem_wait(&gate->go);
}

/* All that came while the server was at something else, with requests that are there. */
static void
a_burst_of_whole_requests_is_answered(void)
{
	struct scene scene;
	struct gate gate;
	(void)sem_init(&gate.inside, 0, 0);
	(void)sem_init(&gate.go, 0, 0);
	check_fatal(open_scene(&scene, (struct pitot_server_options){.max_connections = 2}));
	pitot_registry_on_gather(scene.registry, stand_still, &gate);
	(void)arrive(&scene, LAST_REQUEST);
	(void)sem_wait(&gate.inside);
	while (scene.count < clients_most)
		(void)arrive(&scene, "GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
	(void)sem_post(&gate.go);
	for (size_t i = 0; i < scene.count; i++)
		check_true(read_to_the_end(scene.clients[i]) > 0);
	close_scene(&scene);
	(void)sem_destroy(&gate.inside);
	(void)sem_destroy(&gate.go);
}

static void
a_house_for_one_takes_the_next(void)
{
	struct scene scene;
	check_fatal(open_scene(&scene, (struct pitot_server_options){.max_connections = 1}));
	for (int i = 0; i < 3; i++) {
		(void)arrive(&scene, "GET");
		expect_a_scrape(&scene);
	}
	close_scene(&scene);
}

/* Each byte would begin a time of idling anew. */
static void
a_head_that_comes_in_drops_is_not_waited_for(void)
{
	struct scene scene;
	check_fatal(open_scene(&scene, (struct pitot_server_options){.timeout_ms = 1000}));
	int client = arrive(&scene, "GET /metrics HTTP/1.1\r\nX: "), drops = 0;
	while (drops < 600 && send(client, "x", 1, MSG_NOSIGNAL) == 1) {
		(void)nanosleep(&(struct timespec){.tv_nsec = 100000000}, NULL);
		drops++;
	}
	check_true(drops < 600);
	(void)arrive(&scene, ""); /* and one that sends nothing */
	check_size(read_to_the_end(scene.clients[1]), 0);
	close_scene(&scene);
}

/* A page that no socket holds. */
static void
make_long(struct pitot_registry *m)
{
	static char text[2000];
	memset(text, 'x', sizeof text - 1);
	struct pitot_gauges *family = pitot_gauges(m, "long", "", "id", "text");
	for (unsigned i = 0; i < 6000; i++) {
		char id[16];
		(void)snprintf(id, sizeof id, "%u", i);
		pitot_gauge_set(pitot_gauges_get(family, id, text), i);
	}
}

static void
answers_that_nobody_takes_are_given_up(void)
{
	struct scene scene;
	check_fatal(open_scene(&scene,
		(struct pitot_server_options){.max_connections = most, .timeout_ms = 1000}));
	make_long(scene.registry);
	while (scene.count < 2 * most)
		(void)arrive(&scene, LAST_REQUEST);
	expect_a_scrape(&scene);
	size_t taken = 0;
	for (size_t i = 0; i < scene.count; i++)
		taken += read_to_the_end(scene.clients[i]);
	check_true(taken < scene.count * 6000 * 2000);
	close_scene(&scene);
}

static void
an_answer_under_way_goes_on_whoever_comes(void)
{
	struct scene scene;
	check_fatal(open_scene(&scene, (struct pitot_server_options){.max_connections = most}));
	make_long(scene.registry);
	int taker = arrive(&scene, LAST_REQUEST);
	char byte;
	check_int(recv(taker, &byte, 1, 0), 1);
	while (scene.count < clients_most)
		(void)arrive(&scene, "GET /met");
	expect_a_scrape(&scene);
	check_true(read_to_the_end(taker) > 6000 * 2000);
	close_scene(&scene);
}

CHECK_MAIN("drive/serve_crowd", TEST(clients_that_only_connect_or_send_half_a_request_give_way),
	TEST(the_one_that_idles_longest_gives_way), TEST(a_burst_of_whole_requests_is_answered),
	TEST(a_house_for_one_takes_the_next), TEST(a_head_that_comes_in_drops_is_not_waited_for),
	TEST(answers_that_nobody_takes_are_given_up),
	TEST(an_answer_under_way_goes_on_whoever_comes))
