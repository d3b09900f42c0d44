/* SPDX-License-Identifier: MIT */
/*
 * Finding what is there twice, with a hash table over the identities as the receiver will see them.
 * Of series only the hash is made; their keys are written where two hashes are equal. Fails when
 * memory is out, or with the first pair found.
 */
#include "codec/unique.h"

#include "base/buf.h"
#include "base/error.h"
#include "base/hash.h"
#include "base/limits.h"
#include "base/pages.h"

struct slot {
	uint32_t hash;
	uint32_t next; /* index + 1; 0: free */
};

struct seen {
	const struct pt_table *table;
	const struct pt_labels *added;
	/*
	 * Appends what must be unique about the series at `index`; nothing where there is nothing.
	 */
	void (*key_of)(struct pt_buf *out, const struct seen *seen, size_t index);
	struct slot *slots;
	size_t mask;
	struct pt_buf key, other;
	/* The last series whose name was hashed. */
	const struct pt_series *named;
	uint64_t name_hash;
	bool failed; /* memory was out for a name */
};

/* ---- keys ---- */

static void
family_key(struct pt_buf *out, const struct seen *seen, size_t index)
{
	const struct pt_family *family = seen->table->series[index]->role->family;
	if (index == 0 || seen->table->series[index - 1]->role->family != family)
		pt_buf_put(out, family->name, family->name_length);
}

static void
put_label(struct pt_buf *out, const struct pt_label *label)
{
	/* NUL separates: no name or value holds one. */
	pt_buf_put(out, label->name, (size_t)label->name_length + 1);
	pt_buf_put(out, label->value, (size_t)label->value_length + 1);
}

/* The sample's name, then its labels and those that are added, both sorted, as one sorted list. */
static void
series_key(struct pt_buf *out, const struct seen *seen, size_t index)
{
	const struct pt_series *series = seen->table->series[index];
	size_t count = pt_series_label_count(series), i = 0, j = 0;
	size_t added = seen->added == NULL ? 0 : pt_labels_count(seen->added);
	pt_buf_put(out, series->role->family->name, series->role->family->name_length);
	pt_buf_str(out, pt_name_suffix(series->role->part));
	pt_buf_char(out, '\0');
	while (i < count || j < added) {
		struct pt_label own = {.name = NULL};
		int order = 1;
		if (i < count) {
			own = pt_series_label(series, i);
			order = j < added ? strcmp(own.name, pt_labels_at(seen->added, j).name)
					  : -1;
		}
		if (order > 0)
			own = pt_labels_at(seen->added, j);
		put_label(out, &own);
		i += order <= 0;
		j += order >= 0;
	}
}

/* ---- hashes of series ---- */

static bool
is_added(const struct pt_labels *added, uint32_t name, uint32_t value)
{
	for (uint32_t i = 0; added != NULL && i < pt_labels_count(added); i++)
		if (pt_labels_names(added)->numbers[i] == name && added->values[i] == value)
			return true;
	return false;
}

/* By the places of their texts (model/intern.h). */
static uint64_t
hash_label(uint64_t hash, uint64_t name, uint64_t value)
{
	return pt_hash_mix(hash ^ name, PT_HASH_ODD ^ value);
}

static uint64_t
name_hash(struct seen *seen, const struct pt_series *series)
{
	const struct pt_series *before = seen->named;
	if (before != NULL && before->role == series->role)
		return seen->name_hash;
	pt_buf_reset(&seen->key);
	pt_buf_put(&seen->key, series->role->family->name, series->role->family->name_length);
	pt_buf_str(&seen->key, pt_name_suffix(series->role->part));
	seen->named = pt_buf_error(&seen->key) == 0 ? series : NULL;
	seen->failed |= seen->named == NULL;
	return seen->name_hash = pt_hash(seen->key.bytes, seen->key.length, pt_hash_secret());
}

/*
 * Equal for equal keys: the same labels, but for those that are added to all, in any order, since
 * one of them may be the series' own here and its bound or state there.
 */
static uint64_t
series_hash(struct seen *seen, const struct pt_series *series)
{
	const struct pt_role *role = series->role;
	const struct pt_labels *labels = series->labels;
	uint64_t begin = name_hash(seen, series), hash = begin;
	const struct pt_names *names = pt_labels_names(labels);
	for (uint32_t i = 0; i < names->count; i++)
		if (!is_added(seen->added, names->numbers[i], labels->values[i]))
			hash += hash_label(begin, pt_intern_at(names->numbers[i])->place,
				pt_intern_at(labels->values[i])->place);
	const char *there = role->extra_name == NULL || seen->added == NULL
		? NULL
		: pt_labels_find(seen->added, role->extra_name);
	if (role->extra_name != NULL && (there == NULL || strcmp(there, role->extra_value) != 0)) {
		const struct pt_text name = pt_text_of(role->extra_name, strlen(role->extra_name));
		const struct pt_text value = pt_text_of(role->extra_value, role->extra_length);
		hash += hash_label(begin, pt_intern_place(&name), pt_intern_place(&value));
	}
	return pt_hash_mix(hash, PT_HASH_ODD);
}

