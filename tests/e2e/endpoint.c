/* SPDX-License-Identifier: MIT */
/*
 * A registry with an instrument of every type, whose values stand still, and what the ENDPOINT_…
 * variables ask for: an endpoint, a pusher, or both. Prints the port, and ends at the end of its
 * input. Exit status 1 with the library's words on stderr if it cannot start.
 */
#include <err.h>
#include <pitot.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static double
read_level(void *context)
{
	(void)context;
	return -0.25;
}

static void
declare_numbers(struct pitot_registry *m)
{
	pitot_counter_add(pitot_counter(m, "mail_sent", "Messages \"handed\"\nover, a\\b."), 12345);
	struct pitot_counters *failed =
		pitot_counters(m, "mail_failed", "Given up on.", "reason", "host");
	pitot_counter_add(pitot_counters_get(failed, "time\"out\"", "grüße\\"), 0.1);
	pitot_counter_inc(pitot_counters_get(failed, "line\nbreak", ""));
	pitot_gauge_set(pitot_gauge(m, "mail_waiting", ""), 1e300);
	pitot_gauge_callback(m, "mail_level", "Called.", read_level, NULL);
	pitot_registry_unit(m, "mail_size_bytes", "bytes");
}

static void
declare_distributions(struct pitot_registry *m)
{
	static const double bounds[] = {0.1, 1, 10, 1e6}, quantiles[] = {0.5, 0.99};
	static const struct pitot_buckets buckets = {bounds, 4};
	static const struct pitot_summary_options two = {quantiles, 2, 0};
	struct pitot_histogram *took = pitot_histogram(m, "mail_seconds", "Time.", &buckets);
	struct pitot_histogram *size =
		pitot_histogram(m, "mail_size_bytes", "Size of a message.", &buckets);
	struct pitot_native_histogram *native =
		pitot_native_histogram(m, "mail_native", "Both forms.", NULL);
	struct pitot_summary *summary = pitot_summary(m, "mail_summary", "Quantiles.", &two);
	struct pitot_gauge_histogram *now =
		pitot_gauge_histogram(m, "mail_now", "What waits.", &buckets);
	for (int i = 1; i <= 40; i++) {
		pitot_histogram_observe(took, i * 0.3);
		pitot_histogram_observe(size, i * 1000);
		pitot_native_histogram_observe(native, i);
		pitot_summary_observe(summary, i);
		pitot_gauge_histogram_add(now, i);
	}
}

static void
declare_facts(struct pitot_registry *m)
{
	static const struct pitot_label built[] = {{"version", "1.2"}, {"commit", "1f3c"}};
	static const char *const states[] = {"starting", "up"};
	pitot_info(m, "mail_build", "What runs.", built, 2);
	pitot_stateset_only(pitot_stateset(m, "mail_state", "State.", states, 2), 1);
}

int
main(void)
{
	struct pitot_error why;
	struct pitot_config config;
	if (pitot_config_from_env(&config, "ENDPOINT", &why) != PITOT_OK)
		errx(EXIT_FAILURE, "%s", why.text);
	config.push.no_self_metrics = true;
	struct pitot_registry *m = pitot_registry_new(&config.registry);
	declare_distributions(m);
	declare_numbers(m);
	declare_facts(m);
	if (pitot_registry_error(m, &why) != PITOT_OK)
		errx(EXIT_FAILURE, "%s", why.text);
	struct pitot_outlet *outlet = pitot_outlet_start(m, &config, &why);
	if (outlet == NULL)
		errx(EXIT_FAILURE, "%s", why.text);
	printf("%u\n", (unsigned)pitot_server_port(pitot_outlet_server(outlet)));
	(void)fflush(stdout);
	while (getchar() != EOF)
		continue;
	int code = pitot_outlet_stop(outlet, &why);
	if (code != PITOT_OK)
		warnx("%s", why.text);
	pitot_registry_free(m);
	pitot_config_clear(&config);
	return code == PITOT_OK ? EXIT_SUCCESS : EXIT_FAILURE;
}
