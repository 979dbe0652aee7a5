# SPDX-License-Identifier: Apache-2.0
"""An SMTP server that does as it is told: well-behaved by default, and at each
phase as hostile as a test wants it."""

import socket
import threading
import time

PHASES = ("BANNER", "EHLO", "STARTTLS", "TLS", "MAIL", "RCPT", "DATA", "DOT",
          "RSET", "QUIT")

GOOD = {
    "BANNER": b"220 mx.test ESMTP\r\n",
    "EHLO": b"250-mx.test\r\n250-PIPELINING\r\n250 8BITMIME\r\n",
    "STARTTLS": b"220 go\r\n",
    "MAIL": b"250 2.1.0 ok\r\n", "RCPT": b"250 2.1.5 ok\r\n",
    "DATA": b"354 go\r\n", "DOT": b"250 2.0.0 taken\r\n",
    "RSET": b"250 ok\r\n", "QUIT": b"221 bye\r\n",
}


class Closed(Exception):
    pass


class ScriptedMx:
    """mx.on(phase, what): what is bytes to answer with; a function of the
    connection, which may send and wait as it likes and then returns bytes or
    raises Closed; or None for the good answer."""

    def __init__(self, ehlo=None, tls=None):
        self.replies = dict(GOOD)
        if ehlo is not None:
            self.replies["EHLO"] = ehlo
        self.good = dict(self.replies)
        self.tls = tls  # an ssl.SSLContext
        self.seen = []
        self.messages = []
        self.connections = 0
        self.open = 0
        self.closing = threading.Event()
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def on(self, phase, what):
        self.replies[phase] = self.good[phase] if what is None else what
        return self

    def count(self, phase):
        return self.seen.count(phase)

    def close(self):
        self.closing.set()
        self.listener.close()

    def _accept(self):
        while True:
            try:
                sock, _ = self.listener.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self._serve, args=(sock,),
                             daemon=True).start()

    def _serve(self, sock):
        self.open += 1
        try:
            Connection(self, sock).run()
        except (OSError, Closed):
            pass
        finally:
            self.open -= 1
            try:
                sock.close()
            except OSError:
                pass


class Connection:
    def __init__(self, mx, sock):
        self.mx = mx
        self.sock = sock
        self.secure = False
        self.file = sock.makefile("rb")

    def send(self, data):
        self.sock.sendall(data)

    def wait(self, seconds):
        """Until then, or the end of the test, or the client's end."""
        end = time.monotonic() + seconds
        self.sock.settimeout(0.2)
        while time.monotonic() < end and not self.mx.closing.is_set():
            try:
                if self.sock.recv(65536) == b"":
                    break
            except TimeoutError:
                continue
        raise Closed

    def flood(self, data, limit):
        """So much of the same, while the client takes it; gives the bytes."""
        sent = 0
        self.sock.settimeout(30)
        while sent < limit and not self.mx.closing.is_set():
            self.sock.sendall(data)
            sent += len(data)
        raise Closed

    def drip(self, data, every):
        """A byte at a time, slowly on purpose: until the test is over."""
        for i in range(len(data)):
            self.sock.sendall(data[i:i + 1])
            if self.mx.closing.wait(every):
                break
        raise Closed

    def answer(self, phase):
        self.mx.seen.append(phase)
        what = self.mx.replies[phase]
        if callable(what):
            what = what(self)
        if what:
            self.send(what)

    def line(self):
        line = self.file.readline()
        if not line:
            raise Closed
        return line.rstrip(b"\r\n")

    def content(self):
        lines = []
        while True:
            line = self.file.readline()
            if not line:
                raise Closed
            if line == b".\r\n":
                break
            lines.append(line[1:] if line.startswith(b".") else line)
        self.mx.messages.append(b"".join(lines))

    def run(self):
        self.answer("BANNER")
        while True:
            word = self.line().split(b" ")[0].split(b":")[0].upper().decode(
                "latin-1")
            if word == "HELO":
                word = "EHLO"
            if word not in self.mx.replies:
                self.send(b"500 what\r\n")
                continue
            self.answer(word)
            if word == "QUIT":
                return
            if word == "STARTTLS":
                self.sock = self.mx.tls.wrap_socket(self.sock, server_side=True)
                self.file = self.sock.makefile("rb")
                self.secure = True
            if word == "DATA" and (callable(self.mx.replies["DATA"]) or
                                   self.mx.replies["DATA"][:1] == b"3"):
                self.content()
                self.answer("DOT")
