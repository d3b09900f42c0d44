/* SPDX-License-Identifier: MIT */
/* Endpoints when memory is out: each allocation fails once, in starting and in answering. */
#include <pitot/config.h>
#include <stdlib.h>
#include <unistd.h>

#include "support/ask.h"
#include "support/check.h"
#include "support/fault.h"

#define RIGHT "Authorization: Basic dTpwYXNz\r\n"

static char path[] = "/tmp/pitot-fault-XXXXXX";

static struct pitot_registry *
some_registry(void)
{
	struct pitot_registry *m =
		pitot_registry_new(&(struct pitot_registry_options){.utf8_names = true});
	pitot_gauge_set(pitot_gauge(m, "my.level", "Of many."), 5);
	return m;
}

static void
an_endpoint_without_memory_does_not_start(void)
{
	struct pitot_registry *m = some_registry();
	size_t threads = ask_threads(), files = ask_files();
	unsigned long runs = 0;
	for (struct fault fault = {0}; fault_next(&fault); runs++) {
		struct pitot_error why = {.code = 0};
		const struct pitot_server_options options = {
			.username = "u", .password_file = path};
		struct pitot_server *server = pitot_server_start(m, &options, &why);
		check_true(server != NULL || (fault_met() && why.code == PITOT_NO_MEMORY));
		check_int(pitot_server_stop(server, NULL), 0);
		check_size(ask_threads(), threads);
		check_size(ask_files(), files);
	}
	check_true(runs > 2);
	pitot_registry_free(m);
}

/* Not one entry without the password, whatever fails; and never a wrong answer. */
static void
a_scrape_without_memory_is_refused_or_whole(void)
{
	static const char *const headers[] = {RIGHT "Accept-Encoding: gzip\r\n",
		RIGHT "Accept: application/openmetrics-text\r\n",
		"Authorization: Basic dTp3cm9uZw==\r\n"};
	struct pitot_registry *m = some_registry();
	const struct pitot_server_options options = {.username = "u", .password_file = path};
	struct pitot_server *server = pitot_server_start(m, &options, NULL);
	check_fatal(server != NULL);
	for (size_t i = 0; i < 3; i++) {
		unsigned long runs = 0;
		for (struct fault fault = {0}; fault_next(&fault); runs++) {
			struct asked asked =
				ask_get(pitot_server_port(server), "/metrics", headers[i]);
			bool packed = strstr(asked.head, "gzip") != NULL;
			check_true(asked.status != 200 || i < 2);
			if (packed && asked_unpack(&asked) != 0) {
				check_true(fault_met()); /* our own memory */
			} else if (asked.status == 200) {
				check_contains(asked.body, "\nmy_level 5");
			} else if (i < 2) {
				check_true(fault_met());
			}
			check_true(asked.status == 200 || asked.status == 500 ||
				asked.status == 401 || asked.status == 0);
			check_true(i < 2 || fault_met() || asked.status == 401);
			free(asked.body);
		}
		check_true(runs > 5);
	}
	check_int(pitot_server_stop(server, NULL), 0);
	pitot_registry_free(m);
}

static void
an_outlet_without_memory_does_not_start(void)
{
	struct pitot_registry *m = some_registry();
	struct pitot_config config = {.enabled = true, .serve = true};
	size_t threads = ask_threads();
	unsigned long runs = 0;
	for (struct fault fault = {0}; fault_next(&fault); runs++) {
		struct pitot_error why = {.code = 0};
		struct pitot_outlet *outlet = pitot_outlet_start(m, &config, &why);
		check_true(outlet != NULL || (fault_met() && why.code == PITOT_NO_MEMORY));
		check_int(pitot_outlet_stop(outlet, NULL), 0);
		check_size(ask_threads(), threads);
	}
	check_true(runs > 2);
	pitot_registry_free(m);
}

/* The first allocation would fail, and be met. */
static void
what_is_disabled_allocates_nothing_in_updates(void)
{
	struct pitot_config config = {.serve = true, .registry.disabled = true};
	struct pitot_registry *m = pitot_registry_new(&config.registry);
	struct pitot_counter *counter = pitot_counter(m, "c", "");
	struct pitot_gauge *gauge = pitot_gauge(m, "g", "");
	struct pitot_histogram *histogram = pitot_histogram(m, "h", "", NULL);
	struct pitot_outlet *outlet = pitot_outlet_start(m, &config, NULL);
	check_fatal(outlet != NULL);
	struct fault fault = {0};
	check_true(fault_next(&fault));
	for (int i = 0; i < 1000; i++) {
		pitot_counter_inc(counter);
		pitot_gauge_set(gauge, i);
		pitot_histogram_observe(histogram, i);
	}
	check_true(!fault_met());
	check_true(!fault_next(&fault));
	check_int(pitot_outlet_stop(outlet, NULL), 0);
	pitot_registry_free(m);
}

int
main(void)
{
	static const struct check_test tests[] = {TEST(an_endpoint_without_memory_does_not_start),
		TEST(a_scrape_without_memory_is_refused_or_whole),
		TEST(an_outlet_without_memory_does_not_start),
		TEST(what_is_disabled_allocates_nothing_in_updates)};
	int file = mkstemp(path);
	if (file < 0 || write(file, "pass\n", 5) != 5 || close(file) != 0)
		return 1;
	int status = check_main("fault/serve", tests, sizeof tests / sizeof tests[0]);
	(void)unlink(path);
	return status;
}
