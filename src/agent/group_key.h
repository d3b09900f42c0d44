/* SPDX-License-Identifier: MIT */
/* The grouping key in the path of a push: /metrics/job/x/instance/y (specs/pushgateway 3). */
#ifndef PT_AGENT_GROUP_KEY_H
#define PT_AGENT_GROUP_KEY_H

#include "model/series.h"

/*
 * Reads the path as it was sent, percent-encoding included. NULL: PITOT_NO_INPUT if it is no path
 * of a group, PITOT_BAD_INPUT if it is a wrong one, PITOT_NO_MEMORY.
 */
struct pt_labels *pt_group_key(const char *path, struct pitot_error *why);

#endif
