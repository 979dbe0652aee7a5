# SPDX-License-Identifier: Apache-2.0
"""Servers that mean harm or are broken: each ends its session with a deferral
within its time, costs no memory, and no other destination notices.

All of them at once, a domain each, beside a domain that works."""

import os
import ssl
import subprocess
import time

import pytest

from scripted import GOOD, Closed, ScriptedMx
from suite import SANITIZED, Sink, Suite, wait_for

FULL = os.environ.get("HOSTILE_FULL") == "1"
JUNK = (2 << 30) if FULL else (64 << 20)
PATH = {"prohibited_hosts": [], "connect_timeout": "2s", "banner_timeout": "2s",
        "ehlo_timeout": "2s", "mail_from_timeout": "2s", "rcpt_to_timeout": "2s",
        "data_timeout": "2s", "data_dot_timeout": "2s", "rset_timeout": "2s",
        "starttls_timeout": "2s", "idle_timeout": "1s"}
TALK = ["BANNER", "EHLO", "MAIL", "RCPT", "DATA", "DOT"]
WITH_TLS = b"250-mx.test\r\n250-PIPELINING\r\n250 STARTTLS\r\n"
GOOD_MAILS = 200


def closes(_):
    raise Closed


def silent(c):
    c.wait(60)


def floods(piece):
    return lambda c: c.flood(piece, JUNK)


def handshake(data):
    """STARTTLS is agreed to; then comes this instead."""
    def talk(c):
        c.send(b"220 go\r\n" + data)
        c.wait(60)
    return talk


def half(phase):
    return lambda c: c.send(GOOD[phase][:5]) or c.wait(60)


HOSTILE = {
    **{f"closes-{p}": {p: closes} for p in TALK},
    **{f"silent-{p}": {p: silent} for p in TALK},
    **{f"half-{p}": {p: half(p)} for p in TALK},
    **{f"ends-{p}": {p: b"421 4.3.2 going\r\n"} for p in TALK},
    **{f"endless-{p}": {p: floods(b"250-more of it\r\n" * 5000)}
       for p in TALK},
    **{f"junk-{p}": {p: floods(os.urandom(1 << 20))} for p in TALK},
    **{f"zeros-{p}": {p: floods(b"\0" * (1 << 20))} for p in TALK},
    **{f"line-{p}": {p: GOOD[p][:4] + b"x" * 100_000 + b"\r\n"} for p in TALK},
    **{f"nul-{p}": {p: GOOD[p][:4] + b"o\0k\r\n"} for p in TALK},
    **{f"words-{p}": {p: b"yes, of course\r\n"} for p in TALK},
    **{f"empty-{p}": {p: b"\r\n"} for p in TALK},
    **{f"big-code-{p}": {p: b"999 ok\r\n"} for p in TALK},
    **{f"long-code-{p}": {p: b"2500 ok\r\n"} for p in TALK},
    **{f"two-codes-{p}": {p: GOOD[p][:3] + b"-a\r\n550 b\r\n"}
       for p in TALK},
    "newlines": {"EHLO": floods(b"\r\n" * 50000)},
    "drip-banner": {"BANNER": lambda c: c.drip(b"220 mx.test " + b"x" * 500, 0.1)},
    "drip-lines": {"BANNER": lambda c: c.drip(b"220-x\r\n" * 100, 0.1)},
    # "Taken", before it was sent.
    "early-250": {"DATA": b"354 go\r\n250 2.0.0 taken\r\n"},
    "early-all": {"BANNER": b"".join(GOOD[p] for p in TALK)},
    "early-at-mail": {"MAIL": GOOD["MAIL"] + GOOD["RCPT"] + GOOD["DATA"] +
                      GOOD["DOT"]},
    "no-354": {"DATA": b"250 go\r\n"},
    "tls-silent": {"EHLO": WITH_TLS, "STARTTLS": handshake(b"")},
    "tls-garbage": {"EHLO": WITH_TLS, "STARTTLS": handshake(os.urandom(4000))},
    "tls-in-clear": {"EHLO": WITH_TLS, "STARTTLS": handshake(
        b"250-mx.test\r\n250 PIPELINING\r\n" + b"250 ok\r\n" * 3)},
    "tls-alert": {"EHLO": WITH_TLS,
                  "STARTTLS": handshake(b"\x15\x03\x03\x00\x02\x02\x28")},
    "tls-closes": {"EHLO": WITH_TLS, "STARTTLS": closes},
    "tls-junk": {"EHLO": WITH_TLS, "STARTTLS": floods(
        b"\x16\x03\x03\x40\x00" + os.urandom(0x4000))},
}
# What is as bad but is an answer: a refusal for good, or no harm.
MAY_BOUNCE = {"no-354"} | {f"two-codes-{p}" for p in TALK} | \
    {f"big-code-{p}" for p in TALK}


def out_kb(suite):
    total = 0
    for pid in suite.pids("smtp-out"):
        with open(f"/proc/{pid}/status") as f:
            total += sum(int(line.split()[1]) for line in f
                         if line.startswith("RssAnon"))
    return total


