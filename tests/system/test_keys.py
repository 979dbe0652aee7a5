# SPDX-License-Identifier: Apache-2.0
"""Certificates and keys: read for the one role that needs them, renewed by a
reload, refused in one line when they do not serve."""

import json
import os
import re
import shutil
import signal
import smtplib
import ssl
import subprocess

import pytest

from certs import fingerprint, make_pair, private_number
import suite as support
from routes import listener, path, to
from suite import BUILD, SANITIZED, wait_for

EKIDEN = os.path.join(BUILD, "bin", "ekiden")
ROOT_ONLY = pytest.mark.skipif(os.geteuid() != 0, reason="needs root")


class Keys:
    """A pair of files in a folder of its own."""

    def __init__(self, folder, name, mode=0o644):
        self.name = name
        self.mode = mode
        self.certificate = os.path.join(folder, name + ".pem")
        self.key = os.path.join(folder, name + ".key")
        self.renew()

    def renew(self, **options):
        make_pair(self.certificate, self.key, self.name, mode=self.mode,
                  **options)
        return self

    def options(self):
        return {"tls_certificate": self.certificate,
                "tls_private_key": self.key}

    def der(self):
        return fingerprint(self.certificate)


@pytest.fixture
def make_keys(tmp_path):
    os.chmod(tmp_path, 0o755)
    return lambda name, **options: Keys(str(tmp_path), name, **options)


def plain_tls():
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def secured(suite, index=0):
    client = smtplib.SMTP("127.0.0.1", suite.ports[index], timeout=20)
    client.ehlo("client.test")
    assert client.starttls(context=plain_tls())[0] == 220
    return client


def shown(suite, index=0):
    """The certificate that a listener shows, as DER."""
    with secured(suite, index) as client:
        return client.sock.getpeercert(True)


def said_since(suite, seen):
    """Without what is said of every day."""
    return [line.replace(suite.config_dir + "/", "")
            for line in suite.stderr[seen:] if ": info: " not in line]


def reload_fails(suite):
    """The one line that says why."""
    seen = len(suite.stderr)
    assert "reload failed" in suite.reload()
    lines = said_since(suite, seen)
    assert len(lines) == 2, lines
    return lines[0]


# ---- renewal -----------------------------------------------------------------

def test_renewed_by_reload(make_suite, make_keys, sink):
    keys = make_keys("mx.test")
    suite = make_suite({"listeners": [listener(**keys.options())],
                        "processes": {"smtpd": 2}},
                       sink_port=sink.port).start()
    first = keys.der()
    assert shown(suite) == first
    under_way = secured(suite)
    keys.renew()
    assert keys.der() != first
    assert shown(suite) == first
    assert "reload complete" in suite.reload()
    # Each process has it: none of many shows the old one.
    assert {shown(suite) for _ in range(12)} == {keys.der()}
    assert under_way.sendmail("a@from.test", "u@to.test", "x\r\n") == {}
    assert under_way.sock.getpeercert(True) == first
    under_way.quit()
    # Who comes instead of a dead one has them from master.
    for pid in suite.pids("smtpd"):
        os.kill(pid, signal.SIGKILL)
    wait_for(lambda: sum("smtpd" in line and "is back" in line
                         for line in suite.stderr) == 2)
    assert shown(suite) == keys.der()


def test_keys_come_and_go(make_suite, make_keys):
    keys = make_keys("mx.test")
    suite = make_suite({"listeners": [listener()]}).start()
    own = shown(suite)
    suite.config["listeners"] = [listener(**keys.options())]
    suite.configure(suite.config)
    assert "reload complete" in suite.reload()
    assert shown(suite) == keys.der()
    with open(keys.certificate) as c, open(keys.key) as k:
        suite.config["listeners"] = [listener(
            tls_certificate={"key_data": c.read()},
            tls_private_key={"key_data": k.read()})]
    suite.configure(suite.config)
    assert "reload complete" in suite.reload()
    assert shown(suite) == keys.der()
    suite.config["listeners"] = [listener()]
    suite.configure(suite.config)
    assert "reload complete" in suite.reload()
    assert shown(suite) not in (own, keys.der())


def test_by_network(make_suite, make_keys):
    """peer and via have keys of their own, also in one file each."""
    top, peer = make_keys("top.test"), make_keys("peer.test")
    with open(peer.certificate) as c, open(peer.key, "a") as k:
        k.write(c.read())
    over = {"tls_certificate": peer.key, "tls_private_key": peer.key}
    suite = make_suite({"listeners": [
        listener(**top.options(), peer={"127.0.0.0/8": {"via": {
            "127.0.0.1": over}}}),
        listener(**top.options(), peer={"10.0.0.0/8": over})]}).start()
    assert shown(suite, 0) == peer.der()
    assert shown(suite, 1) == top.der()


