# SPDX-License-Identifier: Apache-2.0
"""When a message is tried again, what is written of each attempt, and that
neither is forgotten by a restart."""

import re
import time

import pytest

from routes import to
from suite import wait_for


def later(*replies, command="RCPT"):
    """Answers to a command, one after the other; then the usual one."""
    left = list(replies)

    def answer(line, session):
        if line.startswith(command) and left:
            return left.pop(0)
        return None
    return answer


def seconds(record):
    """The moment of a record with its fraction."""
    whole, fraction = re.match(r"(.*?)(\.\d+)", record["event_time"]).groups()
    assert whole
    return record["timestamp"] + float(fraction)


def test_three_attempts_and_all_fields(make_suite, make_peer):
    peer = make_peer(later("451 4.7.1 come again", "451 later, please"))
    suite = make_suite(to(peer.port, queue={"retry_interval": "300ms"},
                          ehlo_domain="out.test", provider_name="prov"))
    suite.start()
    suite.send(text="Subject: t\r\n\r\nHello\r\n")
    delivery = suite.wait_records(1, "Delivery")[0]
    first, second = suite.records("TransientFailure")
    [reception] = suite.records("Reception")
    size = len(peer.messages[0].content)

    assert first["response"] == {
        "code": 451, "content": "come again", "command": "RCPT TO:<user@to.test>",
        "enhanced_code": {"class": 4, "subject": 7, "detail": 1}}
    assert second["response"] == {
        "code": 451, "content": "later, please", "enhanced_code": None,
        "command": "RCPT TO:<user@to.test>"}
    assert delivery["response"] == {
        "code": 250, "content": "taken", "command": ".",
        "enhanced_code": {"class": 2, "subject": 0, "detail": 0}}
    attempts = [r["num_attempts"] for r in (reception, first, second, delivery)]
    # Those that failed so far, the record's own included.
    assert attempts == [0, 1, 2, 2]
    for r in (first, second, delivery):
        assert r["id"] == reception["id"]
        assert r["nodeid"] == reception["nodeid"]
        assert r["sender"] == "sender@from.test"
        assert r["recipient"] == "user@to.test"
        assert r["queue"] == "to.test"
        assert r["site"] == \
            f"unspecified->mx_list:127.0.0.1:{peer.port}@smtp_client"
        assert r["size"] == reception["size"] == size
        assert r["peer_address"]["addr"] == "127.0.0.1"
        assert r["source_address"]["address"].startswith("127.0.0.1:")
        assert r["delivery_protocol"] == "ESMTP"
        assert r["reception_protocol"] == "ESMTP"
        assert r["egress_pool"] == r["egress_source"] == "unspecified"
        assert r["created"] == reception["created"]
        assert r["created_time"] == reception["created_time"]
        assert r["bounce_classification"] == "Uncategorized"
        assert r["feedback_report"] is None
        assert r["meta"] == {} and r["headers"] == {}
        assert r["provider_name"] == "prov"
        assert re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}",
                            r["session_id"])
        assert "tls_cipher" not in r
    assert len(peer.sessions[0].commands[0].split()) == 2
    assert peer.sessions[0].commands[0] == "EHLO out.test"


def test_intervals_double_up_to_the_longest(make_suite, make_peer):
    peer = make_peer(later(*["451 4.0.0 no"] * 10))
    suite = make_suite(to(peer.port, queue={
        "retry_interval": "200ms", "max_retry_interval": "500ms"})).start()
    suite.send()
    suite.wait_records(1, "Delivery")
    times = [seconds(r) for r in suite.records("TransientFailure") +
             suite.records("Delivery")]
    gaps = [b - a for a, b in zip(times, times[1:])]
    print(gaps)
    # Jitter is a twentieth of the interval, half of it either way.
    wants = [0.2, 0.4] + [0.5] * 8
    assert all(gap >= want * 0.97 for gap, want in zip(gaps, wants)), gaps
    # Doubled ten times they were minutes.
    assert sum(gaps) < sum(wants) * 5


