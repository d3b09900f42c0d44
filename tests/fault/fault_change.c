/* SPDX-License-Identifier: MIT */
#include "drive/change.h"
#include "support/build.h"
#include "support/check.h"
#include "support/fault.h"

static void
without_memory_samples_count_as_changed(void)
{
	const struct build_row rows[] = {{.family = "a", .type = PITOT_GAUGE},
		{.family = "b", .type = PITOT_GAUGE}, {.family = "c", .type = PITOT_GAUGE}};
	struct pitot_snapshot *three = build_snapshot(rows, 3, 1);
	/* A table of its own with two of the same series. */
	struct pt_series *series[2];
	for (size_t i = 0; i < 2; i++)
		series[i] = pt_series_ref(three->table->series[i + 1]);
	struct pt_table *table = pt_table_new(series, 2);
	struct pitot_snapshot *two = pt_snapshot_new(table, 1);
	pt_table_unref(table);
	memcpy(two->bits, three->bits + 1, 2 * sizeof two->bits[0]);
	size_t met = 0;
	for (struct fault fault = {0}; fault_next(&fault);) {
		struct pt_change change = {0};
		check_size(pt_change_count(&change, three), 3);
		bool before = fault_met();
		check_size(pt_change_count(&change, three), before ? 3 : 0);
		size_t moved = pt_change_count(&change, two);
		check_size(moved, fault_met() && !before ? 2 : 0);
		met += fault_met();
		pt_change_clear(&change);
	}
	check_size(met, 2);
	pitot_snapshot_free(two);
	pitot_snapshot_free(three);
}

CHECK_MAIN("fault/change", TEST(without_memory_samples_count_as_changed))
