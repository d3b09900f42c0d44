/* SPDX-License-Identifier: MIT */
/*
 * The labels of a series: sorted by name (bytewise), names unique, no empty value. Their texts are
 * interned (intern.h), and their names as one, so that a label takes four bytes, and equal labels
 * have equal numbers.
 *
 * Immutable and shared by reference count; references may be taken and dropped from any thread.
 */
#ifndef PT_MODEL_LABELS_H
#define PT_MODEL_LABELS_H

#include <stdatomic.h>
#include <stddef.h>
#include "model/intern.h"

/*
 * A label as texts, which hold no NUL. What labels are made of need not end in one; what they give
 * does.
 */
struct pt_label {
	const char *name;
	const char *value;
	uint32_t name_length;
	uint32_t value_length;
};

/*
 * The names of a label set, which many sets share: interned as a text of this form. No text of a
 * label is like it, since none has a zero byte before its end.
 */
struct pt_names {
	uint32_t mark; /* PT_NAMES_MARK */
	uint32_t count;
	uint32_t numbers[]; /* of interned texts */
};
#define PT_NAMES_MARK UINT32_C(0xff0000ff)

struct pt_labels {
	atomic_uint references;
	uint32_t names;    /* the number of interned pt_names */
	uint32_t values[]; /* of interned texts */
};

static inline const struct pt_names *
pt_names_at(uint32_t number)
{
	return (const struct pt_names *)(const void *)pt_intern_at(number)->text;
}

static inline const struct pt_names *
pt_labels_names(const struct pt_labels *labels)
{
	return pt_names_at(labels->names);
}

static inline size_t
pt_labels_count(const struct pt_labels *labels)
{
	return pt_labels_names(labels)->count;
}

/* A pt_label from C strings. */
struct pt_label pt_label_of(const char *name, const char *value);
/* The label at `index`, whose texts live as long as the labels. */
static inline struct pt_label
pt_labels_at(const struct pt_labels *labels, size_t index)
{
	const struct pt_interned *name = pt_intern_at(pt_labels_names(labels)->numbers[index]);
	const struct pt_interned *value = pt_intern_at(labels->values[index]);
	return (struct pt_label){name->text, value->text, name->length, value->length};
}

/*
 * Copies, sorts, drops pairs with an empty value. NULL if memory is out. Equal names must have been
 * refused before (pt_labels_duplicate).
 */
struct pt_labels *pt_labels_new(const struct pt_label *pairs, size_t count);
/* Likewise; where they are the same as in `near`, or NULL, they are found faster. */
struct pt_labels *pt_labels_near(
	const struct pt_labels *near, const struct pt_label *pairs, size_t count);
/* Makes a pattern of labels that nobody else has: the one at `place` has no value of its own. */
void pt_labels_blank(struct pt_labels *pattern, size_t place);
/* Some labels of a set of them: where they stand in it, and their values. */
struct pt_labels_own {
	const uint8_t *places;
	const struct pt_text *values;
	size_t count;
};
/*
 * The labels of `pattern`, where those without a value are `own`, and dropped if theirs is empty.
 * `near` is as above, and the model's lock is held. NULL if memory is out.
 */
struct pt_labels *pt_labels_like(const struct pt_labels *pattern, const struct pt_labels *near,
	const struct pt_labels_own *own);
struct pt_labels *pt_labels_ref(struct pt_labels *labels);
void pt_labels_unref(struct pt_labels *labels);
/* Likewise, while the model's lock is held. */
void pt_labels_drop(struct pt_labels *labels);
/* The value of `name`, or NULL. */
const char *pt_labels_find(const struct pt_labels *labels, const char *name);
bool pt_labels_equal(const struct pt_labels *a, const struct pt_labels *b);
/* The same for equal labels in every process; begins with `hash`. */
uint64_t pt_labels_hash(const struct pt_labels *labels, uint64_t hash);
/* A name that stands twice in `pairs`, or NULL. All names end in NUL. */
const char *pt_labels_duplicate(const struct pt_label *pairs, size_t count);

#endif
