#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# The crontab lines of the manual page and the units that are installed, run as they are printed: by
# sh with the variables above the line, and with systemd's words expanded as systemd does.
# shellcheck disable=SC2015,SC2016 # other shells expand these words
. "$(dirname "$0")/lib.sh"

value()
{
	curl -fsS --noproxy '*' "$gateway/metrics" | sed -n "s/^$1 //p"
}

start_server pushgateway-new
gateway=$url
mkdir -p "$work/bin" "$work/local" "$work/state"
ln -s "$pitot" "$work/bin/pitot"
printf '#!/bin/sh\necho "rows_total 7" >&"$PITOT_FD"\n' >"$work/bin/backup"
cp "$work/bin/backup" "$work/local/backup"
chmod +x "$work/bin/backup" "$work/local/backup"

crontab()
{
	local line schedule command count=0
	# The example of the manual page, its variable pointed at this gateway.
	sed -n '/^In a crontab:/,/^\.Ed/p' "$top/src/cli/man/pitot-run.1" | grep -v '^\.\|^In a' >"$work/crontab"
	expect_contains "the example sets where to" "$(cat "$work/crontab")" "PITOT_URL=http://"
	while read -r line; do
		schedule=$(echo "$line" | cut -d' ' -f1-5)
		command=$(echo "$line" | cut -d' ' -f6-)
		expect_run "cron's command: $command" 0 env -i PATH="$work/bin:/usr/bin:/bin" \
			PITOT_URL="$gateway" SHELL=/bin/sh sh -c "$command"
		expect "it is silent, so cron mails nothing" "$out$err" ""
		expect_run "its schedule is one" 0 "$pitot" run --schedule "$schedule" --url "$gateway" \
			--job schedule true
		count=$((count + 1))
	done < <(grep '^[0-9*]' "$work/crontab")
	expect "there was one" "$((count > 0))" 1
	expect "the job's success is there" "$(value 'batch_job_exit_code{instance="",job="backup"}')" 0
	expect "and when it is due" \
		"$(($(value 'batch_job_next_due_timestamp_seconds{instance="",job="backup"}' | awk '{printf "%d", $1}') > $(date +%s)))" 1
	expect "and what it wrote" "$(value 'rows_total{instance="",job="backup"}')" 7
}

unit()
{
	local file=$1
	sed -e "s|@bindir@|$work/bin|" "$top/src/systemd/$file"
}

timer()
{
	local command
	command=$(unit "pitot@.service.in" | sed -n 's/^ExecStart=//p' |
		sed -e "s|%i|backup|g; s|%S/pitot-job|$work/state|; s|/usr/local/bin|$work/local|")
	expect_contains "the service runs a job" "$command" "run --job backup"
	for run in 1 2; do
		# shellcheck disable=SC2086 # as systemd splits it
		expect_run "its command, run $run" 0 env -i PATH=/usr/bin:/bin PITOT_URL="$gateway" $command
	done
	expect "its counters rise from run to run" "$(value 'rows_total{instance="",job="backup"}')" 14
	expect_contains "the timer repeats it" "$(cat "$top/src/systemd/pitot@.timer")" "OnCalendar="
	command=$(unit pitot-agent.service.in | sed -n 's/^ExecStart=//p')
	echo "pushgateway: [{url: \"$gateway\"}]" >"$work/agent.yml"
	command=${command/\/etc\/pitot\/agent.yml/$work/agent.yml}
	# shellcheck disable=SC2086
	env -i PATH=/usr/bin:/bin $command 2>"$work/agent.log" &
	local pid=$!
	background+=("$pid")
	expect_run "the agent's command runs" 0 eventually 5 grep -q 'The agent runs' "$work/agent.log"
	kill "$pid"
	expect_run "and ends" 0 wait "$pid"
}

# Units as they are installed: whoever configured said where the program will be.
built()
{
	local file
	for file in pitot-agent.service pitot@.service; do
		expect "the installed $file starts a program" \
			"$(grep -c '^ExecStart=/.*/pitot ' "${PITOT_BUILD:-$top/build}/src/systemd/$file")" 1
	done
}

# What systemd itself says of them, where it is there.
verify()
{
	if ! command -v systemd-analyze >/dev/null; then
		skipped=$((skipped + 1))
		echo "ok - skipped: systemd-analyze is not here"
		return
	fi
	unit pitot-agent.service.in >"$work/pitot-agent.service"
	unit "pitot@.service.in" >"$work/pitot@.service"
	cp "$top/src/systemd/pitot@.timer" "$work"
	expect_run "systemd takes the units" 0 systemd-analyze verify --man=no "$work/pitot-agent.service" \
		"$work/pitot@backup.service"
}

crontab
timer
built
verify
finish
