/* SPDX-License-Identifier: MIT */
/*
 * A page of metrics, got over HTTP and parsed, in the calling thread. Fails as a request does, and
 * on a page that is not metrics.
 */
#include "drive/visit.h"

#include "base/buf.h"
#include "base/error.h"
#include "base/limits.h"
#include "net/fetch.h"
#include "net/url.h"

/* Of a page that lists all metrics of a gateway. */
#define PAGE_MOST ((size_t)256 << 20)

struct reading {
	bool done;
	struct pitot_error error;
	struct pitot_snapshot *snapshot;
};

static void
take_page(void *context, struct pt_fetch *fetch, const struct pt_fetched *result)
{
	static const struct pitot_parse_options options = {.source = "the page"};
	struct reading *reading = context;
	(void)fetch;
	reading->done = true;
	reading->error = result->error;
	if (result->error.code == 0)
		reading->snapshot =
			pitot_parse(result->page, result->length, &options, &reading->error);
}

struct pitot_snapshot *
pt_visit_read(const char *url, const struct pitot_push_options *options, struct pitot_error *why)
{
	struct reading reading = {.done = false};
	const struct pt_clock *clock = pt_clock_real();
	struct pt_fetcher *fetcher = pt_fetcher_new(clock);
	struct pt_fetch *fetch = fetcher == NULL
		? NULL
		: pt_fetch_new(fetcher,
			  &(struct pt_fetch_options){
				  .url = url,
				  .http = &options->http,
				  .accept = "text/plain;version=0.0.4",
				  .timeout_ms =
					  options->timeout_ms > 0 ? options->timeout_ms : 10000,
				  .most_bytes = PAGE_MOST,
				  .context = &reading,
			  },
			  &reading.error);
	if (fetcher == NULL)
		(void)pt_error_memory(&reading.error);
	if (fetch != NULL) {
		pt_fetch_start(fetch);
		while (!reading.done)
			pt_fetcher_wait(fetcher, clock->mono_ms(clock) + 1000, take_page);
	}
	pt_fetch_free(fetch);
	pt_fetcher_free(fetcher);
	if (reading.snapshot == NULL && why != NULL)
		*why = reading.error;
	return reading.snapshot;
}

struct pitot_snapshot *
pitot_scrape(const struct pitot_push_options *options, struct pitot_error *why)
{
	struct pitot_snapshot *snapshot = NULL;
	struct pt_buf url, shown;
	pt_buf_init(&url, PT_LIMIT_URL + 1);
	pt_buf_init(&shown, PT_LIMIT_URL + 16);
	if (options->url == NULL) {
		(void)pt_error_set(why, PITOT_USAGE, "url: is missing: the page's address");
	} else if (pt_url_complete(&url, options->url, why) == 0) {
		snapshot = pt_visit_read(pt_buf_text(&url), options, why);
		pt_url_redact(&shown, pt_buf_text(&url));
		if (snapshot == NULL)
			(void)pt_error_wrap(why, "scrape %s", pt_buf_text(&shown));
	}
	pt_buf_clear(&url);
	pt_buf_clear(&shown);
	return snapshot;
}
