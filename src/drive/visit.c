/* SPDX-License-Identifier: MIT */
/*
 * A page, got over HTTP and read, in the calling thread. Fails as a request does, and on a page
 * that is not what it should be.
 */
#include "drive/visit.h"

#include "base/buf.h"
#include "base/error.h"
#include "base/limits.h"
#include "net/fetch.h"
#include "net/url.h"

/* Of a page that lists all metrics of a gateway. */
#define PAGE_MOST ((size_t)256 << 20)

struct visit {
	pt_visit_reader *read;
	void *context;
	struct pitot_error error; /* .code is 0 if it was read */
	bool done;
};

static void
take_page(void *context, struct pt_fetch *fetch, const struct pt_fetched *result)
{
	struct visit *visit = context;
	(void)fetch;
	visit->done = true;
	visit->error = result->error;
	if (result->error.code == 0)
		visit->error.code =
			visit->read(visit->context, result->page, result->length, &visit->error);
}

int
pt_visit(const char *url, const struct pitot_push_options *options, const char *accept,
	pt_visit_reader *read, void *context, struct pitot_error *why)
{
	struct visit visit = {.read = read, .context = context};
	const struct pt_clock *clock = pt_clock_real();
	struct pt_fetcher *fetcher = pt_fetcher_new(clock);
	struct pt_fetch *fetch = fetcher == NULL
		? NULL
		: pt_fetch_new(fetcher,
			  &(struct pt_fetch_options){
				  .url = url,
				  .http = &options->http,
				  .accept = accept,
				  .timeout_ms =
					  options->timeout_ms > 0 ? options->timeout_ms : 10000,
				  .most_bytes = PAGE_MOST,
				  .context = &visit,
			  },
			  &visit.error);
	if (fetcher == NULL)
		(void)pt_error_memory(&visit.error);
	if (fetch != NULL) {
		pt_fetch_start(fetch);
		while (!visit.done)
			pt_fetcher_wait(fetcher, clock->mono_ms(clock) + 1000, take_page);
	}
	pt_fetch_free(fetch);
	pt_fetcher_free(fetcher);
	if (visit.error.code != 0 && why != NULL)
		*why = visit.error;
	return visit.error.code;
}

/* ---- a page of metrics ---- */

static int
parse_page(void *context, const char *page, size_t length, struct pitot_error *why)
{
	static const struct pitot_parse_options options = {.source = "the page"};
	struct pitot_snapshot **snapshot = context;
	*snapshot = pitot_parse(page, length, &options, why);
	return *snapshot == NULL ? why->code : 0;
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
		pt_url_redact(&shown, pt_buf_text(&url));
		if (pt_visit(pt_buf_text(&url), options, "text/plain;version=0.0.4", parse_page,
			    &snapshot, why) != 0)
			(void)pt_error_wrap(why, "scrape %s", pt_buf_text(&shown));
	}
	pt_buf_clear(&url);
	pt_buf_clear(&shown);
	return snapshot;
}
