/* SPDX-License-Identifier: MIT */
#include "buffer.h"

#include <math.h>

static const double low_rate = 15, high_rate = 50; /* events in a second: the modes' bounds */
static const double smoothing = 0.3;               /* how much a new value counts in an average */
static const double slow_flush = 2, open_seconds = 60, fixed_timeout = 1;
enum { slow_flushes = 5 }; /* in a row open the breaker */

void
buffer_init(struct buffer *buffer)
{
	buffer->mode = PITOT_BAILEYS_MODE_AGGRESSIVE;
	buffer->timeout = 0.1;
}

/* ---- the history cache ---- */

void
buffer_remember(struct buffer *buffer, size_t entries)
{
	buffer->cached += entries;
	if (buffer->cached > buffer->max_cache) {
		buffer->cached = buffer->max_cache / 5 * 4; /* the least recently used fifth goes */
		pitot_counter_inc(buffer->metrics->buffer_cache_cleanup_total);
	}
	pitot_gauge_set(buffer->metrics->buffer_cache_size, (double)buffer->cached);
}

/* ---- how long until the next flush ---- */

/* The more comes in, the longer it waits, so that a flush is worth its cost. */
static void
adapt(struct buffer *buffer)
{
	if (buffer->open_until > 0) {
		buffer->mode = PITOT_BAILEYS_MODE_DISABLED;
		buffer->timeout = fixed_timeout;
	} else if (buffer->rate < low_rate) {
		buffer->mode = PITOT_BAILEYS_MODE_AGGRESSIVE;
		buffer->timeout = 0.1 + 0.4 * buffer->rate / low_rate;
	} else if (buffer->rate < high_rate) {
		buffer->mode = PITOT_BAILEYS_MODE_BALANCED;
		buffer->timeout = 0.5 + 1.5 * (buffer->rate - low_rate) / (high_rate - low_rate);
	} else {
		buffer->mode = PITOT_BAILEYS_MODE_CONSERVATIVE;
		buffer->timeout = fmin(2 + (buffer->rate - high_rate) / 50, 5);
	}
	pitot_gauge_set(buffer->metrics->adaptive_timeout_seconds[buffer->mode], buffer->timeout);
}

static void
measure(struct buffer *buffer, double now)
{
	double seconds = now - buffer->measured_at;
	if (seconds < 1)
		return;
	buffer->rate += smoothing * (buffer->arrived / seconds - buffer->rate);
	buffer->arrived = 0;
	buffer->measured_at = now;
	pitot_gauge_set(buffer->metrics->adaptive_event_rate, buffer->rate);
}

/* ---- the circuit breaker ---- */

static void
judge(struct buffer *buffer, double now, double took)
{
	buffer->slow_in_a_row = took > slow_flush ? buffer->slow_in_a_row + 1 : 0;
	if (buffer->slow_in_a_row < slow_flushes || buffer->open_until > 0)
		return;
	buffer->open_until = now + took + open_seconds;
	pitot_counter_inc(buffer->metrics->adaptive_circuit_breaker_trips_total);
	pitot_gauge_set(buffer->metrics->adaptive_health_status, 0);
}

static void
close_breaker(struct buffer *buffer, double now)
{
	if (buffer->open_until == 0 || now < buffer->open_until)
		return;
	buffer->open_until = 0;
	buffer->slow_in_a_row = 0;
	pitot_gauge_set(buffer->metrics->adaptive_health_status, 1);
}

/* ---- flushes ---- */

static double
flush_seconds(const struct buffer *buffer, double now)
{
	bool slow = (buffer->every_fourth_slow && buffer->flushes % 4 == 0) ||
		(buffer->slow_for_a_while && fmod(now, 240) < 60);
	if (slow)
		return dice_between(buffer->dice, slow_flush + 0.2, 4.5);
	double usual = 0.0005 + 0.00005 * (double)buffer->items;
	return usual * exp(dice_between(buffer->dice, -1.5, 3));
}

static void
flush(struct buffer *buffer, double now, bool forced)
{
	const struct pitot_baileys *m = buffer->metrics;
	if (buffer->items > 0) {
		double took = flush_seconds(buffer, now);
		buffer->flushes++;
		buffer->size += smoothing * ((double)buffer->items - buffer->size);
		pitot_counter_inc(m->buffer_flush_total[buffer->mode][forced]);
		pitot_counter_add(
			m->buffer_items_flushed_total[buffer->mode], (double)buffer->items);
		pitot_histogram_observe(m->buffer_flush_duration_seconds[buffer->mode], took);
		pitot_gauge_set(m->adaptive_buffer_size_avg, buffer->size);
		judge(buffer, now, took);
		buffer->items = 0;
		buffer->busy_until = now + took;
	}
	adapt(buffer);
	buffer->due = fmax(now, buffer->busy_until) + buffer->timeout;
}

void
buffer_add(struct buffer *buffer)
{
	buffer->arrived++;
	buffer->items++;
}

void
buffer_force(struct buffer *buffer, double now)
{
	if (now >= buffer->busy_until)
		flush(buffer, now, true);
}

void
buffer_run(struct buffer *buffer, double now)
{
	measure(buffer, now);
	close_breaker(buffer, now);
	if (now < buffer->busy_until)
		return;
	bool full = buffer->items >= buffer->max_items;
	if (full)
		pitot_counter_inc(buffer->metrics->buffer_overflow_total);
	if (full || now >= buffer->due)
		flush(buffer, now, full);
}
