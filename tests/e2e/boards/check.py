# SPDX-License-Identifier: MIT
"""Checks of the dashboards and example queries. Prints "ok WHAT" or "not ok WHAT: WHY" for each.

check.py structure          the JSON itself: ids, places, texts, variables, every metric seen
check.py queries            prints every query, its variables filled in, as JSON lines
check.py families CATALOG   prints the metrics of pitot itself that its sources declare
check.py run URL TOTALS     every query against a Prometheus that holds what data.py wrote
check.py prefix URL PREFIX  every panel of a worker, with another prefix of its names"""

import json
import math
import re
import sys
import tomllib
import urllib.parse
import urllib.request
from itertools import combinations
from pathlib import Path

from data import END, TROUBLE

TOP = Path(__file__).resolve().parent.parent.parent.parent
CATALOGS = [tomllib.loads(path.read_text(encoding="utf-8"))
            for path in sorted((TOP / "alerting/catalog").glob("*.toml"))]
BOARDS = {path.relative_to(TOP / "alerting/dashboards"): json.loads(path.read_text("utf-8"))
          for path in sorted((TOP / "alerting/dashboards").glob("*/*.json"))}
QUIET = END - 7200  # nothing is wrong then
OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def tell(what, wrong):
    """One check: `wrong` says why it failed, or is empty."""
    print(f"not ok {what}: {wrong}" if wrong else f"ok {what}")


# ---- structure ----

def overlaps(panels):
    for one, other in combinations(panels, 2):
        a, b = one["gridPos"], other["gridPos"]
        if (a["x"] < b["x"] + b["w"] and b["x"] < a["x"] + a["w"]
                and a["y"] < b["y"] + b["h"] and b["y"] < a["y"] + a["h"]):
            yield f"panels {one['id']} and {other['id']}"


def missing(panels):
    for panel in panels:
        texts = [panel["title"], panel["description"], panel["fieldConfig"]["defaults"]["unit"],
                 *(target["legendFormat"] for target in panel["targets"])]
        if not all(texts) or not panel["targets"]:
            yield f"panel {panel['id']} lacks a text"
        if len({target["refId"] for target in panel["targets"]}) < len(panel["targets"]):
            yield f"panel {panel['id']} has a refId twice"


def unknown_variables(board):
    known = {variable["name"] for variable in board["templating"]["list"]}
    known |= {"__rate_interval", "__range"}
    return set(re.findall(r"\$\{?(\w+)", json.dumps(board))) - known - {"__all"}


def declared(catalog):
    """What pitot itself pushes: names in the sources that declare it."""
    names = set()
    for source in catalog.get("declared_in", []):
        code = (TOP / source).read_text(encoding="utf-8")
        names |= set(re.findall(r'"((?:batch_job|pitot|push)_\w*[a-z])"', code))
    return names


def structure():
    for name, board in BOARDS.items():
        panels = board["panels"]
        ids = [panel["id"] for panel in panels]
        tell(f"{name}: an id for each panel", "" if len(set(ids)) == len(ids) else str(ids))
        tell(f"{name}: no panel lies on another", "; ".join(overlaps(panels)))
        outside = [panel["id"] for panel in panels
                   if panel["gridPos"]["x"] + panel["gridPos"]["w"] > 24]
        tell(f"{name}: within 24 columns", outside)
        tell(f"{name}: texts, units, legends", "; ".join(missing(panels)))
        tell(f"{name}: variables exist", unknown_variables(board))
    uids = [board["uid"] for board in BOARDS.values()]
    tell("a uid for each dashboard, of 8 to 40 characters",
         "" if len(set(uids)) == len(uids) and all(8 <= len(uid) <= 40 for uid in uids) else uids)
    for name in sorted({path.name for path in BOARDS}):
        en, pt = BOARDS.get(Path("en") / name), BOARDS.get(Path("pt") / name)
        same = en and pt and [exprs_of(panel) for panel in en["panels"]] == [
            exprs_of(panel) for panel in pt["panels"]]
        tell(f"{name}: both languages ask the same", "" if same else "they do not")
        differ = same and en["description"] != pt["description"] and all(
            a["description"] != b["description"] for a, b in zip(en["panels"], pt["panels"]))
        tell(f"{name}: each in its language", "" if differ else "a text is the same")
    shown = " ".join(expr for board in BOARDS.values() for panel in board["panels"]
                     for expr in exprs_of(panel))
    for catalog in CATALOGS:
        for name in sorted(
                {metric["name"] for metric in catalog.get("metric", [])} | declared(catalog)
                | {name.removeprefix(catalog["prefix"]) for name in catalog.get("foreign", [])}):
            found = re.search(rf"(\}}|\b){name}(_total|_bucket|_sum)?\{{", shown)
            tell(f"{name} is seen in a panel", "" if found else "in none")


# ---- queries ----

def exprs_of(panel):
    return [target["expr"] for target in panel["targets"]]


def filled(expr, prefix, instance=".*", shown="24h"):
    for name, value in {"${prefix}": prefix, "$job": ".*", "$instance": instance,
                        "$__rate_interval": "1m", "$__range": shown}.items():
        expr = expr.replace(name, value)
    return expr


def panels_of(catalog):
    """Each panel of a catalogue with the JSON that is made of it."""
    made = {board["name"]: iter(BOARDS[Path("en") / f"{board['name']}.json"]["panels"])
            for board in catalog["dashboard"]}
    for panel in catalog["panel"]:
        yield panel, next(made[panel["dashboard"]])


