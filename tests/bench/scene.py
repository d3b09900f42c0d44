# SPDX-License-Identifier: MIT
"""What the benchmarks of agents and commands share: a source to scrape, a receiver of remote write
that takes, hangs or is away, and how each agent is called. All on loopback."""
import collections
import ctypes
import http.server
import json
import math
import os
import pathlib
import random
import socket
import struct
import subprocess
import threading
import time

TOP = pathlib.Path(__file__).resolve().parent.parent.parent
TICK = os.sysconf("SC_CLK_TCK")
NUMBER = "bench_scrape"  # the gauge that numbers the pages


def pages(series):
    """Four pages of counters whose values differ."""
    made = []
    rng = random.Random(1)
    for turn in range(4):
        lines = ["# HELP req_total Requests.", "# TYPE req_total counter"]
        for i in range(series):
            lines.append(
                f'req_total{{method="GET",handler="/api/v1/things/{i % 500}",'
                f'code="{200 + i % 5}",shard="{i // 500}"}} {1000 + i * 7 + turn * rng.randrange(1, 50)}')
        made.append(("\n".join(lines) + "\n").encode())
    return made


class Quiet(http.server.BaseHTTPRequestHandler):
    """Speaks HTTP/1.1, and not to the terminal."""
    protocol_version = "HTTP/1.1"

    def log_message(self, *args):
        pass


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    allow_reuse_address = True

    def handle_error(self, request, client_address):
        pass  # clients that are killed leave in the middle


def serve(handler, port=0):
    server = Server(("127.0.0.1", port), handler)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    return server


class Source:
    """What is scraped: N series, and the number of the page."""

    def __init__(self, series):
        self.pages = pages(series)
        self.served = []  # numbers of pages that were written to the end
        self.open = True
        source = self

        class Handler(Quiet):
            def do_GET(self):
                source.answer(self)

        self.port = serve(Handler).server_port
        self.begun = 0

    def answer(self, handler):
        if not self.open:
            handler.send_error(503)
            return
        self.begun += 1
        number = self.begun
        page = self.pages[number % len(self.pages)] + f"# TYPE {NUMBER} gauge\n{NUMBER} {number}\n".encode()
        handler.send_response(200)
        handler.send_header("Content-Type", "text/plain; version=0.0.4")
        handler.send_header("Content-Length", str(len(page)))
        handler.end_headers()
        handler.wfile.write(page)
        self.served.append(number)

    def wait(self, more, seconds):
        """Until so many more pages were served; False if that took longer."""
        want, end = len(self.served) + more, time.monotonic() + seconds
        while len(self.served) < want and time.monotonic() < end:
            time.sleep(0.005)
        return len(self.served) >= want


class Sink:
    """A receiver of remote write, 1.0 and 2.0, that counts; with `numbers` it reads them, too."""

    def __init__(self, numbers=False):
        self.numbers = collections.Counter() if numbers else None
        self.bodies = self.bytes = 0
        self.first = None  # when the first body came that is large enough for samples of the source
        self.connections = set()
        self.back = threading.Event()
        self.back.set()
        sink = self

        class Handler(Quiet):
            def setup(self):
                super().setup()
                sink.connections.add(self.connection)

            def finish(self):
                sink.connections.discard(self.connection)
                super().finish()

            def do_POST(self):
                sink.answer(self)

        self.handler = Handler
        self.server = serve(Handler)
        self.port = self.server.server_port

    def answer(self, handler):
        body = handler.rfile.read(int(handler.headers["Content-Length"]))
        if not self.back.is_set():
            self.back.wait()  # hangs; what it read is forgotten
            handler.close_connection = True
            return
        self.bodies += 1
        self.bytes += len(body)
        newer = handler.headers.get("X-Prometheus-Remote-Write-Version", "").startswith("2")
        if self.first is None and len(body) > 2000:
            self.first = time.monotonic()
        if self.numbers is not None:
            self.numbers.update(numbers_in(expand(body), newer))
        handler.send_response(204)
        if newer:
            handler.send_header("X-Prometheus-Remote-Write-Samples-Written", "10000000")
        handler.end_headers()

    def hang(self):
        self.back.clear()

    def go_away(self):
        self.server.shutdown()
        self.server.server_close()
        for connection in list(self.connections):
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass  # it was closed meanwhile

    def come_back(self):
        if not self.back.is_set():
            self.back.set()
            return
        self.server = serve(self.handler, self.port)


# ---- reading requests: only as much as finds the numbers ----

