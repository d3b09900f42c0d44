#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# The worker of the example, by remote write and at a Pushgateway: every metric of its catalogue
# arrives and says something, with every value of its closed labels; the same seed does the same;
# the questions that its document asks have answers; SIGTERM delivers the last values.
. "$(dirname "$0")/lib.sh"

build=$(readlink -f "${PITOT_BUILD:-$top/build}")
worker=$build/tests/example/baileys_worker

# configure URL JOB: for those below.
configure()
{
	configured=(env BAILEYS_PROMETHEUS_ENABLED=true BAILEYS_PROMETHEUS_URL="$1"
		BAILEYS_PROMETHEUS_JOB="$2" BAILEYS_PROMETHEUS_INSTANCE=here
		BAILEYS_PROMETHEUS_INTERVAL="${interval:-500ms}")
}

# works URL JOB OPTION…: for as long as the options say.
works()
{
	configure "$1" "$2"
	"${configured[@]}" "$worker" "${@:3}"
}

# In the background, until it is told to end.
starts()
{
	configure "$1" "$2"
	"${configured[@]}" "$worker" "${@:3}" 2>"$work/worker.log" &
	pid=$!
	background+=("$pid")
}

# Sends it SIGTERM; its exit status is then in $status.
ends()
{
	status=0
	kill "$pid"
	wait "$pid" || status=$?
}

ask()
{
	curl -fsS --noproxy '*' "$prometheus/api/v1/query" --data-urlencode "query=$1" |
		sed -n 's/.*"value":\[[^,]*,"\([^"]*\)".*/\1/p'
}

# What a job has told at the Pushgateway, without what differs from run to run.
told()
{
	curl -fsS --noproxy '*' "$gateway/metrics" | grep "job=\"$1\"" | grep '^baileys_' |
		grep -v -e '^baileys_process_' -e '^baileys_malloc_' | sed "s/job=\"$1\"//"
}

# ---- the same seed does the same ----

at_a_gateway()
{
	start_server "$1"
	gateway=$url
	local day=(--seconds 1 --speed 900)
	expect_run "$1: a quarter of an hour in a second" 0 works "$gateway" first --seed 5 "${day[@]}"
	expect "$1: its log says only where it pushes" "$out$err" \
		"[info] prometheus metrics enabled { url: '$gateway', prefix: 'baileys_' }"
	works "$gateway" second --seed 5 "${day[@]}"
	works "$gateway" third --seed 6 "${day[@]}"
	for name in first second third; do
		told "$name" >"$work/$name"
	done
	expect_same "$1: the same seed, the same values" "$work/second" "$work/first"
	expect "$1: they are many" "$(($(wc -l <"$work/first") > 200))" 1
	expect_run "$1: another seed, others" 1 cmp -s "$work/third" "$work/first"
	expect "$1: all of the time was lived" "$(grep -c '^baileys_uptime_seconds{.*} 899$' "$work/first")" 1
	interval=1h starts "$gateway" ended --speed 100
	expect_run "$1: a first push" 0 eventually 10 told ended
	sleep 1
	ends
	expect "$1: SIGTERM: exit status" "$status" 0
	expect "$1: the last values are there, though no push was due" \
		"$(told ended | awk '/^baileys_uptime_seconds/ { print ($2 > 50) }')" 1
	expect_run "$1: a Pushgateway takes no history" 1 works "$gateway" past --history 60 --seconds 1
	expect_contains "$1: it is told" "$err" "metrics: the history: "
	stop_server "$dir"
}

# ---- everything arrives ----

# Every metric of the catalogue with a value above 0, for each combination of closed labels.
catalogue()
{
	/usr/bin/python3 - "$prometheus" "$top/alerting/catalog/baileys.toml" <<'END'
import json, math, sys, tomllib, urllib.parse, urllib.request
catalog = tomllib.load(open(sys.argv[2], "rb"))
for metric in catalog["metric"]:
    name = catalog["prefix"] + metric["name"] + ("_count" if metric["type"] == "histogram" else "")
    query = urllib.parse.urlencode({"query": f'max_over_time({name}{{job="all"}}[5m]) > 0'}).encode()
    found = json.load(urllib.request.urlopen(sys.argv[1] + "/api/v1/query", query))["data"]["result"]
    labels = metric.get("labels", [])
    seen = len({tuple(row["metric"][label] for label in labels) for row in found})
    values = [catalog["label"][label].get("values") for label in labels]
    closed = None not in values
    wanted = math.prod(map(len, values)) if closed else 3
    if seen < wanted or closed and seen > wanted:
        print(name, "has", seen, "series above 0 of", wanted)
END
}

by_remote_write()
{
	start_server "$1"
	prometheus=$url
	expect_run "$1: an hour in four seconds" 0 works "$prometheus/api/v1/write" all --seed 1 \
		--seconds 4 --speed 900 --fault breaker --fault overflow
	expect "$1: every metric says something, with every value of closed labels" "$(catalogue)" ""
	expect "$1: health was bad" "$(ask 'min_over_time(baileys_adaptive_health_status{job="all"}[5m])')" 0
	expect "$1: its series have ended" "$(ask 'baileys_uptime_seconds{job="all"}')" ""
	expect "$1: counts began at 0" \
		"$(ask 'min_over_time(baileys_buffer_overflow_total{job="all"}[5m])')" 0
	interval=1h starts "$prometheus/api/v1/write" ended --speed 100
	expect_run "$1: a first push" 0 eventually 10 ask_is 'count(baileys_uptime_seconds{job="ended"})' 1
	sleep 1
	ends
	expect "$1: SIGTERM: exit status" "$status" 0
	expect "$1: the last values are there" \
		"$(ask 'last_over_time(baileys_uptime_seconds{job="ended"}[1m]) > bool 50')" 1
	questions "$1"
	stop_server "$dir"
}

