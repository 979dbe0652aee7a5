# SPDX-License-Identifier: Apache-2.0
"""A policy in Lua decides about everything that it can decide about."""

import smtplib
import time
from collections import Counter

import pytest

from suite import wait_for

HEAD = """
local kumo = require 'kumo'
kumo.on('init', function()
  kumo.define_spool {{ name = 'data', path = '{spool}', min_free_space = 0,
    min_free_inodes = 0 }}
  kumo.define_spool {{ name = 'meta', path = '{spool}' }}
  kumo.configure_local_logs {{ log_dir = '{logs}', min_free_space = 0,
    min_free_inodes = 0, meta = {{ 'tenant', 'campaign', 'x_*', 'job' }},
    headers = {{ 'Subject', 'X-*' }} }}
  kumo.start_esmtp_listener {{ listen = '127.0.0.1:0', hostname = 'in.test',
    {listener} }}
end)
"""

PATHS = """
kumo.on('get_queue_config', function()
  return kumo.make_queue_config {{ retry_interval = '200ms', protocol = {{
    smtp = {{ mx_list = {{ '127.0.0.1:{port}' }} }} }} }}
end)
kumo.on('get_egress_path_config', function()
  return kumo.make_egress_path {{ prohibited_hosts = {{}},
    enable_tls = 'Disabled' }}
end)
"""

RELAY = "relay_hosts = { '127.0.0.1' }"


@pytest.fixture
def script(make_suite, make_peer):
    """script(lua) gives a started suite that delivers to suite.peer."""
    def make(lua, paths=PATHS, listener=RELAY):
        suite = make_suite(policy="")
        suite.peer = make_peer()
        suite.head = HEAD.format(spool=suite.spool, logs=suite.logs,
                                 listener=listener)
        suite.write("init.lua", suite.head + paths.format(
            port=suite.peer.port) + lua)
        return suite.start()
    return make


# ---- the whole way -------------------------------------------------------------

WHOLE = """
kumo.on('smtp_server_message_received', function(msg, conn_meta)
  msg:set_meta('tenant', 'acme')
  msg:set_meta('campaign', 'spring')
  msg:set_meta('routing_domain', 'route.test')
  msg:set_meta('x_number', 7)
  msg:set_meta('x_list', { 1, 'two', { three = 3 } })
  msg:set_meta('job', conn_meta:get_meta('received_from'):match('^[^:]+'))
  msg:set_meta('hidden', 'yes')
end)
kumo.on('get_queue_config', function(domain, tenant, campaign, route)
  assert(domain == 'to.test' and tenant == 'acme' and campaign == 'spring' and
    route == 'route.test')
  return kumo.make_queue_config { egress_pool = 'pool-' .. tenant }
end)
kumo.on('get_egress_pool', function(name)
  assert(name == 'pool-acme')
  return kumo.make_egress_pool { name = name, entries = {
    { name = 'a', weight = 1 }, { name = 'b', weight = 3 } } }
end)
kumo.on('get_egress_source', function(name)
  return kumo.make_egress_source { name = name, ehlo_domain = name .. '.test',
    source_address = ({ a = '127.0.0.2', b = '127.0.0.3' })[name] }
end)
kumo.on('get_egress_path_config', function(domain, source, site)
  assert(domain == 'route.test' and site == 'mx.route.test', site)
  return kumo.make_egress_path { prohibited_hosts = {}, smtp_port = PORT,
    enable_tls = 'Disabled' }
end)
kumo.on('pre_init', function()
  kumo.dns.configure_test_resolver { [[
$ORIGIN route.test.
@ MX 1 mx
mx A 127.0.0.1
]] }
end)
"""


