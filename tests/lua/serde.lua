-- SPDX-License-Identifier: Apache-2.0
local kumo = require 'kumo'
local check = require 'check'
local serde = require 'kumo.serde'
local eq, fails = check.eq, check.fails

eq(kumo.serde, serde, 'both are one table')

-- JSON in ------------------------------------------------------------------

eq(serde.json_parse '{"a": 1, "b": [true, null, 1.5, "x"], "c": {}}',
  { a = 1, b = { true, nil, 1.5, 'x' }, c = {} })
eq(math.type(serde.json_parse '1'), 'integer')
eq(math.type(serde.json_parse '1.0'), 'float')
eq(serde.json_parse '-9223372036854775808', math.mininteger)
eq(serde.json_parse '9223372036854775808', 2 ^ 63)
eq(serde.json_parse '1e3', 1000.0)
eq(serde.json_parse 'null', nil)
eq(serde.json_parse [["\u00e4\ud83d\ude00\n\/\\"]], 'ä😀\n/\\')
eq(serde.json_parse '{"a": 1, "a": 2}', { a = 2 })
eq(serde.json_parse [[
/* one */ { // two
  # three
  "a": /* four */ 1 // five
} # six]], { a = 1 })
eq(serde.json_parse '"/* no */ // no # no"', '/* no */ // no # no')

for text, why in pairs {
  ['{"a":1,}'] = 'line 1, column 8: a map wants a key',
  ['[1,\n 2\n 3]'] = 'line 3, column 2: a list wants',
  ['[1,]'] = 'line 1, column 4: this is no JSON value',
  ['{"a" 1}'] = 'column 6: a key wants',
  ['"äö\\x"'] = 'column 4: this is no escape',
  ['"\\ud800"'] = 'this is no escape',
  ['"a\nb"'] = 'a control character',
  ['"abc'] = 'a text does not end',
  ['"\xff"'] = 'not UTF-8',
  ['01'] = 'no JSON value',
  ['+1'] = 'no JSON value',
  ['.5'] = 'no JSON value',
  ['nan'] = 'no JSON value',
  [''] = 'the text ends',
  ['1 2'] = 'something follows',
  ['/* 1'] = 'a comment does not end',
} do
  fails(why, serde.json_parse, text)
end
fails('json_parse: line 1, column 65: nested too deep', serde.json_parse,
  ('['):rep(65) .. (']'):rep(65))
eq(#serde.json_parse(('['):rep(64) .. (']'):rep(64)), 1)
fails('string expected', serde.json_parse)
fails('string expected', serde.json_parse, {})

-- JSON out -----------------------------------------------------------------

eq(serde.json_encode { b = 2, a = 1, c = { 1, 2.5, 'x', false } },
  '{"a":1,"b":2,"c":[1,2.5,"x",false]}')
eq(serde.json_encode(nil), 'null')
eq(serde.json_encode(1.0), '1.0')
eq(serde.json_encode(0.1), '0.1')
eq(serde.json_encode(1e21), '1e21')
eq(serde.json_encode(1e-7), '1e-7')
eq(serde.json_encode(123456789.125), '123456789.125')
eq(serde.json_encode(0 / 0), 'null')
eq(serde.json_encode 'a"\n\0ä\xff', '"a\\"\\n\\u0000ä\u{fffd}"')
eq(serde.json_encode {}, '{}')
eq(serde.json_encode { [1] = 'a', x = 'b' }, '{"1":"a","x":"b"}')
eq(serde.json_encode(serde.json_parse '{"a":[],"b":{},"c":[1,null,3]}'),
  '{"a":[],"b":{},"c":[1,null,3]}')
eq(serde.json_encode_pretty { b = {}, a = { 1, { x = 'y: [],{}' } } }, [[
{
  "a": [
    1,
    {
      "x": "y: [],{}"
    }
  ],
  "b": {}
}]])
eq(serde.json_encode_pretty(serde.json_parse '[]'), '[]')
eq(serde.json_encode(kumo.make_egress_path { connection_limit = 7 })
  :match '"connection_limit":7' ~= nil, true)
fails('json_encode: functions and objects are no data', serde.json_encode,
  print)
fails('functions and objects', serde.json_encode, { a = { print } })
fails('value expected', serde.json_encode)
local round = {}
round.self = round
fails('too deep', serde.json_encode, round)
fails('keys of a table must be text', serde.json_encode, { [1.5] = 1 })

-- TOML in ------------------------------------------------------------------

eq(serde.toml_parse [==[
title = "x"
n = 1_000
f = 1.5
b = true
d = 1979-05-27T07:32:00Z
day = 1979-05-27
list = [1, [2], {a = 1}]
[a.b]
c = 'lit\n'
[[t]]
x = 1
[[t]]
]==], {
  title = 'x', n = 1000, f = 1.5, b = true, d = '1979-05-27T07:32:00Z',
  day = '1979-05-27', list = { 1, { 2 }, { a = 1 } },
  a = { b = { c = 'lit\\n' } }, t = { { x = 1 }, {} },
})
eq(serde.toml_parse '', {})
fails('toml_parse: line 2, column', serde.toml_parse, 'a = 1\nb = \n')
fails('line 2, column 5', serde.toml_parse, 'a = 1\na = 2')
fails('a key has too many parts', serde.toml_parse, ('a.'):rep(40) .. 'b = 1')
eq(serde.toml_parse('"' .. ('a.'):rep(40) .. '" = 1'), {
  [('a.'):rep(40)] = 1 })
fails('line 1', serde.toml_parse, 'a = ' .. ('['):rep(100) .. (']'):rep(100))
fails('larger than 4 MiB', serde.toml_parse, (' '):rep(4 * 1024 * 1024 + 1))

-- TOML out -----------------------------------------------------------------

local data = {
  name = 'x', list = { 1, 2 }, one = { 1 }, none = serde.json_parse '[]',
  empty = {}, only = { inner = { a = 1.0 } },
  rows = { { a = 1 }, { b = { c = true } } }, mixed = { 1, { a = 2 } },
  ['odd key'] = 'say "hi"', multi = 'a\nb', raw = [[c:\d]],
  both = [["'\]], ctl = '\1',
}
eq(serde.toml_encode(data), [=[
both = '''"'\'''
ctl = "\u0001"
list = [1, 2]
mixed = [1, { a = 2 }]
multi = """
a
b"""
name = "x"
none = []
"odd key" = 'say "hi"'
one = [1]
raw = 'c:\d'

[empty]

[only.inner]
a = 1.0

[[rows]]
a = 1

[[rows]]

[rows.b]
c = true
]=])
eq(serde.toml_encode_pretty { list = { 1, 2 }, one = { 1 }, e = {} }, [=[
list = [
    1,
    2,
]
one = [1]

[e]
]=])
eq(serde.toml_encode_pretty_compact { b = {}, a = { y = {}, x = 1 } }, [=[
b = {}

[a]
x = 1
y = {}
]=])
for _, write in ipairs { serde.toml_encode, serde.toml_encode_pretty,
  serde.toml_encode_pretty_compact } do
  eq(serde.toml_parse(write(data)), data)
  fails('a table of named values', write, { 1 })
  fails('a table of named values', write, 'x')
  fails('no word for nil', write, { a = { 1, nil, 3 } })
end

-- YAML ---------------------------------------------------------------------

eq(serde.yaml_parse [[
a: &x {k: 1, l: [~, yes, 0x10, 1.5]}
b: *x
c: |
  two
  lines
"d": !!str 12
e: !!float 3
]], {
  a = { k = 1, l = { nil, 'yes', 16, 1.5 } },
  b = { k = 1, l = { nil, 'yes', 16, 1.5 } },
  c = 'two\nlines\n', d = '12', e = 3.0,
})
eq(serde.yaml_parse '- 1\n- [2]', { 1, { 2 } })
eq(serde.yaml_parse '', nil)
eq(serde.yaml_parse 'x', 'x')
eq(serde.yaml_parse '<<: 1', { ['<<'] = 1 })
fails('yaml_parse: line 2, column 1: key \'a\' is there twice',
  serde.yaml_parse, 'a: 1\na: 2')
fails('line 1, column 4: no value before this one is called &x',
  serde.yaml_parse, 'a: *x')
fails('no value before', serde.yaml_parse, 'a: &x [*x]')
fails('is no value of the tag', serde.yaml_parse, '!!int x')
fails('is no value of the tag', serde.yaml_parse, '!thing x')
fails('not YAML', serde.yaml_parse, 'a: [1')
fails('only one document', serde.yaml_parse, 'a\n---\nb')
local bomb = { 'a0: &a0 [x, x, x, x, x, x, x, x, x]' }
for i = 1, 9 do
  local r = '*a' .. (i - 1)
  bomb[#bomb + 1] = ('a%d: &a%d [%s%s]'):format(i, i, (r .. ', '):rep(8), r)
end
fails('too many values', serde.yaml_parse, table.concat(bomb, '\n'))
local deep = { '- &a0 [x]' }
for i = 1, 70 do
  deep[#deep + 1] = ('- &a%d [*a%d]'):format(i, i - 1)
end
fails('nested too deep', serde.yaml_parse, table.concat(deep, '\n'))

eq(serde.yaml_encode {
  list = { 'a', { b = 1 } }, none = serde.json_parse '[]', map = {},
  word = 'yes', number = '1', text = 'plain text', f = 1.0, t = true,
  lines = 'a\nb\n', odd = 'a: b', time = '12:30', tilde = '~',
}, [[
f: 1.0
lines: |
  a
  b
list:
- a
- b: 1
map: {}
none: []
number: '1'
odd: 'a: b'
t: true
text: plain text
tilde: '~'
time: '12:30'
word: 'yes'
]])
eq(serde.yaml_encode 'x', 'x\n')
eq(serde.yaml_encode(nil), 'null\n')
fails('not UTF-8', serde.yaml_encode, { '\xff' })

-- files --------------------------------------------------------------------

eq(serde.json_load 'tests/lua/data/a.json', { a = { 1, 2 } })
eq(serde.toml_load 'tests/lua/data/a.toml', { a = { b = 1 } })
eq(serde.yaml_load 'tests/lua/data/a.yaml', { a = { 1, 2 } })
fails('json_load: tests/lua/data/bad.json:3:3: a map wants a key',
  serde.json_load, 'tests/lua/data/bad.json')
fails('toml_load: tests/lua/data/bad.json:1:', serde.toml_load,
  'tests/lua/data/bad.json')
fails('yaml_load: /nowhere: not read when the configuration was loaded',
  serde.yaml_load, '/nowhere')

-- old names ----------------------------------------------------------------

for _, name in ipairs { 'json_encode', 'json_encode_pretty', 'json_load',
  'json_parse', 'toml_encode', 'toml_encode_pretty', 'toml_load',
  'toml_parse' } do
  eq(kumo[name], serde[name], name)
end
