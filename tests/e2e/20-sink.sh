#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# `pitot sink` driven by curl and by requests made by hand: both protocols, each rule, faults on
# demand, login, TLS, options and exit codes.
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"

type='Content-Type: text/plain; version=0.0.4; charset=utf-8'

# Starts a sink; its address is then in $url, its process in $sink, what it prints in $work/sink.*.
start_sink()
{
	rm -f "$work/port"
	"$pitot" sink --port-file="$work/port" --timeout=60s "$@" \
		>"$work/sink.out" 2>"$work/sink.err" </dev/null &
	sink=$!
	background+=("$sink")
	eventually 10 test -s "$work/port" || {
		fail "a sink starts with $*" "$(cat "$work/sink.err")"
		finish
	}
	url=http://127.0.0.1:$(cat "$work/port")
}

# Waits for its end; its exit status is then in $status.
end_sink()
{
	status=0
	wait "$sink" || status=$?
	unset 'background[-1]'
}

stop_sink()
{
	kill -"${1:-TERM}" "$sink" 2>/dev/null || true
	end_sink
}

# send METHOD PATH [CURL_ARGUMENT…]: the answer's status is then in $code, its text in $answer.
send()
{
	local method=$1 path=$2
	shift 2
	code=$(curl -s -o "$work/answer" -w '%{http_code}' --max-time 5 --path-as-is -X "$method" \
		-H "$type" "$@" "$url$path") || true
	answer=$(cat "$work/answer" 2>/dev/null || true)
	rm -f "$work/answer"
}

# push METHOD PATH TEXT [CURL_ARGUMENT…]
push()
{
	local method=$1 path=$2 text=$3
	shift 3
	printf '%b' "$text" >"$work/body"
	send "$method" "$path" --data-binary @"$work/body" "$@"
}

page()
{
	curl -s --max-time 5 "$url/metrics" | grep -v push_time_seconds
}