def queries():
    """Every query of dashboards, examples and rules."""
    for name, board in BOARDS.items():
        for panel in board["panels"]:
            for expr in exprs_of(panel):
                yield f"{name}: {panel['title']}", filled(expr, "baileys_")
    for catalog in CATALOGS:
        for query in catalog.get("query", []):
            yield f"example: {query['about']}", query["expr"]
    for path in sorted((TOP / "alerting/rules").glob("*.yml")):
        text = path.read_text(encoding="utf-8")
        rules = re.findall(r"- alert: (\w+)\n +expr: \|\n((?: {10}.*\n)+)", text)
        if len(rules) != text.count("- alert:"):
            sys.exit(f"check.py: {path} is not read right")
        for alert, expr in rules:
            yield f"{path.name}: {alert}", expr


def ask(url, path, **arguments):
    query = urllib.parse.urlencode(arguments).encode()
    with OPENER.open(f"{url}/api/v1/{path}", data=query, timeout=60) as answer:
        return json.load(answer)["data"]["result"]


def at(url, expr, when):
    """The rows of an instant query: labels and value. NaN is what a quantile of nothing is."""
    rows = [(row["metric"], float(row["value"][1])) for row in ask(url, "query", query=expr,
                                                                   time=when)]
    return [row for row in rows if not math.isnan(row[1])]


def over(url, expr):
    """All values of the last six hours, as a panel asks for them."""
    rows = ask(url, "query_range", query=expr, start=END - 6 * 3600, end=END, step=60)
    return [float(value) for row in rows for _, value in row["values"] if value != "NaN"]


def judge(values, plausible):
    least, most = plausible
    if not values:
        return "no values"
    bad = [value for value in values if not least <= value <= most]
    return f"{bad[:3]} not within {least} to {most}" if bad else ""


def run(url, totals):
    for catalog in CATALOGS:
        for panel, made in panels_of(catalog):
            for number, expr in enumerate(exprs_of(made)):
                expr = filled(expr, catalog["prefix"])
                what = f"{panel['dashboard']}: {panel['title']}, query {number + 1}"
                values = [value for _, value in at(url, expr, END)]
                tell(what, judge(values, panel["plausible"]))
                if not made["targets"][number]["instant"]:
                    tell(f"{what}, over 6 hours", judge(over(url, expr), panel["plausible"]))
                other = at(url, filled(exprs_of(made)[number], catalog["prefix"], "nobody"), END)
                tell(f"{what}, of an instance that is not there",
                     [row for row in other if row[1] != 0])
        for query in catalog.get("query", []):
            rows = at(url, query["expr"], END)
            tell(f"example: {query['about']}",
                 judge([value for _, value in rows], query["plausible"]))
            if query.get("alarm", False):
                tell(f"example: {query['about']}, when nothing is wrong",
                     at(url, query["expr"], QUIET))
    for expr, wanted, tolerance in known(totals):
        rows = at(url, expr, END)
        value = rows[0][1] if len(rows) == 1 else math.nan
        close = abs(value - wanted) <= tolerance * abs(wanted)
        tell(f"{expr} is {wanted:.6g}", "" if close else f"found {rows[:3]}")


def known(totals):
    """Queries whose answers are known: query, value, part by which it may be off."""
    for name, counted in totals.items():
        total = sum(counted.values())
        yield f"sum(increase(baileys_{name}[24h]))", total, max(0.01, 1 / total)
    for label in ("text", "image"):
        yield (f'sum by (message_type) (increase(baileys_messages_received_total'
               f'{{message_type="{label}"}}[24h]))', totals["messages_received_total"][label], 0.01)
    for state, count in ((0, 3), (1, 3), (2, 84)):
        yield f"count(baileys_connection_state == {state})", count, 0
    yield "baileys_active_connections", 84, 0
    yield ('sum(rate(baileys_messages_sent_total{success="true"}[5m])) / '
           "sum(rate(baileys_messages_sent_total[5m])) * 100"), 96, 0.01
    yield "max(baileys_websocket_listeners_total)", 44, 0
    yield "baileys_uptime_seconds / 3600", 9, 0
    yield "max(baileys_adaptive_timeout_seconds * 1000)", 5000, 0
    yield "min(baileys_cache_hit_rate * 100)", 61, 1e-9
    yield 'deriv(baileys_memory_usage_bytes{type="heapUsed"}[10m])', 2 * 1048576, 0.3
    # Logarithms are normal around 0.8 s, so P95 is 0.8 * exp(0.8 * 1.645) = 3 s: somewhere in the
    # bucket from 2 to 5.
    yield ("histogram_quantile(0.95, sum by (le) "
           "(rate(baileys_buffer_flush_duration_seconds_bucket[5m])))"), 3.5, 0.42
    yield "sum(rate(baileys_buffer_flush_total[1m])) * 60", 21, 0.15
    yield f"count(baileys_adaptive_health_status == 0) * {END - TROUBLE}", END - TROUBLE, 0


def prefixed(url, prefix):
    for catalog in CATALOGS:
        if not catalog["prefix"]:
            continue
        for panel, made in panels_of(catalog):
            for expr in exprs_of(made):
                values = [value for _, value in at(url, filled(expr, prefix), END)]
                tell(f"{prefix} in {panel['dashboard']}: {panel['title']}",
                     judge(values, panel["plausible"]))


def main():
    what, *rest = sys.argv[1:]
    if what == "structure":
        structure()
    elif what == "queries":
        for name, expr in queries():
            print(json.dumps([name, expr]))
    elif what == "families":
        print(*sorted(set().union(*map(declared, CATALOGS)) | {"up"}))
    elif what == "run":
        run(rest[0], json.loads(Path(rest[1]).read_text(encoding="utf-8")))
    else:
        prefixed(*rest)


if __name__ == "__main__":
    main()
