# SPDX-License-Identifier: Apache-2.0
"""Limits, rates, sources, batches and fairness, as a destination sees them."""

import os
import signal
import subprocess
import threading
import time
from collections import Counter

import pytest

from peer import refusing_port
from routes import dns, listener, path, to, zone
from suite import BUILD, Sink, wait_for


def send_many(suite, n, recipient="u{}@to.test", **options):
    with suite.client() as client:
        for i in range(n):
            client.sendmail("a@from.test", recipient.format(i), "x\r\n",
                            **options)


def load(suite, n, *options):
    """Many messages by the generator; all acknowledged."""
    subprocess.run([os.path.join(BUILD, "bench", "smtp-load"), "--target",
                    f"127.0.0.1:{suite.smtp_port}", "--messages", str(n),
                    "--sessions", "10", "--size", "600", "--quiet",
                    *options], check=True, capture_output=True)


def keeps_pace(times, began, interval):
    """None came before its turn; the last not much later than that."""
    times = [t - began for t in sorted(times)]
    print(f"the last of {len(times)} after {times[-1]:.2f} s")
    early = [(i, t) for i, t in enumerate(times) if t < i * interval - 0.02]
    assert not early, early
    assert times[-1] < interval * len(times) * 5


# ---- limits ------------------------------------------------------------------

@pytest.mark.parametrize("limit", [1, 3])
def test_connection_limit(make_suite, make_peer, limit):
    peer = make_peer(delay=0.02)
    suite = make_suite(to(peer.port, connection_limit=limit)).start()
    load(suite, 60 * limit)
    suite.wait_records(60 * limit, "Delivery")
    assert peer.most_open == limit


def test_limit_holds_over_processes(make_suite, make_peer):
    peer = make_peer(delay=0.02)
    config = to(peer.port, connection_limit=5)
    config["processes"] = {"smtp_out": 3}
    suite = make_suite(config).start()
    load(suite, 250)
    suite.wait_records(250, "Delivery")
    assert peer.most_open == 5


def test_limit_shared_by_name(make_suite, make_peer):
    """Two sites, each with room of its own, and one count over both."""
    peer = make_peer(delay=0.02)
    suite = make_suite({
        "dns": dns(zone("a.test", "@ A 127.0.0.1"),
                   zone("b.test", "@ A 127.0.0.1")),
        "paths": {"*": path(peer.port, connection_limit=10,
                            additional_connection_limits={"both": 3})}})
    suite.start()
    with suite.client() as client:
        for i in range(80):
            client.sendmail("a@from.test", f"u{i}@{'ab'[i % 2]}.test", "x\r\n")
    records = suite.wait_records(80, "Delivery", 30)
    assert len({r["site"] for r in records}) == 2
    assert peer.most_open == 3


def test_message_rate(make_suite, make_peer):
    peer = make_peer()
    suite = make_suite(to(peer.port,
                          max_message_rate="20/s,max_burst=1")).start()
    began = time.monotonic()
    send_many(suite, 30)
    suite.wait_records(30, "Delivery")
    keeps_pace([m.time for m in peer.messages], began, 1 / 20)
    assert not suite.records("TransientFailure")


def test_message_rate_shared_by_name(make_suite, make_peer):
    peer = make_peer()
    suite = make_suite({
        "dns": dns(zone("a.test", "@ A 127.0.0.1"),
                   zone("b.test", "@ A 127.0.0.1")),
        "paths": {"*": path(peer.port, additional_message_rate_throttles={
            "both": "20/s,max_burst=1"})}}).start()
    began = time.monotonic()
    with suite.client() as client:
        for i in range(30):
            client.sendmail("a@from.test", f"u{i}@{'ab'[i % 2]}.test", "x\r\n")
    suite.wait_records(30, "Delivery")
    keeps_pace([m.time for m in peer.messages], began, 1 / 20)


def test_connection_rate(make_suite, make_peer):
    peer = make_peer()
    suite = make_suite(to(peer.port, max_connection_rate="10/s,max_burst=1",
                          max_deliveries_per_connection=1)).start()
    began = time.monotonic()
    send_many(suite, 15)
    suite.wait_records(15, "Delivery")
    assert len(peer.sessions) == 15
    keeps_pace([s.began for s in peer.sessions], began, 1 / 10)