# ---- what does not serve -----------------------------------------------------

def mismatched(keys, other):
    os.replace(other.key, keys.key)


def replaced(text):
    def does(keys, other):
        with open(keys.key, "w") as f:
            f.write(text)
    return does


def fifo(keys, other):
    os.unlink(keys.key)
    os.mkfifo(keys.key)


def folder(keys, other):
    os.unlink(keys.key)
    os.mkdir(keys.key)


def device(keys, other):
    os.unlink(keys.key)
    os.symlink("/dev/zero", keys.key)


WRONG = [
    (mismatched, "tls_private_key", ["does not belong to the certificate",
                                     "renew both together"]),
    (replaced(""), "tls_private_key", ["holds no private key"]),
    (replaced("root:x:0:0:root"), "tls_private_key",
     ["holds no private key", "-----BEGIN PRIVATE KEY-----"]),
    (replaced("-----BEGIN PRIVATE KEY-----\nAAAA\n"
              "-----END PRIVATE KEY-----\n"), "tls_private_key",
     ["damaged private key"]),
    (replaced("x" * (1024 * 1024 + 1)), "tls_private_key",
     ["larger than 1 MiB"]),
    (lambda keys, other: os.unlink(keys.key), "tls_private_key",
     ["No such file"]),
    (lambda keys, other: os.replace(keys.key, keys.certificate),
     "tls_certificate", None),
    (lambda keys, other: keys.renew(password="secret"), "tls_private_key",
     ["locked by a passphrase", "without one"]),
    (lambda keys, other: keys.renew(bits=512), "tls_private_key",
     ["too small"]),
    (fifo, "tls_private_key", ["no plain file"]),
    (folder, "tls_private_key", ["no plain file"]),
    (device, "tls_private_key", ["no plain file"]),
]


@pytest.mark.parametrize("does, option, words", WRONG, ids=[
    "mismatch", "empty", "text", "damaged", "long", "absent", "swapped",
    "locked", "weak", "fifo", "folder", "device"])
def test_what_does_not_serve(make_suite, make_keys, does, option, words):
    keys, other = make_keys("mx.test"), make_keys("other.test")
    suite = make_suite({"listeners": [listener(**keys.options())]}).start()
    first = keys.der()
    with open(os.path.join(suite.config_dir, "ekiden.yaml")) as f:
        lines = f.read().splitlines()
    does(keys, other)
    if words is None:  # a key alone where a certificate must be; no key
        with open(keys.key, "w") as f:
            f.write("")
        seen = len(suite.stderr)
        assert "reload failed" in suite.reload()
        said = said_since(suite, seen)[:-1]
        assert len(said) == 2
        assert "holds no certificate" in said[0] + said[1]
    else:
        said = [reload_fails(suite)]
        line = next(n for n, text in enumerate(lines, 1) if option in text)
        assert said[0].startswith(
            f"ekiden.yaml:{line}: option '{option}' of "), said
        assert keys.key in said[0]
        assert all(w in said[0] for w in words), said
    assert shown(suite) == first
    assert suite.stop() == 0
    # The same words at a start, and to those who only look.
    for command in (suite.command(), [EKIDEN, "check", "--config",
                                      suite.config_dir]):
        done = subprocess.run(command, capture_output=True, text=True,
                              timeout=30)
        assert done.returncode == 1
        assert [line.replace(suite.config_dir + "/", "")
                for line in done.stderr.splitlines()] == said


def test_one_line_for_many(make_suite, make_keys):
    keys, other = make_keys("mx.test"), make_keys("other.test")
    mismatched(keys, other)
    suite = make_suite({"listeners": [listener(**keys.options())
                                      for _ in range(5)],
                        "paths": {"*": path(**keys.options())}})
    done = subprocess.run(suite.command(), capture_output=True, text=True,
                          timeout=30)
    assert done.returncode == 1
    # One for each role that needs it.
    assert len(done.stderr.splitlines()) == 2
    assert sorted(re.findall(r"of kumo\.(\w+):", done.stderr)) == [
        "make_egress_path", "start_esmtp_listener"]


# ---- who gets them -----------------------------------------------------------

def memory(pid):
    """What a process has written or could write, file mappings aside."""
    found = b""
    with open(f"/proc/{pid}/maps") as maps, \
            open(f"/proc/{pid}/mem", "rb", 0) as mem:
        for line in maps:
            fields = line.split()
            if "w" not in fields[1] or (len(fields) > 5 and
                                        fields[5].startswith("/")):
                continue
            start, end = (int(x, 16) for x in fields[0].split("-"))
            if end - start > 256 << 20:
                continue
            mem.seek(start)
            try:
                found += mem.read(end - start)
            except OSError:
                pass
    return found


