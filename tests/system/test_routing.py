# SPDX-License-Identifier: Apache-2.0
"""From a domain to a host: MX records, addresses, and what forbids them. All
hosts are on loopback addresses with one port."""

import pytest

from peer import refusing_port
from routes import dns, path, zone
from suite import Sink, wait_for


def routed(make_suite, port, *zones, queue=None, servfail=(), **options):
    config = {"dns": dns(*zones, servfail=list(servfail)),
              "paths": {"*": path(port, **options)}}
    if queue:
        config["queues"] = {"*": queue}
    return make_suite(config).start()


def hosts(make_peer, *numbers, **options):
    """Peers on 127.0.0.N, all with the port of the first."""
    first = make_peer(address=f"127.0.0.{numbers[0]}", **options)
    return [first] + [make_peer(address=f"127.0.0.{n}", port=first.port,
                                **options) for n in numbers[1:]]


def test_lower_preference_first(make_suite, make_peer):
    a, b = hosts(make_peer, 2, 3)
    suite = routed(make_suite, a.port, zone(
        "to.test", "@ MX 20 first", "@ MX 10 second",
        "first A 127.0.0.2", "second A 127.0.0.3"))
    for i in range(5):
        suite.send(recipients=f"u{i}@to.test")
    records = suite.wait_records(5, "Delivery")
    assert len(b.messages) == 5 and not a.messages
    assert {r["peer_address"]["addr"] for r in records} == {"127.0.0.3"}
    assert {r["peer_address"]["name"] for r in records} == {"second.to.test."}
    assert {r["site"] for r in records} == {
        "unspecified->(second|first).to.test@smtp_client"}


def test_equal_preference_is_spread(make_suite, make_peer):
    peers = hosts(make_peer, 2, 3, 4)
    suite = routed(make_suite, peers[0].port, zone(
        "to.test", "@ MX 5 a", "@ MX 5 b", "@ MX 5 c", "a A 127.0.0.2",
        "b A 127.0.0.3", "c A 127.0.0.4"), max_deliveries_per_connection=1)
    with suite.client() as client:
        for i in range(60):
            client.sendmail("a@from.test", f"u{i}@to.test", "x\r\n")
    suite.wait_records(60, "Delivery")
    assert all(len(p.messages) >= 5 for p in peers)


def test_next_host_when_one_refuses(make_suite, make_peer):
    a, b, c = hosts(make_peer, 2, 3, 4)
    a.close()
    b.answer = lambda line, s: "421 4.3.2 busy" if line == "connect" else None
    suite = routed(make_suite, a.port, zone(
        "to.test", "@ MX 1 a", "@ MX 2 b", "@ MX 3 c", "a A 127.0.0.2",
        "b A 127.0.0.3", "c A 127.0.0.4"))
    suite.send()
    [record] = suite.wait_records(1, "Delivery")
    assert record["peer_address"] == {"name": "c.to.test.", "addr": "127.0.0.4"}
    assert record["num_attempts"] == 0
    assert not suite.records("TransientFailure")


def test_nobody_answers(make_suite):
    port, kept = refusing_port()
    suite = routed(make_suite, port, zone(
        "to.test", "@ MX 1 a", "@ MX 2 b", "a A 127.0.0.1", "b A 127.0.0.1"))
    suite.send()
    [record] = suite.wait_records(1, "TransientFailure")
    text = record["response"]["content"]
    assert record["response"]["code"] == 400
    assert text.startswith("KumoMTA internal: failed to connect to any "
                           "candidate hosts: ")
    assert "a.to.test./127.0.0.1: Connection refused" in text
    assert "b.to.test./127.0.0.1: Connection refused" in text
    assert record["site"] == "unspecified->(a|b).to.test@smtp_client"
    assert len(suite.records("TransientFailure")) == 1
    kept.close()


def test_null_mx(make_suite, make_peer):
    peer = make_peer()
    suite = routed(make_suite, peer.port, zone("to.test", "@ MX 0 ."))
    suite.send()
    [record] = suite.wait_records(1, "Bounce")
    assert record["response"]["code"] == 556
    assert record["response"]["enhanced_code"] == {
        "class": 5, "subject": 1, "detail": 10}
    assert record["response"]["content"].startswith("KumoMTA internal: ")
    assert record["delivery_protocol"] is None
    assert record["egress_source"] is None and record["site"] == ""


