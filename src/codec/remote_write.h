/* SPDX-License-Identifier: MIT */
/*
 * What the encoders of remote write 1.0 and 2.0 have in common: what is asked of one request, and
 * what it came to hold (specs/remote-write).
 */
#ifndef PT_CODEC_REMOTE_WRITE_H
#define PT_CODEC_REMOTE_WRITE_H

#include "base/buf.h"
#include "model/snapshot.h"

/* Which series of a snapshot a request takes. The two never share one (specs/remote-write 2.5). */
enum pt_write_part {
	PT_WRITE_FLOATS, /* all but those of PT_PART_NATIVE */
	PT_WRITE_NATIVES /* only those of PT_PART_NATIVE */
};

/* Where a request holds what a later one of the same series will hold another of. */
struct pt_write_mark {
	uint32_t at;    /* the eight bytes of the value, in the request; its time is behind it */
	uint32_t index; /* of the series in the table */
	bool rises;     /* a count, which falls only when it begins anew */
};

struct pt_write_marks {
	struct pt_write_mark *list; /* free() */
	size_t count, capacity;
	/* Some sample is more than a value at the time of all: marks do not tell the whole. */
	bool odd;
	/* The times for which the request is the same but for values and times. */
	int64_t not_before, not_after;
};

struct pt_write_options {
	const struct pt_labels *labels; /* added to every series (job, instance); may be NULL */
	int64_t time_ms;                /* of samples without a time of their own */
	size_t max_bytes;               /* of one request, before compression */
	size_t max_series;              /* of one request */
	size_t end;                     /* look only at series before this index of the table */
	enum pt_write_part part;
	/*
	 * The receiver takes native histograms: PT_WRITE_FLOATS leaves out the classic series of
	 * families that are native. PT_WRITE_NATIVES is asked for only then.
	 */
	bool natives;
	struct pt_write_marks *marks; /* to be added to; or NULL */
	bool old_start;  /* 2.0: the start time also where receivers looked for it before */
	unsigned shard;  /* only series with hash % shards == shard */
	unsigned shards; /* 0 and 1: all */
};

/* Counts rise. */
struct pt_write_count {
	size_t samples;
	size_t histograms;
	size_t exemplars;
	size_t dropped;           /* samples and histograms that fit into no request */
	size_t exemplars_dropped; /* what the version cannot carry, or 2.5 and 3.5 forbid */
	int64_t oldest_ms;        /* the earliest time of a sample; INT64_MAX at first */
};

/*
 * Append one request with the series from `from` on, as many as fit, and return the index behind
 * the last one that was looked at (options->end when all are done). A label of the series wins over
 * one of the same name in options->labels. Absent values are skipped; labels are sorted bytewise
 * and include __name__. An exemplar goes with its sample, with its own time or the sample's.
 * Failures stick in the buffer. A request without series is left empty (nothing is appended).
 */
size_t pt_remote_write_v1_encode(struct pt_buf *out, const struct pitot_snapshot *snapshot,
	size_t from, const struct pt_write_options *options, struct pt_write_count *count);
size_t pt_remote_write_v2_encode(struct pt_buf *out, const struct pitot_snapshot *snapshot,
	size_t from, const struct pt_write_options *options, struct pt_write_count *count);
/*
 * 1.0 only: type, help and unit of the families from the series `from` on, at most max_series of
 * them, as a request without series. Returns as above; a family that stands on both sides of a
 * border is told once.
 */
size_t pt_remote_write_v1_metadata(struct pt_buf *out, const struct pt_table *table, size_t from,
	const struct pt_write_options *options);

/*
 * A finished request of 2.0 (not compressed) as one of 1.0, for a receiver that turns out to know
 * only that. `lost` is what 1.0 has no place for: histograms with custom bounds. Metadata and start
 * times, which are told otherwise or not at all, are not counted. False if the bytes are no
 * request, or memory is out (which sticks in the buffer).
 */
bool pt_remote_write_v1_from_v2(
	struct pt_buf *out, const void *bytes, size_t length, struct pt_write_count *lost);

#endif
