# SPDX-License-Identifier: Apache-2.0
"""Reception by SMTP: what clients may and may not do, what is recorded."""

import email
import os
import signal
import socket
import ssl
import sys

import pytest

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "support"))

from suite import wait_for  # noqa: E402

OPEN = b"EHLO client.test\r\n"
ENVELOPE = b"MAIL FROM:<a@from.test>\r\nRCPT TO:<b@to.test>\r\n"


class Wire:
    """A client that sends bytes as they are."""

    def __init__(self, port, greet=True):
        self.sock = socket.create_connection(("127.0.0.1", port), 10)
        self.file = self.sock.makefile("rb")
        if greet:
            assert self.reply()[0] == 220
            assert self.ask(OPEN)[0] == 250

    def send(self, data):
        self.sock.sendall(data)

    def reply(self):
        """(code, text) of one reply; (0, "") when the server has closed."""
        text = []
        while True:
            try:
                line = self.file.readline().decode()
            except ConnectionResetError:
                line = ""
            if not line:
                return 0, ""
            text.append(line[4:].rstrip("\r\n"))
            if line[3] == " ":
                return int(line[:3]), "\n".join(text)

    def greeting(self):
        """What EHLO is answered with."""
        assert self.reply()[0] == 220
        return self.ask(OPEN)[1]

    def ask(self, data):
        self.send(data)
        return self.reply()

    def replies(self, n):
        return [self.reply()[0] for _ in range(n)]

    def starttls(self, context=None):
        assert self.ask(b"STARTTLS\r\n")[0] == 220
        context = context or ssl._create_unverified_context()
        self.file.close()
        self.sock = context.wrap_socket(self.sock, server_hostname="ekiden.test")
        self.file = self.sock.makefile("rb")

    def close(self):
        self.file.close()
        self.sock.close()


@pytest.fixture
def wire():
    made = []

    def connect(port, **options):
        made.append(Wire(port, **options))
        return made[-1]

    yield connect
    for w in made:
        w.close()


def listener(**options):
    return {"listeners": [{"listen": "127.0.0.1:0", "hostname": "ekiden.test",
                           "relay_hosts": ["127.0.0.1"], **options}]}


def test_message_and_its_record(suite, wire):
    w = wire(suite.smtp_port)
    w.send(ENVELOPE + b"DATA\r\n")
    assert w.replies(3) == [250, 250, 354]
    code, text = w.ask(b"Subject: s\r\n\r\n..dot\r\n.\r\n")
    assert code == 250 and text.startswith("OK ids=")
    ids = text[len("OK ids="):].split(",")
    record = suite.wait_records(1, "Reception")[0]
    assert record["id"] == ids[0] and len(ids[0]) == 32
    assert record["sender"] == "a@from.test"
    assert record["recipient"] == "b@to.test"
    assert record["queue"] == "to.test" and record["site"] == ""
    assert record["response"]["code"] == 250
    assert record["peer_address"] == {"name": "client.test", "addr": "127.0.0.1"}
    assert record["reception_protocol"] == "ESMTP"
    assert record["session_id"]
    delivered = wait_for(suite.sink.messages)[0]
    message = email.message_from_bytes(delivered)
    assert "by ekiden.test" in message["Received"]
    assert ids[0] in message["Received"]
    assert message["X-KumoRef"]
    assert message.get_payload() == ".dot\r\n"
    # The sink puts two fields of its own in front.
    assert record["size"] == len(delivered.split(b"\r\n", 2)[2])


def test_recipients_of_one_transaction(suite, wire):
    w = wire(suite.smtp_port)
    w.send(b"MAIL FROM:<a@from.test>\r\nRCPT TO:<1@x.test>\r\n"
           b"RCPT TO:<2@x.test>\r\nRCPT TO:<3@y.test>\r\nDATA\r\n")
    assert w.replies(5) == [250] * 4 + [354]
    code, text = w.ask(b"Subject: s\r\n\r\nx\r\n.\r\n")
    assert code == 250 and len(text.split("=")[1].split(",")) == 3
    records = suite.wait_records(3, "Reception")
    assert sorted(r["recipient"] for r in records) == [
        "1@x.test", "2@x.test", "3@y.test"]
    wait_for(lambda: len(suite.sink.messages()) == 3)


