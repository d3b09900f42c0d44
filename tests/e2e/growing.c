/* SPDX-License-Identifier: MIT */
/*
 * growing URL PROTOCOL FOLDER PUSHES: a worker with some thousand series that pushes so often, by
 * remote-write-1 or remote-write-2. From one gather to the next counts grow and leap, gauges are
 * now whole numbers and now not, series come and go. What each gather holds is written to FOLDER
 * as OpenMetrics text, numbered.
 */
#include <err.h>
#include <pitot.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { counters = 4000, gauges = 2200, histograms = 40 };

static const char *const hosts[] = {"10.0.0.1:9100", "10.0.0.2:9100", "ten", "eleven"};

struct worker {
	struct pitot_registry *m;
	struct pitot_counters *events;
	struct pitot_gauges *levels;
	struct pitot_histograms *sizes;
	const char *folder;
	unsigned long gather;
	unsigned long first_event, next_event, next_level;
	bool is_writing;
};

static const char *
number_text(char *text, unsigned long number)
{
	(void)snprintf(text, 24, "%lu", number);
	return text;
}

static struct pitot_counter *
event(struct worker *worker, unsigned long i)
{
	char id[24];
	return pitot_counters_get(worker->events, number_text(id, i), hosts[i / 50 % 4]);
}

static void
update(struct worker *worker)
{
	unsigned long n = worker->gather;
	char id[24];
	for (unsigned long i = worker->first_event; i < worker->next_event; i++) {
		struct pitot_counter *counter = event(worker, i);
		pitot_counter_add(counter, (double)(i % 7));
		if ((i + n) % 997 == 0)
			pitot_counter_add(counter, (double)(i * 1000003));
		if ((i + n) % 1999 == 0)
			pitot_counter_add(counter, 0.125);
	}
	for (unsigned long i = 0; i < worker->next_level; i++)
		pitot_gauge_set(pitot_gauges_get(worker->levels, number_text(id, i)),
			i % 3 == 0 ? (double)((i + n) % 12) : (double)((i * 31 + n) % 997) / 8);
	for (unsigned long i = 0; i < histograms; i++)
		pitot_histogram_observe(pitot_histograms_get(worker->sizes, number_text(id, i)),
			(double)(i * n % 40));
}

/* Every fourth time the oldest goes; now and then some are new, one of them among the gauges. */
static void
come_and_go(struct worker *worker)
{
	unsigned long i = worker->first_event;
	char id[24];
	if (worker->gather % 4 == 3) {
		pitot_counters_remove(worker->events, number_text(id, i), hosts[i / 50 % 4]);
		worker->first_event++;
	}
	if (worker->gather % 7 == 5)
		worker->next_event += 30;
	if (worker->gather % 9 == 4)
		worker->next_level++;
}

static void
write_state(const struct worker *worker)
{
	struct pitot_error why;
	char path[4096], *bytes;
	size_t length;
	struct pitot_snapshot *snapshot = pitot_snapshot_take(worker->m, &why);
	if (snapshot == NULL ||
		pitot_encode(snapshot, PITOT_OPENMETRICS_1_0, NULL, &bytes, &length, &why) != 0)
		errx(1, "%s", why.text);
	pitot_snapshot_free(snapshot);
	(void)snprintf(path, sizeof path, "%s/%05lu.om", worker->folder, worker->gather);
	FILE *file = fopen(path, "w");
	if (file == NULL || fwrite(bytes, 1, length, file) != length || fclose(file) != 0)
		err(1, "%s", path);
	free(bytes);
}

static void
before_gather(void *context)
{
	struct worker *worker = context;
	if (worker->is_writing)
		return; /* it is write_state that gathers */
	worker->is_writing = true;
	worker->gather++;
	come_and_go(worker);
	update(worker);
	write_state(worker);
	worker->is_writing = false;
}

static void
declare(struct worker *worker)
{
	static const double bounds[] = {1, 5, 10, 20};
	worker->m = pitot_registry_new(NULL);
	worker->events = pitot_counters(worker->m, "grown_events", "What happened.", "id", "host");
	worker->levels = pitot_gauges(worker->m, "grown_level", "How high.", "id");
	worker->sizes = pitot_histograms(
		worker->m, "grown_size", "How large.", &(struct pitot_buckets){bounds, 4}, "id");
	worker->next_event = counters;
	worker->next_level = gauges;
	pitot_registry_on_gather(worker->m, before_gather, worker);
}

int
main(int argc, char **argv)
{
	struct pitot_error why;
	struct worker worker = {.gather = 0};
	if (argc != 5)
		errx(64, "usage: growing URL PROTOCOL FOLDER PUSHES");
	worker.folder = argv[3];
	declare(&worker);
	struct pitot_pusher *pusher = pitot_pusher_start(worker.m,
		&(struct pitot_push_options){
			.url = argv[1],
			.protocol = strcmp(argv[2], "remote-write-2") == 0
				? PITOT_PROTOCOL_REMOTE_WRITE_2
				: PITOT_PROTOCOL_REMOTE_WRITE_1,
			.job = "growing",
			.instance = argv[2],
			.interval_ms = 3600000,
			.stop_deadline_ms = 60000,
			.no_zero_anchor = true,
			.at_end = PITOT_END_KEEP,
		},
		&why);
	if (pusher == NULL)
		errx(1, "%s", why.text);
	for (unsigned long i = strtoul(argv[4], NULL, 10); i > 0; i--)
		if (pitot_pusher_flush(pusher, 60000, &why) != 0)
			errx(1, "%s", why.text);
	if (pitot_pusher_stop(pusher, &why) != 0)
		errx(1, "%s", why.text);
	pitot_registry_free(worker.m);
	return 0;
}
