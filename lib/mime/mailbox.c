/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/mime/mailbox.h"

#include "lib/mail/chars.h"
#include "lib/mail/header.h"
#include "lib/mime/scan.h"
#include "lib/mime/word.h"

enum { WORD_BYTES = CHAR_ATEXT | CHAR_8BIT };

/*
 * The words before an address, while it is not known yet whether they are its
 * local part or a name.
 */
struct words {
	struct buf phrase; /* joined by blanks */
	struct buf local;  /* joined as a local part */
	size_t n;
	bool dotted;  /* ends in a dot */
	bool broken;  /* two words without a dot between: no local part */
	bool quoted;
};

struct parser {
	struct scan s;
	struct arena *a;
	const struct charsets *charsets;
	size_t n; /* mailboxes and groups so far */
};

static void
words_clear(struct words *w)
{
	buf_clear(&w->phrase, 4096);
	buf_clear(&w->local, 4096);
	buf_reserve(&w->phrase, 1);
	buf_reserve(&w->local, 1);
	w->n = 0;
	w->dotted = w->broken = w->quoted = false;
}

static void
words_free(struct words *w)
{
	buf_free(&w->phrase);
	buf_free(&w->local);
}

/* ---- reading ------------------------------------------------------------ */

static void
word_begin(struct words *w)
{
	if (w->n != 0 && !w->dotted) {
		buf_add_byte(&w->phrase, ' ');
		w->broken = true;
	}
	w->n++;
	w->dotted = false;
}

/* Words and dots as far as they go. */
static int
words_read(struct parser *r, struct words *w)
{
	size_t before;
	struct span run;

	words_clear(w);
	for (;;) {
		scan_skip(&r->s);
		if (scan_peek(&r->s) == '"') {
			word_begin(w);
			w->quoted = true;
			before = buf_len(&w->phrase);
			if (scan_quoted(&r->s, &w->phrase) != 0)
				return -1;
			buf_add_span(&w->local, span_from(
			    buf_span(&w->phrase), before));
			continue;
		}
		if (scan_take(&r->s, '.')) {
			/* J. Doe: wrong without quotes, and common. */
			w->dotted = true;
			buf_add_byte(&w->phrase, '.');
			buf_add_byte(&w->local, '.');
			if (scan_peek(&r->s) == ' ') {
				buf_add_byte(&w->phrase, ' ');
				w->broken = true;
			}
			continue;
		}
		run = scan_run(&r->s, WORD_BYTES);
		if (run.len == 0)
			return 0;
		word_begin(w);
		buf_add_span(&w->phrase, run);
		buf_add_span(&w->local, run);
	}
}

static struct span
words_name(struct parser *r, const struct words *w)
{
	struct buf text = { 0 };
	struct span name;

	if (w->n == 0)
		return span_make(NULL, 0);
	header_decode(buf_span(&w->phrase), r->charsets, &text);
	name = buf_len(&text) == 0 ? span_make(NULL, 0) :
	    arena_span(r->a, buf_span(&text));
	buf_free(&text);
	return name;
}

static int
words_local(struct parser *r, const struct words *w, struct span *out)
{
	if (w->n == 0 || w->broken)
		return scan_fault(&r->s, "an address has a bad local part");
	*out = arena_span(r->a, buf_span(&w->local));
	return 0;
}

/* Behind the "@". Blanks around the dots are of the obsolete form. */
static int
domain_read(struct parser *r, struct span *out)
{
	struct buf text = { 0 };
	struct span run;
	bool literal;

	buf_reserve(&text, 1);
	scan_skip(&r->s);
	literal = scan_peek(&r->s) == '[';
	for (;;) {
		run = literal ? scan_until(&r->s, ">,;") :
		    scan_run(&r->s, WORD_BYTES);
		buf_add_span(&text, run);
		scan_skip(&r->s);
		if (literal || !scan_take(&r->s, '.'))
			break;
		buf_add_byte(&text, '.');
		scan_skip(&r->s);
	}
	*out = arena_span(r->a, buf_span(&text));
	buf_free(&text);
	if (out->len == 0 || (literal && out->p[out->len - 1] != ']'))
		return scan_fault(&r->s, "an address has a bad domain");
	return 0;
}

