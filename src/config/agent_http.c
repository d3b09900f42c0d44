/* SPDX-License-Identifier: MIT */
/*
 * The keys for HTTP, login and TLS, which Prometheus has alike for scraping and for remote write
 * (needs 5b), and relabelling rules. Fails on keys that exclude each other, and on expressions.
 */
#include "config/agent_config.h"

#include "base/error.h"
#include "base/file.h"
#include "base/limits.h"
#include "model/name.h"
#include <stddef.h>
#include <string.h>
#include <strings.h>

#define BASIC(member) offsetof(struct pt_agent_http, basic.member)
#define AUTHORIZATION(member) offsetof(struct pt_agent_http, authorization.member)
#define OPTION(member) offsetof(struct pt_agent_http, options.member)

static int
read_basic(struct pt_yaml *yaml, yaml_node_t *node, void *to)
{
	static const struct pt_yaml_key keys[] = {
		{"username", pt_yaml_text, BASIC(username)},
		{"username_file", pt_yaml_path, BASIC(username_file)},
		{"password", pt_yaml_text, BASIC(password)},
		{"password_file", pt_yaml_path, BASIC(password_file)},
	};
	return pt_yaml_map(yaml, node, keys, sizeof keys / sizeof keys[0], to);
}

static int
read_authorization(struct pt_yaml *yaml, yaml_node_t *node, void *to)
{
	static const struct pt_yaml_key keys[] = {
		{"type", pt_yaml_text, AUTHORIZATION(type)},
		{"credentials", pt_yaml_text, AUTHORIZATION(credentials)},
		{"credentials_file", pt_yaml_path, AUTHORIZATION(credentials_file)},
	};
	return pt_yaml_map(yaml, node, keys, sizeof keys / sizeof keys[0], to);
}

static int
read_tls(struct pt_yaml *yaml, yaml_node_t *node, void *to)
{
	static const struct pt_yaml_key keys[] = {
		{"ca_file", pt_yaml_path, OPTION(ca_file)},
		{"cert_file", pt_yaml_path, OPTION(cert_file)},
		{"key_file", pt_yaml_path, OPTION(key_file)},
		{"insecure_skip_verify", pt_yaml_bool, OPTION(insecure_skip_verify)},
		{"ca", NULL, 0},
		{"cert", NULL, 0},
		{"key", NULL, 0},
		{"server_name", NULL, 0},
		{"min_version", NULL, 0},
		{"max_version", NULL, 0},
	};
	return pt_yaml_map(yaml, node, keys, sizeof keys / sizeof keys[0], to);
}

/* What we do anyway, whatever is said. */
static int
read_nothing(struct pt_yaml *yaml, yaml_node_t *node, void *to)
{
	(void)yaml, (void)node, (void)to;
	return 0;
}

static int
read_headers(struct pt_yaml *yaml, yaml_node_t *node, void *to)
{
	return pt_yaml_labels(yaml, node, &((struct pt_agent_http *)to)->headers);
}

void
pt_agent_http_keys(struct pt_yaml_key *keys, size_t offset)
{
	const struct pt_yaml_key all[PT_AGENT_HTTP_KEYS] = {
		{"basic_auth", read_basic, offset},
		{"authorization", read_authorization, offset},
		{"tls_config", read_tls, offset},
		{"headers", read_headers, offset},
		{"bearer_token", pt_yaml_text, offset + AUTHORIZATION(credentials)},
		{"bearer_token_file", pt_yaml_path, offset + AUTHORIZATION(credentials_file)},
		{"proxy_url", pt_yaml_text, offset + OPTION(proxy)},
		{"proxy_from_environment", read_nothing, 0},
		{"follow_redirects", read_nothing, 0},
		{"enable_http2", read_nothing, 0},
		{"no_proxy", NULL, 0},
		{"proxy_connect_header", NULL, 0},
		{"http_headers", NULL, 0},
		{"oauth2", NULL, 0},
		{"unix_socket", pt_yaml_path, offset + OPTION(unix_socket)},
	};
	memcpy(keys, all, sizeof all);
}

/* The first line of a file that is read once; NULL after a failure was told. */
static const char *
read_line(struct pt_yaml *yaml, const yaml_node_t *node, const char *path)
{
	struct pt_buf text;
	struct pitot_error problem;
	const char *line = NULL;
	pt_buf_init(&text, PT_LIMIT_SECRET);
	if (pt_file_read(path, &text, &problem) != 0) {
		(void)pt_yaml_fail(yaml, node, "%s", problem.text);
	} else {
		const char *all = pt_buf_text(&text);
		line = pt_arena_copy(yaml->arena, all, strcspn(all, "\r\n"));
		if (line == NULL)
			(void)pt_yaml_memory(yaml);
	}
	pt_buf_clear(&text);
	return line;
}

