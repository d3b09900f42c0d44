/* SPDX-License-Identifier: MIT */
/*
 * Chance for the simulated worker: the same seed gives the same load on every machine. Nothing here
 * can fail.
 */
#ifndef EXAMPLE_BAILEYS_DICE_H
#define EXAMPLE_BAILEYS_DICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct dice {
	uint64_t state; /* the seed at first */
};

/* From low to high, without high. */
double dice_between(struct dice *dice, double low, double high);
/* True in this part of all cases, 0 to 1. */
bool dice_chance(struct dice *dice, double part);
/* An index below count, each as often as its weight is of their sum. */
size_t dice_pick(struct dice *dice, const double *weights, size_t count);
/* How many of independent events happen where `mean` are expected. */
unsigned dice_arrivals(struct dice *dice, double mean);

#endif
