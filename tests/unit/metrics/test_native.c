/* SPDX-License-Identifier: MIT */
/* Native histograms: what is observed, within what budget, from many threads, and started anew. */
#include <math.h>
#include <pitot/exposition.h>
#include <pthread.h>
#include <stdlib.h>
#include "base/number.h"
#include "metrics/native_index.h"
#include "metrics/registry.h"
#include "support/build.h"
#include "support/check.h"
#include "support/fault.h"
#include "support/find.h"

/* A snapshot and the native histogram in it, of which there is one. */
struct taken {
	struct pitot_snapshot *snapshot;
	const struct pt_native *native;
	const struct pt_series *series;
};

static struct taken
take(struct pitot_registry *m)
{
	struct taken taken = {.snapshot = pitot_snapshot_take(m, NULL)};
	check_size(taken.snapshot->native_count, 1);
	size_t index = taken.snapshot->natives[0].index;
	taken.native = pt_snapshot_native(taken.snapshot, index);
	taken.series = taken.snapshot->table->series[index];
	check_int(taken.series->role->part, PT_PART_NATIVE);
	return taken;
}

static void
put_side(char **at, char *end, const struct pt_native_side *side)
{
	int32_t index = 0;
	size_t bucket = 0;
	for (size_t i = 0; i < side->span_count; i++) {
		index += side->spans[i].offset;
		for (uint32_t k = 0; k < side->spans[i].length; k++, bucket++, index++)
			*at += snprintf(*at, (size_t)(end - *at), " %d:%llu", (int)index,
				(unsigned long long)side->buckets[bucket]);
	}
	check_size(bucket, side->bucket_count);
}

/* "schema zero: index:count … | index:count …", the negative side last. */
static const char *
text_of(const struct pt_native *native)
{
	static char text[4096];
	char *at = text, *end = text + sizeof text;
	at += snprintf(at, sizeof text, "%d %llu:", native->schema,
		(unsigned long long)native->zero_count);
	put_side(&at, end, &native->positive);
	if (native->negative.bucket_count > 0) {
		at += snprintf(at, (size_t)(end - at), " |");
		put_side(&at, end, &native->negative);
	}
	return text;
}

static uint64_t
sum_of(const struct pt_native_side *side)
{
	uint64_t sum = 0;
	for (size_t i = 0; i < side->bucket_count; i++)
		sum += side->buckets[i];
	return sum;
}

/* What receivers check, and what is promised beyond. */
static bool
is_sound(const struct pt_native *native, size_t max_buckets)
{
	uint32_t lengths = 0;
	for (size_t i = 0; i < native->positive.span_count; i++)
		lengths += native->positive.spans[i].length;
	for (size_t i = 0; i < native->negative.span_count; i++)
		lengths += native->negative.spans[i].length;
	size_t buckets = native->positive.bucket_count + native->negative.bucket_count;
	for (size_t i = 1; i < native->positive.span_count; i++)
		if (native->positive.spans[i].offset <= 0)
			return false;
	return lengths == buckets &&
		(buckets <= max_buckets || native->schema == PT_NATIVE_SCHEMA_MIN) &&
		native->count ==
		native->zero_count + sum_of(&native->positive) + sum_of(&native->negative);
}

