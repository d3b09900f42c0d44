/* SPDX-License-Identifier: MIT */
/*
 * Families that forget, from many threads while a gather follows a fast clock: nothing counted is
 * lost by those who keep the rule about old pointers, and nothing breaks for those who do not. Run
 * it under the thread and address sanitizers.
 */
#include <pitot/exposition.h>
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include "metrics/registry.h"
#include "support/check.h"
#include "support/lives.h"
#include "support/tick.h"

enum {
	workers = 4,
	steps = 40000,
	label_sets = 300,
	limit = 200,
	kept = 16,
	idle_ms = 3000,
	tick_ms = 1000,
};

struct shared {
	struct tick tick;
	struct pitot_registry *m;
	struct pitot_counters *c;
	struct pitot_histograms *h;
	struct pitot_gauges *g;
	atomic_ulong done[workers]; /* steps; ULONG_MAX: all */
	atomic_bool stop;
};

struct worker {
	struct shared *shared;
	size_t number;
};

static unsigned
next_random(unsigned *state)
{
	*state = *state * 1103515245 + 12345;
	return *state >> 8;
}

static const char *
random_value(unsigned *state, char *text, size_t size)
{
	(void)snprintf(text, size, "%u", next_random(state) % label_sets);
	return text;
}

static void
open_shared(struct shared *shared)
{
	*shared = (struct shared){.m = pitot_registry_new(NULL)};
	tick_init(&shared->tick);
	shared->m->clock = &shared->tick.clock;
	shared->c = pitot_counters(shared->m, "c", "x", "l");
	shared->h = pitot_histograms(shared->m, "h", "x", NULL, "l");
	shared->g = pitot_gauges(shared->m, "g", "x", "l");
	pitot_registry_expire(shared->m, "c", idle_ms / 1000.0);
	pitot_registry_expire(shared->m, "h", idle_ms / 1000.0);
	pitot_registry_expire(shared->m, "g", idle_ms / 1000.0);
	pitot_registry_limit(shared->m, "c", limit);
}

/* ---- nothing is lost ---- */

/*
 * Counts through new pointers and through kept ones, up to half an idle time after the label set
 * may have ended: the clock moves only when every worker made a step, so that at most one tick
 * passes between looking at it and counting.
 */
static void *
count_steps(void *context)
{
	struct worker *worker = context;
	struct shared *shared = worker->shared;
	const struct pt_clock *clock = &shared->tick.clock;
	struct {
		struct pitot_counter *counter;
		struct pitot_histogram *histogram;
		int64_t used_ms;
	} keep[kept] = {{NULL, NULL, 0}};
	unsigned state = (unsigned)worker->number + 1;
	char text[16];
	for (unsigned long i = 1; i <= steps; i++) {
		size_t slot = next_random(&state) % kept;
		int64_t now_ms = clock->mono_ms(clock);
		if (keep[slot].counter == NULL || now_ms - keep[slot].used_ms > idle_ms * 3 / 2) {
			const char *value = random_value(&state, text, sizeof text);
			keep[slot].counter = pitot_counters_get(shared->c, value);
			keep[slot].histogram = pitot_histograms_get(shared->h, value);
		}
		pitot_counter_inc(keep[slot].counter);
		pitot_histogram_observe(keep[slot].histogram, 1);
		keep[slot].used_ms = now_ms;
		if (next_random(&state) % 8 == 0)
			keep[slot].counter = NULL;
		atomic_store(&shared->done[worker->number], i);
		if (i % 16 == 0) /* long enough idle that label sets end */
			(void)sched_yield();
	}
	atomic_store(&shared->done[worker->number], (unsigned long)-1);
	return NULL;
}

/* True when all are through. */
static bool
wait_for_steps(struct shared *shared, unsigned long *seen)
{
	bool all = true;
	for (size_t i = 0; i < workers; i++) {
		unsigned long now = atomic_load(&shared->done[i]);
		while (now == seen[i] && now != (unsigned long)-1) {
			(void)sched_yield();
			now = atomic_load(&shared->done[i]);
		}
		seen[i] = now;
		all = all && now == (unsigned long)-1;
	}
	return all;
}

