/* SPDX-License-Identifier: MIT */
/*
 * Files a sample line under its family and metric (the samples of one family with the same labels),
 * each found by hash. It fails where the line does not make sense as a sample of its family: a
 * bucket without le, a second sample of a series, a value that the type cannot have.
 */
#include "codec/parse.h"

#include "base/hash.h"
#include "base/number.h"
#include <math.h>
#include <string.h>

/* ---- labels ---- */

static int
compare(const struct pt_label *a, const struct pt_label *b)
{
	size_t common = a->name_length < b->name_length ? a->name_length : b->name_length;
	int order = memcmp(a->name, b->name, common);
	if (order != 0)
		return order;
	return a->name_length < b->name_length ? -1 : a->name_length > b->name_length;
}

/* By insertion: there are few, and they mostly are in order. */
static void
sort_labels(struct pt_parse_label *labels, size_t count)
{
	for (size_t i = 1; i < count; i++) {
		struct pt_parse_label moved = labels[i];
		size_t to = i;
		for (; to > 0 && compare(&labels[to - 1].pair, &moved.pair) > 0; to--)
			labels[to] = labels[to - 1];
		labels[to] = moved;
	}
}

static void
remove_label(struct pt_parse_line *line, size_t index)
{
	line->label_count--;
	for (size_t i = index; i < line->label_count; i++)
		line->labels[i] = line->labels[i + 1];
}

/* A label without a value is the same as no label. */
static void
drop_empty(struct pt_parse_line *line)
{
	for (size_t i = line->label_count; i-- > 0;)
		if (line->labels[i].pair.value_length == 0)
			remove_label(line, i);
}

static size_t
find_label(const struct pt_parse_line *line, struct pt_parse_text name)
{
	size_t i = 0;
	while (i < line->label_count &&
		(line->labels[i].pair.name_length != name.length ||
			memcmp(line->labels[i].pair.name, name.bytes, name.length) != 0))
		i++;
	return i;
}

/* Gives the label a name that no other has. */
static bool
export_label(struct pt_parse *parse, struct pt_parse_line *line, size_t index)
{
	static const char prefix[] = "exported_";
	const size_t added = sizeof prefix - 1;
	struct pt_label *pair = &line->labels[index].pair;
	struct pt_parse_text name = {pair->name, pair->name_length};
	while (find_label(line, name) < line->label_count) {
		char *longer = pt_arena_alloc(&parse->arena, added + name.length);
		if (longer == NULL)
			return pt_parse_memory(parse);
		memcpy(longer, prefix, added);
		memcpy(longer + added, name.bytes, name.length);
		name = (struct pt_parse_text){longer, added + name.length};
	}
	pair->name = name.bytes;
	pair->name_length = (uint32_t)name.length;
	return true;
}

static bool
export_labels(struct pt_parse *parse, struct pt_parse_line *line)
{
	for (size_t i = 0; i < parse->options->exported_count; i++) {
		const char *name = parse->options->exported[i];
		size_t index = find_label(line, (struct pt_parse_text){name, strlen(name)});
		if (index < line->label_count && !export_label(parse, line, index))
			return false;
	}
	return true;
}

struct pt_labels *
pt_parse_labels(struct pt_parse *parse, const struct pt_labels *near,
	const struct pt_parse_label *labels, size_t count)
{
	struct pt_label pairs[PT_LIMIT_LABELS];
	for (size_t i = 0; i < count; i++)
		pairs[i] = labels[i].pair;
	struct pt_labels *made = pt_labels_near(near, pairs, count);
	if (made == NULL)
		(void)pt_parse_memory(parse);
	return made;
}

/* ---- the label that makes a series within its metric: le, quantile, the state ---- */

struct extra {
	double bound;
	struct pt_parse_text state; /* bytes is NULL where there is none */
};

