-- SPDX-License-Identifier: Apache-2.0
local kumo = require 'kumo'
local check = require 'check'
local new = require('kumo.regex_set_map').new

local map = new {
  hello = 'hello',
  bye = 'bye',
  later = 'bye',
  ['Good day'] = { 1 },
  ['^\\d+$'] = false,
}
check.eq(map['hello there'], 'hello')
check.eq(map['goodbye'], 'bye')
check.eq(map['see you later'], 'bye')
check.eq(map['Good day!'], { 1 })
check.eq(map['12'], false)
check.eq(map[12], false)
check.eq(map['not.set'], nil)
check.eq(map[''], nil)
check.eq(map[{}], nil)
-- What sorts first, byte by byte, goes first.
map = new { a = 2, ['.'] = 1, b = 3 }
check.eq(map['ab'], 1)
check.eq(new({ ['[a]'] = 1, a = 2, ['[a'  .. 'b]'] = 3 })['a'], 1)
check.eq(new()['x'], nil)
check.eq(new({})['x'], nil)

check.fails('cannot be changed', function() map.x = 1 end)
check.fails('cannot be changed', function() map[1] = 1 end)
check.fails("kumo.regex_set_map.new: '(': missing closing parenthesis", new,
  { ['('] = 1 })
check.fails('a key must be a pattern, not number', new, { 'x' })
check.fails('table expected', new, 'x')
check.fails('the text is not UTF-8', function() return map['\xff'] end)
map = new { ['(a+)+$'] = 1 }
check.fails('too many steps', function()
  return map[string.rep('a', 40) .. 'b']
end)

local many = {}
for i = 1, 500 do many['code ' .. i .. '\\b'] = i end
map = new(many)
check.eq(map['the code 77 it is'], 77)
check.eq(map['the code 500'], 500)
check.eq(map['the code 501'], nil)