@pytest.mark.parametrize("what", ["absent", "servfail"])
def test_no_such_domain(make_suite, make_peer, what):
    peer = make_peer()
    suite = routed(make_suite, peer.port, zone("other.test", "@ MX 1 a"),
                   servfail=["to.test"] if what == "servfail" else [])
    suite.send()
    [record] = suite.wait_records(1, "TransientFailure")
    assert record["response"]["code"] == 451
    assert record["response"]["enhanced_code"] == {
        "class": 4, "subject": 4, "detail": 4}
    assert record["response"]["content"].startswith("KumoMTA internal: ")
    if what == "absent":
        assert "NXDOMAIN" in record["response"]["content"]
    assert record["num_attempts"] == 1
    assert record["delivery_protocol"] is None


def test_implicit_mx(make_suite, make_peer):
    peer = make_peer(address="127.0.0.2")
    suite = routed(make_suite, peer.port, zone("to.test", "@ A 127.0.0.2"))
    suite.send()
    [record] = suite.wait_records(1, "Delivery")
    assert record["site"] == "unspecified->to.test@smtp_client"
    assert record["peer_address"] == {"name": "to.test.", "addr": "127.0.0.2"}


def test_host_without_address(make_suite, make_peer):
    peer = make_peer()
    suite = routed(make_suite, peer.port, zone("to.test", "@ MX 1 nowhere"))
    suite.send()
    [record] = suite.wait_records(1, "TransientFailure")
    assert record["response"]["code"] == 451
    assert record["response"]["enhanced_code"] == {
        "class": 4, "subject": 4, "detail": 4}


def test_address_literal(make_suite, make_peer):
    peer = make_peer(address="127.0.0.3")
    suite = routed(make_suite, peer.port, zone("to.test", "@ MX 0 ."))
    suite.send(recipients="user@[127.0.0.3]")
    [record] = suite.wait_records(1, "Delivery")
    assert record["recipient"] == "user@[127.0.0.3]"
    assert record["queue"] == "[127.0.0.3]"
    assert record["site"] == "unspecified->127.0.0.3@smtp_client"
    assert peer.recipients() == ["user@[127.0.0.3]"]


ROUTE = """
local kumo = require 'kumo'
kumo.on('init', function()
  kumo.define_spool {{ name = 'data', path = '{spool}', min_free_space = 0,
    min_free_inodes = 0 }}
  kumo.configure_local_logs {{ log_dir = '{logs}', min_free_space = 0,
    min_free_inodes = 0 }}
  kumo.start_esmtp_listener {{ listen = '127.0.0.1:0',
    relay_hosts = {{ '127.0.0.1' }} }}
  kumo.dns.configure_test_resolver {{ [[{zone}]] }}
end)
kumo.on('smtp_server_message_received', function(msg)
  msg:set_meta('routing_domain', '{route}')
end)
kumo.on('get_egress_path_config', function(domain, source, site)
  return kumo.make_egress_path {{ prohibited_hosts = {{}}, smtp_port = 9,
    enable_tls = 'Disabled' }}
end)
"""


@pytest.mark.parametrize("route, site", [
    ("relay.test:{}", "mx.relay.test:{}"),
    ("[127.0.0.2]:{}", "127.0.0.2:{}"),
])
def test_route_with_port(make_suite, make_peer, route, site):
    peer = make_peer(address="127.0.0.2")
    route, site = route.format(peer.port), site.format(peer.port)
    suite = make_suite(policy="")
    suite.write("init.lua", ROUTE.format(
        spool=suite.spool, logs=suite.logs, route=route, zone=zone(
            "relay.test", "@ MX 1 mx", "mx A 127.0.0.2")))
    suite.start()
    suite.send()
    [record] = suite.wait_records(1, "Delivery")
    assert record["queue"] == "to.test!" + route
    assert record["site"] == f"unspecified->{site}@smtp_client"
    assert record["recipient"] == "user@to.test"
    assert peer.recipients() == ["user@to.test"]


