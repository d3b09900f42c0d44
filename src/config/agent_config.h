/* SPDX-License-Identifier: MIT */
/* What an agent's configuration file says. All texts live as long as the whole. */
#ifndef PT_CONFIG_AGENT_CONFIG_H
#define PT_CONFIG_AGENT_CONFIG_H

#include "base/arena.h"
#include "config/yaml.h"
#include "model/relabel.h"
#include <pitot/push.h>

/* A list of rules as it is read: compiled, in the order of the file. */
struct pt_agent_rules {
	struct pt_relabel *relabel;  /* NULL: none */
	struct pt_agent_rules *next; /* all of them, to be freed */
};

/* The keys of a client of HTTP, as they stand in the file. */
struct pt_agent_http {
	struct pitot_http_options options;
	struct {
		const char *username, *username_file, *password, *password_file;
	} basic;
	struct {
		const char *type, *credentials, *credentials_file;
	} authorization;
	struct pt_yaml_labels headers;
};

/* A receiver. */
struct pt_agent_destination {
	struct pitot_push_options push; /* without labels, job and instance */
	const char *name;
	struct pt_agent_http http;
	struct pt_agent_rules rules;
	int64_t max_age_ms;
	unsigned line;
	uint64_t key; /* equal for equal text */
};

/* Targets that share their labels. */
struct pt_agent_static {
	struct pt_yaml_texts targets;
	struct pt_yaml_labels labels;
};

struct pt_agent_scrape {
	const char *job;
	int64_t interval_ms, timeout_ms; /* 0: the global ones */
	const char *path, *scheme;
	struct pt_yaml_labels params; /* of the URL; one value each */
	bool honor_labels, honor_timestamps;
	int64_t sample_limit; /* 0: none */
	uint64_t body_limit;  /* 0: the default */
	struct pt_agent_static *statics;
	size_t static_count;
	struct pt_agent_http http;
	struct pt_agent_rules relabel, metric_relabel;
	unsigned line;
	uint64_t key; /* equal for equal text */
};

struct pt_agent_config {
	struct {
		int64_t scrape_interval_ms, scrape_timeout_ms;
		struct pt_yaml_labels external_labels;
	} global;
	uint64_t global_key, spool_key; /* equal for equal text */
	struct pt_agent_destination *remotes;
	size_t remote_count;
	struct pt_agent_destination *gateways;
	size_t gateway_count;
	struct pt_agent_scrape *scrapes;
	size_t scrape_count;
	struct {
		const char *directory; /* NULL: none */
		int64_t max_age_ms, interval_ms;
		uint64_t max_bytes;
		int64_t sample_limit; /* 0: none */
		struct pt_yaml_labels labels;
	} textfile;
	struct {
		const char *path; /* NULL: none */
		int64_t mode, ttl_ms, interval_ms;
	} socket;
	struct {
		const char *directory; /* NULL: none */
		uint64_t max_bytes;
	} spool;
	const char *job, *instance; /* of the agent's own metrics */
	int64_t interval_ms;        /* of the same */
	/* private */
	struct pt_arena arena;
	struct pt_agent_rules *all_rules;
};

/*
 * Reads the text of a file called `name`. NULL: PITOT_BAD_CONFIG with line and column. `warn` (may
 * be NULL) is told what works but should be known.
 */
struct pt_agent_config *pt_agent_config_parse(const char *text, size_t length, const char *name,
	void (*warn)(void *context, const char *text), void *context, struct pitot_error *why);
void pt_agent_config_free(struct pt_agent_config *config);

/* ---- between the files that read it ---- */

/* The keys of HTTP that stand beside others, and their end: what they mean together. */
#define PT_AGENT_HTTP_KEYS 15
void pt_agent_http_keys(struct pt_yaml_key *keys, size_t offset);
/* Fails on names that no label can have. */
int pt_agent_labels_check(
	struct pt_yaml *yaml, const yaml_node_t *node, const struct pt_yaml_labels *labels);
int pt_agent_http_finish(struct pt_yaml *yaml, yaml_node_t *node, struct pt_agent_http *http);
/* struct pt_agent_rules */
pt_yaml_reader pt_agent_rules_read;
/* struct pt_agent_destination */
pt_yaml_reader pt_agent_remote_read;
pt_yaml_reader pt_agent_gateway_read;
/* struct pt_agent_scrape */
pt_yaml_reader pt_agent_scrape_read;

#endif
