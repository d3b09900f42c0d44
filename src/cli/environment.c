/* SPDX-License-Identifier: MIT */
/*
 * What the environment says of where to push (PITOT_URL and so on), as the base that options stand
 * on. A bad variable is exit status 78.
 */
#include "cli/cli.h"

#include <stdlib.h>
#include <string.h>

/* Whether --url is given; a word that is the value of another option does no harm. */
static bool
gives_url(int argc, char **argv)
{
	for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++)
		if (strcmp(argv[i], "--url") == 0 || strncmp(argv[i], "--url=", 6) == 0)
			return true;
	return false;
}

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

int
cli_environment_read(struct cli_options *options, int argc, char **argv)
{
	struct pitot_error why;
	/* It switches a program's own metrics on and off; who calls this command wants a push. */
	(void)unsetenv("PITOT_ENABLED");
	/*
	 * The well-known URLs of others bring a protocol and a login, which are not for the URL of
	 * the command line. They are not read if there is one of ours.
	 */
	if (gives_url(argc, argv) && setenv("PITOT_URL", "http://localhost", 1) != 0)
		return cli_usage(argv[0], "out of memory");
	if (pitot_config_from_env(&options->config, "PITOT", &why) != 0)
		return cli_fail(argv[0], &why);
	return take_lists(options, argv[0]);
}
