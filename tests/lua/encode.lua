-- SPDX-License-Identifier: Apache-2.0
local kumo = require 'kumo'
local check = require 'check'
local encode = require 'kumo.encode'

check.eq(kumo.encode, encode, 'both are one table')

-- RFC 4648 section 10, and the same without padding.
local rows = {
  { '', '', '', '', '' },
  { 'f', '66', 'MY======', 'CO======', 'Zg==' },
  { 'fo', '666f', 'MZXQ====', 'CPNG====', 'Zm8=' },
  { 'foo', '666f6f', 'MZXW6===', 'CPNMU===', 'Zm9v' },
  { 'foob', '666f6f62', 'MZXW6YQ=', 'CPNMUOG=', 'Zm9vYg==' },
  { 'fooba', '666f6f6261', 'MZXW6YTB', 'CPNMUOJ1', 'Zm9vYmE=' },
  { 'foobar', '666f6f626172', 'MZXW6YTBOI======', 'CPNMUOJ1E8======',
    'Zm9vYmFy' },
}
local forms = { hex = 2, base32 = 3, base32hex = 4, base64 = 5, base64url = 5 }
for _, row in ipairs(rows) do
  for name, column in pairs(forms) do
    local text = row[column]
    local bare = text:gsub('=', '')
    check.eq(encode[name .. '_encode'](row[1]), text, name)
    check.eq(encode[name .. '_decode'](text), row[1], name)
    if name ~= 'hex' then
      check.eq(encode[name .. '_nopad_encode'](row[1]), bare, name)
      check.eq(encode[name .. '_nopad_decode'](bare), row[1], name)
      check.eq(encode[name .. '_decode'](bare), row[1], name)
      check.eq(encode[name .. '_decode'](text .. '=='), row[1], name)
      if bare ~= text then
        check.fails('is no digit', encode[name .. '_nopad_decode'], text)
      end
    end
  end
end

check.eq(encode.hex_encode('\0\xffabc'), '00ff616263')
check.eq(encode.base64_encode '\xfb\xff\xfe', '+//+')
check.eq(encode.base64url_encode '\xfb\xff\xfe', '-__-')
check.eq(encode.base64url_decode '-__-', '\xfb\xff\xfe')
check.eq(encode.base64url_nopad_encode(
  '\x69\x99\x46\x30\x3e\x27\x11\xef\x91\xfc\xcc\x28\xaa\x0a\x5c\x5a'),
  'aZlGMD4nEe-R_MwoqgpcWg')
check.eq(#encode.base64_encode(string.rep('x', 100000)), 133336)

check.fails('string expected', encode.hex_encode)
check.fails('string expected', encode.base64_encode, 12)
check.fails('string expected', encode.base64_decode, {})
check.fails('hex_decode: byte 3 (0x47) is no digit', encode.hex_decode, 'abGH')
check.fails('byte 1 (0x41)', encode.hex_decode, 'AB')
check.fails('hex_decode: the text is cut off', encode.hex_decode, 'abc')
check.fails('byte 5 (0x0a)', encode.base64_decode, 'Zm9v\n')
check.fails('byte 3 (0x3d)', encode.base64_decode, 'Zm=v')
check.fails('byte 1 (0x2d)', encode.base64_decode, '-__-')
check.fails('byte 1 (0x2b)', encode.base64url_decode, '+//+')
check.fails('cut off', encode.base64_decode, 'Zh==')
check.fails('cut off', encode.base64_decode, 'Z')
check.fails('cut off', encode.base32_decode, 'MZX')
check.fails('byte 1 (0x6d)', encode.base32_decode, 'mzxq====')
check.fails('byte 2 (0x5a)', encode.base32hex_decode, 'CZNG')

-- Character sets.
check.eq(encode.charset_decode('iso-8859-1', '\xa9'), '©')
check.eq(encode.charset_encode('iso-8859-1', '©'), '\xa9')
check.eq(encode.charset_decode('ISO-8859-15', '\xa4'), '€')
check.eq(encode.charset_encode('iso-8859-15', '€'), '\xa4')
check.eq(encode.charset_decode('windows-1252', '\x80\x93'), '€“')
check.eq(encode.charset_encode('windows-1252', '€“'), '\x80\x93')
check.eq(encode.charset_decode('koi8-r', '\xf0\xd2\xc9'), 'При')
check.eq(encode.charset_encode('koi8-r', 'При'), '\xf0\xd2\xc9')
check.eq(encode.charset_decode('shift_jis', '\x93\xfa\x96\x7b'), '日本')
check.eq(encode.charset_encode('shift_jis', '日本\\~'), '\x93\xfa\x96\x7b\\~')
check.eq(encode.charset_decode('iso-2022-jp', '\27$BF|K\\\27(B'), '日本')
check.eq(encode.charset_encode('iso-2022-jp', 'a日本b'),
  'a\27$BF|K\\\27(Bb')
check.eq(encode.charset_encode('iso-2022-jp', '日本'), '\27$BF|K\\\27(B')
check.eq(encode.charset_decode('gb2312', '\xc4\xe3'), '你')
check.eq(encode.charset_encode('gb2312', '你'), '\xc4\xe3')
check.eq(encode.charset_decode('euc-kr', '\xc7\xd1'), '한')
check.eq(encode.charset_encode('euc-kr', '한'), '\xc7\xd1')
check.eq(encode.charset_decode('utf-16le', 'a\0\xac\x20'), 'a€')
check.eq(encode.charset_encode('utf-16be', 'a€'), '\0a\x20\xac')
check.eq(encode.charset_decode('utf-8', 'é'), 'é')
check.eq(encode.charset_encode('utf-8', 'é'), 'é')
check.eq(encode.charset_encode('us-ascii', 'a'), 'a')
check.eq(encode.charset_encode('iso-8859-1', ''), '')
-- What the set has not.
check.eq(encode.charset_encode('iso-8859-1', 'a€日b'), 'ab')
check.eq(encode.charset_encode('iso-8859-1', 'a€b', true), 'ab')
check.eq(encode.charset_encode('us-ascii', 'é', nil), '')
check.fails('the text has characters that us-ascii has not',
  encode.charset_encode, 'us-ascii', 'é', false)
check.eq(#encode.charset_encode('iso-2022-jp', string.rep('a日', 50000)),
  50000 * 9)
check.fails("the character set 'klingon' is not known",
  encode.charset_decode, 'klingon', 'x')
check.fails("the character set 'klingon' is not known",
  encode.charset_encode, 'klingon', 'x')
check.fails('the bytes are not utf-8', encode.charset_decode, 'utf-8', '\xff')
check.fails('the bytes are not iso-2022-jp', encode.charset_decode,
  'iso-2022-jp', '\27$B\xff')
check.fails('not UTF-8', encode.charset_encode, 'iso-8859-1', '\xff')
check.fails('string expected', encode.charset_decode, 'utf-8')
