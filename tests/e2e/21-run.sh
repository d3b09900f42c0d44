#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# `pitot run`: the command is as it is without it (streams, environment, signals, exit status, terminal),
# and how it went is at a real Pushgateway and a real Prometheus, however it ended.
. "$(dirname "$0")/lib.sh"

file=$work/job.prom

# runs WHAT STATUS OPTION… -- COMMAND…
runs()
{
	local what=$1 expected=$2
	shift 2
	expect_run "$what: exit status $expected" "$expected" "$pitot" run --textfile "$file" "$@"
}

# has WHAT SERIES VALUE: of the text file.
has()
{
	expect "$1" "$(awk -v name="$2" '$1 == name { print $2 }' "$file")" "$3"
}

status_and_signals()
{
	runs "success" 0 true
	has "its exit status" batch_job_exit_code 0
	has "it has ended" batch_job_running 0
	has "a run that succeeded" 'batch_job_runs_total{result="success"}' 1
	expect "a success has its time" "$(grep -c '^batch_job_last_success_timestamp_seconds ' "$file")" 1
	runs "failure" 3 sh -c 'exit 3'
	has "its exit status" batch_job_exit_code 3
	has "a run that failed" 'batch_job_runs_total{result="failure"}' 1
	expect "a failure has none" "$(grep -c last_success "$file")" 0
	runs "killed" 137 sh -c 'kill -9 $$'
	has "its signal" batch_job_signal 9
	has "a run that was killed" 'batch_job_runs_total{result="signal"}' 1
	runs "crashed" 139 sh -c 'ulimit -c 0; kill -SEGV $$'
	runs "not there" 127 /no/such/command
	expect_contains "it is told" "$err" "pitot: run: /no/such/command: No such file or directory"
	runs "not executable" 126 /dev/null
	runs "a child's child that stays" 0 sh -c 'sleep 5 & exit 0'
}

streams()
{
	expect "input and output" "$(echo hello | "$pitot" run --textfile "$file" cat)" hello
	"$pitot" run --textfile "$file" sh -c 'echo error >&2' 2>"$work/err"
	expect "errors" "$(cat "$work/err")" error
	expect "closed descriptors do no harm" \
		"$("$pitot" run --textfile "$file" sh -c 'exec <&- 2>&-; echo still')" still
	# The others are of the wrapper that libtool puts before an uninstalled command.
	# shellcheck disable=SC2016
	expect "streams that are closed stay closed" "$("$pitot" run --url http://127.0.0.1:9 --deadline 300ms \
		sh -c 'for n in 0 1 2; do [ -e /proc/$$/fd/$n ] && printf "%s " "$n"; done' <&- 2>&-)" "1 "
	# shellcheck disable=SC2016
	expect_run "a reader of our messages that is gone does no harm" 0 bash -o pipefail -c '
		{ "$1" run --textfile "$2" --timeout 1s sh -c "sleep 0.3; echo bad line here >&\$PITOT_FD" \
			2>&3; status=$?; echo "$status"; } 3> >(exec true) | grep -x 0' - "$pitot" "$file"
	env | grep -v '^_=' | sort >"$work/expected"
	"$pitot" run --textfile "$file" env |
		grep -v '^_=\|^PITOT_FD=\|^BIN_SH=\|^DUALCASE=\|^LD_LIBRARY_PATH=' | sort >"$work/found"
	expect_same "the environment" "$work/found" "$work/expected"
	expect "its own option is not ours" \
		"$("$pitot" run --textfile "$file" echo --url x --help)" "--url x --help"
	expect "it stays in our process group" \
		"$("$pitot" run --textfile "$file" sh -c 'ps -o pgid= -p $$' | tr -d ' ')" \
		"$(ps -o pgid= -p $$ | tr -d ' ')"
}

# Whether a file has a line.
says()
{
	grep -qx "$2" "$1"
}

signals()
{
	local signal pid
	for signal in TERM INT HUP USR1; do
		: >"$work/said" # what the one before said is not to be taken for this one's
		# What a shell runs in the background ignores SIGINT, unless it is told otherwise.
		# shellcheck disable=SC2016 # the child expands
		env --default-signal "$pitot" run --textfile "$file" bash -c 'trap "echo got; exit 5" '"$signal"'
			echo ready; while :; do sleep 0.1; done' >"$work/said" &
		pid=$!
		background+=("$pid")
		eventually 10 says "$work/said" ready
		kill -"$signal" "$pid"
		status=0
		wait "$pid" || status=$?
		expect "SIG$signal is passed on" "$status $(tail -n 1 "$work/said")" "5 got"
	done
}

