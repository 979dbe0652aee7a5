#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# All tests, as `make check` runs them: release build without a warning, the
# rules of the tree, unit, system and crash tests, short fuzz runs, then unit
# and system tests once more under the sanitizers. The last lines say what ran
# and how it ended.
set -u
cd "$(dirname "$0")/.."
jobs=$(nproc)
failed=
started=$(date +%s)

step() {
	name=$1
	shift
	begin=$(date +%s)
	echo "== $name"
	if "$@"; then
		result=ok
	else
		result=FAILED
		failed="$failed $name"
	fi
	summary="${summary:-}$(printf '%-10s %-7s %5d s' "$name" "$result" \
	    $(($(date +%s) - begin)))
"
}

pytests() {
	/usr/bin/python3 -m pytest -q -p no:cacheprovider --timeout 300 "$@"
}

under_sanitizers() {
	# Leaks are for the unit tests: to look for them a process must see
	# itself in /proc, which the roles' accounts may not.
	ASAN_OPTIONS=detect_leaks=0:abort_on_error=0:exitcode=99 \
	UBSAN_OPTIONS=print_stacktrace=1 EKIDEN_BUILD=$PWD/build/asan \
	    pytests -n "$jobs" tests/system
}

step build make -j"$jobs" --no-print-directory programs WERROR=-Werror
[ -z "$failed" ] || { printf '\n%s' "$summary"; exit 1; }
step lint make --no-print-directory lint
step man make --no-print-directory man-check
step unit make -j"$jobs" --no-print-directory unit WERROR=-Werror
step system pytests -n "$jobs" tests/system
step crash pytests tests/crash
step fuzz make -j"$jobs" --no-print-directory fuzz FUZZ_SECONDS=5
step asan make -j"$jobs" --no-print-directory asan WERROR=-Werror
step asan-unit make -j"$jobs" --no-print-directory asan-unit
step asan-sys under_sanitizers
printf '\n%sall of it  %-7s %5d s\n' "$summary" \
    "$([ -z "$failed" ] && echo ok || echo FAILED)" \
    $(($(date +%s) - started))
[ -z "$failed" ]
