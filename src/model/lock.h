/* SPDX-License-Identifier: MIT */
/*
 * The lock under which the model's parts are made and dropped: texts, labels, roles, numbers and
 * memory of series. There is one for the whole process, so that a series is made in one go; it is
 * held for some hundred instructions, and nothing else is locked meanwhile. A fork waits for it.
 */
#ifndef PT_MODEL_LOCK_H
#define PT_MODEL_LOCK_H

#include <stdbool.h>

void pt_model_lock(void);
void pt_model_unlock(void);
/*
 * True if forks wait for it; false if memory is out, and then locking tries again. Whoever lets
 * forks wait for a lock that is held around this one asks this first: then they wait in that
 * order.
 */
bool pt_model_follows_forks(void);

#endif
