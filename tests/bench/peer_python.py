# SPDX-License-Identifier: MIT
"""The Python client on the workloads of workload.h, in the words of measure.h:

  peer_python.py updates | text KIND N | memory N
"""
import os
import statistics
import sys
import time

import prometheus_client as client

JOBS = ("worker", "api-server", "frontend", "scheduler")
METHODS = ("GET", "POST", "PUT", "DELETE")
STATUSES = ("200", "201", "204", "301", "400", "404", "500", "503")
BOUNDS = (.005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30)
MASK = (1 << 64) - 1


def mix(x):
    x = x + 0x9e3779b97f4a7c15 & MASK
    x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9 & MASK
    x = (x ^ x >> 27) * 0x94d049bb133111eb & MASK
    return x ^ x >> 31


def integer(i):
    x = mix(i)
    return (x >> 8) % 10 ** (1 + x % 7)


def ratio(i):
    return (mix(i) >> 11) * 2.0 ** -53 * 100


def duration(i):
    return 0.003 * 1.7 ** (mix(i) % 18)


def measure(row, repetitions, count, unit, prepare, run):
    values = []
    for turn in range(-1 if repetitions > 1 else 0, repetitions):  # the first one is a warm-up
        prepare()
        start = time.thread_time_ns()
        run()
        if turn >= 0:
            values.append((time.thread_time_ns() - start) / count)
    print(f"python {row} {statistics.median(values):.5g} {min(values):.5g} {unit}", flush=True)


def updates():
    registry = client.CollectorRegistry()
    counter = client.Counter("c", "x", registry=registry)
    gauge = client.Gauge("g", "x", registry=registry)
    histogram = client.Histogram("h", "x", buckets=BOUNDS, registry=registry)
    family = client.Counter("f", "x", ("tenant", "method", "status"), registry=registry)
    children = [mix(i) % 1000 for i in range(1024)]
    labels = [(f"tenant-{c // 32}", METHODS[c // 8 % 4], STATUSES[c % 8]) for c in children]
    values = [duration(i) for i in range(1024)]

    def loop(row, call, inputs):
        times = len(inputs) * 20

        def run():
            for _ in range(20):
                for value in inputs:
                    call(value)
        measure(row, 5, times, "ns/update", lambda: None, run)

    loop("counter_inc", lambda value: counter.inc(), values)
    loop("gauge_set", gauge.set, values)
    loop("histogram_observe", histogram.observe, values)
    loop("lookup_inc", lambda value: family.labels(*value).inc(), labels)


class Work:
    """A registry with C(N), G(N) or H(N), and its instruments."""

    def __init__(self, kind, series):
        self.registry = client.CollectorRegistry()
        self.kind = kind
        self.turn = 0
        names = ("instance", "job", "method", "status")
        if kind == "C":
            family = client.Counter("http_requests", "Requests answered.", names, registry=self.registry)
        elif kind == "G":
            family = client.Gauge("process_load_ratio", "Load.", names, registry=self.registry)
        else:
            family = client.Histogram("http_request_duration_seconds", "Time to answer.", names[:3],
                                      buckets=BOUNDS, registry=self.registry)
        self.children = [self.child(family, i) for i in range(series // 15 if kind == "H" else series)]

    def child(self, family, i):
        k = i // (4 if self.kind == "H" else 32)
        instance = f"10.0.{k // 250}.{k % 250}:9100"
        if self.kind == "H":
            child = family.labels(instance, JOBS[k % 4], METHODS[i % 4])
            for q in range(20):
                child.observe(duration(i * 64 + q))
            return child
        child = family.labels(instance, JOBS[k % 4], METHODS[i // 8 % 4], STATUSES[i % 8])
        if self.kind == "C":
            child.inc(integer(i + 1))
        else:
            child.set(ratio(i + 1))
        return child

    def advance(self):
        self.turn += 1
        start = self.turn * len(self.children)
        for i, child in enumerate(self.children, start):
            if self.kind == "C":
                child.inc()
            elif self.kind == "G":
                child.set(ratio(i))
            else:
                child.observe(duration(i))


def text(kind, series):
    if kind == "H":
        series = series // 15 * 15
    work = Work(kind, series)
    repetitions = 1 if series > 50000 else 3
    end = f"/{kind}/{series}"
    measure("gather" + end, repetitions, series, "ns/series", lambda: None,
            lambda: [list(family.samples) for family in work.registry.collect()])
    # A counter's text has a line for when it was made beside that of its value; the figure is for
    # a series.
    measure("text" + end, repetitions, series, "ns/line", work.advance,
            lambda: client.generate_latest(work.registry))
    if kind == "C":
        measure("create" + end, repetitions, series, "ns/series", lambda: None,
                lambda: Work(kind, series))


def resident():
    with open("/proc/self/statm", encoding="ascii") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGESIZE")


def memory(series):
    before = resident()
    work = Work("C", series)
    work.children = None
    each = (resident() - before) / series
    print(f"python memory/C/{series} {each:.5g} {each:.5g} bytes/series")


def main(words):
    if words == ["updates"]:
        updates()
    elif len(words) == 3 and words[0] == "text":
        text(words[1], int(words[2]))
    elif len(words) == 2 and words[0] == "memory":
        memory(int(words[1]))
    else:
        sys.exit(64)


if __name__ == "__main__":
    main(sys.argv[1:])