@pytest.fixture(scope="module")
def met():
    """All have been met; a dict of what came of it."""
    sink = Sink()
    servers, queues = {}, {}
    for name, script in HOSTILE.items():
        mx = ScriptedMx()
        for phase, what in script.items():
            mx.on(phase, what)
        servers[name] = mx
        queues[f"{name}.test".lower()] = {"protocol": {"smtp": {
            "mx_list": [f"127.0.0.1:{mx.port}"]}}}
    suite = Suite({"queues": queues, "paths": {"*": PATH},
                   "processes": {"smtp_out": 2}}, sink_port=sink.port)
    suite.config["queues"]["*"] = {"protocol": {"smtp": {
        "mx_list": [f"127.0.0.1:{sink.port}"]}}}
    suite.configure(suite.config)
    try:
        suite.start()
        out = suite.pids("smtp-out")
        before = out_kb(suite)
        with suite.client() as client:
            for name in HOSTILE:
                client.sendmail("a@from.test", f"x@{name}.test",
                                "Subject: x\r\n\r\n" + "line\r\n" * 1000)
        began = time.monotonic()
        with suite.client() as client:
            for i in range(GOOD_MAILS):
                client.sendmail("a@from.test", f"good{i}@good.test",
                                "Subject: x\r\n\r\n")
        wait_for(lambda: len(sink.messages()) >= GOOD_MAILS, 20)
        good = time.monotonic() - began
        records, held = {}, []

        def all_ended():
            held.append(out_kb(suite))
            records.update({
                r["recipient"][2:-5]: r for r in suite.records()
                if r["type"] in ("TransientFailure", "Bounce", "Delivery")
                and r["recipient"].startswith("x@")})
            return len(records) == len(HOSTILE)
        try:
            wait_for(all_ended, 60, 0.2)
        except AssertionError:
            pass  # each has a test of its own
        most = max(held)
        yield {"records": records, "good": good, "memory": most - before,
               "out": (out, suite.pids("smtp-out")), "suite": suite,
               "servers": servers, "time": time.monotonic() - began}
        print(f"all within {time.monotonic() - began:.1f} s, {most - before} KB")
    finally:
        suite.close()
        sink.close()
        for mx in servers.values():
            mx.close()


@pytest.mark.parametrize("name", HOSTILE)
def test_it_ends_in_a_deferral(met, name):
    record = met["records"].get(name)
    assert record, "it has not ended"
    kinds = ["TransientFailure"] + (["Bounce"] if name in MAY_BOUNCE else [])
    assert record["type"] in kinds, record["response"]
    content = record["response"]["content"]
    assert all(c.isprintable() for c in content), content
    assert len(content) < 4096


def test_others_are_unaffected(met):
    print(f"{GOOD_MAILS} others within {met['good']:.2f} s")
    assert met["good"] < 10
    assert met["out"][0] == met["out"][1], "a delivery process died"


def test_memory_is_flat(met):
    print(f"{met['memory']} KB more, all within {met['time']:.1f} s")
    assert SANITIZED or met["memory"] < 24 * 1024


def test_no_connection_stays(met):
    wait_for(lambda: not [n for n, mx in met["servers"].items() if mx.open], 20)


# ---- certificates ---------------------------------------------------------------

@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tls")
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes",
                    "-keyout", folder / "key", "-out", folder / "cert", "-days",
                    "2", "-subj", "/CN=other.test"], check=True,
                   capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "cert", folder / "key")
    return context


@pytest.mark.parametrize("mode, offered, delivered, secure", [
    ("Opportunistic", True, False, None),
    ("Opportunistic", False, True, False),
    ("OpportunisticInsecure", True, True, True),
    ("OpportunisticInsecure", False, True, False),
    ("Required", True, False, None),
    ("Required", False, False, None),
    ("RequiredInsecure", True, True, True),
    ("RequiredInsecure", False, False, None),
    ("Disabled", True, True, False)])
def test_wrong_certificate(make_suite, certificate, mode, offered, delivered,
                           secure):
    with ScriptedMx(ehlo=WITH_TLS if offered else None, tls=certificate) as mx:
        how = []
        mx.on("DATA", lambda c: how.append(c.secure) or GOOD["DATA"])
        suite = make_suite({"paths": {"*": {**PATH, "enable_tls": mode}}},
                           sink_port=mx.port).start()
        suite.send()
        kind = "Delivery" if delivered else "TransientFailure"
        suite.wait_records(1, kind)
        assert how == ([secure] if delivered else [])


# ---- one after the other ----------------------------------------------------------

def test_a_server_that_stops_reading(make_suite):
    """Content that does not leave ends in the time for it."""
    with ScriptedMx() as mx:
        def stops(c):
            c.send(b"354 go\r\n")
            mx.closing.wait(60)
            raise Closed
        mx.on("DATA", stops)
        suite = make_suite({"paths": {"*": PATH}}, sink_port=mx.port).start()
        suite.send(text="Subject: x\r\n\r\n" + "line of it\r\n" * 1_200_000)
        suite.wait_records(1, "TransientFailure", 15)


@pytest.mark.parametrize("phase", ["RSET", "QUIT", "MAIL"])
def test_bad_from_the_second_message_on(make_suite, phase):
    """The first was taken and stays so; the next ones come again."""
    with ScriptedMx() as mx:
        def later(c):
            if mx.messages:
                silent(c)
            return GOOD[phase]
        mx.on(phase, later)
        suite = make_suite({"paths": {"*": {**PATH, "connection_limit": 1}},
                            }, sink_port=mx.port)
        suite.config["queues"]["*"]["retry_interval"] = "1s"
        suite.config["queues"]["*"]["max_retry_interval"] = "2s"
        suite.configure(suite.config)
        suite.start()
        with suite.client() as client:
            for i in range(3):
                client.sendmail("a@from.test", f"{i}@to.test", "Subject: x\r\n\r\n")
        # It has met the silence: in the middle, or at the end.
        wait_for(lambda: suite.records("TransientFailure") or
                 phase == "QUIT" and mx.count("QUIT"))
        mx.on(phase, None)
        wait_for(lambda: len(suite.records("Delivery")) == 3, 30)
        assert len(mx.messages) == 3
