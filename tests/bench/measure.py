# SPDX-License-Identifier: Apache-2.0
"""What a run is measured with: the two programs at its ends, the CPU time and
memory of a process tree, and the kernel's count of syncs."""
import json
import os
import select
import shutil
import signal
import socket
import subprocess
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(
    os.path.abspath(__file__))))
BUILD = os.environ.get("BUILD", os.path.join(ROOT, "build"))
TICK = os.sysconf("SC_CLK_TCK")


def free_port():
    """A port that refuses connections until somebody listens there."""
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def wait_for(what, timeout, step=0.02):
    """Poll until what() is true; the seconds it took, or None."""
    begin = time.monotonic()
    while time.monotonic() - begin < timeout:
        if what():
            return time.monotonic() - begin
        time.sleep(step)
    return None


class Sink:
    """smtp-sink as a child; its counters come over its stdout."""

    def __init__(self, port=0, *options):
        self.proc = subprocess.Popen(
            [os.path.join(BUILD, "bench", "smtp-sink"),
             "--listen", f"127.0.0.1:{port}", *options],
            stdout=subprocess.PIPE)
        line = self.proc.stdout.readline().decode()
        if not line.startswith("listening on "):
            raise RuntimeError("smtp-sink does not listen")
        self.address = line.split()[-1]
        self.port = int(self.address.rsplit(":", 1)[1])

    def _ask(self, signum):
        self.proc.send_signal(signum)
        if not select.select([self.proc.stdout], [], [], 10)[0]:
            raise RuntimeError("smtp-sink does not answer")
        return json.loads(self.proc.stdout.readline())

    def counters(self):
        return self._ask(signal.SIGUSR1)

    def clear(self):
        return self._ask(signal.SIGUSR2)

    def wait_messages(self, count, quiet_s=10, timeout=120):
        """Until `count` have come, or none for quiet_s; how many came."""
        begin = last = time.monotonic()
        seen = 0
        while time.monotonic() - begin < timeout:
            now = self.counters()["messages"]
            if now != seen:
                seen, last = now, time.monotonic()
            if seen >= count or time.monotonic() - last > quiet_s:
                break
            time.sleep(0.05)
        return seen

    def stop(self):
        if self.proc.poll() is None:
            self.proc.terminate()
        self.proc.communicate()


def load(address, patience=300, **options):
    """Run smtp-load to its end, at most `patience` seconds; its summary."""
    options.setdefault("timeout", 30)
    argv = [os.path.join(BUILD, "bench", "smtp-load"), "--target", address,
            "--json", "--quiet"]
    for key, value in options.items():
        argv.append("--" + key.replace("_", "-"))
        if value is not True:
            argv.append(str(value))
    done = subprocess.run(argv, stdout=subprocess.PIPE, check=False,
                          timeout=patience)
    return json.loads(done.stdout)


def children_of():
    """pid -> its children, over the whole system."""
    tree = {}
    for name in os.listdir("/proc"):
        if not name.isdigit():
            continue
        try:
            with open(f"/proc/{name}/stat", encoding="latin-1") as f:
                rest = f.read().rsplit(")", 1)[1].split()
        except OSError:
            continue
        tree.setdefault(int(rest[1]), []).append(int(name))
    return tree


def tree_of(root):
    tree = children_of()
    todo, found = [root], []
    while todo:
        pid = todo.pop()
        found.append(pid)
        todo += tree.get(pid, [])
    return found


def name_of(pid):
    """The program's name; the kernel's own cuts it at 15 characters."""
    try:
        with open(f"/proc/{pid}/cmdline", "rb") as f:
            first = f.read().split(b"\0")[0].split(b" ")[0].decode()
        return os.path.basename(first).rstrip(":") or "?"
    except OSError:
        return "?"


class Cpu:
    """CPU seconds by program over a process tree, from now on."""

    def __init__(self, root):
        self.root = root
        self.before = self._sample()

    def _sample(self):
        out = {}
        for pid in tree_of(self.root):
            try:
                with open(f"/proc/{pid}/stat", encoding="latin-1") as f:
                    v = f.read().rsplit(")", 1)[1].split()
            except OSError:
                continue
            out[pid] = (name_of(pid), (int(v[11]) + int(v[12])) / TICK,
                        (int(v[13]) + int(v[14])) / TICK)
        return out

    def taken(self):
        """Program -> seconds; 'ended' is what children took that are gone."""
        out = {}
        for pid, (name, own, ended) in self._sample().items():
            _, own0, ended0 = self.before.get(pid, (name, 0, 0))
            out[name] = out.get(name, 0) + own - own0
            out["ended"] = out.get("ended", 0) + ended - ended0
        # A child that has ended was partly counted before it did.
        alive = set(tree_of(self.root))
        for pid, (_, own0, _) in self.before.items():
            if pid not in alive:
                out["ended"] = out.get("ended", 0) - own0
        return {k: round(v, 3) for k, v in out.items() if v > 0}


def memory_of(root, aside):
    """Bytes over a process tree: resident, proportional, and proportional
    without mappings of files below `aside` (the spool)."""
    total = {"rss": 0, "pss": 0, "pss_without_spool": 0, "by_program": {}}
    for pid in tree_of(root):
        try:
            with open(f"/proc/{pid}/smaps", encoding="latin-1") as f:
                lines = f.readlines()
        except OSError:
            continue
        spool, own = False, 0
        for line in lines:
            field = line.split()
            if not field[0].endswith(":"):
                spool = len(field) > 5 and field[5].startswith(aside)
            elif field[0] == "Rss:":
                total["rss"] += int(field[1]) * 1024
            elif field[0] == "Pss:":
                total["pss"] += int(field[1]) * 1024
                own += 0 if spool else int(field[1]) * 1024
        total["pss_without_spool"] += own
        name = name_of(pid)
        total["by_program"][name] = total["by_program"].get(name, 0) + own
    return total


class Syncs:
    """fsync and fdatasync calls of the whole machine, counted by the kernel
    where perf may; None elsewhere."""

    EVENTS = "syscalls:sys_enter_fsync,syscalls:sys_enter_fdatasync"

    def __init__(self):
        self.proc = None
        if shutil.which("perf") is None:
            return
        self.proc = subprocess.Popen(
            ["perf", "stat", "-x,", "-a", "-e", self.EVENTS],
            stderr=subprocess.PIPE, stdout=subprocess.DEVNULL)
        time.sleep(0.2)
        if self.proc.poll() is not None:
            self.proc.communicate()
            self.proc = None

    def taken(self):
        if self.proc is None:
            return None
        self.proc.send_signal(signal.SIGINT)
        text = self.proc.communicate()[1].decode()
        counts = [line.split(",")[0] for line in text.splitlines()
                  if "sys_enter_f" in line]
        if not counts or not all(c.isdigit() for c in counts):
            return None
        return sum(map(int, counts))
