# SPDX-License-Identifier: Apache-2.0
"""Mail that stays on this host: maildirs, and LMTP over TCP and over a socket
in the file system."""

import glob
import os
import shutil
import socket
import stat
import threading

import pytest

from peer import Peer
from routes import listener, path, to
from suite import temporary_folder, wait_for


@pytest.fixture
def folder():
    made = temporary_folder()
    os.chmod(made, 0o777)
    yield made
    shutil.rmtree(made)


def maildir(folder, template="{{ domain_part }}/{{ local_part }}", **protocol):
    queue = {k: protocol.pop(k) for k in list(protocol)
             if k.endswith("interval")}
    return {"queues": {"*": {**queue, "protocol": {
        "maildir_path": folder + "/" + template, **protocol}}},
        "listeners": [listener(batch_handling="BatchByDomain")]}


def files(folder):
    return sorted(os.path.relpath(p, folder) for p in
                  glob.glob(folder + "/**/new/*", recursive=True))


def test_one_file_for_each_recipient(make_suite, folder):
    suite = make_suite(maildir(folder)).start()
    suite.send(recipients=["a@x.test", "b@x.test", "a@y.test"],
               text="Subject: t\r\n\r\n.dot\r\nHello\r\n")
    records = suite.wait_records(2, "Delivery")
    found = files(folder)
    assert [os.path.dirname(f) for f in found] == [
        "x.test/a/new", "x.test/b/new", "y.test/a/new"]
    names = [os.path.basename(f) for f in found]
    assert len(set(names)) == 3
    for f in found:
        with open(os.path.join(folder, f), "rb") as got:
            content = got.read()
        assert b"\r\nReceived: from " in content
        assert content.endswith(b"Subject: t\r\n\r\n.dot\r\nHello\r\n")
    for box in ("x.test/a", "x.test/b", "y.test/a"):
        assert sorted(os.listdir(f"{folder}/{box}")) == ["cur", "new", "tmp"]
        assert os.listdir(f"{folder}/{box}/tmp") == []
    told = " ".join(r["response"]["content"] for r in records)
    assert all(n in told for n in names)
    for r in records:
        assert r["delivery_protocol"] == "Maildir"
        assert r["response"]["code"] == 200
        assert r["response"]["command"] is None
        assert "peer_address" not in r or r["peer_address"] is None
        assert r["site"].startswith("unspecified->")
        assert r["site"].endswith("@maildir:" + folder +
                                  "/{{ domain_part }}/{{ local_part }}")


@pytest.mark.parametrize("dirs, mode", [(0o750, 0o640), (0o700, 0o600),
                                        (0o2775, 0o664)])
def test_modes(make_suite, folder, dirs, mode):
    """The umask has no say."""
    suite = make_suite(maildir(folder, dir_mode=dirs, file_mode=mode)).start()
    suite.send(recipients="a@x.test")
    suite.wait_records(1, "Delivery")
    for name in ("x.test", "x.test/a", "x.test/a/new", "x.test/a/tmp",
                 "x.test/a/cur"):
        assert stat.S_IMODE(os.stat(f"{folder}/{name}").st_mode) == dirs
    [file] = files(folder)
    assert stat.S_IMODE(os.stat(f"{folder}/{file}").st_mode) == mode


def test_names_cannot_climb(make_suite, folder):
    suite = make_suite(maildir(folder, "in/{{ local_part }}/{{ email }}"))
    suite.start()
    for name in ("..", "a/../../b", ".", "x/y", "%2e%2e"):
        suite.send(recipients=f'"{name}"@x.test')
    suite.wait_records(5, "Delivery")
    assert os.listdir(folder) == ["in"]
    found = files(folder)
    assert len(found) == 5
    assert all(f.count("/") == 4 and ".." not in f.split("/") for f in found)


def test_meta_and_queue_in_the_path(make_suite, folder):
    suite = make_suite(policy="")
    suite.write("init.lua", f"""
local kumo = require 'kumo'
kumo.on('init', function()
  kumo.define_spool {{ name = 'data', path = '{suite.spool}',
    min_free_space = 0, min_free_inodes = 0 }}
  kumo.configure_local_logs {{ log_dir = '{suite.logs}', min_free_space = 0,
    min_free_inodes = 0 }}
  kumo.start_esmtp_listener {{ listen = '127.0.0.1:0',
    relay_hosts = {{ '127.0.0.1' }} }}
end)
kumo.on('smtp_server_message_received', function(msg)
  msg:set_meta('tenant', 'acme')
  msg:set_meta('box', 'blue')
end)
kumo.on('get_queue_config', function()
  return kumo.make_queue_config {{ protocol = {{ maildir_path =
    '{folder}/{{{{ tenant }}}}/{{{{ meta.box }}}}/{{{{ domain }}}}' }} }}
end)
""")
    suite.start()
    suite.send()
    suite.wait_records(1, "Delivery")
    [found] = files(folder)
    assert os.path.dirname(found) == "acme/blue/to.test/new"


