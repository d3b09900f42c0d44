/* SPDX-License-Identifier: MIT */
/* One call starts what a config asks for, and one stops it. */
#include <pitot/config.h>
#include <stdlib.h>
#include "support/ask.h"
#include "support/check.h"
#include "support/server.h"

static char told[1024];

static void
keep(void *context, const struct pitot_log_entry *entry)
{
	size_t at = strlen(told);
	(void)context;
	at += (size_t)snprintf(told + at, sizeof told - at, "%s", entry->message);
	for (size_t i = 0; i < entry->field_count; i++)
		at += (size_t)snprintf(told + at, sizeof told - at, " %s=%s", entry->fields[i].name,
			entry->fields[i].value);
	(void)snprintf(told + at, sizeof told - at, "\n");
}

static struct pitot_config
asking_for(const char *url, bool serve)
{
	told[0] = '\0';
	return (struct pitot_config){
		.enabled = true,
		.serve = serve,
		.registry.prefix = "app_",
		.push = {.url = url, .no_self_metrics = true, .interval_ms = 3600000},
		.server.log = keep,
	};
}

static void
without_a_url_only_the_endpoint_opens(void)
{
	struct pitot_config config = asking_for(NULL, true);
	config.collect_default = true;
	struct pitot_registry *m = pitot_registry_new(&config.registry);
	size_t threads = ask_threads();
	char expected[256];
	struct pitot_outlet *outlet = pitot_outlet_start(m, &config, NULL);
	check_fatal(outlet != NULL);
	check_true(pitot_outlet_pusher(outlet) == NULL);
	check_size(ask_threads(), threads + 1);
	uint16_t port = pitot_server_port(pitot_outlet_server(outlet));
	(void)snprintf(expected, sizeof expected,
		"prometheus metrics enabled port=%u path=/metrics prefix=app_\n"
		"prometheus metrics server started port=%u path=/metrics\n",
		(unsigned)port, (unsigned)port);
	check_text(told, expected);
	struct asked asked = ask_get(port, "/metrics", "");
	check_contains(asked.body, "\napp_process_cpu_seconds_total ");
	asked_clear(&asked);
	check_int(pitot_outlet_stop(outlet, NULL), 0);
	check_size(ask_threads(), threads);
	pitot_registry_free(m);
}

#define OK "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"

static void
with_a_url_it_pushes_and_both_can_be(void)
{
	static const struct server_step steps[] = {{SERVER_ANSWER, OK, 0}};
	for (int serve = 0; serve < 2; serve++) {
		struct server *receiver = server_start(NULL, steps, 1);
		char url[128], expected[256];
		(void)snprintf(url, sizeof url, "http://user:secret@%s", server_url(receiver) + 7);
		struct pitot_config config = asking_for(url, serve != 0);
		struct pitot_registry *m = pitot_registry_new(&config.registry);
		pitot_gauge_set(pitot_gauge(m, "level", ""), 7);
		struct pitot_outlet *outlet = pitot_outlet_start(m, &config, NULL);
		check_fatal(outlet != NULL);
		uint16_t port = pitot_server_port(pitot_outlet_server(outlet));
		if (serve != 0)
			(void)snprintf(expected, sizeof expected,
				"enabled url=%s port=%u path=/metrics prefix=app_\n",
				server_url(receiver), (unsigned)port);
		else
			(void)snprintf(expected, sizeof expected, "enabled url=%s prefix=app_\n",
				server_url(receiver));
		check_contains(told, expected);
		check_int(pitot_outlet_server(outlet) != NULL, serve);
		check_int(pitot_pusher_flush(pitot_outlet_pusher(outlet), 10000, NULL), 0);
		if (serve != 0) {
			struct asked asked = ask_get(port, "/metrics", "");
			check_contains(asked.body, "\napp_level 7\n");
			asked_clear(&asked);
		}
		check_int(pitot_outlet_stop(outlet, NULL), 0);
		check_true(server_count(receiver) >= 2); /* the flush and the last one */
		check_contains(server_request(receiver, 0).body, "app_level 7\n");
		server_stop(receiver);
		pitot_registry_free(m);
	}
}

static void
what_is_not_enabled_costs_nothing(void)
{
	size_t threads = ask_threads(), files = ask_files();
	for (int i = 0; i < 2; i++) {
		struct pitot_config config = asking_for("http://127.0.0.1:1", true);
		config.enabled = i != 0;
		config.registry.disabled = true;
		config.collect_default = true;
		struct pitot_registry *m = pitot_registry_new(&config.registry);
		struct pitot_outlet *outlet = pitot_outlet_start(m, &config, NULL);
		check_fatal(outlet != NULL);
		check_true(pitot_outlet_pusher(outlet) == NULL);
		check_true(pitot_outlet_server(outlet) == NULL);
		check_int(pitot_pusher_flush(pitot_outlet_pusher(outlet), 1, NULL), 0);
		check_size(ask_threads(), threads);
		check_size(ask_files(), files);
		check_text(told, "");
		check_int(pitot_outlet_stop(outlet, NULL), 0);
		pitot_registry_free(m);
	}
	check_int(pitot_outlet_stop(NULL, NULL), 0);
	check_true(pitot_outlet_pusher(NULL) == NULL && pitot_outlet_server(NULL) == NULL);
}