/* ---- meeting ---- */

static bool
same_key(struct seen *seen, size_t index)
{
	pt_buf_reset(&seen->other);
	seen->key_of(&seen->other, seen, index);
	return seen->other.length == seen->key.length &&
		memcmp(seen->other.bytes, seen->key.bytes, seen->key.length) == 0;
}

/* The slot of seen->key, or the free one where it would stand. */
static struct slot *
find(struct seen *seen, uint32_t *hash)
{
	*hash = (uint32_t)pt_hash(seen->key.bytes, seen->key.length, pt_hash_secret());
	size_t at = *hash & seen->mask;
	while (seen->slots[at].next != 0 &&
		(seen->slots[at].hash != *hash || !same_key(seen, seen->slots[at].next - 1)))
		at = (at + 1) & seen->mask;
	return &seen->slots[at];
}

/* The index + 1 of an earlier series with the key of this one; 0 for none. */
static size_t
meet(struct seen *seen, size_t index)
{
	pt_buf_reset(&seen->key);
	seen->key_of(&seen->key, seen, index);
	if (seen->key.length == 0)
		return 0;
	uint32_t hash;
	struct slot *slot = find(seen, &hash);
	size_t earlier = slot->next;
	if (earlier == 0)
		*slot = (struct slot){hash, (uint32_t)index + 1};
	return earlier;
}

/* As meet(), for series. */
static size_t
meet_series(struct seen *seen, size_t index)
{
	uint32_t hash = (uint32_t)series_hash(seen, seen->table->series[index]);
	size_t at = hash & seen->mask;
	bool written = false;
	for (; seen->slots[at].next != 0; at = (at + 1) & seen->mask) {
		if (seen->slots[at].hash != hash)
			continue;
		if (!written) {
			pt_buf_reset(&seen->key);
			series_key(&seen->key, seen, index);
			seen->named = NULL;
			written = true;
		}
		if (same_key(seen, seen->slots[at].next - 1))
			return seen->slots[at].next;
	}
	seen->slots[at] = (struct slot){hash, (uint32_t)index + 1};
	return 0;
}

/* ---- telling ---- */

static void
put_sample(struct pt_buf *out, const struct pt_table *table, size_t index)
{
	const struct pt_series *series = table->series[index];
	pt_buf_str(out, series->role->family->name);
	pt_buf_str(out, pt_name_suffix(series->role->part));
	size_t count = pt_series_label_count(series);
	for (size_t i = 0; i < count; i++) {
		struct pt_label label = pt_series_label(series, i);
		pt_buf_printf(out, "%s%s=\"%s\"", i == 0 ? "{" : ",", label.name, label.value);
	}
	if (count > 0)
		pt_buf_char(out, '}');
}

static int
tell_series(const struct pt_table *source, const size_t pair[2], struct pitot_error *why)
{
	struct pt_buf first, second;
	pt_buf_init(&first, PT_LIMIT_TEXT);
	pt_buf_init(&second, PT_LIMIT_TEXT);
	put_sample(&first, source, pair[0]);
	put_sample(&second, source, pair[1]);
	const char *a = pt_buf_text(&first), *b = pt_buf_text(&second);
	int code = strcmp(a, b) == 0
		? pt_error_set(why, PITOT_BAD_INPUT, "series %s: is there twice", a)
		: pt_error_set(
			  why, PITOT_BAD_INPUT, "series %s: would arrive as the same as %s", b, a);
	pt_buf_clear(&first);
	pt_buf_clear(&second);
	return code;
}

static int
tell_family(const struct pt_table *source, const size_t pair[2], struct pitot_error *why)
{
	const char *a = source->series[pair[0]]->role->family->name;
	const char *b = source->series[pair[1]]->role->family->name;
	if (strcmp(a, b) == 0)
		return pt_error_set(why, PITOT_BAD_INPUT, "metric %s: is there twice", a);
	return pt_error_set(
		why, PITOT_BAD_INPUT, "metric %s: would arrive under the same name as %s", b, a);
}

