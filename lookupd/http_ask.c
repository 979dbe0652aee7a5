/* SPDX-License-Identifier: Apache-2.0 */
#include "lookupd/http_ask.h"

#include <stdlib.h>

#include "lib/base/alloc.h"
#include "lib/base/text.h"
#include "lookupd/ask.h"
#include "lookupd/http.h"
#include "lookupd/lookupd.h"

enum { TIMEOUT_MS = 60000, DAY_MS = 86400000 };

struct work {
	struct http_request *request;
	struct http_field *fields;
};

static void
work_free(struct ask *a)
{
	struct work *w = a->work;

	a->work = NULL;
	free(w->fields);
	free(w);
}

/* The text at a place of a list, or what stands for a missing one. */
static struct span
item_text(const struct value *list, size_t i)
{
	const struct value *v;

	if (list->kind != VALUE_LIST || i >= list->u.list.n)
		return span_of(NULL);
	v = list->u.list.v[i];
	if (v->kind != VALUE_TEXT)
		return span_of(NULL);
	return span_make(v->u.text.p, v->u.text.len);
}

static size_t
fields_read(const struct ask *a, struct http_field **out)
{
	const struct value *list = value_get(a->args, "fields");
	size_t i, n = list != NULL && list->kind == VALUE_LIST ?
	    list->u.list.n : 0;

	*out = xcalloc(n + 1, sizeof(**out));
	for (i = 0; i < n; i++) {
		(*out)[i].name = item_text(list->u.list.v[i], 0);
		(*out)[i].value = item_text(list->u.list.v[i], 1);
	}
	return n;
}

static struct http_client
client_read(const struct ask *a)
{
	struct http_client c = {
		.idle_ms = ask_number(a, "idle_ms", 0),
		.accept_invalid_certs = ask_flag(a, "accept_invalid_certs"),
		.verbose = ask_flag(a, "verbose"),
	};

	if (c.idle_ms < 0 || c.idle_ms > DAY_MS)
		c.idle_ms = 0;
	return c;
}

struct value *
http_ask_field(struct span name, struct span value)
{
	struct value *pair = value_list(0), *lower = value_text(0, name);

	ascii_lower_all(lower->u.text.p, lower->u.text.len);
	value_list_add(pair, lower);
	value_list_add(pair, value_text(0, value));
	return pair;
}

static void
on_done(void *arg, const struct http_transfer *t, const char *why)
{
	struct ask *a = arg;
	struct value *out, *fields;
	struct http_field f;
	size_t at = 0;

	work_free(a);
	if (t == NULL) {
		ask_fail(a, "%s", why);
		return;
	}
	out = value_map(0);
	value_map_add(out, 0, SPAN_LIT("status"),
	    value_int(0, http_transfer_status(t)));
	fields = value_list(0);
	while (http_transfer_field(t, &at, &f))
		value_list_add(fields, http_ask_field(f.name, f.value));
	value_map_add(out, 0, SPAN_LIT("fields"), fields);
	value_map_add(out, 0, SPAN_LIT("body"),
	    value_text(0, http_transfer_body(t)));
	ask_answer(a, out);
}

void
http_ask_start(struct ask *a)
{
	struct work *w = xcalloc(1, sizeof(*w));
	struct http_ask ask = {
		.client = client_read(a),
		.method = ask_text(a, "method"),
		.url = ask_text(a, "url"),
		.has_body = value_get(a->args, "body") != NULL,
		.body = ask_text(a, "body"),
		.timeout_ms = ask_number(a, "timeout_ms", TIMEOUT_MS),
		.redirects = HTTP_REDIRECTS_MAX,
		.asker = a->ch,
		.done = on_done,
		.arg = a,
	};

	if (ask.timeout_ms < 1 || ask.timeout_ms > DAY_MS)
		ask.timeout_ms = TIMEOUT_MS;
	ask.n_fields = fields_read(a, &w->fields);
	ask.fields = w->fields;
	a->work = w;
	w->request = http_request(&a->l->http, &ask);
}

void
http_ask_cancel(struct ask *a)
{
	struct work *w = a->work;

	http_cancel(&w->request);
	work_free(a);
}

void
http_ask_close(struct ask *a)
{
	struct http_client c = client_read(a);

	http_drop_idle(&a->l->http, &c);
	ask_answer(a, NULL);
}
