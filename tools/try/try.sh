#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Behind `make run`: the suite from the build tree with a sink as the only
# destination, a first message through it, then it stays up until Ctrl-C.
# Everything lies in one folder that a second run finds again.
set -eu

build=${1:?usage: try.sh BUILD-FOLDER}
home=$build/try
mkdir -p "$home/etc" "$home/inbox"
home=$(cd "$home" && pwd)
build=$(cd "$build" && pwd)
sink= suite=

stop() {
	trap - INT TERM EXIT
	[ -z "$suite" ] || { kill "$suite" 2>/dev/null && wait "$suite"; } || :
	[ -z "$sink" ] || kill "$sink" 2>/dev/null || :
	echo
	echo "Stopped. Spool, logs and inbox stay in $home"
	exit 0
}

# wait_line FILE PATTERN PID: until FILE has the line or PID is gone
wait_line() {
	while ! grep -q "$2" "$1" 2>/dev/null; do
		kill -0 "$3" 2>/dev/null || return 1
		sleep 0.05
	done
}

fail() {
	echo "$1" >&2
	[ -z "$sink" ] || kill "$sink" 2>/dev/null || :
	exit 1
}

"$build/bench/smtp-sink" --listen 127.0.0.1:0 --store "$home/inbox" \
    >"$home/sink.out" 2>&1 &
sink=$!
wait_line "$home/sink.out" 'listening on' "$sink" || fail "The sink did not start:
$(cat "$home/sink.out")"
sink_at=$(sed -n 's/^listening on //p' "$home/sink.out")

# The usual port for a first look, another one if it is taken.
listen=127.0.0.1:2025
! (exec 3<>/dev/tcp/127.0.0.1/2025) 2>/dev/null || listen=127.0.0.1:0
cat >"$home/etc/ekiden.yaml" <<EOF
# Written by 'make run': all mail goes to the sink, nothing leaves this machine.
listeners:
  - listen: "$listen"
    relay_hosts: ["127.0.0.1"]
spool:
  path: $home/spool
  min_free_space: 1%
logs:
  - log_dir: $home/log
    headers: [Subject]
    min_free_space: 1%
queues:
  "*":
    protocol: {smtp: {mx_list: ["$sink_at"]}}
paths:
  "*":
    prohibited_hosts: []
    enable_tls: Disabled
EOF
chmod 755 "$home" "$home/etc"
chmod 644 "$home/etc/ekiden.yaml"

trap stop INT TERM EXIT
set --
[ "$(id -u)" != 0 ] || set -- --user 61100-61120
: >"$home/stderr"
"$build/bin/ekiden" run --config "$home/etc" "$@" 2>"$home/stderr" &
suite=$!
if ! wait_line "$home/stderr" '^initialization complete' "$suite"; then
	trap - EXIT
	fail "The suite did not start:
$(cat "$home/stderr")"
fi
cat "$home/stderr"
at=$(sed -n 's/^smtp listener on //p' "$home/stderr" | head -n 1)

before=$(find "$home/inbox" -type f | wc -l)
"$build/bench/smtp-load" --target "$at" --sessions 1 --messages 1 \
    --sender founder@example.test --recipient traveller@example.test \
    --size 1024 >"$home/load.out" 2>&1 || fail "The first message was refused:
$(cat "$home/load.out")"
tries=0
while [ "$(find "$home/inbox" -type f | wc -l)" -le "$before" ]; do
	tries=$((tries + 1))
	[ "$tries" -lt 200 ] || fail "The first message did not arrive; see $home"
	sleep 0.05
done
sleep 0.3
echo
echo "A first message went through. Its log records:"
"$build/bin/tailer" --checkpoint try "$home/log" | tail -n 2
echo
echo "It was delivered to the sink:"
ls -t "$home/inbox" | head -n 1 | sed "s|^|  $home/inbox/|"
cat <<EOF

Try it yourself, in another terminal:
  swaks --server ${at%:*} --port ${at##*:} --from me@example.test --to you@example.test
  $build/bin/tailer --checkpoint mine --tail $home/log
  $build/bin/ekiden spool stats --spool $home/spool

Ctrl-C stops it.
EOF
tail -n +$(($(wc -l <"$home/stderr") + 1)) -f "$home/stderr" --pid="$suite" &
wait "$suite" || :
stop
