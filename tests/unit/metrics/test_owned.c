/* SPDX-License-Identifier: MIT */
/*
 * Cells that belong to threads: whatever threads come, go and fork, the sums are exact, and every
 * snapshot of a histogram is of whole observations. Values are the buckets' bounds, so that the sum
 * follows from the buckets. Run it under the thread and address sanitizers.
 */
#include <pitot/exposition.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>
#include "metrics/registry.h"
#include "metrics/tally.h"
#include "support/check.h"
#include "support/fault.h"

enum {
	waves = 400,
	abreast = 8, /* threads at a time */
	steps = 500,
	bounds_count = 21, /* so that finding a bucket halves them first */
	hammers = 3,
	registries = 64,
	label_sets = 300, /* more than a page holds */
};

/* The child of a fork starts threads, which this sanitizer refuses unless it is told otherwise. */
const char *__tsan_default_options(void);
const char *
__tsan_default_options(void)
{
	return "die_after_fork=0";
}

struct world {
	struct pitot_registry *m;
	struct pitot_counter *counter;
	struct pitot_histogram *histogram;
	double bounds[bounds_count];
	atomic_bool stop;
	bool whole; /* all that was gathered; the gathering thread's */
};

static void
open_world(struct world *world)
{
	*world = (struct world){.m = pitot_registry_new(NULL), .whole = true};
	pitot_buckets_exponential(world->bounds, bounds_count, 1, 2);
	world->counter = pitot_counter(world->m, "c", "x");
	world->histogram = pitot_histogram(
		world->m, "h", "x", &(struct pitot_buckets){world->bounds, bounds_count});
}

/* ---- what a snapshot has: the counter, then the buckets, sum and count ---- */

struct seen {
	double counter, sum, count;
	bool whole; /* sum and count are those of the buckets */
};

static struct seen
look(struct world *world)
{
	struct pitot_snapshot *s = pitot_snapshot_take(world->m, NULL);
	struct seen seen = {.whole = false};
	if (s == NULL)
		return seen;
	const uint64_t *bits = s->bits + 1;
	double sum = 0, below = 0;
	for (size_t i = 0; i < bounds_count; i++) {
		double count = pt_number_from_bits(bits[i]);
		sum += (count - below) * world->bounds[i];
		below = count;
	}
	seen.counter = pt_number_from_bits(s->bits[0]);
	seen.sum = pt_number_from_bits(bits[bounds_count + 1]);
	seen.count = pt_number_from_bits(bits[bounds_count + 2]);
	seen.whole = seen.sum == sum && seen.count == below;
	pitot_snapshot_free(s);
	return seen;
}

/* ---- updating ---- */

static void
update(struct world *world, int step)
{
	pitot_counter_inc(world->counter);
	pitot_counter_add(world->counter, step % 2 == 0 ? 2 : 0.5);
	pitot_histogram_observe(world->histogram, world->bounds[step % bounds_count]);
}

static void *
update_some(void *context)
{
	for (int step = 0; step < steps; step++)
		update(context, step);
	return NULL;
}

static void *
update_on(void *context)
{
	struct world *world = context;
	for (int step = 0; !atomic_load(&world->stop); step++)
		update(world, step);
	return NULL;
}

static void *
gather_on(void *context)
{
	struct world *world = context;
	struct seen before = {0};
	while (!atomic_load(&world->stop)) {
		struct seen seen = look(world);
		world->whole = world->whole && seen.whole && seen.count >= before.count &&
			seen.counter >= before.counter;
		before = seen;
	}
	return NULL;
}

static size_t
owners(struct world *world)
{
	size_t count = 0;
	struct pt_owned *owned = &((struct pt_child *)world->counter)->owned;
	for (struct pt_owned_page *page = pt_owned_pages(pt_owned_number(owned)); page != NULL;
		page = page->next)
		count++;
	return count;
}

static void
sums_are_exact_and_whole_while_threads_come_and_go(void)
{
	struct world world;
	open_world(&world);
	pthread_t gather, threads[abreast];
	check_fatal(pthread_create(&gather, NULL, gather_on, &world) == 0);
	for (int wave = 0; wave < waves; wave++) {
		for (int i = 0; i < abreast; i++)
			check_fatal(pthread_create(&threads[i], NULL, update_some, &world) == 0);
		for (int i = 0; i < abreast; i++)
			check_int(pthread_join(threads[i], NULL), 0);
	}
	atomic_store(&world.stop, true);
	check_int(pthread_join(gather, NULL), 0);
	check_true(world.whole);
	struct seen seen = look(&world);
	check_true(seen.whole);
	check_double(seen.count, (double)waves * abreast * steps);
	check_double(seen.counter, (double)waves * abreast * steps * 2.25);
	/* Threads that are gone at once have left their cells to those that came. */
	check_true(owners(&world) <= abreast);
	pitot_registry_free(world.m);
}

