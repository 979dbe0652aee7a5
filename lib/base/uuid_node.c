/* SPDX-License-Identifier: Apache-2.0 */
#include <ifaddrs.h>
#include <net/if.h>
#include <netpacket/packet.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "lib/base/clock.h"
#include "lib/base/log.h"
#include "lib/base/uuid.h"

/* From 15 October 1582 to 1970 (RFC 9562 section 5.1), in 100 ns. */
#define GREGORIAN UINT64_C(0x01b21dd213814000)

/* The address of a card, if it has one that says anything. */
static bool
card_address(const struct ifaddrs *i, uint8_t node[UUID_NODE_LEN])
{
	static const uint8_t none[UUID_NODE_LEN];
	struct sockaddr_ll ll;

	if (i->ifa_addr == NULL || i->ifa_addr->sa_family != AF_PACKET ||
	    (i->ifa_flags & IFF_LOOPBACK) != 0)
		return false;
	memcpy(&ll, i->ifa_addr, sizeof(ll));
	if (ll.sll_halen != UUID_NODE_LEN ||
	    memcmp(ll.sll_addr, none, UUID_NODE_LEN) == 0)
		return false;
	memcpy(node, ll.sll_addr, UUID_NODE_LEN);
	return true;
}

void
uuid_node_find(uint8_t node[UUID_NODE_LEN])
{
	struct ifaddrs *all = NULL, *i;
	bool found = false;
	uint32_t id;

	if (getifaddrs(&all) == 0) {
		for (i = all; i != NULL && !found; i = i->ifa_next)
			found = card_address(i, node);
		freeifaddrs(all);
	}
	if (found)
		return;
	/* The bit of group addresses says that it is no card's (6.10). */
	id = (uint32_t)gethostid();
	memset(node, 0, UUID_NODE_LEN);
	memcpy(node + 2, &id, sizeof(id));
	node[0] = 1;
}

/* The next time stamp; a clock set back changes the sequence (6.1). */
static uint64_t
stamp(struct uuid_clock *c)
{
	uint64_t now = (uint64_t)clock_wall_us() * 10 + GREGORIAN;

	if (!c->begun) {
		if (getrandom(&c->sequence, sizeof(c->sequence), 0) !=
		    (ssize_t)sizeof(c->sequence))
			fatal("getrandom");
		c->begun = true;
	}
	if (now > c->last) {
		c->last = now;
	} else if (c->last - now > 10000000) {
		c->sequence++;
		c->last = now;
	} else {
		c->last++;
	}
	return c->last;
}

static void
tail_put(const struct uuid_clock *c, struct uuid *id)
{
	id->b[8] = (uint8_t)(0x80 | (c->sequence >> 8 & 0x3f));
	id->b[9] = (uint8_t)c->sequence;
	memcpy(id->b + 10, c->node, UUID_NODE_LEN);
}

static void
big_endian(uint8_t *p, uint64_t value, unsigned bytes)
{
	while (bytes-- > 0) {
		p[bytes] = (uint8_t)value;
		value >>= 8;
	}
}

struct uuid
uuid_v1(struct uuid_clock *c)
{
	uint64_t t = stamp(c);
	struct uuid id;

	big_endian(id.b, t, 4);
	big_endian(id.b + 4, t >> 32, 2);
	big_endian(id.b + 6, (t >> 48 & 0x0fff) | 0x1000, 2);
	tail_put(c, &id);
	return id;
}

struct uuid
uuid_v6(struct uuid_clock *c)
{
	uint64_t t = stamp(c);
	struct uuid id;

	big_endian(id.b, t >> 12, 6);
	big_endian(id.b + 6, (t & 0x0fff) | 0x6000, 2);
	tail_put(c, &id);
	return id;
}
