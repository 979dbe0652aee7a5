# SPDX-License-Identifier: Apache-2.0
"""Scripts that decide in the running suite, and names looked up by it."""
import smtplib
import socket
import struct
import threading

import pytest

from suite import wait_for

INIT = """
local kumo = require 'kumo'
kumo.on('init', function()
  kumo.define_spool {{ name = 'data', path = '{spool}', min_free_space = 0,
    min_free_inodes = 0 }}
  kumo.configure_local_logs {{ log_dir = '{logs}', min_free_space = 0,
    min_free_inodes = 0, meta = {{ 'tenant', 'x_*' }} }}
  kumo.start_esmtp_listener {{ listen = '127.0.0.1:0',
    relay_hosts = {{ '127.0.0.1' }} }}
  {init}
end)
kumo.on('get_egress_path_config', function(domain, source, site)
  return kumo.make_egress_path {{ prohibited_hosts = {{}}, smtp_port = {port},
    enable_tls = 'Disabled' }}
end)
{rest}
"""

ZONE = """
$ORIGIN to.test.
@ MX 10 mx1
@ MX 10 mx2
mx1 A 127.0.0.1
mx2 A 127.0.0.1
"""

TEST_DNS = f"kumo.dns.configure_test_resolver {{ [[{ZONE}]] }}"


def policy_suite(make_suite, sink, rest, init=""):
    s = make_suite(policy="")
    text = INIT.format(spool=s.spool, logs=s.logs, port=sink.port, init=init,
                       rest=rest)
    s.policy = s.write("init.lua", text)
    return s.start()


def test_decides(make_suite, sink):
    s = policy_suite(make_suite, sink, """
kumo.on('smtp_server_message_received', function(msg, conn_meta)
  if msg:recipient().user == 'bad' then
    kumo.reject(550, '5.7.1 not here')
  end
  if msg:recipient().user == 'fault' then
    nothing.at_all()
  end
  msg:import_x_headers()
  msg:set_meta('tenant', 'acme')
  msg:prepend_header('X-Seen', 'yes')
end)
kumo.on('get_queue_config', function(domain, tenant, campaign, routing_domain)
  assert(tenant == 'acme' and campaign == nil)
  return kumo.make_queue_config { egress_pool = 'pool' }
end)
kumo.on('get_egress_pool', function(name)
  return kumo.make_egress_pool { name = name, entries = { { name = 'ip1' } } }
end)
kumo.on('get_egress_source', function(name)
  return kumo.make_egress_source { name = name }
end)
""", TEST_DNS)
    s.send(text="Subject: x\r\nX-Job: 7\r\n\r\nHello\r\n")
    [record] = s.wait_records(1, "Delivery")
    assert record["queue"] == "acme@to.test"
    assert record["site"] == "ip1->(mx1|mx2).to.test@smtp_client"
    assert record["meta"] == {"tenant": "acme", "x_job": "7"}
    [message] = sink.messages()
    assert b"X-Seen: yes\r\n" in message
    with pytest.raises(smtplib.SMTPDataError) as refused:
        s.send(recipients="bad@to.test")
    assert refused.value.args == (550, b"5.7.1 not here")
    with pytest.raises(smtplib.SMTPException) as refused:
        s.send(recipients="fault@to.test")
    assert refused.value.args[0] == 421


def test_missing_source(make_suite, sink):
    s = policy_suite(make_suite, sink, """
kumo.on('get_queue_config', function()
  return kumo.make_queue_config { egress_pool = 'nowhere' }
end)
""", TEST_DNS)
    s.send()
    [record] = s.wait_records(1, "Delayed")
    assert record["response"]["content"].startswith(
        "KumoMTA internal: the pool 'nowhere' is not defined: add it to")
    wait_for(lambda: [line for line in s.stderr
                      if "the pool 'nowhere' is not defined" in line and
                      "get_egress_pool" in line])


FAILING = {
    "get_queue_config": "",
    "get_egress_source": """
kumo.on('get_queue_config', function()
  return kumo.make_queue_config { egress_pool = 'p' }
end)
kumo.on('get_egress_pool', function()
  return kumo.make_egress_pool { name = 'p', entries = { { name = 'x' } } }
end)
""",
}


@pytest.mark.parametrize("event", FAILING)
def test_failing_configuration(make_suite, sink, event):
    """What a handler died of stands in the record of the mail it holds up."""
    s = policy_suite(make_suite, sink, FAILING[event] + f"""
kumo.on('{event}', function() error 'the table is "gone"' end)
""", TEST_DNS)
    s.send()
    [record] = s.wait_records(1, "Delayed")
    assert record["num_attempts"] == 0
    assert record["response"]["code"] == 451
    content = record["response"]["content"]
    assert content.startswith(f"KumoMTA internal: {event}: ")
    assert content.endswith('the table is "gone"')


class NameServer:
    """Answers from a table: (name, type) -> rdata, else NXDOMAIN."""

    def __init__(self, table):
        self.table = table
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        self.asked = []
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            try:
                query, peer = self.socket.recvfrom(4096)
            except OSError:
                return
            labels, at = [], 12
            while query[at]:
                labels.append(query[at + 1:at + 1 + query[at]].decode().lower())
                at += 1 + query[at]
            kind = struct.unpack(">H", query[at + 1:at + 3])[0]
            name = ".".join(labels)
            self.asked.append((name, kind))
            data = self.table.get((name, kind), [])
            known = any(n == name for n, _ in self.table)
            head = query[:2] + struct.pack(
                ">HHHHH", 0x8580 if known else 0x8583, 1, len(data), 0, 0)
            answer = head + query[12:at + 5]
            for rdata in data:
                answer += b"\xc0\x0c" + struct.pack(
                    ">HHIH", kind, 1, 300, len(rdata)) + rdata
            self.socket.sendto(answer, peer)

    def close(self):
        self.socket.close()


def wire(name):
    return b"".join(bytes([len(p)]) + p.encode() for p in name.split(".")) + b"\0"


def test_name_server(make_suite, sink):
    server = NameServer({
        ("to.test", 15): [b"\0\5" + wire("b.mx.test"), b"\0\5" + wire("a.mx.test")],
        ("to.test", 1): [],
        ("a.mx.test", 1): [b"\x7f\0\0\1"],
        ("b.mx.test", 1): [b"\x7f\0\0\1"],
        ("plain.test", 1): [b"\x7f\0\0\1"],
    })
    s = policy_suite(make_suite, sink, "", f"""
  kumo.dns.configure_resolver {{ name_servers = {{ '127.0.0.1:{server.port}' }},
    options = {{ use_hosts_file = 'Never' }} }}""")
    s.send(recipients="x@to.test")
    s.send(recipients="x@plain.test")
    s.send(recipients="x@absent.test")
    sites = sorted(r["site"] for r in s.wait_records(2, "Delivery"))
    assert sites == ["unspecified->(a|b).mx.test@smtp_client",
                     "unspecified->plain.test@smtp_client"]
    [failed] = s.wait_records(1, "TransientFailure")
    assert "NXDOMAIN" in failed["response"]["content"]
    assert failed["response"]["code"] == 451
    server.close()


def test_policy_process_dies(make_suite, sink):
    s = policy_suite(make_suite, sink, "", TEST_DNS)
    s.send()
    s.wait_records(1, "Delivery")
    old = s.signal("policy", 9)
    wait_for(lambda: [p for p in s.pids("policy") if p != old])
    s.send(recipients="again@to.test")
    s.wait_records(2, "Delivery")
