/* SPDX-License-Identifier: MIT */
/*
 * The agent's configuration file: the blocks that Prometheus has, so that they can be pasted, and
 * our own. Fails with the line and column of the first mistake.
 */
#include "config/agent_config.h"

#include "base/error.h"
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#define AT(member) offsetof(struct pt_agent_config, member)

enum { interval_default_ms = 60000 };
/* Of one text file, whose reading keeps all else waiting: about a second of a small machine. */
enum { textfile_bytes = 16 << 20, textfile_samples = 100000 };

static int
read_global(struct pt_yaml *yaml, yaml_node_t *node, void *to)
{
	static const struct pt_yaml_key keys[] = {
		{"scrape_interval", pt_yaml_duration, AT(global.scrape_interval_ms)},
		{"scrape_timeout", pt_yaml_duration, AT(global.scrape_timeout_ms)},
		{"external_labels", pt_yaml_expanded_labels, AT(global.external_labels)},
		{"evaluation_interval", NULL, 0},
		{"scrape_protocols", NULL, 0},
		{"query_log_file", NULL, 0},
		{"body_size_limit", NULL, 0},
		{"sample_limit", NULL, 0},
	};
	struct pt_agent_config *config = to;
	config->global_key = pt_yaml_hash(yaml, node);
	int code = pt_yaml_map(yaml, node, keys, sizeof keys / sizeof keys[0], to);
	int64_t interval_ms = config->global.scrape_interval_ms != 0
		? config->global.scrape_interval_ms
		: interval_default_ms;
	if (code == 0 && config->global.scrape_timeout_ms > interval_ms)
		code = pt_yaml_fail(yaml, node, "scrape_timeout: is longer than scrape_interval");
	return code == 0 ? pt_agent_labels_check(yaml, node, &config->global.external_labels)
			 : code;
}

/* As Prometheus has it: a name means one of them. */
static int
check_name_once(struct pt_yaml *yaml, const yaml_node_t *node,
	const struct pt_agent_destination *list, size_t count)
{
	for (size_t i = 1; i < count; i++)
		for (size_t j = 0; j < i; j++)
			if (list[i].name != NULL && list[j].name != NULL &&
				list[i].name[0] != '\0' && strcmp(list[i].name, list[j].name) == 0)
				return pt_yaml_fail(yaml, node,
					"name: \"%s\" is there twice, in lines %u and %u",
					list[i].name, list[j].line, list[i].line);
	return 0;
}

static int
read_remotes(struct pt_yaml *yaml, yaml_node_t *node, void *to)
{
	struct pt_agent_config *config = to;
	void *list = NULL;
	int code = pt_yaml_list(yaml, node, pt_agent_remote_read, sizeof config->remotes[0], &list,
		&config->remote_count);
	config->remotes = list;
	return code == 0 ? check_name_once(yaml, node, list, config->remote_count) : code;
}

static int
read_gateways(struct pt_yaml *yaml, yaml_node_t *node, void *to)
{
	struct pt_agent_config *config = to;
	void *list = NULL;
	int code = pt_yaml_list(yaml, node, pt_agent_gateway_read, sizeof config->gateways[0],
		&list, &config->gateway_count);
	config->gateways = list;
	return code == 0 ? check_name_once(yaml, node, list, config->gateway_count) : code;
}

static int
check_job_once(struct pt_yaml *yaml, yaml_node_t *node, const struct pt_agent_config *config)
{
	for (size_t i = 1; i < config->scrape_count; i++)
		for (size_t j = 0; j < i; j++)
			if (strcmp(config->scrapes[i].job, config->scrapes[j].job) == 0)
				return pt_yaml_fail(yaml, node,
					"job_name: \"%s\" is there twice, in lines %u and %u",
					config->scrapes[i].job, config->scrapes[j].line,
					config->scrapes[i].line);
	return 0;
}

static int
read_scrapes(struct pt_yaml *yaml, yaml_node_t *node, void *to)
{
	struct pt_agent_config *config = to;
	void *list = NULL;
	int code = pt_yaml_list(yaml, node, pt_agent_scrape_read, sizeof config->scrapes[0], &list,
		&config->scrape_count);
	config->scrapes = list;
	return code == 0 ? check_job_once(yaml, node, config) : code;
}

static int
read_textfile(struct pt_yaml *yaml, yaml_node_t *node, void *to)
{
	static const struct pt_yaml_key keys[] = {
		{"directory", pt_yaml_path, AT(textfile.directory)},
		{"max_age", pt_yaml_duration, AT(textfile.max_age_ms)},
		{"max_size", pt_yaml_size, AT(textfile.max_bytes)},
		{"sample_limit", pt_yaml_count, AT(textfile.sample_limit)},
		{"interval", pt_yaml_duration, AT(textfile.interval_ms)},
		{"labels", pt_yaml_labels, AT(textfile.labels)},
	};
	struct pt_agent_config *config = to;
	config->textfile.sample_limit = textfile_samples;
	int code = pt_yaml_map(yaml, node, keys, sizeof keys / sizeof keys[0], to);
	if (code == 0 && config->textfile.directory == NULL)
		code = pt_yaml_fail(yaml, node, "directory: is missing: where the files are");
	return code == 0 ? pt_agent_labels_check(yaml, node, &config->textfile.labels) : code;
}

