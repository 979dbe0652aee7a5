# SPDX-License-Identifier: Apache-2.0
"""The audit itself: each thing that may go wrong is seen and told by name."""

import pytest

import ledger
from ledger import Audit, Kill, Record

R, D = "Reception", "Delivery"


class Told:
    """Suite, sink and load in one: what each of them is asked for."""
    logs, stderr = "", []

    def __init__(self, acked, arrived):
        self.acked = acked
        self.arrived = arrived

    def stop(self):
        pass

    def acknowledged(self):
        return self.acked

    def lines(self):
        return [f"{name} u@to.test {int(when * 1e6)}"
                for name, when in self.arrived]


def kill(*roles, began=100.0):
    k = Kill(*roles)
    k.began, k.dead, k.back = began, began + 0.1, began + 0.5
    return k


def records(*rows):
    return [Record(kind, name, message, when) for kind, name, message, when in rows]


ONE = records((R, "1.1", "a", 99), (D, "1.1", "a", 99.6))
LATE = records((R, "1.1", "a", 99), (D, "1.1", "a", 101))
TWICE = [("1.1", 99.5), ("1.1", 100.4)]


# acknowledged, at the sink, recorded, kills, what is wrong
@pytest.mark.parametrize("acked, arrived, recorded, kills, wrong", [
    ({"1.1": "a"}, [], ONE, [], "1 acknowledged and never delivered: 1.1"),
    ({"1.1": "a"}, [], ONE, [], "recorded as delivered and not seen by the sink"),
    # Its client may have sent another one: this one was acknowledged.
    ({"1.1": "a"}, [("1.2", 99.5)], ONE, [], "never delivered: 1.1"),
    ({"1.1": "b"}, [("1.1", 99.5)], ONE, [], "not received by the log: 1.1"),
    ({"1.1": "a"}, [("1.1", 99.5)], ONE[1:], [], "not received by the log: 1.1"),
    ({"1.1": "a"}, [("1.1", 99.5)], ONE[:1], [], "not recorded as delivered: 1.1"),
    ({"1.1": "a"}, [("1.1", 99.5)], ONE[:1], [], "delivered and not recorded so"),
    ({"1.1": "a"}, [("1.1", 99.5)], ONE + ONE[:1], [],
     "recorded as Reception more than once: 1.1"),
    ({"1.1": "a"}, [("1.1", 99.5)], ONE + ONE[1:], [],
     "recorded as Delivery more than once: 1.1"),
    # One transmission that was stored as two messages.
    ({"1.1": "a"}, [("1.1", 99.5)], ONE + records((R, "1.1", "b", 99)), [],
     "recorded as Reception more than once: 1.1"),
    ({"1.1": "a"}, [("1.1", 99.5)], ONE + records(("Bounce", "1.1", "a", 99)), [],
     "given up: 1.1"),
    ({"1.1": "a"}, TWICE, LATE, [], "delivered again though nobody died: 1.1"),
    # Who died had no outcome, or the outcome was old, or came afterwards.
    ({"1.1": "a"}, TWICE, LATE, [kill("qmgr")], "though nobody died: 1.1"),
    ({"1.1": "a"}, TWICE, LATE, [kill(began=100.45)], "though nobody died: 1.1"),
    ({"1.1": "a"}, [("1.1", 90), TWICE[1]], LATE, [kill()],
     "though nobody died: 1.1"),
    ({"1.1": "a"}, [("1.1", 100.6), ("1.1", 100.7)], LATE, [kill()],
     "though nobody died: 1.1"),
    ({"1.1": "a"}, TWICE, ONE, [kill()], "again after that was recorded: 1.1"),
])
def test_it_is_seen(monkeypatch, acked, arrived, recorded, kills, wrong):
    told = Told(acked, arrived)
    monkeypatch.setattr(ledger.Records, "read", lambda self: recorded)
    with pytest.raises(AssertionError) as failed:
        Audit(told, told, told, kills, patience=0)
    assert wrong in str(failed.value)


@pytest.mark.parametrize("acked, arrived, recorded, kills, figures", [
    ({"1.1": "a"}, [("1.1", 99.5)], ONE, [], (0, 0)),
    ({"1.1": "a"}, TWICE, LATE, [kill()], (1, 0)),
    ({"1.1": "a"}, TWICE, LATE, [kill("smtp-out", "qmgr")], (1, 0)),
    # The client heard nothing of the first one, which was received.
    ({"1.2": "b"}, [("1.1", 99.5), ("1.2", 100.5)],
     ONE + records((R, "1.2", "b", 100), (D, "1.2", "b", 101)), [kill()], (0, 1)),
])
def test_it_is_right(monkeypatch, acked, arrived, recorded, kills, figures):
    told = Told(acked, arrived)
    monkeypatch.setattr(ledger.Records, "read", lambda self: recorded)
    audit = Audit(told, told, told, kills, patience=0)
    assert (audit.copies, audit.repeats) == figures
