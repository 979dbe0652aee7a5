# SPDX-License-Identifier: Apache-2.0
"""kumo.http in the running suite, against servers good and bad."""

import base64
import contextlib
import hashlib
import hmac
import json
import os
import re
import signal
import smtplib
import socket
import subprocess
import threading
import urllib.parse

import pytest

from scripts import SHOW, ask
from suite import wait_for
from test_script import HEAD, PATHS, RELAY
from web import Authority, WebServer

BODY_MAX = 15 * 1024 * 1024


def echo(handler, request):
    handler.reply(200, json.dumps({
        "method": request.method, "path": request.path,
        "body": request.body.decode("latin-1")}).encode(),
        Content_Type="application/json", X_Mixed_Case="Yes")


def redirect(handler, request):
    """/redirect/STATUS?WHERE"""
    path, to = request.path.split("?", 1)
    handler.reply(int(path.split("/")[2]), b"elsewhere",
                  Location=urllib.parse.unquote(to))


def loop(handler, request):
    n = int(request.path.split("/")[2])
    handler.reply(302, b"", Location=f"/loop/{n + 1}")


def huge(handler, request):
    """More than is taken, announced or not."""
    announced = request.path.endswith("announced")
    handler.send_response(200)
    if announced:
        handler.send_header("Content-Length", str(BODY_MAX + 1))
    handler.send_header("Connection", "close")
    handler.end_headers()
    handler.close_connection = True
    for _ in range(16):
        handler.wfile.write(b"x" * (1024 * 1024))


def fields(handler, _request):
    handler.send_response(200)
    for i in range(5000):
        handler.send_header(f"X-{i}", "v" * 90)
    handler.send_header("Content-Length", "0")
    handler.end_headers()


def short(handler, _request):
    handler.send_response(200)
    handler.send_header("Content-Length", "100")
    handler.end_headers()
    handler.wfile.write(b"only this")
    handler.close_connection = True


def rubbish(handler, _request):
    handler.wfile.write(b"220 mail.test ESMTP\r\n")
    handler.close_connection = True


def chunked(handler, _request):
    handler.send_response(200)
    handler.send_header("Transfer-Encoding", "chunked")
    handler.end_headers()
    for part in (b"one ", b"two ", b"three"):
        handler.wfile.write(b"%x\r\n%s\r\n" % (len(part), part))
    handler.wfile.write(b"0\r\nX-Late: yes\r\n\r\n")


def charset(handler, request):
    bodies = {
        "latin": ("text/plain; charset=iso-8859-1", b"gr\xfc\xdfe"),
        "utf16": ("text/plain", b"\xff\xfeg\0r\0\xfc\0"),
        "bad": ("text/plain", b"a\xffb"),
        "greek": ('text/plain; charset="ISO-8859-7"', b"\xe1\xe2"),
    }
    kind, body = bodies[request.path.split("/")[2]]
    handler.reply(200, body, Content_Type=kind)


ACTIONS = {
    "echo": echo, "redirect": redirect, "loop": loop, "huge": huge,
    "fields": fields, "short": short, "rubbish": rubbish, "chunked": chunked,
    "charset": charset,
    "status": lambda h, r: h.reply(int(r.path.split("/")[2]),
                                   b"" if r.path.endswith("304") else b"so"),
    "slow": lambda h, r: h.wait(),
    "reset": lambda h, r: h.reset(),
    "big": lambda h, r: h.reply(200, b"b" * (BODY_MAX - 1)),
    "empty": lambda h, r: h.reply(204),
}


@pytest.fixture
def server():
    with WebServer(ACTIONS) as server:
        yield server


@pytest.fixture
def web(make_suite, make_peer):
    """web(lua, env) gives a started suite whose probes are in lua."""
    def make(lua, env=None, zones="", init=""):
        suite = make_suite(policy="")
        suite.peer = make_peer()
        head = HEAD.format(spool=suite.spool, logs=suite.logs, listener=RELAY)
        dns = ("kumo.on('pre_init', function() kumo.dns."
               "configure_test_resolver { [[\n$ORIGIN test.\n"
               "here A 127.0.0.1\nother A 127.0.0.1\nnowhere TXT x\n"
               f"{zones}]] }} end)\n")
        head = head.replace("end)\n", init + "\nend)\n", 1)
        suite.write("init.lua", head + PATHS.format(port=suite.peer.port) +
                    dns + SHOW + lua)
        return suite.start(env=env)
    return make


