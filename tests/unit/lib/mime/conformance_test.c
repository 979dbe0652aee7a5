/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/check.h"

#include "lib/mail/charset.h"
#include "lib/mime/conformance.h"

#define L20 "xxxxxxxxxxxxxxxxxxxx"
#define L80 L20 L20 L20 L20

static const struct {
	const char *text, *want; /* "": cannot be parsed as a set */
	unsigned issues;
} sets[] = {
	{ "", "", 0 },
	{ "|", "", 0 },
	{ "LINE_TOO_LONG", "LINE_TOO_LONG", MIME_LINE_TOO_LONG },
	{ " NEEDS_TRANSFER_ENCODING | LINE_TOO_LONG|LINE_TOO_LONG",
	    "LINE_TOO_LONG|NEEDS_TRANSFER_ENCODING",
	    MIME_LINE_TOO_LONG | MIME_NEEDS_TRANSFER_ENCODING },
	{ "line_too_long", NULL, 0 },
	{ "LINE_TOO_LONG,MISSING_MIME_VERSION", NULL, 0 },
};

static void
names(void **state)
{
	struct buf got = { 0 };
	struct span bad;
	unsigned issues;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(sets); i++) {
		int rc = mime_issues_parse(span_of(sets[i].text), &issues,
		    &bad);

		check_int(sets[i].text, rc, sets[i].want == NULL ? -1 : 0);
		if (rc != 0)
			continue;
		check_int(sets[i].text, issues, sets[i].issues);
		buf_clear(&got, 1000);
		buf_reserve(&got, 1);
		mime_issues_put(issues, &got);
		check_span(sets[i].text, buf_span(&got),
		    span_of(sets[i].want));
	}
	buf_free(&got);
}

/* A message, and the same rebuilt; NULL: as it was. */
static const struct {
	const char *text, *want;
	bool detect;
} rebuilt[] = {
	{ "A: 1\r\n 2\r\n\r\nbody\r\n", NULL, false },
	{ "A: 1\n\t2\n\nbody\rx\n", "A: 1\r\n\t2\r\n\r\nbody\r\nx\r\n", false },
	{ "A : 1\r\nB\r\n\r\n", "A: 1\r\nB:\r\n\r\n", false },
	{ "no header, no blank line", "\r\nno header, no blank line\r\n",
	    false },
	{ "A: 1", "A: 1\r\n\r\n", false },
	{ "X: " L80 L80 "\r\n\r\n", NULL, false },
	{ "\r\n" L80 "\r\n", "Content-Transfer-Encoding: quoted-printable\r\n"
	    "\r\n" L20 L20 L20 "xxxxxxxxxxxxxxx=\r\nxxxxx\r\n", false },
	/* No text: its bytes stay. */
	{ "Content-Type: a/b\r\n\r\n" L80, "Content-Type: a/b\r\n"
	    "Content-Transfer-Encoding: base64\r\n\r\n"
	    "eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4"
	    "eHh4eHh4eHh4eHh4eHh4\r\n"
	    "eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHg=\r\n", false },
	{ "Content-Type: a/b\r\nContent-Transfer-Encoding: x-uue\r\n\r\n"
	    "\xff\r\n", NULL, false },
	/* Names of addresses are encoded, addresses cannot be. */
	{ "To: \xc3\xb6 <a@b>, c@d\r\nFrom: \xc3\xb6@b\r\nX: \xff\r\n\r\n",
	    "To: =?UTF-8?q?=C3=B6?= <a@b>,\r\n\t<c@d>\r\nFrom: \xc3\xb6@b"
	    "\r\nX: =?unknown-8bit?q?=FF?=\r\n\r\n", false },
	{ "Content-Disposition: inline; filename=\"\xc3\xb6\"\r\n\r\n",
	    "Content-Disposition: inline;\r\n\tfilename*=utf-8''%C3%B6"
	    "\r\n\r\n", false },
	/* Parts without fault keep their bytes, the rest of a tree goes. */
	{ "Content-Type: multipart/mixed; boundary=b\r\n\r\npre\r\n--b\r\n"
	    "Content-Type: text/html;charset=x\r\n"
	    "Content-Transfer-Encoding: quoted-printable\r\n\r\n=ff \r\n--b\r\n"
	    "\r\n\xc3\xb6 and some more text\r\n--b--\r\npost\r\n",
	    "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n"
	    "Content-Type: text/html;charset=x\r\n"
	    "Content-Transfer-Encoding: quoted-printable\r\n\r\n=ff \r\n--b\r\n"
	    "Content-Type: text/plain;\r\n\tcharset=\"utf-8\"\r\n"
	    "Content-Transfer-Encoding: quoted-printable\r\n\r\n"
	    "=C3=B6 and some more text\r\n--b--\r\n", false },
	{ "Content-Type: multipart/mixed; boundary=b\r\n"
	    "Content-Transfer-Encoding: 8bit\r\n\r\n--b\r\n\r\nx",
	    "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nx"
	    "\r\n--b--\r\n", false },
	/* Inside a message that is a part. */
	{ "Content-Type: message/rfc822\r\n\r\nSubject : \xc3\xb6\r\n\r\nx",
	    "Content-Type: message/rfc822\r\n\r\n"
	    "Subject: =?UTF-8?q?=C3=B6?=\r\n\r\nx\r\n", false },
	/* Detection makes UTF-8 of what fits no set that is claimed. */
	{ "Content-Type: text/plain; charset=utf-8\r\n"
	    "Content-Transfer-Encoding: quoted-printable\r\n\r\n"
	    "=CF=F0=E8=E2=E5=F2, =EA=E0=EA =E4=E5=EB=E0? =DD=F2=EE "
	    "=F2=E5=EA=F1=F2\r\n",
	    "Content-Type: text/plain;\r\n\tcharset=\"utf-8\"\r\n"
	    "Content-Transfer-Encoding: base64\r\n\r\n"
	    "0J/RgNC40LLQtdGCLCDQutCw0Log0LTQtdC70LA/INCt0YLQviDRgtC10Lr"
	    "RgdGCDQo=\r\n", true },
	{ "Content-Type: text/plain; charset=iso-8859-1\r\n"
	    "Content-Transfer-Encoding: quoted-printable\r\n\r\n=E9\r\n", NULL,
	    true },
};

