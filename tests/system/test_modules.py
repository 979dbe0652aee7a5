# SPDX-License-Identifier: Apache-2.0
"""Modules at work inside of the jails: what they need was loaded before."""
import smtplib

import pytest

from suite import wait_for
from test_policy import INIT, TEST_DNS

# All that touches a file, a library's tables or the kernel.
WORK = """
local function work()
  local t = kumo.time.now()
  assert(kumo.encode.charset_decode('koi8-r', '\\xf0') == 'П')
  assert(kumo.encode.charset_encode('iso-2022-jp', '日') == '\\27$BF|\\27(B')
  assert(kumo.digest.sha3_256('x').hex:sub(1, 4) == '741e')
  assert(kumo.string.psl_domain('a.b.co.uk') == 'b.co.uk')
  assert(kumo.uuid.new_v1().simple:sub(17) == kumo.uuid.new_v6().simple:sub(17))
  assert(kumo.uuid.new_v4().bytes ~= kumo.uuid.new_v7().bytes)
  local sealed = kumo.crypto.aes_encrypt_block('Cbc', 'text', { key = KEY })
  assert(kumo.crypto.aes_decrypt_block('Cbc', sealed.bytes,
    { key = KEY }) == 'text')
  local timer <close> = kumo.time.start_timer 'work'
  kumo.time.sleep(0.01)
  assert(t.elapsed.milliseconds >= 9)
  return kumo.regex.compile('(\\\\w+)@'):captures('user@to.test')[1] ..
    kumo.digest.hmac_sha1(KEY, 'x').hex
end
"""


def test_modules_in_jails(make_suite, sink):
    s = make_suite(policy="")
    key = s.write("secret.key", "0123456789abcdef")
    rest = f"""
local KEY = '{key}'
assert(kumo.secrets.load(KEY) == '0123456789abcdef')
{WORK}
kumo.on('smtp_server_message_received', function(msg)
  if msg:recipient().user == 'late' then
    kumo.secrets.load '{key}.other'
  end
  msg:prepend_header('X-Work', work())
end)
kumo.on('get_queue_config', function(domain)
  return kumo.make_queue_config {{ egress_pool =
    #work() > 0 and 'unspecified' or 'nowhere' }}
end)
"""
    s.policy = s.write("init.lua", INIT.format(
        spool=s.spool, logs=s.logs, port=sink.port, init=TEST_DNS, rest=rest))
    s.start()
    s.send()
    s.wait_records(1, "Delivery")
    [message] = sink.messages()
    assert b"X-Work: user512db29bd1e993f874ae719e286203d6c3c50114\r\n" in message
    with pytest.raises(smtplib.SMTPException):
        s.send(recipients="late@to.test")
    wait_for(lambda: [line for line in s.stderr
                      if "secret.key.other: not read when the configuration" in line])
