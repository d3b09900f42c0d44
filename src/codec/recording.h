/* SPDX-License-Identifier: MIT */
/*
 * The text of a table of series, of which only the numbers change from snapshot to snapshot. The
 * second time that a table is encoded it is kept beside the table, without its numbers; from then
 * on encoding is copying, and writing numbers. It holds as much memory as the text. Tables of a few
 * series are not recorded.
 */
#ifndef PT_CODEC_RECORDING_H
#define PT_CODEC_RECORDING_H

#include "base/buf.h"
#include "base/number.h"
#include "model/snapshot.h"

/* While it is made. */
struct pt_recording {
	_Atomic(struct pt_kept *) *place; /* NULL: nothing is recorded */
	size_t from;                      /* where the text begins in its buffer */
	struct pt_buf steps;
};

/*
 * Writes the snapshot's text behind what `out` has. False, and nothing is written, if it was not
 * recorded, other series have samples now, or the options ask for more than series and numbers.
 */
bool pt_recording_play(struct pt_buf *out, const struct pitot_snapshot *snapshot,
	enum pitot_format format, const struct pitot_encode_options *options);
/*
 * Whether it was recorded, and all names were such that no escaping changes them but
 * PITOT_ESCAPE_DOTS.
 */
bool pt_recording_is_classic(struct pt_table *table, enum pitot_format format);

/* Begins where it is worth it; must be ended. */
void pt_recording_begin(struct pt_recording *recording, const struct pt_buf *out,
	const struct pitot_snapshot *snapshot, enum pitot_format format,
	const struct pitot_encode_options *options);
/* What `out` has from `from` on is the value of the series at `index`. */
void pt_recording_add(struct pt_recording *recording, const struct pt_buf *out, size_t from,
	size_t index, enum pt_number_style style);
/* Out of memory it is not kept, which costs only time. */
void pt_recording_end(struct pt_recording *recording, const struct pt_buf *out,
	const struct pitot_snapshot *snapshot);

#endif
