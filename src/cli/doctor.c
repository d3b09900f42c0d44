/* SPDX-License-Identifier: MIT */
/*
 * `pitot doctor URL`: everything that can stand between here and a receiver, one step after the
 * other, each failure with its cure: address, name, connection, TLS, login, tenant, versions,
 * clock, limits, one test sample. `pitot check url URL` is the same without the limits. The test
 * sample is called pitot_doctor_sample and ends with a stale marker, or its group is deleted. A URL
 * that ends in /metrics, or has a path that is no receiver's, is a page that somebody scrapes: then
 * what is there is read and judged.
 */
#include "cli/cli.h"

#include <errno.h>
#include <inttypes.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

struct doctor {
	struct pitot_push_options *push;
	enum pitot_protocol protocol;
	char host[256], port[16];
	bool tls;
	bool is_page; /* to be scraped, not a receiver */
	int status;   /* of the first failure */
	struct pitot_report report;
};

static void
tell(const char *mark, const char *step, const char *text)
{
	printf("%-4s %-8s %s\n", mark, step, text);
}

static void
good(const char *step, const char *text)
{
	tell("ok", step, text);
}

/* With the cure, if one is known. */
static bool
bad(struct doctor *doctor, const char *step, const struct pitot_error *why)
{
	const char *cause, *cure, *who;
	tell("FAIL", step, why->text);
	if (cli_explain_text(why->text, &cause, &cure, &who))
		printf("     %-8s %s\n     %-8s %s\n", "why:", cause, "cure:", cure);
	if (doctor->status == 0)
		doctor->status = cli_exit_code(why->code);
	return false;
}

/* ---- address and name ---- */

static bool
read_address(struct doctor *doctor)
{
	const char *url = doctor->push->url;
	doctor->tls = strncmp(url, "https://", 8) == 0;
	const char *host = strstr(url, "://");
	host = host == NULL ? url : host + 3;
	size_t length = strcspn(host, "/?#");
	const char *login = memchr(host, '@', length);
	if (login != NULL) {
		length -= (size_t)(login + 1 - host);
		host = login + 1;
	}
	size_t name = host[0] == '[' ? strcspn(host, "]") + 1 : strcspn(host, ":/?#");
	bool has_port = name < length && host[name] == ':';
	(void)snprintf(doctor->host, sizeof doctor->host, "%.*s",
		(int)(host[0] == '[' ? name - 2 : name), host[0] == '[' ? host + 1 : host);
	if (has_port)
		(void)snprintf(doctor->port, sizeof doctor->port, "%.*s", (int)(length - name - 1),
			host + name + 1);
	else
		(void)snprintf(doctor->port, sizeof doctor->port, "%s", doctor->tls ? "443" : "80");
	return length > 0;
}

/* A path of which a push could not say what is there: all that was missing is the protocol. */
static bool
is_unknown(const struct pitot_push_options *options)
{
	struct pitot_push_options push = *options;
	enum pitot_protocol protocol;
	if (pitot_push_protocol(&push, &protocol, NULL) == 0)
		return false;
	push.protocol = PITOT_PROTOCOL_REMOTE_WRITE;
	return pitot_push_protocol(&push, &protocol, NULL) == 0;
}

static bool
is_page(const struct pitot_push_options *push)
{
	size_t length = strcspn(push->url, "?#");
	bool named = length > 8 && strncmp(push->url + length - 8, "/metrics", 8) == 0;
	return push->protocol == PITOT_PROTOCOL_AUTO && (named || is_unknown(push));
}

static bool
check_address(struct doctor *doctor)
{
	struct pitot_error why;
	doctor->is_page = is_page(doctor->push);
	if (doctor->is_page) {
		good("address", "a page of metrics");
		return read_address(doctor);
	}
	if (pitot_push_protocol(doctor->push, &doctor->protocol, &why) != 0)
		return bad(doctor, "address", &why);
	good("address",
		doctor->protocol == PITOT_PROTOCOL_PUSHGATEWAY ? "a Pushgateway" : "remote write");
	return read_address(doctor);
}

