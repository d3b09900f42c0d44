/* SPDX-License-Identifier: MIT */
/* One page of metrics, read once. */
#ifndef PT_DRIVE_VISIT_H
#define PT_DRIVE_VISIT_H

#include <pitot/push.h>

/*
 * The metrics at a complete URL; of the options, http and timeout_ms count. NULL with the reason,
 * which does not name the URL.
 */
struct pitot_snapshot *pt_visit_read(
	const char *url, const struct pitot_push_options *options, struct pitot_error *why);

#endif
