/* SPDX-License-Identifier: MIT */
/*
 * `pitot check metrics`: reads text as push does and tells what is wrong (exit status 65) or unwise
 * (3, as promtool does). Nothing is sent.
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

int
cli_check(int argc, char **argv)
{
	struct cli_options options;
	bool help = argc > 1 && (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0);
	if (!help && (argc < 2 || strcmp(argv[1], "metrics") != 0))
		return cli_usage("check", "what to check? \"check metrics [FILE]\"");
	/* The word "metrics" is not an argument of the options. */
	if (!help) {
		argv[1] = argv[0];
		argv++;
		argc--;
	}
	int status = cli_options_read(&options, CLI_CHECK, argc, argv);
	if (status == 0 && options.help) {
		puts("Usage: pitot check metrics [OPTION]... [FILE]\n"
		     "Read metrics as text from FILE or standard input, tell mistakes and bad "
		     "habits.\n");
		cli_options_help(CLI_CHECK);
		puts("\nExit status: 0 all well, 3 something unwise, 65 cannot be read.");
	} else if (status == 0) {
		status = check_input(&options);
	}
	cli_options_clear(&options);
	return status;
}
