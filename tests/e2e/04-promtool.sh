#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Other people's parsers read what we write: promtool our 0.0.4 text, Debian's Python client our
# OpenMetrics; and what they read is what went in.
# text-formats 5
. "$(dirname "$0")/lib.sh"

here=$(dirname "$0")
encode=${PITOT_BUILD:-$top/build}/tests/e2e/encode

promtool_reads()
{
	local promtool
	promtool=$("$top/scripts/servers" path "$1") || skip_all "$1 is not available here"
	"$encode" text "$here/every-type.om" >"$work/text"
	"$promtool" check metrics <"$work/text" >"$work/lint" 2>&1 && status=0 || status=$?
	# 3 means lint, and the input breaks naming rules on purpose; anything else is a parse error.
	if [ "$status" -eq 0 ] || [ "$status" -eq 3 ]; then
		pass "$1 reads our 0.0.4 text"
	else
		fail "$1 reads our 0.0.4 text" "$(cat "$work/lint")"
	fi
	printf '# HELP mail_sent_total Messages.\n# TYPE mail_sent_total counter\nmail_sent_total 5\n' \
		>"$work/plain.txt"
	"$encode" text "$work/plain.txt" >"$work/text"
	"$promtool" check metrics <"$work/text" >"$work/lint" 2>&1 && status=0 || status=$?
	expect "$1 has no complaint about clean input" "$status$(cat "$work/lint")" 0
}

python_reads()
{
	expect_run "our OpenMetrics is written" 0 "$encode" openmetrics "$here/every-type.om"
	cp "$work/out" "$work/openmetrics"
	expect_run "a strict OpenMetrics parser reads it" 0 read_back openmetrics "$work/openmetrics"
	read_back expected "$here/every-type.om" >"$work/expected"
	read_back expected "$work/openmetrics" >"$work/found"
	expect_same "it reads what went in" "$work/found" "$work/expected"
	"$encode" text "$here/every-type.om" >"$work/text"
	read_back page "file://$work/text" = >"$work/found"
	expect_same "the 0.0.4 text says the same" "$work/found" "$work/expected"
}

dry_run_shows_what_is_sent()
{
	expect_run "a dry run sends nothing and succeeds" 0 "$pitot" push "$here/every-type.om" \
		--url http://127.0.0.1:1 --job e2e --dry-run=text
	expect_contains "a dry run shows the samples" "$out" 'mail_sent_total{host="b"} 0'
	expect_run "a dry run of remote write as JSON" 0 "$pitot" push "$here/every-type.om" \
		--url http://127.0.0.1:1/api/v1/write --job e2e --dry-run=json
	cp "$work/out" "$work/json"
	expect_run "it is JSON" 0 /usr/bin/python3 -m json.tool "$work/json"
	expect_run "a dry run in hex" 0 "$pitot" push "$here/every-type.om" \
		--url http://127.0.0.1:1/api/v1/write --job e2e --dry-run=hex
}

check_metrics()
{
	expect_run "check metrics accepts good text" 0 "$pitot" check metrics "$work/plain.txt"
	# Some families there have no help text, which is all that is unwise about them.
	expect_run "check metrics finds what is unwise" 3 "$pitot" check metrics "$here/every-type.om"
	expect "check metrics finds nothing else" \
		"$(grep -vE 'there is no (help text|type)$' <<<"$out" || true)" ""
	printf 'a_total 1\na_total N/A\n' >"$work/bad.txt"
	expect_run "check metrics refuses bad text" 65 "$pitot" check metrics "$work/bad.txt"
	expect_contains "check metrics tells where" "$err$out" "bad.txt:2:9"
}

promtool_reads promtool-old
promtool_reads promtool-new
python_reads
dry_run_shows_what_is_sent
check_metrics
finish
