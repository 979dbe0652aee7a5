# SPDX-License-Identifier: Apache-2.0
"""A role that hangs (SIGSTOP) costs its own service: the others answer, memory
does not grow, and when it goes on nothing was lost."""

import os
import signal
import smtplib
import time

import pytest

from ledger import Audit, Load, arrivals, audited, check
from suite import SANITIZED, Sink, wait_for


@pytest.fixture
def short(make_suite, sink):
    """A suite whose patience with the store is short."""
    s = make_suite({"spool": {"store_deadline": "1s"},
                    "processes": {"smtpd": 2, "smtp_out": 2}},
                   sink_port=sink.port)
    s.sink = sink
    return s.start()


def send_many(suite, n, recipient="user{}@to.test"):
    """How many were acknowledged, and the replies that were not 250."""
    good, bad = 0, []
    with suite.client(timeout=15) as client:
        for i in range(n):
            try:
                client.sendmail("a@from.test", recipient.format(i),
                                f"Subject: {i}\r\n\r\nbody {i}\r\n")
                good += 1
            except smtplib.SMTPResponseException as e:
                bad.append((e.smtp_code, e.smtp_error))
                if e.smtp_code == 421:
                    break
            except smtplib.SMTPRecipientsRefused as e:
                bad.append(next(iter(e.recipients.values())))
    return good, bad


def anon_kb(suite):
    """Memory of all processes, file pages aside."""
    if SANITIZED:
        return 0
    total = 0
    for _, pid in suite.processes():
        with open(f"/proc/{pid}/status") as f:
            total += sum(int(line.split()[1]) for line in f
                         if line.startswith("RssAnon"))
    return total


# The roles behind reception: mail is taken while they hang.
BEHIND = ["qmgr", "policy", "lookupd", "spoold-reader", "spoold-logger",
          "smtp-out", "local", "master"]
RECEPTION = ["smtpd", "spoold"]
MEANWHILE = 1500  # messages, more than any queue between two processes holds


class Hang:
    """A suite under load, all processes of a role stopped for a while."""

    def __init__(self, suite, sink, role):
        self.suite = audited(suite).start()
        self.sink = sink
        there = {r for r, _ in suite.processes()} | {"master"}
        assert there == set(BEHIND + RECEPTION)
        self.load = Load(suite, os.path.join(sink.folder, "acked"), rate=1000)
        self.more(200)
        self.pids = [suite.process.pid] if role == "master" else \
            suite.pids(role)
        self.before = anon_kb(suite)

    def more(self, n):
        until = self.load.count() + n
        wait_for(lambda: self.load.count() >= until, 30)

    def __enter__(self):
        for pid in self.pids:
            os.kill(pid, signal.SIGSTOP)
        return self

    def __exit__(self, *failure):
        grown = anon_kb(self.suite) - self.before
        for pid in self.pids:
            os.kill(pid, signal.SIGCONT)
        if not any(failure):
            print(f"{grown} KB more")
            assert grown < 16 * 1024

    def close(self):
        self.load.stop()


@pytest.fixture
def hang(make_suite):
    """hang(role) as a context; all must be well after it."""
    sink = Sink("--no-store")
    made = []

    def make(role):
        suite = make_suite({"spool": {"store_deadline": "1s"},
                            "processes": {"smtpd": 2, "smtp_out": 2}},
                           sink_port=sink.port)
        made.append(Hang(suite, sink, role))
        return made[0]

    yield make
    for h in made:
        h.close()
    sink.close()


def goes_on(h):
    """It serves again, and no message was lost, copied or written down twice."""
    h.more(200)
    audit = Audit(h.suite, h.sink, h.load)
    print(audit)
    assert h.suite.stop() == 0
    check(h.suite)


@pytest.mark.parametrize("role", BEHIND)
def test_reception_goes_on(hang, role):
    with hang(role) as h:
        h.more(MEANWHILE)
        good, bad = send_many(h.suite, 10)
        assert (good, bad) == (10, [])
    goes_on(h)


def test_store_hangs_under_load(hang):
    with hang("spoold") as h:
        for i in range(3):
            with pytest.raises((smtplib.SMTPResponseException,
                                smtplib.SMTPServerDisconnected)) as told:
                h.suite.send(recipients=f"{i}@to.test")
            if isinstance(told.value, smtplib.SMTPResponseException):
                assert told.value.smtp_code in (421, 451), told.value
        # What was taken before goes out; settling it waits.
        wait_for(lambda: set(h.load.acknowledged()) <= set(arrivals(h.sink)))
    goes_on(h)


def test_all_of_reception_hangs(hang):
    """What was taken is delivered and written down; clients wait."""
    with hang("smtpd") as h:
        ids = set(h.load.acknowledged().values())
        wait_for(lambda: ids <= {r["id"] for r in h.suite.records("Delivery")})
        assert len(h.load.acknowledged()) <= len(ids) + Load.SESSIONS
    goes_on(h)


def test_store_hangs_clients_are_told(short):
    pid = short.signal("spoold", signal.SIGSTOP)
    began = time.monotonic()
    try:
        with pytest.raises((smtplib.SMTPResponseException,
                            smtplib.SMTPServerDisconnected)) as caught:
            short.send()
        took = time.monotonic() - began
        print(f"told after {took:.2f} s")
        assert took < 1 * 10  # store_deadline
        if isinstance(caught.value, smtplib.SMTPResponseException):
            assert caught.value.smtp_code in (421, 451), caught.value
    finally:
        os.kill(pid, signal.SIGCONT)
    short.send(recipients="after@to.test")
    wait_for(lambda: any("after@to.test" in line
                         for line in short.sink.lines()), 15)


def test_one_smtpd_hangs_the_other_answers(short):
    pid = short.signal("smtpd", signal.SIGSTOP)
    try:
        for i in range(10):
            short.send(recipients=f"user{i}@to.test")
        wait_for(lambda: len(short.sink.messages()) >= 10, 15)
    finally:
        os.kill(pid, signal.SIGCONT)


def test_one_delivery_process_hangs_the_other_delivers(short):
    pid = short.signal("smtp-out", signal.SIGSTOP)
    try:
        good, bad = send_many(short, 60, "user{}@to.test")
        assert (good, bad) == (60, [])
        # Sessions of one queue are spread: some of it arrives.
        wait_for(lambda: len(short.sink.messages()) >= 10, 20)
    finally:
        os.kill(pid, signal.SIGCONT)
    wait_for(lambda: len(short.sink.messages()) >= 60, 30)


def test_master_hangs_mail_flows(suite):
    os.kill(suite.process.pid, signal.SIGSTOP)
    try:
        suite.send()
        wait_for(lambda: suite.sink.messages(), 15)
    finally:
        os.kill(suite.process.pid, signal.SIGCONT)
