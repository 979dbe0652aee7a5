-- SPDX-License-Identifier: Apache-2.0
local kumo = require 'kumo'
local check = require 'check'
local time = require 'kumo.time'

-- ---- Time ----------------------------------------------------------------

local t = time.with_ymd_hms(2000, 01, 02, 03, 04, 05)
check.eq(tostring(t), '2000-01-02 03:04:05 UTC')
check.eq({ t.year, t.month, t.day, t.hour, t.minute, t.second },
  { 2000, 1, 2, 3, 4, 5 })
check.eq(t.unix_timestamp, 946782245)
check.eq(t.unix_timestamp_millis, 946782245000)
check.eq(t.rfc2822, 'Sun, 2 Jan 2000 03:04:05 +0000')
check.eq(t.rfc3339, '2000-01-02T03:04:05+00:00')
check.eq(math.type(t.unix_timestamp), 'integer')
check.eq(tostring(time.from_unix_timestamp(1)), '1970-01-01 00:00:01 UTC')
check.eq(tostring(time.from_unix_timestamp(1.5)),
  '1970-01-01 00:00:01.500 UTC')
t = time.from_unix_timestamp(1700000000.123456)
check.eq(t.rfc3339, '2023-11-14T22:13:20.123456+00:00')
check.eq(t.unix_timestamp, 1700000000)
check.eq(t.unix_timestamp_millis, 1700000000123)
t = time.from_unix_timestamp(-0.25)
check.eq(tostring(t), '1969-12-31 23:59:59.750 UTC')
check.eq(t.unix_timestamp, -1)
check.eq(t.unix_timestamp_millis, -250)
check.eq(time.with_ymd_hms(0, 1, 1, 0, 0, 0).unix_timestamp, -62167219200)
check.eq(time.with_ymd_hms(9999, 12, 31, 23, 59, 59).unix_timestamp,
  253402300799)
check.eq(time.with_ymd_hms(2024, 2, 29, 0, 0, 0).rfc2822,
  'Thu, 29 Feb 2024 00:00:00 +0000')