def test_one_site_for_many_domains(make_suite, make_peer):
    """What shares its hosts shares its limits."""
    peer = make_peer(delay=0.02)
    zones = [zone("mx.test", "a A 127.0.0.1", "b A 127.0.0.1")]
    zones += [zone(f"d{i}.test", "@ MX 1 a.mx.test.", "@ MX 1 b.mx.test.")
              for i in range(8)]
    suite = routed(make_suite, peer.port, *zones, connection_limit=2)
    with suite.client() as client:
        for i in range(80):
            client.sendmail("a@from.test", f"u{i}@d{i % 8}.test", "x\r\n")
    records = suite.wait_records(80, "Delivery")
    assert {r["site"] for r in records} == {
        "unspecified->(a|b).mx.test@smtp_client"}
    assert len({r["queue"] for r in records}) == 8
    assert peer.most_open == 2


def test_limits_of_different_sites_are_apart(make_suite, make_peer):
    a, b = hosts(make_peer, 2, 3, delay=0.05)
    suite = routed(make_suite, a.port, zone("a.test", "@ A 127.0.0.2"),
                   zone("b.test", "@ A 127.0.0.3"), connection_limit=1)
    with suite.client() as client:
        for i in range(20):
            client.sendmail("a@from.test", [f"u{i}@{'ab'[i % 2]}.test"],
                            "x\r\n")
    suite.wait_records(20, "Delivery")
    assert a.most_open == b.most_open == 1
    # They worked at the same time.
    assert a.messages[0].time < b.messages[-1].time
    assert b.messages[0].time < a.messages[-1].time


def test_prohibited_hosts(make_suite, make_peer):
    a, b = hosts(make_peer, 2, 3)
    suite = routed(make_suite, a.port, zone(
        "to.test", "@ MX 1 a", "@ MX 2 b", "a A 127.0.0.2", "b A 127.0.0.3"),
        prohibited_hosts=["127.0.0.3"])
    suite.send()
    [record] = suite.wait_records(1, "Bounce")
    assert record["response"]["code"] == 550
    assert record["response"]["enhanced_code"] == {
        "class": 5, "subject": 4, "detail": 4}
    assert "127.0.0.3" in record["response"]["content"]
    assert not a.sessions and not b.sessions


def test_skip_hosts(make_suite, make_peer):
    a, b = hosts(make_peer, 2, 3)
    zones = (zone("to.test", "@ MX 1 a", "@ MX 2 b", "a A 127.0.0.2",
                  "b A 127.0.0.3"), zone("gone.test", "@ A 127.0.0.2"))
    suite = routed(make_suite, a.port, *zones, skip_hosts=["127.0.0.2/32"])
    suite.send()
    [record] = suite.wait_records(1, "Delivery")
    assert record["peer_address"]["addr"] == "127.0.0.3"
    suite.send(recipients="user@gone.test")
    [record] = suite.wait_records(1, "TransientFailure")
    assert record["response"]["code"] == 451
    assert record["response"]["enhanced_code"] == {
        "class": 4, "subject": 4, "detail": 4}
    assert "skip_hosts" in record["response"]["content"]
    assert not a.sessions


@pytest.mark.parametrize("strategy, number", [
    ("Ipv4Only", "4"), ("Ipv6Only", "6"), ("Ipv6ThenIpv4", "6"),
    ("Ipv4ThenIpv6", "4"),
])
def test_address_families(make_suite, make_peer, strategy, number):
    four = make_peer()
    try:
        six = make_peer(address="::1", port=four.port)
    except OSError:
        pytest.skip("no IPv6 on loopback here")
    suite = routed(make_suite, four.port, zone(
        "to.test", "@ MX 1 a", "a A 127.0.0.1", "a AAAA ::1"),
        ip_lookup_strategy=strategy)
    suite.send()
    suite.wait_records(1, "Delivery")
    assert bool(four.messages) == (number == "4")
    assert bool(six.messages) == (number == "6")