# expect_rules WHAT RULE…: the sink told exactly these, and its exit status says so.
expect_rules()
{
	local what=$1 told expected=0
	shift
	stop_sink
	told=$(sed -n 's/^sink: VIOLATION \([^:]*\):.*/\1/p' "$work/sink.err" | paste -sd, -)
	[ $# -eq 0 ] || expected=1
	expect "$what: what is told" "$told" "$(IFS=, && echo "$*")"
	expect "$what: exit status" "$status" "$expected"
}

# refused WHAT CODE RULE METHOD PATH TEXT [CURL_ARGUMENT…]: a push alone that breaks one rule.
refused()
{
	local what=$1 expected=$2 rule=$3
	shift 3
	start_sink --print=none
	push "$@"
	expect "$what: answer" "$code" "$expected"
	expect_rules "$what" "$rule"
}

# ---- replace, merge, delete ----

start_sink
push PUT /metrics/job/j/instance/i '# HELP a_total A.\n# TYPE a_total counter\na_total{x="1"} 5\nb 1\n'
expect 'replace is answered' "$code" 200
expect 'replace: the page' "$(page)" '# HELP a_total A.
# TYPE a_total counter
a_total{x="1",instance="i",job="j"} 5
# TYPE b untyped
b{instance="i",job="j"} 1'
push POST /metrics/job/j/instance/i '# TYPE a_total counter\na_total{x="2"} 6\n'
expect 'merge replaces whole families and leaves the others' "$(page)" '# TYPE a_total counter
a_total{x="2",instance="i",job="j"} 6
# TYPE b untyped
b{instance="i",job="j"} 1'
push PUT /metrics/job/j/instance/i 'c NaN\n'
expect 'replace leaves nothing of before' "$(page)" '# TYPE c untyped
c{instance="i",job="j"} NaN'
push POST /metrics/job@base64/L3Zhci90bXA/x@base64/= 'c +Inf\n'
expect 'groups stand together by family, with instance, and slashes by base64' "$(page)" \
	'# TYPE c untyped
c{instance="i",job="j"} NaN
c{instance="",job="/var/tmp",x=""} +Inf'
expect_contains 'the page has push times' "$(curl -s "$url/metrics")" \
	'push_time_seconds{instance="i",job="j"} '
send DELETE /metrics/job/j -H 'Content-Length: 0'
expect 'delete of an unknown group is answered' "$code" 202
expect_contains 'delete is not by prefix' "$(page)" 'job="j"'
send DELETE /metrics/job/j/instance/i -H 'Content-Length: 0'
expect 'delete is answered' "$code" 202
expect 'a deleted group is gone' "$(page)" '# TYPE c untyped
c{instance="",job="/var/tmp",x=""} +Inf'
push PUT /metrics/job@base64/L3Zhci90bXA/x@base64/= ''
expect 'an empty replace leaves the group without families' "$(page)" ''
send GET /-/ready
expect 'ready' "$code $answer" '200 OK'
send GET /-/healthy
expect 'healthy' "$code $answer" '200 OK'
send GET /metrics/job/j
expect 'GET on a group' "$code" 405
send POST /metrics -d ''
expect 'POST on the page' "$code" 405
send GET /elsewhere
expect 'another path' "$code" 404
expect_rules 'right pushes'
expect 'samples are printed one to a line' "$(sed 1d "$work/sink.out")" \
	'a_total{x="1",instance="i",job="j"} 5
b{instance="i",job="j"} 1
a_total{x="2",instance="i",job="j"} 6
c{instance="i",job="j"} NaN
c{instance="",job="/var/tmp",x=""} +Inf
# deleted {job="j"}
# deleted {instance="i",job="j"}'
expect_contains 'the first line says where it listens' "$(head -n 1 "$work/sink.out")" \
	"listening on $url"
expect_contains 'the summary' "$(tail -n 1 "$work/sink.err")" \
	'sink: 8 requests, 7 accepted, 5 samples, 0 series, 1 groups, 0 violations'

# ---- each rule of a push ----

g=/metrics/job/j
refused 'slashes in the target' 200 'pushgateway 1' PUT "/$g" 'a 1\n'
refused 'an encoded slash' 400 'pushgateway 3' PUT $g/p/a%2Fb 'a 1\n'
refused 'the wrong base64 alphabet' 400 'pushgateway 3' PUT $g/p@base64/Pj4+ 'a 1\n'
refused 'an empty value' 200 'pushgateway 4' PUT $g/p/ 'a 1\n'
refused 'dots' 400 'pushgateway 5' PUT $g/p/.. 'a 1\n'
refused 'encoded dots' 400 'pushgateway 5' PUT $g/p/%2E 'a 1\n'
refused 'a query' 200 'pushgateway 6' PUT "$g/p/a?b" 'a 1\n'
refused 'a quote in the path' 200 'pushgateway 6' PUT "$g/p/a\"b" 'a 1\n'
refused 'a value that is not UTF-8' 400 'pushgateway 7' PUT $g/p/%FF 'a 1\n'
refused 'a reserved label' 400 'pushgateway 8' PUT $g/le/1 'a 1\n'
refused 'job twice' 400 'pushgateway 8' PUT $g/job/k 'a 1\n'
type='Content-Type: text/plain' refused 'another Content-Type' 200 'pushgateway 10' PUT $g 'a 1\n'
refused 'no LF at the end' 400 'pushgateway 11' PUT $g 'a 1'
refused 'a timestamp' 400 'pushgateway 11' PUT $g 'a 1 1700000000000\n'
refused 'CRLF' 400 'pushgateway 11' PUT $g 'a 1\r\n'
refused 'a type of OpenMetrics' 400 'pushgateway 11' PUT $g '# TYPE a unknown\na 1\n'
refused 'a counter without _total' 200 'pushgateway 12' PUT $g '# TYPE a counter\na 1\n'
refused 'HELP behind samples' 400 'pushgateway 13' PUT $g 'a 1\n# HELP a x\n'
refused 'families torn apart' 200 'pushgateway 13' PUT $g 'a{x="1"} 1\nb 1\na{x="2"} 1\n'
refused 'a grouping label in a sample' 200 'pushgateway 14' PUT $g/x/1 'a{x="2"} 1\n'
refused 'Content-Encoding' 400 'pushgateway 16' PUT $g 'a 1\n' -H 'Content-Encoding: gzip'
refused 'Expect' 200 'pushgateway 23' PUT $g 'a 1\n' -H 'Expect: 100-continue'
refused 'no text at all' 400 'pushgateway 26' PUT $g 'hello\n'
refused 'a wrong escape in HELP' 400 'text-formats 13' PUT $g '# HELP a \\"\na 1\n'
refused 'a line of OpenMetrics' 200 'text-formats 14' PUT $g 'a 1\n# EOF\n'
refused 'a histogram without +Inf' 200 'text-formats 15' PUT $g \
	'# TYPE h histogram\nh_bucket{le="1"} 1\nh_sum 1\nh_count 1\n'

start_sink --print=none
push PUT $g 'a{x="1"} 1\na{x="1"} 2\n'
expect 'a duplicate series: answer' "$code" 400
expect_contains 'a duplicate series: the reason' "$answer" 'duplicate'
stop_sink
expect_contains 'a duplicate series' "$(cat "$work/sink.err")" 'VIOLATION pushgateway 15: '
start_sink --print=none
push DELETE $g 'a 1\n'
expect 'a delete with a body: answer' "$code" 202
expect_rules 'a delete with a body' 'pushgateway 18'
start_sink --print=none
send DELETE $g
expect_rules 'a delete without Content-Length' 'pushgateway 18'

# ---- remote write ----

while IFS= read -r line; do
	case $line in
	'ok - '*) pass "remote write: ${line#ok - }" ;;
	*) fail "remote write: ${line#not ok - }" ;;
	esac
