#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Each alert rule, from what causes it to a real Alertmanager: workers with a fault each, jobs under
# `pitot run`, agents that cannot deliver. The rules are those that are installed, with their true
# expressions and ranges, over a history that the workers sent with the times of then. Only what
# makes one wait is shortened: `for`, and the interval of evaluation; whether the conditions of the
# workers held for the true `for` is asked of the history. What is quiet is tested too: nothing but
# what is expected may arrive.
. "$(dirname "$0")/lib.sh"

build=$(readlink -f "${PITOT_BUILD:-$top/build}")
worker=$build/tests/example/baileys_worker
readonly history=2700 # seconds: the longest `for`, 30m, and the range before it, 10m

query()
{
	curl -fsS --noproxy '*' "$prometheus/api/v1/query" --data-urlencode "query=$1"
}

# ---- servers ----

# prometheus_config RULES: of this Prometheus, with the rules in that folder.
prometheus_config()
{
	cat <<-END
	global: {scrape_interval: 1s, evaluation_interval: 1s}
	storage: {tsdb: {out_of_order_time_window: 2d}}
	rule_files: ['$1/*.yml']
	alerting: {alertmanagers: [{static_configs: [{targets: ['${alertmanager#http://}']}]}]}
	END
}

start_servers()
{
	local age=$1
	start_server "alertmanager-$age"
	alertmanager=$url
	mkdir -p "$work/rules" "$work/none"
	prometheus_config "$work/none" >"$work/prometheus.yml"
	# When the old one reads its configuration again, it knows no Alertmanager for some seconds.
	start_server "prometheus-$age" --config "$work/prometheus.yml" -- --rules.alert.resend-delay=5s
	prometheus=$url
	prometheus_dir=$dir
}

load_rules()
{
	local file
	for file in "$top"/alerting/rules/*.yml; do
		sed -E 's/^( +for:) .*/\1 2s/; s/^( +interval:) 1m$/\1 1s/' "$file" >"$work/rules/${file##*/}"
	done
	prometheus_config "$work/rules" >"$work/prometheus.yml"
	kill -HUP "$(cat "$prometheus_dir/pid")"
}

# ---- workers ----

# start_worker INSTANCE URL [VARIABLE=VALUE…] -- [OPTION…]
start_worker()
{
	local instance=$1 to=$2 variables=()
	shift 2
	while [ "$1" != -- ]; do
		variables+=("$1")
		shift
	done
	env BAILEYS_PROMETHEUS_ENABLED=true BAILEYS_PROMETHEUS_URL="$to/api/v1/write" \
		BAILEYS_PROMETHEUS_JOB=worker BAILEYS_PROMETHEUS_INSTANCE="$instance" \
		BAILEYS_PROMETHEUS_INTERVAL=1s "${variables[@]}" \
		"$worker" --seed 7 "${@:2}" 2>"$work/worker-$instance.log" &
	background+=("$!")
}

start_workers()
{
	local fault
	start_worker healthy "$prometheus" -- --history "$history"
	for fault in slow-flush overflow breaker reconnect-storm listener-leak memory-growth; do
		start_worker "$fault" "$prometheus" -- --history "$history" --fault "$fault"
	done
}

