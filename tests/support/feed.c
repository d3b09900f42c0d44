/* SPDX-License-Identifier: MIT */
#include "support/feed.h"

bool
open_feed(struct feed *feed, enum pt_dress_mode mode)
{
	const struct pt_label pairs[] = {pt_label_of("job", "j")};
	*feed = (struct feed){
		.ids = pt_ids_new(),
		.set = pt_label_set_new(),
		.labels = pt_labels_new(pairs, 1),
		.rules = pt_relabel_new(),
	};
	feed->roster.dress = (struct pt_dress){.labels = feed->labels,
		.mode = mode,
		.rules = feed->rules,
		.ids = feed->ids,
		.set = feed->set};
	return feed->ids != NULL && feed->set != NULL && feed->labels != NULL &&
		feed->rules != NULL;
}

void
close_feed(struct feed *feed)
{
	pt_roster_clear(&feed->roster);
	pt_page_clear(&feed->page);
	pt_labels_unref(feed->labels);
	pt_relabel_free(feed->rules);
	pt_label_set_free(feed->set);
	pt_ids_unref(feed->ids);
}
