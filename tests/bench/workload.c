/* SPDX-License-Identifier: MIT */
/*
 * C(N): series i has instance 10.0.{k/250}.{k%250}:9100 with k=i/32, one of four jobs by k, method
 * by i/8, status by i, and an integer of one to seven digits. G(N): the same labels, values that
 * need 15 to 17 digits. H(N): N/15 histograms of 12 buckets, 20 observations each.
 */
#include "workload.h"

#include "measure.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

static const char *const jobs[] = {"worker", "api-server", "frontend", "scheduler"};
const char *const workload_methods[4] = {"GET", "POST", "PUT", "DELETE"};
const char *const workload_statuses[8] = {"200", "201", "204", "301", "400", "404", "500", "503"};
const char *workload_job = "job";
static const double bounds[] = {.005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30};
const struct pitot_buckets workload_buckets = {bounds, 12};

static char *
put_number(char *at, size_t number)
{
	char digits[20];
	size_t count = 0;
	do
		digits[count++] = (char)('0' + number % 10);
	while ((number /= 10) > 0);
	while (count > 0)
		*at++ = digits[--count];
	return at;
}

/* "10.0.{k/250}.{k%250}:9100"; by hand, so that making it costs little beside a series. */
static void
put_instance(char out[48], size_t k)
{
	memcpy(out, "10.0.", 5);
	char *at = put_number(out + 5, k / 250);
	*at++ = '.';
	at = put_number(at, k % 250);
	memcpy(at, ":9100", 6);
}

void
workload_labels(size_t i, char instance[48], const char *labels[4])
{
	size_t k = i / 32;
	put_instance(instance, k);
	labels[0] = instance;
	labels[1] = jobs[k % 4];
	labels[2] = workload_methods[i / 8 % 4];
	labels[3] = workload_statuses[i % 8];
}

double
workload_ratio(uint64_t i)
{
	return (double)(mix(i) >> 11) * 0x1p-53 * 100;
}

double
workload_integer(uint64_t i)
{
	static const uint64_t powers[] = {10, 100, 1000, 10000, 100000, 1000000, 10000000};
	uint64_t x = mix(i);
	return (double)((x >> 8) % powers[x % 7]);
}

double
workload_duration(uint64_t i)
{
	return 0.003 * pow(1.7, (double)(mix(i) % 18));
}

static void
keep(struct workload *workload, size_t i, void *handle)
{
	if (workload->handles != NULL)
		workload->handles[i] = handle;
}

static void
make_counters(struct workload *workload)
{
	char instance[48];
	const char *labels[4];
	struct pitot_counters *family = pitot_counters(workload->registry, "http_requests_total",
		"Requests answered.", "instance", workload_job, "method", "status");
	for (size_t i = 0; i < workload->count; i++) {
		workload_labels(i, instance, labels);
		struct pitot_counter *counter =
			pitot_counters_get(family, labels[0], labels[1], labels[2], labels[3]);
		pitot_counter_add(counter, workload_integer(i + 1));
		keep(workload, i, counter);
	}
}

static void
make_gauges(struct workload *workload)
{
	char instance[48];
	const char *labels[4];
	struct pitot_gauges *family = pitot_gauges(workload->registry, "process_load_ratio",
		"Load.", "instance", workload_job, "method", "status");
	for (size_t i = 0; i < workload->count; i++) {
		workload_labels(i, instance, labels);
		struct pitot_gauge *gauge =
			pitot_gauges_get(family, labels[0], labels[1], labels[2], labels[3]);
		pitot_gauge_set(gauge, workload_ratio(i + 1));
		keep(workload, i, gauge);
	}
}

static void
make_histograms(struct workload *workload)
{
	char instance[48];
	struct pitot_histograms *family =
		pitot_histograms(workload->registry, "http_request_duration_seconds",
			"Time to answer.", &workload_buckets, "instance", workload_job, "method");
	for (size_t j = 0; j < workload->count; j++) {
		size_t k = j / 4;
		put_instance(instance, k);
		struct pitot_histogram *histogram = pitot_histograms_get(
			family, instance, jobs[k % 4], workload_methods[j % 4]);
		for (uint64_t q = 0; q < 20; q++)
			pitot_histogram_observe(histogram, workload_duration(j * 64 + q));
		keep(workload, j, histogram);
	}
}

void
workload_make(struct workload *workload, char kind, size_t series, bool kept)
{
	static const struct pitot_registry_options options = {.max_label_sets = 2000000};
	*workload = (struct workload){.kind = kind, .count = kind == 'H' ? series / 15 : series};
	workload->series = kind == 'H' ? workload->count * 15 : series;
	workload->registry = pitot_registry_new(&options);
	if (kept)
		workload->handles = malloc(workload->count * sizeof workload->handles[0]);
	bench_must(workload->registry != NULL && (!kept || workload->handles != NULL),
		"out of memory");
	if (kind == 'C')
		make_counters(workload);
	else if (kind == 'G')
		make_gauges(workload);
	else
		make_histograms(workload);
	bench_must(pitot_registry_error(workload->registry, NULL) == 0, "a mistake in a workload");
}

void
workload_advance(struct workload *workload)
{
	uint64_t from = ++workload->turn * workload->count;
	for (size_t i = 0; i < workload->count; i++) {
		void *handle = workload->handles[i];
		if (workload->kind == 'C')
			pitot_counter_inc(handle);
		else if (workload->kind == 'G')
			pitot_gauge_set(handle, workload_ratio(from + i));
		else
			pitot_histogram_observe(handle, workload_duration(from + i));
	}
}

void
workload_clear(struct workload *workload)
{
	pitot_registry_free(workload->registry);
	free(workload->handles);
	*workload = (struct workload){.registry = NULL};
}
