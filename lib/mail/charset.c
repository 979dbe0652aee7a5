/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/mail/charset.h"

#include <errno.h>
#include <iconv.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/alloc.h"
#include "lib/base/text.h"

/*
 * Names in mail, and the C library's converter for each: often a superset,
 * because writers name the standard and send the vendor's extension. What we
 * write ourselves keeps to the standard, where that is another converter.
 */
static const struct {
	const char *name;
	const char *converter;
	const char *encoder; /* NULL: the converter */
} sets[] = {
	{ "iso-8859-2", "ISO-8859-2", NULL },
	{ "iso-8859-3", "ISO-8859-3", NULL },
	{ "iso-8859-4", "ISO-8859-4", NULL },
	{ "iso-8859-5", "ISO-8859-5", NULL },
	{ "iso-8859-6", "ISO-8859-6", NULL },
	{ "iso-8859-7", "ISO-8859-7", NULL },
	{ "iso-8859-8", "ISO-8859-8", NULL },
	{ "iso-8859-8-i", "ISO-8859-8", NULL },
	{ "iso-8859-9", "ISO-8859-9", NULL },
	{ "iso-8859-10", "ISO-8859-10", NULL },
	{ "iso-8859-13", "ISO-8859-13", NULL },
	{ "iso-8859-14", "ISO-8859-14", NULL },
	{ "iso-8859-15", "ISO-8859-15", NULL },
	{ "iso-8859-16", "ISO-8859-16", NULL },
	{ "windows-1250", "CP1250", NULL },
	{ "windows-1251", "CP1251", NULL },
	{ "windows-1253", "CP1253", NULL },
	{ "windows-1254", "CP1254", NULL },
	{ "windows-1255", "CP1255", NULL },
	{ "windows-1256", "CP1256", NULL },
	{ "windows-1257", "CP1257", NULL },
	{ "windows-1258", "CP1258", NULL },
	{ "windows-874", "CP874", NULL },
	{ "tis-620", "CP874", "TIS-620" },
	{ "koi8-r", "KOI8-R", NULL },
	{ "koi8-u", "KOI8-U", NULL },
	{ "big5", "BIG5-HKSCS", "BIG5" },
	{ "gb2312", "GB18030", "GB2312" },
	{ "gbk", "GB18030", "GBK" },
	{ "gb18030", "GB18030", NULL },
	{ "shift_jis", "CP932", NULL },
	{ "x-sjis", "CP932", NULL },
	{ "euc-jp", "EUC-JP", NULL },
	{ "iso-2022-jp", "ISO-2022-JP", NULL },
	{ "euc-kr", "UHC", "EUC-KR" },
	{ "ks_c_5601-1987", "UHC", "EUC-KR" },
	{ "latin1", "ISO-8859-1", NULL },
	{ "us-ascii", "US-ASCII", NULL },
	{ "iso-8859-1", "ISO-8859-1", NULL },
	{ "windows-1252", "CP1252", NULL },
	{ "cp1252", "CP1252", NULL },
	{ "iso-8859-11", "ISO-8859-11", NULL },
	{ "cp866", "CP866", NULL },
	{ "ibm866", "CP866", NULL },
	{ "macintosh", "MACINTOSH", NULL },
	{ "sjis", "CP932", NULL },
	{ "windows-31j", "CP932", NULL },
	{ "cp949", "UHC", NULL },
	{ "uhc", "UHC", NULL }, /* as detection calls it */
	{ "iso-2022-kr", "ISO-2022-KR", NULL },
	{ "utf-16", "UTF-16", NULL },
	{ "utf-16be", "UTF-16BE", NULL },
	{ "utf-16le", "UTF-16LE", NULL },
};

enum { SETS = sizeof(sets) / sizeof(*sets) };

struct charsets {
	/* (iconv_t)-1 where the system has no converter */
	iconv_t v[SETS];
	iconv_t encoders[SETS]; /* NULL: not opened */
};

/* Windows-1252 from 0x80 to 0x9f; elsewhere it is ISO-8859-1. */
static const uint16_t windows_1252[32] = {
	0x20ac, 0x0081, 0x201a, 0x0192, 0x201e, 0x2026, 0x2020, 0x2021,
	0x02c6, 0x2030, 0x0160, 0x2039, 0x0152, 0x008d, 0x017d, 0x008f,
	0x0090, 0x2018, 0x2019, 0x201c, 0x201d, 0x2022, 0x2013, 0x2014,
	0x02dc, 0x2122, 0x0161, 0x203a, 0x0153, 0x009d, 0x017e, 0x0178,
};

struct charsets *
charsets_open(void)
{
	struct charsets *cs = xcalloc(1, sizeof(*cs));
	size_t i, j;

	for (i = 0; i < SETS; i++) {
		/* Sets of one converter share it. */
		for (j = 0; j < i; j++) {
			if (strcmp(sets[i].converter, sets[j].converter) == 0)
				break;
		}
		cs->v[i] = j < i ? cs->v[j] :
		    iconv_open("UTF-8", sets[i].converter);
	}
	return cs;
}

static const char *
encoder_of(size_t i)
{
	return sets[i].encoder != NULL ? sets[i].encoder : sets[i].converter;
}

