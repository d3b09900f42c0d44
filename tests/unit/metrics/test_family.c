/* SPDX-License-Identifier: MIT */
/* Labelled families: getting, removing, reviving, and all of it from many threads at once. */
#include <pitot/exposition.h>
#include <pitot/metrics.h>
#include <pthread.h>
#include <stdlib.h>
#include "model/snapshot.h"
#include "support/check.h"
#include "support/find.h"

static double
value_of(struct pitot_registry *m, const char *text)
{
	struct pitot_snapshot *s = pitot_snapshot_take(m, NULL);
	double value = find_value(s, text);
	pitot_snapshot_free(s);
	return value;
}

static void
each_set_of_values_has_one_instrument(void)
{
	struct pitot_registry *m = pitot_registry_new(NULL);
	struct pitot_counters *f = pitot_counters(m, "c", "x", "a", "b");
	struct pitot_counter *one = pitot_counters_get(f, "x", "yz");
	struct pitot_counter *two = pitot_counters_get(f, "xy", "z");
	check_true(one != two);
	check_true(pitot_counters_get(f, "x", "yz") == one);
	pitot_counter_inc(one);
	pitot_counter_add(two, 2);
	check_double(value_of(m, "c_total{a=\"x\",b=\"yz\"}"), 1);
	check_double(value_of(m, "c_total{a=\"xy\",b=\"z\"}"), 2);
	pitot_counter_inc(pitot_counters_get(f, "", "z"));
	check_double(value_of(m, "c_total{b=\"z\"}"), 1);
	pitot_registry_free(m);
}

static void
every_type_has_labelled_families(void)
{
	const char *const states[] = {"on", "off"};
	struct pitot_registry *m = pitot_registry_new(NULL);
	pitot_gauge_set(pitot_gauges_get(pitot_gauges(m, "g", "x", "l"), "v"), 4);
	pitot_histogram_observe(
		pitot_histograms_get(pitot_histograms(m, "h", "x", NULL, "l"), "v"), 4);
	pitot_summary_observe(pitot_summaries_get(pitot_summaries(m, "s", "x", NULL, "l"), "v"), 4);
	pitot_stateset_only(
		pitot_statesets_get(pitot_statesets(m, "st", "x", states, 2, "l"), "v"), 1);
	pitot_gauge_histogram_add(
		pitot_gauge_histograms_get(pitot_gauge_histograms(m, "gh", "x", NULL, "l"), "v"),
		4);
	check_double(value_of(m, "g{l=\"v\"}"), 4);
	check_double(value_of(m, "h_sum{l=\"v\"}"), 4);
	check_double(value_of(m, "h_bucket{l=\"v\",le=\"5.0\"}"), 1);
	check_double(value_of(m, "s_sum{l=\"v\"}"), 4);
	check_double(value_of(m, "st{l=\"v\",st=\"off\"}"), 1);
	check_double(value_of(m, "gh_gsum{l=\"v\"}"), 4);
	check_int(pitot_registry_error(m, NULL), 0);
	pitot_registry_free(m);
}

static void
a_wrong_number_of_values_is_a_mistake(void)
{
	struct pitot_registry *m = pitot_registry_new(NULL);
	struct pitot_counters *f = pitot_counters(m, "c", "x", "a", "b");
	struct pitot_counter *c = pitot_counters_get(f, "only one");
	pitot_counter_inc(c);
	struct pitot_error why;
	check_int(pitot_registry_error(m, &why), PITOT_USAGE);
	check_text(why.text, "c has 2 labels, but 1 values were given");
	check_true(pitot_counters_get(f, "1", "2", "3") == c);
	pitot_counters_remove(f, "1");
	struct pitot_snapshot *s = pitot_snapshot_take(m, NULL);
	check_size(pitot_snapshot_size(s), 0);
	pitot_snapshot_free(s);
	pitot_registry_free(m);
}

static void
too_many_label_names_are_a_mistake(void)
{
	struct pitot_registry *m = pitot_registry_new(NULL);
	(void)pitot_counters(m, "c", "x", "a1", "a2", "a3", "a4", "a5", "a6", "a7", "a8", "a9",
		"b1", "b2", "b3", "b4", "b5", "b6", "b7", "b8", "b9", "c1", "c2", "c3", "c4", "c5",
		"c6", "c7", "c8", "c9", "d1", "d2", "d3", "d4");
	struct pitot_error why;
	check_int(pitot_registry_error(m, &why), PITOT_USAGE);
	check_contains(why.text, "1 to 30 label names");
	pitot_registry_free(m);
}