def test_batch_by_domain(make_suite, sink, wire):
    suite = make_suite(listener(batch_handling="BatchByDomain"),
                       sink_port=sink.port).start()
    w = wire(suite.smtp_port)
    w.send(b"MAIL FROM:<a@from.test>\r\nRCPT TO:<1@x.test>\r\n"
           b"RCPT TO:<3@y.test>\r\nRCPT TO:<2@X.test>\r\nDATA\r\n")
    assert w.replies(5) == [250] * 4 + [354]
    assert w.ask(b"Subject: s\r\n\r\nx\r\n.\r\n")[0] == 250
    records = suite.wait_records(2, "Reception")
    assert [r["recipient"] for r in records] == [
        ["1@x.test", "2@X.test"], "3@y.test"]


@pytest.mark.parametrize("end", [b"\n.\n", b"\r\n.\n", b"\n.\r\n", b"\r.\r",
                                 b"\r\n.\r\r\n", b"\r\n\x00.\r\n"])
def test_smuggled_end_of_data(suite, wire, end):
    w = wire(suite.smtp_port)
    w.send(ENVELOPE + b"DATA\r\nSubject: s\r\n\r\nx" + end +
           b"MAIL FROM:<evil@from.test>\r\nRCPT TO:<evil@to.test>\r\n"
           b"DATA\r\nSubject: evil\r\n\r\nevil\r\n.\r\nNOOP\r\n")
    codes = w.replies(5)
    assert codes == [250, 250, 354, 550, 250]
    rejection = suite.wait_records(1, "Rejection")[0]
    assert rejection["response"]["code"] == 550
    assert rejection["response"]["command"] == "."
    assert suite.records("Reception") == []


def test_bare_line_ends_are_repaired(make_suite, sink, wire):
    suite = make_suite(listener(invalid_line_endings="Fix"),
                       sink_port=sink.port).start()
    w = wire(suite.smtp_port)
    w.send(ENVELOPE + b"DATA\r\nSubject: s\r\n\r\none\n.\ntwo\r\n.\r\n")
    assert w.replies(4) == [250, 250, 354, 250]
    body = wait_for(sink.messages)[0].split(b"\r\n\r\n", 1)[1]
    assert body == b"one\r\n.\r\ntwo\r\n"


def test_chunks(suite, wire):
    w = wire(suite.smtp_port)
    w.send(ENVELOPE + b"BDAT 14\r\nSubject: s\r\n\r\nBDAT 5\r\n.\r\n\r\n"
           b"BDAT 3 LAST\r\nx\r\n")
    assert w.replies(5) == [250] * 5
    body = wait_for(suite.sink.messages)[0].split(b"\r\n\r\n", 1)[1]
    assert body == b".\r\n\r\nx\r\n"


def test_chunks_out_of_order(suite, wire):
    w = wire(suite.smtp_port)
    # The octets of a refused chunk are not commands.
    w.send(b"BDAT 6\r\nQUIT\r\nNOOP\r\n")
    assert w.replies(2) == [503, 250]
    w.send(ENVELOPE + b"BDAT 1\r\nxDATA\r\nRCPT TO:<c@to.test>\r\n")
    assert w.replies(5) == [250, 250, 250, 503, 503]
    w.send(b"RSET\r\nBDAT 3 LAST\r\nabcNOOP\r\n")
    assert w.replies(3) == [250, 503, 250]
    assert w.ask(b"BDAT nonsense\r\n")[0] == 501
    assert w.reply()[0] == 0


def test_commands_behind_starttls(suite, wire):
    w = wire(suite.smtp_port)
    w.send(b"STARTTLS\r\nMAIL FROM:<evil@from.test>\r\n")
    assert w.reply()[0] == 421
    assert w.reply()[0] == 0


