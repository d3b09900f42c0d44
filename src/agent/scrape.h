/* SPDX-License-Identifier: MIT */
/* A target that is scraped in its interval, as Prometheus does it, and what it gave. */
#ifndef PT_AGENT_SCRAPE_H
#define PT_AGENT_SCRAPE_H

#include "agent/feed.h"
#include "net/fetch.h"

struct pt_scrape;

/*
 * One target of a static_configs block. *scrape becomes NULL, without failure, if the rules drop
 * it. PITOT_BAD_CONFIG, PITOT_NO_MEMORY.
 */
int pt_scrape_new(struct pt_scrape **scrape, struct pt_outputs *outputs, struct pt_fetcher *fetcher,
	const struct pt_agent_scrape *config, const struct pt_agent_static *group,
	const char *address, struct pitot_error *why);
void pt_scrape_free(struct pt_scrape *scrape);
/* Equal for equal configurations of one target. */
uint64_t pt_scrape_key(const struct pt_scrape *scrape);
/* A later configuration says the same of it. */
void pt_scrape_keep(struct pt_scrape *scrape, const struct pt_agent_scrape *config);
/* When it is to be started. */
int64_t pt_scrape_due(const struct pt_scrape *scrape);
void pt_scrape_start(struct pt_scrape *scrape, int64_t now_ms);
/* What the fetcher calls; its context is the scrape. */
void pt_scrape_done(void *context, struct pt_fetch *fetch, const struct pt_fetched *result);
/* All its series end. */
void pt_scrape_end(struct pt_scrape *scrape);
/* How many came to nothing since the last call. */
unsigned pt_scrape_failures(struct pt_scrape *scrape, unsigned *all);

#endif
