/* SPDX-License-Identifier: MIT */
/*
 * Time. With the real clock pt_deadline_sleep() waits on a condition variable of the monotonic
 * clock; with a virtual clock, whose mono_ms moves by itself when asked, it asks until it is late
 * enough. Nothing here fails but the allocation in pt_deadline_new().
 */
#include "base/clock.h"

#include <pthread.h>
#include <stdlib.h>
#include <time.h>

static int64_t
read_ms(clockid_t id)
{
	struct timespec now;
	(void)clock_gettime(id, &now); /* cannot fail for these clocks */
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static int64_t
real_wall_ms(const struct pt_clock *clock)
{
	(void)clock;
	return read_ms(CLOCK_REALTIME);
}

static int64_t
real_mono_ms(const struct pt_clock *clock)
{
	(void)clock;
	return read_ms(CLOCK_MONOTONIC);
}

static const struct pt_clock real_clock = {real_wall_ms, real_mono_ms, NULL};

const struct pt_clock *
pt_clock_real(void)
{
	return &real_clock;
}

struct pt_deadline {
	const struct pt_clock *clock;
	pthread_mutex_t lock; /* guards what follows */
	pthread_cond_t moved;
	int64_t at_ms;
	void (*wake)(void *context);
	void *context;
};

struct pt_deadline *
pt_deadline_new(const struct pt_clock *clock)
{
	struct pt_deadline *deadline = calloc(1, sizeof *deadline);
	if (deadline == NULL)
		return NULL;
	deadline->clock = clock;
	pthread_condattr_t monotonic;
	/* None of these can fail with these arguments on Linux. */
	(void)pthread_condattr_init(&monotonic);
	(void)pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	(void)pthread_cond_init(&deadline->moved, &monotonic);
	(void)pthread_condattr_destroy(&monotonic);
	(void)pthread_mutex_init(&deadline->lock, NULL);
	return deadline;
}

void
pt_deadline_free(struct pt_deadline *deadline)
{
	if (deadline == NULL)
		return;
	(void)pthread_cond_destroy(&deadline->moved);
	(void)pthread_mutex_destroy(&deadline->lock);
	free(deadline);
}

const struct pt_clock *
pt_deadline_clock(const struct pt_deadline *deadline)
{
	return deadline->clock;
}

void
pt_deadline_set(struct pt_deadline *deadline, int64_t mono_ms)
{
	(void)pthread_mutex_lock(&deadline->lock);
	deadline->at_ms = mono_ms;
	(void)pthread_cond_broadcast(&deadline->moved);
	(void)pthread_mutex_unlock(&deadline->lock);
}

void
pt_deadline_hasten(struct pt_deadline *deadline, int64_t mono_ms)
{
	(void)pthread_mutex_lock(&deadline->lock);
	if (mono_ms < deadline->at_ms) {
		deadline->at_ms = mono_ms;
		(void)pthread_cond_broadcast(&deadline->moved);
		if (deadline->wake != NULL)
			deadline->wake(deadline->context);
	}
	(void)pthread_mutex_unlock(&deadline->lock);
}

void
pt_deadline_on_hasten(struct pt_deadline *deadline, void (*wake)(void *context), void *context)
{
	(void)pthread_mutex_lock(&deadline->lock);
	deadline->wake = wake;
	deadline->context = context;
	(void)pthread_mutex_unlock(&deadline->lock);
}

int64_t
pt_deadline_left(struct pt_deadline *deadline)
{
	(void)pthread_mutex_lock(&deadline->lock);
	int64_t left = deadline->at_ms - deadline->clock->mono_ms(deadline->clock);
	(void)pthread_mutex_unlock(&deadline->lock);
	return left > 0 ? left : 0;
}

void
pt_deadline_sleep(struct pt_deadline *deadline, int64_t mono_ms)
{
	(void)pthread_mutex_lock(&deadline->lock);
	for (;;) {
		int64_t until = mono_ms < deadline->at_ms ? mono_ms : deadline->at_ms;
		if (deadline->clock->mono_ms(deadline->clock) >= until)
			break;
		if (deadline->clock->pass != NULL)
			deadline->clock->pass(deadline->clock, until);
		if (deadline->clock != &real_clock)
			continue; /* virtual time passes by being asked */
		struct timespec when = {until / 1000, (until % 1000) * 1000000};
		(void)pthread_cond_timedwait(&deadline->moved, &deadline->lock, &when);
	}
	(void)pthread_mutex_unlock(&deadline->lock);
}
