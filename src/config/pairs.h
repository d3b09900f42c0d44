/* SPDX-License-Identifier: MIT */
/* Lists such as "k=v,k=v", as the OTEL_… variables write headers and attributes. */
#ifndef PT_CONFIG_PAIRS_H
#define PT_CONFIG_PAIRS_H

#include "base/arena.h"
#include <pitot/metrics.h>

/*
 * Spaces around names and values do not count; values are percent-decoded. Everything is copied
 * into the arena. PITOT_BAD_CONFIG tells which pair is wrong, never a value: it may be secret.
 */
int pt_pairs_parse(struct pt_arena *arena, const char *text, const struct pitot_label **pairs,
	size_t *count, struct pitot_error *why);

#endif