@ROOT_ONLY
@pytest.mark.skipif(SANITIZED, reason="memory is not wiped there")
def test_nobody_else_has_them(make_suite, make_keys, make_peer):
    """Keys for root alone, with accounts for the roles: each is in the memory
    of the role that shows it and of no other, and its text in none."""
    server = make_keys("mx.test", mode=0o600)
    client = make_keys("out.test", mode=0o600)
    inline = make_keys("inline.test")
    with open(inline.certificate) as c, open(inline.key) as k:
        data = {"tls_certificate": {"key_data": c.read()},
                "tls_private_key": {"key_data": k.read()}}
    peer = make_peer()
    config = to(peer.port, **client.options())
    config["listeners"] = [listener(**server.options()), listener(**data)]
    suite = make_suite(config).start()
    assert (shown(suite, 0), shown(suite, 1)) == (server.der(), inline.der())
    suite.send()
    suite.wait_records(1, "Delivery")
    for reloads in range(3):
        for role, pid in suite.processes() + [("master", suite.process.pid)]:
            bytes_of = memory(pid)
            for keys, owner in ((server, "smtpd"), (client, "smtp-out"),
                                (inline, "smtpd")):
                number = private_number(keys.key)
                has = number in bytes_of or number[::-1] in bytes_of
                assert has == (role == owner), (role, keys.name, reloads)
                with open(keys.key) as f:
                    text = f.read().splitlines()[1].encode()
                assert text not in bytes_of, (role, keys.name, reloads)
        server.renew()
        client.renew()
        assert "reload complete" in suite.reload()
        assert shown(suite, 0) == server.der()


@ROOT_ONLY
@pytest.mark.skipif(SANITIZED, reason="memory is too large there")
def test_what_is_no_key_goes_nowhere(make_suite, tmp_path):
    """A file that only root may read and that is no key: its bytes are in no
    message and in no daemon."""
    secret = os.path.join(tmp_path, "secret")
    with open(secret, "w") as f:
        f.write("correct horse battery staple\n")
    os.chmod(secret, 0o600)
    suite = make_suite({}).start()
    suite.config["listeners"] = [listener(tls_certificate=secret,
                                          tls_private_key=secret)]
    suite.configure(suite.config)
    line = reload_fails(suite)
    assert secret in line and "horse" not in line
    for _, pid in suite.processes():
        assert b"battery staple" not in memory(pid)


@ROOT_ONLY
def test_a_look_without_rights(make_suite, make_keys):
    """Whoever may not read the keys can check the rest."""
    keys = make_keys("mx.test", mode=0o600)
    suite = make_suite({"listeners": [listener(**keys.options())]})
    done = subprocess.run([EKIDEN, "check", "--config", suite.config_dir],
                          capture_output=True, text=True, timeout=30,
                          user=61100, group=61100, extra_groups=[])
    assert done.returncode == 0
    lines = done.stderr.splitlines()
    assert len(lines) == 2
    assert all(line.startswith("notice: ") and line.endswith(
        "is not checked: this account may not read it") for line in lines)


@pytest.mark.parametrize("does, line", [
    ("another role", "closed reason=\"PLAN_KEYS: malformed body"),
    ("twice", "closed reason=\"PLAN_KEYS: malformed body"),
    ("unsealed", "the list of keys cannot be read"),
    ("malformed", "the list of keys is malformed"),
    ("for no use", "ekiden.yaml' is wanted for nothing"),
])
def test_a_loader_that_was_taken_over(make_suite, monkeypatch, does, line):
    s = make_suite({})
    build = os.path.join(s.folder, "build")
    for folder in ("bin", "libexec"):
        shutil.copytree(os.path.join(support.BUILD, folder),
                        os.path.join(build, folder))
    libexec = os.path.join(build, "libexec", "ekiden")
    loader = os.path.join(libexec, "loader")
    os.unlink(loader)
    shutil.copy(os.path.join(support.ROOT, "tests", "support",
                             "rogue_loader.py"), loader)
    os.chmod(loader, 0o755)
    with open(os.path.join(libexec, "rogue.json"), "w") as f:
        json.dump({"does": does, "file": os.path.join(
            s.config_dir, "ekiden.yaml"), "messages": os.path.join(
            support.ROOT, "lib", "ipc", "messages.def")}, f)
    monkeypatch.setattr(support, "BUILD", build)
    s.start(wait=False)
    assert s.process.wait(20) == 1
    wait_for(lambda: [x for x in s.stderr if line in x])
    assert not os.path.exists(s.spool)


