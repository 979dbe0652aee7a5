# SPDX-License-Identifier: Apache-2.0
"""Garbage on a channel: that channel closes, the less trusted of the two is
replaced, nobody else is harmed. The garbage is put into a process's own end of
the channel, which root can borrow."""

import ctypes
import os
import re
import socket
import struct

import pytest

from ledger import Audit, Kill, Load, audited, check
from suite import Sink, wait_for

SYS_PIDFD_OPEN, SYS_PIDFD_GETFD = 434, 438
# By trust, the least first.
ROLES = ["smtpd", "smtp-out", "lookupd", "local", "policy", "qmgr",
         "spoold-logger", "spoold-reader", "spoold", "master"]
libc = ctypes.CDLL(None, use_errno=True)


def borrow(pid, fd):
    """The descriptor of another process, or None."""
    pidfd = libc.syscall(SYS_PIDFD_OPEN, pid, 0)
    if pidfd == -1:
        return None
    got = libc.syscall(SYS_PIDFD_GETFD, pidfd, fd, 0)
    os.close(pidfd)
    return None if got == -1 else got


def channels(pid):
    """The channels of a process: fd numbers; 3 leads to master."""
    found = []
    for name in os.listdir(f"/proc/{pid}/fd"):
        try:
            if not os.readlink(f"/proc/{pid}/fd/{name}").startswith("socket:"):
                continue
        except FileNotFoundError:
            continue
        fd = borrow(pid, int(name))
        if fd is None:
            pytest.skip("no right to borrow descriptors")
        with socket.socket(fileno=fd) as s:
            if s.family == socket.AF_UNIX and int(name) > 2:
                found.append(int(name))
    return sorted(found)


def say(pid, fd, data):
    got = borrow(pid, fd)
    with socket.socket(fileno=got) as s:
        s.setblocking(True)
        s.send(data)


def frame(kind, body=b"", flags=0, length=None, magic=0x454b0001, zero=0):
    return struct.pack("<IHHIIQ", magic, kind, flags,
                       len(body) if length is None else length, zero, 1) + body


GARBAGE = {
    "noise": os.urandom(512),
    "zeros": bytes(512),
    "unknown": frame(999),
    "endless": frame(10, length=0xffffffff),
    "old version": frame(12, magic=0x454b0000),
    # RELOAD, which only master may say.
    "not its right": frame(5, b"x" * 12),
}


def accepted_and_delivered(suite, name):
    def once():
        try:
            suite.send(recipients=f"{name}@to.test")
            return True
        except OSError:
            return False
    wait_for(once, 10, 0.1)
    wait_for(lambda: any(f"{name}@" in line for line in suite.sink.lines()), 20)


@pytest.mark.parametrize("role", ROLES[:-1])
def test_garbage_closes_that_channel(suite, role):
    accepted_and_delivered(suite, "before")
    kinds = list(GARBAGE.items())
    number = 0
    plumbed = len(channels(suite.pids(role)[0]))
    while True:
        pid = wait_for(lambda: suite.pids(role))[0]
        # Those who come back are plumbed to all others.
        wait_for(lambda: len(channels(pid)) == plumbed)
        ends = channels(pid)
        if number >= max(len(ends), 3):
            break
        others = {p: r for r, p in suite.processes() if p != pid}
        seen = len(suite.stderr)
        what, data = kinds[number % len(kinds)]
        say(pid, ends[number % len(ends)], data)
        [heard] = wait_for(lambda: [
            re.match(r"([a-z-]+)", line)[1] for line in suite.stderr[seen:]
            if f"channel peer={role}/" in line])
        less = min(role, heard, key=ROLES.index)
        wait_for(lambda: [line for line in suite.stderr[seen:]
                          if f"role={less}/" in line and
                          line.endswith("is back")], 10)
        assert less == role or [line for line in suite.stderr[seen:] if
                                "replaced, being trusted less" in line]
        # All others live.
        live = {p for _, p in suite.processes()}
        gone = [r for p, r in {**others, pid: role}.items() if p not in live]
        assert gone == [less], what
        accepted_and_delivered(suite, f"{role}-{number}")
        number += 1
    assert suite.stop() == 0


def test_garbage_under_load_loses_nothing(make_suite):
    sink = Sink("--no-store")
    suite = audited(make_suite(sink_port=sink.port)).start()
    load = Load(suite, os.path.join(sink.folder, "acked"))
    kills = []
    try:
        wait_for(lambda: load.count() > 100)
        for i, role in enumerate(ROLES[:-1]):
            seen = len(suite.stderr)
            pid = wait_for(lambda: suite.pids(role))[0]
            ends = channels(pid)
            kills.append(Kill(role))
            say(pid, ends[i % len(ends)], os.urandom(4096))
            back = wait_for(lambda: [line for line in suite.stderr[seen:]
                                     if line.endswith("is back")], 10)
            # The less trusted of the two that fell out.
            kills[-1].is_of(*re.findall(r"role=([\w-]+)/", " ".join(back)))
            before = load.count()
            wait_for(lambda: load.count() > before + 50, 10)
            kills[-1].is_back()
        print(Audit(suite, sink, load, kills))
        assert suite.stop() == 0
        check(suite)
    finally:
        load.stop()
        sink.close()
