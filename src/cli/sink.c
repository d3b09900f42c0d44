/* SPDX-License-Identifier: MIT */
/*
 * `pitot sink`: a receiver for trying things out and for tests. The happy path is: options,
 * listen, serve until a signal, --count or --timeout, a summary, exit 0. Exit 1: a rule was
 * broken, or --timeout came before --count was reached; 64: wrong options; 66, 69, 73, 74: a file,
 * the address, the port file, or stdout cannot be used.
 */
#include "cli/sink.h"

#include <errno.h>
#include <getopt.h>
#include <pitot.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>
#include "cli/sink_main.h"

static const char help[] =
	"Usage: pitot sink [OPTION]...\n"
	"Receive pushes (Pushgateway and remote write) here, check them, print what came.\n"
	"  -l, --listen=ADDR:PORT    default 127.0.0.1:0; port 0 means a free one\n"
	"      --port-file=FILE      write the port to FILE once it listens\n"
	"  -n, --count=N             exit after N accepted requests\n"
	"  -t, --timeout=DURATION    exit after, e.g. 30s; status 1 before --count\n"
	"  -p, --print=WHAT          samples (default), summary (of each request) or none\n"
	"      --script='WORD ...'   answer the first pushes so, in order:\n"
	"                            500, 429/2, ...  this status, and Retry-After: 2\n"
	"                            hang             no answer, until the client leaves\n"
	"                            close, reset     end the connection, no answer\n"
	"                            slow/3           a normal answer after 3 seconds\n"
	"                            no-written       204 to 2.0 without Written headers\n"
	"                            written/3        as if 3 samples were written\n"
	"                            ok               a normal answer\n"
	"      --accept=VERSION      of remote write: 1.0, 2.0 or both (default)\n"
	"      --max-request=BYTES   refuse larger remote-write requests, not compressed\n"
	"      --route-prefix=PATH   where the Pushgateway's paths begin\n"
	"      --user=NAME --password-file=FILE     ask for this login\n"
	"      --tls-cert=FILE --tls-key=FILE       speak TLS, PEM files\n"
	"      --rules               list what is checked, and exit\n"
	"  -h, --help\n"
	"A broken rule is told, and the exit status is 1 in the end. GET /metrics shows\n"
	"what groups hold.\n";

enum {
	OPT_PORT_FILE = 256,
	OPT_SCRIPT,
	OPT_ACCEPT,
	OPT_MAX_REQUEST,
	OPT_ROUTE_PREFIX,
	OPT_USER,
	OPT_PASSWORD_FILE,
	OPT_TLS_CERT,
	OPT_TLS_KEY,
	OPT_RULES
};

static const struct option long_options[] = {
	{"listen", required_argument, NULL, 'l'},
	{"port-file", required_argument, NULL, OPT_PORT_FILE},
	{"count", required_argument, NULL, 'n'},
	{"timeout", required_argument, NULL, 't'},
	{"print", required_argument, NULL, 'p'},
	{"script", required_argument, NULL, OPT_SCRIPT},
	{"accept", required_argument, NULL, OPT_ACCEPT},
	{"max-request", required_argument, NULL, OPT_MAX_REQUEST},
	{"route-prefix", required_argument, NULL, OPT_ROUTE_PREFIX},
	{"user", required_argument, NULL, OPT_USER},
	{"password-file", required_argument, NULL, OPT_PASSWORD_FILE},
	{"tls-cert", required_argument, NULL, OPT_TLS_CERT},
	{"tls-key", required_argument, NULL, OPT_TLS_KEY},
	{"rules", no_argument, NULL, OPT_RULES},
	{"help", no_argument, NULL, 'h'},
	{NULL, 0, NULL, 0},
};

struct options {
	struct sink *sink;
	struct sink_http_options http;
	char address[128];
	const char *port_file, *user, *password_file, *cert_file, *key_file;
	int64_t timeout_ms; /* negative: none */
	bool asked;         /* --help or --rules was answered */
};

