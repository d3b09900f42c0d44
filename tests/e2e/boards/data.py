# SPDX-License-Identifier: MIT
"""A day in the life of a worker, as OpenMetrics text with timestamps: every metric of the catalogue
and every label value, a restart, and trouble in the last minutes. Always the same. Beside it, as
JSON, what every counter counted within the last 24 hours, by which queries are judged. A metric of
the catalogue that has no part in the story is an error."""

import argparse
import json
import math
import sys
import tomllib
from itertools import product

END = 1767312000
RESTART = END - 9 * 3600
TROUBLE = END - 720  # from here on nothing is well
DAY = 86400
CACHES = ("signal_store", "msg_retry", "user_devices", "call_offer")
CONNECTIONS = 90
MEBI = 1 << 20


def load(t):
    """0.4 at night to 1 by day."""
    return 0.7 + 0.3 * math.sin((t - END) / DAY * 2 * math.pi)


def trouble(t):
    return t > TROUBLE


def mode_now(t):
    if trouble(t):
        return "aggressive"
    return ("aggressive", "balanced", "conservative", "disabled")[t // 900 % 4]


def state_of(number, t):
    """More connections come with the trouble; a few are never well."""
    if number % 30 in (1, 2):
        return number % 30 - 1
    return 2 if number < 74 or trouble(t) else 0


def flush_rate(t, mode):
    return 0.5 * load(t) if mode == mode_now(t) else 0


def share(value, values):
    """How often each value of a label comes: each half as often as the one before."""
    return 0.5 ** (values.index(value) + 1)


# ---- counters: events per second ----

def rates(labels):
    kinds = labels["message_type"]["values"]
    errors = labels["error_type"]["values"]
    reasons = labels["retry_reason"]["values"]

    def sent(t, message_type, success):
        failing = 0.04 if trouble(t) else 0.01
        part = failing if success == "false" else 1 - failing
        return 8 * load(t) * share(message_type, kinds) * part

    def flushes(t, mode, forced):
        part = 0.2 if trouble(t) else 0
        return flush_rate(t, mode) * (part if forced == "true" else 1 - part)

    return {
        "buffer_flush_total": flushes,
        "buffer_items_flushed_total": lambda t, mode: flush_rate(t, mode) * 40,
        "buffer_overflow_total": lambda t: 0.05 if trouble(t) else 0,
        "buffer_cache_cleanup_total": lambda t: (60 if trouble(t) else 3) / 3600,
        "adaptive_circuit_breaker_trips_total": lambda t: 1 / 150 if trouble(t) else 0,
        "connection_errors_total": lambda t, error_type: share(error_type, errors)
        * (2 if trouble(t) else 0.2),
        "reconnection_attempts_total": lambda t, connection_id: 0.2 if trouble(t)
        and connection_id == "conn-3" else 1 / 600,
        "messages_received_total": lambda t, message_type: 20 * load(t)
        * share(message_type, kinds),
        "messages_sent_total": sent,
        "messages_retry_total": lambda t, retry_reason: share(retry_reason, reasons)
        * (1 if trouble(t) else 0.1),
        "cache_evictions_total": lambda t, cache_name: 0.02 * share(cache_name, CACHES),
        "process_cpu_user_seconds_total": lambda t: 0.3 * load(t),
        "process_cpu_system_seconds_total": lambda t: 0.1 * load(t),
        "process_cpu_seconds_total": lambda t: 0.4 * load(t),
    }


# ---- histograms: observations per second, and their median ----

def histograms(labels, metrics):
    kinds = labels["message_type"]["values"]
    bounds = {metric["name"]: metric["buckets"] for metric in metrics if "buckets" in metric}
    return {
        "buffer_flush_duration_seconds": (bounds, flush_rate,
                                          lambda t: 0.8 if trouble(t) else 0.02),
        "messages_processing_duration_seconds": (
            bounds, lambda t, message_type: 20 * load(t) * share(message_type, kinds),
            lambda t: 0.05 if trouble(t) else 0.008),
        "nodejs_gc_duration_seconds": ({"nodejs_gc_duration_seconds": [0.001, 0.01, 0.1, 1, 2, 5]},
                                       lambda t, kind: 0.5 if kind == "minor" else 0.02,
                                       lambda t: 0.003),
    }


def below(bound, median):
    """The part of observations up to a bound, whose logarithms are normal."""
    return 0.5 * (1 + math.erf(math.log(bound / median) / 0.8 / math.sqrt(2)))


# ---- gauges: the value ----

def memory(t, type):
    grown = 2 * MEBI * (t - TROUBLE) if trouble(t) else 0
    heap = 180 * MEBI + 40 * MEBI * math.sin(t / 300) + grown
    return {"heapUsed": heap, "heapTotal": heap * 1.3, "external": 20 * MEBI,
            "rss": heap * 1.3 + 90 * MEBI}[type]


def timeout(t, mode):
    if mode != mode_now(t):
        return 5
    return 0.2 if trouble(t) else 3 - 2 * load(t) + 0.2 * math.sin(t / 60)


def gauges():
    def connected(t):
        return sum(state_of(n, t) == 2 for n in range(CONNECTIONS))

    def listeners(t, connection_id):
        number = int(connection_id[5:])
        return 44 if trouble(t) and number == 7 else 8 + number % 5

    return {
        "buffer_cache_size": lambda t: 9500 if trouble(t) else 3000 + t // 60 % 1000,
        "adaptive_timeout_seconds": timeout,
        "adaptive_event_rate": lambda t: 72 if trouble(t) else 20 * load(t),
        "adaptive_buffer_size_avg": lambda t: 40 * load(t),
        "adaptive_health_status": lambda t: 0 if trouble(t) else 1,
        "connection_state": lambda t, connection_id, jid: state_of(int(connection_id[5:]), t),
        "websocket_listeners_total": listeners,
        "cache_size": lambda t, cache_name: round(4000 * share(cache_name, CACHES) * load(t)),
        "cache_hit_rate": lambda t, cache_name: 0.61 if trouble(t)
        and cache_name == "user_devices" else 0.93,
        "active_connections": connected,
        "memory_usage_bytes": memory,
        "uptime_seconds": lambda t: t - (RESTART if t >= RESTART else END - 40 * 3600),
        "process_start_time_seconds": lambda t: RESTART if t >= RESTART else END - 40 * 3600,
        "process_resident_memory_bytes": lambda t: memory(t, "rss"),
        "nodejs_heap_size_total_bytes": lambda t: memory(t, "heapTotal"),
        "nodejs_heap_size_used_bytes": lambda t: memory(t, "heapUsed"),
        "nodejs_external_memory_bytes": lambda t: memory(t, "external"),
        "nodejs_heap_space_size_total_bytes": lambda t, space: 30 * MEBI,
        "nodejs_heap_space_size_used_bytes": lambda t, space: 20 * MEBI,
        "nodejs_version_info": lambda t, version: 1,
        "nodejs_eventloop_lag_seconds": lambda t: 0.3 if trouble(t) else 0.004,
    }


# ---- label sets ----

def label_sets(names, labels):
    if names == ["connection_id", "jid"]:
        return [(f"conn-{n}", f"55{n:09}@s.whatsapp.net") for n in range(CONNECTIONS)]
    open_values = {"connection_id": [f"conn-{n}" for n in range(CONNECTIONS)],
                   "cache_name": CACHES, "space": ("new", "old"), "kind": ("minor", "major"),
                   "version": ("v20.20.2",)}
    return list(product(*(labels.get(name, {}).get("values", open_values.get(name, ()))
                          for name in names)))


FOREIGN_LABELS = {"nodejs_heap_space_size_total_bytes": ["space"],
                  "nodejs_heap_space_size_used_bytes": ["space"],
                  "nodejs_version_info": ["version"], "nodejs_gc_duration_seconds": ["kind"]}


# ---- writing ----

class Writer:
    """Series as text; `totals` are what the counters counted in the last day."""

    def __init__(self, out, prefix, times):
        self.out, self.prefix, self.times, self.totals = out, prefix, times, {}

    def head(self, family, kind):
        self.out.write(f"# TYPE {self.prefix}{family} {kind}\n")

    def series(self, name, pairs, values):
        pairs = [("job", "worker"), ("instance", "w1"), *pairs]
        labels = ",".join(f'{key}="{value}"' for key, value in pairs)
        head = f"{self.prefix}{name}{{{labels}}} "
        self.out.writelines(f"{head}{value:.10g} {t}\n" for t, value in zip(self.times, values))

    def counted(self, rate, whole=True):
        """The counter's value at each time, and what it counted in the last day; anew after the
        restart."""
        value, day, before, values = 0.0, 0.0, self.times[0], [0]
        for t in self.times[1:]:
            anew = before < RESTART <= t
            value = rate(t) * (t - before) + (0 if anew else value)
            told = math.floor(value) if whole else value
            day += told - (0 if anew else values[-1]) if before >= END - DAY else 0
            values.append(told)
            before = t
        return values, day

    def counter(self, name, names, sets, rate):
        self.head(name.removesuffix("_total"), "counter")
        for labels in sets:
            values, day = self.counted(lambda t, labels=labels: rate(t, *labels),
                                       not name.endswith("seconds_total"))
            self.series(name, zip(names, labels), values)
            self.totals.setdefault(name, {})[",".join(labels)] = day

    def gauge(self, name, names, sets, value):
        self.head(name, "gauge")
        for labels in sets:
            self.series(name, zip(names, labels), (value(t, *labels) for t in self.times))

    def histogram(self, name, names, sets, story):
        bounds, rate, median = story
        self.head(name, "histogram")
        for labels in sets:
            pairs = list(zip(names, labels))
            for bound in [*bounds[name], math.inf]:
                values, _ = self.counted(lambda t, bound=bound, labels=labels: rate(t, *labels)
                                         * below(bound, median(t)), False)
                le = "+Inf" if bound == math.inf else repr(float(bound))
                self.series(f"{name}_bucket", [*pairs, ("le", le)], values)
            counts, day = self.counted(lambda t, labels=labels: rate(t, *labels), False)
            sums, _ = self.counted(lambda t, labels=labels: rate(t, *labels) * median(t)
                                   * math.exp(0.32), False)
            self.series(f"{name}_count", pairs, counts)
            self.series(f"{name}_sum", pairs, sums)
            self.totals.setdefault(f"{name}_count", {})[",".join(labels)] = day


def worker(writer, catalog):
    """All families of the catalogue, and those that it names but others declare."""
    labels, metrics = catalog["label"], catalog["metric"]
    stories = {"counter": rates(labels), "gauge": gauges(), "histogram": histograms(labels, metrics)}
    names = [(metric["name"], metric.get("labels", [])) for metric in metrics]
    for name in catalog["foreign"]:
        name = name.removeprefix(catalog["prefix"])
        names.append((name, FOREIGN_LABELS.get(name, [])))
    for name, label_names in names:
        kinds = [kind for kind, told in stories.items() if name in told]
        if len(kinds) != 1:
            sys.exit(f"data.py: {name} has no part in the story: add it")
        sets = label_sets(label_names, labels)
        getattr(writer, kinds[0])(name, label_names, sets, stories[kinds[0]][name])


# ---- jobs, pushers and the agent ----

def pushed(out, catalog_families):
    """What pitot itself pushes: values that stand, counters that grow by one each minute."""
    times = range(END - 7200, END + 1, 15)
    job, pusher, agent = 'job="backup",instance="h1"', 'job="mailer",instance="h1"', \
        'job="pitot_agent",instance="h2"'
    place = pusher + ',destination="https://receiver"'
    moment = {"batch_job_next_due_timestamp_seconds": END + 80000}
    extra = {
        "batch_job_runs": ["result", "success", "failure"],
        "batch_job_cpu_seconds": ["mode", "user", "system"],
        "batch_job_io_bytes": ["direction", "read", "write"],
        "pitot_pushes": ["result", "success", "failure"],
        "pitot_samples_failed": ["reason", "refused"],
        "pitot_samples_dropped": ["reason", "queue_full"], "pitot_errors": ["type", "unavailable"],
        "pitot_destination_state": ["pitot_destination_state", "up", "retrying", "denied"],
        "pitot_flushes": ["mode", "balanced"], "pitot_textfile_mtime_seconds": ["file", "a.prom"],
        "pitot_textfile_error": ["file", "a.prom"],
    }
    counters = {"batch_job_runs", "pitot_pushes", "pitot_push_attempts", "pitot_samples_sent",
                "pitot_samples_retried", "pitot_samples_failed", "pitot_samples_dropped",
                "pitot_errors", "pitot_exemplars_dropped", "pitot_sent_bytes", "pitot_flushes",
                "pitot_breaker_trips", "pitot_label_sets_expired", "pitot_label_set_overflows",
                "pitot_agent_scrapes", "pitot_agent_scrape_failures"}
    single = {"pitot_flushes", "pitot_flush_interval_seconds", "pitot_event_rate", "pitot_healthy",
              "pitot_breaker_trips", "pitot_clock_offset_seconds", "pitot_series",
              "pitot_label_sets", "pitot_label_sets_expired", "pitot_label_set_overflows"}
    for family in sorted(catalog_families):
        whose = job if family.startswith("batch_job") else agent if re_agent(family) else \
            pusher if family in single else place
        label, *values = extra.get(family, [None, None])
        for number, value in enumerate(values):
            labels = whose + (f',{label}="{value}"' if label else "") + \
                (',forced="false"' if family == "pitot_flushes" else "")
            for t in times:
                if family in counters:
                    out.write(f"{family}_total{{{labels}}} {(t - times[0]) // 60} {t}\n")
                elif family == "pitot_push_duration_seconds":
                    out.write(f"{family}_count{{{labels}}} {(t - times[0]) // 15} {t}\n")
                    out.write(f"{family}_sum{{{labels}}} {(t - times[0]) / 150} {t}\n")
                elif family == "pitot_destination_state":
                    out.write(f"{family}{{{labels}}} {1 if number == 0 else 0} {t}\n")
                elif "time_seconds" in family or "timestamp_seconds" in family:
                    out.write(f"{family}{{{labels}}} {moment.get(family, END - 7300)} {t}\n")
                elif family == "batch_job_max_rss_bytes":
                    out.write(f"{family}{{{labels}}} 5e7 {t}\n")
                else:
                    out.write(f"{family}{{{labels}}} 1 {t}\n")


def re_agent(family):
    return family.startswith(("pitot_agent", "pitot_textfile", "push_", "up"))


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--catalog", required=True)
    parser.add_argument("--prefix", help="of the names, in place of the catalogue's")
    parser.add_argument("--hours", type=int, default=26)
    parser.add_argument("--families", nargs="*", help="of pitot itself, too")
    parser.add_argument("--totals")
    options = parser.parse_args()
    with open(options.catalog, "rb") as file:
        catalog = tomllib.load(file)
    start, fine = END - options.hours * 3600, END - min(options.hours, 2) * 3600
    times = [*range(start, fine, 120), *range(fine, END + 1, 15)]
    writer = Writer(sys.stdout, options.prefix or catalog["prefix"], times)
    worker(writer, catalog)
    if options.families:
        pushed(sys.stdout, options.families)
    sys.stdout.write("# EOF\n")
    if options.totals:
        with open(options.totals, "w", encoding="utf-8") as file:
            json.dump(writer.totals, file)


if __name__ == "__main__":
    main()
