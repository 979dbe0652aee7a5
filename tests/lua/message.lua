-- SPDX-License-Identifier: Apache-2.0
local kumo = require 'kumo'
local check = require 'check'

local function make(content)
  return kumo.make_message('sender@example.com', 'recip@example.org',
    (content:gsub('\r?\n', '\r\n')))
end

-- Envelope.
local msg = make 'Subject: hi\n\nbody\n'
check.eq(#msg:id(), 32)
check.eq(msg:id() ~= make('x'):id(), true)
check.eq(msg:sender().email, 'sender@example.com')
check.eq(msg:recipient().domain, 'example.org')
check.eq(#msg:recipient_list(), 1)
msg:set_recipient { 'a@b.example', msg:recipient() }
check.eq(tostring(msg:recipient()[2]), 'recip@example.org')
msg:set_recipient 'a@b.example'
check.eq(msg:recipient().user, 'a')
msg:set_sender ''
check.eq(msg:sender().email, '')
msg:set_sender(msg:recipient())
check.eq(tostring(msg:sender()), 'a@b.example')
check.fails('no address', msg.set_sender, msg, 'x')
check.fails('no address', msg.set_recipient, msg, { 'x' })
check.fails('wanted 1 to', msg.set_recipient, msg, {})
check.fails('no address', kumo.make_message, 'x', 'a@b.example', '')
check.fails('no address', kumo.make_message, '', '', '')
check.fails('string expected', kumo.make_message, '', 'a@b.example')
check.eq(kumo.make_message('', 'a@b.example', ''):get_data(), '')
check.fails("did you mean 'get_data'", function() return msg.get_dat end)
check.fails('not part of this version', msg.dkim_sign, msg)
check.fails('not part of this version', msg.set_scheduling, msg, nil)
check.fails('message expected', msg.id, {})
check.eq(pcall(require, 'message'), false)

-- Metadata, attempts, and what does nothing.
msg:set_meta('x_a', { 1, 2 })
check.eq(msg:get_meta 'x_a', { 1, 2 })
msg:set_meta('x_a', nil)
check.eq(msg:get_meta 'x_a', nil)
msg:set_meta('tenant', 't')
check.eq(msg:queue_name(), 't@b.example')
check.eq(msg:num_attempts(), 0)
msg:increment_num_attempts()
check.eq(msg:num_attempts(), 1)
msg:save()
msg:shrink()
msg:shrink_data()
msg:set_force_sync(true)
check.fails('boolean expected', msg.set_force_sync, msg, 1)

-- Header fields.
msg = make 'From: =?iso-8859-2?q?=B1?= <a@b.example>\nX-A: 1\nX-A: 2\n\nbody\n'
check.eq(msg:get_first_named_header_value 'from', '\u{105} <a@b.example>')
check.eq(msg:get_all_named_header_values 'x-a', { '1', '2' })
check.eq(msg:get_first_named_header_value 'none', nil)
check.eq(#msg:get_all_headers(), 3)
msg:prepend_header('X-Front', 'gr\u{fc}n', true)
msg:append_header('X-End', ('word '):rep(20), true)
msg:append_header('X-Raw', 'a\r\n b')
check.eq(msg:get_data(), 'X-Front: =?UTF-8?q?gr=C3=BCn?=\r\n' ..
  'From: =?iso-8859-2?q?=B1?= <a@b.example>\r\nX-A: 1\r\nX-A: 2\r\n' ..
  'X-End: ' .. ('word '):rep(15):sub(1, -2) .. '\r\n\t' ..
  ('word '):rep(5):sub(1, -2) .. '\r\nX-Raw: a\r\n b\r\n\r\nbody\r\n')
check.fails('no fold', msg.append_header, msg, 'X', 'a\nb')
check.fails('no header name', msg.prepend_header, msg, 'X:', 'a')
msg:import_x_headers()
check.eq(msg:get_meta 'x_a', '2')
msg:import_x_headers({ 'x-a' }, true)
check.eq(msg:get_meta 'x_a', '1')
msg:import_headers { { name = 'X-A', match = 'all', target = 'all' },
  { name = 'X-*', transform = 'camel_case', remove = true } }
check.eq(msg:get_meta 'all', { '1', '2' })
check.eq(msg:get_meta 'xFront', 'gr\u{fc}n')
check.eq(msg:get_first_named_header_value 'X-Front', nil)
msg:remove_x_headers { 'from' }
msg:remove_all_named_headers 'x-a'
check.eq(msg:get_data(), '\r\nbody\r\n')

-- Addresses of header fields.
msg = make('From: "John Smith" <"j s"@example.com>\n' ..
  'To: a@b.example, The Team: Ann <ann@c.example>, d@e.example;\n' ..
  'Cc: broken\n\n')
local from = msg:from_header()
check.eq({ from.name, from.user, from.domain, from.email },
  { 'John Smith', 'j s', 'example.com', '"j s"@example.com' })
check.eq(tostring(from), '[{"Address":{"name":"John Smith","address":' ..
  '"\\"j s\\"@example.com"}}]')
local to = msg:to_header()
check.fails('exactly one', function() return to.email end)
check.fails('exactly one', function() return to.name end)
local list = to.list
check.eq(#list, 3)
check.eq({ list[2].name, list[2].user, list[2].domain, list[2].email },
  { 'Ann', 'ann', 'c.example', 'ann@c.example' })
check.eq(list[1].name, nil)
check.eq(tostring(list[3]), '{"name":null,"address":"d@e.example"}')
check.eq(tostring(to), '[{"Address":{"name":null,"address":"a@b.example"}},' ..
  '{"Group":{"name":"The Team","addresses":[{"name":"Ann","address":' ..
  '"ann@c.example"},{"name":null,"address":"d@e.example"}]}}]')
check.eq(msg:get_address_header 'Reply-To', nil)
check.eq(msg:get_address_header('from').user, 'j s')
check.fails('invalid header Cc', msg.get_address_header, msg, 'Cc')
check.eq(make('x: y\n\n'):from_header(), nil)

-- Text appended to a message.
msg = make 'Content-Type: text/html\n\n<body>x</body></BODY>y\n'
check.eq(msg:append_text_html '<i>', true)
check.eq(msg:get_data(), 'Content-Type: text/html;\r\n\tcharset="us-ascii"' ..
  '\r\n\r\n<body>x</body>\r\n<i></BODY>y\r\n')
check.eq(msg:append_text_plain 'x', false)
msg = make([[
Content-Type: multipart/alternative; boundary=b

--b
Content-Type: text/plain; charset=iso-8859-1
Content-Transfer-Encoding: quoted-printable

gr=FCn
--b
Content-Type: text/html

no end
--b--
]])
check.eq(msg:append_text_plain 'f\u{fc}r dich', true)
check.eq(msg:append_text_html '!', true)
check.eq(msg:get_data(), ([[
Content-Type: multipart/alternative; boundary=b

--b
Content-Type: text/plain;
	charset="utf-8"
Content-Transfer-Encoding: base64

Z3LDvG4NCmbDvHIgZGljaA==
--b
Content-Type: text/html;
	charset="us-ascii"

no end
!
--b--
]]):gsub('\n', '\r\n'), nil)
check.fails('known character set', msg.append_text_plain,
  make 'Content-Type: text/plain; charset=x-none\n\n\xff\n', 'x')
check.fails('not text', msg.append_text_plain, make '\n\xff\n', 'x')
-- Fields in front stay what they are.
msg = make 'Content-Type: text/plain\n\nx\n'
msg:prepend_header('Received', 'from here')
msg:append_text_plain 'y'
check.eq(msg:get_data(), 'Received: from here\r\nContent-Type: text/plain;' ..
  '\r\n\tcharset="us-ascii"\r\n\r\nx\r\n\r\ny\r\n')

-- Conformance. Names and meanings are those of the documentation.
local all = 'LINE_TOO_LONG|MISSING_COLON_VALUE|MISSING_DATE_HEADER|' ..
  'MISSING_MESSAGE_ID_HEADER|MISSING_MIME_VERSION|NAME_ENDS_WITH_SPACE|' ..
  'NEEDS_TRANSFER_ENCODING|NON_CANONICAL_LINE_ENDINGS'
local fine = 'Date: Tue, 1 Jul 2003 10:52:37 +0200\nMessage-ID: <a@b>\n' ..
  'Mime-Version: 1.0 (x)\n'
local function issues(content)
  local m = kumo.make_message('', 'a@b.example', content)
  local found = m:check_fix_conformance(all, '')
  check.eq(m:get_data(), content, 'a check changes nothing')
  return found and found:match '^Message has conformance issues: (.*)$'
end
local crlf = fine:gsub('\n', '\r\n')
check.eq(issues(crlf .. '\r\nbody\r\n'), nil)
check.eq(issues(fine .. '\nbody\n'), 'NON_CANONICAL_LINE_ENDINGS')
check.eq(issues(crlf .. '\r\nbody\r\r\n'), 'NON_CANONICAL_LINE_ENDINGS')
check.eq(issues(crlf .. 'Subject\r\n\r\nbody\r\n'), 'MISSING_COLON_VALUE')
check.eq(issues(crlf .. 'Subject : x\r\n\r\nbody\r\n'),
  'NAME_ENDS_WITH_SPACE')
check.eq(issues(crlf .. '\r\n' .. ('x'):rep(78) .. '\r\n'), nil)
check.eq(issues(crlf .. '\r\n' .. ('x'):rep(79) .. '\r\n'), 'LINE_TOO_LONG')
check.eq(issues(crlf .. '\r\n\xc3\xa9\r\n'), 'NEEDS_TRANSFER_ENCODING')
check.eq(issues '\r\n', 'MISSING_DATE_HEADER|MISSING_MESSAGE_ID_HEADER|' ..
  'MISSING_MIME_VERSION')
check.eq(issues 'Date: x\r\nMessage-ID: <<a@b>>\r\nMime-Version: 2.0\r\n\r\n',
  'MISSING_MESSAGE_ID_HEADER|MISSING_MIME_VERSION')
check.fails("no issue is called 'LINE_TO_LONG', did you mean 'LINE_TOO_LONG'",
  msg.check_fix_conformance, msg, 'LINE_TO_LONG', '')
check.fails('string expected', msg.check_fix_conformance, msg, '')

-- Only what is asked for is fixed; missing fields rebuild nothing.
msg = kumo.make_message('s@b.example', 'a@b.example', 'Subject : x\n\nb\n')
check.eq(msg:check_fix_conformance('LINE_TOO_LONG',
  'MISSING_MIME_VERSION'), nil)
check.eq(msg:get_data(), 'Subject : x\nMime-Version: 1.0\r\n\nb\n')
check.eq(msg:check_fix_conformance('', all), nil)
check.eq(msg:get_data():match 'Subject: x\r\nMime%-Version: 1.0\r\n' ~= nil,
  true)
check.eq(msg:check_fix_conformance(all, ''), nil)
check.eq(msg:get_first_named_header_value('Message-ID'):match '@b.example>$',
  '@b.example>')
msg = kumo.make_message('', 'a@b.example', 'Date: x\r\nMessage-ID: bad\r\n' ..
  'Mime-Version: 2\r\n\r\n')
msg:check_fix_conformance('', all)
check.eq(#msg:get_all_named_header_values 'Message-ID', 1)
check.eq(msg:get_first_named_header_value 'Mime-Version', '1.0')
check.eq(msg:get_first_named_header_value 'Date', 'x')

-- Eight bits: the set that is claimed, or UTF-8, or none that is known.
local function fixed(content, settings)
  local m = kumo.make_message('', 'a@b.example', crlf .. content)
  check.eq(m:check_fix_conformance('', 'NEEDS_TRANSFER_ENCODING', settings),
    nil)
  return m:get_data():sub(#crlf + 1)
end
check.eq(fixed('Content-Type: text/plain; charset=iso-8859-1\r\n\r\n' ..
  '\xe9 and more ASCII\r\n'),
  'Content-Type: text/plain; charset=iso-8859-1\r\n' ..
  'Content-Transfer-Encoding: quoted-printable\r\n\r\n' ..
  '=E9 and more ASCII\r\n')
check.eq(fixed('\r\n\xc3\xa9 and more ASCII\r\n'),
  'Content-Type: text/plain;\r\n\tcharset="utf-8"\r\n' ..
  'Content-Transfer-Encoding: quoted-printable\r\n\r\n' ..
  '=C3=A9 and more ASCII\r\n')
check.eq(fixed('\r\n\xe9 and more ASCII\r\n'),
  'Content-Type: text/plain;\r\n\tcharset="unknown-8bit"\r\n' ..
  'Content-Transfer-Encoding: quoted-printable\r\n\r\n' ..
  '=E9 and more ASCII\r\n')
-- An attached text is bytes.
check.eq(fixed('Content-Type: text/calendar\r\n' ..
  'Content-Disposition: attachment\r\n\r\n\xc3\xa9\n'),
  'Content-Type: text/calendar\r\nContent-Disposition: attachment\r\n' ..
  'Content-Transfer-Encoding: base64\r\n\r\nw6kK\r\n')
-- Russian in KOI8-R, of which nothing says so.
local koi8 = '\xf0\xd2\xc9\xd7\xc5\xd4, \xcb\xc1\xcb \xc4\xc5\xcc\xc1? ' ..
  '\xfc\xd4\xcf \xd4\xc5\xcb\xd3\xd4 \xce\xc1 \xd2\xd5\xd3\xd3\xcb\xcf\xcd ' ..
  '\xd1\xda\xd9\xcb\xc5'
local body = fixed('\r\n' .. koi8 .. '\r\n', { detect_encoding = true })
check.eq(body:match 'charset="(.-)"', 'utf-8')
check.eq(require 'kumo.mimepart'.parse(body).body,
  'Привет, как дела? Это текст на русском языке\r\n')
body = fixed('\r\n' .. koi8 .. '\r\n', { detect_encoding = true,
  exclude_encodings = { 'koi8-r' } })
check.eq(body:match 'charset="(.-)"', 'unknown-8bit')
body = fixed('\r\n' .. koi8 .. '\r\n', { detect_encoding = true,
  include_encodings = { 'windows-1251' } })
check.eq(require 'kumo.mimepart'.parse(body).body:sub(1, 4), 'рТ')
-- Encoded text that is not what it says.
body = fixed('Content-Type: text/plain; charset=utf-8\r\n' ..
  'Content-Transfer-Encoding: quoted-printable\r\n\r\n' ..
  koi8:gsub('[\x80-\xff]', function(c) return ('=%02X'):format(c:byte()) end)
  :gsub('=20', '=\r\n=20'):sub(1, 70) .. '\r\n', { detect_encoding = true })
check.eq(body:match 'charset="(.-)"', 'utf-8')
check.fails("there is no field 'detect_encodings', did you mean", function()
  fixed('x', { detect_encodings = true })
end)
check.fails('must be a list of names', function()
  fixed('x', { include_encodings = { 1 } })
end)

-- Results of authentication.
msg = make 'Subject: x\n\n'
msg:add_authentication_results('mx.example', {
  { method = 'dkim', result = 'pass', props = { ['header.d'] = 'a.example',
    ['header.b'] = 'x/y=' } },
  { method = 'spf', result = 'fail', reason = 'no "way"',
    method_version = 1 },
})
check.eq(msg:get_data(), 'Authentication-Results: mx.example;\r\n' ..
  '\tdkim=pass\r\n\theader.b=x/y=\r\n\theader.d=a.example;\r\n' ..
  '\tspf/1=fail\r\n\treason="no \\"way\\""\r\nSubject: x\r\n\r\n')
msg:add_authentication_results('mx.example', {})
check.eq(msg:get_first_named_header_value 'Authentication-Results',
  'mx.example; none')
check.eq(msg:parse_mime().headers:get_first_named 'Authentication-Results'
  .authentication_results.results, {})
check.fails('needs a method', msg.add_authentication_results, msg, 'x',
  { { method = 'a b', result = 'pass' } })
check.fails('type.property', msg.add_authentication_results, msg, 'x',
  { { method = 'a', result = 'pass', props = { x = 'y' } } })
check.fails("there is no field 'reslt'", msg.add_authentication_results, msg,
  'x', { { method = 'a', reslt = 'pass' } })
check.fails('needs a name', msg.add_authentication_results, msg, '', {})

-- A tree is a copy.
local tree = msg:parse_mime()
tree.body = 'new'
check.eq(msg:get_data():find 'new', nil)
msg:set_data(tostring(tree))
check.eq(msg:parse_mime().body, 'new\r\n')

-- Memory outside of Lua counts, and comes back.
local big = ('x'):rep(1000000)
for _ = 1, 300 do kumo.make_message('', 'a@b.example', big) end
