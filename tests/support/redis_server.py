# SPDX-License-Identifier: Apache-2.0
"""A real redis-server on a port of the kernel's choice, with a folder of its
own; clusters of them; and servers that only look like one."""

import os
import shutil
import socket
import subprocess
import threading

from suite import temporary_folder, wait_for


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Redis:
    def __init__(self, *options, port=None, tls=None):
        self.folder = temporary_folder()
        self.options = options
        self.tls = tls
        self.fixed = port
        self.process = None
        self.start()

    def start(self):
        """On the port it had, if it had one."""
        for _ in range(5):
            self.port = self.fixed or free_port()
            port = ["--port", str(self.port)]
            if self.tls:
                port = ["--port", "0", "--tls-port", str(self.port),
                        "--tls-cert-file", self.tls[0], "--tls-key-file",
                        self.tls[1], "--tls-auth-clients", "no"]
            self.process = subprocess.Popen(
                ["redis-server", *port, "--bind", "127.0.0.1", "--dir",
                 self.folder, "--save", "", "--appendonly", "no",
                 "--daemonize", "no", *self.options],
                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            try:
                wait_for(self.is_up, 10)
                break
            except AssertionError:  # somebody took the port
                self.stop()
        self.fixed = self.port
        return self

    def is_up(self):
        assert self.process.poll() is None
        try:
            socket.create_connection(("127.0.0.1", self.port), 1).close()
            return True
        except OSError:
            return False

    @property
    def url(self):
        return f"redis://127.0.0.1:{self.port}/"

    def cli(self, *words):
        extra = ["--tls", "--insecure"] if self.tls else []
        return subprocess.run(
            ["redis-cli", "-p", str(self.port), *extra, *words], check=True,
            capture_output=True, text=True).stdout.strip()

    def stop(self):
        if self.process is not None and self.process.poll() is None:
            self.process.kill()
        if self.process is not None:
            self.process.wait()
        self.process = None

    def close(self):
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)


class Cluster:
    """Three primaries, and a replica of the first."""

    def __init__(self):
        self.nodes = []
        for _ in range(4):
            # The bus takes a port of its own, which must be free too.
            self.nodes.append(Redis(
                "--cluster-enabled", "yes", "--cluster-port",
                str(free_port()), "--cluster-node-timeout", "2000",
                "--cluster-config-file", "nodes.conf"))
        subprocess.run(
            ["redis-cli", "--cluster", "create",
             *[f"127.0.0.1:{n.port}" for n in self.nodes[:3]],
             "--cluster-yes"], check=True, capture_output=True)
        for n in self.nodes[:3]:
            wait_for(lambda n=n: "cluster_state:ok" in
                     n.cli("cluster", "info"))
        first, replica = self.nodes[0], self.nodes[3]
        bus = first.cli("config", "get", "cluster-port").split()[-1]
        replica.cli("cluster", "meet", "127.0.0.1", str(first.port), bus)
        name = first.cli("cluster", "myid")
        wait_for(lambda: name in replica.cli("cluster", "nodes"))
        wait_for(lambda: replica.cli("cluster", "replicate", name) == "OK")
        wait_for(lambda: "master_link_status:up" in
                 replica.cli("info", "replication"))
        wait_for(lambda: all(str(replica.port) in n.cli("cluster", "slots")
                             for n in self.nodes))

    def close(self):
        for n in self.nodes:
            n.close()


class Fake:
    """Accepts connections and gives each to a function of its own thread."""

    def __init__(self, serve):
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        self.serve = serve
        self.open = []
        threading.Thread(target=self.run, daemon=True).start()

    def run(self):
        while True:
            try:
                conn, _ = self.socket.accept()
            except OSError:
                return
            self.open.append(conn)
            threading.Thread(target=self.one, args=(conn,),
                             daemon=True).start()

    def one(self, conn):
        try:
            self.serve(conn)
        except OSError:
            pass

    @property
    def url(self):
        return f"redis://127.0.0.1:{self.port}/"

    def close(self):
        # The thread that accepts would keep it open.
        self.socket.shutdown(socket.SHUT_RDWR)
        self.socket.close()
        for conn in self.open:
            conn.close()