def test_every_event(script, make_peer):
    target = make_peer()
    suite = script(WHOLE.replace("PORT", str(target.port)), paths="")
    for i in range(8):
        suite.send(recipients=f"u{i}@to.test",
                   text=f"Subject: s{i}\r\nX-Job: {i}\r\n\r\nHello\r\n")
    records = suite.wait_records(8, "Delivery")
    assert Counter(r["egress_source"] for r in records) == {"a": 2, "b": 6}
    for r in records + suite.records("Reception"):
        assert r["queue"] == "spring:acme@to.test!route.test"
        assert r["meta"] == {
            "tenant": "acme", "campaign": "spring", "x_number": 7,
            "x_list": [1, "two", {"three": 3}], "job": "127.0.0.1"}
        i = r["recipient"][1]
        assert r["headers"]["Subject"] == f"s{i}"
        assert r["headers"]["X-Job"] == i
    for r in records:
        assert r["egress_pool"] == "pool-acme"
        assert r["site"] == r["egress_source"] + \
            "->mx.route.test@smtp_client"
    assert {(s.address, s.commands[0]) for s in target.sessions} == {
        ("127.0.0.2", "EHLO a.test"), ("127.0.0.3", "EHLO b.test")}


# ---- what it does to messages -----------------------------------------------------

def test_headers_and_content(script):
    suite = script("""
kumo.on('smtp_server_message_received', function(msg)
  if msg:recipient().user == 'whole' then
    msg:set_data('Subject: other\\r\\n\\r\\nOther\\r\\n')
  end
  msg:prepend_header('X-First', 'one')
  msg:append_header('X-Last', 'two')
  msg:remove_all_named_headers('X-Secret')
end)
""")
    text = "Subject: t\r\nX-Secret: s\r\n\r\nHello\r\n"
    suite.send(recipients=["plain@to.test", "whole@to.test"], text=text)
    suite.wait_records(2, "Delivery")
    content = {m.recipients[0]: m.content for m in suite.peer.messages}
    plain = content["plain@to.test"]
    assert b"X-First: one\r\n" in plain and b"X-Secret" not in plain
    assert b"X-Last: two\r\n\r\nHello\r\n" in plain
    whole = content["whole@to.test"]
    assert whole.endswith(b"\r\n\r\nOther\r\n") and b"Hello" not in whole
    assert b"Subject: other\r\n" in whole and b"X-First: one\r\n" in whole
    sizes = {r["recipient"]: r["size"] for r in suite.records("Delivery")}
    assert sizes == {k: len(v) for k, v in content.items()}


def test_envelope(script):
    suite = script("""
kumo.on('smtp_server_message_received', function(msg)
  msg:set_sender('bounces@out.test')
  msg:set_recipient('new@other.test')
end)
""")
    suite.send()
    [record] = suite.wait_records(1, "Delivery")
    assert record["sender"] == "bounces@out.test"
    assert record["recipient"] == "new@other.test"
    assert record["queue"] == "other.test"
    assert suite.peer.messages[0].sender.startswith(
        "MAIL FROM:<bounces@out.test>")


def test_the_queue_null_drops(script):
    suite = script("""
kumo.on('smtp_server_message_received', function(msg)
  if msg:recipient().user == 'drop' then msg:set_meta('queue', 'null') end
end)
""")
    assert suite.send(recipients="drop@to.test") == {}
    suite.send(recipients=["drop@to.test", "keep@to.test"])
    suite.wait_records(1, "Delivery")
    assert suite.peer.recipients() == ["keep@to.test"]
    assert {r["recipient"] for r in suite.records("Delivery")} == {
        "keep@to.test"}
    suite.kill()
    suite.start()
    suite.send(recipients="last@to.test")
    suite.wait_records(2, "Delivery")
    assert sorted(suite.peer.recipients()) == sorted(["keep@to.test", "last@to.test"])


def test_a_queue_by_name(script):
    suite = script("""
kumo.on('smtp_server_message_received', function(msg)
  msg:set_meta('queue', 'c:t@special.test')
end)
""")
    suite.send()
    [record] = suite.wait_records(1, "Delivery")
    assert record["queue"] == "c:t@special.test"


# ---- refusals ------------------------------------------------------------------

