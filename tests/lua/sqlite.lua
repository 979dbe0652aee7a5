-- SPDX-License-Identifier: Apache-2.0
local check = require 'check'
local sqlite = require 'sqlite'

local db = sqlite.open ':memory:'
sqlite.open('/nowhere/x.db', 0)
check.fails('string expected', sqlite.open)
check.fails('number expected', sqlite.open, 'x', 'soon')
check.fails('0 to 60000', sqlite.open, 'x', -1)
check.fails('0 to 60000', sqlite.open, 'x', 60001)
check.fails('string expected', db.execute, db)
check.fails('loads the policy', db.execute, db, 'SELECT 1')
check.fails('wanted sqlite database', db.execute, {}, 'SELECT 1')
local unused = sqlite.open 'y'
unused:close()
unused:close()
check.fails('was closed', unused.execute, unused, 'SELECT 1')