def lua_client(port, options="{}"):
    return f"""
local client = kumo.http.build_client {options}
local function url(path) return 'http://here.test:{port}/' .. path end
local function get(path) return client:get(url(path)):send() end
"""


# ---- what works ---------------------------------------------------------------

def test_requests_and_responses(web, server):
    suite = web(lua_client(server.port, "{ user_agent = 'Probe/1' }") + """
probes.get = function()
  local r = get 'echo/a b?x=1'
  local h = r:headers()
  local names = {}
  for k, v in pairs(h) do names[#names + 1] = k end
  return r:status_code(), r:status_reason(), r:status_is_success(),
    h['x-mixed-case'], h['X-MIXED-CASE'], tostring(h.absent),
    table.concat(names, ','):match('x%-mixed%-case'), r:content_length(),
    r:text()
end
probes.post = function()
  return client:post(url 'echo'):header('X-One', '1'):headers {
    ['X-Two'] = 'two', ['Content-Type'] = 'text/plain' }
    :basic_auth('user', 'pass word'):body('the body'):send():text()
end
probes.put = function()
  return client:put(url 'echo'):bearer_auth('token'):body(''):send():text()
end
probes.bare = function() return client:post(url 'echo'):send():text() end
probes.form = function()
  return client:post(url 'echo'):form_url_encoded {
    b = 'x&y=z', a = 'gr\\195\\188n', n = 7 }:send():text()
end
probes.multi = function()
  return client:post(url 'echo'):form_multipart_data { b = 'text',
    a = '\\255\\0', f = { data = 'of a file', file_name = 'a"b.txt' } }
    :send():status_code()
end
probes.user = function()
  return client:get('http://u%40x:p@here.test:""" + str(server.port) +
                """/echo'):send():status_code()
end
probes.once = function()
  local r = client:get(url 'echo')
  r:send()
  r:send()
end
probes.twice = function()
  local r = get 'echo'
  return #r:bytes(), pcall(r.bytes, r)
end
probes.gone = function()
  local r = get 'echo'
  r:bytes()
  return r:status_code(), pcall(r.headers, r)
end
probes.chunked = function()
  local r = get 'chunked'
  return r:content_length(), r:bytes(), r:status_is_server_error()
end
probes.status = function()
  local out = {}
  for _, s in ipairs { 404, 500, 299, 418, 304 } do
    local r = get('status/' .. s)
    out[#out + 1] = r:status_code() .. ' ' .. tostring(r:status_reason()) ..
      (r:status_is_client_error() and ' client' or '') ..
      (r:status_is_server_error() and ' server' or '') ..
      (r:status_is_redirection() and ' redirection' or '') ..
      (r:status_is_informational() and ' informational' or '')
  end
  return table.concat(out, ', ')
end
probes.charset = function()
  return get('charset/latin'):text() == 'gr\\195\\188\\195\\159e',
    get('charset/utf16'):text() == 'gr\\195\\188',
    get('charset/bad'):text() == 'a\\239\\191\\189b',
    get('charset/greek'):text() == '\\206\\177\\206\\178'
end
probes.big = function() return #get('big'):bytes() end
probes.closed = function()
  local c = kumo.http.build_client {}
  c:close()
  c:close()
  c:get(url 'echo')
end
probes.empty = function()
  local r = get 'empty'
  return r:status_code(), r:bytes() == ''
end
""")
    worked, text = ask(suite, "get")
    assert worked, text
    assert text.startswith(
        "200 | OK | true | Yes | Yes | nil | x-mixed-case | "), text
    seen = json.loads(text.split(" | ")[-1])
    assert seen == {"method": "GET", "path": "/echo/a%20b?x=1", "body": ""}
    assert int(text.split(" | ")[-2]) == len(json.dumps(seen))
    [asked] = server.requests
    assert asked.field("Host") == [f"here.test:{server.port}"]
    assert asked.field("User-Agent") == ["Probe/1"]
    assert asked.field("Accept") == ["*/*"]
    assert {k.lower() for k, _ in asked.fields} == {
        "host", "user-agent", "accept"}

    assert ask(suite, "post")[0]
    asked = server.requests[-1]
    assert (asked.method, asked.body) == ("POST", b"the body")
    assert asked.field("X-One") == ["1"] and asked.field("X-Two") == ["two"]
    assert asked.field("Content-Type") == ["text/plain"]
    assert asked.field("Authorization") == [
        "Basic " + base64.b64encode(b"user:pass word").decode()]

    assert ask(suite, "put")[0]
    asked = server.requests[-1]
    assert (asked.method, asked.body) == ("PUT", b"")
    assert asked.field("Authorization") == ["Bearer token"]
    assert asked.field("Content-Length") == ["0"]

    assert ask(suite, "bare")[0]
    asked = server.requests[-1]
    assert (asked.method, asked.field("Content-Type")) == ("POST", [])

    assert ask(suite, "form")[0]
    asked = server.requests[-1]
    assert asked.body == b"a=gr%C3%BCn&b=x%26y%3Dz&n=7"
    assert asked.field("Content-Type") == [
        "application/x-www-form-urlencoded"]

    assert ask(suite, "multi") == (True, "200")
    asked = server.requests[-1]
    [kind] = asked.field("Content-Type")
    boundary = re.fullmatch(r"multipart/form-data; boundary=([0-9a-f]{32})",
                            kind).group(1).encode()
    part = b"--" + boundary + b"\r\nContent-Disposition: form-data; name="
    assert asked.body == (
        part + b'"a"\r\nContent-Type: application/octet-stream\r\n\r\n\xff\0'
        b"\r\n" + part + b'"b"\r\n\r\ntext\r\n' + part +
        b'"f"; filename="a%22b.txt"\r\n\r\nof a file\r\n'
        b"--" + boundary + b"--\r\n")

    assert ask(suite, "user") == (True, "200")
    assert server.requests[-1].field("Authorization") == [
        "Basic " + base64.b64encode(b"u@x:p").decode()]

    for probe, want in (
            ("chunked", "nil | one two three | false"),
            ("status", "404 Not Found client, 500 Internal Server Error "
             "server, 299 nil, 418 I'm a teapot client, 304 Not Modified "
             "redirection"),
            ("charset", "true | true | true | true"),
            ("big", str(BODY_MAX - 1)), ("empty", "204 | true")):
        assert ask(suite, probe) == (True, want)
    for probe, want in (("once", "this kumo.http request was sent"),
                        ("closed", "this kumo.http client was closed")):
        worked, text = ask(suite, probe)
        assert not worked and want in text, (probe, text)
    assert "false | " in ask(suite, "twice")[1]
    assert "the body was taken already" in ask(suite, "twice")[1]
    assert ask(suite, "gone")[1].startswith("200 | false | ")
    assert "ask for them before" in ask(suite, "gone")[1]