static void
values_fall_into_buckets_of_either_sign_and_the_zero_bucket(void)
{
	static const struct {
		struct pitot_native_options options;
		double values[8]; /* up to the first NaN */
		const char *text;
		double sum;
	} cases[] = {
		{{.growth = 0}, {NAN}, "3 0:", 0},
		{{.growth = 0}, {1, NAN}, "3 0: 0:1", 1},
		{{.growth = 0}, {1, 1.0625, 2, 4, NAN}, "3 0: 0:1 1:1 8:1 16:1", 8.0625},
		{{.growth = 2}, {1, 1.5, 2, 3, 4, 0.5, 0.375, NAN}, "0 0: -1:2 0:1 1:2 2:2",
			12.375},
		{{.growth = 2}, {-1, -3, -3, 3, 0, NAN}, "0 1: 2:1 | 0:1 2:2", -4},
		{{.growth = 2}, {0, -0.0, 0x1p-128, -0x1p-128, 0x1p-127, NAN}, "0 4: -127:1",
			0x1p-127},
		{{.growth = 2, .zero_threshold = 1}, {-1, 1, 0.5, 1.5, -2, NAN}, "0 3: 1:1 | 1:1",
			0},
		{{.growth = 2}, {INFINITY, 1, NAN}, "0 0: 0:1 1025:1", INFINITY},
		{{.growth = 1.001}, {-INFINITY, NAN}, "8 0: | 262145:1", -INFINITY},
		/* Too many buckets: joined until they are few enough. */
		{{.growth = 2, .max_buckets = 2}, {1, 2, 4, 8, NAN}, "-2 0: 0:1 1:3", 15},
		{{.growth = 2, .max_buckets = 3}, {1, 2, 4, 8, NAN}, "-1 0: 0:1 1:2 2:1", 15},
		{{.growth = 2, .max_buckets = 4}, {1, 2, 4, 8, NAN}, "0 0: 0:1 1:1 2:1 3:1", 15},
		{{.growth = 2, .max_buckets = 2}, {2, -2, 4, -4, NAN}, "-1 0: 1:2 | 1:2", 0},
		/* The lowest resolution stays, whatever the budget. */
		{{.growth = 2, .max_buckets = 1}, {1, 0x1p30, 0x1p-17, -1, NAN},
			"-4 0: -1:1 0:1 2:1 | 0:1", 0x1p30 + 0x1p-17},
	};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct pitot_registry *m = pitot_registry_new(NULL);
		struct pitot_native_histogram *h =
			pitot_native_histogram(m, "h", "x", &cases[i].options);
		size_t count = 0;
		while (!isnan(cases[i].values[count]))
			pitot_native_histogram_observe(h, cases[i].values[count++]);
		struct taken t = take(m);
		check_text(text_of(t.native), cases[i].text);
		check_double(t.native->zero_threshold,
			cases[i].options.zero_threshold == 0 ? 0x1p-128
							     : cases[i].options.zero_threshold);
		check_double(pt_number_from_bits(t.native->sum_bits), cases[i].sum);
		check_int(t.native->count, count);
		check_int(pitot_registry_error(m, NULL), 0);
		pitot_snapshot_free(t.snapshot);
		pitot_registry_free(m);
	}
}

static void
a_native_histogram_has_the_classic_series_of_its_fallback(void)
{
	static const double bounds[] = {-1, 0, 2.5};
	static const struct pitot_buckets three = {bounds, 3};
	const struct pitot_buckets *fallbacks[] = {NULL, &three, &pitot_buckets_jobs};
	static const double values[] = {-7, -1, 0, 0.005, 2.5, 2.6, 1e6, INFINITY};
	for (size_t i = 0; i < 3; i++) {
		struct pitot_registry *m = pitot_registry_new(NULL), *n = pitot_registry_new(NULL);
		struct pitot_native_histogram *h = pitot_native_histogram(
			m, "h", "x", &(struct pitot_native_options){.fallback = fallbacks[i]});
		struct pitot_histogram *classic = pitot_histogram(n, "h", "x", fallbacks[i]);
		for (size_t k = 0; k < sizeof values / sizeof values[0]; k++) {
			pitot_native_histogram_observe(h, values[k]);
			pitot_histogram_observe(classic, values[k]);
		}
		struct taken t = take(m);
		struct pitot_snapshot *s = pitot_snapshot_take(n, NULL);
		size_t count = pitot_snapshot_size(s);
		check_size(pitot_snapshot_size(t.snapshot), count + 1);
		for (size_t k = 0; k < count; k++) {
			const struct pt_series *a = t.snapshot->table->series[k];
			const struct pt_series *b = s->table->series[k];
			check_true(pt_series_hash(a) == pt_series_hash(b));
			check_true(a->role->part == b->role->part);
			check_true(t.snapshot->bits[k] == s->bits[k]);
			check_true(!pitot_snapshot_sample(t.snapshot, k).native);
		}
		struct pitot_sample sample = pitot_snapshot_sample(t.snapshot, count);
		check_true(sample.native && !sample.absent);
		check_text(sample.suffix, "");
		check_double(sample.value, sizeof values / sizeof values[0]);
		check_true(t.series->role->family->is_native &&
			!s->table->series[0]->role->family->is_native);
		pitot_snapshot_free(s);
		pitot_snapshot_free(t.snapshot);
		pitot_registry_free(m);
		pitot_registry_free(n);
	}
}

