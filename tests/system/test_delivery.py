# SPDX-License-Identifier: Apache-2.0
"""Delivery by the whole suite: to a sink, under TLS, by LMTP, into maildirs,
and what the records say of it."""

import glob
import os
import socket
import ssl
import subprocess
import sys
import threading

import pytest

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "support"))

from suite import temporary_folder, wait_for  # noqa: E402


class Peer:
    """An SMTP server that answers as it is told: a map from the beginning of
    a command to a reply; "." is the end of content."""

    def __init__(self, answers=None, context=None):
        self.answers = answers or {}
        self.context = context
        self.commands = []
        self.contents = []
        self.sock = socket.create_server(("127.0.0.1", 0))
        self.port = self.sock.getsockname()[1]
        threading.Thread(target=self.serve, daemon=True).start()

    def close(self):
        self.sock.close()

    def serve(self):
        while True:
            try:
                conn, _ = self.sock.accept()
            except OSError:
                return
            threading.Thread(target=self.talk, args=(conn,),
                             daemon=True).start()

    def answer(self, line, otherwise):
        for start, reply in self.answers.items():
            if line.upper().startswith(start.upper()):
                return reply
        return otherwise

    def talk(self, conn):
        try:
            self.dialogue(conn)
        except OSError:
            pass
        finally:
            conn.close()

    def dialogue(self, conn):
        file = conn.makefile("rb")
        secure = False
        accepted = 0

        def say(text):
            conn.sendall(text.replace("\n", "\r\n").encode() + b"\r\n")

        say(self.answer("connect", "220 peer.test"))
        while True:
            line = file.readline().decode(errors="replace").rstrip("\r\n")
            if not line:
                return
            self.commands.append(line)
            verb = line.split(" ")[0].upper()
            if verb in ("EHLO", "LHLO"):
                tls = "250-STARTTLS\n" if self.context and not secure else ""
                say(self.answer(line, "250-peer.test\n250-PIPELINING\n" + tls +
                                "250 8BITMIME"))
                accepted = 0
            elif verb == "STARTTLS":
                say("220 go on")
                conn = self.context.wrap_socket(conn, server_side=True)
                file = conn.makefile("rb")
                secure = True
            elif verb == "RCPT":
                reply = self.answer(line, "250 2.1.5 ok")
                accepted += reply.startswith("2")
                say(reply)
            elif verb == "DATA" and accepted:
                say("354 go on")
                content = b""
                while not (b"\r\n" + content).endswith(b"\r\n.\r\n"):
                    part = file.readline()
                    if not part:
                        return
                    content += part
                self.contents.append(content)
                lmtp = any(c.startswith("LHLO") for c in self.commands)
                for _ in range(accepted if lmtp else 1):
                    say(self.answer(".", "250 2.0.0 taken"))
                accepted = 0
            elif verb == "DATA":
                say("503 5.5.1 nobody")
            elif verb == "QUIT":
                say("221 bye")
                return
            else:
                accepted = 0 if verb in ("MAIL", "RSET") else accepted
                say(self.answer(line, "250 ok"))


def to(port, **path):
    return {"paths": {"*": {"prohibited_hosts": [], **path}},
            "queues": {"*": {"protocol": {"smtp": {
                "mx_list": [f"127.0.0.1:{port}"]}}}}}


@pytest.fixture
def peer():
    made = []

    def make(*args, **kwargs):
        made.append(Peer(*args, **kwargs))
        return made[-1]

    yield make
    for p in made:
        p.close()


def test_delivered_and_recorded(suite):
    suite.send(text="Subject: t\r\n\r\n.dot\r\nHello\r\n")
    record = suite.wait_records(1, "Delivery")[0]
    assert record["response"]["code"] == 250
    assert record["response"]["command"] == "."
    assert record["delivery_protocol"] == "ESMTP"
    assert record["peer_address"]["addr"] == "127.0.0.1"
    assert record["source_address"]["address"].startswith("127.0.0.1:")
    assert record["site"].endswith("@smtp_client")
    assert record["recipient"] == "user@to.test"
    wait_for(suite.sink.messages)
    assert b"\r\n.dot\r\nHello\r\n" in suite.sink.messages()[0]


