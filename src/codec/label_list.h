/* SPDX-License-Identifier: MIT */
/*
 * The labels of one series as an encoder writes them: its own with le or quantile, those that the
 * destination adds, names escaped, sorted bytewise. One list is filled again for every series.
 */
#ifndef PT_CODEC_LABEL_LIST_H
#define PT_CODEC_LABEL_LIST_H

#include "base/buf.h"
#include "base/limits.h"
#include "model/snapshot.h"

struct pt_label_list {
	size_t count;
	struct pt_label labels[PT_LIMIT_LABELS * 2 + 2]; /* valid until the next fill */
	struct pt_buf names; /* escaped names and the sample's name, with NULs */
};

/* Which labels a sample has. */
struct pt_label_choice {
	const struct pt_labels *added; /* by the destination; may be NULL */
	enum pitot_escaping escaping;
	bool bare; /* without le, quantile or state, as the sums beside them */
};

void pt_label_list_init(struct pt_label_list *list);
void pt_label_list_clear(struct pt_label_list *list);
/* A label of the series wins over an added one that is written the same. None has an empty value. */
void pt_label_list_fill(struct pt_label_list *list, const struct pt_series *series,
	const struct pt_label_choice *choice);
/* Adds the label __name__ with the sample's name in its sorted place; after fill. */
void pt_label_list_add_name(struct pt_label_list *list, const struct pt_series *series,
	enum pitot_escaping escaping);
/* 0, or PITOT_NO_MEMORY if any fill since init met it, or more labels than there is room for. */
int pt_label_list_error(const struct pt_label_list *list);

#endif
