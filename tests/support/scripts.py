# SPDX-License-Identifier: Apache-2.0
"""Lua that tells tests what it found, by refusing the message with it."""

import smtplib

SHOW = """
local function show(v)
  if type(v) == 'string' then return string.format('%q', v) end
  if type(v) ~= 'table' then return tostring(v) end
  local keys, out = {}, {}
  for k in pairs(v) do keys[#keys + 1] = k end
  table.sort(keys, function(a, b) return tostring(a) < tostring(b) end)
  for _, k in ipairs(keys) do
    out[#out + 1] = '[' .. show(k) .. '] = ' .. show(v[k])
  end
  return '{' .. table.concat(out, ', ') .. '}'
end
local probes = {}
kumo.on('smtp_server_message_received', function(msg)
  local probe = probes[msg:recipient().user]
  if not probe then return end
  local got = table.pack(pcall(probe))
  local out = {}
  for i = 2, got.n do
    out[#out + 1] = type(got[i]) == 'string' and got[i] or show(got[i])
  end
  local text = table.concat(out, ' | '):gsub('[^\\32-\\126]', '?')
  kumo.reject(got[1] and 550 or 554, text:sub(1, 900))
end)
"""


def ask(suite, probe):
    """What probes.PROBE gives, as (worked, text)."""
    try:
        suite.send(recipients=f"{probe}@to.test")
    except smtplib.SMTPDataError as error:
        return error.smtp_code == 550, error.smtp_error.decode()
    raise AssertionError(f"{probe} is no probe")
