# SPDX-License-Identifier: Apache-2.0
"""kumo.http.connect_websocket against servers that push, well or badly."""

import base64
import os
import signal
import threading

import pytest

from scripts import ask
from suite import wait_for
from test_http import authority, web  # noqa: F401 (fixtures)
from web import WebServer
from websocket import (BINARY, CLOSE, MORE, PING, PONG, TEXT,
                       WebSocketServer, frame)


def talk(s):
    s.accept()
    s.send(TEXT, "gr\u00fc\u00dfe".encode())
    s.send(PING, b"are you there")
    s.receive()
    s.send(BINARY, b"\0\xff" * 40000)
    s.send(TEXT, b"in ", fin=False)
    s.send(PING, b"between")
    s.receive()
    s.send(MORE, b"three ", fin=False)
    s.send(MORE, b"parts")
    s.send(TEXT)
    s.send(CLOSE, b"\x03\xe8bye")
    s.drain()


def hold(s):
    """Says one word and waits."""
    s.accept()
    s.send(TEXT, b"word")
    s.drain()


def quiet(s):
    s.accept()
    s.drain()


def flood(s):
    s.accept()
    for i in range(20000):
        s.send(TEXT, b"%05d" % i + b"x" * 95)
    s.send(CLOSE, b"\x03\xe8")
    s.drain()


def ping_flood(s):
    """More pings than fit anywhere; then a word."""
    s.accept()
    threading.Thread(target=s.drain, daemon=True).start()
    for _ in range(50000):
        s.send(PING, b"x" * 125)
    s.send(TEXT, b"after")
    s.ended.wait(20)


def after_head(s, *frames):
    def act(s):
        s.accept()
        for f in frames:
            s.send(*f[0], **f[1])
        s.drain()
    return act


def broken(*args, **kwargs):
    return after_head(None, ((TEXT, b"first"), {}), (args, kwargs))


def drop(s):
    s.accept()
    s.send(TEXT, b"first")


def burst(s):
    """More than is held at once, and the end right behind it."""
    s.accept()
    s.raw(frame(TEXT, b"x" * 100) * 12000)


ACTIONS = {
    "/talk": talk, "/hold": hold, "/quiet": quiet, "/flood": flood,
    "/burst": burst, "/pings": ping_flood, "/drop": drop,
    "/early": lambda s: (s.accept(), s.send(TEXT, b"a"), s.send(TEXT, b"b"),
                         s.send(CLOSE, b"\x03\xe9"), s.drain()),
    "/opcode": broken(3, b"x"),
    "/masked": broken(TEXT, b"x", mask=True),
    "/utf8": broken(TEXT, b"a\xff"),
    "/continued": broken(MORE, b"x"),
    "/longping": broken(PING, b"x" * 126),
    "/huge": broken(TEXT, b"x" * 99, length=4 * 1024 * 1024 + 1),
    "/enormous": broken(BINARY, b"x" * 99, length=1 << 62),
    "/wrong": broken(CLOSE, b"\x03\xf3no"),
    "/refused": lambda s: s.raw(b"HTTP/1.1 403 Forbidden\r\n\r\n"),
    "/other": lambda s: s.raw(b"HTTP/1.1 101 x\r\nUpgrade: websocket\r\n"
                              b"Connection: Upgrade\r\n"
                              b"Sec-WebSocket-Accept: x\r\n\r\n"),
    "/extension": lambda s: s.accept(b"Sec-WebSocket-Extensions: x"),
    "/mail": lambda s: s.raw(b"220 mail.test ESMTP\r\n"),
    "/head": lambda s: s.raw(b"HTTP/1.1 101 x\r\nX: " + b"y" * 70000),
    "/gone": lambda s: None,
}


@pytest.fixture
def server():
    with WebSocketServer(ACTIONS) as server:
        yield server


def lua_open(port):
    return f"""
local function open(path)
  return kumo.http.connect_websocket('ws://here.test:{port}' .. path)
end
local function all(path)
  local s, out = open(path), {{}}
  while true do
    local m = s:recv()
    if m == nil then return table.concat(out, ',') end
    out[#out + 1] = m
  end
end
local held
"""


