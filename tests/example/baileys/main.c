/* SPDX-License-Identifier: MIT */
/*
 * A WhatsApp worker that tells how it goes, with the instruments of <pitot/baileys.h>: the example
 * for a program with a kit, and the load for the demonstration and for tests. What it does is
 * simulated, in a time that may run faster than ours; faults can be switched on. It is configured
 * by BAILEYS_PROMETHEUS_… variables, as the README lists them, and by options for the simulation.
 *
 * With --history it first sends what it would have told in the time before, with the times of then,
 * so that dashboards and rules that look back have something to see; only remote write can.
 *
 * Wrong variables or options are told and end it at once; a failed push is told, and the work goes
 * on; if the last push fails, or one of the history, that is the exit status.
 */
#include <err.h>
#include <getopt.h>
#include <math.h>
#include <pitot.h>
#include <pitot/baileys.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <time.h>

#include "worker.h"

static const char *const fault_names[FAULTS] = {
	[FAULT_SLOW_FLUSH] = "slow-flush",
	[FAULT_OVERFLOW] = "overflow",
	[FAULT_BREAKER] = "breaker",
	[FAULT_RECONNECT_STORM] = "reconnect-storm",
	[FAULT_LISTENER_LEAK] = "listener-leak",
	[FAULT_MEMORY_GROWTH] = "memory-growth",
	[FAULT_COLD_CACHE] = "cold-cache",
};

struct options {
	double seed, rate, connections; /* see struct worker_options */
	double seconds;                 /* 0: until a signal */
	double speed;                   /* simulated seconds in one of ours */
	double history, step;           /* seconds before now; between two samples of them */
	bool faults[FAULTS];
};

/* ---- options ---- */

static void
usage(FILE *to)
{
	fputs("usage: baileys_worker [OPTION]...\n"
	      "  --seed=N         the same number gives the same load (1)\n"
	      "  --seconds=N      end after so many; without, at SIGTERM or SIGINT\n"
	      "  --speed=N        simulated seconds in one of ours (1)\n"
	      "  --rate=N         events in a second, on average (40)\n"
	      "  --connections=N  (8)\n"
	      "  --history=N      first send the N seconds before, by remote write\n"
	      "  --step=N         seconds between two samples of the history (15)\n"
	      "  --fault=NAME     may be repeated:",
		to);
	for (size_t i = 0; i < FAULTS; i++)
		fprintf(to, " %s", fault_names[i]);
	fputs("\nWhere to push: BAILEYS_PROMETHEUS_ENABLED=true, BAILEYS_PROMETHEUS_URL=…\n"
	      "Room in the event buffer: BAILEYS_BUFFER_MAX_ITEMS (1000), "
	      "BAILEYS_BUFFER_MAX_CACHE (10000)\n",
		to);
}

static double
number(const char *name, const char *text, double least)
{
	char *end;
	double value = strtod(text, &end);
	if (end == text || *end != '\0' || !(value >= least && value <= 1e9))
		errx(EX_USAGE, "%s: \"%s\": a number from %g on is expected", name, text, least);
	return value;
}

static double
whole_number(const char *name, const char *text, double least)
{
	double value = number(name, text, least);
	if (value != floor(value))
		errx(EX_USAGE, "%s: \"%s\": a whole number is expected", name, text);
	return value;
}

static size_t
room(const char *variable, size_t otherwise)
{
	const char *text = getenv(variable);
	return text == NULL || *text == '\0' ? otherwise : (size_t)whole_number(variable, text, 1);
}

static void
switch_on(bool *faults, const char *name)
{
	size_t i = 0;
	while (i < FAULTS && strcmp(fault_names[i], name) != 0)
		i++;
	if (i == FAULTS)
		errx(EX_USAGE, "fault: \"%s\": there is no such fault; see --help", name);
	faults[i] = true;
}

static void
read_options(struct options *options, int argc, char **argv)
{
	const struct {
		double *value, least;
		double (*read)(const char *name, const char *text, double least);
	} numbers[] = {{&options->seed, 0, whole_number}, {&options->seconds, 0, number},
		{&options->speed, 0, number}, {&options->rate, 0, number},
		{&options->connections, 1, whole_number}, {&options->history, 0, number},
		{&options->step, 1, number}};
	static const struct option known[] = {{"seed", required_argument, NULL, 'n'},
		{"seconds", required_argument, NULL, 'n'}, {"speed", required_argument, NULL, 'n'},
		{"rate", required_argument, NULL, 'n'},
		{"connections", required_argument, NULL, 'n'},
		{"history", required_argument, NULL, 'n'}, {"step", required_argument, NULL, 'n'},
		{"fault", required_argument, NULL, 'f'}, {"help", no_argument, NULL, 'h'},
		{NULL, 0, NULL, 0}};
	int option, which;
	while ((option = getopt_long(argc, argv, "", known, &which)) != -1) {
		if (option == 'n') {
			*numbers[which].value = numbers[which].read(
				known[which].name, optarg, numbers[which].least);
		} else if (option == 'f') {
			switch_on(options->faults, optarg);
		} else {
			usage(option == 'h' ? stdout : stderr);
			exit(option == 'h' ? EXIT_SUCCESS : EX_USAGE);
		}
	}
	if (optind < argc)
		errx(EX_USAGE, "%s: no such argument; see --help", argv[optind]);
}