# ---- what the document asks ----

# A worker in every trouble, with a quarter of an hour behind it: each question has an answer at
# some time of it. The counters of its history are not taken for new ones when it goes on.
questions()
{
	local faults=() fault
	for fault in slow-flush overflow breaker reconnect-storm listener-leak memory-growth cold-cache; do
		faults+=(--fault "$fault")
	done
	starts "$prometheus/api/v1/write" asked --connections 100 --rate 80 --history 900 "${faults[@]}"
	expect_run "$1: a history and the present" 0 eventually 30 \
		ask_is 'count_over_time(baileys_uptime_seconds{job="asked"}[1m]) > bool 7' 1
	expect "$1: no counter began anew" \
		"$(ask 'sum(resets(baileys_messages_received_total{job="asked"}[20m]))')" 0
	unanswered >"$work/unanswered"
	expect "$1: questions without an answer" "$(cat "$work/unanswered")" ""
	ends
}

ask_is() { [ "$(ask "$1")" = "$2" ]; }

unanswered()
{
	local question start
	start=$(($(date +%s) - 800))
	while read -r question; do
		curl -fsS --noproxy '*' "$prometheus/api/v1/query_range" --data-urlencode "query=$question" \
			--data "start=$start&end=$((start + 800))&step=10" | grep -q '"values"' || echo "$question"
	done <<'END'
rate(baileys_buffer_flush_total[1m])
rate(baileys_buffer_flush_total{forced="true"}[5m])
histogram_quantile(0.95, rate(baileys_buffer_flush_duration_seconds_bucket[5m]))
histogram_quantile(0.99, rate(baileys_buffer_flush_duration_seconds_bucket[5m]))
rate(baileys_buffer_flush_duration_seconds_sum[5m]) / rate(baileys_buffer_flush_duration_seconds_count[5m])
rate(baileys_buffer_items_flushed_total[1m])
increase(baileys_buffer_items_flushed_total[24h])
rate(baileys_buffer_overflow_total[5m]) > 0
(baileys_buffer_cache_size / 10000) * 100
baileys_buffer_cache_size > 9000
rate(baileys_buffer_cache_cleanup_total[1h]) * 3600
baileys_adaptive_timeout_seconds * 1000
delta(baileys_adaptive_timeout_seconds[10m])
baileys_adaptive_event_rate
baileys_adaptive_event_rate > 50
increase(baileys_adaptive_circuit_breaker_trips_total[5m]) > 0
baileys_adaptive_health_status == 0
count(baileys_connection_state == 2)
count(baileys_connection_state != 2)
rate(baileys_connection_errors_total[5m])
topk(5, sum by (error_type) (rate(baileys_connection_errors_total[1h])))
rate(baileys_reconnection_attempts_total[5m]) > 0.1
baileys_websocket_listeners_total > 30
rate(baileys_messages_received_total[1m])
sum by (message_type) (increase(baileys_messages_received_total[24h]))
(sum(rate(baileys_messages_sent_total{success="true"}[5m])) / sum(rate(baileys_messages_sent_total[5m]))) * 100
rate(baileys_messages_sent_total{success="false"}[5m])
sum by (retry_reason) (rate(baileys_messages_retry_total[5m]))
histogram_quantile(0.95, rate(baileys_messages_processing_duration_seconds_bucket[5m]))
sum(baileys_cache_size)
topk(3, baileys_cache_size)
sum by (cache_name) (increase(baileys_cache_evictions_total[24h]))
baileys_cache_hit_rate * 100
baileys_cache_hit_rate < 0.7
baileys_active_connections
baileys_active_connections > 80
baileys_memory_usage_bytes{type="heapUsed"} / 1024 / 1024
deriv(baileys_memory_usage_bytes{type="heapUsed"}[10m]) > 0
baileys_uptime_seconds / 3600
baileys_uptime_seconds / 86400
histogram_quantile(0.95, rate(baileys_buffer_flush_duration_seconds_bucket[5m])) > 2
END
}

# ---- mistakes, and nothing at all ----

mistakes()
{
	expect_run "off by default: it works, and says nothing" 0 "$worker" --seconds 1 --speed 100
	expect "to nobody" "$out$err" ""
	expect_run "a wrong variable" 78 env BAILEYS_PROMETHEUS_ENABLED=maybe "$worker" --seconds 1
	expect_contains "names it" "$err" BAILEYS_PROMETHEUS_ENABLED
	expect_run "no such fault" 64 "$worker" --fault none
	expect_run "no number" 64 "$worker" --seed x
	expect_run "room for nothing" 64 env BAILEYS_BUFFER_MAX_ITEMS=0 "$worker"
	expect_run "a receiver that is away: told, and the exit status" 1 \
		works http://127.0.0.1:1/api/v1/write away --seconds 1
}

mistakes
at_a_gateway pushgateway-new
at_a_gateway pushgateway-old
by_remote_write prometheus-new
by_remote_write prometheus-old
finish
