# SPDX-License-Identifier: Apache-2.0
"""Clients that mean harm or know no better, over real sockets.

HOSTILE_FULL=1 runs the sizes that are too long for every day."""

import itertools
import os
import select
import socket
import struct
import threading
import time

import pytest

from suite import SANITIZED, wait_for, wait_read
from test_smtpd import ENVELOPE, OPEN, listener, wire  # noqa: F401

FULL = os.environ.get("HOSTILE_FULL") == "1"
EVIL = (b"MAIL FROM:<evil@from.test>\r\nRCPT TO:<evil@to.test>\r\n"
        b"DATA\r\nSubject: evil\r\n\r\nevil\r\n.\r\n")


def smtpd_kb(suite):
    """Resident memory of all smtpd processes, file pages aside."""
    if SANITIZED:
        return 0
    total = 0
    for pid in suite.pids("smtpd"):
        with open(f"/proc/{pid}/status") as f:
            total += sum(int(line.split()[1]) for line in f
                         if line.startswith("RssAnon"))
    return total


def serves(suite, recipient="good@to.test"):
    suite.send(recipients=recipient)
    wait_for(lambda: any(recipient in line for line in suite.sink.lines()))
    wait_for(lambda: recipient in recipients(suite))


# ---- smuggling --------------------------------------------------------------

# Everything that is not CRLF . CRLF and that some server took for it.
LINE_ENDS = [b"\n", b"\r", b"\r\n", b"\r\r\n", b"\n\r", b"\x00\r\n", b"\r\x00\n",
             b"\r\n\x00", b"\x0b", b"\x0c", b"\xc2\x85", b"\xe2\x80\xa8"]
FORMS = [a + dot + b for a, b in itertools.product(LINE_ENDS, LINE_ENDS)
         for dot in (b".",) if b"\r\n.\r\n" not in a + dot + b]
FORMS += [b"\r\n .\r\n", b"\r\n. \r\n", b"\r\n..\r\n", b"\r\n.\t\r\n",
          b"\r\n\xa0.\r\n", b"\r\n\x2e\xcc\x81\r\n"]


@pytest.fixture(scope="module")
def shared():
    """One suite for many short conversations."""
    from suite import Sink, Suite
    sink = Sink()
    s = Suite({"listeners": [{"listen": "127.0.0.1:0", "relay_hosts": ["127.0.0.1"],
                              "hostname": "ekiden.test"}]}, sink_port=sink.port)
    s.sink = sink
    s.start()
    yield s
    s.close()
    sink.close()


def recipients(suite):
    """Who mail was taken for, evil or not."""
    return [r["recipient"] for r in suite.records("Reception")]


def test_no_form_of_end_of_data_smuggles(shared, wire):
    """Each form ends nothing: what follows is content or the mail is refused."""
    for number, form in enumerate(FORMS):
        w = wire(shared.smtp_port)
        w.send(ENVELOPE + b"DATA\r\n")
        assert w.replies(3) == [250, 250, 354], form
        w.send(b"Subject: s\r\n\r\nx" + form + EVIL + b"QUIT\r\n")
        codes = []
        while True:
            code = w.reply()[0]
            if code == 0:
                break
            codes.append(code)
        # One answer to the one message, and one to QUIT.
        assert codes in ([550, 221], [250, 221]), (form, codes)
        w.close()
    serves(shared, "after-smuggling@to.test")
    assert "evil@to.test" not in recipients(shared)


@pytest.mark.parametrize("form", [b"\n.\n", b"\r\n.\n", b"\n.\r\n", b"\r.\r",
                                  b"\r\n.\r\r\n", b"\r\n\x00.\r\n", b"\r\n..\r\n"])
def test_smuggling_at_all_split_points(shared, wire, form):
    """The same, cut into two segments at every place."""
    data = b"x" + form + b"MAIL FROM:<evil@from.test>\r\n.\r\n"
    w = wire(shared.smtp_port)
    w.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    for cut in range(1, len(data)):
        w.send(ENVELOPE + b"DATA\r\n")
        assert w.replies(3) == [250, 250, 354]
        w.send(b"Subject: s\r\n\r\n" + data[:cut])
        # NOOP's answer would come first if content had ended.
        wait_read(w.sock)
        w.send(data[cut:] + b"NOOP\r\n")
        codes = w.replies(2)
        assert codes == ([250, 250] if form == b"\r\n..\r\n" else [550, 250]), cut
    w.close()


