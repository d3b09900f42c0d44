/* SPDX-License-Identifier: MIT */
/* A table under escaped names, for receivers that take only [a-zA-Z0-9_:]. */
#ifndef PT_CODEC_RENAME_H
#define PT_CODEC_RENAME_H

#include "model/snapshot.h"
#include <pitot/error.h>

/* Whether the scheme changes any name of the table. */
bool pt_rename_needed(const struct pt_table *table, enum pitot_escaping scheme);
/*
 * *renamed gets a table of the same series in the same order under escaped names.
 * PITOT_BAD_INPUT if two labels of a series become the same.
 */
int pt_rename_table(struct pt_table **renamed, const struct pt_table *table,
	enum pitot_escaping scheme, struct pitot_error *why);

#endif
