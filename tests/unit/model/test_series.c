/* SPDX-License-Identifier: MIT */
#include "model/series.h"

#include <math.h>
#include <pthread.h>
#include "support/check.h"
#include "support/literal.h"

static struct pt_family *
family_of(const char *name, enum pitot_type type)
{
	return pt_family_new(name, strlen(name), type, NULL, 0, NULL, 0);
}

static void
a_family_keeps_its_texts(void)
{
	struct pt_family *family =
		pt_family_new("mail_seconds_x", 12, PITOT_GAUGE, "Help!", 4, "seconds", 7);
	check_fatal(family != NULL);
	check_text(family->name, "mail_seconds");
	check_text(family->help, "Help");
	check_text(family->unit, "seconds");
	check_size(family->name_length, 12);
	check_size(family->help_length, 4);
	check_size(family->unit_length, 7);
	check_true(family->has_help);
	check_int(family->type, PITOT_GAUGE);
	pt_family_unref(pt_family_ref(family));
	pt_family_unref(family);
	pt_family_unref(NULL);
}

static void
no_help_is_not_an_empty_help(void)
{
	struct pt_family *none = pt_family_new("a", 1, PITOT_GAUGE, NULL, 5, NULL, 5);
	struct pt_family *empty = pt_family_new("a", 1, PITOT_GAUGE, "", 0, "", 0);
	check_fatal(none != NULL && empty != NULL);
	check_true(!none->has_help && empty->has_help);
	check_text(none->help, "");
	check_text(none->unit, "");
	check_text(empty->help, "");
	pt_family_unref(none);
	pt_family_unref(empty);
}

static void
series_of_one_kind_share_their_role(void)
{
	static const double bounds[] = {0.5, 1, INFINITY};
	struct pt_ids *ids = pt_ids_new();
	struct pt_family *family = family_of("h", PITOT_HISTOGRAM);
	struct pt_labels *labels = pt_labels_new(NULL, 0);
	struct pt_series *all[2][3];
	check_fatal(ids != NULL && family != NULL && labels != NULL);
	for (size_t i = 0; i < 6; i++) {
		/* The second time in the opposite order. */
		size_t b = i < 3 ? i : 5 - i;
		all[i / 3][b] =
			pt_series_new(ids, family, labels, PT_PART_BUCKET, bounds[b], NULL, 0);
		check_fatal(all[i / 3][b] != NULL);
	}
	for (size_t b = 0; b < 3; b++) {
		check_true(all[0][b]->role == all[1][b]->role);
		check_double(all[0][b]->role->bound, bounds[b]);
		check_true(all[0][b]->role != all[0][(b + 1) % 3]->role);
	}
	for (size_t i = 0; i < 6; i++)
		pt_series_unref(all[i / 3][i % 3]);
	pt_labels_unref(labels);
	pt_family_unref(family);
	pt_ids_unref(ids);
}

/* As a page may have that means no good. */
static void
roles_beyond_the_limit_go_with_their_series(void)
{
	enum { count = 10000 };
	static struct pt_series *all[count];
	struct pt_ids *ids = pt_ids_new();
	struct pt_family *family = family_of("h", PITOT_HISTOGRAM);
	struct pt_labels *labels = pt_labels_new(NULL, 0);
	check_fatal(ids != NULL && family != NULL && labels != NULL);
	for (int turn = 0; turn < 3; turn++) {
		for (size_t i = 0; i < count; i++) {
			all[i] = pt_series_new(
				ids, family, labels, PT_PART_BUCKET, (double)i, NULL, 0);
			check_fatal(all[i] != NULL);
		}
		for (size_t i = 0; i < count; i++) {
			check_double(all[i]->role->bound, (double)i);
			check_true(all[i]->role->is_shared == (i < 4096));
			pt_series_unref(all[i]);
		}
	}
	pt_labels_unref(labels);
	pt_family_unref(family);
	pt_ids_unref(ids);
}

static void
a_series_moves_to_another_family(void)
{
	struct pt_ids *ids = pt_ids_new();
	struct pt_family *family = family_of("s", PITOT_STATESET);
	struct pt_family *other = family_of("s", PITOT_UNKNOWN);
	struct pt_labels *labels = pt_labels_new(NULL, 0);
	check_fatal(ids != NULL && family != NULL && other != NULL && labels != NULL);
	struct pt_series *series = pt_series_new(ids, family, labels, PT_PART_STATE, 0, "up", 7);
	check_fatal(series != NULL && pt_series_move(series, other));
	pt_family_unref(family);
	check_true(series->role->family == other);
	check_text(series->role->extra_value, "up");
	check_int(series->start_ms, 7);
	check_true(pt_series_ids(series) == ids);
	pt_series_unref(series);
	pt_family_unref(other);
	pt_labels_unref(labels);
	pt_ids_unref(ids);
}

