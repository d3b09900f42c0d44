#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# The dashboards and the example queries: their JSON is what Grafana's own types want, every query
# parses, and against a Prometheus that holds a day of a worker's life each gives what it should.
. "$(dirname "$0")/lib.sh"

boards=$top/tests/e2e/boards
board=$top/alerting/dashboards/en/cache-system.json

check()
{
	/usr/bin/python3 -B "$boards/check.py" "$@"
}

# Each line "ok WHAT" or "not ok WHAT: WHY" of a command is a check; $1 says how many there are at
# least, so that a command that tells nothing fails.
each()
{
	local least=$1 count=0 line
	shift
	run "$@"
	while IFS= read -r line; do
		case $line in
		"ok "*) pass "${line#ok }" ;;
		*) fail "${line#not ok }" ;;
		esac
		count=$((count + 1))
	done <"$work/out"
	if [ "$status" -ne 0 ] || [ "$count" -lt "$least" ]; then
		fail "at least $least checks of ${*:$#}" "$count checks, exit status $status" "$err"
	fi
}

# ---- what the files say ----

structure()
{
	each 100 check structure
	# What each check is for is noticed.
	mkdir -p "$work/bad/tests/e2e"
	cp -r "$top/alerting" "$top/src" "$work/bad"
	cp -r "$boards" "$work/bad/tests/e2e"
	while IFS='|' read -r edit words; do
		sed "$edit" "$board" >"$work/bad/alerting/dashboards/en/cache-system.json"
		run /usr/bin/python3 -B "$work/bad/tests/e2e/boards/check.py" structure
		expect_contains "noticed: $words" "$out" "not ok en/cache-system.json: $words"
	done <<-'END'
	s/"id": 2,/"id": 1,/|an id for each panel
	0,/"x": 8,/s//"x": 7,/|no panel lies on another
	0,/"x": 16,/s//"x": 17,/|within 24 columns
	s/"{{cache_name}}"/""/|texts, units, legends
	s/\$job/$jobs/|variables exist
	END
	sed 's/cache_evictions_total/cache_size/' "$board" >"$work/bad/alerting/dashboards/en/cache-system.json"
	sed 's/cache_evictions_total/cache_size/' "$top/alerting/dashboards/pt/cache-system.json" \
		>"$work/bad/alerting/dashboards/pt/cache-system.json"
	run /usr/bin/python3 -B "$work/bad/tests/e2e/boards/check.py" structure
	expect_contains "noticed: a metric without a panel" "$out" \
		"not ok cache_evictions_total is seen in a panel"
	expect_run "pitot dashboard gives the one for batch jobs" 0 "$pitot" dashboard
	cp "$work/out" "$work/jobs.json"
	expect_same "byte for byte" "$work/jobs.json" "$top/alerting/dashboards/en/batch-jobs.json"
}

# Compiles dashboards as constants of a type: types TYPE FILE…
types()
{
	local type=$1 file number=0
	shift
	cp "$boards/types.ts" "$packages/check-$$.ts"
	for file; do
		echo "export const board$((number++)): $type ="
		cat "$file"
	done >>"$packages/check-$$.ts"
	number=0
	(cd "$packages" && node_modules/.bin/tsc --noEmit --strict --skipLibCheck --target es2022 \
		--module nodenext --moduleResolution nodenext "check-$$.ts") || number=$?
	rm "$packages/check-$$.ts"
	return "$number"
}

grafana_types()
{
	local edit word number=0 bad=()
	expect_run "all dashboards are of Grafana's types" 0 types Generated \
		"$top"/alerting/dashboards/*/*.json
	"$pitot" dashboard "$top/tests/e2e/every-type.om" >"$work/file.json"
	expect_run "so is what pitot dashboard makes of a file" 0 types OfFile "$work/file.json"
	for edit in 's/"placement": "bottom"/"placement": "top"/' 's/"graphTooltip"/"graphToltip"/' \
		's/"drawStyle": "line"/"drawStyle": "lines"/' 's/"minVizWidth": 8,//' \
		's/"schemaVersion": 39/"schemaVersion": "39"/' 's/"unit": "short"/"units": "short"/'; do
		bad+=("$work/bad$((number++)).json")
		sed "$edit" "$board" >"${bad[-1]}"
	done
	expect_run "mistakes are noticed" 2 types Generated "${bad[@]}"
	for word in '"top"' graphToltip '"lines"' "'minVizWidth' is missing" "'string' is not" '"units"'; do
		expect_contains "each: $word" "$out" "$word"
	done
}

grammar()
{
	check queries >"$work/queries"
	each 250 node "$boards/parse.mjs" "$packages" "$work/queries"
	echo '["bad", "sum by (rate(x[5m])"]' >"$work/queries"
	expect_run "a mistake in a query is noticed" 0 node "$boards/parse.mjs" "$packages" "$work/queries"
	expect_contains "with its place" "$out" "not ok bad: sum by (rate >>> (x"
}

# ---- what a Prometheus answers ----

# Starts a Prometheus that holds what data.py writes with these arguments.
start_with()
{
	local promtool
	promtool=$("$top/scripts/servers" path promtool-new) || skip_all "promtool is not available here"
	/usr/bin/python3 -B "$boards/data.py" --catalog "$top/alerting/catalog/baileys.toml" "$@" \
		>"$work/worker.om"
	mkdir "$work/blocks"
	"$promtool" tsdb create-blocks-from --max-block-duration=10d openmetrics --quiet \
		"$work/worker.om" "$work/blocks" >"$work/promtool.log"
	# The story is of a fixed day, which must not be too long ago for the server.
	start_server prometheus-new -- --storage.tsdb.retention.time=100y
	"$top/scripts/servers" stop "$dir"
	rm -rf "$dir/data"
	mv "$work/blocks" "$dir/data"
	url=$("$top/scripts/servers" start prometheus-new --dir "$dir" -- \
		--storage.tsdb.retention.time=100y)
	rm "$work/worker.om"
}

answers()
{
	# shellcheck disable=SC2046 # a word for each family
	start_with --totals "$work/totals.json" --families $(check families)
	each 300 check run "$url" "$work/totals.json"
	stop_server "$dir"
	start_with --prefix zpro_baileys_ --hours 2
	each 50 check prefix "$url" zpro_baileys_
	sed 's/baileys_/zpro_baileys_/g' "$top/alerting/rules/baileys_critical.yml" >"$work/rules.yml"
	expect_run "rules with this prefix" 0 \
		"$("$top/scripts/servers" path promtool-new)" check rules "$work/rules.yml"
	expect "look at nothing else" "$(grep -c '[^_]baileys_[a-z_]*[{\[ ]' "$work/rules.yml")" 0
	stop_server "$dir"
}

structure
if node_packages @grafana/schema@13.2.3 typescript@5.9.3 @prometheus-io/lezer-promql@0.315.0 \
	@lezer/lr@1.4.12 @lezer/common@1.5.5; then
	grafana_types
	grammar
else
	skipped=$((skipped + 2))
	echo "ok - skipped: @grafana/schema and @prometheus-io/lezer-promql cannot be fetched by npm"
fi
answers
finish