static void
whole_amounts_of_many_threads_stay_exact_beyond_2_53(void)
{
	struct world world;
	open_world(&world);
	pitot_counter_add(world.counter, 0x1p53);
	pthread_t threads[2];
	for (int i = 0; i < 2; i++)
		check_fatal(pthread_create(&threads[i], NULL, update_some, &world) == 0);
	for (int i = 0; i < 2; i++)
		check_int(pthread_join(threads[i], NULL), 0);
	check_double(look(&world).counter, 0x1p53 + 2 * steps * 2.25);
	pitot_registry_free(world.m);
}

static void
a_sum_of_infinity_ends_with_its_life(void)
{
	struct pitot_registry *m = pitot_registry_new(NULL);
	double bound = 1;
	struct pitot_histograms *h =
		pitot_histograms(m, "h", "x", &(struct pitot_buckets){&bound, 1}, "l");
	pitot_histogram_observe(pitot_histograms_get(h, "a"), 0.5);
	pitot_histogram_observe(pitot_histograms_get(h, "a"), 1.0 / 0.0);
	struct pitot_snapshot *s = pitot_snapshot_take(m, NULL);
	check_double(pt_number_from_bits(s->bits[2]), 1.0 / 0.0);
	check_double(pt_number_from_bits(s->bits[3]), 2);
	pitot_snapshot_free(s);
	pitot_histograms_remove(h, "a");
	pitot_histogram_observe(pitot_histograms_get(h, "a"), 0.25);
	s = pitot_snapshot_take(m, NULL);
	check_double(pt_number_from_bits(s->bits[2]), 0.25);
	check_double(pt_number_from_bits(s->bits[3]), 1);
	pitot_snapshot_free(s);
	pitot_registry_free(m);
}

static void
a_registry_after_another_begins_at_zero(void)
{
	for (int i = 0; i < 3; i++) {
		struct world world;
		open_world(&world);
		check_double(look(&world).counter, 0);
		check_double(look(&world).count, 0);
		(void)update_some(&world);
		check_double(look(&world).counter, steps * 2.25);
		check_double(look(&world).count, steps);
		pitot_registry_free(world.m);
	}
}

/* ---- forks ---- */

/* What the parent had is there once, and what is added counts, by whatever thread. */
static bool
child_counts_on(struct world *world)
{
	struct seen before = look(world);
	pthread_t threads[abreast];
	(void)update_some(world);
	for (int i = 0; i < abreast; i++)
		if (pthread_create(&threads[i], NULL, update_some, world) != 0)
			return false;
	for (int i = 0; i < abreast; i++)
		if (pthread_join(threads[i], NULL) != 0)
			return false;
	struct seen after = look(world);
	double more = (abreast + 1) * (double)steps;
	return before.count >= steps && after.count == before.count + more &&
		after.counter == before.counter + more * 2.25;
}

static void
the_child_of_a_fork_counts_on_and_its_parent_too(void)
{
	struct world world;
	open_world(&world);
	(void)update_some(&world);
	pthread_t threads[hammers];
	for (int i = 0; i < hammers; i++)
		check_fatal(pthread_create(&threads[i], NULL, update_on, &world) == 0);
	for (int i = 0; i < 20; i++) {
		pid_t pid = fork();
		check_fatal(pid >= 0);
		if (pid == 0)
			_exit(child_counts_on(&world) ? 0 : 1);
		int status;
		check_int(waitpid(pid, &status, 0), pid);
		check_int(status, 0);
		check_true(look(&world).whole);
	}
	atomic_store(&world.stop, true);
	for (int i = 0; i < hammers; i++)
		check_int(pthread_join(threads[i], NULL), 0);
	struct seen before = look(&world);
	(void)update_some(&world);
	check_double(look(&world).count, before.count + steps);
	pitot_registry_free(world.m);
}

/* As if a reader had just asked for a moment without observations, of which the child has none. */
static void
the_child_of_a_fork_gives_way_to_no_reader_of_its_parent(void)
{
	struct pitot_registry *m = pitot_registry_new(NULL);
	struct pitot_histogram *histogram = pitot_histogram(m, "h", "x", NULL);
	pitot_histogram_observe(histogram, 1);
	struct pt_tally *tally = pt_tally_find(&((struct pt_child *)histogram)->owned);
	check_fatal(tally != NULL && pt_tally_takes(tally, 1));
	pt_whole_set(&tally->end, 0);
	check_true(pt_tally_is_awaited(tally) && !pt_tally_takes(tally, 1));
	pid_t pid = fork();
	check_fatal(pid >= 0);
	if (pid == 0)
		_exit(pt_tally_takes(tally, 1) ? 0 : 1);
	int status;
	check_int(waitpid(pid, &status, 0), pid);
	check_int(status, 0);
	check_true(pt_tally_is_awaited(tally));
	pitot_registry_free(m);
}

