# SPDX-License-Identifier: Apache-2.0
"""The real suite in a temporary folder, for tests: started on a port of the
kernel's choice, looked at by its logs, hurt by signals, stopped in order."""

import glob
import json
import os
import re
import shutil
import signal
import smtplib
import socket
import subprocess
import tempfile
import threading
import time

import zstandard

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.environ.get("EKIDEN_BUILD", os.path.join(ROOT, "build"))
# Under a sanitizer memory says nothing and the system call filter is off.
SANITIZED = os.path.basename(BUILD) == "asan"
# Plain numbers, one for each role: no accounts are needed on the machine.
USERS = "61100-61120"
START_TIMEOUT = 30


def wait_for(what, timeout=15, every=0.02):
    """The first true value of what(); fails with its last value otherwise."""
    end = time.monotonic() + timeout
    while True:
        value = what()
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError(f"waited {timeout} s in vain; last value {value!r}")
        time.sleep(every)


def wait_read(sock):
    """Until the peer of this TCP connection, on this machine, has read all that
    was sent to it: its receive queue is empty."""
    here, there = sock.getsockname(), sock.getpeername()
    ends = [f"{bytes(reversed(socket.inet_aton(a))).hex().upper()}:{p:04X}"
            for a, p in (there, here)]

    def is_read():
        with open("/proc/net/tcp") as f:
            for line in f:
                fields = line.split()
                if fields[1:3] == ends:
                    return int(fields[4].split(":")[1], 16) == 0
        return True
    wait_for(is_read, every=0.0005)


def temporary_folder():
    path = tempfile.mkdtemp(prefix="ekiden-test-")
    # The roles have accounts of their own and must find their way.
    os.chmod(path, 0o755)
    return path


class Sink:
    """The counting SMTP sink as a destination."""

    def __init__(self, *options):
        self.folder = temporary_folder()
        self.ledger = os.path.join(self.folder, "ledger")
        self.store = os.path.join(self.folder, "messages")
        os.mkdir(self.store)
        command = [os.path.join(BUILD, "bench", "smtp-sink"), "--listen",
                   "127.0.0.1:0", "--ledger", self.ledger]
        if "--no-store" in options:
            options = [o for o in options if o != "--no-store"]
        else:
            command += ["--store", self.store]
        self.process = subprocess.Popen(command + list(options), text=True,
                                        stdout=subprocess.PIPE)
        self.port = int(self.process.stdout.readline().rsplit(":", 1)[1])

    def lines(self):
        try:
            with open(self.ledger) as f:
                return [line.rstrip("\n") for line in f if line.endswith("\n")]
        except FileNotFoundError:
            return []

    def messages(self):
        found = []
        for path in sorted(glob.glob(os.path.join(self.store, "*.eml"))):
            with open(path, "rb") as f:
                found.append(f.read())
        return found

    def close(self):
        if self.process.poll() is None:
            self.process.terminate()
            self.process.wait(10)
        self.process.stdout.close()
        shutil.rmtree(self.folder, ignore_errors=True)