static void
nan_is_ignored_and_told(void)
{
	struct pitot_registry *m = pitot_registry_new(NULL);
	struct pitot_native_histogram *h = pitot_native_histogram(m, "h", "x", NULL);
	pitot_native_histogram_observe(h, NAN);
	pitot_native_histogram_observe_exemplar(h, NAN, NULL, 0);
	struct pitot_error why;
	check_int(pitot_registry_error(m, &why), PITOT_USAGE);
	check_text(why.text, "h: observing NaN was ignored");
	struct taken t = take(m);
	check_text(text_of(t.native), "3 0:");
	check_double(pt_number_from_bits(t.native->sum_bits), 0);
	check_double(find_value(t.snapshot, "h_count"), 0);
	pitot_snapshot_free(t.snapshot);
	pitot_registry_free(m);
}

static void
wrong_options_are_a_mistake(void)
{
	static const double falling[] = {2, 1};
	static const struct pitot_buckets wrong = {falling, 2};
	static const struct {
		struct pitot_native_options options;
		const char *text;
	} cases[] = {
		{{.growth = 1}, "growth must be above 1"},
		{{.growth = -2}, "growth must be above 1"},
		{{.growth = NAN}, "growth must be above 1"},
		{{.max_buckets = 1001}, "max_buckets at most 1000"},
		{{.zero_threshold = -1}, "a finite number above 0"},
		{{.zero_threshold = INFINITY}, "a finite number above 0"},
		{{.zero_threshold = NAN}, "a finite number above 0"},
		{{.fallback = &wrong}, "bucket bounds must be"},
	};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		for (int labelled = 0; labelled < 2; labelled++) {
			struct pitot_registry *m = pitot_registry_new(NULL);
			struct pitot_error why = {.code = 0};
			struct pitot_native_histogram *h = labelled
				? pitot_native_histograms_get(pitot_native_histograms(m, "h", "x",
								      &cases[i].options, "l"),
					  "v")
				: pitot_native_histogram(m, "h", "x", &cases[i].options);
			check_int(pitot_registry_error(m, &why), PITOT_USAGE);
			check_contains(why.text, cases[i].text);
			pitot_native_histogram_observe(h, 1);
			pitot_native_histogram_observe_exemplar(h, 1, NULL, 0);
			pitot_native_histogram_observe_since(h, 1);
			pitot_native_histogram_reset(h);
			pitot_registry_free(m);
		}
	}
}

static void
a_family_is_declared_once_with_one_set_of_options(void)
{
	static const struct pitot_native_options others[] = {
		{.growth = 2}, {.max_buckets = 10}, {.zero_threshold = 1}};
	for (size_t i = 0; i < 4; i++) {
		struct pitot_registry *m = pitot_registry_new(NULL);
		struct pitot_native_histogram *h = pitot_native_histogram(m, "h", "x", NULL);
		struct pitot_native_options same = {.growth = 1.1, .max_buckets = 160};
		check_true(pitot_native_histogram(m, "h", "x", &same) == h);
		check_int(pitot_registry_error(m, NULL), 0);
		if (i < 3)
			check_true(pitot_native_histogram(m, "h", "x", &others[i]) != h);
		else
			(void)pitot_histogram(m, "h", "x", NULL);
		struct pitot_error why;
		check_int(pitot_registry_error(m, &why), PITOT_USAGE);
		check_contains(why.text, "histogram h: clashes with histogram h");
		pitot_registry_free(m);
	}
}

static void
labelled_families_units_and_exemplars_work_as_elsewhere(void)
{
	struct pitot_registry *m = pitot_registry_new(NULL);
	struct pitot_native_histograms *f =
		pitot_native_histograms(m, "took_seconds", "x", NULL, "l");
	const struct pitot_label trace = {"trace_id", "t"};
	pitot_native_histogram_observe_exemplar(
		pitot_native_histograms_get(f, "v"), 0.3, &trace, 1);
	pitot_native_histogram_observe_since(
		pitot_native_histograms_get(f, "v"), pitot_timer_start() - 100);
	pitot_registry_unit(m, "took_seconds", "seconds");
	struct taken t = take(m);
	check_text(t.series->role->family->unit, "seconds");
	check_true(t.series->role->family->is_native);
	check_double(find_value(t.snapshot, "took_seconds_bucket{l=\"v\",le=\"10.0\"}"), 1);
	check_double(find_value(t.snapshot, "took_seconds_count{l=\"v\"}"), 2);
	check_int(t.native->count, 2);
	/* One for formats with classic buckets, one for those with native histograms. */
	check_size(t.snapshot->exemplar_count, 2);
	check_true(pt_snapshot_exemplar(t.snapshot, t.snapshot->natives[0].index) != NULL);
	pitot_snapshot_free(t.snapshot);
	pitot_native_histograms_remove(f, "v");
	struct pitot_snapshot *s = pitot_snapshot_take(m, NULL);
	check_size(pitot_snapshot_size(s), 0);
	pitot_snapshot_free(s);
	(void)pitot_native_histograms_get(f, "v");
	t = take(m);
	check_text(text_of(t.native), "3 0:");
	check_size(t.snapshot->exemplar_count, 0);
	pitot_snapshot_free(t.snapshot);
	check_int(pitot_registry_error(m, NULL), 0);
	pitot_registry_free(m);
}

