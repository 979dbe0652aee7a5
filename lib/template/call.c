/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/template/call.h"

struct tval
call_arg(struct call *c, size_t place, const char *key)
{
	size_t i;

	if (place != CALL_KEY_ONLY && place >= c->asked)
		c->asked = place + 1;
	for (i = 0; key != NULL && i < c->n_keys; i++) {
		if (span_eq_str(c->keys[i].key.u.text, key)) {
			c->used |= (uint64_t)1 << i;
			if (place >= c->n)
				return c->keys[i].value;
		}
	}
	return place < c->n ? c->v[place] : tval_undefined();
}

void
call_takes_all(struct call *c)
{
	c->asked = c->n;
}

int
call_end(struct render *r, struct call *c)
{
	size_t i;

	if (r->failed)
		return -1;
	if (c->n > c->asked)
		return render_fail(r, "%s takes at most %zu arguments, got "
		    "%zu", c->name, c->asked, c->n);
	for (i = 0; i < c->n_keys; i++) {
		struct span key = c->keys[i].key.u.text;

		if ((c->used >> i & 1) == 0)
			return render_fail(r, "%s takes no argument '%.*s'",
			    c->name, (int)(key.len < 64 ? key.len : 64),
			    key.p);
	}
	return 0;
}

static int
wrong(struct render *r, const struct call *c, size_t place, const char *key,
    const char *wanted, const struct tval *got)
{
	if (key != NULL)
		return render_fail(r, "%s: argument '%s' must be %s, not %s",
		    c->name, key, wanted, tval_kind_name(got));
	return render_fail(r, "%s: argument %zu must be %s, not %s", c->name,
	    place + 1, wanted, tval_kind_name(got));
}

static bool
is_given(const struct tval *v)
{
	return v->kind != TV_UNDEFINED && v->kind != TV_NONE;
}

bool
call_has(struct call *c, size_t place, const char *key)
{
	struct tval v = call_arg(c, place, key);

	return is_given(&v);
}

int
call_text(struct render *r, struct call *c, size_t place, const char *key,
    struct span def, struct span *out)
{
	struct tval v = call_arg(c, place, key);

	*out = def;
	if (!is_given(&v))
		return 0;
	if (v.kind == TV_LIST || v.kind == TV_MAP || v.kind == TV_OBJECT)
		return wrong(r, c, place, key, "a string", &v);
	return tval_to_text(r, &v, out);
}

int
call_int(struct render *r, struct call *c, size_t place, const char *key,
    int64_t min, int64_t max, int64_t def, int64_t *out)
{
	struct tval v = call_arg(c, place, key);

	*out = def;
	if (!is_given(&v))
		return 0;
	if (!tval_as_int(&v, out))
		return wrong(r, c, place, key, "a whole number", &v);
	if (*out < min || *out > max)
		return render_fail(r, "%s: %lld is not between %lld and %lld",
		    c->name, (long long)*out, (long long)min,
		    (long long)max);
	return 0;
}

int
call_bool(struct render *r, struct call *c, size_t place, const char *key,
    bool def, bool *out)
{
	struct tval v = call_arg(c, place, key);

	(void)r;
	*out = is_given(&v) ? tval_true(&v) : def;
	return 0;
}
