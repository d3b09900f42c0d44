/* SPDX-License-Identifier: MIT */
/* Series at random. What each family's series are like follows from its type. */
#include "herd.h"

#include "base/number.h"
#include "build.h"
#include "build_native.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

/* What a member's value does from one snapshot to the next. */
enum { COUNTS, LEAPS, HOLDS, FLOATS, FLICKERS, BREAKS, VANISHES, NATURES };

static const struct {
	const char *name, *help;
	enum pitot_type type;
	enum pt_part part;
} kinds[HERD_FAMILIES] = {
	{"requests", "Answered.", PITOT_COUNTER, PT_PART_TOTAL},
	{"load", "", PITOT_GAUGE, PT_PART_VALUE},
	{"errors", NULL, PITOT_COUNTER, PT_PART_TOTAL},
	{"took_seconds", "Time.", PITOT_HISTOGRAM, PT_PART_BUCKET},
	{"what", "Unknown.", PITOT_UNKNOWN, PT_PART_VALUE},
	{"native_seconds", "Time.", PITOT_HISTOGRAM, PT_PART_NATIVE},
	{"queue", "Length.", PITOT_GAUGE, PT_PART_VALUE},
};

static bool
one_in(const struct herd *herd, uint64_t count)
{
	return build_random(herd->seed, count) == 0;
}

static void *
need(void *memory)
{
	if (memory == NULL)
		abort();
	return memory;
}

static struct pt_labels *
labels_of(struct herd *herd, uint64_t number)
{
	static const char *const hosts[] = {
		"a", "b.example.org:9100", "\xc3\xa4\xe2\x82\xac", "10.0.0.1:9100"};
	char id[32], text[400];
	(void)snprintf(id, sizeof id, "%llu", (unsigned long long)number);
	struct pt_label pairs[4] = {pt_label_of("id", id)};
	size_t count = 1;
	if (!one_in(herd, 4))
		pairs[count++] = pt_label_of("host", hosts[number / 8 % 4]);
	if (one_in(herd, 3))
		pairs[count++] = pt_label_of("job", "own");
	if (one_in(herd, 40)) {
		/* Longer than a short literal, and than a length of one byte. */
		size_t length = build_random(herd->seed, sizeof text);
		for (size_t i = 0; i < length; i++)
			text[i] = (char)('a' + build_random(herd->seed, 26));
		text[length] = '\0';
		pairs[count++] = pt_label_of("text", text);
	}
	return need(pt_labels_new(pairs, count));
}

static void
add(struct herd *herd, size_t family)
{
	if (herd->counts[family] == herd->capacities[family]) {
		size_t capacity = herd->capacities[family] * 2 + 16;
		herd->members[family] = need(
			realloc(herd->members[family], capacity * sizeof herd->members[family][0]));
		herd->capacities[family] = capacity;
	}
	struct pt_labels *labels = labels_of(herd, herd->next++);
	int64_t start_ms = one_in(herd, 2)
		? 0
		: (int64_t)(UINT64_C(1700000000000) + build_random(herd->seed, 4) * 1000);
	struct pt_series *series = need(pt_series_new(herd->ids, herd->families[family], labels,
		kinds[family].part, one_in(herd, 4) ? INFINITY : 0.5, NULL, start_ms));
	pt_labels_unref(labels);
	herd->members[family][herd->counts[family]++] = (struct herd_member){
		.series = series,
		.value = (double)build_random(herd->seed, one_in(herd, 3) ? 1u << 20 : 4),
		.nature = (unsigned)(one_in(herd, 12) ? build_random(herd->seed, NATURES)
						      : build_random(herd->seed, LEAPS + 1)),
	};
}

static void
remove_at(struct herd *herd, size_t family, size_t index)
{
	struct herd_member *members = herd->members[family];
	pt_series_unref(members[index].series);
	herd->counts[family]--;
	memmove(members + index, members + index + 1,
		(herd->counts[family] - index) * sizeof members[0]);
}

static void
forget_table(struct herd *herd)
{
	pt_table_unref(herd->table);
	herd->table = NULL;
}

static void
come_and_go(struct herd *herd)
{
	size_t family = build_random(herd->seed, HERD_FAMILIES);
	uint64_t many = one_in(herd, 4) ? build_random(herd->seed, 40) : 1;
	forget_table(herd);
	for (uint64_t i = 0; i < many; i++)
		if (one_in(herd, 2) || herd->counts[family] == 0)
			add(herd, family);
		else
			remove_at(herd, family, build_random(herd->seed, herd->counts[family]));
}

