# SPDX-License-Identifier: MIT
"""The dashboards of a catalogue, for scripts/catalog: what a `dashboard`, a `panel` and a `query`
are to hold, and the JSON that Grafana imports, once in each language. A catalogue holds plain
PromQL; a query gets the variables of a dashboard here. Mistakes go to the catalogue's `fail`."""

import json
import re

LANGUAGES = ("en", "pt")
KEYS = {
    "dashboard": ({"name", "title", "title_pt", "description", "description_pt", "over", "from"},
                  {"header"}),
    "panel": ({"dashboard", "kind", "title", "title_pt", "description", "description_pt", "unit",
               "exprs", "legends", "plausible"},
              {"legends_pt", "width", "height", "min", "max", "decimals", "stack", "thresholds",
               "values", "right_unit", "sparse"}),
    "query": ({"about", "about_pt", "expr", "plausible"}, {"alarm"}),
}
# What the value of a key is; of all others a text.
NUMBER, TEXTS = (int, float), "texts"
SHAPES = {"exprs": TEXTS, "legends": TEXTS, "legends_pt": TEXTS, "plausible": list,
          "thresholds": list, "values": list, "width": int, "height": int, "decimals": int,
          "labels": TEXTS, "buckets": list, "expire_seconds": int, "max_label_sets": int,
          "fires": TEXTS, "quiet": TEXTS, "at": int, "begins": NUMBER,
          "min": NUMBER, "max": NUMBER, "stack": bool, "sparse": bool, "alarm": bool}
TOP_SHAPES = {"label": dict, "metric": list, "alert": list, "dashboard": list, "panel": list,
              "query": list, "declared_in": TEXTS, "foreign": TEXTS, "foreign_labels": TEXTS}
NAMES = {str: "a text, not empty", TEXTS: "a list of texts", list: "a list", int: "a whole number",
         NUMBER: "a number", bool: "true or false", dict: "a table"}
KINDS = ("timeseries", "stat", "piechart", "state-timeline", "bargauge", "heatmap")
INSTANT = ("piechart", "bargauge")  # they show one value of each series, not its course
# Grafana's ids of the units that are used here; it shows one that it does not know as a word.
UNITS = ("short", "s", "ms", "bytes", "Bps", "percent", "percentunit", "cps", "cpm", "ops", "mps",
         "eps", "dtdurations", "dateTimeAsIso", "dateTimeFromNow")
COLORS = ("green", "yellow", "orange", "red", "blue", "purple", "gray")
COLUMNS = 24
SELECTOR = 'job=~"$job",instance=~"$instance"'
WORDS = {
    "prefix": ("Prefix of the names", "Prefixo dos nomes"),
    "datasource": ("Data source", "Fonte de dados"),
    "job": ("Job", "Job"),
    "instance": ("Instance", "Instância"),
    "links": ("Other dashboards", "Outros painéis"),
}


# ---- what a catalogue may say ----

def check(catalog):
    """All dashboards, panels and queries of a catalogue."""
    names = [board.get("name") for board in catalog.dashboards]
    for i, board in enumerate(catalog.dashboards):
        check_dashboard(catalog, ("dashboard", i), board, names)
    for i, panel in enumerate(catalog.panels):
        check_panel(catalog, ("panel", i), panel, names)
    for i, query in enumerate(catalog.queries):
        place = ("query", i)
        catalog.check_keys(place, "query", query)
        check_plausible(catalog, place, query)
        catalog.check_names(place + ("expr",), query["expr"])


def misfit(key, value, shapes):
    """What the value of a key is to be, if it is something else."""
    shape = shapes.get(key, str)
    if shape is TEXTS:
        fits = isinstance(value, list) and all(isinstance(text, str) for text in value)
    else:
        fits = (isinstance(value, shape) and (shape is bool or not isinstance(value, bool))
                and (value != "" or key == "prefix"))
    return "" if fits else NAMES[shape]