SNAPPY = ctypes.CDLL("libsnappy.so.1")


def expand(body):
    length = ctypes.c_size_t()
    if SNAPPY.snappy_uncompressed_length(body, ctypes.c_size_t(len(body)), ctypes.byref(length)) != 0:
        raise ValueError("not compressed")
    plain = ctypes.create_string_buffer(max(length.value, 1))
    if SNAPPY.snappy_uncompress(body, ctypes.c_size_t(len(body)), plain, ctypes.byref(length)) != 0:
        raise ValueError("not compressed")
    return plain.raw[:length.value]


def varint(data, at):
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 127) << shift
        if byte < 128:
            return value, at
        shift += 7


def fields(data):
    at = 0
    while at < len(data):
        tag, at = varint(data, at)
        if tag & 7 == 0:
            value, at = varint(data, at)
        else:
            length, at = (8, at) if tag & 7 == 1 else varint(data, at)
            value, at = data[at:at + length], at + length
        yield tag >> 3, value


def numbers_in(plain, newer):
    """The numbers of the pages whose samples are in a request."""
    top = list(fields(plain))
    if newer:
        symbols = [value for field, value in top if field == 4]
        if NUMBER.encode() not in symbols:
            return
        index = symbols.index(NUMBER.encode())
        needle = bytes([index]) if index < 128 else bytes([index & 127 | 128, index >> 7])
    else:
        needle = NUMBER.encode()
    for field, series in top:
        if field != (5 if newer else 1) or needle not in series:
            continue
        parts = list(fields(series))
        if newer and index not in references(parts):
            continue
        for part, sample in parts:
            if part == 2:
                value = struct.unpack("<d", dict(fields(sample)).get(1, bytes(8)))[0]
                if not math.isnan(value):
                    yield int(value)


def references(parts):
    found = []
    for part, packed in parts:
        at = 0
        while part == 1 and at < len(packed):
            value, at = varint(packed, at)
            found.append(value)
    return found


# ---- agents ----

def usage(pid):
    """CPU seconds so far, and MB of resident memory."""
    stat = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    status = pathlib.Path(f"/proc/{pid}/status").read_text()
    rss = int(status.split("VmRSS:")[1].split()[0]) / 1024 if "VmRSS:" in status else 0
    return (int(stat[11]) + int(stat[12])) / TICK, rss


def server_path(name):
    return subprocess.run([TOP / "scripts/servers", "path", name], check=True, capture_output=True,
                          text=True).stdout.strip()


def agent_command(name, folder, source, sink, interval, pitot, spool=False):
    """NAME is pitot, vmagent or prometheus, with -1 or -2 for the version of remote write."""
    url = f"http://127.0.0.1:{sink}/api/v1/write"
    jobs = [{"job_name": "bench", "static_configs": [{"targets": [f"127.0.0.1:{source}"]}]}]
    config = {"global": {"scrape_interval": f"{interval}s", "scrape_timeout": f"{min(interval, 5)}s"},
              "scrape_configs": jobs if source else []}
    path = folder / "config.json"  # JSON is YAML
    if name == "vmagent":
        path.write_text(json.dumps(config))
        return [server_path("vmagent-new"), f"-promscrape.config={path}", f"-remoteWrite.url={url}",
                f"-remoteWrite.tmpDataPath={folder}/data", "-httpListenAddr=127.0.0.1:0",
                "-remoteWrite.forcePromProto"]
    message = "io.prometheus.write.v2.Request" if name.endswith("2") else "prometheus.WriteRequest"
    config["remote_write"] = [{"url": url, "protobuf_message": message}]
    if name.startswith("prometheus"):
        path.write_text(json.dumps(config))
        return [server_path("prometheus-new"), "--agent", f"--config.file={path}",
                f"--storage.agent.path={folder}/data", "--web.listen-address=127.0.0.1:0"]
    if spool:
        config["spool"] = {"directory": f"{folder}/spool"}
    path.write_text(json.dumps(config))
    return [pitot, "agent", "--config", str(path), "--log-level", "warn"]


def start(command, log=None):
    return subprocess.Popen(command, stdout=subprocess.DEVNULL,
                            stderr=open(log, "ab") if log else subprocess.DEVNULL)


def stop(process, seconds=10):
    """SIGTERM, and SIGKILL when that is not enough; how long it took, None if it had to be killed."""
    begun = time.monotonic()
    process.terminate()
    try:
        process.wait(timeout=seconds)
        return time.monotonic() - begun
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
        return None


def cell(value, form):
    return "-" if value is None else format(value, form)
