/* SPDX-License-Identifier: MIT */
/*
 * Fetching over libcurl's multi interface.
 *
 * The happy path is: a fetch is started, its page grows in a buffer as it arrives, and when it is
 * complete the owner is called. Possible failures are those of a request (net/easy.c), an answer
 * other than 200, and a page that is longer than it may be; all are told to the owner, and the next
 * start tries again.
 */
#include "net/fetch.h"

#include "base/buf.h"
#include "base/error.h"
#include "base/limits.h"
#include "net/easy.h"
#include <stdlib.h>
#include <string.h>

/* A page's memory that is kept until the next one: most pages are shorter. */
enum { keep_bytes = 256 * 1024 };

struct pt_fetcher {
	CURLM *multi;
	const struct pt_clock *clock;
	struct pt_fetch *failed; /* could not even be started */
	size_t running;
};

struct pt_fetch {
	struct pt_fetcher *fetcher;
	struct pt_easy easy;
	struct curl_slist *headers;
	struct pt_buf page;
	int64_t timeout_ms;
	void *context;
	bool running;
	struct pitot_error start_error;
	struct pt_fetch *next_failed;
};

struct pt_fetcher *
pt_fetcher_new(const struct pt_clock *clock)
{
	struct pt_fetcher *fetcher = calloc(1, sizeof *fetcher);
	if (fetcher == NULL)
		return NULL;
	/* libcurl sets itself up in curl_easy_init() of the first handle, see net/easy.c. */
	fetcher->multi = curl_multi_init();
	fetcher->clock = clock;
	if (fetcher->multi != NULL)
		return fetcher;
	free(fetcher);
	return NULL;
}

void
pt_fetcher_free(struct pt_fetcher *fetcher)
{
	if (fetcher == NULL)
		return;
	(void)curl_multi_cleanup(fetcher->multi);
	free(fetcher);
}

static size_t
take_page(char *bytes, size_t one, size_t count, void *context)
{
	struct pt_fetch *fetch = context;
	size_t length = one * count;
	pt_buf_put(&fetch->page, bytes, length);
	return pt_buf_error(&fetch->page) == 0 ? length : 0; /* 0 ends the transfer */
}

static int
set_options(struct pt_fetch *fetch, const struct pt_fetch_options *options)
{
	CURL *handle = fetch->easy.handle;
	if (!pt_easy_header(&fetch->headers, "Accept", options->accept))
		return PITOT_NO_MEMORY;
	for (struct curl_slist *user = fetch->easy.user_headers; user != NULL; user = user->next)
		if (!pt_easy_append(&fetch->headers, user->data))
			return PITOT_NO_MEMORY;
	(void)curl_easy_setopt(handle, CURLOPT_HTTPHEADER, fetch->headers);
	(void)curl_easy_setopt(handle, CURLOPT_WRITEFUNCTION, take_page);
	(void)curl_easy_setopt(handle, CURLOPT_WRITEDATA, fetch);
	(void)curl_easy_setopt(handle, CURLOPT_PRIVATE, fetch);
	(void)curl_easy_setopt(handle, CURLOPT_FOLLOWLOCATION, 1L);
	(void)curl_easy_setopt(handle, CURLOPT_MAXREDIRS, 10L);
	(void)curl_easy_setopt(handle, CURLOPT_TIMEOUT_MS, (long)options->timeout_ms);
	return pt_easy_text(handle, CURLOPT_REDIR_PROTOCOLS_STR, "http,https") |
		pt_easy_text(handle, CURLOPT_URL, options->url) |
		/* "" asks for every packing that this libcurl can unpack. */
		pt_easy_text(handle, CURLOPT_ACCEPT_ENCODING, "");
}

struct pt_fetch *
pt_fetch_new(
	struct pt_fetcher *fetcher, const struct pt_fetch_options *options, struct pitot_error *why)
{
	struct pt_fetch *fetch = calloc(1, sizeof *fetch);
	if (fetch == NULL) {
		(void)pt_error_memory(why);
		return NULL;
	}
	fetch->fetcher = fetcher;
	fetch->timeout_ms = options->timeout_ms;
	fetch->context = options->context;
	pt_buf_init(&fetch->page, options->most_bytes);
	int code = pt_easy_init(&fetch->easy, options->http, why);
	if (code == 0 && set_options(fetch, options) != 0)
		code = pt_error_memory(why);
	if (code == 0)
		return fetch;
	pt_fetch_free(fetch);
	return NULL;
}

static void
unlink_failed(struct pt_fetch *fetch)
{
	struct pt_fetch **at = &fetch->fetcher->failed;
	while (*at != NULL && *at != fetch)
		at = &(*at)->next_failed;
	if (*at == fetch)
		*at = fetch->next_failed;
}

static void
stop(struct pt_fetch *fetch)
{
	(void)curl_multi_remove_handle(fetch->fetcher->multi, fetch->easy.handle);
	fetch->running = false;
	fetch->fetcher->running--;
}

