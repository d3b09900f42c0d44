/* SPDX-License-Identifier: MIT */
/* Series that come and go from one snapshot of a registry to the next. */
#ifndef LIVES_H
#define LIVES_H

#include <stdbool.h>
#include "model/snapshot.h"

/*
 * The sum of what the series had in `before` that are no longer in `after`. *rose becomes false if
 * one that is in both has less in `after`.
 */
double lives_ended(
	const struct pitot_snapshot *before, const struct pitot_snapshot *after, bool *rose);

#endif
