#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# A worker pushes some thousand series again and again to a real Prometheus and VictoriaMetrics, old
# and new: most requests are filled from templates, while counts leave their classes and series come
# and go. Every value of every series is there, once, in order; and all went over one connection.
. "$(dirname "$0")/lib.sh"

build=${PITOT_BUILD:-$top/build}
growing=$build/tests/e2e/growing
pushes=20

# How many connections a Prometheus has taken so far.
accepted()
{
	curl -sS --noproxy '*' "$url/metrics" |
		sed -n 's/^net_conntrack_listener_conn_accepted_total{listener_name="http"} //p'
}

# push_and_read PROTOCOL [OPTION FOR read_back…]
push_and_read()
{
	local protocol=$1 before after
	shift
	local folder=$work/$name-$protocol
	mkdir "$folder"
	[[ $name != prometheus-* ]] || before=$(accepted)
	expect_run "$name: a worker pushes by $protocol" 0 "$growing" "$url/api/v1/write" "$protocol" \
		"$folder" "$pushes"
	if [[ $name == prometheus-* ]]; then
		after=$(accepted)
		expect "$name: over one connection, beside the one that counts" $((after - before)) 2
	else
		curl -fsS --noproxy '*' "$url/internal/force_flush" >/dev/null
	fi
	# The gather at the start may be that of the first push, too.
	expect "$name: it gathered as often as it was told to, and at the end" \
		$(($(find "$folder" -name '*.om' | wc -l) > pushes)) 1
	read_back "$@" expected-all "$folder" job=growing "instance=$protocol" >"$work/expected"
	read_back "$@" "${name%-*}-all" "$url" "{job=\"growing\",instance=\"$protocol\"}" \
		>"$work/found"
	expect_same "$name: all values are there, in order" "$work/found" "$work/expected"
}

for name in prometheus-old prometheus-new victoriametrics-old victoriametrics-new; do
	start_server "$name"
	if [[ $name == victoriametrics-* ]]; then
		push_and_read remote-write-1 --decimal
	else
		push_and_read remote-write-1
	fi
	[ "$name" != prometheus-new ] || push_and_read remote-write-2
	stop_server "$dir"
done
finish