/* ---- the budget ---- */

static int
by_index(const void *left, const void *right)
{
	const int64_t *a = left, *b = right;
	return (*a > *b) - (*a < *b);
}

/* What one schema makes of the values: how many buckets, and whether they are the side's. */
static size_t
reference_buckets(const double *values, size_t count, int schema, const struct pt_native_side *side,
	bool negative, bool *same)
{
	int64_t *indexes = malloc((count + 1) * sizeof *indexes);
	size_t kept = 0, buckets = 0;
	for (size_t i = 0; i < count; i++)
		if (fabs(values[i]) > 0x1p-128 && (values[i] < 0) == negative)
			indexes[kept++] = pt_native_index(fabs(values[i]), schema);
	qsort(indexes, kept, sizeof *indexes, by_index);
	int64_t index = 0;
	size_t span = 0, in_span = 0;
	for (size_t i = 0; i < kept; buckets++) {
		size_t equal = 0;
		for (int64_t first = indexes[i]; i < kept && indexes[i] == first; i++)
			equal++;
		if (side == NULL || buckets >= side->bucket_count)
			continue;
		while (span < side->span_count && in_span == side->spans[span].length)
			span++, in_span = 0;
		index += in_span == 0 ? side->spans[span].offset : 0;
		*same = *same && indexes[i - 1] == index && side->buckets[buckets] == equal;
		index++, in_span++;
	}
	*same = *same && (side == NULL || buckets == side->bucket_count);
	free(indexes);
	return buckets;
}

static void
check_against_reference(const struct pt_native *native, const double *values, size_t count,
	const struct pt_native_shape *shape)
{
	bool same = true;
	(void)reference_buckets(values, count, native->schema, &native->positive, false, &same);
	(void)reference_buckets(values, count, native->schema, &native->negative, true, &same);
	check_true(same);
	check_true(is_sound(native, shape->max_buckets));
	check_int(native->count, count);
	if (native->schema == shape->schema)
		return;
	/* No resolution was given away. */
	size_t finer = reference_buckets(values, count, native->schema + 1, NULL, false, &same) +
		reference_buckets(values, count, native->schema + 1, NULL, true, &same);
	check_true(finer > shape->max_buckets);
}

static void
any_values_are_as_finely_divided_as_the_budget_allows(void)
{
	enum { most = 3000 };
	static double values[most];
	static const size_t counts[] = {1, 10, 159, 160, 161, 400, most};
	static const size_t budgets[] = {1, 2, 7, 160, 1000};
	uint64_t seed = build_seed();
	for (int schema = PT_NATIVE_SCHEMA_MIN; schema <= PT_NATIVE_SCHEMA_MAX; schema++)
		for (size_t b = 0; b < 5; b++)
			for (size_t c = 0; c < 7; c++) {
				struct pitot_registry *m = pitot_registry_new(NULL);
				struct pitot_native_options options = {
					.growth = exp2(exp2(-schema)) * (1 + 1e-9),
					.max_buckets = budgets[b],
				};
				struct pitot_native_histogram *h =
					pitot_native_histogram(m, "h", "x", &options);
				/* From a narrow range to all numbers there are. */
				uint64_t from = build_random(&seed, UINT64_C(0x7fe) << 52);
				int narrow = (int)build_random(&seed, 13);
				for (size_t i = 0; i < counts[c]; i++) {
					uint64_t bits = from +
						(build_random(&seed, UINT64_C(1) << 62) >> narrow);
					if (bits >= UINT64_C(0x7ff) << 52)
						bits -= UINT64_C(0x7ff) << 52;
					values[i] = pt_number_from_bits(
						bits | build_random(&seed, 2) << 63);
					pitot_native_histogram_observe(h, values[i]);
				}
				struct taken t = take(m);
				const struct pt_native_shape *shape =
					&((const struct pt_child *)h)->set->shape.native;
				check_int(shape->schema, schema);
				check_against_reference(t.native, values, counts[c], shape);
				pitot_snapshot_free(t.snapshot);
				pitot_registry_free(m);
			}
}