def test_reject(script):
    suite = script("""
kumo.on('smtp_server_message_received', function(msg)
  if msg:recipient().user:find('bad') then
    kumo.reject(550, '5.7.1 not ' .. msg:recipient().user)
  end
  if msg:recipient().user == 'later' then kumo.reject(451, '4.7.0 later') end
end)
""")
    with pytest.raises(smtplib.SMTPDataError) as refused:
        suite.send(recipients="bad@to.test")
    assert refused.value.args == (550, b"5.7.1 not bad")
    with pytest.raises(smtplib.SMTPDataError) as refused:
        suite.send(recipients="later@to.test")
    assert refused.value.smtp_code == 451
    with suite.client() as client:
        client.ehlo()
        client.mail("a@from.test")
        client.rcpt("bad1@to.test")
        client.rcpt("good@to.test")
        code, text = client.data(b"Subject: x\r\n\r\n")
        assert code == 250 and b"PARTIAL" in text
        # The session goes on after all that.
        client.sendmail("a@from.test", "more@to.test", "x\r\n")
    suite.wait_records(2, "Delivery")
    assert sorted(suite.peer.recipients()) == sorted(["good@to.test", "more@to.test"])
    rejections = suite.wait_records(2, "Rejection")
    assert {r["response"]["code"] for r in rejections} >= {550, 451}


def test_a_fault_is_told(script):
    """421 4.3.0 to the client, file and line to the operator, and the next
    message is as good as any."""
    suite = script("""
kumo.on('smtp_server_message_received', function(msg)
  if msg:recipient().user == 'fault' then

    nothing.at_all()
  end
end)
""")
    line = suite.head.count("\n") + PATHS.count("\n") + 5
    with suite.client() as client:
        client.ehlo()
        client.mail("a@from.test")
        client.rcpt("fault@to.test")
        code, text = client.data(b"Subject: x\r\n\r\n")
        assert (code, text[:5]) == (421, b"4.3.0")
        assert b"init.lua" not in text and b"nothing" not in text
        with pytest.raises(smtplib.SMTPServerDisconnected):
            client.noop()
    wait_for(lambda: [s for s in suite.stderr if f"init.lua:{line}:" in s and
                      "nothing" in s])
    suite.send()
    suite.wait_records(1, "Delivery")


def test_a_loop_is_ended(script):
    suite = script("""
kumo.on('smtp_server_message_received', function(msg)
  if msg:recipient().user == 'loop' then while true do end end
end)
""")
    began = time.monotonic()
    with pytest.raises(smtplib.SMTPResponseException) as refused:
        suite.send(recipients="loop@to.test")
    assert refused.value.smtp_code in (421, 451)
    print(f"ended after {time.monotonic() - began:.2f} s")
    assert time.monotonic() - began < 2 * 5
    suite.send()
    suite.wait_records(1, "Delivery")


def test_listener_domains(script):
    suite = script("""
kumo.on('get_listener_domain', function(domain, listener, conn_meta)
  if domain == 'ours.test' then
    return kumo.make_listener_domain { relay_to = true }
  end
  if domain == 'customer.test' then
    return kumo.make_listener_domain { relay_from = { '127.0.0.1' } }
  end
end)
""", listener="relay_hosts = {}")
    suite.send(recipients="a@ours.test")
    suite.send(sender="x@customer.test", recipients="b@any.test")
    for sender, recipient in (("x@from.test", "c@any.test"),
                              ("x@ours.test", "d@any.test")):
        with pytest.raises(smtplib.SMTPRecipientsRefused) as refused:
            suite.send(sender=sender, recipients=recipient)
        assert refused.value.recipients[recipient][0] == 550
    suite.wait_records(2, "Delivery")
    assert sorted(suite.peer.recipients()) == ["a@ours.test", "b@any.test"]


# ---- queues that ask ---------------------------------------------------------------

