-- SPDX-License-Identifier: Apache-2.0
local kumo = require 'kumo'
local check = require 'check'
local digest = require 'kumo.digest'

-- All values: python3's hashlib, hmac and zlib.
local hello = {
  sha1 = 'aaf4c61ddcc5e8a2dabede0f3b482cd9aea9434d',
  sha224 = 'ea09ae9cc6768c50fcee903ed054556e5bfc8347907f12598aa24193',
  sha256 = '2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824',
  sha384 = '59e1748777448c69de6b800d7a33bbfb9ff1b463e44354c3553bcdb9c666fa90'
    .. '125a3c79f90397bdf5f6a13de828684f',
  sha512 = '9b71d224bd62f3785d96d46ad3ea3d73319bfbc2890caadae2dff72519673ca7'
    .. '2323c3d99ba5c11d7c7acc6e14b8c5da0c4663475c2e5c3adef46f73bcdec043',
  sha512_256 =
    'e30d87cfa2a75db545eac4d61baf970366a8357c7f72fa95b52d0accb698f13a',
  sha3_256 =
    '3338be694f50c5f338814986cdf0686453a888b84f424d792af4b9202398f392',
  sha3_384 = '720aea11019ef06440fbf05d87aa24680a2153df3907b23631e7177ce620fa13'
    .. '30ff07c0fddee54699a4c3ee0ee9d887',
  sha3_512 = '75d527c368f2efe848ecf6b073a36767800805e9eef2b1857d5f984f036eb6df'
    .. '891d75f72d9b154518c1cd58835286d1da9a38deba3de98b5a53e5ed78a84976',
  crc32 = '3610a686',
}
for name, want in pairs(hello) do
  check.eq(digest[name]('hello').hex, want, name)
  check.eq(digest[name]('he', 'l', '', 'lo').hex, want, name)
end
check.eq(digest.sha1().hex, 'da39a3ee5e6b4b0d3255bfef95601890afd80709')
check.eq(digest.crc32().hex, '00000000')
check.eq(digest.crc32('123456789').hex, 'cbf43926')

-- Other values are JSON first.
check.eq(digest.sha1(42).hex, digest.sha1('42').hex)
check.eq(digest.sha1(1.5).hex, digest.sha1('1.5').hex)
check.eq(digest.sha1(nil, true).hex, digest.sha1('nulltrue').hex)
check.eq(digest.sha1({ 'a', 1, false }).hex, digest.sha1('["a",1,false]').hex)
check.eq(digest.sha1({ b = { z = 1, a = 2 }, a = 'x', [3] = 4 }).hex,
  digest.sha1('{"3":4,"a":"x","b":{"a":2,"z":1}}').hex)
check.eq(digest.crc32({ k = {} }).hex, digest.crc32('{"k":{}}').hex)
check.fails('argument 2 is no text and no data', digest.sha1, 'a', print)
check.fails('argument 1 is no text and no data', digest.crc32, { print })

-- RFC 4231 test case 2, RFC 2202; a key longer than a block.
local jefe, what = { key_data = 'Jefe' }, 'what do ya want for nothing?'
check.eq(digest.hmac_sha1(jefe, what).hex,
  'effcdf6ae5eb2fa2d27416d5f184df9c259a7c79')
check.eq(digest.hmac_sha224(jefe, what).hex,
  'a30e01098bc6dbbf45690f3a7e9e6d0f8bbea2a39e6148008fd05e44')
check.eq(digest.hmac_sha256(jefe, what).hex,
  '5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843')
check.eq(digest.hmac_sha384(jefe, what).hex,
  'af45d2e376484031617f78d2b58a6b1b9c7ef464f5a01b47e42ec3736322445e'
  .. '8e2240ca5e69e2c78b3239ecfab21649')
check.eq(digest.hmac_sha512(jefe, what).hex,
  '164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea250554'
  .. '9758bf75c05a994a6d034f65f8f0e6fdcaeab1a34d4a6b4b636e070a38bce737')
local long = { key_data = string.rep('\xaa', 131) }
check.eq(digest.hmac_sha256(long,
  'Test Using Larger Than Block-Size Key - Hash Key First').hex,
  '60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54')
check.eq(digest.hmac_sha512(long,
  'Test Using Larger Than Block-Size Key - Hash Key First').hex,
  '80b24263c7c1a3ebb71493c1dd7be8b49b46d1f41b4aeec1121b013783f8f352'
  .. '6b56d037e05f2598bd0fd2215d6a1e5295e64f73f63f0aec8b915a985d786598')
check.eq(digest.hmac_sha1({ key_data = '' }, '').hex,
  'fbdb1d1b18aa6c08324b7d64b71fb76370690e1d')
check.fails('kumo.digest.hmac_sha1: key: wanted a file', digest.hmac_sha1, 12,
  'x')
check.fails('string expected', digest.hmac_sha1, { key_data = 'x' })

-- The object.
local d = digest.sha1 'hello'
check.eq(tostring(d), d.hex)
check.eq(d.bytes,
  '\xaa\xf4\xc6\x1d\xdc\xc5\xe8\xa2\xda\xbe\xde\x0f\x3b\x48\x2c\xd9\xae\xa9'
  .. '\x43\x4d')
check.eq(d.base32, 'VL2MMHO4YXUKFWV63YHTWSBM3GXKSQ2N')
check.eq(d.base32_nopad, 'VL2MMHO4YXUKFWV63YHTWSBM3GXKSQ2N')
check.eq(d.base32hex, 'LBQCC7ESONKA5MLURO7JMI1CR6NAIGQD')
check.eq(d.base32hex_nopad, 'LBQCC7ESONKA5MLURO7JMI1CR6NAIGQD')
check.eq(d.base64, 'qvTGHdzF6KLavt4PO0gs2a6pQ00=')
check.eq(d.base64_nopad, 'qvTGHdzF6KLavt4PO0gs2a6pQ00')
check.eq(d.base64url, 'qvTGHdzF6KLavt4PO0gs2a6pQ00=')
check.eq(d.base64url_nopad, 'qvTGHdzF6KLavt4PO0gs2a6pQ00')
check.eq(digest.crc32('hello').base32, 'GYIKNBQ=')
check.fails("BinaryResult has nothing called 'hexx', did you mean 'hex'?",
  function() return d.hexx end)
check.fails("'hex' cannot be set", function() d.hex = 'x' end)
check.eq(kumo.digest, digest)
