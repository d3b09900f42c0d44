#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# The verbs around pushing: doctor and explain, list and gc, convert, backfill, alerts, dashboard,
# the bill guard, profiles and completion, against real servers and their own tools.
# shellcheck disable=SC2015,SC2016 # other shells expand these words
. "$(dirname "$0")/lib.sh"

here=$(dirname "$0")
query()
{
	curl -fsS --noproxy '*' "$prometheus/api/v1/query" --data-urlencode "query=$1" "${@:2}" |
		/usr/bin/python3 -c '
import json, sys
for row in json.load(sys.stdin)["data"]["result"]:
    print(row.get("value", [0, ""])[1] or len(row["values"]))'
}

doctor()
{
	start_server prometheus-new
	prometheus=$url
	expect_run "doctor on a sound receiver" 0 "$pitot" doctor "$prometheus/api/v1/write"
	local steps=$out
	expect_run "and at once again" 0 "$pitot" doctor "$prometheus/api/v1/write"
	for step in address name connect login version sample clock limits; do
		expect_contains "it tries $step" "${steps//no   /ok   }" "ok   $step "
	done
	expect_contains "it finds both versions" "$steps" "remote write 1.0 and 2.0"
	expect_contains "it finds that old samples are not taken" "$steps" "2 hours old: push"
	expect_run "a wrong path" 1 "$pitot" doctor "$prometheus/nothing" --protocol remote-write
	expect_contains "its cure" "$out" "cure:    Prometheus and VictoriaMetrics: /api/v1/write"
	expect_run "an unknown name" 68 "$pitot" check url http://nothing.invalid:1/api/v1/write
	expect_contains "its step" "$out" "FAIL name"
	expect_run "a closed port" 69 "$pitot" doctor http://127.0.0.1:1
	expect_contains "its step" "$out" "FAIL connect"
	expect_run "https where http is spoken" 69 "$pitot" doctor "https${prometheus#http}/api/v1/write"
	expect_contains "its step and cure" "$out" "Write http:// in --url."
	start_server prometheus-old
	expect_run "an older Prometheus" 0 "$pitot" doctor "$url/api/v1/write"
	expect_contains "has one version" "$out" "remote write 1.0 only"
	start_server pushgateway-new
	gateway=$url
	expect_run "a Pushgateway" 0 "$pitot" doctor "$gateway"
	expect "its test group is gone" "$("$pitot" list --url "$gateway")" ""
	expect_run "no URL" 64 "$pitot" doctor
}

# Pages that are scraped: of a real server, and of one that serves what stands in a folder.
doctor_page()
{
	expect_run "doctor on a page" 0 "$pitot" doctor "$prometheus/metrics"
	for said in "address  a page of metrics" " series of " "series that count are above 0"; do
		expect_contains "it tells: $said" "$out" "$said"
	done
	mkdir "$work/www"
	(cd "$work/www" && exec /usr/bin/python3 -u -m http.server -b 127.0.0.1 0) >"$work/www.log" 2>&1 &
	background+=($!)
	expect_run "a server of files" 0 eventually 10 grep -q ' port ' "$work/www.log"
	local page
	page=http://127.0.0.1:$(sed -n 's/.* port \([0-9]*\) .*/\1/p' "$work/www.log")/metrics
	expect_run "a page that is not there" 69 "$pitot" doctor "$page"
	expect_contains "is told" "$out" "404 in place of 200"
	expect_contains "with a page's cure, not a receiver's" "$out" "what its PATH variable says"
	printf '%s\n' '# TYPE a_total counter' 'a_total 0' '# TYPE b gauge' 'b 1' \
		'# TYPE process_cpu_seconds_total counter' 'process_cpu_seconds_total 3' >"$work/www/metrics"
	expect_run "a page on which nothing happened" 0 "$pitot" doctor "$page"
	expect_contains "its size" "$out" "ok   page     3 series of 3 metrics"
	expect_contains "no counter moved" "$out" "?    values   0 of 1 series that count are above 0"
	expect_contains "and what that means" "$out" "nothing has happened yet"
	expect_run "the same page, read by hand" 3 bash -c \
		'curl -s --noproxy "*" "$1" | "$2" check metrics --counts' - "$page" "$pitot"
	expect_contains "each metric" "$out" "1  a (counter)"
	expect_contains "and what is unwise" "$out" "a: there is no help text"
	sed -i 's/^a_total 0/a_total 5/' "$work/www/metrics"
	cp "$work/www/metrics" "$work/www/numbers"
	expect_run "a page at a path of its own" 0 "$pitot" doctor "${page%metrics}numbers"
	expect_contains "is one, too" "$out" "ok   page     3 series of 3 metrics"
	expect_run "then something happened" 0 "$pitot" check url "$page"
	expect_contains "and one did" "$out" "ok   values   1 of 1 series that count are above 0"
	echo '<html>' >"$work/www/metrics"
	expect_run "a page of something else" 65 "$pitot" doctor "$page"
	expect_contains "its line" "$out" "the page:1:1: "
	true >"$work/www/metrics"
	expect_run "an empty page" 0 "$pitot" doctor "$page"
	expect_contains "is doubted" "$out" "?    page     0 series of 0 metrics"
}

