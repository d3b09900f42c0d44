/* SPDX-License-Identifier: MIT */
/* What the encoders of both versions of remote write share: which series go into a request. */
#ifndef PT_CODEC_WRITE_ITEM_H
#define PT_CODEC_WRITE_ITEM_H

#include "base/number.h"
#include "codec/label_list.h"
#include "codec/remote_write.h"

/* One series with its sample, as it goes into a request. */
struct pt_write_item {
	const struct pt_series *series;
	const struct pt_label_list *list; /* its labels, sorted, with __name__ */
	int64_t time_ms;
	int64_t begins_ms; /* of what counts up: since when; 0: unknown */
	int64_t start_ms;  /* the same if it is before the sample; 0: none to be told */
	uint64_t bits;     /* as they go on the wire */
	const struct pt_native *native;     /* a native histogram in place of bits, or NULL */
	bool stale;                         /* a native histogram that ended: there is no value */
	const struct pt_exemplar *exemplar; /* or NULL */
	int64_t exemplar_ms;
};

/*
 * The first series from *index on that belongs into the request; *index is where it stands, or
 * options->end. What can never be sent is counted as dropped on the way.
 */
bool pt_write_item_next(const struct pitot_snapshot *snapshot, size_t *index,
	const struct pt_write_options *options, struct pt_label_list *list,
	struct pt_write_item *item, struct pt_write_count *count);
/* A marker is sent as it is; no other NaN may be taken for one, whatever a receiver makes of it. */
static inline uint64_t
pt_write_bits(uint64_t bits)
{
	return bits == PT_NUMBER_STALE ? bits : pt_number_user_bits(pt_number_from_bits(bits));
}
/* Counts the item as sent. */
void pt_write_item_count(const struct pt_write_item *item, struct pt_write_count *count);
/* Notes where the item's value stands in the request, if that is asked for. */
void pt_write_item_mark(const struct pt_write_item *item, size_t index, size_t at,
	const struct pt_write_options *options);
/* Within the limit of 128 code points (specs/remote-write 3.5). */
bool pt_write_exemplar_fits(const struct pt_exemplar *exemplar);
/* The number of a type in both versions' metadata. */
unsigned pt_write_type(enum pitot_type type);
/* The fields of the item's histogram message, the same in both versions but for the start time. */
void pt_write_item_histogram(struct pt_buf *out, const struct pt_write_item *item, bool with_start);

#endif