# Ctrl-C of a terminal goes to both, and is not passed on a second time.
terminal()
{
	cat >"$work/terminal.py" <<-'END'
		import os, pty, sys, time
		pid, master = pty.fork()
		if pid == 0:
		    os.execv(sys.argv[1], sys.argv[1:])
		seen = b""
		while b"ready" not in seen:
		    seen += os.read(master, 1000)
		os.write(master, b"\x03")
		time.sleep(0.5)
		os.write(master, b"\x04")
		try:
		    while True:
		        more = os.read(master, 1000)
		        if not more:
		            break
		        seen += more
		except OSError:
		    pass
		print(seen.count(b"interrupted"), os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
	END
	# shellcheck disable=SC2016
	expect "Ctrl-C comes once, and the terminal is the command's" "$(/usr/bin/python3 "$work/terminal.py" \
		"$pitot" run --textfile "$file" sh -c 'trap "echo interrupted" INT; test -t 0 && echo ready
			cat; exit 7')" "1 7"
}

limits()
{
	runs "too long" 143 --timeout 500ms sleep 60
	has "a run that took too long" 'batch_job_runs_total{result="timeout"}' 1
	expect_contains "it is told" "$err" "sleep: it takes too long"
	runs "one that ignores SIGTERM" 137 --timeout 300ms --kill-after 300ms \
		sh -c 'trap "" TERM; while :; do sleep 0.1; done'
	# shellcheck disable=SC2016
	runs "progress that stands still" 143 --stuck-after 700ms --progress rows_total sh -c '
		for i in 1 2 3; do echo "rows_total $i" >&$PITOT_FD; sleep 0.4; done
		while :; do echo "other 1" >&$PITOT_FD; sleep 0.1; done'
	has "a run that was stuck" 'batch_job_runs_total{result="stuck"}' 1
	has "as far as it came" rows_total 3
}

lines()
{
	cat >"$work/lines" <<'END'
# nothing
rows_total 5
rows_total 7
inc errors_total{kind="io"}
inc errors_total{kind="io"} 2
inc errors_total{kind="a b\"c"}
queue_length 3
inc queue_length
observe step_seconds 0.2
observe step_seconds{table="x"} 1
rows_total 6
nonsense
rows_total{a="b"} 1
inc rows_total -1
late 1 1700000000
END
	printf 'last_total 1' >>"$work/lines" # no end of line
	# shellcheck disable=SC2016
	runs "lines" 0 sh -c 'cat "$1" >&$PITOT_FD' - "$work/lines"
	has "a counter told as a whole" rows_total 7
	has "counted" 'errors_total{kind="io"}' 3
	expect "an awkward label's value" "$(grep -cF 'errors_total{kind="a b\"c"} 1' "$file")" 1
	has "a gauge" queue_length 4
	has "a histogram" 'step_seconds_count' 1
	has "the last line needs no end" last_total 1
	local at
	for at in '10: step_seconds: had other labels' '11: a counter cannot fall from 7 to 6' \
		'12: ' '13: rows_total: had other labels' '14: rows_total: a counter cannot take -1' \
		'15: a time is not taken'; do
		expect_contains "a mistake is told: $at" "$err" "PITOT_FD:$at"
	done
}

lines_that_clash()
{
	cat >"$work/lines" <<'END'
queue{job="a",instance="b"} 1
rows 5
rows_total 7
observe step_seconds 0.2
step_seconds_count 5
observe size{le="5"} 4
inf_total +Inf
done_total{ a = "x y" }	3
done_total{a="x y"}   5
done_total{a="x z"}6
END
	# shellcheck disable=SC2016
	runs "lines that clash" 0 --label site=here sh -c 'cat "$1" >&$PITOT_FD' - "$work/lines"
	has "a label that the destination sets is renamed" 'queue{exported_instance="b",exported_job="a"}' 1
	expect "however a series is written" "$(grep '^done_total{a="x y"}' "$file")" 'done_total{a="x y"} 5'
	local at
	for at in '3: rows_total: clashes' '5: step_seconds_count: clashes' '6: size: clashes' \
		'7: inf_total: a counter cannot take inf'; do
		expect_contains "a loss is told: $at" "$err" "PITOT_FD:$at"
	done
}