/* "0660": a file's mode. */
static int
read_mode(struct pt_yaml *yaml, yaml_node_t *node, void *to)
{
	const char *text = NULL;
	int64_t *mode = to;
	int code = pt_yaml_text(yaml, node, &text);
	if (code != 0)
		return code;
	size_t digits = strspn(text, "01234567");
	if (digits == 0 || digits > 4 || text[digits] != '\0')
		return pt_yaml_fail(
			yaml, node, "expected a mode such as 0660, found \"%.20s\"", text);
	*mode = strtol(text, NULL, 8);
	return 0;
}

static int
read_socket(struct pt_yaml *yaml, yaml_node_t *node, void *to)
{
	static const struct pt_yaml_key keys[] = {
		{"path", pt_yaml_path, AT(socket.path)},
		{"mode", read_mode, AT(socket.mode)},
		{"ttl", pt_yaml_duration, AT(socket.ttl_ms)},
		{"interval", pt_yaml_duration, AT(socket.interval_ms)},
	};
	const struct pt_agent_config *config = to;
	int code = pt_yaml_map(yaml, node, keys, sizeof keys / sizeof keys[0], to);
	if (code == 0 && config->socket.path == NULL)
		code = pt_yaml_fail(yaml, node, "path: is missing: where the socket will be");
	return code;
}

static int
read_spool(struct pt_yaml *yaml, yaml_node_t *node, void *to)
{
	static const struct pt_yaml_key keys[] = {
		{"directory", pt_yaml_path, AT(spool.directory)},
		{"max_size", pt_yaml_size, AT(spool.max_bytes)},
	};
	struct pt_agent_config *config = to;
	config->spool_key = pt_yaml_hash(yaml, node);
	int code = pt_yaml_map(yaml, node, keys, sizeof keys / sizeof keys[0], to);
	if (code == 0 && config->spool.directory == NULL)
		code = pt_yaml_fail(yaml, node, "directory: is missing: where the spool is");
	return code;
}

static const struct pt_yaml_key root_keys[] = {
	{"global", read_global, 0},
	{"remote_write", read_remotes, 0},
	{"pushgateway", read_gateways, 0},
	{"scrape_configs", read_scrapes, 0},
	{"textfile", read_textfile, 0},
	{"socket", read_socket, 0},
	{"spool", read_spool, 0},
	{"job", pt_yaml_text, AT(job)},
	{"instance", pt_yaml_expanded, AT(instance)},
	{"interval", pt_yaml_duration, AT(interval_ms)},
	{"rule_files", NULL, 0},
	{"alerting", NULL, 0},
	{"scrape_config_files", NULL, 0},
	{"remote_read", NULL, 0},
	{"storage", NULL, 0},
	{"tracing", NULL, 0},
	{"otlp", NULL, 0},
	{"runtime", NULL, 0},
};

static void
complete(struct pt_agent_config *config)
{
	if (config->global.scrape_interval_ms == 0)
		config->global.scrape_interval_ms = interval_default_ms;
	if (config->global.scrape_timeout_ms == 0)
		config->global.scrape_timeout_ms = 10000;
	if (config->global.scrape_timeout_ms > config->global.scrape_interval_ms)
		config->global.scrape_timeout_ms = config->global.scrape_interval_ms;
	if (config->interval_ms == 0)
		config->interval_ms = config->global.scrape_interval_ms;
	if (config->textfile.interval_ms == 0)
		config->textfile.interval_ms = config->global.scrape_interval_ms;
	if (config->textfile.max_bytes == 0)
		config->textfile.max_bytes = textfile_bytes;
	if (config->socket.interval_ms == 0)
		config->socket.interval_ms = config->global.scrape_interval_ms;
	if (config->socket.ttl_ms == 0)
		config->socket.ttl_ms = INT64_C(26) * 3600 * 1000; /* a daily job, and its delays */
	if (config->socket.mode == 0)
		config->socket.mode = 0660;
	if (config->job == NULL)
		config->job = "pitot_agent";
	for (size_t i = 0; i < config->remote_count; i++) {
		config->remotes[i].push.spool_dir = config->spool.directory;
		config->remotes[i].push.spool_bytes = config->spool.max_bytes;
	}
	for (size_t i = 0; i < config->scrape_count; i++) {
		struct pt_agent_scrape *scrape = &config->scrapes[i];
		if (scrape->interval_ms == 0)
			scrape->interval_ms = config->global.scrape_interval_ms;
		if (scrape->timeout_ms == 0)
			scrape->timeout_ms = config->global.scrape_timeout_ms;
		if (scrape->timeout_ms > scrape->interval_ms)
			scrape->timeout_ms = scrape->interval_ms;
	}
}

void
pt_agent_config_free(struct pt_agent_config *config)
{
	if (config == NULL)
		return;
	for (struct pt_agent_rules *rules = config->all_rules; rules != NULL; rules = rules->next)
		pt_relabel_free(rules->relabel);
	pt_arena_clear(&config->arena);
	free(config);
}

struct pt_agent_config *
pt_agent_config_parse(const char *text, size_t length, const char *name,
	void (*warn)(void *context, const char *text), void *context, struct pitot_error *why)
{
	struct pt_agent_config *config = calloc(1, sizeof *config);
	if (config == NULL) {
		(void)pt_error_memory(why);
		return NULL;
	}
	struct pt_yaml yaml = {
		.name = name,
		.arena = &config->arena,
		.why = why,
		.warn = warn,
		.context = context,
		.owner = config,
	};
	int code = pt_yaml_read(
		&yaml, text, length, root_keys, sizeof root_keys / sizeof root_keys[0], config);
	if (code == 0) {
		complete(config);
		return config;
	}
	pt_agent_config_free(config);
	return NULL;
}