def test_connections_are_kept_as_long_as_asked(web, server):
    suite = web(lua_client(server.port) + """
local short = kumo.http.build_client { pool_idle_timeout = 0 }
probes.kept = function() return get('echo'):status_code() end
probes.short = function() return short:get(url 'echo'):send():status_code() end
probes.close = function()
  kumo.http.build_client({}):close()
end
""")
    for _ in range(3):
        assert ask(suite, "kept") == (True, "200")
    assert {r.connection for r in server.requests} == {1}
    for _ in range(3):
        assert ask(suite, "short") == (True, "200")
    assert [r.connection for r in server.requests[3:]] == [2, 3, 4]
    # A client that is closed takes its connections along.
    assert ask(suite, "close") == (True, "")
    assert ask(suite, "kept") == (True, "200")
    assert server.requests[-1].connection == 5


def test_redirects(web, server):
    with WebServer(ACTIONS) as other:
        suite = web(lua_client(server.port) + f"""
local there = 'http://other.test:{other.port}/echo/there'
local function go(method, status, to)
  return client[method](client, url('redirect/' .. status .. '?' ..
    to:gsub('[^%w]', function(c) return string.format('%%%02x', c:byte()) end)))
    :basic_auth('u', 'p'):headers {{ ['X-Kept'] = 'yes',
      ['Content-Type'] = 'text/x' }}:body('payload')
end
probes.same = function()
  return go('get', 302, '../echo/here'):send():status_code() end
probes.see = function()
  return go('post', 303, '/echo/here'):send():status_code() end
probes.again = function()
  return go('put', 307, '/echo/here'):send():status_code() end
probes.other = function() return go('post', 308, there):send():text() end
probes.loop = function() return get('loop/0') end
probes.file = function() return go('get', 302, 'file:///etc/passwd'):send() end
probes.none = function()
  local r = get 'status/302'
  return r:status_code(), r:bytes()
end
""")
        for probe, method, body, auth in (
                ("same", "GET", b"", True), ("see", "GET", b"", True),
                ("again", "PUT", b"payload", True)):
            assert ask(suite, probe) == (True, "200")
            asked = server.requests[-1]
            assert (asked.method, asked.path, asked.body) == (
                method, "/echo/here", body)
            assert bool(asked.field("Authorization")) == auth
            assert asked.field("X-Kept") == ["yes"]
            assert bool(asked.field("Content-Type")) == (body != b"")
        # To another host without the credentials, in the same words.
        assert ask(suite, "other")[0]
        [asked] = other.requests
        assert (asked.method, asked.path, asked.body) == (
            "POST", "/echo/there", b"payload")
        assert asked.field("Authorization") == []
        assert asked.field("Host") == [f"other.test:{other.port}"]
        assert ask(suite, "none") == (True, "302 | so")
        worked, text = ask(suite, "loop")
        assert not worked and "/loop/10: it was redirected too often" in text
        worked, text = ask(suite, "file")
        assert not worked
        assert "redirected to what is no http or https address" in text


