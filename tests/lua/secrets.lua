-- SPDX-License-Identifier: Apache-2.0
local kumo = require 'kumo'
local check = require 'check'
local load = require('kumo.secrets').load

check.eq(load { key_data = 'a\0b' }, 'a\0b')
check.eq(load { key_data = '' }, '')
-- A file that was read when the configuration was loaded.
check.eq(load 'tests/lua/secret.key', 'sixteen bytes!!\n')

check.fails("kumo.secrets.load: /no/such/key: not read when the " ..
  "configuration was loaded: call kumo.secrets.load with it at the top",
  load, '/no/such/key')
check.fails('kumo.secrets.load: this is no file', load, '')
check.fails('kumo.secrets.load: this is no file', load, 'a\0b')
check.fails('wanted a file\'s name or a table, got no value', load)
check.fails('wanted a file\'s name or a table, got number', load, 12)
check.fails('wanted a file\'s name or a table with key_data', load, {})
check.fails("a key source has no 'key_dat', did you mean 'key_data'?", load,
  { key_dat = 'x' })
check.fails("a key source has no 'zzzzzzzzzzzz'", load, { zzzzzzzzzzzz = 'x' })
check.fails("a key source has no '?'", load, { 'x' })
check.fails('key_data must be a string', load, { key_data = 12 })
check.fails('cannot stand beside the other fields', load,
  { key_data = 'x', vault_path = 'y' })
check.fails('vault_path is missing', load, { vault_mount = 'secret' })
check.fails('vault_mount is missing', load, { vault_path = 'x' })
check.fails('vault_key must be a string', load,
  { vault_mount = 'secret', vault_path = 'x', vault_key = {} })
check.fails('event_args is missing', load, { event_name = 'x' })
check.fails('event_args must be a table', load,
  { event_name = 'x', event_args = 'y' })

local vault = { vault_mount = 'secret', vault_path = 'x', vault_key = 'k',
  vault_address = 'http://127.0.0.1:8200', vault_token = 't' }
check.fails('vault: this process cannot reach the outside while it loads',
  load, vault)
check.fails('vault: this process cannot reach the outside while it loads',
  kumo.digest.hmac_sha256, vault, 'x')

-- The handler of an event, which has as many arguments as are given.
kumo.on('a.key.of.our.own', function(...)
  return table.concat({ ... }, '+')
end)
kumo.on('no.key.at.all', function() return 5 end)
kumo.on('a.key.in.turn', function(name)
  return load { event_name = name, event_args = { 'in', 'turn' } }
end)
local function event(name, ...)
  return { event_name = name, event_args = { ... } }
end
check.eq(load(event('a.key.of.our.own', 1, 'two')), '1+two')
check.eq(load(event('a.key.of.our.own')), '')
check.eq(load(event('a.key.in.turn', 'a.key.of.our.own')), 'in+turn')
check.eq(kumo.digest.hmac_sha256(event('a.key.of.our.own', 'k'), 'x').hex,
  kumo.digest.hmac_sha256({ key_data = 'k' }, 'x').hex)
local sixteen = event('a.key.of.our.own', ('k'):rep(16))
check.eq(kumo.crypto.aes_decrypt_block('Cbc', kumo.crypto.aes_encrypt_block(
  'Cbc', 'text', { key = sixteen }).bytes, { key = sixteen }), 'text')
check.fails("a key source: there is no kumo.on('gone', ...)", load,
  event('gone'))
check.fails('a key source: the answer is no key', load, event('no.key.at.all'))
local many = { event_name = 'a.key.of.our.own', event_args = {} }
for i = 1, 101 do many.event_args[i] = i end
check.fails('event_args has more than 100 values', load, many)
