/* SPDX-License-Identifier: MIT */
#include "drive/lifecycle.h"

#include "base/number.h"
#include "metrics/registry.h"
#include "support/check.h"
#include "support/find.h"

static int64_t now_ms = 1700000000000;

static int64_t
read_now(const struct pt_clock *clock)
{
	(void)clock;
	return now_ms;
}

static const struct pt_clock clock_of_test = {read_now, read_now, NULL};

struct world {
	struct pitot_registry *registry;
	struct pitot_counters *jobs;
	struct pt_lifecycle life;
	struct pitot_snapshot *ends, *births;
};

static void
begin(struct world *w, bool anchors)
{
	now_ms = 1700000000000;
	*w = (struct world){.registry = pitot_registry_new(NULL), .life = {.anchors = anchors}};
	w->registry->clock = &clock_of_test;
	w->jobs = pitot_counters(w->registry, "jobs", NULL, "kind");
}

static void
drop(struct world *w)
{
	pitot_snapshot_free(w->ends);
	pitot_snapshot_free(w->births);
	w->ends = w->births = NULL;
}

/* Gathers at `time_ms`, which becomes now. */
static void
follow(struct world *w, int64_t time_ms)
{
	drop(w);
	now_ms = time_ms;
	struct pitot_snapshot *snapshot = pitot_snapshot_take(w->registry, NULL);
	check_int(pt_lifecycle_follow(&w->life, snapshot, time_ms, &w->ends, &w->births), 0);
	pitot_snapshot_free(snapshot);
}

static void
end(struct world *w)
{
	drop(w);
	pt_lifecycle_clear(&w->life);
	pitot_registry_free(w->registry);
}

static void
a_counter_born_with_a_value_gets_a_zero_at_its_start(void)
{
	struct world w;
	begin(&w, true);
	int64_t start_ms = now_ms;
	pitot_counter_inc(pitot_counters_get(w.jobs, "a"));
	(void)pitot_counters_get(w.jobs, "zero"); /* its own first sample is the zero */
	pitot_gauge_set(pitot_gauge(w.registry, "depth", NULL), 5);
	follow(&w, start_ms + 1500);
	check_true(w.ends == NULL);
	check_fatal(w.births != NULL);
	check_size(w.births->table->count, 1);
	check_true(w.births->bits[0] == pt_number_bits(0));
	check_int(pt_snapshot_time_of(w.births, 0, 0), start_ms);
	/* Nothing new, nothing said; not even when it counts on. */
	pitot_counter_inc(pitot_counters_get(w.jobs, "a"));
	follow(&w, start_ms + 3000);
	check_true(w.births == NULL && w.ends == NULL);
	end(&w);
}

static void
a_zero_is_never_older_than_what_was_sent_nor_as_new_as_the_sample(void)
{
	static const struct {
		int64_t last, born, time, expected;
	} cases[] = {
		{0, 500, 1500, 500}, {1000, 500, 1500, 1002},       /* older than what was sent */
		{1000, 1200, 1500, 1200}, {1000, 1500, 1500, 1499}, /* born as it was gathered */
		{1497, 1499, 1500, 1499},
		{0, 0, 3600000, 2999999}, /* receivers refuse what is too old */
	};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct world w;
		begin(&w, true);
		int64_t base = now_ms;
		now_ms = base + cases[i].born;
		pitot_counter_inc(pitot_counters_get(w.jobs, "a"));
		w.life.last_ms = cases[i].last == 0 ? 0 : base + cases[i].last;
		follow(&w, base + cases[i].time);
		check_fatal(w.births != NULL);
		check_int(pt_snapshot_time_of(w.births, 0, 0), base + cases[i].expected);
		end(&w);
	}
}

static void
a_removed_series_gets_a_stale_marker_behind_its_last_sample(void)
{
	/* remote-write 18 */
	struct world w;
	begin(&w, true);
	int64_t base = now_ms;
	pitot_counter_inc(pitot_counters_get(w.jobs, "a"));
	pitot_counter_inc(pitot_counters_get(w.jobs, "b"));
	follow(&w, base + 1000);
	pitot_counters_remove(w.jobs, "a");
	follow(&w, base + 2000);
	check_true(w.births == NULL);
	check_fatal(w.ends != NULL);
	check_size(w.ends->table->count, 1);
	check_true(w.ends->bits[0] == PT_NUMBER_STALE);
	check_int(w.ends->time_ms, base + 1001);
	check_text(pt_labels_find(w.ends->table->series[0]->labels, "kind"), "a");
	end(&w);
}

