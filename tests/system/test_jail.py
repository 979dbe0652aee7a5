# SPDX-License-Identifier: Apache-2.0
"""What each running process really has: account, groups, capabilities, system
call filter, descriptors."""

import os
import re

import pytest

from suite import SANITIZED, wait_for

pytestmark = pytest.mark.skipif(SANITIZED, reason="no filter under a sanitizer")

# Who shares an account with whom: the spool's own processes, see the design.
SHARED = {"spoold": "spool", "spoold-reader": "spool"}
# Files a role may have open, beside channels and the loop's own.
FILES = {
    "spoold": r"/spool/(data\.mdb|lock\.mdb|writer\.lock)$",
    "spoold-reader": r"/spool/(data\.mdb|lock\.mdb)$",
    "spoold-logger": r"/log(/[0-9]{8}-[0-9]{6}\.[0-9]{6})?$",
}
INET = {"smtpd", "smtp-out", "policy", "lookupd"}
LOOP = re.compile(r"anon_inode:\[(eventpoll|eventfd|timerfd|signalfd)\]")


def status(pid):
    with open(f"/proc/{pid}/status") as f:
        return dict(line.rstrip("\n").split(":\t", 1) for line in f
                    if ":\t" in line)


@pytest.fixture
def roles(suite):
    suite.send()
    wait_for(lambda: suite.sink.messages())
    suite.wait_records(2)
    return suite.processes()


def test_no_privileges(roles):
    assert len({role for role, _ in roles}) == 9
    for role, pid in roles:
        s = status(pid)
        assert s["NoNewPrivs"] == "1", role
        assert s["Seccomp"] == "2", role
        if os.geteuid() == 0:
            for name in ("CapInh", "CapPrm", "CapEff", "CapAmb"):
                assert int(s[name], 16) == 0, (role, name)
        with open(f"/proc/{pid}/limits") as f:
            limits = f.read()
        assert re.search(r"Max core file size +0 +0 ", limits), role
        if os.geteuid() == 0 and role != "policy":
            assert re.search(r"Max processes +0 +0 ", limits), role


@pytest.mark.skipif(os.geteuid() != 0, reason="accounts change as root only")
def test_accounts(roles):
    owners = {}
    for role, pid in roles:
        s = status(pid)
        uids, gids = s["Uid"].split(), s["Gid"].split()
        assert len(set(uids)) == 1 and uids[0] != "0", (role, uids)
        assert len(set(gids)) == 1 and gids[0] != "0", (role, gids)
        assert s["Groups"].split() == [], role
        owners.setdefault(uids[0], set()).add(SHARED.get(role, role))
    assert all(len(who) == 1 for who in owners.values()), owners


@pytest.mark.skipif(os.geteuid() != 0, reason="roots change as root only")
def test_roots(roles, suite):
    for role, pid in roles:
        root = os.readlink(f"/proc/{pid}/root")
        if role in ("spoold", "spoold-reader"):
            assert root == suite.spool
        elif role in ("smtpd", "qmgr", "smtp-out"):
            assert os.listdir(f"/proc/{pid}/root") == [], role
            assert os.stat(f"/proc/{pid}/root").st_mode & 0o222 == 0


def sockets_by_inode():
    found = {}
    for kind in ("unix", "tcp", "tcp6", "udp", "udp6"):
        with open(f"/proc/net/{kind}") as f:
            next(f)
            for line in f:
                fields = line.split()
                found[fields[6 if kind == "unix" else 9]] = kind
    return found


def test_descriptors(roles, suite):
    kinds = sockets_by_inode()
    for role, pid in roles:
        for name in os.listdir(f"/proc/{pid}/fd"):
            try:
                to = os.readlink(f"/proc/{pid}/fd/{name}")
            except FileNotFoundError:
                continue
            if int(name) == 0:
                assert to == "/dev/null", role
            elif int(name) <= 2:
                assert to.startswith("pipe:"), (role, name, to)
            elif to.startswith("socket:"):
                kind = kinds.get(to[8:-1], "gone")
                assert kind in ("unix", "gone") or role in INET, (role, kind)
            elif not LOOP.match(to) and not to.startswith("pipe:"):
                assert role in FILES and re.search(FILES[role], to), (role, to)


def test_others_cannot_look_in(roles):
    """Not dumpable: /proc belongs to root, and nobody else may trace it."""
    if os.geteuid() != 0:
        pytest.skip("seen as root only")
    for role, pid in roles:
        assert os.stat(f"/proc/{pid}/mem").st_uid == 0, role
