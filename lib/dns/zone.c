/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/dns/zone.h"

#include <string.h>

#include "lib/base/text.h"

enum { TOKENS_MAX = 256, CHAIN_MAX = 8, TTL_DEFAULT = 3600 };

struct zone_record {
	struct zone_record *next;
	uint16_t type;
	uint32_t ttl;
	struct dns_record r;
};

/* Also the names between a zone's top and a name with records. */
struct zone_name {
	bool secure;
	struct zone_record *first, *last;
};

struct token {
	struct span text;
	bool quoted;
};

/* One entry: a logical line, which parentheses may spread over several. */
struct entry {
	struct token v[TOKENS_MAX];
	size_t n;
	int line;
	bool indented; /* no owner: that of the entry before */
};

struct parse_state {
	struct zones *z;
	struct span text;
	size_t at;
	int line;
	bool secure;
	bool has_origin, has_owner;
	char origin[DNS_NAME_MAX], owner[DNS_NAME_MAX];
	uint32_t ttl;
	const char *why;
};

static int
fail(struct parse_state *s, const char *why)
{
	s->why = why;
	return -1;
}

static int
quoted_token(struct parse_state *s, struct entry *e)
{
	size_t start = ++s->at;

	for (; s->at < s->text.len; s->at++) {
		if (s->text.p[s->at] == '"')
			break;
		if (s->text.p[s->at] == '\n')
			return fail(s, "a quoted text has no end");
	}
	if (s->at == s->text.len)
		return fail(s, "a quoted text has no end");
	e->v[e->n].text = span_make(s->text.p + start, s->at - start);
	e->v[e->n++].quoted = true;
	s->at++;
	return 0;
}

static void
plain_token(struct parse_state *s, struct entry *e)
{
	size_t start = s->at;

	while (s->at < s->text.len &&
	    strchr(" \t\r\n;()\"", s->text.p[s->at]) == NULL)
		s->at++;
	/* strchr() finds the NUL of its list: a NUL byte ends up here. */
	if (s->at == start)
		s->at++;
	e->v[e->n].text = span_make(s->text.p + start, s->at - start);
	e->v[e->n++].quoted = false;
}

/* 1: an entry, 0: the end, -1. */
static int
entry_read(struct parse_state *s, struct entry *e)
{
	unsigned depth = 0;
	char c;

	e->n = 0;
	e->line = s->line;
	e->indented = s->at < s->text.len &&
	    (s->text.p[s->at] == ' ' || s->text.p[s->at] == '\t');
	while (s->at < s->text.len) {
		c = s->text.p[s->at];
		if (c == '\n') {
			s->at++;
			s->line++;
			if (depth == 0)
				return 1;
		} else if (c == ' ' || c == '\t' || c == '\r') {
			s->at++;
		} else if (c == ';') {
			while (s->at < s->text.len &&
			    s->text.p[s->at] != '\n')
				s->at++;
		} else if (c == '(') {
			depth++;
			s->at++;
		} else if (c == ')') {
			if (depth-- == 0)
				return fail(s, "a parenthesis closes nothing");
			s->at++;
		} else if (e->n == TOKENS_MAX) {
			return fail(s, "an entry has too many words");
		} else if (c == '"') {
			if (quoted_token(s, e) == -1)
				return -1;
		} else {
			plain_token(s, e);
		}
	}
	if (depth != 0)
		return fail(s, "a parenthesis is not closed");
	return e->n != 0;
}

/* Letters, digits and what zones use besides; labels of 1 to 63. */
static bool
name_ok(const char *name)
{
	size_t label = 0;

	if (strcmp(name, ".") == 0)
		return true;
	for (; *name != '\0'; name++) {
		if (*name == '.') {
			if (label == 0)
				return false;
			label = 0;
		} else if (*name <= ' ' || *name >= 0x7f || *name == '\\' ||
		    ++label > 63) {
			return false;
		}
	}
	return label == 0;
}

