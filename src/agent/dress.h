/* SPDX-License-Identifier: MIT */
/*
 * Gives series further labels and puts them through rules: what a target's labels do to what it
 * exposes, and a destination's external labels and rules to what it gets.
 */
#ifndef PT_AGENT_DRESS_H
#define PT_AGENT_DRESS_H

#include "model/relabel.h"

/* Where a series has a label of the same name. */
enum pt_dress_mode {
	PT_DRESS_RENAME, /* the added one stands, the series' own becomes exported_… */
	PT_DRESS_HONOR,  /* the series' own stands */
	PT_DRESS_FORCE   /* the added one stands alone */
};

/* All but the last three are the caller's, and outlive it. */
struct pt_dress {
	const struct pt_labels *labels; /* to add, or NULL */
	enum pt_dress_mode mode;
	const struct pt_relabel *rules; /* or NULL */
	const struct pt_labels *strip;  /* labels to take out at last, whatever they say; or NULL */
	struct pt_ids *ids;             /* of the series that are made */
	struct pt_label_set *set;       /* work space */
	/* private */
	const struct pt_labels *last_from;
	struct pt_labels *last_made;
};

/*
 * The dressed series, a new one; NULL if the rules drop it, or with *failed if memory is out or it
 * has too many labels.
 */
struct pt_series *pt_dress_series(
	struct pt_dress *dress, const struct pt_series *series, bool *failed);
/* Lets what it remembered go. */
void pt_dress_clear(struct pt_dress *dress);

#endif
