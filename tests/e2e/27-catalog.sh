#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# The catalogues: a small one gives exactly what is kept beside it, mistakes are told with their
# line, and each rule fires and is quiet when it should. 31-dashboards.sh is about what the
# dashboards ask.
. "$(dirname "$0")/lib.sh"

catalog=$top/scripts/catalog

# ---- a small one, byte for byte ----
golden=$top/tests/golden/catalog
cp -r "$golden" "$work/made"
rm -r "$work/made/include" "$work/made/src" "$work/made/alerting/"{rules,tests,dashboards,mini-queries.md}
sed -i '/^|/d' "$work/made/README.md"
expect_run "a check of what is not there" 1 "$catalog" --check --top "$work/made"
expect_contains "the stale file is named" "$out" \
	"include/pitot/mini.h: is not what its catalogue makes"
expect_run "the small catalogue is read" 0 "$catalog" --top "$work/made"
expect "and gives what is kept" "$(diff -r "$golden" "$work/made")" ""
expect_run "its code compiles" 0 cc -std=c11 -Wall -Wextra -Wpedantic -Werror -I"$top/include" \
	-I"$golden/include" -fsyntax-only "$golden/src/kit/mini.c"
expect_run "and so does its dashboard as text" 0 cc -std=c11 -Wall -Wextra -Wpedantic -Werror \
	-Wno-unused -fsyntax-only -x c "$golden/src/cli/mini_dashboard.h"

# ---- mistakes: a sed command on the small catalogue, the line and the words that tell it ----
mistakes=0
while IFS='|' read -r edit line words; do
	rm -rf "$work/bad"
	cp -r "$golden" "$work/bad"
	sed -i "$edit" "$work/bad/alerting/catalog/mini.toml"
	expect_run "refused: $words" 3 "$catalog" --top "$work/bad"
	expect_contains "its line: $words" "$err" "mini.toml:$line: $words"
	expect "nothing was written: $words" "$(diff -rq "$golden" "$work/bad" | grep -vc mini.toml)" 0
	mistakes=$((mistakes + 1))