/* The absolute name, lower-case with its dot. */
static int
name_make(struct parse_state *s, struct span t, char out[DNS_NAME_MAX])
{
	char name[DNS_NAME_MAX];
	size_t len = t.len, origin;

	if (span_eq_str(t, "@")) {
		if (!s->has_origin)
			return fail(s, "@ needs a $ORIGIN before it");
		strcpy(out, s->origin);
		return 0;
	}
	if (len == 0 || len > DNS_NAME_MAX - 2 || memchr(t.p, 0, len) != NULL)
		return fail(s, "this is no name");
	memcpy(name, t.p, len);
	if (name[len - 1] != '.') {
		if (!s->has_origin)
			return fail(s,
			    "a relative name needs a $ORIGIN before it");
		name[len++] = '.';
		origin = strcmp(s->origin, ".") == 0 ? 0 : strlen(s->origin);
		if (origin > DNS_NAME_MAX - 1 - len)
			return fail(s, "this name is too long");
		memcpy(name + len, s->origin, origin);
		len += origin;
	}
	name[len] = '\0';
	ascii_lower_all(name, len);
	if (!name_ok(name))
		return fail(s, "this is no name");
	strcpy(out, name);
	return 0;
}

static struct zone_name *
name_at(struct zones *z, const char *name, bool secure)
{
	struct zone_name *n = map_get(&z->names, span_of(name));

	if (n == NULL) {
		n = arena_alloc(&z->arena, sizeof(*n));
		n->secure = secure;
		map_set(&z->names, span_of(name), n);
	}
	return n;
}

/* The name and those above it up to the origin exist (RFC 8020). */
static struct zone_name *
name_declare(struct parse_state *s, const char *name)
{
	struct zone_name *n = name_at(s->z, name, s->secure);
	size_t len = strlen(name), origin = strlen(s->origin);

	if (!s->has_origin || len <= origin ||
	    strcmp(name + len - origin, s->origin) != 0)
		return n;
	while (strlen(name) > origin) {
		name_at(s->z, name, s->secure);
		name = strchr(name, '.') + 1;
	}
	name_at(s->z, s->origin, s->secure);
	return n;
}

static int
rdata_addr(struct parse_state *s, const struct token *v, size_t n,
    uint16_t type, struct dns_record *r)
{
	uint8_t family = type == DNS_A ? IP_V4 : IP_V6;

	if (n != 1 || ip_parse(v[0].text, &r->addr) == -1 ||
	    r->addr.family != family)
		return fail(s, type == DNS_A ? "A needs an IPv4 address" :
		    "AAAA needs an IPv6 address");
	return 0;
}

static int
rdata_name(struct parse_state *s, struct span text, struct dns_record *r)
{
	char name[DNS_NAME_MAX];

	if (name_make(s, text, name) == -1)
		return -1;
	r->name = arena_span(&s->z->arena, span_of(name));
	return 0;
}

static int
rdata_mx(struct parse_state *s, const struct token *v, size_t n,
    struct dns_record *r)
{
	uint64_t preference;

	if (n != 2 || text_u64(v[0].text, 0, 65535, &preference) == -1)
		return fail(s, "MX needs a preference and a host");
	r->preference = (uint16_t)preference;
	return rdata_name(s, v[1].text, r);
}

static int
rdata_txt(struct parse_state *s, const struct token *v, size_t n,
    struct dns_record *r)
{
	size_t i, len = 0;
	char *p;

	if (n == 0)
		return fail(s, "TXT needs a text");
	for (i = 0; i < n; i++) {
		if (v[i].text.len > 255)
			return fail(s, "a text is longer than 255 bytes");
		len += v[i].text.len;
	}
	p = arena_alloc(&s->z->arena, len + 1);
	for (len = 0, i = 0; i < n; i++) {
		if (v[i].text.len != 0)
			memcpy(p + len, v[i].text.p, v[i].text.len);
		len += v[i].text.len;
	}
	r->data = span_make(p, len);
	return 0;
}

