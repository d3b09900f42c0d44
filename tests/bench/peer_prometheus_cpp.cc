/* SPDX-License-Identifier: MIT */
/* prometheus-cpp on the same workloads as bench.c, in the same words; see there. */
#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

namespace
{

using Clock = std::chrono::steady_clock;

double
Since(Clock::time_point start)
{
	return std::chrono::duration<double, std::nano>(Clock::now() - start).count();
}

double
Median(std::vector<double> values)
{
	std::sort(values.begin(), values.end());
	return values[values.size() / 2];
}

uint64_t
Mix(uint64_t x)
{
	x += 0x9e3779b97f4a7c15u;
	x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9u;
	x = (x ^ x >> 27) * 0x94d049bb133111ebu;
	return x ^ x >> 31;
}

const char *const kMethods[] = {"GET", "POST", "PUT", "DELETE"};
const char *const kStatuses[] = {"200", "201", "204", "301", "400", "404", "500", "503"};

void
Measure(const char *name, const std::function<void(size_t)> &loop)
{
	const size_t per_round = 2000000;
	std::vector<double> one, two;
	for (int i = 0; i < 15; i++) {
		auto start = Clock::now();
		loop(per_round);
		one.push_back(Since(start) / per_round);
	}
	for (int i = 0; i < 15; i++) {
		auto start = Clock::now();
		std::thread other([&] { loop(per_round); });
		loop(per_round);
		other.join();
		two.push_back(Since(start) / per_round);
	}
	std::printf("%s_1_thread %.4g ns/update\n", name, Median(one));
	std::printf("%s_2_threads %.4g ns/update\n", name, Median(two));
}

void
Updates()
{
	prometheus::Registry registry;
	auto &counter = prometheus::BuildCounter().Name("c").Help("x").Register(registry).Add({});
	auto &gauge = prometheus::BuildGauge().Name("g").Help("x").Register(registry).Add({});
	auto &histogram =
		prometheus::BuildHistogram().Name("h").Help("x").Register(registry).Add({},
			prometheus::Histogram::BucketBoundaries{
				.005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30});
	auto &family = prometheus::BuildCounter().Name("f").Help("x").Register(registry);
	std::vector<double> values;
	for (size_t i = 0; i < 1024; i++)
		values.push_back(0.003 * (double)(1 + Mix(i) % 10000) / 3);
	std::vector<std::string> tenants;
	for (size_t i = 0; i < 32; i++)
		tenants.push_back("tenant-" + std::to_string(i));
	Measure("counter_inc", [&](size_t n) {
		for (size_t i = 0; i < n; i++)
			counter.Increment();
	});
	Measure("gauge_set", [&](size_t n) {
		for (size_t i = 0; i < n; i++)
			gauge.Set((double)i);
	});
	Measure("histogram_observe", [&](size_t n) {
		for (size_t i = 0; i < n; i++)
			histogram.Observe(values[i & 1023]);
	});
	Measure("lookup_3_labels_inc", [&](size_t n) {
		for (size_t i = 0; i < n / 10; i++) {
			uint64_t x = Mix(i & 1023) % 1000;
			for (int again = 0; again < 10; again++)
				family.Add({{"tenant", tenants[x / 32]},
						   {"method", kMethods[x / 8 % 4]},
						   {"status", kStatuses[x % 8]}})
					.Increment();
		}
	});
}

void
Encode(size_t count)
{
	static const char *const jobs[] = {"worker", "api-server", "frontend", "scheduler"};
	static const double powers[] = {1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7};
	prometheus::Registry registry;
	auto start = Clock::now();
	auto &family = prometheus::BuildCounter()
			       .Name("http_requests_total")
			       .Help("Requests answered.")
			       .Register(registry);
	for (size_t i = 0; i < count; i++) {
		size_t k = i / 32;
		uint64_t x = Mix(i + 1);
		std::string instance =
			"10.0." + std::to_string(k / 250) + "." + std::to_string(k % 250) + ":9100";
		family.Add({{"instance", instance}, {"job", jobs[k % 4]},
				   {"method", kMethods[i / 8 % 4]}, {"status", kStatuses[i % 8]}})
			.Increment((double)((x >> 8) % (uint64_t)powers[x % 7]));
	}
	std::printf("create_%zu %.4g ns/series\n", count, Since(start) / (double)count);
	std::vector<double> times;
	prometheus::TextSerializer serializer;
	for (int i = 0; i < (count > 50000 ? 9 : 21); i++) {
		start = Clock::now();
		std::string text = serializer.Serialize(registry.Collect());
		times.push_back(Since(start) / (double)count);
	}
	std::printf("text_%zu %.4g ns/series\n", count, Median(times));
}

} // namespace

int
main(int argc, char **argv)
{
	if (argc == 2 && std::strcmp(argv[1], "updates") == 0)
		Updates();
	else if (argc == 4 && std::strcmp(argv[1], "encode") == 0)
		Encode(std::strtoul(argv[3], nullptr, 10));
	else
		return 64;
	return 0;
}
