/* SPDX-License-Identifier: MIT */
/* See lock.h. */
#include "model/lock.h"

#include <pthread.h>

static struct {
	pthread_mutex_t lock; /* guards what follows */
	bool follows_forks;
} all = {.lock = PTHREAD_MUTEX_INITIALIZER};

static void
lock(void)
{
	(void)pthread_mutex_lock(&all.lock);
}

void
pt_model_unlock(void)
{
	(void)pthread_mutex_unlock(&all.lock);
}

void
pt_model_lock(void)
{
	lock();
	if (__builtin_expect(!all.follows_forks, false))
		all.follows_forks = pthread_atfork(lock, pt_model_unlock, pt_model_unlock) == 0;
}

bool
pt_model_follows_forks(void)
{
	pt_model_lock();
	bool follows = all.follows_forks;
	pt_model_unlock();
	return follows;
}