# ---- named by a policy -------------------------------------------------------

LUA = """local kumo = require 'kumo'
kumo.on('init', function()
  kumo.define_spool {{ name = 'data', path = '{spool}', min_free_space = 0,
    min_free_inodes = 0 }}
  kumo.configure_local_logs {{ log_dir = '{logs}', min_free_space = 0,
    min_free_inodes = 0 }}
  kumo.start_esmtp_listener {{ listen = '127.0.0.1:0',
    tls_certificate = '{server}.pem', tls_private_key = '{server}.key',
    relay_hosts = {{ '127.0.0.1' }} }}
  {init}
end)
kumo.on('get_queue_config', function()
  return kumo.make_queue_config {{ retry_interval = '1s', protocol = {{
    smtp = {{ mx_list = {{ '127.0.0.1:{port}' }} }} }} }}
end)
kumo.on('get_egress_path_config', function()
  return kumo.make_egress_path {{ prohibited_hosts = {{}},
    enable_tls = 'RequiredInsecure', idle_timeout = '50ms',
    {path} }}
end)
"""
PLAIN = "tls_certificate = '{client}.pem', tls_private_key = '{client}.key'"
MADE = ("tls_certificate = '{client}' .. '.pem', "
        "tls_private_key = '{client}' .. '.key'")


def asking_tls(server, *clients):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(server.certificate, server.key)
    context.verify_mode = ssl.CERT_OPTIONAL
    for client in clients:
        context.load_verify_locations(client.certificate)
    return context


class Lua:
    """A suite whose policy names keys; mode 0600 where that can be."""

    def __init__(self, make_suite, make_keys, make_peer):
        mode = 0o600 if os.geteuid() == 0 else 0o644
        self.server = make_keys("mx.test", mode=mode)
        self.client = make_keys("out.test", mode=mode)
        self.tls = asking_tls(make_keys("peer.test"), self.client)
        self.peer = make_peer(tls=self.tls)
        self.suite = make_suite(policy="")

    def write(self, path=PLAIN, init="", more=""):
        stems = {"client": self.client.key[:-4],
                 "server": self.server.key[:-4]}
        self.suite.write("init.lua", LUA.format(
            spool=self.suite.spool, logs=self.suite.logs,
            port=self.peer.port, path=path.format(**stems),
            init=init.format(**stems), **stems) + more)
        return self.suite

    def shown(self):
        return [s.certificate and s.certificate["serialNumber"]
                for s in self.peer.sessions]


@pytest.fixture
def lua(make_suite, make_keys, make_peer):
    return Lua(make_suite, make_keys, make_peer)


def serial(keys):
    text = subprocess.run(["openssl", "x509", "-in", keys.certificate,
                           "-serial", "-noout"], check=True,
                          capture_output=True, text=True).stdout
    return text.strip().split("=")[1]


@pytest.mark.parametrize("how", [
    {"path": PLAIN},
    {"path": "tls_private_key = \"{client}.key\", -- comes first\n"
             "['tls_certificate'] = '{client}.pem'"},
    {"path": MADE, "init": "kumo.make_egress_path {{ " + PLAIN + " }}"},
], ids=["plain", "turned", "made"])
def test_named_by_a_policy(lua, how):
    suite = lua.write(**how).start()
    suite.send()
    suite.wait_records(1, "Delivery")
    assert lua.shown() == [serial(lua.client)]
    assert shown(suite) == lua.server.der()
    lua.client.renew()
    lua.server.renew()
    lua.tls.load_verify_locations(lua.client.certificate)
    assert "reload complete" in suite.reload()
    suite.send()
    suite.wait_records(2, "Delivery")
    assert lua.shown()[1:] == [serial(lua.client)]
    assert shown(suite) == lua.server.der()


def test_not_known_when_loaded(lua):
    """A name that only comes to be in a handler: mail waits and says why,
    and goes once the name is given while the policy is loaded."""
    suite = lua.write(path=MADE).start()
    suite.send()
    text = suite.wait_records(1, "TransientFailure")[0]["response"]["content"]
    assert lua.client.certificate in text
    assert "tls_certificate" in text and "kumo.make_egress_path" in text
    assert "init" in text and "reload" in text
    assert not lua.peer.sessions
    lua.write(path=MADE, init="kumo.make_egress_path {{ " + PLAIN + " }}")
    assert "reload complete" in suite.reload()
    suite.wait_records(1, "Delivery")
    assert lua.shown() == [serial(lua.client)]