void
pt_fetch_free(struct pt_fetch *fetch)
{
	if (fetch == NULL)
		return;
	if (fetch->running)
		stop(fetch);
	unlink_failed(fetch);
	pt_easy_clear(&fetch->easy);
	pt_easy_free_headers(fetch->headers);
	pt_buf_clear(&fetch->page);
	free(fetch);
}

void
pt_fetch_start(struct pt_fetch *fetch)
{
	pt_buf_reset(&fetch->page);
	fetch->easy.times_sent = 0;
	fetch->easy.detail[0] = '\0';
	int code = pt_easy_login(&fetch->easy, &fetch->start_error);
	if (code == 0 &&
		curl_multi_add_handle(fetch->fetcher->multi, fetch->easy.handle) != CURLM_OK)
		code = pt_error_memory(&fetch->start_error);
	if (code == 0) {
		fetch->running = true;
		fetch->fetcher->running++;
		return;
	}
	fetch->next_failed = fetch->fetcher->failed;
	fetch->fetcher->failed = fetch;
}

void
pt_fetch_release(struct pt_fetch *fetch)
{
	size_t limit = fetch->page.limit;
	if (fetch->page.capacity <= keep_bytes)
		return;
	pt_buf_clear(&fetch->page);
	pt_buf_init(&fetch->page, limit);
}

/* ---- what became of it ---- */

static void
judge(struct pt_fetch *fetch, CURLcode code, struct pt_fetched *result)
{
	CURL *handle = fetch->easy.handle;
	long status = 0;
	char *type = NULL;
	(void)curl_easy_getinfo(handle, CURLINFO_RESPONSE_CODE, &status);
	(void)curl_easy_getinfo(handle, CURLINFO_CONTENT_TYPE, &type);
	result->status = (int)status;
	result->type = type != NULL ? type : "";
	if (code == CURLE_WRITE_ERROR && pt_buf_error(&fetch->page) != 0)
		(void)pt_error_set(&result->error, PITOT_BAD_INPUT,
			"the page is longer than %zu bytes, or memory is out", fetch->page.limit);
	else if (code != CURLE_OK)
		(void)pt_easy_failure(&fetch->easy, code, &result->error);
	else if (status != 200)
		(void)pt_error_set(&result->error,
			status == 401 || status == 403 ? PITOT_DENIED : PITOT_UNAVAILABLE,
			"the target answered %ld in place of 200", status);
	result->page = fetch->page.length > 0 ? fetch->page.bytes : "";
	result->length = fetch->page.length;
}

static bool
tell_failed(struct pt_fetcher *fetcher,
	void (*done)(void *context, struct pt_fetch *fetch, const struct pt_fetched *result))
{
	struct pt_fetch *fetch = fetcher->failed;
	if (fetch == NULL)
		return false;
	fetcher->failed = fetch->next_failed;
	const struct pt_fetched result = {.error = fetch->start_error, .type = "", .page = ""};
	done(fetch->context, fetch, &result);
	return true;
}

static bool
tell_one(struct pt_fetcher *fetcher,
	void (*done)(void *context, struct pt_fetch *fetch, const struct pt_fetched *result))
{
	int left = 0;
	CURLMsg *message = curl_multi_info_read(fetcher->multi, &left);
	if (message == NULL || message->msg != CURLMSG_DONE)
		return tell_failed(fetcher, done);
	char *private = NULL;
	CURLcode code = message->data.result;
	(void)curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &private);
	struct pt_fetch *fetch = (struct pt_fetch *)(void *)private;
	stop(fetch);
	struct pt_fetched result = {.status = 0};
	judge(fetch, code, &result);
	done(fetch->context, fetch, &result);
	return true;
}

void
pt_fetcher_wait(struct pt_fetcher *fetcher, int64_t mono_ms,
	void (*done)(void *context, struct pt_fetch *fetch, const struct pt_fetched *result))
{
	for (;;) {
		int running = 0, woken = 0;
		bool told = false;
		(void)curl_multi_perform(fetcher->multi, &running); /* failures come as messages */
		while (tell_one(fetcher, done))
			told = true;
		int64_t left_ms = mono_ms - fetcher->clock->mono_ms(fetcher->clock);
		if (told || left_ms <= 0)
			return;
		int wait_ms = left_ms < 60000 ? (int)left_ms : 60000;
		int64_t before_ms = fetcher->clock->mono_ms(fetcher->clock);
		(void)curl_multi_poll(fetcher->multi, NULL, 0, wait_ms, &woken);
		/* Without a transfer only the wake-up ends the poll early. */
		bool early = fetcher->clock->mono_ms(fetcher->clock) < before_ms + wait_ms;
		if (running == 0 && early)
			return;
		if (woken == 0 && early && running > 0)
			return; /* perhaps woken: whoever waits looks, and comes back */
	}
}

bool
pt_fetcher_is_busy(const struct pt_fetcher *fetcher)
{
	return fetcher->running > 0;
}

void
pt_fetcher_wake(struct pt_fetcher *fetcher)
{
	(void)curl_multi_wakeup(fetcher->multi); /* at worst the wait ends by itself */
}
