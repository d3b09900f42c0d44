# SPDX-License-Identifier: MIT
# shellcheck shell=bash disable=SC2034
# For the scenarios in this folder: a work folder that disappears, servers that are stopped by pid,
# and checks that print "ok N - what" or "not ok N - what". A scenario ends with `finish`; its exit
# status is 0 if all checks passed, 1 if one failed, 77 if what it needs cannot be had here.
# PITOT names the command under test (default: build/pitot), PITOT_KEEP=1 keeps the work folder.
set -euo pipefail

top=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
pitot=$(readlink -f "${PITOT:-$top/build/pitot}" || true)

work=$(mktemp -d "${TMPDIR:-/tmp}/pitot-e2e.XXXXXX")
passed=0
failed=0
skipped=0
background=()

if [ ! -x "$pitot" ]; then
	echo "no command at ${PITOT:-$top/build/pitot}: build it, or set PITOT" >&2
	exit 1
fi
# The world of whoever runs the tests must not reach into them.
unset http_proxy https_proxy all_proxy HTTP_PROXY HTTPS_PROXY ALL_PROXY no_proxy NO_PROXY
for name in "${!PITOT_@}" "${!MAILER_@}" "${!BAILEYS_@}" "${!OTEL_@}"; do
	[[ $name =~ ^PITOT_(ACCEPT|BUILD|KEEP|NPM_DIR|SERVERS_DIR)$ ]] || unset "$name"
done
export LC_ALL=C.UTF-8

cleanup()
{
	local status=$? dir pid
	trap - EXIT
	for pid in ${background[@]+"${background[@]}"}; do
		kill "$pid" 2>/dev/null || true
		wait "$pid" 2>/dev/null || true
	done
	for dir in "$work"/server-*; do
		[ ! -d "$dir" ] || "$top/scripts/servers" stop "$dir"
	done
	if [ -n "${PITOT_KEEP:-}" ]; then
		echo "# kept $work"
	else
		rm -rf "$work"
	fi
	exit "$status"
}
trap cleanup EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# Starts a real server; its address is then in $url and its folder in $dir. Skips the scenario if
# the server cannot be had here.
start_server()
{
	local name=$1 status=0
	shift
	dir=$(mktemp -d "$work/server-$name.XXXXXX")
	url=$("$top/scripts/servers" start "$name" --dir "$dir" "$@") || status=$?
	[ "$status" -ne 77 ] || skip_all "$name is not available here"
	if [ "$status" -ne 0 ]; then
		echo "not ok - $name does not start"
		exit 1
	fi
}

stop_server()
{
	"$top/scripts/servers" stop "$1"
}

# node_packages NAME@VERSION…: has them in a cache folder ($PITOT_NPM_DIR, by default
# $XDG_CACHE_HOME/pitot/npm or ~/.cache/pitot/npm), whose path is then in $packages. Fails if npm or
# its registry is not there. A folder appears under its name only when it is complete.
node_packages()
{
	local cache=${PITOT_NPM_DIR:-${XDG_CACHE_HOME:-$HOME/.cache}/pitot/npm} new
	packages=$cache/$(printf '%s ' "$@" | tr '/' '_' | sha256sum | cut -c 1-16)
	if ! command -v node >/dev/null || ! command -v npm >/dev/null; then
		return 1
	fi
	[ ! -d "$packages" ] || return 0
	mkdir -p "$cache"
	new=$(mktemp -d "$cache/.fetch-XXXXXX")
	if (cd "$new" && npm install --silent --no-audit --no-fund --ignore-scripts "$@") \
		>"$work/npm.log" 2>&1; then
		# Whoever was faster has the same.
		mv -T "$new" "$packages" 2>/dev/null || rm -rf "$new"
	else
		rm -rf "$new"
		return 1
	fi
}

skip_all()
{
	echo "ok - skipped: $1"
	exit 77
}

# Runs a command; its output, errors and status are then in $out, $err and $status.
run()
{
	status=0
	"$@" >"$work/out" 2>"$work/err" </dev/null || status=$?
	out=$(cat "$work/out")
	err=$(cat "$work/err")
}

pass()
{
	passed=$((passed + 1))
	echo "ok $((passed + failed)) - $1"
}

fail()
{
	failed=$((failed + 1))
	echo "not ok $((passed + failed)) - $1"
	shift
	printf '#   %s\n' "$@"
}

# expect WHAT FOUND EXPECTED
expect()
{
	if [ "$2" = "$3" ]; then
		pass "$1"
	else
		fail "$1" "expected: $3" "found:    $2"
	fi
}

# expect_contains WHAT FOUND PART
expect_contains()
{
	if [[ $2 == *"$3"* ]]; then
		pass "$1"
	else
		fail "$1" "expected to contain: $3" "found: $2"
	fi
}

# expect_run WHAT STATUS COMMAND…: the command ends with this status; prints what it said otherwise.
expect_run()
{
	local what=$1 expected=$2
	shift 2
	run "$@"
	if [ "$status" -eq "$expected" ]; then
		pass "$what"
	else
		fail "$what" "expected exit status $expected, found $status" "stdout: $out" "stderr: $err"
	fi
}

# expect_same WHAT FOUND_FILE EXPECTED_FILE: equal line by line.
expect_same()
{
	if [ -s "$3" ] && diff "$3" "$2" >"$work/diff"; then
		pass "$1"
	else
		fail "$1" "expected < > found, first 20 lines:" "$(head -n 20 "$work/diff")"
	fi
}

# Tries a command until it succeeds, for at most $1 seconds.
eventually()
{
	local deadline=$((SECONDS + $1))
	shift
	until "$@" >/dev/null 2>&1; do
		[ "$SECONDS" -lt "$deadline" ] || return 1
		sleep 0.1
	done
}

read_back()
{
	/usr/bin/python3 "$top/tests/e2e/read_back.py" "$@"
}

finish()
{
	echo "$(basename "$0"): $passed passed, $failed failed, $skipped skipped"
	[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
	exit
}