/* They decide about shards, which a restart must not change. */
static void
equal_series_have_equal_hashes(void)
{
	static const char *const texts[] = {"a", "1", "b", "2"};
	struct pt_ids *ids = pt_ids_new();
	struct pt_labels *one = literal_labels(texts, 2), *two = literal_labels(texts, 2);
	struct pt_labels *part = literal_labels(texts, 1);
	struct pt_family *family = family_of("c", PITOT_COUNTER);
	struct pt_family *again = family_of("c", PITOT_COUNTER);
	check_fatal(ids != NULL && one != NULL && two != NULL && part != NULL && again != NULL);
	struct pt_series *a = pt_series_new(ids, family, one, PT_PART_TOTAL, 0, NULL, 1);
	struct pt_series *b = pt_series_new(ids, again, two, PT_PART_TOTAL, 0, NULL, 2);
	struct pt_series *c = pt_series_new(ids, family, part, PT_PART_TOTAL, 0, NULL, 1);
	struct pt_series *d = pt_series_new(ids, family, one, PT_PART_VALUE, 0, NULL, 1);
	check_fatal(a != NULL && b != NULL && c != NULL && d != NULL);
	check_true(pt_series_hash(a) == pt_series_hash(b));
	check_true(pt_series_hash(a) != pt_series_hash(c));
	check_true(pt_series_hash(a) != pt_series_hash(d));
	/* Of no process, but of the text. */
	check_true(pt_series_hash(a) == UINT64_C(0x522ea30fe4c3114a));
	pt_series_unref(a);
	pt_series_unref(b);
	pt_series_unref(c);
	pt_series_unref(d);
	pt_family_unref(family);
	pt_family_unref(again);
	pt_labels_unref(one);
	pt_labels_unref(two);
	pt_labels_unref(part);
	pt_ids_unref(ids);
}

static void
ids_are_dense_and_used_again_when_free(void)
{
	enum { count = 300 };
	static struct pt_series *series[count];
	struct pt_ids *ids = pt_ids_new();
	struct pt_family *family = family_of("a", PITOT_GAUGE);
	struct pt_labels *labels = pt_labels_new(NULL, 0);
	check_fatal(ids != NULL && family != NULL && labels != NULL);
	for (uint32_t i = 0; i < count; i++) {
		series[i] = pt_series_new(ids, family, labels, PT_PART_VALUE, 0, NULL, 0);
		check_fatal(series[i] != NULL);
		check_int(pt_series_id(series[i]), i);
	}
	/* One that is still referenced keeps its number. */
	struct pt_series *kept = pt_series_ref(series[7]);
	for (size_t i = 0; i < count; i++)
		pt_series_unref(series[i]);
	static bool taken[count];
	for (size_t i = 0; i < count - 1; i++) {
		series[i] = pt_series_new(ids, family, labels, PT_PART_VALUE, 0, NULL, 0);
		check_fatal(series[i] != NULL && pt_series_id(series[i]) < count &&
			pt_series_id(series[i]) != 7);
		check_true(!taken[pt_series_id(series[i])]);
		taken[pt_series_id(series[i])] = true;
	}
	for (size_t i = 0; i < count - 1; i++)
		pt_series_unref(series[i]);
	/* The last series keeps all it needs. */
	pt_ids_unref(ids);
	pt_family_unref(family);
	pt_labels_unref(labels);
	check_text(kept->role->family->name, "a");
	pt_series_unref(kept);
	pt_series_unref(NULL);
	pt_ids_unref(NULL);
}