def test_tls(suite, wire):
    w = wire(suite.smtp_port)
    w.starttls()
    # What was said in clear does not count.
    assert w.ask(b"MAIL FROM:<a@from.test>\r\n")[0] == 503
    code, text = w.ask(OPEN)
    assert code == 250 and "STARTTLS" not in text
    w.send(ENVELOPE + b"DATA\r\n")
    assert w.replies(3) == [250, 250, 354]
    w.send(b"Subject: s\r\n\r\n" + b"x" * 70 * 1024 + b"\r\n.\r\n")
    assert w.reply()[0] == 500  # one line
    w.send(ENVELOPE + b"DATA\r\nSubject: s\r\n\r\n" + b"line\r\n" * 60000 +
           b".\r\n")
    assert w.replies(4) == [250, 250, 354, 250]
    record = suite.wait_records(1, "Reception")[0]
    assert record["tls_protocol_version"] == w.sock.version()
    assert record["tls_cipher"] == w.sock.cipher()[0]
    message = email.message_from_bytes(wait_for(suite.sink.messages)[0])
    assert "with ESMTPS" in message["Received"]


def test_tls_cut_in_content(suite, wire):
    w = wire(suite.smtp_port)
    w.starttls()
    assert w.ask(OPEN)[0] == 250
    w.send(ENVELOPE + b"DATA\r\n")
    assert w.replies(3) == [250, 250, 354]
    w.send(b"Subject: s\r\n\r\n")
    clear = w.sock.unwrap()
    try:
        clear.sendall(b"x\r\n.\r\n")
        assert clear.recv(100) == b""
    except (ConnectionResetError, BrokenPipeError):
        pass
    clear.close()
    assert suite.records("Reception") == []


def test_relaying(make_suite, sink, wire):
    suite = make_suite({**listener(relay_hosts=[]), "domains": {
        "in.test": {"relay_to": True},
        "out.test": {"relay_from": ["127.0.0.0/8"]}}},
        sink_port=sink.port).start()
    w = wire(suite.smtp_port)
    w.send(ENVELOPE + b"RCPT TO:<x@IN.test>\r\nRSET\r\n"
           b"MAIL FROM:<a@out.test>\r\nRCPT TO:<b@to.test>\r\n")
    assert w.replies(6) == [250, 550, 250, 250, 250, 250]
    rejection = suite.wait_records(1, "Rejection")[0]
    assert rejection["response"]["content"] == "relaying not permitted"
    assert rejection["response"]["enhanced_code"] == {
        "class": 5, "subject": 7, "detail": 1}
    assert rejection["response"]["command"] == "RCPT TO:<b@to.test>"
    assert rejection["recipient"] == "b@to.test" and rejection["id"] == ""


def test_limits(make_suite, sink, wire):
    suite = make_suite(listener(max_message_size=20000,
                                max_recipients_per_message=2),
                       sink_port=sink.port).start()
    w = wire(suite.smtp_port)
    assert w.ask(b"MAIL FROM:<a@from.test> SIZE=20001\r\n")[0] == 552
    w.send(ENVELOPE + b"RCPT TO:<c@to.test>\r\nRCPT TO:<d@to.test>\r\n")
    assert w.replies(4) == [250, 250, 250, 452]
    assert w.ask(b"DATA\r\n")[0] == 354
    w.send(b"Subject: s\r\n\r\n" + b"line\r\n" * 4000 + b".\r\n")
    assert w.reply()[0] == 552
    w.send(ENVELOPE + b"DATA\r\n")
    assert w.replies(3) == [250, 250, 354]
    w.send(b"Received: x\r\n" * 101 + b"\r\nx\r\n.\r\n")
    assert w.reply()[0] == 554
    w.send(b"N" * 5000 + b"\r\nNOOP\r\n")
    assert w.replies(2) == [500, 250]


def test_line_without_end_takes_no_memory(suite, wire):
    w = wire(suite.smtp_port)
    w.send(ENVELOPE + b"DATA\r\n")
    assert w.replies(3) == [250, 250, 354]
    before = suite.resident_kb()
    piece = b"x" * (1 << 20)
    try:
        for _ in range(1024):
            w.send(piece)
    except (BrokenPipeError, ConnectionResetError):
        pass
    assert w.reply()[0] in (552, 0)
    assert suite.resident_kb() - before < 16 * 1024


@pytest.mark.parametrize("first", [b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
                                   b"\x16\x03\x01\x02\x00\x01\x00"])
