# SPDX-License-Identifier: Apache-2.0
"""A role that hangs (SIGSTOP) costs its own service: the others answer, memory
does not grow, and when it goes on nothing was lost."""

import os
import signal
import smtplib
import time

import pytest

from suite import wait_for


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


# The roles behind reception: mail is taken while they hang.
@pytest.mark.parametrize("role", ["qmgr", "policy", "spoold-reader",
                                  "spoold-logger", "smtp-out", "local"])
def test_reception_goes_on(suite, role):
    pids = suite.pids(role)
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    before = suite.resident_kb()
    try:
        good, bad = send_many(suite, 200)
        assert (good, bad) == (200, [])
        assert suite.resident_kb() - before < 40000
    finally:
        for pid in pids:
            os.kill(pid, signal.SIGCONT)
    wait_for(lambda: len(suite.sink.messages()) >= 200, 30)
    records = suite.wait_records(200, "Delivery")
    assert len({r["id"] for r in records}) == 200


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
