/* SPDX-License-Identifier: MIT */
/* Where to, and as who: the URL, the protocol it stands for, and the labels of the destination. */
#ifndef PT_EXPORT_TARGET_H
#define PT_EXPORT_TARGET_H

#include <limits.h>
#include "base/buf.h"
#include "base/limits.h"
#include "model/series.h"
#include <pitot/push.h>

struct pt_target {
	struct pitot_push_options options; /* complete */
	enum pitot_protocol protocol;      /* never AUTO */
	struct pt_buf url;                 /* complete, NUL behind it */
	size_t count;
	/* job, instance (left out if ""), then options.labels by name; values may be empty. */
	struct pt_label pairs[PT_LIMIT_LABELS];
	char host[HOST_NAME_MAX + 1];
};

/*
 * Checks the options and fills the target, which points into them. PITOT_USAGE names the wrong
 * option. Clear it in any case.
 */
int pt_target_init(struct pt_target *target, const struct pitot_push_options *options,
	struct pitot_error *why);
void pt_target_clear(struct pt_target *target);

#endif
