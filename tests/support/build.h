/* SPDX-License-Identifier: MIT */
/*
 * Snapshots from a compact table, made by the model's own functions and so without a registry or a
 * parser between; and random ones that hold everything awkward.
 */
#ifndef SUPPORT_BUILD_H
#define SUPPORT_BUILD_H

#include "model/snapshot.h"

#define BUILD_LABELS 5

struct build_row {
	/* A new family; NULL goes on with the one before, of which the next four are then kept. */
	const char *family;
	enum pitot_type type;
	const char *help; /* NULL: none */
	const char *unit;
	enum pt_part part;
	struct pitot_label labels[BUILD_LABELS]; /* up to the first without a name */
	double bound;                            /* of buckets and quantiles */
	const char *state;
	double value;
	uint64_t bits;   /* if not 0, in place of the value */
	int64_t time_ms; /* 0: none of its own */
	int64_t start_ms;
	struct pitot_label exemplar; /* its only label; no name: no exemplar */
	double exemplar_value;
	int64_t exemplar_ms; /* 0: none */
};

/* Rows of one family with equal labels share them, as in a registry. NULL if memory is out. */
struct pitot_snapshot *build_snapshot(const struct build_row *rows, size_t count, int64_t time_ms);
#define BUILD(time_ms, ...)                                                                        \
	build_snapshot((const struct build_row[]){__VA_ARGS__},                                    \
		sizeof((const struct build_row[]){__VA_ARGS__}) / sizeof(struct build_row),        \
		time_ms)

/* One family of every type: what tests/golden/encode/every-type holds as text. */
struct pitot_snapshot *build_every_type(void);

/* The next number of a repeatable sequence, below `limit`. */
uint64_t build_random(uint64_t *seed, uint64_t limit);
/* From PITOT_TEST_SEED, else from the clock; printed, so that a failure can be repeated. */
uint64_t build_seed(void);
/* Families of every type; awkward labels, values and times; names of the classic charset only. */
struct pitot_snapshot *build_random_snapshot(uint64_t *seed);

#endif
