# SPDX-License-Identifier: Apache-2.0
"""Names looked up by scripts: kumo.dns in any event."""

import socket
import threading

from scripts import SHOW, ask
from test_policy import NameServer, wire
from suite import wait_for
from test_script import HEAD, RELAY, script  # noqa: F401 (a fixture)

ZONES = """
kumo.on('pre_init', function()
  kumo.dns.configure_resolver { Test = { zones = { [[
$ORIGIN to.test.
@ MX 20 backup
@ MX 10 b.mx
@ MX 10 a.mx
none MX 0 .
plain A 127.0.0.9
both A 127.0.0.1
both A 127.0.0.2
both AAAA ::1
six AAAA 2001:db8::6
alias CNAME both
text TXT "v=spf1 " "-all"
text TXT second
xn--bcher-kva A 127.0.0.3
]], [[
$ORIGIN 127.in-addr.arpa.
1.0.0 PTR one.to.test.
1.0.0 PTR other.to.test.
]] }, servfail = { 'broken.test' } } }
end)
kumo.on('pre_init', function()
  kumo.dns.define_resolver('rbl', { Test = { zones = { [[
$ORIGIN rbl.test.
1.0.0.10 A 127.0.0.2
1.0.0.10 TXT "blocked for good"
2.0.0.10 A 127.0.0.4
]], [[
$ORIGIN 8.b.d.0.1.0.0.2.rbl.test.
1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0 A 127.0.0.2
]] } } })
end)
"""

PROBES = [
    ("addr", "lookup_addr('both.to.test')",
     '{[1] = "127.0.0.1", [2] = "127.0.0.2", [3] = "::1"}'),
    ("addrdot", "lookup_addr('Both.TO.test.')",
     '{[1] = "127.0.0.1", [2] = "127.0.0.2", [3] = "::1"}'),
    ("alias", "lookup_addr('alias.to.test', nil, 'Ipv4Only')",
     '{[1] = "127.0.0.1", [2] = "127.0.0.2"}'),
    ("six", "lookup_addr('both.to.test', nil, 'Ipv6Only')", '{[1] = "::1"}'),
    ("then4", "lookup_addr('plain.to.test', nil, 'Ipv6ThenIpv4')",
     '{[1] = "127.0.0.9"}'),
    ("then6", "lookup_addr('both.to.test', nil, 'Ipv6ThenIpv4')",
     '{[1] = "::1"}'),
    ("four", "lookup_addr('six.to.test', nil, 'Ipv4ThenIpv6')",
     '{[1] = "2001:db8::6"}'),
    ("noaddr", "lookup_addr('text.to.test')", "{}"),
    ("literal", "lookup_addr('[192.0.2.7]')", '{[1] = "192.0.2.7"}'),
    ("idn", "lookup_addr('b\\195\\188cher.to.test')", '{[1] = "127.0.0.3"}'),
    ("txt", "lookup_txt('text.to.test')",
     '{[1] = "v=spf1 -all", [2] = "second"}'),
    ("notxt", "lookup_txt('plain.to.test')", "{}"),
    ("ptr", "lookup_ptr('127.0.0.1')",
     '{[1] = "one.to.test.", [2] = "other.to.test."}'),
    ("noptr", "lookup_ptr('192.0.2.1')", "{}"),
    ("mx", "lookup_mx('To.test')",
     '{["by_pref"] = {[10] = {[1] = "a.mx.to.test.", [2] = "b.mx.to.test."}, '
     '[20] = {[1] = "backup.to.test."}}, ["domain_name"] = "to.test.", '
     '["hosts"] = {[1] = "a.mx.to.test.", [2] = "b.mx.to.test.", '
     '[3] = "backup.to.test."}, ["is_domain_literal"] = false, '
     '["is_mx"] = true, ["is_secure"] = false, ["mta_sts"] = "None", '
     '["site_name"] = "(a|b)?.(mx|backup).to.test"}'),
    ("implicit", "lookup_mx('plain.to.test')",
     '{["by_pref"] = {[1] = {[1] = "plain.to.test."}}, '
     '["domain_name"] = "plain.to.test.", ["hosts"] = '
     '{[1] = "plain.to.test."}, ["is_domain_literal"] = false, '
     '["is_mx"] = false, ["is_secure"] = false, ["mta_sts"] = "None", '
     '["site_name"] = "plain.to.test"}'),
    ("null", "lookup_mx('none.to.test')",
     '{["by_pref"] = {}, ["domain_name"] = "none.to.test.", ["hosts"] = {}, '
     '["is_domain_literal"] = false, ["is_mx"] = true, ["is_secure"] = false, '
     '["mta_sts"] = "None", ["site_name"] = ""}'),
    ("mxliteral", "lookup_mx('[IPv6:::1]')",
     '{["by_pref"] = {[1] = {[1] = "::1"}}, ["domain_name"] = "[ipv6:::1]", '
     '["hosts"] = {[1] = "::1"}, ["is_domain_literal"] = true, '
     '["is_mx"] = false, ["is_secure"] = false, ["mta_sts"] = "None", '
     '["site_name"] = "::1"}'),
    ("rbl", "rbl_lookup('10.0.0.1', 'rbl.test', 'rbl')",
     "127.0.0.2 | blocked for good"),
    ("rblport", "rbl_lookup('10.0.0.1:2525', 'rbl.test', 'rbl')",
     "127.0.0.2 | blocked for good"),
    ("rblquiet", "rbl_lookup('10.0.0.2', 'rbl.test.', 'rbl')",
     "127.0.0.4 | nil"),
    ("rblsix", "rbl_lookup('[2001:db8::1]:25', 'rbl.test', 'rbl')",
     "127.0.0.2 | nil"),
    ("rblfree", "rbl_lookup('10.0.0.3', 'rbl.test', 'rbl')", "nil | nil"),
]

