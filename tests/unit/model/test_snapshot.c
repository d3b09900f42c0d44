/* SPDX-License-Identifier: MIT */
#include "model/snapshot.h"

#include "base/number.h"
#include "support/check.h"

enum { gauge, bucket, sum, series_count };

/* A gauge "load" without labels, and a bucket and the sum of a histogram "took" with a="1". */
static struct pt_table *
make_table(void)
{
	struct pt_ids *ids = pt_ids_new();
	struct pt_family *load = pt_family_new("load", 4, PITOT_GAUGE, "Load.", 5, NULL, 0);
	struct pt_family *took = pt_family_new("took", 4, PITOT_HISTOGRAM, NULL, 0, "seconds", 7);
	struct pt_label pair = pt_label_of("a", "1");
	struct pt_labels *none = pt_labels_new(NULL, 0), *one = pt_labels_new(&pair, 1);
	struct pt_series *series[series_count] = {
		[gauge] = pt_series_new(ids, load, none, PT_PART_VALUE, 0, NULL, 0),
		[bucket] = pt_series_new(ids, took, one, PT_PART_BUCKET, 0.5, NULL, 0),
		[sum] = pt_series_new(ids, took, one, PT_PART_SUM, 0, NULL, 0),
	};
	struct pt_table *table = pt_table_new(series, series_count);
	pt_labels_unref(none);
	pt_labels_unref(one);
	pt_family_unref(load);
	pt_family_unref(took);
	pt_ids_unref(ids);
	return table;
}

/* The snapshot holds the only reference to the table. */
static struct pitot_snapshot *
make_snapshot(void)
{
	struct pt_table *table = make_table();
	struct pitot_snapshot *snapshot = pt_snapshot_new(table, 1234);
	pt_table_unref(table);
	return snapshot;
}

static void
a_new_snapshot_has_no_samples(void)
{
	struct pitot_snapshot *snapshot = make_snapshot();
	check_fatal(snapshot != NULL);
	check_size(pitot_snapshot_size(snapshot), series_count);
	check_int(pitot_snapshot_time(snapshot), 1234);
	for (size_t i = 0; i < series_count; i++) {
		struct pitot_sample sample = pitot_snapshot_sample(snapshot, i);
		check_true(sample.absent);
		check_true(sample.value != sample.value);
		check_true(!sample.has_timestamp && !sample.has_exemplar);
		check_int(sample.timestamp_ms, 1234);
	}
	pitot_snapshot_free(snapshot);
	pitot_snapshot_free(NULL);
}

static void
samples_tell_what_they_are(void)
{
	struct pitot_snapshot *snapshot = make_snapshot();
	check_fatal(snapshot != NULL);
	snapshot->bits[gauge] = pt_number_bits(-0.0);
	snapshot->bits[bucket] = pt_number_bits(3);
	struct pitot_sample sample = pitot_snapshot_sample(snapshot, gauge);
	check_text(sample.family, "load");
	check_text(sample.suffix, "");
	check_text(sample.help, "Load.");
	check_text(sample.unit, "");
	check_int(sample.type, PITOT_GAUGE);
	check_size(sample.label_count, 0);
	check_true(!sample.absent && pt_number_bits(sample.value) == pt_number_bits(-0.0));
	sample = pitot_snapshot_sample(snapshot, bucket);
	check_text(sample.family, "took");
	check_text(sample.suffix, "_bucket");
	check_text(sample.help, "");
	check_text(sample.unit, "seconds");
	check_size(sample.label_count, 2);
	check_text(pitot_sample_label(&sample, 0).name, "a");
	check_text(pitot_sample_label(&sample, 0).value, "1");
	check_text(pitot_sample_label(&sample, 1).name, "le");
	check_text(pitot_sample_label(&sample, 1).value, "0.5");
	check_true(pitot_snapshot_sample(snapshot, sum).absent);
	pitot_snapshot_free(snapshot);
}

