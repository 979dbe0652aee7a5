# SPDX-License-Identifier: Apache-2.0
"""Wrong configurations are told of in one line and change nothing; good ones
hold from the moment a reload is said to be complete."""

import os
import signal
import smtplib
import socket
import subprocess
import threading

import pytest

from routes import dns, listener, path, to, zone
from suite import BUILD, wait_for

EKIDEN = os.path.join(BUILD, "bin", "ekiden")


def run(suite, *arguments):
    """ekiden in the foreground, to its own end: status and what it said."""
    done = subprocess.run(arguments, capture_output=True, text=True,
                          timeout=30)
    assert done.stdout == ""
    return done.returncode, done.stderr.replace(
        suite.config_dir + "/", "").splitlines()


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def is_open(port):
    with socket.socket() as s:
        return s.connect_ex(("127.0.0.1", port)) == 0


YAML = """listeners:
  - listen: 127.0.0.1:{port}
spool:
  path: {spool}
  min_free_space: 0
logs:
  - log_dir: {logs}
"""


# What is appended to a good file, the line it is on, and words of the report.
WRONG = [
    ("hostnam: x\n", 8, ["hostnam", "did you mean 'hostname'"]),
    ("queues:\n  '*':\n    retry_intervall: 1s\n", 10,
     ["retry_intervall", "did you mean 'retry_interval'"]),
    ("queues:\n  '*':\n    retry_interval: soon\n", 10,
     ["retry_interval", "soon"]),
    ("queues:\n  '*':\n    max_age: -3\n", 10, ["max_age"]),
    ("queues:\n  '*':\n    protocol: {smtp: {}, maildir_path: /x}\n", 10,
     ["exactly one of"]),
    ("queues:\n  '*':\n    protocol: {custom_lua: {constructor: x}}\n", 10,
     ["custom_lua", "not part of this version"]),
    ("queues:\n  '*':\n    protocol: {smtp: {mx_list: ['a b']}}\n", 10,
     ["mx_list", "next hop"]),
    ("paths:\n  '*':\n    connection_limit: lots\n", 10,
     ["connection_limit"]),
    ("paths:\n  '*':\n    max_message_rate: 10/fortnight\n", 10,
     ["max_message_rate", "10/fortnight"]),
    ("paths:\n  '*':\n    enable_tls: Maybe\n", 10,
     ["enable_tls", "Opportunistic"]),
    ("paths:\n  '*':\n    prohibited_hosts: ['10.0.0.0/33']\n", 10,
     ["prohibited_hosts"]),
    ("sources:\n  - source_address: 127.0.0.1\n", 9, ["name"]),
    ("sources:\n  - name: a\n    source_address: 127.0.0.300\n", 10,
     ["source_address"]),
    ("pools:\n  - name: p\n    entries: [{name: ghost}]\n", None,
     ["pool 'p'", "ghost"]),
    ("queues:\n  '*':\n    egress_pool: ghost\n", None, ["ghost"]),
    ("dns:\n  Test:\n    zones: ['@ A']\n", None, ["zone"]),
    ("queues:\n  '*':\n    egress_pool: " + "p" * 256 + "\n", 10,
     ["egress_pool", "at most 255 bytes"]),
    ("queues:\n  '*':\n    protocol: {smtp: {mx_list: [" + ", ".join(
        f"host{i}.example.com" for i in range(120)) + "]}}\n", 10,
     ["mx_list", "too long together"]),
    ("listeners: []\n", 8, ["listeners"]),
    ("a: [1\n", None, []),
    ("\tx: 1\n", None, []),
]


@pytest.mark.parametrize("text, line, words", WRONG,
                         ids=[w[0].split("\n")[-2].strip()[:60] for w in WRONG])
def test_wrong_yaml_starts_nothing(make_suite, text, line, words):
    suite = make_suite({})
    port = free_port()
    suite.write("ekiden.yaml", YAML.format(
        port=port, spool=suite.spool, logs=suite.logs) + text)
    for command in (suite.command(), [EKIDEN, "check", "--config",
                                      suite.config_dir]):
        status, said = run(suite, *command)
        assert status == 1, said
        assert len(said) == 1, said
        start = "ekiden.yaml:" if line is None else f"ekiden.yaml:{line}: "
        assert said[0].startswith(start), said
        assert all(w in said[0] for w in words), said
    assert not is_open(port)
    assert not os.path.exists(suite.spool) and not os.path.exists(suite.logs)


def test_too_large_for_the_way_out(make_suite):
    suite = make_suite(to(25, skip_hosts=[
        f"10.{i // 256}.{i % 256}.0/24" for i in range(20000)]))
    status, said = run(suite, EKIDEN, "check", "--config", suite.config_dir)
    assert status == 1
    assert said == ["ekiden.yaml: the options of the path '*' are larger than "
                    "64 KiB: shorten their lists"]


