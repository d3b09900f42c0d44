/* SPDX-License-Identifier: MIT */
/*
 * prometheus-cpp on the workloads of workload.h, in the words of measure.h:
 *
 *	peer_prometheus_cpp updates | text KIND N | memory N
 */
#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>
#include <pthread.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

namespace
{

using prometheus::Counter;
using prometheus::Gauge;
using prometheus::Histogram;
using prometheus::Registry;
using Labels = std::map<std::string, std::string>;

const char *const kJobs[] = {"worker", "api-server", "frontend", "scheduler"};
const char *const kMethods[] = {"GET", "POST", "PUT", "DELETE"};
const char *const kStatuses[] = {"200", "201", "204", "301", "400", "404", "500", "503"};
const Histogram::BucketBoundaries kBounds = {.005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30};

double
CpuNs()
{
	timespec now;
	(void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

uint64_t
Mix(uint64_t x)
{
	x += 0x9e3779b97f4a7c15u;
	x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9u;
	x = (x ^ x >> 27) * 0x94d049bb133111ebu;
	return x ^ x >> 31;
}

double
Integer(uint64_t i)
{
	static const uint64_t powers[] = {10, 100, 1000, 10000, 100000, 1000000, 10000000};
	uint64_t x = Mix(i);
	return (double)((x >> 8) % powers[x % 7]);
}

double
Ratio(uint64_t i)
{
	return (double)(Mix(i) >> 11) * 0x1p-53 * 100;
}

double
Duration(uint64_t i)
{
	return 0.003 * std::pow(1.7, (double)(Mix(i) % 18));
}

void
Tell(const std::string &row, std::vector<double> values, const char *unit)
{
	std::sort(values.begin(), values.end());
	std::printf("prometheus-cpp %s %.5g %.5g %s\n", row.c_str(), values[values.size() / 2],
		values[0], unit);
}

/* Nanoseconds of CPU time for one of `count`, several times. */
template <typename Prepare, typename Run>
void
Measure(const std::string &row, int repetitions, double count, const char *unit, Prepare prepare,
	Run run)
{
	std::vector<double> values;
	for (int i = repetitions > 1 ? -1 : 0; i < repetitions; i++) { /* -1: a warm-up */
		prepare();
		double start = CpuNs();
		run();
		double value = (CpuNs() - start) / count;
		if (i >= 0)
			values.push_back(value);
	}
	Tell(row, values, unit);
}

/* ---- updates ---- */

template <typename Loop>
void
MeasureUpdate(const std::string &row, size_t times, Loop loop)
{
	const int repetitions = 15;
	Measure(
		row, repetitions, (double)times, "ns/update", [] {}, [&] { loop(times); });
	std::vector<double> values;
	for (int i = 0; i < repetitions; i++) {
		pthread_barrier_t start;
		(void)pthread_barrier_init(&start, nullptr, 2);
		double cpu[2];
		auto half = [&](double *out) {
			(void)pthread_barrier_wait(&start);
			double from = CpuNs();
			loop(times);
			*out = CpuNs() - from;
		};
		std::thread other([&] { half(&cpu[1]); });
		half(&cpu[0]);
		other.join();
		(void)pthread_barrier_destroy(&start);
		values.push_back((cpu[0] + cpu[1]) / 2 / (double)times);
	}
	Tell(row + "/2", values, "ns/update");
}

void
Updates()
{
	const size_t keys = 1024;
	Registry registry;
	auto &counter = prometheus::BuildCounter().Name("c").Help("x").Register(registry).Add({});
	auto &gauge = prometheus::BuildGauge().Name("g").Help("x").Register(registry).Add({});
	auto &histogram = prometheus::BuildHistogram().Name("h").Help("x").Register(registry).Add(
		{}, kBounds);
	auto &family = prometheus::BuildCounter().Name("f").Help("x").Register(registry);
	std::vector<double> values;
	std::vector<Labels> labels;
	for (size_t i = 0; i < keys; i++) {
		size_t child = Mix(i) % 1000;
		values.push_back(Duration(i));
		labels.push_back({{"tenant", "tenant-" + std::to_string(child / 32)},
			{"method", kMethods[child / 8 % 4]}, {"status", kStatuses[child % 8]}});
	}
	MeasureUpdate("counter_inc", 1000000, [&](size_t times) {
		for (size_t i = 0; i < times; i++)
			counter.Increment();
	});
	MeasureUpdate("gauge_set", 1000000, [&](size_t times) {
		for (size_t i = 0; i < times; i++)
			gauge.Set((double)i);
	});
	MeasureUpdate("histogram_observe", 500000, [&](size_t times) {
		for (size_t i = 0; i < times; i++)
			histogram.Observe(values[i % keys]);
	});
	/* Its fastest way: the map of labels is there already. */
	MeasureUpdate("lookup_inc", 100000, [&](size_t times) {
		for (size_t i = 0; i < times; i++)
			family.Add(labels[i % keys]).Increment();
	});
}

/* ---- the workloads ---- */

std::string
Instance(size_t k)
{
	return "10.0." + std::to_string(k / 250) + "." + std::to_string(k % 250) + ":9100";
}

Labels
LabelsOf(size_t i)
{
	size_t k = i / 32;
	return {{"instance", Instance(k)}, {"job", kJobs[k % 4]}, {"method", kMethods[i / 8 % 4]},
		{"status", kStatuses[i % 8]}};
}

struct Work {
	std::unique_ptr<Registry> registry;
	std::vector<Counter *> counters;
	std::vector<Gauge *> gauges;
	std::vector<Histogram *> histograms;
	uint64_t turn = 0;
};

void
Make(Work &work, char kind, size_t series)
{
	work = Work();
	work.registry = std::make_unique<Registry>();
	if (kind == 'C') {
		auto &family = prometheus::BuildCounter()
				       .Name("http_requests_total")
				       .Help("Requests answered.")
				       .Register(*work.registry);
		for (size_t i = 0; i < series; i++) {
			work.counters.push_back(&family.Add(LabelsOf(i)));
			work.counters.back()->Increment(Integer(i + 1));
		}
	} else if (kind == 'G') {
		auto &family = prometheus::BuildGauge()
				       .Name("process_load_ratio")
				       .Help("Load.")
				       .Register(*work.registry);
		for (size_t i = 0; i < series; i++) {
			work.gauges.push_back(&family.Add(LabelsOf(i)));
			work.gauges.back()->Set(Ratio(i + 1));
		}
	} else {
		auto &family = prometheus::BuildHistogram()
				       .Name("http_request_duration_seconds")
				       .Help("Time to answer.")
				       .Register(*work.registry);
		for (size_t j = 0; j < series / 15; j++) {
			size_t k = j / 4;
			work.histograms.push_back(
				&family.Add({{"instance", Instance(k)}, {"job", kJobs[k % 4]},
						    {"method", kMethods[j % 4]}},
					kBounds));
			for (uint64_t q = 0; q < 20; q++)
				work.histograms.back()->Observe(Duration(j * 64 + q));
		}
	}
}

void
Advance(Work &work)
{
	uint64_t from =
		++work.turn * (work.counters.size() + work.gauges.size() + work.histograms.size());
	for (Counter *counter : work.counters)
		counter->Increment();
	for (Gauge *gauge : work.gauges)
		gauge->Set(Ratio(from++));
	for (Histogram *histogram : work.histograms)
		histogram->Observe(Duration(from++));
}

void
Text(char kind, size_t series)
{
	if (kind == 'H')
		series = series / 15 * 15;
	Work work;
	Make(work, kind, series);
	int repetitions = series > 500000 ? 1 : series > 50000 ? 3 : 9;
	std::string end = std::string("/") + kind + "/" + std::to_string(series);
	double count = (double)series;
	prometheus::TextSerializer serializer;
	std::vector<prometheus::MetricFamily> families;
	Measure(
		"gather" + end, repetitions, count, "ns/series", [&] { families.clear(); },
		[&] { families = work.registry->Collect(); });
	families.clear();
	Measure(
		"text" + end, repetitions, count, "ns/line", [&] { Advance(work); },
		[&] { (void)serializer.Serialize(work.registry->Collect()).size(); });
	if (kind == 'C') {
		Work fresh;
		Measure(
			"create" + end, repetitions, count, "ns/series", [&] { fresh = Work(); },
			[&] { Make(fresh, kind, series); });
	}
}

double
Resident()
{
	unsigned long all = 0, resident = 0;
	FILE *file = std::fopen("/proc/self/statm", "r");
	if (file == nullptr || std::fscanf(file, "%lu %lu", &all, &resident) != 2)
		std::exit(1);
	(void)std::fclose(file);
	return (double)resident * (double)sysconf(_SC_PAGESIZE);
}

void
Memory(size_t series)
{
	double before = Resident();
	Work work;
	Make(work, 'C', series);
	work.counters = std::vector<Counter *>();
	Tell("memory/C/" + std::to_string(series), {(Resident() - before) / (double)series},
		"bytes/series");
}

} // namespace

int
main(int argc, char **argv)
{
	if (argc == 2 && std::strcmp(argv[1], "updates") == 0)
		Updates();
	else if (argc == 4 && std::strcmp(argv[1], "text") == 0)
		Text(argv[2][0], std::strtoul(argv[3], nullptr, 10));
	else if (argc == 3 && std::strcmp(argv[1], "memory") == 0)
		Memory(std::strtoul(argv[2], nullptr, 10));
	else
		return 64;
	return 0;
}