WRONG = [
    ("gone", "lookup_addr('gone.to.test')",
     "kumo.dns.lookup_addr: gone.to.test: there is no such name (NXDOMAIN)"),
    ("broken", "lookup_addr('broken.test')",
     "kumo.dns.lookup_addr: broken.test: the servers failed"),
    ("txtgone", "lookup_txt('gone.to.test')",
     "kumo.dns.lookup_txt: gone.to.test: there is no such name (NXDOMAIN)"),
    ("txtbroken", "lookup_txt('broken.test')",
     "kumo.dns.lookup_txt: broken.test: the servers failed"),
    ("mxgone", "lookup_mx('gone.to.test')",
     "kumo.dns.lookup_mx: MX lookup for gone.to.test failed: NXDOMAIN"),
    ("mxodd", "lookup_mx('a b')", "'a b' is no domain"),
    ("rblbroken", "rbl_lookup('10.0.0.1', 'rbl.test', 'lbr')",
     "kumo.dns.rbl_lookup: there is no resolver 'lbr': define it with "
     "kumo.dns.define_resolver in init"),
    ("strategy", "lookup_addr('both.to.test', nil, 'Both')",
     "'Both' is not one of Ipv4AndIpv6, "),
    ("notip", "lookup_ptr('one.to.test')", "'one.to.test' is no IP address"),
    ("notname", "lookup_txt('')", "'' is no name"),
    ("nul", "lookup_txt('a\\0b')", "'a' is no name"),
    ("late", "define_resolver('x', 'HickorySystemConfig')",
     "kumo.dns.define_resolver must be called inside kumo.on('pre_init'"),
]


def probes(rows):
    return "".join(f"probes.{name} = function() return kumo.dns.{call} end\n"
                   for name, call, _ in rows)


def test_every_kind_of_look_up(script):  # noqa: F811
    suite = script(ZONES + SHOW + probes(PROBES) + probes(WRONG))
    got = [(name, *ask(suite, name)) for name, _, _ in PROBES]
    assert got == [(name, True, want) for name, _, want in PROBES]
    for name, _, want in WRONG:
        worked, text = ask(suite, name)
        assert not worked and want in text, (name, text)