def test_several_faults_are_told_at_once(make_suite):
    suite = make_suite({})
    suite.write("ekiden.yaml", "a: 1\nb: 2\nlog_level: loud\n")
    status, said = run(suite, EKIDEN, "check", "--config", suite.config_dir)
    assert status == 1
    assert [s.split(": ")[0] for s in said] == [
        "ekiden.yaml:1", "ekiden.yaml:2", "ekiden.yaml:3"]


def test_a_port_in_use(make_suite):
    with socket.create_server(("127.0.0.1", 0)) as s:
        port = s.getsockname()[1]
        suite = make_suite({"listeners": [
            listener(), listener(listen=f"127.0.0.1:{port}")]})
        status, said = run(suite, *suite.command())
        assert status == 1
        assert any(f"127.0.0.1:{port}" in line for line in said), said
        assert "initialization complete" not in said


def test_good_is_quiet(make_suite):
    suite = make_suite(to(25))
    status, said = run(suite, EKIDEN, "check", "--config", suite.config_dir)
    assert (status, said) == (0, [])
    assert not os.path.exists(suite.spool)


LUA = """local kumo = require 'kumo'
kumo.on('init', function()
  kumo.define_spool {{ name = 'data', path = '{spool}', min_free_space = 0,
    min_free_inodes = 0 }}
  kumo.configure_local_logs {{ log_dir = '{logs}', min_free_space = 0,
    min_free_inodes = 0 }}
  kumo.start_esmtp_listener {{ listen = '127.0.0.1:{port}',
    relay_hosts = {{ '127.0.0.1' }} }}
end)
"""

WRONG_LUA = [
    ("local x = = 3\n", 10, ["unexpected symbol"]),
    ("nosuch()\n", 10, ["nosuch"]),
    ("kumo.on('get_queue_confg', function() end)\n", 10,
     ["get_queue_confg", "get_queue_config"]),
    ("kumo.make_queue_config { max_agee = 1 }\n", 10,
     ["max_agee", "did you mean 'max_age'"]),
    ("kumo.start_esmtp_listener {}\n", 10, ["init"]),
    ("require 'absent_module'\n", 10, ["absent_module"]),
]


@pytest.mark.parametrize("text, line, words", WRONG_LUA)
def test_wrong_policy_starts_nothing(make_suite, text, line, words):
    suite = make_suite(policy="")
    port = free_port()
    suite.write("init.lua", LUA.format(spool=suite.spool, logs=suite.logs,
                                       port=port) + text)
    status, said = run(suite, *suite.command())
    assert status == 1
    assert said and said[0].startswith(f"init.lua:{line}: "), said
    assert all(w in said[0] for w in words), said
    assert not is_open(port)
    assert not os.path.exists(suite.spool)


# ---- reload --------------------------------------------------------------------

@pytest.mark.parametrize("text", ["hostnam: x\n", "a: [\n", ""])
def test_broken_file_changes_nothing(make_suite, sink, text):
    suite = make_suite(sink_port=sink.port).start()
    if text:
        suite.write("ekiden.yaml", text)
    else:
        os.unlink(os.path.join(suite.config_dir, "ekiden.yaml"))
        suite.write("ekiden.yaml", "listeners:\n  - listen: 192.0.2.1:25\n")
    before = [pid for _, pid in suite.processes()]
    assert "reload failed" in suite.reload()
    if text:
        assert any("/ekiden.yaml:" in line for line in suite.stderr)
    assert [pid for _, pid in suite.processes()] == before
    suite.send()
    suite.wait_records(1, "Delivery")


def test_relay_rights(make_suite, sink):
    suite = make_suite(sink_port=sink.port).start()
    suite.send()
    suite.config["listeners"][0]["relay_hosts"] = ["10.0.0.0/8"]
    suite.configure(suite.config)
    assert "reload complete" in suite.reload()
    with pytest.raises(smtplib.SMTPRecipientsRefused) as refused:
        suite.send()
    assert refused.value.recipients["user@to.test"][0] == 550
    suite.config["domains"] = {"to.test": {"relay_to": True}}
    suite.configure(suite.config)
    assert "reload complete" in suite.reload()
    suite.send()
    suite.wait_records(2, "Delivery")


def test_queues_and_paths(make_suite, make_peer):
    """The first message after a reload goes by the new configuration."""
    a, b = make_peer(), make_peer()
    suite = make_suite(to(a.port, ehlo_domain="one.test")).start()
    suite.send()
    suite.wait_records(1, "Delivery")
    for n in range(2, 8):
        peer = (a, b)[n % 2]
        suite.config.update(to(peer.port, ehlo_domain=f"n{n}.test",
                               idle_timeout="50ms"))
        suite.configure(suite.config)
        assert "reload complete" in suite.reload()
        seen = len(peer.sessions)
        suite.send()
        suite.wait_records(n, "Delivery")
        assert len(peer.sessions) == seen + 1
        assert peer.sessions[-1].commands[0] == f"EHLO n{n}.test"


