/* SPDX-License-Identifier: MIT */
/*
 * `pitot explain TEXT`: what an error of a receiver means and what to do about it, in plain words.
 * The table has the errors that Mimir, Grafana Cloud, Prometheus, VictoriaMetrics, Thanos and the
 * Pushgateway are known for; exit status 1 if it has none for the text.
 */
#include "cli/cli.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The first row of which all parts are in the text, without regard to case, is what it means. */
static const struct {
	const char *parts[3];
	const char *who, *cause, *cure;
} errors[] = {
	{{"err-mimir-max-series-per-user"}, "Mimir, Grafana Cloud",
		"The tenant has as many active series as it may.",
		"Send fewer series (pitot check metrics --counts shows which metric has most; drop "
		"labels that look like ids), or ask for a higher limit."},
	{{"err-mimir-max-series-per-metric"}, "Mimir", "One metric has as many series as it may.",
		"Remove a label with many values from it, such as a user or request id."},
	{{"err-mimir-max-label-names-per-series"}, "Mimir, Grafana Cloud",
		"A series has more labels than allowed, 30 as a rule.",
		"Send fewer labels; facts about the source belong into one _info metric."},
	{{"err-mimir-label-name-too-long"}, "Mimir", "A label name is over 1024 bytes.",
		"Shorten it."},
	{{"err-mimir-label-value-too-long"}, "Mimir", "A label value is over 2048 bytes.",
		"Shorten it: texts and URLs do not belong into labels."},
	{{"err-mimir-sample-duplicate-timestamp"}, "Mimir, Grafana Cloud",
		"Two samples of one series have the same time and different values: two senders "
		"share the labels, or relabelling made two series one.",
		"Give each sender a label of its own (--instance, external_labels), and look for "
		"rules that drop a label which told series apart."},
	{{"err-mimir-sample-out-of-order"}, "Mimir, Grafana Cloud",
		"The series has a later sample already: two senders share the labels, or old "
		"samples were sent after new ones.",
		"Give each sender a label of its own (--instance); for samples that come late the "
		"tenant needs an out-of-order window."},
	{{"err-mimir-sample-timestamp-too-old"}, "Mimir",
		"The sample is older than the receiver takes.",
		"Send it sooner, or have the out-of-order window widened; --max-age drops what is "
		"too old before it is sent."},
	{{"err-mimir-too-far-in-past"}, "Mimir", "The sample is older than the tenant's limit.",
		"Send it sooner; --max-age drops what is too old before it is sent."},
	{{"err-mimir-too-far-in-future"}, "Mimir",
		"The sample's time is ahead of the receiver's clock.",
		"Set this machine's clock (NTP): pitot doctor shows the difference."},
	{{"err-mimir-tenant-max-ingestion-rate"}, "Mimir, Grafana Cloud",
		"The tenant sends more samples in a second than it may.",
		"Send less often (a longer interval), or fewer series; it is tried again by "
		"itself."},
	{{"err-mimir-tenant-max-request-rate"}, "Mimir",
		"The tenant makes more requests in a second than it may.",
		"Send less often; it is tried again by itself."},
	{{"err-mimir-max-metadata"}, "Mimir",
		"The tenant has told as many metrics' help as it may.",
		"Harmless: samples are stored. Remove metrics that nobody needs."},
	{{"err-mimir-label-invalid"}, "Mimir", "A label name has characters that are not allowed.",
		"Use letters, digits and _; pitot check metrics finds the place."},
	{{"err-mimir-metric-name-invalid"}, "Mimir",
		"A metric name has characters that are not allowed.",
		"Use letters, digits, _ and :; leave out --utf8-names and pitot escapes others."},
	{{"err-mimir-"}, "Mimir", "The receiver refused samples by one of its limits.",
		"Its name stands behind err-mimir-; Mimir's runbooks describe each."},
	{{"no org id"}, "Mimir, Cortex, Loki", "The request names no tenant.",
		"Name it: --profile mimir --tenant NAME, which is -H 'X-Scope-OrgID: NAME'."},
	{{"invalid scope requested"}, "Grafana Cloud",
		"The token may not write metrics, or is for another stack.",
		"Make one with the scope metrics:write, and use the instance's number as --user."},
	{{"legacy auth cannot be upgraded"}, "Grafana Cloud",
		"The user name is not the instance's number, or the token is of another kind.",
		"--user is the number of the metrics instance; the token is a Cloud Access "
		"Policy's."},
	{{"authentication error"}, "Grafana Cloud", "User or token are wrong.",
		"--user is the number of the metrics instance, the token needs metrics:write."},
	{{"remote write receiver", "not enabled"}, "Prometheus",
		"Prometheus takes no remote write as it was started.",
		"Start it with --web.enable-remote-write-receiver."},
	{{"remote write receiver needs to be enabled"}, "Prometheus",
		"Prometheus takes no remote write as it was started.",
		"Start it with --web.enable-remote-write-receiver."},
	{{"out of order sample"}, "Prometheus",
		"A series has a later sample already: two senders share the labels, or old samples "
		"were sent after new ones.",
		"Give each sender a label of its own (--instance); for samples that come late "
		"Prometheus needs storage.tsdb.out_of_order_time_window."},
	{{"out of bounds"}, "Prometheus",
		"The sample is older than what is still open, or far in the future.",
		"Set this machine's clock; for old samples set "
		"storage.tsdb.out_of_order_time_window, or use promtool tsdb "
		"create-blocks-from openmetrics."},
	{{"too old sample"}, "Prometheus", "The sample is older than the out-of-order window.",
		"Widen storage.tsdb.out_of_order_time_window, or send sooner."},
	{{"duplicate sample for timestamp"}, "Prometheus",
		"Two samples of one series have the same time and different values.",
		"Give each sender a label of its own: --instance, --label."},
	{{"native histograms are disabled"}, "Prometheus",
		"Prometheus before 3.8 takes native histograms only with a feature flag.",
		"Start it with --enable-feature=native-histograms, or leave out "
		"--native-histograms."},
	{{"unsupported media type"}, "a receiver", "It does not know this version of remote write.",
		"Leave out --protocol: pitot finds the version by itself."},
	{{"415"}, "a receiver", "It does not know this version of remote write, or what is sent.",
		"Leave out --protocol: pitot finds the version by itself."},
	{{"does not tell what it wrote"}, "VictoriaMetrics, older Prometheus",
		"The receiver answered 2xx to remote write 2.0, which it does not know, and stored "
		"nothing.",
		"Leave out --protocol, or use remote-write-1."},
	{{"must not have timestamps"}, "Pushgateway", "A sample has a timestamp.",
		"Remove it, or push by remote write, which keeps timestamps."},
	{{"timestamp", "pushed metrics"}, "Pushgateway", "A sample has a timestamp.",
		"Remove it, or push by remote write, which keeps timestamps."},
	{{"inconsistent", "pushed metrics are invalid"}, "Pushgateway",
		"The metric has another type or help in another group, or a label twice.",
		"Use the same type and help everywhere, or delete the old group: pitot list, pitot "
		"delete."},
	{{"unexpected end of input stream"}, "Pushgateway", "The text's last line has no end.",
		"End it with a line feed; pitot push does that."},
	{{"text format parsing error"}, "Pushgateway", "The text is not metrics.",
		"pitot check metrics FILE tells line and column."},
	{{"job name is required"}, "Pushgateway", "The URL has no job.",
		"Name it with --job; --url is the address without /metrics/job/...."},
	{{"maxinsertrequestsize"}, "VictoriaMetrics", "The request is larger than it takes.",
		"Use a smaller --max-request-size."},
	{{"cannot read compressed"}, "VictoriaMetrics", "The body could not be read as snappy.",
		"A proxy changes the body: connect without it."},
	{{"too many labels"}, "VictoriaMetrics",
		"A series has more labels than "
		"-maxLabelsPerTimeseries.",
		"Send fewer labels."},
	{{"409"}, "Thanos", "Samples are out of order, twice at one time, or have wrong labels.",
		"Give each sender a label of its own: --instance, --label."},
	{{"413"}, "a receiver or a proxy before it", "The request is larger than it takes.",
		"Use a smaller --max-request-size."},
	{{"the target answered 404"}, "a worker or an exporter", "There is no page at this path.",
		"A worker's is at what its PATH variable says, /metrics by default. A receiver at "
		"a path of its own needs --protocol."},
	{{"the target answered 403"}, "a worker or an exporter",
		"The page is not for this login, or not for this host.",
		"Give --user with --password-file, or --bearer-token-file."},
	{{"the target answered 401"}, "a worker or an exporter", "The login is missing or wrong.",
		"Give --user with --password-file, or --bearer-token-file."},
	{{"the target answered"}, "a worker or an exporter", "What answers there has no page now.",
		"Look at its log; something else may have the port."},
	{{"404"}, "a receiver", "There is nothing at this path.",
		"Prometheus and VictoriaMetrics: /api/v1/write, Mimir /api/v1/push, Grafana Cloud "
		"/api/prom/push, Thanos /api/v1/receive, Pushgateway: none. --profile adds it. "
		"Prometheus also needs --web.enable-remote-write-receiver."},
	{{"405"}, "a receiver", "The address is there, but takes no pushes.",
		"Check the URL's path; --profile adds the usual one."},
	{{"401"}, "a receiver", "The login is missing or wrong.",
		"Give --user with --password-file, or --bearer-token-file. Grafana Cloud: the user "
		"is the instance's number."},
	{{"403"}, "a receiver", "The login may not write here.",
		"Grafana Cloud: the token needs the scope metrics:write, and the host must be the "
		"one of your stack."},
	{{"429"}, "a receiver", "More is sent than the receiver takes.",
		"Send less often, or fewer series; it is tried again by itself."},
	{{"could not resolve host"}, "this machine", "The name of the host is not known.",
		"Check its spelling, and this machine's DNS."},
	{{"connection refused"}, "the host", "Nothing listens at this port.",
		"Check port and host, and that the receiver runs; a worker serves its page only "
		"with "
		"its ENABLED variable true."},
	{{"no route to host"}, "this machine", "The network does not lead there.",
		"Check the network; a proxy is given with --proxy."},
	{{"timed out"}, "the network", "There was no answer in time.",
		"A firewall may drop packets: check the port, or use --proxy."},
	{{"certificate", "not for this host"}, "the receiver",
		"Its certificate is for another name.", "Use the name that is in the certificate."},
	{{"certificate", "not trusted"}, "the receiver",
		"Nobody that this machine trusts has signed its certificate.",
		"Name the authority's file with --ca-file."},
	{{"plain http"}, "the receiver", "It speaks http, not https.", "Write http:// in --url."},
	{{"http request to an https server"}, "the receiver", "It speaks https.",
		"Write https:// in --url."},
};

