/* SPDX-License-Identifier: MIT */
/*
 * A worker that delivers mail and tells how it goes: the README's example. It runs for about three
 * seconds, is configured by MAILER_… environment variables, and pushes or is scraped while it
 * works; without MAILER_ENABLED=true its instruments cost nothing. A wrong variable, a port that is
 * taken or a failed last push is told on stderr and is the exit status; a failed push in between is
 * told and the work goes on.
 */
#include <err.h>
#include <pitot.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

/* What the loop below touches; declared once. */
struct instruments {
	struct pitot_counter *sent;
	struct pitot_counters *failed;
	struct pitot_gauge *waiting;
	struct pitot_histogram *took;
};

static void
declare(struct instruments *mail, struct pitot_registry *registry)
{
	mail->sent = pitot_counter(registry, "mail_sent", "Messages handed over.");
	mail->failed = pitot_counters(registry, "mail_failed", "Messages given up on.", "reason");
	mail->waiting = pitot_gauge(registry, "mail_waiting", "Messages in the queue.");
	mail->took = pitot_histogram(registry, "mail_seconds", "Time per message.", NULL);
}

static void
deliver(int message)
{
	struct timespec pause = {.tv_nsec = 1000000L * (1 + message % 20)};
	(void)nanosleep(&pause, NULL);
}

static void
work(const struct instruments *mail, int messages)
{
	for (int message = 0; message < messages; message++) {
		double start = pitot_timer_start();
		deliver(message);
		pitot_histogram_observe_since(mail->took, start);
		if (message % 50 == 49)
			pitot_counter_inc(pitot_counters_get(mail->failed, "timeout"));
		else
			pitot_counter_inc(mail->sent);
		pitot_gauge_set(mail->waiting, messages - message - 1);
	}
}

/* Called after every push, from the pusher's thread. */
static void
tell(void *context, const struct pitot_report *report)
{
	(void)context;
	if (report->error.code != PITOT_OK)
		warnx("metrics: %s", report->error.text);
}

int
main(void)
{
	struct pitot_error why;
	struct pitot_config config;
	if (pitot_config_from_env(&config, "MAILER", &why) != PITOT_OK)
		errx(EXIT_FAILURE, "metrics: %s", why.text);
	config.push.report = tell;

	struct pitot_registry *registry = pitot_registry_new(&config.registry);
	if (registry == NULL)
		errx(EXIT_FAILURE, "out of memory");
	struct instruments mail;
	declare(&mail, registry);
	struct pitot_outlet *outlet = pitot_outlet_start(registry, &config, &why);
	if (outlet == NULL)
		errx(EXIT_FAILURE, "metrics: %s", why.text);

	work(&mail, 300);

	int result = pitot_outlet_stop(outlet, &why);
	if (result != PITOT_OK)
		warnx("metrics: the last push: %s", why.text);
	pitot_registry_free(registry);
	pitot_config_clear(&config);
	return result == PITOT_OK ? EXIT_SUCCESS : EXIT_FAILURE;
}
