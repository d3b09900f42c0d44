/* SPDX-License-Identifier: MIT */
/* Names outside [a-zA-Z0-9_:] escaped with underscores, for receivers that take no others. */
#ifndef PT_EXPORT_RENAME_H
#define PT_EXPORT_RENAME_H

#include "model/snapshot.h"
#include <pitot/error.h>

bool pt_rename_needed(const struct pt_table *table);
/*
 * *renamed gets a table of the same series in the same order under escaped names.
 * PITOT_BAD_INPUT if two labels of a series become the same.
 */
int pt_rename_table(
	struct pt_table **renamed, const struct pt_table *table, struct pitot_error *why);

#endif
