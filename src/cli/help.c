/* SPDX-License-Identifier: MIT */
/*
 * The help texts; each fits a screen of 24 lines. `pitot help VERB` shows the verb's manual page
 * where that can be done, and falls back to them.
 */
#include "cli/cli.h"

#include <curl/curl.h>
#include <jansson.h>
#include <microhttpd.h>
#include <protobuf-c/protobuf-c.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "cli/sink_main.h"

int
cli_version(void)
{
	const curl_version_info_data *curl = curl_version_info(CURLVERSION_NOW);
	printf("pitot %s\nlibcurl %s (%s), jansson %s, libmicrohttpd %s, protobuf-c %s, snappy\n"
	       "protocols: Pushgateway, remote write 1.0 and 2.0\n",
		pitot_version(), curl->version,
		curl->ssl_version != NULL ? curl->ssl_version : "no TLS", JANSSON_VERSION,
		MHD_get_version(), protobuf_c_version());
	return 0;
}

static void
help_all(void)
{
	fputs("Usage: pitot VERB [OPTION]...\n"
	      "Push metrics to a Prometheus Pushgateway or by remote write.\n"
	      "\n"
	      "  push [FILE]            push metrics, read as text from FILE or standard input\n"
	      "  run COMMAND...         run a command, push how it went\n"
	      "  agent                  scrape, read and take pushes all the time, send it on\n"
	      "  check metrics|config|url   find mistakes of metrics, agent.yml, a receiver\n"
	      "  doctor URL, explain TEXT   find what is wrong with a receiver, with an error\n"
	      "  delete, list, gc       a Pushgateway's groups\n"
	      "  convert, backfill FILE     other forms; send old samples\n"
	      "  alerts, dashboard      print rules for Prometheus, panels for Grafana\n"
	      "  spool list|show|send|drop   what waits on disk for a later push\n"
	      "  sink                   receive pushes on this machine and check them\n"
	      "  completion SHELL       a script for bash, zsh or fish\n"
	      "  help [VERB]            this text, or the page of a verb; --version\n"
	      "\n"
	      "Examples:\n"
	      "  echo 'rows_total 5' | pitot push --url http://localhost:9091 --job import\n"
	      "  pitot push m.prom --url http://localhost:9090/api/v1/write --job import\n"
	      "\n"
	      "The environment sets options too: PITOT_URL, PITOT_JOB, ... More: man pitot.\n",
		stdout);
}

/* Becomes `man` with the verb's page, on a terminal and if both are there; returns otherwise. */
static void
show_page(const char *verb)
{
	char page[32], command[64], path[4096] = "";
	(void)snprintf(page, sizeof page, "pitot-%s", verb);
	(void)snprintf(command, sizeof command, "man -w 1 %s 2>/dev/null", page);
	FILE *found = isatty(STDOUT_FILENO) == 1 ? popen(command, "r") : NULL;
	if (found == NULL)
		return;
	bool any = fgets(path, sizeof path, found) != NULL;
	(void)pclose(found); /* the path tells: some systems have a man that only apologizes */
	path[strcspn(path, "\n")] = '\0';
	if (any && access(path, R_OK) == 0)
		(void)execlp("man", "man", "1", page, (char *)NULL); /* at worst the short help */
}

int
cli_help(int argc, char **argv)
{
	char option[] = "--help";
	if (argc > 1 && strcmp(argv[1], "help") != 0)
		for (size_t i = 0; cli_verb_name(i) != NULL; i++)
			if (strcmp(argv[1], cli_verb_name(i)) == 0) {
				show_page(cli_verb_name(i));
				return cli_verb_run(i, 2, (char *[]){argv[1], option, NULL});
			}
	if (argc > 1)
		return cli_usage("help", "there is no verb \"%s\"", argv[1]);
	help_all();
	return 0;
}
