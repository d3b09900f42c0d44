#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Four threads make a million updates of a counter, a labelled counter and a histogram while a pusher
# pushes each second: the receiver must have every one in the end. And 100,000 series at once arrive.
. "$(dirname "$0")/lib.sh"

build=${PITOT_BUILD:-$top/build}
hammer=$build/tests/e2e/hammer

# The value of an instant query now, or "none".
ask()
{
	curl -sS --get "$url/api/v1/query" --data-urlencode "query=$1" |
		python3 -c 'import json, sys
found = json.load(sys.stdin)["data"]["result"]
print(found[0]["value"][1] if found else "none")'
}

a_million_updates()
{
	start_server "$1"
	expect_run "a million updates and a push each second to $1" 0 "$hammer" "$url/api/v1/write"
	expect "$1: the counter" "$(ask 'hammer_hits_total{job="hammer",instance="one"}')" 1000000
	expect "$1: the labelled counter" "$(ask 'sum(hammer_kinds_total)')" 1000000
	expect "$1: the histogram" "$(ask hammer_seconds_count)" 1000000
	expect "$1: its last bucket" "$(ask 'hammer_seconds_bucket{le="+Inf"}')" 1000000
	expect "$1: its sum" "$(ask hammer_seconds_sum)" 4500000
	expect "$1: no failed push" "$(ask 'pitot_pushes_total{result="failure"}')" 0
	stop_server "$dir"
}

many_series()
{
	awk 'BEGIN { for (i = 0; i < 100000; i++) printf "rows_total{table=\"t%d\"} %d\n", i, i }' \
		>"$work/many.prom"
	start_server prometheus-new
	expect_run "100,000 series by remote write" 0 "$pitot" push "$work/many.prom" --job many \
		--url "$url/api/v1/write"
	expect "all of them are there" "$(ask 'count(rows_total{job="many"})')" 100000
	expect "with their values" "$(ask 'sum(rows_total{job="many"})')" 4999950000
	stop_server "$dir"
	start_server pushgateway-new
	expect_run "100,000 series to a Pushgateway" 0 "$pitot" push "$work/many.prom" --job many \
		--url "$url"
	expect "the Pushgateway shows them" "$(curl -sS "$url/metrics" | grep -c '^rows_total{')" 100000
	stop_server "$dir"
}

a_million_updates prometheus-old
a_million_updates prometheus-new
many_series
finish
