/* SPDX-License-Identifier: MIT */
/* Every allocation of the registry, its instruments, a gather and the configuration fails once. */
#include <pitot.h>
#include <stdlib.h>
#include "metrics/registry.h"
#include "support/check.h"
#include "support/fault.h"
#include "support/find.h"
#include "support/lives.h"
#include "support/tick.h"

static const double quantiles[] = {0.5, 0.9};
static const char *const states[] = {"on", "off"};
static const struct pitot_label constant = {"zone", "z"}, trace = {"trace_id", "t"};

/* Everything that allocates, once; true if the registry was made. */
static bool
use(struct pitot_registry *m)
{
	if (m == NULL)
		return false;
	struct pitot_counters *sent = pitot_counters(m, "sent", "x", "kind");
	for (char kind[] = "a"; kind[0] < 'a' + 20; kind[0]++)
		pitot_counter_add(pitot_counters_get(sent, kind), 0.5);
	pitot_counters_remove(sent, "b");
	pitot_counter_inc(pitot_counters_get(sent, "b"));
	struct pitot_counter *plain = pitot_counter(m, "plain", "x");
	pitot_counter_add_exemplar(plain, 2, &trace, 1);
	pitot_gauge_set(pitot_gauge(m, "depth_bytes", "x"), 3);
	pitot_registry_unit(m, "depth_bytes", "bytes");
	pitot_histogram_observe_exemplar(pitot_histogram(m, "h", "x", NULL), 1, &trace, 1);
	struct pitot_native_histogram *native = pitot_native_histogram(m, "n_bytes", "x", NULL);
	pitot_native_histogram_observe(native, 1e9);
	pitot_native_histogram_reset(native);
	pitot_native_histogram_observe_exemplar(native, 1, &trace, 1);
	pitot_registry_unit(m, "n_bytes", "bytes");
	struct pitot_native_histograms *natives = pitot_native_histograms(m, "ns", "x", NULL, "l");
	pitot_native_histogram_observe(pitot_native_histograms_get(natives, "a"), -1);
	pitot_summary_observe(pitot_summary(m, "s", "x",
				      &(struct pitot_summary_options){
					      .quantiles = quantiles, .quantile_count = 2}),
		1);
	pitot_stateset_only(pitot_stateset(m, "mode", "x", states, 2), 1);
	pitot_info(m, "build", "x", &trace, 1);
	pitot_gauge_histogram_add(pitot_gauge_histogram(m, "q", "x", NULL), 1);
	pitot_collect_process(m);
	pitot_collect_io(m);
	return true;
}

static void
a_registry_without_memory_tells_and_harms_nothing(void)
{
	unsigned long runs = 0;
	for (struct fault fault = {0}; fault_next(&fault); runs++) {
		struct pitot_registry *m = pitot_registry_new(&(struct pitot_registry_options){
			.prefix = "p_", .labels = &constant, .label_count = 1});
		bool made = use(m);
		struct pitot_error why = {.code = 0};
		struct pitot_snapshot *s = pitot_snapshot_take(m, &why);
		/* What is missing was told, by the gather or by the registry. */
		if (s == NULL) {
			check_true(fault_met());
			check_int(why.code, PITOT_NO_MEMORY);
		} else if (!made || pitot_registry_error(m, &why) != 0) {
			check_true(fault_met());
		} else {
			check_double(find_value(s, "p_sent_total{kind=\"a\",zone=\"z\"}"), 0.5);
			check_double(find_value(s, "p_sent_total{kind=\"b\",zone=\"z\"}"), 1);
			check_double(find_value(s, "p_depth_bytes{zone=\"z\"}"), 3);
			check_double(find_value(s, "p_h_count{zone=\"z\"}"), 1);
			check_double(find_value(s, "p_mode{p_mode=\"off\",zone=\"z\"}"), 1);
			check_double(find_value(s, "p_n_bytes_count{zone=\"z\"}"), 1);
			check_size(s->native_count, 2);
			check_int(s->natives[0].value->count, 1);
			check_int(s->natives[1].value->negative.bucket_count, 1);
			check_size(s->exemplar_count, 4);
		}
		pitot_snapshot_free(s);
		pitot_registry_free(m);
	}
	check_true(runs > 100);
}

/*
 * Label sets end, come back by use and by _get, overflow, and hand on their memory. The sum of all
 * that was gathered, in one life or another; *ok becomes false if a gather failed.
 */
static double
come_and_go(struct pitot_registry *m, struct tick *tick, bool *ok)
{
	struct pitot_counters *f = pitot_counters(m, "f", "x", "kind");
	pitot_registry_expire(m, "f", 10);
	pitot_registry_limit(m, "f", 2);
	double sum = 0;
	struct pitot_counter *a = pitot_counters_get(f, "a");
	pitot_counter_inc(a);
	struct pitot_snapshot *before = NULL;
	for (int i = 0; i < 12; i++) {
		if (i < 8) {
			pitot_counter_inc(pitot_counters_get(f, i < 4 ? "b" : "c"));
			pitot_counter_inc(pitot_counters_get(f, i % 2 == 0 ? "d" : "e"));
		}
		if (i == 3)
			pitot_counter_inc(a); /* it ended one gather before */
		tick_pass(tick, i == 4 || i >= 8 ? 20000 : 5000);
		struct pitot_snapshot *s = pitot_snapshot_take(m, NULL);
		if (before != NULL && s != NULL)
			sum += lives_ended(before, s, ok);
		*ok = *ok && s != NULL;
		pitot_snapshot_free(before);
		before = s;
	}
	pitot_snapshot_free(before);
	return sum;
}

static void
label_sets_come_and_go_without_memory(void)
{
	unsigned long runs = 0;
	for (struct fault fault = {0}; fault_next(&fault); runs++) {
		struct tick tick;
		tick_init(&tick);
		struct pitot_registry *m = pitot_registry_new(NULL);
		if (m == NULL) {
			check_true(fault_met());
			continue;
		}
		m->clock = &tick.clock;
		bool ok = true;
		double sum = come_and_go(m, &tick, &ok);
		if (ok && pitot_registry_error(m, NULL) == 0)
			check_double(sum, 18);
		else
			check_true(fault_met());
		pitot_registry_free(m);
	}
	check_true(runs > 20);
}

static void
a_configuration_without_memory_is_refused_whole(void)
{
	check_int(setenv("F_ENABLED", "true", 1), 0);
	check_int(setenv("F_URL", "http://localhost:9091", 1), 0);
	check_int(setenv("F_LABELS", "{\"a\":\"b\",\"c\":\"d\"}", 1), 0);
	check_int(setenv("F_HEADERS", "X-A=b,X-C=d", 1), 0);
	unsigned long runs = 0;
	for (struct fault fault = {0}; fault_next(&fault); runs++) {
		struct pitot_config config = {.owned = NULL}; /* a failure writes nothing */
		struct pitot_error why = {.code = 0};
		int code = pitot_config_from_env(&config, "F", &why);
		check_true(code == 0 || fault_met());
		check_int(why.code, code);
		if (code == 0)
			check_size(config.registry.label_count, 2);
		pitot_config_clear(&config);
	}
	check_true(runs > 2);
}

CHECK_MAIN("fault/metrics", TEST(a_registry_without_memory_tells_and_harms_nothing),
	TEST(label_sets_come_and_go_without_memory),
	TEST(a_configuration_without_memory_is_refused_whole))