# What receivers are known to say is explained; the texts are those of specs and servers.
explain()
{
	local count=0
	while read -r text; do
		expect_run "explained: ${text:0:50}" 0 "$pitot" explain "$text"
		count=$((count + 1))
	done <<-'END'
	server returned 400: err-mimir-max-series-per-user: per-user series limit of 150000 exceeded
	the sample has been rejected because another sample with the same timestamp (err-mimir-sample-duplicate-timestamp)
	out of order sample (err-mimir-sample-out-of-order)
	err-mimir-tenant-max-ingestion-rate
	err-mimir-too-far-in-future
	err-mimir-something-new
	401 Unauthorized: no org id
	401 Unauthorized: authentication error: invalid scope requested
	404 Not Found
	429 Too Many Requests
	out of bounds for series
	415 Unsupported Media Type
	pushed metrics must not have timestamps
	text format parsing error in line 1: unexpected end of input stream
	connect: Connection refused
	Could not resolve host: example
	TLS: the receiver's certificate is not trusted
	END
	expect "all of them" "$count" 17
	expect_run "from standard input" 0 bash -c 'echo "err-mimir-label-invalid" | "$1" explain' - "$pitot"
	expect_run "what is not known" 1 "$pitot" explain "something else"
	expect_run "digits of a port" 0 "$pitot" explain "connect to ::1 port 40413: Connection refused"
	expect_contains "are no status" "$out" "Nothing listens at this port."
}

groups()
{
	local push=("$pitot" push --url "$gateway")
	echo 'x 1' | "${push[@]}" --job mortal --ttl 1s
	echo 'x 1' | "${push[@]}" --job living --ttl 1h --label 'path=a/b'
	echo 'x 1' | "${push[@]}" --job eternal
	sleep 1.5
	expect_run "list" 0 "$pitot" list --url "$gateway"
	expect "its columns" "$(sed 's/^[0-9A-Za-z]* *//; s/59m5[0-9]s/59m/' "$work/out" | sort | tr '\n' ';')" \
		'59m   job="living" path="a/b";EXPIRES  GROUP;never    job="eternal";over     job="mortal";'
	expect_run "gc tells" 0 "$pitot" gc --url "$gateway"
	expect "what it would delete" "$out" $'would delete job="mortal"\n1 of 3 groups; --yes deletes them'
	expect_run "gc --yes" 0 "$pitot" gc --url "$gateway" --yes
	expect "deletes it" "$out" 'deleted job="mortal"'
	expect_run "gc --older-than" 0 "$pitot" gc --url "$gateway" --older-than 1s --yes
	expect "leaves those with a time to live" "$out" 'deleted job="eternal"'
	expect "one is left" "$("$pitot" list --url "$gateway" | grep -c 'job=')" 1
	expect_run "a gateway that is not there" 69 "$pitot" list --url http://127.0.0.1:1
	# Labels that are empty in the key are part of it.
	echo 'x 1' | "${push[@]}" --job empty --label l= --ttl 1ms
	echo 'x 1' | "${push[@]}" --job empty --ttl 1h
	echo 'x 1' | curl -fsS --noproxy '*' --data-binary @- "$gateway/metrics/job/empty2/instance@base64/="
	expect "an empty label is told" "$("$pitot" list --url "$gateway" | sed -n 's/^[^j]*job="empty//p' | sort |
		tr '\n' ';')" '";" l="";2" instance="";'
	expect_run "gc of a group with an empty label" 0 "$pitot" gc --url "$gateway" --yes
	expect "names it" "$out" 'deleted job="empty" l=""'
	expect "deletes it, and not the one without" "$("$pitot" list --url "$gateway" | grep -c 'l=""\|job="empty"$')" 1
	echo 'x 1' | "${push[@]}" --job 'quo"ted' --label $'l=a\nb\e[31m\\' --ttl 1ms
	expect "what could disturb a terminal is escaped" "$("$pitot" list --url "$gateway" | grep quo |
		sed 's/.*job=/job=/')" 'job="quo\"ted" l="a\nb\x1b[31m\\"'
	expect_run "one that cannot be deleted" 64 "$pitot" gc --url "$gateway" --older-than 1ms --yes
	expect "does not keep others" "$("$pitot" list --url "$gateway" | grep -c quo)" 0
	expect_run "--ttl is for a Pushgateway" 64 "$pitot" push "$here/every-type.om" --ttl 1h \
		--url "$prometheus/api/v1/write"
}

