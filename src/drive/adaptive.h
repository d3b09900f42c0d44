/* SPDX-License-Identifier: MIT */
/*
 * How long the pusher waits between pushes, by the load, with a circuit breaker. One thread's; it
 * is told what happened and asked what to do, and looks at no clock.
 */
#ifndef PT_DRIVE_ADAPTIVE_H
#define PT_DRIVE_ADAPTIVE_H

#include <pitot/push.h>

struct pt_adaptive {
	struct pitot_adaptive_options options; /* complete */
	double load;                           /* 0 to 1, smoothed */
	double event_rate;                     /* changed samples in a second, smoothed */
	double duration_share;                 /* of the last push */
	unsigned slow_in_row;
	bool tripped;
	bool was_full;
	uint64_t trips; /* how often the breaker opened */
};

/*
 * Begins without load. `interval_ms` is the pusher's, > 0. A wrong option is PITOT_USAGE, and the
 * text names it, its value and what is allowed; options are checked even if not enabled.
 */
int pt_adaptive_init(struct pt_adaptive *adaptive, const struct pitot_adaptive_options *options,
	int64_t interval_ms, struct pitot_error *why);

struct pt_adaptive_observed {
	size_t changed_samples; /* between the last gather and this one */
	int64_t elapsed_ms;     /* between the two */
	size_t pending_bytes;   /* in the queue */
	size_t capacity_bytes;  /* of the queue; 0: there is none */
	int64_t push_ms;        /* of the push that ended since the last call; negative: none did */
	bool push_ok;           /* it was delivered; counts as slow if not, whatever it took */
};

/* Once in each interval. */
void pt_adaptive_observe(struct pt_adaptive *adaptive, const struct pt_adaptive_observed *observed);
int64_t pt_adaptive_interval_ms(const struct pt_adaptive *adaptive);
enum pitot_rhythm pt_adaptive_mode(const struct pt_adaptive *adaptive);
/* False while the breaker is open. */
bool pt_adaptive_healthy(const struct pt_adaptive *adaptive);
/*
 * Whether the queue demands a flush before the interval is over. Once each time it becomes full,
 * not for as long as it is: nothing would be gained from hammering a receiver that is away.
 */
bool pt_adaptive_forced(struct pt_adaptive *adaptive, size_t pending_bytes, size_t capacity_bytes);

#endif
