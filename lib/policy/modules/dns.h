/* SPDX-License-Identifier: Apache-2.0 */
/* The look-ups of kumo.dns; only for lib/policy/modules. */
#ifndef LIB_POLICY_MODULES_DNS_H
#define LIB_POLICY_MODULES_DNS_H

#include <lua.h>

struct ip;

/* "192.0.2.1" as "1.2.0.192", nibbles for IPv6, in out of at least 96. */
enum { DNS_REVERSED_MAX = 96 };
size_t dns_reverse(const struct ip *ip, char out[DNS_REVERSED_MAX]);
const char *dns_reverse_suffix(const struct ip *ip);

int dns_lookup_addr(lua_State *L);
int dns_lookup_mx(lua_State *L);
int dns_lookup_ptr(lua_State *L);
int dns_lookup_txt(lua_State *L);
int dns_rbl_lookup(lua_State *L);

#endif