schedules()
{
	runs "a schedule" 0 --schedule '0 * * * *' --grace 10m true
	expect "the next full hour and the grace" \
		"$(awk '$1 == "batch_job_next_due_timestamp_seconds" { printf "%d", ($2 - 600) % 3600 }' "$file")" 0
	runs "a schedule that never comes" 64 --schedule '0 0 30 2 *' true
	expect_contains "it is told" "$err" "there is no such day"
}

states()
{
	local state=$work/state pid
	# shellcheck disable=SC2016
	local job='echo "inc rows_total{t=\"a\"} 5" >&$PITOT_FD; echo "files_total 2" >&$PITOT_FD; exit $1'
	runs "the first run with a state" 0 --state "$state" sh -c "$job" - 0
	runs "the second" 4 --state "$state" sh -c "$job" - 4
	has "a counter goes on" 'rows_total{t="a"}' 10
	has "one told as a whole, too" files_total 4
	has "so do the runs" 'batch_job_runs_total{result="success"}' 1
	expect "the last success is told after a failure" \
		"$(grep -c '^batch_job_last_success_timestamp_seconds ' "$file")" 1
	# shellcheck disable=SC2016
	"$pitot" run --textfile "$work/slow.prom" --state "$state" \
		sh -c 'sleep 1; echo "inc rows_total{t=\"a\"} 100" >&$PITOT_FD' &
	pid=$!
	background+=("$pid")
	sleep 0.3
	runs "one while another runs" 0 --state "$state" sh -c "$job" - 0
	wait "$pid" || true
	expect "both add up" "$(grep -c '^rows_total{t="a"} 115' "$work/slow.prom")" 1
	expect "a counter keeps its start" \
		"$(grep '^rows_created' "$state" | cut -d' ' -f2 | xargs -I{} echo '{} < '"$(date +%s)" | bc)" 1
	echo "rows_total{" >"$state"
	runs "a state that cannot be read" 0 --state "$state" sh -c "$job" - 0
	expect_contains "it is told" "$err" "it is set aside"
	has "and begins anew" 'rows_total{t="a"}' 5
	expect "the other is kept" "$(cat "$state.damaged")" "rows_total{"
	# shellcheck disable=SC2016
	local many='seq 1100 | sed "s/.*/many_total{n=\"&\"} 1/" >&$PITOT_FD'
	runs "a state of a family that was full" 0 --state "$work/full-state" sh -c "$many"
	expect "the rest is one series" "$(grep -c '^many_total{pitot_overflow="true"} 100' "$file")" 1
	runs "the next run" 0 --state "$work/full-state" sh -c "$many"
	expect "it says nothing" "$err" ""
	expect "and goes on" "$(grep -c '^many_total{n="7"} 2' "$file")" 1
	expect_run "a state that cannot be written" 3 "$pitot" run --textfile "$file" \
		--state /no/such/dir/state sh -c 'exit 3'
	expect_contains "it is told" "$err" "/no/such/dir/state.lock: No such file or directory"
	state_is_locked
}

# Somebody holds the lock for ever.
state_is_locked()
{
	local pid holder
	exec {holder}>>"$work/held.lock"
	flock "$holder"
	runs "a state that another run holds" 3 --state "$work/held" --deadline 300ms sh -c 'exit 3'
	expect_contains "it is told" "$err" "held.lock: another run holds it"
	has "and the metrics are written" batch_job_exit_code 3
	runs "with --strict it is a failure" 1 --strict --state "$work/held" --deadline 300ms true
	"$pitot" run --textfile "$file" --state "$work/held" --deadline 1h sh -c 'echo ended; exit 3' \
		>"$work/said" 2>"$work/err" &
	pid=$!
	background+=("$pid")
	eventually 10 says "$work/said" ended
	sleep 0.5
	kill -TERM "$pid"
	status=0
	wait "$pid" || status=$?
	expect "SIGTERM ends the waiting" "$status" 3
	expect_contains "it is told" "$(cat "$work/err")" "held.lock: another run holds it"
	exec {holder}>&-
	runs "without it" 0 --state "$work/held" true
	expect "nothing is said" "$err" ""
}