static void
bits_of_a_stale_marker_are_not_absence(void)
{
	struct pitot_snapshot *snapshot = make_snapshot();
	check_fatal(snapshot != NULL);
	snapshot->bits[gauge] = PT_NUMBER_STALE;
	snapshot->bits[sum] = PT_NUMBER_NAN;
	check_true(!pitot_snapshot_sample(snapshot, gauge).absent);
	check_true(!pitot_snapshot_sample(snapshot, sum).absent);
	pitot_snapshot_free(snapshot);
}

static void
a_time_of_its_own_goes_to_one_series(void)
{
	struct pitot_snapshot *snapshot = make_snapshot();
	check_fatal(snapshot != NULL);
	check_int(pt_snapshot_time_of(snapshot, bucket, 77), 77);
	check_true(pt_snapshot_set_time(snapshot, bucket, 0));
	check_true(pt_snapshot_set_time(snapshot, sum, -5));
	check_int(pt_snapshot_time_of(snapshot, gauge, 77), 77);
	check_int(pt_snapshot_time_of(snapshot, bucket, 77), 0);
	struct pitot_sample sample = pitot_snapshot_sample(snapshot, sum);
	check_true(sample.has_timestamp);
	check_int(sample.timestamp_ms, -5);
	check_true(!pitot_snapshot_sample(snapshot, gauge).has_timestamp);
	pitot_snapshot_free(snapshot);
}

static void
exemplars_are_found_by_their_series(void)
{
	enum { count = 100 };
	struct pitot_snapshot *snapshot = make_snapshot();
	struct pt_labels *labels = pt_labels_new(NULL, 0);
	check_fatal(snapshot != NULL && labels != NULL);
	for (size_t i = 0; i < count; i++) {
		struct pt_exemplar exemplar = {
			.index = 2 * i, .labels = labels, .bits = pt_number_bits((double)i)};
		check_fatal(pt_snapshot_add_exemplar(snapshot, &exemplar));
	}
	pt_labels_unref(labels);
	for (size_t i = 0; i < 2 * count + 2; i++) {
		const struct pt_exemplar *found = pt_snapshot_exemplar(snapshot, i);
		check_int(found != NULL, i % 2 == 0 && i < 2 * count);
		if (found != NULL)
			check_true(
				found->index == i && found->bits == pt_number_bits((double)i / 2));
	}
	check_true(pitot_snapshot_sample(snapshot, gauge).has_exemplar);
	check_true(!pitot_snapshot_sample(snapshot, bucket).has_exemplar);
	pitot_snapshot_free(snapshot);
}

static void
snapshots_share_their_table(void)
{
	struct pt_table *table = make_table();
	check_fatal(table != NULL);
	struct pitot_snapshot *one = pt_snapshot_new(table, 1), *two = pt_snapshot_new(table, 2);
	check_fatal(one != NULL && two != NULL);
	pt_table_unref(table);
	one->bits[gauge] = pt_number_bits(1);
	check_true(pitot_snapshot_sample(two, gauge).absent);
	pitot_snapshot_free(one);
	check_text(pitot_snapshot_sample(two, gauge).family, "load");
	pitot_snapshot_free(two);
	pt_table_unref(NULL);
}

static void
an_empty_table_is_a_table(void)
{
	struct pt_table *table = pt_table_new(NULL, 0);
	check_fatal(table != NULL);
	struct pitot_snapshot *snapshot = pt_snapshot_new(table, 1);
	check_fatal(snapshot != NULL);
	pt_table_unref(table);
	check_size(pitot_snapshot_size(snapshot), 0);
	check_true(pt_snapshot_exemplar(snapshot, 0) == NULL);
	pitot_snapshot_free(snapshot);
}

CHECK_MAIN("model/snapshot", TEST(a_new_snapshot_has_no_samples), TEST(samples_tell_what_they_are),
	TEST(bits_of_a_stale_marker_are_not_absence), TEST(a_time_of_its_own_goes_to_one_series),
	TEST(exemplars_are_found_by_their_series), TEST(snapshots_share_their_table),
	TEST(an_empty_table_is_a_table))
