/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/settings/problem.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/alloc.h"
#include "lib/base/text.h"

/* Parts may have been made printable already: do it once only. */
static bool
problem_printable(const char *text)
{
	const char *p;

	for (p = text; *p != '\0'; p++) {
		if ((unsigned char)*p < ' ' || *p == 0x7f)
			return false;
	}
	return text_is_utf8(span_of(text));
}

static void problem_vadd(struct problems *p, int line, bool notice,
    const char *fmt, va_list ap) __attribute__((format(printf, 4, 0)));

static void
problem_vadd(struct problems *p, int line, bool notice, const char *fmt,
    va_list ap)
{
	char raw[1024], text[2048];
	struct problem *one;

	if (p == NULL)
		return;
	if (!notice)
		p->errors++;
	if (p->n >= PROBLEMS_MAX)
		return;
	vsnprintf(raw, sizeof(raw), fmt, ap);
	if (problem_printable(raw))
		memcpy(text, raw, sizeof(raw));
	else
		text_printable(span_of(raw), text, sizeof(text));
	p->v = xreallocarray(p->v, p->n + 1, sizeof(*p->v));
	one = &p->v[p->n++];
	one->file = p->file == NULL ? NULL : xstrdup(p->file);
	one->line = line;
	one->text = xstrdup(text);
	one->notice = notice;
}

void
problem_add(struct problems *p, int line, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	problem_vadd(p, line, false, fmt, ap);
	va_end(ap);
}

void
problem_notice(struct problems *p, int line, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	problem_vadd(p, line, true, fmt, ap);
	va_end(ap);
}

void
problems_print(const struct problems *p, struct buf *out)
{
	size_t i;

	for (i = 0; i < p->n; i++) {
		if (p->v[i].file != NULL)
			buf_addf(out, "%s:", p->v[i].file);
		if (p->v[i].line > 0)
			buf_addf(out, "%d:", p->v[i].line);
		if (p->v[i].file != NULL || p->v[i].line > 0)
			buf_add_byte(out, ' ');
		buf_addf(out, "%s%s\n", p->v[i].notice ? "notice: " : "",
		    p->v[i].text);
	}
	if (p->errors > PROBLEMS_MAX)
		buf_addf(out, "%zu problems in all\n", p->errors);
}

void
problems_free(struct problems *p)
{
	size_t i;

	for (i = 0; i < p->n; i++) {
		free(p->v[i].file);
		free(p->v[i].text);
	}
	free(p->v);
	*p = (struct problems){ 0 };
}