/* ---- no memory ---- */

struct scarce {
	struct pitot_registry *m;
	struct pitot_counter *counters[label_sets];
	struct pitot_histogram *histogram;
};

static void
open_scarce(struct scarce *scarce)
{
	char text[16];
	scarce->m = pitot_registry_new(NULL);
	struct pitot_counters *family = pitot_counters(scarce->m, "c", "x", "l");
	for (size_t i = 0; i < label_sets; i++) {
		(void)snprintf(text, sizeof text, "%zu", i);
		scarce->counters[i] = pitot_counters_get(family, text);
	}
	double bound = 1;
	scarce->histogram =
		pitot_histogram(scarce->m, "h", "x", &(struct pitot_buckets){&bound, 1});
}

static void *
update_scarce(void *context)
{
	struct scarce *scarce = context;
	for (int round = 0; round < 2; round++) {
		for (size_t i = 0; i < label_sets; i++) {
			pitot_counter_inc(scarce->counters[i]);
			pitot_counter_add(scarce->counters[i], 0.25);
		}
		pitot_histogram_observe(scarce->histogram, 0.5);
	}
	return NULL;
}

static void
close_scarce(struct scarce *scarce)
{
	struct pitot_snapshot *s = pitot_snapshot_take(scarce->m, NULL);
	bool ok = true;
	for (size_t i = 0; i < label_sets; i++)
		ok = ok && pt_number_from_bits(s->bits[i]) == 2.5;
	check_true(ok);
	check_double(pt_number_from_bits(s->bits[label_sets]), 2);     /* the bucket */
	check_double(pt_number_from_bits(s->bits[label_sets + 2]), 1); /* the sum */
	pitot_snapshot_free(s);
}

/* The updates of each run have numbers of their own, for which there are no cells yet. */
static void
what_there_is_no_memory_for_is_counted_all_the_same(void)
{
	static struct scarce all[registries];
	for (size_t i = 0; i < registries; i++)
		open_scarce(&all[i]);
	size_t runs = 0;
	for (struct fault fault = {0}; fault_next(&fault) && runs < registries; runs++)
		(void)update_scarce(&all[runs]);
	check_true(runs > 3 && runs < registries);
	for (size_t i = 0; i < runs; i++)
		close_scarce(&all[i]);
	for (size_t i = 0; i < registries; i++)
		pitot_registry_free(all[i].m);
}

static void
gathering_the_same_series_again_and_updating_allocate_nothing(void)
{
	struct world world;
	open_world(&world);
	update(&world, 1);
	(void)look(&world);
	struct fault fault = {0};
	check_true(fault_next(&fault));
	for (int step = 0; step < 2 * bounds_count; step++)
		update(&world, step);
	check_double(look(&world).count, 2 * bounds_count + 1);
	check_true(!fault_met());
	check_true(!fault_next(&fault));
	pitot_registry_free(world.m);
}

/* ---- a family's counters in a row ---- */

enum { row_length = 700 }; /* three pages or four */

struct row {
	struct pitot_registry *m;
	struct pitot_counters *family;
	struct pitot_counter *counters[row_length];
	double expected[row_length];
	bool gone[row_length];
};

static struct pitot_counter *
row_get(struct row *row, size_t i)
{
	char text[8];
	(void)snprintf(text, sizeof text, "%zu", i);
	return pitot_counters_get(row->family, text);
}

static void
row_add(struct row *row, size_t i, double amount)
{
	pitot_counter_add(row->counters[i], amount);
	row->expected[i] += amount;
}

/* What a gather gives are the amounts of those that are there, in order. */
static void
row_check(struct row *row)
{
	struct pitot_snapshot *s = pitot_snapshot_take(row->m, NULL);
	size_t at = 0, wrong = 0;
	for (size_t i = 0; i < row_length; i++)
		if (!row->gone[i])
			wrong += pt_number_from_bits(s->bits[at++]) != row->expected[i];
	check_size(wrong, 0);
	check_size(at, s->table->count);
	pitot_snapshot_free(s);
}