static int
wrong(const char *option, const char *value, const char *expected)
{
	(void)fprintf(
		stderr, "pitot sink: %s: expected %s, found \"%s\"\n", option, expected, value);
	return EX_USAGE;
}

/* ---- values of options ---- */

/* A whole number from 0 to `most`. */
static bool
read_number(const char *text, unsigned long most, unsigned long *number)
{
	char *end;
	if (*text < '0' || *text > '9')
		return false;
	errno = 0;
	*number = strtoul(text, &end, 10);
	return errno == 0 && *end == '\0' && *number <= most;
}

static int
read_listen(struct options *options, const char *text)
{
	const char *colon = strrchr(text, ':');
	unsigned long port;
	size_t length = colon != NULL ? (size_t)(colon - text) : 0;
	if (colon == NULL || length >= sizeof options->address ||
		!read_number(colon + 1, 65535, &port))
		return wrong("--listen", text, "ADDRESS:PORT, e.g. 127.0.0.1:9091");
	/* [::1]:9091 */
	bool brackets = length >= 2 && text[0] == '[' && colon[-1] == ']';
	length -= brackets ? 2 : 0;
	memcpy(options->address, text + brackets, length);
	options->address[length] = '\0';
	if (strcmp(options->address, "localhost") == 0)
		memcpy(options->address, "127.0.0.1", sizeof "127.0.0.1");
	options->http.address = options->address;
	options->http.port = (uint16_t)port;
	return 0;
}

static int
read_print(struct sink *sink, const char *text)
{
	static const char *const names[] = {"samples", "summary", "none"};
	for (int i = 0; i < 3; i++)
		if (strcmp(text, names[i]) == 0) {
			sink->print = (enum sink_print)i;
			return 0;
		}
	return wrong("--print", text, "samples, summary or none");
}

static int
read_script(struct sink *sink, const char *text)
{
	const char *where = text;
	const char *problem = sink_script_parse(&sink->script, text, &where);
	if (problem == NULL)
		return 0;
	(void)fprintf(stderr, "pitot sink: --script: %s, found \"%.*s\"\n", problem,
		(int)strcspn(where, " \t\n,"), where);
	return EX_USAGE;
}

static int
read_accept(struct sink *sink, const char *text)
{
	bool both = strcmp(text, "both") == 0;
	sink->declines[1] = !both && strcmp(text, "1.0") != 0;
	sink->declines[2] = !both && strcmp(text, "2.0") != 0;
	if (sink->declines[1] && sink->declines[2])
		return wrong("--accept", text, "1.0, 2.0 or both");
	return 0;
}

static int
read_timeout(struct options *options, const char *text)
{
	struct pitot_error why;
	if (pitot_duration_parse(text, &options->timeout_ms, &why) == 0)
		return 0;
	(void)fprintf(stderr, "pitot sink: --timeout: %s\n", why.text);
	return EX_USAGE;
}

static void
print_rules(void)
{
	for (const struct sink_rule *rule = sink_rules; rule->spec != NULL; rule++)
		(void)printf("%-12s %2u  %s%s\n", rule->spec, rule->number, rule->text,
			rule->refused ? " (answered 400)" : "");
}

