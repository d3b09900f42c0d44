/* SPDX-License-Identifier: MIT */
#include "drive/change.h"

#include "base/number.h"
#include "support/build.h"
#include "support/check.h"
#include <pitot/metrics.h>

static size_t
gather(struct pt_change *change, struct pitot_registry *registry)
{
	struct pitot_snapshot *snapshot = pitot_snapshot_take(registry, NULL);
	size_t changed = pt_change_count(change, snapshot);
	pitot_snapshot_free(snapshot);
	return changed;
}

static void
the_first_gather_is_all_new_and_then_only_changes_count(void)
{
	struct pt_change change = {0};
	struct pitot_registry *registry = pitot_registry_new(NULL);
	struct pitot_counter *counters[20];
	for (size_t i = 0; i < 20; i++) {
		char name[] = "things_a";
		name[7] = (char)('a' + i);
		counters[i] = pitot_counter(registry, name, "Things.");
	}
	check_size(gather(&change, registry), 20);
	check_size(gather(&change, registry), 0);
	for (size_t many = 0; many <= 20; many++) {
		for (size_t i = 0; i < many; i++)
			pitot_counter_inc(counters[i]);
		check_size(gather(&change, registry), many);
		check_size(gather(&change, registry), 0);
	}
	pt_change_clear(&change);
	check_size(gather(&change, registry), 20);
	pt_change_clear(&change);
	pt_change_clear(&change);
	pitot_registry_free(registry);
}

static void
values_are_compared_bit_by_bit_and_absent_ones_are_no_samples(void)
{
	static const struct {
		uint64_t before, after;
		size_t changed;
	} cases[] = {
		{PT_NUMBER_NAN, PT_NUMBER_NAN, 0},
		{PT_NUMBER_NAN, PT_NUMBER_STALE, 1},
		{0, UINT64_C(1) << 63, 1}, /* 0 and -0 */
		{0, PT_NUMBER_ABSENT, 0},
		{PT_NUMBER_ABSENT, PT_NUMBER_ABSENT, 0},
		{PT_NUMBER_ABSENT, 0, 1},
		{5, 6, 1},
	};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct pt_change change = {0};
		struct pitot_snapshot *snapshot = BUILD(1, {.family = "a", .type = PITOT_GAUGE});
		snapshot->bits[0] = cases[i].before;
		check_size(pt_change_count(&change, snapshot),
			cases[i].before == PT_NUMBER_ABSENT ? 0 : 1);
		snapshot->bits[0] = cases[i].after;
		check_size(pt_change_count(&change, snapshot), cases[i].changed);
		pitot_snapshot_free(snapshot);
		pt_change_clear(&change);
	}
}

static void
series_that_come_count_and_those_that_stay_are_recognized(void)
{
	/* Against a plain model, while random label sets come, change and go. */
	enum { sets = 30 };
	uint64_t seed = build_seed();
	struct pt_change change = {0};
	struct pitot_registry *registry = pitot_registry_new(NULL);
	struct pitot_counters *things = pitot_counters(registry, "things", "Things.", "id");
	bool there[sets] = {false}, changed[sets] = {false};
	size_t total = 0;
	for (int round = 0; round < 500; round++) {
		for (size_t i = 0; i < sets; i++) {
			char id[8];
			(void)snprintf(id, sizeof id, "%zu", i);
			if (build_random(&seed, 4) == 0) {
				pitot_counter_inc(pitot_counters_get(things, id));
				there[i] = changed[i] = true;
			} else if (there[i] && build_random(&seed, 20) == 0) {
				pitot_counters_remove(things, id);
				there[i] = changed[i] = false;
			}
		}
		size_t expected = 0;
		for (size_t i = 0; i < sets; i++) {
			expected += changed[i];
			changed[i] = false;
		}
		total += expected;
		check_size(gather(&change, registry), expected);
	}
	check_true(total > 500);
	pt_change_clear(&change);
	pitot_registry_free(registry);
}

static void
a_registry_without_series_is_harmless(void)
{
	struct pt_change change = {0};
	struct pitot_registry *registry = pitot_registry_new(NULL);
	check_size(gather(&change, registry), 0);
	check_size(gather(&change, registry), 0);
	pitot_counter_inc(pitot_counter(registry, "things", "Things."));
	check_size(gather(&change, registry), 1);
	check_size(gather(&change, registry), 0);
	pt_change_clear(&change);
	pitot_registry_free(registry);
}

CHECK_MAIN("drive/change", TEST(the_first_gather_is_all_new_and_then_only_changes_count),
	TEST(values_are_compared_bit_by_bit_and_absent_ones_are_no_samples),
	TEST(series_that_come_count_and_those_that_stay_are_recognized),
	TEST(a_registry_without_series_is_harmless))
