/* SPDX-License-Identifier: MIT */
/*
 * Scraping one target.
 *
 * The happy path is: its page is fetched at fixed times from the start on, read, and brought to the
 * destinations with up, scrape_duration_seconds and the like beside it. Possible failures are: no
 * page, one that cannot be read, or more samples than allowed; then up is 0, all other series end,
 * and the reason is told once. A fetch never takes longer than the interval.
 */
#include "agent/scrape.h"

#include "base/error.h"
#include "base/hash.h"
#include "net/url.h"
#include <stdlib.h>
#include <string.h>

#define BODY_DEFAULT ((size_t)64 << 20)

enum { UP, DURATION, SCRAPED, KEPT, ADDED, EXTRAS };

struct pt_scrape {
	struct pt_feed feed;
	struct pt_page page;
	struct pt_fetch *fetch;
	char *url; /* to tell */
	uint64_t key;
	int64_t interval_ms, due_ms, started_ms;
	size_t sample_limit;
	bool running, ignores_times;
	unsigned all, failures; /* since somebody took the numbers */
};

static const char accept_text[] =
	"application/openmetrics-text;version=1.0.0;q=0.5,"
	"application/openmetrics-text;version=0.0.1;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.1";

/* ---- the target's labels ---- */

static void
put(struct pt_label_set *set, const char *name, const char *value)
{
	pt_label_set_put(set, name, strlen(name), value, strlen(value));
}

static void
put_params(struct pt_label_set *set, const struct pt_agent_scrape *config)
{
	for (size_t i = 0; i < config->params.count; i++) {
		char name[PT_LIMIT_NAME];
		if (strlen(config->params.list[i].name) > sizeof name - 16)
			continue;
		(void)strcpy(name, "__param_");
		(void)strcat(name, config->params.list[i].name);
		put(set, name, config->params.list[i].value);
	}
}

/* As they are before the rules, which may change where and how to scrape, too. */
static void
put_labels(struct pt_label_set *set, const struct pt_agent_scrape *config,
	const struct pt_agent_static *group, const char *address)
{
	pt_label_set_empty(set);
	put(set, "job", config->job);
	put(set, "__address__", address);
	put(set, "__scheme__", config->scheme != NULL ? config->scheme : "http");
	put(set, "__metrics_path__", config->path != NULL ? config->path : "/metrics");
	put_params(set, config);
	for (size_t i = 0; i < group->labels.count; i++)
		put(set, group->labels.list[i].name, group->labels.list[i].value);
}

/* Those that stay: no name that begins with "__"; and the instance. */
static struct pt_labels *
final_labels(struct pt_label_set *set)
{
	if (pt_label_set_get(set, "instance") == NULL)
		put(set, "instance", pt_label_set_get(set, "__address__"));
	struct pt_label kept[PT_LIMIT_LABELS + 1];
	size_t count = 0;
	for (size_t i = 0; i < pt_label_set_count(set); i++)
		if (strncmp(pt_label_set_pairs(set)[i].name, "__", 2) != 0)
			kept[count++] = pt_label_set_pairs(set)[i];
	return pt_label_set_failed(set) ? NULL : pt_labels_new(kept, count);
}

/* ---- its URL ---- */

static void
put_url(struct pt_buf *url, const struct pt_label_set *set)
{
	static const char prefix[] = "__param_";
	const char *path = pt_label_set_get(set, "__metrics_path__");
	const char *scheme = pt_label_set_get(set, "__scheme__");
	char mark = '?';
	pt_buf_str(url, scheme != NULL ? scheme : "http");
	pt_buf_str(url, "://");
	pt_buf_str(url, pt_label_set_get(set, "__address__"));
	if (path != NULL && path[0] != '/')
		pt_buf_char(url, '/');
	pt_buf_str(url, path != NULL ? path : "/metrics");
	if (path != NULL && strchr(path, '?') != NULL)
		mark = '&';
	for (size_t i = 0; i < pt_label_set_count(set); i++) {
		const struct pt_label *pair = &pt_label_set_pairs(set)[i];
		if (strncmp(pair->name, prefix, sizeof prefix - 1) != 0)
			continue;
		pt_buf_char(url, mark);
		pt_url_escape(url, pair->name + sizeof prefix - 1,
			pair->name_length - (sizeof prefix - 1));
		pt_buf_char(url, '=');
		pt_url_escape(url, pair->value, pair->value_length);
		mark = '&';
	}
}