/* ---- resetting ---- */

static int64_t now;

static int64_t
wall_ms(const struct pt_clock *clock)
{
	(void)clock;
	return now;
}

static void
a_reset_starts_counts_and_resolution_anew(void)
{
	static const struct pt_clock clock = {wall_ms, wall_ms, NULL};
	const struct pitot_label trace = {"trace_id", "t"};
	struct pitot_registry *m = pitot_registry_new(NULL);
	m->clock = &clock;
	now = 1000;
	struct pitot_native_histogram *h = pitot_native_histogram(
		m, "h", "x", &(struct pitot_native_options){.growth = 1.01, .max_buckets = 20});
	for (int i = -1000; i < 1000; i++)
		pitot_native_histogram_observe_exemplar(h, ldexp(1, i), &trace, 1);
	struct taken before = take(m);
	check_int(before.native->schema, -4);
	check_int(before.series->start_ms, 1000);
	now = 5000;
	pitot_native_histogram_reset(h);
	struct taken empty = take(m);
	check_text(text_of(empty.native), "7 0:");
	check_int(empty.native->sum_bits, 0);
	check_int(empty.series->start_ms, 5000);
	check_size(empty.snapshot->exemplar_count, 0);
	check_double(find_value(empty.snapshot, "h_count"), 0);
	check_double(find_value(before.snapshot, "h_count"), 2000);
	pitot_native_histogram_observe(h, 1);
	struct taken after = take(m);
	check_text(text_of(after.native), "7 0: 0:1");
	check_double(find_value(after.snapshot, "h_count"), 1);
	pitot_snapshot_free(before.snapshot);
	pitot_snapshot_free(empty.snapshot);
	pitot_snapshot_free(after.snapshot);
	check_int(pitot_registry_error(m, NULL), 0);
	pitot_registry_free(m);
}

static void
resetting_what_was_removed_does_nothing(void)
{
	struct pitot_registry *m = pitot_registry_new(NULL);
	struct pitot_native_histograms *f = pitot_native_histograms(m, "h", "x", NULL, "l");
	struct pitot_native_histogram *h = pitot_native_histograms_get(f, "v");
	pitot_native_histograms_remove(f, "v");
	pitot_native_histogram_reset(h);
	struct pitot_snapshot *s = pitot_snapshot_take(m, NULL);
	check_size(pitot_snapshot_size(s), 0);
	pitot_snapshot_free(s);
	check_int(pitot_registry_error(m, NULL), 0);
	pitot_registry_free(m);
}

/* ---- memory ---- */

static void
an_update_allocates_only_where_nothing_was_observed_before(void)
{
	struct pitot_registry *m = pitot_registry_new(NULL);
	struct pitot_native_histogram *h = pitot_native_histogram(m, "h", "x", NULL);
	for (int round = 0; round < 2; round++) {
		struct fault fault = {0};
		if (round == 1)
			check_fatal(fault_next(&fault)); /* the next allocation fails */
		for (int i = 0; i < 5000; i++) {
			pitot_native_histogram_observe(h, i * 0.001 - 1);
			pitot_native_histogram_observe(h, ldexp(1, i % 1000));
		}
		if (round == 1)
			check_true(!fault_met());
		if (round == 1)
			check_true(!fault_next(&fault));
	}
	check_int(pitot_registry_error(m, NULL), 0);
	pitot_registry_free(m);
}

static void
an_observation_without_memory_is_counted_nowhere(void)
{
	struct pitot_registry *m = pitot_registry_new(NULL);
	struct pitot_native_histogram *h = pitot_native_histogram(m, "h", "x", NULL);
	pitot_native_histogram_observe(h, 1);
	struct fault fault = {0};
	check_fatal(fault_next(&fault));
	pitot_native_histogram_observe(h, 1000);
	check_true(fault_met());
	pitot_native_histogram_observe(h, 1);
	struct pitot_error why;
	check_int(pitot_registry_error(m, &why), PITOT_USAGE);
	check_text(why.text, "h: an observation was left out: out of memory");
	struct taken t = take(m);
	check_text(text_of(t.native), "3 0: 0:2");
	check_double(find_value(t.snapshot, "h_count"), 2);
	check_double(find_value(t.snapshot, "h_sum"), 2);
	pitot_snapshot_free(t.snapshot);
	pitot_registry_free(m);
}

