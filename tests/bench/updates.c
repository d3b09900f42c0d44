/* SPDX-License-Identifier: MIT */
/*
 * The workload "hot": a counter, a gauge and a histogram by handle, and one of 1,000 counters by
 * three label values, in one thread and in two on the same object, through the shared library.
 */
#include "api.h"
#include "measure.h"
#include "reference.h"
#include "workload.h"
#include <pitot/baileys.h>
#include <stdio.h>

enum { per_run = 1000000, repetitions = 15, keys = 1024, children = 1000 };

static struct hot {
	struct pitot_counter *counter, *ignored;
	struct pitot_gauge *gauge;
	struct pitot_histogram *histogram;
	struct pitot_counters *family;
	struct pitot_baileys kit, ignored_kit;
	double values[keys];
	const char *labels[keys][3];
	_Atomic uint64_t cell;
	struct reference_histogram plain;
	struct reference_table *table;
} hot;

/*
 * One function for each case, so that nothing but the call itself is in the loop; each begins a
 * line of the cache, as the references do, so that none is slower for where it happens to be.
 */
#define LOOP(name, statement)                                                                      \
	static __attribute__((aligned(64))) void name(void *context, size_t times)                 \
	{                                                                                          \
		struct hot *h = context;                                                           \
		for (size_t i = 0; i < times; i++)                                                 \
			statement;                                                                 \
	}

#define LABELS(h, i)                                                                               \
	(h)->labels[(i) % keys][0], (h)->labels[(i) % keys][1], (h)->labels[(i) % keys][2]

LOOP(call_nothing, reference_nothing(h))
LOOP(inc, pitot_counter_inc(h->counter))
LOOP(inc_ignored, pitot_counter_inc(h->ignored))
LOOP(inc_kit, pitot_counter_inc(h->kit.messages_sent_total[i % PITOT_BAILEYS_MESSAGE_TYPES][1]))
LOOP(inc_kit_ignored,
	pitot_counter_inc(h->ignored_kit.messages_sent_total[i % PITOT_BAILEYS_MESSAGE_TYPES][1]))
LOOP(locked_add, reference_locked_add(&h->cell))
LOOP(thread_add, ((void)h, reference_thread_add()))
LOOP(add, pitot_counter_add(h->counter, 1.5))
LOOP(set, pitot_gauge_set(h->gauge, (double)i))
LOOP(store, reference_store(&h->cell, (double)i))
LOOP(observe, pitot_histogram_observe(h->histogram, h->values[i % keys]))
LOOP(observe_shared, reference_observe_shared(&h->plain, h->values[i % keys]))
LOOP(observe_thread, reference_observe_thread(h->values[i % keys]))
LOOP(observe_packed, reference_observe_packed(h->values[i % keys]))
LOOP(lookup, pitot_counter_inc(pitot_counters_get(h->family, LABELS(h, i))))
LOOP(lookup_plain, reference_locked_add(reference_find(h->table, LABELS(h, i))))

#define CASE(who, row, run, part)                                                                  \
	{                                                                                          \
		who, row, "ns/update", NULL, run, &hot, per_run / (part), 1                        \
	}

static const struct bench_case cases[] = {
	CASE("floor", "empty_call", call_nothing, 1),
	CASE("pitot", "counter_inc", inc, 1),
	CASE("locked_add", "counter_inc", locked_add, 1),
	CASE("thread_cell", "counter_inc", thread_add, 1),
	CASE("pitot", "counter_add", add, 1),
	CASE("pitot", "counter_inc_disabled", inc_ignored, 1),
	CASE("pitot", "kit_inc", inc_kit, 1),
	CASE("pitot", "kit_inc_disabled", inc_kit_ignored, 1),
	CASE("pitot", "gauge_set", set, 1),
	CASE("relaxed_store", "gauge_set", store, 1),
	CASE("pitot", "histogram_observe", observe, 2),
	CASE("shared_atomics", "histogram_observe", observe_shared, 2),
	CASE("thread_cells", "histogram_observe", observe_thread, 2),
	CASE("packed_cells", "histogram_observe", observe_packed, 2),
	CASE("pitot", "lookup_inc", lookup, 4),
	CASE("bare_table", "lookup_inc", lookup_plain, 4),
};

/* Label values and observations are made before anything is measured. */
static void
make_inputs(void)
{
	static char tenants[32][16];
	for (size_t i = 0; i < 32; i++)
		(void)snprintf(tenants[i], sizeof tenants[i], "tenant-%zu", i);
	for (size_t i = 0; i < keys; i++) {
		size_t child = mix(i) % children;
		hot.values[i] = workload_duration(i);
		hot.labels[i][0] = tenants[child / 32];
		hot.labels[i][1] = workload_methods[child / 8 % 4];
		hot.labels[i][2] = workload_statuses[child % 8];
	}
	/* All of them: also those that the keys do not meet. */
	for (size_t child = 0; child < children; child++) {
		const char *tenant = tenants[child / 32];
		const char *method = workload_methods[child / 8 % 4];
		const char *status = workload_statuses[child % 8];
		(void)pitot_counters_get(hot.family, tenant, method, status);
		(void)reference_find(hot.table, tenant, method, status);
	}
}

void
bench_updates(void)
{
	struct pitot_registry *m = pitot_registry_new(NULL);
	struct pitot_registry *off =
		pitot_registry_new(&(struct pitot_registry_options){.disabled = true});
	hot.counter = pitot_counter(m, "c", "x");
	hot.ignored = pitot_counter(off, "c", "x");
	pitot_baileys_declare(&hot.kit, m);
	pitot_baileys_declare(&hot.ignored_kit, off);
	hot.gauge = pitot_gauge(m, "g", "x");
	hot.histogram = pitot_histogram(m, "h", "x", &workload_buckets);
	hot.family = pitot_counters(m, "f", "x", "tenant", "method", "status");
	hot.table = reference_table_new(2048);
	make_inputs();
	bench_run(cases, sizeof cases / sizeof cases[0], repetitions);
	bench_run_two(cases, sizeof cases / sizeof cases[0], repetitions);
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
		if (cases[i].who[0] == 'p')
			bench_allocations(&cases[i]);
	bench_must(pitot_registry_error(m, NULL) == 0, "a mistake in the declarations");
	reference_table_free(hot.table);
	pitot_registry_free(off);
	pitot_registry_free(m);
}