def test_smuggling_byte_by_byte(shared, wire):
    data = (b"Subject: s\r\n\r\n..\r\n.x\r\n\r\n.\r\n")
    w = wire(shared.smtp_port)
    w.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    w.send(ENVELOPE + b"DATA\r\n")
    assert w.replies(3) == [250, 250, 354]
    for i in range(len(data)):
        w.send(data[i:i + 1])
        wait_read(w.sock)
    assert w.reply()[0] == 250
    wait_for(lambda: any(m.endswith(b"\r\n\r\n.\r\nx\r\n\r\n")
                         for m in shared.sink.messages()))


@pytest.mark.parametrize("behind", [
    b"STARTTLS\r\nNOOP\r\n", b"STARTTLS\r\n\x16", b"STARTTLS\r\n" + EVIL,
    b"NOOP\r\nSTARTTLS\r\nRSET\r\n"])
def test_nothing_from_before_tls_counts(shared, wire, behind):
    w = wire(shared.smtp_port)
    w.send(behind)
    codes = []
    while True:
        code = w.reply()[0]
        if code == 0:
            break
        codes.append(code)
    assert 220 not in codes and codes[-1] in (421, 503, 501), codes
    assert "evil@to.test" not in recipients(shared)


# ---- memory -----------------------------------------------------------------

def send_while_reading(sock, pieces):
    """Sends all, throwing replies away; gives how much came back."""
    got = 0
    sock.setblocking(False)
    for piece in pieces:
        view = memoryview(piece)
        while view:
            r, w, _ = select.select([sock], [sock], [], 20)
            assert r or w, "the server neither reads nor answers"
            if r:
                part = sock.recv(1 << 18)
                if not part:
                    return got
                got += len(part)
            if w:
                try:
                    view = view[sock.send(view[:1 << 18]):]
                except (BrokenPipeError, ConnectionResetError):
                    return got
    sock.setblocking(True)
    return got