static void
the_extra_label_stands_in_its_place(void)
{
	static const struct {
		const char *texts[4];
		size_t count, place;
	} rows[] = {
		{{NULL}, 0, 0},
		{{"a", "1"}, 1, 1},
		{{"z", "1"}, 1, 0},
		{{"a", "1", "z", "2"}, 2, 1},
		{{"a", "1", "b", "2"}, 2, 2},
		{{"m", "1", "z", "2"}, 2, 0},
	};
	struct pt_ids *ids = pt_ids_new();
	struct pt_family *family = family_of("h", PITOT_HISTOGRAM);
	check_fatal(ids != NULL && family != NULL);
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct pt_labels *labels = literal_labels(rows[i].texts, rows[i].count);
		check_fatal(labels != NULL);
		struct pt_series *series =
			pt_series_new(ids, family, labels, PT_PART_BUCKET, 1, NULL, 0);
		check_fatal(series != NULL);
		check_size(pt_series_label_count(series), rows[i].count + 1);
		const char *before = "";
		for (size_t j = 0; j <= rows[i].count; j++) {
			struct pt_label label = pt_series_label(series, j);
			check_int(strcmp(label.name, "le") == 0, j == rows[i].place);
			check_true(strcmp(before, label.name) < 0);
			check_size(label.name_length, strlen(label.name));
			check_size(label.value_length, strlen(label.value));
			before = label.name;
		}
		check_text(pt_series_label(series, rows[i].place).value, "1.0");
		pt_series_unref(series);
		pt_labels_unref(labels);
	}
	pt_family_unref(family);
	pt_ids_unref(ids);
}

static void
parts_have_their_extra_labels(void)
{
	static const struct {
		enum pt_part part;
		double bound;
		const char *state, *name, *value;
	} rows[] = {
		{PT_PART_BUCKET, INFINITY, NULL, "le", "+Inf"},
		{PT_PART_BUCKET, 1e6, NULL, "le", "1e+06"},
		{PT_PART_QUANTILE, 0.99, NULL, "quantile", "0.99"},
		{PT_PART_STATE, 0, "up", "family", "up"},
		{PT_PART_COUNT, 0, NULL, NULL, NULL},
		{PT_PART_VALUE, 0, NULL, NULL, NULL},
	};
	struct pt_ids *ids = pt_ids_new();
	struct pt_family *family = family_of("family", PITOT_UNKNOWN);
	struct pt_labels *labels = pt_labels_new(NULL, 0);
	check_fatal(ids != NULL && family != NULL && labels != NULL);
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct pt_series *series = pt_series_new(
			ids, family, labels, rows[i].part, rows[i].bound, rows[i].state, 5);
		check_fatal(series != NULL);
		check_int(series->start_ms, 5);
		check_size(pt_series_label_count(series), rows[i].name != NULL ? 1 : 0);
		if (rows[i].name != NULL) {
			check_text(series->role->extra_name, rows[i].name);
			check_text(series->role->extra_value, rows[i].value);
		} else {
			check_true(series->role->extra_name == NULL &&
				series->role->extra_value == NULL);
		}
		pt_series_unref(series);
	}
	pt_labels_unref(labels);
	pt_family_unref(family);
	pt_ids_unref(ids);
}

struct shared {
	struct pt_ids *ids;
	struct pt_family *family;
	struct pt_labels *labels;
};

static void *
make_and_drop(void *context)
{
	struct shared *shared = context;
	for (int i = 0; i < 2000; i++) {
		struct pt_series *series = pt_series_new(
			shared->ids, shared->family, shared->labels, PT_PART_VALUE, 0, NULL, 0);
		if (series == NULL)
			return shared;
		pt_series_unref(pt_series_ref(series));
		pt_series_unref(series);
	}
	return NULL;
}

static void
threads_may_take_and_drop_references(void)
{
	enum { count = 4 };
	pthread_t threads[count];
	struct shared shared = {pt_ids_new(), family_of("a", PITOT_GAUGE), pt_labels_new(NULL, 0)};
	check_fatal(shared.ids != NULL && shared.family != NULL && shared.labels != NULL);
	for (int i = 0; i < count; i++)
		check_fatal(pthread_create(&threads[i], NULL, make_and_drop, &shared) == 0);
	for (int i = 0; i < count; i++) {
		void *failed;
		(void)pthread_join(threads[i], &failed);
		check_true(failed == NULL);
	}
	/* All are gone, so there were never more numbers than threads. */
	struct pt_series *last =
		pt_series_new(shared.ids, shared.family, shared.labels, PT_PART_VALUE, 0, NULL, 0);
	check_fatal(last != NULL);
	check_true(last->id < count);
	pt_series_unref(last);
	pt_ids_unref(shared.ids);
	pt_family_unref(shared.family);
	pt_labels_unref(shared.labels);
}

CHECK_MAIN("model/series", TEST(a_family_keeps_its_texts), TEST(no_help_is_not_an_empty_help),
	TEST(series_of_one_kind_share_their_role),
	TEST(roles_beyond_the_limit_go_with_their_series), TEST(a_series_moves_to_another_family),
	TEST(equal_series_have_equal_hashes), TEST(ids_are_dense_and_used_again_when_free),
	TEST(the_extra_label_stands_in_its_place), TEST(parts_have_their_extra_labels),
	TEST(threads_may_take_and_drop_references))
