#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# The disk of a spool fills up while the receiver is away: the worker goes on, delivers what the disk
# had room for, in order, and what came after, and counts the rest.
. "$(dirname "$0")/lib.sh"

build=${PITOT_BUILD:-$top/build}
steady=$build/tests/e2e/steady
export STEADY_ENABLED=true STEADY_JOB=steady STEADY_INSTANCE=one STEADY_INTERVAL=100ms
export STEADY_TIMEOUT=2s STEADY_AT_END=keep STEADY_SPOOL=$work/disk/spool

mkdir "$work/disk"
unshare -m mount -t tmpfs -o size=64k tmpfs "$work/disk" 2>/dev/null ||
	skip_all "a small disk cannot be mounted here"

query()
{
	curl -sS --get "$url/api/v1/query" --data-urlencode "query=$1" | python3 -c "import json, sys
$2"
}

stored()
{
	query 'steady_number{job="steady"}[30m]' 'for series in json.load(sys.stdin)["data"]["result"]:
    print("\n".join(str(int(float(value))) for _, value in series["values"]))'
}

# The counter of samples that the spool had no room for.
dropped()
{
	query 'sum(pitot_samples_dropped_total{reason="spool_full"})' \
		'found = json.load(sys.stdin)["data"]["result"]
print(found[0]["value"][1] if found else 0)'
}

start_server prometheus-new
port=$(cat "$dir/port")
export STEADY_URL=$url/api/v1/write
stop_server "$dir"
# shellcheck disable=SC2016 # the inner shell expands
unshare -m sh -c 'mount -t tmpfs -o size=64k tmpfs "$1" && exec "$2" 12 1' - "$work/disk" "$steady" \
	>"$work/told" 2>"$work/err" &
worker=$!
background+=("$worker")
sleep 6
"$top/scripts/servers" start prometheus-new --dir "$dir" --port "$port" >/dev/null
status=0
wait "$worker" || status=$?
expect "the worker ends well" "$status $(cat "$work/err")" "0 "
stored >"$work/found"
expect "numbers arrive in order and once" "$(sort -nu "$work/found")" "$(cat "$work/found")"
expect "the first one arrived" "$(head -n 1 "$work/found")" 1
expect "the last one arrived" "$(tail -n 1 "$work/found")" "$(tail -n 1 "$work/told")"
missing=$(grep -vxcFf "$work/found" "$work/told" || true)
expect "some found no room" "$((missing > 0))" 1
count=$(dropped)
expect "they are counted: $missing gathers, $count samples" "$((count >= missing))" 1
stop_server "$dir"
finish