def test_messages(web, server):  # noqa: F811
    suite = web(lua_open(server.port) + """
probes.talk = function()
  local s, r = open '/talk?x=1'
  local out = { r:status_code(), r:status_reason(), r:headers()['X-Server'] }
  for i = 1, 4 do out[#out + 1] = #s:recv() end
  out[#out + 1] = tostring(s:recv())
  out[#out + 1] = tostring(s:recv())
  return table.concat(out, ' ')
end
probes.early = function() return all '/early' end
probes.user = function()
  kumo.http.connect_websocket('ws://u:p@here.test:""" + str(server.port) +
                """/quiet')
end
probes.flood = function()
  local s, n, bytes = open '/flood', 0, 0
  while true do
    local m = s:recv()
    if m == nil then return n, bytes end
    if tonumber(m:sub(1, 5)) ~= n then return 'lost', n, m end
    n, bytes = n + 1, bytes + #m
  end
end
probes.pings = function() return open('/pings'):recv() end
""")
    assert ask(suite, "talk") == (
        True, "101 Switching Protocols Test 7 80000 14 0 nil nil")
    [session] = server.sessions
    assert session.path == "/talk?x=1"
    assert session.fields["host"] == f"here.test:{server.port}"
    assert session.ended.wait(20)
    assert session.frames == [(PONG, b"are you there"), (PONG, b"between"),
                              (CLOSE, b"\x03\xe8bye")]
    assert ask(suite, "early") == (True, "a,b")
    assert ask(suite, "user")[0]
    assert server.sessions[-1].fields["authorization"] == (
        "Basic " + base64.b64encode(b"u:p").decode())
    assert ask(suite, "flood") == (True, "20000 | 2000000")
    assert ask(suite, "pings") == (True, "after")


def test_batches(web, server):  # noqa: F811
    suite = web(lua_open(server.port) + """
probes.some = function()
  held = open '/hold'
  local first = held:recv_batch '100ms'
  return #first, first[1], #held:recv_batch(0.05), #held:recv_batch(0)
end
probes.closed = function()
  local s = open '/early'
  local got = s:recv_batch '1 minute'
  return #got, pcall(s.recv_batch, s, 1)
end
probes.much = function()
  local s, n = open '/flood', 0
  local batch = s:recv_batch '1 minute'
  while #batch > 0 and n + #batch < 20000 do
    n = n + #batch
    batch = s:recv_batch '1 minute'
  end
  return n + #batch
end
probes.wrong = function() open('/quiet'):recv_batch('soon') end
""")
    assert ask(suite, "some") == (True, "1 | word | 0 | 0")
    worked, text = ask(suite, "closed")
    assert worked and text.startswith("2 | false | "), text
    assert "websocket: the server closed it" in text
    assert ask(suite, "much") == (True, "20000")
    worked, text = ask(suite, "wrong")
    assert not worked and "stream:recv_batch: wanted a duration" in text


def test_what_goes_wrong(web, server):  # noqa: F811
    with WebServer({}) as plain:
        suite = web(lua_open(server.port) + "".join(
            f"probes.{path[1:]} = function() return all '{path}' end\n"
            for path in ACTIONS if path not in ("/hold", "/quiet")) + f"""
probes.nohost = function() kumo.http.connect_websocket 'ws://gone.test/' end
probes.closed = function() kumo.http.connect_websocket 'ws://here.test:1/' end
probes.http = function() kumo.http.connect_websocket 'http://here.test/' end
probes.plain = function()
  kumo.http.connect_websocket 'ws://here.test:{plain.port}/x?token=secret'
end
probes.tls = function()
  kumo.http.connect_websocket 'wss://here.test:{plain.port}/'
end
""")
        rules = "the server broke the rules of WebSocket (RFC 6455)"
        at = f"ws://here.test:{server.port}"
        for probe, want in (
                ("opcode", f"websocket: {at}/opcode: {rules}"),
                ("masked", rules), ("utf8", rules), ("continued", rules),
                ("longping", rules),
                ("huge", "the server sent a message of more than 4 MB"),
                ("enormous", "the server sent a message of more than 4 MB"),
                ("wrong", "the server closed it with code 1011"),
                ("drop", "the server broke off; its own log may say why"),
                ("gone", f"kumo.http.connect_websocket: {at}/gone: the server "
                 "broke off"),
                ("refused", "the server does not open a WebSocket there (it "
                 "answers 403): check the address"),
                ("other", "the server does not speak WebSocket"),
                ("extension", "an extension or protocol that was not offered"),
                ("mail", "the server does not speak HTTP/1.1"),
                ("head", "the head of its answer is too large"),
                ("nohost", "ws://gone.test/: there is no such host (NXDOMAIN)"),
                ("closed", "127.0.0.1:1: Connection refused: check that"),
                ("http", "it must begin with ws:// or wss://"),
                ("plain", f"ws://here.test:{plain.port}/x?...: the server does "
                 "not open a WebSocket there (it answers 404)"),
                ("tls", "no TLS: ")):
            worked, text = ask(suite, probe)
            assert not worked and want in text, (probe, text)
            assert "secret" not in text
        pids = suite.pids("lookupd")
        assert suite.pids("lookupd") == pids


