# SPDX-License-Identifier: Apache-2.0
"""master: replaces what breaks the rules, gives away no folder that others
use, keeps each socket over a reload that fails, forgets no reload."""

import os
import re
import shutil
import signal
import socket

import pytest

import suite as support
from suite import wait_for


@pytest.fixture
def rogue(make_suite, monkeypatch):
    """rogue(does) starts a suite whose first smtpd does that."""

    def start(does):
        s = make_suite({"processes": {"smtpd": 1}})
        build = os.path.join(s.folder, "build")
        libexec = os.path.join(build, "libexec", "ekiden")
        shutil.copytree(os.path.join(support.BUILD, "libexec"),
                        os.path.join(build, "libexec"))
        os.mkdir(os.path.join(build, "bin"))
        shutil.copy(os.path.join(support.BUILD, "bin", "ekiden"),
                    os.path.join(build, "bin"))
        smtpd = os.path.join(libexec, "smtpd")
        os.unlink(smtpd)
        shutil.copy(os.path.join(support.ROOT, "tests", "support",
                                 "rogue.py"), smtpd)
        os.chmod(smtpd, 0o755)
        s.mark = os.path.join(s.folder, "mark")
        with open(os.path.join(libexec, "rogue.json"), "w") as f:
            support.json.dump({
                "messages": os.path.join(support.ROOT, "lib", "ipc",
                                         "messages.def"),
                "mark": s.mark, "does": does, "policy_role": 7,
                "spoold_role": 3}, f)
        monkeypatch.setattr(support, "BUILD", build)
        return s.start()

    return start


def starts(s):
    with open(s.mark) as f:
        return len(f.readlines())


def said(s, text):
    return [line for line in s.stderr if text in line]


@pytest.mark.parametrize("does, line", [
    ("lies to spoold", "smtpd/0 closed reason=\"SETTLE: message not allowed"),
    ("lies to master", "closed reason=\"PLAN_DONE: unknown message"),
    ("slanders", "closed reason=\"PEER_BROKE: malformed body"),
    ("accuses spoold", "says that spoold/0 broke their channel: replaced"),
])
def test_who_breaks_the_rules_is_replaced(rogue, does, line):
    s = rogue(does)
    wait_for(lambda: said(s, "role=smtpd/0") and starts(s) == 2)
    assert s.complete.wait(10)
    assert said(s, line) or said(s, line.replace("message not allowed",
                                                 "unknown message"))
    # Nobody else had to go.
    assert not [x for x in said(s, "died of signal") if "smtpd" not in x]
    assert s.stop() == 0


def listener(hostname, port=0):
    return {"listen": f"127.0.0.1:{port}", "hostname": hostname,
            "relay_hosts": ["127.0.0.1"]}


def banner(port):
    with socket.create_connection(("127.0.0.1", port), 5) as s:
        return s.makefile().readline().split()[1]


def test_a_failed_reload_returns_each_socket(make_suite):
    s = make_suite({"listeners": [listener("a.test"), listener("b.test"),
                                  listener("c.test")],
                    "processes": {"smtpd": 1}}).start()
    wait_for(lambda: len(s.ports) == 3)
    ports = list(s.ports)
    assert [banner(p) for p in ports] == ["a.test", "b.test", "c.test"]
    with socket.create_server(("127.0.0.1", 0)) as taken:
        s.config["listeners"].append(
            listener("d.test", taken.getsockname()[1]))
        s.configure(s.config)
        s.process.send_signal(signal.SIGHUP)
        wait_for(lambda: said(s, "reload failed"))
    # A new process gets the sockets as master holds them now.
    os.kill(s.pids("smtpd")[0], signal.SIGKILL)
    wait_for(lambda: [x for x in said(s, "is back") if "smtpd" in x])
    assert [banner(p) for p in ports] == ["a.test", "b.test", "c.test"]


def test_syslog(make_suite):
    """All lines of all daemons, and what a reload complains of."""
    s = make_suite({})
    path = os.path.join(s.folder, "syslog")
    s.arguments = ["--syslog=" + path]
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as service:
        service.bind(path)
        os.chmod(path, 0o666)
        service.setblocking(False)
        lines = []

        def took(*words):
            try:
                while True:
                    lines.append(service.recv(4096).decode())
            except BlockingIOError:
                return [x for x in lines if all(w in x for w in words)]
        s.start()
        s.send()
        [line] = wait_for(lambda: took(" smtpd", "event=end"))
        assert re.fullmatch(r"<22>[A-Z][a-z]{2} [ 0-9]\d \d\d:\d\d:\d\d "
                            r"smtpd(/\d+)?\[\d+\]: info: session=.*", line)
        assert took(" qmgr[", "info: schedule read")
        s.write("ekiden.yaml", "hostnam: x\n")
        s.process.send_signal(signal.SIGHUP)
        wait_for(lambda: took(" master[", "error: reload failed"))
        assert took("<20>", " loader[", "ekiden.yaml:1: ", "hostnam")
        assert s.stop() == 0
    # Errors alone are on standard error, too.
    assert len(s.stderr) == 4
    assert s.stderr[0].startswith("smtp listener on ")
    assert s.stderr[1] == "initialization complete"
    assert "hostnam" in s.stderr[2] and "reload failed" in s.stderr[3]


SLOW_TO_LOAD = """
local kumo = require 'kumo'
kumo.on('init', function()
  for i = 1, 2e7 do end
  kumo.define_spool {{ name = 'data', path = '{spool}' }}
  kumo.configure_local_logs {{ log_dir = '{logs}' }}
  kumo.start_esmtp_listener {{ listen = '127.0.0.1:0' }}
end)
"""


def test_no_reload_is_forgotten(make_suite):
    s = make_suite(policy="")
    s.write("init.lua", SLOW_TO_LOAD.format(spool=s.spool, logs=s.logs))
    s.start()
    s.process.send_signal(signal.SIGHUP)
    wait_for(lambda: s.pids("loader"), every=0.002)
    s.process.send_signal(signal.SIGHUP)
    wait_for(lambda: said(s, "reload complete epoch=3"))


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives folders away")
def test_folders_of_others_stay_theirs(make_suite):
    s = make_suite()
    os.mkdir(s.spool, 0o755)
    with open(os.path.join(s.spool, "theirs"), "w"):
        pass
    s.start(wait=False)
    assert s.process.wait(20) == 1
    wait_for(lambda: said(s, "belongs to uid 0 and is not empty"))
    assert os.stat(s.spool).st_uid == 0
    os.unlink(os.path.join(s.spool, "theirs"))
    s.start()
    assert os.stat(s.spool).st_uid != 0


def test_one_wish_to_stop_heard_twice(make_suite):
    """Ctrl-C goes to the terminal's whole group: to the suite, and to what
    started it, which asks too. Nobody is killed for that."""
    s = make_suite().start()
    with s.client() as client:
        client.noop()
        s.process.send_signal(signal.SIGINT)
        s.process.send_signal(signal.SIGTERM)
        client.close()
    assert s.stop() == 0
    assert not said(s, "killed"), s.stderr
