/* SPDX-License-Identifier: Apache-2.0 */
/* Internet addresses as values, and sets of networks. */
#ifndef LIB_BASE_IP_H
#define LIB_BASE_IP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include "lib/base/buf.h"
#include "lib/base/span.h"
#include "lib/base/wire.h"

enum ip_family { IP_NONE = 0, IP_V4 = 4, IP_V6 = 6 };

/* An address and a port; port 0 where none is meant. */
struct ip {
	uint8_t family; /* enum ip_family */
	uint16_t port;
	uint8_t b[16]; /* network order; the first 4 for IPv4 */
};

enum { IP_TEXT_MAX = 64 };

/* "192.0.2.1", "::1", also "[::1]"; no port. 0 or -1. */
int ip_parse(struct span s, struct ip *out);
/* "192.0.2.1:25", "[::1]:25"; the port is required. 0 or -1. */
int ip_port_parse(struct span s, struct ip *out);
/* Without port: "192.0.2.1", "::1". Returns out. */
char *ip_format(const struct ip *a, char out[IP_TEXT_MAX]);
/* With port: "192.0.2.1:25", "[::1]:25". Returns out. */
char *ip_port_format(const struct ip *a, char out[IP_TEXT_MAX]);
int ip_from_sockaddr(const struct sockaddr *sa, struct ip *out);
/* Returns the length used in ss. */
socklen_t ip_to_sockaddr(const struct ip *a, struct sockaddr_storage *ss);
/* Same address, port aside. */
bool ip_eq(const struct ip *a, const struct ip *b);
void ip_put(struct buf *b, const struct ip *a);
void ip_get(struct reader *r, struct ip *out);

struct cidr {
	struct ip net;
	uint8_t bits;
};

struct cidr_set {
	struct cidr *v;
	size_t n;
};

/* "10.0.0.0/8", "::1", "192.0.2.0-192.0.2.255" is refused. 0 or -1. */
int cidr_parse(struct span s, struct cidr *out);
bool cidr_has(const struct cidr *c, const struct ip *a);
/* "10.0.0.0/8"; a whole-length prefix prints the address alone. */
char *cidr_format(const struct cidr *c, char out[IP_TEXT_MAX]);
void cidr_set_add(struct cidr_set *set, const struct cidr *c);
/* IPv4-mapped IPv6 addresses match as IPv4. */
bool cidr_set_has(const struct cidr_set *set, const struct ip *a);
void cidr_set_free(struct cidr_set *set);

#endif
