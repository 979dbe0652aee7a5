-- SPDX-License-Identifier: Apache-2.0
local kumo = require 'kumo'
local check = require 'check'

local function make(content)
  return kumo.make_message('', 'a@b.example', (content:gsub('\n', '\r\n')))
end

-- A delivery report, with all there is in RFC 3464.
local dsn = [[
Content-Type: multipart/report; report-type=delivery-status; boundary=b
Mime-Version: 1.0

--b

Words.
--b
Content-Type: message/delivery-status

Reporting-MTA: dns; cs.example
Original-Envelope-Id: 42
DSN-Gateway: dns; gw.example
Received-From-MTA: dns; from.example
Arrival-Date: Thu, 7 Jul 1994 17:16:05 -0400
X-Extra: one
X-Extra: two

Original-Recipient: rfc822;louis@example.com
Final-Recipient: RFC822; "louis x"@example.net
Action: Failed
Status: 4.0.0
Diagnostic-Code: smtp; 426 connection timed
 out
Last-Attempt-Date: Thu, 7 Jul 1994 17:15:49 -0400
Remote-MTA: dns; mx.example
Final-Log-ID: 77
Will-Retry-Until: Fri, 8 Jul 94 17:15:49 EDT

Final-Recipient: rfc822;b@example.net
Action: delayed
Status: 4.4.1 (no answer)

--b
Content-Type: message/rfc822

Subject: x

y
--b--
]]
local r = make(dsn):parse_rfc3464()
check.eq(r.per_message, {
  reporting_mta = { mta_type = 'dns', name = 'cs.example' },
  original_envelope_id = '42',
  dsn_gateway = { mta_type = 'dns', name = 'gw.example' },
  received_from_mta = { mta_type = 'dns', name = 'from.example' },
  arrival_date = '1994-07-07T21:16:05Z',
  extensions = { ['x-extra'] = { 'one', 'two' } },
})
check.eq(r.per_recipient, {
  {
    original_recipient = { recipient_type = 'rfc822',
      recipient = 'louis@example.com' },
    final_recipient = { recipient_type = 'RFC822',
      recipient = '"louis x"@example.net' },
    action = 'failed',
    status = { class = 4, subject = 0, detail = 0 },
    diagnostic_code = { diagnostic_type = 'smtp',
      diagnostic = '426 connection timed out' },
    last_attempt_date = '1994-07-07T21:15:49Z',
    remote_mta = { mta_type = 'dns', name = 'mx.example' },
    final_log_id = '77',
    will_retry_until = '1994-07-08T21:15:49Z',
    extensions = {},
  },
  {
    final_recipient = { recipient_type = 'rfc822',
      recipient = 'b@example.net' },
    action = 'delayed',
    status = { class = 4, subject = 4, detail = 1, comment = '(no answer)' },
    extensions = {},
  },
})
check.eq(r.original_message, 'Subject: x\n\ny')
check.eq(make('Subject: x\n\ny\n'):parse_rfc3464(), nil)
check.eq(make('Subject: x\n\ny\n'):parse_rfc5965(), nil)
check.eq(make(dsn):parse_rfc5965(), nil)
for _, case in ipairs {
  { 'Reporting%-MTA: dns; cs.example\n', '', 'reporting-mta is missing' },
  { 'Reporting%-MTA: dns;', 'Reporting-MTA:', 'reporting-mta lacks its' },
  { 'Arrival%-Date:', 'Arrival-Date: x', 'arrival-date is no date' },
  { 'X%-Extra: two', 'Arrival-Date: 1 Jan 2020 01:01', 'is there twice' },
  { 'Final%-Recipient: rfc822;b@example.net\n', '',
    'final-recipient is missing' },
  { 'Action: delayed\n', '', 'action is missing' },
  { 'Action: delayed', 'Action: odd', 'action is none of' },
  { 'Status: 4.4.1', 'Status: 4.4', 'status is no status code' },
  { 'Status: 4.4.1', 'Status: 4.4.1000', 'status is no status code' },
  { 'X%-Extra: one', 'no field', 'a line is no field' },
  { 'message/delivery%-status', 'text/plain', 'no part with' },
} do
  local text, n = dsn:gsub(case[1], case[2])
  check.eq(n > 0, true, case[1])
  check.fails(case[3], function() make(text):parse_rfc3464() end)
end

