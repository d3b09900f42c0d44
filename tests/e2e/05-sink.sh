#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# The embedded receiver judges what the command and the example worker send: not one rule may be
# broken, over refusals, hangs, resets and retries too; and it does complain about others.
. "$(dirname "$0")/lib.sh"

here=$(dirname "$0")
worker=${PITOT_BUILD:-$top/build}/tests/example/worker

# Starts a sink; its address is then in $url, its process in $sink, its words in $work/sink.{out,err}.
start_sink()
{
	rm -f "$work/port"
	"$pitot" sink --port-file "$work/port" "$@" >"$work/sink.out" 2>"$work/sink.err" </dev/null &
	sink=$!
	background+=("$sink")
	eventually 10 test -s "$work/port"
	url=http://127.0.0.1:$(cat "$work/port")
}

# The sink's exit status after it was asked to end; $summary is its last line.
stop_sink()
{
	kill "$sink" 2>/dev/null || true
	sink_status=0
	wait "$sink" || sink_status=$?
	background=()
	summary=$(tail -n 1 "$work/sink.err")
}

# expect_content WHAT: the sink ends well and has seen no broken rule.
expect_content()
{
	stop_sink
	expect "$1: exit status 0" "$sink_status" 0
	expect_contains "$1: no broken rule" "$summary" " 0 violations"
}

both_protocols()
{
	start_sink
	expect_run "a push to the sink as a Pushgateway" 0 "$pitot" push "$here/every-type.om" \
		--url "$url" --job 'a/b' --instance '' --label 'x=grüße/"q"\z'
	expect_run "replace" 0 "$pitot" push "$here/every-type.om" --url "$url" --job r --replace
	expect_run "delete" 0 "$pitot" delete --url "$url" --job r
	expect_run "a push to the sink by remote write" 0 "$pitot" push "$here/every-type.om" \
		--url "$url/api/v1/write?a=b" --job every --instance one --label 'x=grüße/"q"\z'
	expect_contains "the sink prints the samples" "$(cat "$work/sink.out")" \
		'mail_sent_total{host="b"'
	expect_content "both protocols"
}

a_worker()
{
	local path
	for path in '' /api/v1/write; do
		start_sink
		expect_run "the example worker pushes to '$path'" 0 env MAILER_ENABLED=true \
			MAILER_URL="$url$path" MAILER_JOB=mailer MAILER_INTERVAL=500ms "$worker"
		expect "the example worker says nothing" "$out$err" ""
		expect_content "the example worker to '$path'"
		expect_contains "every message was counted" "$(grep mail_sent_total "$work/sink.out" |
			grep -v -e stale -e metadata | tail -n 1)" " 294"
	done
	expect_run "a worker that is not enabled runs without a receiver" 0 "$worker"
	expect_run "a wrong variable stops it" 1 env MAILER_ENABLED=perhaps "$worker"
	expect_contains "the variable, its value and what is allowed are named" "$err" \
		"MAILER_ENABLED"
}

# survives SCRIPT ATTEMPTS: a push that is answered so in the beginning arrives in the end.
survives()
{
	local path
	for path in '' /api/v1/write; do
		start_sink --script "$1"
		expect_run "a push to '$path' survives '$1'" 0 "$pitot" push "$here/every-type.om" \
			--url "$url$path" --job e2e --timeout 1s --deadline 30s
		expect_content "'$1' to '$path'"
		expect_contains "'$1' to '$path': $2 requests" "$summary" "sink: $2 requests"
	done
}

bad_days()
{
	survives '503' 2
	survives '500 502' 3
	survives '429/1' 2
	survives 'reset' 2
	survives 'close' 2
	survives 'hang' 2
}

# gives_up SCRIPT STATUS: a push that is answered so is sent once, and ends with this status.
gives_up()
{
	start_sink --script "$1 ok"
	expect_run "a push ends with status $2 after $1" "$2" "$pitot" push "$here/every-type.om" \
		--url "$url/api/v1/write" --job e2e
	stop_sink
	expect_contains "$1 is not tried again" "$summary" "sink: 1 requests"
}

refusals()
{
	gives_up 400 65
	gives_up 401 77
	gives_up 403 77
	gives_up 404 1
	gives_up 413 65
	gives_up 301 1
	start_sink --script '500 500 500 500 500 500 500 500 500 500 500 500'
	expect_run "500 for ever ends with status 69" 69 "$pitot" push "$here/every-type.om" \
		--url "$url" --job e2e --deadline 2s
	stop_sink
}

the_sink_can_complain()
{
	start_sink
	printf 'a 1 5\n' | curl -s -o "$work/answer" --data-binary @- "$url/metrics/job/x"
	stop_sink
	expect "a sink that saw a broken rule ends with status 1" "$sink_status" 1
	expect_contains "it says which" "$(cat "$work/sink.err")" "VIOLATION pushgateway"
}

# Each version, and the way from one to the other.
versions()
{
	start_sink
	expect_run "a push by 2.0" 0 "$pitot" push "$here/every-type.om" --url "$url/api/v1/write" \
		--job v -v
	expect_contains "it is told" "$err" "by remote write 2.0"
	expect_content "a push by 2.0"
	expect_contains "metadata came" "$(cat "$work/sink.out")" '# metadata mail_sent_total counter'
	start_sink --accept 1.0
	expect_run "a push where only 1.0 is accepted" 0 "$pitot" push "$here/every-type.om" \
		--url "$url/api/v1/write" --job v -v
	expect_contains "it is told" "$err" "by remote write 1.0"
	expect_content "a push where only 1.0 is accepted"
	expect_contains "the refused one, the samples, the metadata" "$summary" "sink: 3 requests"
	start_sink --script no-written
	expect_run "a push where 2.0 is taken for 1.0" 0 "$pitot" push "$here/every-type.om" \
		--url "$url/api/v1/write" --job v -v
	expect_contains "it is told" "$err" "by remote write 1.0"
	expect_content "a push where 2.0 is taken for 1.0"
	start_sink --script written/1
	expect_run "a push of which little is written" 65 "$pitot" push "$here/every-type.om" \
		--url "$url/api/v1/write" --job v
	expect_contains "the loss is told" "$err" "1 of"
	expect_content "a push of which little is written"
	start_sink
	expect_run "1.0 can be forced" 0 "$pitot" push "$here/every-type.om" --job v -v \
		--url "$url/api/v1/write" --protocol remote-write-1
	expect_contains "it is told" "$err" "by remote write 1.0"
	expect_content "1.0 can be forced"
	start_sink --accept 1.0
	expect_run "2.0 can be forced" 65 "$pitot" push "$here/every-type.om" --job v \
		--url "$url/api/v1/write" --protocol remote-write-2
	stop_sink
	expect_contains "and does not fall back" "$summary" "sink: 1 requests"
}

both_protocols
versions
a_worker
bad_days
refusals
the_sink_can_complain
finish
