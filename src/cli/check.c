/* SPDX-License-Identifier: MIT */
/*
 * `pitot check metrics`: reads text as push does and tells what is wrong (exit status 65) or unwise
 * (3, as promtool does). `pitot check config`: the same for an agent's configuration (78, 3).
 * Nothing is sent.
 */
#include "cli/cli.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { lint_status = 3 };

static void
print_counts(const struct pitot_snapshot *snapshot)
{
	size_t size = pitot_snapshot_size(snapshot), from = 0;
	for (size_t i = 1; i <= size; i++) {
		struct pitot_sample first = pitot_snapshot_sample(snapshot, from);
		if (i < size && pitot_snapshot_sample(snapshot, i).family == first.family)
			continue;
		printf("%8zu  %s (%s)\n", i - from, first.family, pitot_type_text(first.type));
		from = i;
	}
	printf("%8zu  series in all\n", size);
}

static int
check_input(const struct cli_options *options)
{
	struct pitot_error why;
	size_t length = 0;
	int status = 0;
	char *text = cli_input_read("check", options->input, &length, &status);
	if (text == NULL)
		return status;
	const char *name = cli_input_name(options->input);
	const struct pitot_parse_options parse = {.source = name, .strict = options->strict};
	struct pitot_snapshot *snapshot = pitot_parse(text, length, &parse, &why);
	free(text);
	if (snapshot == NULL)
		return cli_fail("check", &why);
	if (options->counts)
		print_counts(snapshot);
	if (cli_lint(name, snapshot) > 0)
		status = lint_status;
	pitot_snapshot_free(snapshot);
	return status;
}

static void
tell_warning(void *context, const char *text)
{
	size_t *count = context;
	printf("%s\n", text);
	++*count;
}

static int
check_config(int argc, char **argv)
{
	struct pitot_agent_summary summary;
	struct pitot_error why;
	size_t warnings = 0;
	if (argc != 1)
		return cli_usage("check", "which file? \"check config FILE\"");
	const struct pitot_agent_options options = {.path = argv[0]};
	if (pitot_agent_check(&options, tell_warning, &warnings, &summary, &why) != 0)
		return cli_fail("check", &why);
	printf("%s: %zu targets%s%s to %zu receivers of remote write, %zu Pushgateways%s\n",
		argv[0], summary.targets, summary.textfile ? ", text files" : "",
		summary.socket ? ", a socket" : "", summary.remote_writes, summary.pushgateways,
		summary.spool ? ", with a spool" : "");
	return warnings > 0 ? lint_status : 0;
}

static void
help(void)
{
	puts("Usage: pitot check metrics [OPTION]... [FILE]\n"
	     "       pitot check config FILE\n"
	     "       pitot check url URL\n"
	     "Read metrics as text from FILE or standard input, tell mistakes and bad habits;\n"
	     "or the configuration of an agent; or try a receiver (as pitot doctor does).\n");
	cli_options_help(CLI_CHECK);
	puts("\nExit status: 0 all well, 3 something unwise or ignored, 65 cannot be read,\n"
	     "78 the configuration is wrong.");
}

int
cli_check(int argc, char **argv)
{
	struct cli_options options;
	const char *what = argc > 1 ? argv[1] : "";
	bool asks = strcmp(what, "--help") == 0 || strcmp(what, "-h") == 0;
	if (strcmp(what, "config") == 0 && (argc < 3 || argv[2][0] != '-'))
		return check_config(argc - 2, argv + 2);
	if (strcmp(what, "url") == 0)
		return cli_check_url(argc - 1, argv + 1);
	if (!asks && strcmp(what, "metrics") != 0 && strcmp(what, "config") != 0)
		return cli_usage("check",
			"what to check? \"metrics [FILE]\", \"config FILE\" or \"url URL\"");
	/* The word is not an argument of the options. */
	if (!asks) {
		argv[1] = argv[0];
		argv++;
		argc--;
	}
	int status = cli_options_read(&options, CLI_CHECK, argc, argv);
	if (status == 0 && options.help)
		help();
	else if (status == 0)
		status = check_input(&options);
	cli_options_clear(&options);
	return status;
}
