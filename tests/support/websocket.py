# SPDX-License-Identifier: Apache-2.0
"""A WebSocket server that pushes frames, written by hand so that they can be
wrong, too."""

import base64
import hashlib
import socket
import ssl
import struct
import threading

GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
TEXT, BINARY, MORE, CLOSE, PING, PONG = 1, 2, 0, 8, 9, 10


def frame(opcode, payload=b"", fin=True, mask=False, length=None):
    length = len(payload) if length is None else length
    head = bytes([(0x80 if fin else 0) | opcode])
    bit = 0x80 if mask else 0
    if length < 126:
        head += bytes([bit | length])
    elif length < 65536:
        head += bytes([bit | 126]) + struct.pack(">H", length)
    else:
        head += bytes([bit | 127]) + struct.pack(">Q", length)
    if mask:
        head += b"\0\0\0\0"
    return head + payload


class Session:
    def __init__(self, server, sock):
        self.server = server
        self.sock = sock
        self.file = sock.makefile("rb")
        self.path = ""
        self.fields = {}
        self.frames = []   # (opcode, payload) of the client
        self.ended = threading.Event()

    def send(self, *args, **kwargs):
        self.sock.sendall(frame(*args, **kwargs))

    def raw(self, data):
        self.sock.sendall(data)

    def handshake(self):
        self.path = self.file.readline().split(b" ")[1].decode()
        while True:
            line = self.file.readline().strip()
            if not line:
                break
            name, value = line.split(b":", 1)
            self.fields[name.decode().lower()] = value.strip().decode()

    def accept(self, *more):
        key = self.fields["sec-websocket-key"].encode()
        digest = base64.b64encode(hashlib.sha1(key + GUID).digest())
        self.raw(b"\r\n".join((
            b"HTTP/1.1 101 Switching Protocols", b"Upgrade: websocket",
            b"Connection: Upgrade", b"X-Server: Test",
            b"Sec-WebSocket-Accept: " + digest, *more, b"", b"")))

    def receive(self):
        """The client's next frame, or None at its end."""
        head = self.file.read(2)
        if len(head) < 2:
            return None
        assert head[1] & 0x80, "a client masks its frames"
        length = head[1] & 0x7f
        assert length < 126
        mask = self.file.read(4)
        payload = bytes(b ^ mask[i % 4]
                        for i, b in enumerate(self.file.read(length)))
        self.frames.append((head[0] & 15, payload))
        return self.frames[-1]

    def drain(self):
        while self.receive() is not None:
            pass
        self.ended.set()


class WebSocketServer:
    """actions: path -> function of a session whose head was read."""

    def __init__(self, actions, tls=None):
        self.actions = actions
        self.tls = tls
        self.sessions = []
        self.closing = threading.Event()
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.closing.set()
        self.listener.close()

    def _accept(self):
        while True:
            try:
                sock, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(sock,),
                             daemon=True).start()

    def _serve(self, sock):
        session = None
        try:
            if self.tls is not None:
                sock = self.tls.wrap_socket(sock, server_side=True)
            session = Session(self, sock)
            session.handshake()
            self.sessions.append(session)
            self.actions[session.path.split("?")[0]](session)
        except (OSError, ssl.SSLError):
            pass
        finally:
            if session is not None:
                session.ended.set()
            try:
                sock.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
            sock.close()