files()
{
	runs "a file is whole" 0 true
	expect "its mode" "$(stat -c %a "$file")" 644
	expect "nothing lies beside it" "$(find "$work" -name 'job.prom.*' | wc -l)" 0
	expect_run "a file that cannot be written" 4 "$pitot" run --textfile /no/such/dir/x sh -c 'exit 4'
	expect_contains "it is told" "$err" "--textfile: /no/such/dir/x: No such file or directory"
	expect_run "with --strict it is a failure" 1 "$pitot" run --strict --textfile /no/such/dir/x true
}

# What stands at the place of a file and is none stays what it is.
not_files()
{
	local what
	mkfifo "$work/fifo"
	mkdir "$work/folder"
	ln -s job.prom "$work/link"
	ln -s /dev/full "$work/full"
	for what in fifo folder full; do
		expect_run "a $what in place of a file: the text file" 1 "$pitot" run --strict \
			--textfile "$work/$what" true
		expect_contains "it is told: $what" "$err" "--textfile: $work/$what: "
		expect_run "a $what in place of a file: the state" 1 "$pitot" run --strict \
			--textfile "$file" --state "$work/$what" true
		expect_contains "it is told: $what" "$err" "pitot: run: $work/$what: "
	done
	expect "they are what they were" "$(stat -c %F "$work/fifo" "$work/folder" "$work/full" | tr '\n' ,)" \
		"fifo,directory,symbolic link,"
	run "$pitot" run --textfile "$work/link" sh -c 'exit 7'
	expect "a link stays one" "$(stat -c %F "$work/link")" "symbolic link"
	has "and its file is written" batch_job_exit_code 7
	expect "a text file can be a stream" "$("$pitot" run --textfile /dev/stdout true |
		grep -c '^batch_job_exit_code 0')" 1
	rm "$work/fifo" "$work/full" "$work/link"
	if [ "$(id -u)" = 0 ]; then
		echo '# EOF' >"$work/secret"
		chmod 600 "$work/secret"
		chmod 777 "$work/folder"
		mv "$work/secret" "$work/folder/state"
		run setpriv --reuid 65534 --clear-groups "$pitot" run --strict --textfile /dev/null \
			--state "$work/folder/state" true
		expect "a state that may not be read is not replaced" "$(cat "$work/folder/state")" '# EOF'
	fi
}

usage()
{
	expect_run "no command" 64 "$pitot" run --textfile "$file"
	expect_run "no destination" 64 "$pitot" run true
	expect_run "grace without every" 64 "$pitot" run --textfile "$file" --grace 1h true
	expect_run "two schedules" 64 "$pitot" run --textfile "$file" --every 1h --schedule @daily true
	expect_run "a wrong schedule" 64 "$pitot" run --textfile "$file" --schedule '61 * * * *' true
	expect_contains "it is told" "$err" '--schedule: "61 * * * *": the minute must be 0 to 59'
	expect_run "an unknown option" 64 "$pitot" run --textfil "$file" true
	expect_contains "the nearest" "$err" "did you mean --textfile?"
}

# page PATTERN: how many lines of the gateway's page match.
page()
{
	curl -fsS "$url/metrics" | grep -cE "$1" || true
}

at_a_gateway()
{
	start_server "$1"
	expect_run "$1: a run that succeeds" 0 "$pitot" run --url "$url" --job nightly --every 24h true
	expect "$1: nothing is said" "$out$err" ""
	expect "$1: its success" "$(page '^batch_job_last_success_timestamp_seconds\{instance="",job="nightly"\}')" 1
	expect_run "$1: one that fails" 9 "$pitot" run --url "$url" --job nightly --every 24h sh -c 'exit 9'
	expect "$1: its status" "$(page '^batch_job_exit_code\{instance="",job="nightly"\} 9$')" 1
	expect "$1: the success before is still there" \
		"$(page '^batch_job_last_success_timestamp_seconds\{instance="",job="nightly"\}')" 1
	"$pitot" run --url "$url" --job long sleep 30 &
	local pid=$!
	background+=("$pid")
	eventually 10 test_running
	expect "$1: while it runs" "$(page '^batch_job_running\{instance="",job="long"\} 1$')" 1
	kill -TERM "$pid"
	wait "$pid" || true
	expect "$1: after it was ended" "$(page '^batch_job_running\{instance="",job="long"\} 0$')" 1
	stop_server "$dir"
}

test_running()
{
	[ "$(page '^batch_job_running\{instance="",job="long"\} 1$')" = 1 ]
}

