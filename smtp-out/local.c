/* SPDX-License-Identifier: Apache-2.0 */
/* Delivery into files: a message is done in the turn in which it comes. */
#include "smtp-out/session.h"

#include <stdio.h>
#include <unistd.h>

#include "lib/base/clock.h"
#include "lib/base/text.h"
#include "smtp-out/maildir.h"

enum { LOCAL_TEXT_MAX = 1024 };

/* Unique on this host by time, process and count (maildir's own rule). */
static struct span
file_name(struct session *s, struct mail *m)
{
	struct span host = out_hostname(s->out);
	int64_t us = clock_wall_us();
	char *name = arena_printf(&m->arena, "%lld.M%lldP%ldQ%u.%.*s",
	    (long long)(us / 1000000), (long long)(us % 1000000),
	    (long)getpid(), (unsigned)s->out->names++,
	    (int)(host.len < 128 ? host.len : 128), host.p);
	char *at;

	for (at = name; *at != '\0'; at++) {
		if (*at == '/' || *at == ':')
			*at = '_';
	}
	return span_of(name);
}

/* 0 with the file's name, or -1 with a reason. */
static int
deliver_one(struct session *s, struct mail *m, uint32_t rcpt,
    struct span *name_out, const char **why_out)
{
	const struct protocol *p = &s->terms.protocol;
	struct maildir_file f = { .dir_mode = p->dir_mode,
		.file_mode = p->file_mode, .prefix = m->env.prefix,
		.body = m->body };
	struct buf path = { 0 };
	int rc;

	if (p->maildir_path == NULL) {
		*why_out = "there is no maildir_path";
		return -1;
	}
	rc = maildir_path(span_of(p->maildir_path), &m->env,
	    m->env.rcpts[rcpt], &path, &f.fixed, why_out);
	if (rc == 0) {
		f.path = buf_span(&path);
		f.name = file_name(s, m);
		rc = maildir_write(&f, why_out);
		*name_out = f.name;
	}
	buf_free(&path);
	return rc;
}

static void
settle_failed(struct mail *m, uint32_t rcpt, const char *why)
{
	char text[LOCAL_TEXT_MAX];
	struct answer a = { .code = 400, .content = span_of(text) };

	snprintf(text, sizeof(text), "KumoMTA internal: maildir: %s", why);
	a.content = span_of(text);
	mail_settle(m, rcpt, FATE_DEFERRED, mail_answer(m, &a));
}

static void
deliver_mail(struct session *s)
{
	struct mail *m = s->mails;
	struct answer done = { .code = 200 };
	struct buf names = { 0 };
	struct record rec;
	struct span name;
	const char *why;
	uint32_t i;

	buf_add_str(&names, "wrote to maildir with ids=");
	for (i = 0; i < m->env.n_rcpts; i++) {
		if (deliver_one(s, m, i, &name, &why) != 0) {
			settle_failed(m, i, why);
			continue;
		}
		if (buf_data(&names)[buf_len(&names) - 1] != '=')
			buf_add_byte(&names, ',');
		buf_add_span(&names, name);
		m->rcpts[i].in_batch = true;
	}
	done.content = buf_span(&names);
	const struct answer *kept = mail_answer(m, &done);

	for (i = 0; i < m->env.n_rcpts; i++) {
		if (m->rcpts[i].in_batch)
			mail_settle(m, i, FATE_DELIVERED, kept);
	}
	buf_free(&names);
	session_record(s, m, &rec);
	mail_record(m, &rec);
	session_mail_done(s);
}

void
local_deliver(struct session *s)
{
	while (s->n_mails > 0)
		deliver_mail(s);
	if (s->closing) {
		session_end(s, SESSION_END_DONE, NULL);
		return;
	}
	session_enter(s, SESSION_WAITING);
}