static int
hex_digit(char c)
{
	if (ascii_digit(c))
		return c - '0';
	c = ascii_lower(c);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Association data in hexadecimal, which may be spread over words. */
static int
rdata_hex(struct parse_state *s, const struct token *v, size_t n,
    struct dns_record *r)
{
	size_t i, k, len = 0;
	uint8_t *p;
	int digit;

	for (i = 0; i < n; i++)
		len += v[i].text.len;
	if (len == 0 || len % 2 != 0)
		return fail(s, "TLSA data is not whole bytes");
	p = arena_alloc(&s->z->arena, len / 2);
	for (len = 0, i = 0; i < n; i++) {
		for (k = 0; k < v[i].text.len; k++, len++) {
			digit = hex_digit(v[i].text.p[k]);
			if (digit == -1)
				return fail(s, "TLSA data is not hexadecimal");
			p[len / 2] = (uint8_t)(p[len / 2] << 4 | digit);
		}
	}
	r->data = span_make(p, len / 2);
	return 0;
}

static int
rdata_tlsa(struct parse_state *s, const struct token *v, size_t n,
    struct dns_record *r)
{
	uint64_t usage, selector, matching;

	if (n < 4 || text_u64(v[0].text, 0, 255, &usage) == -1 ||
	    text_u64(v[1].text, 0, 255, &selector) == -1 ||
	    text_u64(v[2].text, 0, 255, &matching) == -1)
		return fail(s, "TLSA needs usage, selector, matching and data");
	r->usage = (uint8_t)usage;
	r->selector = (uint8_t)selector;
	r->matching = (uint8_t)matching;
	return rdata_hex(s, v + 3, n - 3, r);
}

static int
rdata_make(struct parse_state *s, const struct token *v, size_t n,
    uint16_t type, struct dns_record *r)
{
	switch (type) {
	case DNS_A:
	case DNS_AAAA:
		return rdata_addr(s, v, n, type, r);
	case DNS_MX:
		return rdata_mx(s, v, n, r);
	case DNS_TXT:
		return rdata_txt(s, v, n, r);
	case DNS_TLSA:
		return rdata_tlsa(s, v, n, r);
	case DNS_SOA:
		if (n != 7)
			return fail(s, "SOA needs two names and five numbers");
		return rdata_name(s, v[0].text, r);
	}
	if (n != 1)
		return fail(s, "this record needs one name");
	return rdata_name(s, v[0].text, r);
}

static const struct {
	const char *name;
	uint16_t type;
} types[] = {
	{ "A", DNS_A }, { "AAAA", DNS_AAAA }, { "MX", DNS_MX },
	{ "TXT", DNS_TXT }, { "CNAME", DNS_CNAME }, { "NS", DNS_NS },
	{ "SOA", DNS_SOA }, { "PTR", DNS_PTR }, { "TLSA", DNS_TLSA },
};

static uint16_t
type_of(struct span t)
{
	size_t i;

	for (i = 0; i < sizeof(types) / sizeof(*types); i++) {
		if (span_ieq_str(t, types[i].name))
			return types[i].type;
	}
	return 0;
}

static int
ttl_of(struct span t, uint32_t *out)
{
	int64_t ms;

	if (t.len == 0 || !ascii_digit(t.p[0]) ||
	    text_duration_ms(t, &ms) == -1 || ms < 0 ||
	    ms / 1000 > DNS_TTL_MAX * INT64_C(100))
		return -1;
	ms /= 1000;
	*out = ms > DNS_TTL_MAX ? DNS_TTL_MAX : (uint32_t)ms;
	return 0;
}

static int
record_add(struct parse_state *s, uint16_t type, uint32_t ttl,
    const struct token *v, size_t n)
{
	struct zone_record *rec;
	struct zone_name *name;

	if (s->z->records == ZONE_RECORDS_MAX)
		return fail(s, "there are too many records");
	rec = arena_alloc(&s->z->arena, sizeof(*rec));
	rec->type = type;
	rec->ttl = ttl;
	if (rdata_make(s, v, n, type, &rec->r) == -1)
		return -1;
	name = name_declare(s, s->owner);
	if (name->last != NULL)
		name->last->next = rec;
	else
		name->first = rec;
	name->last = rec;
	s->z->records++;
	return 0;
}

static int
directive(struct parse_state *s, const struct entry *e)
{
	struct span word = e->v[0].text;

	if (span_ieq_str(word, "$ORIGIN")) {
		if (e->n != 2)
			return fail(s, "$ORIGIN needs one name");
		if (name_make(s, e->v[1].text, s->origin) == -1)
			return -1;
		s->has_origin = true;
		return 0;
	}
	if (span_ieq_str(word, "$TTL")) {
		if (e->n != 2 || ttl_of(e->v[1].text, &s->ttl) == -1)
			return fail(s, "$TTL needs a time");
		return 0;
	}
	return fail(s, "only $ORIGIN and $TTL are known");
}

/* [owner] [ttl] [class] type data; ttl and class in either order. */
static int
entry_take(struct parse_state *s, const struct entry *e)
{
	uint32_t ttl = s->ttl;
	size_t i = 0;
	uint16_t type = 0;

	if (e->n == 0)
		return 0;
	if (e->v[0].text.p[0] == '$' && !e->v[0].quoted)
		return directive(s, e);
	if (!e->indented) {
		if (name_make(s, e->v[i++].text, s->owner) == -1)
			return -1;
		s->has_owner = true;
	}
	if (!s->has_owner)
		return fail(s, "the first record has no name");
	for (; i < e->n && type == 0; i++) {
		if (span_ieq_str(e->v[i].text, "IN") ||
		    ttl_of(e->v[i].text, &ttl) == 0)
			continue;
		type = type_of(e->v[i].text);
		if (type == 0)
			return fail(s, "this type of record is not known");
	}
	if (type == 0)
		return fail(s, "a record has no type");
	return record_add(s, type, ttl, e->v + i, e->n - i);
}

int
zones_add(struct zones *z, struct span text, bool secure, int *line_out,
    const char **why_out)
{
	struct parse_state s = { .z = z, .text = text, .line = 1,
		.secure = secure, .ttl = TTL_DEFAULT };
	struct entry e;
	int got;

	*line_out = 0;
	*why_out = NULL;
	if (text.len > ZONE_TEXT_MAX) {
		*why_out = "the zone is too large";
		return -1;
	}
	while ((got = entry_read(&s, &e)) == 1) {
		if (entry_take(&s, &e) == -1) {
			got = -1;
			break;
		}
	}
	if (got == -1) {
		*line_out = e.line;
		*why_out = s.why;
	}
	return got;
}

/* Room for the dot, in lower case. */
static int
canonical(struct span name, char out[DNS_NAME_MAX])
{
	if (name.len == 0 || name.len > DNS_NAME_MAX - 2)
		return -1;
	memcpy(out, name.p, name.len);
	ascii_lower_all(out, name.len);
	if (out[name.len - 1] != '.')
		out[name.len++] = '.';
	out[name.len] = '\0';
	return 0;
}

void
zones_add_failing(struct zones *z, struct span name)
{
	char text[DNS_NAME_MAX];

	if (canonical(name, text) == 0)
		map_set(&z->failing, span_of(text), z);
}

void
zones_free(struct zones *z)
{
	map_free(&z->names, NULL);
	map_free(&z->failing, NULL);
	arena_free(&z->arena);
	memset(z, 0, sizeof(*z));
}

static const struct zone_record *
find_cname(const struct zone_name *n)
{
	const struct zone_record *rec;

	for (rec = n->first; rec != NULL; rec = rec->next) {
		if (rec->type == DNS_CNAME)
			return rec;
	}
	return NULL;
}

static void
collect(const struct zone_name *n, uint16_t type, struct dns_answer *out,
    struct arena *a)
{
	const struct zone_record *rec;
	size_t count = 0;

	for (rec = n->first; rec != NULL; rec = rec->next)
		count += rec->type == type;
	if (count > DNS_RECORDS_MAX)
		count = DNS_RECORDS_MAX;
	out->v = arena_alloc(a, count * sizeof(*out->v));
	for (rec = n->first; rec != NULL && out->n < count; rec = rec->next) {
		if (rec->type != type)
			continue;
		out->v[out->n++] = rec->r;
		if (rec->ttl < out->ttl)
			out->ttl = rec->ttl;
	}
}

void
zones_ask(const struct zones *z, const char *name, uint16_t type,
    struct dns_answer *out, struct arena *a)
{
	const struct zone_record *cname;
	const struct zone_name *n;
	char at[DNS_NAME_MAX];
	unsigned hops;

	memset(out, 0, sizeof(*out));
	out->ttl = DNS_TTL_MAX;
	out->secure = true;
	out->status = DNS_FAILED;
	if (canonical(span_of(name), at) == -1) {
		out->why = "this is no name";
		return;
	}
	for (hops = 0; hops < CHAIN_MAX; hops++) {
		if (map_get(&z->failing, span_of(at)) != NULL) {
			out->why = "the servers failed";
			return;
		}
		n = map_get(&z->names, span_of(at));
		out->secure = out->secure && n != NULL && n->secure;
		if (n == NULL) {
			out->status = DNS_NXDOMAIN;
			return;
		}
		collect(n, type, out, a);
		if (out->n != 0) {
			out->status = DNS_OK;
			return;
		}
		if ((cname = find_cname(n)) == NULL) {
			out->status = DNS_NODATA;
			return;
		}
		if (cname->ttl < out->ttl)
			out->ttl = cname->ttl;
		memcpy(at, cname->r.name.p, cname->r.name.len + 1);
	}
	out->why = "the aliases do not end";
}