def check_dashboard(catalog, place, board, names):
    catalog.check_keys(place, "dashboard", board)
    name = board["name"]
    if not re.fullmatch(r"[a-z]+(-[a-z]+)*", name):
        catalog.fail(place + ("name",), f"{name}: is not a name of a dashboard")
    if len(uid(catalog, name, "en")) > 40:
        catalog.fail(place + ("name",), f"{name}: is too long for an id of 40 characters")
    if names.count(name) > 1 and names.index(name) < place[1]:
        catalog.fail(place + ("name",), f"{name}: is there twice")
    if not any(panel.get("dashboard") == name for panel in catalog.panels):
        catalog.fail(place, f"{name}: has no panel")
    catalog.check_names(place + ("over",), board["over"])


def check_panel(catalog, place, panel, names):
    catalog.check_keys(place, "panel", panel)
    check_choice(catalog, place, panel, "dashboard", names)
    check_choice(catalog, place, panel, "kind", KINDS)
    check_choice(catalog, place, panel, "unit", UNITS)
    if "right_unit" in panel:
        check_choice(catalog, place, panel, "right_unit", UNITS)
    for key in ("description", "description_pt"):
        if not panel[key].endswith("."):
            catalog.fail(place + (key,), f"{key}: is a sentence, with a full stop")
    if not panel["exprs"]:
        catalog.fail(place + ("exprs",), "exprs: a panel needs a query")
    for key in ("legends", "legends_pt"):
        if len(panel.get(key, panel["exprs"])) != len(panel["exprs"]):
            catalog.fail(place + (key,), f"{key}: as many as there are queries")
    for expr in panel["exprs"]:
        catalog.check_names(place + ("exprs",), expr)
    for legend in panel["legends"] + panel.get("legends_pt", []):
        for label in re.findall(r"\{\{(\w+)\}\}", legend):
            catalog.check_label_name(place + ("legends",), label)
    if not 0 < panel.get("width", 8) <= COLUMNS:
        catalog.fail(place + ("width",), f"width: 1 to {COLUMNS}")
    if panel.get("height", 8) < 1:
        catalog.fail(place + ("height",), "height: at least 1")
    check_plausible(catalog, place, panel)
    check_thresholds(catalog, place + ("thresholds",), panel.get("thresholds", ["green"]))
    for row in panel.get("values", []):
        if not isinstance(row, list) or len(row) != 4 or row[1] not in COLORS:
            catalog.fail(place + ("values",), "values: a number, a colour, a word in each language")


def check_choice(catalog, place, table, key, choices):
    if table[key] not in choices:
        catalog.fail(place + (key,), f"{table[key]}: {key} is one of {', '.join(choices)}")


def check_plausible(catalog, place, table):
    """The range in which values of a worker in use are, which the tests look for."""
    bounds = table["plausible"]
    if (len(bounds) != 2 or not all(isinstance(bound, NUMBER) for bound in bounds)
            or bounds[0] > bounds[1]):
        catalog.fail(place + ("plausible",), "plausible: the least and the most")


def check_thresholds(catalog, place, steps):
    """A colour, then as often as wanted a number and the colour from there on."""
    limits = steps[1::2]
    if (len(steps) % 2 == 0 or any(color not in COLORS for color in steps[::2])
            or not all(isinstance(limit, NUMBER) for limit in limits)
            or limits != sorted(set(limits))):
        catalog.fail(place, "thresholds: a colour, then rising numbers, each with a colour")


# ---- queries ----

def with_variables(catalog, expr):
    """The query with the dashboard's choice of job and instance at each metric, and its prefix."""
    def replaced(match):
        name, labels = match["name"], match["labels"]
        if name is None or not catalog.knows(name):
            return match[0]
        if catalog.prefix and name.startswith(catalog.prefix):
            name = "${prefix}" + name.removeprefix(catalog.prefix)
        return name + "{" + SELECTOR + ("," + labels if labels else "") + "}"
    return re.sub(r'"[^"]*"|\$\w+|\b(?P<name>[a-z]\w*)\b(?!\s*\()(\{(?P<labels>[^}]*)\})?',
                  replaced, expr)


# ---- JSON ----

def in_language(table, key, language):
    return table.get(key if language == "en" else f"{key}_{language}", table[key])


def word(key, language):
    return WORDS[key][LANGUAGES.index(language)]


def uid(catalog, name, language):
    return f"{catalog.kit}-{name}-{language}"


def source():
    return {"type": "prometheus", "uid": "${datasource}"}