static int
finish_basic(struct pt_yaml *yaml, yaml_node_t *node, struct pt_agent_http *http)
{
	struct pitot_http_options *options = &http->options;
	options->username = http->basic.username;
	options->password = http->basic.password;
	options->password_file = http->basic.password_file;
	if (http->basic.username_file == NULL)
		return 0;
	if (http->basic.username != NULL)
		return pt_yaml_fail(
			yaml, node, "basic_auth: username and username_file exclude each other");
	options->username = read_line(yaml, node, http->basic.username_file);
	return options->username == NULL ? PITOT_BAD_CONFIG : 0;
}

int
pt_agent_http_finish(struct pt_yaml *yaml, yaml_node_t *node, struct pt_agent_http *http)
{
	struct pitot_http_options *options = &http->options;
	const char *type = http->authorization.type;
	if (type != NULL && strcasecmp(type, "Bearer") != 0)
		return pt_yaml_fail(yaml, node,
			"authorization: the type \"%s\" is not supported: Bearer is, and "
			"basic_auth",
			type);
	options->headers = http->headers.list;
	options->header_count = http->headers.count;
	options->bearer_token = http->authorization.credentials;
	options->bearer_token_file = http->authorization.credentials_file;
	return finish_basic(yaml, node, http);
}

int
pt_agent_labels_check(
	struct pt_yaml *yaml, const yaml_node_t *node, const struct pt_yaml_labels *labels)
{
	for (size_t i = 0; i < labels->count; i++) {
		const char *name = labels->list[i].name;
		if (!pt_name_is_label(name, strlen(name), true) || strcmp(name, "__name__") == 0)
			return pt_yaml_fail(yaml, node, "\"%.60s\" cannot be a label", name);
	}
	return 0;
}

/* ---- relabelling ---- */

struct rule {
	struct pt_yaml_texts sources;
	const char *separator, *regex, *target, *replacement, *action;
	int64_t modulus;
	yaml_node_t *node; /* where it stands */
};

static int
read_rule(struct pt_yaml *yaml, yaml_node_t *node, void *to)
{
	static const struct pt_yaml_key keys[] = {
		{"source_labels", pt_yaml_texts, offsetof(struct rule, sources)},
		{"separator", pt_yaml_text, offsetof(struct rule, separator)},
		{"regex", pt_yaml_text, offsetof(struct rule, regex)},
		{"target_label", pt_yaml_text, offsetof(struct rule, target)},
		{"replacement", pt_yaml_text, offsetof(struct rule, replacement)},
		{"action", pt_yaml_text, offsetof(struct rule, action)},
		{"modulus", pt_yaml_count, offsetof(struct rule, modulus)},
	};
	((struct rule *)to)->node = node;
	return pt_yaml_map(yaml, node, keys, sizeof keys / sizeof keys[0], to);
}

static int
add_rule(struct pt_yaml *yaml, struct pt_relabel *relabel, const struct rule *rule)
{
	struct pitot_error problem;
	int code = pt_relabel_add(relabel,
		&(struct pt_relabel_rule){
			.source_labels = rule->sources.list,
			.source_count = rule->sources.count,
			.separator = rule->separator,
			.regex = rule->regex,
			.target_label = rule->target,
			.replacement = rule->replacement,
			.action = rule->action,
		},
		&problem);
	return code == 0 ? 0 : pt_yaml_fail(yaml, rule->node, "%s", problem.text);
}

int
pt_agent_rules_read(struct pt_yaml *yaml, yaml_node_t *node, void *to)
{
	struct pt_agent_rules *rules = to;
	struct pt_agent_config *config = yaml->owner;
	void *items = NULL;
	size_t count = 0;
	int code = pt_yaml_list(yaml, node, read_rule, sizeof(struct rule), &items, &count);
	if (code != 0 || count == 0)
		return code;
	rules->relabel = pt_relabel_new();
	if (rules->relabel == NULL)
		return pt_yaml_memory(yaml);
	rules->next = config->all_rules;
	config->all_rules = rules;
	const struct rule *list = items;
	for (size_t i = 0; code == 0 && i < count; i++)
		code = add_rule(yaml, rules->relabel, &list[i]);
	return code;
}
