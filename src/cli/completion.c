/* SPDX-License-Identifier: MIT */
/*
 * `pitot completion bash|zsh|fish`: a script that completes verbs and options, made of the tables
 * that the command itself reads: an option that exists is completed, whoever adds it.
 */
#include "cli/cli.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- bash ---- */

static void
put_word(void *context, const char *verb, const char *option, const char *argument)
{
	(void)verb, (void)context;
	printf(" --%s%s", option, argument != NULL ? "=" : "");
}

static void
put_bash(void)
{
	puts("# bash completion for pitot\n"
	     "_pitot()\n{\n"
	     "\tlocal word=${COMP_WORDS[COMP_CWORD]} verb=${COMP_WORDS[1]} words=\n"
	     "\tif [ \"$COMP_CWORD\" -eq 1 ]; then");
	fputs("\t\twords='", stdout);
	for (size_t i = 0; cli_verb_name(i) != NULL; i++)
		printf("%s%s", i > 0 ? " " : "", cli_verb_name(i));
	puts("'\n\telse\n\t\tcase $verb in");
	for (size_t i = 0; cli_verb_name(i) != NULL; i++) {
		printf("\t\t%s) words='", cli_verb_name(i));
		cli_options_each(cli_verb_name(i), put_word, NULL);
		puts("' ;;");
	}
	puts("\t\tesac\n\tfi\n"
	     "\tcase $word in\n"
	     "\t-* | '') mapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$word\") ;;\n"
	     "\t*) if [ \"$COMP_CWORD\" -eq 1 ]; then\n"
	     "\t\tmapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$word\")\n"
	     "\telse\n\t\tmapfile -t COMPREPLY < <(compgen -f -- \"$word\")\n\tfi ;;\n"
	     "\tesac\n"
	     "\t[[ ${COMPREPLY[0]-} != *= ]] || compopt -o nospace\n"
	     "}\ncomplete -o filenames -F _pitot pitot");
}

/* ---- zsh ---- */

/* "text openmetrics …" */
static void
put_forms(void)
{
	for (size_t i = 0; cli_convert_form(i) != NULL; i++)
		printf("%s%s", i > 0 ? " " : "", cli_convert_form(i));
}

static void
put_zsh_option(void *context, const char *verb, const char *option, const char *argument)
{
	(void)verb, (void)context;
	if (argument != NULL && strcmp(argument, "FORM") == 0) {
		printf(" '--%s=:form:(", option);
		put_forms();
		fputs(")'", stdout);
		return;
	}
	printf(" '--%s%s'", option,
		argument == NULL                           ? ""
			: strstr(argument, "FILE") != NULL ? "=:file:_files"
			: strstr(argument, "DIR") != NULL  ? "=:dir:_files -/"
							   : "=:value:");
}

static void
put_zsh(void)
{
	fputs("#compdef pitot\n_pitot()\n{\n\tif (( CURRENT == 2 )); then\n\t\tcompadd --", stdout);
	for (size_t i = 0; cli_verb_name(i) != NULL; i++)
		printf(" %s", cli_verb_name(i));
	puts("\n\t\treturn\n\tfi\n\tlocal verb=$words[2]\n\tshift words\n\t(( CURRENT-- ))\n"
	     "\tcase $verb in");
	for (size_t i = 0; cli_verb_name(i) != NULL; i++) {
		printf("\t%s) _arguments", cli_verb_name(i));
		cli_options_each(cli_verb_name(i), put_zsh_option, NULL);
		puts(" '*:file:_files' ;;");
	}
	puts("\tesac\n}\n_pitot \"$@\"");
}

/* ---- fish ---- */

/* Whether files are offered for it. */
static bool
is_path(const char *argument)
{
	return strstr(argument, "FILE") != NULL || strstr(argument, "DIR") != NULL ||
		strstr(argument, "PATH") != NULL;
}

static void
put_fish_option(void *context, const char *verb, const char *option, const char *argument)
{
	(void)context;
	printf("complete -c pitot -n '__fish_seen_subcommand_from %s' -l %s%s", verb, option,
		argument == NULL            ? ""
			: is_path(argument) ? " -r"
					    : " -x");
	if (argument != NULL && strcmp(argument, "FORM") == 0) {
		fputs(" -a '", stdout);
		put_forms();
		putchar('\'');
	}
	putchar('\n');
}

static void
put_fish(void)
{
	puts("# fish completion for pitot");
	for (size_t i = 0; cli_verb_name(i) != NULL; i++)
		printf("complete -c pitot -n __fish_use_subcommand -f -a %s\n", cli_verb_name(i));
	for (size_t i = 0; cli_verb_name(i) != NULL; i++)
		cli_options_each(cli_verb_name(i), put_fish_option, NULL);
}

int
cli_completion(int argc, char **argv)
{
	const char *shell = argc > 1 ? argv[1] : "";
	if (strcmp(shell, "--help") == 0 || strcmp(shell, "-h") == 0)
		puts("Usage: pitot completion bash|zsh|fish\n"
		     "Print a script that completes pitot's verbs and options. For bash:\n"
		     "  pitot completion bash > /etc/bash_completion.d/pitot\n"
		     "zsh: as _pitot in a folder of $fpath; fish: in ~/.config/fish/completions/.");
	else if (strcmp(shell, "bash") == 0)
		put_bash();
	else if (strcmp(shell, "zsh") == 0)
		put_zsh();
	else if (strcmp(shell, "fish") == 0)
		put_fish();
	else
		return cli_usage("completion", "for which shell? bash, zsh or fish");
	return EXIT_SUCCESS;
}