def test_modes_of_two_queues(make_suite, folder):
    """One path and domain, but each queue's files have that queue's modes."""
    suite = make_suite(policy="")
    suite.write("init.lua", f"""
local kumo = require 'kumo'
kumo.on('init', function()
  kumo.define_spool {{ name = 'data', path = '{suite.spool}',
    min_free_space = 0, min_free_inodes = 0 }}
  kumo.configure_local_logs {{ log_dir = '{suite.logs}', min_free_space = 0,
    min_free_inodes = 0 }}
  kumo.start_esmtp_listener {{ listen = '127.0.0.1:0',
    relay_hosts = {{ '127.0.0.1' }} }}
end)
kumo.on('smtp_server_message_received', function(msg)
  msg:set_meta('tenant', msg:recipient().user)
end)
kumo.on('get_queue_config', function(domain, tenant)
  return kumo.make_queue_config {{ protocol = {{
    maildir_path = '{folder}/all',
    file_mode = tonumber(tenant == 'open' and '644' or '600', 8) }} }}
end)
""")
    suite.start()
    for i in range(6):
        suite.send(recipients=("open", "shut")[i % 2] + "@x.test")
    records = suite.wait_records(6, "Delivery")
    modes = {os.path.basename(f): stat.S_IMODE(os.stat(f"{folder}/{f}").st_mode)
             for f in files(folder)}
    assert len(modes) == 6
    for r in records:
        [mode] = [m for name, m in modes.items()
                  if name in r["response"]["content"]]
        assert mode == (0o644 if r["queue"] == "open@x.test" else 0o600)


def test_no_room_is_tried_again(make_suite, folder):
    os.chmod(folder, 0o755)
    blocked = os.path.join(folder, "blocked")
    with open(blocked, "w"):
        pass
    suite = make_suite(maildir(blocked, retry_interval="200ms")).start()
    suite.send()
    [failure] = suite.wait_records(1, "TransientFailure")
    assert failure["response"]["code"] == 400
    assert failure["response"]["content"].startswith("KumoMTA internal: ")
    assert failure["num_attempts"] == 1
    os.unlink(blocked)
    os.mkdir(blocked)
    os.chmod(blocked, 0o777)
    suite.wait_records(1, "Delivery")
    assert len(files(blocked)) == 1


def test_many(make_suite, folder):
    suite = make_suite(maildir(folder)).start()
    with suite.client() as client:
        for i in range(200):
            client.sendmail("a@from.test", f"u{i % 5}@x.test", f"{i}\r\n")
    suite.wait_records(200, "Delivery")
    bodies = []
    for f in files(folder):
        with open(os.path.join(folder, f)) as got:
            bodies.append(int(got.read().split("\n")[-2]))
    assert sorted(bodies) == list(range(200))


# ---- LMTP ---------------------------------------------------------------------

def lmtp(port, queue=None):
    return {**to(port, queue, use_lmtp=True),
            "listeners": [listener(batch_handling="BatchByDomain")]}


def test_lmtp_answers_for_each(make_suite, make_peer):
    """One refused at RCPT, one at the end, one for later, two taken."""
    later = []

    def answer(line, session):
        if line.startswith("RCPT TO:<unknown@"):
            return "550 5.1.1 unknown"
        if line == ". full@to.test":
            return "552 5.2.2 over quota"
        if line == ". later@to.test" and not later:
            later.append(line)
            return "451 4.2.0 locked"
        return None

    peer = make_peer(answer, lmtp=True)
    suite = make_suite(lmtp(peer.port, {"retry_interval": "200ms"})).start()
    suite.send(recipients=[n + "@to.test" for n in (
        "one", "unknown", "full", "later", "two")])
    wait_for(lambda: len(peer.recipients()) == 3)
    wait_for(lambda: "later@to.test" in [
        r["recipient"] for r in suite.records("Delivery")])
    bounces = {r["recipient"]: r["response"] for r in suite.records("Bounce")}
    assert {k: (v["code"], v["command"]) for k, v in bounces.items()} == {
        "unknown@to.test": (550, "RCPT TO:<unknown@to.test>"),
        "full@to.test": (552, ".")}
    [failure] = suite.records("TransientFailure")
    assert failure["recipient"] == "later@to.test"
    assert failure["response"]["code"] == 451
    assert failure["delivery_protocol"] == "ESMTP"
    delivered = []
    for r in suite.records("Delivery"):
        delivered += r["recipient"] if isinstance(r["recipient"], list) \
            else [r["recipient"]]
    assert sorted(delivered) == ["later@to.test", "one@to.test", "two@to.test"]
    assert peer.sessions[0].commands[0].startswith("LHLO ")
    assert sorted(peer.recipients()) == sorted(delivered)