def test_port_of_the_source_counts_most(make_suite, make_peer):
    peer = make_peer()
    suite = make_suite({
        "dns": dns(zone("to.test", "@ A 127.0.0.1")),
        "sources": [{"name": "s", "remote_port": peer.port}],
        "pools": [{"name": "p", "entries": [{"name": "s"}]}],
        "queues": {"*": {"egress_pool": "p"}},
        "paths": {"*": path(9)}}).start()
    suite.send()
    [record] = suite.wait_records(1, "Delivery")
    assert record["egress_pool"] == "p" and record["egress_source"] == "s"
    assert record["site"] == "s->to.test@smtp_client"


def test_a_site_appears_and_changes(make_suite, make_peer):
    """A list of next hops by name, and a sink there."""
    sink = Sink()
    suite = make_suite({
        "dns": dns(zone("relay.test", "a A 127.0.0.9", "b A 127.0.0.1")),
        "queues": {"*": {"protocol": {"smtp": {"mx_list": [
            "a.relay.test", "b.relay.test"]}}}},
        "paths": {"*": path(sink.port)}}).start()
    suite.send()
    [record] = suite.wait_records(1, "Delivery")
    assert record["site"] == \
        "unspecified->mx_list:a.relay.test,b.relay.test@smtp_client"
    assert record["peer_address"]["name"].rstrip(".") == "b.relay.test"
    wait_for(sink.messages)
    sink.close()


# ---- what the DNS of a stranger may not do ---------------------------------------

def test_hundreds_of_long_names(make_suite, make_peer):
    """The site's name stays a name, and the mail goes out."""
    peer = make_peer()
    part = "x" * 60
    suite = routed(make_suite, peer.port, zone(
        "to.test", *[f"@ MX 10 h{i}.{part}{i}.{part}.{part}"
                     for i in range(150)], "@ MX 5 a", "a A 127.0.0.1"),
        zone("other.test", "@ A 127.0.0.1"))
    suite.send()
    [record] = suite.wait_records(1, "Delivery")
    assert len(record["site"]) < 1100
    suite.send(recipients="x@other.test")
    suite.wait_records(2, "Delivery")
    assert not any("died" in line or "channel" in line
                   for line in suite.stderr)


def test_a_name_that_is_spelt_alike(make_suite, make_peer):
    """Two sets of hosts can spell one site name: neither gets the mail of the
    other."""
    ours, theirs = hosts(make_peer, 2, 3)
    suite = routed(
        make_suite, ours.port,
        zone("ours.test", "@ MX 1 a.x.one.test.", "@ MX 2 b.x.one.test.",
             "@ MX 3 c.y.two.test."),
        zone("theirs.test", "@ MX 1 a.x.one.test.", "@ MX 2 b.y.one.test.",
             "@ MX 3 c.y.two.test."),
        zone("one.test", "a.x A 127.0.0.9", "b.x A 127.0.0.2",
             "b.y A 127.0.0.3"), zone("two.test", "c.y A 127.0.0.9"),
        max_deliveries_per_connection=1)
    for n in range(3):
        suite.send(recipients=f"u{n}@theirs.test")
        suite.send(recipients=f"u{n}@ours.test")
    records = suite.wait_records(6, "Delivery")
    assert ours.recipients() == [f"u{n}@ours.test" for n in range(3)]
    assert theirs.recipients() == [f"u{n}@theirs.test" for n in range(3)]
    sites = {r["queue"]: r["site"] for r in records}
    same = "unspecified->(a|b|c).(x|y).(one|two).test"
    assert sites["theirs.test"] == same + "@smtp_client"
    assert sites["ours.test"].startswith(same + "#")


def test_addresses_behind_one_name(make_suite, make_peer):
    """Next hops that are called the same and lie elsewhere."""
    a, b = make_peer(), make_peer()
    suite = make_suite({
        "paths": {"*": path()},
        "queues": {f"{n}.test": {"protocol": {"smtp": {"mx_list": [
            {"name": "hop.test", "addr": f"127.0.0.1:{p.port}"}]}}}
            for n, p in (("a", a), ("b", b))}}).start()
    for n in range(3):
        suite.send(recipients=f"u{n}@a.test")
        suite.send(recipients=f"u{n}@b.test")
    suite.wait_records(6, "Delivery")
    assert a.recipients() == [f"u{n}@a.test" for n in range(3)]
    assert b.recipients() == [f"u{n}@b.test" for n in range(3)]