convert()
{
	local from to
	"$pitot" convert --to openmetrics "$here/every-type.om" >"$work/all.openmetrics"
	"$pitot" convert --to text "$here/every-type.om" >"$work/all.text" 2>/dev/null
	for to in remote-write-1 remote-write-2; do
		expect_run "openmetrics to $to" 0 bash -c '"$@" >"$0"' "$work/all.$to" "$pitot" convert \
			--to $to --timestamp 1700000000 "$here/every-type.om"
	done
	# Any to any: what both ends can hold comes through, series by series.
	for from in text openmetrics remote-write-1 remote-write-2; do
		for to in text openmetrics remote-write-1 remote-write-2; do
			expect_run "$from to $to" 0 bash -c \
				'"$1" convert --from "$2" --to "$3" "$4" >"$5" 2>/dev/null' - "$pitot" \
				$from $to "$work/all.$from" "$work/again"
			"$pitot" convert --from $to --to openmetrics "$work/again" 2>/dev/null |
				names >"$work/names"
			[ $to != text ] && [ $from != text ] || continue
			names <"$work/all.openmetrics" >"$work/expected"
			expect_same "its series" "$work/names" "$work/expected"
		done
	done
	convert_exemplars
	expect_run "no form" 64 "$pitot" convert "$here/every-type.om"
	expect_run "no request" 65 "$pitot" convert --from remote-write-1 --to text "$here/every-type.om"
}
# Exemplars, and names outside of the classic characters, from any form that has them into any other.
convert_exemplars()
{
	cat >"$work/exemplars" <<-'END'
	# TYPE served counter
	served_total{code="200"} 5.0 100.0 # {trace_id="x\"y"} 2.5 99.5
	# TYPE took histogram
	took_bucket{le="1.0"} 1 100.0 # {trace_id="z"} 0.5 98.25
	took_bucket{le="+Inf"} 2 100.0
	took_count 2 100.0
	took_sum 3.0 100.0
	# TYPE "over.all" gauge
	{"over.all","la.bel"="1"} 4.0 -100.5
	# EOF
	END
	local from to
	for from in 1 2; do
		"$pitot" convert --utf8-names --to remote-write-$from "$work/exemplars" >"$work/exemplars-$from"
		for to in 1 2; do
			expect_run "exemplars from version $from to $to" 0 bash -c \
				'"$1" convert --utf8-names --from "$2" --to "$3" "$4" >"$5"' - "$pitot" \
				"remote-write-$from" "remote-write-$to" "$work/exemplars-$from" "$work/again"
			expect "nothing is said" "$err" ""
			[ $from = 1 ] || [ $to = 1 ] ||
				expect_same "byte by byte" "$work/again" "$work/exemplars-2"
			[ $from = 2 ] || [ $to = 2 ] ||
				expect_same "byte by byte" "$work/again" "$work/exemplars-1"
		done
	done
	"$pitot" convert --utf8-names --from remote-write-2 --to openmetrics "$work/exemplars-2" >"$work/again"
	expect_same "and to text" "$work/again" "$work/exemplars"
	expect_run "text 0.0.4 has none" 0 "$pitot" convert --utf8-names --to text "$work/exemplars"
	expect_contains "they are told" "$err" "2 exemplars have no place in text"
	expect_run "nor has OpenMetrics without types" 0 "$pitot" convert --utf8-names --from remote-write-1 \
		--to openmetrics "$work/exemplars-1"
	expect_contains "they are told" "$err" "2 exemplars have no place in openmetrics without the type"
}
# Series and values, without times.
names()
{
	/usr/bin/python3 -c '
import re, sys
for line in sys.stdin:
    found = re.match(r"""([^#{ ]+(?:\{(?:[^"}]|"(?:[^"\\]|\\.)*")*\})?) (\S+)""", line)
    if found and not line.startswith("#"):
        print(found[1], float(found[2]))' | sort
}

