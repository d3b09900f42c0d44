#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# What only protobuf brings through a Pushgateway (exemplars, start times, native histograms) arrives
# at a Prometheus that scrapes it; the page shows what text would; who reads only text gets text.
. "$(dirname "$0")/lib.sh"

build=${PITOT_BUILD:-$top/build}
steady=$build/tests/e2e/steady

cat >"$work/traced.om" <<'END'
# TYPE orders counter
# HELP orders Taken.
orders_total{shop="a"} 7 # {trace_id="abc"} 2.5
# TYPE wait_seconds histogram
wait_seconds_bucket{le="0.5"} 3 # {trace_id="def"} 0.25
wait_seconds_bucket{le="+Inf"} 4
wait_seconds_sum 1.5
wait_seconds_count 4
# TYPE left gaugehistogram
left_bucket{le="1.0"} 1
left_bucket{le="+Inf"} 2
left_gsum 3
left_gcount 2
# EOF
END

# The page of a gateway that got protobuf equals that of one that got text.
same_page()
{
	start_server "$1"
	grep -v '^# EOF' "$work/traced.om" | sed 's/ # {.*//' >"$work/plain.om"
	echo '# EOF' >>"$work/plain.om"
	expect_run "$1: a push with exemplars" 0 "$pitot" push "$work/traced.om" --url "$url" \
		--job same --instance '' -v
	expect_run "$1: protobuf is what goes" 0 "$pitot" push "$work/traced.om" --url "$url" \
		--job same --instance '' --dry-run=text
	expect_contains "$1: its type" "$out" 'encoding=delimited'
	expect_contains "$1: an exemplar in it" "$out" \
		'# EXEMPLAR orders_total{shop="a"} {trace_id="abc"} 2.5'
	curl -fsS "$url/metrics" | grep -v '^push_\|^# .* push_\|^#.*pushgateway\|^go_\|^process_' |
		grep 'job="same"' | sort >"$work/found"
	expect_run "$1: delete" 0 "$pitot" delete --url "$url" --job same --instance ''
	expect_run "$1: the same as text" 0 "$pitot" push "$work/plain.om" --url "$url" \
		--job same --instance ''
	curl -fsS "$url/metrics" | grep 'job="same"' | grep -v '^push_' | sort >"$work/expected"
	expect_same "$1: both pages are equal" "$work/found" "$work/expected"
	stop_server "$dir"
}

query()
{
	curl -sS --get "$url/api/v1/$1" --data-urlencode "query=$2" "${@:3}"
}

has_exemplar()
{
	query query_exemplars "$1" --data-urlencode "start=$(($(date +%s) - 600))" \
		--data-urlencode "end=$(($(date +%s) + 60))" | grep -q "\"trace_id\":\"$2\""
}

has_value()
{
	query query "$1" | grep -q "\"value\":\[[0-9.]*,\"$2\"\]"
}

through_prometheus()
{
	start_server pushgateway-new
	local gateway=$url gateway_dir=$dir
	cat >"$work/prometheus.yml" <<END
global: {scrape_interval: 1s}
scrape_configs:
  - job_name: gateway
    honor_labels: true
    scrape_protocols: [PrometheusProto, PrometheusText0.0.4]
    static_configs: [{targets: ["${gateway#http://}"]}]
END
	start_server prometheus-new --config "$work/prometheus.yml" -- \
		--enable-feature=native-histograms,exemplar-storage,created-timestamp-zero-ingestion
	expect_run "a push with exemplars" 0 "$pitot" push "$work/traced.om" --url "$gateway" \
		--job traced --instance ''
	export STEADY_URL=$gateway STEADY_ENABLED=true STEADY_JOB=native STEADY_INSTANCE=one
	export STEADY_AT_END=keep STEADY_NATIVE_HISTOGRAMS=true STEADY_INTERVAL=1s
	expect_run "a worker with a native histogram" 0 "$steady" 2 1
	if eventually 20 has_exemplar orders_total abc; then
		pass "a counter's exemplar is at Prometheus"
	else
		fail "a counter's exemplar is at Prometheus" "$(query query_exemplars orders_total)"
	fi
	expect_run "a bucket's exemplar too" 0 eventually 20 has_exemplar wait_seconds_bucket def
	if eventually 20 has_value 'histogram_count(steady_size{job="native"})' 20; then
		pass "the native histogram is at Prometheus"
	else
		fail "the native histogram is at Prometheus" "$(query query steady_size)"
	fi
	expect_run "its sum" 0 eventually 5 has_value 'histogram_sum(steady_size{job="native"})' 210
	expect_run "its start lets increase() see what was counted before the first scrape" 0 \
		eventually 10 has_value 'increase(steady_events_total{job="native"}[1m]) > bool 0' 1
	stop_server "$dir"
	stop_server "$gateway_dir"
	unset STEADY_AT_END STEADY_NATIVE_HISTOGRAMS
}

is_stored()
{
	curl -sS --get "$url/api/v1/export" --data-urlencode 'match[]=orders_total' | grep -q '"values":\[7\]'
}

# VictoriaMetrics has a Pushgateway's paths, but reads only text.
only_text()
{
	start_server "$1"
	local gateway=$url/api/v1/import/prometheus
	expect_run "$1: a push with exemplars" 0 "$pitot" push "$work/traced.om" --url "$gateway" \
		--protocol pushgateway --job text --instance '' -v
	expect_run "$1: the samples are there" 0 eventually 30 is_stored
	stop_server "$dir"
}

same_page pushgateway-old
same_page pushgateway-new
through_prometheus
only_text victoriametrics-new
finish
