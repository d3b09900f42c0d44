#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Every exit status of push and delete without a real server: options, files, the environment,
# nobody there, and the answers of `pitot sink`. One line says why, and never holds a secret.
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"

printf 'backup_ok 1\n' >"$work/good"
printf 'backup_ok 1\nbackup_files N/A\n' >"$work/bad"
printf 's3cret\n' >"$work/password"
nobody=http://127.0.0.1:1
while IFS='=' read -r name _; do
	unset "$name"
done < <(env | grep -E '^(PITOT|PUSHGATEWAY|PROMETHEUS|REMOTE_WRITE|OTEL)_' || true)

# fails STATUS PART ARGUMENT…: the command ends so, and says PART in one line without a secret.
fails()
{
	local expected=$1 part=$2
	shift 2
	expect_run "$*: exit status $expected" "$expected" "$pitot" "$@"
	expect_contains "$*: says why" "$err" "$part"
	expect "$*: nothing on stdout" "$out" ""
	expect "$*: one line, beginning with the verb" \
		"$(grep -v ': warning: ' "$work/err" | grep -cE "^pitot: $1: ")" 1
	expect "$*: no secret" "$(grep -c s3cret "$work/err")" 0
}

usage()
{
	fails 64 "did you mean --job?" push --jbo x
	fails 64 "--nothing-like-it" push --nothing-like-it=s3cret
	fails 64 "--url" push "$work/good"
	fails 64 "PITOT_URL" delete --job x
	fails 64 "--job" delete --url "$nobody"
	fails 64 "--url needs a value" push --url
	fails 64 "takes no value" push --merge=yes
	fails 64 "too many" push --url "$nobody" "$work/good" "$work/good"
	fails 64 "too many" delete --url "$nobody" --job x "$work/good"
	fails 64 "pigeon" push "$work/good" --url "$nobody" --protocol pigeon
	fails 64 "30" push "$work/good" --url "$nobody" --deadline 30
	fails 64 "--timeout" push "$work/good" --url "$nobody" --timeout 0s
	fails 64 "NAME=VALUE" push "$work/good" --url "$nobody" --label x
	fails 64 "le" push "$work/good" --url "$nobody" --label le=1
	fails 64 "--header" push "$work/good" --url "$nobody" --header s3cret
	fails 64 "Content-Type" push "$work/good" --url "$nobody" --header 'Content-Type: s3cret'
	fails 64 "4MiB" push "$work/good" --url "$nobody" --max-request-size 4megs
	fails 64 "hex" push "$work/good" --url "$nobody" --dry-run=paper
	fails 64 "ftp" push "$work/good" --url ftp://localhost
	fails 64 "/nowhere" push "$work/good" --url "$nobody/nowhere"
	fails 64 "Pushgateway" push "$work/good" --url "$nobody" --timestamp now
	fails 64 "replace" push "$work/good" --url "$nobody/api/v1/write" --replace
	fails 64 "exclude" push "$work/good" --url "$nobody" --user me \
		--bearer-token-file "$work/password"
	for time in 1e9 -5 0 12:00 2024-02-30T00:00:00Z 2024-02-29 2024-02-29T24:00:00Z \
		2024-02-29T12:00:00 2024-02-29T12:00:00.Z '2024-02-29T12:00:00+ 1:00'; do
		fails 64 "--timestamp" push "$work/good" --url "$nobody/api/v1/write" \
			"--timestamp=$time"
	done
}

# A time reaches the request as these milliseconds.
times()
{
	local time expected
	while read -r expected time; do
		run "$pitot" push "$work/good" --url "$nobody/api/v1/write" --dry-run=text \
			"--timestamp=$time"
		expect_contains "--timestamp $time" "$out" " 1 @$expected"
	done <<-END
		1700000000.000 1700000000
		1700000000.250 1700000000.25
		1709208000.000 2024-02-29T12:00:00Z
		1709208000.123 2024-02-29t12:00:00.1239z
		1709200800.000 2024-02-29T12:00:00+02:00
		1709211600.500 2024-02-29 10:30:00.5-02:30
	END
}

input()
{
	fails 66 "missing" push "$work/missing" --url "$nobody"
	fails 66 "$work" push "$work" --url "$nobody"
	fails 65 "bad:2:14" push "$work/bad" --url "$nobody"
	fails 66 "no-password" push "$work/good" --url "$nobody" --user me \
		--password-file "$work/no-password"
	fails 66 "no-ca" push "$work/good" --url https://127.0.0.1:1 --cacert "$work/no-ca"
	printf 'backup_ok 1 1700000000000\n' >"$work/timed"
	fails 65 "remote write" push "$work/timed" --url "$nobody"
	printf 'backup_ok\t1\r\n' >"$work/tolerated"
	expect_run "a tolerant reader" 0 "$pitot" push "$work/tolerated" --url "$nobody" --dry-run=text
	fails 65 "tolerated:1:" push "$work/tolerated" --url "$nobody" --strict
	# shellcheck disable=SC2016
	expect_run "stdout that is full" 74 bash -c \
		'"$1" push "$2" --url http://localhost --dry-run=text >/dev/full' - "$pitot" "$work/good"
}

