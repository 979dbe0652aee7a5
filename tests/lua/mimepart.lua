-- SPDX-License-Identifier: Apache-2.0
local kumo = require 'kumo'
local check = require 'check'
local mimepart = require 'kumo.mimepart'

check.eq(kumo.mimepart, mimepart, 'both are one table')

-- What was not touched is written as it was.
local odd = 'X: y\nFrom : a@b.example\r\n\r\nbody\rwith \xff all\nends'
check.eq(tostring(mimepart.parse(odd)), odd)
check.eq(tostring(mimepart.parse ''), '')

-- A plain message, and a new body for it.
local part = mimepart.parse 'From: me@example.com\r\nSubject: hi\r\n\r\nHi'
check.eq(part.id, '')
check.eq(part.body, 'Hi')
local s = part:get_simple_structure()
check.eq(s.text_part.body, 'Hi')
check.eq(s.html_part, nil)
check.eq(s.attachments, {})
check.eq(tostring(s.header_part), tostring(part))
s.text_part.body = 'hello\r\n'
check.eq(tostring(part), 'From: me@example.com\r\nSubject: hi\r\n' ..
  'Content-Type: text/plain;\r\n\tcharset="us-ascii"\r\n\r\nhello\r\n')
part.body = 'gr\u{fc}n'
check.eq(tostring(part), 'From: me@example.com\r\nSubject: hi\r\n' ..
  'Content-Type: text/plain;\r\n\tcharset="utf-8"\r\n' ..
  'Content-Transfer-Encoding: base64\r\n\r\nZ3LDvG4=\r\n')
check.eq(part.body, 'gr\u{fc}n')
part.body = '\xff\x00'
check.eq(part.body, '\xff\0')
check.fails("cannot be set", function() part.id = 'x' end)
check.fails("did you mean 'body'", function() return part.bdy end)
check.fails('string expected', function() part.body = nil end)

-- Text that fits is as it is, other text is encoded.
local function body_of(text)
  local t = tostring(mimepart.new_text_plain(text))
  return t:match('^Content%-Type: text/plain;\r\n\tcharset="(.-)"\r\n(.*)$')
end
check.eq({ body_of 'short' }, { 'us-ascii', '\r\nshort\r\n' })
check.eq({ body_of 'two\nlines' }, { 'us-ascii', '\r\ntwo\r\nlines\r\n' })
local qp = 'Content-Transfer-Encoding: quoted-printable\r\n\r\n'
check.eq({ body_of(('x'):rep(100)) }, { 'us-ascii',
  qp .. ('x'):rep(75) .. '=\r\n' .. ('x'):rep(25) .. '\r\n' })
check.eq({ body_of 'caf\u{e9} and some more words in ASCII' }, { 'utf-8',
  qp .. 'caf=C3=A9 and some more words in ASCII\r\n' })
check.eq({ body_of '--boundary-like' }, { 'us-ascii',
  qp .. '=2D-boundary-like\r\n' })
check.fails('not UTF-8', mimepart.new_text_plain, '\xff')
check.fails('not UTF-8', mimepart.new_html, '\xff')
check.fails('not UTF-8', mimepart.new_text, 'text/x', '\xff')
check.fails('no content type', mimepart.new_text, 'text', 'x')
check.fails('no content type', mimepart.new_text, 'text/a\r\nBcc: x', 'x')
check.eq(tostring(mimepart.new_text('text/markdown; variant=GFM', '# a')),
  'Content-Type: text/markdown;\r\n\tvariant="GFM";\r\n\t' ..
  'charset="us-ascii"\r\n\r\n# a\r\n')
check.eq(mimepart.new_html('<b>').headers:content_type().value, 'text/html')

-- Binary parts.
check.eq(tostring(mimepart.new_binary('application/octet-stream', '\xbb\xaa')),
  'Content-Type: application/octet-stream\r\n' ..
  'Content-Transfer-Encoding: base64\r\n\r\nu6o=\r\n')
local bin = mimepart.new_binary('image/png', 'x', {
  file_name = 'na\u{ef}ve "1".png', inline = true, content_id = '<a@b>' })
check.eq(bin.headers:content_disposition(), { value = 'inline',
  parameters = { filename = 'na\u{ef}ve "1".png' } })
check.eq(bin.headers:content_id(), 'a@b')
check.fails("there is no field 'filename', did you mean 'file_name'",
  mimepart.new_binary, 'a/b', 'x', { filename = 'x' })