def test_one_fault_is_one_queue(script):
    """What fails for one queue is nothing to the others; it is told."""
    suite = script("""
kumo.on('get_queue_config', function(domain)
  if domain == 'broken.test' then error('no idea about ' .. domain) end
  return kumo.make_queue_config { protocol = { smtp = {
    mx_list = { '127.0.0.1:PORT' } } } }
end)
""".replace("PORT", "1"), paths="""
kumo.on('get_queue_config', function(domain)
  if domain ~= 'broken.test' then
    return kumo.make_queue_config {{ protocol = {{ smtp = {{
      mx_list = {{ '127.0.0.1:{port}' }} }} }} }}
  end
end)
kumo.on('get_egress_path_config', function()
  return kumo.make_egress_path {{ prohibited_hosts = {{}},
    enable_tls = 'Disabled' }}
end)
""")
    suite.send(recipients="a@broken.test")
    for i in range(20):
        suite.send(recipients=f"u@d{i}.test")
    suite.wait_records(20, "Delivery")
    wait_for(lambda: any("no idea about broken.test" in s and "queue=" in s
                         for s in suite.stderr))
    [held] = [r for r in suite.records() if r["queue"] == "broken.test" and
              r["type"] != "Reception"]
    assert held["type"] == "Delayed" and held["num_attempts"] == 0
    assert "no idea about broken.test" in held["response"]["content"]


def test_a_thousand_domains(script):
    """One name that is slow to answer holds up no other queue: its answer
    waits for those to all others."""
    suite = script("", paths="""
local asked = 0
kumo.on('get_queue_config', function(domain)
  while domain == 'slow.test' and asked < 1000 do kumo.sleep(0.02) end
  asked = asked + 1
  return kumo.make_queue_config {{ protocol = {{ smtp = {{
    mx_list = {{ '127.0.0.1:{port}' }} }} }} }}
end)
kumo.on('get_egress_path_config', function()
  return kumo.make_egress_path {{ prohibited_hosts = {{}},
    enable_tls = 'Disabled' }}
end)
""")
    suite.send(recipients="u@slow.test")
    with suite.client() as client:
        for i in range(1000):
            client.sendmail("a@from.test", f"u@d{i}.test", "x\r\n")
    wait_for(lambda: len(suite.peer.messages) == 1001, 30)
    records = suite.wait_records(1001, "Delivery")
    assert len({r["queue"] for r in records}) == 1001


def test_settings_grow_old(script):
    """refresh_interval: a handler is asked again, and counts from then on."""
    suite = script("", paths="""
local asked = 0
kumo.on('get_queue_config', function(domain)
  asked = asked + 1
  return kumo.make_queue_config {{ refresh_interval = '100ms', protocol = {{
    smtp = {{ mx_list = {{ {{ name = 'n' .. asked, addr = '127.0.0.1:{port}' }}
    }} }} }} }}
end)
kumo.on('get_egress_path_config', function()
  return kumo.make_egress_path {{ prohibited_hosts = {{}},
    enable_tls = 'Disabled' }}
end)
""")
    suite.send()

    def sites():
        suite.send()
        return {r["site"] for r in suite.records("Delivery")}
    wait_for(lambda: len(sites()) >= 3)


def test_nil_for_a_source(script):
    """A source that no handler knows: the queue waits, and it is told."""
    suite = script("""
kumo.on('get_egress_pool', function(name)
  return kumo.make_egress_pool { name = name, entries = { { name = 'x' } } }
end)
""", paths="""
kumo.on('get_queue_config', function(domain)
  return kumo.make_queue_config {{ egress_pool = 'p', protocol = {{ smtp = {{
    mx_list = {{ '127.0.0.1:{port}' }} }} }} }}
end)
""")
    suite.send()
    [record] = suite.wait_records(1, "Delayed")
    assert record["num_attempts"] == 0
    wait_for(lambda: any("source=x" in s for s in suite.stderr))


@pytest.mark.parametrize("option, sessions", [
    ("max_ready = 100 + n", 1), ("connection_limit = 5 + n", 1),
    ("ehlo_domain = 'ehlo' .. n .. '.test'", 2)])