static void
a_removed_label_set_is_gone_and_starts_from_zero_when_asked_for_again(void)
{
	struct pitot_registry *m = pitot_registry_new(NULL);
	struct pitot_counters *f = pitot_counters(m, "c", "x", "l");
	struct pitot_counter *c = pitot_counters_get(f, "v");
	const struct pitot_label trace = {"t", "1"};
	pitot_counter_add_exemplar(c, 5, &trace, 1);
	struct pitot_snapshot *before = pitot_snapshot_take(m, NULL);
	pitot_counters_remove(f, "v");
	pitot_counters_remove(f, "v");
	pitot_counters_remove(f, "never there");
	struct pitot_snapshot *after = pitot_snapshot_take(m, NULL);
	check_size(pitot_snapshot_size(after), 0);
	check_double(find_value(before, "c_total{l=\"v\"}"), 5);
	pitot_counter_inc(c); /* goes nowhere, but harms nothing */
	check_true(pitot_counters_get(f, "v") == c);
	pitot_counter_inc(c);
	struct pitot_snapshot *again = pitot_snapshot_take(m, NULL);
	check_double(find_value(again, "c_total{l=\"v\"}"), 1);
	check_size(again->exemplar_count, 0);
	/* The old series is still referenced by `before`, so the new one has another number. */
	check_true(pt_series_id(before->table->series[0]) != pt_series_id(again->table->series[0]));
	pitot_snapshot_free(before);
	pitot_snapshot_free(after);
	pitot_snapshot_free(again);
	check_int(pitot_registry_error(m, NULL), 0);
	pitot_registry_free(m);
}

static void
series_numbers_are_dense_and_used_again(void)
{
	struct pitot_registry *m = pitot_registry_new(NULL);
	struct pitot_gauges *f = pitot_gauges(m, "g", "x", "l");
	char value[16];
	for (int round = 0; round < 5; round++) {
		for (int i = 0; i < 100; i++) {
			(void)snprintf(value, sizeof value, "%d", i);
			(void)pitot_gauges_get(f, value);
		}
		struct pitot_snapshot *s = pitot_snapshot_take(m, NULL);
		for (size_t i = 0; i < s->table->count; i++)
			check_true(pt_series_id(s->table->series[i]) < 100);
		pitot_snapshot_free(s);
		for (int i = 0; i < 100; i++) {
			(void)snprintf(value, sizeof value, "%d", i);
			pitot_gauges_remove(f, value);
		}
		pitot_snapshot_free(pitot_snapshot_take(m, NULL));
	}
	pitot_registry_free(m);
}

static void
snapshots_share_one_table_until_series_come_or_go(void)
{
	struct pitot_registry *m = pitot_registry_new(NULL);
	struct pitot_counters *f = pitot_counters(m, "c", "x", "l");
	pitot_counter_inc(pitot_counters_get(f, "1"));
	struct pitot_snapshot *a = pitot_snapshot_take(m, NULL);
	pitot_counter_inc(pitot_counters_get(f, "1"));
	struct pitot_snapshot *b = pitot_snapshot_take(m, NULL);
	check_true(a->table == b->table);
	check_true(a->bits != b->bits);
	check_double(find_value(a, "c_total{l=\"1\"}"), 1);
	check_double(find_value(b, "c_total{l=\"1\"}"), 2);
	(void)pitot_counters_get(f, "2");
	struct pitot_snapshot *c = pitot_snapshot_take(m, NULL);
	check_true(c->table != b->table);
	pitot_snapshot_free(a);
	pitot_snapshot_free(b);
	pitot_snapshot_free(c);
	pitot_registry_free(m);
}

/* ---- threads ---- */

enum { thread_count = 4, updates = 50000 };

struct shared {
	struct pitot_registry *registry;
	struct pitot_counter *counter;
	struct pitot_counters *family;
	struct pitot_histogram *histogram;
	struct pitot_summary *summary;
};

