/* SPDX-License-Identifier: MIT */
/* Snapshots for tests. Making one fails only when memory is out, which tests do not expect. */
#include "build.h"

#include "base/number.h"
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* ---- from a table ---- */

struct building {
	struct pt_ids *ids;
	struct pt_family *family; /* referenced */
	struct pt_labels *labels; /* referenced */
	struct pt_series **series;
	size_t count;
};

static struct pt_labels *
labels_of(const struct build_row *row)
{
	struct pt_label pairs[BUILD_LABELS];
	size_t count = 0;
	for (; count < BUILD_LABELS && row->labels[count].name != NULL; count++)
		pairs[count] = pt_label_of(row->labels[count].name, row->labels[count].value);
	return pt_labels_new(pairs, count);
}

static void
begin_family(struct building *building, const struct build_row *row)
{
	size_t help = row->help != NULL ? strlen(row->help) : 0;
	size_t unit = row->unit != NULL ? strlen(row->unit) : 0;
	pt_family_unref(building->family);
	building->family = pt_family_new(
		row->family, strlen(row->family), row->type, row->help, help, row->unit, unit);
	pt_labels_unref(building->labels);
	building->labels = NULL;
}

static void
add_row(struct building *building, const struct build_row *row)
{
	if (row->family != NULL)
		begin_family(building, row);
	struct pt_labels *labels = labels_of(row);
	if (building->labels != NULL && pt_labels_equal(building->labels, labels)) {
		pt_labels_unref(labels);
		labels = pt_labels_ref(building->labels);
	}
	pt_labels_unref(building->labels);
	building->labels = labels;
	building->series[building->count++] = pt_series_new(building->ids, building->family, labels,
		row->part, row->bound, row->state, row->start_ms);
}

static void
set_sample(struct pitot_snapshot *snapshot, size_t index, const struct build_row *row)
{
	snapshot->bits[index] = row->bits != 0 ? row->bits : pt_number_user_bits(row->value);
	if (row->time_ms != 0)
		(void)pt_snapshot_set_time(snapshot, index, row->time_ms);
	if (row->exemplar.name == NULL)
		return;
	struct pt_label pair = pt_label_of(row->exemplar.name, row->exemplar.value);
	struct pt_labels *labels = pt_labels_new(&pair, 1);
	(void)pt_snapshot_add_exemplar(snapshot,
		&(struct pt_exemplar){
			.index = index,
			.labels = labels,
			.bits = pt_number_user_bits(row->exemplar_value),
			.has_timestamp = row->exemplar_ms != 0,
			.timestamp_ms = row->exemplar_ms,
		});
	pt_labels_unref(labels);
}

struct pitot_snapshot *
build_snapshot(const struct build_row *rows, size_t count, int64_t time_ms)
{
	struct building building = {.ids = pt_ids_new()};
	building.series = calloc(count + 1, sizeof building.series[0]);
	for (size_t i = 0; i < count; i++)
		add_row(&building, &rows[i]);
	struct pt_table *table = pt_table_new(building.series, count);
	struct pitot_snapshot *snapshot = pt_snapshot_new(table, time_ms);
	for (size_t i = 0; i < count; i++)
		set_sample(snapshot, i, &rows[i]);
	pt_table_unref(table);
	free(building.series);
	pt_labels_unref(building.labels);
	pt_family_unref(building.family);
	pt_ids_unref(building.ids);
	return snapshot;
}

/* ---- at random ---- */

uint64_t
build_random(uint64_t *seed, uint64_t limit)
{
	/* A counter through a mixer of multiplications and shifts: any seed will do. */
	uint64_t z = *seed += UINT64_C(0x9e3779b97f4a7c15);
	z = (z ^ (z >> 29)) * UINT64_C(0xd6e8feb86659fd93);
	z = (z ^ (z >> 32)) * UINT64_C(0xd6e8feb86659fd93);
	return (z ^ (z >> 32)) % limit;
}

