/* SPDX-License-Identifier: MIT */
/* The lanes that push options ask for: one for each destination and shard. */
#ifndef PT_EXPORT_LANES_H
#define PT_EXPORT_LANES_H

#include "export/lane.h"

/* The seams to the world, which tests replace. */
struct pt_world {
	const struct pt_clock *clock;
	const struct pt_files *files;
	/* A transport to a receiver; NULL on a wrong option. */
	struct pt_transport *(*connect)(
		void *context, const struct pitot_http_options *options, struct pitot_error *why);
	void *context;
	uint64_t seed; /* of all that is random; 0: another one in every process */
};

/* The network, the system's clocks and files. */
struct pt_world pt_world_real(void);

struct pt_lanes {
	size_t count;
	struct pt_lane *list[PT_LANE_EXPORTERS * PT_LANE_EXPORTERS];
};

/*
 * Checks the options, those of the others included, and makes the lanes. `one_shot` decides
 * defaults. A wrong option is PITOT_USAGE. Clear it in any case.
 */
int pt_lanes_init(struct pt_lanes *lanes, const struct pitot_push_options *options,
	const struct pt_world *world, bool one_shot, struct pitot_error *why);
void pt_lanes_clear(struct pt_lanes *lanes);

#endif
