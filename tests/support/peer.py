# SPDX-License-Identifier: Apache-2.0
"""A destination for tests that is told what to answer, and that remembers who
came from where, what was said, and how many were there at once."""

import socket
import threading
import time


class Session:
    def __init__(self, number, address):
        self.number = number
        self.address = address  # of the client
        self.commands = []
        self.replies = []
        self.certificate = None  # what the client showed
        self.began = time.monotonic()
        self.ended = None


class Message:
    def __init__(self, session, sender, recipients, content):
        self.session = session
        self.sender = sender
        self.recipients = recipients
        self.content = content  # dots undone, CRLF at the end
        self.time = time.monotonic()


class Peer:
    """answer(command, session) gives the reply's text (lines joined by \\n),
    None for the usual one, or "close". "connect" and "." are commands here
    too; LMTP asks ". RECIPIENT" for each one that was accepted. tls is an
    ssl.SSLContext for STARTTLS."""

    EHLO = ("PIPELINING", "8BITMIME", "SMTPUTF8", "ENHANCEDSTATUSCODES")

    def __init__(self, answer=None, address="127.0.0.1", port=0, lmtp=False,
                 ehlo=EHLO, delay=0, tls=None):
        self.answer = answer or (lambda command, session: None)
        self.lmtp = lmtp
        self.ehlo = ehlo + (("STARTTLS",) if tls else ())
        self.tls = tls
        self.delay = delay  # seconds before the reply to a content
        self.lock = threading.Lock()
        self.sessions = []
        self.messages = []
        self.open = self.most_open = 0
        self.socket = socket.create_server(
            (address, port), backlog=512,
            family=socket.AF_INET6 if ":" in address else socket.AF_INET)
        self.address, self.port = self.socket.getsockname()[:2]
        threading.Thread(target=self._serve, daemon=True).start()

    def close(self):
        try:
            self.socket.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        self.socket.close()

    def recipients(self):
        return [r for m in self.messages for r in m.recipients]

    def _serve(self):
        while True:
            try:
                connection, address = self.socket.accept()
            except OSError:
                return
            with self.lock:
                session = Session(len(self.sessions), address[0])
                self.sessions.append(session)
                self.open += 1
                self.most_open = max(self.open, self.most_open)
            threading.Thread(target=self._talk, daemon=True,
                             args=(connection, session)).start()

    def _talk(self, connection, session):
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            with connection, connection.makefile("rb") as lines:
                self._dialogue(connection, lines, session)
        except OSError:
            pass
        session.ended = time.monotonic()
        with self.lock:
            self.open -= 1

    def _say(self, connection, session, command, usual):
        text = self.answer(command, session) or usual
        session.replies.append(text)
        if text == "close":
            raise OSError("closed")
        lines = text.split("\n")
        connection.sendall(b"".join(
            (line[:3] + ("-" if n < len(lines) - 1 else " ") + line[4:] +
             "\r\n").encode() for n, line in enumerate(lines)))
        return text

    def _dialogue(self, connection, lines, session):
        def say(command, usual):
            return self._say(connection, session, command, usual)

        sender, recipients = None, []
        say("connect", "220 peer.test")
        while True:
            line = lines.readline()
            if not line:
                return
            command = line.decode(errors="replace").rstrip("\r\n")
            session.commands.append(command)
            verb = command.split(" ")[0].upper()
            if verb in ("EHLO", "LHLO"):
                if (verb == "LHLO") != self.lmtp:
                    say(command, "502 5.5.1 not here")
                    continue
                say(command, "\n".join(["250 peer.test"] +
                                       ["250 " + w for w in self.ehlo]))
            elif verb == "MAIL":
                if say(command, "250 2.1.0 ok").startswith("2"):
                    sender, recipients = command, []
            elif verb == "RCPT":
                if say(command, "250 2.1.5 ok").startswith("2"):
                    recipients.append(
                        command[command.index("<") + 1:command.rindex(">")])
            elif verb == "DATA":
                if not recipients:
                    say(command, "503 5.5.1 nobody")
                elif say(command, "354 go on").startswith("3"):
                    self._content(lines, say, session, sender, recipients)
                sender, recipients = None, []
            elif verb == "STARTTLS" and self.tls:
                say(command, "220 2.0.0 go on")
                connection = self.tls.wrap_socket(connection,
                                                  server_side=True)
                lines = connection.makefile("rb")
                session.certificate = connection.getpeercert()
            elif verb == "QUIT":
                say(command, "221 2.0.0 bye")
                return
            else:
                sender, recipients = None, []
                say(command, "250 2.0.0 ok")

    def _content(self, lines, say, session, sender, recipients):
        content = []
        while True:
            line = lines.readline()
            if not line:
                raise OSError("ended in the content")
            if line == b".\r\n":
                break
            content.append(line[1:] if line.startswith(b".") else line)
        if self.delay:
            # Slow on purpose, so that others have time to come beside it.
            time.sleep(self.delay)
        if self.lmtp:
            taken = [r for r in recipients
                     if say(". " + r, "250 2.0.0 taken").startswith("2")]
        else:
            taken = recipients if say(".", "250 2.0.0 taken").startswith(
                "2") else []
        if taken:
            with self.lock:
                self.messages.append(Message(session, sender, taken,
                                             b"".join(content)))


def refusing_port():
    """A port of 127.0.0.1 at which nobody listens, and the socket that keeps
    it so: bound, not listening."""
    s = socket.socket()
    s.bind(("127.0.0.1", 0))
    return s.getsockname()[1], s
