#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# The endpoint. What a real Prometheus, old and new, scrapes from it is what a push of the same
# registry by remote write brings: names, labels, values to the bit, types and help. curl gets what
# HTTP promises, promtool finds the text sound, and a worker's variables do what they always did.
. "$(dirname "$0")/lib.sh"

build=${PITOT_BUILD:-$top/build}

# Starts a program that prints its port, with the variables given; its end of input is $hold.
start_endpoint()
{
	rm -f "$work/in" "$work/port"
	mkfifo "$work/in"
	env "$@" "$build/tests/e2e/endpoint" <"$work/in" >"$work/port" 2>"$work/endpoint.err" &
	endpoint=$!
	background+=("$endpoint")
	exec {hold}>"$work/in"
	eventually 10 test -s "$work/port"
	port=$(cat "$work/port")
}

# Its exit status is in $status then.
stop_endpoint()
{
	exec {hold}>&-
	status=0
	wait "$endpoint" || status=$?
}

# fetch ARGUMENT…: curl without a proxy; the headers are in $head then, the body in $work/body.
fetch()
{
	status=0
	curl -sS --noproxy '*' -D "$work/head" -o "$work/body" "$@" 2>"$work/err" || status=$?
	head=$(tr -d '\r' <"$work/head")
}

# ---- HTTP ----

http()
{
	local page="http://127.0.0.1:$port/metrics" plain
	fetch "$page"
	expect "curl gets 200" "$(head -n 1 <<<"$head")" "HTTP/1.1 200 OK"
	expect_contains "as text 0.0.4" "$head" \
		"Content-Type: text/plain; version=0.0.4; charset=utf-8"
	plain=$(wc -c <"$work/body")
	cp "$work/body" "$work/plain.prom"
	fetch -I "$page"
	expect_contains "HEAD gets the length" "$head" "Content-Length: $plain"
	expect "and no body" "$(wc -c <"$work/body")" "$(wc -c <"$work/head")"
	fetch --compressed -H 'Accept-Encoding: gzip' "$page"
	expect_contains "gzip is had by asking" "$head" "Content-Encoding: gzip"
	expect_same "and unpacks to the same" "$work/body" "$work/plain.prom"
	fetch -H 'Accept: application/openmetrics-text;version=1.0.0,text/plain;q=0.9' "$page"
	expect_contains "OpenMetrics, too" "$head" \
		"Content-Type: application/openmetrics-text; version=1.0.0; charset=utf-8"
	expect "which ends as it must" "$(tail -n 1 "$work/body")" "# EOF"
	cp "$work/body" "$work/page.om"
	fetch -H 'Accept: application/openmetrics-text;q=0.1,text/plain;q=0.2' "$page"
	expect_same "qualities decide" "$work/body" "$work/plain.prom"
	fetch -X POST --data x=y "$page"
	expect_contains "POST is not answered" "$head" "HTTP/1.1 405"
	expect_contains "which says what is" "$head" "Allow: GET, HEAD"
	fetch "http://127.0.0.1:$port/other"
	expect_contains "another path is 404" "$head" "HTTP/1.1 404"
	expect "which says where" "$(cat "$work/body")" \
		"there is nothing here: the metrics are at /metrics"
	fetch "http://127.0.0.1:$port/"
	expect_contains "the root links there" "$(cat "$work/body")" 'href="/metrics"'
}

texts_are_sound()
{
	local age
	for age in old new; do
		promtool=$("$top/scripts/servers" path "promtool-$age")
		status=0
		"$promtool" check metrics <"$work/plain.prom" >"$work/lint" 2>&1 || status=$?
		# 3: it parses, and the linter has an opinion of names or of missing help.
		expect "promtool-$age reads the text" "$((status == 0 || status == 3))" 1
		expect "promtool-$age: no error" "$(grep -c 'error while linting' "$work/lint")" 0
	done
	expect_run "the reference parser reads OpenMetrics strictly" 0 \
		/usr/bin/python3 "$top/tests/e2e/read_back.py" openmetrics "$work/page.om"
	read_back expected "$work/page.om" >"$work/expected"
	read_back page "http://127.0.0.1:$port/metrics" = >"$work/found"
	expect_same "both texts have the same samples" "$work/found" "$work/expected"
}

# ---- Prometheus ----

