-- SPDX-License-Identifier: Apache-2.0
local kumo = require 'kumo'
local check = require 'check'

local map = kumo.domain_map.new()
check.eq(map['foo'], nil)
map['foo'] = 'bar'
check.eq(map['foo'], 'bar')
check.eq(map['not.set'], nil)

map['*.example.com'] = 'wildcard'
check.eq(map['example.com'], nil)
check.eq(map['foo.example.com'], 'wildcard')
check.eq(map['a.b.c.example.com'], 'wildcard')
check.eq(map['fooexample.com'], nil)
map['explicit.example.com'] = 'explicit'
check.eq(map['explicit.example.com'], 'explicit')
check.eq(map['below.explicit.example.com'], 'wildcard')
map['*.explicit.example.com'] = 'deeper'
check.eq(map['below.explicit.example.com'], 'deeper')
check.eq(map['*.example.com'], 'wildcard')
map['explicit.example.com'] = nil
check.eq(map['explicit.example.com'], 'wildcard')
map['off.example.com'] = false
check.eq(map['off.example.com'], false)

-- Case and a dot at the end do not matter.
map['MiXed.Org.'] = 1
check.eq(map['mixed.org'], 1)
check.eq(map['MIXED.ORG'], 1)
check.eq(map['X.EXAMPLE.COM.'], 'wildcard')

map['*'] = 'any'
check.eq(map['whatever.test'], 'any')
check.eq(map['single'], 'any')
check.eq(map['foo'], 'bar')

map = kumo.domain_map.new { ['*.woot.com'] = 123, ['example.com'] = 24 }
map['*.example.com'] = 42
check.eq(map['lemon.example.com'], 42)
check.eq(map['example.com'], 24)
check.eq(map['woot.com'], nil)
check.eq(map['aa.woot.com'], 123)
check.eq(map[12], nil)
check.eq(map[{}], nil)
check.eq(map[''], nil)
check.eq(map['.'], nil)
check.eq(map['..example.com'], 42)

local long = string.rep('a.', 127) .. 'b'
check.eq(#long, 255)
map[long] = 'long'
check.eq(map[long], 'long')
check.eq(map['x' .. long], nil)
map['*.b'] = 'b'
check.eq(map[string.rep('c.', 127) .. 'b'], 'b')
check.fails('a name has at most 255 bytes', function()
  map['x' .. long] = 1
end)
check.fails('a key must be a name, not boolean', function() map[true] = 1 end)
check.fails('a key must be a name, not table', kumo.domain_map.new,
  { [{}] = 1 })
check.fails('table expected', kumo.domain_map.new, 12)
