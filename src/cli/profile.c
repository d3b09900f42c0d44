/* SPDX-License-Identifier: MIT */
/*
 * --profile: what is usual for a kind of receiver, so that its host is enough: the URL's path, the
 * protocol, and the header that names a tenant.
 */
#include "cli/cli.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct profile {
	const char *name, *path, *tenant; /* the header, or NULL: has no tenants */
	enum pitot_protocol protocol;
	bool needs_login;
} profiles[] = {
	{"pushgateway", "", NULL, PITOT_PROTOCOL_PUSHGATEWAY, false},
	{"prometheus", "/api/v1/write", NULL, PITOT_PROTOCOL_REMOTE_WRITE, false},
	{"victoriametrics", "/api/v1/write", NULL, PITOT_PROTOCOL_REMOTE_WRITE_1, false},
	{"grafana-cloud", "/api/prom/push", NULL, PITOT_PROTOCOL_REMOTE_WRITE, true},
	{"mimir", "/api/v1/push", "X-Scope-OrgID", PITOT_PROTOCOL_REMOTE_WRITE, false},
	{"cortex", "/api/v1/push", "X-Scope-OrgID", PITOT_PROTOCOL_REMOTE_WRITE, false},
	{"thanos", "/api/v1/receive", "THANOS-TENANT", PITOT_PROTOCOL_REMOTE_WRITE, false},
};
enum { profile_count = sizeof profiles / sizeof profiles[0] };

static const struct profile *
find(const char *name)
{
	for (size_t i = 0; i < profile_count; i++)
		if (strcmp(profiles[i].name, name) == 0)
			return &profiles[i];
	return NULL;
}

static int
unknown(const struct cli_options *options)
{
	const char *names[profile_count];
	for (size_t i = 0; i < profile_count; i++)
		names[i] = profiles[i].name;
	const char *nearest = pitot_nearest(options->profile, names, profile_count);
	if (nearest != NULL)
		return cli_usage(options->verb, "--profile: there is no \"%s\"; did you mean %s?",
			options->profile, nearest);
	return cli_usage(options->verb,
		"--profile: there is no \"%s\": pushgateway, prometheus, victoriametrics, "
		"grafana-cloud, mimir, cortex or thanos",
		options->profile);
}

/* The URL with the profile's path, unless it has one; kept in the options' memory. */
static const char *
complete(struct cli_options *options, const char *url, const char *path)
{
	const char *host = strstr(url, "://");
	host = host == NULL ? url : host + 3;
	size_t length = strcspn(host, "/?#");
	const char *rest = host + length;
	if (rest[0] == '/' && rest[1] == '\0')
		rest++;
	if (rest[0] != '\0' || path[0] == '\0')
		return url;
	char **made = &options->made_urls[options->made_count];
	if (asprintf(made, "%.*s%s", (int)(host + length - url), url, path) < 0) {
		*made = NULL;
		return url;
	}
	options->made_count++;
	return *made;
}

static int
check(const struct cli_options *options, const struct profile *profile)
{
	const struct pitot_http_options *http = &options->config.push.http;
	if (options->tenant != NULL && profile->tenant == NULL)
		return cli_usage(options->verb, "--tenant: %s has no tenants", profile->name);
	if (profile->needs_login && http->username == NULL && http->bearer_token_file == NULL)
		return cli_usage(options->verb,
			"--profile: %s needs a login: --user NUMBER --password-file TOKEN",
			profile->name);
	if (http->header_count >= cli_max_labels)
		return cli_usage(options->verb, "--tenant: there are too many headers");
	return 0;
}

int
cli_profile_apply(struct cli_options *options)
{
	struct pitot_push_options *push = &options->config.push;
	if (options->profile == NULL)
		return options->tenant == NULL
			? 0
			: cli_usage(options->verb, "--tenant: needs a --profile that has tenants");
	const struct profile *profile = find(options->profile);
	if (profile == NULL)
		return unknown(options);
	int status = check(options, profile);
	if (status != 0 || push->url == NULL)
		return status;
	if (options->tenant != NULL)
		options->headers[push->http.header_count++] =
			(struct pitot_label){profile->tenant, options->tenant};
	options->tenant = NULL; /* it is done */
	if (push->protocol == PITOT_PROTOCOL_AUTO)
		push->protocol = profile->protocol;
	push->url = complete(options, push->url, profile->path);
	for (size_t i = 1; i < options->url_count; i++)
		options->urls[i] = complete(options, options->urls[i], profile->path);
	return 0;
}