def test_tiny_chunks_take_no_memory(shared, wire):
    """10,000,000 `BDAT 1` are 90 MB of commands: the full run sends them."""
    count = 10_000_000 if FULL else 400_000
    w = wire(shared.smtp_port)
    w.send(ENVELOPE + b"BDAT 14\r\nSubject: s\r\n\r\n")
    assert w.replies(3) == [250, 250, 250]
    before = smtpd_kb(shared)
    began = time.monotonic()
    piece = b"BDAT 1\r\nx" * 10000
    most = before
    for _ in range(count // 100000):
        send_while_reading(w.sock, [piece] * 10)
        most = max(most, smtpd_kb(shared))
    print(f"{count} chunks in {time.monotonic() - began:.1f} s, "
          f"{most - before} KB more")
    # The content itself is count bytes long at most, and held once.
    assert most - before < 8 * 1024 + min(count, 20 << 20) // 1024 * 2.2


def test_zero_chunks_end(shared, wire):
    """Chunks of nothing lead nowhere."""
    w = wire(shared.smtp_port)
    w.send(ENVELOPE + b"BDAT 14\r\nSubject: s\r\n\r\n")
    assert w.replies(3) == [250, 250, 250]
    before = smtpd_kb(shared)
    send_while_reading(w.sock, [b"BDAT 0\r\n" * 10000] * 20)
    assert smtpd_kb(shared) - before < 4096


@pytest.mark.parametrize("where", ["command", "content", "chunk"])
def test_line_without_end(shared, wire, where):
    """Up to 1 GB without a line end."""
    w = wire(shared.smtp_port)
    if where == "content":
        w.send(ENVELOPE + b"DATA\r\n")
        assert w.replies(3) == [250, 250, 354]
    if where == "chunk":
        w.send(ENVELOPE + b"BDAT 1073741824\r\n")
        assert w.replies(2) == [250, 250]
    before = smtpd_kb(shared)
    piece = b"x" * (1 << 20)
    send_while_reading(w.sock, [piece] * (1024 if FULL else 200))
    assert smtpd_kb(shared) - before < 32 * 1024
    serves(shared, f"after-{where}@to.test")


def test_replies_that_are_not_read(shared, wire):
    w = wire(shared.smtp_port)
    before = smtpd_kb(shared)
    w.sock.setblocking(False)
    # Until the server takes no more for a while, or ends it.
    while select.select([], [w.sock], [], 0.5)[1]:
        try:
            w.sock.send(b"NOOP\r\nHELP\r\n" * 2000)
        except BlockingIOError:
            continue
        except OSError:
            break
    assert smtpd_kb(shared) - before < 4096


# ---- floods and slowness ------------------------------------------------------

def test_too_many_connections(make_suite, sink, wire):
    suite = make_suite({**listener(max_connections=20), "processes": {"smtpd": 1}},
                       sink_port=sink.port).start()
    suite.sink = sink
    inside = [wire(suite.smtp_port) for _ in range(20)]
    before = smtpd_kb(suite)
    for _ in range(500):
        with socket.create_connection(("127.0.0.1", suite.smtp_port), 5) as s:
            assert s.recv(100).startswith(b"421 4.3.2")
    assert smtpd_kb(suite) - before < 2048
    # Those inside are served on, and who leaves makes room.
    assert inside[3].ask(b"NOOP\r\n")[0] == 250
    assert inside[0].ask(b"QUIT\r\n")[0] == 221
    wait_for(lambda: suite.send(recipients="in@to.test") == {}
             if inside[0].reply()[0] == 0 else False)


@pytest.mark.skipif(not FULL, reason="opens 32,768 connections")
def test_flood_of_connections(suite):
    import resource
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    socks = []
    before = smtpd_kb(suite)
    try:
        for i in range(min(33500, hard - 200)):
            socks.append(socket.create_connection(
                ("127.0.0.1", suite.smtp_port), 10,
                source_address=(f"127.0.0.{2 + i % 4}", 0)))
        heads = {}
        for s in socks:
            head = s.recv(4)
            heads[head] = heads.get(head, 0) + 1
        print(heads, smtpd_kb(suite) - before, "KB")
    finally:
        for s in socks:
            s.close()
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    serves(suite)


def test_slow_clients_end(make_suite, sink):
    suite = make_suite(listener(client_timeout="2s"), sink_port=sink.port).start()
    suite.sink = sink
    ends = {}

    def drip(name, start, byte):
        s = socket.create_connection(("127.0.0.1", suite.smtp_port), 30)
        s.sendall(start)
        s.setblocking(False)
        began = time.monotonic()
        while time.monotonic() - began < 30:
            r, _, _ = select.select([s], [], [], 0.5)
            try:
                if r and not s.recv(65536):
                    break
                if byte:
                    s.send(byte)
            except OSError:
                break
        ends[name] = time.monotonic() - began

    kinds = {"silent": (b"", b""), "half a command": (b"EHL", b""),
             "dripping command": (b"", b"E"),
             "silent in content": (OPEN + ENVELOPE + b"DATA\r\nx", b""),
             "dripping content": (OPEN + ENVELOPE + b"DATA\r\n", b"x"),
             "dripping chunk": (OPEN + ENVELOPE + b"BDAT 1000000\r\n", b"x")}
    threads = [threading.Thread(target=drip, args=(k, *v))
               for k, v in kinds.items()]
    for t in threads:
        t.start()
    serves(suite)
    for t in threads:
        t.join()
    print(ends)
    assert all(t < 2 * 6 for t in ends.values()), ends


def test_offences_end_a_session(shared, wire):
    w = wire(shared.smtp_port)
    send_while_reading(w.sock, [b"NONSENSE\r\n" * 1000])
    w = wire(shared.smtp_port)
    for _ in range(100000 // 1000):
        try:
            w.send(b"NOOP\r\n" * 1000)
        except OSError:
            break
    serves(shared, "after-offences@to.test")


# ---- odd, and right -------------------------------------------------------------

@pytest.mark.parametrize("command", [
    b"NOOP\x00\r\n", b"\x00\r\n", b"MAIL FROM:<a\x00@from.test>\r\n",
    b"MAIL FROM:<a@from.test>\x00 SIZE=1\r\n", b"EHLO x\x00y\r\n",
    b"MAIL FROM:<a@from.test\x7f>\r\n", b"MAIL FROM:<a\r@from.test>\r\n",
    b"NOOP\n", b"MAIL FROM:<\xff\xfe@from.test>\r\n",
    b"RCPT TO:<b@to.test\x1b[2J>\r\n"])
def test_controls_in_commands(shared, wire, command):
    w = wire(shared.smtp_port)
    assert w.ask(command)[0] in (500, 501, 503, 553)
    assert w.ask(b"RSET\r\n")[0] in (250, 0)
    assert not [line for line in shared.stderr if "\x00" in line or
                "\x1b" in line]


def test_a_thousand_recipients(shared, wire):
    w = wire(shared.smtp_port)
    n = 1000
    w.send(b"MAIL FROM:<many@from.test>\r\n" +
           b"".join(b"RCPT TO:<many%d@many.test>\r\n" % i for i in range(n)) +
           b"DATA\r\n")
    assert w.replies(n + 2) == [250] * (n + 1) + [354]
    code, text = w.ask(b"Subject: s\r\n\r\nx\r\n.\r\n")
    assert code == 250 and len(set(text.split("=")[1].split(","))) == n
    wait_for(lambda: len([1 for line in shared.sink.lines()
                          if "@many.test" in line]) >= n, 30)


def test_pipelined_transactions(shared, wire):
    n = 200
    w = wire(shared.smtp_port)
    one = (b"MAIL FROM:<a@from.test>\r\nRCPT TO:<pipe%d@to.test>\r\n"
           b"BDAT 18 LAST\r\nSubject: s\r\n\r\nxx\r\n")
    w.send(b"".join(one % i for i in range(n)) + b"QUIT\r\n")
    assert w.replies(3 * n + 1) == [250] * (3 * n) + [221]
    wait_for(lambda: len([1 for line in shared.sink.lines()
                          if "pipe" in line]) >= n, 20)


@pytest.mark.parametrize("n", [1, 50])
def test_half_closed_client_gets_its_replies(shared, wire, n):
    w = wire(shared.smtp_port)
    w.send((b"MAIL FROM:<a@from.test>\r\nRCPT TO:<half@to.test>\r\n"
            b"BDAT 18 LAST\r\nSubject: s\r\n\r\nxx\r\n") * n)
    w.sock.shutdown(socket.SHUT_WR)
    assert w.replies(3 * n) == [250] * (3 * n)
    assert w.reply()[0] == 0


def test_half_closed_with_data_and_quit(shared, wire):
    w = wire(shared.smtp_port, greet=False)
    w.send(OPEN + ENVELOPE + b"DATA\r\nSubject: s\r\n\r\nx\r\n.\r\nQUIT\r\n")
    w.sock.shutdown(socket.SHUT_WR)
    assert w.replies(6) == [220, 250, 250, 250, 354, 250]
    assert w.reply()[0] == 221 and w.reply()[0] == 0


def test_half_closed_in_the_middle(shared, wire):
    w = wire(shared.smtp_port)
    w.send(ENVELOPE.replace(b"<b@", b"<cut@") +
           b"DATA\r\nSubject: s\r\n\r\nx\r\n")
    w.sock.shutdown(socket.SHUT_WR)
    assert w.replies(3) == [250, 250, 354]
    assert w.reply()[0] in (0, 421)
    serves(shared, "after-cut@to.test")
    assert "cut@to.test" not in recipients(shared)


def test_reset_in_content(shared, wire):
    for _ in range(50):
        w = wire(shared.smtp_port)
        w.send(ENVELOPE.replace(b"<b@", b"<reset@") + b"DATA\r\n" +
               b"x\r\n" * 1000)
        w.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                          struct.pack("ii", 1, 0))
        w.close()
    serves(shared, "after-reset@to.test")
    assert "reset@to.test" not in recipients(shared)


def test_reset_while_stored(shared, wire):
    for i in range(50):
        w = wire(shared.smtp_port)
        w.send(ENVELOPE + b"BDAT 18 LAST\r\nSubject: s\r\n\r\nxx\r\n")
        w.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                          struct.pack("ii", 1, 0))
        w.close()
    serves(shared, "after-resets@to.test")