def text_variable(name, value, language):
    option = {"selected": True, "text": value, "value": value}
    return {"name": name, "type": "textbox", "label": word(name, language), "query": value,
            "current": option, "options": [option]}


def label_variable(name, query, language):
    return {"name": name, "type": "query", "label": word(name, language), "datasource": source(),
            "query": query, "includeAll": True, "allValue": ".*", "multi": True, "refresh": 2,
            "sort": 1, "current": {"text": ["All"], "value": ["$__all"]}}


def variables(catalog, board, language):
    over = board["over"]
    made = [{"name": "datasource", "type": "datasource", "label": word("datasource", language),
             "query": "prometheus"}]
    if catalog.prefix:
        made.append(text_variable("prefix", catalog.prefix, language))
        over = "${prefix}" + over.removeprefix(catalog.prefix)
    return made + [
        label_variable("job", f"label_values({over}, job)", language),
        label_variable("instance", f'label_values({over}{{job=~"$job"}}, instance)', language)]


def target(catalog, panel, number, language):
    instant = panel["kind"] in INSTANT
    return {"refId": "ABCDEFGH"[number], "datasource": source(), "editorMode": "code",
            "expr": with_variables(catalog, panel["exprs"][number].strip()),
            "legendFormat": in_language(panel, "legends", language)[number],
            "format": "heatmap" if panel["kind"] == "heatmap" else "time_series",
            "instant": instant, "range": not instant}


def thresholds(panel):
    steps = panel.get("thresholds", ["green"])
    made = [{"color": steps[0], "value": None}]
    made += [{"color": color, "value": at} for at, color in zip(steps[1::2], steps[2::2])]
    return {"mode": "absolute", "steps": made}


def custom(panel):
    """What the kind of panel adds to each of its fields."""
    kind = panel["kind"]
    if kind == "state-timeline":
        return {"lineWidth": 0, "fillOpacity": 80}
    if kind != "timeseries":
        return {}
    stack = panel.get("stack", False)
    made = {"drawStyle": "line", "lineWidth": 1, "fillOpacity": 30 if stack else 10,
            "showPoints": "auto", "spanNulls": panel.get("sparse", False),
            "stacking": {"mode": "normal" if stack else "none", "group": "A"}}
    if "thresholds" in panel:
        made["thresholdsStyle"] = {"mode": "dashed"}
    return made


def colors(panel):
    """By threshold or by meaning where one value is shown, else each series its own."""
    if panel["kind"] in ("stat", "bargauge", "state-timeline"):
        return {"mode": "thresholds"}
    return {"mode": "palette-classic"}


def fields(panel, language):
    defaults = {"unit": panel["unit"], "color": colors(panel), "thresholds": thresholds(panel)}
    defaults |= {key: panel[key] for key in ("min", "max", "decimals") if key in panel}
    if "values" in panel:
        options = {str(value): {"color": color, "index": i,
                                "text": words[LANGUAGES.index(language)]}
                   for i, (value, color, *words) in enumerate(panel["values"])}
        defaults["mappings"] = [{"type": "value", "options": options}]
    if custom(panel):
        defaults["custom"] = custom(panel)
    overrides = []
    if "right_unit" in panel:  # the last query has a scale of its own
        last = "ABCDEFGH"[len(panel["exprs"]) - 1]
        overrides.append({"matcher": {"id": "byFrameRefID", "options": last}, "properties": [
            {"id": "unit", "value": panel["right_unit"]},
            {"id": "custom.axisPlacement", "value": "right"}]})
    return {"defaults": defaults, "overrides": overrides}