static bool
read_bound(struct pt_parse *parse, const struct pt_parse_label *label, bool quantile, double *bound)
{
	double number;
	if (!pt_number_parse(label->pair.value, label->pair.value_length, &number) || isnan(number))
		return pt_parse_expected(parse, label->at,
			quantile ? "a number as quantile" : "a number or +Inf as le");
	if (quantile && parse->strict && parse->open && !(number >= 0 && number <= 1))
		return pt_parse_expected(parse, label->at, "a quantile from 0 to 1");
	/* Minus zero is the same bound as zero. */
	*bound = number + 0.0;
	return true;
}

/* Takes the extra label out of the line. */
static bool
take_extra(struct pt_parse *parse, struct pt_parse_line *line, const struct pt_parse_name *name,
	struct extra *extra)
{
	struct pt_parse_text label_name;
	if (name->part == PT_PART_BUCKET)
		label_name = (struct pt_parse_text){"le", 2};
	else if (name->part == PT_PART_QUANTILE)
		label_name = (struct pt_parse_text){"quantile", 8};
	else if (name->part == PT_PART_STATE)
		label_name = name->text;
	else
		return true;
	size_t index = find_label(line, label_name);
	if (index == line->label_count)
		return pt_parse_fail(parse, line->at,
			"expected the label \"%.*s\" on this sample of "
			"the %s \"%.*s\"",
			(int)label_name.length, label_name.bytes,
			pitot_type_text(name->owner->type), (int)name->owner->name->text.length,
			name->owner->name->text.bytes);
	const struct pt_parse_label *label = &line->labels[index];
	if (name->part != PT_PART_STATE) {
		if (!read_bound(parse, label, name->part == PT_PART_QUANTILE, &extra->bound))
			return false;
	} else if (label->pair.value_length == 0) {
		return pt_parse_expected(parse, label->at, "the name of a state");
	} else {
		extra->state = (struct pt_parse_text){label->pair.value, label->pair.value_length};
	}
	remove_label(line, index);
	return true;
}

/* ---- metrics ---- */

struct metric_key {
	const struct pt_parse_family *family;
	const struct pt_parse_line *line;
};

static bool
is_metric(const void *item, const void *with)
{
	const struct pt_parse_metric *metric = item;
	const struct metric_key *key = with;
	if (metric->family != key->family ||
		pt_labels_count(metric->labels) != key->line->label_count)
		return false;
	for (size_t i = 0; i < key->line->label_count; i++) {
		const struct pt_label a = pt_labels_at(metric->labels, i);
		const struct pt_label *b = &key->line->labels[i].pair;
		if (a.value_length != b->value_length || compare(&a, b) != 0 ||
			memcmp(a.value, b->value, b->value_length) != 0)
			return false;
	}
	return true;
}

static uint64_t
metric_hash(const struct metric_key *key)
{
	uint64_t hash = key->family->name->hash;
	/* Metrics of one family mostly differ in the values alone. */
	for (size_t i = 0; i < key->line->label_count; i++) {
		const struct pt_label *pair = &key->line->labels[i].pair;
		hash = pt_hash(pair->value, pair->value_length, hash);
	}
	return hash;
}

static struct pt_parse_metric *
new_metric(struct pt_parse *parse, struct pt_parse_family *family, const struct pt_parse_line *line,
	uint64_t hash)
{
	struct pt_parse_metric *metric = pt_arena_alloc(&parse->arena, sizeof *metric);
	if (metric == NULL || !pt_parse_table_add(&parse->metrics, hash, metric)) {
		(void)pt_parse_memory(parse);
		return NULL;
	}
	*metric = (struct pt_parse_metric){.family = family, .hash = hash};
	metric->labels = pt_parse_labels(parse, family->last == NULL ? NULL : family->last->labels,
		line->labels, line->label_count);
	/* Without labels it is not linked: the parse ends here. */
	if (metric->labels == NULL)
		return NULL;
	*(family->last != NULL ? &family->last->next : &family->first) = metric;
	family->last = metric;
	return metric;
}

static struct pt_parse_metric *
metric_of(struct pt_parse *parse, struct pt_parse_family *family, const struct pt_parse_line *line)
{
	const struct metric_key key = {family, line};
	uint64_t hash = metric_hash(&key);
	/* Often that of the line before. */
	if (family->last != NULL && family->last->hash == hash && is_metric(family->last, &key))
		return family->last;
	struct pt_parse_metric *metric =
		pt_parse_table_find(&parse->metrics, hash, is_metric, &key);
	return metric != NULL ? metric : new_metric(parse, family, line, hash);
}