/* A status stands alone: port 40400 is none, and neither is line or port 404, behind a colon. */
static bool
has_part(const char *text, const char *part)
{
	bool is_status = isdigit((unsigned char)part[0]);
	for (const char *at = text; (at = strcasestr(at, part)) != NULL; at++) {
		bool inside = at > text && (isalnum((unsigned char)at[-1]) || at[-1] == ':');
		if (!is_status || (!inside && !isalnum((unsigned char)at[strlen(part)])))
			return true;
	}
	return false;
}

static bool
matches(const char *text, const char *const *parts)
{
	for (size_t i = 0; i < 3 && parts[i] != NULL; i++)
		if (!has_part(text, parts[i]))
			return false;
	return true;
}

bool
cli_explain_text(const char *text, const char **cause, const char **cure, const char **who)
{
	for (size_t i = 0; i < sizeof errors / sizeof errors[0]; i++) {
		if (!matches(text, errors[i].parts))
			continue;
		*cause = errors[i].cause;
		*cure = errors[i].cure;
		*who = errors[i].who;
		return true;
	}
	return false;
}

/* All words of the command line as one text. */
static char *
join(int argc, char **argv)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);
	for (int i = 1; out != NULL && i < argc; i++)
		(void)fprintf(out, "%s%s", i > 1 ? " " : "", argv[i]);
	if (out != NULL)
		(void)fclose(out); /* what fails is memory, and shows as NULL */
	return text;
}

int
cli_explain(int argc, char **argv)
{
	const char *cause, *cure, *who;
	size_t length = 0;
	int status = 0;
	if (argc > 1 && (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)) {
		puts("Usage: pitot explain [TEXT]...\n"
		     "Tell what an error of a receiver means, and what to do. Without TEXT it is\n"
		     "read from standard input.\n\n"
		     "Exit status: 0 explained, 1 not known.");
		return EXIT_SUCCESS;
	}
	if (argc < 2 && isatty(STDIN_FILENO) != 0)
		return cli_usage("explain", "which error? Give its text");
	char *text = argc > 1 ? join(argc, argv) : cli_input_read("explain", "-", &length, &status);
	if (text == NULL)
		return status != 0 ? status : cli_usage("explain", "out of memory");
	if (argc < 2) {
		char *ended = strndup(text, length);
		free(text);
		text = ended;
	}
	bool known = text != NULL && cli_explain_text(text, &cause, &cure, &who);
	if (known)
		printf("%s: %s\n%s\n", who, cause, cure);
	else
		fputs("pitot: explain: this error is not known; pitot doctor URL tries the "
		      "receiver\n",
			stderr);
	free(text);
	return known ? EXIT_SUCCESS : EXIT_FAILURE;
}