# A receiver that takes its time: what comes in goes on to Prometheus after two seconds.
slow_receiver()
{
	cat >"$work/slow.py" <<-'END'
	import http.server, sys, time, urllib.request
	class Slow(http.server.BaseHTTPRequestHandler):
	    def do_POST(self):
	        body = self.rfile.read(int(self.headers['Content-Length']))
	        time.sleep(2.1)
	        said = {k: v for k, v in self.headers.items() if k.startswith(('Content', 'X-'))}
	        request = urllib.request.Request(sys.argv[1] + self.path, body, said)
	        try:
	            answer = urllib.request.urlopen(request)
	        except urllib.error.HTTPError as refused:
	            answer = refused
	        self.send_response(answer.status)
	        for name, value in answer.headers.items():
	            if name.startswith('X-Prometheus'):
	                self.send_header(name, value)
	        self.end_headers()
	    def log_message(self, *a): pass
	s = http.server.ThreadingHTTPServer(('127.0.0.1', 0), Slow)
	print(f'http://127.0.0.1:{s.server_port}', flush=True); s.serve_forever()
	END
	rm -f "$work/slow.url" "$work"/*.port # of an earlier round
	/usr/bin/python3 "$work/slow.py" "$prometheus" >"$work/slow.url" &
	background+=("$!")
	expect_run "a slow receiver" 0 eventually 5 test -s "$work/slow.url"
	# In the shortest interval, a third of this one, it can just keep up.
	start_worker slow-receiver "$(cat "$work/slow.url")" BAILEYS_PROMETHEUS_ADAPTIVE=true \
		BAILEYS_PROMETHEUS_INTERVAL=7s -- --rate 1
}

# ---- jobs ----

# job NAME [OPTION…] -- COMMAND…: pushed as the job of this name.
job()
{
	local name=$1
	shift
	"$pitot" run --url "$prometheus/api/v1/write" --job "$name" --instance host "$@" 2>/dev/null || true
}

run_jobs()
{
	job in-time --every 1h true
	job late --every 100ms sh -c 'exit 0'
	job failed --every 1h sh -c 'exit 1'
	job stuck --stuck-after 300ms sleep 60
	out_of_memory
	host_is_gone
}

# The kernel kills what takes more than its control group may. Where that cannot be had, what
# `pitot run` tells of it is pushed.
out_of_memory()
{
	local group=/sys/fs/cgroup/memory/pitot-e2e-$$
	if ! mkdir "$group" 2>/dev/null; then
		echo "# no control group can be made here: the kill is told, not caused"
		printf 'batch_job_oom_killed 1\nbatch_job_last_end_timestamp_seconds %s\n' "$(date +%s)" |
			"$pitot" push --url "$prometheus/api/v1/write" --job hungry --instance host
		return
	fi
	echo 50M >"$group/memory.limit_in_bytes"
	(
		echo "$BASHPID" >"$group/cgroup.procs"
		job hungry /usr/bin/python3 -c 'print(len(bytearray(200 << 20)))'
	)
	rmdir "$group"
}

# long_ago SECONDS FILE LABELS: what the samples of a text file would have been then, as OpenMetrics.
long_ago()
{
	awk -v then="$(($(date +%s) - $1))" -v labels="$3" '
		/^[a-z]/ { print $1 "{" labels "}", ($1 ~ /timestamp/ ? then : $2), then }
		END { print "# EOF" }' "$2" >"$work/then.om"
	"$pitot" backfill "$work/then.om" --url "$prometheus/api/v1/write"
}

# A host that vanished while a job ran, a day and an hour ago.
host_is_gone()
{
	local pid
	"$pitot" run --textfile "$work/long.prom" --interval 100ms sleep 60 &
	pid=$!
	background+=("$pid")
	expect_run "a job runs" 0 eventually 5 grep -q '^batch_job_running 1' "$work/long.prom"
	kill -KILL "$pid"
	wait "$pid" 2>/dev/null || true
	expect_run "what it told a day ago" 0 \
		long_ago 90000 "$work/long.prom" 'job="vanished",instance="host"'
}

# ---- agents ----

# start_agent NAME: with $work/NAME.yml.
start_agent()
{
	"$pitot" agent --config "$work/$1.yml" 2>"$work/$1.log" &
	background+=("$!")
}

start_agents()
{
	cat >"$work/cut-off.yml" <<-END
	instance: cut-off
	global: {scrape_interval: 1s}
	remote_write:
	  - {url: "$prometheus/api/v1/write"}
	  - {url: "http://127.0.0.1:1/api/v1/write"}
	scrape_configs: [{job_name: gone, static_configs: [{targets: ["127.0.0.1:1"]}]}]
	spool: {directory: "$work/spool"}
	END
	start_agent cut-off
	"$pitot" sink --listen 127.0.0.1:0 --port-file "$work/refuse.port" --timeout 100s \
		--script "$(printf '400 %.0s' {1..500})" >"$work/refuse.log" 2>&1 &
	background+=("$!")
	expect_run "a receiver that refuses" 0 eventually 5 test -s "$work/refuse.port"
	cat >"$work/refused.yml" <<-END
	instance: refused
	global: {scrape_interval: 1s}
	remote_write:
	  - {url: "$prometheus/api/v1/write"}
	  - {url: "http://127.0.0.1:$(cat "$work/refuse.port")/api/v1/write"}
	  - {url: "http://127.0.0.1:1/api/v1/write", queue_config: {sample_age_limit: 1s}}
	scrape_configs: []
	END
	start_agent refused
	agent_is_gone
}

# An agent that ended ten minutes ago, without having lived for long.
agent_is_gone()
{
	"$pitot" sink --listen 127.0.0.1:0 --port-file "$work/silent.port" --timeout 20s --count 1 \
		--print samples >"$work/silent.out" 2>&1 &
	local sink=$!
	background+=("$sink")
	expect_run "a receiver of old" 0 eventually 5 test -s "$work/silent.port"
	"$pitot" agent --url "http://127.0.0.1:$(cat "$work/silent.port")/api/v1/write" \
		--scrape 127.0.0.1:1 2>/dev/null &
	background+=("$!")
	wait "$sink" || true
	kill "${background[-1]}"
	sed -n 's/^\(pitot_agent_targets\){[^}]*}/\1/p' "$work/silent.out" | head -n 1 >"$work/silent.prom"
	expect_run "what an agent told ten minutes ago" 0 \
		long_ago 600 "$work/silent.prom" 'job="pitot_agent",instance="silent"'
}

# ---- what Alertmanager got ----

# name, severity and of whom, once each.
received()
{
	curl -fsS --noproxy '*' "$alertmanager/api/v2/alerts" | /usr/bin/python3 -c '
import json, sys
for line in sorted({" ".join((a["labels"]["alertname"], a["labels"]["severity"],
        a["labels"]["job" if a["labels"]["alertname"].startswith("BatchJob") else "instance"]))
        for a in json.load(sys.stdin)}):
    print(line)'
}

sort >"$work/expected" <<'END'
BufferOverflow warning overflow
BufferOverflowDetected warning overflow
CircuitBreakerTripped critical breaker
AdaptiveCircuitBreakerTripped critical breaker
SlowFlush warning breaker
SlowFlush warning slow-flush
ListenerLeak critical listener-leak
WebSocketListenerLeak critical listener-leak
MemoryLeak warning memory-growth
MemoryLeakDetected warning memory-growth
HighReconnectionRate warning reconnect-storm
BatchJobLate critical late
BatchJobFailed warning failed
BatchJobFailed warning hungry
BatchJobFailed warning stuck
BatchJobOutOfMemory warning hungry
BatchJobStuck warning stuck
BatchJobRunsLong warning vanished
PitotNotDelivering warning cut-off
PitotNotDelivering warning refused
PitotDropsSamples warning refused
PitotSamplesRefused warning refused
PitotSpoolGrows warning cut-off
PitotBreakerOpen warning slow-receiver
PitotTargetDown warning 127.0.0.1:1
PitotAgentSilent critical silent
END

all_arrived()
{
	received >"$work/received"
	[ -z "$(comm -13 "$work/received" "$work/expected")" ]
}

# The conditions of the workers, over the true time that they have to hold.
held_for_long()
{
	/usr/bin/python3 - "$prometheus" "$top"/alerting/rules/baileys_*.yml <<'END'
import json, re, sys, urllib.parse, urllib.request
for path in sys.argv[2:]:
    text = open(path).read()
    for name, expression, minutes in re.findall(
            r"- alert: (\w+)\n +expr: \|\n(.*?) +for: (\d+)m\n", text, re.S):
        query = f"max(count_over_time(({expression})[{minutes}m:15s]))"
        answer = json.load(urllib.request.urlopen(sys.argv[1] + "/api/v1/query", urllib.parse.urlencode(
            {"query": query}).encode()))["data"]["result"]
        held = int(answer[0]["value"][1]) if answer else 0
        print(name, "yes" if held >= int(minutes) * 4 else f"only {held} of {int(minutes) * 4}")
END
}

history_is_there()
{
	query 'count(count_over_time(baileys_uptime_seconds[1m]) > 6)' | grep -q '"7"\]'
}

# One pair of servers after the other, each with everything anew.
round()
{
	local age=$1 pid
	start_servers "$age"
	start_workers
	slow_receiver
	run_jobs
	start_agents
	expect_run "$age: the workers' history arrives" 0 eventually 40 history_is_there
	load_rules
	expect_run "$age: every alert arrives at Alertmanager" 0 eventually 60 all_arrived
	expect_same "$age: and no other" "$work/received" "$work/expected"
	held_for_long >"$work/held"
	expect "$age: conditions that were seen" "$(wc -l <"$work/held")" 11
	expect "$age: each held as long as its rule wants" "$(grep -v ' yes$' "$work/held")" ""
	for pid in "${background[@]}"; do
		kill "$pid" 2>/dev/null || true
	done
	for pid in "${background[@]}"; do
		wait "$pid" 2>/dev/null || true
	done
	background=()
	stop_server "$prometheus_dir"
	rm -rf "$work/spool" "$work/rules"
}

round new
round old
finish
