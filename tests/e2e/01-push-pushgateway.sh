#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# What is pushed to a real Pushgateway, old and new, is on its page and, through a Prometheus that
# scrapes it, in PromQL: every type, awkward labels and values, awkward grouping keys.
# pushgateway 26
# text-formats 16
. "$(dirname "$0")/lib.sh"

here=$(dirname "$0")

# page_has WHAT JOB INPUT [LABEL=VALUE…]: the gateway's group equals the input, with these labels added.
page_has()
{
	local what=$1 job=$2 input=$3
	shift 3
	read_back --unsigned-zero expected "$input" "job=$job" "$@" >"$work/expected"
	read_back --unsigned-zero page "$url/metrics" "job=$job" >"$work/found"
	expect_same "$what" "$work/found" "$work/expected"
}

group_is_gone()
{
	[ -z "$(read_back page "$url/metrics" "job=$1")" ]
}

# push_time PAGE-LABELS: when the group was pushed last.
push_stamp()
{
	curl -fsS "$url/metrics" | awk -v wanted="$1{" -v job="job=\"$2\"" \
		'index($0, wanted) == 1 && index($0, job) { print $2 }'
}

first_and_second()
{
	printf '# TYPE first gauge\nfirst 1\n# EOF\n' >"$work/first.om"
	printf '# TYPE second gauge\nsecond 2\n# EOF\n' >"$work/second.om"
	printf '# TYPE first gauge\nfirst 1\n# TYPE second gauge\nsecond 2\n# EOF\n' >"$work/both.om"
}

every_type()
{
	expect_run "$name: a push of every type succeeds" 0 \
		"$pitot" push "$here/every-type.om" --url "$url" --job every --instance one
	expect "$name: a push says nothing" "$out$err" ""
	page_has "$name: every type is there as pushed" every "$here/every-type.om" instance=one
	expect_run "$name: the page is readable for promtool's parser" 0 \
		read_back page "$url/metrics" "="
}

awkward_keys()
{
	local value shown
	for value in 'a/b' '' '.' '..' 'a b+c%d?e#f' 'grüße 🐘' $'line\nfeed' 'quote"back\slash'; do
		shown=${value@Q}
		expect_run "$name: grouping label value $shown" 0 "$pitot" push "$work/first.om" \
			--url "$url" --job "key/$value" --instance '' --label "where=$value"
		page_has "$name: it is there under its key $shown" "key/$value" "$work/first.om" \
			"where=$value"
		# pushgateway 25
		expect_run "$name: delete with the same key $shown" 0 "$pitot" delete \
			--url "$url" --job "key/$value" --instance '' --label "where=$value"
		expect_run "$name: the group is gone $shown" 0 group_is_gone "key/$value"
	done
}

replace_and_merge()
{
	"$pitot" push "$work/first.om" --url "$url" --job modes --instance ''
	"$pitot" push "$work/second.om" --url "$url" --job modes --instance '' --merge
	page_has "$name: merge keeps the other families" modes "$work/both.om"
	"$pitot" push "$work/second.om" --url "$url" --job modes --instance '' --replace
	page_has "$name: replace drops the other families" modes "$work/second.om"
}

stdin_too()
{
	printf 'backup_bytes 123\n' | "$pitot" push --url "$url" --job piped --instance ''
	printf 'backup_bytes 124\n' | "$pitot" push - --url "$url/" --job piped2 --instance ''
	printf '# TYPE backup_bytes unknown\nbackup_bytes 123\n# EOF\n' >"$work/piped.om"
	page_has "$name: a pipe works" piped "$work/piped.om"
}

times_and_conflicts()
{
	# pushgateway 29
	# pushgateway 27
	local before after
	before=$(push_stamp push_time_seconds modes)
	"$pitot" push "$work/second.om" --url "$url" --job modes --instance '' --merge
	after=$(push_stamp push_time_seconds modes)
	expect_run "$name: push_time_seconds moved on" 0 awk "BEGIN { exit !($after > $before) }"
	printf '# TYPE second counter\nsecond_total 1\n' >"$work/clash.om"
	printf '# TYPE second histogram\nsecond_bucket{le="+Inf"} 1\nsecond_sum 1\nsecond_count 1\n' \
		>"$work/clash.txt"
	expect_run "$name: a type that conflicts with another group is refused" 65 \
		"$pitot" push "$work/clash.txt" --url "$url" --job other --instance ''
	expect_contains "$name: the gateway's words are told" "$err" "second"
	expect_run "$name: push_failure_time_seconds moved" 0 \
		awk "BEGIN { exit !($(push_stamp push_failure_time_seconds other) > 0) }"
}

through_prometheus()
{
	local gateway=$url
	"$pitot" push "$here/every-type.om" --url "$gateway" --job scraped --instance one
	start_server "$1" --scrape "${gateway#http://}"
	prometheus_sees()
	{
		read_back --unsigned-zero prometheus "$url" '{job="scraped",__name__!~"push_.*"}' "$(date +%s)" \
			>"$work/found"
		[ -s "$work/found" ]
	}
	eventually 20 prometheus_sees || true
	read_back --unsigned-zero expected "$here/every-type.om" job=scraped instance=one >"$work/expected"
	expect_same "$name: PromQL answers what was pushed" "$work/found" "$work/expected"
	stop_server "$dir"
	url=$gateway
}

first_and_second
for name in pushgateway-old pushgateway-new; do
	start_server "$name"
	gateway_dir=$dir
	every_type
	awkward_keys
	replace_and_merge
	stdin_too
	times_and_conflicts
	through_prometheus "prometheus-${name##*-}"
	stop_server "$gateway_dir"
done
finish