/* Another thread's amounts: every third counter one more. */
static void *
row_help(void *context)
{
	struct row *row = context;
	for (size_t i = 0; i < row_length; i += 3)
		row_add(row, i, 1);
	return NULL;
}

static void
counters_that_follow_each_other_are_read_as_each_on_its_own(void)
{
	struct row row = {.m = pitot_registry_new(NULL)};
	row.family = pitot_counters(row.m, "c", "x", "l");
	for (size_t i = 0; i < row_length; i++)
		row.counters[i] = row_get(&row, i);
	row_check(&row); /* nobody has a cell */
	for (size_t i = 0; i < row_length; i++)
		row_add(&row, i, (double)i);
	row_check(&row);
	row_add(&row, 77, 0x1p52);
	row_add(&row, 300, 0x1p60);
	row_check(&row);
	pthread_t helper;
	check_int(pthread_create(&helper, NULL, row_help, &row), 0);
	check_int(pthread_join(helper, NULL), 0);
	for (size_t i = 1; i < row_length; i += 7)
		row_add(&row, i, 2);
	row_check(&row);
	for (size_t i = 5; i < row_length; i += 50) {
		char text[8];
		(void)snprintf(text, sizeof text, "%zu", i);
		pitot_counters_remove(row.family, text);
		row.gone[i] = true;
	}
	row_check(&row);
	row.counters[55] = row_get(&row, 55); /* begins anew, in its old place */
	row.gone[55] = false;
	row.expected[55] = 0;
	row_check(&row);
	row_add(&row, 400, 0.5);
	row_check(&row);
	pitot_registry_free(row.m);
}

static void
one_fraction_or_exemplar_in_a_row_is_not_overlooked(void)
{
	for (int how = 0; how < 3; how++) {
		struct row row = {.m = pitot_registry_new(NULL)};
		row.family = pitot_counters(row.m, "c", "x", "l");
		for (size_t i = 0; i < row_length; i++)
			row.counters[i] = row_get(&row, i);
		row_add(&row, 9, 3);
		row_check(&row);
		if (how == 0)
			row_add(&row, 10, 0.25);
		else if (how == 1)
			pitot_counter_add_exemplar(row.counters[10], row.expected[10] = 4,
				&(struct pitot_label){"trace", "1"}, 1);
		else
			pt_counter_set(row.counters[10], row.expected[10] = 7);
		row_check(&row);
		struct pitot_snapshot *s = pitot_snapshot_take(row.m, NULL);
		check_size(s->exemplar_count, how == 1);
		pitot_snapshot_free(s);
		pitot_registry_free(row.m);
	}
}

/* ---- memory ---- */

/* Whether the mapping that has this address may not be of large pages. */
static bool
is_of_small_pages(const void *there)
{
	FILE *file = fopen("/proc/self/smaps", "r");
	char line[512];
	bool here = false, found = false;
	while (file != NULL && fgets(line, sizeof line, file) != NULL) {
		unsigned long from, to;
		if (sscanf(line, "%lx-%lx ", &from, &to) == 2)
			here = (uintptr_t)there >= from && (uintptr_t)there < to;
		else if (here && strncmp(line, "VmFlags:", 8) == 0)
			found = strstr(line, " nh") != NULL;
	}
	if (file != NULL)
		(void)fclose(file);
	return found;
}

static void
a_threads_table_needs_no_large_page(void)
{
	struct pitot_registry *m = pitot_registry_new(NULL);
	pitot_counter_inc(pitot_counter(m, "c", "x"));
	/* A system without large pages has no mark for them. */
	if (access("/sys/kernel/mm/transparent_hugepage", F_OK) == 0)
		check_true(is_of_small_pages(pt_owned_here.pages));
	pitot_registry_free(m);
}

CHECK_MAIN("metrics/owned", TEST(counters_that_follow_each_other_are_read_as_each_on_its_own),
	TEST(one_fraction_or_exemplar_in_a_row_is_not_overlooked),
	TEST(gathering_the_same_series_again_and_updating_allocate_nothing),
	TEST(gathering_the_same_series_again_and_updating_allocate_nothing),
	TEST(what_there_is_no_memory_for_is_counted_all_the_same),
	TEST(sums_are_exact_and_whole_while_threads_come_and_go),
	TEST(whole_amounts_of_many_threads_stay_exact_beyond_2_53),
	TEST(a_sum_of_infinity_ends_with_its_life), TEST(a_registry_after_another_begins_at_zero),
	TEST(the_child_of_a_fork_counts_on_and_its_parent_too),
	TEST(the_child_of_a_fork_gives_way_to_no_reader_of_its_parent),
	TEST(a_threads_table_needs_no_large_page))
