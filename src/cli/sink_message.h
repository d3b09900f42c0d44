/* SPDX-License-Identifier: MIT */
/* A remote-write request of either version as one kind of message, for the sink and --dry-run. */
#ifndef SINK_MESSAGE_H
#define SINK_MESSAGE_H

#include "cli/sink.h"

#define SINK_STALE_NAN UINT64_C(0x7ff0000000000002)
#define SINK_CUSTOM_SCHEMA (-53)

/* Types of metrics, by their numbers on the wire. */
enum sink_type {
	SINK_TYPE_UNKNOWN,
	SINK_TYPE_COUNTER,
	SINK_TYPE_GAUGE,
	SINK_TYPE_HISTOGRAM,
	SINK_TYPE_GAUGE_HISTOGRAM,
	SINK_TYPE_SUMMARY,
	SINK_TYPE_INFO,
	SINK_TYPE_STATESET,
	SINK_TYPES
};
/* "counter", …; NULL for a number that is none. */
const char *sink_type_text(int type);

struct sink_pair {
	const char *name, *value;
};

struct sink_pairs {
	struct sink_pair *list;
	size_t count;
};

struct sink_sample {
	double value;
	int64_t time_ms, start_ms; /* start_ms: 0: none */
};

struct sink_exemplar {
	struct sink_pairs labels;
	double value;
	int64_t time_ms;
};

struct sink_bucket_span {
	int32_t offset;
	uint32_t length;
};

/* One side of a native histogram. */
struct sink_side {
	struct sink_bucket_span *spans;
	size_t span_count;
	const int64_t *deltas;
	size_t delta_count;
	const double *counts;
	size_t count_count;
};

struct sink_native {
	bool is_float, zero_is_float;
	uint64_t count_int, zero_int;
	double count_float, zero_float;
	double sum, zero_threshold;
	int schema;
	int hint; /* reset hint: 0 unknown, 1 yes, 2 no, 3 gauge */
	struct sink_side positive, negative;
	const double *bounds; /* of custom buckets */
	size_t bound_count;
	int64_t time_ms, start_ms;
};

struct sink_timeseries {
	struct sink_pairs labels;
	struct sink_sample *samples;
	size_t sample_count;
	struct sink_native *natives;
	size_t native_count;
	struct sink_exemplar *exemplars;
	size_t exemplar_count;
	/* 2.0 only */
	bool is_described;
	int type;
	const char *help, *unit;
};

/* 1.0 only: a family. */
struct sink_described {
	const char *name, *help, *unit;
	int type;
};

struct sink_write {
	unsigned version; /* 1 or 2 */
	struct sink_timeseries *series;
	size_t series_count;
	struct sink_described *described;
	size_t described_count;
	size_t unknown;           /* fields that the message does not have */
	struct sink_text symbols; /* what is wrong with the symbol table; empty: nothing */
	struct sink_text refs;    /* the same of references into it */
	/* private */
	void *message;
	size_t room; /* bytes that decoding may still take */
	struct sink_owned *owned;
};

/* Decodes a request of version 1 or 2. NULL if it is none, takes too much, or memory is out. */
struct sink_write *sink_write_decode(unsigned version, const void *plain, size_t length);
void sink_write_free(struct sink_write *write);
/* The value of __name__, "" if there is none. */
const char *sink_timeseries_name(const struct sink_timeseries *series);

/* For decoding with a limit on memory: `room_left` points to a size_t. */
void *sink_bounded_alloc(void *room_left, size_t size);
void sink_bounded_free(void *room_left, void *memory);

/* ---- sink_model.c ---- */

/* Adds delimited families as text 0.0.4. NULL, or why a gateway refuses them. */
const char *sink_model_text(struct sink_text *out, const void *bytes, size_t length);

/* ---- sink_print.c ---- */

/* name{labels}, in the order in which the labels came. */
void sink_text_series(struct sink_text *out, const struct sink_timeseries *series);
/* {count:…,sum:…,schema:…,zero:…,bound:count,…} */
void sink_text_native(struct sink_text *out, const struct sink_native *native);
/* A line for each sample, native histogram and exemplar. */
void sink_print_series(FILE *out, const struct sink_timeseries *series);
/* A line for each type, help and unit that does not stand in `told` yet, which gets it. */
void sink_print_metadata(FILE *out, const struct sink_write *write, struct sink_table *told);

#endif
