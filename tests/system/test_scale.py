# SPDX-License-Identifier: Apache-2.0
"""Much mail at rest: what it costs in memory and time, and that it harms no
other. Counts are small enough for every day; SCALE=50 gives the million."""

import glob
import os
import subprocess
import time

import pytest

from suite import BUILD, SANITIZED, Sink, segment_text, wait_for

pytestmark = pytest.mark.skipif(SANITIZED, reason="about memory and speed")

SCALE = float(os.environ.get("SCALE", "1"))
CLOSED = "127.0.0.1:1"  # refuses connections


def load(suite, *options):
    """Messages a second of smtp-load, once it has ended."""
    began = time.monotonic()
    subprocess.run([os.path.join(BUILD, "bench", "smtp-load"), "--target",
                    f"127.0.0.1:{suite.smtp_port}", "--quiet", "--sessions", "20",
                    "--size", "1024", *options], check=True,
                   stdout=subprocess.DEVNULL)
    return time.monotonic() - began


def anon_kb(suite, role):
    total = 0
    for pid in suite.pids(role):
        with open(f"/proc/{pid}/status") as f:
            total += sum(int(line.split()[1]) for line in f
                         if line.startswith("RssAnon"))
    return total


def failures(suite):
    """Attempts that the log tells of; the text is only counted, not read."""
    n = 0
    for path in glob.glob(os.path.join(suite.logs, "*")):
        for part in segment_text(path):
            n += part.count(b'"type":"TransientFailure"')
    return n


def routed(make_suite, queues, **over):
    return make_suite({"queues": queues, "paths": {"*": {
        "prohibited_hosts": [], "enable_tls": "Disabled"}}, **over})


def queue(to, retry="1h"):
    return {"retry_interval": retry, "max_retry_interval": retry,
            "protocol": {"smtp": {"mx_list": [to]}}}


def test_queued_mail_costs_little(make_suite):
    n = int(20000 * SCALE)
    suite = routed(make_suite, {"*": queue(CLOSED)}).start()
    empty = anon_kb(suite, "qmgr")
    load(suite, "--messages", str(n), "--domains", "2000")
    wait_for(lambda: len(suite.records("TransientFailure")) >= n, 60, 0.5)
    held = anon_kb(suite, "qmgr") - empty
    print(f"{n} messages: {held} KB in the queue manager")
    assert held < 12 * 1024 + n * 120 // 1024
    # The start reads them all, and mail is taken and delivered meanwhile.
    assert suite.stop() == 0
    began = time.monotonic()
    suite.start()
    said = wait_for(lambda: [line for line in suite.stderr
                             if f"schedule read messages={n}" in line], 30)
    took = time.monotonic() - began
    print(f"all queued after {took:.2f} s: {said[0]}")
    assert took < 20 + n / 50000


def test_first_delivery_after_a_start(make_suite):
    n = int(20000 * SCALE)
    sink = Sink("--no-store")
    suite = routed(make_suite, {"*": queue(CLOSED, "2s")}).start()
    try:
        load(suite, "--messages", str(n), "--domains", "2000")
        suite.stop()
        suite.config["queues"]["*"] = queue(f"127.0.0.1:{sink.port}", "2s")
        suite.configure(suite.config)
        # All of it is to be due at the start: the interval has to pass.
        time.sleep(2.2)
        began = time.monotonic()
        suite.start()
        wait_for(sink.lines, 20, 0.05)
        print(f"first delivery after {time.monotonic() - began:.2f} s")
        assert time.monotonic() - began < 20
    finally:
        suite.close()
        sink.close()


def test_retries_of_all_at_once(make_suite):
    """Everything is due again and again: what waits for the disk is bounded."""
    n = int(20000 * SCALE)
    suite = routed(make_suite, {"*": queue(CLOSED, "1s")}).start()
    empty = anon_kb(suite, "qmgr")
    load(suite, "--messages", str(n), "--domains", "500")
    held = []

    def tried(times):
        held.append(anon_kb(suite, "qmgr") - empty)
        return failures(suite) >= times * n
    wait_for(lambda: tried(3), 60, 0.1)
    most = max(held)
    print(f"{most} KB")
    assert most < 32 * 1024 + n * 120 // 1024


def test_dead_destination_harms_no_other(make_suite):
    sink = Sink("--no-store")
    suite = routed(make_suite, {"*": queue(f"127.0.0.1:{sink.port}"),
                                "dead.test": queue(CLOSED, "20s")}).start()
    try:
        n, dead = 4000, int(5000 * SCALE)

        def relay():
            """Seconds until all of n arrived."""
            before = len(sink.lines())
            began = time.monotonic()
            load(suite, "--messages", str(n), "--domains", "10")
            wait_for(lambda: len(sink.lines()) >= before + n, 60, 0.01)
            return time.monotonic() - began

        relay()
        alone = min(relay() for _ in range(3))
        load(suite, "--messages", str(dead), "--recipient", "user@dead.test")
        beside = min(relay() for _ in range(3))
        print(f"{n / alone:.0f} msg/s alone, {n / beside:.0f} beside {dead} dead")
        # `make bench` measures how little it is; here it is no standstill.
        assert beside < alone * 5 + 5
    finally:
        suite.close()
        sink.close()
