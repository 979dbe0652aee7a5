# SPDX-License-Identifier: Apache-2.0
"""The mail systems that are measured, each as an instance of its own in a
temporary folder. All that is particular to one of them is here."""
import json
import os
import pwd
import queue
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time

from measure import BUILD, free_port, tree_of, wait_for


def kill_tree(proc):
    """The end of a suite that does not stop when asked."""
    for pid in tree_of(proc.pid):
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
    proc.wait()


class Suite:
    """start(route) -> self.address; stop(); root is the pid of its tree.

    The route says where mail goes: {"*": port} is the default, any other key
    a domain; {"*": None} keeps the mail in the queue."""

    name = ""
    spool = ""  # the folder whose pages are not counted as memory
    root = 0
    address = ""

    def __init__(self):
        # Postfix's own users must be able to enter it.
        self.dir = tempfile.mkdtemp(prefix=f"bench-{self.name}-")
        os.chmod(self.dir, 0o755)

    def remove(self):
        self.stop()
        shutil.rmtree(self.dir, ignore_errors=True)

    def missing(self):
        """Why it cannot run here, or None."""
        raise NotImplementedError

    def start(self, route, fresh=True):
        """Seconds until it is ready to take mail."""
        raise NotImplementedError

    def stop(self):
        raise NotImplementedError

    def release(self):
        """While stopped: let go what was kept, for the next start."""

    def queued(self):
        """Messages the running queue manager knows of; None: no such count."""
        return None


MAIN_CF = """
compatibility_level = 3.6
queue_directory = {dir}/queue
data_directory = {dir}/data
command_directory = /usr/sbin
daemon_directory = /usr/lib/postfix/sbin
maillog_file = {dir}/maillog
maillog_file_prefixes = {dir}
postlog_watchdog_timeout = 3600s
multi_instance_enable = no
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
myhostname = postfix.bench.test
mydestination =
mynetworks = 127.0.0.0/8
alias_maps =
alias_database =
local_recipient_maps =
relayhost = {relayhost}
transport_maps = {transports}
smtpd_relay_restrictions = permit_mynetworks, reject
smtpd_recipient_restrictions =
smtpd_data_restrictions = {hold}
smtpd_peername_lookup = no
smtpd_client_connection_count_limit = 0
smtpd_recipient_limit = 100000
smtpd_tls_security_level = none
smtp_tls_security_level = none
smtp_dns_support_level = disabled
smtp_host_lookup = native
default_process_limit = 200
default_destination_concurrency_limit = 100
initial_destination_concurrency = 50
smtp_destination_recipient_limit = 1
smtp_connection_cache_destinations = static:all
smtp_connection_reuse_count_limit = 0
qmgr_message_active_limit = 20000
qmgr_message_recipient_limit = 20000
in_flow_delay = 0
max_use = 1000000
message_size_limit = 0
mailbox_size_limit = 0
queue_minfree = 0
minimal_backoff_time = 300s
"""

MASTER_CF = """
127.0.0.1:{port} inet n - n - 200 smtpd
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
flush unix n - n 1000? 0 flush
proxymap unix - - n - - proxymap
proxywrite unix - - n - 1 proxymap
smtp unix - - n - 100 smtp
relay unix - - n - 100 smtp
showq unix n - n - - showq
error unix - - n - - error
retry unix - - n - - error
discard unix - - n - - discard
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
postlog unix-dgram n - n - 1 postlogd
"""


class Postfix(Suite):
    """Debian's Postfix, tuned for throughput; it syncs as it always does."""

    name = "postfix"

    def __init__(self):
        super().__init__()
        self.spool = os.path.join(self.dir, "queue")
        self.etc = os.path.join(self.dir, "etc")
        self.proc = None

    def missing(self):
        if not os.path.exists("/usr/lib/postfix/sbin/master"):
            return "Postfix is not installed (apt-get install postfix)"
        if os.geteuid() != 0:
            return "Postfix runs only as root"
        return None

    def _hop(self, port):
        return f"[127.0.0.1]:{port}"

    def _configure(self, route):
        hold = route["*"] is None
        port = free_port()
        self.address = f"127.0.0.1:{port}"
        transports = ", ".join(
            f"{{ {d} = smtp:{self._hop(p or free_port())} }}"
            for d, p in route.items() if d != "*")
        os.makedirs(self.etc, exist_ok=True)
        with open(os.path.join(self.etc, "main.cf"), "w") as f:
            f.write(MAIN_CF.format(
                dir=self.dir,
                relayhost=self._hop(free_port() if hold else route["*"]),
                transports=f"inline:{{ {transports} }}" if transports else "",
                hold="check_client_access static:HOLD" if hold else ""))
        with open(os.path.join(self.etc, "master.cf"), "w") as f:
            f.write(MASTER_CF.format(port=port))

    def start(self, route, fresh=True):
        if fresh:
            for name in ("queue", "data"):
                shutil.rmtree(os.path.join(self.dir, name),
                              ignore_errors=True)
                os.mkdir(os.path.join(self.dir, name))
            postfix = pwd.getpwnam("postfix")
            # postsuper logs after it gave up root.
            with open(os.path.join(self.dir, "maillog"), "w"):
                pass
            for name in ("data", "maillog"):
                os.chown(os.path.join(self.dir, name), postfix.pw_uid,
                         postfix.pw_gid)
        self._configure(route)
        with open(os.path.join(self.dir, "stderr"), "ab") as err:
            begin = time.monotonic()
            self.proc = subprocess.Popen(
                ["/usr/sbin/postfix", "-c", self.etc, "start-fg"],
                stdin=subprocess.DEVNULL, stdout=err, stderr=err,
                start_new_session=True)
        self.root = self.proc.pid
        if wait_for(self._answers, 30) is None:
            raise RuntimeError("Postfix does not answer; see "
                               f"{self.dir}/maillog and stderr")
        return time.monotonic() - begin

    def _answers(self):
        if self.proc.poll() is not None:
            raise RuntimeError(f"Postfix ended; see {self.dir}/stderr")
        try:
            host, port = self.address.split(":")
            with socket.create_connection((host, int(port)), 2) as s:
                s.settimeout(5)
                return s.recv(3) == b"220"
        except OSError:
            return False

    def stop(self):
        if self.proc is None or self.proc.poll() is not None:
            return
        try:
            subprocess.run(["/usr/sbin/postfix", "-c", self.etc, "stop"],
                           stdout=subprocess.DEVNULL,
                           stderr=subprocess.DEVNULL, check=False, timeout=30)
            self.proc.wait(30)
        except subprocess.TimeoutExpired:
            kill_tree(self.proc)

    def release(self):
        subprocess.run(["/usr/sbin/postsuper", "-c", self.etc, "-H", "ALL"],
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                       check=True, timeout=300)