static int
read_option(struct options *options, int option, const char *value)
{
	struct sink *sink = options->sink;
	unsigned long number = 0;
	switch (option) {
	case 'l':
		return read_listen(options, value);
	case 'n':
		if (!read_number(value, 1000000000, &sink->count) || sink->count == 0)
			return wrong("--count", value, "a number from 1 on");
		return 0;
	case 't':
		return read_timeout(options, value);
	case 'p':
		return read_print(sink, value);
	case OPT_SCRIPT:
		return read_script(sink, value);
	case OPT_ACCEPT:
		return read_accept(sink, value);
	case OPT_MAX_REQUEST:
		if (!read_number(value, SINK_LIMIT_BODY, &number) || number == 0)
			return wrong("--max-request", value, "bytes, at most 67108864");
		sink->plain_limit = number;
		return 0;
	case OPT_ROUTE_PREFIX:
		if (value[0] != '/' || value[strlen(value) - 1] == '/')
			return wrong("--route-prefix", value, "a path like /gateway");
		sink->route_prefix = value;
		return 0;
	case OPT_PORT_FILE:
		options->port_file = value;
		return 0;
	case OPT_USER:
		options->user = value;
		return 0;
	case OPT_PASSWORD_FILE:
		options->password_file = value;
		return 0;
	case OPT_TLS_CERT:
		options->cert_file = value;
		return 0;
	case OPT_TLS_KEY:
		options->key_file = value;
		return 0;
	case OPT_RULES:
		print_rules();
		options->asked = true;
		return 0;
	case 'h':
		(void)fputs(help, stdout);
		options->asked = true;
		return 0;
	default:
		/* getopt_long() has said what is wrong. */
		return EX_USAGE;
	}
}

static int
read_options(struct options *options, int argc, char **argv)
{
	int option, code = 0;
	optind = 1;
	while (code == 0 && !options->asked &&
		(option = getopt_long(argc, argv, "l:n:t:p:h", long_options, NULL)) != -1)
		code = read_option(options, option, optarg);
	if (code != 0 || options->asked)
		return code;
	if (optind < argc)
		return wrong("argument", argv[optind], "only options");
	if ((options->user == NULL) != (options->password_file == NULL))
		return wrong("--user", options->user != NULL ? options->user : "",
			"both --user and --password-file");
	if ((options->cert_file == NULL) != (options->key_file == NULL))
		return wrong("--tls-cert", options->cert_file != NULL ? options->cert_file : "",
			"both --tls-cert and --tls-key");
	return 0;
}

/* ---- files ---- */

static int
read_file(const char *path, char **content)
{
	static const size_t most = 1 << 20;
	FILE *file = fopen(path, "rb");
	char *bytes = file != NULL ? malloc(most + 1) : NULL;
	size_t length = bytes != NULL ? fread(bytes, 1, most, file) : 0;
	bool good = bytes != NULL && !ferror(file) && feof(file);
	int code = errno;
	if (file != NULL)
		(void)fclose(file);
	if (!good) {
		(void)fprintf(stderr, "pitot sink: %s: %s\n", path,
			length == most ? "too long" : strerror(code));
		free(bytes);
		return EX_NOINPUT;
	}
	bytes[length] = '\0';
	*content = bytes;
	return 0;
}

static int
read_secrets(struct options *options)
{
	char *password = NULL;
	struct sink_text pair = {0}, login = {0};
	int code = 0;
	if (options->cert_file != NULL)
		code = read_file(options->cert_file, &options->http.cert);
	if (code == 0 && options->key_file != NULL)
		code = read_file(options->key_file, &options->http.key);
	if (code == 0 && options->password_file != NULL)
		code = read_file(options->password_file, &password);
	if (code == 0 && password != NULL) {
		password[strcspn(password, "\r\n")] = '\0';
		sink_text_format(&pair, "%s:%s", options->user, password);
		sink_text_str(&login, "Basic ");
		sink_text_base64(&login, (struct sink_span){sink_text_chars(&pair), pair.length});
		options->http.login = login.bytes;
	}
	sink_text_clear(&pair);
	free(password);
	return code;
}

/* Written beside and renamed, so that a script never reads half a number. */
static int
write_port(const char *path, uint16_t port)
{
	struct sink_text temporary = {0};
	sink_text_format(&temporary, "%s.%ld", path, (long)getpid());
	const char *name = sink_text_chars(&temporary);
	FILE *file = fopen(name, "w");
	bool good = file != NULL && fprintf(file, "%u\n", port) > 0;
	if (file != NULL && fclose(file) != 0)
		good = false;
	if (good && rename(name, path) != 0)
		good = false;
	if (!good) {
		(void)fprintf(stderr, "pitot sink: %s: %s\n", path, strerror(errno));
		if (file != NULL)
			(void)unlink(name);
	}
	sink_text_clear(&temporary);
	return good ? 0 : EX_CANTCREAT;
}

