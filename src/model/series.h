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
#include "model/labels.h"
#include "model/role.h"

/*
 * ---- numbers: where dense ids come from; one for each registry or parsed text ----
 *
 * They live as long as their maker or a series of theirs.
 */

struct pt_ids;
/* NULL if memory is out. */
struct pt_ids *pt_ids_new(void);
/* Its maker needs them no more. */
void pt_ids_unref(struct pt_ids *ids);

/* ---- series ---- */

struct pt_series {
	atomic_uint references;
	uint32_t id : 31;         /* see pt_series_id() */
	uint32_t continues : 1;   /* an earlier process began it: there is no zero before it */
	struct pt_role *role;     /* which lets its family live */
	struct pt_labels *labels; /* referenced; without the extra label */
	int64_t start_ms;         /* when it began to count, since the epoch; 0 unknown */
};

static inline uint32_t
pt_series_id(const struct pt_series *series)
{
	return (uint32_t)series->id;
}

/*
 * Its number and its memory are those of `ids`. `extra_value` is the text of a state; for
 * PT_PART_BUCKET and PT_PART_QUANTILE pass NULL, it is made from `bound`. NULL if memory is out.
 */
struct pt_series *pt_series_new(struct pt_ids *ids, struct pt_family *family,
	struct pt_labels *labels, enum pt_part part, double bound, const char *extra_value,
	int64_t start_ms);
/* Likewise, while the model's lock is held. */
struct pt_series *pt_series_add(struct pt_ids *ids, struct pt_family *family,
	struct pt_labels *labels, const struct pt_role_key *key, int64_t start_ms);
/* One of the same part, bound or state, and start as `series`; NULL if memory is out. */
struct pt_series *pt_series_like(const struct pt_series *series, struct pt_ids *ids,
	struct pt_family *family, struct pt_labels *labels);
struct pt_series *pt_series_ref(struct pt_series *series);
void pt_series_unref(struct pt_series *series);
/* The same series, but of another family; nobody else has it. False if memory is out. */
bool pt_series_move(struct pt_series *series, struct pt_family *family);
struct pt_ids *pt_series_ids(const struct pt_series *series);
/* Of name, part and labels: the same for equal series, in every process. */
uint64_t pt_series_hash(const struct pt_series *series);
/* Labels with the extra one. */
size_t pt_series_label_count(const struct pt_series *series);
/* The label at `index` in sorted order, the extra one in its place. */
struct pt_label pt_series_label(const struct pt_series *series, size_t index);

#endif
