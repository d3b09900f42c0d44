#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# What goes beside the samples of remote write is at the receiver as it was pushed: exemplars by both
# versions, start times as a zero before the first sample, types, help and units of the families.
. "$(dirname "$0")/lib.sh"

begin=$(($(date +%s) - 100))
cat >"$work/traced.om" <<END
# TYPE orders_count counter
# HELP orders_count Taken "here" \\\\ there.
# UNIT orders_count count
orders_count_total{shop="a"} 7 # {trace_id="abc",span="x"} 2.5
orders_count_created{shop="a"} $begin
# TYPE wait_seconds histogram
# HELP wait_seconds In the queue.
# UNIT wait_seconds seconds
wait_seconds_bucket{le="0.5"} 3 # {trace_id="def"} 0.25
wait_seconds_bucket{le="+Inf"} 4
wait_seconds_sum 1.5
wait_seconds_count 4
wait_seconds_created $begin
# TYPE depth gauge
depth 2
# EOF
END

api()
{
	local path=$1
	shift
	curl -sS --get "$url/api/v1/$path" "$@"
}

# The exemplars of a series: labels and value.
exemplars()
{
	api query_exemplars --data-urlencode "query=$1" --data-urlencode "start=$begin" \
		--data-urlencode "end=$(($(date +%s) + 60))" | python3 -c 'import json, sys
for found in json.load(sys.stdin)["data"]:
    for e in found["exemplars"]:
        print(" ".join(f"{k}={v}" for k, v in sorted(e["labels"].items())), e["value"])'
}

exemplars_arrive()
{
	start_server "$1"
	for version in "${@:2}"; do
		expect_run "$1: a push with exemplars by $version.0" 0 "$pitot" push "$work/traced.om" \
			--protocol "remote-write-$version" --url "$url/api/v1/write" --job "v$version"
		expect "$1: a counter's exemplar by $version.0" \
			"$(exemplars "orders_count_total{job=\"v$version\"}")" 'span=x trace_id=abc 2.5'
		expect "$1: a bucket's exemplar by $version.0" \
			"$(exemplars "wait_seconds_bucket{job=\"v$version\"}")" 'trace_id=def 0.25'
	done
	stop_server "$dir"
}

# The values of a series and the seconds before now, rounded to ten.
history()
{
	api query --data-urlencode "query=$1[10m]" | python3 -c 'import json, sys, time
for series in json.load(sys.stdin)["data"]["result"]:
    for when, value in series["values"]:
        print(round((time.time() - when) / 10) * 10, value)'
}

starts_arrive()
{
	start_server prometheus-new -- --enable-feature=created-timestamp-zero-ingestion
	expect_run "a push with start times" 0 "$pitot" push "$work/traced.om" --old-start-time \
		--protocol remote-write-2 --url "$url/api/v1/write" --job start
	expect "a counter begins with a zero when it began to count" \
		"$(history 'orders_count_total{job="start"}')" "100 0
0 7"
	expect "a histogram's count too" "$(history 'wait_seconds_count{job="start"}')" "100 0
0 4"
	expect "a gauge has none" "$(history 'depth{job="start"}')" "0 2"
	stop_server "$dir"
}

described()
{
	api metadata | python3 -c 'import json, sys
for name, found in sorted(json.load(sys.stdin)["data"].items()):
    print(name, *(found[0].get(key, "") for key in ("type", "unit", "help")), sep="|")'
}

is_described()
{
	[ "$(described)" = "$(cat "$work/described")" ]
}

families_arrive()
{
	start_server victoriametrics-new -- -enableMetadata
	expect_run "a push to VictoriaMetrics" 0 "$pitot" push "$work/traced.om" \
		--url "$url/api/v1/write" --job described
	printf '%s\n' 'depth|gauge||' 'orders_count|counter|count|Taken "here" \ there.' \
		'wait_seconds|histogram|seconds|In the queue.' >"$work/described"
	eventually 20 is_described || true
	described >"$work/found"
	expect_same "types, units and help" "$work/found" "$work/described"
	stop_server "$dir"
}

exemplars_arrive prometheus-old 1
exemplars_arrive prometheus-new 1 2
starts_arrive
families_arrive
finish
