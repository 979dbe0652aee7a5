# SPDX-License-Identifier: Apache-2.0
"""A web server that does as its path says, well or badly, and remembers what
it was asked; and an authority whose certificates it can show."""

import http.server
import socket
import ssl
import struct
import subprocess
import threading


class Authority:
    """A certificate authority in a folder."""

    def __init__(self, folder):
        self.folder = folder
        self.file = str(folder / "ca.pem")
        self._openssl("req", "-x509", "-newkey", "ec", "-pkeyopt",
                      "ec_paramgen_curve:P-256", "-nodes", "-keyout",
                      "ca.key", "-out", "ca.pem", "-days", "2", "-subj",
                      "/CN=Test Authority")
        (folder / "ca.pem").chmod(0o644)

    def _openssl(self, *args):
        subprocess.run(["openssl", *args], check=True, capture_output=True,
                       cwd=self.folder)

    def context(self, *names):
        """A server's context with a certificate for these names."""
        stem = names[0].replace(":", "_")
        (self.folder / f"{stem}.ext").write_text(
            "subjectAltName=" + ",".join(names) + "\n")
        self._openssl("req", "-newkey", "ec", "-pkeyopt",
                      "ec_paramgen_curve:P-256", "-nodes", "-keyout",
                      f"{stem}.key", "-out", f"{stem}.csr", "-subj", "/CN=x")
        self._openssl("x509", "-req", "-in", f"{stem}.csr", "-CA", "ca.pem",
                      "-CAkey", "ca.key", "-CAcreateserial", "-days", "2",
                      "-extfile", f"{stem}.ext", "-out", f"{stem}.pem")
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.folder / f"{stem}.pem",
                                self.folder / f"{stem}.key")
        return context


class Request:
    def __init__(self, handler, body):
        self.method = handler.command
        self.path = handler.path
        self.fields = [(k, v) for k, v in handler.headers.items()]
        self.body = body
        self.connection = handler.connection_number

    def field(self, name):
        """All values of that name."""
        return [v for k, v in self.fields if k.lower() == name.lower()]


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def setup(self):
        with self.server.lock:
            self.server.connections += 1
            self.connection_number = self.server.connections
        super().setup()

    def handle(self):
        try:
            super().handle()
        except (OSError, ssl.SSLError):
            pass

    def log_message(self, *_):
        pass

    def answer(self):
        length = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(length)
        request = Request(self, body)
        with self.server.lock:
            self.server.requests.append(request)
        name = self.path.split("?")[0].strip("/").split("/")[0]
        action = self.server.actions.get(name)
        if action is None:
            self.reply(404, b"nothing here\n")
        else:
            action(self, request)

    do_GET = do_POST = do_PUT = answer

    def reply(self, status, body=b"", **fields):
        self.send_response(status)
        for name, value in fields.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def reset(self):
        """RST in place of an end."""
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                                   struct.pack("ii", 1, 0))
        self.wfile.flush()
        self.close_connection = True
        self.connection.close()

    def wait(self):
        """Until the test is over."""
        self.server.closing.wait(60)
        self.close_connection = True


class WebServer(http.server.ThreadingHTTPServer):
    """actions: first part of the path -> function of handler and request."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, actions, tls=None, address="127.0.0.1"):
        self.actions = actions
        self.requests = []
        self.connections = 0
        self.lock = threading.Lock()
        self.closing = threading.Event()
        self.tls = tls
        super().__init__((address, 0), Handler)
        self.port = self.server_address[1]
        threading.Thread(target=self.serve_forever, args=(0.02,),
                         daemon=True).start()

    def get_request(self):
        sock, address = super().get_request()
        return sock, address

    def finish_request(self, request, client_address):
        # The handshake is the connection's own thread's.
        if self.tls is not None:
            try:
                request = self.tls.wrap_socket(request, server_side=True)
            except (OSError, ssl.SSLError):
                return
        super().finish_request(request, client_address)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.closing.set()
        self.shutdown()
        self.server_close()