def signature(secret, method, path, query, headers, payload, stamp, region,
              service):
    """AWS Signature Version 4 of a request, as its documentation has it."""
    def mac(key, text):
        return hmac.new(key, text.encode(), "sha256").digest()

    names = ";".join(sorted(headers))
    request = "\n".join((
        method, path,
        "&".join(f"{k}={v}" for k, v in sorted(
            (urllib.parse.quote(k, "-_.~"), urllib.parse.quote(v, "-_.~"))
            for k, v in query)),
        "".join(f"{k}:{headers[k]}\n" for k in sorted(headers)), names,
        hashlib.sha256(payload).hexdigest()))
    scope = f"{stamp[:8]}/{region}/{service}/aws4_request"
    text = "\n".join(("AWS4-HMAC-SHA256", stamp, scope,
                      hashlib.sha256(request.encode()).hexdigest()))
    key = f"AWS4{secret}".encode()
    for part in scope.split("/"):
        key = mac(key, part)
    return scope, names, mac(key, text).hex()


def test_signed_requests(web, server):
    suite = web(lua_client(server.port) + """
kumo.on('the.secret', function(name) return 'secret of ' .. name end)
local keys = { access_key = { key_data = 'AKID' }, region = 'eu-west-1',
  secret_key = { event_name = 'the.secret', event_args = { 'ours' } } }
local function with(more)
  for k, v in pairs(keys) do more[k] = v end
  return more
end
probes.plain = function()
  return client:post(url 'echo?b=x%20y&a=%26'):header('X-Amz-Target', 'T')
    :body('the payload'):aws_sign_v4(with { service = 'kinesis',
      payload = 'the payload', headers = { ['X-Amz-Target'] = 'T' } })
    :send():status_code()
end
probes.s3 = function()
  return client:put(url 'echo/a b'):body('object'):aws_sign_v4(with {
    service = 's3', payload = 'object', session_token = 'token' })
    :send():status_code()
end
""")
    for probe, method, path, query, signed, payload, service in (
            ("plain", "POST", "/echo", [("b", "x y"), ("a", "&")],
             ["host", "x-amz-date", "x-amz-target"], b"the payload", "kinesis"),
            ("s3", "PUT", "/echo/a%20b", [],
             ["host", "x-amz-content-sha256", "x-amz-date",
              "x-amz-security-token"], b"object", "s3")):
        assert ask(suite, probe) == (True, "200")
        asked = server.requests[-1]
        [stamp] = asked.field("X-Amz-Date")
        headers = {name: asked.field(name)[0] for name in signed}
        scope, names, mac = signature(
            "secret of ours", method, path, query, headers, payload, stamp,
            "eu-west-1", service)
        assert asked.field("Authorization") == [
            f"AWS4-HMAC-SHA256 Credential=AKID/{scope}, "
            f"SignedHeaders={names}, Signature={mac}"]
    assert asked.field("X-Amz-Security-Token") == ["token"]
    assert asked.field("X-Amz-Content-Sha256") == [
        hashlib.sha256(b"object").hexdigest()]


# ---- what does not -------------------------------------------------------------