def test_lmtp_refused_for_all(make_suite, make_peer):
    peer = make_peer(lambda line, s: "554 5.6.0 no"
                     if line.startswith(". ") else None, lmtp=True)
    suite = make_suite(lmtp(peer.port)).start()
    suite.send(recipients=["a@to.test", "b@to.test"])
    wait_for(lambda: sum(
        len(r["recipient"]) if isinstance(r["recipient"], list) else 1
        for r in suite.records("Bounce")) == 2)
    assert not suite.records("Delivery")


def test_lmtp_lost_in_between(make_suite, make_peer):
    """The first reply counts, who had none is tried again."""
    lost = []

    def answer(line, session):
        if line == ". b@to.test" and not lost:
            lost.append(line)
            return "close"
        return None

    peer = make_peer(answer, lmtp=True)
    suite = make_suite(lmtp(peer.port, {"retry_interval": "200ms"})).start()
    suite.send(recipients=["a@to.test", "b@to.test"])
    deliveries = suite.wait_records(2, "Delivery")
    assert [r["recipient"] for r in deliveries] == ["a@to.test", "b@to.test"]
    [failure] = suite.records("TransientFailure")
    assert failure["recipient"] == "b@to.test"
    assert failure["response"]["code"] == 421


def test_smtp_server_is_no_lmtp_server(make_suite, make_peer):
    peer = make_peer()
    suite = make_suite(lmtp(peer.port)).start()
    suite.send()
    [failure] = suite.wait_records(1, "TransientFailure")
    assert "LHLO" in failure["response"]["content"] or \
        "EHLO" in failure["response"]["content"]


class SocketPeer(Peer):
    """The same at a path."""

    def __init__(self, where, **options):
        super().__init__(**options)
        inner = ("127.0.0.1", self.port)
        self.front = socket.socket(socket.AF_UNIX)
        self.front.bind(where)
        os.chmod(where, 0o777)
        self.front.listen(64)
        threading.Thread(target=self._relay, args=(inner,),
                         daemon=True).start()

    def _relay(self, inner):
        while True:
            try:
                client, _ = self.front.accept()
            except OSError:
                return
            server = socket.create_connection(inner)
            for a, b in ((client, server), (server, client)):
                threading.Thread(target=self._copy, args=(a, b),
                                 daemon=True).start()

    @staticmethod
    def _copy(a, b):
        try:
            while data := a.recv(65536):
                b.sendall(data)
            b.shutdown(socket.SHUT_WR)
        except OSError:
            pass

    def close(self):
        super().close()
        self.front.shutdown(socket.SHUT_RDWR)
        self.front.close()


@pytest.mark.parametrize("prefix", ["unix:", ""])
def test_lmtp_over_a_path(make_suite, folder, prefix):
    where = os.path.join(folder, "lmtp")
    peer = SocketPeer(where, lmtp=True)
    suite = make_suite({
        "queues": {"*": {"protocol": {"smtp": {
            "mx_list": [prefix + where]}}}},
        "paths": {"*": path(use_lmtp=True)}}).start()
    suite.send()
    [record] = suite.wait_records(1, "Delivery")
    assert record["peer_address"]["addr"] == where
    assert record["site"] == f"unspecified->mx_list:{where}@smtp_client"
    assert peer.recipients() == ["user@to.test"]
    peer.close()


def test_nobody_at_the_path(make_suite, folder):
    suite = make_suite({
        "queues": {"*": {"protocol": {"smtp": {
            "mx_list": ["unix:" + folder + "/none"]}}}},
        "paths": {"*": path(use_lmtp=True)}}).start()
    suite.send()
    [record] = suite.wait_records(1, "TransientFailure")
    assert "No such file or directory" in record["response"]["content"]
