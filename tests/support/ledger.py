# SPDX-License-Identifier: Apache-2.0
"""Load with a ledger of what was acknowledged, and the audit of it.

Whenever the load sends a content, that is a transmission with an id of its own:
SEQ.ATTEMPT, in the field X-Transmission. A client that got no answer sends its
message again, as another transmission. So the audit can tell apart

    lost     a transmission that was acknowledged and never came out
    copy     one transmission that came out several times: the suite's doing
    repeat   another transmission of the same message: the client's doing
"""

import bisect
import collections
import datetime
import glob
import os
import re
import signal
import stat
import subprocess
import time

from suite import BUILD, segment_records, wait_for

# How old an outcome may be that dies unsettled with a process, in seconds. It
# takes a commit or two to settle one, milliseconds; a machine may be busy.
UNSETTLED = 2.0


class Lines:
    """The whole lines of a file that grows; what was read is kept."""

    def __init__(self, path):
        self.path = path
        self.lines = []
        self.at = 0

    def read(self):
        try:
            with open(self.path, "rb") as f:
                f.seek(self.at)
                text = f.read()
        except FileNotFoundError:
            return self.lines
        whole = text[:text.rfind(b"\n") + 1]
        self.at += len(whole)
        self.lines += whole.decode().splitlines()
        return self.lines