def test_errors_say_where_and_what(web, server):
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        nobody = closed.getsockname()[1]
    suite = web(lua_client(server.port) + f"""
probes.closed = function()
  client:get('http://user:secret@here.test:{nobody}/a?token=secret'):send()
end
probes.nohost = function() client:get('http://gone.test/x'):send() end
probes.noaddress = function() client:get('http://nowhere.test/x'):send() end
probes.slow = function() client:get(url 'slow'):timeout(0.2):send() end
probes.patient = function()
  kumo.http.build_client {{ timeout = '200ms' }}:get(url 'slow'):send()
end
probes.reset = function() get 'reset' end
probes.short = function() get 'short' end
probes.rubbish = function() get 'rubbish' end
probes.huge = function() get 'huge/announced' end
probes.endless = function() get 'huge' end
probes.fields = function() get 'fields' end
probes.tls = function() client:get('https://here.test:{server.port}/'):send() end
probes.scheme = function() client:get('ftp://here.test/') end
probes.inject = function() client:get(url 'x'):header('A', 'b\\r\\nC: d') end
probes.name = function() client:get(url 'x'):header('A b', 'c') end
probes.length = function()
  client:post(url 'x'):header('Content-Length', '3'):body('four'):send()
end
probes.option = function() kumo.http.build_client {{ user_agnet = 'x' }} end
""")
    port = server.port
    for probe, want in (
            ("closed", f"kumo.http: GET http://here.test:{nobody}/a?...: "),
            ("closed", "check that the server runs"),
            ("nohost", "GET http://gone.test/x: there is no such host "
             "(NXDOMAIN): check the name"),
            ("noaddress", "GET http://nowhere.test/x: its host has no address"),
            ("slow", f"GET http://here.test:{port}/slow: there was no whole "
             "response within 0.2 seconds: a longer timeout can be set"),
            ("patient", "no whole response within 0.2 seconds"),
            ("reset", f"GET http://here.test:{port}/reset: "),
            ("reset", "the server broke off"),
            ("short", "the server broke off"),
            ("rubbish", "check that the server speaks HTTP there"),
            ("huge", "its response is larger than 15 MB"),
            ("endless", "its response is larger than 15 MB"),
            ("fields", "its response has more than 256 KB of fields"),
            ("tls", "check that the server speaks TLS 1.2 or later there"),
            ("scheme", "'ftp://here.test/' is no address: it begins with"),
            ("inject", "the value of A holds control characters"),
            ("name", "'A b' is no name of a field"),
            ("length", "Content-Length is not that of the body"),
            ("option", "no option is called 'user_agnet', did you mean "
             "'user_agent'?")):
        worked, text = ask(suite, probe)
        assert not worked and want in text, (probe, text)
        assert "secret" not in text
    # All that in one process, which is none the worse for it.
    assert not [line for line in suite.stderr if "lookup" in line and
                ("died" in line or "killed" in line or "ended" in line)]


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    folder = tmp_path_factory.mktemp("authority")
    folder.chmod(0o755)
    folder.parent.chmod(0o755)
    return Authority(folder)


def test_certificates_are_verified(web, authority):
    good = authority.context("DNS:here.test", "DNS:localhost", "IP:127.0.0.1")
    wrong = authority.context("DNS:else.test")
    with WebServer(ACTIONS, tls=good) as server, \
            WebServer(ACTIONS, tls=wrong) as other, \
            WebServer(ACTIONS) as clear:
        suite = web(f"""
local client = kumo.http.build_client {{}}
local blind = kumo.http.build_client {{ accept_invalid_certs = true }}
local function get(c, host, port, path)
  return c:get('https://' .. host .. ':' .. port .. '/' .. (path or 'echo'))
    :send():status_code()
end
probes.name = function() return get(client, 'here.test', {server.port}) end
probes.address = function() return get(client, '127.0.0.1', {server.port}) end
probes.localhost = function() return get(client, 'LocalHost.', {server.port}) end
probes.wrong = function() return get(client, 'other.test', {other.port}) end
probes.blind = function() return get(blind, 'other.test', {other.port}) end
probes.down = function()
  return get(client, 'here.test', {server.port},
    'redirect/302?http://here.test:{clear.port}/echo')
end
""", env={"SSL_CERT_FILE": authority.file})
        for probe in ("name", "address", "localhost", "name"):
            assert ask(suite, probe) == (True, "200"), probe
        worked, text = ask(suite, "wrong")
        assert not worked
        assert "its certificate must be for this name" in text
        assert ask(suite, "blind") == (True, "200")
        # What was accepted blindly is not believed by others.
        assert not ask(suite, "wrong")[0]
        worked, text = ask(suite, "down")
        assert not worked and "redirected from https to http" in text
        assert clear.requests == []