static void
check_rebuilt(const char *text, const char *want, bool detect,
    const struct charsets *cs)
{
	struct mime_rebuild how = { .charsets = cs, .detect.on = detect };
	struct mime m = { .root = NULL }, fresh = { .root = NULL };
	struct buf got = { 0 };
	const char *why;

	check_int(text, mime_parse(&m, span_of(text), &why), 0);
	check_int(text, mime_rebuild(&fresh, m.root, &how, &why), 0);
	buf_reserve(&got, 1);
	mime_message_put(fresh.root, &got);
	check_span(text, buf_span(&got), span_of(want != NULL ? want : text));
	mime_free(&m);
	mime_free(&fresh);
	buf_free(&got);
}

static void
rebuilding(void **state)
{
	struct charsets *cs = charsets_open();
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(rebuilt); i++)
		check_rebuilt(rebuilt[i].text, rebuilt[i].want,
		    rebuilt[i].detect, cs);
	charsets_free(&cs);
}

static void
missing(void **state)
{
	struct mime_identity who = { 1057056757000000, SPAN_LIT("id"),
		SPAN_LIT("d.example") };
	struct mime m = { .root = NULL };
	struct span text = SPAN_LIT("Date:\r\nMessage-ID: x\r\nMIME-Version: "
	    "1.1\r\nSubject: y\r\n\r\nz");
	struct buf got = { 0 };
	const char *why;

	(void)state;
	mime_parse(&m, text, &why);
	check_int("found", mime_issues_find(&m, text), MIME_MISSING_HEADERS);
	mime_add_missing(&m, MIME_MISSING_HEADERS, &who, &why);
	mime_put(m.root, &got);
	check_span("added", buf_span(&got), SPAN_LIT(
	    "Date: Tue, 01 Jul 2003 10:52:37 +0000\r\n"
	    "Message-ID: <id@d.example>\r\nMime-Version: 1.0\r\n"
	    "Subject: y\r\n\r\nz"));
	mime_free(&m);
	buf_free(&got);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(names),
		cmocka_unit_test(rebuilding),
		cmocka_unit_test(missing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