def test_answers_are_kept_and_servers_are_real(script):  # noqa: F811
    server = NameServer({
        ("host.test", 1): [b"\x7f\0\0\x05"],
        ("host.test", 28): [],
        ("host.test", 16): [b"\x03one\x03two"],
        ("mail.test", 15): [b"\0\5" + wire("mx.mail.test")],
    })
    other = NameServer({("host.test", 1): [b"\x7f\0\0\x06"],
                        ("host.test", 28): []})
    suite = script(f"""
kumo.on('pre_init', function()
  kumo.dns.configure_resolver {{ name_servers = {{ '127.0.0.1:{server.port}' }},
    options = {{ use_hosts_file = 'Never' }} }}
  kumo.dns.define_resolver('other', {{ Hickory = {{
    name_servers = {{ '127.0.0.1:{other.port}' }},
    options = {{ use_hosts_file = 'Never' }} }} }})
end)
""" + SHOW + probes([
        ("addr", "lookup_addr('host.test')", None),
        ("other", "lookup_addr('host.test', 'other')", None),
        ("txt", "lookup_txt('host.test')", None),
        ("mx", "lookup_mx('mail.test').site_name", None),
        ("gone", "lookup_addr('gone.test')", None),
    ]))
    assert ask(suite, "addr") == (True, '{[1] = "127.0.0.5"}')
    assert ask(suite, "other") == (True, '{[1] = "127.0.0.6"}')
    assert ask(suite, "txt") == (True, '{[1] = "onetwo"}')
    assert ask(suite, "mx") == (True, "mx.mail.test")
    asked = list(server.asked)
    assert ask(suite, "addr") == (True, '{[1] = "127.0.0.5"}')
    assert ask(suite, "txt") == (True, '{[1] = "onetwo"}')
    assert ask(suite, "mx") == (True, "mx.mail.test")
    assert server.asked == asked
    worked, text = ask(suite, "gone")
    assert not worked and "NXDOMAIN" in text
    server.close()
    other.close()


def test_resolv_conf_as_a_table(make_suite):
    suite = make_suite(policy="")
    path = suite.write("resolv.conf", "# mine\nnameserver 192.0.2.7\n"
                       "search a.test b.test\noptions timeout:2 rotate\n")
    suite.write("init.lua", HEAD.format(spool=suite.spool, logs=suite.logs,
                                        listener=RELAY) + SHOW + f"""
local conf = kumo.dns.load_resolv_conf '{path}'
kumo.on('pre_init', function()
  conf.options.attempts = 3
  kumo.dns.define_resolver('mine', conf)
end)
probes.conf = function() return conf end
""")
    suite.start()
    assert ask(suite, "conf") == (
        True, '{["name_servers"] = {[1] = "192.0.2.7:53"}, ["options"] = '
        '{["timeout"] = 2}, ["search"] = {[1] = "a.test", [2] = "b.test"}}')
    suite.stop()
    suite.write("resolv.conf", "search a\nnameserver localhost\n")
    suite.start(wait=False)
    suite.process.wait(20)
    wait_for(lambda: [line for line in suite.stderr if
                      "resolv.conf:2: a nameserver is an IP address" in line])


def test_a_silent_server_holds_up_its_event_alone(script):  # noqa: F811
    # It takes questions and has no answers.
    silent = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    silent.bind(("127.0.0.1", 0))
    suite = script(f"""
kumo.on('pre_init', function()
  kumo.dns.configure_test_resolver {{ [[
$ORIGIN to.test.
plain A 127.0.0.9
]] }}
  kumo.dns.define_resolver('slow', {{ name_servers = {{
    '127.0.0.1:{silent.getsockname()[1]}' }}, options = {{ timeout = '3s', attempts = 2,
    use_hosts_file = 'Never' }} }})
end)
""" + SHOW + probes([
        ("slow", "lookup_addr('host.test', 'slow')", None),
        ("quick", "lookup_addr('plain.to.test')", None),
    ]))
    got = {}

    def slow():
        got["slow"] = ask(suite, "slow")

    thread = threading.Thread(target=slow)
    thread.start()
    quick = 0
    while thread.is_alive():
        assert ask(suite, "quick") == (True, '{[1] = "127.0.0.9"}')
        quick += 1
    thread.join()
    worked, text = got["slow"]
    assert not worked and "kumo.dns.lookup_addr: host.test: the servers" in text
    assert quick > 5
    silent.close()