check.fails('no content_id', mimepart.new_binary, 'a/b', 'x',
  { content_id = 'a b' })
check.fails('must be a text', mimepart.new_binary, 'a/b', 'x',
  { file_name = 7 })

-- Multiparts.
local multi = mimepart.new_multipart('multipart/mixed', {
  mimepart.new_text_plain 'Hello',
  mimepart.new_binary('application/octet-stream', '\xbb\xaa',
    { file_name = 'binary.dat' }),
}, 'bb')
check.eq(tostring(multi),
  'Content-Type: multipart/mixed;\r\n\tboundary="bb"\r\n\r\n' ..
  '--bb\r\nContent-Type: text/plain;\r\n\tcharset="us-ascii"\r\n\r\n' ..
  'Hello\r\n--bb\r\nContent-Type: application/octet-stream\r\n' ..
  'Content-Transfer-Encoding: base64\r\n' ..
  'Content-Disposition: attachment;\r\n\tfilename="binary.dat"\r\n\r\n' ..
  'u6o=\r\n--bb--\r\n')
check.fails('no boundary', mimepart.new_multipart, 'multipart/mixed', {}, ' ')
check.fails('wanted mimepart', mimepart.new_multipart, 'multipart/mixed',
  { 'x' })
check.fails('line that is the boundary', mimepart.new_multipart,
  'multipart/mixed', { mimepart.parse 'X: y\r\n\r\n--bb\r\n' }, 'bb')
local a = tostring(mimepart.new_multipart('multipart/mixed', {}))
local b = tostring(mimepart.new_multipart('multipart/mixed', {}))
check.eq(a ~= b, true, 'boundaries are random')

-- A new part in a parsed tree leaves the others alone.
local text = 'Content-Type: multipart/mixed; boundary=q\n\npre\n--q  \n\n' ..
  'one\n--q--\nafter'
local tree = mimepart.parse(text)
check.eq(tostring(tree), text)
tree:append_part(mimepart.new_text_plain 'two')
check.eq(tostring(tree), (text:gsub('\n%-%-q%-%-', '\r\n--q\r\n' ..
  'Content-Type: text/plain;\r\n\tcharset="us-ascii"\r\n\r\ntwo%0')))
check.eq(mimepart.parse(tostring(tree)):get_simple_structure().attachments[1]
  .part.body, 'two')