def test_path_changes_while_connected(script, option, sessions):
    """A new limit holds for the connections that are open; what they were
    opened with, for new ones only."""
    suite = script(f"""
local n = 0
kumo.on('get_egress_path_config', function()
  n = n + 1
  kumo.log_info('asked ' .. n)
  return kumo.make_egress_path {{ prohibited_hosts = {{}},
    enable_tls = 'Disabled', idle_timeout = '30s', refresh_interval = '20ms',
    {option} }}
end)
""", paths="""
kumo.on('get_queue_config', function()
  return kumo.make_queue_config {{ protocol = {{
    smtp = {{ mx_list = {{ '127.0.0.1:{port}' }} }} }} }}
end)
""")

    def asked(n):
        suite.send()
        return any(f"asked {n}" in s for s in suite.stderr)
    wait_for(lambda: asked(3))
    suite.wait_records(len(suite.records("Reception")), "Delivery")
    suite.send()
    suite.wait_records(len(suite.records("Reception")), "Delivery")
    if sessions == 1:
        assert len(suite.peer.sessions) == 1
    else:
        assert len(suite.peer.sessions) > 1


BIG = {
    "path": """
kumo.on('get_egress_path_config', function()
  local nets = {}
  for i = 1, 20000 do
    nets[i] = ('10.%d.%d.0/24'):format(i // 256, i % 256)
  end
  return kumo.make_egress_path { skip_hosts = nets }
end)""",
    "fault": """
kumo.on('get_egress_path_config', function() error(('x'):rep(300000)) end)""",
    "pool": """
kumo.on('get_egress_pool', function()
  local entries = {}
  for i = 1, 20000 do entries[i] = { name = 'source' .. i } end
  return kumo.make_egress_pool { name = 'p', entries = entries }
end)""",
}

WORDS = {"path": "larger than 64 KiB", "pool": "larger than 64 KiB",
         "fault": "get_egress_path_config: "}


@pytest.mark.parametrize("what", BIG)
def test_too_much_of_it(script, what):
    """What a handler gives may be absurd: its queue waits, nothing else."""
    suite = script(BIG[what], paths="""
kumo.on('get_queue_config', function(domain)
  return kumo.make_queue_config {{ protocol = {{ smtp = {{
    mx_list = {{ '127.0.0.1:{port}' }} }} }},
    egress_pool = POOL }}
end)
""".replace("POOL", "'p'" if what == "pool" else "nil"))
    suite.send(recipients="u@big.test")
    [record] = suite.wait_records(1, "Delayed")
    assert record["queue"] == "big.test"
    content = record["response"]["content"]
    assert WORDS[what] in content and len(content) < 1100
    # Mail is taken as before, and all end in order.
    for i in range(10):
        suite.send(recipients=f"u{i}@other.test")
    suite.wait_records(11, "Reception")
    assert suite.stop() == 0
    assert not any("died" in s or "channel" in s for s in suite.stderr)
    assert all(len(s) < 4000 for s in suite.stderr)


def test_a_large_body_of_its_own(script):
    """It travels in a memory file, sealed like any content."""
    suite = script("""
kumo.on('smtp_server_message_received', function(msg)
  msg:set_data('Subject: own\\r\\n\\r\\n' .. string.rep('line\\r\\n', 50000))
end)
""")
    suite.send(recipients=["a@to.test", "b@to.test"])
    suite.wait_records(2, "Delivery")
    for m in suite.peer.messages:
        assert m.content.endswith(b"\r\n\r\n" + b"line\r\n" * 50000)


def test_stuck_inside_one_function(script):
    """No step is counted there: the process has to go, and only it."""
    suite = script("""
kumo.on('smtp_server_message_received', function(msg)
  if msg:recipient().user == 'stuck' then
    local a = ('a'):rep(20000)
    return a:find('.-.-.-.-b')
  end
end)
""")
    before = set(suite.pids("smtpd"))
    with pytest.raises(smtplib.SMTPException):
        suite.send(recipients=["stuck@to.test"])
    wait_for(lambda: before - set(suite.pids("smtpd")))
    wait_for(lambda: any("a script is stuck" in line
                         for line in suite.stderr))
    for i in range(4):
        suite.send(recipients=[f"{i}@to.test"])
    suite.wait_records(4, "Delivery")
