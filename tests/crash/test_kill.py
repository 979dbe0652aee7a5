# SPDX-License-Identifier: Apache-2.0
"""kill -9 under load: one process at a time and all at once. A ledger says
what was acknowledged; nothing of it may be lost, every record is written once,
and a killed role serves again within a second.

CRASH_KILLS sets how many processes are killed one at a time, CRASH_POWER how
often everything is."""

import os
import random
import signal
import time

from ledger import Load, audit, check, fixed_port
from suite import Sink, Suite, wait_for

KILLS = int(os.environ.get("CRASH_KILLS", "27"))
POWER = int(os.environ.get("CRASH_POWER", "3"))
ROLES = ["smtpd", "spoold", "spoold-reader", "spoold-logger", "qmgr", "policy",
         "smtp-out", "local"]
BACK_WITHIN = 5.0  # generous: the machine that runs this may be busy


def kill_one(suite, role, load):
    victims = suite.pids(role)
    if not victims:
        return None
    victim = random.choice(victims)
    began = time.monotonic()
    os.kill(victim, signal.SIGKILL)
    wait_for(lambda: len([p for p in suite.pids(role) if p != victim]) ==
             len(victims), BACK_WITHIN, 0.01)
    before = load.count()
    wait_for(lambda: load.count() > before, BACK_WITHIN, 0.01)
    return time.monotonic() - began


def test_kill_processes_one_at_a_time():
    random.seed(int(os.environ.get("CRASH_SEED", "1")))
    sink = Sink("--no-store")
    suite = Suite(sink_port=sink.port)
    load = None
    try:
        suite.start()
        load = Load(suite, os.path.join(sink.folder, "acked"))
        wait_for(lambda: load.count() > 100, 20)
        pauses = []
        for i in range(KILLS):
            pause = kill_one(suite, ROLES[i % len(ROLES)], load)
            if pause is not None:
                pauses.append(pause)
            time.sleep(random.uniform(0.02, 0.25))
        load.stop()
        copies = audit(suite, sink, [(load, "")])
        pauses.sort()
        print(f"{len(pauses)} kills, {load.count()} messages acknowledged, "
              f"{copies} copies more (repeats of the client included), back after "
              f"{pauses[len(pauses) // 2]:.2f} s (median), "
              f"{pauses[-1]:.2f} s (worst)")
        assert suite.stop() == 0
        check(suite)
    finally:
        if load is not None:
            load.stop()
        suite.close()
        sink.close()


def test_kill_everything_at_once():
    random.seed(int(os.environ.get("CRASH_SEED", "1")))
    sink = Sink("--no-store")
    suite = Suite(sink_port=sink.port)
    load = None
    try:
        suite.start()
        fixed_port(suite)
        load = Load(suite, os.path.join(sink.folder, "acked"))
        for _ in range(POWER):
            before = load.count()
            wait_for(lambda: load.count() > before + 150, 20)
            time.sleep(random.uniform(0, 0.3))
            suite.kill()
            suite.start()
        before = load.count()
        wait_for(lambda: load.count() > before + 100, 20)
        load.stop()
        copies = audit(suite, sink, [(load, "")])
        print(f"{POWER} times everything, {load.count()} messages acknowledged, "
              f"{copies} copies more (repeats of the client included)")
        assert suite.stop() == 0
        check(suite)
    finally:
        if load is not None:
            load.stop()
        suite.close()
        sink.close()