/* "@a,@b:" before the address, obsolete and without meaning. */
static int
route_skip(struct parser *r)
{
	struct span lost;

	scan_skip(&r->s);
	if (scan_peek(&r->s) != '@')
		return 0;
	while (scan_take(&r->s, '@') || scan_take(&r->s, ',')) {
		scan_skip(&r->s);
		if (scan_peek(&r->s) != '@' && scan_peek(&r->s) != ',' &&
		    domain_read(r, &lost) != 0)
			return -1;
		scan_skip(&r->s);
	}
	return scan_take(&r->s, ':') ? 0 :
	    scan_fault(&r->s, "an address has a bad route");
}

static int
angle_read(struct parser *r, struct mime_mailbox *m)
{
	struct words w = { .n = 0 };
	int rc = -1;

	if (route_skip(r) == 0 && words_read(r, &w) == 0) {
		if (!scan_take(&r->s, '@'))
			scan_fault(&r->s, "an address has no domain");
		else if (words_local(r, &w, &m->local) == 0 &&
		    domain_read(r, &m->domain) == 0)
			rc = scan_take(&r->s, '>') ? 0 :
			    scan_fault(&r->s, "an address lacks its \">\"");
	}
	words_free(&w);
	return rc;
}

static struct mime_mailbox *
mailbox_new(struct parser *r)
{
	if (r->n++ == MIME_ADDRESSES_MAX) {
		scan_fault(&r->s, "there are too many addresses");
		return NULL;
	}
	return arena_alloc(r->a, sizeof(struct mime_mailbox));
}

/* Behind its words: "@domain" or "<addr>". */
static struct mime_mailbox *
mailbox_read(struct parser *r, const struct words *w)
{
	struct mime_mailbox *m = mailbox_new(r);

	if (m == NULL)
		return NULL;
	m->name = span_make(NULL, 0);
	if (scan_take(&r->s, '@')) {
		if (words_local(r, w, &m->local) != 0 ||
		    domain_read(r, &m->domain) != 0)
			return NULL;
		return m;
	}
	if (!scan_take(&r->s, '<')) {
		scan_fault(&r->s, w->n == 0 ? "an address was expected" :
		    "an address has no domain");
		return NULL;
	}
	m->name = words_name(r, w);
	return angle_read(r, m) == 0 ? m : NULL;
}

/* Between two of a list: commas, of which some may be too many. */
static bool
list_next(struct parser *r, bool first)
{
	bool comma = first;

	for (;;) {
		scan_skip(&r->s);
		if (!scan_take(&r->s, ','))
			break;
		comma = true;
	}
	return comma;
}

static int
group_read(struct parser *r, struct mime_address *group)
{
	struct mime_mailbox **tail = &group->list;
	struct words w = { .n = 0 };
	bool first = true;
	int rc = -1;

	for (;;) {
		if (!list_next(r, first)) {
			if (scan_take(&r->s, ';'))
				rc = 0;
			else
				scan_fault(&r->s, "a group lacks its \";\"");
			break;
		}
		if (scan_take(&r->s, ';')) {
			rc = 0;
			break;
		}
		if (words_read(r, &w) != 0 ||
		    (*tail = mailbox_read(r, &w)) == NULL)
			break;
		tail = &(*tail)->next;
		first = false;
	}
	words_free(&w);
	return rc;
}