/* ---- samples ---- */

struct sample_key {
	const struct pt_parse_metric *metric;
	enum pt_part part;
	struct extra extra;
};

static bool
is_sample(const void *item, const void *with)
{
	const struct pt_parse_sample *sample = item;
	const struct sample_key *key = with;
	if (sample->metric != key->metric || sample->part != key->part)
		return false;
	if (key->extra.state.bytes != NULL)
		return pt_parse_text_is(key->extra.state, sample->state);
	return pt_number_bits(sample->bound) == pt_number_bits(key->extra.bound);
}

static bool
is_extra(enum pt_part part)
{
	return part == PT_PART_BUCKET || part == PT_PART_QUANTILE || part == PT_PART_STATE;
}

static uint64_t
sample_hash(const struct sample_key *key)
{
	uint64_t bits = pt_number_bits(key->extra.bound);
	if (key->extra.state.bytes != NULL)
		return pt_hash(key->extra.state.bytes, key->extra.state.length, key->metric->hash);
	return pt_hash(&bits, sizeof bits, key->metric->hash);
}

static bool
duplicate(
	struct pt_parse *parse, const struct pt_parse_line *line, unsigned first, int64_t first_ms)
{
	if (line->timestamp_ms != first_ms)
		return pt_parse_fail(parse, line->at,
			"another sample of this series, at another time, "
			"is in line %u: there can be one sample for each series",
			first);
	return pt_parse_fail(
		parse, line->at, "duplicate sample: this series is also in line %u", first);
}

static const struct pt_parse_sample *
find_part(const struct pt_parse_metric *metric, enum pt_part part)
{
	const struct pt_parse_sample *sample = metric->first;
	while (sample != NULL && sample->part != part)
		sample = sample->next;
	return sample;
}

static bool
add_exemplar(
	struct pt_parse *parse, const struct pt_parse_line *line, struct pt_parse_sample *sample)
{
	struct pt_exemplar *exemplar = pt_arena_alloc(&parse->arena, sizeof *exemplar);
	if (exemplar == NULL)
		return pt_parse_memory(parse);
	*exemplar = (struct pt_exemplar){
		.bits = pt_number_user_bits(line->exemplar_value),
		.has_timestamp = line->exemplar_ms != PT_NO_TIME,
		.timestamp_ms = line->exemplar_ms != PT_NO_TIME ? line->exemplar_ms : 0,
	};
	exemplar->labels =
		pt_parse_labels(parse, NULL, line->exemplar_labels, line->exemplar_label_count);
	if (exemplar->labels == NULL)
		return false;
	sample->exemplar = exemplar;
	return true;
}

static bool
new_sample(struct pt_parse *parse, const struct pt_parse_line *line, struct pt_parse_metric *metric,
	const struct sample_key *key)
{
	struct pt_parse_sample *sample = pt_arena_alloc(&parse->arena, sizeof *sample);
	if (sample == NULL)
		return pt_parse_memory(parse);
	*sample = (struct pt_parse_sample){
		.metric = metric,
		.bound = key->extra.bound,
		.bits = pt_number_user_bits(line->value),
		.timestamp_ms = line->timestamp_ms,
		.part = key->part,
		.line = parse->number,
		.order = metric->count++,
	};
	struct pt_parse_text state = key->extra.state;
	if (state.bytes != NULL)
		sample->state = pt_arena_copy(&parse->arena, state.bytes, state.length);
	if (state.bytes != NULL && sample->state == NULL)
		return pt_parse_memory(parse);
	if (is_extra(key->part) && !pt_parse_table_add(&parse->samples, sample_hash(key), sample))
		return pt_parse_memory(parse);
	*(metric->last != NULL ? &metric->last->next : &metric->first) = sample;
	metric->last = sample;
	metric->parts[key->part] = parse->number;
	return line->exemplar_at == NULL || add_exemplar(parse, line, sample);
}

