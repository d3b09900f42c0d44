/* SPDX-License-Identifier: MIT */
/* The reserved list (specs/remote-write section 1) and the charset of RFC 9110. */
#include "net/headers.h"

#include "base/error.h"
#include <stdio.h>
#include <string.h>
#include <strings.h>

static const char *const reserved[] = {
	"Host",
	"Content-Encoding",
	"Content-Length",
	"Content-Type",
	"User-Agent",
	"Connection",
	"Keep-Alive",
	"Proxy-Authenticate",
	"Proxy-Authorization",
	"WWW-Authenticate",
	"Accept-Encoding",
	"Transfer-Encoding",
	"Expect",
	"Retry-Attempt",
	"X-Prometheus-Remote-Write-Version",
	"X-Prometheus-Remote-Read-Version",
	"X-Amz-Date",
	"X-Amz-Security-Token",
	"X-Amz-Content-Sha256",
};

static const char *
problem_of(const struct pitot_label *header)
{
	static const char token[] = "!#$%&'*+-.^_`|~0123456789"
				    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
	if (*header->name == '\0' || header->name[strspn(header->name, token)] != '\0')
		return "this is not a header's name";
	if (strcasecmp(header->name, "Authorization") == 0)
		return "use the options for login (username, bearer_token_file)";
	for (size_t i = 0; i < sizeof reserved / sizeof reserved[0]; i++)
		if (strcasecmp(header->name, reserved[i]) == 0)
			return "the protocol sets it itself";
	for (const unsigned char *at = (const unsigned char *)header->value; *at != '\0'; at++)
		if ((*at < ' ' && *at != '\t') || *at == 0x7f)
			return "its value has a control character";
	return NULL;
}

/* The name as it is, without what could disturb a terminal. */
static void
show(char *to, size_t size, const char *name)
{
	(void)snprintf(to, size, "%s", name);
	for (char *at = to; *at != '\0'; at++)
		if (*at < ' ' || *at == 0x7f)
			*at = '?';
}

int
pt_headers_check(const struct pitot_label *header, struct pitot_error *why)
{
	if (header->name == NULL || header->value == NULL)
		return pt_error_set(why, PITOT_USAGE, "a header needs a name and a value");
	const char *problem = problem_of(header);
	if (problem == NULL)
		return 0;
	char name[100];
	show(name, sizeof name, header->name);
	return pt_error_set(why, PITOT_USAGE, "header \"%s\": %s", name, problem);
}
