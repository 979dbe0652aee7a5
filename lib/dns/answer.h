/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the DNS said, as values. Reading a message (RFC 1035 section 4) is a
 * pure function of its bytes: no name longer than 255 bytes, no compression
 * pointer that goes forward, no more records than DNS_RECORDS_MAX.
 */
#ifndef LIB_DNS_ANSWER_H
#define LIB_DNS_ANSWER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/base/arena.h"
#include "lib/base/ip.h"
#include "lib/base/span.h"

enum dns_type {
	DNS_A = 1,
	DNS_NS = 2,
	DNS_CNAME = 5,
	DNS_SOA = 6,
	DNS_PTR = 12,
	DNS_MX = 15,
	DNS_TXT = 16,
	DNS_AAAA = 28,
	DNS_TLSA = 52,
};

enum {
	DNS_NAME_MAX = 256,     /* text with its trailing dot, and a NUL */
	DNS_RECORDS_MAX = 1000, /* of one answer */
	DNS_TTL_MAX = 604800,   /* seconds that any answer is believed */
};

enum dns_status {
	DNS_OK,       /* there are records */
	DNS_NODATA,   /* the name exists, the type does not */
	DNS_NXDOMAIN, /* no such name */
	DNS_FAILED,   /* servers silent, broken or not to be believed */
};

struct dns_record {
	uint16_t preference;  /* MX */
	uint8_t usage, selector, matching; /* TLSA */
	struct ip addr;       /* A, AAAA */
	struct span name;     /* MX, NS, CNAME, PTR: lower-case, ends in a dot;
			       * the root is "." */
	struct span data;     /* TXT: its strings joined; TLSA: association */
};

/* Records and texts live in the arena that the maker was given. */
struct dns_answer {
	enum dns_status status;
	bool secure;      /* validated by DNSSEC */
	uint32_t ttl;     /* seconds; also of a negative answer, 0 = unknown */
	const char *why;  /* of DNS_FAILED, else NULL */
	struct dns_record *v;
	size_t n;
};

/*
 * Lower-case text of the name at offset *at of msg, ending in a dot; *at moves
 * behind it. -1 for what is no name, or a label with a dot or a byte that is
 * not printable ASCII.
 */
int dns_name_read(struct span msg, size_t *at, char out[DNS_NAME_MAX]);
/* One record's data, rdata_len bytes at offset `at` of msg. 0 or -1. */
int dns_rdata_read(struct span msg, size_t at, size_t rdata_len, uint16_t type,
    struct dns_record *out, struct arena *a);
/*
 * The answers of `type` in a whole message; CNAMEs on the way are passed over.
 * A record that cannot be read is left out; a message that cannot be read is
 * DNS_FAILED. secure is left to the caller.
 */
void dns_message_read(struct span msg, uint16_t type, struct dns_answer *out,
    struct arena *a);

#endif
