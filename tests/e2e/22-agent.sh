#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# The agent between real things: what it scrapes, reads and is pushed arrives at Prometheus and at a
# Pushgateway as it should, and nothing is lost while it is told to change, to stop, or is killed.
. "$(dirname "$0")/lib.sh"

# query EXPRESSION: "{labels} value", sorted, without the site.
query()
{
	curl -fsS --noproxy '*' "$prometheus/api/v1/query" --data-urlencode "query=$1" |
		/usr/bin/python3 -c '
import json, sys
for row in json.load(sys.stdin)["data"]["result"]:
    labels = {k: v for k, v in row["metric"].items() if k not in ("site", "instance")}
    print(" ".join(f"{k}={v}" for k, v in sorted(labels.items())), row["value"][1])' | sort
}
has() { [ -n "$(query "$1")" ]; }
has_not() { [ -z "$(query "$1")" ]; }

# start_agent CONFIG: its pid is then in $agent, its log in $work/agent.log.
start_agent()
{
	"$pitot" agent --config "$1" 2>>"$work/agent.log" &
	agent=$!
	background+=("$agent")
}
# The wrapper of libtool execs the program, so the pid is the agent's.
end_agent()
{
	agent_status=0
	kill "-${1:-TERM}" "$agent"
	wait "$agent" || agent_status=$?
}
push() { curl -sS --noproxy '*' --unix-socket "$work/push.sock" -o "$work/answer" -w '%{http_code}' "$@"; }

start_server prometheus-new
prometheus=$url

config()
{
	cat <<-END
	global:
	  scrape_interval: 1s
	  external_labels: {site: shed}
	remote_write:
	  - url: $prometheus/api/v1/write
	    write_relabel_configs:
	      - {source_labels: [__name__], regex: 'secret_.*', action: drop}
	scrape_configs:
	$1
	textfile: {directory: $work/text, max_age: 1h}
	socket: {path: $work/push.sock, ttl: 4s}
	END
}
target() { printf -- '- job_name: %s\n  static_configs: [{targets: ["%s"]}]\n' "$1" "$2"; }

# ---- what is scraped ----