def test_queue_rate(make_suite, make_peer):
    """A scheduled queue's own rate; another queue of the site is free."""
    peer = make_peer()
    config = to(peer.port)
    config["queues"]["slow.test"] = {"max_message_rate": "5/s,max_burst=1"}
    suite = make_suite(config).start()
    began = time.monotonic()
    send_many(suite, 10, "u{}@slow.test")
    send_many(suite, 10, "u{}@fast.test")
    suite.wait_records(20, "Delivery")
    slow = [m.time for m in peer.messages if "slow" in m.recipients[0]]
    fast = [m.time for m in peer.messages if "fast" in m.recipients[0]]
    keeps_pace(slow, began, 1 / 5)
    assert max(fast) < max(slow)
    # Each is told of once, without an attempt.
    delayed = suite.records("Delayed")
    assert {(r["queue"], r["num_attempts"]) for r in delayed} == {
        ("slow.test", 0)}
    assert len({r["id"] for r in delayed}) == len(delayed) <= 9


def test_long_throttle_gives_back(make_suite, make_peer):
    """A wait longer than idle_timeout closes the connection; no attempt is
    counted, and what waits goes out in its time."""
    peer = make_peer()
    suite = make_suite(to(peer.port, max_message_rate="1/s,max_burst=1",
                          idle_timeout="100ms", connection_limit=1)).start()
    began = time.monotonic()
    send_many(suite, 3)
    records = suite.wait_records(3, "Delivery")
    assert [r["num_attempts"] for r in records] == [0, 0, 0]
    keeps_pace([m.time for m in peer.messages], began, 1)
    assert len(peer.sessions) == 3
    assert not suite.records("TransientFailure")


def test_deliveries_per_connection(make_suite, make_peer):
    peer = make_peer()
    suite = make_suite(to(peer.port, max_deliveries_per_connection=5,
                          connection_limit=1)).start()
    send_many(suite, 23)
    suite.wait_records(23, "Delivery")
    per_session = Counter(m.session.number for m in peer.messages)
    assert max(per_session.values()) <= 5
    assert sum(per_session.values()) == 23
    assert len(peer.sessions) >= 5
    wait_for(lambda: all(s.ended for s in peer.sessions[:-1]))
    for session in peer.sessions[:4]:
        assert session.commands[-1] == "QUIT"


def test_max_ready_is_no_stop(make_suite, make_peer):
    peer = make_peer()
    suite = make_suite(to(peer.port, max_ready=4, connection_limit=2)).start()
    send_many(suite, 100)
    suite.wait_records(100, "Delivery")


# ---- sources ------------------------------------------------------------------

def pool(peer, weights, queue=None, **sources):
    return {"sources": [{"name": n, **(sources.get(n) or {})}
                        for n in weights],
            "pools": [{"name": "p", "entries": [
                {"name": n, "weight": w} for n, w in weights.items()]}],
            "queues": {"*": {"egress_pool": "p", "protocol": {"smtp": {
                "mx_list": [f"127.0.0.1:{peer.port}"]}}, **(queue or {})}},
            "paths": {"*": path()}}


def test_weights(make_suite, make_peer):
    peer = make_peer()
    suite = make_suite(pool(peer, {"a": 3, "b": 1, "c": 0, "d": 2})).start()
    send_many(suite, 60)
    records = suite.wait_records(60, "Delivery")
    assert Counter(r["egress_source"] for r in records) == {
        "a": 30, "b": 10, "d": 20}
    assert {r["egress_pool"] for r in records} == {"p"}
    assert {r["site"].split("->")[0] for r in records} == {"a", "b", "d"}


def test_source_address_and_name(make_suite, make_peer):
    peer = make_peer()
    suite = make_suite(pool(
        peer, {"a": 1, "b": 1},
        a={"source_address": "127.0.0.2", "ehlo_domain": "a.out.test"},
        b={"source_address": "127.0.0.3", "ehlo_domain": "b.out.test"}))
    suite.start()
    send_many(suite, 20)
    records = suite.wait_records(20, "Delivery")
    for r in records:
        want = {"a": "127.0.0.2", "b": "127.0.0.3"}[r["egress_source"]]
        assert r["source_address"]["address"].startswith(want + ":")
    seen = {(s.address, s.commands[0]) for s in peer.sessions}
    assert seen == {("127.0.0.2", "EHLO a.out.test"),
                    ("127.0.0.3", "EHLO b.out.test")}


def test_name_of_the_path_first(make_suite, make_peer):
    peer = make_peer()
    config = pool(peer, {"a": 1}, a={"ehlo_domain": "source.test"})
    config["paths"]["*"]["ehlo_domain"] = "path.test"
    suite = make_suite(config).start()
    suite.send()
    suite.wait_records(1, "Delivery")
    assert peer.sessions[0].commands[0] == "EHLO path.test"


