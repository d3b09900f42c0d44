/* SPDX-License-Identifier: MIT */
/*
 * The `remote_write:` block as Prometheus has it, so that it can be pasted, and `pushgateway:`.
 * What tunes a queue of shards has no meaning here: it is checked, and changes nothing.
 */
#include "config/agent_config.h"

#include <stddef.h>
#include <string.h>

#define AT(member) offsetof(struct pt_agent_destination, member)

static int
read_message(struct pt_yaml *yaml, yaml_node_t *node, void *to)
{
	struct pt_agent_destination *remote = to;
	const char *text = NULL;
	int code = pt_yaml_text(yaml, node, &text);
	if (code != 0)
		return code;
	if (strcmp(text, "prometheus.WriteRequest") == 0)
		remote->push.protocol = PITOT_PROTOCOL_REMOTE_WRITE_1;
	else if (strcmp(text, "io.prometheus.write.v2.Request") == 0)
		remote->push.protocol = PITOT_PROTOCOL_REMOTE_WRITE_2;
	else
		return pt_yaml_fail(yaml, node,
			"expected prometheus.WriteRequest (1.0) or io.prometheus.write.v2.Request "
			"(2.0), found \"%.60s\"",
			text);
	return 0;
}

/* Checked, and of no use here: shards and their batches are other ones. */
static int
read_unused_count(struct pt_yaml *yaml, yaml_node_t *node, void *to)
{
	int64_t value;
	(void)to;
	return pt_yaml_count(yaml, node, &value);
}

static int
read_unused_time(struct pt_yaml *yaml, yaml_node_t *node, void *to)
{
	int64_t value;
	(void)to;
	return pt_yaml_duration(yaml, node, &value);
}

static int
read_unused_bool(struct pt_yaml *yaml, yaml_node_t *node, void *to)
{
	bool value;
	(void)to;
	return pt_yaml_bool(yaml, node, &value);
}

/* Prometheus allows 0s here, for no limit. */
static int
read_age_limit(struct pt_yaml *yaml, yaml_node_t *node, void *to)
{
	if (node->type == YAML_SCALAR_NODE && node->data.scalar.value[0] == '0')
		return 0;
	return pt_yaml_duration(yaml, node, to);
}

static int
read_queue(struct pt_yaml *yaml, yaml_node_t *node, void *to)
{
	static const struct pt_yaml_key keys[] = {
		{"capacity", read_unused_count, 0},
		{"max_shards", read_unused_count, 0},
		{"min_shards", read_unused_count, 0},
		{"max_samples_per_send", read_unused_count, 0},
		{"batch_send_deadline", read_unused_time, 0},
		{"min_backoff", read_unused_time, 0},
		{"max_backoff", read_unused_time, 0},
		{"retry_on_http_429", read_unused_bool, 0},
		{"sample_age_limit", read_age_limit, AT(max_age_ms)},
	};
	return pt_yaml_map(yaml, node, keys, sizeof keys / sizeof keys[0], to);
}

static int
read_metadata(struct pt_yaml *yaml, yaml_node_t *node, void *to)
{
	static const struct pt_yaml_key keys[] = {
		{"send", read_unused_bool, 0},
		{"send_interval", read_unused_time, 0},
		{"max_samples_per_send", read_unused_count, 0},
	};
	return pt_yaml_map(yaml, node, keys, sizeof keys / sizeof keys[0], to);
}

/* What every kind of destination has: where it stands, its `keys`, a URL, its way there. */
static int
read_destination(struct pt_yaml *yaml, yaml_node_t *node, const struct pt_yaml_key *keys,
	size_t count, struct pt_agent_destination *to)
{
	to->line = pt_yaml_line(node);
	to->key = pt_yaml_hash(yaml, node);
	int code = pt_yaml_map(yaml, node, keys, count, to);
	if (code == 0 && (to->push.url == NULL || to->push.url[0] == '\0'))
		code = pt_yaml_fail(yaml, node, "url: is missing: where to");
	if (code == 0)
		code = pt_agent_http_finish(yaml, node, &to->http);
	to->push.http = to->http.options;
	return code;
}

int
pt_agent_remote_read(struct pt_yaml *yaml, yaml_node_t *node, void *to)
{
	enum { own = 17 };
	struct pt_yaml_key keys[own + PT_AGENT_HTTP_KEYS] = {
		{"url", pt_yaml_text, AT(push.url)},
		{"name", pt_yaml_text, AT(name)},
		{"remote_timeout", pt_yaml_duration, AT(push.timeout_ms)},
		{"protobuf_message", read_message, 0},
		{"write_relabel_configs", pt_agent_rules_read, AT(rules)},
		{"send_exemplars", read_unused_bool, 0},
		{"send_native_histograms", pt_yaml_bool, AT(push.native_histograms)},
		{"queue_config", read_queue, 0},
		{"metadata_config", read_metadata, 0},
		{"utf8_names", pt_yaml_bool, AT(push.utf8_names)},
		{"queue_size", pt_yaml_size, AT(push.queue_bytes)},
		{"max_request_size", pt_yaml_size, AT(push.max_request_bytes)},
		{"sigv4", NULL, 0},
		{"azuread", NULL, 0},
		{"google_iam", NULL, 0},
		{"round_robin_dns", NULL, 0},
		{"remote_write_v2", NULL, 0},
	};
	struct pt_agent_destination *remote = to;
	pt_agent_http_keys(keys + own, AT(http));
	remote->push.protocol = PITOT_PROTOCOL_REMOTE_WRITE;
	int code = read_destination(yaml, node, keys, sizeof keys / sizeof keys[0], remote);
	remote->push.max_age_ms = remote->max_age_ms;
	remote->push.job = remote->push.instance = "";
	return code;
}

int
pt_agent_gateway_read(struct pt_yaml *yaml, yaml_node_t *node, void *to)
{
	enum { own = 4 };
	struct pt_yaml_key keys[own + PT_AGENT_HTTP_KEYS] = {
		{"url", pt_yaml_text, AT(push.url)},
		{"name", pt_yaml_text, AT(name)},
		{"timeout", pt_yaml_duration, AT(push.timeout_ms)},
		{"write_relabel_configs", pt_agent_rules_read, AT(rules)},
	};
	struct pt_agent_destination *gateway = to;
	pt_agent_http_keys(keys + own, AT(http));
	gateway->push.protocol = PITOT_PROTOCOL_PUSHGATEWAY;
	return read_destination(yaml, node, keys, sizeof keys / sizeof keys[0], gateway);
}
