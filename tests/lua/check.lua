-- SPDX-License-Identifier: Apache-2.0
-- What the scripts beside this one are written with.
local check = { count = 0 }

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

local function same(a, b)
  if type(a) ~= 'table' or type(b) ~= 'table' then return a == b end
  for k, v in pairs(a) do if not same(v, b[k]) then return false end end
  for k in pairs(b) do if a[k] == nil then return false end end
  return true
end

-- got and want are alike, tables by what they hold.
function check.eq(got, want, what)
  check.count = check.count + 1
  if not same(got, want) then
    error((what or 'value') .. ': got ' .. show(got) .. ', want ' ..
      show(want), 2)
  end
end

-- f(...) raises an error in which the plain text stands.
function check.fails(text, f, ...)
  check.count = check.count + 1
  local ok, why = pcall(f, ...)
  if ok then error('no error, want ' .. show(text), 2) end
  if not tostring(why):find(text, 1, true) then
    error('error ' .. show(tostring(why)) .. ' lacks ' .. show(text), 2)
  end
end

return check