done <<'END'
2s/=//|2|Expected '=' after a key
3d|1|title: is missing
3s/= .*/= ""/|3|title: is to be a text, not empty
3s/= .*/= 5/|3|title: is to be a text, not empty
1s/= .*/= 5/|1|kit: is to be a text, not empty
2s/= .*/= 5/|2|prefix: is to be a text, not empty
1s/$/\nforeign = "up"/|2|foreign: is to be a list of texts
5s/mode/Mode/|5|Mode: is not a name of a label
7s/slowAndSure/fast/|7|mode: values are to be different, at least one
7s/slowAndSure/FAST/|7|mode: values are to be different, at least one
7s/slowAndSure/slow-and-sure/|7|mode: values are to be words, for an enum
7s/"fast"/5/|7|mode: values are to be words, for an enum
6s/How/\xff/|6|is not UTF-8
7s/values/value/|7|value: is not a key of label
14a [label.jd]\nhelp = "x"|15|jd: no metric has this label
18s/_total//|18|runs: a counter's name ends in _total
19s/counter/summary/|19|summary: no such type; there are counter, gauge, histogram
20s/\."/"/|20|runs_total: help is a sentence, with a full stop
21s/forced/id/|21|runs_total: labels are all closed or all open
21s/forced/color/|21|color: no such label
29s/0.1, 1/1, 0.1/|29|run_seconds: buckets are to rise
29s/0.1, 1/0.1, inf/|29|run_seconds: buckets are to rise
29s/0.1, 1/nan/|29|run_seconds: buckets are to rise
29s/0.1, 1//|29|run_seconds: buckets are to rise
29s/0.1/"a"/|29|run_seconds: buckets are to rise
20s/= .*/= 5/|20|help: is to be a text
21s/= .*/= "mode"/|21|labels: is to be a list of texts
29d|23|run_seconds: histograms, and only they, have buckets
37s/60/"1m"/|37|expire_seconds: is to be a whole number
37d|31|state: open labels need expire_seconds, above 0
42s/height/state/|42|state: is declared twice
50s/height/depth/|50|mini_depth: no such metric
51s/1m/1 minute/|51|High: for is a time, such as 1m
53s/= .*/= ""/|53|summary: is to be a text, not empty
56s/4/"4"/|56|at: is to be a whole number
54d|46|High: fires is missing
55s/\[.*/[]/|55|High: quiet needs a series
61s/High/Low/|61|Low: no alert above has this name
65s/all-kinds/all_kinds/|65|all_kinds: is not a name of a dashboard
65s/all-kinds/all-of-the-kinds-that-there-are-in-all/|65|all-of-the-kinds-that-there-are-in-all: is too long
64,72s/all-kinds/none/|64|none: has no panel
66s/= .*/= ""/|66|title: is to be a text, not empty
67d|64|title_pt: is missing
69s/= .*/= 5/|69|description_pt: is to be a text
70s/height/depth/|70|mini_depth: no such metric
71s/from/since/|71|since: is not a key of dashboard
73a [[dashboard]]\nname = "all-kinds"\ntitle = "t"\ntitle_pt = "t"\ndescription = "d"\ndescription_pt = "d"\nover = "up"\nfrom = "f"|75|all-kinds: is there twice
75s/kinds/sorts/|75|all-sorts: dashboard is one of all-kinds
76s/series/line/|76|timeline: kind is one of timeseries, stat,
80s/\."/"/|80|description_pt: is a sentence, with a full stop
81s/cps/meter/|81|meter: unit is one of short, s,
82s/short/inch/|82|inch: right_unit is one of short, s,
84s/by (mode)/by (colour)/|83|colour: no such label
84s/forced/force/|83|force: no such label
85s/height/depth/|83|mini_depth: no such metric
87s/, "height"//|87|legends: as many as there are queries
87s/mode/colour/|87|colour: no such label
88s/, "altura"//|88|legends_pt: as many as there are queries
89s/0, 10/10, 0/|89|plausible: the least and the most
89s/0, 10/"a", "b"/|89|plausible: the least and the most
91s/true/1/|91|stack: is to be true or false
93s/, "red"//|93|thresholds: a colour, then rising numbers, each with a colour
93s/0.5/6/|93|thresholds: a colour, then rising numbers, each with a colour
93s/"green"/"grene"/|93|thresholds: a colour, then rising numbers, each with a colour
103s/\[.*/[]/|103|exprs: a panel needs a query
103s/\[.*/"mini_height"/|103|exprs: is to be a list of texts
118s/0/0.5/|118|decimals: is to be a whole number
131s/, "desligado"//|131|values: a number, a colour, a word in each language
132s/24/25/|132|width: 1 to 24
133s/12/0/|133|height: at least 1
161d|160|about: is missing
163s/height/depth/|163|mini_depth: no such metric
165s/true/"yes"/|165|alarm: is to be true or false
170s/gauge/histogram/|171|begins: only gauges without labels have it
171s/1.5/inf/|171|begins: is to be finite
171s/1.5/"1"/|171|begins: is to be a number
END
expect "all mistakes were tried" "$mistakes" 76

# ---- the table of the first document: mistakes in it, and what a document has more ----
while IFS=@ read -r edit words; do
	sed "$edit" "$top/tests/seed.txt" >"$work/seed.txt"
	expect_run "the table is refused: $words" 1 "$top/scripts/check-seed" --table "$work/seed.txt" \
		--document "$work/none"
	expect_contains "it tells: $words" "$out" "$words"
done <<'END'
s/^metric . baileys_uptime_seconds/metric | baileys_uptime/@baileys_uptime: is not in the catalogue
s/^\(metric . baileys_uptime_seconds .\) gauge/\1 counter/@baileys_uptime_seconds: is a gauge in the catalogue
s/| mode, forced |/| forced, mode |/@baileys_buffer_flush_total: has other labels in the catalogue
s/| 0.001, 0.005/| 0.001, 0.006/@baileys_buffer_flush_duration_seconds: has other buckets in the catalogue
s/aggressive/agressive/@mode: the catalogue lacks agressive
s/ListenerLeak . baileys_websocket_listeners_total > 30/ListenerLeak | baileys_websocket_listeners_total > 31/@baileys_critical/ListenerLeak: is not so in alerting/rules/baileys_critical.yml
s/| Flush rate |/| Flush rates |/@buffer-performance has no panel Flush rates
s/^query . baileys_adaptive_event_rate /query | baileys_adaptive_event_ratio /@baileys_adaptive_event_ratio: is not in the catalogue
s/27-catalog/27-katalog/@tests/e2e/27-katalog.sh: there is no such test
/^query . sum(baileys_cache_size)/p@sum(baileys_cache_size): is there twice
s/^log . /log |/@a row is KIND
END
cat >"$work/document.md" <<'END'
#### `baileys_more_total` (Counter)
- **Labels**: `mode` (aggressive/bold), `more`
- **Buckets**: [1, 2]
```promql
# More
rate(baileys_more_total[1m])
```
BAILEYS_PROMETHEUS_MORE=true
- alert: More
  expr: baileys_more_total > 0
[info] prometheus more { port: 9090 }
### Dashboards Disponíveis
#### **More Dashboard**
- More of it
---
END
expect_run "a document with more" 1 "$top/scripts/check-seed" --document "$work/document.md"
for more in "metric baileys_more_total is" "labels baileys_more_total is" \
	"buckets baileys_more_total is" "query rate(baileys_more_total[1m])" \
	"variable BAILEYS_PROMETHEUS_MORE" "alert baileys_recommended/More" "log prometheus more" \
	"panel more/More of it"; do
	expect_contains "its $more is missed" "$out" "the document's $more"
done
expect_contains "its values are others" "$out" "mode: the document has aggressive, bold"

# ---- rules, with the newest and the oldest promtool there is ----
for age in new old; do
	promtool=$("$top/scripts/servers" path "promtool-$age") ||
		skip_all "promtool is not available here"
	for rules in "$top"/alerting/rules/*.yml; do
		name=$(basename "$rules" .yml)
		expect_run "$age: $name: sound rules" 0 "$promtool" check rules "$rules"
		expect_run "$age: $name: fires and is quiet" 0 \
			"$promtool" test rules "$top/alerting/tests/$name.yml"
	done
done

# The tests of the rules can fail: each rule is made one that never fires, then one that always
# does; memory and flushes also what the document had.
mkdir "$work/alerting"
cp -r "$top"/alerting/rules "$top"/alerting/tests "$work/alerting"
cd "$work/alerting"
tried=0
for rules in rules/*.yml; do
	cp "$rules" "$work/whole.yml"
	while read -r number; do
		for broken in 'vector(1) < 0' 'vector(1)'; do
			awk -v at="$number" -v broken="          $broken" '
				NR == at { inside = 1 }
				inside && /^          / { if (inside++ == 1) print broken; next }
				inside > 1 { sub(/for: .*/, "for: 1m"); inside = 0 }
				{ print }' "$work/whole.yml" >"$rules"
			expect_run "$(basename "$rules" .yml):$number as $broken is noticed" 1 \
				"$promtool" test rules "tests/$(basename "$rules")"
			tried=$((tried + 1))
		done
	done < <(grep -n 'alert:' "$work/whole.yml" | cut -d: -f1)
	if grep -q 'deriv(baileys_memory' "$work/whole.yml"; then
		sed 's/deriv(/rate(/' "$work/whole.yml" >"$rules"
		expect_run "$(basename "$rules" .yml): memory's rate() is noticed" 1 \
			"$promtool" test rules "tests/$(basename "$rules")"
	fi
	if grep -q 'sum without (mode)' "$work/whole.yml"; then
		sed 's/sum without (mode)//' "$work/whole.yml" >"$rules"
		expect_run "$(basename "$rules" .yml): flushes of each mode for itself are noticed" 1 \
			"$promtool" test rules "tests/$(basename "$rules")"
	fi
	cp "$work/whole.yml" "$rules"
done
expect "each rule was tried" "$tried" $((2 * $(cat rules/*.yml | grep -c 'alert:')))
finish
