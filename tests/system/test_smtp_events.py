# SPDX-License-Identifier: Apache-2.0
"""Each event of a session, from the connection to the message."""

import base64
import smtplib
import socket
import ssl

import pytest

from suite import wait_for

from test_script import script  # noqa: F401 (a fixture)


def raw(suite, *lines):
    """What the server says, to nothing and then to each line."""
    with socket.create_connection(("127.0.0.1", suite.smtp_port)) as s:
        s.settimeout(10)
        f = s.makefile("rwb")
        out = [reply(f)]
        for line in lines:
            f.write(line.encode() + b"\r\n")
            f.flush()
            out.append(reply(f))
        return out


def reply(f):
    text = []
    while True:
        line = f.readline().decode()
        if not line:
            return "\n".join(text)
        text.append(line.rstrip("\r\n"))
        if line[3:4] != "-":
            return "\n".join(text)


def refused(suite, **send):
    with pytest.raises(smtplib.SMTPException) as caught:
        suite.send(**send)
    return caught.value


# ---- the connection ----------------------------------------------------------

def test_connection(script):  # noqa: F811
    suite = script("""
kumo.on('smtp_server_connection_accepted', function(conn_meta)
  conn_meta:set_meta('x_seen', conn_meta:get_meta('received_from'))
  if conn_meta:get_meta('received_from'):match('^127%.0%.0%.2:') then
    kumo.reject(554, '5.7.1 go away')
  end
end)
kumo.on('smtp_server_message_received', function(msg)
  assert(msg:get_meta('x_seen'):match('^127%.0%.0%.1:'))
end)
""")
    suite.send()
    with socket.create_connection(("127.0.0.1", suite.smtp_port), 10,
                                  ("127.0.0.2", 0)) as s:
        f = s.makefile("rwb")
        assert reply(f) == "554 5.7.1 go away"
        assert f.readline() == b""


def test_dynamic_parameters(script):  # noqa: F811
    suite = script("""
kumo.on('smtp_server_get_dynamic_parameters', function(listener, conn_meta)
  assert(listener:match('^127%.0%.0%.1:'), listener)
  local from = conn_meta:get_meta('received_from')
  if from:match('^127%.0%.0%.2:') then
    return { banner = 'second', max_message_size = 1000,
      hostname = 'other.test', meta = { x_tenant = 'two' } }
  elseif from:match('^127%.0%.0%.3:') then
    return { max_mesage_size = 1 }
  end
end)
kumo.on('smtp_server_message_received', function(msg, conn_meta)
  msg:set_meta('job', tostring(conn_meta:get_meta('x_tenant')))
end)
""")
    assert raw(suite, "EHLO a.test")[0].startswith("220 in.test Ekiden")

    def at(address):
        s = socket.create_connection(("127.0.0.1", suite.smtp_port), 10,
                                     (address, 0))
        return s, s.makefile("rwb")
    s, f = at("127.0.0.2")
    assert reply(f) == "220 other.test second"
    f.write(b"EHLO a.test\r\n")
    f.flush()
    assert "SIZE 1000" in reply(f)
    s.close()
    s, f = at("127.0.0.3")
    assert reply(f) == "421 4.3.0 in.test technical difficulties"
    s.close()
    wait_for(lambda: any(
        "max_mesage_size" in line and "max_message_size" in line
        for line in suite.stderr))
    suite.send()
    assert suite.wait_records(1, "Delivery")[0]["meta"]["job"] == "nil"


def test_ehlo(script):  # noqa: F811
    suite = script("""
kumo.on('smtp_server_ehlo', function(domain, conn_meta, extensions)
  if domain == 'bad.test' then kumo.reject(550, 'not you') end
  if domain == 'plain.test' then return { 'PIPELINING', 'X-OWN 7' } end
  if domain == 'odd.test' then return { 'A\\r\\nB' } end
end)
""")
    banner, ehlo, helo = raw(suite, "EHLO plain.test", "HELO plain.test")[:3]
    assert ehlo == "250-in.test\n250-PIPELINING\n250 X-OWN 7"
    assert helo == "250 in.test"
    said = raw(suite, "EHLO bad.test", "MAIL FROM:<a@b.test>",
               "EHLO fine.test", "MAIL FROM:<a@b.test>")
    assert said[1] == "550 not you"
    assert said[2].startswith("503 ")
    assert "8BITMIME" in said[3]
    assert said[4].startswith("250 ")
    assert raw(suite, "EHLO odd.test")[1] == \
        "421 4.3.0 in.test technical difficulties"


