/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/mail/charset.h"

#include <iconv.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/alloc.h"
#include "lib/base/text.h"

/*
 * Names in mail, and the C library's converter for each: often a superset,
 * because writers name the standard and send the vendor's extension.
 */
static const struct {
	const char *name;
	const char *converter;
} sets[] = {
	{ "iso-8859-2", "ISO-8859-2" },
	{ "iso-8859-3", "ISO-8859-3" },
	{ "iso-8859-4", "ISO-8859-4" },
	{ "iso-8859-5", "ISO-8859-5" },
	{ "iso-8859-6", "ISO-8859-6" },
	{ "iso-8859-7", "ISO-8859-7" },
	{ "iso-8859-8", "ISO-8859-8" },
	{ "iso-8859-8-i", "ISO-8859-8" },
	{ "iso-8859-9", "ISO-8859-9" },
	{ "iso-8859-10", "ISO-8859-10" },
	{ "iso-8859-13", "ISO-8859-13" },
	{ "iso-8859-14", "ISO-8859-14" },
	{ "iso-8859-15", "ISO-8859-15" },
	{ "iso-8859-16", "ISO-8859-16" },
	{ "windows-1250", "CP1250" },
	{ "windows-1251", "CP1251" },
	{ "windows-1253", "CP1253" },
	{ "windows-1254", "CP1254" },
	{ "windows-1255", "CP1255" },
	{ "windows-1256", "CP1256" },
	{ "windows-1257", "CP1257" },
	{ "windows-1258", "CP1258" },
	{ "windows-874", "CP874" },
	{ "tis-620", "CP874" },
	{ "koi8-r", "KOI8-R" },
	{ "koi8-u", "KOI8-U" },
	{ "big5", "BIG5-HKSCS" },
	{ "gb2312", "GB18030" },
	{ "gbk", "GB18030" },
	{ "gb18030", "GB18030" },
	{ "shift_jis", "CP932" },
	{ "x-sjis", "CP932" },
	{ "euc-jp", "EUC-JP" },
	{ "iso-2022-jp", "ISO-2022-JP" },
	{ "euc-kr", "UHC" },
	{ "ks_c_5601-1987", "UHC" },
	/* Names that detection gives. */
	{ "uhc", "UHC" },
	{ "ibm866", "IBM866" },
	{ "iso-8859-11", "CP874" },
	{ "iso-2022-kr", "ISO-2022-KR" },
};

enum { SETS = sizeof(sets) / sizeof(*sets) };

struct charsets {
	iconv_t v[SETS]; /* (iconv_t)-1 where the system has no converter */
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

void
charsets_free(struct charsets **cs)
{
	size_t i, j;

	if (*cs == NULL)
		return;
	for (i = 0; i < SETS; i++) {
		for (j = 0; j < i; j++) {
			if ((*cs)->v[i] == (*cs)->v[j])
				break;
		}
		if (j == i && (*cs)->v[i] != (iconv_t)-1)
			iconv_close((*cs)->v[i]);
	}
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

/* No set here gives more than six octets of UTF-8 for one of its own. */
static int
convert(iconv_t cd, struct span text, struct buf *out)
{
	size_t room = text.len * 6 + 16, left = room;
	char *to = (char *)buf_reserve(out, room);
	char *from = (char *)(uintptr_t)text.p;
	size_t from_left = text.len;

	iconv(cd, NULL, NULL, NULL, NULL);
	if (iconv(cd, &from, &from_left, &to, &left) == (size_t)-1 ||
	    iconv(cd, NULL, NULL, &to, &left) == (size_t)-1)
		return -1;
	buf_commit(out, room - left);
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
			    convert(cs->v[i], text, out);
	}
	return -1;
}