def options(panel):
    kind = panel["kind"]
    reduce = {"calcs": ["lastNotNull"], "fields": "", "values": False}
    legend = {"showLegend": True, "displayMode": "list", "placement": "bottom", "calcs": []}
    tooltip = {"mode": "multi", "sort": "desc"}
    if kind == "timeseries":
        return {"legend": legend | {"displayMode": "table", "calcs": ["lastNotNull", "max"]},
                "tooltip": tooltip}
    if kind == "stat":
        course = "values" not in panel and not panel["unit"].startswith("dateTime")
        return {"reduceOptions": reduce, "orientation": "auto", "textMode": "auto",
                "colorMode": "background", "graphMode": "area" if course else "none",
                "justifyMode": "auto", "wideLayout": True, "showPercentChange": False,
                "percentChangeColorMode": "standard"}
    if kind == "piechart":
        return {"reduceOptions": reduce, "pieType": "donut", "sort": "desc", "orientation": "auto",
                "displayLabels": ["percent"], "tooltip": tooltip | {"mode": "single"},
                "legend": legend | {"displayMode": "table", "placement": "right",
                                    "values": ["value", "percent"]}}
    if kind == "state-timeline":
        return {"legend": legend, "tooltip": tooltip, "mergeValues": True, "rowHeight": 0.9,
                "showValue": "auto", "alignValue": "left"}
    if kind == "bargauge":
        return {"reduceOptions": reduce, "orientation": "horizontal", "displayMode": "gradient",
                "showUnfilled": True, "valueMode": "color", "namePlacement": "auto",
                "sizing": "auto", "minVizWidth": 8, "minVizHeight": 16, "maxVizHeight": 300,
                "legend": legend | {"showLegend": False}}
    return {"calculate": False, "cellGap": 1, "showValue": "never",
            "color": {"mode": "scheme", "scheme": "Oranges", "fill": "dark-orange", "scale":
                      "exponential", "exponent": 0.5, "steps": 64, "reverse": False},
            "exemplars": {"color": "rgba(255,0,255,0.7)"}, "filterValues": {"le": 1e-9},
            "legend": {"show": True}, "rowsFrame": {"layout": "auto"},
            "tooltip": {"mode": "single", "yHistogram": False, "showColorScale": False},
            "yAxis": {"axisPlacement": "left", "unit": panel["unit"], "reverse": False}}


def placed(chosen):
    """Each panel with its place: side by side until a row is full."""
    x = y = deep = 0
    for panel in chosen:
        width, height = panel.get("width", 8), panel.get("height", 8)
        if x + width > COLUMNS:
            x, y, deep = 0, y + deep, 0
        yield panel, {"x": x, "y": y, "w": width, "h": height}
        x, deep = x + width, max(deep, height)


def dashboard(catalog, board, language):
    """One dashboard as the JSON that Grafana imports."""
    chosen = [panel for panel in catalog.panels if panel["dashboard"] == board["name"]]
    panels = []
    for number, (panel, place) in enumerate(placed(chosen), 1):
        panels.append({
            "id": number, "type": panel["kind"], "title": in_language(panel, "title", language),
            "description": in_language(panel, "description", language), "datasource": source(),
            "gridPos": place, "fieldConfig": fields(panel, language), "options": options(panel),
            "targets": [target(catalog, panel, i, language) for i in range(len(panel["exprs"]))]})
    link = {"type": "dashboards", "title": word("links", language), "tags": [catalog.kit, language],
            "asDropdown": True, "includeVars": True, "keepTime": True, "targetBlank": False,
            "icon": "external link", "tooltip": ""}
    made = {
        "uid": uid(catalog, board["name"], language),
        "title": in_language(board, "title", language),
        "description": in_language(board, "description", language),
        "tags": ["pitot", *({catalog.kit} - {"pitot"}), language], "schemaVersion": 39,
        "version": 1, "editable": True, "graphTooltip": 1, "refresh": "30s",
        "timezone": "browser", "time": {"from": board["from"], "to": "now"}, "links": [link],
        "templating": {"list": variables(catalog, board, language)}, "panels": panels}
    return json.dumps(made, indent=2, ensure_ascii=False) + "\n"


def dense(text):
    """The same JSON in as few bytes as it takes, for the command, which prints it as it was."""
    return json.dumps(json.loads(text), separators=(",", ":"), ensure_ascii=False)


# ---- the queries as a page ----

def page(catalog):
    """The example queries, with what each tells in both languages."""
    lines = ["# PromQL", "", f"<!-- Generated from alerting/catalog/{catalog.kit}.toml by "
             "scripts/catalog; do not edit. -->"]
    for query in catalog.queries:
        lines += ["", f"{query['about']} / {query['about_pt']}", "", "```promql",
                  query["expr"].strip(), "```"]
    return "\n".join(lines) + "\n"
