/* SPDX-License-Identifier: MIT */
/*
 * What the environment says of where to push (PITOT_URL and so on), as the base that options stand
 * on. A bad variable is exit status 78.
 */
#include "cli/cli.h"

#include <stdlib.h>
#include <string.h>

/* The environment's labels and headers come first, then those of the command line. */
static int
take_lists(struct cli_options *options, const char *verb)
{
	struct pitot_config *config = &options->config;
	size_t labels = config->registry.label_count, headers = config->push.http.header_count;
	if (labels > cli_max_labels || headers > cli_max_labels)
		return cli_usage(
			verb, "the environment has more than %d labels or headers", cli_max_labels);
	for (size_t i = 0; i < labels; i++)
		options->labels[i] = config->registry.labels[i];
	for (size_t i = 0; i < headers; i++)
		options->headers[i] = config->push.http.headers[i];
	config->push.labels = options->labels;
	config->push.label_count = labels;
	config->push.http.headers = options->headers;
	return 0;
}

/* The variable as it is now; restored, and freed, by restore(). */
static char *
save(const char *name)
{
	const char *value = getenv(name);
	return value == NULL ? NULL : strdup(value);
}

static void
restore(const char *name, char *value)
{
	/* It was there before, so there is room for it. */
	if (value == NULL)
		(void)unsetenv(name);
	else
		(void)setenv(name, value, 1);
	free(value);
}

int
cli_environment_read(struct cli_options *options, const char *verb, bool gives_url)
{
	struct pitot_error why;
	char *enabled = save("PITOT_ENABLED"), *url = save("PITOT_URL");
	/* It switches a program's own metrics on and off; who calls this command wants a push. */
	(void)unsetenv("PITOT_ENABLED");
	/*
	 * The well-known URLs of others bring a protocol and a login, which are not for the URL of
	 * the command line. They are not read if there is one of ours.
	 */
	bool ok = !gives_url || setenv("PITOT_URL", "http://localhost", 1) == 0;
	int code = ok ? pitot_config_from_env(&options->config, "PITOT", &why) : 0;
	/* What `run` starts has the environment as it was. */
	restore("PITOT_ENABLED", enabled);
	restore("PITOT_URL", url);
	if (!ok)
		return cli_usage(verb, "out of memory");
	if (code != 0)
		return cli_fail(verb, &why);
	return take_lists(options, verb);
}
