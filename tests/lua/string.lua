-- SPDX-License-Identifier: Apache-2.0
local kumo = require 'kumo'
local check = require 'check'
local s = require 'kumo.string'

check.eq(s.ends_with('hello', 'llo'), true)
check.eq(s.ends_with('hello', ''), true)
check.eq(s.ends_with('hello', 'hell'), false)
check.eq(s.ends_with('lo', 'hello'), false)
check.eq(s.ends_with('a\0b', '\0b'), true)
check.eq(s.starts_with('hello', 'he'), true)
check.eq(s.starts_with('hello', 'lo'), false)
check.eq(s.starts_with('he', 'hello'), false)
check.eq(s.starts_with('\xff\xfe', '\xff'), true)
check.fails('string expected', s.starts_with, 'x')

-- Pieces; what an empty separator does is Rust's.
local mary = 'Mary had a little lamb'
check.eq(s.split(mary, ' '), { 'Mary', 'had', 'a', 'little', 'lamb' })
check.eq(s.splitn(mary, 3, ' '), { 'Mary', 'had', 'a little lamb' })
check.eq(s.rsplit(mary, ' '), { 'lamb', 'little', 'a', 'had', 'Mary' })
check.eq(s.rsplitn(mary, 3, ' '), { 'lamb', 'little', 'Mary had a' })
check.eq(s.split('', ','), { '' })
check.eq(s.split(',a,,b,', ','), { '', 'a', '', 'b', '' })
check.eq(s.rsplit(',a,,b,', ','), { '', 'b', '', 'a', '' })
check.eq(s.split('a--b---c', '--'), { 'a', 'b', '-c' })
check.eq(s.rsplit('a--b---c', '--'), { 'c', 'b-', 'a' })
check.eq(s.split('a.b%c', '.'), { 'a', 'b%c' })
check.eq(s.split('héy', ''), { '', 'h', 'é', 'y', '' })
check.eq(s.rsplit('héy', ''), { '', 'y', 'é', 'h', '' })
check.eq(s.split('', ''), { '', '' })
check.eq(s.rsplit('', ''), { '', '' })
check.eq(s.splitn('a,b', 0, ','), {})
check.eq(s.splitn('a,b', 1, ','), { 'a,b' })
check.eq(s.splitn('a,b', 9, ','), { 'a', 'b' })
check.eq(s.rsplitn('a,b', 0, ','), {})
check.eq(s.rsplitn('a,b', 1, ','), { 'a,b' })
check.eq(s.rsplitn('abc', 2, ''), { '', 'abc' })
check.eq(s.split('a\0b\0c', '\0'), { 'a', 'b', 'c' })
check.fails('wanted a number from 0 on', s.splitn, 'a', -1, ',')
check.fails('number expected', s.splitn, 'a', ',', 2)
check.fails('string expected', s.split, 'a')
check.eq(#s.rsplit(string.rep('ab', 100000), 'b'), 100001)

check.eq(s.split_whitespace ' a\tb\u{2003}\u{3000}c\u{a0}d\n ',
  { 'a', 'b', 'c', 'd' })
check.eq(s.split_whitespace '', {})
check.eq(s.split_whitespace ' \u{85}', {})
check.eq(s.split_whitespace 'a\xffb \xe2\x80', { 'a\xffb', '\xe2\x80' })
check.eq(s.split_ascii_whitespace ' Mary\thad\r\n\fa\u{2003}b ',
  { 'Mary', 'had', 'a\u{2003}b' })
check.eq(s.split_ascii_whitespace 'a\vb\0c', { 'a\vb\0c' })

check.eq(s.trim '\n Hello\tworld\t\n', 'Hello\tworld')
check.eq(s.trim ' \u{2028}\u{1680}é\u{205f}\u{feff}\u{3000}\v', 'é\u{205f}\u{feff}')
check.eq(s.trim_start ' \u{a0}a ', 'a ')
check.eq(s.trim_end ' a\u{a0} \u{2029}', ' a')
check.eq(s.trim '', '')
check.eq(s.trim ' \t ', '')
check.eq(s.trim ' \xa0 ', '\xa0')

check.eq(s.replace('a.b.c', '.', '%'), 'a%b%c')
check.eq(s.replace('aaa', 'aa', 'b'), 'ba')
check.eq(s.replace('abc', '', '-'), '-a-b-c-')
check.eq(s.replace('', 'x', 'y'), '')
check.eq(s.replace('abc', 'b', ''), 'ac')
check.eq(s.replacen('a.b.c', '.', '', 1), 'ab.c')
check.eq(s.replacen('a.b.c', '.', '', 0), 'a.b.c')
check.eq(s.replacen('abc', '', '-', 2), '-a-bc')
check.fails('wanted a number from 0 on', s.replacen, 'a', 'b', 'c', -1)
check.fails('number expected', s.replacen, 'a', 'b', 'c')

-- Public suffixes, by the rules' own examples.
check.eq(s.psl_domain 'www.example.com', 'example.com')
check.eq(s.psl_suffix 'www.example.com', 'com')
check.eq(s.psl_domain 'a.b.example.co.uk', 'example.co.uk')
check.eq(s.psl_suffix 'example.co.uk', 'co.uk')
check.eq(s.psl_domain 'WWW.Example.COM', 'Example.COM')
check.eq(s.psl_domain 'www.city.kawasaki.jp', 'city.kawasaki.jp')
check.eq(s.psl_domain 'com', nil)
check.eq(s.psl_domain 'co.uk', nil)
check.eq(s.psl_suffix 'com', 'com')
check.eq(s.psl_domain 'a.b.unlisted-tld', 'b.unlisted-tld')
check.eq(s.psl_suffix 'a.b.unlisted-tld', 'unlisted-tld')
check.eq(s.psl_domain 'www.example.com.', 'example.com.')
for _, bad in ipairs { '', '.', '..', '.com', 'a..com', 'a\0.com',
  string.rep('a', 300) } do
  check.eq(s.psl_domain(bad), nil, bad)
  check.eq(s.psl_suffix(bad), nil, bad)
end

check.eq(s.wrap 'hello', 'hello')
check.eq(s.wrap(string.rep('A', 200), 75, 100),
  string.rep('A', 100) .. '\r\n\t' .. string.rep('A', 100))
check.eq(s.wrap(string.rep('hello there ', 10), 75, 100),
  'hello there hello there hello there hello there hello there hello there\r\n'
    .. '\thello there hello there hello there hello there')
check.eq(s.wrap(string.rep(' hello there', 10), 75, 100),
  s.wrap(string.rep('hello there ', 10), 75, 100))
check.eq(s.wrap(string.rep('x', 901)), string.rep('x', 900) .. '\r\n\tx')
check.eq(s.wrap(string.rep('x', 80) .. ' y'), string.rep('x', 80) .. '\r\n\ty')
check.eq(s.wrap('aa bb cc', 5, 9), 'aa bb\r\n\tcc')
check.eq(s.wrap('aa bb cc', 8), 'aa bb cc')
check.eq(s.wrap('ééé', 75, 3), 'é\r\n\té\r\n\té')
check.eq(s.wrap('é', 1, 1), '\xc3\r\n\t\xa9')
check.eq(s.wrap('aaa bbb', 10, 3), 'aaa\r\n\tbbb')
check.eq(s.wrap '', '')
check.eq(s.wrap ' \r\n ', '')
check.fails('a line has at least one byte', s.wrap, 'a', 0)
check.fails('a line has at least one byte', s.wrap, 'a', 1, 0)
check.fails('the text is too long', s.wrap, string.rep('x', 17 * 1024 * 1024))

check.eq(s.normalize_smtp_response(
  '550 5.1.1 The email account that you tried to reach does not exist.\n' ..
  "Please try double-checking the recipient's email address for typos\n" ..
  'or unnecessary spaces. For more information, go to\n' ..
  'https://support.google.com/mail/?p=NoSuchUser ' ..
  '41be03b00d2f7-b93bf44f0c0si6882731a12.803 - gsmtp'),
  '550 5.1.1 The email account that you tried to reach does not exist. ' ..
  "Please try double-checking the recipient's email address for typos " ..
  'or unnecessary spaces. For more information, go to ' ..
  'https://support.google.com/mail/?p=NoSuchUser {hash} - gsmtp')
check.fails('string expected', s.normalize_smtp_response)
check.eq(kumo.string, s)
