/* SPDX-License-Identifier: MIT */
/*
 * The snapshot of what has been read: families in order of first appearance, within them metrics,
 * within those buckets and quantiles rising, then the rest. It fails only when memory is out.
 */
#include "codec/parse.h"

#include "base/clock.h"
#include <stdlib.h>
#include <string.h>

struct building {
	struct pt_parse *parse;
	struct pt_ids *ids;
	struct pt_series **series;        /* each referenced */
	struct pt_parse_sample **samples; /* of the series */
	size_t count;
};

/* ---- names ---- */

/*
 * What a counter is called whose TYPE line says x_total, or an info's that says x_info: x, unless
 * its samples have a suffix on top of that or another family is x.
 */
static struct pt_parse_text
name_of(struct pt_parse *parse, struct pt_parse_family *family, enum pt_part *own)
{
	struct pt_parse_text text = family->name->text, base = text;
	enum pt_part part = family->type == PITOT_COUNTER ? PT_PART_TOTAL : PT_PART_INFO;
	bool can = family->type == PITOT_COUNTER || family->type == PITOT_INFO;
	base.length = pt_name_without(text.bytes, text.length, pt_name_suffix(part));
	*own = PT_PART_VALUE;
	if (!can || family->suffixed || base.length == text.length)
		return text;
	struct pt_parse_name *name = pt_parse_intern(parse, base);
	if (name == NULL)
		return (struct pt_parse_text){0};
	if (name->claimed != NULL || (name->declared != NULL && name->declared->first != NULL))
		return text;
	name->claimed = family;
	*own = part;
	return base;
}

static struct pt_family *
new_family(const struct pt_parse_family *family, struct pt_parse_text name)
{
	return pt_family_new(name.bytes, name.length, family->type, family->help.bytes,
		family->help.length, family->unit.bytes, family->unit.length);
}

/* ---- order ---- */

static int
rank(enum pt_part part)
{
	switch (part) {
	case PT_PART_COUNT:
	case PT_PART_GCOUNT:
		return 2;
	case PT_PART_SUM:
	case PT_PART_GSUM:
		return 1;
	default:
		return 0;
	}
}

static int
by_rank(const void *left, const void *right)
{
	const struct pt_parse_sample *a = *(struct pt_parse_sample *const *)left;
	const struct pt_parse_sample *b = *(struct pt_parse_sample *const *)right;
	int x = rank(a->part), y = rank(b->part);
	if (x != y)
		return x < y ? -1 : 1;
	if (a->bound < b->bound || a->bound > b->bound)
		return a->bound < b->bound ? -1 : 1;
	return a->order < b->order ? -1 : a->order > b->order;
}

/* Into the array, sorted; those of a well-kept page are. */
static void
order_samples(struct building *building, const struct pt_parse_metric *metric)
{
	struct pt_parse_sample **to = building->samples + building->count;
	size_t count = 0;
	bool sorted = true;
	for (struct pt_parse_sample *sample = metric->first; sample != NULL;
		sample = sample->next) {
		to[count++] = sample;
		if (count > 1 && by_rank(&to[count - 2], &to[count - 1]) > 0)
			sorted = false;
	}
	if (!sorted)
		qsort(to, count, sizeof to[0], by_rank);
}

/* ---- series ---- */

/* Whether the sample is another one of the series before it. */
static bool
is_again(const struct building *building, unsigned number)
{
	if (number == 0 || !building->parse->history)
		return false;
	const struct pt_parse_sample *a = building->samples[building->count - 1];
	const struct pt_parse_sample *b = building->samples[building->count];
	return a->part == b->part && !(a->bound < b->bound) && !(a->bound > b->bound) &&
		(a->state == b->state ||
			(a->state != NULL && b->state != NULL && strcmp(a->state, b->state) == 0));
}

static bool
add_metric(struct building *building, struct pt_family *family,
	const struct pt_parse_metric *metric, enum pt_part own)
{
	order_samples(building, metric);
	for (unsigned i = 0; i < metric->count; i++) {
		const struct pt_parse_sample *sample = building->samples[building->count];
		enum pt_part part = sample->part == PT_PART_VALUE ? own : sample->part;
		struct pt_series *series = is_again(building, i)
			? pt_series_ref(building->series[building->count - 1])
			: pt_series_new(building->ids, family, metric->labels, part, sample->bound,
				  sample->state, metric->start_ms);
		if (series == NULL)
			return false;
		building->series[building->count++] = series;
	}
	return true;
}

static bool
add_family(struct building *building, struct pt_parse_family *from)
{
	if (from->first == NULL)
		return true;
	enum pt_part own;
	struct pt_parse_text name = name_of(building->parse, from, &own);
	struct pt_family *family = name.bytes != NULL ? new_family(from, name) : NULL;
	if (family == NULL)
		return false;
	bool done = true;
	for (const struct pt_parse_metric *metric = from->first; done && metric != NULL;
		metric = metric->next)
		done = add_metric(building, family, metric, own);
	/* The series keep it. */
	pt_family_unref(family);
	return done;
}

static bool
add_families(struct building *building)
{
	/* One more, since an array of none may be NULL. */
	size_t size = building->parse->sample_count + 1;
	building->ids = pt_ids_new();
	building->series = malloc(size * sizeof building->series[0]);
	building->samples = malloc(size * sizeof building->samples[0]);
	if (building->ids == NULL || building->series == NULL || building->samples == NULL)
		return false;
	for (struct pt_parse_family *family = building->parse->first; family != NULL;
		family = family->next)
		if (!add_family(building, family))
			return false;
	return true;
}

/* ---- values ---- */

static bool
add_value(struct pitot_snapshot *snapshot, size_t index, struct pt_parse_sample *sample)
{
	snapshot->bits[index] = sample->bits;
	if (sample->timestamp_ms != PT_NO_TIME &&
		!pt_snapshot_set_time(snapshot, index, sample->timestamp_ms))
		return false;
	if (sample->exemplar == NULL)
		return true;
	sample->exemplar->index = index;
	return pt_snapshot_add_exemplar(snapshot, sample->exemplar);
}

static struct pitot_snapshot *
add_values(const struct building *building, struct pt_table *table)
{
	const struct pt_clock *clock = pt_clock_real();
	struct pitot_snapshot *snapshot = pt_snapshot_new(table, clock->wall_ms(clock));
	for (size_t i = 0; snapshot != NULL && i < building->count; i++) {
		if (add_value(snapshot, i, building->samples[i]))
			continue;
		pitot_snapshot_free(snapshot);
		snapshot = NULL;
	}
	return snapshot;
}

struct pitot_snapshot *
pt_parse_build(struct pt_parse *parse)
{
	struct building building = {.parse = parse};
	struct pitot_snapshot *snapshot = NULL;
	struct pt_table *table = NULL;
	if (add_families(&building))
		table = pt_table_new(building.series, building.count);
	if (table != NULL)
		snapshot = add_values(&building, table);
	for (size_t i = 0; parse->lines != NULL && i < building.count; i++)
		parse->lines[i] = building.samples[i]->line;
	for (size_t i = 0; table == NULL && i < building.count; i++)
		pt_series_unref(building.series[i]);
	if (table != NULL)
		table->history = parse->history;
	pt_table_unref(table);
	free(building.series);
	free(building.samples);
	pt_ids_unref(building.ids);
	if (snapshot == NULL)
		(void)pt_parse_memory(parse);
	return snapshot;
}
