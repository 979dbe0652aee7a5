# SPDX-License-Identifier: Apache-2.0
"""kill -9 under load: one process at a time and all at once. A ledger says
what was acknowledged; nothing of it may be lost, every record is written once,
and a killed role serves again within a second.

CRASH_KILLS sets how many processes are killed one at a time, CRASH_POWER how
often everything is."""

import collections
import os
import random
import re
import signal
import subprocess
import time

from suite import BUILD, Sink, Suite, wait_for

KILLS = int(os.environ.get("CRASH_KILLS", "27"))
POWER = int(os.environ.get("CRASH_POWER", "3"))
ROLES = ["smtpd", "spoold", "spoold-reader", "spoold-logger", "qmgr", "policy",
         "smtp-out", "local"]
BACK_WITHIN = 5.0  # generous: the machine that runs this may be busy


class Load:
    """smtp-load in the background, with a ledger of acknowledgements."""

    def __init__(self, suite, ledger, rate=400, seconds=3600):
        self.ledger = ledger
        self.process = subprocess.Popen(
            [os.path.join(BUILD, "bench", "smtp-load"),
             "--target", f"127.0.0.1:{suite.smtp_port}",
             "--sessions", "10", "--duration", str(seconds), "--size", "2048",
             "--domains", "20", "--rate", str(rate), "--keep-going",
             "--ledger", ledger, "--quiet"],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def acknowledged(self):
        """seq -> ids of the acknowledging reply."""
        found = {}
        with open(self.ledger) as f:
            for line in f:
                if not line.endswith("\n"):
                    continue
                seq = line.split()[0]
                ids = re.search(r"ids=([0-9a-f,]+)", line)
                found[seq] = ids.group(1).split(",") if ids else []
        return found

    def count(self):
        try:
            with open(self.ledger, "rb") as f:
                return f.read().count(b"\n")
        except FileNotFoundError:
            return 0

    def stop(self):
        self.process.send_signal(signal.SIGINT)
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def fixed_port(suite):
    """The same port after a restart of everything."""
    config = suite.config
    config["listeners"][0]["listen"] = f"127.0.0.1:{suite.smtp_port}"
    suite.configure(config)


def audit(suite, sink, ledgers):
    """Everything acknowledged arrived; records tell it exactly once. Gives the
    number of copies too many."""
    acked = {}
    for ledger, name in ledgers:
        for seq, ids in ledger.acknowledged().items():
            acked[f"{name}-{seq}" if name else seq] = ids
    ids = {i for values in acked.values() for i in values}
    assert ids, "nothing was acknowledged"

    def missing():
        done = {r["id"] for r in suite.records("Delivery")}
        return ids - done

    try:
        wait_for(lambda: not missing(), 30, 0.5)
    except AssertionError:
        gone = missing()
        raise AssertionError(f"{len(gone)} of {len(ids)} acknowledged messages "
                             f"have no Delivery record, such as "
                             f"{story(suite, sorted(gone)[0])}")
    received = collections.Counter(r["id"] for r in suite.records("Reception"))
    delivered = collections.Counter(r["id"] for r in suite.records("Delivery"))
    assert not ids - set(received), "acknowledged without a Reception record"
    twice = [i for i, n in received.items() if n > 1]
    assert not twice, f"Reception recorded twice: {story(suite, twice[0])}"
    twice = [i for i, n in delivered.items() if n > 1]
    assert not twice, f"Delivery recorded twice: {story(suite, twice[0])}"
    arrived = collections.Counter(line.split()[0] for line in sink.lines())
    lost = [seq for ledger, _ in ledgers for seq in ledger.acknowledged()
            if seq not in arrived]
    assert not lost, f"acknowledged and never seen by the sink: {lost[:3]}"
    return sum(n - 1 for n in arrived.values())


def story(suite, message):
    """All records of one message, for a failure's report."""
    return "\n".join([message] + [
        f"{r['event_time']} {r['type']} {r['num_attempts']} {r['response']}"
        for r in suite.records() if r["id"] == message] + suite.stderr[-40:])


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
              f"{copies} copies too many, back after "
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
              f"{copies} copies too many")
        assert suite.stop() == 0
        check(suite)
    finally:
        if load is not None:
            load.stop()
        suite.close()
        sink.close()


def check(suite):
    """The spool is in order and holds nothing."""
    result = subprocess.run([os.path.join(BUILD, "bin", "ekiden"), "spool",
                             "check", "--spool", suite.spool],
                            capture_output=True, text=True)
    assert result.returncode == 0, result.stdout + result.stderr