done < <(/usr/bin/python3 "$top/tests/e2e/sink_cases.py" "$pitot" 2>&1 || echo "not ok - cases")

# up{job="a"} 1 at 1700000000000, as one snappy block
printf '\056\264\012\054\012\016\012\010__name__\022\002up\012\010\012\003job\022\001a\022\020\011\0\0\0\0\0\0\360\077\020\200\320\225\377\274\061' >"$work/block"
write=(-A cases/1 -H 'Content-Encoding: snappy'
	-H 'X-Prometheus-Remote-Write-Version: 0.1.0' --data-binary @"$work/block")
start_sink
type='Content-Type: application/x-protobuf' send POST /api/v1/write "${write[@]}"
expect 'remote write by curl' "$code" 204
expect_rules 'remote write by curl'
expect 'a sample of remote write' "$(sed 1d "$work/sink.out")" 'up{job="a"} 1 @1700000000.000'

# ---- faults on demand ----

start_sink --print=summary --script='500 429/2 204 hang close reset slow/1 400'
push PUT $g 'a 1\n'
expect 'script: 500' "$code" 500
push PUT $g 'a 1\n' -D "$work/head"
expect 'script: 429' "$code $(tr -d '\r' <"$work/head" | grep -i '^retry-after')" \
	'429 Retry-After: 2'
expect 'script: nothing is stored' "$(page)" ''
push PUT $g 'a 1\n'
expect 'script: 204' "$code" 204
push PUT $g 'a 2\n' --max-time 1
expect 'script: hang' "$code" 000
run curl -s -X PUT -H "$type" --data-binary 'a 3' "$url$g"
expect 'script: close is an empty reply' "$status" 52
run curl -s -X PUT -H "$type" --data-binary 'a 3' "$url$g"
expect 'script: reset is a reset' "$status" 56
push PUT $g 'a 4\n' -w '%{http_code} %{time_total}'
expect 'script: slow answers in the end' "${code%%.*}" '200 1'
push PUT $g 'a 5\n'
expect 'script: 400' "$code" 400
push PUT $g 'a 6\n'
expect 'behind the script all is normal' "$code" 200
expect 'script: what is stored' "$(page)" '# TYPE a untyped
a{instance="",job="j"} 6'
stop_sink
expect 'a line for each accepted request' "$(sed 1d "$work/sink.out")" \
	"PUT $g: 1 samples
PUT $g: 1 samples
PUT $g: 1 samples"

