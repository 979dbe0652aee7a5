/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Header sections: fields lie one behind the other, none holds a line end that
 * is no fold, and the section is the same once it has been sent on.
 */
#include <assert.h>
#include <string.h>

#include "lib/base/text.h"
#include "lib/mail/charset.h"
#include "lib/mail/data.h"
#include "lib/mail/header.h"
#include "lib/mail/trace.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
field_check(struct span message, size_t at, const struct header_field *f)
{
	const char *p = f->value.p, *end = p + f->value.len;

	assert(f->whole.p == message.p + at && f->name.p == f->whole.p);
	assert(f->name.len > 0 && f->whole.len > f->name.len);
	assert(end <= f->whole.p + f->whole.len);
	for (; p < end; p++) {
		if (*p != '\r' && *p != '\n')
			continue;
		if (*p == '\r' && p + 1 < end && p[1] == '\n')
			p++;
		assert(p + 1 < end && (p[1] == ' ' || p[1] == '\t'));
	}
}

static unsigned
scan(struct span message, const struct charsets *cs)
{
	struct buf text = { 0 }, json = { 0 };
	struct header_field f;
	struct header_scan s;
	size_t at = 0;

	header_scan_init(&s, message);
	while (header_next(&s, &f)) {
		field_check(message, at, &f);
		at += f.whole.len;
		assert(at == s.at);
		buf_clear(&text, SIZE_MAX);
		buf_reserve(&text, 1);
		header_unfold(f.value, &text);
		assert(memchr(buf_data(&text), '\n', buf_len(&text)) == NULL);
		header_decode(f.value, cs, &text);
		trace_supplemental_get(f.value, &json);
	}
	assert(s.end != HEADER_OPEN && s.at >= at && s.at <= message.len);
	buf_free(&text);
	buf_free(&json);
	return s.fields;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct charsets *cs;
	struct header_section section, again;
	struct span message = span_make(data, size);
	struct buf wire = { 0 }, sent = { 0 };
	struct data_out o;
	struct data_in d;
	size_t used;
	unsigned fields;

	if (cs == NULL)
		cs = charsets_open();
	fields = scan(message, cs);
	header_check(message, &section);
	assert(section.fields == fields);
	assert(section.fields_len <= section.body_at);

	data_out_to_buf(&o, &wire);
	data_out_add(&o, message);
	data_out_end(&o);
	data_in_init(&d, LINE_ENDINGS_DENY, 0, 0);
	buf_reserve(&sent, 1);
	data_in_feed(&d, buf_span(&wire), &sent, &used);
	header_check(buf_span(&sent), &again);
	assert(again.fields == section.fields);
	assert(again.received == section.received);
	buf_free(&wire);
	buf_free(&sent);
	return 0;
}
