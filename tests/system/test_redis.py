# SPDX-License-Identifier: Apache-2.0
"""Scripts that speak to Redis: real servers, a cluster, hostile ones."""

import os
import signal
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from certs import make_pair
from redis_server import Cluster, Fake, Redis, free_port
from suite import wait_for

from test_lookup import ask
from test_script import HEAD, RELAY, script  # noqa: F401 (a fixture)

# The user of the recipient names a function; its result or error comes back.
DRIVER = """
local redis = require 'redis'
local conn = redis.open {{ {options} }}
local function show(v)
  if type(v) ~= 'table' then return tostring(v) end
  local out = {{}}
  for i = 1, #v do out[i] = show(v[i]) end
  return '[' .. table.concat(out, ' ') .. ']'
end
local act = {{ {acts} }}
kumo.on('smtp_server_message_received', function(msg)
  local who = msg:recipient().user
  local name, word = who:match('^(%a+)%.?(.*)$')
  local ok, got = pcall(act[name], word)
  kumo.reject(550, (ok and '' or 'ERROR ') .. show(got))
end)
"""

PLAIN = """
  set = function(w) return conn:query('SET', 'k', w) end,
  get = function() return conn:query('get', 'k') end,
  incr = function(w) return conn:query('INCRBY', 'n', tonumber(w)) end,
  list = function() conn:query('DEL', 'l') conn:query('RPUSH', 'l', 1, 'two',
    2.5, true) return conn:query('LRANGE', 'l', 0, -1) end,
  binary = function() conn:query('SET', 'b', 'a\\0b') return
    #conn:query('GET', 'b') end,
  wrong = function() conn:query('SET', 'k', 'secret') return
    conn:query('LPUSH', 'k', 'hidden') end,
  unknown = function() return conn:query('NOSUCH', 'hidden') end,
  multi = function() return conn:query('multi') end,
  eval = function() return conn:query('EVAL',
    'return {1, {ARGV[1], KEYS[1]}, redis.status_reply("fine")}', 1, 'key',
    'arg') end,
  pop = function() return conn:query('BLPOP', 'q', 20) end,
  push = function(w) return conn:query('RPUSH', 'q', w) end,
  big = function() return #conn:query('GETRANGE', 'huge', 0, 17000000) end,
  name = function() return conn:query('ECHO', 'here') end,
  key = function(w) conn:query('SET', w, w) return conn:query('GET', w) end,
"""


@pytest.fixture
def made():
    """Closes what a test makes."""
    things = []

    def add(thing):
        things.append(thing)
        return thing
    yield add
    for thing in things:
        thing.close()


def driver(options, acts=PLAIN):
    return DRIVER.format(options=options, acts=acts)


def say(suite, who):
    return ask(suite, who)[1]


def test_commands_and_replies(script, made):  # noqa: F811
    server = made(Redis())
    suite = script(driver(f"node = '{server.url}'"))
    assert say(suite, "get") == "nil"
    assert say(suite, "set.x") == "OK"
    assert say(suite, "get") == "x"
    assert say(suite, "incr.2") == "2"
    assert say(suite, "incr.3") == "5"
    assert say(suite, "list") == "[1 two 2.5 1]"
    assert say(suite, "binary") == "3"
    assert say(suite, "eval") == "[1 [arg key] fine]"
    got = say(suite, "wrong")
    assert f"redis: 127.0.0.1:{server.port}: LPUSH: WRONGTYPE" in got
    assert "init.lua:" in got
    assert "secret" not in got and "hidden" not in got
    got = say(suite, "unknown")
    assert "NOSUCH: ERR unknown command 'NOSUCH'" in got
    assert "hidden" not in got
    assert "changes the connection" in say(suite, "multi")
    server.cli("setrange", "huge", "16777216", "x")
    assert "larger than 16 MB" in say(suite, "big")
    assert say(suite, "name") == "here"