static void
every_update_is_gathered_in_one_life_or_another(void)
{
	struct shared shared;
	open_shared(&shared);
	pthread_t threads[workers];
	struct worker context[workers];
	for (size_t i = 0; i < workers; i++) {
		context[i] = (struct worker){&shared, i};
		check_int(pthread_create(&threads[i], NULL, count_steps, &context[i]), 0);
	}
	unsigned long seen[workers] = {0};
	double total = 0;
	bool rose = true;
	struct pitot_snapshot *before = pitot_snapshot_take(shared.m, NULL);
	for (int after_all = 0; after_all < 10;) {
		after_all += wait_for_steps(&shared, seen);
		tick_pass(&shared.tick, tick_ms);
		struct pitot_snapshot *s = pitot_snapshot_take(shared.m, NULL);
		total += lives_ended(before, s, &rose);
		pitot_snapshot_free(before);
		before = s;
	}
	for (size_t i = 0; i < workers; i++)
		check_int(pthread_join(threads[i], NULL), 0);
	check_size(before->table->count, 0);
	check_true(rose);
	/* One observation of 1 is in five of the buckets, in the sum and in the count. */
	check_double(total, workers * (double)steps * (1 + 5 + 1 + 1));
	struct pt_registry_state state;
	pt_registry_state(shared.m, &state);
	check_true(state.expired > 0);
	check_size(state.label_sets, 0);
	check_int(pitot_registry_error(shared.m, NULL), 0);
	pitot_snapshot_free(before);
	pitot_registry_free(shared.m);
}

/* ---- nothing breaks ---- */

/* Keeps pointers for much too long, removes, and lets the clock run. */
static void *
misuse(void *context)
{
	struct worker *worker = context;
	struct shared *shared = worker->shared;
	const struct pitot_label trace = {"t", "1"};
	struct pitot_counter *counters[kept] = {NULL};
	struct pitot_histogram *histograms[kept] = {NULL};
	unsigned state = (unsigned)worker->number + 1;
	char text[16];
	for (int i = 0; i < steps / 2; i++) {
		size_t slot = next_random(&state) % kept;
		const char *value = random_value(&state, text, sizeof text);
		if (counters[slot] == NULL || next_random(&state) % 16 == 0) {
			counters[slot] = pitot_counters_get(shared->c, value);
			histograms[slot] = pitot_histograms_get(shared->h, value);
		}
		pitot_counter_add_exemplar(counters[slot], 0.5, &trace, 1);
		pitot_histogram_observe(histograms[slot], 1);
		pitot_gauge_set(pitot_gauges_get(shared->g, value), i);
		if (i % 5 == 0)
			pitot_counters_remove(shared->c, value);
		if (i % 7 == 0)
			pitot_histograms_remove(shared->h, value);
		if (i % 100 == 0)
			pitot_registry_limit(shared->m, "c", (size_t)i % 3 * 50);
		if (i % 50 == 0)
			tick_pass(&shared->tick, tick_ms);
	}
	return NULL;
}

static void *
gather(void *context)
{
	struct shared *shared = context;
	while (!atomic_load(&shared->stop)) {
		struct pitot_snapshot *s = pitot_snapshot_take(shared->m, NULL);
		check_true(s != NULL);
		pitot_snapshot_free(s);
		struct pt_registry_state state;
		pt_registry_state(shared->m, &state);
	}
	return NULL;
}

static void
old_pointers_removals_and_two_gathers_harm_nothing(void)
{
	struct shared shared;
	open_shared(&shared);
	pthread_t threads[workers], gathers[2];
	struct worker context[workers];
	for (size_t i = 0; i < workers; i++) {
		context[i] = (struct worker){&shared, i};
		check_int(pthread_create(&threads[i], NULL, misuse, &context[i]), 0);
	}
	for (size_t i = 0; i < 2; i++)
		check_int(pthread_create(&gathers[i], NULL, gather, &shared), 0);
	for (size_t i = 0; i < workers; i++)
		check_int(pthread_join(threads[i], NULL), 0);
	atomic_store(&shared.stop, true);
	for (size_t i = 0; i < 2; i++)
		check_int(pthread_join(gathers[i], NULL), 0);
	/* Nobody uses anything any more: all of it ends, and its memory is free. */
	for (int i = 0; i < 4; i++) {
		tick_pass(&shared.tick, idle_ms);
		pitot_snapshot_free(pitot_snapshot_take(shared.m, NULL));
	}
	struct pt_registry_state state;
	pt_registry_state(shared.m, &state);
	check_size(state.series, 0);
	check_true(state.expired > 0);
	check_int(pitot_registry_error(shared.m, NULL), 0);
	pitot_registry_free(shared.m);
}

CHECK_MAIN("metrics/expire_threads", TEST(every_update_is_gathered_in_one_life_or_another),
	TEST(old_pointers_removals_and_two_gathers_harm_nothing))