start_sink --script='hang'
push PUT $g 'a 1\n' --max-time 30 &
hanging=$!
eventually 10 grep -q . "$work/sink.out"
sleep 0.3
stop_sink
expect 'a hanging client does not keep the sink from ending' "$status" 0
kill "$hanging" 2>/dev/null || true
wait "$hanging" 2>/dev/null || true

# ---- ends ----

start_sink --count=2 --print=none
push PUT $g 'a 1\n'
push PUT $g 'a 2\n'
expect 'the last of --count is answered' "$code" 200
end_sink
expect '--count ends it' "$status" 0
start_sink --count=2 --timeout=1s --print=none
push PUT $g 'a 1\n'
end_sink
expect '--timeout before --count is reached' "$status" 1
expect_contains '--timeout before --count is told' "$(cat "$work/sink.err")" \
	'timed out: 1 of 2'
start_sink --timeout=0s
end_sink
expect '--timeout alone' "$status" 0
start_sink
stop_sink INT
expect 'SIGINT ends it well' "$status" 0

# ---- login, TLS, prefix ----

echo secret >"$work/password"
start_sink --user=me --password-file="$work/password"
push PUT $g 'a 1\n' -D "$work/head"
expect 'no login' "$code" 401
expect_contains 'the login that is asked for' "$(cat "$work/head")" 'WWW-Authenticate: Basic'
push PUT $g 'a 1\n' -u me:wrong
expect 'a wrong login' "$code" 401
push PUT $g 'a 1\n' -u me:secret
expect 'the right login' "$code" 200
expect_rules 'login'

openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost -keyout "$work/key.pem" \
	-out "$work/cert.pem" -addext subjectAltName=IP:127.0.0.1 2>/dev/null
start_sink --tls-cert="$work/cert.pem" --tls-key="$work/key.pem"
url=https${url#http}
push PUT $g 'a 1\n' --cacert "$work/cert.pem"
expect 'TLS' "$code" 200
push PUT $g 'a 1\n'
expect 'TLS is verified by the client' "$code" 000
expect_rules 'TLS'
expect 'TLS is told in the address' "$(head -n 1 "$work/sink.out")" "listening on $url"

start_sink --route-prefix=/gw --print=none
push PUT /gw$g 'a 1\n'
expect 'with the route prefix' "$code" 200
push PUT $g 'a 1\n'
expect 'without the route prefix' "$code" 404
expect_rules 'route prefix'

# ---- limits ----

start_sink --print=none
head -c 70000000 /dev/zero >"$work/large"
send PUT $g --data-binary @"$work/large" -H 'Expect:' --max-time 30
expect 'a body above the limit' "$code" 413
send GET /-/ready
expect 'a body above the limit is survived' "$code" 200
stop_sink

# ---- wrong options ----

expect_run '--help' 0 "$pitot" sink --help
expect_contains '--help' "$out" 'Usage: pitot sink'
expect_run '--rules' 0 "$pitot" sink --rules
expect_contains '--rules' "$out" 'remote-write 13  labels not sorted'
for wrong in --listen=9091 --listen=127.0.0.1:x --listen=127.0.0.1:65536 --count=0 --count=x \
	--timeout=5 --print=all --script=never --max-request=0 --route-prefix=gw --user=me \
	--tls-cert=x --unknown argument; do
	expect_run "wrong: $wrong" 64 timeout 10 "$pitot" sink "$wrong"
	[ -n "$err" ] || fail "wrong: $wrong is told"
done
expect_run 'no password file' 66 "$pitot" sink --user=me --password-file="$work/none"
expect_contains 'no password file' "$err" "$work/none: No such file"
expect_run 'an address that is not ours' 69 "$pitot" sink --listen=192.0.2.1:0
expect_contains 'an address that is not ours' "$err" 'listen on 192.0.2.1:0: '
expect_run 'a key that is none' 69 "$pitot" sink --tls-cert="$work/password" --tls-key="$work/password"
expect_run 'a port file that cannot be written' 73 "$pitot" sink --port-file="$work/none/port"

finish
