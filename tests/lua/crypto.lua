-- SPDX-License-Identifier: Apache-2.0
local kumo = require 'kumo'
local check = require 'check'
local crypto = require 'kumo.crypto'
local hex = kumo.encode.hex_decode

-- NIST SP 800-38A, F.1.1 and F.1.5, with a block of padding behind it.
local key128 = { key = { key_data = hex '2b7e151628aed2a6abf7158809cf4f3c' } }
local key256 = { key = { key_data = hex
  '603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4' } }
local block = hex '6bc1bee22e409f96e93d7e117393172a'
local e = crypto.aes_encrypt_block('Ecb', block, key128)
check.eq(e.hex:sub(1, 32), '3ad77bb40d7a3660a89ecaf32466ef97')
check.eq(#e.bytes, 32)
check.eq(crypto.aes_decrypt_block('Ecb', e.bytes, key128), block)
e = crypto.aes_encrypt_block('Ecb', block, key256)
check.eq(e.hex:sub(1, 32), 'f3eed1bdb5d2a03c064b5a7e3db181f8')
check.eq(crypto.aes_decrypt_block('Ecb', e.bytes, key256), block)

-- F.2.1 and F.2.5: the vector comes first; the padding was made with openssl.
check.eq(crypto.aes_decrypt_block('Cbc', hex(
  '000102030405060708090a0b0c0d0e0f7649abac8119b246cee98e9b12e9197d'
  .. '8964e0b149c10b7b682e6e39aaeb731c'), key128), block)
check.eq(crypto.aes_decrypt_block('Cbc', hex(
  '000102030405060708090a0b0c0d0e0ff58c4c04d6e5f1ba779eabfb5f7bfbd6'
  .. '485a5c81519cf378fa36d42b8547edc0'), key256), block)

for _, mode in ipairs { 'Cbc', 'Ecb' } do
  for _, key in ipairs { key128, key256 } do
    for _, len in ipairs { 0, 1, 15, 16, 17, 1000, 100000 } do
      local text = string.rep('\0x', len):sub(1, len)
      local out = crypto.aes_encrypt_block(mode, text, key).bytes
      check.eq(#out, (len // 16 + 1) * 16 + (mode == 'Cbc' and 16 or 0))
      check.eq(crypto.aes_decrypt_block(mode, out, key) == text, true)
    end
  end
end
-- The vector is random.
check.eq(crypto.aes_encrypt_block('Cbc', 'x', key128).bytes ==
  crypto.aes_encrypt_block('Cbc', 'x', key128).bytes, false)
check.eq(crypto.aes_decrypt_block('Ecb', crypto.aes_encrypt_block('Ecb',
  'file', { key = 'tests/lua/secret.key' }).bytes,
  { key = { key_data = 'sixteen bytes!!\n' } }), 'file')

check.fails("invalid option 'cbc'", crypto.aes_encrypt_block, 'cbc', 'x',
  key128)
check.fails('table expected', crypto.aes_encrypt_block, 'Cbc', 'x')
check.fails('aes_encrypt_block: wanted a table with key',
  crypto.aes_encrypt_block, 'Cbc', 'x', {})
check.fails('aes_encrypt_block: the key has 24 bytes, wanted 16 or 32',
  crypto.aes_encrypt_block, 'Cbc', 'x',
  { key = { key_data = string.rep('k', 24) } })
check.fails('kumo.crypto.aes_decrypt_block: key: wanted a file',
  crypto.aes_decrypt_block, 'Cbc', 'x', { key = true })
for _, bad in ipairs { '', 'short', string.rep('x', 16), string.rep('x', 17),
  string.rep('x', 47) } do
  check.fails('the text was not encrypted', crypto.aes_decrypt_block, 'Cbc',
    bad, key128)
end
check.fails('the text was not encrypted', crypto.aes_decrypt_block, 'Ecb', '',
  key128)
check.fails('the text was not encrypted', crypto.aes_decrypt_block, 'Ecb',
  string.rep('\0', 16), key128)

-- ---- AWS Signature Version 4 ---------------------------------------------

local function request(t)
  local r = {
    access_key = { key_data = 'AKIDEXAMPLE' },
    secret_key = { key_data = 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY' },
    region = 'us-east-1', service = 'service', method = 'GET', uri = '/',
    headers = { Host = 'example.amazonaws.com' },
    timestamp = '2015-08-30T12:36:00Z',
  }
  for k, v in pairs(t) do r[k] = v end
  return r
end

-- The example of the documentation, with its steps.
local r = crypto.aws_sign_v4(request {
  service = 'iam',
  query_params = { Version = '2010-05-08', Action = 'ListUsers' },
  headers = { host = 'iam.amazonaws.com',
    ['content-type'] = 'application/x-www-form-urlencoded; charset=utf-8' },
})
check.eq(r, {
  canonical_request = 'GET\n/\nAction=ListUsers&Version=2010-05-08\n'
    .. 'content-type:application/x-www-form-urlencoded; charset=utf-8\n'
    .. 'host:iam.amazonaws.com\nx-amz-date:20150830T123600Z\n\n'
    .. 'content-type;host;x-amz-date\n'
    .. 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
  string_to_sign = 'AWS4-HMAC-SHA256\n20150830T123600Z\n'
    .. '20150830/us-east-1/iam/aws4_request\n'
    .. 'f536975d06c0309214f805bb90ccff089219ecd68b2577efef23edd43b7e1a59',
  authorization = 'AWS4-HMAC-SHA256 '
    .. 'Credential=AKIDEXAMPLE/20150830/us-east-1/iam/aws4_request, '
    .. 'SignedHeaders=content-type;host;x-amz-date, Signature='
    .. '5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7',
  signature =
    '5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7',
  timestamp = '20150830T123600Z',
})

-- AWS's suite of test vectors, by their names there.
local vectors = {
  ['get-vanilla'] = { {},
    '5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31' },
  ['get-vanilla-query-order-key-case'] = {
    { query_params = { Param2 = 'value2', Param1 = 'value1' } },
    'b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500' },
  ['get-vanilla-empty-query-key'] = {
    { query_params = { Param1 = 'value1' } },
    'a67d582fa61cc504c4bae71f336f98b97f1ea3c7a6bfe1b6e45aec72011b9aeb' },
  ['get-vanilla-utf8-query'] = { { query_params = { ['ሴ'] = 'bar' } },
    '2cdec8eed098649ff3a119c94853b13c643bcf08f8b0a1d91e12c9027818dd04' },
  ['get-utf8'] = { { uri = '/ሴ' },
    '8318018e0b0f223aa2bbf98705b62bb787dc9c0e678f255a891fd03141be5d85' },
  ['get-space'] = { { uri = '/example space/' },
    '652487583200325589f1fba4c7e578f72c47cb61beeca81406b39ddec1366741' },
  ['get-relative'] = { { uri = '/example/..' },
    '5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31' },
  ['get-relative-relative'] = { { uri = '/example1/example2/../..' },
    '5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31' },
  ['get-slash-dot-slash'] = { { uri = '/./' },
    '5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31' },
  ['get-slash-pointless-dot'] = { { uri = '/./example' },
    'ef75d96142cf21edca26f06005da7988e4f8dc83a165a80865db7089db637ec5' },
  ['get-slash'] = { { uri = '//' },
    '5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31' },
  ['get-slashes'] = { { uri = '//example//' },
    '9a624bd73a37c9a373b5312afbebe7a714a789de108f0bdfe846570885f57e84' },
  ['get-unreserved'] = { { uri = '/-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ'
    .. 'abcdefghijklmnopqrstuvwxyz' },
    '07ef7494c76fa4850883e2b006601f940f8a34d404d0cfa977f52a65bbf5f24f' },
  ['get-header-value-trim'] = { { headers = {
    Host = 'example.amazonaws.com', ['My-Header1'] = ' value1',
    ['My-Header2'] = ' "a   b   c"' } },
    'acc3ed3afb60bb290fc8d2dd0098b9911fcaa05412b367055dee359757a9c736' },
  ['post-vanilla'] = { { method = 'POST' },
    '5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b' },
  ['post-header-key-sort'] = { { method = 'POST', headers = {
    Host = 'example.amazonaws.com', ['My-Header1'] = 'value1' } },
    'c5410059b04c1ee005303aed430f6e6645f61f4dc9e1461ec8f8916fdf18852c' },
  ['post-header-value-case'] = { { method = 'POST', headers = {
    Host = 'example.amazonaws.com', ['My-Header1'] = 'VALUE1' } },
    'cdbc9802e29d2942e5e10b5bccfdd67c5f22c7c4e8ae67b53629efa58b974b7d' },
  ['post-x-www-form-urlencoded'] = { { method = 'POST',
    payload = 'Param1=value1', headers = { Host = 'example.amazonaws.com',
      ['Content-Type'] = 'application/x-www-form-urlencoded' } },
    'ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a' },
}
for name, row in pairs(vectors) do
  check.eq(crypto.aws_sign_v4(request(row[1])).signature, row[2], name)
end

-- The path of S3 is taken as it is.
r = crypto.aws_sign_v4(request { service = 's3', uri = '/a//b/../c d%20e+' })
check.eq(r.canonical_request:match '\n(.-)\n', '/a//b/../c%20d%20e%2B')
r = crypto.aws_sign_v4(request { uri = 'a%20b' })
check.eq(r.canonical_request:match '\n(.-)\n', '/a%2520b')
r = crypto.aws_sign_v4(request { uri = '' })
check.eq(r.canonical_request:match '\n(.-)\n', '/')

-- A session's token is signed; equal names make one header.
r = crypto.aws_sign_v4(request { session_token = 'TOKEN',
  headers = { host = 'b', ['X-Amz-Date'] = '20150830T123600Z' } })
check.eq(r.authorization:match 'SignedHeaders=([^,]+)',
  'host;x-amz-date;x-amz-security-token')
check.eq(r.canonical_request:match 'token:(.-)\n', 'TOKEN')
check.eq(crypto.aws_sign_v4(request { query_params = { ['a b'] = '', a = 1,
  ['a-'] = '&=' } }).canonical_request:match '\n/\n(.-)\n',
  'a=1&a%20b=&a-=%26%3D')

-- Times of all kinds.
for _, t in ipairs { '2015-08-30T14:36:00+02:00', '20150830T123600Z',
  1440938160, kumo.time.from_unix_timestamp(1440938160.5) } do
  check.eq(crypto.aws_sign_v4(request { timestamp = t }).timestamp,
    '20150830T123600Z')
end
local now = request { headers = { ['X-Amz-Date'] = '20150830T123600Z' } }
now.timestamp = nil
check.eq(crypto.aws_sign_v4(now).timestamp, '20150830T123600Z')
now.headers = nil
check.eq(crypto.aws_sign_v4(now).timestamp:match '^%d+T%d+Z$' ~= nil, true)

for _, name in ipairs { 'access_key', 'secret_key', 'region', 'service',
  'method', 'uri' } do
  local t = request {}
  t[name] = nil
  check.fails('aws_sign_v4: ' .. name .. ' is missing', crypto.aws_sign_v4, t)
end
check.fails('table expected', crypto.aws_sign_v4)
check.fails("there is no 'secret_ke', did you mean 'secret_key'?", crypto.aws_sign_v4,
  request { secret_ke = 'x' })
check.fails("there is no '?'", crypto.aws_sign_v4, request { 'x' })
check.fails('region must be a string', crypto.aws_sign_v4,
  request { region = 1 })
check.fails('aws_sign_v4: secret_key: wanted', crypto.aws_sign_v4,
  request { secret_key = 1 })
check.fails('headers must be a table', crypto.aws_sign_v4,
  request { headers = 'x' })
check.fails('headers must have text', crypto.aws_sign_v4,
  request { headers = { 'x' } })
check.fails('query_params must have text', crypto.aws_sign_v4,
  request { query_params = { a = {} } })
check.fails('a header has a line end', crypto.aws_sign_v4,
  request { headers = { host = 'a\r\nb' } })
check.fails('timestamp: ', crypto.aws_sign_v4, request { timestamp = 'noon' })
check.fails('timestamp is no time', crypto.aws_sign_v4,
  request { timestamp = 1e300 })
check.fails('timestamp must be a Time', crypto.aws_sign_v4,
  request { timestamp = {} })
check.fails('x-amz-date differs from the timestamp', crypto.aws_sign_v4,
  request { headers = { ['x-amz-date'] = '20150830T123601Z' } })
now.headers = { ['x-amz-date'] = 'x' }
check.fails('x-amz-date is no time', crypto.aws_sign_v4, now)