backfill()
{
	local now start i
	printf 'global: {scrape_interval: 1s}\nstorage: {tsdb: {out_of_order_time_window: 3h}}\n' >"$work/ooo.yml"
	start_server prometheus-new --config "$work/ooo.yml"
	strict=$prometheus
	prometheus=$url
	now=$(date +%s)
	start=$((now - 7000))
	{
		echo '# TYPE load gauge'
		for host in a b c; do
			for ((i = 0; i < 7000; i += 1)); do
				echo "load{host=\"$host\"} $i $((start + i))"
			done
		done
		echo '# TYPE done counter'
		for ((i = 0; i < 700; i += 10)); do echo "done_total $i $((start + i))"; done
		echo '# EOF'
	} >"$work/old.om"
	expect_run "old samples are sent" 0 "$pitot" backfill "$work/old.om" \
		--url "$prometheus/api/v1/write" --label from=file -v
	expect_contains "all of them" "$err" "21070 samples sent, 0 refused"
	expect "they are there, each" "$(query 'count_over_time(load{host="b",from="file"}[3h])')" 7000
	expect "the counter, too" "$(query 'max_over_time(done_total[3h])')" 690
	expect "no position is left" "$(ls "$work/old.om.position" 2>/dev/null)" ""
	# Ended by force, it goes on where it was.
	"$pitot" sink --listen 127.0.0.1:0 --port-file "$work/port" --timeout 60s --print none \
		--count 10 >"$work/sink.out" 2>&1 &
	local sink=$!
	background+=("$sink")
	expect_run "a receiver that goes down" 0 eventually 5 test -s "$work/port"
	expect_run "the run is stopped" 69 "$pitot" backfill "$work/old.om" --deadline 1s \
		--url "http://127.0.0.1:$(cat "$work/port")/api/v1/write"
	expect_contains "it tells where" "$err" "stopped in line 20002 of"
	expect_run "the same command goes on" 0 "$pitot" backfill "$work/old.om" -v \
		--label from=second --url "$prometheus/api/v1/write"
	expect_contains "there" "$err" "1070 samples sent"
	echo 'bad line' >"$work/bad.txt"
	expect_run "a mistake in the file" 65 "$pitot" backfill "$work/bad.txt" --url "$prometheus/api/v1/write"
	expect_contains "its line" "$err" "bad.txt:1:5"
	echo 'now 1' >"$work/now.txt"
	expect_run "a sample without a time" 65 "$pitot" backfill "$work/now.txt" --url "$prometheus/api/v1/write"
	expect_contains "is told" "$err" "has no timestamp"
	expect_run "a file that is not there" 66 "$pitot" backfill "$work/none" --url "$prometheus/api/v1/write"
	expect_run "a Pushgateway" 64 "$pitot" backfill "$work/old.om" --url "$gateway"
	expect_run "samples that are too old" 65 "$pitot" backfill "$work/old.om" \
		--url "$strict/api/v1/write" --on-refused drop
	expect_contains "are counted" "$err" "samples were refused; the first:"
}

