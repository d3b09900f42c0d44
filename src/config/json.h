/* SPDX-License-Identifier: MIT */
/* Labels as a JSON object of strings. */
#ifndef PT_CONFIG_JSON_H
#define PT_CONFIG_JSON_H

#include "base/arena.h"
#include <pitot/metrics.h>

/*
 * Reads {"name": "value", …} in the order of the text; everything is copied into the arena.
 * PITOT_BAD_CONFIG says what is wrong and where.
 */
int pt_json_labels(struct pt_arena *arena, const char *text, const struct pitot_label **labels,
	size_t *count, struct pitot_error *why);

#endif
