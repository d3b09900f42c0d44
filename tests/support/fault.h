/* SPDX-License-Identifier: MIT */
/*
 * Every call fails once. Link with
 *
 *	-Wl,--wrap=malloc -Wl,--wrap=calloc -Wl,--wrap=realloc
 *
 * and repeat a body with the 1st, 2nd, 3rd… allocation failing until a run meets no fault:
 *
 *	for (struct fault fault = {0}; fault_next(&fault);)
 *		body(…);
 *
 * In the body, fault_met() tells whether an allocation has failed in this run.
 */
#ifndef SUPPORT_FAULT_H
#define SUPPORT_FAULT_H

#include <stdbool.h>

struct fault {
	unsigned long run; /* the allocation that fails, from 1 */
};

/* Ends the run before, arms the next one; false, and nothing is armed, after one without a fault.
 */
bool fault_next(struct fault *fault);
bool fault_met(void);

#endif