# What the server has under this job, without what makes scraped and pushed series different.
series_of()
{
	read_back prometheus "$url" "{job=\"$1\",__name__!~\"up|scrape_.*\"}" "$(date +%s)" |
		sed "s/, \"job\": \"$1\"//; s/\"job\": \"$1\", //; s/{\"job\": \"$1\"}/{}/"
}

has_series()
{
	[ "$(series_of "$1" | wc -l)" -gt 40 ]
}

# families scraped|pushed: name, type and help of each family, from Prometheus' word about its
# target, or from the sink's lines about each series.
families()
{
	/usr/bin/python3 -c '
import json, re, sys
suffixes = {"counter": "_total", "histogram": "_bucket|_count|_sum", "summary": "_count|_sum",
            "gaugehistogram": "_bucket|_gcount|_gsum", "info": "_info"}
if sys.argv[1] == "scraped":
    rows = [(row["metric"], row["type"], row["help"]) for row in json.load(sys.stdin)["data"]]
else:
    rows = [(row[1], row[2], json.loads(row[3])) for row in
            re.finditer(r"(?m)^# metadata (\S+) (\S+) (?:\S+ )?(\".*\")$", sys.stdin.read())]
print(*sorted({json.dumps((re.sub("(" + suffixes.get(kind, "$.") + ")$", "", name), kind, text))
               for name, kind, text in rows}), sep="\n")' "$1"
}

same_series()
{
	local name=$1
	cat >"$work/$name.yml" <<-END
		global: {scrape_interval: 1s, evaluation_interval: 1s}
		scrape_configs:
		- job_name: scraped
		  honor_labels: true
		  static_configs: [{targets: ['127.0.0.1:$port'], labels: {instance: one}}]
	END
	start_server "$name" --config "$work/$name.yml"
	start_endpoint ENDPOINT_ENABLED=true ENDPOINT_PORT="$port" ENDPOINT_JOB=pushed \
		ENDPOINT_INSTANCE=one ENDPOINT_INTERVAL=1s ENDPOINT_COLLECT_DEFAULT=false \
		ENDPOINT_URL="$url/api/v1/write" ENDPOINT_LABELS='{"zone":"a \"b\"\\c"}'
	eventually 20 has_series scraped || true
	eventually 20 has_series pushed || true
	series_of scraped >"$work/scraped"
	series_of pushed >"$work/pushed"
	expect_same "$name: a scrape has the series of a push, to the bit" "$work/scraped" \
		"$work/pushed"
	expect_contains "$name: with the constant label" "$(head -n 1 "$work/scraped")" '"zone": '
	curl -fsS --noproxy '*' "$url/api/v1/targets/metadata" | families scraped \
		>"$work/families-$name"
	stop_endpoint
	expect "$name: it ended well" "$status$(cat "$work/endpoint.err")" 0
	stop_server "$dir"
}

# What is pushed carries its types and help in the message, which the sink shows.
same_types_and_help()
{
	local sink_port
	"$pitot" sink --port-file "$work/sink.port" >"$work/sink.out" 2>&1 </dev/null &
	background+=($!)
	eventually 10 test -s "$work/sink.port"
	sink_port=$(cat "$work/sink.port")
	start_endpoint ENDPOINT_ENABLED=true ENDPOINT_PORT=0 ENDPOINT_JOB=j ENDPOINT_INSTANCE= \
		ENDPOINT_URL="http://127.0.0.1:$sink_port/api/v1/write" ENDPOINT_COLLECT_DEFAULT=false
	stop_endpoint
	families pushed <"$work/sink.out" >"$work/families"
	for name in prometheus-old prometheus-new; do
		expect_same "$name: types and help are scraped as they are pushed" \
			"$work/families-$name" "$work/families"
	done
}

# ---- slow clients ----

# slow_clients ARGUMENT… of curl: more than the endpoint has room for, silent, with half a
# request, and with a header that never ends; a scrape gets in all the same.
slow_clients()
{
	local file files=() i beginnings=("" "GET /met" $'GET /metrics HTTP/1.1\r\nX: ')
	trap "" PIPE # a client that gave way does not take the script along
	for ((i = 0; i < 120; i++)); do
		exec {file}<>"/dev/tcp/127.0.0.1/$port"
		files+=("$file")
		printf %s "${beginnings[i / 40]}" 1>&"$file" 2>"$work/broken" || true
	done
	trap - PIPE
	fetch --max-time 60 "$@"
	expect_contains "slow clients keep no scrape out" "$head" "HTTP/1.1 200 OK"
	for file in "${files[@]}"; do
		exec {file}>&-
	done
}

