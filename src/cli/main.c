/* SPDX-License-Identifier: MIT */
/*
 * The command: finds the verb and runs it. A wrong verb is told with the nearest one; exit status
 * 64.
 */
#include "cli/cli.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>
#include "cli/sink_main.h"

static const struct {
	const char *name;
	int (*run)(int argc, char **argv);
} verbs[] = {
	{"push", cli_push},
	{"run", cli_run},
	{"agent", cli_agent},
	{"delete", cli_delete},
	{"list", cli_list},
	{"gc", cli_gc},
	{"check", cli_check},
	{"doctor", cli_doctor},
	{"explain", cli_explain},
	{"convert", cli_convert},
	{"backfill", cli_backfill},
	{"alerts", cli_alerts},
	{"dashboard", cli_dashboard},
	{"spool", cli_spool},
	{"sink", cli_sink},
	{"completion", cli_completion},
	{"help", cli_help},
};
enum { verb_count = sizeof verbs / sizeof verbs[0] };

const char *
cli_verb_name(size_t index)
{
	return index < verb_count ? verbs[index].name : NULL;
}

int
cli_verb_run(size_t index, int argc, char **argv)
{
	return verbs[index].run(argc, argv);
}

static int
unknown_verb(const char *name)
{
	const char *names[verb_count];
	for (size_t i = 0; i < verb_count; i++)
		names[i] = verbs[i].name;
	const char *nearest = pitot_nearest(name, names, verb_count);
	fprintf(stderr, "pitot: there is no verb \"%s\"", name);
	if (nearest != NULL)
		fprintf(stderr, "; did you mean \"%s\"?", nearest);
	fputs(" (see 'pitot --help')\n", stderr);
	return EX_USAGE;
}

static int
run(int argc, char **argv)
{
	if (argc < 2) {
		fputs("Usage: pitot push|run|agent|check|doctor|... [OPTION]...\n"
		      "Try 'pitot --help'.\n",
			stderr);
		return EX_USAGE;
	}
	if (strcmp(argv[1], "--version") == 0 || strcmp(argv[1], "-V") == 0)
		return cli_version();
	if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)
		return cli_help(1, argv);
	for (size_t i = 0; i < verb_count; i++)
		if (strcmp(argv[1], verbs[i].name) == 0)
			return cli_verb_run(i, argc - 1, argv + 1);
	return unknown_verb(argv[1]);
}

int
main(int argc, char **argv)
{
	int status = run(argc, argv);
	if (fflush(stdout) == 0 && !ferror(stdout))
		return status;
	fprintf(stderr, "pitot: standard output: %s\n", strerror(errno));
	return status != 0 ? status : EX_IOERR;
}
