/* SPDX-License-Identifier: MIT */
/* The couriers of all lanes: one thread for each. */
#ifndef PT_DRIVE_CREW_H
#define PT_DRIVE_CREW_H

#include "drive/courier.h"
#include "export/lanes.h"

struct pt_crew {
	struct pt_courier **couriers; /* one for each lane, in their order */
	size_t count;
};

/*
 * Starts them; report, done and context of `options` are those of every courier. On failure none
 * is left.
 */
int pt_crew_start(struct pt_crew *crew, const struct pt_lanes *lanes,
	const struct pt_courier_options *options, struct pitot_error *why);
/* As the functions of one courier do. */
void pt_crew_wake(struct pt_crew *crew);
void pt_crew_hurry(struct pt_crew *crew);
void pt_crew_hold(struct pt_crew *crew, int64_t mono_ms);
void pt_crew_finish(struct pt_crew *crew, int64_t mono_ms);
/* After finish; none is left. */
void pt_crew_join(struct pt_crew *crew);
bool pt_crew_is_self(const struct pt_crew *crew);

#endif
