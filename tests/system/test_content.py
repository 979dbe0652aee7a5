# SPDX-License-Identifier: Apache-2.0
"""What was sent is what arrives, byte for byte, and what a destination cannot
take is refused here."""

import hashlib
import random

import pytest

from routes import listener, to
from suite import wait_for

MIB = 1 << 20


def raw(suite, content, recipients=("user@to.test",), sender="a@from.test",
        mail_options=()):
    """smtplib without any change of the content but the dots."""
    with suite.client() as client:
        client.ehlo()
        client.mail(sender, mail_options)
        for r in recipients:
            code, text = client.rcpt(r)
            assert code == 250, text
        code, text = client.docmd("DATA")
        assert code == 354
        if content.startswith(b"."):
            content = b"." + content
        client.send(content.replace(b"\r\n.", b"\r\n..") + b".\r\n")
        return client.getreply()


def body_of(message):
    """What is behind the trace fields that were added."""
    head, mark, rest = message.content.partition(b"Subject: ")
    assert mark, message.content[:200]
    assert head.count(b"Received: ") == 1
    return mark + rest


def large(size, longest):
    """Lines of all lengths, many dots, no end but the last."""
    rng = random.Random(7)
    parts, total = [b"Subject: large\r\n\r\n"], 18
    while total < size:
        n = rng.choice((0, 1, 2, 60, 76, longest - 1, longest))
        n = min(n, size - total - 2) if size - total > 2 else 0
        line = bytes(rng.choice(b".abcXYZ 09-~") for _ in range(min(n, 40)))
        line = (b"." * rng.choice((0, 0, 1, 2, 3)) + line * (n // 40 + 1))[:n]
        parts.append(line + b"\r\n")
        total += len(parts[-1])
    return b"".join(parts)


def test_twenty_mebibytes(make_suite, make_peer):
    peer = make_peer()
    config = to(peer.port)
    config["listeners"] = [listener(max_message_size="21 MiB",
                                    line_length_hard_limit=998)]
    suite = make_suite(config).start()
    content = large(20 * MIB, 998)
    code, text = raw(suite, content)
    assert code == 250, text
    wait_for(lambda: peer.messages, 30)
    got = body_of(peer.messages[0])
    assert len(got) == len(content)
    assert hashlib.sha256(got).digest() == hashlib.sha256(content).digest()
    [record] = suite.wait_records(1, "Delivery")
    assert record["size"] == len(peer.messages[0].content)


@pytest.mark.parametrize("size", [65535, 65536, 65537, 128 * 1024,
                                  256 * 1024 - 1, 256 * 1024, 256 * 1024 + 1,
                                  MIB])
def test_sizes_at_the_seams(make_suite, make_peer, size):
    peer = make_peer()
    suite = make_suite(to(peer.port)).start()
    content = large(size, 998)
    assert raw(suite, content)[0] == 250
    wait_for(lambda: peer.messages)
    assert body_of(peer.messages[0]) == content


@pytest.mark.parametrize("content", [
    b"Subject: x\r\n\r\n.\r\n..\r\n...\r\n.a\r\n",
    b"Subject: x\r\n\r\n",
    b"Subject: x\r\n\r\n\r\n\r\n",
    b"Subject: x\r\n\r\n" + b"a" * 998 + b"\r\n." + b"b" * 997 + b"\r\n",
    b"Subject: x\r\n\r\nno dot at the end .\r\n",
    b"Subject: x\r\n\r\n" + b"".join(bytes([c]) for c in range(1, 256)
                                     if c not in b"\r\n") + b"\r\n",
], ids=["dots", "empty", "blank", "long", "last", "all bytes"])
def test_odd_contents(make_suite, make_peer, content):
    peer = make_peer()
    suite = make_suite(to(peer.port)).start()
    assert raw(suite, content, mail_options=["BODY=8BITMIME"])[0] == 250
    wait_for(lambda: peer.messages)
    assert body_of(peer.messages[0]) == content


def test_one_body_for_a_hundred(make_suite, make_peer):
    peer = make_peer()
    suite = make_suite(to(peer.port)).start()
    content = large(300 * 1024, 998)
    everybody = [f"u{i}@to.test" for i in range(100)]
    assert raw(suite, content, everybody)[0] == 250
    wait_for(lambda: len(peer.messages) == 100, 30)
    assert sorted(peer.recipients()) == sorted(everybody)
    assert all(body_of(m) == content for m in peer.messages)
    records = suite.wait_records(100, "Delivery")
    assert len({r["id"] for r in records}) == 100


def test_one_body_some_later(make_suite, make_peer):
    """Those that are left keep the body when the others are gone, and the
    processes too."""
    taken = []

    def answer(line, session):
        if line.startswith("RCPT TO:<later") and not taken:
            return "451 4.0.0 later"
        return None

    peer = make_peer(answer)
    suite = make_suite(to(peer.port, {"retry_interval": "400ms"})).start()
    content = large(100 * 1024, 998)
    everybody = [f"{w}{i}@to.test" for i in range(20) for w in ("u", "later")]
    assert raw(suite, content, everybody)[0] == 250
    suite.wait_records(20, "Delivery")
    suite.wait_records(20, "TransientFailure")
    suite.kill()
    taken.append(True)
    suite.start()
    suite.wait_records(40, "Delivery")
    assert sorted(peer.recipients()) == sorted(everybody)
    assert all(body_of(m) == content for m in peer.messages)


SEVEN = ("PIPELINING",)
EIGHT = ("PIPELINING", "8BITMIME")


@pytest.mark.parametrize("ehlo, content, options, sender, recipient, code", [
    (SEVEN, "Subject: x\r\n\r\n\xe4\r\n", ["BODY=8BITMIME"], "a@x.test",
     "u@to.test", (554, 5, 6, 3)),
    (EIGHT, "Subject: x\r\n\r\n\xe4\r\n", ["BODY=8BITMIME"], "a@x.test",
     "u@to.test", None),
    (SEVEN, "Subject: x\r\n\r\nplain\r\n", ["BODY=8BITMIME"], "a@x.test",
     "u@to.test", None),
    (EIGHT, "Subject: \xc3\xa4\r\n\r\nx\r\n", ["SMTPUTF8"], "a@x.test",
     "u@to.test", (554, 5, 6, 7)),
    (EIGHT, "Subject: x\r\n\r\nx\r\n", ["SMTPUTF8"], "\xc3\xa4@x.test",
     "u@to.test", (554, 5, 6, 7)),
    (EIGHT, "Subject: x\r\n\r\nx\r\n", ["SMTPUTF8"], "a@x.test",
     "\xc3\xa4@to.test", (554, 5, 6, 7)),
    (EIGHT, "Subject: x\r\n\r\nx\r\n", ["SMTPUTF8"], "a@x.test",
     "u@to.test", None),
    (EIGHT + ("SMTPUTF8",), "Subject: \xc3\xa4\r\n\r\nx\r\n", ["SMTPUTF8"],
     "\xc3\xa4@x.test", "\xc3\xa4@to.test", None),
])
def test_what_the_peer_cannot_take(make_suite, make_peer, ehlo, content,
                                   options, sender, recipient, code):
    peer = make_peer(ehlo=ehlo)
    suite = make_suite(to(peer.port)).start()
    utf8 = lambda s: s.encode("latin-1")  # noqa: E731
    with suite.client() as client:
        client.ehlo()
        client.send(b"MAIL FROM:<" + utf8(sender) + b"> " +
                    " ".join(options).encode() + b"\r\n")
        assert client.getreply()[0] == 250
        client.send(b"RCPT TO:<" + utf8(recipient) + b">\r\n")
        assert client.getreply()[0] == 250
        client.send(b"DATA\r\n")
        assert client.getreply()[0] == 354
        client.send(utf8(content) + b".\r\n")
        reply = client.getreply()
        assert reply[0] == 250, reply
    if code is None:
        suite.wait_records(1, "Delivery")
        assert body_of(peer.messages[0]) == utf8(content)
        mail = peer.messages[0].sender
        assert ("SMTPUTF8" in mail) == ("SMTPUTF8" in ehlo)
        return
    [bounce] = suite.wait_records(1, "Bounce")
    response = bounce["response"]
    enhanced = response["enhanced_code"]
    assert (response["code"], enhanced["class"], enhanced["subject"],
            enhanced["detail"]) == code
    assert response["content"].startswith("KumoMTA internal: ")
    assert not peer.messages
    # The connection is fine, and used on.
    suite.send()
    suite.wait_records(1, "Delivery")


def test_checks_can_be_ignored(make_suite, make_peer):
    peer = make_peer(ehlo=SEVEN)
    suite = make_suite(to(peer.port, ignore_8bit_checks=True)).start()
    content = b"Subject: x\r\n\r\n\xe4\r\n"
    assert raw(suite, content, mail_options=["BODY=8BITMIME"])[0] == 250
    suite.wait_records(1, "Delivery")
    assert body_of(peer.messages[0]) == content
    assert "BODY" not in peer.messages[0].sender


def test_announced_size(make_suite, make_peer):
    peer = make_peer(ehlo=EIGHT + ("SIZE 1000",))
    suite = make_suite(to(peer.port)).start()
    raw(suite, large(5000, 70))
    [bounce] = suite.wait_records(1, "Bounce")
    assert bounce["response"]["code"] == 552
    assert bounce["response"]["enhanced_code"] == {
        "class": 5, "subject": 3, "detail": 4}
    assert not any(c.startswith("MAIL") for c in peer.sessions[0].commands)


def test_no_pipelining(make_suite, make_peer):
    peer = make_peer(ehlo=())
    suite = make_suite({**to(peer.port), "listeners": [
        listener(batch_handling="BatchByDomain")]}).start()
    raw(suite, b"Subject: x\r\n\r\n.x\r\n", ["a@to.test", "b@to.test"])
    suite.wait_records(1, "Delivery")
    assert body_of(peer.messages[0]) == b"Subject: x\r\n\r\n.x\r\n"
    assert sorted(peer.recipients()) == sorted(["a@to.test", "b@to.test"])


def test_null_sender(make_suite, make_peer):
    peer = make_peer()
    suite = make_suite(to(peer.port)).start()
    raw(suite, b"Subject: x\r\n\r\n", sender="")
    [record] = suite.wait_records(1, "Delivery")
    assert record["sender"] == ""
    assert peer.messages[0].sender.startswith("MAIL FROM:<>")
