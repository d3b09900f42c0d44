/* SPDX-License-Identifier: MIT */
/* Snapshots written down as tables. Memory that is out ends the test program. */
#ifndef LITERAL_H
#define LITERAL_H

#include "model/snapshot.h"

struct literal {
	const char *family;
	enum pitot_type type;
	enum pt_part part;
	const char *labels; /* "a=1,b=2", or NULL */
	double value;
	double bound;      /* of le or quantile */
	const char *state; /* of PT_PART_STATE */
	int64_t time_ms;   /* of its own; 0: none */
};

#define GAUGE(name_, labels_, value_)                                                              \
	{                                                                                          \
		.family = name_, .type = PITOT_GAUGE, .labels = labels_, .value = value_           \
	}
#define SERIES(name_, type_, part_, labels_, value_)                                               \
	{                                                                                          \
		.family = name_, .type = type_, .part = part_, .labels = labels_, .value = value_  \
	}

/* Rows of one family stand together; NaN with the bits of a stale marker or of absence are kept. */
struct pitot_snapshot *literal_snapshot(const struct literal *rows, size_t count, int64_t time_ms);

/* Of names and values in turn, `count` of each; NULL if memory is out. */
struct pt_labels *literal_labels(const char *const *texts, size_t count);

#define LITERAL(rows) literal_snapshot(rows, sizeof(rows) / sizeof((rows)[0]), 1700000000000)

#endif
