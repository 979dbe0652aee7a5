# SPDX-License-Identifier: Apache-2.0
"""A disk that fails or fills up under the running suite: no false 250, clients
are told, deliveries do as designed, and all comes back alone."""

import os
import smtplib
import time

import pytest

from disk import Faults, SmallDisk
from ledger import Audit, Load, audited, check
from scripted import ScriptedMx
from suite import Sink, wait_for

SHORT = {"error_unlatch_duration": "2s", "error_latch_duration": "1s",
         "store_deadline": "10s"}


def outcome(suite, **options):
    """The code a message is answered with: 250, or where it was refused."""
    try:
        suite.send(**options)
        return 250
    except smtplib.SMTPResponseException as e:
        return e.smtp_code
    except smtplib.SMTPServerDisconnected:
        return 0


def refused(suite, n=20):
    """None of so many messages is taken; gives the codes."""
    codes = {outcome(suite) for _ in range(n)}
    assert codes <= {421, 451, 452}, codes
    return codes


def well_again(suite, timeout=20):
    wait_for(lambda: outcome(suite) == 250, timeout, 0.1)


def ends_well(suite):
    """All that was taken is delivered, and nothing is left in the spool. What
    is known of the last message is known of those before it."""
    assert outcome(suite, recipients="last@to.test") == 250

    def all_out():
        received = {r["id"]: r["recipient"] for r in suite.records("Reception")}
        return ("last@to.test" in received.values() and
                received.keys() == {r["id"] for r in suite.records("Delivery")})
    wait_for(all_out, 20)
    assert suite.stop() == 0
    check(suite)


@pytest.fixture
def faulty(make_suite, sink):
    s = make_suite({"spool": SHORT}, sink_port=sink.port)
    s.sink = sink
    s.faults = Faults(s)
    return s.faults.start()


@pytest.mark.parametrize("plan, code, new", [
    ("fdatasync:1:EIO", 451, 421), ("pwrite:1:EIO", 451, 421),
    # Want of space passes; there may be some again at once.
    ("pwrite:1:ENOSPC", 452, None)])
def test_one_failure(faulty, plan, code, new):
    suite = faulty
    assert outcome(suite, recipients="before@to.test") == 250
    with suite.client() as client:
        client.ehlo()
        suite.faults.on(plan)
        began = time.monotonic()
        with pytest.raises(smtplib.SMTPDataError) as caught:
            client.sendmail("a@from.test", "during@to.test", "Subject: x\r\n\r\n")
        assert caught.value.smtp_code == code
    if new is not None:
        # New clients are told; it ends by itself.
        wait_for(lambda: outcome(suite) == new)
        well_again(suite)
        # Not before error_unlatch_duration.
        assert time.monotonic() - began > 2
    else:
        well_again(suite)
    assert outcome(suite, recipients="after@to.test") == 250
    arrived = wait_for(lambda: (lambda t: t if "after@" in t else None)(
        " ".join(suite.sink.lines())))
    assert "before@" in arrived and "during@" not in arrived
    ends_well(suite)


@pytest.mark.parametrize("plan", ["fdatasync:1+:EIO", "any:1+:EIO",
                                  "any:1+:ENOSPC"])
def test_failing_for_a_while_under_load(make_suite, plan):
    sink = Sink("--no-store")
    suite = audited(make_suite({"spool": SHORT}, sink_port=sink.port))
    suite.faults = Faults(suite)
    suite.faults.start()
    load = Load(suite, os.path.join(sink.folder, "acked"))
    try:
        wait_for(lambda: load.count() > 200)
        suite.faults.on(plan)
        suite.faults.wait_hits(1)

        def still():
            """Answers to what was committed before may be on their way."""
            count = load.count()
            refused(suite)
            return load.count() == count
        wait_for(still)
        before = load.count()
        # It is tried once a second, and mail with it.
        suite.faults.wait_hits(3)
        refused(suite)
        assert load.count() == before, "acknowledged without a working disk"
        suite.faults.off()
        wait_for(lambda: load.count() > before + 200, 30)
        load.stop()
        print(Audit(suite, sink, load))
        assert suite.stop() == 0
        check(suite)
    finally:
        load.stop()
        sink.close()


@pytest.mark.parametrize("plan, goes_on", [("any:1+:EIO", False),
                                           ("any:1+:FULL", True)])
def test_deliveries_while_the_disk_fails(make_suite, plan, goes_on):
    """They pause when it is broken and go on when it is full."""
    with ScriptedMx() as mx:
        mx.on("RCPT", b"450 4.2.1 later\r\n")
        suite = make_suite({"spool": SHORT,
                            "queues": {"*": {"retry_interval": "1s",
                                             "max_retry_interval": "1s"}},
                            }, sink_port=None)
        suite.config["queues"]["*"]["protocol"] = {"smtp": {
            "mx_list": [f"127.0.0.1:{mx.port}"]}}
        suite.configure(suite.config)
        suite.faults = Faults(suite)
        suite.faults.start()
        suite.send()
        wait_for(lambda: mx.count("RCPT") >= 2)
        suite.faults.on(plan)
        assert outcome(suite) in (451, 452)
        # What was under way has ended by then: the disk is tried once a second.
        suite.faults.wait_hits(2)
        before = mx.count("RCPT")
        if goes_on:
            wait_for(lambda: mx.count("RCPT") > before + 2)
        else:
            # It was due again each second.
            suite.faults.wait_hits(4)
            assert mx.count("RCPT") == before
        mx.on("RCPT", None)
        suite.faults.off()
        wait_for(lambda: len(suite.records("Delivery")) == 1, 20)
        well_again(suite)
        ends_well(suite)


