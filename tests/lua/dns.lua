-- SPDX-License-Identifier: Apache-2.0
local kumo = require 'kumo'
local check = require 'check'
local dns = require 'kumo.dns'

check.eq(kumo.dns, dns, 'both are one table')

-- RFC 5782 section 2.1 and 2.4; RFC 3596 section 2.5.
check.eq(dns.reverse_ip('192.0.2.99'), '99.2.0.192')
check.eq(dns.ptr_host('192.0.2.99'), '99.2.0.192.in-addr.arpa')
check.eq(dns.reverse_ip('2001:db8:1:2:3:4:567:89ab'),
  'b.a.9.8.7.6.5.0.4.0.0.0.3.0.0.0.2.0.0.0.1.0.0.0.8.b.d.0.1.0.0.2')
check.eq(dns.ptr_host('::1'), '1' .. ('.0'):rep(31) .. '.ip6.arpa')
check.fails("'1.2.3' is no IP address", dns.reverse_ip, '1.2.3')
check.fails("'x' is no IP address", dns.ptr_host, 'x')

-- Declarations are for pre_init and init.
for _, name in ipairs { 'configure_resolver', 'configure_unbound_resolver',
  'configure_test_resolver', 'define_resolver', 'set_mx_timeout',
  'set_mx_negative_cache_ttl', 'set_mx_concurrency_limit',
  'set_mta_sts_enabled' } do
  check.fails('kumo.dns.' .. name .. ' must be called inside', dns[name], {})
end
check.fails('not part of this version', dns.configure_test_mta_sts)
check.fails('/no/such/file: not read when the configuration was loaded',
  dns.load_resolv_conf, '/no/such/file')

-- Arguments are looked at first; then there is nobody to ask.
check.fails('cannot reach the outside while it loads', dns.lookup_addr,
  'a.test')
check.fails('cannot reach the outside while it loads', dns.lookup_mx, 'a.test')
check.fails('cannot reach the outside while it loads', dns.lookup_ptr, '::1')
check.fails('cannot reach the outside while it loads', dns.lookup_txt, 'a.test')
check.fails('cannot reach the outside while it loads', dns.rbl_lookup,
  '[::1]:25', 'rbl.test', 'name')
check.fails('is no name', dns.lookup_addr, '')
check.fails('is no name', dns.lookup_mx, ('a'):rep(1025))
check.fails('string expected', dns.lookup_txt)
check.fails('string expected', dns.lookup_txt, 'a.test', {})
check.fails('is not one of Ipv4AndIpv6', dns.lookup_addr, 'a', nil, 'ipv4only')
check.fails("'a.test' is no IP address", dns.lookup_ptr, 'a.test')
check.fails('is no IP address, with or without a port', dns.rbl_lookup, 'a',
  'rbl.test')
check.fails("the list's domain has 1 to 254 bytes", dns.rbl_lookup, '::1', '')
check.fails("the list's domain has 1 to 254 bytes", dns.rbl_lookup, '::1',
  ('a'):rep(255))
