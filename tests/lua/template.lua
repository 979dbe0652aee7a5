-- SPDX-License-Identifier: Apache-2.0
-- The dialects themselves: tests/unit/lib/template.
local kumo = require 'kumo'
local check = require 'check'
local eval = kumo.string.eval_template
local eq, fails = check.eq, check.fails

eq(eval('example.json', '{{name}}', { name = 'John' }), '"John"')
eq(eval('x.txt', '{{ response | normalize_smtp_response }}', {
  response = '250 OK ids=8a5475ccbbc611eda12250ebf67f93bd' }, 'Jinja'),
  '250 OK ids={uuid}')
eq(eval('x.html', '{{ a }}', { a = '<' }), '&lt;')
eq(eval('x', '{{ a }}', { a = '<' }), '<')
eq(eval('x', '{{ a }}{{#if b}}', {}, 'Static'), '{{ a }}{{#if b}}')
eq(eval('something.html', '{{{ name }}}', { name = 'A&B' }, 'Handlebars'),
  'A&B')
eq(eval('something.html', '{{ name }}', { name = 'A&B' }, 'Handlebars'),
  'A&amp;B')
eq(eval('x.txt', '{{ name }}', { name = 'A&B' }, 'Handlebars'), 'A&B')
eq(eval('x.html', '{{{ titleCase name }}}', { name = 'fred' }, 'Handlebars'),
  'Fred')
eq(eval('x.html',
  '{{#each children}}outer={{{outer}}} inner={{{inner}}}{{/each}}',
  { children = { { inner = 'inner' } }, outer = 'outer' }, 'Handlebars'),
  'outer=outer inner=inner')
fails("template 'test_name' line 1: there is no helper 'name'", eval,
  'test_name', "{{ name or 'Fred' }}", { name = 'John' }, 'Handlebars')

-- Values of Lua.
eq(eval('x', '{{ i }} {{ f }} {{ b }} {{ l }} {{ m }} {{ e }} [{{ no }}]', {
  i = 1, f = 1.0, b = true, l = { 1, 'x' }, m = { k = 'v' }, e = {},
}), '1 1.0 true [1, "x"] {"k": "v"} {} []')
eq(eval('x', "{{ 0|datetimeformat('iso', tz='Europe/Vienna') }}", {}),
  '1970-01-01T01:00:00+01:00')
eq(eval('x', '{{ "äö"|upper }}', {}), 'ÄÖ')

-- Errors.
fails("eval_template: template 'mine' line 2: there is no filter 'uper'", eval,
  'mine', '\n{{ a|uper }}', {})
fails("template 'mine' line 1: undefined value", eval, 'mine', '{{ a.b }}', {})
fails('more than', eval, 'x',
  '{% for a in range(9999) %}{% for b in range(9999) %}' ..
  '{% endfor %}{% endfor %}', {})
fails('functions and objects are no data', eval, 'x', '', { f = print })
fails('table expected', eval, 'x', '')
fails('string expected', eval, 'x', {}, {})
fails("invalid option 'jinja'", eval, 'x', '', {}, 'jinja')

-- Compiled once or not, the result is the same.
for i = 1, 600 do
  eq(eval('n' .. i % 300, '{{ i }}', { i = i }), tostring(i))
end
