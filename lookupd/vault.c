/* SPDX-License-Identifier: Apache-2.0 */
#include "lookupd/vault.h"

#include <stdio.h>
#include <stdlib.h>

#include "lib/base/alloc.h"
#include "lib/base/text.h"
#include "lib/web/url.h"
#include "lookupd/ask.h"
#include "lookupd/http.h"
#include "lookupd/lookupd.h"
#include "lookupd/vault_answer.h"

struct vault {
	char *address, *token; /* NULL: none */
};

struct work {
	struct http_request *request;
	struct http_field fields[2];
	struct span address;
	char *url;
	bool old; /* version 1 is being asked */
};

static char *
environment(const char *name)
{
	const char *text = getenv(name);

	return text != NULL && *text != '\0' ? xstrdup(text) : NULL;
}

struct vault *
vault_new(void)
{
	struct vault *v = xcalloc(1, sizeof(*v));

	v->address = environment("VAULT_ADDR");
	v->token = environment("VAULT_TOKEN");
	return v;
}

static void
work_free(struct ask *a)
{
	struct work *w = a->work;

	a->work = NULL;
	free(w->url);
	free(w);
}

/* "mount/path", as people say it. */
static char *
secret_name(const struct ask *a)
{
	struct span mount = ask_text(a, "mount"), path = ask_text(a, "path");
	struct buf b = { .base = NULL };
	char *out = xmalloc(600);

	buf_add_span(&b, mount);
	buf_add_byte(&b, '/');
	buf_add_span(&b, path);
	text_printable(buf_span(&b), out, 600);
	buf_free(&b);
	return out;
}

static void
fail_named(struct ask *a, const char *why)
{
	char *name = secret_name(a);

	work_free(a);
	ask_fail(a, "%s: %s", name, why);
	free(name);
}

/* ---- answers ------------------------------------------------------------- */

static void send_request(struct ask *a);

static void
take_secret(struct ask *a, struct span body)
{
	struct work *w = a->work;
	char *key = span_dup(ask_text(a, "key")), *text;
	const char *why;
	size_t len;

	why = vault_answer_read(body, w->old, key, &text, &len);
	free(key);
	if (why != NULL) {
		fail_named(a, why);
		return;
	}
	work_free(a);
	ask_answer(a, value_text(0, span_make(text, len)));
	free(text);
}

static void
on_done(void *arg, const struct http_transfer *t, const char *why)
{
	struct ask *a = arg;
	struct work *w = a->work;
	unsigned status = t != NULL ? http_transfer_status(t) : 0;
	char text[100];

	w->request = NULL;
	if (t == NULL) {
		work_free(a);
		ask_fail(a, "%s", why);
	} else if (status == 200) {
		take_secret(a, http_transfer_body(t));
	} else if (status == 404 && !w->old) {
		/* There is none, or the engine is of the first version. */
		w->old = true;
		send_request(a);
	} else if (status == 404) {
		fail_named(a, "there is no such secret");
	} else if (status == 403) {
		fail_named(a, "the Vault refuses it: check the token and its "
		    "policies");
	} else if (status == 503) {
		fail_named(a, "the Vault is sealed or not ready");
	} else {
		snprintf(text, sizeof(text), "the Vault answers %u", status);
		fail_named(a, text);
	}
}

/* ---- questions ----------------------------------------------------------- */

/* A path that leaves the mount would ask something else with the token. */
static bool
is_path(struct span s)
{
	ptrdiff_t slash;
	struct span part;

	if (s.len == 0 || s.len > 512)
		return false;
	do {
		slash = span_find(s, '/');
		part = s;
		if (slash != -1) {
			part.len = (size_t)slash;
			s = span_from(s, (size_t)slash + 1);
		}
		if (part.len == 0 || span_eq_str(part, ".") ||
		    span_eq_str(part, ".."))
			return false;
	} while (slash != -1);
	return true;
}

/* ADDRESS/v1/MOUNT/data/PATH, and without data/ in the first version. */
static void
send_request(struct ask *a)
{
	struct work *w = a->work;
	struct buf url = { .base = NULL };
	struct span address = w->address;
	struct http_ask ask = {
		.method = SPAN_LIT("GET"),
		.client = { .idle_ms = 90000 },
		.fields = w->fields,
		.n_fields = 2,
		.timeout_ms = VAULT_TIMEOUT_MS,
		.asker = a->ch,
		.done = on_done,
		.arg = a,
	};

	while (address.len > 0 && address.p[address.len - 1] == '/')
		address.len--;
	buf_add_span(&url, address);
	buf_add_str(&url, "/v1/");
	url_put_path(&url, ask_text(a, "mount"));
	buf_add_str(&url, w->old ? "/" : "/data/");
	url_put_path(&url, ask_text(a, "path"));
	free(w->url);
	w->url = span_dup(buf_span(&url));
	buf_free(&url);
	ask.url = span_of(w->url);
	w->request = http_request(&a->l->http, &ask);
}

/* What was said, or what the environment says. */
static struct span
setting(const struct ask *a, const char *name, const char *otherwise)
{
	struct span said = ask_text(a, name);

	return said.len != 0 ? said : span_of(otherwise);
}

void
vault_ask(struct ask *a)
{
	const struct vault *v = a->l->vault;
	struct work *w = xcalloc(1, sizeof(*w));
	struct span token = setting(a, "token", v->token);

	a->work = w;
	w->address = setting(a, "address", v->address);
	w->fields[0] = (struct http_field){ SPAN_LIT("X-Vault-Token"), token };
	w->fields[1] = (struct http_field){ SPAN_LIT("X-Vault-Request"),
		SPAN_LIT("true") };
	if (!is_path(ask_text(a, "mount")) || !is_path(ask_text(a, "path")))
		fail_named(a, "vault_mount and vault_path are names parted "
		    "by single slashes, none of them . or ..");
	else if (w->address.len == 0)
		fail_named(a, "the address is not known: set vault_address, "
		    "or VAULT_ADDR where the suite is started");
	else if (token.len == 0)
		fail_named(a, "there is no token: set vault_token, or "
		    "VAULT_TOKEN where the suite is started");
	else
		send_request(a);
}

void
vault_cancel(struct ask *a)
{
	struct work *w = a->work;

	http_cancel(&w->request);
	work_free(a);
}