def test_jitter_spreads(make_suite, make_peer):
    """What failed together does not come back together, and not early."""
    seen = {}

    def answer(line, session):
        if line.startswith("RCPT") and line not in seen:
            seen[line] = time.monotonic()
            return "451 4.0.0 no"
        if line.startswith("RCPT"):
            seen[line] = time.monotonic() - seen[line]
        return None

    peer = make_peer(answer)
    suite = make_suite(to(peer.port, queue={"retry_interval": "3s"})).start()
    with suite.client() as client:
        for i in range(30):
            client.sendmail("a@from.test", f"u{i}@to.test", "x\r\n")
    suite.wait_records(30, "Delivery")
    waits = sorted(seen.values())
    # A twentieth of the interval is 150 ms, half of it either way.
    print(waits)
    assert waits[0] > 2.9 and waits[len(waits) // 2] < 3 * 5
    assert waits[-1] - waits[0] > 0.05


def test_permanent_refusal(make_suite, make_peer):
    peer = make_peer(later("550 5.1.1 nobody of\n550 5.1.1 that name"))
    suite = make_suite(to(peer.port, queue={"retry_interval": "50ms"})).start()
    suite.send()
    [bounce] = suite.wait_records(1, "Bounce")
    assert bounce["response"]["code"] == 550
    assert bounce["response"]["content"] == "nobody of that name"
    assert bounce["response"]["enhanced_code"] == {
        "class": 5, "subject": 1, "detail": 1}
    assert bounce["num_attempts"] == 0
    assert bounce["delivery_protocol"] == "ESMTP"
    suite.send(recipients="next@to.test")
    suite.wait_records(1, "Delivery")
    assert len(suite.records("Bounce")) == 1


def test_too_old(make_suite, make_peer):
    peer = make_peer(lambda line, s: "451 4.0.0 no"
                     if line.startswith("RCPT") else None)
    suite = make_suite(to(peer.port, queue={
        "retry_interval": "100ms", "max_age": "1s"})).start()
    suite.send()
    [expired] = suite.wait_records(1, "Expiration")
    assert expired["response"]["code"] == 551
    assert expired["response"]["enhanced_code"] == {
        "class": 5, "subject": 4, "detail": 7}
    failures = suite.records("TransientFailure")
    # 100, 200, 400 ms: the fourth would be due after the end.
    assert [f["num_attempts"] for f in failures] == [1, 2, 3, 4]
    assert expired["num_attempts"] == 4
    assert expired["recipient"] == "user@to.test"
    assert expired["queue"] == "to.test"
    print(seconds(expired) - expired["created"], "s old")
    assert seconds(expired) - expired["created"] < 1 * 5


@pytest.mark.parametrize("how", ["orderly", "kill"])
def test_restart_keeps_attempts_and_time(make_suite, make_peer, how):
    peer = make_peer(later("451 4.0.0 one", "451 4.0.0 two"))
    suite = make_suite(to(peer.port, queue={
        "retry_interval": "1s", "max_retry_interval": "1s"})).start()
    suite.send()
    suite.wait_records(1, "TransientFailure")
    if how == "orderly":
        assert suite.stop() == 0
    else:
        suite.kill()
    suite.start()
    delivery = suite.wait_records(1, "Delivery")[0]
    records = suite.records("TransientFailure") + [delivery]
    gaps = [seconds(b) - seconds(a) for a, b in zip(records, records[1:])]
    print(gaps)
    # Jitter is a twentieth, half of it either way.
    assert all(0.97 < gap < 10 for gap in gaps), gaps
    assert [r["num_attempts"] for r in records] == [1, 2, 2]
    assert len({r["id"] for r in records}) == 1
    assert len(peer.messages) == 1


def test_long_wait_survives_a_kill(make_suite, make_peer):
    """What is due in an hour is not due because of a restart."""
    peer = make_peer(later("451 4.0.0 in an hour"))
    suite = make_suite(to(peer.port, queue={"retry_interval": "1h"})).start()
    suite.send()
    suite.wait_records(1, "TransientFailure")
    suite.kill()
    suite.start()
    wait_for(lambda: any("schedule read messages=1 " in s for s in suite.stderr))
    # What came in behind it has come out.
    for i in range(20):
        suite.send(recipients=f"other{i}@to.test")
    suite.wait_records(20, "Delivery")
    assert sorted(peer.recipients()) == sorted(
        f"other{i}@to.test" for i in range(20))
    assert len(suite.records("TransientFailure")) == 1


def test_many_kept_over_kills(make_suite, make_peer):
    """Everything acknowledged arrives once the destination takes it, however
    often all processes die in between."""
    closed = [True]
    peer = make_peer(lambda line, s: "451 4.0.0 no" if closed[0] and
                     line.startswith("RCPT") else None)
    suite = make_suite(to(peer.port, queue={
        "retry_interval": "200ms", "max_retry_interval": "200ms"})).start()
    with suite.client() as client:
        for i in range(100):
            client.sendmail("a@from.test", f"u{i}@to.test", "x\r\n")
    for _ in range(3):
        suite.kill()
        suite.start()
        n = len(suite.records("TransientFailure"))
        suite.wait_records(n + 20, "TransientFailure")
    closed[0] = False
    wait_for(lambda: set(peer.recipients()) ==
             {f"u{i}@to.test" for i in range(100)}, 20)
    suite.wait_records(100, "Delivery")
    assert len(suite.records("Reception")) == 100
