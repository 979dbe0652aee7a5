-- SPDX-License-Identifier: Apache-2.0
local check = require 'check'
local mimepart = require 'kumo.mimepart'

local part = mimepart.new_text_plain 'Hello!'
local h = part.headers

-- Fields of any name.
h:prepend('X-One', 'one')
h:append('X-Two', 'tw\u{f6}')
h:append('x-one', 'again')
check.eq(tostring(h), 'X-One: one\r\nContent-Type: text/plain;\r\n\t' ..
  'charset="us-ascii"\r\nX-Two: =?UTF-8?q?tw=C3=B6?=\r\nx-one: again\r\n')
local names = {}
for f in h:iter() do names[#names + 1] = f.name .. '=' .. f.unstructured end
check.eq(names, { 'X-One=one', 'Content-Type=text/plain; charset="us-ascii"',
  'X-Two=tw\u{f6}', 'x-one=again' })
names = {}
for f in h:iter 'X-ONE' do names[#names + 1] = f.value end
check.eq(names, { 'one', 'again' })
local f = h:get_first_named 'x-two'
check.eq(h:get_first_named 'none', nil)
h:remove_all_named 'X-one'
check.eq(h:get_first_named 'x-one', nil)
h:remove_all_named 'X-TWO'
-- A header is a copy.
check.eq({ f.name, f.raw_value, f.value, tostring(f) }, { 'X-Two',
  '=?UTF-8?q?tw=C3=B6?=', 'tw\u{f6}', 'X-Two: =?UTF-8?q?tw=C3=B6?=\r\n' })
check.fails('no header name', h.append, h, 'X Y', 'z')
check.fails('no header name', h.prepend, h, 'X:', 'z')
check.fails('no header name', h.prepend, h, '', 'z')
check.fails("headermap has nothing called 'prpend', did you mean 'prepend'",
  function() return h.prpend end)
check.fails("cannot be set", function() f.name = 'x' end)
check.fails("header has nothing called 'nam'", function() return f.nam end)
h:append('X-Inject', 'a\r\nBcc: b@c.example')
check.eq(h:get_first_named 'Bcc', nil)
check.eq(h:get_first_named('X-Inject').raw_value, 'a Bcc: b@c.example')

-- Folds.
h:prepend('X-Long', ('A'):rep(1500))
check.eq(h:get_first_named('X-Long').raw_value, ('A'):rep(900) .. '\r\n\t' ..
  ('A'):rep(600))
h:prepend('X-Long', ('hello there '):rep(10))
f = h:get_first_named 'X-Long'
check.eq(f.raw_value, ('hello there '):rep(6):sub(1, -2) .. '\r\n\t' ..
  ('hello there '):rep(4):sub(1, -2))
check.eq(f.value, ('hello there '):rep(10):sub(1, -2))
local umlauts = ('\u{e4}\u{f6} '):rep(40)
h:prepend('X-Words', umlauts)
check.eq(h:get_first_named('X-Words').value, umlauts)
for line in (h:get_first_named('X-Words').raw_value .. '\r\n'):gmatch
    '(.-)\r\n' do
  check.eq(#line <= 76, true, line)
end

-- Addresses.
check.eq(h:from(), nil)
h:set_from 'user@host'
check.eq(h:from(), { { address = { local_part = 'user', domain = 'host' } } })
h:set_reply_to { { name = 'Test [hello]', address = {
  local_part = 'some.one', domain = 'example.com' } } }
check.eq(h:get_first_named('Reply-To').raw_value,
  '"Test [hello]" <some.one@example.com>')
h:set_cc {
  { name = 'Other Person', address = { local_part = 'other.person',
    domain = 'example.com' } },
  { address = { local_part = 'just an "address"',
    domain = 'example.com' } },
}
check.eq(h:get_first_named('cc').raw_value,
  '"Other Person" <other.person@example.com>,\r\n\t' ..
  '<"just an \\"address\\""@example.com>')
check.eq(h:cc()[2].address.local_part, 'just an "address"')
local team = { { name = 'The A Team', entries = {
  { name = 'Bodie', address = { local_part = 'b', domain = 'x.example' } },
  { address = { local_part = 'doyle', domain = 'x.example' } },
} } }
h:set_bcc(team)
check.eq(h:get_first_named('bcc').raw_value,
  'The A Team:Bodie <b@x.example>,\r\n\t<doyle@x.example>;')
check.eq(h:bcc(), team)
h:set_to('J\u{f6}rg <j@x.example>, empty:;')
check.eq(h:to(), {
  { name = 'J\u{f6}rg', address = { local_part = 'j', domain = 'x.example' } },
  { name = 'empty', entries = {} } })
check.eq(h:get_first_named('To').raw_value,
  '=?UTF-8?q?J=C3=B6rg?= <j@x.example>,\r\n\tempty:;')
h:set_sender { address = { local_part = 's', domain = '[192.0.2.1]' } }
check.eq(h:sender(), { address = { local_part = 's',
  domain = '[192.0.2.1]' } })
check.eq(h:get_first_named('Sender').value, h:sender())
for _, name in ipairs { 'resent_to', 'resent_cc', 'resent_bcc',
    'resent_from' } do
  h['set_' .. name](h, 'A <a@b.example>')
  check.eq(h[name](h), { { name = 'A', address = { local_part = 'a',
    domain = 'b.example' } } }, name)
end
h:set_resent_sender 'A <a@b.example>'
check.eq(h:resent_sender().name, 'A')
check.fails('invalid header From:', h.set_from, h, 'x: a@b.example;')
check.fails('invalid header From:', h.set_from, h, '')
check.fails('invalid header To:', h.set_to, h, 'just words')
check.fails('invalid header Sender: wanted one', h.set_sender, h,
  'a@b.example, c@d.example')
check.fails('wanted a list of mailboxes', h.set_from, h, 7)
check.fails('no domain', h.set_from, h, { { address = { local_part = 'a',
  domain = 'b\r\nc' } } })
check.fails('no local_part', h.set_from, h, { { address = {
  domain = 'b' } } })
check.fails('needs an address', h.set_from, h, { { name = 'a' } })
check.fails("there is no field 'nme', did you mean 'name'", h.set_from, h,
  { { nme = 'x', address = { local_part = 'a', domain = 'b' } } })
check.fails('a group needs a name', h.set_to, h, { { entries = {} } })
-- The same table a million times is not a million addresses.
local one = { address = { local_part = ('x'):rep(1000), domain = 'x' } }
local many = {}
for i = 1, 9000 do many[i] = one end
check.fails('take more than', h.set_to, h, many)
for i = 1, 9000 do many[i] = ('x'):rep(1000) end
check.fails('the list is too large', h.set_references, h, many)
-- No script runs while its tables are read.
h:set_to { setmetatable({ address = { local_part = 'a', domain = 'b' } },
  { __index = function() error 'called' end }) }

-- Text and ids.
h:set_subject 'very \u{fc}nusual'
check.eq(h:subject(), 'very \u{fc}nusual')
h:set_comments 'some'
check.eq(h:comments(), 'some')
h:set_mime_version '1.0'
check.eq(h:mime_version(), '1.0')
h:set_message_id '<123@example.com>'
check.eq(h:message_id(), '123@example.com')
check.fails('invalid header Message-Id', h.set_message_id, h,
  'missing.angles@example.com')
check.fails('invalid header Message-Id', h.set_message_id, h, '<a@b> <c@d>')
h:set_content_id '<c@example.com>'
check.eq(h:content_id(), 'c@example.com')
h:set_references { 'a@b', 'c@d' }
check.eq(h:get_first_named('References').raw_value, '<a@b>\r\n\t<c@d>')
check.eq(h:references(), { 'a@b', 'c@d' })
h:set_references '<a@b> <e@f>'
check.eq(h:references(), { 'a@b', 'e@f' })
check.fails('invalid header References', h.set_references, h, 'a@b')
check.fails('invalid header References', h.set_references, h, { '<a@b>' })
check.fails('invalid header References', h.set_references, h, {})

-- Parameters.
check.eq(h:content_type(), { value = 'text/plain',
  parameters = { charset = 'us-ascii' } })
h:set_content_type { value = 'text/html', parameters = { charset = 'utf-8',
  a_name = 'a dash', long = ('\u{e4}'):rep(20) } }
check.eq(tostring(h:get_first_named 'content-type'),
  'Content-Type: text/html;\r\n\ta_name="a dash";\r\n\tcharset="utf-8";' ..
  "\r\n\tlong*0*=utf-8''" .. ('%C3%A4'):rep(10) .. ';\r\n\tlong*1*=' ..
  ('%C3%A4'):rep(10) .. '\r\n')
check.eq(h:content_type().parameters.long, ('\u{e4}'):rep(20))
h:set_content_disposition 'attachment; filename="x.txt"'
check.eq(h:content_disposition(), { value = 'attachment',
  parameters = { filename = 'x.txt' } })
h:set_content_transfer_encoding 'quoted-printable'
check.eq(h:content_transfer_encoding(), { value = 'quoted-printable',
  parameters = {} })
check.fails('invalid header Content-Type', h.set_content_type, h, '')
check.fails('this is no value', h.set_content_type, h, { value = 'a b' })
check.fails('this is no name', h.set_content_type, h, { value = 'a/b',
  parameters = { ['a b'] = 'c' } })
check.fails('must be texts', h.set_content_type, h, { value = 'a/b',
  parameters = { a = 7 } })
local multi = mimepart.new_multipart('multipart/mixed',
  { mimepart.new_text_plain 'x' }, 'bb')
multi.headers:set_content_type 'multipart/related'
check.eq(#mimepart.parse(tostring(multi)):get_simple_structure().text_part.body,
  1)
multi.headers:set_content_type 'multipart/related; boundary=other'
check.eq(mimepart.parse(tostring(multi)):get_simple_structure().text_part.body,
  'x')

-- Views by name.
local function value(name, raw)
  return mimepart.parse(name .. ': ' .. raw .. '\r\n\r\n').headers
    :get_first_named(name).value
end
local function view(what, raw)
  return mimepart.parse('X: ' .. raw .. '\r\n\r\n').headers
    :get_first_named('x')[what]
end
check.eq(value('Message-ID', '<1@a>'), '1@a')
check.eq(value('Content-ID', 'bare'), 'bare')
check.eq(value('References', '<1@a> (note) <2@a>'), { '1@a', '2@a' })
check.eq(value('Subject', '=?iso-8859-2?q?=B1?='), '\u{105}')
check.eq(value('Date', 'Tue, 1 Jul 2003 10:52:37 +0200'),
  'Tue, 1 Jul 2003 10:52:37 +0200')
check.eq(value('Authentication-Results',
  'mx.example; dkim=pass (ok) header.d=a.example; spf=fail ' ..
  'reason="not this one" smtp.mailfrom=b@c.example'),
  { serv_id = 'mx.example', results = {
    { method = 'dkim', result = 'pass', props = { ['header.d'] =
      'a.example' } },
    { method = 'spf', result = 'fail', reason = 'not this one',
      props = { ['smtp.mailfrom'] = 'b@c.example' } } } })
check.eq(view('authentication_results', 'a.example 1; none'),
  { serv_id = 'a.example', version = 1, results = {} })
check.eq(view('address_list', 'g: a@b;')[1].name, 'g')
check.eq(view('mailbox_list', 'a@b')[1].address.domain, 'b')
check.eq(view('message_id', '<a@b>'), 'a@b')
check.eq(view('message_id_list', '<a@b>'), { 'a@b' })
check.eq(view('mime_params', 'a; b=c'), { value = 'a',
  parameters = { b = 'c' } })
check.eq(view('raw_value', 'a\r\n  b'), 'a\r\n  b')
check.eq(view('unstructured', 'a\r\n  b'), 'a b')
for what, raw in pairs { address_list = 'a@b c', mailbox_list = 'g: a@b;',
    message_id = 'a@b', message_id_list = 'x', mime_params = ';',
    authentication_results = 'a.example; dkim' } do
  check.fails('invalid header X: ', view, what, raw)
end
