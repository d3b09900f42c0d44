#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Remote-write requests made by hand, right and wrong, against `pitot sink`.

usage: sink_cases.py PITOT

Each case has a sink of its own. Prints "ok - WHAT" or "not ok - WHAT: why" for each; the exit
status is 0 unless the sink cannot be run.
"""

import http.client
import os
import signal
import struct
import subprocess
import sys
import tempfile
import time

NOW = int(time.time() * 1000)
STALE = struct.pack("<Q", 0x7FF0000000000002)
NAN = struct.pack("<Q", 0x7FF8000000000001)
HEAD = {
    "Content-Type": "application/x-protobuf",
    "Content-Encoding": "snappy",
    "X-Prometheus-Remote-Write-Version": "0.1.0",
    "User-Agent": "cases/1.0",
}


def varint(number):
    number &= (1 << 64) - 1
    out = b""
    while number > 127:
        out += bytes([number & 127 | 128])
        number >>= 7
    return out + bytes([number])


def field(number, body):
    return varint(number << 3 | 2) + varint(len(body)) + body


def text(word):
    return word if isinstance(word, bytes) else word.encode()


def sample(value=1.0, when=NOW):
    bits = value if isinstance(value, bytes) else struct.pack("<d", value)
    return b"\x09" + bits + b"\x10" + varint(when)


def series(*labels, samples=None):
    body = b"".join(field(1, field(1, text(n)) + field(2, text(v))) for n, v in labels)
    return field(1, body + b"".join(field(2, s) for s in samples or [sample()]))


def up(*labels, **more):
    return series(("__name__", "up"), *labels, **more)


def snappy(plain):
    out = varint(len(plain))
    for at in range(0, len(plain), 60):
        part = plain[at : at + 60]
        out += bytes([(len(part) - 1) << 2]) + part
    return out


def write(message, path="/api/v1/write", method="POST", body=None, **changes):
    head = {**HEAD, **{name.replace("_", "-"): value for name, value in changes.items()}}
    head = [(name, value) for name, value in head.items() if value is not None]
    return method, path, head, snappy(message) if body is None else body


# ---- 2.0 ----

SYMBOLS = ["", "__name__", "up", "job", "a", "Up.", "trace_id"]


def series2(refs=(1, 2, 3, 4), samples=None, natives=(), exemplars=(), described=b"\x08\x01"):
    body = field(1, b"".join(varint(ref) for ref in refs))
    body += b"".join(field(2, s) for s in ([sample()] if samples is None else samples))
    body += b"".join(field(3, n) for n in natives) + b"".join(field(4, e) for e in exemplars)
    return body + (b"" if described is None else field(5, described))


def message2(*lists, symbols=SYMBOLS):
    return b"".join(field(4, text(s)) for s in symbols) + b"".join(field(5, s) for s in lists)


def write2(message, **changes):
    changes.setdefault("X_Prometheus_Remote_Write_Version", "2.0.0")
    return write(message,
        Content_Type="application/x-protobuf;proto=io.prometheus.write.v2.Request", **changes)


def since(start, when=NOW):
    return sample(1.0, when) + b"\x18" + varint(start)


def exemplar2(refs=(6, 4), when=NOW):
    body = field(1, b"".join(varint(ref) for ref in refs)) + b"\x11" + struct.pack("<d", 1)
    return body + (b"\x18" + varint(when) if when else b"")


def zigzag(number):
    return varint(number << 1 if number >= 0 else (-number << 1) - 1)


def native(count=3, schema=0, span=(0, 2), deltas=(2, -1), zero=0, bounds=(), when=NOW):
    body = b"\x08" + varint(count) + b"\x19" + struct.pack("<d", 4) + b"\x20" + zigzag(schema)
    body += b"\x30" + varint(zero)
    body += field(11, b"\x08" + zigzag(span[0]) + b"\x10" + varint(span[1]))
    body += field(12, b"".join(zigzag(d) for d in deltas)) + b"\x78" + varint(when)
    return body + (field(16, struct.pack(f"<{len(bounds)}d", *bounds)) if bounds else b"")


def natives2(*args, **more):
    return write2(message2(series2(samples=[], natives=[native(*args, **more)],
        described=b"\x08\x03")))


def native1(*args, **more):
    return field(1, field(1, field(1, b"__name__") + field(2, b"h")) +
        field(4, native(*args, **more)))


GOOD2 = message2(series2())
GOOD = up(("job", "a"))
TWICE = up(samples=[sample(1, NOW), sample(2, NOW + 1)])
# what, options, requests, statuses, the rules that are told
CASES = [
    ("a good request", [], [write(GOOD)], [204], []),
    ("all well-known paths", [], [write(up(("n", str(i))), path) for i, path in enumerate(
        ("/api/v1/write", "/api/v1/push", "/api/prom/push", "/api/v1/receive", "/x/remote_write",
         "/api/v1/write?tenant=a"))], [204] * 6, []),
    ("an empty request", [], [write(b"")], [204], []),
    ("special values", [], [write(up(samples=[sample(v)])) for v in
        (0.0, -0.0, 5e-324, float("inf"), float("-inf"), NAN)], [204] * 6, []),
    ("a stale marker after a sample", [],
        [write(GOOD), write(up(("job", "a"), samples=[sample(STALE, NOW + 1)]))], [204] * 2, []),
    ("metadata", [], [write(field(3, b"\x08\x01" + field(2, b"up") + field(4, b"Up.")))],
        [204], []),
    ("a canonical le", [], [write(up(("le", "1.0"))), write(up(("le", "+Inf")))], [204] * 2, []),
    ("GET", [], [write(GOOD, method="GET")], [405], ["remote-write 1"]),
    ("slashes in the path", [], [write(GOOD, "//api/v1/write")], [204], ["remote-write 1"]),
    ("no Content-Encoding", [], [write(GOOD, Content_Encoding=None)], [400], ["remote-write 2"]),
    ("gzip", [], [write(GOOD, Content_Encoding="gzip")], [415], ["remote-write 2"]),
    ("framed snappy", [], [write(b"", body=b"\xff\x06\x00\x00sNaPpY" + GOOD)], [400],
        ["remote-write 2"]),
    ("not snappy", [], [write(b"", body=b"\x05hello")], [400], ["remote-write 2"]),
    ("a block that claims 4 GiB", [], [write(b"", body=b"\xff\xff\xff\xff\x0f\x00")], [400],
        ["remote-write 26"]),
    ("a space in the Content-Type", [],
        [write(GOOD, Content_Type="application/x-protobuf; proto=prometheus.WriteRequest")],
        [415], ["remote-write 3"]),
    ("the long Content-Type", [],
        [write(GOOD, Content_Type="application/x-protobuf;proto=prometheus.WriteRequest")],
        [204], []),
    ("2.0", [], [write2(GOOD2)], [204], []),
    ("2.0 with everything", [], [write2(message2(
        series2(samples=[since(NOW - 5)], exemplars=[exemplar2()], described=b"\x08\x01\x18\x05"),
        series2((1, 4), [], [native()], described=b"\x08\x03")))], [204], []),
    ("2.0 where only 1.0 is accepted", ["--accept=1.0"], [write2(GOOD2), write(GOOD)], [415, 204],
        []),
    ("1.0 where only 2.0 is accepted", ["--accept=2.0"], [write2(GOOD2), write(GOOD)], [204, 415],
        []),
    ("2.0 without Written headers", ["--script=no-written"], [write2(GOOD2)], [204], []),
    ("2.0, less written than sent", ["--script=written/0"], [write2(GOOD2)], [204], []),
    ("2.0 as 1.0", [], [write2(GOOD2, X_Prometheus_Remote_Write_Version="0.1.0")], [204],
        ["remote-write 4"]),
    ("a message of 1.0 as one of 2.0", [], [write2(GOOD)], [400],
        ["remote-write 9", "remote-write 10"]),
    ("no first symbol", [], [write2(message2(series2((0, 1, 2, 3)), symbols=SYMBOLS[1:]))], [400],
        ["remote-write 10"]),
    ("a symbol twice", [], [write2(message2(series2(), symbols=SYMBOLS + ["a"]))], [400],
        ["remote-write 10"]),
    ("a reference that leads nowhere", [], [write2(message2(series2((1, 2, 3, 7))))], [400],
        ["remote-write 11", "remote-write 14"]),
    ("a help that leads nowhere", [], [write2(message2(series2(described=b"\x08\x01\x18\x63")))],
        [400], ["remote-write 11"]),
    ("an odd number of references", [], [write2(message2(series2((1, 2, 3))))], [400],
        ["remote-write 11"]),
    ("a sample and a histogram", [], [write2(message2(series2(natives=[native()],
        described=b"\x08\x03")))], [204], ["remote-write 12"]),
    ("a gauge with a start time", [], [write2(message2(series2(samples=[since(NOW - 5)],
        described=b"\x08\x02")))], [204], ["remote-write 21"]),
    ("a start time behind the sample's", [], [write2(message2(series2(samples=[since(NOW + 5)])))],
        [204], ["remote-write 21"]),
    ("a start time that goes back", [], [write2(message2(series2(samples=[since(NOW - 5)]))),
        write2(message2(series2(samples=[since(NOW - 6, NOW + 1)])))], [204, 204],
        ["remote-write 21"]),
    ("an exemplar without a time", [], [write2(message2(series2(exemplars=[exemplar2(when=0)])))],
        [400], ["remote-write 22"]),
    ("an exemplar that is too long", [], [write2(message2(series2(exemplars=[exemplar2((6, 7))]),
        symbols=SYMBOLS + ["x" * 121]))], [400], ["remote-write 22"]),
    ("an exemplar of the greatest length", [], [write2(message2(
        series2(exemplars=[exemplar2((6, 7))]), symbols=SYMBOLS + ["\u00e4" * 120]))], [204], []),
    ("an exemplar of 1.0", [], [write(field(1, field(1, field(1, b"__name__") + field(2, b"a")) +
        field(2, sample()) + field(3, field(1, field(1, b"id") + field(2, b"x")) + b"\x11" +
        struct.pack("<d", 1) + b"\x18" + varint(NOW))))], [204], []),
    ("no metadata", [], [write2(message2(series2(described=None)))], [204], ["remote-write 23"]),
    ("a type that does not exist", [], [write2(message2(series2(described=b"\x08\x09")))], [204],
        ["remote-write 23"]),
    ("metadata beside series", [], [write(GOOD + field(3, b"\x08\x01" + field(2, b"up")))],
        [204], ["remote-write 23"]),
    ("a native histogram of 1.0", [], [write(native1())], [204], []),
    ("floats and histograms in 1.0", [], [write(GOOD + native1())], [204], ["remote-write 24"]),
    ("a count that is not that of the buckets", [], [natives2(4)], [400], ["remote-write 24"]),
    ("a bucket below zero", [], [natives2(deltas=(2, -3))], [400], ["remote-write 24"]),
    ("spans that do not fit", [], [natives2(span=(0, 3))], [400], ["remote-write 24"]),
    ("an unknown schema", [], [natives2(schema=9)], [400], ["remote-write 24"]),
    ("custom bounds", [], [natives2(schema=-53, bounds=(1, 2))], [204], []),
    ("custom bounds that do not rise", [], [natives2(schema=-53, bounds=(2, 2))], [400],
        ["remote-write 24"]),
    ("a custom bucket behind the last", [], [natives2(schema=-53, span=(2, 2), bounds=(1, 2))],
        [400], ["remote-write 24"]),
    ("custom bounds in 1.0", [], [write(native1(schema=-53))], [400],
        ["remote-write 24", "remote-write 25"]),
    ("no version", [], [write(GOOD, X_Prometheus_Remote_Write_Version=None)], [204],
        ["remote-write 4"]),
    ("no User-Agent", [], [write(GOOD, User_Agent=None)], [204], ["remote-write 5"]),
    ("a User-Agent without version", [], [write(GOOD, User_Agent="curl")], [204],
        ["remote-write 5"]),
    ("a header twice", [], [("POST", "/api/v1/write", [*HEAD.items(), ("User-Agent", "b/1")],
                             snappy(GOOD))], [204], ["remote-write 6"]),
    ("chunks", [], [write(GOOD, Transfer_Encoding="chunked")], [204], ["remote-write 7"]),
    ("a Retry-Attempt that is no number", [], [write(GOOD, Retry_Attempt="0")], [204],
        ["remote-write 8"]),
    ("a retry as it should be", ["--script=503 reset 500"],
        [write(GOOD), 0.05, write(GOOD, Retry_Attempt="1"), write(GOOD, Retry_Attempt="2"), 0.05,
         write(GOOD, Retry_Attempt="3")], [503, 0, 500, 204], []),
    ("a retry that says nothing", ["--script=503"], [write(GOOD), 0.05, write(GOOD)], [503, 204],
        ["remote-write 8"]),
    ("a library sends again by itself", ["--script=503 close"],
        [write(GOOD), 0.05, write(GOOD, Retry_Attempt="1"), write(GOOD, Retry_Attempt="1")],
        [503, 0, 204], []),
    ("a retry that counts backwards", ["--script=503 503"],
        [write(GOOD), 0.05, write(GOOD, Retry_Attempt="2"), 0.05, write(GOOD, Retry_Attempt="2")],
        [503, 503, 204], ["remote-write 8"]),
    ("fields of version 2", [], [write(field(4, b"") + field(5, b"\x0a\x00"))], [400],
        ["remote-write 9"]),
    ("not protobuf", [], [write(b"\x0a\xff")], [400], ["remote-write 9"]),
    ("a series without samples", [], [write(field(1, field(1, field(1, b"__name__") +
                                                           field(2, b"up"))))], [204],
        ["remote-write 12"]),
    ("no __name__", [], [write(series(("job", "a")))], [400], ["remote-write 13"]),
    ("an invalid name", [], [write(series(("__name__", "a.b")))], [400], ["remote-write 13"]),
    ("an invalid label", [], [write(up(("a.b", "x")))], [400], ["remote-write 13"]),
    ("labels not sorted", [], [write(up(("b", "x"), ("a", "x")))], [400], ["remote-write 13"]),
    ("a label twice", [], [write(up(("a", "x"), ("a", "y")))], [400], ["remote-write 13"]),
    ("not UTF-8", [], [write(up(("a", b"\xff")))], [400], ["remote-write 13"]),
    ("an empty label", [], [write(up(("a", "")))], [400], ["remote-write 14"]),
    ("seconds for milliseconds", [], [write(up(samples=[sample(1, NOW // 1000)]))], [204],
        ["remote-write 15"]),
    ("time runs backwards in a request", [],
        [write(up(samples=[sample(1, NOW), sample(2, NOW - 1)]))], [400], ["remote-write 15"]),
    ("time runs backwards across requests", [],
        [write(GOOD), write(up(("job", "a"), samples=[sample(1, NOW - 1)]))], [204, 400],
        ["remote-write 15"]),
    ("two samples in order", [], [write(TWICE)], [204], []),
    ("the future", [], [write(up(samples=[sample(1, NOW + 3600000)]))], [400],
        ["remote-write 16"]),
    ("another NaN", [], [write(up(samples=[sample(struct.pack("<Q", 0x7FF8000000000000))]))],
        [204], ["remote-write 17"]),
    ("a stale marker that is not newer", [],
        [write(GOOD), write(up(("job", "a"), samples=[sample(STALE)]))], [204, 204],
        ["remote-write 18"]),
    ("a stale marker comes first", [], [write(up(samples=[sample(STALE)]))], [204],
        ["remote-write 19"]),
    ("le that is not canonical", [], [write(up(("le", "1")))], [204], ["remote-write 20"]),
    ("quantile that is no number", [], [write(up(("quantile", "x")))], [204],
        ["remote-write 20"]),
    ("a request above the limit", ["--max-request=10"], [write(GOOD)], [400],
        ["remote-write 26"]),
    ("a retry after 400", ["--script=400"], [write(GOOD), 0.05, write(GOOD, Retry_Attempt="1")],
        [400, 204], ["remote-write 28"]),
    ("a retry after 429", ["--script=429"], [write(GOOD), 0.05, write(GOOD, Retry_Attempt="1")],
        [429, 204], []),
    ("a retry without a wait", ["--script=500/0"], [write(GOOD), write(GOOD, Retry_Attempt="1")],
        [500, 204], ["remote-write 29"]),
    ("a retry before Retry-After", ["--script=429/1"],
        [write(GOOD), 0.05, write(GOOD, Retry_Attempt="1")], [429, 204], ["remote-write 30"]),
    ("a retry after Retry-After", ["--script=429/1"],
        [write(GOOD), 1.1, write(GOOD, Retry_Attempt="1")], [429, 204], []),
]


def send(port, request):
    """The status of the answer, 0 if there is none."""
    method, path, head, body = request
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    chunked = any(name == "Transfer-Encoding" for name, _ in head)
    try:
        connection.putrequest(method, path, skip_accept_encoding=True)
        for name, value in head:
            connection.putheader(name, value)
        if not chunked:
            connection.putheader("Content-Length", str(len(body)))
        connection.endheaders(body, encode_chunked=chunked)
        return connection.getresponse().status
    except (ConnectionError, http.client.HTTPException):
        return 0
    finally:
        connection.close()


def run(pitot, options, requests):
    """The statuses, what the sink said on stderr, and its exit status."""
    with tempfile.TemporaryFile("w+") as errors:
        sink = subprocess.Popen(
            [pitot, "sink", "--print=none", "--timeout=60s", *options],
            stdout=subprocess.PIPE, stderr=errors, text=True)
        try:
            port = int(sink.stdout.readline().rsplit(":", 1)[1])
            statuses = []
            for request in requests:
                if isinstance(request, float):
                    time.sleep(request)
                else:
                    statuses.append(send(port, request))
        finally:
            sink.send_signal(signal.SIGTERM)
            code = sink.wait(timeout=20)
            sink.stdout.close()
        errors.seek(0)
        return statuses, errors.read(), code


def problem(case, pitot):
    _, options, requests, expected, rules = case
    statuses, errors, code = run(pitot, options, requests)
    told = {" ".join(line.split(":")[1].split()[1:3]) for line in errors.splitlines()
            if "VIOLATION" in line}
    if statuses != expected:
        return f"expected the answers {expected}, found {statuses}; {errors}"
    if told != set(rules):
        return f"expected the rules {rules}, found {sorted(told)}; {errors}"
    if code != (1 if rules else 0):
        return f"exit status {code}; {errors}"
    return None


def main():
    if len(sys.argv) != 2 or not os.access(sys.argv[1], os.X_OK):
        sys.exit(__doc__)
    for case in CASES:
        wrong = problem(case, sys.argv[1])
        print(f"not ok - {case[0]}: {' / '.join(wrong.splitlines())}" if wrong
              else f"ok - {case[0]}", flush=True)


main()
