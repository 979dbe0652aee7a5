-- SPDX-License-Identifier: Apache-2.0
local kumo = require 'kumo'
local check = require 'check'
local redis = require 'redis'

local conn = redis.open { node = 'redis://127.0.0.1/' }
redis.open { node = { 'redis://a', 'redis://b:1' }, pool_size = 3,
  read_from_replicas = true, username = 'u', password = 'p',
  connect_timeout = '1s', wait_timeout = 2, response_timeout = '3 seconds',
  recycle_timeout = '10ms', cluster = true }
check.fails("'node'", redis.open, {})
check.fails('must begin with redis', redis.open, { node = 'http://x' })
check.fails('no URL of Redis', redis.open, { node = { 'redis://a', 'b' } })
check.fails('table expected', redis.open, 'redis://127.0.0.1/')
check.fails('pool_size', redis.open, { node = 'redis://a', pool_sice = 1 })
check.fails('pool_size', redis.open, { node = 'redis://a', pool_size = 0 })
check.fails('string expected', conn.query, conn)
check.fails('must be text', conn.query, conn, 'get', {})
check.fails('must be text', conn.query, conn, 'get', nil)
check.fails('loads the policy', conn.query, conn, 'get', 'x', 1, true)
check.fails('wanted redis connection', conn.query, {}, 'get')
check.fails('init', kumo.configure_redis_throttles, { node = 'redis://a' })