@pytest.mark.parametrize("answers,kind,code", [
    ({"MAIL": "550 5.7.1 no"}, "Bounce", 550),
    ({"RCPT": "450 4.2.1 busy"}, "TransientFailure", 450),
    ({".": "554 5.6.0 no"}, "Bounce", 554),
    ({".": "421 4.3.2 later"}, "TransientFailure", 421),
    ({"connect": "554 go away"}, "TransientFailure", 400),
])
def test_refusals(make_suite, peer, answers, kind, code):
    p = peer(answers)
    suite = make_suite(to(p.port)).start()
    suite.send()
    record = suite.wait_records(1, kind)[0]
    assert record["response"]["code"] == code
    assert not suite.records("Delivery")


def test_connection_is_reused(make_suite, peer):
    p = peer()
    suite = make_suite(to(p.port, connection_limit=1)).start()
    for _ in range(5):
        suite.send()
    suite.wait_records(5, "Delivery")
    hellos = [c for c in p.commands if c.startswith("EHLO")]
    assert len(hellos) < 5
    assert "RSET" in p.commands


def test_prohibited_by_default(make_suite, peer):
    p = peer()
    config = to(p.port)
    config["paths"] = {"*": {"smtp_port": 25}}
    suite = make_suite(config).start()
    suite.send()
    record = suite.wait_records(1, "Bounce")[0]
    assert record["response"]["code"] == 550
    assert record["response"]["enhanced_code"] == {
        "class": 5, "subject": 4, "detail": 4}
    assert not p.commands


@pytest.fixture(scope="module")
def certificate():
    folder = temporary_folder()
    cert, key = os.path.join(folder, "cert"), os.path.join(folder, "key")
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                    "ec_paramgen_curve:P-256", "-nodes", "-keyout", key,
                    "-out", cert, "-days", "2", "-subj", "/CN=peer.test",
                    "-addext", "subjectAltName=IP:127.0.0.1"],
                   check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert, key)
    return context


@pytest.mark.parametrize("mode,kind,secure", [
    ("OpportunisticInsecure", "Delivery", True),
    ("RequiredInsecure", "Delivery", True),
    ("Disabled", "Delivery", False),
    ("Opportunistic", "TransientFailure", False),
    ("Required", "TransientFailure", False),
])
def test_tls(make_suite, peer, certificate, mode, kind, secure):
    p = peer(context=certificate)
    suite = make_suite(to(p.port, enable_tls=mode)).start()
    suite.send()
    record = suite.wait_records(1, kind)[0]
    assert ("tls_protocol_version" in record) == secure
    if secure:
        assert record["tls_protocol_version"].startswith("TLSv1.")
        assert record["tls_peer_subject_name"] == ["CN=peer.test"]


def test_lmtp_each_its_own(make_suite, peer):
    p = peer({"RCPT TO:<b@": "550 5.1.1 unknown"})
    config = to(p.port, use_lmtp=True)
    config["listeners"] = [{"listen": "127.0.0.1:0",
                            "relay_hosts": ["127.0.0.1"],
                            "batch_handling": "BatchByDomain"}]
    suite = make_suite(config).start()
    suite.send(recipients=["a@to.test", "b@to.test"])
    assert suite.wait_records(1, "Delivery")[0]["recipient"] == "a@to.test"
    assert suite.wait_records(1, "Bounce")[0]["recipient"] == "b@to.test"
    assert p.commands[0].startswith("LHLO ")


def test_maildir(make_suite):
    folder = temporary_folder()
    os.chmod(folder, 0o777)
    suite = make_suite(to(1))
    suite.config["queues"] = {"*": {"protocol": {
        "maildir_path": folder + "/{{ domain_part }}/{{ local_part }}"}}}
    suite.configure(suite.config)
    suite.start()
    suite.send()
    record = suite.wait_records(1, "Delivery")[0]
    assert record["delivery_protocol"] == "Maildir"
    assert record["response"]["code"] == 200
    files = glob.glob(folder + "/to.test/user/new/*")
    assert len(files) == 1
    with open(files[0], "rb") as f:
        assert f.read().endswith(b"Hello\r\n")
