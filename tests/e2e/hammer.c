/* SPDX-License-Identifier: MIT */
/*
 * Four threads count to a quarter of a million each while a pusher pushes each second: for the
 * scenario that proves that no count is lost. Usage: hammer URL. Ends with the last push's result.
 */
#include <err.h>
#include <pitot.h>
#include <pthread.h>
#include <stdlib.h>
#include <time.h>

enum { threads = 4, updates = 250000 };

struct shared {
	struct pitot_counter *counter;
	struct pitot_counters *family;
	struct pitot_histogram *histogram;
};

static void *
count(void *context)
{
	static const char *const kinds[] = {"a", "b", "c", "d"};
	struct shared *shared = context;
	for (int i = 0; i < updates; i++) {
		pitot_counter_inc(shared->counter);
		pitot_counter_inc(pitot_counters_get(shared->family, kinds[i % 4]));
		pitot_histogram_observe(shared->histogram, i % 10);
		/* Spread over some seconds, so that pushes fall in between. */
		if (i % 1000 == 0)
			(void)nanosleep(&(struct timespec){0, 12000000}, NULL);
	}
	return NULL;
}

int
main(int argc, char **argv)
{
	if (argc != 2)
		errx(64, "usage: hammer URL");
	struct pitot_registry *m = pitot_registry_new(NULL);
	struct shared shared = {
		pitot_counter(m, "hammer_hits", "Updates."),
		pitot_counters(m, "hammer_kinds", "Updates by kind.", "kind"),
		pitot_histogram(m, "hammer_seconds", "Nothing real.", NULL),
	};
	struct pitot_error why;
	struct pitot_pusher *pusher = pitot_pusher_start(m,
		&(struct pitot_push_options){
			.url = argv[1],
			.job = "hammer",
			.instance = "one",
			.interval_ms = 1000,
			.at_end = PITOT_END_KEEP, /* the last values are what is asked for */
		},
		&why);
	if (pusher == NULL)
		errx(1, "%s", why.text);
	pthread_t workers[threads];
	for (int i = 0; i < threads; i++)
		if (pthread_create(&workers[i], NULL, count, &shared) != 0)
			errx(1, "no thread");
	for (int i = 0; i < threads; i++)
		(void)pthread_join(workers[i], NULL);
	int code = pitot_pusher_stop(pusher, &why);
	if (code != 0)
		warnx("%s", why.text);
	pitot_registry_free(m);
	return code == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
