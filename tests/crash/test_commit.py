# SPDX-License-Identifier: Apache-2.0
"""The spool's writer is ended at each of the system calls of its commits, whole
and with half a write done, while it serves. Nothing is to be repaired: its
successor answers what was asked, and the ledger holds."""

import collections

import pytest

from disk import Faults
from ledger import check
from suite import Sink, Suite, wait_for

CALLS_MAX = 40  # a commit of one message has fewer


@pytest.mark.parametrize("action", ["kill", "torn"])
def test_writer_ends_at_each_call(action):
    sink = Sink("--no-store")
    suite = Suite(sink_port=sink.port)
    faults = Faults(suite)
    sent, deaths = 0, 0
    try:
        faults.start()
        suite.send(recipients="first@to.test")
        suite.wait_records(2)
        for n in range(1, CALLS_MAX):
            pid = suite.pids("spoold")[0]
            faults.on(f"any:{n}:{action}")
            with suite.client(timeout=20) as client:
                client.sendmail("a@from.test", f"user{n}@to.test",
                                "Subject: x\r\n\r\n" + "y" * 70 * (n % 3))
            sent += 1
            # The store, the outcome and the log's cursor: some commits.
            try:
                wait_for(lambda: not faults.is_on(), 3)
            except AssertionError:
                break
            wait_for(lambda: suite.pids("spoold") not in ([], [pid]), 5)
            deaths += 1
        faults.off()
        assert deaths >= 5
        print(f"{deaths} deaths, {sent} messages")
        wait_for(lambda: len({r["id"] for r in suite.records("Delivery")}) ==
                 sent + 1, 30)
        for kind in ("Reception", "Delivery"):
            ids = collections.Counter(r["id"] for r in suite.records(kind))
            assert len(ids) == sent + 1 and set(ids.values()) == {1}, kind
        assert not [line for line in suite.stderr if "damaged" in line]
        assert suite.stop() == 0
        check(suite)
    finally:
        suite.close()
        sink.close()


@pytest.mark.parametrize("n", [1, 2, 3, 4, 5, 6])
def test_writer_and_all_others_end(n):
    """The same with everything else gone in the same moment."""
    sink = Sink("--no-store")
    suite = Suite(sink_port=sink.port)
    faults = Faults(suite)
    try:
        faults.start()
        suite.send(recipients="first@to.test")
        suite.wait_records(2)
        faults.on(f"any:{n}:kill")
        acked = False
        try:
            with suite.client(timeout=2) as client:
                client.docmd("NOOP")
                client.putcmd("MAIL FROM:<a@from.test>")
                client.getreply()
                client.docmd("RCPT TO:<b@to.test>")
                client.docmd("DATA")
                client.send(b"Subject: x\r\n\r\n.\r\n")
                wait_for(lambda: not faults.is_on(), 5, 0.001)
                suite.kill()
                acked = client.getreply()[0] == 250
        except OSError:
            pass
        faults.off()
        suite.start()
        suite.send(recipients="last@to.test")
        wait_for(lambda: any(r["recipient"] == "last@to.test"
                             for r in suite.records("Delivery")), 20)
        wait_for(lambda: len(suite.records("Delivery")) ==
                 len(suite.records("Reception")), 20)
        if acked:
            assert "b@to.test" in [r["recipient"]
                                   for r in suite.records("Reception")]
        assert suite.stop() == 0
        check(suite)
    finally:
        suite.close()
        sink.close()
