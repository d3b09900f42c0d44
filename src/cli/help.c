/* SPDX-License-Identifier: MIT */
/* The help texts; each fits a screen of 24 lines. */
#include "cli/cli.h"

#include <curl/curl.h>
#include <jansson.h>
#include <microhttpd.h>
#include <protobuf-c/protobuf-c.h>
#include <stdio.h>
#include <string.h>
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
	      "  delete                 delete a group from a Pushgateway\n"
	      "  check metrics|config   tell mistakes and bad habits of metrics, of agent.yml\n"
	      "  spool list|show|send|drop   what waits on disk for a later push\n"
	      "  sink                   receive pushes on this machine and check them\n"
	      "  help [VERB]            this text, or the help of a verb\n"
	      "\n"
	      "  --version              version and libraries\n"
	      "\n"
	      "Examples:\n"
	      "  echo 'rows_total 5' | pitot push --url http://localhost:9091 --job import\n"
	      "  pitot push m.prom --url http://localhost:9090/api/v1/write --job import\n"
	      "\n"
	      "The environment sets options too: PITOT_URL, PITOT_JOB, ... More: man pitot.\n",
		stdout);
}

int
cli_help(int argc, char **argv)
{
	static const struct {
		const char *name;
		int (*run)(int argc, char **argv);
	} verbs[] = {{"push", cli_push}, {"run", cli_run}, {"agent", cli_agent},
		{"delete", cli_delete}, {"check", cli_check}, {"spool", cli_spool}};
	char option[] = "--help";
	for (size_t i = 0; argc > 1 && i < sizeof verbs / sizeof verbs[0]; i++)
		if (strcmp(argv[1], verbs[i].name) == 0)
			return verbs[i].run(2, (char *[]){argv[1], option, NULL});
	if (argc > 1 && strcmp(argv[1], "sink") == 0)
		return cli_sink(2, (char *[]){argv[1], option, NULL});
	if (argc > 1)
		return cli_usage("help", "there is no verb \"%s\"", argv[1]);
	help_all();
	return 0;
}