def test_many_share_few_connections(script, made):  # noqa: F811
    server = made(Redis())
    suite = script(driver(f"node = '{server.url}', pool_size = 2"))
    with ThreadPoolExecutor(12) as pool:
        waiting = pool.submit(say, suite, "pop")
        wait_for(lambda: "blocked_clients:1" in server.cli("info", "clients"))
        got = list(pool.map(lambda _: int(say(suite, "incr.1")), range(30)))
        assert sorted(got) == list(range(1, 31))
        # redis-cli itself is one of them.
        assert len(server.cli("client", "list").splitlines()) == 3
        assert say(suite, "push.late") == "1"
        assert waiting.result(20) == "[q late]"


def test_a_full_pool_is_waited_for(script, made):  # noqa: F811
    server = made(Redis())
    suite = script(driver(f"node = '{server.url}', pool_size = 1, "
                          "wait_timeout = '200ms'"))
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(say, suite, "pop")
        wait_for(lambda: "blocked_clients:1" in server.cli("info", "clients"))
        assert "no connection had room in time (1 of 1" in say(suite, "get")
        server.cli("rpush", "q", "end")
        assert waiting.result(20) == "[q end]"
    assert say(suite, "get") == "nil"


def test_login_and_database(script, made):  # noqa: F811
    server = made(Redis("--requirepass", "p@ss"))
    suite = script(driver(
        f"node = 'redis://:p%40ss@127.0.0.1:{server.port}/3'"))
    assert say(suite, "set.x") == "OK"
    assert server.cli("-a", "p@ss", "--no-auth-warning", "-n", "3", "get",
                      "k") == "x"
    other = made(Redis("--requirepass", "p@ss"))
    suite = script(driver(
        f"node = 'redis://someone:wrong@127.0.0.1:{other.port}'"))
    got = say(suite, "get")
    assert "the login failed: WRONGPASS" in got and "wrong@" not in got


def test_tls(script, made, tmp_path):  # noqa: F811
    cert, key = str(tmp_path / "c"), str(tmp_path / "k")
    make_pair(cert, key, "localhost")
    server = made(Redis(tls=(cert, key)))
    suite = script(driver(
        f"node = 'rediss://localhost:{server.port}/#insecure'"))
    assert say(suite, "set.x") == "OK"
    assert server.cli("get", "k") == "x"
    # Nobody vouches for its certificate.
    suite = script(driver(f"node = 'rediss://localhost:{server.port}/'"))
    assert "TLS:" in say(suite, "get")


def test_a_server_that_comes_and_goes(script, made):  # noqa: F811
    server = made(Redis())
    suite = script(driver(f"node = '{server.url}', recycle_timeout = '1s'"))
    assert say(suite, "incr.1") == "1"
    server.stop()
    wait_for(lambda: "Connection refused" in say(suite, "incr.1"))
    server.start()
    wait_for(lambda: say(suite, "incr.1") == "1")
    # One that hangs is not taken for one that lives.
    os.kill(server.process.pid, signal.SIGSTOP)
    rested = time.monotonic() + 1.1
    wait_for(lambda: time.monotonic() > rested)
    with ThreadPoolExecutor(1) as pool:
        answer = pool.submit(say, suite, "incr.1")
        wait_for(lambda: len(open_sockets(suite, server.port)) > 0)
        os.kill(server.process.pid, signal.SIGCONT)
        assert answer.result(20) == "2"


def open_sockets(suite, port):
    with open("/proc/net/tcp") as f:
        return [line for line in f if f":{port:04X} " in line and
                line.split()[3] == "01"]


# ---- a cluster -----------------------------------------------------------------

@pytest.fixture(scope="module")
def cluster():
    made = Cluster()
    yield made
    made.close()