static void *
update(void *context)
{
	struct shared *shared = context;
	const struct pitot_label trace = {"t", "1"};
	char value[16];
	for (int i = 0; i < updates; i++) {
		pitot_counter_inc(shared->counter);
		(void)snprintf(value, sizeof value, "%d", i % 500);
		pitot_counter_add(pitot_counters_get(shared->family, value), 0.5);
		pitot_histogram_observe(shared->histogram, i % 13);
		pitot_summary_observe(shared->summary, i % 7);
		if (i % 1000 == 0) {
			pitot_counter_add_exemplar(shared->counter, 0, &trace, 1);
			pitot_counters_remove(shared->family, "none");
		}
	}
	return NULL;
}

static void
updates_from_many_threads_while_gathering_lose_nothing(void)
{
	static const double quantiles[] = {0.5};
	struct pitot_registry *m = pitot_registry_new(NULL);
	struct shared shared = {m, pitot_counter(m, "c", "x"), pitot_counters(m, "f", "x", "l"),
		pitot_histogram(m, "h", "x", NULL),
		pitot_summary(m, "s", "x",
			&(struct pitot_summary_options){
				.quantiles = quantiles, .quantile_count = 1})};
	pthread_t threads[thread_count];
	for (size_t i = 0; i < thread_count; i++)
		check_int(pthread_create(&threads[i], NULL, update, &shared), 0);
	double last = 0;
	for (int i = 0; i < 50; i++) {
		struct pitot_snapshot *s = pitot_snapshot_take(m, NULL);
		double now = find_value(s, "c_total");
		check_true(now >= last);
		last = now;
		check_double(find_value(s, "h_count"), find_value(s, "h_bucket{le=\"+Inf\"}"));
		pitot_snapshot_free(s);
	}
	for (size_t i = 0; i < thread_count; i++)
		check_int(pthread_join(threads[i], NULL), 0);
	check_double(value_of(m, "c_total"), thread_count * (double)updates);
	check_double(value_of(m, "h_count"), thread_count * (double)updates);
	check_double(value_of(m, "s_count"), thread_count * (double)updates);
	struct pitot_snapshot *s = pitot_snapshot_take(m, NULL);
	double sum = 0;
	for (size_t i = 0; i < pitot_snapshot_size(s); i++) {
		struct pitot_sample sample = pitot_snapshot_sample(s, i);
		sum += strcmp(sample.family, "f") == 0 ? sample.value : 0;
	}
	check_double(sum, thread_count * (double)updates * 0.5);
	check_int(pitot_registry_error(m, NULL), 0);
	pitot_snapshot_free(s);
	pitot_registry_free(m);
}

struct nested {
	struct pitot_registry *registry;
	struct pitot_gauge *gauge;
	int calls;
};

static void
declare_while_gathering(void *context)
{
	/* Hooks run without a lock: everything is allowed in them, gathering included. */
	struct nested *nested = context;
	pitot_gauge_set(nested->gauge, ++nested->calls);
	(void)pitot_gauge(nested->registry, "made_in_hook", "x");
	if (nested->calls == 1)
		pitot_snapshot_free(pitot_snapshot_take(nested->registry, NULL));
}

static void
hooks_run_at_every_gather_without_a_lock(void)
{
	struct pitot_registry *m = pitot_registry_new(NULL);
	struct nested nested = {m, pitot_gauge(m, "calls", "x"), 0};
	pitot_registry_on_gather(m, declare_while_gathering, &nested);
	check_double(value_of(m, "calls"), 2);
	check_double(value_of(m, "made_in_hook"), 0);
	check_double(value_of(m, "calls"), 4);
	pitot_registry_free(m);
}

CHECK_MAIN("metrics/family", TEST(each_set_of_values_has_one_instrument),
	TEST(every_type_has_labelled_families), TEST(a_wrong_number_of_values_is_a_mistake),
	TEST(too_many_label_names_are_a_mistake),
	TEST(a_removed_label_set_is_gone_and_starts_from_zero_when_asked_for_again),
	TEST(series_numbers_are_dense_and_used_again),
	TEST(snapshots_share_one_table_until_series_come_or_go),
	TEST(updates_from_many_threads_while_gathering_lose_nothing),
	TEST(hooks_run_at_every_gather_without_a_lock))
