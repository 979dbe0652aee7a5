-- SPDX-License-Identifier: Apache-2.0
local kumo = require 'kumo'
local check = require 'check'

local map = kumo.cidr.make_map {
  ['127.0.0.0/24'] = 'loopback',
  ['10.0.0.0/24'] = 'lan',
}
check.eq(map['10.0.0.1'], 'lan')
check.eq(map['10.0.0.255'], 'lan')
check.eq(map['10.0.1.0'], nil)
check.eq(map['100.0.0.100'], nil)
map['4.2.4.2'] = 4242
check.eq(map['4.2.4.2'], 4242)
check.eq(map['4.2.4.3'], nil)

-- The smallest network answers, in whatever order they came.
map['10.0.0.0/8'] = 'wide'
map['10.0.0.128/25'] = { 'upper' }
map['0.0.0.0/0'] = false
check.eq(map['10.0.0.1'], 'lan')
check.eq(map['10.0.0.200'], { 'upper' })
check.eq(map['10.9.9.9'], 'wide')
check.eq(map['203.0.113.1'], false)
map['10.0.0.0/24'] = nil
check.eq(map['10.0.0.1'], 'wide')
map['10.0.0.0/24'] = nil
map['10.0.0.0/24'] = 'again'
map['10.0.0.0/24'] = 'lan'
check.eq(map['10.0.0.1'], 'lan')
map['0.0.0.0/0'] = nil
check.eq(map['203.0.113.1'], nil)

-- Addresses with what may stand around them; networks.
for _, key in ipairs { '[10.0.0.1]', '10.0.0.1:25', '[10.0.0.1]:25',
  '::ffff:10.0.0.1', '10.0.0.0/24', '10.0.0.0/30' } do
  check.eq(map[key], 'lan', key)
end
map['2001:db8::/33'] = 'six'
map['::1'] = 'self'
check.eq(map['2001:db8::1'], 'six')
check.eq(map['[2001:db8:7fff::1]:25'], 'six')
check.eq(map['[2001:db8::1]'], 'six')
check.eq(map['2001:db8:8000::1'], nil)
check.eq(map['::1'], 'self')
check.eq(map['[::1]:25'], 'self')
map['[::1]:25'] = 'port'
check.eq(map['::1'], 'port')

-- No address reads as nothing.
for _, key in ipairs { 'not.set', '', '10.0.0', '10.0.0.1/33', 12, true,
  '[10.0.0.1', ':', '[]' } do
  check.eq(map[key], nil, key)
end
local function set(key, value)
  return function() map[key] = value end
end
check.fails("kumo.cidr: 'nonsense' is no address or network",
  set('nonsense', 1))
check.fails("'10.0.0.1/24' has bits behind the network's length, did you " ..
  "mean '10.0.0.0/24'?", set('10.0.0.1/24', 1))
check.fails("did you mean '2001:db8::/32'?", set('2001:db8::1/32', 1))
check.fails('a key must be an address or network, not table', set({}, 1))
check.fails("'1' is no address", set(1, 1))
check.fails("'x' is no address", kumo.cidr.make_map, { x = 1 })
check.fails("'1' is no address", kumo.cidr.make_map, { 1 })
check.fails('table expected', kumo.cidr.make_map, 'x')
check.eq(kumo.cidr.make_map()['127.0.0.1'], nil)

local big = kumo.cidr.make_map()
for i = 0, 255 do
  for k = 0, 63 do big[('10.%d.%d.0/24'):format(i, k)] = i * 256 + k end
end
check.eq(big['10.77.33.5'], 77 * 256 + 33)
check.eq(big['10.77.99.5'], nil)