def test_a_failed_queue_goes_on(make_suite, make_peer):
    """What waited for want of a configuration tries after a reload, not
    after its minute."""
    peer = make_peer()
    suite = make_suite(policy="")
    text = LUA.format(spool=suite.spool, logs=suite.logs, port=0)
    suite.write("init.lua", text + "kumo.on('get_queue_config', function()\n"
                "  error('not today')\nend)\n")
    suite.start()
    suite.send()
    wait_for(lambda: any("not today" in line for line in suite.stderr))
    suite.write("init.lua", text + f"""
kumo.on('get_queue_config', function()
  return kumo.make_queue_config {{ protocol = {{ smtp = {{
    mx_list = {{ '127.0.0.1:{peer.port}' }} }} }} }}
end)
kumo.on('get_egress_path_config', function()
  return kumo.make_egress_path {{ prohibited_hosts = {{}},
    enable_tls = 'Disabled' }}
end)
""")
    assert "reload complete" in suite.reload()
    suite.wait_records(1, "Delivery", 10)


def test_zones(make_suite, make_peer):
    a, b = make_peer(address="127.0.0.2"), None
    b = make_peer(address="127.0.0.3", port=a.port)
    suite = make_suite({"dns": dns(zone("to.test", "@ A 127.0.0.2")),
                        "paths": {"*": path(a.port)}}).start()
    suite.send()
    suite.wait_records(1, "Delivery")
    suite.config["dns"] = dns(zone("to.test", "@ MX 1 x", "x A 127.0.0.3"))
    suite.configure(suite.config)
    suite.reload()
    suite.send()
    records = suite.wait_records(2, "Delivery")
    assert records[1]["site"] == "unspecified->x.to.test@smtp_client"
    assert len(b.messages) == 1


def test_listeners_come_and_go(make_suite, sink):
    suite = make_suite(sink_port=sink.port).start()
    first = suite.smtp_port
    second = free_port()
    suite.config["listeners"] = [
        listener(listen=f"127.0.0.1:{first}", hostname="first.test"),
        listener(listen=f"127.0.0.1:{second}", hostname="second.test")]
    suite.configure(suite.config)
    assert "reload complete" in suite.reload()
    for port, name in ((first, b"first.test"), (second, b"second.test")):
        client = smtplib.SMTP()
        code, text = client.connect("127.0.0.1", port)
        assert code == 220 and name in text
        client.close()
    assert any(line.endswith(f"smtp listener on 127.0.0.1:{second}")
               for line in suite.stderr)
    old = smtplib.SMTP("127.0.0.1", first, timeout=20)
    suite.config["listeners"] = suite.config["listeners"][1:]
    suite.configure(suite.config)
    assert "reload complete" in suite.reload()
    assert not is_open(first) and is_open(second)
    # Who is there may finish.
    assert old.sendmail("a@from.test", "u@to.test", "x\r\n") == {}
    old.quit()
    suite.wait_records(1, "Delivery")


def test_listener_of_port_zero_stays(make_suite, sink):
    suite = make_suite(sink_port=sink.port).start()
    port = suite.smtp_port
    for _ in range(3):
        assert "reload complete" in suite.reload()
    assert is_open(port)
    suite.send()
    suite.wait_records(1, "Delivery")


def test_two_signals_in_a_row(make_suite, sink):
    """The second file counts, whatever the first one was at."""
    suite = make_suite(sink_port=sink.port).start()
    for n in range(5):
        suite.config["listeners"][0]["hostname"] = f"early{n}.test"
        suite.configure(suite.config)
        suite.process.send_signal(signal.SIGHUP)
        suite.config["listeners"][0]["hostname"] = f"late{n}.test"
        suite.configure(suite.config)
        suite.process.send_signal(signal.SIGHUP)

        def hostname():
            client = smtplib.SMTP()
            text = client.connect("127.0.0.1", suite.smtp_port)[1]
            client.close()
            return text
        wait_for(lambda: hostname().startswith(f"late{n}.test".encode()))


def test_reload_under_load(make_suite, sink):
    suite = make_suite(sink_port=sink.port).start()
    failed = []

    def send():
        try:
            with suite.client() as client:
                for i in range(300):
                    client.sendmail("a@from.test", f"u{i}@d{i % 7}.test",
                                    "x\r\n")
        except smtplib.SMTPException as e:
            failed.append(e)

    senders = [threading.Thread(target=send) for _ in range(3)]
    for s in senders:
        s.start()
    while any(s.is_alive() for s in senders):
        assert "reload complete" in suite.reload()
    for s in senders:
        s.join()
    assert not failed
    suite.wait_records(900, "Delivery", 30)
    assert not suite.records("TransientFailure")


def test_a_role_that_hangs_does_not_stop_a_reload(make_suite, sink):
    suite = make_suite(sink_port=sink.port).start()
    pid = suite.signal("spoold-logger", signal.SIGSTOP)
    try:
        suite.config["queues"]["*"]["retry_interval"] = "1h"
        suite.configure(suite.config)
        assert "reload complete" in suite.reload()
        assert any("spoold-logger" in line and "new configuration" in line
                   for line in suite.stderr)
    finally:
        os.kill(pid, signal.SIGCONT)
    suite.send()
    suite.wait_records(1, "Delivery")
