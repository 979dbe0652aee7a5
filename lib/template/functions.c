/* SPDX-License-Identifier: Apache-2.0 */
/* Functions that every template has. */
#include <string.h>
#include <sys/random.h>

#include "lib/base/clock.h"
#include "lib/template/chars.h"
#include "lib/template/eval.h"
#include "lib/template/random.h"
#include "lib/template/tables.h"

enum { RANGE_MAX = 100000 };

/* ---- chance -------------------------------------------------------------- */

int
random_init(struct render *r, struct random *random)
{
	struct tval seed;
	int64_t v = 0;

	if (eval_variable(r, SPAN_LIT("RAND_SEED"), &seed) == -1)
		return -1;
	if (tval_as_int(&seed, &v))
		random->state = (uint64_t)v;
	else if (getrandom(&random->state, sizeof(random->state), 0) == -1)
		random->state = (uint64_t)clock_mono_us();
	return 0;
}

/* splitmix64 */
uint64_t
random_below(struct random *random, uint64_t n)
{
	uint64_t v = random->state += 0x9e3779b97f4a7c15u;

	v = (v ^ v >> 30) * 0xbf58476d1ce4e5b9u;
	v = (v ^ v >> 27) * 0x94d049bb133111ebu;
	return (v ^ v >> 31) % n;
}

static int
fn_randrange(struct render *r, struct call *c, struct tval *out)
{
	struct random random;
	int64_t low, high;

	if (call_int(r, c, 0, NULL, INT32_MIN, INT32_MAX, 0, &low) == -1 ||
	    call_int(r, c, 1, NULL, INT32_MIN, INT32_MAX, low,
	    &high) == -1 || random_init(r, &random) == -1)
		return -1;
	if (c->n < 2)
		low = 0;
	if (high <= low)
		return render_fail(r, "randrange: there is no number between "
		    "%lld and %lld", (long long)low, (long long)high);
	*out = tval_int(low + (int64_t)random_below(&random,
	    (uint64_t)(high - low)));
	return 0;
}

static void
lipsum_paragraph(struct render *r, struct random *random, struct buf *b,
    uint64_t words)
{
	static const char *const list[] = {
		"lorem", "ipsum", "dolor", "sit", "amet", "consectetur",
		"adipiscing", "elit", "sed", "do", "eiusmod", "tempor",
		"incididunt", "ut", "labore", "et", "dolore", "magna",
		"aliqua", "enim", "ad", "minim", "veniam", "quis",
		"nostrud", "exercitation", "ullamco", "laboris", "nisi",
		"aliquip", "ex", "ea", "commodo", "consequat",
	};
	bool upper = true;
	uint64_t left = 0, i;
	const char *word;
	char first;

	for (i = 0; i < words && render_steps(r, 1) == 0; i++) {
		if (left == 0) {
			if (i > 0)
				render_put(r, b, SPAN_LIT("."));
			left = 8 + random_below(random, 8);
			upper = true;
		}
		if (i > 0)
			render_put(r, b, SPAN_LIT(" "));
		word = list[random_below(random,
		    sizeof(list) / sizeof(*list))];
		first = (char)(upper ? chars_upper((uint32_t)*word) :
		    (uint32_t)*word);
		render_put(r, b, span_make(&first, 1));
		render_put(r, b, span_of(word + 1));
		upper = false;
		left--;
	}
	render_put(r, b, SPAN_LIT("."));
}

static int
fn_lipsum(struct render *r, struct call *c, struct tval *out)
{
	struct buf b = { .base = NULL };
	int64_t n, min, max;
	struct random random;
	struct span s;
	bool html;

	if (call_int(r, c, 0, "n", 0, 1000, 5, &n) == -1 ||
	    call_bool(r, c, 1, "html", false, &html) == -1 ||
	    call_int(r, c, 2, "min", 1, 10000, 20, &min) == -1 ||
	    call_int(r, c, 3, "max", 2, 10000, 100, &max) == -1 ||
	    random_init(r, &random) == -1)
		return -1;
	if (max <= min)
		return render_fail(r, "lipsum: max must be above min");
	for (; n > 0 && !r->failed; n--) {
		render_put(r, &b, span_of(html ? "<p>" : ""));
		lipsum_paragraph(r, &random, &b, (uint64_t)min +
		    random_below(&random, (uint64_t)(max - min)));
		render_put(r, &b, span_of(html ? "</p>\n\n" : "\n\n"));
	}
	if (render_take(r, &b, &s) == -1)
		return -1;
	*out = html ? tval_safe(s) : tval_text(s);
	return 0;
}

/* ---- values -------------------------------------------------------------- */

static int
fn_range(struct render *r, struct call *c, struct tval *out)
{
	int64_t low, high, step, i, n;

	if (call_int(r, c, 0, NULL, INT32_MIN, INT32_MAX, 0, &low) == -1 ||
	    call_int(r, c, 1, NULL, INT32_MIN, INT32_MAX, low,
	    &high) == -1 ||
	    call_int(r, c, 2, NULL, INT32_MIN, INT32_MAX, 1, &step) == -1)
		return -1;
	if (c->n == 0)
		return render_fail(r, "range wants a number");
	if (c->n == 1)
		low = 0;
	if (step == 0)
		return render_fail(r, "range: the step must not be 0");
	n = step > 0 ? (high - low + step - 1) / step :
	    (high - low + step + 1) / step;
	n = n < 0 ? 0 : n;
	if (n > RANGE_MAX)
		return render_fail(r, "range has more than %d items",
		    RANGE_MAX);
	if (render_steps(r, (uint64_t)n) == -1)
		return -1;
	*out = tval_list(r, (size_t)n);
	for (i = 0; i < n; i++)
		tval_list_add(out, tval_int(low + i * step));
	return 0;
}

