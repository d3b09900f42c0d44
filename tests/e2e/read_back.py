#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Samples in one canonical form, whatever they come from, so that what was pushed and what a server
then answers can be compared line by line: name, sorted labels as JSON, the value's 64 bits in hex.

    expected FILE [NAME=VALUE…]       OpenMetrics text, with labels added to every sample
    page URL [LABEL=VALUE]            text 0.0.4, only samples with this label
    prometheus URL SELECTOR TIME      an instant query
    victoriametrics URL SELECTOR TIME the raw samples at exactly this time
    openmetrics FILE                  only parse, strictly; prints nothing

Or whole series, with the values in the place of one:

    expected-all FOLDER [NAME=VALUE…]     all files of OpenMetrics text, in the order of their names
    prometheus-all URL SELECTOR           what an hour holds
    victoriametrics-all URL SELECTOR      all raw samples

Empty label values are no labels. The bounds le and quantile are compared as numbers. Before the verb,
--unsigned-zero says that the server forgets the sign of -0, as a Pushgateway's page does, and
--decimal that it keeps decimal numbers, not the bits, as VictoriaMetrics does: fractions are then
compared with 12 digits, the smallest numbers are 0, and NaN is not stored.
"""
import glob
import json
import math
import re
import struct
import sys
import urllib.parse
import urllib.request

from prometheus_client.openmetrics.parser import text_string_to_metric_families as openmetrics
from prometheus_client.parser import text_string_to_metric_families as text004

decimal = False
unsigned_zero = False


def value_text(value):
    value = float(value)
    if math.isnan(value):
        return "nan"
    if value == 0 and (unsigned_zero or decimal):
        value = 0.0
    if not decimal:
        return struct.pack(">d", value).hex()
    if abs(value) < 1e-300:
        value = 0.0
    return "%d" % value if value.is_integer() and abs(value) < 2**63 else "%.12g" % value


def line(name, labels, value):
    kept = {key: text for key, text in labels.items() if text != "" and key != "__name__"}
    for bound in ("le", "quantile"):
        if bound in kept:
            kept[bound] = repr(float(kept[bound]))
    return "%s %s %s" % (name, json.dumps(kept, sort_keys=True), value_text(value))


def show(lines):
    for text in sorted(lines):
        print(text)


def fetch(url, query=None):
    if query is not None:
        url += "?" + urllib.parse.urlencode(query)
    with urllib.request.urlopen(url, timeout=10) as answer:
        return answer.read().decode("utf-8")


def expected(path, *added):
    extra = dict(pair.split("=", 1) for pair in added)
    with open(path, encoding="utf-8", newline="\n") as file:
        families = list(openmetrics(file.read()))
    for family in families:
        for sample in family.samples:
            if decimal and math.isnan(sample.value):
                continue
            yield line(sample.name, {**extra, **sample.labels}, sample.value)


def page(url, selector="="):
    name, value = selector.split("=", 1)
    for family in text004(fetch(url)):
        for sample in family.samples:
            if name == "" or sample.labels.get(name) == value:
                if sample.name not in ("push_time_seconds", "push_failure_time_seconds"):
                    yield line(sample.name, sample.labels, sample.value)


def prometheus(url, selector, time):
    answer = json.loads(fetch(url + "/api/v1/query", {"query": selector, "time": time}))
    for series in answer["data"]["result"]:
        labels = series["metric"]
        yield line(labels["__name__"], labels, float(series["value"][1]))


def victoriametrics(url, selector, time):
    wanted = round(float(time) * 1000)
    query = {"match[]": selector, "start": float(time) - 1, "end": float(time) + 1}
    for row in fetch(url + "/api/v1/export", query).splitlines():
        # The old version writes infinities as no JSON knows them.
        series = json.loads(re.sub(r"(?<=[\[,])([+-]Inf)(?=[,\]])", r'"\1"', row))
        for value, stamp in zip(series["values"], series["timestamps"]):
            if stamp == wanted and value is not None:
                yield line(series["metric"]["__name__"], series["metric"], float(value))


def line_all(name, labels, values):
    return " ".join([line(name, labels, values[0])] + [value_text(v) for v in values[1:]])


def expected_all(folder, *added):
    values = {}
    for path in sorted(glob.glob(folder + "/*.om")):
        for text in expected(path, *added):
            key, value = text.rsplit(" ", 1)
            values.setdefault(key, []).append(value)
    for key, found in values.items():
        yield " ".join([key] + found)


def prometheus_all(url, selector):
    answer = json.loads(fetch(url + "/api/v1/query", {"query": selector + "[1h]"}))
    for series in answer["data"]["result"]:
        labels = series["metric"]
        yield line_all(labels["__name__"], labels, [float(v) for _, v in series["values"]])


def victoriametrics_all(url, selector):
    rows = fetch(url + "/api/v1/export", {"match[]": selector}).splitlines()
    for series in map(json.loads, rows):
        # A stale marker is told as no number.
        values = [float(v) for v in series["values"] if v is not None]
        yield line_all(series["metric"]["__name__"], series["metric"], values)


def parse_only(path):
    with open(path, encoding="utf-8", newline="\n") as file:
        count = sum(len(family.samples) for family in openmetrics(file.read()))
    if count == 0:
        sys.exit("no samples in " + path)
    return []


def main(arguments):
    global decimal, unsigned_zero
    while arguments and arguments[0] in ("--decimal", "--unsigned-zero"):
        decimal = decimal or arguments[0] == "--decimal"
        unsigned_zero = unsigned_zero or arguments[0] == "--unsigned-zero"
        arguments = arguments[1:]
    verbs = {
        "expected": expected,
        "page": page,
        "prometheus": prometheus,
        "victoriametrics": victoriametrics,
        "openmetrics": parse_only,
        "expected-all": expected_all,
        "prometheus-all": prometheus_all,
        "victoriametrics-all": victoriametrics_all,
    }
    if not arguments or arguments[0] not in verbs:
        sys.exit(__doc__)
    show(verbs[arguments[0]](*arguments[1:]))


if __name__ == "__main__":
    urllib.request.install_opener(
        urllib.request.build_opener(urllib.request.ProxyHandler({})))
    main(sys.argv[1:])
