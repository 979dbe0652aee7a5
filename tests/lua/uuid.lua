-- SPDX-License-Identifier: Apache-2.0
local kumo = require 'kumo'
local check = require 'check'

local text = '69994630-3e27-11ef-91fc-cc28aa0a5c5a'
for _, form in ipairs { text, text:upper(), '{' .. text .. '}',
  'urn:uuid:' .. text, 'URN:UUID:' .. text, (text:gsub('-', '')) } do
  local u = kumo.uuid.parse(form)
  check.eq(tostring(u), text, form)
  check.eq(u.hyphenated, text)
  check.eq(u.simple, '699946303e2711ef91fccc28aa0a5c5a')
  check.eq(u.braced, '{' .. text .. '}')
  check.eq(u.urn, 'urn:uuid:' .. text)
  check.eq(u.bytes,
    '\x69\x99\x46\x30\x3e\x27\x11\xef\x91\xfc\xcc\x28\xaa\x0a\x5c\x5a')
end
for _, bad in ipairs { '', 'x', text .. '0', '{' .. text,
  'urn:uuid:699946303e2711ef91fccc28aa0a5c5a',
  '{699946303e2711ef91fccc28aa0a5c5a}', (text:gsub('6', 'g')) } do
  check.fails('is no UUID', kumo.uuid.parse, bad)
end
check.fails('string expected', kumo.uuid.parse)
check.fails("did you mean 'simple'?", function()
  return kumo.uuid.new_v4().simpl
end)

local seen = {}
for version, make in pairs { ['1'] = kumo.uuid.new_v1,
  ['4'] = kumo.uuid.new_v4, ['6'] = kumo.uuid.new_v6,
  ['7'] = kumo.uuid.new_v7 } do
  local last = ''
  for _ = 1, 1000 do
    local u = make()
    check.eq(u.simple:sub(13, 13), version)
    check.eq(u.simple:sub(17, 17):match '[89ab]' ~= nil, true)
    check.eq(seen[u.bytes], nil)
    seen[u.bytes] = true
    if version >= '6' then check.eq(u.bytes > last, true, version) end
    last = u.bytes
  end
end
-- One machine, one sequence; the time of both is that of now.
local v1, v6 = kumo.uuid.new_v1().simple, kumo.uuid.new_v6().simple
check.eq(v1:sub(17), v6:sub(17))
local ticks = tonumber(v6:sub(1, 12) .. v6:sub(14, 16), 16)
check.eq(math.abs(ticks / 1e7 - 12219292800 - os.time()) < 5, true)
check.eq(v1:sub(14, 16) .. v1:sub(9, 12) .. v1:sub(1, 3),
  v6:sub(1, 10))