node_exporter()
{
	start_server node-exporter-new
	local address=${url#http://}
	cat >"$work/reference.yml" <<-END
	global: {scrape_interval: 1s}
	scrape_configs:
	  - {job_name: node, static_configs: [{targets: ["$address"], labels: {site: shed}}]}
	END
	start_server prometheus-new --config "$work/reference.yml"
	reference=$url
	mkdir -p "$work/text"
	config "$(target node "$address")" >"$work/agent.yml"
	start_agent "$work/agent.yml"
	expect_run "the node exporter's series arrive" 0 eventually 10 has 'up{job="node"} == 1'
	sleep 2
	prometheus=$reference expect_run "Prometheus scrapes them, too" 0 eventually 10 has 'up == 1'
	local n=0
	for server in "$reference" "$prometheus"; do
		n=$((n + 1))
		curl -fsS --noproxy '*' "$server/api/v1/series" \
			--data-urlencode 'match[]={job="node",__name__!~"scrape_body.*"}' |
			/usr/bin/python3 -c '
import json, sys
for series in json.load(sys.stdin)["data"]:
    print(sorted(series.items()))' | sort >"$work/series-$n"
	done
	expect_same "they are those that Prometheus scrapes itself" "$work/series-2" "$work/series-1"
	expect "and they are many" "$(($(wc -l <"$work/series-1") > 500))" 1
	# Types and help, as 2.0 carries them, against what Prometheus read.
	"$pitot" sink --listen 127.0.0.1:0 --port-file "$work/sink.port" --timeout 20s --count 5 \
		--print samples >"$work/sink.out" 2>&1 &
	background+=($!)
	expect_run "a sink" 0 eventually 5 test -s "$work/sink.port"
	cat >"$work/meta.yml" <<-END
	remote_write: [{url: "http://127.0.0.1:$(cat "$work/sink.port")/api/v1/write"}]
	scrape_configs: [{job_name: node, static_configs: [{targets: ["$address"]}]}]
	END
	timeout 3 "$pitot" agent --config "$work/meta.yml" 2>/dev/null || true
	sleep 0.5
	curl -fsS --noproxy '*' "$reference/api/v1/metadata" | /usr/bin/python3 -c '
import json, sys
for name, said in json.load(sys.stdin)["data"].items():
    if name.startswith("node_"):
        print(name, said[0]["type"], json.dumps(said[0]["help"]))' | sort -u >"$work/meta-1"
	sed -n 's/^# metadata \(node_[A-Za-z0-9_]*\) \([a-z]*\)\( [a-z]*\)\? \(".*\)/\1 \2 \4/p' \
		"$work/sink.out" | sort -u >"$work/meta-2"
	expect_same "types and help are those that Prometheus reads" "$work/meta-2" "$work/meta-1"
}

prom_client()
{
	node_packages prom-client@15 || {
		skipped=$((skipped + 1))
		echo "ok - skipped: prom-client cannot be fetched"
		return
	}
	cat >"$work/worker.js" <<-'END'
	const client = require('prom-client'), http = require('http')
	client.register.setDefaultLabels({environment: 'production', service: 'zpro'})
	client.collectDefaultMetrics({prefix: 'baileys_'})
	global.gc()
	const sent = new client.Counter({name: 'baileys_messages_sent_total', help: 'Sent.', labelNames: ['type']})
	const took = new client.Histogram({name: 'baileys_flush_seconds', help: 'Flush.', buckets: [0.1, 1]})
	sent.inc({type: 'text'}, 3); took.observe(0.5)
	http.createServer(async (q, a) => { a.setHeader('Content-Type', client.register.contentType)
	  a.end(await client.register.metrics()) }).listen(0, '127.0.0.1', function () { console.log(this.address().port) })
	END
	NODE_PATH=$packages/node_modules node --expose-gc "$work/worker.js" >"$work/worker.port" &
	local node=$!
	background+=("$node")
	expect_run "a Node worker listens" 0 eventually 10 test -s "$work/worker.port"
	{ config "$(target node "${address:-127.0.0.1:1}"; target worker "127.0.0.1:$(cat "$work/worker.port")")"; } >"$work/agent.yml"
	kill -HUP "$agent"
	expect_run "after SIGHUP it is scraped, too" 0 eventually 10 has 'baileys_messages_sent_total{job="worker"}'
	expect "its counter, with its default labels" "$(query 'baileys_messages_sent_total{job="worker"}')" \
		"__name__=baileys_messages_sent_total environment=production job=worker service=zpro type=text 3"
	expect "its histogram" "$(query 'baileys_flush_seconds_bucket{job="worker",le="1.0"}')" \
		"__name__=baileys_flush_seconds_bucket environment=production job=worker le=1.0 service=zpro 1"
	# All default metrics that the worker's document lists; prom-client 15 has each of them.
	for name in nodejs_heap_size_total_bytes nodejs_heap_size_used_bytes nodejs_external_memory_bytes \
		nodejs_heap_space_size_total_bytes nodejs_heap_space_size_used_bytes nodejs_version_info \
		nodejs_gc_duration_seconds_count nodejs_eventloop_lag_seconds process_cpu_user_seconds_total \
		process_cpu_system_seconds_total process_cpu_seconds_total process_start_time_seconds \
		process_resident_memory_bytes; do
		expect_run "the default metric $name" 0 eventually 5 \
			has "baileys_${name}{job=\"worker\",service=\"zpro\"}"
	done
	expect "the worker listens on one port" "$(listening "$node")" 1
	expect "the agent on none" "$(listening "$agent")" 0
}

# How many of a process' sockets listen by TCP.
listening()
{
	local inode count=0
	while read -r inode; do
		! find "/proc/$1/fd" -lname "socket:\[$inode\]" | grep -q . || count=$((count + 1))
	done < <(awk '$4 == "0A" { print $10 }' /proc/net/tcp /proc/net/tcp6)
	echo "$count"
}

# ---- what is read and pushed ----

text_files()
{
	printf 'rows_total 5\nsecret_code 7\n' >"$work/text/job.prom"
	expect_run "a text file is read" 0 eventually 5 has 'rows_total{job="textfile"} == 5'
	expect "its time is told" "$(query 'pitot_textfile_mtime_seconds > bool 1e9')" \
		"file=job.prom job=textfile 1"
	expect "rules of the destination drop" "$(query secret_code)" ""
	echo 'rows_total five' >"$work/text/job.prom"
	expect_run "a broken one is told" 0 eventually 5 has 'pitot_textfile_error == 1'
	expect_run "and its series end" 0 eventually 5 has_not rows_total
	expect_contains "the log says where" "$(cat "$work/agent.log")" "job.prom:1:12"
	echo 'rows_total 6' >"$work/text/job.prom"
	expect_run "a mended one is read" 0 eventually 5 has 'rows_total == 6'
	touch -d '2 hours ago' "$work/text/job.prom"
	expect_run "an old one ends" 0 eventually 5 has_not rows_total
	no_text_files
	large_text_files
}

# What has such a name and is no file.
no_text_files()
{
	mkfifo "$work/text/pipe.prom"
	mkdir "$work/text/folder.prom"
	ln -s nowhere "$work/text/link.prom"
	expect_run "what is no file is told" 0 eventually 5 has 'count(pitot_textfile_error == 1) == 3'
	expect_contains "a pipe" "$(cat "$work/agent.log")" "pipe.prom: it is a pipe, not a file"
	expect_contains "a folder" "$(cat "$work/agent.log")" "folder.prom: it is a folder, not a file"
	expect_contains "a link to nothing" "$(cat "$work/agent.log")" "link.prom: the link leads to no file"
	expect "once" "$(grep -c 'pipe.prom: it is' "$work/agent.log")" 1
	echo 'linked 1' >"$work/text/nowhere"
	expect_run "a link to a file is read" 0 eventually 5 has 'linked == 1'
	rm -r "$work/text/pipe.prom" "$work/text/folder.prom" "$work/text/link.prom"
	expect_run "they are gone" 0 eventually 5 has_not pitot_textfile_error
}

# A file that would keep everything else waiting is not read.
large_text_files()
{
	seq -f 'many{n="%.0f"} 1' 100001 >"$work/text/.large"
	mv "$work/text/.large" "$work/text/large.prom"
	expect_run "too many samples are told" 0 eventually 5 has 'pitot_textfile_error == 1'
	expect_contains "and counted" "$(cat "$work/agent.log")" \
		"large.prom: 100001 samples are more than sample_limit 100000"
	{ echo 'one 1'; head -c 17000000 /dev/zero | tr '\0' '#'; echo; } >"$work/text/.large"
	mv "$work/text/.large" "$work/text/large.prom"
	expect_run "too many bytes are told" 0 eventually 5 \
		grep -q 'large.prom: 170000[0-9]* bytes are more than max_size 16777216' "$work/agent.log"
	expect "nothing of it is sent" "$(query 'one or many')" ""
	printf 'one 1\ntwo 2\n' >"$work/text/large.prom"
	expect_run "a small one is read" 0 eventually 5 has 'one == 1'
	sed 's/max_age: 1h/max_age: 1h, sample_limit: 1/' "$work/agent.yml" >"$work/limit.yml"
	mv "$work/limit.yml" "$work/agent.yml"
	kill -HUP "$agent"
	expect_run "a limit of the configuration's" 0 eventually 5 \
		grep -q 'large.prom: 2 samples are more than sample_limit 1' "$work/agent.log"
	sed 's/, sample_limit: 1//' "$work/agent.yml" >"$work/limit.yml"
	mv "$work/limit.yml" "$work/agent.yml"
	rm "$work/text/large.prom"
	kill -HUP "$agent"
	expect_run "without" 0 eventually 5 has_not pitot_textfile_error
}

socket()
{
	expect "a push is taken" "$(push --data-binary $'# TYPE done counter\ndone 1\nleft 2\n' \
		http://localhost/metrics/job/cron/part@base64/YS9i)" 200
	expect_run "and arrives at once" 0 eventually 3 has 'done'
	expect "with the group's labels" "$(query 'done')" "__name__=done job=cron part=a/b 1"
	expect "POST replaces families" "$(push --data-binary $'done 2\n' \
		http://localhost/metrics/job/cron/part@base64/YS9i)" 200
	expect_run "the new value" 0 eventually 3 has 'done == 2'
	expect "the other family stays" "$(query left)" "__name__=left job=cron part=a/b 2"
	expect "PUT replaces the group" "$(push -X PUT --data-binary $'done 3\n' \
		'http://localhost/metrics/job/cron/part@base64/YS9i?ttl=1h')" 200
	expect_run "the other family ends" 0 eventually 3 has_not left
	cat >"$work/push.py" <<-'END'
	import http.client, socket, sys
	from prometheus_client import CollectorRegistry, Gauge, push_to_gateway
	class Unix(http.client.HTTPConnection):
	    def connect(self):
	        self.sock = socket.socket(socket.AF_UNIX); self.sock.connect(sys.argv[1])
	def handler(url, method, timeout, headers, data):
	    def handle():
	        c = Unix('localhost'); c.request(method, url[url.index('/metrics'):], data, dict(headers))
	        if c.getresponse().status >= 400: raise IOError('refused')
	    return handle
	r = CollectorRegistry(); Gauge('from_python', 'Of Python.', registry=r).set(4)
	push_to_gateway('localhost', job='py', registry=r, handler=handler)
	END
	expect_run "Python's push_to_gateway" 0 /usr/bin/python3 "$work/push.py" "$work/push.sock"
	expect_run "arrives" 0 eventually 3 has 'from_python{job="py"} == 4'
	expect_run "a group ends with its time to live" 0 eventually 8 has_not from_python
	expect "one with a longer time stays" "$(query 'done')" "__name__=done job=cron part=a/b 3"
	expect "DELETE" "$(push -X DELETE http://localhost/metrics/job/cron/part@base64/YS9i)" 202
	expect_run "ends it" 0 eventually 3 has_not 'done'
	expect "pitot itself pushes there" "$(echo 'own 1' | "$pitot" push --url http://localhost \
		--unix-socket "$work/push.sock" --job me 2>&1)" ""
	expect_run "arrives" 0 eventually 3 has 'own{job="me"}'
	printf '# TYPE bare counter\nbare_total 7 # {trace="x"} 1\n# TYPE h histogram\nh_bucket{le="1"} 2 # {t="y"} 1\nh_bucket{le="+Inf"} 3\nh_sum 4\nh_count 3\n# EOF\n' |
		"$pitot" push --url http://localhost --unix-socket "$work/push.sock" --job proto
	expect_run "protobuf, as Go's client sends it" 0 eventually 3 has 'bare_total{job="proto"} == 7'
	expect "its buckets" "$(query 'h_bucket{job="proto",le="1.0"}')" "__name__=h_bucket job=proto le=1.0 2"
	expect "gzip" "$(echo 'zipped 1' | gzip | push -H 'Content-Encoding: gzip' --data-binary @- \
		http://localhost/metrics/job/zip)" 200
	expect "a mistake is refused" "$(push --data-binary 'oops' http://localhost/metrics/job/bad)" 400
	expect_contains "with where it is" "$(cat "$work/answer")" "body:1:5"
	expect "times are refused" "$(push --data-binary 'x 1 2' http://localhost/metrics/job/bad)" 400
	expect "no job" "$(push --data-binary 'x 1' http://localhost/metrics/instance/b)" 400
	expect "no group" "$(push --data-binary 'x 1' http://localhost/other)" 404
	expect "GET" "$(push http://localhost/metrics/job/bad)" 405
	expect "ready" "$(push http://localhost/-/ready)" 200
	expect "the socket's mode" "$(stat -c %a "$work/push.sock")" 660
	slow_clients
}

# More clients than there is room for, who never end what they say, do not keep others out.
slow_clients()
{
	cat >"$work/slow.py" <<-'END'
	import socket, sys, time
	def client():
	    c = socket.socket(socket.AF_UNIX); c.settimeout(2); c.connect(sys.argv[1])
	    c.send(b'POST /metrics/job/slow HTTP/1.1\r\nHost: h\r\nContent-Length: 1000\r\n')
	    return c
	clients, told = [], False
	while True:
	    for i in range(700 - len(clients)):
	        try: clients.append(client())
	        except OSError: pass
	    if not told: print('ready', flush=True); told = True
	    for c in clients[:]:
	        try: c.send(b'X-A: b\r\n')
	        except OSError: clients.remove(c)
	    time.sleep(0.2)
	END
	/usr/bin/python3 "$work/slow.py" "$work/push.sock" >"$work/slow.count" &
	local slow=$!
	background+=("$slow")
	expect_run "many slow clients" 0 eventually 20 test -s "$work/slow.count"
	for n in 1 2 3; do
		expect "another one is answered: $n" "$(push -m 20 --data-binary 'quick 1' \
			http://localhost/metrics/job/quick)" 200
	done
	kill "$slow"
}

# ---- change and end ----

reload()
{
	local before
	before=$(query 'count(up{job="node"})')
	echo 'remote_wite: []' >"$work/agent.yml"
	kill -HUP "$agent"
	expect_run "a wrong configuration is told" 0 eventually 5 grep -q 'did you mean.*remote_write' \
		"$work/agent.log"
	expect "and changes nothing" "$(query 'count(up{job="node"})')" "$before"
	config "$(target other 127.0.0.1:1)" >"$work/agent.yml"
	kill -HUP "$agent"
	expect_run "a target that is gone ends" 0 eventually 5 has_not 'up{job="node"}'
	expect "with all its series" "$(query 'count({job="node"})')" ""
	expect_run "a new one is down" 0 eventually 5 has 'up{job="other"} == 0'
	end_agent
	expect "SIGTERM: exit status" "$agent_status" 0
	expect_run "the socket is gone" 1 test -e "$work/push.sock"
	expect_contains "the log's last word" "$(tail -n 1 "$work/agent.log")" "all is delivered"
}

# Waits for the next scrape and until it is over. What the target told an agent that is killed while
# it reads the answer is not the agent's to keep.
scrape_is_over()
{
	local before
	before=$(stat -c %Y.%y "$work/count.served")
	expect_run "a scrape" 0 eventually 5 changed "$before"
	sleep 0.15
}
changed() { [ "$(stat -c %Y.%y "$work/count.served")" != "$1" ]; }

# A counter that rises with each scrape shows each one that is lost.
no_scrape_lost()
{
	cat >"$work/count.py" <<-'END'
	import http.server, sys, time
	n = 0
	class H(http.server.BaseHTTPRequestHandler):
	    def do_GET(self):
	        global n; n += 1; time.sleep(0.1)  # so that SIGTERM meets scrapes under way
	        self.send_response(200); self.end_headers(); self.wfile.write(b'scrape_number %d\n' % n)
	        open(sys.argv[1], 'w').close()
	    def log_message(self, *a): pass
	s = http.server.HTTPServer(('127.0.0.1', 0), H); print(s.server_port, flush=True); s.serve_forever()
	END
	touch "$work/count.served"
	/usr/bin/python3 "$work/count.py" "$work/count.served" >"$work/count.port" &
	background+=($!)
	expect_run "a target that counts" 0 eventually 5 test -s "$work/count.port"
	mkdir "$work/spool"
	start_server prometheus-new
	local receiver=$url receiver_dir=$dir port=${url##*:}
	cat >"$work/lossless.yml" <<-END
	global: {scrape_interval: 500ms}
	remote_write: [{url: "$receiver/api/v1/write"}]
	scrape_configs: [{job_name: count, static_configs: [{targets: ["127.0.0.1:$(cat "$work/count.port")"]}]}]
	spool: {directory: "$work/spool"}
	END
	start_agent "$work/lossless.yml"
	sleep 2
	stop_server "$receiver_dir"
	sleep 2
	scrape_is_over
	end_agent KILL
	start_agent "$work/lossless.yml"
	sleep 1
	end_agent
	expect "SIGTERM while the receiver is away: the rest is kept" "$agent_status" 75
	start_agent "$work/lossless.yml"
	"$top/scripts/servers" start prometheus-new --dir "$receiver_dir" --port "$port" >/dev/null
	sleep 3
	# What another process left in the spool is the agent's to deliver.
	echo 'left_behind 8' | "$pitot" push --url "$receiver/api/v1/write" --job spooled \
		--spool "$work/spool" --detach || true
	prometheus=$receiver expect_run "what another process spooled arrives" 0 \
		eventually 12 has 'left_behind{job="spooled"}'
	end_agent
	expect "at the end all is delivered" "$agent_status" 0
	curl -fsS --noproxy '*' "$receiver/api/v1/query" --data-urlencode 'query=scrape_number[5m]' |
		/usr/bin/python3 -c '
import json, sys
values = [int(v) for _, v in json.load(sys.stdin)["data"]["result"][0]["values"]]
missing = set(range(1, max(values) + 1)) - set(values)
print(len(missing), len(values) - len(set(values)), len(values) > 10)' >"$work/lost"
	expect "no scrape was lost, none is there twice" "$(cat "$work/lost")" "0 0 True"
}

# A receiver that takes requests and does not answer some: they are sent again, and nothing is missing.
receiver_hangs()
{
	rm -f "$work/hang.port"
	"$pitot" sink --listen 127.0.0.1:0 --port-file "$work/hang.port" --timeout 60s --print samples \
		--script "ok ok hang hang ok hang ok" >"$work/hang.out" 2>&1 &
	background+=($!)
	expect_run "a receiver that hangs" 0 eventually 5 test -s "$work/hang.port"
	cat >"$work/hang.yml" <<-END
	global: {scrape_interval: 500ms}
	remote_write: [{url: "http://127.0.0.1:$(cat "$work/hang.port")/api/v1/write", remote_timeout: 1s}]
	scrape_configs: [{job_name: count, static_configs: [{targets: ["127.0.0.1:$(cat "$work/count.port")"]}]}]
	END
	start_agent "$work/hang.yml"
	sleep 8
	end_agent
	expect "it ends with all delivered" "$agent_status" 0
	sed -n 's/^scrape_number{[^}]*} \([0-9]*\) .*/\1/p' "$work/hang.out" | sort -n | uniq |
		awk 'NR > 1 && $1 != last + 1 {lost++} {last = $1} END {print lost + 0, (NR > 10)}' >"$work/hang.lost"
	expect "no scrape was lost" "$(cat "$work/hang.lost")" "0 1"
}

# A page with duplicates, awkward labels and rules of all kinds: the agent makes of it what Prometheus
# does, the numbers about the scrape included.
like_prometheus()
{
	cat >"$work/odd-page" <<-'END'
	# HELP a Help.
	# TYPE a gauge
	a{x="1",y="left:right",z="q"} 1
	a{x="2",y="up:down",z="q"} 2
	a{x="1",y="left:right",z="r"} 3
	b{k8s_name="n",k8s_ns="m"} 4
	b{k8s_name="n",k8s_ns="m"} 4
	a{x="2",y="up:down",z="q"} 6
	c{CASE="MiXeD",exported_job="e",job="own",instance="i"} 5
	dropme{x="1"} 1
	dropme{x="2"} 1
	# TYPE h histogram
	h_bucket{le="1",tmp="t"} 1
	h_bucket{le="+Inf",tmp="t"} 2
	h_sum{tmp="t"} 3
	h_count{tmp="t"} 2
	e{v=""} 1
	equal{tmp="1"} 1
	equal{tmp="2"} 2
	f{url="http://h.example:8080/p?q"} 1
	up{x="page"} 3
	END
	cat >"$work/page.py" <<-'END'
	import http.server, ssl, sys
	class H(http.server.BaseHTTPRequestHandler):
	    def do_GET(self):
	        self.send_response(200); self.send_header('Content-Type', 'text/plain; version=0.0.4'); self.end_headers()
	        self.wfile.write(open(sys.argv[1], 'rb').read())
	    def log_message(self, *a): pass
	s = http.server.ThreadingHTTPServer(('127.0.0.1', 0), H)
	if len(sys.argv) > 2:
	    c = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER); c.load_cert_chain(sys.argv[2], sys.argv[3])
	    s.socket = c.wrap_socket(s.socket, server_side=True)
	print(s.server_port, flush=True); s.serve_forever()
	END
	/usr/bin/python3 "$work/page.py" "$work/odd-page" >"$work/odd.port" &
	background+=($!)
	expect_run "an odd page" 0 eventually 10 test -s "$work/odd.port"
	cat >"$work/odd.yml" <<-END
	global: {scrape_interval: 1s, external_labels: {site: shed}}
	scrape_configs:
	- job_name: odd
	  static_configs:
	  - {targets: ["127.0.0.1:$(cat "$work/odd.port")"], labels: {env: prod, site: shed, __meta_role: db}}
	  relabel_configs:
	  - {source_labels: [__meta_role], target_label: role}
	  - {source_labels: [__address__], regex: '(.*):(\d+)', target_label: host, replacement: '\$1'}
	  - {regex: '__meta_(.+)', action: labelmap, replacement: 'm_\$1'}
	  metric_relabel_configs:
	  - {source_labels: [y], regex: '(\w+):(\w+)', target_label: side, replacement: '\$2-\${1}_\$3'}
	  - {source_labels: [y], regex: '(?P<one>\w+):.*', target_label: named, replacement: '\${one}x'}
	  - {regex: 'k8s_(.+)', action: labelmap}
	  - {regex: 'k8s_(.+)', action: labelmap, replacement: 'kube_\${1}'}
	  - {regex: 'k8s_.*', action: labeldrop}
	  - {source_labels: [__name__, x], separator: '@', regex: 'dropme@1', action: drop}
	  - {source_labels: [CASE], action: lowercase, target_label: lower}
	  - {source_labels: [CASE], action: uppercase, target_label: upper}
	  - {source_labels: [__name__, x, nothing], regex: '.*;.*;', action: keep}
	  - {source_labels: [url], regex: 'https?://([^:/]+)(?::(\d+))?.*', target_label: at, replacement: '\$1:\$2'}
	  - {source_labels: [z], regex: 'q', target_label: z, replacement: ''}
	  - {source_labels: [__name__], regex: '(h)(.*)', target_label: __name__, replacement: 'renamed\$2'}
	  - {regex: tmp, action: labeldrop}
	  - {source_labels: [x], target_label: copy}
	  - {target_label: static, replacement: 'v\$\$x'}
	  - {source_labels: [x], regex: '2', target_label: 'dyn_\$1', replacement: 'r'}
	  - {source_labels: [__name__], regex: '(a)', target_label: 'dyn_\${1}', replacement: 'name_\$1'}
	  - {source_labels: [x, z], separator: '', target_label: joined}
	  - {source_labels: [missing], target_label: gone}
	END
	cp "$work/odd.yml" "$work/odd-agent.yml"
	echo "remote_write: [{url: \"$prometheus/api/v1/write\"}]" >>"$work/odd-agent.yml"
	start_server prometheus-new --config "$work/odd.yml"
	local reference=$url
	start_agent "$work/odd-agent.yml"
	expect_run "Prometheus scrapes it" 0 eventually 10 odd_series "$reference" "$work/odd-1"
	sleep 2 # the second scrape is read by the lines of the first
	expect_run "so does the agent" 0 eventually 10 odd_series "$prometheus" "$work/odd-2"
	odd_series "$reference" "$work/odd-1"
	expect_same "they make the same of it" "$work/odd-2" "$work/odd-1"
	expect "all samples are counted" "$(grep -c 'scrape_samples_scraped.* 18$' "$work/odd-2")" 1
	end_agent
}
odd_series()
{
	curl -fsS --noproxy '*' "$1/api/v1/query" \
		--data-urlencode 'query={job=~".+",role="db",__name__!~"scrape_(duration|body|timeout|sample_limit).*"}' |
		/usr/bin/python3 -c '
import json, sys
for row in json.load(sys.stdin)["data"]["result"]:
    print(sorted(row["metric"].items()), row["value"][1])' | sort >"$2"
	[ -s "$2" ]
}

# A target that speaks TLS: with a certificate that is not trusted, that is, and without looking at it.
tls_target()
{
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=target \
		-addext subjectAltName=IP:127.0.0.1 -keyout "$work/key.pem" -out "$work/cert.pem" 2>/dev/null
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=other \
		-addext subjectAltName=IP:127.0.0.2 -keyout "$work/other-key.pem" -out "$work/other.pem" 2>/dev/null
	echo 'behind_tls 1' >"$work/tls-page"
	/usr/bin/python3 "$work/page.py" "$work/tls-page" "$work/cert.pem" "$work/key.pem" >"$work/tls.port" &
	background+=($!)
	/usr/bin/python3 "$work/page.py" "$work/tls-page" "$work/other.pem" "$work/other-key.pem" >"$work/other.port" &
	background+=($!)
	expect_run "targets with TLS" 0 eventually 10 test -s "$work/tls.port" -a -s "$work/other.port"
	local target other
	target=127.0.0.1:$(cat "$work/tls.port") other=127.0.0.1:$(cat "$work/other.port")
	cat >"$work/tls.yml" <<-END
	global: {scrape_interval: 1s}
	remote_write: [{url: "$prometheus/api/v1/write"}]
	scrape_configs:
	- {job_name: tls-unknown, scheme: https, static_configs: [{targets: ["$target"]}]}
	- {job_name: tls-trusted, scheme: https, tls_config: {ca_file: cert.pem}, static_configs: [{targets: ["$target"]}]}
	- {job_name: tls-name, scheme: https, tls_config: {ca_file: other.pem}, static_configs: [{targets: ["$other"]}]}
	- {job_name: tls-any, scheme: https, tls_config: {insecure_skip_verify: true}, static_configs: [{targets: ["$other"]}]}
	- {job_name: tls-plain, static_configs: [{targets: ["$target"]}]}
	END
	start_agent "$work/tls.yml"
	local job
	for job in unknown name plain; do
		expect_run "tls, $job: it is down" 0 eventually 10 has "up{job=\"tls-$job\"} == 0"
	done
	for job in trusted any; do
		expect_run "tls, $job: it is up" 0 eventually 10 has "behind_tls{job=\"tls-$job\"} == 1"
	done
	expect "only those" "$(query 'count(behind_tls)')" " 2"
	expect_contains "the log says why" "$(grep "target=https://$target" "$work/agent.log")" certificate
	end_agent
}

# SIGHUP again and again while scrapes are under way: none hangs, none is lost for good.
reload_while_scraping()
{
	local port n
	port=$(cat "$work/count.port")
	for n in 1 2; do
		cat >"$work/busy-$n.yml" <<-END
		global: {scrape_interval: 500ms}
		remote_write: [{url: "$prometheus/api/v1/write"}]
		scrape_configs:
		- {job_name: busy, static_configs: [{targets: ["127.0.0.1:$port"]}]}
		- {job_name: busy-$n, static_configs: [{targets: ["127.0.0.1:$port"], labels: {n: "$n"}}]}
		END
	done
	cp "$work/busy-1.yml" "$work/busy.yml"
	start_agent "$work/busy.yml"
	expect_run "a busy agent" 0 eventually 10 has 'up{job="busy-1"} == 1'
	for n in 2 1 2 1 2 1 2 1 2 1 2; do
		cp "$work/busy-$n.yml" "$work/busy.new"
		mv "$work/busy.new" "$work/busy.yml"
		kill -HUP "$agent"
		sleep 0.15
	done
	expect_run "after many reloads the last one counts" 0 eventually 10 has 'up{job="busy-2"} == 1'
	expect_run "and those before are gone" 0 eventually 10 has_not 'up{job="busy-1"}'
	expect_run "what all have in common goes on" 0 eventually 10 has 'up{job="busy"} == 1'
	end_agent
	expect "it ends as it should" "$agent_status" 0
}

# Requests that several processes left in the spool, some of them killed: the agent delivers all.
spool_of_others()
{
	local n
	mkdir "$work/left"
	for n in 1 2 3 4 5 6; do
		echo "left_by{n=\"$n\"} $n" | "$pitot" push --url "$prometheus/api/v1/write" --job "left-$n" \
			--spool "$work/left" --detach || true
	done
	for n in 7 8; do
		# shellcheck disable=SC2016
		echo "left_by{n=\"$n\"} $n" | timeout -s KILL 1 "$pitot" push --url http://127.0.0.1:1/api/v1/write \
			--job lost --spool "$work/left" 2>/dev/null || true
	done
	cat >"$work/left.yml" <<-END
	remote_write: [{url: "$prometheus/api/v1/write"}]
	scrape_configs: []
	spool: {directory: "$work/left"}
	END
	start_agent "$work/left.yml"
	expect_run "what several processes left arrives" 0 eventually 15 has 'count(left_by) == 6'
	expect "what is for another receiver does not" "$(query 'left_by{job="lost"}')" ""
	end_agent
	expect "it ends as it should" "$agent_status" 0
}

gateway_output()
{
	start_server pushgateway-new
	local gateway=$url
	"$pitot" agent --url "$gateway" --scrape "${reference#http://}" --interval 1s --job me \
		--socket "$work/gateway.sock" --log-format json 2>"$work/gateway.log" &
	local pid=$!
	background+=("$pid")
	arrived() { curl -fsS --noproxy '*' "$gateway/metrics" | grep -q "$1"; }
	expect_run "a target is a group of a Pushgateway" 0 \
		eventually 10 arrived "^prometheus_build_info.*instance=\"${reference#http://}\",job=\"${reference#http://}\""
	curl -sS --noproxy '*' --unix-socket "$work/gateway.sock" --data-binary $'handed_on 1\n' \
		http://localhost/metrics/job/j/k/v
	expect_run "so is what was pushed" 0 eventually 5 arrived '^handed_on{.*job="j",k="v"} 1'
	kill "$pid"
	expect_run "it ends" 0 wait "$pid"
	expect_run "JSON on stderr" 0 /usr/bin/python3 -c '
import json, sys
lines = [json.loads(line) for line in open(sys.argv[1])]
assert lines[0]["level"] == "INFO" and lines[0]["msg"] == "The agent runs", lines[0]
assert not [l for l in lines if l["level"] == "ERROR"], lines' "$work/gateway.log"
}

notify()
{
	/usr/bin/python3 -c '
import socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM); s.bind(sys.argv[1]); s.settimeout(10)
while True:
    text = s.recv(4096).decode(); print(text.split("\n")[0], flush=True)
    if text.startswith("STOPPING"): break' "$work/notify" >"$work/notified" &
	background+=($!)
	expect_run "systemd listens" 0 eventually 5 test -S "$work/notify"
	config "" | sed 's/^scrape_configs:$/scrape_configs: []/' >"$work/notify.yml"
	NOTIFY_SOCKET=$work/notify WATCHDOG_USEC=900000 "$pitot" agent --config "$work/notify.yml" 2>/dev/null &
	local pid=$!
	background+=("$pid")
	expect_run "it is ready" 0 eventually 5 grep -q '^READY=1' "$work/notified"
	expect_run "it feeds the watchdog" 0 eventually 5 grep -q '^WATCHDOG=1' "$work/notified"
	kill -HUP "$pid"
	expect_run "it tells that it reads again" 0 eventually 5 grep -q '^RELOADING=1' "$work/notified"
	kill "$pid"
	wait "$pid" || true
	expect_run "and that it stops" 0 eventually 5 grep -q '^STOPPING=1' "$work/notified"
}