void
charsets_open_encoders(struct charsets *cs)
{
	size_t i, j;

	for (i = 0; i < SETS; i++) {
		for (j = 0; j < i; j++) {
			if (strcmp(encoder_of(i), encoder_of(j)) == 0)
				break;
		}
		cs->encoders[i] = j < i ? cs->encoders[j] :
		    iconv_open(encoder_of(i), "UTF-8");
	}
}

static void
close_all(iconv_t v[SETS])
{
	size_t i, j;

	for (i = 0; i < SETS; i++) {
		for (j = 0; j < i; j++) {
			if (v[i] == v[j])
				break;
		}
		if (j == i && v[i] != (iconv_t)-1 && v[i] != NULL)
			iconv_close(v[i]);
	}
}

void
charsets_free(struct charsets **cs)
{
	if (*cs == NULL)
		return;
	close_all((*cs)->v);
	close_all((*cs)->encoders);
	free(*cs);
	*cs = NULL;
}

static void
latin_to_utf8(struct span text, bool windows, struct buf *out)
{
	uint8_t *p = buf_reserve(out, text.len * 3 + 1);
	size_t i, n = 0;
	unsigned c;

	for (i = 0; i < text.len; i++) {
		c = (unsigned char)text.p[i];
		if (windows && c >= 0x80 && c < 0xa0)
			c = windows_1252[c - 0x80];
		if (c < 0x80)
			p[n++] = (uint8_t)c;
		else if (c < 0x800) {
			p[n++] = (uint8_t)(0xc0 | c >> 6);
			p[n++] = (uint8_t)(0x80 | (c & 0x3f));
		} else {
			p[n++] = (uint8_t)(0xe0 | c >> 12);
			p[n++] = (uint8_t)(0x80 | (c >> 6 & 0x3f));
			p[n++] = (uint8_t)(0x80 | (c & 0x3f));
		}
	}
	buf_commit(out, n);
}

/*
 * Whole, or nothing is appended. What the converter cannot say is left out
 * when lossy; that is asked for UTF-8 alone, so a character is skipped.
 */
static int
convert(iconv_t cd, struct span text, bool lossy, struct buf *out)
{
	char *from = (char *)(uintptr_t)text.p, *to;
	size_t left = text.len, room, before = buf_len(out);
	bool flushed = false;

	iconv(cd, NULL, NULL, NULL, NULL);
	while (!flushed) {
		room = left + left / 2 + 64;
		to = (char *)buf_reserve(out, room);
		flushed = left == 0;
		if (iconv(cd, flushed ? NULL : &from, &left, &to, &room) ==
		    (size_t)-1 && errno != E2BIG) {
			if (!lossy || left == 0) {
				out->end = out->start + before;
				return -1;
			}
			room = text_utf8_len(span_make(from, left));
			from += room;
			left -= room;
		}
		buf_commit(out, (size_t)((uint8_t *)to -
		    (buf_data(out) + buf_len(out))));
	}
	return 0;
}

int
charset_to_utf8(const struct charsets *cs, struct span name, struct span text,
    struct buf *out)
{
	size_t i;

	/* Writers that say US-ASCII and send UTF-8 are common. */
	if (span_ieq_str(name, "utf-8") || span_ieq_str(name, "utf8") ||
	    span_ieq_str(name, "us-ascii") || span_ieq_str(name, "ascii")) {
		if (!text_is_utf8(text))
			return -1;
		buf_add_span(out, text);
		return 0;
	}
	if (span_ieq_str(name, "iso-8859-1") ||
	    span_ieq_str(name, "windows-1252")) {
		latin_to_utf8(text, span_ieq_str(name, "windows-1252"), out);
		return 0;
	}
	for (i = 0; cs != NULL && i < SETS; i++) {
		if (span_ieq_str(name, sets[i].name))
			return cs->v[i] == (iconv_t)-1 ? -1 :
			    convert(cs->v[i], text, false, out);
	}
	return -1;
}

static bool
is_utf8_name(struct span name)
{
	return span_ieq_str(name, "utf-8") || span_ieq_str(name, "utf8");
}

bool
charset_is_known(const struct charsets *cs, struct span name)
{
	size_t i;

	if (is_utf8_name(name) || span_ieq_str(name, "us-ascii") ||
	    span_ieq_str(name, "ascii") || span_ieq_str(name, "iso-8859-1") ||
	    span_ieq_str(name, "windows-1252"))
		return true;
	for (i = 0; cs != NULL && i < SETS; i++) {
		if (span_ieq_str(name, sets[i].name))
			return cs->v[i] != (iconv_t)-1;
	}
	return false;
}

int
charset_from_utf8(const struct charsets *cs, struct span name,
    struct span text, bool lossy, struct buf *out)
{
	size_t i;

	if (!text_is_utf8(text))
		return -1;
	if (is_utf8_name(name)) {
		buf_add_span(out, text);
		return 0;
	}
	if (span_ieq_str(name, "ascii"))
		name = SPAN_LIT("us-ascii");
	for (i = 0; cs != NULL && i < SETS; i++) {
		if (span_ieq_str(name, sets[i].name))
			return cs->encoders[i] == (iconv_t)-1 ||
			    cs->encoders[i] == NULL ? -1 :
			    convert(cs->encoders[i], text, lossy, out);
	}
	return -1;
}