def test_a_listeners_key_is_nobody_elses(lua):
    """A handler that names it in plain words does not get it."""
    suite = lua.write(path=PLAIN.replace("client", "server")).start()
    suite.send()
    text = suite.wait_records(1, "TransientFailure")[0]["response"]["content"]
    assert lua.server.certificate in text


DYNAMIC = """
kumo.on('smtp_server_get_dynamic_parameters', function()
  return {{ {text} }}
end)
"""


def test_listeners_by_a_handler(lua, make_keys):
    other = make_keys("other.test", mode=lua.server.mode)
    options = PLAIN.format(client=other.key[:-4])
    suite = lua.write(more=DYNAMIC.format(text=options)).start()
    assert shown(suite) == other.der()
    other.renew()
    assert "reload complete" in suite.reload()
    assert shown(suite) == other.der()
    # Delivery has its own as before.
    suite.send()
    suite.wait_records(1, "Delivery")
    assert lua.shown() == [serial(lua.client)]


def test_listeners_by_a_handler_unknown(lua, make_keys):
    """A name that nothing said before: no TLS, and a line that says why."""
    other = make_keys("other.test", mode=lua.server.mode)
    made = DYNAMIC.format(text=MADE.format(client=other.key[:-4]))
    suite = lua.write(more=made).start()
    with suite.client() as client:
        client.ehlo("client.test")
        assert not client.has_extn("starttls")
    line = wait_for(lambda: [x for x in suite.stderr
                             if "is not offered" in x])[0]
    assert f"the file {other.key} was not known" in line and "via" in line
    with open(suite.policy) as f:
        text = f.read()
    via = PLAIN.format(client=other.key[:-4])
    suite.write("init.lua", text.replace(
        "relay_hosts =",
        f"via = {{ ['192.0.2.1'] = {{ {via} }} }}, relay_hosts =", 1))
    assert "reload complete" in suite.reload()
    assert shown(suite) == other.der()


@pytest.mark.parametrize("more, notice", [
    ("-- tls_private_key = '/nowhere/a.key'\n", None),
    ("--[==[ tls_private_key = '/nowhere/a.key' ]] ]==]\n", None),
    ("local t = { x = '--', tls_private_key = '/nowhere/a.key' }\n",
     "init.lua:{line}: option 'tls_private_key' of kumo.make_egress_path: the "
     "file '/nowhere/a.key' cannot be read (No such file or directory): it "
     "is left out"),
    ("local t = { tls_private_key = '/nowhere/' .. 'a.key' }\n", None),
], ids=["comment", "long comment", "table", "part"])
def test_guesses(lua, more, notice):
    suite = lua.write(more=more).start()
    with open(suite.policy) as f:
        line = len(f.read().splitlines())
    said = [s.replace(suite.config_dir + "/", "") for s in suite.stderr
            if "nowhere" in s]
    assert said == ([] if notice is None else
                    ["notice: " + notice.format(line=line)])


def test_wrong_in_a_policy(lua):
    suite = lua.write().start()
    with open(suite.policy) as f:
        line = next(n for n, text in enumerate(f.read().splitlines(), 1)
                    if lua.client.key in text)
    lua.client.renew()
    make_pair(lua.client.certificate, lua.client.key + ".other", "out.test")
    said = reload_fails(suite)
    assert said.startswith(f"init.lua:{line}: option 'tls_private_key' of "
                           "kumo.make_egress_path: ")
    assert "does not belong" in said
    # The old pair goes on.
    suite.send()
    suite.wait_records(1, "Delivery")
    assert lua.peer.sessions[0].certificate is not None


def test_paths(make_suite, make_keys, make_peer):
    """`paths:` of ekiden.yaml, with files and with the text itself."""
    one, two = make_keys("one.test"), make_keys("two.test")
    peers = [make_peer(tls=asking_tls(make_keys("peer.test"), one, two))
             for _ in range(2)]
    config = to(peers[0].port, enable_tls="RequiredInsecure",
                **one.options())
    config["queues"]["two.test"] = {"protocol": {"smtp": {
        "mx_list": [f"127.0.0.1:{peers[1].port}"]}}}
    with open(two.certificate) as c, open(two.key) as k:
        config["paths"]["two.test"] = {
            "tls_certificate": {"key_data": c.read()},
            "tls_private_key": {"key_data": k.read()}}
    suite = make_suite(config).start()
    suite.send(recipients=["u@one.test", "u@two.test"])
    suite.wait_records(2, "Delivery")
    assert [p.sessions[0].certificate["serialNumber"] for p in peers] == [
        serial(one), serial(two)]