def test_sender_and_recipients(script):  # noqa: F811
    suite = script("""
kumo.on('smtp_server_mail_from', function(sender, conn_meta)
  if sender.domain == 'spam.test' then kumo.reject(550, '5.1.8 no spam') end
  conn_meta:set_meta('x_from', sender.email)
end)
kumo.on('smtp_server_rcpt_to', function(recipient, conn_meta)
  assert(conn_meta:get_meta('x_from') == 'me@from.test')
  if recipient.user == 'gone' then kumo.reject(550, '5.1.1 unknown user') end
  if recipient.user == 'end' then kumo.disconnect(421, 'enough') end
  kumo.sleep(0.01)
end)
""")
    said = raw(suite, "EHLO a.test", "MAIL FROM:<x@spam.test>",
               "MAIL FROM:<me@from.test>", "RCPT TO:<gone@to.test>",
               "DATA", "RCPT TO:<here@to.test>", "RCPT TO:<end@to.test>",
               "NOOP")
    assert said[2:] == [
        "550 5.1.8 no spam", "250 2.1.0 OK", "550 5.1.1 unknown user",
        "503 5.5.1 There are no valid recipients", "250 2.1.5 OK",
        "421 enough", ""]
    rejected = {r["response"]["content"]: r for r in
                suite.wait_records(3, "Rejection")}
    assert rejected["unknown user"]["recipient"] == "gone@to.test"
    # Pipelined commands wait for the decisions before them.
    suite.send(sender="me@from.test", recipients=[
        "a@to.test", "b@to.test"])
    suite.wait_records(2, "Delivery")


# ---- AUTH --------------------------------------------------------------------

AUTH = """
kumo.on('smtp_server_auth_plain', function(authz, authc, password, conn_meta)
  if authc == 'broken' then error('no') end
  if authc == 'maker' then
    return { identities = { { identity = 'm', context = 'GenericAuth' } },
      groups = { 'makers' } }
  end
  return password == 'secret of ' .. authc
end)
kumo.on('get_listener_domain', function(domain, listener, conn_meta)
  return kumo.make_listener_domain {
    relay_to = conn_meta:get_meta('authn_id') ~= nil }
end)
kumo.on('smtp_server_message_received', function(msg, conn_meta)
  local info = conn_meta:auth_info()
  local who = {}
  for _, i in ipairs(info.identities) do
    who[#who + 1] = i.identity .. '/' .. i.context
  end
  msg:set_meta('job', string.format('%s %s %s %s %s',
    conn_meta:get_meta('authn_id'), conn_meta:get_meta('authz_id'),
    table.concat(who, ','), table.concat(info.groups, ','),
    info.peer_address))
end)
"""


def secured(suite):
    client = suite.client()
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    client.starttls(context=context)
    client.ehlo()
    return client


def b64(text):
    return base64.b64encode(text.encode()).decode()


def test_auth(script):  # noqa: F811
    suite = script(AUTH, listener="relay_hosts = {}")
    clear = raw(suite, "EHLO a.test", "AUTH PLAIN " + b64("\0u\0x"))
    assert "AUTH" not in clear[1]
    assert clear[2].startswith("538 5.7.11")
    with secured(suite) as client:
        assert client.esmtp_features["auth"].split() == ["PLAIN", "LOGIN"]
        assert client.docmd("AUTH CRAM-MD5")[0] == 504
        assert client.docmd("AUTH PLAIN", b64("\0ann\0wrong")) == (
            535, b"5.7.8 AUTH invalid")
        assert client.docmd("AUTH PLAIN", b64("no parts"))[0] == 501
        assert client.docmd("AUTH PLAIN") == (334, b"")
        assert client.docmd("*")[0] == 501
        assert client.docmd("MAIL FROM:<a@b.test>")[0] == 250
        assert client.docmd("RCPT TO:<a@to.test>")[0] == 550
        assert client.docmd("AUTH PLAIN", b64("\0ann\0secret of ann"))[0] == 503
        client.rset()
        client.login("ann", "secret of ann")
        assert client.docmd("AUTH PLAIN", b64("\0ann\0x"))[0] == 503
        client.sendmail("a@b.test", ["a@to.test"], "Subject: x\r\n\r\nx\r\n")
    with secured(suite) as client:
        assert client.docmd("AUTH LOGIN") == (334, b"VXNlcm5hbWU6")
        assert client.docmd(b64("bob")) == (334, b"UGFzc3dvcmQ6")
        assert client.docmd(b64("secret of bob"))[0] == 235
        client.sendmail("a@b.test", ["b@to.test"], "Subject: x\r\n\r\nx\r\n")
    with secured(suite) as client:
        assert client.docmd("AUTH PLAIN", b64("z\0maker\0"))[0] == 235
        client.sendmail("a@b.test", ["c@to.test"], "Subject: x\r\n\r\nx\r\n")
    with secured(suite) as client:
        assert client.docmd("AUTH PLAIN", b64("\0broken\0x"))[0] == 421
    jobs = {r["recipient"]: r["meta"]["job"] for r in
            suite.wait_records(3, "Delivery")}
    plain = "{0} {0} {0}/SmtpAuthPlainAuthorization," \
        "{0}/SmtpAuthPlainAuthentication  127.0.0.1"
    assert jobs == {"a@to.test": plain.format("ann"),
                    "b@to.test": plain.format("bob"),
                    "c@to.test": "maker z m/GenericAuth makers 127.0.0.1"}
    # No password and no line that holds one is written anywhere.
    shown = "\n".join(suite.stderr) + str(suite.records())
    assert "secret" not in shown and b64("\0ann\0wrong") not in shown


