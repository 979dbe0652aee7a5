-- SPDX-License-Identifier: Apache-2.0
local kumo = require 'kumo'
local check = require 'check'
local regex = require 'kumo.regex'
local compile = regex.compile

-- The examples of the documentation.
local re = compile "'(?<title>[^']+)'\\s+\\((?<year>\\d{4})\\)"
local text = "Not my favorite movie: 'Citizen Kane' (1941)."
check.eq(re:captures(text), { [0] = "'Citizen Kane' (1941)", 'Citizen Kane',
  '1941', title = 'Citizen Kane', year = '1941' })
check.eq(re:captures 'nothing', nil)
check.eq(compile('oo'):is_match 'foo', true)
check.eq(compile('oo'):is_match 'fo', false)
check.eq(compile('o+'):find 'food', 'oo')
check.eq(compile('o+'):find 'fooood', 'oooo')
check.eq(compile('o+'):find 'bar', nil)
check.eq(compile('\\b\\w{13}\\b'):find_all
  'Retroactively relinquishing remunerations is reprehensible.',
  { 'Retroactively', 'relinquishing', 'remunerations', 'reprehensible' })
check.eq(compile('[^01]+'):replace('1078910', ''), '1010')
re = compile '(?P<last>[^,\\s]+),\\s+(?P<first>\\S+)'
check.eq(re:replace('Springsteen, Bruce', '$first $last'), 'Bruce Springsteen')
check.eq(compile('[ \\t]+'):split 'a b \t  c\td    e',
  { 'a', 'b', 'c', 'd', 'e' })

-- A group without a part is not there.
check.eq(compile('(a)|(?<b>b)'):captures 'b', { [0] = 'b', [2] = 'b', b = 'b' })
check.eq(compile('a(x*)b'):captures 'ab', { [0] = 'ab', '' })

-- Replacements.
re = compile '(?<y>\\d+)-(\\d+)'
check.eq(re:replace('1-2 3-4', '<$2,$1>'), '<2,1> 3-4')
check.eq(re:replace_all('1-2 3-4', '${2}a$1'), '2a1 4a3')
check.eq(re:replacen('1-2 3-4 5-6', 2, '$0!'), '1-2! 3-4! 5-6')
check.eq(re:replacen('1-2 3-4 5-6', 0, '$y'), '1 3 5')
check.eq(re:replace('1-2', '$1a|$nope|${nope}|$9'), '|||')
check.eq(re:replace('1-2', '$$1 $ $'), '$1 $ $')
check.eq(re:replace('1-2', '${1'), '${1')
check.eq(re:replace('1-2', '$-${}$'), '$-$')
check.eq(re:replace('none', 'x'), 'none')
check.eq(compile('x*'):replace_all('abc', '-'), '-a-b-c-')
check.eq(compile('b*'):replace_all('abbc', '-'), '-a-c-')
check.eq(compile('é'):replace_all('éaé', 'e'), 'eae')
check.fails('wanted a number from 0 on', re.replacen, re, 'x', -1, '')
check.fails('string expected', re.replace, re, 'x')

-- Matches without bytes, of characters of several.
check.eq(compile('a*'):find_all 'baac', { '', 'aa', '' })
check.eq(compile(''):find_all 'hé', { '', '', '' })
check.eq(compile(''):split 'hé', { '', 'h', 'é', '' })
check.eq(compile(','):split ',a,', { '', 'a', '' })
check.eq(compile(','):split '', { '' })
check.eq(compile('(?=b)'):split 'abab', { 'a', 'ba', 'b' })
check.eq(compile('a\\Kb'):replace_all('abab', '-'), 'a-a-')
check.eq(compile('\\Ga'):find_all 'aab a', { 'a', 'a' })