mistakes()
{
	expect_run "no configuration" 66 "$pitot" agent --config "$work/none.yml"
	expect_contains "names the file" "$err" "none.yml: No such file"
	expect_run "nothing at all" 64 env PITOT_CONFIG= "$pitot" agent --scrape localhost:1
	expect_run "a URL that says nothing of its protocol" 64 "$pitot" agent --url http://localhost:1/x
	expect_run "both" 64 "$pitot" agent --config x --url http://localhost
	local option
	for option in --instance=X --job=X --label=a=b --interval=1s --socket=s --textfile=d --spool=d \
		--user=u --password-file=f --bearer-token-file=f --header='A: b' --ca-file=f --cert-file=f \
		--key-file=f --insecure --proxy=http://p --unix-socket=s --scrape=localhost:1; do
		expect_run "${option%%=*} beside a file" 64 "$pitot" agent --config x "$option"
		expect_contains "names the file's key" "$err" "${option%%=*} is for an agent without a file, and this one reads x, where the key is "
	done
	expect_contains "the key" "$("$pitot" agent --instance X --config x 2>&1)" "the key is instance"
	expect_run "beside a file that the environment names" 64 env PITOT_CONFIG=x "$pitot" agent --instance X
	echo 'socket: {path: /proc/none/s}' >"$work/bad.yml"
	expect_run "a socket that cannot be" 74 "$pitot" agent --config "$work/bad.yml"
}

node_exporter
prom_client
text_files
socket
reload
no_scrape_lost
receiver_hangs
like_prometheus
tls_target
reload_while_scraping
spool_of_others
gateway_output
notify
mistakes
finish
