/* SPDX-License-Identifier: MIT */
/*
 * A WhatsApp worker with its kit of instruments, set up by the BAILEYS_PROMETHEUS_… variables
 * that such workers have: with BAILEYS_PROMETHEUS_ENABLED=true it is scraped at port 9090. It
 * prints the log lines of its metrics and plays at work until SIGINT or SIGTERM. A wrong variable
 * is told and is the exit status; metrics that cannot start, as where the port is taken, are told,
 * and the work goes on without them.
 */
#include <err.h>
#include <pitot.h>
#include <pitot/baileys.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* One line: [info] prometheus metrics server started { port: 9090, path: '/metrics' } */
static void
print_log(void *context, const struct pitot_log_entry *entry)
{
	static const char *const levels[] = {"debug", "info", "warn", "error"};
	(void)context;
	(void)printf("[%s] %s {", levels[entry->level], entry->message);
	for (size_t i = 0; i < entry->field_count; i++) {
		const char *value = entry->fields[i].value;
		const char *quote = value[strspn(value, "0123456789")] == '\0' ? "" : "'";
		(void)printf("%s %s: %s%s%s", i == 0 ? "" : ",", entry->fields[i].name, quote,
			value, quote);
	}
	(void)puts(" }");
	(void)fflush(stdout);
}

static void
work(const struct pitot_baileys *kit, int round)
{
	double start = pitot_timer_start();
	pitot_gauge_set(pitot_gauges_get(kit->connection_state, "1", "5511999@s"), 2);
	pitot_gauge_set(kit->active_connections, 1);
	pitot_gauge_set(kit->memory_usage_bytes[PITOT_BAILEYS_TYPE_RSS], 64e6);
	pitot_gauge_set(kit->uptime_seconds, round / 10.0);
	pitot_counter_inc(kit->messages_received_total[PITOT_BAILEYS_MESSAGE_TYPE_TEXT]);
	pitot_counter_inc(kit->buffer_flush_total[PITOT_BAILEYS_MODE_BALANCED][false]);
	pitot_histogram_observe_since(
		kit->buffer_flush_duration_seconds[PITOT_BAILEYS_MODE_BALANCED], start);
}

/* Ten rounds a second, until somebody wants an end. */
static void
work_until_told(const struct pitot_baileys *kit, const sigset_t *ends)
{
	const struct timespec pause = {.tv_nsec = 100000000};
	for (int round = 0; sigtimedwait(ends, NULL, &pause) < 0; round++)
		work(kit, round);
}

int
main(void)
{
	sigset_t ends;
	(void)sigemptyset(&ends);
	(void)sigaddset(&ends, SIGINT);
	(void)sigaddset(&ends, SIGTERM);
	(void)sigprocmask(SIG_BLOCK, &ends, NULL);

	struct pitot_error why;
	struct pitot_config config;
	if (pitot_baileys_config_from_env(&config, &why) != PITOT_OK)
		errx(EXIT_FAILURE, "metrics: %s", why.text);
	config.server.log = print_log;
	struct pitot_registry *registry = pitot_registry_new(&config.registry);
	if (registry == NULL)
		errx(EXIT_FAILURE, "out of memory");
	struct pitot_baileys kit;
	pitot_baileys_declare(&kit, registry);
	struct pitot_outlet *outlet = pitot_outlet_start(registry, &config, &why);
	if (outlet == NULL)
		warnx("metrics: %s", why.text);

	work_until_told(&kit, &ends);

	int result = pitot_outlet_stop(outlet, &why);
	if (result != PITOT_OK)
		warnx("metrics: the last push: %s", why.text);
	pitot_registry_free(registry);
	pitot_config_clear(&config);
	return result == PITOT_OK ? EXIT_SUCCESS : EXIT_FAILURE;
}