/* True if all are met once; otherwise `pair` has the indexes of two that are the same. */
static bool
all_differ(struct seen *seen, size_t (*meet_one)(struct seen *seen, size_t index), size_t pair[2])
{
	memset(seen->slots, 0, (seen->mask + 1) * sizeof seen->slots[0]);
	for (size_t i = 0; i < seen->table->count; i++) {
		size_t earlier = meet_one(seen, i);
		if (earlier != 0) {
			pair[0] = earlier - 1;
			pair[1] = i;
			return false;
		}
	}
	return true;
}

static int
init_seen(struct seen *seen, const struct pt_table *table, struct pitot_error *why)
{
	*seen = (struct seen){.table = table, .mask = 15};
	while (seen->mask < table->count * 2)
		seen->mask = seen->mask * 2 + 1;
	seen->slots = pt_pages_new((seen->mask + 1) * sizeof seen->slots[0]);
	if (seen->slots == NULL)
		return pt_error_memory(why);
	pt_buf_init(&seen->key, PT_LIMIT_TEXT);
	pt_buf_init(&seen->other, PT_LIMIT_TEXT);
	return 0;
}

static int
clear_seen(struct seen *seen, int code, struct pitot_error *why)
{
	/* A key that memory was out for may have passed for another, either way. */
	if (seen->failed || pt_buf_error(&seen->key) != 0 || pt_buf_error(&seen->other) != 0)
		code = pt_error_memory(why);
	pt_buf_clear(&seen->key);
	pt_buf_clear(&seen->other);
	pt_pages_free(seen->slots, (seen->mask + 1) * sizeof seen->slots[0]);
	return code;
}

int
pt_unique_check(const struct pt_table *table, const struct pt_table *source,
	const struct pt_labels *added, struct pitot_error *why)
{
	struct seen seen;
	size_t pair[2];
	int code = init_seen(&seen, table, why);
	if (code != 0)
		return code;
	seen.added = added;
	seen.key_of = series_key;
	if (!all_differ(&seen, meet_series, pair))
		code = tell_series(source, pair, why);
	seen.key_of = family_key;
	if (code == 0 && !all_differ(&seen, meet, pair))
		code = tell_family(source, pair, why);
	return clear_seen(&seen, code, why);
}

/* ---- families as text has them ---- */

static bool
is_composite(const struct pt_family *family)
{
	return family->type == PITOT_HISTOGRAM || family->type == PITOT_SUMMARY;
}

static void
text_key(struct pt_buf *out, const struct seen *seen, size_t index)
{
	const struct pt_series *series = seen->table->series[index];
	pt_buf_put(out, series->role->family->name, series->role->family->name_length);
	if (!is_composite(series->role->family))
		pt_buf_str(out, pt_name_suffix(series->role->part));
}

/* The index + 1 of a series of another family whose name is this one's with a suffix; 0: none. */
static size_t
meet_suffixed(struct seen *seen, const struct pt_family *family)
{
	static const char *const suffixes[] = {"_count", "_sum", "_bucket"};
	size_t count = family->type == PITOT_HISTOGRAM ? 3 : 2, met = 0;
	for (size_t i = 0; met == 0 && i < count; i++) {
		uint32_t hash;
		pt_buf_reset(&seen->key);
		pt_buf_put(&seen->key, family->name, family->name_length);
		pt_buf_str(&seen->key, suffixes[i]);
		met = find(seen, &hash)->next;
	}
	return met;
}

/* Each family's text names, then what belongs to histograms and summaries beside them. */
static int
check_text_names(struct seen *seen, const struct pt_table *source, struct pitot_error *why)
{
	struct pt_series *const *series = seen->table->series;
	for (size_t i = 0; i < seen->table->count; i++) {
		size_t met = meet(seen, i);
		if (met != 0 && series[met - 1]->role->family != series[i]->role->family)
			return tell_family(source, (size_t[]){met - 1, i}, why);
	}
	for (size_t i = 0; i < seen->table->count; i++) {
		const struct pt_family *family = series[i]->role->family;
		if (!is_composite(family) || (i > 0 && series[i - 1]->role->family == family))
			continue;
		size_t met = meet_suffixed(seen, family);
		if (met != 0)
			return pt_error_set(why, PITOT_BAD_INPUT,
				"metric %s: would be taken for a part of the %s %s: rename one",
				source->series[met - 1]->role->family->name,
				pitot_type_text(family->type),
				source->series[i]->role->family->name);
	}
	return 0;
}

int
pt_unique_check_text(
	const struct pt_table *table, const struct pt_table *source, struct pitot_error *why)
{
	struct seen seen;
	int code = init_seen(&seen, table, why);
	if (code != 0)
		return code;
	seen.key_of = text_key;
	return clear_seen(&seen, check_text_names(&seen, source, why), why);
}
