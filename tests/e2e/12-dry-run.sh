#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# What `pitot push --dry-run` shows, as text, JSON and bytes, against tests/golden/cli; and that it is
# what a push would send. PITOT_ACCEPT=1 rewrites the golden files.
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"

here=$(dirname "$0")
golden=$top/tests/golden/cli
printf 's3cret\n' >"$work/secret"
while IFS='=' read -r name _; do
	unset "$name"
done < <(env | grep -E '^(PITOT|PUSHGATEWAY|PROMETHEUS|REMOTE_WRITE|OTEL)_' | grep -v '^PITOT_ACCEPT=' || true)

# A text with every awkward thing that a destination must rename, escape or leave out.
cat >"$work/input.om" <<'END'
# TYPE rows counter
# HELP rows Rows "read" \\ with\na second line.
rows_total{job="theirs",path="a\\b\"c\nd"} 9007199254740993 # {trace="x"} 1
# TYPE seconds histogram
seconds_bucket{le="0.5"} 1
seconds_bucket{le="+Inf"} 2
seconds_count 2
seconds_sum 1.5
# TYPE odd gauge
odd{what="inf"} +Inf
odd{what="nan"} NaN
odd{what="zero"} -0
odd{what="grüße"} 1e-300
# EOF
END

# The same without the exemplar, for which a Pushgateway gets protobuf.
sed 's/ # {.*//' "$work/input.om" >"$work/plain.om"

# shows NAME ARGUMENT…: a dry run of $input prints what tests/golden/cli/NAME holds, and hides the secret.
shows()
{
	local name=$1
	shift
	expect_run "$name: exit status 0" 0 "$pitot" push "$work/$input" "$@"
	expect "$name: nothing on stderr" "$err" ""
	expect "$name: no secret" "$(grep -c s3cret "$work/out")" 0
	# Versions of pitot and of the compression differ.
	sed -E 's|pitot/[0-9]+\.[0-9]+\.[0-9]+|pitot/VERSION|; s/[0-9]+ compressed/N compressed/
		s/"bytes": [0-9]+, "plain/"bytes": N, "plain/' "$work/out" >"$work/shown"
	if [ -n "${PITOT_ACCEPT:-}" ]; then
		mkdir -p "$golden"
		cp "$work/shown" "$golden/$name"
	fi
	expect_same "$name" "$work/shown" "$golden/$name"
}

gateway=(--url 'http://gateway:9091/prefix/' --protocol pushgateway --job 'a/b' --label zone= --label 'who=grüße')
writer=(--url http://me@receiver/api/v1/write --job import --instance one --timestamp 1700000000.5)

golden_outputs()
{
	local form input=plain.om
	for form in text json hex; do
		shows "pushgateway.$form" "${gateway[@]}" --dry-run="$form"
	done
	input=input.om
	shows remote-write.text "${writer[@]}" --dry-run=text
	shows remote-write.json "${writer[@]}" --dry-run=json
	shows pushgateway-protobuf.json "${gateway[@]}" --dry-run=json
	shows pushgateway-replace.text "${gateway[@]}" --replace --instance here --user me \
		--password-file "$work/secret" --header 'X-Api-Key: s3cret' --header 'X-Tenant: t' \
		--dry-run=text
	shows remote-write-split.text "${writer[@]}" --label zone=b --max-request-size 300B \
		--dry-run=text
}

# The bytes of the JSON and hexadecimal forms are the ones that the text form shows.
forms_agree()
{
	expect_run "the JSON is JSON" 0 /usr/bin/python3 - "$golden" <<-'END'
		import json, sys
		read = lambda name: open(sys.argv[1] + "/" + name).read().replace(": N,", ": 0,")
		text = json.loads(read("pushgateway.json"))[0]
		assert read("pushgateway.text").endswith("\n\n" + text["text"])
		assert len(text["text"].encode()) == text["plain_bytes"]
		write = json.loads(read("remote-write.json"))
		assert sum(len(request["series"]) for request in write) == 9, write
	END
	if command -v hexdump >/dev/null; then
		# The body is what follows the empty line.
		sed '1,/^$/d' "$golden/pushgateway.text" | hexdump -vC >"$work/dump"
		expect_same "as hexdump -C writes it" "$golden/pushgateway.hex" "$work/dump"
	else
		skipped=$((skipped + 1))
	fi
}

# What a sink receives is what the dry run showed.
as_sent()
{
	local url
	"$pitot" sink --port-file="$work/port" --timeout=60s >"$work/sink" 2>&1 </dev/null &
	background+=("$!")
	eventually 10 test -s "$work/port"
	url=http://127.0.0.1:$(cat "$work/port")/api/v1/write
	"$pitot" push "$here/every-type.om" --url "$url" --job j --timestamp 1700000000 \
		--dry-run=text | grep -E ' @1700000000' >"$work/shown"
	"$pitot" push "$here/every-type.om" --url "$url" --job j --timestamp 1700000000
	expect_run "the sink has it" 0 eventually 10 grep -q odd_thing "$work/sink"
	grep -E ' @1700000000' "$work/sink" >"$work/received"
	expect_same "a push sends what its dry run shows" "$work/received" "$work/shown"
}

refusals()
{
	printf 'a 1\na{b="c"} 1 1700000000000\n' >"$work/timed"
	expect_run "what would be refused is refused" 65 "$pitot" push "$work/timed" \
		--url http://gateway --dry-run=text
	expect_run "a dry run of nothing" 0 "$pitot" push - --url http://receiver/api/v1/write \
		--dry-run=json
	expect "is an empty array" "$out" "[]"
}

golden_outputs
forms_agree
as_sent
refusals
finish
