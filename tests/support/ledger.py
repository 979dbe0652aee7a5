# SPDX-License-Identifier: Apache-2.0
"""Load with a ledger of what was acknowledged, and the audit of it: nothing may
be lost, every record is written once."""

import collections
import os
import re
import signal
import subprocess

from suite import BUILD, wait_for


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
        wait_for(lambda: not missing(), 60, 0.5)
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


def check(suite):
    """The spool is in order and holds nothing."""
    result = subprocess.run([os.path.join(BUILD, "bin", "ekiden"), "spool",
                             "check", "--spool", suite.spool],
                            capture_output=True, text=True)
    assert result.returncode == 0, result.stdout + result.stderr