@pytest.fixture
def small_disk():
    disks = []

    def make(mib):
        disks.append(SmallDisk(mib))
        if not disks[-1].mounted:
            pytest.skip("no right to mount a file system")
        return disks[-1]

    yield make
    for disk in disks:
        disk.close()


def spool_on(suite, disk, **over):
    suite.spool = os.path.join(disk.path, "spool")
    suite.config["spool"].update({"path": suite.spool, **SHORT, **over})
    suite.configure(suite.config)


def test_spool_disk_fills_up(make_suite, small_disk):
    """What fills it is our own mail. Nothing is kept back by min_free_space."""
    disk = small_disk(48)
    sink = Sink("--no-store")
    dead = ScriptedMx()
    dead.on("RCPT", b"450 4.2.1 later\r\n")
    suite = make_suite({"queues": {"*": {
        "retry_interval": "2s", "max_retry_interval": "2s", "protocol": {"smtp": {
            "mx_list": [f"127.0.0.1:{dead.port}"]}}}}})
    try:
        spool_on(suite, disk)
        suite.start()
        taken, code = 0, 250
        text = "Subject: x\r\n\r\n" + ("x" * 70 + "\r\n") * 7000
        while code == 250 and taken < 200:
            code = outcome(suite, text=text)
            taken += code == 250
        assert code in (452, 421) and taken >= 20
        print(f"{taken} messages of 500 KB on 48 MiB")
        # The queue is delivered, which makes room.
        dead.on("RCPT", None)
        wait_for(lambda: len(suite.records("Delivery")) == taken, 60, 0.2)
        well_again(suite)
        assert len({r["id"] for r in suite.records("Delivery")}) >= taken
        ends_well(suite)
    finally:
        suite.close()
        sink.close()
        dead.close()


def test_spool_disk_filled_by_others(make_suite, small_disk, sink):
    disk = small_disk(48)
    suite = make_suite(sink_port=sink.port)
    spool_on(suite, disk)
    suite.start()
    for i in range(5):
        assert outcome(suite, recipients=f"{i}@to.test") == 250
    disk.fill()
    code = 250
    for i in range(400):
        code = outcome(suite, recipients=f"more{i}@to.test")
        if code != 250:
            break
    assert code in (452, 421)
    disk.empty()
    well_again(suite)
    ends_well(suite)


def test_spool_below_min_free_space(make_suite, small_disk, sink):
    disk = small_disk(48)
    suite = make_suite(sink_port=sink.port)
    spool_on(suite, disk, min_free_space="20%")
    suite.start()
    assert outcome(suite) == 250
    disk.fill(leave_kib=4 * 1024)
    wait_for(lambda: outcome(suite) == 421, 15, 0.2)
    disk.empty()
    well_again(suite, 10)


def logs_on(suite, disk, **over):
    suite.logs = os.path.join(disk.path, "log")
    suite.config["logs"][0].update({"log_dir": suite.logs, **over})
    suite.configure(suite.config)


def test_log_disk_full(make_suite, small_disk, sink):
    """The journal keeps what cannot be written yet."""
    disk = small_disk(4)
    suite = make_suite(sink_port=sink.port)
    logs_on(suite, disk)
    suite.start()
    suite.send()
    suite.wait_records(2)
    disk.fill()
    with suite.client() as client:
        for i in range(300):
            client.sendmail("a@from.test", f"user{i}@to.test",
                            f"Subject: {os.urandom(200).hex()}\r\n\r\n")
    wait_for(lambda: len(sink.messages()) >= 301, 20)
    wait_for(lambda: [line for line in suite.stderr
                      if "cannot be written, will be tried again" in line])
    disk.empty()
    wait_for(lambda: len(suite.records("Delivery")) >= 301, 20, 0.2)
    # Each of them once.
    for kind in ("Reception", "Delivery"):
        ids = [r["id"] for r in suite.records(kind)]
        assert len(ids) == len(set(ids)) == 301
    assert suite.stop() == 0
    check(suite)


def test_log_disk_below_min_free_space(make_suite, small_disk, sink):
    """Mail that could not be accounted for is not taken; what is queued goes."""
    disk = small_disk(16)
    suite = make_suite(sink_port=sink.port)
    logs_on(suite, disk, min_free_space="20%")
    suite.start()
    assert outcome(suite) == 250
    disk.fill(leave_kib=1024)
    wait_for(lambda: outcome(suite) == 421, 15, 0.2)
    # A writer that is new hears of it, too.
    pid = suite.signal("spoold", 9)
    wait_for(lambda: suite.pids("spoold") not in ([], [pid]))
    wait_for(lambda: outcome(suite) == 421)
    assert refused(suite) == {421}
    disk.empty()
    well_again(suite, 10)
