# SPDX-License-Identifier: MIT
"""Reads a text with the Python client's parsers and prints each sample, sorted, in plain bytes.

usage: peer.py text|openmetrics FILE
A line is the name, then name=value of each label (the value in hex), then the value's bits.
"""
import struct
import sys

from prometheus_client import parser
from prometheus_client.openmetrics import parser as openmetrics_parser

READERS = {
    "text": parser.text_string_to_metric_families,
    "openmetrics": openmetrics_parser.text_string_to_metric_families,
}

with open(sys.argv[2], encoding="utf-8", newline="") as source:
    families = list(READERS[sys.argv[1]](source.read()))
lines = []
for family in families:
    for sample in family.samples:
        words = [sample.name]
        for name, value in sorted(sample.labels.items()):
            words.append(name + "=" + value.encode().hex())
        value = float(sample.value)
        words.append("NaN" if value != value else struct.pack(">d", value).hex())
        lines.append(" ".join(words))
print("\n".join(sorted(lines)))