class Load:
    """smtp-load in the background, with a ledger of acknowledgements."""

    SESSIONS = 10

    def __init__(self, suite, ledger, rate=400, seconds=36000):
        self.ledger = Lines(ledger)
        self.process = subprocess.Popen(
            [os.path.join(BUILD, "bench", "smtp-load"),
             "--target", f"127.0.0.1:{suite.smtp_port}",
             "--sessions", str(self.SESSIONS), "--duration", str(seconds), "--size", "2048",
             "--domains", "20", "--rate", str(rate), "--keep-going",
             "--ledger", ledger, "--quiet"],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def acknowledged(self):
        """Transmission -> the id in the acknowledging reply."""
        found = {}
        for line in self.ledger.read():
            [message] = re.search(r"ids=([0-9a-f,]+)", line).group(1).split(",")
            found[line.split()[0]] = message
        return found

    def count(self):
        return len(self.ledger.read())

    def stop(self):
        self.process.send_signal(signal.SIGINT)
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def audited(suite):
    """Its log is to tell which transmission a record is about."""
    suite.config["logs"][0]["headers"] = ["X-Transmission"]
    suite.configure(suite.config)
    return suite


def fixed_port(suite):
    """The same port after a restart of everything."""
    config = suite.config
    config["listeners"][0]["listen"] = f"127.0.0.1:{suite.smtp_port}"
    suite.configure(config)


class Kill:
    """A moment at which these roles died, until the suite served again; no roles
    stand for everything. An outcome lives in the delivery process until it is
    settled, so without that one's death there is no right to a copy."""

    def __init__(self, *roles):
        self.is_of(*roles)
        self.began = time.time()
        self.dead = self.back = float("inf")
        self.open = self.copies = 0

    def is_of(self, *roles):
        self.whom = "+".join(sorted(roles)) or "everything"
        self.loses_outcomes = not roles or "smtp-out" in roles

    def is_dead(self):
        self.dead = time.time()

    def is_back(self):
        self.back = time.time()
        return self.back - self.began

    def explains(self, first, again):
        """Could what came out at `first` have come out `again` for this?"""
        return (self.loses_outcomes and self.began <= again and
                self.began - UNSETTLED <= first <= self.back)


Record = collections.namedtuple("Record", "type transmission id time")


class Records:
    """The log's records about transmissions; finished segments are read once."""

    def __init__(self, folder):
        self.folder = folder
        self.finished = {}

    def read(self):
        found = []
        for path in sorted(glob.glob(os.path.join(self.folder, "*"))):
            records = self.finished.get(path)
            if records is None:
                done = not stat.S_IMODE(os.stat(path).st_mode) & 0o222
                records = [record(r) for r in segment_records(path)
                           if r["type"] != "Rejection"]
                if done:
                    self.finished[path] = records
            found += records
        return found


def record(r):
    when = datetime.datetime.fromisoformat(r["event_time"].replace("Z", "+00:00"))
    # Where there is no transmission the message's id stands for one.
    return Record(r["type"], r["headers"].get("X-Transmission", r["id"]), r["id"],
                  when.timestamp())


def of_load(name):
    """Other mail of a test has no transmissions."""
    return re.fullmatch(r"\d+\.\d+", name)


def arrivals(sink):
    """Transmission -> when the sink took it, each time."""
    found = collections.defaultdict(list)
    for line in sink.lines():
        words = line.split()
        if of_load(words[0]):
            found[words[0]].append(int(words[-1]) / 1e6)
    return found


class Audit:
    """What became of a load. All must have come out and be recorded; everything
    that is wrong is told by the ids it happened to."""

    def __init__(self, suite, sink, load, kills=(), patience=60):
        self.suite = suite
        self.sink = sink
        self.kills = list(kills)
        self.wrong = []
        load.stop()
        self.acked = load.acknowledged()
        assert self.acked, "nothing was acknowledged"
        self.settle(Records(suite.logs), patience)
        self.see_lost()
        self.see_records()
        self.see_copies()
        assert not self.wrong, "\n".join(
            self.wrong + [self.story(self.wrong[0])])

    def settle(self, log, patience):
        """Wait until all mail is out and recorded, or no more comes."""
        def look():
            self.records = log.read()
            self.arrived = arrivals(self.sink)
            delivered = {r.id for r in self.records if r.type == "Delivery"}
            received = {r.id for r in self.records if r.type == "Reception"}
            return (received == delivered and
                    not set(self.acked) - set(self.arrived) and
                    not set(self.acked.values()) - delivered)
        try:
            wait_for(look, patience, 0.5)
        except AssertionError:
            self.wrong.append("it is not all delivered and recorded "
                              f"after {patience} s")

    def blame(self, what, ids):
        ids = sorted(ids)
        if ids:
            more = f" and {len(ids) - 10} more" if len(ids) > 10 else ""
            self.wrong.append(f"{len(ids)} {what}: {', '.join(ids[:10])}{more}")

    def see_lost(self):
        self.lost = set(self.acked) - set(self.arrived)
        self.blame("acknowledged and never delivered", self.lost)

    def see_records(self):
        by = {kind: collections.defaultdict(list) for kind in
              ("Reception", "Delivery")}
        others = collections.defaultdict(list)
        for r in self.records:
            by.get(r.type, others)[r.transmission].append(r)
        received, delivered = by["Reception"], by["Delivery"]
        self.blame("acknowledged and not received by the log", (
            t for t, i in self.acked.items()
            if i not in [r.id for r in received[t]]))
        for kind, found in by.items():
            self.blame(f"recorded as {kind} more than once", (
                t for t, records in found.items() if len(records) > 1))
        self.blame("delivered and not recorded so", (
            t for t in self.arrived if not delivered[t]))
        self.blame("recorded as delivered and not seen by the sink", (
            t for t, r in delivered.items() if r and of_load(t) and
            t not in self.arrived))
        self.blame("received and not recorded as delivered", (
            t for t, r in received.items() if r and not delivered[t]))
        self.blame("delivered and not recorded as received", (
            t for t, r in delivered.items() if r and not received[t]))
        self.blame("given up", (
            t for t, records in others.items()
            if {r.type for r in records} & {"Bounce", "Expiration"}))
        self.others = collections.Counter(
            r.type for records in others.values() for r in records)
        self.delivered = delivered

    def see_copies(self):
        """A copy is the suite's right only where somebody died before the first
        outcome was settled. Then its record is that of the last one."""
        self.copies = self.oldest = 0
        sent = [t.split(".")[0] for t in self.arrived]
        self.repeats = len(sent) - len(set(sent))
        unexplained, wrong = [], []
        for t, times in self.arrived.items():
            for first, again in zip(times, times[1:]):
                self.copies += 1
                kill = next((k for k in self.kills if k.explains(first, again)),
                            None)
                if kill is None:
                    unexplained.append(t)
                    continue
                kill.copies += 1
                self.oldest = max(self.oldest, kill.began - first)
            if any(r.time < times[-1] for r in self.delivered[t]):
                wrong.append(t)
        # Under way at a kill: taken by the sink, the outcome came later.
        dead = [k.dead for k in self.kills]
        began = [k.began for k in self.kills]
        for t, times in self.arrived.items():
            over = max([r.time for r in self.delivered.get(t, [])],
                       default=times[-1])
            for n in range(bisect.bisect(dead, times[0]),
                           bisect.bisect(began, over)):
                self.kills[n].open += 1
        self.blame("delivered again though nobody died", unexplained)
        self.blame("delivered again after that was recorded", wrong)

    def story(self, what):
        """All that is known of the first one that is named."""
        name = what.split(": ")[-1].split(",")[0].split(" ")[0]
        return "\n".join(
            [f"kill of {k.whom} {k.began:.3f} to {k.back:.3f}"
             for k in self.kills] +
            [f"the story of {name}, acknowledged: {self.acked.get(name)}",
             f"at the sink: {self.arrived.get(name)}"] +
            [f"{r.time:.6f} {r.type} {r.id}" for r in self.records
             if r.transmission == name] + self.suite.stderr[-40:])

    def __str__(self):
        return (f"{len(self.kills)} kills, {len(self.acked)} acknowledged, "
                f"{len(self.lost)} lost, {self.copies} copies, "
                f"{self.repeats} repeats of the client, "
                f"other records: {dict(self.others) or 'none'}")


def check(suite):
    """The spool is in order and holds no mail."""
    said = {}
    for what in ("check", "stats"):
        result = subprocess.run([os.path.join(BUILD, "bin", "ekiden"), "spool",
                                 what, "--spool", suite.spool],
                                capture_output=True, text=True)
        said[what] = result.stdout + result.stderr
        assert result.returncode == 0, said[what]
    rows = dict(re.findall(r"^(\w+) +(\d+) rows", said["stats"], re.M))
    assert [rows[name] for name in ("meta", "sched", "data", "bodies")] == \
        ["0"] * 4, said["stats"]
