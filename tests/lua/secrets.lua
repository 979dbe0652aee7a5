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
check.fails('a key from a vault needs a call to the outside world, which ' ..
  'cannot be made here; name a file or give key_data', load, vault)
check.fails('a key from an event needs a call', load,
  { event_name = 'x', event_args = { 1 } })
check.fails('kumo.digest.hmac_sha256: key: a key from a vault needs',
  kumo.digest.hmac_sha256, vault, 'x')
