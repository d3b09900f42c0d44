/* SPDX-License-Identifier: MIT */
/*
 * A fork waits until no thread holds a lock of a registry, so that its child finds them free and
 * what they guard whole. It takes them in the order in which all else does (registry.h), then those
 * of owned.h and of the model, whose handlers are there before ours and so run after them.
 */
#include <pthread.h>
#include "metrics/registry.h"
#include "model/lock.h"

static struct {
	pthread_mutex_t lock; /* guards what follows, and the links of registries */
	struct pitot_registry *first;
	bool follows;
} all = {.lock = PTHREAD_MUTEX_INITIALIZER};

static void
lock_all(void)
{
	(void)pthread_mutex_lock(&all.lock);
	for (struct pitot_registry *each = all.first; each != NULL; each = each->next) {
		(void)pthread_mutex_lock(&each->lock);
		for (struct pt_set *set = each->first; set != NULL; set = set->next)
			pt_family_lock(set);
		(void)pthread_mutex_lock(&each->exemplar_lock);
	}
}

static void
unlock_all(void)
{
	for (struct pitot_registry *each = all.first; each != NULL; each = each->next) {
		(void)pthread_mutex_unlock(&each->exemplar_lock);
		for (struct pt_set *set = each->first; set != NULL; set = set->next)
			pt_family_unlock(set);
		(void)pthread_mutex_unlock(&each->lock);
	}
	(void)pthread_mutex_unlock(&all.lock);
}

bool
pt_fork_join(struct pitot_registry *registry)
{
	(void)pthread_mutex_lock(&all.lock);
	if (!all.follows)
		all.follows = pt_model_follows_forks() && pt_owned_follows_forks() &&
			pthread_atfork(lock_all, unlock_all, unlock_all) == 0;
	bool follows = all.follows;
	if (follows) {
		registry->next = all.first;
		registry->link = &all.first;
		if (all.first != NULL)
			all.first->link = &registry->next;
		all.first = registry;
	}
	(void)pthread_mutex_unlock(&all.lock);
	return follows;
}

void
pt_fork_leave(struct pitot_registry *registry)
{
	(void)pthread_mutex_lock(&all.lock);
	if (registry->link != NULL) {
		*registry->link = registry->next;
		if (registry->next != NULL)
			registry->next->link = registry->link;
	}
	(void)pthread_mutex_unlock(&all.lock);
}