def test_http_2(web, authority, tmp_path):
    authority.context("DNS:here.test")
    (tmp_path / "hello").write_bytes(b"over HTTP/2\n" * 10000)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = subprocess.Popen(
        ["nghttpd", "-a", "127.0.0.1", "-d", tmp_path, str(port),
         authority.folder / "DNS_here.test.key",
         authority.folder / "DNS_here.test.pem"], stdout=subprocess.DEVNULL)
    try:
        suite = web(f"""
local client = kumo.http.build_client {{}}
probes.hello = function()
  local r = client:get('https://here.test:{port}/hello'):send()
  return r:status_code(), r:headers().server:match('^nghttpd'), #r:bytes()
end
probes.none = function()
  return client:get('https://here.test:{port}/none'):send():status_code()
end
""", env={"SSL_CERT_FILE": authority.file})
        wait_for(lambda: listens(port))
        assert ask(suite, "hello") == (True, "200 | nghttpd | 120000")
        assert ask(suite, "none") == (True, "404")
    finally:
        server.terminate()
        server.wait(10)


def listens(port):
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def test_a_stranger_s_certificate_is_refused(web, authority):
    context = authority.context("DNS:here.test")
    with WebServer(ACTIONS, tls=context) as server:
        suite = web(f"""
probes.strange = function()
  kumo.http.build_client({{}}):get('https://here.test:{server.port}/'):send()
end
""")
        worked, text = ask(suite, "strange")
        assert not worked
        assert "of an authority that this host knows" in text
        assert server.requests == []


# ---- others meanwhile ----------------------------------------------------------

def test_a_slow_server_holds_up_its_event_alone(web, server):
    suite = web(lua_client(server.port) + """
probes.slow = function() return get('slow') end
probes.quick = function() return get('echo'):status_code() end
""")
    got = []
    thread = threading.Thread(target=lambda: got.append(ask(suite, "slow")))
    thread.start()
    wait_for(lambda: [r for r in server.requests if r.path == "/slow"])
    for _ in range(20):
        assert ask(suite, "quick") == (True, "200")
    assert thread.is_alive() and got == []
    # Its end is an end for the one that waits.
    server.closing.set()
    thread.join(20)
    assert got and not got[0][0]


def test_many_at_once(web, server):
    suite = web(lua_client(server.port) + """
probes.echo = function()
  local body = ('x'):rep(50000)
  return client:post(url 'echo'):body(body):send():text():match(body) == body
end
""")
    got = []
    threads = [threading.Thread(target=lambda: got.append(ask(suite, "echo")))
               for _ in range(40)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert got == [(True, "true")] * 40


def test_what_a_dead_process_asked_for_is_given_up(web, server):
    suite = web(lua_client(server.port) + """
probes.slow = function() return get('slow') end
""")

    def slow():
        with contextlib.suppress(smtplib.SMTPException, OSError):
            ask(suite, "slow")

    thread = threading.Thread(target=slow)
    thread.start()
    wait_for(lambda: server.requests)
    pid = suite.pids("lookupd")[0]  # the one that speaks to servers
    assert connections(pid, server.port)
    for smtpd in suite.pids("smtpd"):
        os.kill(smtpd, signal.SIGKILL)
    wait_for(lambda: not connections(pid, server.port))
    thread.join(20)


def connections(pid, port):
    """Sockets of that process that are connected to the port."""
    inodes = set()
    for name in os.listdir(f"/proc/{pid}/fd"):
        try:
            to = os.readlink(f"/proc/{pid}/fd/{name}")
        except FileNotFoundError:
            continue
        if to.startswith("socket:["):
            inodes.add(to[8:-1])
    with open("/proc/net/tcp") as f:
        rows = [line.split() for line in f][1:]
    return [r for r in rows if r[9] in inodes and r[3] == "01" and
            int(r[2].split(":")[1], 16) == port]


def test_addresses_of_both_families(web):
    class Six(WebServer):
        address_family = socket.AF_INET6

    try:
        six = Six(ACTIONS, address="::1")
    except OSError:
        pytest.skip("this machine has no IPv6")
    with six, WebServer(ACTIONS) as four:
        suite = web(f"""
local client = kumo.http.build_client {{}}
local function get(host, port)
  return client:get('http://' .. host .. ':' .. port .. '/echo'):send()
    :status_code()
end
probes.literal = function() return get('[::1]', {six.port}) end
probes.name = function() return get('six.test', {six.port}) end
probes.both = function() return get('localhost', {six.port}) end
probes.other = function() return get('localhost', {four.port}) end
probes.dead = function() return get('dead.test', {four.port}) end
""", zones="six AAAA ::1\ndead AAAA ::1\ndead A 127.0.0.1\n")
        for probe in ("literal", "name", "both", "other", "dead"):
            assert ask(suite, probe) == (True, "200"), probe