ask()
{
	curl -sS --get "$url/api/v1/query" --data-urlencode "query=$1" |
		python3 -c 'import json, sys
found = json.load(sys.stdin)["data"]["result"]
print(found[0]["value"][1] if found else "none")'
}

at_prometheus()
{
	start_server prometheus-new
	local to=$url/api/v1/write
	# shellcheck disable=SC2016
	expect_run "by remote write" 0 "$pitot" run --url "$to" --job nightly --instance one --every 1h \
		--grace 10m sh -c 'echo "inc rows_total 5" >&$PITOT_FD'
	expect "its status" "$(ask 'batch_job_exit_code{job="nightly"}')" 0
	expect "what it told" "$(ask 'rows_total{job="nightly"}')" 5
	expect "increase() sees the one run" "$(ask 'increase(batch_job_runs_total{result="success"}[5m]) > bool 0')" 1
	expect "the next is due in 70 minutes" \
		"$(ask 'round((batch_job_next_due_timestamp_seconds - batch_job_last_start_timestamp_seconds) / 60)')" 70
	expect "the alert for all jobs is silent" \
		"$(ask 'time() > last_over_time(batch_job_next_due_timestamp_seconds[7d])')" none
	# shellcheck disable=SC2016
	for _ in 1 2 3; do
		"$pitot" run --url "$to" --job counted --state "$work/counted" \
			sh -c 'echo "inc parcels_total 5" >&$PITOT_FD'
	done
	expect "a counter rises over three runs" "$(ask 'parcels_total{job="counted"}')" 15
	expect "without falling in between" "$(ask 'resets(parcels_total{job="counted"}[5m])')" 0
	expect "and from zero" "$(ask 'min_over_time(parcels_total{job="counted"}[5m])')" 0
	local port
	port=$(cat "$dir/port")
	stop_server "$dir"
	expect_run "while the receiver is away" 3 "$pitot" run --url "$to" --job away --deadline 1s \
		sh -c 'exit 3'
	expect_contains "it is told" "$err" "pitot: run: "
	expect_run "with --strict a push that fails is a failure" 1 "$pitot" run --strict --url "$to" \
		--job away --deadline 1s true
	expect_run "with a spool the job ends at once" 0 "$pitot" run --url "$to" --job spooled \
		--spool "$work/spool" true
	expect "and nothing is said" "$err" ""
	"$top/scripts/servers" start prometheus-new --dir "$dir" --port "$port" >/dev/null
	expect_run "a later run delivers" 0 "$pitot" run --url "$to" --job spooled --spool "$work/spool" true
	expect "both runs" "$(ask 'changes(batch_job_last_end_timestamp_seconds{job="spooled"}[5m])')" 1
	expect "nothing is left" "$(find "$work/spool" -type f | wc -l)" 0
	stop_server "$dir"
}

# As process 1 of a container it reaps orphans, and ends with the command.
process_one()
{
	unshare -pf --mount-proc true 2>/dev/null || {
		skipped=$((skipped + 1))
		return 0
	}
	# shellcheck disable=SC2016
	expect_run "as process 1: exit status" 6 unshare -pf --mount-proc "$pitot" run --textfile "$file" \
		sh -c '(sleep 0.2 &) ; sleep 0.6; ps -eo stat= | grep -c "^Z"; exit 6'
	expect "as process 1: no zombies" "$out" 0
}

# The kernel kills what takes more than its control group may.
out_of_memory()
{
	local group=/sys/fs/cgroup/memory/pitot-e2e-$$
	if ! mkdir "$group" 2>/dev/null; then
		skipped=$((skipped + 1))
		return 0
	fi
	echo 50M >"$group/memory.limit_in_bytes"
	# shellcheck disable=SC2016
	expect_run "out of memory" 137 sh -c 'echo $$ >"$1/cgroup.procs"; shift; exec "$@"' - "$group" \
		"$pitot" run --textfile "$file" /usr/bin/python3 -c 'print(len(bytearray(200 << 20)))'
	has "it is known" batch_job_oom_killed 1
	has "a run without enough memory" 'batch_job_runs_total{result="oom"}' 1
	rmdir "$group"
}

status_and_signals
out_of_memory
streams
signals
terminal
limits
lines
lines_that_clash
schedules
states
files
not_files
usage
at_a_gateway pushgateway-old
at_a_gateway pushgateway-new
at_prometheus
process_one
finish