-- A complaint.
local arf = [[
Content-Type: multipart/report; report-type=feedback-report; boundary=b

--b

Words.
--b
Content-Type: message/feedback-report

Feedback-Type: abuse
User-Agent: SomeGenerator/1.0
Version: 1
Original-Mail-From: <somespammer@example.net>
Original-Rcpt-To: <user@example.com>
Original-Rcpt-To: other@example.com
Received-Date: Tue, 8 Mar 2005 14:00:00 EST
Source-IP: 192.0.2.1
Incidents: 3
Authentication-Results: mail.example.com;
               spf=fail smtp.mail=somespammer@example.com
Reported-Domain: example.net
Reported-Uri: http://example.net/earn_money.html
Reporting-MTA: dns; mail.example.com
Removal-Recipient: user@example.com

--b
Content-Type: message/rfc822

From: <somespammer@example.net>
X-KumoRef: eyJfQF8iOiJcXF8vIiwicmVjaXBpZW50Ijoi
	dGVzdEBleGFtcGxlLmNvbSJ9
Subject: Earn money

Spam
--b--
]]
r = make(arf):parse_rfc5965()
local original = r.original_message
r.original_message = nil
check.eq(r, {
  feedback_type = 'abuse', user_agent = 'SomeGenerator/1.0', version = '1',
  original_mail_from = 'somespammer@example.net',
  original_rcpto_to = { 'user@example.com', 'other@example.com' },
  arrival_date = '2005-03-08T19:00:00Z', source_ip = '192.0.2.1',
  incidents = 3,
  authentication_results = {
    'mail.example.com; spf=fail smtp.mail=somespammer@example.com' },
  reported_domain = { 'example.net' },
  reported_uri = { 'http://example.net/earn_money.html' },
  reporting_mta = { mta_type = 'dns', name = 'mail.example.com' },
  extensions = { ['removal-recipient'] = { 'user@example.com' } },
  supplemental_trace = { recipient = 'test@example.com' },
})
check.eq(original:match '^(.-)\n', 'From: <somespammer@example.net>')
check.eq(make(arf):parse_rfc3464(), nil)
for _, case in ipairs {
  { 'Feedback%-Type: abuse\n', '', 'feedback-type is missing' },
  { 'User%-Agent: SomeGenerator/1.0\n', '', 'user-agent is missing' },
  { 'Version: 1\n', '', 'version is missing' },
  { 'Incidents: 3', 'Incidents: x', 'incidents is no number' },
  { 'message/feedback', 'message/x', 'no part with' },
} do
  check.fails(case[3], function()
    make((arf:gsub(case[1], case[2]))):parse_rfc5965()
  end)
end

-- Making a delivery report.
local original_text = 'Content-Type: text/plain\r\nSubject: Hello!\r\n\r\n' ..
  'hello there\r\n'
local msg = kumo.make_message('sender@a.example', 'r@b.example',
  original_text)
local function params(more)
  local p = { include_original_message = 'FullContent', enable_bounce = true,
    reporting_mta = { mta_type = 'dns', name = 'mta1.example.com' },
    stable_content = true }
  for k, v in pairs(more or {}) do p[k] = v end
  return p
end
local function record(more)
  local rec = { type = 'Bounce', sender = 'sender@a.example',
    recipient = 'r@b.example', delivery_protocol = 'ESMTP',
    response = { code = 550, content = 'no thanks', enhanced_code = {
      class = 5, subject = 7, detail = 1 }, command = '.' },
    peer_address = { name = 'mx.b.example', addr = '42.42.42.42' },
    created = 1057049557, timestamp = 1057056757 }
  for k, v in pairs(more or {}) do rec[k] = v end
  return rec
end
local generate = kumo.generate_rfc3464_message
local bounce = generate(params(), msg, record())
check.eq(bounce:sender().email, '')
check.eq(tostring(bounce:recipient()), 'sender@a.example')
local text = bounce:get_data()
check.eq(text, generate(params(), msg, record()):get_data(), 'stable')
check.eq(bounce:check_fix_conformance('LINE_TOO_LONG|MISSING_DATE_HEADER|' ..
  'MISSING_MESSAGE_ID_HEADER|MISSING_MIME_VERSION|NEEDS_TRANSFER_ENCODING|' ..
  'NON_CANONICAL_LINE_ENDINGS', ''), nil)
check.eq(bounce:from_header().email, 'mailer-daemon@mta1.example.com')
check.eq(bounce:to_header().email, 'sender@a.example')
r = bounce:parse_rfc3464()
check.eq(r, {
  per_message = {
    reporting_mta = { mta_type = 'dns', name = 'mta1.example.com' },
    arrival_date = '2003-07-01T08:52:37Z', extensions = {} },
  per_recipient = { {
    final_recipient = { recipient_type = 'rfc822',
      recipient = 'r@b.example' },
    action = 'failed', status = { class = 5, subject = 7, detail = 1 },
    remote_mta = { mta_type = 'dns', name = 'mx.b.example' },
    diagnostic_code = { diagnostic_type = 'smtp',
      diagnostic = '550 5.7.1 no thanks' },
    last_attempt_date = '2003-07-01T10:52:37Z', extensions = {} } },
  original_message = (original_text:gsub('\r\n', '\n')),
})
local words = bounce:parse_mime():get_simple_structure().text_part.body
for _, word in ipairs { 'r@b.example', '550 5.7.1 no thanks',
    'mx.b.example (42.42.42.42)', 'Tue, 01 Jul 2003 08:52:37 +0000' } do
  check.eq(words:find(word, 1, true) ~= nil, true, word)