rules()
{
	local promtool
	promtool=$("$top/scripts/servers" path promtool-new)
	expect_run "alerts" 0 "$pitot" alerts
	cp "$work/out" "$work/rules.yml"
	expect_run "promtool takes the rules" 0 "$promtool" check rules "$work/rules.yml"
	cat >"$work/test.yml" <<-'END'
	rule_files: [rules.yml]
	evaluation_interval: 1m
	tests:
	- interval: 1m
	  input_series:
	  - {series: 'batch_job_next_due_timestamp_seconds{job="late"}', values: '600 _x100'}
	  - {series: 'batch_job_next_due_timestamp_seconds{job="fine"}', values: '60000 _x100'}
	  - {series: 'batch_job_last_end_timestamp_seconds{job="failed"}', values: '100 _x100'}
	  - {series: 'batch_job_last_success_timestamp_seconds{job="failed"}', values: '50 _x100'}
	  - {series: 'batch_job_last_end_timestamp_seconds{job="fine"}', values: '100 _x100'}
	  - {series: 'batch_job_last_success_timestamp_seconds{job="fine"}', values: '100 _x100'}
	  - {series: 'batch_job_last_end_timestamp_seconds{job="never"}', values: '100 _x100'}
	  - {series: 'up{job="node",instance="a"}', values: '0x100'}
	  - {series: 'up{job="node",instance="b"}', values: '1x100'}
	  alert_rule_test:
	  - eval_time: 60m
	    alertname: BatchJobLate
	    exp_alerts: [{exp_labels: {job: late, severity: critical}, exp_annotations: {summary: "late did not succeed in time", description: "Its next success was due 1970-01-01 00:10:00 +0000 UTC."}}]
	  - eval_time: 5m
	    alertname: BatchJobLate
	  - eval_time: 60m
	    alertname: BatchJobFailed
	    exp_alerts:
	    - {exp_labels: {job: failed, severity: warning}, exp_annotations: {summary: "failed failed", description: "Its last run ended 1970-01-01 00:01:40 +0000 UTC without success."}}
	    - {exp_labels: {job: never, severity: warning}, exp_annotations: {summary: "never failed", description: "Its last run ended 1970-01-01 00:01:40 +0000 UTC without success."}}
	  - eval_time: 60m
	    alertname: PitotTargetDown
	    exp_alerts: [{exp_labels: {job: node, instance: a, severity: warning}, exp_annotations: {summary: "a of node cannot be scraped"}}]
	END
	expect_run "they fire, and only when they should" 0 "$promtool" test rules "$work/test.yml"
	expect_run "dashboard" 0 "$pitot" dashboard
	cp "$work/out" "$work/jobs.json"
	expect_run "of a file" 0 "$pitot" dashboard --title 'My <"dash">' "$here/every-type.om"
	cp "$work/out" "$work/file.json"
	expect_run "both are JSON with panels and queries" 0 /usr/bin/python3 -c '
import json, sys
for path in sys.argv[1:]:
    board = json.load(open(path))
    assert board["panels"] and board["templating"]["list"][0]["type"] == "datasource"
    for panel in board["panels"]:
        assert panel["title"] and panel["targets"][0]["expr"] and panel["fieldConfig"]["defaults"]["unit"]
print(board["title"])' "$work/jobs.json" "$work/file.json"
	expect "the title" "$out" 'My <"dash">'
	# Each asks for a name that there is: these two types have no series of their plain one.
	printf '%s\n' '# TYPE s summary' 's_sum 1' 's_count 1' '# TYPE h gaugehistogram' \
		'h_bucket{le="+Inf"} 1' 'h_gcount 1' 'h_gsum 1' '# EOF' >"$work/plain.om"
	expect_run "of metrics without a plain name" 0 "$pitot" dashboard "$work/plain.om"
	expect_contains "a summary's mean" "$out" "sum by (job) (rate(s_count{"
	expect_contains "a gauge histogram's buckets" "$out" "sum by (le, job) (h_bucket{"
	while read -r expression; do
		expect_run "promtool parses ${expression:0:40}" 0 "$promtool" --experimental promql format "$expression"
	done < <(/usr/bin/python3 -c '
import json, sys
for panel in json.load(open(sys.argv[1]))["panels"]:
    print(panel["targets"][0]["expr"].replace("$__rate_interval", "5m"))' "$work/file.json")
}

bill()
{
	printf 'a{run_id="1"} 1\na{run_id="2"} 2\nb 3\n' >"$work/bill.prom"
	expect_run "what it would cost" 0 "$pitot" push "$work/bill.prom" --dry-run=count --interval 15s \
		--url "$gateway" --known "$work/known"
	for part in "3 series" "3 new series" "3 samples in 1 request" "12 data points a minute" \
		'run_id="1" looks like an id'; do
		expect_contains "it tells: $part" "$out" "$part"
	done
	expect "nothing is sent" "$(curl -fsS --noproxy '*' "$gateway/metrics" | grep -c 'run_id')" 0
	expect_run "pushed" 0 "$pitot" push "$work/bill.prom" --url "$gateway" --job bill --known "$work/known"
	echo 'c 4' >>"$work/bill.prom"
	expect_run "then one series is new" 0 "$pitot" push "$work/bill.prom" --dry-run=count \
		--url "$gateway" --known "$work/known"
	expect_contains "one" "$out" " 1 new series"
	expect_run "--max-series stops" 65 "$pitot" push "$work/bill.prom" --url "$gateway" --job bill --max-series 3
	expect_contains "and tells" "$err" "4 series are more than --max-series 3: nothing was sent"
	expect_run "--max-series is enough" 0 "$pitot" push "$work/bill.prom" --url "$gateway" --job bill --max-series 4
}

profiles()
{
	local shown=("$pitot" push "$work/bill.prom" --dry-run=text --url)
	expect_contains "grafana-cloud: path" "$("${shown[@]}" https://h --profile grafana-cloud -u 1 \
		--password-file /dev/null)" "POST https://h/api/prom/push"
	expect_run "grafana-cloud needs a login" 64 "${shown[@]}" https://h --profile grafana-cloud
	expect_contains "mimir: tenant" "$("${shown[@]}" http://h --profile mimir --tenant t)" "X-Scope-OrgID: t"
	expect_contains "thanos: path" "$("${shown[@]}" http://h/ --profile thanos)" "http://h/api/v1/receive"
	expect_contains "a path that is given stays" "$("${shown[@]}" http://h/x --profile mimir)" "http://h/x"
	expect_contains "victoriametrics: 1.0" "$("${shown[@]}" http://h --profile victoriametrics)" "Version: 0.1.0"
	expect_run "an unknown one" 64 "${shown[@]}" http://h --profile mimer
	expect_contains "the nearest" "$err" "did you mean mimir?"
	expect_run "no tenants there" 64 "${shown[@]}" http://h --profile prometheus --tenant t
}

completion()
{
	local shell
	for shell in bash zsh fish; do
		expect_run "$shell" 0 "$pitot" completion $shell
		cp "$work/out" "$work/completion.$shell"
		expect_contains "$shell: a verb" "$out" backfill
		expect_contains "$shell: an option" "$out" native-histograms
	done
	expect "bash completes an option" "$(bash -c '
		. "$1"; COMP_WORDS=(pitot gc --older) COMP_CWORD=2; compopt() { :; }
		_pitot; echo "${COMPREPLY[@]}"' - "$work/completion.bash")" "--older-than="
	expect "bash completes a verb" "$(bash -c '
		. "$1"; COMP_WORDS=(pitot back) COMP_CWORD=1; compopt() { :; }
		_pitot; echo "${COMPREPLY[@]}"' - "$work/completion.bash")" backfill
	expect_contains "zsh: the forms" "$(cat "$work/completion.zsh")" "'--to=:form:(text openmetrics remote-write-1 "
	expect_contains "fish: the forms" "$(cat "$work/completion.fish")" \
		"'__fish_seen_subcommand_from convert' -l to -x -a 'text openmetrics remote-write-1 remote-write-2'"
	expect_contains "fish: a file" "$(cat "$work/completion.fish")" "from push' -l ca-file -r"
	if command -v fish >/dev/null; then
		expect "fish completes a form, and no file" "$(cd "$work" && fish --no-config -c 'source $argv[1]
			complete -C "pitot convert --to="' "$work/completion.fish" | sed 's/.*--to=//' | sort | tr '\n' ' ')" \
			"openmetrics remote-write-1 remote-write-2 text "
	else
		skipped=$((skipped + 1))
	fi
	expect_run "another shell" 64 "$pitot" completion tcsh
}

doctor
doctor_page
explain
groups
convert
backfill
rules
bill
profiles
completion
finish
