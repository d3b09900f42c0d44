/* SPDX-License-Identifier: MIT */
/*
 * The labels of one series as an encoder writes them: its own with le or quantile, those that the
 * destination adds, sorted bytewise. One list is filled again for every series.
 */
#ifndef PT_CODEC_LABEL_LIST_H
#define PT_CODEC_LABEL_LIST_H

#include "base/buf.h"
#include "base/limits.h"
#include "model/snapshot.h"

struct pt_label_list {
	size_t count;
	struct pt_label labels[PT_LIMIT_LABELS * 2 + 2]; /* valid until the next fill */
	struct pt_buf name;                              /* the sample's name */
	/* Of what it is: the series of a family stand together, and have it in common. */
	const struct pt_family *family;
	enum pt_part part;
};

void pt_label_list_init(struct pt_label_list *list);
void pt_label_list_clear(struct pt_label_list *list);
/*
 * `added` may be NULL; a label of the series wins over one of the same name in it. `bare` leaves
 * le, quantile or state out, for the sums beside them. None has an empty value.
 */
void pt_label_list_fill(struct pt_label_list *list, const struct pt_series *series,
	const struct pt_labels *added, bool bare);
/* Only those that series share: `labels` and, but for one named `except` (may be NULL), `added`. */
void pt_label_list_fill_own(struct pt_label_list *list, const struct pt_labels *labels,
	const struct pt_labels *added, const char *except);
/*
 * Adds the label __name__ with the sample's name in its sorted place; after fill. The families of
 * all series must live until the list is cleared.
 */
void pt_label_list_add_name(struct pt_label_list *list, const struct pt_series *series);
/* 0, or PITOT_NO_MEMORY: since init it happened, or a series had more labels than there is room. */
int pt_label_list_error(const struct pt_label_list *list);

#endif
