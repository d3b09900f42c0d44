/* SPDX-License-Identifier: MIT */
#include "export/queue.h"

#include "base/number.h"
#include <stdlib.h>
#include "support/check.h"
#include "support/literal.h"

static const struct literal rows[] = {
	GAUGE("a", "x=1", 1), GAUGE("a", "x=2", 2), GAUGE("b", NULL, 3)};

/* Snapshots of one table, as a registry makes them. */
static struct pitot_snapshot *
again(const struct pitot_snapshot *first, int64_t time_ms, double value)
{
	struct pitot_snapshot *snapshot = pt_snapshot_new(first->table, time_ms);
	for (size_t i = 0; i < first->table->count; i++)
		snapshot->bits[i] = pt_number_bits(value);
	return snapshot;
}

static void
add(struct pt_queue *queue, struct pitot_snapshot *snapshot, bool only_ends)
{
	static uint64_t ticket;
	struct pt_queued queued = {
		.snapshot = snapshot,
		.time_ms = snapshot->time_ms,
		.only_ends = only_ends,
		.ticket = ++ticket,
	};
	check_int(pt_queue_add(queue, &queued, NULL), 0);
}

static int64_t
take(struct pt_queue *queue)
{
	struct pt_queued queued;
	if (!pt_queue_take(queue, &queued))
		return 0;
	pitot_snapshot_free(queued.snapshot);
	return queued.time_ms;
}

static void
what_came_first_goes_first(void)
{
	struct pt_queue queue = {.limit = 1 << 20};
	struct pitot_snapshot *first = LITERAL(rows);
	for (int64_t at = 1; at <= 5; at++)
		add(&queue, again(first, at, 1), false);
	check_int(pt_queue_oldest(&queue), 1);
	check_size(queue.samples, 15);
	for (int64_t at = 1; at <= 5; at++)
		check_int(take(&queue), at);
	check_int(take(&queue), 0);
	check_size(queue.samples + queue.bytes, 0);
	pt_queue_clear(&queue);
	pitot_snapshot_free(first);
}

static void
a_full_queue_keeps_the_newest_of_each_series(void)
{
	struct pitot_snapshot *first = LITERAL(rows);
	/* Every size around that of some snapshots. */
	for (size_t limit = 1; limit < 2000; limit += 7) {
		struct pt_queue queue = {.limit = limit};
		for (int64_t at = 1; at <= 20; at++) {
			add(&queue, again(first, at, 1), false);
			check_true(queue.bytes <= limit || queue.first == queue.last);
		}
		size_t kept = queue.samples;
		check_size(queue.dropped[PITOT_DROP_REPLACED] + kept, 60);
		int64_t at = 0, last = 0;
		while ((at = take(&queue)) != 0) {
			check_true(at > last);
			last = at;
		}
		check_int(last, 20);
		pt_queue_clear(&queue);
	}
	pitot_snapshot_free(first);
}

/* Gauges, and a table that has all of them but the first. */
static struct pitot_snapshot *
many(struct pt_table **rest)
{
	static char labels[51][8];
	struct literal list[51];
	struct pt_series *series[50];
	for (size_t i = 0; i < 51; i++) {
		(void)snprintf(labels[i], sizeof labels[i], "x=%zu", i);
		list[i] = (struct literal)GAUGE("a", labels[i], (double)i);
	}
	struct pitot_snapshot *snapshot = literal_snapshot(list, 51, 1);
	for (size_t i = 0; i < 50; i++)
		series[i] = pt_series_ref(snapshot->table->series[i + 1]);
	*rest = pt_table_new(series, 50);
	return snapshot;
}

static void
what_nothing_newer_stands_for_stays(void)
{
	struct pt_label trace = pt_label_of("trace_id", "t");
	struct pt_labels *labels = pt_labels_new(&trace, 1);
	struct pt_native_side side = {.span_count = 1, .bucket_count = 2};
	struct pt_table *table;
	struct pitot_snapshot *old = many(&table);
	check_true(pt_snapshot_set_time(old, 0, 77));
	check_true(pt_snapshot_add_exemplar(
		old, &(struct pt_exemplar){.index = 0, .labels = labels, .bits = 5}));
	struct pt_native *native = pt_native_new(&side, &side, 0);
	native->count = 3;
	check_true(pt_snapshot_add_native(old, 0, native));
	struct pt_queue queue = {.limit = 1 << 20};
	add(&queue, old, false);
	struct pitot_snapshot *newer = pt_snapshot_new(table, 2);
	for (size_t i = 0; i < 50; i++)
		newer->bits[i] = 1;
	add(&queue, newer, false);
	queue.limit = queue.bytes - 1;
	add(&queue, again(newer, 3, 1), false);
	struct pt_queued queued;
	check_fatal(pt_queue_take(&queue, &queued));
	check_size(queued.snapshot->table->count, 1);
	check_text(pt_labels_find(queued.snapshot->table->series[0]->labels, "x"), "0");
	check_int(pt_snapshot_time_of(queued.snapshot, 0, 0), 77);
	check_true(pt_snapshot_exemplar(queued.snapshot, 0) != NULL);
	check_int((int64_t)pt_snapshot_native(queued.snapshot, 0)->count, 3);
	pitot_snapshot_free(queued.snapshot);
	check_size(queue.dropped[PITOT_DROP_REPLACED], 50);
	check_size(queue.dropped[PITOT_DROP_QUEUE_FULL], 0);
	pt_queue_clear(&queue);
	pt_table_unref(table);
	pt_labels_unref(labels);
}

static void
births_and_ends_are_kept_before_values(void)
{
	struct pitot_snapshot *first = LITERAL(rows);
	struct pt_queue queue = {.limit = 1 << 20};
	add(&queue, again(first, 1, 0), true);
	for (int64_t at = 2; at <= 4; at++)
		add(&queue, again(first, at, 1), false);
	queue.limit = queue.bytes - 1;
	add(&queue, again(first, 5, 1), false);
	check_int(take(&queue), 1);
	check_true(queue.dropped[PITOT_DROP_REPLACED] > 0);
	pt_queue_clear(&queue);
	pitot_snapshot_free(first);
}

static void
the_newest_state_takes_the_place_of_all_others(void)
{
	struct pitot_snapshot *first = LITERAL(rows);
	struct pt_queue queue = {.limit = 1 << 20, .newest_only = true};
	for (int64_t at = 1; at <= 9; at++)
		add(&queue, again(first, at, 1), false);
	check_size(queue.dropped[PITOT_DROP_REPLACED], 24);
	check_int(take(&queue), 9);
	check_int(take(&queue), 0);
	pt_queue_clear(&queue);
	pitot_snapshot_free(first);
}

CHECK_MAIN("export/queue", TEST(what_came_first_goes_first),
	TEST(a_full_queue_keeps_the_newest_of_each_series),
	TEST(what_nothing_newer_stands_for_stays), TEST(births_and_ends_are_kept_before_values),
	TEST(the_newest_state_takes_the_place_of_all_others))