static int
open_fetch(struct pt_scrape *scrape, struct pt_fetcher *fetcher,
	const struct pt_agent_scrape *config, const struct pt_label_set *set,
	struct pitot_error *why)
{
	struct pt_buf url, complete, shown;
	pt_buf_init(&url, PT_LIMIT_URL + 1);
	pt_buf_init(&complete, PT_LIMIT_URL + 1);
	pt_buf_init(&shown, PT_LIMIT_URL + 1);
	put_url(&url, set);
	int code = pt_url_complete(&complete, pt_buf_text(&url), why);
	if (code == 0) {
		pt_url_redact(&shown, pt_buf_text(&complete));
		scrape->url = strdup(pt_buf_text(&shown));
		scrape->fetch = pt_fetch_new(fetcher,
			&(struct pt_fetch_options){
				.url = pt_buf_text(&complete),
				.http = &config->http.options,
				.accept = accept_text,
				.timeout_ms = config->timeout_ms,
				.most_bytes =
					config->body_limit != 0 ? config->body_limit : BODY_DEFAULT,
				.context = scrape,
			},
			why);
		code = scrape->fetch == NULL ? PITOT_BAD_CONFIG : 0;
	}
	pt_buf_clear(&url);
	pt_buf_clear(&complete);
	pt_buf_clear(&shown);
	if (code == 0 && scrape->url == NULL)
		return pt_error_memory(why);
	return code;
}

/* ---- making and freeing ---- */

static bool
add_extras(struct pt_roster *roster)
{
	static const struct {
		const char *name, *help;
	} extras[EXTRAS] = {
		[UP] = {"up", "Whether the target could be scraped."},
		[DURATION] = {"scrape_duration_seconds", "How long the scrape took."},
		[SCRAPED] = {"scrape_samples_scraped", "Samples that the target exposed."},
		[KEPT] = {"scrape_samples_post_metric_relabeling",
			"Samples that were left after relabelling."},
		[ADDED] = {"scrape_series_added", "New series in this scrape, about."},
	};
	for (int i = 0; i < EXTRAS; i++)
		if (pt_roster_add(roster, extras[i].name, extras[i].help, NULL) != i)
			return false;
	return true;
}

static int
fill(struct pt_scrape *scrape, struct pt_outputs *outputs, struct pt_fetcher *fetcher,
	const struct pt_agent_scrape *config, struct pitot_error *why)
{
	struct pt_labels *labels = final_labels(outputs->set);
	if (labels == NULL)
		return pt_error_memory(why);
	int code = open_fetch(scrape, fetcher, config, outputs->set, why);
	if (code != 0) {
		pt_labels_unref(labels);
		return code;
	}
	if (pt_feed_init(&scrape->feed, outputs, labels,
		    config->honor_labels ? PT_DRESS_HONOR : PT_DRESS_RENAME,
		    config->metric_relabel.relabel) != 0 ||
		!add_extras(&scrape->feed.roster) ||
		pt_roster_follow(&scrape->feed.roster, NULL) != 0)
		return pt_error_memory(why);
	scrape->interval_ms = config->interval_ms;
	scrape->sample_limit = (size_t)config->sample_limit;
	scrape->ignores_times = !config->honor_timestamps;
	return 0;
}

static uint64_t
key_of(const struct pt_agent_scrape *config, const struct pt_agent_static *group,
	const char *address)
{
	const uint64_t parts[] = {
		config->key, (uint64_t)config->interval_ms, (uint64_t)config->timeout_ms};
	uint64_t key = pt_hash(parts, sizeof parts, 0);
	key = pt_hash(address, strlen(address), key);
	for (size_t i = 0; i < group->labels.count; i++) {
		const struct pitot_label *label = &group->labels.list[i];
		key = pt_hash(label->name, strlen(label->name), key);
		key = pt_hash(label->value, strlen(label->value), key);
	}
	return key;
}

int
pt_scrape_new(struct pt_scrape **made, struct pt_outputs *outputs, struct pt_fetcher *fetcher,
	const struct pt_agent_scrape *config, const struct pt_agent_static *group,
	const char *address, struct pitot_error *why)
{
	*made = NULL;
	put_labels(outputs->set, config, group, address);
	if (!pt_relabel_apply(config->relabel.relabel, outputs->set) ||
		pt_label_set_get(outputs->set, "__address__") == NULL)
		return 0;
	struct pt_scrape *scrape = calloc(1, sizeof *scrape);
	if (scrape == NULL)
		return pt_error_memory(why);
	scrape->key = key_of(config, group, address);
	int code = fill(scrape, outputs, fetcher, config, why);
	if (code != 0) {
		pt_scrape_free(scrape);
		return pt_error_wrap(
			why, "scrape_configs in line %u: target %s", config->line, address);
	}
	*made = scrape;
	return 0;
}

