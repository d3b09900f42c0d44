/* SPDX-License-Identifier: MIT */
/* A roster with its page, and what both need: what one scrape after the other does to it. */
#ifndef SUPPORT_FEED_H
#define SUPPORT_FEED_H

#include "agent/roster.h"

struct feed {
	struct pt_roster roster;
	struct pt_page page;
	struct pt_ids *ids;
	struct pt_label_set *set;
	struct pt_labels *labels; /* job="j" */
	struct pt_relabel *rules; /* none yet */
};

/* False if memory was out; close it all the same. */
bool open_feed(struct feed *feed, enum pt_dress_mode mode);
void close_feed(struct feed *feed);

#endif