def test_one_octet_too_many(shared, wire):
    """20 MiB are taken, one octet more is not, whichever way it comes."""
    limit = 20 << 20
    line = b"y" * 98 + b"\r\n"
    head = b"Subject: s\r\n\r\n"
    for more, chunked in ((0, False), (1, False), (0, True), (1, True)):
        w = wire(shared.smtp_port)
        room = limit + more - len(head)
        text = head + line * (room // 100)
        rest = room % 100
        text += b"y" * (rest - 2) + b"\r\n" if rest >= 2 else b""
        if rest == 1:
            text = text[:-2] + b"y\r\n"
        assert len(text) == limit + more
        w.send(ENVELOPE)
        assert w.replies(2) == [250, 250]
        if chunked:
            code = w.ask(b"BDAT %d LAST\r\n" % len(text) + text)[0]
        else:
            assert w.ask(b"DATA\r\n")[0] == 354
            code = w.ask(text + b".\r\n")[0]
        assert code == (552 if more else 250), (more, chunked)
        w.close()


@pytest.mark.parametrize("first", [
    b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", b"POST / HTTP/1.1\r\n\r\nEHLO x\r\n" + EVIL,
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + os.urandom(200),
    b"SSH-2.0-x\r\n", b"\x80\x2e\x01\x00\x02", os.urandom(64) + b"\r\n",
    b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"],
    ids=["get", "post", "tls", "ssh", "ssl2", "noise", "http2"])
def test_other_protocols_than_smtp(shared, first):
    with socket.create_connection(("127.0.0.1", shared.smtp_port), 5) as s:
        s.sendall(first)
        s.shutdown(socket.SHUT_WR)
        got = b""
        try:
            while True:
                part = s.recv(4096)
                if not part:
                    break
                got += part
        except ConnectionResetError:
            pass
    assert got.startswith(b"220 ") and b"\n250 " not in got
    assert "evil@to.test" not in recipients(shared)
