/* SPDX-License-Identifier: MIT */
/*
 * The `scrape_configs:` block as Prometheus has it, with targets that are named in it; other ways
 * of discovery are known and ignored. Fails as its keys do, and where limits contradict each other.
 */
#include "config/agent_config.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#define AT(member) offsetof(struct pt_agent_scrape, member)

static int
read_static(struct pt_yaml *yaml, yaml_node_t *node, void *to)
{
	static const struct pt_yaml_key keys[] = {
		{"targets", pt_yaml_texts, offsetof(struct pt_agent_static, targets)},
		{"labels", pt_yaml_labels, offsetof(struct pt_agent_static, labels)},
	};
	const struct pt_agent_static *one = to;
	int code = pt_yaml_map(yaml, node, keys, sizeof keys / sizeof keys[0], to);
	if (code == 0)
		code = pt_agent_labels_check(yaml, node, &one->labels);
	for (size_t i = 0; code == 0 && i < one->targets.count; i++)
		if (strstr(one->targets.list[i], "://") != NULL ||
			strchr(one->targets.list[i], '/') != NULL)
			code = pt_yaml_fail(yaml, node,
				"\"%s\" is not a target: expected host:port; the rest of the URL "
				"is told by scheme and metrics_path",
				one->targets.list[i]);
	return code;
}

static int
read_statics(struct pt_yaml *yaml, yaml_node_t *node, void *to)
{
	struct pt_agent_scrape *scrape = to;
	void *list = NULL;
	int code = pt_yaml_list(
		yaml, node, read_static, sizeof scrape->statics[0], &list, &scrape->static_count);
	scrape->statics = list;
	return code;
}

/* Names with lists of values, of which there may be one. */
static int
read_params(struct pt_yaml *yaml, yaml_node_t *node, void *to)
{
	struct pt_yaml_labels *params = to;
	if (node->type != YAML_MAPPING_NODE)
		return pt_yaml_fail(yaml, node, "expected a map of names and lists");
	size_t count = (size_t)(node->data.mapping.pairs.top - node->data.mapping.pairs.start);
	params->list = pt_arena_alloc(yaml->arena, (count + 1) * sizeof params->list[0]);
	if (params->list == NULL)
		return pt_yaml_memory(yaml);
	int code = 0;
	for (size_t i = 0; code == 0 && i < count; i++) {
		const yaml_node_pair_t *pair = node->data.mapping.pairs.start + i;
		yaml_node_t *value = yaml_document_get_node(&yaml->document, pair->value);
		struct pt_yaml_texts texts = {.count = 0};
		code = pt_yaml_text(yaml, yaml_document_get_node(&yaml->document, pair->key),
			&params->list[i].name);
		if (code == 0)
			code = pt_yaml_texts(yaml, value, &texts);
		if (code == 0 && texts.count != 1)
			code = pt_yaml_fail(yaml, value, "expected a list of one value");
		if (code == 0)
			params->list[params->count++].value = texts.list[0];
	}
	return code;
}

/* Of "host:port", "[::1]:port" or "host". */
static bool
has_bad_port(const char *target)
{
	const char *colon = strrchr(target, ':');
	if (colon == NULL || strchr(colon, ']') != NULL)
		return false;
	size_t digits = strspn(colon + 1, "0123456789");
	unsigned long port = strtoul(colon + 1, NULL, 10);
	return digits == 0 || colon[1 + digits] != '\0' || port == 0 || port > 65535;
}

/* Where rules make an address of a target, it may be anything before them. */
static int
check_ports(struct pt_yaml *yaml, yaml_node_t *node, const struct pt_agent_scrape *scrape)
{
	for (size_t i = 0; scrape->relabel.relabel == NULL && i < scrape->static_count; i++) {
		const struct pt_yaml_texts *targets = &scrape->statics[i].targets;
		for (size_t j = 0; j < targets->count; j++)
			if (has_bad_port(targets->list[j]))
				return pt_yaml_fail(yaml, node,
					"target \"%s\": the port must be 1 to 65535",
					targets->list[j]);
	}
	return 0;
}

static int
check(struct pt_yaml *yaml, yaml_node_t *node, const struct pt_agent_scrape *scrape)
{
	if (scrape->job == NULL || scrape->job[0] == '\0')
		return pt_yaml_fail(yaml, node, "job_name: is missing");
	if (scrape->scheme != NULL && strcmp(scrape->scheme, "http") != 0 &&
		strcmp(scrape->scheme, "https") != 0)
		return pt_yaml_fail(
			yaml, node, "scheme: expected http or https, found \"%s\"", scrape->scheme);
	if (scrape->interval_ms > 0 && scrape->timeout_ms > scrape->interval_ms)
		return pt_yaml_fail(yaml, node, "scrape_timeout: is longer than scrape_interval");
	if (scrape->static_count == 0)
		pt_yaml_warn(yaml, node, "\"%s\" has no targets: only static_configs are read",
			scrape->job);
	return check_ports(yaml, node, scrape);
}

int
pt_agent_scrape_read(struct pt_yaml *yaml, yaml_node_t *node, void *to)
{
	enum { own = 20 };
	struct pt_yaml_key keys[own + PT_AGENT_HTTP_KEYS] = {
		{"job_name", pt_yaml_text, AT(job)},
		{"scrape_interval", pt_yaml_duration, AT(interval_ms)},
		{"scrape_timeout", pt_yaml_duration, AT(timeout_ms)},
		{"metrics_path", pt_yaml_text, AT(path)},
		{"scheme", pt_yaml_text, AT(scheme)},
		{"params", read_params, AT(params)},
		{"honor_labels", pt_yaml_bool, AT(honor_labels)},
		{"honor_timestamps", pt_yaml_bool, AT(honor_timestamps)},
		{"static_configs", read_statics, 0},
		{"relabel_configs", pt_agent_rules_read, AT(relabel)},
		{"metric_relabel_configs", pt_agent_rules_read, AT(metric_relabel)},
		{"sample_limit", pt_yaml_count, AT(sample_limit)},
		{"body_size_limit", pt_yaml_size, AT(body_limit)},
		{"file_sd_configs", NULL, 0},
		{"dns_sd_configs", NULL, 0},
		{"http_sd_configs", NULL, 0},
		{"kubernetes_sd_configs", NULL, 0},
		{"scrape_classic_histograms", NULL, 0},
		{"scrape_protocols", NULL, 0},
		{"label_limit", NULL, 0},
	};
	struct pt_agent_scrape *scrape = to;
	pt_agent_http_keys(keys + own, AT(http));
	scrape->line = pt_yaml_line(node);
	scrape->key = pt_yaml_hash(yaml, node);
	scrape->honor_timestamps = true;
	int code = pt_yaml_map(yaml, node, keys, sizeof keys / sizeof keys[0], to);
	if (code == 0)
		code = check(yaml, node, scrape);
	return code == 0 ? pt_agent_http_finish(yaml, node, &scrape->http) : code;
}