class Ekiden(Suite):
    """This suite, from the build tree, configured without a policy."""

    name = "ekiden"
    program = os.path.join(BUILD, "bin", "ekiden")
    retry = "30s"
    stop_timeout = 60

    def __init__(self, policy=None, user=None):
        super().__init__()
        self.spool = os.path.join(self.dir, "spool")
        self.policy = policy
        # Plain numbers, one for each role: no accounts are needed.
        self.user = user or ("61100-61120" if os.geteuid() == 0 else None)
        self.proc = None
        self.known = 0

    def missing(self):
        if not os.path.exists(self.program):
            return f"{self.program} is not built"
        return None

    def _queue(self, port):
        return {"protocol": {"smtp": {"mx_list": [f"127.0.0.1:{port}"]}},
                "retry_interval": self.retry,
                "max_retry_interval": self.retry}

    def _configure(self, route):
        closed = free_port()
        path = {"connection_limit": 50, "prohibited_hosts": [],
                "enable_tls": "Disabled"}
        if route["*"] is None:
            # One connection, refused; then what is accepted stays untried.
            path["max_connection_rate"] = "1/d"
        config = {
            "listeners": [{"listen": "127.0.0.1:0",
                           "relay_hosts": ["127.0.0.1"]}],
            "spool": {"path": self.spool, "min_free_space": "1%",
                      "min_free_inodes": 0},
            "logs": [{"log_dir": os.path.join(self.dir, "logs"),
                      "min_free_space": "1%", "min_free_inodes": 0}],
            "queues": {domain: self._queue(port or closed)
                       for domain, port in route.items()},
            "paths": {"*": path},
        }
        # Each role has an account of its own and must find its folder.
        os.chmod(self.dir, 0o755)
        with open(os.path.join(self.dir, "ekiden.yaml"), "w") as f:
            json.dump(config, f, indent=1)  # JSON is YAML too

    def _argv(self):
        argv = [self.program, "run", "--config", self.dir]
        if self.policy:
            argv += ["--policy", self.policy]
        if self.user:
            argv += ["--user", self.user]
        return argv

    def _read(self, stream, lines, keep):
        for raw in stream:
            keep.write(raw)
            keep.flush()
            known = re.search(rb"schedule read messages=(\d+)", raw)
            if known:
                self.known = int(known[1])
            lines.put(raw.decode("utf-8", "replace"))
        lines.put(None)
        keep.close()

    def start(self, route, fresh=True):
        if fresh:
            for path in (self.spool, os.path.join(self.dir, "logs")):
                shutil.rmtree(path, ignore_errors=True)
        self._configure(route)
        self.known = 0
        lines = queue.Queue()
        begin = time.monotonic()
        self.proc = subprocess.Popen(self._argv(), stdin=subprocess.DEVNULL,
                                     stderr=subprocess.PIPE,
                                     start_new_session=True)
        self.root = self.proc.pid
        keep = open(os.path.join(self.dir, "stderr"), "ab")
        threading.Thread(target=self._read, daemon=True,
                         args=(self.proc.stderr, lines, keep)).start()
        self._await_ready(lines, begin + 60)
        return time.monotonic() - begin

    def _await_ready(self, lines, deadline):
        self.address = ""
        while True:
            try:
                line = lines.get(timeout=max(0.1, deadline -
                                             time.monotonic()))
            except queue.Empty:
                raise RuntimeError("Ekiden does not become ready; see "
                                   f"{self.dir}/stderr") from None
            if line is None:
                raise RuntimeError(f"Ekiden ended; see {self.dir}/stderr")
            match = re.search(r"smtp listener on (\S+)", line)
            if match:
                self.address = match[1]
            if "initialization complete" in line:
                break
        if not self.address:
            raise RuntimeError("Ekiden names no SMTP listener")

    def stop(self):
        if self.proc is None or self.proc.poll() is not None:
            return
        self.proc.terminate()
        try:
            self.proc.wait(self.stop_timeout)
        except subprocess.TimeoutExpired:
            kill_tree(self.proc)

    def release(self):
        # All that was tried once is due again.
        time.sleep(float(self.retry.rstrip("s")) + 1)

    def queued(self):
        """How many messages the queue manager knew once it had read all."""
        return self.known