static struct worker *
make_worker(const struct options *options, const struct pitot_baileys *metrics)
{
	struct worker_options worker = {
		.seed = (uint64_t)options->seed,
		.rate = options->rate,
		.connections = (unsigned)options->connections,
		.max_items = room("BAILEYS_BUFFER_MAX_ITEMS", 1000),
		.max_cache = room("BAILEYS_BUFFER_MAX_CACHE", 10000),
	};
	memcpy(worker.faults, options->faults, sizeof worker.faults);
	return worker_new(&worker, metrics);
}

/* ---- the past ---- */

static int64_t
wall_ms(void)
{
	struct timespec now;
	(void)clock_gettime(CLOCK_REALTIME, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static int
send_history(struct worker *worker, struct pitot_registry *registry,
	const struct pitot_push_options *push, const struct options *options)
{
	struct pitot_error why;
	int64_t begun = wall_ms() - (int64_t)(options->history * 1000);
	for (double at = 0; at < options->history; at += options->step) {
		worker_run(worker, at);
		struct pitot_snapshot *snapshot = pitot_snapshot_take(registry, &why);
		int code = snapshot == NULL
			? why.code
			: pitot_push_snapshot(
				  snapshot, begun + (int64_t)(at * 1000), push, NULL, &why);
		pitot_snapshot_free(snapshot);
		if (code != PITOT_OK) {
			warnx("metrics: the history: %s", why.text);
			return code;
		}
	}
	return PITOT_OK;
}

/* ---- the present ---- */

static volatile sig_atomic_t told_to_end;

static void
end_soon(int signal_number)
{
	(void)signal_number;
	told_to_end = 1;
}

static void
work(struct worker *worker, const struct options *options)
{
	double start = pitot_timer_start(), elapsed = 0;
	double end = options->seconds > 0 ? options->seconds : INFINITY;
	while (!told_to_end && elapsed < end) {
		struct timespec pause = {.tv_nsec = 50000000};
		(void)nanosleep(&pause, NULL); /* a signal may cut it short */
		elapsed = fmin(pitot_timer_start() - start, end);
		worker_run(worker, options->history + elapsed * options->speed);
	}
}

/* Called after every push, from a thread of the pusher's. */
static void
tell(void *context, const struct pitot_report *report)
{
	(void)context;
	if (report->error.code != PITOT_OK)
		warnx("metrics: %s", report->error.text);
}

/* One line: [info] prometheus metrics server started { port: 9090, path: '/metrics' } */
static void
print_log(void *context, const struct pitot_log_entry *entry)
{
	static const char *const levels[] = {"debug", "info", "warn", "error"};
	(void)context;
	(void)printf("[%s] %s {", levels[entry->level], entry->message);
	for (size_t i = 0; i < entry->field_count; i++) {
		const char *value = entry->fields[i].value;
		const char *quote = value[strspn(value, "0123456789")] == '\0' ? "" : "'";
		(void)printf("%s %s: %s%s%s", i == 0 ? "" : ",", entry->fields[i].name, quote,
			value, quote);
	}
	(void)puts(" }");
	(void)fflush(stdout);
}

/* The history has ended, and the worker tells of itself as it works. */
static int
live(struct worker *worker, struct pitot_registry *registry, struct pitot_config *config,
	const struct options *options)
{
	struct pitot_error why;
	config->push.report = tell;
	config->server.log = print_log;
	/* What the history ends with does not begin at zero once more. */
	config->push.no_zero_anchor = options->history > 0;
	struct pitot_outlet *outlet = pitot_outlet_start(registry, config, &why);
	if (outlet == NULL)
		warnx("metrics: %s", why.text); /* the work goes on without them */
	work(worker, options);
	int code = pitot_outlet_stop(outlet, &why);
	if (code != PITOT_OK)
		warnx("metrics: the last push: %s", why.text);
	return code;
}

int
main(int argc, char **argv)
{
	struct options options = {.seed = 1, .rate = 40, .connections = 8, .speed = 1, .step = 15};
	read_options(&options, argc, argv);

	struct pitot_error why;
	struct pitot_config config;
	if (pitot_baileys_config_from_env(&config, &why) != PITOT_OK)
		errx(EX_CONFIG, "metrics: %s", why.text);
	(void)signal(SIGTERM, end_soon);
	(void)signal(SIGINT, end_soon);

	struct pitot_registry *registry = pitot_registry_new(&config.registry);
	struct pitot_baileys metrics;
	if (registry == NULL)
		errx(EX_OSERR, "out of memory");
	pitot_baileys_declare(&metrics, registry);
	struct worker *worker = make_worker(&options, &metrics);
	if (worker == NULL)
		errx(EX_OSERR, "out of memory");

	int code = options.history > 0 && config.enabled
		? send_history(worker, registry, &config.push, &options)
		: PITOT_OK;
	if (code == PITOT_OK)
		code = live(worker, registry, &config, &options);

	worker_free(worker);
	pitot_registry_free(registry);
	pitot_config_clear(&config);
	return code == PITOT_OK ? EXIT_SUCCESS : EXIT_FAILURE;
}
