/* SPDX-License-Identifier: MIT */
/*
 * pitot's side of the benchmark: prints lines "name value unit" that tests/bench/run collects.
 *
 *	bench updates            ns per update, 1 and 2 threads; allocations per update
 *	bench encode FORMAT N    ns per line or series of N counters, from live instruments to bytes
 *	bench push URL N         time, size and peak memory of pushing N series to URL
 *
 * The workloads are C(N) and "hot" of the project's performance notes: N counters with four labels
 * and integers of one to seven digits. Times are the median of the repetitions; memory is counted
 * by wrapping the allocator.
 */
#include <pitot.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

/* ---- allocations: the program's own malloc is what the library calls, too ---- */

static atomic_ulong allocations;
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *old, size_t size);

void *
malloc(size_t size)
{
	atomic_fetch_add_explicit(&allocations, 1, memory_order_relaxed);
	return __libc_malloc(size);
}

void *
calloc(size_t count, size_t size)
{
	atomic_fetch_add_explicit(&allocations, 1, memory_order_relaxed);
	return __libc_calloc(count, size);
}

void *
realloc(void *old, size_t size)
{
	atomic_fetch_add_explicit(&allocations, 1, memory_order_relaxed);
	return __libc_realloc(old, size);
}

/* ---- time ---- */