static void
a_series_that_comes_back_ends_before_it_begins(void)
{
	struct world w;
	begin(&w, true);
	int64_t base = now_ms;
	pitot_counter_inc(pitot_counters_get(w.jobs, "a"));
	follow(&w, base + 1000);
	pitot_counters_remove(w.jobs, "a");
	pitot_counter_inc(pitot_counters_get(w.jobs, "a"));
	follow(&w, base + 1003); /* as soon as can be */
	check_fatal(w.ends != NULL && w.births != NULL);
	check_int(w.ends->time_ms, base + 1001);
	check_int(pt_snapshot_time_of(w.births, 0, 0), base + 1002);
	end(&w);
}

static void
no_zeros_are_made_where_they_are_not_wanted(void)
{
	struct world w;
	begin(&w, false);
	pitot_counter_inc(pitot_counters_get(w.jobs, "a"));
	follow(&w, now_ms + 1000);
	check_true(w.births == NULL);
	pitot_counters_remove(w.jobs, "a");
	follow(&w, now_ms + 1000);
	check_true(w.ends != NULL);
	end(&w);
}

static void
a_native_histogram_begins_with_an_empty_one(void)
{
	struct world w;
	begin(&w, true);
	pitot_native_histogram_observe(
		pitot_native_histogram(w.registry, "size_bytes", NULL, NULL), 3);
	follow(&w, now_ms + 1000);
	check_fatal(w.births != NULL);
	size_t natives = 0;
	for (size_t i = 0; i < w.births->table->count; i++) {
		const struct pt_native *native = pt_snapshot_native(w.births, i);
		if (w.births->table->series[i]->role->part != PT_PART_NATIVE)
			continue;
		natives++;
		check_fatal(native != NULL);
		check_int((int64_t)native->count, 0);
		check_size(native->positive.bucket_count, 0);
	}
	check_size(natives, 1);
	end(&w);
}

static void
the_end_of_all_leaves_out_what_was_absent(void)
{
	struct world w;
	begin(&w, true);
	pitot_counter_inc(pitot_counters_get(w.jobs, "a"));
	pitot_counter_inc(pitot_counters_get(w.jobs, "b"));
	struct pitot_snapshot *snapshot = pitot_snapshot_take(w.registry, NULL);
	snapshot->bits[0] = PT_NUMBER_ABSENT;
	struct pitot_snapshot *last = pt_lifecycle_end(snapshot, 500);
	check_int(last->time_ms, 501);
	check_true(last->bits[0] == PT_NUMBER_ABSENT && last->bits[1] == PT_NUMBER_STALE);
	pitot_snapshot_free(last);
	pitot_snapshot_free(snapshot);
	end(&w);
}

static void
a_counter_of_an_earlier_process_goes_on_without_a_zero(void)
{
	struct world w;
	begin(&w, true);
	int64_t start_ms = now_ms;
	pitot_counter_restore(pitot_counters_get(w.jobs, "old"), 41.5, start_ms - 86400000);
	pitot_counter_inc(pitot_counters_get(w.jobs, "old"));
	pitot_counter_restore(pitot_counters_get(w.jobs, "since when"), 3, 0);
	pitot_counter_inc(pitot_counters_get(w.jobs, "new"));
	follow(&w, start_ms + 1500);
	check_fatal(w.births != NULL);
	check_size(w.births->table->count, 1);
	check_text(pt_series_label(w.births->table->series[0], 0).value, "new");
	struct pitot_snapshot *snapshot = pitot_snapshot_take(w.registry, NULL);
	for (size_t i = 0; i < pitot_snapshot_size(snapshot); i++) {
		struct pitot_sample sample = pitot_snapshot_sample(snapshot, i);
		const char *kind = pitot_sample_label(&sample, 0).value;
		bool is_old = strcmp(kind, "old") == 0, is_new = strcmp(kind, "new") == 0;
		check_double(sample.value, is_old ? 42.5 : is_new ? 1 : 3);
		check_int(sample.start_ms, is_old ? start_ms - 86400000 : is_new ? start_ms : 0);
	}
	pitot_snapshot_free(snapshot);
	end(&w);
}

CHECK_MAIN("drive/lifecycle", TEST(a_counter_born_with_a_value_gets_a_zero_at_its_start),
	TEST(a_zero_is_never_older_than_what_was_sent_nor_as_new_as_the_sample),
	TEST(a_removed_series_gets_a_stale_marker_behind_its_last_sample),
	TEST(a_series_that_comes_back_ends_before_it_begins),
	TEST(a_counter_of_an_earlier_process_goes_on_without_a_zero),
	TEST(no_zeros_are_made_where_they_are_not_wanted),
	TEST(a_native_histogram_begins_with_an_empty_one),
	TEST(the_end_of_all_leaves_out_what_was_absent))