static void
all_starts_or_nothing(void)
{
	struct pitot_error why;
	struct pitot_registry *m = pitot_registry_new(NULL);
	struct pitot_server *there = pitot_server_start(m, NULL, NULL);
	size_t threads = ask_threads(), files = ask_files();
	check_fatal(there != NULL);
	struct pitot_config config = asking_for("http://127.0.0.1:1", true);
	config.server.port = pitot_server_port(there);
	check_true(pitot_outlet_start(m, &config, &why) == NULL);
	check_int(why.code, PITOT_IO);
	check_contains(why.text, "already in use: choose another");
	check_contains(told, "prometheus metrics port already in use port=");
	config = asking_for("ftp://x", true);
	check_true(pitot_outlet_start(m, &config, &why) == NULL);
	check_int(why.code, PITOT_USAGE);
	config = asking_for(NULL, false);
	check_true(pitot_outlet_start(m, &config, &why) == NULL);
	check_text(why.text, "neither push.url nor serve is set");
	config = asking_for(NULL, false);
	config.server.log = NULL;
	check_true(pitot_outlet_start(m, &config, NULL) == NULL);
	check_size(ask_threads(), threads);
	check_size(ask_files(), files);
	check_int(pitot_server_stop(there, NULL), 0);
	pitot_registry_free(m);
}

/* With a pusher or without: whether a label is in the way does not depend on it. */
static void
constant_labels_that_metrics_have_are_told_with_their_variable(void)
{
	static const char *const names[] = {"destination", "result", "reason", "type", "mode",
		"forced", "quantile", "le", "own"};
	static const char *const own[] = {"other", "own"};
	size_t threads = ask_threads();
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		struct pitot_error why;
		char expected[256];
		const struct pitot_label label = {names[i], "x"};
		struct pitot_config config =
			asking_for(i % 2 == 0 ? NULL : "http://127.0.0.1:1", i % 2 == 0);
		config.registry.labels = &label;
		config.registry.label_count = 1;
		config.labels_variable = "APP_LABELS";
		struct pitot_registry *m = pitot_registry_new(&config.registry);
		(void)snprintf(expected, sizeof expected,
			"APP_LABELS: \"%s\" is a label that metrics have themselves: give it "
			"another name, for example \"my_%s\"",
			names[i], names[i]);
		check_int(pitot_config_own_labels(&config, own, 2, &why), PITOT_BAD_CONFIG);
		check_text(why.text, expected);
		if (strcmp(names[i], "own") != 0) {
			check_true(pitot_outlet_start(m, &config, &why) == NULL);
			check_int(why.code, PITOT_BAD_CONFIG);
			check_text(why.text, expected);
		}
		config.labels_variable = NULL;
		check_int(pitot_config_own_labels(&config, own, 2, &why), PITOT_BAD_CONFIG);
		check_contains(why.text, "constant labels: \"");
		check_int(pitot_config_own_labels(&config, own, 1, NULL),
			strcmp(names[i], "own") == 0 ? 0 : PITOT_BAD_CONFIG);
		pitot_registry_free(m);
	}
	check_size(ask_threads(), threads);
}

struct inside {
	struct pitot_outlet *_Atomic outlet;
	_Atomic int code;
};

static void
stop_inside(void *context)
{
	struct inside *inside = context;
	struct pitot_outlet *outlet = inside->outlet;
	if (outlet != NULL)
		inside->code = pitot_outlet_stop(outlet, NULL);
}

static void
its_own_threads_cannot_stop_it(void)
{
	static const struct server_step steps[] = {{SERVER_ANSWER, OK, 0}};
	struct server *receiver = server_start(NULL, steps, 1);
	struct inside inside = {.code = 0};
	struct pitot_config config = asking_for(server_url(receiver), true);
	struct pitot_registry *m = pitot_registry_new(NULL);
	pitot_registry_on_gather(m, stop_inside, &inside);
	struct pitot_outlet *outlet = pitot_outlet_start(m, &config, NULL);
	check_fatal(outlet != NULL);
	inside.outlet = outlet;
	check_int(pitot_pusher_flush(pitot_outlet_pusher(outlet), 10000, NULL), 0);
	check_int(inside.code, PITOT_USAGE);
	inside.code = 0;
	struct asked asked =
		ask_get(pitot_server_port(pitot_outlet_server(outlet)), "/metrics", "");
	check_int(asked.status, 200);
	asked_clear(&asked);
	check_int(inside.code, PITOT_USAGE);
	inside.outlet = NULL;
	check_int(pitot_outlet_stop(outlet, NULL), 0);
	server_stop(receiver);
	pitot_registry_free(m);
}

CHECK_MAIN("drive/outlet", TEST(without_a_url_only_the_endpoint_opens),
	TEST(with_a_url_it_pushes_and_both_can_be), TEST(what_is_not_enabled_costs_nothing),
	TEST(all_starts_or_nothing),
	TEST(constant_labels_that_metrics_have_are_told_with_their_variable),
	TEST(its_own_threads_cannot_stop_it))