# ---- the transaction as a whole ----------------------------------------------

def test_data_and_split(script):  # noqa: F811
    suite = script("""
kumo.on('smtp_server_data', function(msg, conn_meta)
  local n = #msg:recipient_list()
  msg:set_meta('job', 'of ' .. n)
  if msg:get_first_named_header_value('X-Bad') then
    kumo.reject(554, '5.7.1 not this')
  end
  msg:prepend_header('X-Seen', 'whole')
end)
kumo.on('smtp_server_split_transaction', function(msg, conn_meta)
  local odd, even = {}, {}
  for _, r in ipairs(msg:recipient_list()) do
    local n = tonumber(r.user)
    if n == 99 then return { { r } , { r } } end
    if n then table.insert(n % 2 == 1 and odd or even, r) end
  end
  if #odd == 0 then return nil end
  return { odd, even }
end)
""")
    suite.send(recipients=[f"{i}@to.test" for i in (1, 2, 3, 4)])
    got = sorted(sorted(m.recipients) for m in suite.peer.messages) \
        if suite.wait_records(2, "Reception") and \
        suite.wait_records(2, "Delivery") else None
    assert got == [["1@to.test", "3@to.test"], ["2@to.test", "4@to.test"]]
    for m in suite.peer.messages:
        assert b"\r\nX-Seen: whole\r\n" in m.content
    assert {r["meta"]["job"] for r in suite.records("Delivery")} == {"of 4"}
    error = refused(suite, recipients=["99@to.test"])
    assert error.smtp_code == 421
    error = refused(suite, text="X-Bad: 1\r\n\r\nx\r\n")
    assert (error.smtp_code, error.smtp_error) == (554, b"5.7.1 not this")
    suite.send(recipients=["a@to.test", "b@to.test"])
    suite.wait_records(4, "Delivery")


def test_whole_content_by_a_policy(script):  # noqa: F811
    suite = script("""
kumo.on('smtp_server_data', function(msg)
  msg:set_data('Subject: own\\r\\n\\r\\n' .. string.rep('line\\r\\n', 50000))
  msg:set_sender('other@from.test')
end)
""")
    suite.send(recipients=["a@to.test", "b@to.test"])
    for r in suite.wait_records(2, "Delivery"):
        assert r["sender"] == "other@from.test"
    for m in suite.peer.messages:
        assert m.content.endswith(b"\r\n\r\n" + b"line\r\n" * 50000)


# ---- replies -----------------------------------------------------------------

def test_rewrite_response(script):  # noqa: F811
    suite = script("""
kumo.on('smtp_server_rewrite_response', function(status, text, command, conn)
  if status == 250 and text:match('^2%.1%.0') then
    return nil, '2.1.0 sender is fine (' .. command .. ')'
  end
  if status == 550 then return 551, '5.7.1 not here' end
  if command == 'NOOP' then error('whatever') end
  if command == 'RSET' then return 550, 'no' end
  if status == 220 then
    assert(command == nil)
    return nil, text .. ' (rewritten)'
  end
end)
""", listener="relay_hosts = {}")
    said = raw(suite, "EHLO a.test", "MAIL FROM:<a@b.test>",
               "RCPT TO:<a@to.test>", "NOOP", "RSET")
    assert said[0] == "220 in.test Ekiden (rewritten)"
    assert said[2] == "250 2.1.0 sender is fine (MAIL FROM:<a@b.test>)"
    assert said[3] == "551 5.7.1 not here"
    assert said[4] == "250 2.0.0 OK"
    assert said[5] == "250 2.0.0 OK"