/* ---- serving ---- */

static int64_t
mono_ms(void)
{
	struct timespec now;
	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* SIGINT and SIGTERM as something to poll; a closed stdout or peer as an error, not a signal. */
static int
catch_signals(void)
{
	sigset_t set;
	(void)sigemptyset(&set);
	(void)sigaddset(&set, SIGINT);
	(void)sigaddset(&set, SIGTERM);
	(void)sigprocmask(SIG_BLOCK, &set, NULL);
	(void)signal(SIGPIPE, SIG_IGN);
	return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

/* Until a signal, --count, --timeout, or nobody reads stdout; true if --count was not reached. */
static bool
serve(struct sink *sink, struct sink_http *http, int signals, int64_t timeout_ms)
{
	struct signalfd_siginfo signal_info;
	int64_t end = timeout_ms >= 0 ? mono_ms() + timeout_ms : -1;
	while (sink->count == 0 || sink_http_done(http) < sink->count) {
		int64_t left = end >= 0 ? end - mono_ms() : -1;
		if (end >= 0 && left <= 0)
			return sink->count > 0;
		sink_http_turn(http, signals, left);
		if (read(signals, &signal_info, sizeof signal_info) > 0 || ferror(stdout))
			return false;
	}
	return false;
}

static int
conclude(const struct sink *sink, bool timed_out)
{
	(void)fprintf(stderr,
		"sink: %lu requests, %lu accepted, %llu samples, %zu series, %zu groups, "
		"%lu violations\n",
		sink->requests, sink->accepted, sink->samples, sink->store.series.count,
		sink_store_groups(&sink->store), sink->violations);
	if (timed_out)
		(void)fprintf(stderr, "sink: timed out: %lu of %lu requests were accepted\n",
			sink->accepted, sink->count);
	if (fflush(stdout) != 0 || ferror(stdout)) {
		(void)fprintf(stderr, "pitot sink: stdout: %s\n", strerror(errno));
		return EX_IOERR;
	}
	return timed_out || sink->violations > 0 ? 1 : 0;
}

static int
listen_and_serve(const struct options *options)
{
	char *why;
	bool six = strchr(options->http.address, ':') != NULL;
	int signals = catch_signals();
	struct sink_http *http = sink_http_start(options->sink, &options->http, &why);
	if (http == NULL) {
		(void)fprintf(stderr, "pitot sink: %s\n", why != NULL ? why : "out of memory");
		free(why);
		(void)close(signals);
		return EX_UNAVAILABLE;
	}
	(void)printf("listening on http%s://%s%s%s:%u\n", options->http.cert != NULL ? "s" : "",
		six ? "[" : "", options->http.address, six ? "]" : "", sink_http_port(http));
	(void)fflush(stdout);
	int code = options->port_file != NULL ? write_port(options->port_file, sink_http_port(http))
					      : 0;
	if (code == 0) {
		bool timed_out = serve(options->sink, http, signals, options->timeout_ms);
		code = conclude(options->sink, timed_out);
	}
	sink_http_stop(http);
	(void)close(signals);
	return code;
}

int
cli_sink(int argc, char **argv)
{
	struct sink sink = {
		.route_prefix = "", .plain_limit = SINK_LIMIT_PLAIN, .out = stdout, .err = stderr};
	struct options options = {
		.sink = &sink, .http = {.address = "127.0.0.1"}, .timeout_ms = -1};
	int code = read_options(&options, argc, argv);
	if (code == 0 && !options.asked)
		code = read_secrets(&options);
	if (code == 0 && !options.asked)
		code = listen_and_serve(&options);
	free(options.http.cert);
	free(options.http.key);
	free(options.http.login);
	sink_clear(&sink);
	return code;
}