def test_host_name_otherwise(make_suite, make_peer):
    peer = make_peer()
    config = to(peer.port)
    config["hostname"] = "host.test"
    suite = make_suite(config).start()
    suite.send()
    suite.wait_records(1, "Delivery")
    assert peer.sessions[0].commands[0] == "EHLO host.test"


def test_address_not_here(make_suite, make_peer):
    peer = make_peer()
    suite = make_suite(pool(peer, {"a": 1},
                            a={"source_address": "192.0.2.77"})).start()
    suite.send()
    [record] = suite.wait_records(1, "TransientFailure")
    assert record["response"]["code"] == 400
    assert "192.0.2.77" in record["response"]["content"]
    assert not peer.sessions


def test_selection_rate_takes_another(make_suite, make_peer):
    peer = make_peer()
    config = pool(peer, {"a": 1, "b": 1})
    config["paths"]["a->*"] = {"source_selection_rate": "2/h"}
    suite = make_suite(config).start()
    send_many(suite, 20)
    records = suite.wait_records(20, "Delivery")
    assert Counter(r["egress_source"] for r in records) == {"a": 2, "b": 18}


def test_pools_share_a_source(make_suite, make_peer):
    """A record names the pool of its own queue."""
    peer = make_peer(delay=0.02)
    config = pool(peer, {"a": 1})
    config["pools"].append({"name": "q", "entries": [{"name": "a"}]})
    config["queues"]["q.test"] = {"egress_pool": "q"}
    config["paths"]["*"]["connection_limit"] = 1
    suite = make_suite(config).start()
    with suite.client() as client:
        for i in range(40):
            client.sendmail("a@from.test", f"u{i}@{'pq'[i % 2]}.test", "x\r\n")
    records = suite.wait_records(40, "Delivery")
    assert {(r["queue"], r["egress_pool"]) for r in records} == {
        ("p.test", "p"), ("q.test", "q")}
    assert len({r["site"] for r in records}) == 1


# ---- batches ------------------------------------------------------------------

def batches(peer, queue=None, **options):
    return {**to(peer.port, queue, **options),
            "listeners": [listener(batch_handling="BatchByDomain")]}


def test_recipients_per_batch(make_suite, make_peer):
    peer = make_peer()
    suite = make_suite(batches(peer, max_recipients_per_batch=10)).start()
    everybody = [f"u{i}@to.test" for i in range(25)]
    suite.send(recipients=everybody)
    wait_for(lambda: len(peer.recipients()) == 25)
    assert [len(m.recipients) for m in peer.messages] == [10, 10, 5]
    assert sorted(peer.recipients()) == sorted(everybody)
    assert len(peer.sessions) == 1
    records = suite.wait_records(3, "Delivery")
    assert sorted(r for x in records for r in x["recipient"]) == sorted(everybody)
    assert len({r["id"] for r in records}) == 1


def test_partial_outcomes(make_suite, make_peer):
    """One taken, one for later, one refused; only the second comes again."""
    first = []

    def answer(line, session):
        if "<later@" in line and not first:
            first.append(line)
            return "451 4.2.1 full"
        if "<never@" in line:
            return "550 5.1.1 unknown"
        return None

    peer = make_peer(answer)
    suite = make_suite(batches(peer, {"retry_interval": "200ms"})).start()
    suite.send(recipients=["good@to.test", "later@to.test", "never@to.test",
                           "fine@to.test"])
    deliveries = suite.wait_records(2, "Delivery")
    assert sorted(deliveries[0]["recipient"]) == ["fine@to.test",
                                                  "good@to.test"]
    [failure] = suite.records("TransientFailure")
    [bounce] = suite.records("Bounce")
    assert failure["recipient"] == "later@to.test"
    assert failure["response"]["code"] == 451
    assert failure["response"]["command"] == "RCPT TO:<later@to.test>"
    assert bounce["recipient"] == "never@to.test"
    assert bounce["response"]["code"] == 550
    assert deliveries[1]["recipient"] == "later@to.test"
    assert deliveries[1]["num_attempts"] == 1
    assert [m.recipients for m in peer.messages] == [
        ["good@to.test", "fine@to.test"], ["later@to.test"]]
    assert len({r["id"] for r in suite.records()}) == 1


def test_partial_outcomes_survive_a_kill(make_suite, make_peer):
    def answer(line, session):
        return "451 4.2.1 full" if "<later@" in line and not taken else None

    taken = []
    peer = make_peer(answer)
    suite = make_suite(batches(peer, {"retry_interval": "500ms"})).start()
    suite.send(recipients=["good@to.test", "later@to.test"])
    suite.wait_records(1, "TransientFailure")
    suite.kill()
    taken.append(True)
    suite.start()
    wait_for(lambda: len(peer.recipients()) == 2)
    assert sorted(peer.recipients()) == sorted(["good@to.test", "later@to.test"])
    suite.wait_records(2, "Delivery")


