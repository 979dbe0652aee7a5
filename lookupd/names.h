/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Look-ups of kumo.dns, with the resolvers of the configuration. All ask for
 * {name, resolver}: the text to look up and the resolver's name, without one
 * the default. What the DNS cannot say now fails the ask.
 */
#ifndef LOOKUPD_NAMES_H
#define LOOKUPD_NAMES_H

struct ask;

/*
 * LOOKUP_DNS_ADDR: {v4, v6: wanted; v6_first; fallback: the second family only
 * if the first has none}. Gives a list of addresses as text.
 */
void names_ask_addr(struct ask *a);
void names_cancel_addr(struct ask *a);
/*
 * LOOKUP_DNS_MX: gives {hosts, preferences, site_name, domain_name, is_mx,
 * is_domain_literal, is_secure}.
 */
void names_ask_mx(struct ask *a);
void names_cancel_mx(struct ask *a);
/* LOOKUP_DNS_PTR, of a name in .arpa: a list of names, empty for none. */
void names_ask_ptr(struct ask *a);
/* LOOKUP_DNS_TXT: a list of texts. */
void names_ask_txt(struct ask *a);
/* LOOKUP_DNS_RBL: {address, reason}, neither if it is not listed. */
void names_ask_rbl(struct ask *a);
/* Of PTR, TXT and RBL. */
void names_cancel(struct ask *a);

#endif