check.fails('line that is the boundary', tree.append_part, tree, tree)
check.eq(#tree:get_simple_structure().attachments, 1)
check.fails('only a multipart', tree.append_part,
  mimepart.new_text_plain 'x', tree)
check.fails('as argument 2', tree.append_part, tree, 'x')
check.fails('new content type', function() tree.body = 'x' end)
tree:replace_body('x', 'text/html')
check.eq(tostring(tree), 'Content-Type: text/html;\r\n\tcharset="us-ascii"' ..
  '\r\n\nx\r\n')

-- Ids are places, structure is found in any tree.
local root = mimepart.parse([[
Content-Type: multipart/mixed; boundary=o

--o
Content-Type: multipart/alternative; boundary=i

--i

plain
--i
Content-Type: text/html; charset=iso-8859-1
Content-Transfer-Encoding: quoted-printable

gr=FCn
--i
Content-Type: text/x-amp-html

amp
--i--
--o
Content-Type: text/plain; name=n.txt
Content-Disposition: inline; filename*=utf-8''%e2%82%ac.txt
Content-Id: <c@d>

more
--o
Content-Type: image/png; name="p.png"

png
--o--
]])
s = root:get_simple_structure()
check.eq(s.text_part.id, '0.0')
check.eq(s.html_part.id, '0.1')
check.eq(s.html_part.body, 'gr\u{fc}n')
check.eq(s.amp_html_part.body, 'amp')
check.eq(#s.attachments, 2)
local att = s.attachments[1]
check.eq({ att.file_name, att.inline, att.content_id, att.content_type,
  att.part.id, att.part.body },
  { '\u{20ac}.txt', true, 'c@d', 'text/plain', '1', 'more' })
att = s.attachments[2]
check.eq({ att.file_name, att.inline, att.content_id, att.content_type },
  { 'p.png', false, nil, 'image/png' })
s.html_part:replace_body('\u{20ac}', nil)
check.eq(s.html_part.headers:content_type(),
  { value = 'text/html', parameters = { charset = 'utf-8' } })
check.eq(root:get_simple_structure().html_part.body, '\u{20ac}')

-- Limits.
local deep = ''
for i = 1, 101 do
  deep = deep .. 'Content-Type: multipart/mixed; boundary=b' .. i ..
    '\r\n\r\n--b' .. i .. '\r\n'
end
check.fails('nested too deep', mimepart.parse, deep)
check.fails('too many parts', mimepart.parse,
  'Content-Type: multipart/mixed; boundary=b\r\n\r\n' ..
  ('--b\r\n\r\n'):rep(1000))
check.fails('too many fields', mimepart.parse, ('a:\r\n'):rep(1001))
check.fails('header is too large', mimepart.parse,
  'a: ' .. ('x'):rep(1024 * 1024) .. '\r\n')

-- Rebuilding.
local bad = mimepart.parse(
  'Subject : caf\xc3\xa9\nX-Name\nFrom: J\xc3\xb6rg <j@x.example>\n\n' ..
  ('long '):rep(20) .. '\xc3\xa9\n')
local good = tostring(bad:rebuild())
check.eq(good, 'Subject: =?UTF-8?q?caf=C3=A9?=\r\nX-Name:\r\n' ..
  'From: =?UTF-8?q?J=C3=B6rg?= <j@x.example>\r\n' ..
  'Content-Type: text/plain;\r\n\tcharset="utf-8"\r\n' ..
  'Content-Transfer-Encoding: quoted-printable\r\n\r\n' ..
  ('long '):rep(15) .. '=\r\n' .. ('long '):rep(5) .. '=C3=A9\r\n')
check.eq(tostring(mimepart.parse(good):rebuild()), good)

-- The builder.
local builder = mimepart.builder()
builder:set_stable_content(true)
builder:text_plain 'Hello, plain'
builder:text_html '<b>Hello, html</b>'
builder:attach('text/plain', 'a file')
builder:attach('application/octet-stream', '\xaa\xbb',
  { file_name = 'binary.dat' })
builder:attach_part(mimepart.new_text('text/csv', 'a,b'))
check.eq(tostring(builder:build()), ([[
Content-Type: multipart/mixed;
	boundary="mm-boundary"
Mime-Version: 1.0
Date: Tue, 1 Jul 2003 10:52:37 +0200

--mm-boundary
Content-Type: multipart/alternative;
	boundary="ma-boundary"

--ma-boundary
Content-Type: text/plain;
	charset="us-ascii"

Hello, plain
--ma-boundary
Content-Type: text/html;
	charset="us-ascii"

<b>Hello, html</b>
--ma-boundary--

--mm-boundary
Content-Type: text/plain
Content-Transfer-Encoding: base64

YSBmaWxl
--mm-boundary
Content-Type: application/octet-stream
Content-Transfer-Encoding: base64
Content-Disposition: attachment;
	filename="binary.dat"

qrs=
--mm-boundary
Content-Type: text/csv;
	charset="us-ascii"

a,b
--mm-boundary--
]]):gsub('\n', '\r\n'), nil)
check.fails('has built', builder.build, builder)
check.fails('has built', builder.text_plain, builder, 'x')
builder = mimepart.builder()
builder:text_html '<img src="cid:i@x">'
builder:text_amp_html '<html amp4email>'
builder:attach('image/png', 'x', { inline = true, content_id = 'i@x' })
builder:attach('image/png', 'y', { file_name = 'y.png' })
root = mimepart.parse(tostring(builder:build()))
check.eq(root.headers:content_type().value, 'multipart/mixed')
s = root:get_simple_structure()
check.eq(s.amp_html_part.id, '0.0.0')
check.eq(s.html_part.id, '0.0.1')
check.eq(s.attachments[1].part.id, '0.1')
check.eq(s.attachments[2].part.id, '1')
check.eq(root.headers:get_first_named('Date').value:match '^%a%a%a, %d',
  os.date('!%a, ') .. os.date('!%d'):sub(1, 1))
check.eq(tostring(mimepart.builder():build()):match '^(.-)\r\n',
  'Content-Type: text/plain;')
check.fails('not UTF-8', builder.text_plain,
  mimepart.builder(), '\xff')
check.fails('boolean expected', mimepart.builder().set_stable_content,
  mimepart.builder(), 1)

-- Memory outside of Lua counts, and comes back.
local big = (('x'):rep(70) .. '\r\n'):rep(14000)
for _ = 1, 300 do
  local p = mimepart.new_text_plain 'x'
  p.body = big
end