def test_other_protocols(suite, wire, first):
    w = wire(suite.smtp_port, greet=False)
    assert w.reply()[0] == 220
    assert w.ask(first) == (500, "5.5.1 This is an SMTP server")
    assert w.reply()[0] == 0


def test_proxy(make_suite, sink, wire):
    suite = make_suite(listener(require_proxy_protocol=True,
                                relay_hosts=["192.0.2.7"]),
                       sink_port=sink.port).start()
    w = wire(suite.smtp_port, greet=False)
    w.send(b"EHLO client.test\r\n")
    assert w.reply()[0] == 0
    w = wire(suite.smtp_port, greet=False)
    w.send(b"PROXY TCP4 192.0.2.7 192.0.2.1 4711 25\r\n")
    assert w.reply()[0] == 220
    w.send(OPEN + ENVELOPE + b"DATA\r\nSubject: s\r\n\r\nx\r\n.\r\n")
    assert w.replies(5) == [250, 250, 250, 354, 250]
    record = suite.wait_records(1, "Reception")[0]
    assert record["peer_address"]["addr"] == "192.0.2.7"


def test_xclient(make_suite, sink, wire):
    suite = make_suite(listener(peer={
        "127.0.0.1": {"allow_xclient": True},
        "192.0.2.0/24": {"relay_hosts": ["192.0.2.9"]}}),
        sink_port=sink.port).start()
    w = wire(suite.smtp_port)
    assert w.ask(b"XCLIENT ADDR=192.0.2.8 PORT=9\r\n")[0] == 220
    w.send(OPEN + ENVELOPE)
    assert w.replies(3) == [250, 250, 550]
    # The client that it is now has no such right.
    assert w.ask(b"RSET\r\n")[0] == 250
    assert w.ask(b"XCLIENT ADDR=192.0.2.9\r\n")[0] == 550


def test_stop_finishes_what_began(suite, wire):
    idle = wire(suite.smtp_port)
    busy = wire(suite.smtp_port)
    busy.send(ENVELOPE + b"DATA\r\n")
    assert busy.replies(3) == [250, 250, 354]
    suite.process.send_signal(signal.SIGTERM)
    assert idle.reply()[0] == 421
    busy.send(b"Subject: s\r\n\r\nx\r\n.\r\n")
    assert busy.reply()[0] == 250
    assert busy.reply()[0] == 421
    assert suite.process.wait(30) == 0
    assert len(suite.records("Reception")) == 1


def test_writer_dies_under_a_message(suite, wire):
    w = wire(suite.smtp_port)
    w.send(ENVELOPE + b"DATA\r\n")
    assert w.replies(3) == [250, 250, 354]
    pid = suite.signal("spoold", signal.SIGSTOP)
    w.send(b"Subject: s\r\n\r\nx\r\n.\r\n")
    w.sock.settimeout(0.5)
    with pytest.raises(TimeoutError):
        w.sock.recv(1)
    w.sock.settimeout(20)
    w.file = w.sock.makefile("rb")
    # Its successor is given the message again.
    os.kill(pid, signal.SIGKILL)
    assert w.reply()[0] == 250
    wait_for(suite.sink.messages)


def test_reload(suite, wire):
    old = wire(suite.smtp_port)
    config = suite.config
    config["listeners"][0]["max_message_size"] = 12345
    suite.configure(config)
    assert "complete" in suite.reload()
    # A session keeps what it began with.
    assert "SIZE 20971520" in old.ask(OPEN)[1]
    assert "SIZE 12345" in wire(suite.smtp_port, greet=False).greeting()
    old.send(ENVELOPE + b"DATA\r\nSubject: s\r\n\r\nx\r\n.\r\n")
    assert old.replies(4) == [250, 250, 354, 250]


@pytest.mark.parametrize("config, words", [
    (listener(deferred_queue=True), "deferred_queue"),
    ({"domains": {"in.test": {"log_oob": "LogThenRelay"}}}, "log_oob")])
def test_refused_options(make_suite, config, words):
    with pytest.raises(AssertionError) as error:
        make_suite(config).start()
    assert words in str(error.value)
