#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# The agent's configuration: blocks as vendors and Prometheus print them are read, and each mistake is
# told with its place. A case is a file of tests/golden/agent-config; the comments at its head say the
# exit status of `pitot check config` and what it must print.
. "$(dirname "$0")/lib.sh"

cases=0
for file in "$top"/tests/golden/agent-config/*.yml; do
	name=$(basename "$file" .yml)
	status_expected=$(sed -n 's/^# exit //p' "$file")
	expect_run "$name: exit status" "$status_expected" "$pitot" check config "$file"
	while read -r line; do
		expect_contains "$name: $line" "$out$err" "$line"
	done < <(sed -n '1d;/^# /!q;s/^# //p' "$file")
	if [ "$status_expected" -eq 78 ]; then
		expect_contains "$name: the file and a line" "$err" "$name.yml:"
		# What check says the agent says, too.
		expect_run "$name: the agent does not start" 78 timeout 5 "$pitot" agent --config "$file"
	fi
	cases=$((cases + 1))
done
expect "all cases were read" "$((cases >= 25))" 1

# Secrets of the file appear nowhere.
expect "no password in any message" "$("$pitot" check config \
	"$top/tests/golden/agent-config/valid-grafana-cloud.yml" 2>&1 | grep -c glc_)" 0
mkdir "$work/credentials"
echo secret >"$work/credentials/token"
echo 'remote_write: [{url: "http://h/api/v1/write", bearer_token_file: "credential:token"}]' >"$work/c.yml"
expect_run "a credential of systemd" 0 env CREDENTIALS_DIRECTORY="$work/credentials" \
	"$pitot" check config "$work/c.yml"
expect_run "without it" 78 env -u CREDENTIALS_DIRECTORY "$pitot" check config "$work/c.yml"
finish