/* What the arguments name: of a map, then by key. */
static int
collect(struct render *r, struct call *c, struct tval *out)
{
	struct tobject *o;
	struct tval of = call_arg(c, 0, NULL);
	struct tpair *pairs;
	struct span key;
	size_t i, n = 0;

	*out = object_new(r, OBJECT_NAMESPACE, &o);
	o->u.vars = tval_map(r, 0);
	if (of.kind == TV_MAP && tval_pairs(r, &of, &pairs, &n) == -1)
		return -1;
	if (of.kind != TV_MAP && of.kind != TV_UNDEFINED)
		return render_fail(r, "%s wants a map, not %s", c->name,
		    tval_kind_name(&of));
	for (i = 0; i < n; i++) {
		if (tval_to_text(r, &pairs[i].key, &key) == -1 ||
		    namespace_set(r, o, key, pairs[i].value) == -1)
			return -1;
	}
	for (i = 0; i < c->n_keys; i++) {
		if (namespace_set(r, o, c->keys[i].key.u.text,
		    c->keys[i].value) == -1)
			return -1;
	}
	c->used = UINT64_MAX;
	return 0;
}

static int
fn_dict(struct render *r, struct call *c, struct tval *out)
{
	if (collect(r, c, out) == -1)
		return -1;
	*out = out->u.object->u.vars;
	return 0;
}

static int
fn_namespace(struct render *r, struct call *c, struct tval *out)
{
	return collect(r, c, out);
}

static int
fn_cycler(struct render *r, struct call *c, struct tval *out)
{
	struct tval items = call_arg(c, 0, "items");
	struct tobject *o;

	*out = object_new(r, OBJECT_CYCLER, &o);
	/* A list of values, or the values themselves. */
	if (c->n <= 1 && items.kind == TV_LIST) {
		if (tval_items(r, &items, &o->u.cycle.v, &o->u.cycle.n) == -1)
			return -1;
	} else {
		call_takes_all(c);
		o->u.cycle.v = c->v;
		o->u.cycle.n = c->n;
	}
	if (o->u.cycle.n == 0)
		return render_fail(r, "cycler wants at least one value");
	return 0;
}

static int
fn_joiner(struct render *r, struct call *c, struct tval *out)
{
	struct tval sep = call_arg(c, 0, "sep");
	struct tobject *o;

	*out = object_new(r, OBJECT_JOINER, &o);
	o->u.join.sep = sep.kind == TV_UNDEFINED ? tval_text(SPAN_LIT(", ")) :
	    sep;
	return 0;
}

static int
fn_now(struct render *r, struct call *c, struct tval *out)
{
	int64_t us = r->in->now_us != 0 ? r->in->now_us : clock_wall_us();

	(void)c;
	*out = tval_float((double)us / 1000000);
	return 0;
}

/* The variables there are, or the arguments. */
static int
fn_debug(struct render *r, struct call *c, struct tval *out)
{
	struct buf b = { .base = NULL };
	const struct scope *s;
	struct tval map;
	struct span text;
	size_t i;

	call_takes_all(c);
	for (i = 0; i < c->n; i++) {
		tval_print(r, &b, &c->v[i]);
		render_put(r, &b, SPAN_LIT("\n"));
	}
	for (s = c->n > 0 ? NULL : r->scope; s != NULL; s = s->up) {
		for (i = 0; i < s->n; i++) {
			render_put(r, &b, s->v[i].name);
			render_put(r, &b, SPAN_LIT(" = "));
			tval_print(r, &b, &s->v[i].v);
			render_put(r, &b, SPAN_LIT("\n"));
		}
	}
	for (i = r->in->n_maps; c->n == 0 && i > 0; i--) {
		map = tval_foreign(r->in->maps[i - 1]);
		tval_print(r, &b, &map);
		render_put(r, &b, SPAN_LIT("\n"));
	}
	if (render_take(r, &b, &text) == -1)
		return -1;
	*out = tval_text(text);
	return 0;
}

const struct function_row jinja_functions[] = {
	{ "range", fn_range, "start?, stop, step?",
	    "The whole numbers from\n.Fa start ,\nor 0, up to but not with\n"
	    ".Fa stop ;\nat most 100000." },
	{ "dict", fn_dict, "map?, key=value, ...",
	    "A map." },
	{ "namespace", fn_namespace, "map?, key=value, ...",
	    "A map whose entries\n.Ic set\nmay change, from within loops, "
	    "too." },
	{ "debug", fn_debug, "value, ...",
	    "The variables there are, or the arguments, as text." },
	{ "cycler", fn_cycler, "value, ...",
	    "An object whose\n.Fn next\ngives one value after the other, over "
	    "and over.\nA list may stand for the values." },
	{ "joiner", fn_joiner, "sep=', '",
	    "A function that gives nothing at the first call and the separator "
	    "at all later ones." },
	{ "now", fn_now, "",
	    "Seconds since 1970." },
	{ "randrange", fn_randrange, "start?, stop",
	    "A number from\n.Fa start ,\nor 0, up to but not with\n"
	    ".Fa stop ." },
	{ "lipsum", fn_lipsum, "n=5, html?, min=20, max=100",
	    "That many paragraphs of text without a meaning." },
	{ NULL, NULL, NULL, NULL },
};
