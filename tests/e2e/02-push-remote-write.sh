#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# What is pushed by remote write to a real Prometheus and VictoriaMetrics, old and new, is what they
# answer for exactly that time: every type, awkward labels, values to the bit.
# text-formats 30
. "$(dirname "$0")/lib.sh"

here=$(dirname "$0")
# Not now: a sample of the future would be refused where clocks differ, and whole seconds can be asked for.
time=$(($(date +%s) - 5))

# server_has WHAT JOB INPUT [LABEL=VALUE…]
server_has()
{
	local what=$1 job=$2 input=$3 decimal=()
	shift 3
	if [[ $name == victoriametrics-* ]]; then
		decimal=(--decimal)
		curl -fsS --noproxy "*" "$url/internal/force_flush" >/dev/null
	fi
	read_back ${decimal[@]+"${decimal[@]}"} expected "$input" "job=$job" "$@" >"$work/expected"
	read_back ${decimal[@]+"${decimal[@]}"} "${name%-*}" "$url" "{job=\"$job\"}" "$time" \
		>"$work/found"
	expect_same "$what" "$work/found" "$work/expected"
}

every_type()
{
	expect_run "$name: a push of every type succeeds" 0 "$pitot" push "$here/every-type.om" \
		--url "$url/api/v1/write" --job every --instance one --timestamp "$time"
	expect "$name: a push says nothing" "$out$err" ""
	server_has "$name: every type is there as pushed" every "$here/every-type.om" instance=one
}

added_labels()
{
	expect_run "$name: labels are added to every series" 0 "$pitot" push "$here/every-type.om" \
		--url "$url/api/v1/write" --job added --instance '' --timestamp "$time" \
		--label 'zone=grüße "x"\y' --label 'path=a/b' --label 'none='
	server_has "$name: they are there, the empty one is not" added "$here/every-type.om" \
		'zone=grüße "x"\y' 'path=a/b'
}

named_protocol()
{
	expect_run "$name: --protocol=remote-write does without a known path" 0 "$pitot" push \
		"$here/every-type.om" --url "$url/api/v1/write?any=thing" --protocol=remote-write \
		--job named --instance '' --timestamp "$time"
	server_has "$name: it is there" named "$here/every-type.om"
}

own_timestamps()
{
	printf '# TYPE backup_bytes gauge\nbackup_bytes 7 %s\n# EOF\n' "$time" >"$work/own.om"
	printf '# TYPE backup_bytes gauge\nbackup_bytes 7\n# EOF\n' >"$work/plain.om"
	expect_run "$name: a sample with its own timestamp" 0 "$pitot" push "$work/own.om" \
		--url "$url/api/v1/write" --job own --instance ''
	server_has "$name: it is there at its time" own "$work/plain.om"
}

many_series()
{
	awk 'BEGIN {
		print "# TYPE many gauge"
		for (i = 0; i < 30000; i++)
			printf "many{number=\"%d\",text=\"some text to make the request longer\"} %d\n", i, i
		print "# EOF"
	}' >"$work/many.om"
	expect_run "$name: 30000 series, more than one request" 0 "$pitot" push "$work/many.om" \
		--url "$url/api/v1/write" --job many --instance '' --timestamp "$time"
	server_has "$name: all are there" many "$work/many.om"
}

for name in prometheus-old prometheus-new victoriametrics-old victoriametrics-new; do
	start_server "$name"
	every_type
	added_labels
	named_protocol
	own_timestamps
	many_series
	stop_server "$dir"
done
finish