-- What differs from PCRE2.
for _, row in ipairs {
  { '^a$', 'a\n', false }, { '(?m)^a$', 'b\na\n', true }, { 'a.b', 'a\rb', true },
  { 'a.b', 'a\nb', false }, { '(?s)a.b', 'a\nb', true }, { '\\w', 'é', true },
  { '\\d', '٣', true }, { '\\bé', 'aé', false }, { '(?i)É', 'é', true },
  { '^\\h+$', '09afAF', true }, { '\\h', ' g', false }, { '[\\h]', 'g', false },
  { '\\H', 'f', false }, { '\\v', '\v', true }, { '\\v', '\n', false },
  { '\\<foo\\>', 'a foo b', true }, { '\\<oo', 'foo', false },
  { '\\b{start}f', 'af', false }, { 'o\\b{end}', 'fo a', true },
  { '\\b{start-half}a', ' a', true }, { 'a\\b{end-half}', 'ab', false },
  { '\\u{e9}\\u00e9\\U000000e9\\xe9\\x{e9}', 'ééééé', true },
  { '^[a-z&&[^aeiou]]+$', 'xyz', true }, { '[a-z&&[^aeiou]]', 'aei', false },
  { '^[a-c--b]+$', 'ac', true }, { '[a-c--b]', 'b', false },
  { '^[a-c~~b-d]+$', 'ad', true }, { '[a-c~~b-d]', 'bc', false },
  { '^[x[0-9][^a-z]]+$', 'x5!', true }, { '[x[0-9]]', 'y', false },
  { '[^x[0-9]]', 'x5', false }, { '[^x[0-9]]', 'y', true },
  { '[^a-z&&[aeiou]]', 'e', false }, { '[^a-z&&[aeiou]]', 'x', true },
  { '^[[:alpha:]_]+$', 'ab_', true }, { '[[:^alpha:]]', 'ab', false },
  { '^[]a]+$', ']a', true }, { '[^]a]', ']a', false }, { '[a^]', '^', true },
  { '[a-]', '-', true }, { '[\\]\\[]', '[', true }, { '[a&]', '&', true },
  { '^(?:[a&&b]|c){2}$', 'cc', true }, { '^[\\w--\\d]{2}$', 'ab', true },
  { '(?<=[a-z&&[^b]])x', 'bx', false }, { '(?<=[a-z&&[^b]])x', 'ax', true },
  { '(?x) a b # [ \n c', 'abc', true }, { '(?x:a b)c d', 'abc d', true },
  { '(?x) [a b] \\ c', 'b c', true }, { '(?u)a', 'a', true },
  { '(?#comment)a', 'a', true }, { '\\O', '\n', true }, { '\\R', '\r\n', true },
  { '(a)\\1', 'aa', true }, { '(?<q>a)\\k<q>', 'aa', true },
  { '(?P<q>a)(?P=q)', 'ab', false }, { 'a(?!b)', 'ab', false },
  { '(?>a+)b', 'aab', true }, { 'a++b', 'aab', true },
  { '^\\p{L}\\p{Letter}\\p{Lu}\\p{^Number}\\P{Nd}\\pL$', 'abCdef', true },
  { '^\\p{Greek}+$', 'αβγ', true }, { '^[\\p{Uppercase_Letter}]$', 'É', true },
  { '(?U)a+', 'aaa', true }, { '\\Aa\\z', 'a\n', false }, { '\\Z', 'a\n', true },
  { '', '', true }, { 'a', '', false }, { '\\.', '.', true }, { '\\é', 'é', true },
} do
  check.eq(compile(row[1]):is_match(row[2]), row[3], row[1])
end
check.eq(compile('(?U)a+'):find 'aaa', 'a')
check.eq(compile('[a-c&&b]+'):find 'abbc', 'bb')

for pattern, why in pairs {
  ['('] = 'missing closing parenthesis', ['a{2,1}'] = 'out of order',
  ['['] = 'a class has no end', ['[a'] = 'a class has no end',
  ['[]'] = 'a class has no end', ['a\\'] = 'a backslash stands at the end',
  ['\\x{}'] = 'a code point', ['\\x{110000}'] = 'too large',
  ['\\u12'] = 'a code point', ['\\Qa\\E'] = 'kumo.regex.escape',
  ['\\C'] = 'the escape is not known', ['(*UTF)a'] = 'nothing to repeat',
  ['(?R)'] = 'flags', ['(?-u)a'] = 'flags', ['(?1)'] = 'this kind of group',
  ['(?C)'] = 'this kind of group', ['(?#a'] = 'a comment has no end',
  ['*a'] = 'quantifier', [')'] = 'unmatched', ['\\p{Nonsense}'] = 'unknown',
  ['\xff'] = 'it is not UTF-8', ['(?<a>x)(?<a>y)'] = 'two named',
  [string.rep('(', 300)] = 'groups are nested too deeply',
  [string.rep('[', 50)] = 'classes are nested too deeply',
  [string.rep('a', 70000)] = 'longer than 65536 bytes',
} do
  check.fails(why, compile, pattern)
end
check.fails("kumo.regex.compile: 'a(b': ", compile, 'a(b')
check.fails('string expected', compile)

-- Text must be UTF-8; what would take for ever ends.
re = compile '(a+)+$'
for _, method in ipairs { 'captures', 'is_match', 'find', 'find_all', 'split',
  'replace', 'replace_all' } do
  check.fails('the text is not UTF-8', re[method], re, 'a\xff', '')
end
for _, method in ipairs { 'is_match', 'replace_all' } do
  check.fails('too many steps', re[method], re, string.rep('a', 40) .. 'b', '')
end
check.fails('wanted Regex as argument 1', re.find, 'x', 'y')
check.fails("Regex has nothing called 'mach'", function() re:mach 'x' end)
check.eq(#compile('a'):find_all(string.rep('ab', 50000)), 50000)

check.eq(regex.escape 'a.b*c-d&e~f#g', 'a\\.b\\*c\\-d\\&e\\~f\\#g')
check.eq(regex.escape '', '')
local odd = '\\.+*?()|[]{}^$#&-~ aé\n'
check.eq(compile('^' .. regex.escape(odd) .. '$'):is_match(odd), true)
check.eq(compile('(?x)^' .. regex.escape '#a' .. '$'):is_match '#a', true)
