/* SPDX-License-Identifier: MIT */
/*
 * Fits snapshots to a destination: names that the receiver does not take are escaped, and what it
 * would refuse, or silently mix up, is found before anything is sent. The work is done once for a
 * table of series, which registries share among snapshots until series come or go; a few tables may
 * take turns, as those of several scraped targets do.
 */
#ifndef PT_EXPORT_FIT_H
#define PT_EXPORT_FIT_H

#include "base/buf.h"
#include "model/snapshot.h"

/* A table that fitted. */
struct pt_fitted {
	struct pt_table *source; /* referenced */
	struct pt_table *fitted; /* the same with names that the receiver takes; referenced */
	int64_t told_ms;         /* the owner's: when its families were told; 0: not yet */
	bool is_held;            /* the owner's: it holds a reference to the source, too */
};

struct pt_fit {
	bool utf8_names;
	bool text; /* what arrives is text 0.0.4, where some names belong to histograms */
	struct pt_labels *added;      /* to every series, whose own labels win; or NULL */
	const struct pt_label *owned; /* by the destination: a series with one of them is refused */
	size_t owned_count;
	/* private */
	struct pt_fitted *last; /* of the last call; may be written to */
	struct pt_fitted *tables;
	size_t table_count;
};

/* Drops the tables; `added` and `owned` are the caller's. */
void pt_fit_clear(struct pt_fit *fit);
/*
 * Fills *view with the snapshot as the receiver takes it; the view borrows from `fit` and from
 * `snapshot`, and is not freed. PITOT_BAD_INPUT names metric and label.
 */
int pt_fit_snapshot(struct pt_fit *fit, const struct pitot_snapshot *snapshot,
	struct pitot_snapshot *view, struct pitot_error *why);
/*
 * How many samples there are: values that are not absent. Native histograms, which have classic
 * samples beside them, are not counted.
 */
size_t pt_fit_count(const struct pitot_snapshot *snapshot);

#endif
