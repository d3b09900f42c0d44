#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# A receiver is away while a worker pushes each second; the worker is killed in the middle and started
# again, with its spool: every number that it gathered is in the store, once, in order. The length of
# the outage, in seconds, can be given by PITOT_OUTAGE.
. "$(dirname "$0")/lib.sh"

build=${PITOT_BUILD:-$top/build}
steady=$build/tests/e2e/steady
outage=${PITOT_OUTAGE:-10}
export STEADY_ENABLED=true STEADY_JOB=steady STEADY_INSTANCE=one STEADY_INTERVAL=1s STEADY_TIMEOUT=2s
export STEADY_SPOOL=$work/spool STEADY_AT_END=keep

# The values of steady_number that the server holds, in order, one a line.
stored()
{
	curl -sS --get "$url/api/v1/query" --data-urlencode 'query=steady_number{job="steady"}[30m]' |
		python3 -c 'import json, sys
for series in json.load(sys.stdin)["data"]["result"]:
    print("\n".join(str(int(float(value))) for _, value in series["values"]))'
}

# All that was told, but the last one of a process that was killed while it gathered.
told()
{
	sed '$d' "$work/first"
	cat "$work/second"
}

through_an_outage()
{
	start_server "$1"
	local port
	port=$(cat "$dir/port")
	export STEADY_URL=$url/api/v1/write
	"$steady" 600 1 >"$work/first" 2>"$work/first.err" &
	local worker=$!
	background+=("$worker")
	sleep 3
	stop_server "$dir"
	sleep $((outage / 2))
	kill -KILL "$worker"
	wait "$worker" 2>/dev/null || true
	expect "$1: what waits can be listed" "$("$pitot" spool list --spool "$work/spool" | grep -c steady)" 0
	expect_contains "$1: with its destination" "$("$pitot" spool list --spool "$work/spool")" \
		"$STEADY_URL"
	"$steady" $((outage / 2 + 6)) 1001 >"$work/second" 2>"$work/second.err" &
	worker=$!
	background+=("$worker")
	sleep $((outage / 2))
	"$top/scripts/servers" start "$1" --dir "$dir" --port "$port" >/dev/null
	local status=0
	wait "$worker" || status=$?
	expect "$1: the worker ends well" "$status" 0
	told >"$work/expected"
	stored | grep -vxF "$(sed -n '$p' "$work/first")" >"$work/found" || true
	expect_same "$1: every number is there, once, in order" "$work/found" "$work/expected"
	expect "$1: nothing is left on the disk" "$(find "$work/spool" -type f | wc -l)" 0
	stop_server "$dir"
}

through_an_outage prometheus-new
finish