static double
now_ns(void)
{
	struct timespec now;
	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

static int
by_value(const void *left, const void *right)
{
	double a = *(const double *)left, b = *(const double *)right;
	return (a > b) - (a < b);
}

static double
median(double *values, size_t count)
{
	qsort(values, count, sizeof values[0], by_value);
	return values[count / 2];
}

static void
tell(const char *name, double value, const char *unit)
{
	printf("%s %.4g %s\n", name, value, unit);
}

/* ---- the workload C(N) ---- */

static uint64_t
mix(uint64_t x)
{
	x += 0x9e3779b97f4a7c15u;
	x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9u;
	x = (x ^ x >> 27) * 0x94d049bb133111ebu;
	return x ^ x >> 31;
}

static struct pitot_registry *
make_counters(size_t count)
{
	static const char *const jobs[] = {"worker", "api-server", "frontend", "scheduler"};
	static const char *const methods[] = {"GET", "POST", "PUT", "DELETE"};
	static const char *const statuses[] = {
		"200", "201", "204", "301", "400", "404", "500", "503"};
	static const double powers[] = {1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7};
	struct pitot_registry *m = pitot_registry_new(NULL);
	struct pitot_counters *family = pitot_counters(m, "http_requests_total",
		"Requests answered.", "instance", "job", "method", "status");
	for (size_t i = 0; i < count; i++) {
		char instance[48];
		size_t k = i / 32;
		uint64_t x = mix(i + 1);
		(void)snprintf(instance, sizeof instance, "10.0.%zu.%zu:9100", k / 250, k % 250);
		pitot_counter_add(pitot_counters_get(family, instance, jobs[k % 4],
					  methods[i / 8 % 4], statuses[i % 8]),
			(double)((x >> 8) % (uint64_t)powers[x % 7]));
	}
	return m;
}

/* ---- updates ---- */

enum { rounds = 15, per_round = 2000000 };

struct hot {
	struct pitot_counter *counter;
	struct pitot_gauge *gauge;
	struct pitot_histogram *histogram;
	struct pitot_counters *family;
	char tenants[32][16];
	double values[1024];
};

/* The floor: what the loop and its indirect call cost. */
static void
nothing(struct hot *hot, size_t i)
{
	(void)hot;
	(void)i;
}

static void
inc(struct hot *hot, size_t i)
{
	(void)i;
	pitot_counter_inc(hot->counter);
}

static void
set(struct hot *hot, size_t i)
{
	pitot_gauge_set(hot->gauge, (double)i);
}

static void
observe(struct hot *hot, size_t i)
{
	pitot_histogram_observe(hot->histogram, hot->values[i & 1023]);
}

static void
lookup(struct hot *hot, size_t i)
{
	static const char *const methods[] = {"GET", "POST", "PUT", "DELETE"};
	static const char *const statuses[] = {
		"200", "201", "204", "301", "400", "404", "500", "503"};
	uint64_t x = mix(i & 1023) % 1000;
	pitot_counter_inc(pitot_counters_get(
		hot->family, hot->tenants[x / 32], methods[x / 8 % 4], statuses[x % 8]));
}

struct job {
	struct hot *hot;
	void (*update)(struct hot *hot, size_t i);
	double ns;
};

static void *
run_job(void *context)
{
	struct job *job = context;
	double start = now_ns();
	for (size_t i = 0; i < per_round; i++)
		job->update(job->hot, i);
	job->ns = (now_ns() - start) / per_round;
	return NULL;
}

static void
measure(struct hot *hot, const char *name, void (*update)(struct hot *hot, size_t i))
{
	double one[rounds], two[rounds];
	char text[64];
	update(hot, 0);
	unsigned long before = allocations;
	for (int i = 0; i < rounds; i++) {
		struct job job = {hot, update, 0};
		(void)run_job(&job);
		one[i] = job.ns;
	}
	unsigned long allocated = allocations - before;
	for (int i = 0; i < rounds; i++) {
		struct job jobs[2] = {{hot, update, 0}, {hot, update, 0}};
		pthread_t thread;
		if (pthread_create(&thread, NULL, run_job, &jobs[1]) != 0)
			exit(1);
		(void)run_job(&jobs[0]);
		(void)pthread_join(thread, NULL);
		two[i] = (jobs[0].ns + jobs[1].ns) / 2;
	}
	(void)snprintf(text, sizeof text, "%s_1_thread", name);
	tell(text, median(one, rounds), "ns/update");
	(void)snprintf(text, sizeof text, "%s_2_threads", name);
	tell(text, median(two, rounds), "ns/update");
	(void)snprintf(text, sizeof text, "%s_allocations", name);
	tell(text, (double)allocated / rounds / per_round, "/update");
}

static void
bench_updates(void)
{
	static const double bounds[] = {.005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30};
	static struct hot hot;
	struct pitot_registry *m = pitot_registry_new(NULL);
	hot.counter = pitot_counter(m, "c", "x");
	hot.gauge = pitot_gauge(m, "g", "x");
	hot.histogram = pitot_histogram(m, "h", "x", &(struct pitot_buckets){bounds, 12});
	hot.family = pitot_counters(m, "f", "x", "tenant", "method", "status");
	for (size_t i = 0; i < 32; i++)
		(void)snprintf(hot.tenants[i], sizeof hot.tenants[i], "tenant-%zu", i);
	for (size_t i = 0; i < 1024; i++)
		hot.values[i] = 0.003 * (double)(1 + mix(i) % 10000) / 3;
	for (size_t i = 0; i < 1024; i++)
		lookup(&hot, i);
	measure(&hot, "empty_call", nothing);
	measure(&hot, "counter_inc", inc);
	measure(&hot, "gauge_set", set);
	measure(&hot, "histogram_observe", observe);
	measure(&hot, "lookup_3_labels_inc", lookup);
	pitot_registry_free(m);
	m = pitot_registry_new(&(struct pitot_registry_options){.disabled = true});
	hot.counter = pitot_counter(m, "c", "x");
	measure(&hot, "counter_inc_disabled", inc);
	pitot_registry_free(m);
}

/* ---- encoding ---- */

static void
bench_encode(const char *format_name, size_t count)
{
	static const struct {
		const char *name;
		enum pitot_format format;
	} formats[] = {{"text", PITOT_TEXT_0_0_4}, {"openmetrics", PITOT_OPENMETRICS_1_0},
		{"remote_write_1", PITOT_REMOTE_WRITE_1}};
	enum pitot_format format = PITOT_FORMAT_AUTO;
	for (size_t i = 0; i < 3; i++)
		if (strcmp(formats[i].name, format_name) == 0)
			format = formats[i].format;
	double start = now_ns();
	struct pitot_registry *m = make_counters(count);
	double created = now_ns() - start;
	int repetitions = count > 50000 ? 9 : count > 5000 ? 21 : 41;
	double times[41];
	size_t length = 0;
	unsigned long allocated = 0;
	for (int i = 0; i < repetitions; i++) {
		unsigned long before = allocations;
		char *bytes;
		start = now_ns();
		struct pitot_snapshot *s = pitot_snapshot_take(m, NULL);
		if (s == NULL || pitot_encode(s, format, NULL, &bytes, &length, NULL) != 0)
			exit(1);
		pitot_snapshot_free(s);
		times[i] = (now_ns() - start) / (double)count;
		allocated = allocations - before;
		free(bytes);
	}
	char name[64];
	(void)snprintf(name, sizeof name, "%s_%zu", format_name, count);
	tell(name, median(times, (size_t)repetitions), "ns/series");
	(void)snprintf(name, sizeof name, "%s_%zu_allocations", format_name, count);
	tell(name, (double)allocated, "/encode");
	(void)snprintf(name, sizeof name, "%s_%zu_size", format_name, count);
	tell(name, (double)length / (double)count, "bytes/series");
	if (format == PITOT_TEXT_0_0_4) {
		(void)snprintf(name, sizeof name, "create_%zu", count);
		tell(name, created / (double)count, "ns/series");
	}
	pitot_registry_free(m);
}

/* ---- a whole push ---- */

static double
peak_kib(void)
{
	struct rusage usage;
	(void)getrusage(RUSAGE_SELF, &usage);
	return (double)usage.ru_maxrss;
}

static void
bench_push(const char *url, size_t count)
{
	struct pitot_registry *m = make_counters(count);
	struct pitot_error why;
	struct pitot_report report;
	const struct pitot_push_options options = {.url = url,
		.job = "bench",
		.instance = "i",
		.timeout_ms = 60000,
		.deadline_ms = 60000};
	double before = peak_kib(), start = now_ns();
	unsigned long allocated = allocations;
	if (pitot_push(m, &options, &report, &why) != 0) {
		fprintf(stderr, "bench: %s\n", why.text);
		exit(1);
	}
	double took = now_ns() - start;
	char name[64];
	const char *kind =
		report.protocol == PITOT_PROTOCOL_PUSHGATEWAY ? "pushgateway" : "remote_write";
	(void)snprintf(name, sizeof name, "push_%s_%zu", kind, count);
	tell(name, took / (double)count, "ns/series");
	(void)snprintf(name, sizeof name, "push_%s_%zu_allocations", kind, count);
	tell(name, (double)(allocations - allocated), "/push");
	(void)snprintf(name, sizeof name, "push_%s_%zu_size", kind, count);
	tell(name, (double)report.bytes_sent / (double)count, "bytes/series");
	(void)snprintf(name, sizeof name, "push_%s_%zu_registry_memory", kind, count);
	tell(name, before * 1024 / (double)count, "bytes/series");
	(void)snprintf(name, sizeof name, "push_%s_%zu_peak_memory", kind, count);
	tell(name, peak_kib() / 1024, "MiB");
	pitot_registry_free(m);
}

int
main(int argc, char **argv)
{
	if (argc == 2 && strcmp(argv[1], "updates") == 0)
		bench_updates();
	else if (argc == 4 && strcmp(argv[1], "encode") == 0)
		bench_encode(argv[2], strtoul(argv[3], NULL, 10));
	else if (argc == 4 && strcmp(argv[1], "push") == 0)
		bench_push(argv[2], strtoul(argv[3], NULL, 10));
	else
		return 64;
	return 0;
}