local now = time.now()
check.eq(math.abs(now.unix_timestamp - os.time()) <= 1, true)
check.eq(now.elapsed.seconds >= 0 and now.elapsed.seconds < 5, true)
check.eq((time.from_unix_timestamp(os.time() - 100)).elapsed.seconds // 10, 10)

for _, bad in ipairs { { 2023, 2, 29, 0, 0, 0 }, { 2023, 13, 1, 0, 0, 0 },
  { 2023, 0, 1, 0, 0, 0 }, { 2023, 1, 0, 0, 0, 0 }, { 2023, 4, 31, 0, 0, 0 },
  { 2023, 1, 1, 24, 0, 0 }, { 2023, 1, 1, 0, 60, 0 }, { 2023, 1, 1, 0, 0, 60 },
  { -1, 1, 1, 0, 0, 0 }, { 10000, 1, 1, 0, 0, 0 },
  { 1 << 40, 1, 1, 0, 0, 0 } } do
  check.fails('there is no such date', time.with_ymd_hms,
    table.unpack(bad))
end
check.fails('number expected', time.with_ymd_hms, 2023, 1, 1)
check.fails('not in the years 0000 to 9999', time.from_unix_timestamp, 1e15)
check.fails('the number is no time', time.from_unix_timestamp, 0 / 0)
check.fails('the number is no time', time.from_unix_timestamp, math.huge)
check.fails('number expected', time.from_unix_timestamp, 'x')

-- Operators.
local a = time.with_ymd_hms(2000, 1, 1, 0, 0, 0)
local b = time.with_ymd_hms(2000, 1, 2, 0, 0, 1)
local day = time.parse_duration '1day 1s'
check.eq(a == b, false)
check.eq(a == time.parse_rfc3339 '2000-01-01T00:00:00Z', true)
check.eq(a == 'x', false)
check.eq(a == day, false)
check.eq(a + day == b, true)
check.eq(b - day == a, true)
check.eq((b - a) == day, true)
check.eq((a - b).seconds, -86401.0)
check.fails('wanted TimeDelta as argument 2, got userdata',
  function() return a + b end)
check.fails('wanted TimeDelta as argument 2, got number',
  function() return a - 5 end)
check.fails('wanted Time as argument 1, got number',
  function() return 5 + a end)
check.fails('not in the years', function()
  return a + time.parse_duration '9000y'
end)
check.fails("Time has nothing called 'yer', did you mean 'year'?",
  function() return a.yer end)

-- ---- text ----------------------------------------------------------------

for _, row in ipairs {
  { '2000-01-02T03:04:05Z', '2000-01-02T03:04:05+00:00' },
  { '2000-01-02t03:04:05.1z', '2000-01-02T03:04:05.100+00:00' },
  { '2000-01-02 03:04:05.123456789+00:00',
    '2000-01-02T03:04:05.123456789+00:00' },
  { '2000-01-02T03:04:05-07:30', '2000-01-02T10:34:05+00:00' },
  { '1999-12-31T23:30:00+01:00', '1999-12-31T22:30:00+00:00' },
  { '2016-12-31T23:59:60Z', '2017-01-01T00:00:00+00:00' },
} do
  check.eq(time.parse_rfc3339(row[1]).rfc3339, row[2], row[1])
end
for _, bad in ipairs { '', 'x', '2000-01-02', '2000-01-02T03:04:05',
  '2000-1-02T03:04:05Z', '2000-01-02T03:04Z', '2000-01-02T03:04:05.Z',
  '2000-02-30T03:04:05Z', '2000-01-02T25:04:05Z', '2000-01-02T03:04:61Z',
  '2000-01-02T03:04:05+0100', '2000-01-02T03:04:05+24:00',
  '2000-01-02T03:04:05Zx', '0000-01-01T00:00:00+01:00', '\0' } do
  check.fails('kumo.time.parse_rfc3339: ', time.parse_rfc3339, bad)
end

for _, row in ipairs {
  { 'Sun, 2 Jan 2000 03:04:05 +0000', 946782245 },
  { '2 Jan 2000 03:04 +0000', 946782240 },
  { 'sun, 02 jan 2000 03:04:05 GMT', 946782245 },
  { 'Sun, 2 Jan 00 03:04:05 UT', 946782245 },
  { 'Sun, 2 Jan 100 03:04:05 UT', 946782245 },
  { '2 Jan 1999 03:04:05 EST', 915264245 },
  { '2 Jan 99 03:04:05 -0500', 915264245 },
  { '\t2 Jan 1999 03:04:05 PDT (Pacific (nested \\) it is))', 915271445 },
  { 'Sun (day) ,\r\n 2 (a) Jan\t2000 03 : 04 : 05 Z', 946782245 },
  { '1 Jul 2003 10:52:37 +0200', 1057049557 },
} do
  check.eq(time.parse_rfc2822(row[1]).unix_timestamp, row[2], row[1])
end
for _, bad in ipairs { '', 'Sun', 'Sun, 2 Jan 2000', 'Mon, 2 Jan 2000 03:04:05 Z',
  'Sun 2 Jan 2000 03:04:05 Z', 'Xyz, 2 Jan 2000 03:04:05 Z',
  '32 Jan 2000 03:04:05 Z', '30 Feb 2000 03:04:05 Z', '2 Foo 2000 03:04:05 Z',
  '2 Jan 2 03:04:05 Z', '2 Jan 20000 03:04:05 Z', '2 Jan 2000 3:04:05 Z',
  '2 Jan 2000 24:04:05 Z', '2 Jan 2000 03:04:05', '2 Jan 2000 03:04:05 +00:00',
  '2 Jan 2000 03:04:05 +2500', '2 Jan 2000 03:04:05 Z x',
  '2 Jan 2000 03:04:05 Z (open', '2 Jan\0 2000 03:04:05 Z' } do
  check.fails('kumo.time.parse_rfc2822: ', time.parse_rfc2822, bad)
end

-- The examples of strftime's codes, in chrono's documentation.
t = time.parse_rfc3339 '2001-07-08T00:34:59.026490+00:00'
for code, want in pairs {
  Y = '2001', C = '20', y = '01', m = '07', b = 'Jul', B = 'July', h = 'Jul',
  d = '08', e = ' 8', a = 'Sun', A = 'Sunday', w = '0', u = '7', U = '27',
  W = '27', G = '2001', g = '01', V = '27', j = '189', D = '07/08/01',
  x = '07/08/01', F = '2001-07-08', v = ' 8-Jul-2001', H = '00', k = ' 0',
  I = '12', l = '12', P = 'am', p = 'AM', M = '34', S = '59', f = '026490000',
  ['.f'] = '.026490', ['.3f'] = '.026', ['.6f'] = '.026490',
  ['.9f'] = '.026490000', ['3f'] = '026', ['6f'] = '026490',
  ['9f'] = '026490000', R = '00:34', T = '00:34:59', X = '00:34:59',
  r = '12:34:59 AM', Z = 'UTC', z = '+0000', [':z'] = '+00:00',
  ['::z'] = '+00:00:00', [':::z'] = '+00', q = '3',
  c = 'Sun Jul  8 00:34:59 2001', ['+'] = '2001-07-08T00:34:59.026490+00:00',
  s = '994552499', t = '\t', n = '\n', ['%'] = '%', ['-d'] = '8',
  ['_d'] = ' 8', ['0e'] = '08', ['-j'] = '189', ['_m'] = ' 7',
} do
  check.eq(t:format('<%' .. code .. '>'), '<' .. want .. '>', code)
end
check.eq(t:format '%H:%M:%S', '00:34:59')
check.eq(t:format '', '')
check.eq(t:format '100%', '100%')
check.eq(t:format '%! %-a %é', '%! %-a %é')
check.eq(time.with_ymd_hms(2005, 1, 1, 13, 0, 0):format '%G-W%V-%u %I%p %y',
  '2004-W53-6 01PM 05')
check.eq(time.with_ymd_hms(2008, 12, 30, 0, 0, 0):format '%G-W%V-%u %U %W',
  '2009-W01-2 52 52')
check.eq(time.with_ymd_hms(2010, 1, 3, 0, 0, 0):format '%G-W%V-%u %U %W',
  '2009-W53-7 01 00')
check.fails('the format is longer', t.format, t, string.rep('x', 5000))
check.fails('string expected', t.format, t)
check.fails('wanted Time as argument 1', t.format, 'x', '%Y')

-- ---- TimeDelta -----------------------------------------------------------

local d = time.parse_duration '1h 30m'
check.eq(d.seconds, 5400.0)
check.eq(math.type(d.seconds), 'float')
check.eq({ d.milliseconds, d.microseconds, d.nanoseconds },
  { 5400000, 5400000000, 5400000000000 })
check.eq(d.human, '1h 30m')
check.eq(tostring(d), '1h 30m')
check.eq(d == time.parse_duration(5400), true)
check.eq(d == time.parse_duration(5400.5), false)
check.eq((time.parse_duration '10 seconds' - time.parse_duration(20)).seconds,
  -10.0)
check.eq((d + time.parse_duration(-0.5)).seconds, 5399.5)
check.eq(tostring(time.parse_duration '5m'), '5m')
for _, row in ipairs {
  { '5 minutes', 300, '5m' }, { '2h37min', 9420, '2h 37m' },
  { '32ms', 0.032, '32ms' }, { '1.5 days', 129600, '1day 12h' },
  { '3w', 1814400, '21days' }, { '1M', 2630016, '1month' },
  { '2 months', 5260032, '2months' }, { '1y 1d', 31644000, '1year 1day' },
  { '1day 1ns', 86400.000000001, '1day 1ns' }, { '4.2s', 4.2, '4s 200ms' },
  { '7us', 7e-6, '7us' }, { '1500us', 0.0015, '1ms 500us' }, { '0s', 0, '0s' },
  { ' 1h\t1s ', 3601, '1h 1s' }, { '3000ms', 3, '3s' },
  { '90s', 90, '1m 30s' }, { 2, 2, '2s' }, { 0.25, 0.25, '250ms' },
  { -300, -300, '-5m' }, { -0.25, -0.25, '-250ms' },
  { -1.75, -1.75, '-1s 750ms' }, { 1e9, 1e9, '31years 8months 7days 19h 17m 52s' },
} do
  local v = time.parse_duration(row[1])
  check.eq(v.seconds, row[2] + 0.0, row[1])
  check.eq(v.human, row[3], row[1])
end
check.eq(time.parse_duration(-0.0015).microseconds, -1500)
check.eq(time.parse_duration(-0.0015).milliseconds, -1)
check.eq(time.parse_duration(0.0015).milliseconds, 1)
for _, bad in ipairs { '', 'x', '5', '5 parsecs', 'm', '1.s', '-5m', '1h 30',
  '.5s', '5m!', '99999999999999999999y', '9999999999999y', '1\0s' } do
  check.fails('kumo.time.parse_duration: ', time.parse_duration, bad)
end
check.fails('number expected', time.parse_duration, {})
check.fails('no span of time', time.parse_duration, 0 / 0)
check.fails('the span of time is too long', function()
  return time.parse_duration(math.maxinteger) + time.parse_duration(1)
end)
check.fails('the span of time is too long', function()
  return time.parse_duration(math.mininteger) - time.parse_duration(1)
end)
check.fails('the span of time is too long', function()
  return time.parse_duration '300y'.nanoseconds
end)
check.eq(#time.parse_duration(math.mininteger).human > 10, true)
check.fails("TimeDelta has nothing called 'second'", function()
  return d.second
end)

-- ---- timers --------------------------------------------------------------

local timer = time.start_timer 'a-part'
local seconds = timer:done()
check.eq(seconds >= 0 and seconds < 5, true)
check.eq(timer:done(), nil)
do
  local closed <close> = time.start_timer('another')
end
check.fails('string expected', time.start_timer)
check.fails("Timer has nothing called 'stop'", function() timer:stop() end)
check.eq(time.sleep, kumo.sleep)
check.fails('only an event handler may', time.sleep, 1)
