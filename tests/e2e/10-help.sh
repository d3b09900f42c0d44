#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# What the command says of itself: every help fits a screen, every option is in the help and in the
# manual pages, every option that is shown is known, and `help` shows a page where there is one.
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"

# Names of the table in src/cli/options.c: "name alias-or-NULL".
table()
{
	tr '\n\t' '  ' <"$top/src/cli/options.c" | grep -oE '\{CLI_OPTION_[A-Z0-9_]+, *"[a-z0-9-]+"[^}]*\}' |
		sed -E 's/.*CLI_OPTION_[A-Z0-9_]+, *"([a-z0-9-]+)".*, *("([a-z.-]+)"|NULL)\}/\1 \3/'
}

fits_a_screen()
{
	local what=$1
	shift
	expect_run "$what: exit status 0" 0 "$pitot" "$@"
	expect "$what: nothing on stderr" "$err" ""
	expect "$what: at most 24 lines" "$(($(wc -l <"$work/out") <= 24))" 1
	expect "$what: at most 80 columns" "$(awk 'length > 80' "$work/out")" ""
}

each_verb()
{
	local verb
	fits_a_screen "pitot --help" --help
	for verb in push run agent delete list gc check doctor explain convert backfill alerts \
		dashboard spool sink completion help; do
		expect_contains "pitot --help names $verb" "$out" " $verb"
	done
	for verb in push run agent delete list gc check doctor explain convert backfill alerts \
		dashboard spool sink completion; do
		fits_a_screen "pitot $verb --help" "$verb" --help
		cp "$work/out" "$work/help-$verb"
		run "$pitot" help "$verb"
		expect_same "pitot help $verb says the same" "$work/out" "$work/help-$verb"
	done
	fits_a_screen "pitot check metrics --help" check metrics --help
	expect_run "help of no verb" 64 "$pitot" help nothing
}

each_option()
{
	local name alias verb count=0
	while read -r name alias; do
		count=$((count + 1))
		expect_run "--$name is in a help text" 0 \
			grep -qE -- "--$name([=, ]|\$)" "$work"/help-{push,run,agent,delete,check,list,gc,doctor,convert,backfill,dashboard}
		for verb in $name $alias; do
			expect_run "--$verb is in the manual page" 0 \
				grep -qE -- "Fl -$verb( |\$)" "$top"/src/cli/pitot.1 "$top"/src/cli/man/*.1
		done
	done < <(table)
	expect "the table was read" "$((count >= 35))" 1
	for verb in push run agent delete list gc convert backfill dashboard; do
		while read -r name; do
			run "$pitot" "$verb" metrics "--$name" --no-such-option
			expect "$verb knows --$name" "$(grep -cF "no option --$name" "$work/err")" 0
		done < <(grep -oE -- '--[a-z0-9-]+' "$work/help-$verb" | cut -c3- | sort -u)
	done
}

# What `pitot help VERB` writes to a terminal.
on_terminal()
{
	run script -qec "PATH='$work/bin:$PATH' '$pitot' help $1" "$work/typescript"
	tr -d '\r' <"$work/out" >"$work/seen"
}

manual_page()
{
	local verb page
	mkdir -p "$work/bin" "$work/man/man1"
	# shellcheck disable=SC2016 # the script expands these
	printf '#!/bin/sh\n[ "$1" = -w ] && cat "%s" || echo "shown: $*"\n' "$work/where" >"$work/bin/man"
	chmod +x "$work/bin/man"
	echo "$top/src/cli/man/pitot-push.1" >"$work/where"
	on_terminal push
	expect "help in a terminal is the page" "$(cat "$work/seen")" "shown: 1 pitot-push"
	for page in "$work/none" ""; do
		echo "$page" >"$work/where"
		on_terminal push
		expect_same "without the page (\"$page\") it is short" "$work/seen" "$work/help-push"
	done
	rm "$work/where"
	on_terminal push
	expect_same "with a man that finds nothing it is short" "$work/seen" "$work/help-push"
	rm "$work/bin/man"
	command -v man >/dev/null || return 0
	cp "$top"/src/cli/pitot.1 "$top"/src/cli/man/*.1 "$work/man/man1"
	for page in "$work"/man/man1/pitot-*.1; do
		verb=${page##*/pitot-}
		verb=${verb%.1}
		MANPATH=$work/man MANPAGER=cat on_terminal "$verb"
		expect_contains "the real man shows the page of $verb" "$(cat "$work/seen")" \
			"PITOT-${verb^^}(1)"
	done
}

itself()
{
	expect_run "--version" 0 "$pitot" --version
	for part in "pitot " libcurl jansson libmicrohttpd protobuf-c snappy; do
		expect_contains "--version names $part" "$out" "$part"
	done
	expect_run "no verb" 64 "$pitot"
	expect "no verb: nothing on stdout" "$out" ""
	expect_contains "no verb: usage on stderr" "$err" "Usage: pitot"
	expect_run "an unknown verb" 64 "$pitot" psuh
	expect_contains "an unknown verb: the nearest" "$err" 'did you mean "push"'
	# shellcheck disable=SC2016
	expect_run "stdout that is full" 74 bash -c '"$1" --version >/dev/full' - "$pitot"
}

each_verb
each_option
manual_page
itself
finish