variables()
{
	PITOT_PROTOCOL=pigeon fails 78 "PITOT_PROTOCOL" push "$work/good" --url "$nobody"
	PITOT_LABELS='{' fails 78 "PITOT_LABELS" delete --url "$nobody" --job x
	export PITOT_ENABLED=true PITOT_LABELS='{"zone":"a","rack":"1"}' PITOT_JOB=env
	export REMOTE_WRITE_URL=http://other/api/v1/write REMOTE_WRITE_USERNAME=me \
		REMOTE_WRITE_PASSWORD=s3cret
	run "$pitot" push "$work/good" --url http://here --label zone=b --dry-run=text
	expect_contains "flags win over the environment" "$out" \
		"POST http://here/metrics/job/env/rack/1/zone/b"
	expect "a login is only for its own URL" "$(grep -c Authorization "$work/out")" 0
	run "$pitot" push "$work/good" --dry-run=text
	expect_contains "a well-known URL" "$out" "POST http://other/api/v1/write"
	expect_contains "and its login" "$out" "Authorization: <hidden>"
	unset PITOT_ENABLED PITOT_LABELS PITOT_JOB REMOTE_WRITE_{URL,USERNAME,PASSWORD}
	PITOT_USERNAME=me PITOT_PASSWORD_FILE=$work/no expect_run "a login of the command line" 0 \
		"$pitot" push "$work/good" --url http://here --bearer-token-file "$work/password" \
		--dry-run=text
	expect_run "--protocol before --url" 0 "$pitot" push "$work/good" \
		--protocol=remote-write --url http://here/any --dry-run=text
}

nobody_there()
{
	fails 69 "refused" push "$work/good" --url "$nobody" --deadline 1s
	fails 69 "refused" delete --job x --url "$nobody" --deadline 1s
	fails 68 "pitot.invalid" push "$work/good" --url http://pitot.invalid --deadline 1s
	fails 69 "127.0.0.1:1" push "$work/good" --url http://me:s3cret@127.0.0.1:1 -m 1s \
		--deadline 1s
	expect_contains "a password in a URL is warned of" "$err" "--password-file"
	fails 69 "127.0.0.1:1" push "$work/good" --url "$nobody" --user me:s3cret --deadline 1s
	expect_contains "a password in --user is warned of" "$err" "--password-file"
}

# Starts a sink; its address is then in $url.
start_sink()
{
	rm -f "$work/port"
	"$pitot" sink --port-file="$work/port" --timeout=60s --print=none "$@" \
		>/dev/null 2>"$work/sink" </dev/null &
	background+=("$!")
	eventually 10 test -s "$work/port"
	url=http://127.0.0.1:$(cat "$work/port")
}

answers()
{
	start_sink --script='400 404 413'
	fails 65 "400" push "$work/good" --url "$url"
	fails 1 "404" push "$work/good" --url "$url"
	fails 65 "413" push "$work/good" --url "$url/api/v1/write"
	expect_run "success" 0 "$pitot" push "$work/good" --url "$url"
	expect "success says nothing" "$out$err" ""
	expect_run "success with -v" 0 "$pitot" push "$work/good" --url "$url" --job v -v
	expect_contains "-v: the group and the counts" "$err" "$url by the Pushgateway's protocol: 1 of 1 samples in 1 request"
	expect_run "delete" 0 "$pitot" delete --url "$url" --job v
	expect "delete says nothing" "$out$err" ""
	fails 64 "only a Pushgateway" delete --url "$url/api/v1/write" --job v
	start_sink --user=me --password-file="$work/password"
	fails 77 "401" push "$work/good" --url "$url"
	expect_run "the right password" 0 "$pitot" push "$work/good" --url "$url" -u me \
		--password-file "$work/password"
}

certificate()
{
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=test \
		-addext subjectAltName=IP:127.0.0.1 -keyout "$work/key" -out "$work/cert" 2>/dev/null ||
		fail "openssl makes a certificate"
	start_sink --tls-cert="$work/cert" --tls-key="$work/key"
	url=https${url#http}
	fails 69 "certificate" push "$work/good" --url "$url" --deadline 3s
	expect_run "its own authority" 0 "$pitot" push "$work/good" --url "$url" --cacert "$work/cert"
	expect_run "any authority" 0 "$pitot" push "$work/good" --url "$url" -k
}

usage
times
input
variables
nobody_there
answers
certificate
finish
