/* SPDX-License-Identifier: MIT */
/* Whether every series, and every family, of a table is there once. */
#ifndef PT_CODEC_UNIQUE_H
#define PT_CODEC_UNIQUE_H

#include "model/snapshot.h"
#include <pitot/error.h>

/*
 * 0, or PITOT_BAD_INPUT naming the two that would arrive as one. `added` (may be NULL) are labels
 * that every series gets, where its own win. `source` has the same series under the names that the
 * user knows them by; it may be the same table.
 */
int pt_unique_check(const struct pt_table *table, const struct pt_table *source,
	const struct pt_labels *added, struct pitot_error *why);
/*
 * The same for a receiver of text 0.0.4, where each sample name is a family of its own, but those
 * of a histogram or summary belong to it, whether it has such samples or not.
 */
int pt_unique_check_text(
	const struct pt_table *table, const struct pt_table *source, struct pitot_error *why);

#endif
