/* SPDX-License-Identifier: MIT */
/*
 * The event buffer of the simulated worker: it collects events and hands them on in flushes whose
 * rhythm follows the load. Slow flushes in a row open a circuit breaker, and for a while the rhythm
 * is fixed. What it does not have room for forces a flush. Times are simulated seconds; nothing can
 * fail.
 */
#ifndef EXAMPLE_BAILEYS_BUFFER_H
#define EXAMPLE_BAILEYS_BUFFER_H

#include <pitot/baileys.h>

#include "dice.h"

struct buffer {
	const struct pitot_baileys *metrics;
	struct dice *dice;
	bool every_fourth_slow; /* faults: a flush in four is slow; */
	bool slow_for_a_while;  /* a minute in four, all are */
	size_t max_items;       /* events that it holds */
	size_t max_cache;       /* entries of the history cache */

	size_t items, cached;
	enum pitot_baileys_mode mode;
	double timeout;         /* from the end of a flush to the next */
	double due, busy_until; /* the next flush; the end of the one that runs */
	double rate, size;      /* moving averages: events in a second, items at a flush */
	unsigned arrived;       /* events since measured_at */
	double measured_at;
	unsigned flushes, slow_in_a_row;
	double open_until; /* of the breaker; 0: it is closed */
};

/* `buffer` has everything above the empty line; the rest is set here. */
void buffer_init(struct buffer *buffer);
void buffer_add(struct buffer *buffer);
/* Puts so many entries into the history cache. */
void buffer_remember(struct buffer *buffer, size_t entries);
/* Flushes, for a reason that does not wait for its time. */
void buffer_force(struct buffer *buffer, double now);
/* Does what is due by now. */
void buffer_run(struct buffer *buffer, double now);

#endif
