# SPDX-License-Identifier: Apache-2.0
"""Sessions over several processes that take them from one socket: how many
there may be, and who has how many."""

import os
import re
import signal
import socket

import pytest

from routes import listener
from suite import wait_for


class Client:
    """A connection and the first line that came over it."""

    def __init__(self, port):
        self.sock = socket.create_connection(("127.0.0.1", port), 20)
        self.file = self.sock.makefile("rb")
        self.greeting = self.file.readline().decode()

    @property
    def is_in(self):
        return self.greeting.startswith("220 ")

    def noop(self):
        self.sock.sendall(b"NOOP\r\n")
        return self.file.readline().startswith(b"250")

    def is_over(self):
        self.sock.setblocking(False)
        try:
            return self.sock.recv(1) == b""
        except BlockingIOError:
            return False
        except ConnectionError:
            return True
        finally:
            self.sock.setblocking(True)

    def close(self):
        self.file.close()
        self.sock.close()


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


@pytest.fixture
def come():
    """come(port, n) gives n clients, one after the other."""
    clients = []

    def connect(port, n=1):
        some = [Client(port) for _ in range(n)]
        clients.extend(some)
        return some

    yield connect
    for client in clients:
        client.close()


def two(**options):
    return {"listeners": [listener(client_timeout="10 minutes", **options)],
            "processes": {"smtpd": 2}}


def shares(suite, clients):
    """How many of the sessions each smtpd had; they are over then."""
    for client in clients:
        client.close()

    def ended():
        pids = [int(m.group(1)) for m in (
            re.match(r"smtpd(?:/\d+)?\[(\d+)\]: .* event=end ", line)
            for line in suite.stderr) if m]
        return pids if len(pids) >= len(clients) else None

    pids = wait_for(ended)
    assert len(pids) == len(clients)
    return [pids.count(pid) for pid in suite.pids("smtpd")]


def let_in(suite, come):
    """One more is let in as soon as the place of another is known free."""
    return wait_for(lambda: [c for c in come(suite.smtp_port) if c.is_in])


# ---- how many ----------------------------------------------------------------

def test_max_connections(make_suite, come):
    suite = make_suite(two(max_connections=5)).start()
    clients = come(suite.smtp_port, 8)
    assert [c.is_in for c in clients] == [True] * 5 + [False] * 3
    for c in clients[5:]:
        assert c.greeting.startswith("421 4.3.2 ekiden.test too many ")
        wait_for(c.is_over)
    clients[1].close()
    let_in(suite, come)
    assert not come(suite.smtp_port)[0].is_in
    assert all(c.noop() for c in clients[2:5])


def test_each_listener_has_its_own(make_suite, come):
    config = two(max_connections=2)
    config["listeners"].append(listener(max_connections=3))
    suite = make_suite(config).start()
    for port, most in zip(suite.ports, (2, 3)):
        assert [c.is_in for c in come(port, most + 1)] == [True] * most + [
            False]


def test_a_reload_forgets_nobody(make_suite, come):
    """Sessions under way count on, and at their own socket, whatever place
    in the list it has then."""
    suite = make_suite(two(max_connections=3)).start()
    first = suite.smtp_port
    clients = come(first, 2)
    suite.config["listeners"] = [
        listener(listen=f"127.0.0.1:{free_port()}", max_connections=1),
        listener(listen=f"127.0.0.1:{first}", max_connections=3)]
    suite.configure(suite.config)
    assert "reload complete" in suite.reload()
    second = suite.ports[-1]
    assert second != first
    assert [c.is_in for c in come(second, 2)] == [True, False]
    assert [c.is_in for c in come(first, 2)] == [True, False]
    suite.config["listeners"][1]["max_connections"] = 4
    suite.configure(suite.config)
    assert "reload complete" in suite.reload()
    assert [c.is_in for c in come(first, 2)] == [True, False]
    clients[0].close()
    wait_for(lambda: come(first)[0].is_in)
    assert not come(first)[0].is_in


@pytest.mark.parametrize("victims", [1, 2])
def test_the_dead_leave_no_count(make_suite, come, victims):
    suite = make_suite(two(max_connections=6)).start()
    clients = come(suite.smtp_port, 6)
    assert not come(suite.smtp_port)[0].is_in
    for pid in suite.pids("smtpd")[:victims]:
        os.kill(pid, signal.SIGKILL)
    wait_for(lambda: sum("is back" in line for line in suite.stderr) ==
             victims)
    had = sum(c.is_over() for c in clients)
    assert had == 6 if victims == 2 else 0 < had < 6
    assert [c.is_in for c in come(suite.smtp_port, had + 1)] == [True] * had + [
        False]
    assert all(c.noop() for c in clients if not c.is_over())


# ---- who has how many --------------------------------------------------------

@pytest.mark.parametrize("n", [20, 50])
def test_shared_fairly(make_suite, come, n):
    suite = make_suite(two()).start()
    clients = come(suite.smtp_port, n)
    assert all(c.is_in for c in clients)
    # A busy machine may let one process sleep for a while.
    assert max(shares(suite, clients)) <= (n + 1) // 2 + n // 5


def test_all_at_once(make_suite):
    """Those who are there when the processes wake are shared, too."""
    suite = make_suite(two()).start()
    pids = suite.pids("smtpd")
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    socks = [socket.create_connection(("127.0.0.1", suite.smtp_port), 20)
             for _ in range(60)]
    for pid in pids:
        os.kill(pid, signal.SIGCONT)
    assert all(s.recv(3) == b"220" for s in socks)
    assert max(shares(suite, socks)) <= 42


def test_who_hangs_is_not_waited_for(make_suite, come):
    """A process that answers nothing counts as one with few sessions; the
    other one takes the clients nevertheless."""
    suite = make_suite(two()).start()
    pid = suite.pids("smtpd")[0]
    os.kill(pid, signal.SIGSTOP)
    try:
        clients = come(suite.smtp_port, 40)
        assert all(c.is_in for c in clients)
    finally:
        os.kill(pid, signal.SIGCONT)
    assert shares(suite, clients) == [0, 40]