/* The first address that takes a connection is told. */
static bool
check_connection(struct doctor *doctor)
{
	const struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
	struct addrinfo *list = NULL;
	struct pitot_error why = {.code = PITOT_NO_HOST};
	char number[64] = "", text[512];
	if (doctor->push->http.unix_socket != NULL || doctor->push->http.proxy != NULL) {
		good("name", "left to the proxy or the socket");
		return true;
	}
	int failed = getaddrinfo(doctor->host, doctor->port, &hints, &list);
	if (failed != 0) {
		(void)snprintf(why.text, sizeof why.text, "could not resolve host %s: %s",
			doctor->host, gai_strerror(failed));
		return bad(doctor, "name", &why);
	}
	bool connected = false;
	why.code = PITOT_UNAVAILABLE;
	for (struct addrinfo *at = list; at != NULL && !connected; at = at->ai_next) {
		int probe = socket(at->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
		const struct timeval limit = {.tv_sec = 5};
		(void)getnameinfo(at->ai_addr, at->ai_addrlen, number, sizeof number, NULL, 0,
			NI_NUMERICHOST); /* at worst it stays empty */
		(void)setsockopt(probe, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
		connected = probe >= 0 && connect(probe, at->ai_addr, at->ai_addrlen) == 0;
		if (!connected)
			(void)snprintf(why.text, sizeof why.text, "connect to %s port %s: %s",
				number, doctor->port, strerror(errno));
		if (probe >= 0)
			(void)close(probe); /* nothing was written */
	}
	freeaddrinfo(list);
	(void)snprintf(text, sizeof text, "%s is %s", doctor->host, number);
	good("name", text);
	if (!connected)
		return bad(doctor, "connect", &why);
	(void)snprintf(text, sizeof text, "port %s of %s takes connections", doctor->port, number);
	good("connect", text);
	return true;
}

/* ---- samples ---- */

static int
send_text(const struct doctor *doctor, const char *text, enum pitot_protocol protocol,
	int64_t time_ms, struct pitot_report *report, struct pitot_error *why)
{
	struct pitot_push_options push = *doctor->push;
	struct pitot_snapshot *snapshot = pitot_parse(text, strlen(text), NULL, why);
	if (snapshot == NULL)
		return why->code;
	push.protocol = protocol;
	push.at_end = PITOT_END_STALE;
	push.deadline_ms = 4000; /* it shows what is; waiting is for others */
	push.spool_dir = NULL;
	*report = (struct pitot_report){.attempts = 0};
	int code = pitot_push_snapshot(snapshot, time_ms, &push, report, why);
	pitot_snapshot_free(snapshot);
	return code;
}

static const char test_sample[] =
	"# HELP pitot_doctor_sample A test of pitot doctor.\n# TYPE pitot_doctor_sample gauge\n"
	"pitot_doctor_sample 1\n";

static void
tell_login(const struct doctor *doctor)
{
	const struct pitot_http_options *http = &doctor->push->http;
	if (doctor->tls)
		good("TLS",
			http->insecure_skip_verify ? "works, not verified (--insecure)"
						   : "works, and the certificate is trusted");
	if (http->username != NULL || http->bearer_token_file != NULL)
		good("login", "was accepted");
	else
		good("login", "none was asked for");
	for (size_t i = 0; i < http->header_count; i++)
		if (strcasestr(http->headers[i].name, "orgid") != NULL ||
			strcasestr(http->headers[i].name, "tenant") != NULL)
			good("tenant", http->headers[i].value);
}

/* Which step the failure of a request belongs to. */
static const char *
step_of(const struct pitot_error *why)
{
	if (strstr(why->text, "TLS") != NULL)
		return "TLS";
	if (strcasestr(why->text, "org id") != NULL || strcasestr(why->text, "tenant") != NULL)
		return "tenant";
	if (why->code == PITOT_DENIED)
		return why->http_status == 404 ? "path" : "login";
	return why->code == PITOT_UNAVAILABLE ? "request" : "sample";
}

static void
check_clock(const struct doctor *doctor)
{
	char text[128];
	const struct pitot_report *report = &doctor->report;
	if (report->receiver_ms == 0) {
		tell("?", "clock", "the receiver does not tell its time");
		return;
	}
	/* Its Date is in whole seconds, cut. */
	int64_t ahead_ms = report->heard_ms - report->receiver_ms;
	bool near = ahead_ms > -2000 && ahead_ms < 3000;
	(void)snprintf(text, sizeof text, "%s%" PRId64 " s %s the receiver's",
		near ? "within a second or two: " : "",
		(ahead_ms < 0 ? -ahead_ms : ahead_ms) / 1000, ahead_ms < 0 ? "behind" : "ahead of");
	tell(near ? "ok" : "FAIL", "clock", text);
	if (!near)
		printf("     %-8s set this machine's clock (NTP), or push with the receiver's\n",
			"cure:");
}

static bool
check_gateway(struct doctor *doctor)
{
	struct pitot_error why;
	struct pitot_report report;
	if (send_text(doctor, test_sample, PITOT_PROTOCOL_PUSHGATEWAY, 0, &doctor->report, &why) !=
		0)
		return bad(doctor, step_of(&why), &why);
	tell_login(doctor);
	good("sample", "a test sample was taken");
	if (pitot_push_delete(doctor->push, &report, &why) != 0)
		return bad(doctor, "delete", &why);
	good("delete", "its group was deleted again");
	check_clock(doctor);
	return true;
}

static bool
check_versions(struct doctor *doctor)
{
	struct pitot_report report;
	struct pitot_error why, why_2;
	int64_t now_ms = (int64_t)time(NULL) * 1000;
	bool takes_2 = send_text(doctor, test_sample, PITOT_PROTOCOL_REMOTE_WRITE_2, now_ms,
			       &doctor->report, &why_2) == 0;
	/* Where nobody answers, another version is not answered either. */
	if (!takes_2 && (why_2.code == PITOT_UNAVAILABLE || why_2.code == PITOT_NO_HOST))
		return bad(doctor, step_of(&why_2), &why_2);
	bool takes_1 = send_text(doctor, test_sample, PITOT_PROTOCOL_REMOTE_WRITE_1, now_ms + 1000,
			       &report, &why) == 0;
	if (!takes_1 && !takes_2)
		return bad(doctor, step_of(&why), &why);
	if (!takes_2)
		doctor->report = report;
	tell_login(doctor);
	good("version",
		takes_1 && takes_2 ? "remote write 1.0 and 2.0"
			: takes_2  ? "remote write 2.0 only"
				   : "remote write 1.0 only");
	good("sample", "a test sample was taken");
	check_clock(doctor);
	return true;
}

/* ---- limits ---- */

/* Whether a sample goes through that is special in one way. */
static void
try_limit(const struct doctor *doctor, const char *what, const char *text, int64_t time_ms)
{
	struct pitot_report report;
	struct pitot_error why = {.text = ""};
	char line[PITOT_ERROR_TEXT + 128];
	int code = send_text(doctor, text, PITOT_PROTOCOL_REMOTE_WRITE, time_ms, &report, &why);
	(void)snprintf(line, sizeof line, "%s: %s", what, code == 0 ? "taken" : why.text);
	tell(code == 0 ? "ok" : "no", "limits", line);
}

static void
check_limits(const struct doctor *doctor)
{
	char *text = NULL;
	size_t size = 0;
	int64_t now_ms = (int64_t)time(NULL) * 1000;
	FILE *out = open_memstream(&text, &size);
	if (out == NULL)
		return;
	(void)fputs("pitot_doctor_sample{", out);
	for (int i = 0; i < 32; i++)
		(void)fprintf(out, "l%d=\"v\",", i);
	(void)fputs("} 1\n", out);
	if (fclose(out) == 0)
		try_limit(doctor, "a series with more than 30 labels", text, now_ms + 2000);
	free(text);
	text = NULL;
	out = open_memstream(&text, &size);
	if (out == NULL)
		return;
	(void)fprintf(out, "pitot_doctor_sample{l=\"%0*d\"} 1\n", 2100, 0);
	if (fclose(out) == 0)
		try_limit(doctor, "a label value of 2100 bytes", text, now_ms + 2000);
	free(text);
	try_limit(doctor, "a sample that is 2 hours old", "pitot_doctor_sample{late=\"yes\"} 1\n",
		now_ms - 7200000);
}

/* ---- a page ---- */

/* Whether it counts what happens, other than what a process has by itself. */
static bool
counts_events(const struct pitot_sample *sample)
{
	return (sample->type == PITOT_COUNTER || sample->type == PITOT_HISTOGRAM ||
		       sample->type == PITOT_SUMMARY) &&
		strstr(sample->family, "process_") == NULL &&
		strstr(sample->family, "nodejs_") == NULL;
}

static void
check_values(const struct pitot_snapshot *snapshot)
{
	char text[128];
	size_t counters = 0, moved = 0;
	for (size_t i = 0; i < pitot_snapshot_size(snapshot); i++) {
		struct pitot_sample sample = pitot_snapshot_sample(snapshot, i);
		counters += counts_events(&sample);
		moved += counts_events(&sample) && sample.value != 0;
	}
	(void)snprintf(
		text, sizeof text, "%zu of %zu series that count are above 0", moved, counters);
	tell(counters > 0 && moved == 0 ? "?" : "ok", "values", text);
	if (counters > 0 && moved == 0)
		printf("     %-8s nothing has happened yet: wait 15 to 30 seconds of work\n",
			"why:");
}

static void
check_page(struct doctor *doctor)
{
	struct pitot_error why;
	char text[128];
	struct pitot_snapshot *snapshot = pitot_scrape(doctor->push, &why);
	if (snapshot == NULL) {
		(void)bad(doctor, why.code == PITOT_BAD_INPUT ? "parse" : step_of(&why), &why);
		return;
	}
	size_t size = pitot_snapshot_size(snapshot), families = 0;
	const char *last = NULL;
	for (size_t i = 0; i < size; i++) {
		struct pitot_sample sample = pitot_snapshot_sample(snapshot, i);
		families += sample.family != last;
		last = sample.family;
	}
	tell_login(doctor);
	(void)snprintf(text, sizeof text, "%zu series of %zu metrics", size, families);
	tell(size > 0 ? "ok" : "?", "page", text);
	if (size > 0)
		check_values(snapshot);
	pitot_snapshot_free(snapshot);
}

/* ---- all of it ---- */

static void
check_remote_write(struct doctor *doctor, const char *instance, bool limits)
{
	if (doctor->push->instance[0] == '\0')
		doctor->push->instance = instance;
	if (check_versions(doctor) && limits)
		check_limits(doctor);
}

static int64_t
now_ms(void)
{
	struct timespec now;
	(void)clock_gettime(CLOCK_REALTIME, &now); /* cannot fail for this clock */
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static int
run(struct cli_options *options, bool limits)
{
	struct doctor doctor = {.push = &options->config.push};
	(void)setvbuf(stdout, NULL, _IOLBF, 0); /* each step as it is known; at worst later */
	if (doctor.push->job == NULL)
		doctor.push->job = "pitot_doctor";
	if (doctor.push->instance == NULL)
		doctor.push->instance = "";
	/* So that the samples of the last run, seconds ago, are not in the way of this one's. */
	char instance[32];
	(void)snprintf(instance, sizeof instance, "run-%" PRId64, now_ms());
	if (check_address(&doctor) && check_connection(&doctor)) {
		if (doctor.is_page)
			check_page(&doctor);
		else if (doctor.protocol == PITOT_PROTOCOL_PUSHGATEWAY)
			(void)check_gateway(&doctor);
		else
			check_remote_write(&doctor, instance, limits);
	}
	return doctor.status;
}

static int
doctor(int argc, char **argv, bool limits)
{
	struct cli_options options;
	int status = cli_options_read(&options, CLI_DOCTOR, argc, argv);
	struct pitot_push_options *push = &options.config.push;
	if (status == 0 && strcmp(options.input, "-") != 0 && !options.help) {
		push->url = options.input;
		status = cli_profile_apply(&options);
	}
	if (status == 0 && options.help) {
		puts("Usage: pitot doctor [OPTION]... URL\n"
		     "Try everything between here and a receiver, tell what is wrong and its "
		     "cure.\nA URL that ends in /metrics, or has a path that is no receiver's, is "
		     "a page "
		     "to\nscrape: what is there?\n");
		cli_options_help(CLI_DOCTOR);
	} else if (status == 0 && push->url == NULL) {
		status = cli_usage("doctor", "which receiver, or page? Give its URL");
	} else if (status == 0) {
		status = run(&options, limits);
	}
	cli_options_clear(&options);
	return status;
}

int
cli_doctor(int argc, char **argv)
{
	return doctor(argc, argv, true);
}

int
cli_check_url(int argc, char **argv)
{
	return doctor(argc, argv, false);
}