def test_cluster(script, cluster):  # noqa: F811
    nodes = ", ".join(f"'{n.url}'" for n in cluster.nodes[:2])
    suite = script(driver(f"node = {{ {nodes} }}"))
    for i in range(12):
        assert say(suite, f"key.word{i}") == f"word{i}"
    sizes = [int(n.cli("dbsize")) for n in cluster.nodes[:3]]
    assert all(sizes) and sum(sizes) == 12
    # The slot of this key moves while the suite believes it knows.
    first = cluster.nodes[0]
    key = next(f"word{i}" for i in range(12)
               if first.cli("exists", f"word{i}") == "1")
    slot = first.cli("cluster", "keyslot", key)
    target = cluster.nodes[1]
    ids = [n.cli("cluster", "myid") for n in cluster.nodes]
    target.cli("cluster", "setslot", slot, "importing", ids[0])
    first.cli("cluster", "setslot", slot, "migrating", ids[1])
    first.cli("migrate", "127.0.0.1", str(target.port), key, "0", "5000")
    # ASK: the slot is the first's, the key is not.
    assert say(suite, f"key.{key}") == key
    for n in cluster.nodes[:3]:
        n.cli("cluster", "setslot", slot, "node", ids[1])
    # MOVED, and remembered.
    assert say(suite, f"key.{key}") == key
    assert target.cli("get", key) == key


def test_cluster_replicas_read(script, cluster):  # noqa: F811
    replica = cluster.nodes[3]
    first = cluster.nodes[0]
    key = next(f"r{i}" for i in range(1000) if first.cli("set", f"r{i}", "v")
               == "OK")
    suite = script(driver(
        f"node = '{first.url}', cluster = true, read_from_replicas = true",
        f"get = function() return conn:query('GET', '{key}') end,"))
    wait_for(lambda: replica.cli("config", "resetstat") == "OK")
    wait_for(lambda: say(suite, "get") == "v")
    assert "cmdstat_get:" in replica.cli("info", "commandstats")


def test_no_cluster_is_no_cluster(script, made):  # noqa: F811
    server = made(Redis())
    suite = script(driver(f"node = '{server.url}', cluster = true"))
    assert "cluster support disabled" in say(suite, "get")


# ---- hostile servers -----------------------------------------------------------

def garbage(conn):
    conn.recv(1000)
    conn.sendall(b"SSH-2.0-OpenSSH\r\n")
    conn.recv(1000)


def endless(conn):
    conn.recv(1000)
    conn.sendall(b"$1000000000\r\n")
    while True:
        conn.sendall(b"x" * 65536)


def endless_list(conn):
    conn.recv(1000)
    conn.sendall(b"*100000\r\n")
    while True:
        conn.sendall(b"*2\r\n:1\r\n:2\r\n" * 1000)


def silence(conn):
    while conn.recv(1000):
        pass


def hang_up(conn):
    conn.recv(1000)
    conn.sendall(b"$10\r\nabc")
    conn.close()


def uninvited(conn):
    while conn.recv(1000):
        conn.sendall(b"+ONE\r\n+TWO\r\n")


@pytest.mark.parametrize("serve, want", [
    (garbage, "does not speak Redis' protocol"),
    (endless, "larger than 16 MB"),
    (endless_list, "larger than 16 MB or 200000 values"),
    (silence, "no reply within 300 ms"),
    (hang_up, "the server closed the connection"),
], ids=lambda p: getattr(p, "__name__", None))
def test_hostile_servers(script, made, serve, want):  # noqa: F811
    fake = made(Fake(serve))
    # Only silence may end by the clock: the others take what they need.
    wait = "300ms" if serve is silence else "30s"
    suite = script(driver(f"node = '{fake.url}', response_timeout = '{wait}'"))
    got = say(suite, "get")
    assert got.startswith("ERROR") and f"127.0.0.1:{fake.port}: GET: " in got
    assert want in got
    assert say(suite, "get").startswith("ERROR")
    assert len(suite.pids("lookupd")) > 0
    assert not any("role=lookupd" in line and "died" in line
                   for line in suite.stderr)