# ---- login, TLS, ports ----

login_and_tls()
{
	local page
	openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost \
		-addext 'subjectAltName=DNS:localhost,IP:127.0.0.1' \
		-keyout "$work/key.pem" -out "$work/cert.pem" 2>"$work/openssl"
	echo s3cret >"$work/password"
	start_endpoint ENDPOINT_ENABLED=1 ENDPOINT_PORT=0 ENDPOINT_PATH=/m \
		ENDPOINT_SERVER_USERNAME=user ENDPOINT_SERVER_PASSWORD_FILE="$work/password" \
		ENDPOINT_SERVER_CERT_FILE="$work/cert.pem" ENDPOINT_SERVER_KEY_FILE="$work/key.pem"
	page=https://127.0.0.1:$port/m
	fetch --cacert "$work/cert.pem" "$page"
	expect_contains "over TLS, without a login: 401" "$head" "HTTP/1.1 401"
	expect_contains "which says what is wanted" "$head" 'WWW-Authenticate: Basic realm="metrics"'
	fetch --cacert "$work/cert.pem" -u user:wrong "$page"
	expect_contains "with a wrong one: 401" "$head" "HTTP/1.1 401"
	fetch --cacert "$work/cert.pem" -u user:s3cret "$page"
	expect_contains "with the right one: 200" "$head" "HTTP/1.1 200"
	expect_contains "and the metrics" "$(cat "$work/body")" "mail_sent_total 12345"
	slow_clients --cacert "$work/cert.pem" -u user:s3cret "$page"
	fetch --cacert "$work/cert.pem" --tls-max 1.1 -u user:s3cret "$page"
	expect "TLS 1.1 is too old" "$((status != 0))" 1
	fetch -u user:s3cret "http://127.0.0.1:$port/m"
	expect "without TLS there is no answer" "$((status != 0))" 1
	stop_endpoint
	expect "it ended well" "$status$(cat "$work/endpoint.err")" 0
}

taken_port()
{
	start_endpoint ENDPOINT_ENABLED=1 ENDPOINT_PORT=0
	expect_run "a port that is taken stops the second" 1 env ENDPOINT_ENABLED=1 \
		ENDPOINT_PORT="$port" "$build/tests/e2e/endpoint"
	expect "with its cure" "$err" \
		"endpoint: endpoint: port $port of 127.0.0.1 is already in use: choose another"
	fetch "http://127.0.0.1:$port/metrics"
	expect_contains "the first is undisturbed" "$head" "HTTP/1.1 200"
	stop_endpoint
	run env ENDPOINT_ENABLED=false ENDPOINT_PORT="$port" "$build/tests/e2e/endpoint"
	expect "what is not enabled opens no port" "$status$out$err" 00
}

# ---- the worker of the document ----

# The variables are those of its quick start, with another port.
worker()
{
	local port=$1 page=http://localhost:$1/metrics
	BAILEYS_PROMETHEUS_ENABLED=true BAILEYS_PROMETHEUS_PORT=$port \
		BAILEYS_PROMETHEUS_PREFIX=zpro_baileys_ \
		BAILEYS_PROMETHEUS_LABELS='{"environment":"production","service":"zpro-backend"}' \
		"$build/tests/example/baileys_worker" >"$work/log" 2>&1 &
	worker=$!
	background+=("$worker")
	eventually 10 grep -q started "$work/log"
	expect "the worker's log has the document's lines" "$(cat "$work/log")" \
		"[info] prometheus metrics enabled { port: $port, path: '/metrics', prefix: 'zpro_baileys_' }
[info] prometheus metrics server started { port: $port, path: '/metrics' }"
	eventually 10 curl_has "$page" zpro_baileys_connection_state
	for what in buffer_flush connection_state memory_usage zpro_baileys_buffer_flush_total \
		environment zpro_baileys_process_cpu_seconds_total \
		zpro_baileys_process_heap_bytes; do
		expect "curl | grep $what" "$((0 < $(curl -s --noproxy '*' "$page" | grep -c "$what")))" 1
	done
	BAILEYS_PROMETHEUS_ENABLED=true BAILEYS_PROMETHEUS_PORT=$port \
		"$build/tests/example/baileys_worker" >"$work/log2" 2>&1 &
	second=$!
	background+=("$second")
	eventually 10 grep -q choose "$work/log2"
	expect_contains "a second one says that the port is taken" "$(cat "$work/log2")" \
		"[error] prometheus metrics port already in use { port: $port }"
	expect "and works on without it" "$(kill -0 "$second" && echo alive)" alive
	stop_worker "$second"
	stop_worker "$worker"
	BAILEYS_PROMETHEUS_PORT=$port "$build/tests/example/baileys_worker" >"$work/log" 2>&1 &
	worker=$!
	background+=("$worker")
	expect "one that is not enabled has one thread and opens no port" \
		"$(sleep 0.5 && threads_of "$worker") $(curl_has "$page" x || echo closed)" "1 closed"
	stop_worker "$worker"
	expect "and says nothing" "$(cat "$work/log")" ""
}