uint64_t
build_seed(void)
{
	const char *given = getenv("PITOT_TEST_SEED");
	struct timespec now;
	(void)clock_gettime(CLOCK_REALTIME, &now);
	uint64_t seed = given != NULL
		? strtoull(given, NULL, 10)
		: (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
	printf("PITOT_TEST_SEED=%" PRIu64 "\n", seed);
	return seed;
}

static uint64_t
random_bits(uint64_t *seed)
{
	static const double awkward[] = {0.0, -0.0, 1, -1, 0.1, 5e-324, -5e-324,
		2.2250738585072014e-308, 1.7976931348623157e308, -1.7976931348623157e308,
		9007199254740993.0, 1e6, 999999, 1e-5, INFINITY, -INFINITY, NAN};
	switch (build_random(seed, 8)) {
	case 0:
		return PT_NUMBER_ABSENT;
	case 1:
		return PT_NUMBER_STALE;
	case 2:
		return pt_number_bits((double)build_random(seed, 1000000));
	case 3:
		/* Any bits at all; 0 means something else in a row. */
		return build_random(seed, UINT64_MAX) | 1;
	default:
		return pt_number_user_bits(
			awkward[build_random(seed, sizeof awkward / sizeof awkward[0])]);
	}
}

static const enum pt_part *
parts_of(enum pitot_type type)
{
	/* PT_PART_CREATED ends a list. */
	static const enum pt_part lists[][8] = {
		[PITOT_UNKNOWN] = {PT_PART_VALUE, PT_PART_CREATED},
		[PITOT_COUNTER] = {PT_PART_TOTAL, PT_PART_CREATED},
		[PITOT_GAUGE] = {PT_PART_VALUE, PT_PART_CREATED},
		[PITOT_HISTOGRAM] = {PT_PART_BUCKET, PT_PART_BUCKET, PT_PART_BUCKET, PT_PART_SUM,
			PT_PART_COUNT, PT_PART_CREATED},
		[PITOT_GAUGE_HISTOGRAM] = {PT_PART_BUCKET, PT_PART_BUCKET, PT_PART_BUCKET,
			PT_PART_GSUM, PT_PART_GCOUNT, PT_PART_CREATED},
		[PITOT_SUMMARY] = {PT_PART_QUANTILE, PT_PART_QUANTILE, PT_PART_SUM, PT_PART_COUNT,
			PT_PART_CREATED},
		[PITOT_INFO] = {PT_PART_INFO, PT_PART_CREATED},
		[PITOT_STATESET] = {PT_PART_STATE, PT_PART_STATE, PT_PART_STATE, PT_PART_CREATED},
	};
	return lists[type];
}

static void
random_labels(uint64_t *seed, struct pitot_label *labels)
{
	/* Before and after "__name__", "le" and "job" in the order of bytes. */
	static const char *const names[] = {"A", "Z_9", "_x", "a", "job", "k", "m_1", "zz"};
	static const char *const values[] = {"", "a", "a\"b\\c\nd",
		"\xc3\xa4\xe2\x82\xac\xf0\x9f\x8d\x95", "/x y,z={}", "\t\r\x01", "#",
		"longer than the ones that fit into a byte or two of it"};
	uint64_t at = 0;
	for (size_t i = 0; i + 1 < BUILD_LABELS; i++) {
		at += build_random(seed, 3);
		if (at >= sizeof names / sizeof names[0])
			return;
		labels[i].name = names[at++];
		labels[i].value = values[build_random(seed, sizeof values / sizeof values[0])];
	}
}

struct pitot_snapshot *
build_random_snapshot(uint64_t *seed)
{
	enum { most_families = 16, most_rows = most_families * 3 * 8 };
	static const double bounds[] = {-1, 0.5, INFINITY};
	static const char *const states[] = {"on", "off", "\"?\"\n"};
	char names[most_families][32];
	struct build_row *rows = calloc(most_rows, sizeof rows[0]);
	size_t count = 0, families = build_random(seed, most_families + 1);
	for (size_t f = 0; f < families; f++) {
		enum pitot_type type = (enum pitot_type)build_random(seed, PITOT_STATESET + 1);
		const char *name = names[f];
		(void)snprintf(names[f], sizeof names[f], "family_%zu", f);
		for (uint64_t metrics = 1 + build_random(seed, 3); metrics > 0; metrics--) {
			struct build_row row = {.type = type, .help = "H\\ \"e\"\nlp"};
			random_labels(seed, row.labels);
			row.time_ms = (int64_t)build_random(seed, 2) * 1700000000123;
			const enum pt_part *part = parts_of(type);
			for (size_t i = 0; part[i] != PT_PART_CREATED; i++) {
				row.family = name;
				name = NULL;
				row.part = part[i];
				row.bound = type == PITOT_SUMMARY ? 0.5 + 0.25 * (double)i
								  : bounds[i % 3];
				row.state = states[i % 3];
				row.bits = random_bits(seed);
				rows[count++] = row;
			}
		}
	}
	struct pitot_snapshot *snapshot = build_snapshot(rows, count, 1700000000000);
	free(rows);
	return snapshot;
}