def test_tls(web, authority):  # noqa: F811
    good = authority.context("DNS:here.test")
    wrong = authority.context("DNS:else.test")
    with WebSocketServer(ACTIONS, tls=good) as server, \
            WebSocketServer(ACTIONS, tls=wrong) as other:
        suite = web(f"""
local function get(port)
  local s = kumo.http.connect_websocket('wss://here.test:' .. port .. '/early')
  return s:recv() .. s:recv() .. tostring(s:recv())
end
probes.good = function() return get({server.port}) end
probes.wrong = function() return get({other.port}) end
probes.burst = function()
  local s, n = kumo.http.connect_websocket 'wss://here.test:{server.port}/burst', 0
  while true do
    local ok, m = pcall(s.recv, s)
    if not ok or m == nil then return n, m end
    n = n + 1
  end
end
""", env={"SSL_CERT_FILE": authority.file})
        assert ask(suite, "good") == (True, "abnil")
        worked, text = ask(suite, "burst")
        assert worked and text.startswith("12000 | "), text
        assert "websocket: wss://here.test" in text
        worked, text = ask(suite, "wrong")
        assert not worked
        assert "its certificate must be for this name" in text
        assert other.sessions == []


def test_one_waits_and_others_go_on(web, server):  # noqa: F811
    suite = web(lua_open(server.port) + """
probes.wait = function() return open('/quiet'):recv() end
probes.quick = function() return 'at once' end
""")
    got = []
    thread = threading.Thread(target=lambda: got.append(ask(suite, "wait")))
    thread.start()
    [session] = wait_for(lambda: server.sessions)
    for _ in range(20):
        assert ask(suite, "quick") == (True, "at once")
    assert not got
    session.send(TEXT, b"at last")
    thread.join(20)
    assert got == [(True, "at last")]


def test_a_socket_ends_with_its_object_and_its_process(web, server):  # noqa: F811
    suite = web(lua_open(server.port) + """
probes.drop = function()
  open '/quiet'
  -- Enough for the collector to come by.
  for i = 1, 100 do local text = ('x'):rep(1000000 + i) end
end
probes.keep = function() held = held or {} held[#held + 1] = open '/quiet' end
""")
    assert ask(suite, "drop")[0]
    wait_for(lambda: server.sessions and server.sessions[0].ended.is_set())
    assert server.sessions[0].frames == [(CLOSE, b"\x03\xe8")]
    assert ask(suite, "keep")[0]
    assert not server.sessions[1].ended.is_set()
    for pid in suite.pids("smtpd"):
        os.kill(pid, signal.SIGKILL)
    assert server.sessions[1].ended.wait(20)


def test_as_many_as_may(web, server):  # noqa: F811
    suite = web(lua_open(server.port) + """
probes.keep = function()
  held = {}
  for i = 1, 64 do held[i] = open '/quiet' end
  local ok, why = pcall(open, '/quiet')
  return ok, why
end
""")
    worked, text = ask(suite, "keep")
    assert worked and "false | " in text, text
    assert "too many WebSockets are open: at most 64 of one process" in text


def test_a_task_reads_from_its_start_on(web, server):  # noqa: F811
    """As the documentation of KumoMTA has it: a task for each source."""
    suite = web(lua_open(server.port) + """
kumo.on('feed', function(args)
  local stream = open(args.path)
  while true do
    local message = stream:recv()
    if message == nil then break end
    kumo.log_warn('feed says ' .. #message)
  end
  kumo.log_warn 'feed is over'
end)
""", init="kumo.spawn_task { event_name = 'feed', args = { path = '/talk' } }")
    wait_for(lambda: [line for line in suite.stderr if "feed is over" in line])
    said = [line.rsplit(" ", 1)[1] for line in suite.stderr
            if "feed says" in line]
    assert said == ["7", "80000", "14", "0"]
