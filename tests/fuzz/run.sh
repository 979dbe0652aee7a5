#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# run.sh FOLDER SECONDS JOBS: each fuzz target for a while, from its seeds; what
# it finds on the way stays in the build folder, a crash is shown and fails.
set -u
folder=$1 seconds=$2 jobs=$3
cd "$(dirname "$0")/../.."

one() {
	target=$1 name=$(basename "$1" _fuzz)
	corpus=$folder/corpus/$name
	mkdir -p "$corpus" "tests/fuzz/seeds/$name"
	if "$target" -max_total_time="$seconds" -max_len=65536 -timeout=10 \
	    -rss_limit_mb=2048 -print_final_stats=0 -verbosity=0 \
	    -artifact_prefix="$folder/crash-$name-" \
	    "$corpus" "tests/fuzz/seeds/$name" >"$target.log" 2>&1; then
		echo "fuzz $name: nothing found in $seconds s"
	else
		tail -n 40 "$target.log"
		echo "fuzz $name: FAILED"
		return 1
	fi
}

# A background job cannot set a variable here: what failed leaves a file.
rm -f "$folder"/crash-* "$folder"/failed
running=0
for target in "$folder"/*_fuzz; do
	one "$target" || : >"$folder/failed" &
	running=$((running + 1))
	[ $((running % jobs)) != 0 ] || wait
done
wait
! [ -e "$folder/failed" ]
