/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/base/uuid.h"

#include <string.h>
#include <sys/random.h>

#include "lib/base/clock.h"
#include "lib/base/log.h"

static void
random_bytes(void *p, size_t len)
{
	if (getrandom(p, len, 0) != (ssize_t)len)
		fatal("getrandom");
}

static const uint8_t *
pool_take(struct uuid_maker *m, uint32_t len)
{
	const uint8_t *p;

	if (m->left < len) {
		random_bytes(m->pool, sizeof(m->pool));
		m->left = sizeof(m->pool);
	}
	p = m->pool + sizeof(m->pool) - m->left;
	m->left -= len;
	return p;
}

/*
 * 48 bits of milliseconds, version, 26 bits of counter that starts at a random
 * place in its lower half each millisecond, the rest random.
 */
struct uuid
uuid_next(struct uuid_maker *m)
{
	int64_t ms = clock_wall_ms();
	struct uuid id;
	uint32_t seed;
	int i;

	memcpy(id.b + 6, pool_take(m, UUID_LEN - 6), UUID_LEN - 6);
	if (ms > m->last_ms) {
		memcpy(&seed, &id.b[6], sizeof(seed));
		m->last_ms = ms;
		m->counter = seed & 0x1ffffff;
	} else if (++m->counter > 0x3ffffff) {
		m->last_ms++;
		m->counter = 0;
	}
	for (i = 0; i < 6; i++)
		id.b[i] = (uint8_t)(m->last_ms >> (40 - 8 * i));
	id.b[6] = (uint8_t)(0x70 | (m->counter >> 22 & 0x0f));
	id.b[7] = (uint8_t)(m->counter >> 14);
	id.b[8] = (uint8_t)(0x80 | (m->counter >> 8 & 0x3f));
	id.b[9] = (uint8_t)m->counter;
	return id;
}

struct uuid
uuid_random(void)
{
	struct uuid id;

	random_bytes(&id, sizeof(id));
	id.b[6] = (uint8_t)(0x40 | (id.b[6] & 0x0f));
	id.b[8] = (uint8_t)(0x80 | (id.b[8] & 0x3f));
	return id;
}

int64_t
uuid_time_ms(const struct uuid *id)
{
	int64_t ms = 0;
	int i;

	for (i = 0; i < 6; i++)
		ms = ms << 8 | id->b[i];
	return ms;
}

bool
uuid_eq(const struct uuid *a, const struct uuid *b)
{
	return memcmp(a, b, sizeof(*a)) == 0;
}

bool
uuid_is_zero(const struct uuid *a)
{
	static const struct uuid zero;

	return uuid_eq(a, &zero);
}

char *
uuid_hex(const struct uuid *id, char out[UUID_HEX_MAX])
{
	static const char digits[] = "0123456789abcdef";
	int i;

	for (i = 0; i < UUID_LEN; i++) {
		out[2 * i] = digits[id->b[i] >> 4];
		out[2 * i + 1] = digits[id->b[i] & 15];
	}
	out[32] = '\0';
	return out;
}

char *
uuid_text(const struct uuid *id, char out[UUID_TEXT_MAX])
{
	char hex[UUID_HEX_MAX];
	int i, at = 0;

	uuid_hex(id, hex);
	for (i = 0; i < 32; i++) {
		if (i == 8 || i == 12 || i == 16 || i == 20)
			out[at++] = '-';
		out[at++] = hex[i];
	}
	out[at] = '\0';
	return out;
}

static int
hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

int
uuid_parse(struct span s, struct uuid *out)
{
	struct uuid id;
	size_t at = 0;
	int i, high, low;

	if (s.len != 32 && s.len != 36)
		return -1;
	for (i = 0; i < UUID_LEN; i++) {
		if (s.len == 36 && (i == 4 || i == 6 || i == 8 || i == 10)) {
			if (s.p[at++] != '-')
				return -1;
		}
		high = hex_value(s.p[at]);
		low = hex_value(s.p[at + 1]);
		if (high < 0 || low < 0)
			return -1;
		id.b[i] = (uint8_t)(high << 4 | low);
		at += 2;
	}
	*out = id;
	return 0;
}

int
uuid_parse_any(struct span s, struct uuid *out)
{
	if (span_istarts(s, "urn:uuid:")) {
		s = span_from(s, 9);
		return s.len == 36 ? uuid_parse(s, out) : -1;
	}
	if (s.len == 38 && s.p[0] == '{' && s.p[37] == '}')
		s = span_make(s.p + 1, 36);
	return uuid_parse(s, out);
}