def test_what_nobody_asked_is_no_answer(script, made):  # noqa: F811
    fake = made(Fake(uninvited))
    suite = script(driver(f"node = '{fake.url}'"))
    for _ in range(4):
        assert say(suite, "get") == "ONE"


def test_nobody_there(script):  # noqa: F811
    suite = script(driver(f"node = 'redis://127.0.0.1:{free_port()}'"))
    assert "GET: Connection refused" in say(suite, "get")


# ---- throttles -----------------------------------------------------------------

THROTTLE = """
local shared = kumo.make_throttle('shared', '3/h')
local mine = kumo.make_throttle('mine', 'local:2/h')
kumo.on('smtp_server_message_received', function(msg)
  local t = msg:recipient().user == 'mine' and mine or shared
  local r = t:throttle()
  kumo.reject(550, string.format('%s %d %d %s %s', r.throttled, r.limit,
    r.remaining, r.reset_after > 1000, r.retry_after and r.retry_after > 1000))
end)
"""


def throttled(make_suite, url):
    suite = make_suite(policy="")
    head = HEAD.format(spool=suite.spool, logs=suite.logs, listener=RELAY)
    head = head.replace("kumo.define_spool {", "kumo."
                        f"configure_redis_throttles {{ node = '{url}' }}\n"
                        "kumo.define_spool {", 1)
    suite.write("init.lua", head + THROTTLE)
    return suite.start()


def test_throttles_of_two_machines(make_suite, made):
    server = made(Redis())
    one, two = (throttled(make_suite, server.url) for _ in range(2))
    assert say(one, "shared") == "false 3 2 true nil"
    assert say(two, "shared") == "false 3 1 true nil"
    assert say(one, "shared") == "false 3 0 true nil"
    assert say(two, "shared") == "true 3 0 true true"
    assert say(one, "shared") == "true 3 0 true true"
    # What says local stays in each suite.
    for suite in (one, two):
        assert say(suite, "mine") == "false 2 1 true nil"
    assert any("throttles redis=up" in line for line in one.stderr)
    # The script is known by its name, and told anew to one that forgot it.
    assert "cmdstat_evalsha" in server.cli("info", "commandstats")
    server.cli("script", "flush")
    server.cli("flushall")
    assert say(two, "shared") == "false 3 2 true nil"
    # Away is an error for the event, and over when it is back.
    server.stop()
    wait_for(lambda: ask(one, "shared")[0] // 100 == 4)
    assert say(one, "mine") == "false 2 0 true nil"
    server.start()
    wait_for(lambda: say(one, "shared") == "false 3 2 true nil")


def test_throttles_by_their_own_command(make_suite, made):
    """A server that says it has CL.THROTTLE is asked with it."""
    def serve(conn):
        while True:
            data = conn.recv(4000)
            if not data:
                return
            if b"PING" in data:
                conn.sendall(b"+PONG\r\n")
            elif b"COMMAND" in data:
                conn.sendall(b"*1\r\n*1\r\n$11\r\ncl.throttle\r\n")
            else:
                said.append(data)
                conn.sendall(b"*5\r\n:1\r\n:3\r\n:0\r\n:1200\r\n:3600\r\n")
    said = []
    suite = throttled(make_suite, made(Fake(serve)).url)
    assert say(suite, "shared") == "true 3 0 true true"
    words = said[0].decode().split("\r\n")[2::2]
    assert words == ["CL.THROTTLE", "shared:3:3:3600000", "2", "3", "3600"]


def test_a_redis_that_is_away_at_start_is_said(make_suite):
    suite = throttled(make_suite, f"redis://127.0.0.1:{free_port()}")
    wait_for(lambda: any("throttles redis=away" in line
                         for line in suite.stderr))
    assert ask(suite, "shared")[0] // 100 == 4
    assert say(suite, "mine") == "false 2 1 true nil"
