#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Every way of going wrong has its exit status and a text that says what to do, and no text holds a
# secret: wrong options and files, nobody there, no such host, a refusal with a body, a wrong
# password, and TLS with its certificates.
# pushgateway 24
. "$(dirname "$0")/lib.sh"

printf 'backup_ok 1\n' >"$work/good.txt"
printf 'backup_ok 1\nbackup_bytes 5\nbackup_files N/A\n' >"$work/bad.txt"
nobody=http://127.0.0.1:1

# push_fails WHAT STATUS PART OPTION…: pushing ends with this status and its words contain PART.
push_fails()
{
	local what=$1 expected=$2 part=$3
	shift 3
	expect_run "$what: exit status $expected" "$expected" "$pitot" push --job e2e "$@"
	expect_contains "$what: it says why" "$err" "$part"
	expect "$what: nothing on stdout" "$out" ""
	expect "$what: one line" "$(grep -c . "$work/err")" 1
	if [[ $err == *s3cret* ]]; then
		fail "$what: no secret in the text" "$err"
	fi
}

input_and_options()
{
	push_fails "bad input" 65 "bad.txt:3:14" "$work/bad.txt" --url "$nobody"
	push_fails "a missing file" 66 "missing.txt" "$work/missing.txt" --url "$nobody"
	push_fails "a folder in place of a file" 66 "$work" "$work" --url "$nobody"
	expect_run "an unknown option" 64 "$pitot" push --no-such-option
	expect_contains "an unknown option is named" "$err" "no-such-option"
	expect_run "no URL" 64 "$pitot" push "$work/good.txt" --job e2e
	expect_run "an unknown verb" 64 "$pitot" psuh
	expect_run "no verb" 64 "$pitot"
	push_fails "an unknown protocol" 64 "carrier-pigeon" "$work/good.txt" --url "$nobody" \
		--protocol carrier-pigeon
	push_fails "a scheme that is not HTTP" 64 "ftp" "$work/good.txt" --url ftp://localhost/
	push_fails "a label without =" 64 "nolabel" "$work/good.txt" --url "$nobody" --label nolabel
	push_fails "a reserved label" 64 "le" "$work/good.txt" --url "$nobody" --label le=5
	push_fails "a missing password file" 66 "no-password" "$work/good.txt" --url "$nobody" \
		--user me --password-file "$work/no-password"
}

nobody_there()
{
	push_fails "refused connection" 69 "connect" "$work/good.txt" --url "$nobody" --deadline 1s
	push_fails "no such host" 68 "pitot.invalid" "$work/good.txt" \
		--url http://pitot.invalid:9091 --deadline 1s
	push_fails "password in the URL" 69 "127.0.0.1" "$work/good.txt" \
		--url http://me:s3cret@127.0.0.1:1 --deadline 1s
}

refusals()
{
	start_server prometheus-new
	local old=$(($(date +%s) - 86400 * 30))
	expect_run "a sample of now" 0 "$pitot" push "$work/good.txt" --job e2e \
		--url "$url/api/v1/write"
	push_fails "a sample that is too old for a real Prometheus" 65 "out of bounds" \
		"$work/good.txt" --url "$url/api/v1/write" --timestamp "$old"
	push_fails "a sample of next month" 65 "clock" "$work/good.txt" \
		--url "$url/api/v1/write" --timestamp "$(($(date +%s) + 86400 * 30))"
	push_fails "a path that is not there" 1 "404" "$work/good.txt" \
		--url "$url/nowhere/api/v1/write"
	stop_server "$dir"
}

certificates()
{
	(
		cd "$work"
		openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 \
			-subj '/CN=pitot test authority' -keyout ca.key -out ca.pem
		local name
		for name in server client; do
			openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
				-subj "/CN=$name" -keyout "$name.key" -out "$name.csr"
			openssl x509 -req -in "$name.csr" -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 \
				-extfile <(echo 'subjectAltName=IP:127.0.0.1,DNS:localhost') -out "$name.pem"
		done
		openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 \
			-subj '/CN=another authority' -keyout other.key -out other.pem
	) >"$work/openssl.log" 2>&1
}

# The gateway's configuration: user "mailer" with password "s3cret right"; $1 adds lines to the TLS part.
web_config()
{
	cat <<END
tls_server_config:
  cert_file: $work/server.pem
  key_file: $work/server.key
$1
basic_auth_users:
  mailer: $(cat "$work/hash")
END
}

login_and_tls()
{
	# The bcrypt hash of "s3cret right".
	# shellcheck disable=SC2016
	echo '$2y$04$vEcpr3Pvzx4A3N/WIk0tu.o2w7PqRCclghSipKhe9PPZRSVTPtk0e' >"$work/hash"
	printf 's3cret right\n' >"$work/right"
	printf 's3cret wrong\n' >"$work/wrong"
	web_config '' >"$work/web.yml"
	start_server "$1" --web-config "$work/web.yml"
	local to=(--url "$url$2" --deadline 3s --instance '')
	local known=("${to[@]}" --ca-file "$work/ca.pem")
	push_fails "$1: an authority nobody knows" 69 "certificate" "$work/good.txt" "${to[@]}"
	push_fails "$1: another authority's file" 69 "certificate" "$work/good.txt" "${to[@]}" \
		--ca-file "$work/other.pem"
	push_fails "$1: a missing CA file" 66 "no-ca" "$work/good.txt" "${to[@]}" \
		--ca-file "$work/no-ca"
	push_fails "$1: no login" 77 "401" "$work/good.txt" "${known[@]}"
	push_fails "$1: a wrong password" 77 "401" "$work/good.txt" "${known[@]}" \
		--user mailer --password-file "$work/wrong"
	expect_run "$1: the right password" 0 "$pitot" push "$work/good.txt" --job e2e "${known[@]}" \
		--user mailer --password-file "$work/right"
	expect_run "$1: without verification, if asked for" 0 "$pitot" push "$work/good.txt" \
		--job e2e "${to[@]}" --insecure --user mailer --password-file "$work/right"
	push_fails "$1: plain HTTP to a TLS port" 65 "400" "$work/good.txt" \
		--url "http://${url#https://}$2" --deadline 3s
	stop_server "$dir"
}

client_certificate()
{
	web_config "  client_auth_type: RequireAndVerifyClientCert
  client_ca_file: $work/ca.pem" | sed '/^basic/,$d' >"$work/web.yml"
	start_server "$1" --web-config "$work/web.yml"
	local to=(--url "$url$2" --deadline 3s --ca-file "$work/ca.pem")
	push_fails "$1: no client certificate" 69 "$url" "$work/good.txt" "${to[@]}"
	expect_run "$1: with a client certificate" 0 "$pitot" push "$work/good.txt" --job e2e \
		"${to[@]}" --cert-file "$work/client.pem" --key-file "$work/client.key"
	stop_server "$dir"
}

input_and_options
nobody_there
refusals
certificates
login_and_tls pushgateway-new ''
login_and_tls prometheus-old /api/v1/write
client_certificate pushgateway-old ''
client_certificate prometheus-new /api/v1/write
finish
