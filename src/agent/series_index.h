/* SPDX-License-Identifier: MIT */
/* Finding series of a list by what arrives of them: name, part and labels. */
#ifndef PT_AGENT_SERIES_INDEX_H
#define PT_AGENT_SERIES_INDEX_H

#include "model/series.h"

#define PT_NO_SLOT UINT32_MAX

struct pt_series_index {
	uint32_t *places; /* of series, plus 1 */
	size_t size;      /* a power of two */
};

/* For `count` series. False if memory is out. */
bool pt_series_index_init(struct pt_series_index *index, size_t count);
void pt_series_index_clear(struct pt_series_index *index);
/* Whether both arrive as one. */
bool pt_series_same(const struct pt_series *a, const struct pt_series *b);
/*
 * The place of an equal one in `list`, or PT_NO_SLOT; then `add` is put there, unless it is
 * PT_NO_SLOT: the place that the series will have in the list.
 */
uint32_t pt_series_index_find(struct pt_series_index *index, struct pt_series *const *list,
	const struct pt_series *series, uint32_t add);

#endif
