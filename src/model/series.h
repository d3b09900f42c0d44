/* SPDX-License-Identifier: MIT */
/*
 * A series is an identity: family, part and labels, immutable and reference-counted, with a small
 * dense number. Whoever wants to remember something about a series keeps an array indexed by that
 * number; it is given to another series only after the last reference to this one is gone.
 *
 * References may be taken and dropped from any thread; the objects themselves never change.
 */
#ifndef PT_MODEL_SERIES_H
#define PT_MODEL_SERIES_H

#include <stdatomic.h>
#include <stdint.h>
#include "model/name.h"

/* ---- labels: sorted by name (bytewise), names unique, no empty value ---- */

struct pt_label {
	const char *name; /* both end in NUL, and may not hold one elsewhere */
	const char *value;
	uint32_t name_length;
	uint32_t value_length;
};

struct pt_labels {
	atomic_uint references;
	uint32_t count;
	struct pt_label pairs[]; /* the texts stand behind them, in order, each with its NUL */
};

/*
 * Copies, sorts, drops pairs with an empty value. NULL if memory is out. Equal names must have been
 * refused before (pt_labels_duplicate).
 */
struct pt_labels *pt_labels_new(const struct pt_label *pairs, size_t count);
struct pt_labels *pt_labels_ref(struct pt_labels *labels);
void pt_labels_unref(struct pt_labels *labels);
/* The value of `name`, or NULL. */
const char *pt_labels_find(const struct pt_labels *labels, const char *name);
bool pt_labels_equal(const struct pt_labels *a, const struct pt_labels *b);
/* A name that stands twice in `pairs`, or NULL. */
const char *pt_labels_duplicate(const struct pt_label *pairs, size_t count);
/* A pt_label from C strings. */
struct pt_label pt_label_of(const char *name, const char *value);

/* ---- family: what all its series share ---- */

struct pt_family {
	atomic_uint references;
	enum pitot_type type;
	const char *name; /* without suffix; prefix included */
	const char *help; /* "" for none */
	const char *unit; /* "" for none */
	uint32_t name_length;
	uint32_t help_length;
	uint32_t unit_length;
	bool has_help; /* an empty help text is not the same as none */
	/*
	 * Its histograms have a series of PT_PART_NATIVE each; the classic series beside it are for
	 * formats and receivers that do not take it. False until whoever makes the family sets it.
	 */
	bool is_native;
	char text[];
};

/* `help` and `unit` may be NULL. NULL if memory is out. */
struct pt_family *pt_family_new(const char *name, size_t name_length, enum pitot_type type,
	const char *help, size_t help_length, const char *unit, size_t unit_length);
struct pt_family *pt_family_ref(struct pt_family *family);
void pt_family_unref(struct pt_family *family);

/* ---- numbers: where dense ids come from; one for each registry or parsed text ---- */

struct pt_ids;
struct pt_ids *pt_ids_new(void);
struct pt_ids *pt_ids_ref(struct pt_ids *ids);
void pt_ids_unref(struct pt_ids *ids);
/* A number that nobody has: the lowest that was never given, or one that was put back. */
uint32_t pt_ids_get(struct pt_ids *ids);
void pt_ids_put(struct pt_ids *ids, uint32_t id);

/* ---- series ---- */

struct pt_series {
	atomic_uint references;
	uint32_t id;
	enum pt_part part;
	uint32_t extra_length;    /* of extra_value */
	struct pt_family *family; /* referenced */
	struct pt_labels *labels; /* referenced; without the extra label */
	struct pt_ids *ids;       /* referenced */
	const char *extra_name;   /* "le", "quantile", the family's name, or NULL */
	const char *extra_value;  /* canonical for le and quantile; NULL without extra_name */
	double bound;             /* of le or quantile, 0 otherwise */
	int64_t start_ms;         /* when it began to count, since the epoch; 0 unknown */
	uint64_t hash;            /* of name, part and labels: the same for equal series */
	bool continues;           /* an earlier process began it: there is no zero before it */
	char text[];
};

/*
 * `extra_value` is the text of a state; for PT_PART_BUCKET and PT_PART_QUANTILE pass NULL, it is
 * made from `bound`. NULL if memory is out.
 */
struct pt_series *pt_series_new(struct pt_ids *ids, struct pt_family *family,
	struct pt_labels *labels, enum pt_part part, double bound, const char *extra_value,
	int64_t start_ms);
struct pt_series *pt_series_ref(struct pt_series *series);
void pt_series_unref(struct pt_series *series);
/* Labels with the extra one. */
size_t pt_series_label_count(const struct pt_series *series);
/* The label at `index` in sorted order, the extra one in its place. */
struct pt_label pt_series_label(const struct pt_series *series, size_t index);

#endif