void
pt_scrape_free(struct pt_scrape *scrape)
{
	if (scrape == NULL)
		return;
	pt_fetch_free(scrape->fetch);
	pt_feed_clear(&scrape->feed);
	pt_page_clear(&scrape->page);
	free(scrape->url);
	free(scrape);
}

uint64_t
pt_scrape_key(const struct pt_scrape *scrape)
{
	return scrape->key;
}

void
pt_scrape_keep(struct pt_scrape *scrape, const struct pt_agent_scrape *config)
{
	scrape->feed.roster.dress.rules = config->metric_relabel.relabel;
}

/* ---- scraping ---- */

int64_t
pt_scrape_due(const struct pt_scrape *scrape)
{
	return scrape->due_ms;
}

void
pt_scrape_start(struct pt_scrape *scrape, int64_t now_ms)
{
	int64_t late_ms = scrape->due_ms == 0 ? 0 : now_ms - scrape->due_ms;
	/* On the same grid for ever, whatever was missed on it. */
	int64_t missed = late_ms / scrape->interval_ms;
	scrape->due_ms = (scrape->due_ms == 0 ? now_ms : scrape->due_ms) +
		(missed + 1) * scrape->interval_ms;
	if (scrape->running)
		return;
	scrape->running = true;
	scrape->started_ms = now_ms;
	pt_fetch_start(scrape->fetch);
}

/* As Prometheus counts: with those that are equal to others, on the page or by the rules. */
static size_t
count_kept(const struct pt_scrape *scrape)
{
	const struct pt_roster *roster = &scrape->feed.roster;
	return roster->kept + roster->doubles + scrape->page.duplicates;
}

static int
read_page(struct pt_scrape *scrape, const struct pt_fetched *result, bool *changed,
	struct pitot_error *why)
{
	const struct pitot_parse_options options = {
		.source = "the page",
		.format = strncasecmp(result->type, "application/openmetrics-text", 28) == 0
			? PITOT_OPENMETRICS_1_0
			: PITOT_TEXT_0_0_4,
	};
	*changed = false;
	if (result->error.code != 0) {
		*why = result->error;
		return result->error.code;
	}
	int code =
		pt_page_read(&scrape->page, result->page, result->length, &options, changed, why);
	if (code == 0 && *changed &&
		pt_roster_follow(&scrape->feed.roster, scrape->page.snapshot) != 0) {
		pt_page_clear(&scrape->page);
		code = pt_error_memory(why);
	}
	pt_page_settle(&scrape->page);
	if (code == 0 && scrape->sample_limit > 0 &&
		scrape->feed.roster.kept > scrape->sample_limit)
		code = pt_error_set(why, PITOT_BAD_INPUT,
			"%zu samples are more than sample_limit %zu", scrape->feed.roster.kept,
			scrape->sample_limit);
	return code;
}

void
pt_scrape_done(void *context, struct pt_fetch *fetch, const struct pt_fetched *result)
{
	struct pt_scrape *scrape = context;
	struct pt_outputs *outputs = scrape->feed.outputs;
	struct pitot_error problem = {.code = 0};
	bool changed = false;
	scrape->running = false;
	scrape->all++;
	int code = read_page(scrape, result, &changed, &problem);
	pt_fetch_release(fetch);
	if (scrape->ignores_times) {
		free(scrape->page.times);
		scrape->page.times = NULL;
	}
	scrape->failures += code != 0;
	pt_log_trouble(outputs->log, "A target cannot be scraped", "target", scrape->url,
		code != 0 ? problem.text : "");
	int64_t now_ms = outputs->clock->mono_ms(outputs->clock);
	bool ok = code == 0;
	const double extras[EXTRAS] = {
		[UP] = ok ? 1 : 0,
		[DURATION] = (double)(now_ms - scrape->started_ms) / 1000,
		[SCRAPED] = ok ? (double)(scrape->page.samples + scrape->page.duplicates) : 0,
		[KEPT] = ok ? (double)count_kept(scrape) : 0,
		[ADDED] = changed ? (double)pt_roster_added(&scrape->feed.roster) : 0,
	};
	pt_feed_offer(&scrape->feed, ok ? &scrape->page : NULL, extras, scrape->started_ms);
}

void
pt_scrape_end(struct pt_scrape *scrape)
{
	const struct pt_clock *clock = scrape->feed.outputs->clock;
	pt_feed_end(&scrape->feed, clock->mono_ms(clock));
}

unsigned
pt_scrape_failures(struct pt_scrape *scrape, unsigned *all)
{
	unsigned failures = scrape->failures;
	*all = scrape->all;
	scrape->all = scrape->failures = 0;
	return failures;
}
