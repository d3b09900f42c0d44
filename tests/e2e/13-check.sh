#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# `pitot check metrics`: each finding of its lint, what it must not find, counts, and exit statuses.
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"

# finds WHAT TEXT PART…: exit status 3, and exactly these findings; in TEXT, \n is a line's end.
finds()
{
	local what=$1 part
	printf '%b' "$2" >"$work/m"
	shift 2
	expect_run "$what: exit status 3" 3 "$pitot" check metrics "$work/m"
	for part; do
		expect_contains "$what: told" "$out" "$work/m: $part"
	done
	expect "$what: nothing else" "$(wc -l <"$work/out")" $#
}

# clean WHAT TEXT: nothing to find.
clean()
{
	printf '%b' "$2" >"$work/m"
	expect_run "$1: exit status 0" 0 "$pitot" check metrics "$work/m"
	expect "$1: nothing said" "$out$err" ""
}

# A gauge of this name and these labels with a help text.
gauge()
{
	printf '# HELP %s Text.\\n# TYPE %s gauge\\n%s%s 1\\n' "$1" "$1" "$1" "${2:-}"
}

# $1 lines of samples of a histogram h_seconds.
histogram()
{
	printf '# HELP h_seconds Text.\\n# TYPE h_seconds histogram\\n%s' "$1"
}

names()
{
	local word better
	finds "no help" '# TYPE a gauge\na 1\n' 'a: there is no help text'
	finds "no type" '# HELP a Text.\na 1\n' 'a: there is no type'
	finds "camelCase" "$(gauge requestCount)" 'requestCount: names should be written in snake_case'
	finds "a colon" "$(gauge job:a)" 'job:a: colons are for recording rules'
	finds "a counter without _total" '# HELP a Text.\n# TYPE a counter\na 1\n' \
		'a: a counter'"'"'s name should end in "_total"'
	clean "a counter with _total" '# HELP a_total Text.\n# TYPE a_total counter\na_total 1\n'
	for word in _total _count _sum _bucket; do
		finds "a gauge ending in $word" "$(gauge "a$word")" "a$word: \"$word\" is for"
	done
	for word in counter gauge histogram summary; do
		finds "a name with $word in it" "$(gauge "my_${word}_size")" \
			"my_${word}_size: the name should not contain its type"
	done
	while read -r word better; do
		finds "the unit $word" "$(gauge "wait_$word")" \
			"wait_$word: use the base unit \"$better\" instead of \"$word\""
		clean "$word as part of a word" "$(gauge "x${word}x")"
	done <<-END
		ms seconds
		milliseconds seconds
		minutes seconds
		days seconds
		kb bytes
		megabytes bytes
		bits bytes
		percent ratio
		fahrenheit celsius
		feet meters
		kilograms grams
	END
	for word in seconds bytes celsius ratio timestamp_seconds info; do
		clean "a name with $word" "$(gauge "wait_$word")"
	done
}

labels()
{
	local name value
	for name in id run_id request_id user_id pid uuid; do
		finds "the label $name" "$(gauge a "{$name=\"1\"}")" "a: the label $name=\"1\" looks like"
	done
	for value in 123e4567-e89b-12d3-a456-426614174000 0123456789abcdef0123; do
		finds "a label with $value" "$(gauge a "{x=\"$value\"}")" "a: the label x=\"$value\" looks"
	done
	finds "told once" "$(gauge a '{pid="1"}')a{pid=\"2\"} 1\na{pid=\"3\"} 1\n" 'a: the label pid="1"'
	finds "a camelCase label" "$(gauge a '{hostName="x"}')" 'a: the label hostName should be'
	finds "le on a gauge" "$(gauge a '{le="1"}')" 'a: the label le is for histograms'
	finds "quantile on a gauge" "$(gauge a '{quantile="1"}')" 'a: the label quantile is for summ'
	clean "ordinary labels" "$(gauge a '{host="db1",date="2024-01-01",kid="1",empty=""}')"
}

histograms()
{
	local low='h_seconds_bucket{le="1"}' high='h_seconds_bucket{le="+Inf"}'
	local rest='h_seconds_count 3\nh_seconds_sum 1\n'
	clean "a histogram" "$(histogram "$low 1\n$high 3\n$rest")"
	finds "no +Inf" "$(histogram "$low 1\n$rest")" 'h_seconds: a histogram has no bucket le="+Inf"'
	finds "falling buckets" "$(histogram "$low 4\n$high 3\n$rest")" 'h_seconds: a histogram'"'"'s buckets fall'
	finds "another count" "$(histogram "$low 1\n$high 4\n$rest")" 'h_seconds: a histogram'"'"'s count is not'
	local each='h_seconds_bucket{a="x",le="1"} 5\nh_seconds_bucket{a="x",le="+Inf"} 5\n'
	clean "each of two metrics counts for itself" \
		"$(histogram "$each${each//x/y}")"
	finds "told once for two metrics" "$(histogram \
		'h_seconds_bucket{a="x",le="1"} 5\nh_seconds_bucket{a="y",le="1"} 5\n')" \
		'h_seconds: a histogram has no bucket le="+Inf"'
}

statuses()
{
	printf 'a 1\nb N/A\n' >"$work/bad"
	expect_run "text that cannot be read" 65 "$pitot" check metrics "$work/bad"
	expect "where" "$(grep -c "^pitot: check: $work/bad:2:3: " "$work/err")" 1
	expect_run "a missing file" 66 "$pitot" check metrics "$work/missing"
	expect_run "check of nothing" 64 "$pitot" check
	expect_run "check of something else" 64 "$pitot" check config
	expect_run "two files" 64 "$pitot" check metrics "$work/bad" "$work/bad"
	expect_run "an option of push" 64 "$pitot" check metrics --url x
	printf '# HELP a Text.\r\n# TYPE a gauge\r\na 1' >"$work/loose"
	expect_run "a tolerant reader" 0 "$pitot" check metrics "$work/loose"
	expect_run "not with --strict" 65 "$pitot" check metrics --strict "$work/loose"
	expect_run "options before the file" 0 "$pitot" check metrics -- "$work/loose"
	run bash -c 'printf "a N/A" | "$1" check metrics -' - "$pitot"
	expect_contains "standard input has a name" "$err" "(standard input):1:3"
}

counts()
{
	printf '%b' "$(gauge a)$(gauge b '{x="1"}')b{x=\"2\"} 1\n" >"$work/m"
	expect_run "--counts" 0 "$pitot" check metrics --counts "$work/m"
	expect "series of each family" "$(tr -s ' ' <"$work/out")" \
		$' 1 a (gauge)\n 2 b (gauge)\n 3 series in all'
	: >"$work/m"
	expect_run "counts of nothing" 0 "$pitot" check metrics --counts "$work/m"
	expect "no families" "$(tr -s ' ' <"$work/out")" " 0 series in all"
}

names
labels
histograms
statuses
counts
finish