end

-- What is not asked for, or cannot be reported.
check.eq(generate(params { enable_bounce = false }, msg, record()), nil)
check.eq(generate(params(), msg, record { type = 'Delivery' }), nil)
check.eq(generate(params(), msg, record { delivery_protocol = 'Lua' }), nil)
check.eq(generate(params(), msg, record { peer_address = false }), nil)
check.eq(generate(params(), msg, record { sender = '' }), nil)
check.eq(generate(params(), msg, record { type = 'Expiration' }), nil)

-- Expirations, several recipients, no text, no message.
local more = { type = 'Expiration', delivery_protocol = false,
  peer_address = false, recipient = { 'r@b.example', 's@b.example' },
  response = { code = 551, content = 'waited ' .. ('too '):rep(30) ..
    'l\u{f6}ng' } }
bounce = generate(params { enable_expiration = true,
  include_original_message = 'No', stable_content = false }, nil,
  record(more))
r = bounce:parse_rfc3464()
check.eq(#r.per_recipient, 2)
check.eq(r.per_recipient[2].final_recipient.recipient, 's@b.example')
check.eq(r.per_recipient[1].status, { class = 5, subject = 0, detail = 0 })
check.eq(r.per_recipient[1].remote_mta, nil)
check.eq(r.per_recipient[1].diagnostic_code.diagnostic,
  '551 waited ' .. ('too '):rep(30) .. 'l??ng')
check.eq(r.original_message, nil)
check.eq(bounce:check_fix_conformance('LINE_TOO_LONG', ''), nil)
words = bounce:parse_mime():get_simple_structure().text_part.body
check.eq(words:find('l\u{f6}ng', 1, true) ~= nil, true)
bounce = generate(params { include_original_message = 'HeadersOnly' },
  msg, record())
check.eq(bounce:parse_rfc3464().original_message,
  'Content-Type: text/plain\nSubject: Hello!\n')
check.eq(bounce:get_data():find 'hello there', nil)
-- Eight bits in what comes back are said.
bounce = generate(params(), kumo.make_message('', 'a@b.example',
  'Subject: x\r\n\r\n\xff\r\n'), record())
check.eq(bounce:get_first_named_header_value 'Content-Transfer-Encoding',
  '8bit')
-- Long answers are cut, and what is not UTF-8 is not sent as such.
bounce = generate(params(), msg, record { response = { code = 550,
  content = ('\u{e4}'):rep(1000) .. '\xff' } })
words = bounce:parse_mime():get_simple_structure().text_part.body
check.eq(words:find(('\u{e4}'):rep(500) .. '...', 1, true) ~= nil, true)
bounce = generate(params(), msg, record { response = { code = 550,
  content = 'bad \xff' } })
words = bounce:parse_mime():get_simple_structure().text_part.body
check.eq(words:find('550 bad ?', 1, true) ~= nil, true)
-- Nothing a record says ends a field.
bounce = generate(params(), msg, record { response = { code = 550,
  content = 'a\r\nBcc: x@y.example\r\n\r\n--report-boundary--' } })
check.eq(bounce:get_address_header 'Bcc', nil)
check.eq(#bounce:parse_rfc3464().per_recipient, 1)

check.fails('must be \'FullContent\'', generate,
  params { include_original_message = 'Yes' }, msg, record())
check.fails('original message is wanted', generate, params(), nil, record())
check.fails('reporting_mta must be', generate, params { reporting_mta = 'x' },
  msg, record())
check.fails("there is no field 'enable_bounces'", generate,
  params { enable_bounces = true }, msg, record())
check.fails('boolean expected', generate, params { enable_bounce = 'yes' },
  msg, record())
check.fails('no address', generate, params(), msg, record { sender = 'x' })
check.fails('no address', generate, params(), msg,
  record { recipient = { 'x' } })
check.fails('recipient must be', generate, params(), msg,
  record { recipient = 7.5 == 7 })
check.fails('response must be', generate, params(), msg,
  record { response = 'x' })
check.fails('code is no number', generate, params(), msg,
  record { response = { code = -1 } })
check.fails('table expected', generate, params(), msg)
