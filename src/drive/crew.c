/* SPDX-License-Identifier: MIT */
/* Starting, telling and ending couriers. Fails when memory or threads are out. */
#include "drive/crew.h"

#include "base/error.h"
#include <stdlib.h>

void
pt_crew_join(struct pt_crew *crew)
{
	for (size_t i = 0; i < crew->count; i++)
		pt_courier_join(crew->couriers[i]);
	free(crew->couriers);
	*crew = (struct pt_crew){.count = 0};
}

int
pt_crew_start(struct pt_crew *crew, const struct pt_lanes *lanes,
	const struct pt_courier_options *options, struct pitot_error *why)
{
	crew->count = 0;
	crew->couriers = calloc(lanes->count + 1, sizeof crew->couriers[0]);
	if (crew->couriers == NULL)
		return pt_error_memory(why);
	for (size_t i = 0; i < lanes->count; i++) {
		struct pt_courier_options own = *options;
		own.lane = lanes->list[i];
		crew->couriers[i] = pt_courier_start(&own, why);
		if (crew->couriers[i] == NULL) {
			pt_crew_finish(crew, 0);
			pt_crew_join(crew);
			return PITOT_FAILED;
		}
		crew->count++;
	}
	return 0;
}

void
pt_crew_wake(struct pt_crew *crew)
{
	for (size_t i = 0; i < crew->count; i++)
		pt_courier_wake(crew->couriers[i]);
}

void
pt_crew_hurry(struct pt_crew *crew)
{
	for (size_t i = 0; i < crew->count; i++)
		pt_courier_hurry(crew->couriers[i]);
}

void
pt_crew_hold(struct pt_crew *crew, int64_t mono_ms)
{
	for (size_t i = 0; i < crew->count; i++)
		pt_courier_hold(crew->couriers[i], mono_ms);
}

void
pt_crew_finish(struct pt_crew *crew, int64_t mono_ms)
{
	for (size_t i = 0; i < crew->count; i++)
		pt_courier_finish(crew->couriers[i], mono_ms);
}

bool
pt_crew_is_self(const struct pt_crew *crew)
{
	for (size_t i = 0; i < crew->count; i++)
		if (pt_courier_is_self(crew->couriers[i]))
			return true;
	return false;
}