# The example configuration is sound, and a real Prometheus scrapes with it as it says.
example_configuration()
{
	local age
	for age in old new; do
		promtool=$("$top/scripts/servers" path "promtool-$age")
		expect_run "promtool-$age finds prometheus.yml sound, with its rules" 0 \
			"$promtool" check config "$top/alerting/prometheus.yml"
	done
	start_endpoint ENDPOINT_ENABLED=true ENDPOINT_PORT=0
	sed "s/localhost:9090/localhost:$port/; s/1[05]s/1s/; s/5s/1s/
		s|rules/|$top/alerting/rules/|" "$top/alerting/prometheus.yml" >"$work/example.yml"
	start_server prometheus-new --config "$work/example.yml"
	expect_run "it scrapes, under the labels and the instance's name" 0 \
		eventually 20 has_example
	stop_server "$dir"
	stop_endpoint
}

has_example()
{
	curl -fsS --noproxy '*' -G "$url/api/v1/query" --data-urlencode 'query=mail_sent_total{
		job="zpro-baileys", instance="zpro-backend-1", service="zpro-backend",
		environment="production"}' | grep -q '"12345"'
}

# A constant label that metrics have themselves, the kit's or pitot's, whether or not it pushes.
own_labels()
{
	local label url
	for label in mode destination; do
		for url in "" http://127.0.0.1:1/api/v1/write; do
			expect_run "a constant label $label stops the worker${url:+ that pushes}" 78 \
				env BAILEYS_PROMETHEUS_ENABLED=true BAILEYS_PROMETHEUS_PORT=0 \
				BAILEYS_PROMETHEUS_URL="$url" \
				BAILEYS_PROMETHEUS_LABELS="{\"$label\":\"x\"}" \
				"$build/tests/example/baileys_worker"
			expect_contains "which names the variable, the label and the cure" "$err" \
				"BAILEYS_PROMETHEUS_LABELS: \"$label\" is a label that metrics have \
themselves: give it another name, for example \"my_$label\""
		done
	done
}

# A free port is told as what it became; what is no whole number is none of connections.
free_port()
{
	BAILEYS_PROMETHEUS_ENABLED=true BAILEYS_PROMETHEUS_PORT=0 \
		"$build/tests/example/baileys_worker" >"$work/log" 2>&1 &
	worker=$!
	background+=("$worker")
	eventually 10 grep -q started "$work/log"
	expect "both lines name the port that was found" \
		"$(grep -o 'port: [1-9][0-9]*' "$work/log" | uniq -c | awk '{ print $1 }')" 2
	stop_worker "$worker"
	expect_run "one and a half connections are refused" 64 \
		"$build/tests/example/baileys_worker" --connections=1.5
	expect "which says why" "$err" \
		'baileys_worker: connections: "1.5": a whole number is expected'
}

curl_has()
{
	curl -s --noproxy '*' "$1" | grep -q "$2"
}

threads_of()
{
	find "/proc/$1/task" -mindepth 1 -maxdepth 1 | wc -l
}

stop_worker()
{
	kill "$1"
	status=0
	wait "$1" || status=$?
	expect "a worker ends well" "$status" 0
}

start_endpoint ENDPOINT_ENABLED=true ENDPOINT_PORT=0 ENDPOINT_COLLECT_DEFAULT=false
http
slow_clients "http://127.0.0.1:$port/metrics"
texts_are_sound
stop_endpoint
expect "it ended well" "$status$(cat "$work/endpoint.err")" 0
for name in prometheus-old prometheus-new; do
	same_series "$name"
done
same_types_and_help
example_configuration
login_and_tls
taken_port
worker "$port"
own_labels
free_port
finish
