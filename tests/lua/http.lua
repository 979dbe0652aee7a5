-- SPDX-License-Identifier: Apache-2.0
local kumo = require 'kumo'
local check = require 'check'
local http = require 'kumo.http'

check.eq(kumo.http, http, 'both are one table')

-- ---- addresses ------------------------------------------------------------------

local build = http.build_url
check.eq(build('https://example.com/?existing=value', { a = 1, b = 2 }),
  'https://example.com/?existing=value&a=1&b=2')
check.eq(build('https://example.com', { a = 'x' }), 'https://example.com/?a=x')
check.eq(build('HTTP://Example.COM:80/a/../b?', { q = 'a b&c' }),
  'http://example.com/b?q=a+b%26c')
check.eq(build('http://u:p@h/x#frag', { ['ü'] = 'ß', z = 1.5 }),
  'http://u:p@h/x?z=1.5&%C3%BC=%C3%9F#frag')
check.eq(build('http://h/x', {}), 'http://h/x')
check.fails("'nowhere' is no address: it begins with neither", build, 'nowhere',
  { a = 1 })
check.fails('it must begin with http:// or https://', build, 'ws://h/', {})
check.fails('it has no host', build, 'http://', {})
check.fails('table expected', build, 'http://h/')
check.fails('wanted a table of names and values', build, 'http://h/', { 'a' })
check.fails('a value is neither text nor a number', build, 'http://h/',
  { a = true })
check.fails('a name or value is not UTF-8', build, 'http://h/', { a = '\255' })
check.fails('functions and objects are no data', build, 'http://h/',
  { a = print })

-- ---- clients --------------------------------------------------------------------

local client = http.build_client {}
for _, bad in ipairs {
  { { user_agnet = 'x' }, "no option is called 'user_agnet', did you mean " ..
    "'user_agent'?" },
  { { zzz = 1 }, "no option is called 'zzz'" },
  { { user_agent = 'a\nb' }, 'user_agent is text without control' },
  { { user_agent = 7 }, 'user_agent is text' },
  { { timeout = 'soon' }, 'build_client: timeout: wanted a duration' },
  { { timeout = 0 }, 'build_client: timeout: wanted a duration' },
  { { timeout = '2 days' }, 'at most a day' },
  { { pool_idle_timeout = true }, 'pool_idle_timeout: wanted a duration' },
  { { accept_invalid_certs = 'no' }, 'accept_invalid_certs is true or false' },
  { { connection_verbose = 1 }, 'connection_verbose is true or false' },
} do
  check.fails(bad[2], http.build_client, bad[1])
end
check.fails('table expected', http.build_client)
http.build_client { user_agent = 'x', timeout = '1 minute', pool_idle_timeout = 0,
  accept_invalid_certs = true, connection_verbose = false }
check.fails("http client has nothing called 'delete'", function()
  return client.delete
end)

-- ---- requests -------------------------------------------------------------------

for _, method in ipairs { 'get', 'post', 'put' } do
  check.fails('is no address', client[method], client, '/relative')
  check.fails('string expected', client[method], client)
end
local function request() return client:post 'http://h/' end
local r = request()
for name, args in pairs {
  header = { 'A', 'b' }, headers = { { A = 'b', C = 1 } },
  basic_auth = { 'user' }, bearer_auth = { 'token' }, body = { 'x' },
  form_url_encoded = { { a = 'b' } }, form_multipart_data = { { a = 'b' } },
  timeout = { '5s' },
} do
  check.eq(r[name](r, table.unpack(args)) == r, true, name .. ' is chained')
end
r:timeout(1.5)
r:basic_auth('user', 'secret')
check.fails("'A b' is no name of a field", r.header, r, 'A b', 'c')
check.fails("'' is no name of a field", r.header, r, '', 'c')
check.fails('the value of A holds control characters', r.header, r, 'A', 'b\nc')
check.fails('string expected', r.header, r, 'A')
check.fails('Transfer-Encoding is not for requests', r.header, r,
  'transfer-encoding', 'chunked')
check.fails('table expected', r.headers, r, 'A: b')
check.fails('the names of fields are text', r.headers, r, { 'b' })
check.fails('the value of A holds control characters', r.headers, r,
  { A = 'b\0' })
check.fails('cannot hold a colon', r.basic_auth, r, 'a:b', 'c')
check.fails('string expected', r.basic_auth, r)
check.fails('holds no control characters', r.bearer_auth, r, 'a\nb')
check.fails('string expected', r.body, r)
check.fails('table expected', r.form_url_encoded, r, 'a=b')
check.fails('a name or value is not UTF-8', r.form_url_encoded, r,
  { a = '\255' })
check.fails('table expected', r.form_multipart_data, r, 'a')
check.fails('wanted a table of names and values', r.form_multipart_data, r,
  { 'a' })
check.fails('neither text nor {data = text', r.form_multipart_data, r,
  { a = { file_name = 'x' } })
check.fails('file_name is text', r.form_multipart_data, r,
  { a = { data = 'x', file_name = 1 } })
check.fails('request:timeout: wanted a duration', r.timeout, r, 'soon')
check.fails('request:timeout: wanted a duration', r.timeout, r)
check.fails("http request has nothing called 'cookie'", function()
  return r.cookie
end)
check.fails('Content-Length is not that of the body', function()
  request():header('content-length', '4'):body('12345'):send()
end)
check.fails('wanted http request as argument 1', r.send, client)

-- Nobody is there to ask while the policy is loaded.
check.fails('cannot reach the outside while it loads', r.send, r)
check.fails('this kumo.http request was sent', r.send, r)
check.fails('this kumo.http request was sent', r.body, r, 'x')
request():header('content-length', '5'):body('12345')

client:close()
client:close()
check.fails('this kumo.http client was closed', client.get, client, 'http://h/')

-- ---- signatures -----------------------------------------------------------------

local function keys(more)
  local params = { access_key = { key_data = 'AK' },
    secret_key = { key_data = 'SK' }, region = 'r', service = 's' }
  for k, v in pairs(more or {}) do params[k] = v end
  return params
end
local signed = http.build_client({}):get 'http://h:8080/p?a=1&b'
check.eq(signed:aws_sign_v4(keys()) == signed, true)
signed:aws_sign_v4(keys { service = 's3', payload = 'x', session_token = 't',
  headers = { ['X-Amz-Meta'] = 'y' }, timestamp = '20150830T123600Z' })
check.fails('method is that of the request', signed.aws_sign_v4, signed,
  keys { method = 'GET' })
check.fails('uri is that of the request', signed.aws_sign_v4, signed,
  keys { uri = '/' })
check.fails('query_params is that of the request', signed.aws_sign_v4, signed,
  keys { query_params = {} })
check.fails("there is no 'acces_key', did you mean 'access_key'?",
  signed.aws_sign_v4, signed, { acces_key = 'x' })
check.fails('region is missing', signed.aws_sign_v4, signed,
  { access_key = { key_data = 'A' }, secret_key = { key_data = 'S' } })
check.fails('headers must be a table', signed.aws_sign_v4, signed,
  keys { headers = 'x' })
check.fails('table expected', signed.aws_sign_v4, signed)
check.fails("the query has 'a' twice, which cannot be signed", function()
  http.build_client({}):get('http://h/?a=1&a=2'):aws_sign_v4(keys())
end)

-- ---- WebSockets -----------------------------------------------------------------

local connect = http.connect_websocket
check.fails('it must begin with ws:// or wss://', connect, 'http://h/')
check.fails("'nowhere' is no address", connect, 'nowhere')
check.fails('string expected', connect)
check.fails('cannot reach the outside while it loads', connect, 'wss://h/')