class Suite:
    def __init__(self, config=None, policy=None, sink_port=None, files=None):
        self.folder = temporary_folder()
        self.config_dir = os.path.join(self.folder, "etc")
        self.spool = os.path.join(self.folder, "spool")
        self.logs = os.path.join(self.folder, "log")
        os.mkdir(self.config_dir, 0o755)
        self.process = None
        self.stderr = []
        self.times = []  # when each line of it came
        self.ports = []
        self.policy = None
        self.arguments = []
        for name, text in (files or {}).items():
            self.write(name, text)
        if policy is not None:
            self.policy = self.write("init.lua", policy)
        else:
            self.configure(self.defaults(sink_port, config or {}))
            return
        if config is not None:
            self.configure(config)

    def defaults(self, sink_port, over):
        config = {
            "listeners": [{"listen": "127.0.0.1:0",
                           "relay_hosts": ["127.0.0.1"],
                           "hostname": "ekiden.test"}],
            "spool": {"path": self.spool, "map_size": "4 GiB",
                      "min_free_space": 0, "min_free_inodes": 0},
            "logs": [{"log_dir": self.logs, "min_free_space": 0,
                      "min_free_inodes": 0}],
            "paths": {"*": {"prohibited_hosts": []}},
        }
        if sink_port is not None:
            config["queues"] = {"*": {"protocol": {"smtp": {
                "mx_list": [f"127.0.0.1:{sink_port}"]}}}}
        for key, value in over.items():
            if isinstance(value, dict) and isinstance(config.get(key), dict):
                config[key] = {**config[key], **value}
            else:
                config[key] = value
        return config

    def write(self, name, text):
        path = os.path.join(self.config_dir, name)
        with open(path + "~", "w") as f:
            f.write(text)
        os.chmod(path + "~", 0o644)
        # A loader that is at it reads the old one or the new one.
        os.replace(path + "~", path)
        return path

    def configure(self, config):
        """JSON is YAML too."""
        self.config = config
        self.write("ekiden.yaml", json.dumps(config, indent=2) + "\n")

    # ---- life -------------------------------------------------------------

    def command(self):
        command = [os.path.join(BUILD, "bin", "ekiden"), "run", "--config",
                   self.config_dir]
        if self.policy:
            command += ["--policy", self.policy]
        if os.geteuid() == 0:
            command += ["--user", USERS]
        return command + self.arguments

    def start(self, env=None, wait=True):
        self.ports = []
        self.complete = threading.Event()
        first = len(self.stderr)
        self.process = subprocess.Popen(
            self.command(), stderr=subprocess.PIPE, text=True,
            env={**os.environ, **(env or {})}, errors="replace")
        self.reader = threading.Thread(target=self._read, daemon=True,
                                       args=(self.process,))
        self.reader.start()
        if wait:
            end = time.monotonic() + START_TIMEOUT
            while not self.complete.wait(0.02):
                if self.process.poll() is not None:
                    self.reader.join(5)
                    raise AssertionError("the suite did not start:\n" +
                                         "\n".join(self.stderr[first:]))
                if time.monotonic() > end:
                    raise AssertionError("the suite starts too slowly:\n" +
                                         "\n".join(self.stderr[first:]))
        return self

    def _read(self, process):
        for line in process.stderr:
            line = line.rstrip("\n")
            self.stderr.append(line)
            self.times.append(time.time())
            found = re.match(r"smtp listener on .*:(\d+)$", line)
            if found:
                self.ports.append(int(found.group(1)))
            if line == "initialization complete":
                self.complete.set()

    @property
    def smtp_port(self):
        return self.ports[0]

    def stop(self, timeout=60):
        """Orderly; gives the exit status."""
        if self.process is None:
            return None
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        status = self.process.wait(timeout)
        self.reader.join(5)
        self.process.stderr.close()
        self.process = None
        return status

    def kill(self):
        """Everything at once, as a power cut of processes."""
        self.process.kill()
        self.process.wait()
        self.reader.join(10)
        self.process.stderr.close()
        self.process = None

    def reload(self):
        seen = len(self.stderr)
        self.process.send_signal(signal.SIGHUP)
        return wait_for(lambda: [line for line in self.stderr[seen:]
                                 if "reload complete" in line or
                                 "reload failed" in line])[0]

    def close(self):
        try:
            if self.process is not None:
                try:
                    self.stop(30)
                except subprocess.TimeoutExpired:
                    self.kill()
        finally:
            shutil.rmtree(self.folder, ignore_errors=True)

    # ---- processes --------------------------------------------------------

    def processes(self):
        """(role, pid) of all daemons, in order of start."""
        found = []
        with open(f"/proc/{self.process.pid}/task/{self.process.pid}/children") as f:
            pids = f.read().split()
        for pid in pids:
            try:
                with open(f"/proc/{pid}/cmdline", "rb") as f:
                    role = f.read().split(b"\0")[0].decode()
            except (FileNotFoundError, ProcessLookupError):
                continue
            found.append((role, int(pid)))
        return found

    def pids(self, role):
        return [pid for r, pid in self.processes() if r == role]

    def signal(self, role, signo, index=0):
        pid = self.pids(role)[index]
        os.kill(pid, signo)
        return pid

    def resident_kb(self):
        if SANITIZED:
            return 0
        total = 0
        for _, pid in self.processes():
            with open(f"/proc/{pid}/status") as f:
                for line in f:
                    if line.startswith("VmRSS"):
                        total += int(line.split()[1])
        return total

    # ---- what it says -----------------------------------------------------

    def records(self, kind=None, folder=None):
        """All log records, in order."""
        records = []
        for path in sorted(glob.glob(os.path.join(folder or self.logs, "*"))):
            records += read_segment(path)
        return [r for r in records if kind is None or r["type"] == kind]

    def wait_records(self, n, kind=None, timeout=20):
        return wait_for(lambda: (lambda r: r if len(r) >= n else None)(
            self.records(kind)), timeout, 0.05)

    def client(self, **options):
        options.setdefault("timeout", 20)
        return smtplib.SMTP("127.0.0.1", self.smtp_port, **options)

    def send(self, sender="sender@from.test", recipients="user@to.test",
             text="Subject: test\r\n\r\nHello\r\n"):
        with self.client() as client:
            return client.sendmail(sender, recipients, text)


def segment_text(path):
    """Whole lines of a segment, many at a time."""
    rest = b""
    with open(path, "rb") as f:
        reader = zstandard.ZstdDecompressor().stream_reader(
            f, read_across_frames=True)
        while True:
            try:
                part = reader.read(1 << 20)
            except zstandard.ZstdError:
                return
            if not part:
                return
            lines, newline, rest = (rest + part).rpartition(b"\n")
            if newline:
                yield lines


def read_lines(path):
    """Lines of a segment, whole or still growing."""
    return [line for lines in segment_text(path)
            for line in lines.split(b"\n")]


def segment_records(path):
    """Its records, one after the other."""
    for lines in segment_text(path):
        for line in lines.split(b"\n"):
            if line:
                yield json.loads(line)


def read_segment(path):
    return list(segment_records(path))