void
herd_init(struct herd *herd, uint64_t *seed, size_t size)
{
	*herd = (struct herd){.seed = seed, .ids = need(pt_ids_new()), .calm = 60};
	for (size_t i = 0; i < HERD_FAMILIES; i++) {
		const char *help = kinds[i].help;
		herd->families[i] = need(pt_family_new(kinds[i].name, strlen(kinds[i].name),
			kinds[i].type, help, help == NULL ? 0 : strlen(help), NULL, 0));
		herd->families[i]->is_native = kinds[i].part == PT_PART_NATIVE;
	}
	for (size_t i = 0; i < size; i++) {
		/* Families are of different sizes, and few are native. */
		size_t family = build_random(seed, 5);
		add(herd, one_in(herd, 50) ? HERD_FAMILIES - 2 : family);
	}
}

void
herd_clear(struct herd *herd)
{
	forget_table(herd);
	for (size_t i = 0; i < HERD_FAMILIES; i++) {
		while (herd->counts[i] > 0)
			remove_at(herd, i, herd->counts[i] - 1);
		free(herd->members[i]);
		pt_family_unref(herd->families[i]);
	}
	pt_ids_unref(herd->ids);
}

/* ---- snapshots ---- */

static uint64_t
next_bits(struct herd *herd, struct herd_member *member)
{
	static const uint64_t odd[] = {PT_NUMBER_STALE, PT_NUMBER_NAN, PT_NUMBER_ABSENT,
		UINT64_C(0x7ff8000000000000), UINT64_C(0xfff8000000000000),
		UINT64_C(0x7ff0000000000000), UINT64_C(1) << 63, 1};
	double *value = &member->value;
	switch (member->nature) {
	case COUNTS:
		*value += (double)build_random(herd->seed, 3);
		break;
	case LEAPS:
		*value = one_in(herd, 50) ? 0 : *value * (one_in(herd, 20) ? 9 : 1) + 1;
		break;
	case FLOATS:
		*value = (double)build_random(herd->seed, 1000000) / 7;
		break;
	case FLICKERS:
		*value = one_in(herd, 3) ? 0.25 : (double)build_random(herd->seed, 300) - 9;
		break;
	case BREAKS:
		if (one_in(herd, 3))
			return odd[build_random(herd->seed, sizeof odd / sizeof odd[0])];
		break;
	case VANISHES:
		if (one_in(herd, 6))
			return PT_NUMBER_ABSENT;
		break;
	default:
		break;
	}
	return pt_number_user_bits(*value);
}

static struct pt_table *
table_of(struct herd *herd)
{
	size_t count = 0;
	for (size_t i = 0; i < HERD_FAMILIES; i++)
		count += herd->counts[i];
	struct pt_series **series = need(malloc((count + 1) * sizeof series[0]));
	size_t at = 0;
	for (size_t i = 0; i < HERD_FAMILIES; i++)
		for (size_t k = 0; k < herd->counts[i]; k++)
			series[at++] = pt_series_ref(herd->members[i][k].series);
	struct pt_table *table = need(pt_table_new(series, count));
	free(series);
	return table;
}

static void
add_exemplar(struct pitot_snapshot *snapshot, size_t index)
{
	const struct pt_label pair = pt_label_of("trace_id", "abc");
	struct pt_labels *labels = need(pt_labels_new(&pair, 1));
	if (!pt_snapshot_add_exemplar(
		    snapshot, &(struct pt_exemplar){.index = index, .labels = labels, .bits = 1}))
		abort();
	pt_labels_unref(labels);
}

static void
set_sample(struct herd *herd, struct pitot_snapshot *snapshot, size_t at,
	struct herd_member *member, bool calm)
{
	if (member->series->role->part == PT_PART_NATIVE) {
		if (!pt_snapshot_add_native(snapshot, at, need(build_random_native(herd->seed))))
			abort();
		return;
	}
	snapshot->bits[at] = next_bits(herd, member);
	if (calm)
		return;
	if (one_in(herd, 400))
		add_exemplar(snapshot, at);
	if (one_in(herd, 400) && !pt_snapshot_set_time(snapshot, at, 1600000000000))
		abort();
}

struct pitot_snapshot *
herd_snapshot(struct herd *herd, int64_t time_ms)
{
	bool calm = build_random(herd->seed, 100) < herd->calm;
	if (!calm && one_in(herd, 2))
		come_and_go(herd);
	if (herd->table == NULL)
		herd->table = table_of(herd);
	struct pitot_snapshot *snapshot = need(pt_snapshot_new(herd->table, time_ms));
	size_t at = 0;
	for (size_t i = 0; i < HERD_FAMILIES; i++)
		for (size_t k = 0; k < herd->counts[i]; k++)
			set_sample(herd, snapshot, at++, &herd->members[i][k], calm);
	return snapshot;
}
