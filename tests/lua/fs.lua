-- SPDX-License-Identifier: Apache-2.0
local kumo = require 'kumo'
local check = require 'check'

check.eq(kumo.fs, require 'kumo.fs')
for _, name in ipairs { 'glob', 'uncached_glob', 'read_dir' } do
  check.fails('string expected', kumo[name], {})
  check.fails('the loader did not ask', kumo[name], '/etc')
end
check.fails('0 to 86400', kumo.fs.glob, '/etc/*', '.', -1)
check.fails('the loader did not ask', kumo.fs.metadata_for_path, '/etc')
check.fails('the loader did not ask', kumo.fs.symlink_metadata_for_path, '/')
for _, mode in ipairs { '', 'x', 'rw', 'r++', 'b', '+', 'rbb', 'r+b+' } do
  check.fails('is no mode', kumo.fs.open, '/etc/hosts', mode)
end
for _, mode in ipairs { 'r', 'rb', 'w', 'wb', 'a', 'ab', 'r+', 'r+b', 'rb+',
  'w+', 'w+b', 'a+', 'a+b' } do
  check.fails('loads the policy', kumo.fs.open, '/etc/hosts', mode)
end
check.fails('loads the policy', kumo.fs.open, '/etc/hosts')
