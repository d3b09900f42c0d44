#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Runs, agents and pushes are ended at random moments, 200 times: what they leave is whole, counters
# never fall, and nothing that they started runs on. ROUNDS sets another number.
# shellcheck disable=SC2016 # other shells expand these words
. "$(dirname "$0")/lib.sh"

rounds=${ROUNDS:-200}
RANDOM=${SEED:-$$}
echo "# seed ${SEED:-$$}"
mark=pitot-interrupt-$$

"$pitot" sink --listen 127.0.0.1:0 --port-file "$work/port" --print none >/dev/null 2>&1 &
background+=($!)
eventually 5 test -s "$work/port"
receiver=http://127.0.0.1:$(cat "$work/port")/api/v1/write
mkdir "$work/kept" "$work/text" "$work/spool"
cat >"$work/agent.yml" <<END
global: {scrape_interval: 200ms}
remote_write: [{url: "$receiver"}]
textfile: {directory: "$work/kept"}
socket: {path: "$work/push.sock"}
spool: {directory: "$work/spool"}
END

# What a shell starts with & ignores SIGINT, and one that comes before the command has looked is gone.
hears=(env --default-signal=INT "$pitot")

one_run()
{
	"${hears[@]}" run --url "$receiver" --job one --state "$work/kept/state.om" \
		--textfile "$work/kept/job.prom" --spool "$work/spool" -- \
		bash -c 'echo "inc done_total" >&"$PITOT_FD"; exec -a "$1" sleep 0.02' - "$mark" 2>/dev/null &
}
one_agent() { "${hears[@]}" agent --config "$work/agent.yml" 2>/dev/null & }
one_push()
{
	"${hears[@]}" push "$work/kept/job.prom" --url "$receiver" --job p --known "$work/kept/known" \
		2>/dev/null &
}

signals=(INT TERM KILL)
before=0 fell=0 broken=0 left=0
for ((round = 0; round < rounds; round++)); do
	case $((round % 5)) in
	0 | 1 | 2) one_run ;;
	3) one_agent ;;
	4) one_push ;;
	esac
	pid=$!
	sleep "0.0$((RANDOM % 90 + 10))"
	kill "-${signals[RANDOM % 3]}" "$pid" 2>/dev/null || true
	wait "$pid" 2>/dev/null || true
	for file in "$work"/kept/*.om "$work"/kept/*.prom; do
		[ ! -e "$file" ] || "$pitot" check metrics "$file" >/dev/null 2>&1 || [ $? -eq 3 ] || broken=$((broken + 1))
	done
	now=$(sed -n 's/^done_total{*[^ ]* //p' "$work/kept/state.om" 2>/dev/null | cut -d. -f1) || true
	[ "${now:-0}" -ge "$before" ] || fell=$((fell + 1))
	before=${now:-0}
done
sleep 0.5
# One killed between a whole file's name and its place leaves it to the next that writes there.
touch "$work/kept/state.om.999999999.new" "$work/kept/state.om.$$.new" "$work/kept/state.om.x.new"
one_run
wait "$!"
one_push
wait "$!"
expect "a file that others write now is left alone" \
	"$(cd "$work/kept" && echo state.om.*.new)" "state.om.$$.new state.om.x.new"
rm "$work"/kept/state.om.*.new
orphans=$(pgrep -fc "$mark" || true)
left=$(find "$work/kept" -name '*.new' -o -name '*.damaged' | wc -l)
expect "files that cannot be read" "$broken" 0
expect "counters that fell" "$fell" 0
expect "files that were left half" "$left" 0
expect "processes that run on" "$orphans" 0
expect "counters did rise" "$((before > 5))" 1
expect_run "what was spooled can be sent" 0 "$pitot" spool send --spool "$work/spool" --url "$receiver"
expect_run "an agent starts where one was killed" 124 timeout 1 "$pitot" agent --config "$work/agent.yml"
expect "the socket of the dead one was replaced" "$(grep -c 'agent runs' "$work/err")" 1
finish