static bool
add_sample(struct pt_parse *parse, const struct pt_parse_line *line, struct pt_parse_metric *metric,
	const struct sample_key *key)
{
	const struct pt_parse_sample *there = NULL;
	bool history = parse->options->history && line->timestamp_ms != PT_NO_TIME;
	if (history)
		parse->history = true;
	else if (is_extra(key->part))
		there = pt_parse_table_find(&parse->samples, sample_hash(key), is_sample, key);
	else if (metric->parts[key->part] != 0)
		there = find_part(metric, key->part);
	if (there != NULL && parse->skips_duplicates) {
		parse->duplicates++;
		return true;
	}
	if (there != NULL)
		return duplicate(parse, line, there->line, there->timestamp_ms);
	if (parse->sample_count == PT_LIMIT_SERIES)
		return pt_parse_over(parse, line->at, "too many series", PT_LIMIT_SERIES);
	parse->sample_count++;
	return new_sample(parse, line, metric, key);
}

/* The time since which a metric counts is one of its properties, not a series. */
static bool
set_created(
	struct pt_parse *parse, const struct pt_parse_line *line, struct pt_parse_metric *metric)
{
	unsigned first = metric->parts[PT_PART_CREATED];
	if (first != 0 && parse->skips_duplicates) {
		parse->duplicates++;
		return true;
	}
	if (first != 0)
		return pt_parse_fail(
			parse, line->at, "duplicate sample: this series is also in line %u", first);
	/* The range leaves room for rounding, and excludes NaN. */
	if (!(fabs(line->value) < 9.2e15) || (parse->strict && line->value <= 0))
		return pt_parse_expected(parse, line->value_at, "a time in seconds since 1970");
	metric->parts[PT_PART_CREATED] = parse->number;
	metric->start_ms = llround(line->value * 1000);
	return true;
}

/* ---- what strict OpenMetrics asks ---- */

static bool
check_value(
	struct pt_parse *parse, const struct pt_parse_line *line, const struct pt_parse_name *name)
{
	switch (name->owner->type) {
	case PITOT_COUNTER:
		if (!(line->value >= 0))
			return pt_parse_expected(
				parse, line->value_at, "a counter's value, 0 or more");
		return true;
	case PITOT_INFO:
		if (line->value != 1)
			return pt_parse_expected(parse, line->value_at, "1 as value of an info");
		return true;
	case PITOT_STATESET:
		if (line->value != 0 && line->value != 1)
			return pt_parse_expected(
				parse, line->value_at, "0 or 1 as value of a state");
		return true;
	default:
		return true;
	}
}

static bool
check_exact(
	struct pt_parse *parse, const struct pt_parse_line *line, const struct pt_parse_name *name)
{
	const struct pt_parse_family *family = name->owner;
	if (parse->current != family && family->first != NULL)
		return pt_parse_fail(parse, line->at, "samples of \"%.*s\" must stand together",
			(int)family->name->text.length, family->name->text.bytes);
	if (line->exemplar_at != NULL && name->part != PT_PART_TOTAL &&
		name->part != PT_PART_BUCKET)
		return pt_parse_fail(parse, line->exemplar_at,
			"only a counter's total and buckets can have an exemplar");
	return check_value(parse, line, name);
}

bool
pt_parse_file(struct pt_parse *parse, struct pt_parse_line *line)
{
	struct pt_parse_name *name = pt_parse_intern(parse, line->name);
	if (name == NULL || !pt_parse_resolve(parse, name, line->at))
		return false;
	if (parse->open && parse->strict && !check_exact(parse, line, name))
		return false;
	parse->current = name->owner;
	struct sample_key key = {.part = name->part};
	if (!take_extra(parse, line, name, &key.extra))
		return false;
	drop_empty(line);
	if (!export_labels(parse, line))
		return false;
	sort_labels(line->labels, line->label_count);
	struct pt_parse_metric *metric = metric_of(parse, name->owner, line);
	if (metric == NULL)
		return false;
	if (key.part == PT_PART_CREATED)
		return set_created(parse, line, metric);
	key.metric = metric;
	return add_sample(parse, line, metric, &key);
}