def test_one_queue_per_domain_of_a_batch(make_suite, make_peer):
    peer = make_peer()
    suite = make_suite(batches(peer)).start()
    suite.send(recipients=["a@x.test", "b@y.test", "c@x.test"])
    suite.wait_records(2, "Delivery")
    assert sorted(m.recipients for m in peer.messages) == [
        ["a@x.test", "c@x.test"], ["b@y.test"]]
    receptions = suite.records("Reception")
    assert sorted(r["queue"] for r in receptions) == ["x.test", "y.test"]


# ---- fairness -----------------------------------------------------------------

TENANTS = """
local kumo = require 'kumo'
kumo.on('init', function()
  kumo.define_spool {{ name = 'data', path = '{spool}', min_free_space = 0,
    min_free_inodes = 0 }}
  kumo.configure_local_logs {{ log_dir = '{logs}', min_free_space = 0,
    min_free_inodes = 0 }}
  kumo.start_esmtp_listener {{ listen = '127.0.0.1:0',
    relay_hosts = {{ '127.0.0.1' }} }}
end)
kumo.on('smtp_server_message_received', function(msg)
  msg:set_meta('tenant', msg:sender().domain:match('^[^.]+'))
end)
kumo.on('get_queue_config', function()
  return kumo.make_queue_config {{ protocol = {{ smtp = {{
    mx_list = {{ '127.0.0.1:{port}' }} }} }} }}
end)
kumo.on('get_egress_path_config', function(domain, source, site)
  return kumo.make_egress_path {{ prohibited_hosts = {{}}, connection_limit = 2,
    max_message_rate = '500/s,max_burst=1', enable_tls = 'Disabled' }}
end)
"""


def test_a_crowd_starves_nobody(make_suite):
    """5,000 messages of one tenant wait for a slow destination: ten of
    another one are there as if they were alone."""
    sink = Sink("--no-store")
    suite = make_suite(policy="")
    suite.write("init.lua", TENANTS.format(spool=suite.spool, logs=suite.logs,
                                           port=sink.port))
    suite.start()
    load(suite, 5000, "--sender", "x@crowd.test", "--recipient", "u@to.test")
    seen = len(sink.lines())
    assert seen < 4000
    for i in range(10):
        suite.send(sender="x@few.test", recipients=f"few{i}@to.test")
    wait_for(lambda: sum("few" in line for line in sink.lines()) == 10, 20)
    assert len(sink.lines()) < 4900
    sink.close()


def test_dead_beside_alive(make_suite, make_peer):
    """Thousands of messages for a host that refuses connections neither hold
    up the mail of a living one nor keep on knocking."""
    port, kept = refusing_port()
    peer = make_peer()
    config = to(peer.port, consecutive_connection_failures_before_delay=5)
    config["queues"]["dead.test"] = {"protocol": {"smtp": {
        "mx_list": [f"127.0.0.1:{port}"]}}}
    suite = make_suite(config).start()
    pids = suite.pids("smtp-out")
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    load(suite, 3000, "--recipient", "u@dead.test")
    for pid in pids:
        os.kill(pid, signal.SIGCONT)
    send_many(suite, 50)
    wait_for(lambda: len(peer.messages) == 50)
    failures = suite.wait_records(3000, "TransientFailure", 30)
    assert len({r["id"] for r in failures}) == len(failures) == 3000
    codes = Counter(r["response"]["code"] for r in failures)
    # A few plans failed, the rest was sent back without one.
    assert codes[451] > 2500, codes
    assert codes[400] < 500, codes
    suite.wait_records(50, "Delivery")
    kept.close()


def test_silent_beside_alive(make_suite, make_peer):
    """A destination that never greets holds its own connections only."""
    over = threading.Event()

    def says_nothing(line, session):
        over.wait(60)

    peer, mute = make_peer(), make_peer(says_nothing)
    config = to(peer.port)
    config["queues"]["mute.test"] = {"protocol": {"smtp": {
        "mx_list": [f"127.0.0.1:{mute.port}"]}}}
    config["processes"] = {"smtp_out": 1}
    suite = make_suite(config).start()
    send_many(suite, 200, "u{}@mute.test")
    wait_for(lambda: mute.open > 0)
    send_many(suite, 50)
    wait_for(lambda: len(peer.messages) == 50)
    assert 0 < mute.open <= mute.most_open <= 32
    over.set()