/* ---- threads ---- */

enum { thread_count = 4, updates = 20000 };

struct shared {
	struct pitot_native_histogram *histogram;
	uint64_t seed;
};

static void *
update(void *context)
{
	struct shared *shared = context;
	uint64_t seed = shared->seed;
	for (int i = 0; i < updates; i++) {
		/* The same new ranges at the same time in all threads, and ever more of them. */
		double value = ldexp(1 + (double)build_random(&seed, 256) / 256, i / 20 - 100);
		pitot_native_histogram_observe(shared->histogram, i % 2 == 0 ? value : -value);
	}
	return NULL;
}

static void
updates_from_many_threads_while_gathering_lose_nothing(void)
{
	struct pitot_registry *m = pitot_registry_new(NULL);
	struct pitot_native_options options = {.growth = 1.01, .max_buckets = 40};
	struct shared shared[thread_count];
	pthread_t threads[thread_count];
	struct pitot_native_histogram *h = pitot_native_histogram(m, "h", "x", &options);
	for (size_t i = 0; i < thread_count; i++) {
		shared[i] = (struct shared){h, i + 1};
		check_int(pthread_create(&threads[i], NULL, update, &shared[i]), 0);
	}
	uint64_t last = 0;
	for (int i = 0; i < 50; i++) {
		struct taken t = take(m);
		check_true(is_sound(t.native, 40));
		check_true(t.native->count >= last);
		last = t.native->count;
		check_double(find_value(t.snapshot, "h_count"),
			find_value(t.snapshot, "h_bucket{le=\"+Inf\"}"));
		pitot_snapshot_free(t.snapshot);
	}
	for (size_t i = 0; i < thread_count; i++)
		check_int(pthread_join(threads[i], NULL), 0);
	struct taken t = take(m);
	check_int(t.native->count, thread_count * updates);
	check_int(sum_of(&t.native->positive), thread_count * updates / 2);
	check_true(is_sound(t.native, 40));
	check_double(find_value(t.snapshot, "h_count"), thread_count * updates);
	check_int(pitot_registry_error(m, NULL), 0);
	pitot_snapshot_free(t.snapshot);
	pitot_registry_free(m);
}

static void
resets_among_updates_leave_sound_values(void)
{
	struct pitot_registry *m = pitot_registry_new(NULL);
	struct pitot_native_histogram *h = pitot_native_histogram(m, "h", "x", NULL);
	struct shared shared[2] = {{h, 1}, {h, 2}};
	pthread_t threads[2];
	for (size_t i = 0; i < 2; i++)
		check_int(pthread_create(&threads[i], NULL, update, &shared[i]), 0);
	for (int i = 0; i < 30; i++) {
		pitot_native_histogram_reset(h);
		struct taken t = take(m);
		check_true(is_sound(t.native, 160));
		pitot_snapshot_free(t.snapshot);
	}
	for (size_t i = 0; i < 2; i++)
		check_int(pthread_join(threads[i], NULL), 0);
	pitot_native_histogram_reset(h);
	struct taken t = take(m);
	check_text(text_of(t.native), "3 0:");
	pitot_snapshot_free(t.snapshot);
	check_int(pitot_registry_error(m, NULL), 0);
	pitot_registry_free(m);
}

CHECK_MAIN("metrics/native", TEST(values_fall_into_buckets_of_either_sign_and_the_zero_bucket),
	TEST(a_native_histogram_has_the_classic_series_of_its_fallback),
	TEST(nan_is_ignored_and_told), TEST(wrong_options_are_a_mistake),
	TEST(a_family_is_declared_once_with_one_set_of_options),
	TEST(labelled_families_units_and_exemplars_work_as_elsewhere),
	TEST(any_values_are_as_finely_divided_as_the_budget_allows),
	TEST(a_reset_starts_counts_and_resolution_anew),
	TEST(resetting_what_was_removed_does_nothing),
	TEST(an_update_allocates_only_where_nothing_was_observed_before),
	TEST(an_observation_without_memory_is_counted_nowhere),
	TEST(updates_from_many_threads_while_gathering_lose_nothing),
	TEST(resets_among_updates_leave_sound_values))
