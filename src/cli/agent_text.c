/* SPDX-License-Identifier: MIT */
/* A configuration of the agent from options, for those who need no file. */
#include "cli/agent.h"

#include <stdio.h>
#include <string.h>

/* A text as YAML has it in double quotes. */
static void
put_text(FILE *out, const char *text)
{
	(void)fputc('"', out);
	for (; *text != '\0'; text++) {
		unsigned char c = (unsigned char)*text;
		if (c == '"' || c == '\\')
			(void)fprintf(out, "\\%c", c);
		else if (c < ' ' || c == 0x7f)
			(void)fprintf(out, "\\x%02x", c);
		else
			(void)fputc(c, out);
	}
	(void)fputc('"', out);
}

static void
put_key(FILE *out, const char *indent, const char *key, const char *value)
{
	if (value == NULL)
		return;
	(void)fprintf(out, "%s%s: ", indent, key);
	put_text(out, value);
	(void)fputc('\n', out);
}

static void
put_pairs(FILE *out, const char *indent, const char *key, const struct pitot_label *pairs,
	size_t count)
{
	if (count > 0)
		(void)fprintf(out, "%s%s:\n", indent, key);
	for (size_t i = 0; i < count; i++) {
		(void)fprintf(out, "%s  ", indent);
		put_text(out, pairs[i].name);
		(void)fputs(": ", out);
		put_text(out, pairs[i].value);
		(void)fputc('\n', out);
	}
}

static void
put_http(FILE *out, const struct pitot_http_options *http)
{
	static const char *const indent = "    ";
	if (http->username != NULL) {
		(void)fprintf(out, "%sbasic_auth:\n", indent);
		put_key(out, "      ", "username", http->username);
		put_key(out, "      ", "password", http->password);
		put_key(out, "      ", "password_file", http->password_file);
	}
	put_key(out, indent, "bearer_token_file", http->bearer_token_file);
	(void)fprintf(out, "%stls_config:\n", indent);
	put_key(out, "      ", "ca_file", http->ca_file);
	put_key(out, "      ", "cert_file", http->cert_file);
	put_key(out, "      ", "key_file", http->key_file);
	(void)fprintf(out, "      insecure_skip_verify: %s\n",
		http->insecure_skip_verify ? "true" : "false");
	put_key(out, indent, "proxy_url", http->proxy);
	put_key(out, indent, "unix_socket", http->unix_socket);
	put_pairs(out, indent, "headers", http->headers, http->header_count);
}

static void
put_destination(FILE *out, const struct pitot_push_options *push, bool gateway)
{
	enum pitot_protocol protocol;
	bool is_gateway = pitot_push_protocol(push, &protocol, NULL) == 0 &&
		protocol == PITOT_PROTOCOL_PUSHGATEWAY;
	if (is_gateway != gateway)
		return;
	put_key(out, "  - ", "url", push->url);
	put_http(out, &push->http);
}

static void
put_destinations(FILE *out, const struct pitot_push_options *push, bool gateway)
{
	(void)fprintf(out, "%s:\n", gateway ? "pushgateway" : "remote_write");
	put_destination(out, push, gateway);
	for (size_t i = 0; i < push->other_count; i++)
		put_destination(out, &push->others[i], gateway);
}

char *
cli_agent_text(const struct cli_options *options)
{
	const struct pitot_push_options *push = &options->config.push;
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);
	if (out == NULL)
		return NULL;
	(void)fputs("global:\n", out);
	if (push->interval_ms > 0)
		(void)fprintf(out, "  scrape_interval: %lldms\n", (long long)push->interval_ms);
	put_pairs(out, "  ", "external_labels", push->labels, push->label_count);
	put_destinations(out, push, false);
	put_destinations(out, push, true);
	(void)fputs("scrape_configs:\n", out);
	for (size_t i = 0; i < options->scrape_count; i++) {
		put_key(out, "  - ", "job_name", options->scrapes[i]);
		(void)fputs("    static_configs: [{targets: [", out);
		put_text(out, options->scrapes[i]);
		(void)fputs("]}]\n", out);
	}
	put_key(out, "", "job", push->job);
	put_key(out, "", "instance", push->instance);
	if (options->textfile != NULL) {
		(void)fputs("textfile:\n", out);
		put_key(out, "  ", "directory", options->textfile);
	}
	if (options->socket != NULL) {
		(void)fputs("socket:\n", out);
		put_key(out, "  ", "path", options->socket);
	}
	if (push->spool_dir != NULL) {
		(void)fputs("spool:\n", out);
		put_key(out, "  ", "directory", push->spool_dir);
	}
	if (fclose(out) == 0)
		return text;
	return NULL;
}
