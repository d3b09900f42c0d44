#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# What a worker that lives three seconds counts is seen by increase(); when it ends, its series end; and
# what a receiver speaks is found out: 2.0 where it is known, 1.0 elsewhere, with natives as asked.
. "$(dirname "$0")/lib.sh"

build=${PITOT_BUILD:-$top/build}
steady=$build/tests/e2e/steady
export STEADY_ENABLED=true STEADY_JOB=short STEADY_INSTANCE=one STEADY_INTERVAL=1s

# ask QUERY [TIME]: the value of an instant query, or "none".
ask()
{
	curl -sS --get "$url/api/v1/query" --data-urlencode "query=$1" ${2:+--data-urlencode "time=$2"} |
		python3 -c 'import json, sys
found = json.load(sys.stdin)["data"]["result"]
print(found[0]["value"][1] if found else "none")'
}

# The time of the last sample of a series.
last_time()
{
	curl -sS --get "$url/api/v1/query" --data-urlencode "query=$1[10m]" |
		python3 -c 'import json, sys
found = json.load(sys.stdin)["data"]["result"]
print(found[0]["values"][-1][0] if found else "none")'
}

a_short_life()
{
	start_server "$1"
	export STEADY_URL=$url/api/v1/write
	expect_run "$1: a worker lives three seconds and counts to 1" 0 "$steady" 3 1
	local end
	end=$(last_time 'steady_events_total{job="short"}')
	expect "$1: increase() at its end" "$(ask 'increase(steady_events_total[1m])' "$end")" 1
	expect "$1: its series have ended" "$(ask steady_events_total)" none
	stop_server "$dir"
}

kept_series()
{
	start_server prometheus-new
	export STEADY_URL=$url/api/v1/write STEADY_AT_END=keep
	expect_run "with keep" 0 "$steady" 1 1
	expect "the last values stay" "$(ask steady_events_total)" 1
	unset STEADY_AT_END
	stop_server "$dir"
}

pushgateway_ends()
{
	start_server "$1"
	export STEADY_URL=$url
	for end in keep stale delete; do
		export STEADY_AT_END=$end STEADY_JOB=$end
		expect_run "$1: a worker ends with $end" 0 "$steady" 1 1
	done
	local page
	page=$(curl -sS "$url/metrics")
	expect "$1: kept" "$(grep -c '^steady_events_total{.*job="keep"' <<<"$page")" 1
	expect "$1: emptied, but the group is there" \
		"$(grep -c '^steady_events_total{.*job="stale"\|^push_time_seconds{.*job="stale"' <<<"$page")" 1
	expect "$1: deleted" "$(grep -c 'job="delete"' <<<"$page")" 0
	export STEADY_JOB=short
	unset STEADY_AT_END
	stop_server "$dir"
}

# speaks SERVER VERSION
speaks()
{
	start_server "$1"
	echo 'a_total 1' >"$work/a.prom"
	run "$pitot" push "$work/a.prom" --url "$url/api/v1/write" --job version -v
	expect_contains "$1: auto ends at $2" "$err" "remote write $2"
	stop_server "$dir"
}

# natives SERVER VERSION…
natives()
{
	start_server "$1" -- --enable-feature=native-histograms
	for version in "${@:2}"; do
		export STEADY_URL=$url/api/v1/write STEADY_JOB=native$version STEADY_AT_END=keep
		export STEADY_PROTOCOL=remote-write-$version STEADY_NATIVE_HISTOGRAMS=true
		expect_run "$1: a native histogram by $version.0" 0 "$steady" 2 1
		expect "$1: its count" "$(ask "histogram_count(steady_size{job=\"native$version\"})")" 20
		expect "$1: its sum" "$(ask "histogram_sum(steady_size{job=\"native$version\"})")" 210
		expect "$1: its median is within a bucket" \
			"$(ask "abs(histogram_quantile(0.5, steady_size{job=\"native$version\"}) - 10) < bool 1")" 1
		expect "$1: no classic buckets beside it" \
			"$(ask "steady_size_bucket{job=\"native$version\"}")" none
	done
	stop_server "$dir"
	unset STEADY_NATIVE_HISTOGRAMS STEADY_PROTOCOL STEADY_AT_END
}

no_natives()
{
	export STEADY_NATIVE_HISTOGRAMS=true STEADY_AT_END=keep
	# A receiver that has them switched off answers 500 for ever.
	start_server prometheus-old
	export STEADY_URL=$url/api/v1/write STEADY_JOB=native STEADY_PROTOCOL=auto
	run "$steady" 3 1
	expect "where they are switched off, the classic ones arrive" \
		"$(ask 'steady_size_count{job="native"}')" 30
	stop_server "$dir"
	unset STEADY_NATIVE_HISTOGRAMS STEADY_PROTOCOL STEADY_AT_END
	export STEADY_JOB=short
}

a_short_life prometheus-old
a_short_life prometheus-new
kept_series
pushgateway_ends pushgateway-new
speaks prometheus-old 1.0
speaks prometheus-new 2.0
speaks victoriametrics-old 1.0
speaks victoriametrics-new 1.0
natives prometheus-old 1
natives prometheus-new 1 2
no_natives
finish