static struct mime_address *
address_read(struct parser *r, bool groups, struct words *w)
{
	struct mime_address *address = arena_alloc(r->a, sizeof(*address));

	if (words_read(r, w) != 0)
		return NULL;
	if (groups && w->n != 0 && scan_take(&r->s, ':')) {
		if (r->n++ == MIME_ADDRESSES_MAX) {
			scan_fault(&r->s, "there are too many addresses");
			return NULL;
		}
		address->is_group = true;
		address->name = words_name(r, w);
		return group_read(r, address) == 0 ? address : NULL;
	}
	address->list = mailbox_read(r, w);
	return address->list != NULL ? address : NULL;
}

static int
list_read(struct parser *r, enum mime_address_kind kind,
    struct mime_addresses *out)
{
	struct mime_address **tail = &out->first;
	struct words w = { .n = 0 };
	bool first = true;
	int rc = -1;

	for (;;) {
		if (!list_next(r, first)) {
			if (!scan_more(&r->s))
				rc = 0;
			else
				scan_fault(&r->s, "text behind an address");
			break;
		}
		if (!scan_more(&r->s)) {
			rc = 0;
			break;
		}
		*tail = address_read(r, kind == MIME_ADDRESS_LIST, &w);
		if (*tail == NULL)
			break;
		tail = &(*tail)->next;
		out->n++;
		first = false;
	}
	words_free(&w);
	return rc;
}

int
mime_addresses_parse(struct arena *a, const struct charsets *charsets,
    struct span text, enum mime_address_kind kind, struct mime_addresses *out,
    const char **why_out)
{
	struct parser r = { .s = scan_of(text), .a = a, .charsets = charsets };
	int rc;

	*out = (struct mime_addresses){ NULL, 0 };
	rc = list_read(&r, kind, out);
	if (rc == 0 && kind == MIME_ONE_MAILBOX && out->n != 1)
		rc = scan_fault(&r.s, "wanted one address");
	if (rc == 0 && kind == MIME_MAILBOX_LIST && out->n == 0)
		rc = scan_fault(&r.s, "there is no address");
	*why_out = r.s.why;
	return rc;
}

/* ---- writing ------------------------------------------------------------ */

static bool
is_dot_atom(struct span s)
{
	bool atom = false;
	size_t i;

	for (i = 0; i < s.len; i++) {
		if (char_is(s.p[i], WORD_BYTES))
			atom = true;
		else if (s.p[i] == '.' && atom)
			atom = false;
		else
			return false;
	}
	return atom;
}

void
mime_addr_spec_put(const struct mime_mailbox *m, struct buf *out)
{
	size_t i;

	if (is_dot_atom(m->local)) {
		buf_add_span(out, m->local);
	} else {
		buf_add_byte(out, '"');
		for (i = 0; i < m->local.len; i++) {
			if (m->local.p[i] == '"' || m->local.p[i] == '\\')
				buf_add_byte(out, '\\');
			buf_add_byte(out, (uint8_t)m->local.p[i]);
		}
		buf_add_byte(out, '"');
	}
	buf_add_byte(out, '@');
	buf_add_span(out, m->domain);
}

static void
mailboxes_put(const struct mime_mailbox *m, struct buf *out)
{
	const struct mime_mailbox *first = m;

	for (; m != NULL; m = m->next) {
		if (m != first)
			buf_add_str(out, ",\r\n\t");
		if (m->name.p != NULL && m->name.len != 0) {
			mime_phrase_put(m->name, false, out);
			buf_add_byte(out, ' ');
		}
		buf_add_byte(out, '<');
		mime_addr_spec_put(m, out);
		buf_add_byte(out, '>');
	}
}

void
mime_addresses_put(const struct mime_addresses *list, struct buf *out)
{
	const struct mime_address *at;

	for (at = list->first; at != NULL; at = at->next) {
		if (at != list->first)
			buf_add_str(out, ",\r\n\t");
		if (at->is_group) {
			mime_phrase_put(at->name, true, out);
			buf_add_byte(out, ':');
		}
		mailboxes_put(at->list, out);
		if (at->is_group)
			buf_add_byte(out, ';');
	}
}
