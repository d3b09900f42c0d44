/* SPDX-License-Identifier: MIT */
/*
 * The child of a fork that comes while other threads make, use and end label sets: no lock is left
 * to it that nobody holds any more, and what it makes and reads is whole. Run it under the thread
 * sanitizer, too.
 */
#include <pitot/exposition.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include "base/poison.h"
#include "support/check.h"

enum { busy_threads = 2, registries = 3, forks = 60, patience_s = 20 };

/* Children are forked beside threads, which this sanitizer refuses unless it is told otherwise. */
const char *__tsan_default_options(void);
const char *
__tsan_default_options(void)
{
	return "die_after_fork=0:report_thread_leaks=0";
}

struct world {
	struct pitot_registry *m;
	struct pitot_counters *staying, *leaving; /* these expire */
	struct pitot_histograms *observed;
};

static struct world worlds[registries];
static atomic_bool stop;

static void
open_worlds(void)
{
	for (int i = 0; i < registries; i++) {
		struct world *world = &worlds[i];
		world->m = pitot_registry_new(NULL);
		world->staying = pitot_counters(world->m, "staying", "x", "label");
		world->leaving = pitot_counters(world->m, "leaving", "x", "label");
		world->observed = pitot_histograms(world->m, "observed", "x", NULL, "label");
		pitot_registry_expire(world->m, "leaving", 0.01);
		check_int(pitot_registry_error(world->m, NULL), 0);
	}
}

/* All that takes a lock. */
static void
work(unsigned turn)
{
	struct world *world = &worlds[turn % registries];
	const struct pitot_label trace = {"trace_id", "1"};
	char text[24];
	(void)snprintf(text, sizeof text, "%u", turn % 5000);
	pitot_counter_inc(pitot_counters_get(world->staying, text));
	pitot_counter_add_exemplar(pitot_counters_get(world->leaving, text), 1, &trace, 1);
	pitot_histogram_observe(pitot_histograms_get(world->observed, text), turn);
	pitot_counters_remove(world->staying, text);
	if (turn % 64 == 0)
		pitot_snapshot_free(pitot_snapshot_take(world->m, NULL));
	if (turn % 512 == 0)
		pitot_registry_free(pitot_registry_new(NULL));
}

static void *
keep_busy(void *first)
{
	for (unsigned turn = *(unsigned *)first; !atomic_load(&stop); turn++)
		work(turn);
	return NULL;
}

static bool
tells(struct pitot_registry *m, const char *line)
{
	char *text = NULL;
	size_t length;
	struct pitot_snapshot *snapshot = pitot_snapshot_take(m, NULL);
	bool ok = snapshot != NULL &&
		pitot_encode(snapshot, PITOT_TEXT_0_0_4, NULL, &text, &length, NULL) == 0 &&
		strstr(text, line) != NULL;
	free(text);
	pitot_snapshot_free(snapshot);
	return ok;
}

/* In the child, which ends by a signal if it waits for ever. */
static void
live(void)
{
	(void)alarm(patience_s);
	for (unsigned turn = 0; turn < 3 * 64; turn++)
		work(turn);
	pitot_counter_inc(pitot_counters_get(worlds[0].staying, "own"));
	bool ok = tells(worlds[0].m, "\nstaying_total{label=\"own\"} 1\n");
	for (int i = 0; i < registries; i++) {
		ok = ok && pitot_registry_error(worlds[i].m, NULL) == 0;
		pitot_registry_free(worlds[i].m);
	}
	_exit(ok ? 0 : 1);
}

static void
the_child_of_a_fork_finds_no_lock_held(void)
{
	pthread_t threads[busy_threads];
	unsigned first[busy_threads] = {0, 2500};
	open_worlds();
	for (size_t i = 0; i < busy_threads; i++)
		check_fatal(pthread_create(&threads[i], NULL, keep_busy, &first[i]) == 0);
	/* The address sanitizer's own allocator does not follow forks that others allocate in. */
	for (int i = 0; i < forks && !PT_POISONS; i++) {
		pid_t child = fork();
		if (child == 0)
			live();
		int status = -1;
		check_true(child > 0 && waitpid(child, &status, 0) == child);
		check_int(status, 0);
	}
	atomic_store(&stop, true);
	for (size_t i = 0; i < busy_threads; i++)
		check_int(pthread_join(threads[i], NULL), 0);
	for (int i = 0; i < registries; i++) {
		check_int(pitot_registry_error(worlds[i].m, NULL), 0);
		pitot_registry_free(worlds[i].m);
	}
}

CHECK_MAIN("metrics/fork", TEST(the_child_of_a_fork_finds_no_lock_held))
