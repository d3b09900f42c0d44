/* SPDX-License-Identifier: MIT */
/*
 * A worker that can be killed: it numbers its gathers, tells each number on standard output before
 * it is pushed, and counts. Set up by STEADY_… variables; runs for as many seconds as the first
 * argument says, numbering from the second one.
 */
#include <err.h>
#include <pitot.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

struct steady {
	struct pitot_gauge *number;
	long next;
};

static void
number_gather(void *context)
{
	struct steady *steady = context;
	printf("%ld\n", steady->next);
	(void)fflush(stdout);
	pitot_gauge_set(steady->number, (double)steady->next++);
}

int
main(int argc, char **argv)
{
	struct pitot_config config;
	struct pitot_error why;
	if (argc < 3)
		errx(64, "usage: steady SECONDS FIRST");
	if (pitot_config_from_env(&config, "STEADY", &why) != 0)
		errx(78, "%s", why.text);
	struct pitot_registry *m = pitot_registry_new(&config.registry);
	struct steady steady = {
		pitot_gauge(m, "steady_number", "Number of the gather."), atol(argv[2])};
	struct pitot_counter *events = pitot_counter(m, "steady_events", "What happened.");
	struct pitot_native_histogram *sizes =
		pitot_native_histogram(m, "steady_size", "How large it was.", NULL);
	pitot_registry_on_gather(m, number_gather, &steady);
	config.push.stop_deadline_ms = 20000;
	struct pitot_pusher *pusher = pitot_pusher_start(m, &config.push, &why);
	if (pusher == NULL)
		errx(1, "%s", why.text);
	long seconds = atol(argv[1]);
	pitot_counter_inc(events);
	for (long i = 0; i < seconds * 10; i++) {
		const struct timespec tenth = {0, 100000000};
		(void)nanosleep(&tenth, NULL);
		pitot_native_histogram_observe(sizes, (double)(i % 100 + 1));
	}
	int code = pitot_pusher_stop(pusher, &why);
	if (code != 0)
		warnx("%s", why.text);
	pitot_registry_free(m);
	pitot_config_clear(&config);
	return code == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
