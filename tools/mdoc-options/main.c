/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mdoc-options: fills the marked places of a manual page from the tables that
 * the programs are made of, so that neither can say what the other does not.
 * Used at build time only. A mark is an mdoc comment on a line of its own:
 *
 *	.\" @options TABLE    the rows of that option table, as a list
 *	.\" @peers ROLE       who that process talks to, and the messages
 *	.\" @account ROLE     the account it has when started as root
 *	.\" @template KIND    filters, tests, functions, methods or helpers of
 *	                      templates, as a list
 *	.\" @modules          the modules that scripts have, as a list
 *	.\" @example          the display that follows is an ekiden.yaml: it is
 *	                      loaded, and an error in it is an error here
 *	.\" @policy           the display that follows is a policy: the tests
 *	                      load it
 *
 * mdoc-options PAGE.in prints the page; --names prints "table<TAB>option" of
 * all tables; --yaml FILE loads an ekiden.yaml as an example is loaded.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/buf.h"
#include "lib/base/log.h"
#include "lib/base/span.h"
#include "lib/ipc/message.h"
#include "lib/ipc/role.h"
#include "lib/policy/library.h"
#include "lib/policy/log_templates.h"
#include "lib/policy/unbuilt.h"
#include "lib/settings/option.h"
#include "lib/settings/problem.h"
#include "lib/settings/suite.h"
#include "lib/settings/value.h"
#include "lib/settings/yaml.h"
#include "lib/template/template.h"

enum { READ_CHUNK = 65536 };

struct page {
	const char *file;
	int line; /* of what is being read */
	int errors;
	struct buf out;
	struct buf example; /* of the display being collected */
	int example_line;
	enum { EXAMPLE_NO, EXAMPLE_MARKED, EXAMPLE_INSIDE } in_example;
};

static void
page_error(struct page *p, const char *what, struct span name)
{
	fprintf(stderr, "%s:%d: %s%s%.*s\n", p->file, p->line, what,
	    name.len > 0 ? " " : "", SPAN_FMT(name));
	p->errors++;
}

/* ---- options ------------------------------------------------------------- */

static const struct option_table *
table_find(struct span name)
{
	size_t i;

	for (i = 0; option_tables[i] != NULL; i++) {
		if (span_eq_str(name, option_tables[i]->of))
			return option_tables[i];
	}
	return NULL;
}

/* Is this option refused, as {option: true} shows? It may stand inside. */
static bool
is_unbuilt(const struct option_table *t, const struct option_row *row)
{
	static const char inner[] = "kumo.make_queue_config protocol";
	struct value *map = value_map(1), *outer;
	struct problems problems = { .v = NULL };
	bool unbuilt;

	value_map_add(map, 1, span_of(row->name), value_bool(1, true));
	if (strcmp(t->of, inner) == 0) {
		outer = value_map(1);
		value_map_add(outer, 1, SPAN_LIT("protocol"), map);
		map = outer;
		unbuilt_check("kumo.make_queue_config", map, &problems);
	} else
		unbuilt_check(t->of, map, &problems);
	unbuilt = problems.errors > 0;
	problems_free(&problems);
	value_free(&map);
	return unbuilt;
}

static void
put_options(struct page *p, struct span name)
{
	const struct option_table *t = table_find(name);
	struct option_table one;
	size_t i;

	if (t == NULL) {
		page_error(p, "there is no option table", name);
		return;
	}
	buf_add_str(&p->out, ".Bl -tag -width Ds\n");
	for (i = 0; i < t->n; i++) {
		if (t->rows[i].meaning == NULL || t->rows[i].meaning[0] == '\0')
			page_error(p, "an option without a meaning:",
			    span_of(t->rows[i].name));
		one = *t;
		one.rows = &t->rows[i];
		one.n = 1;
		option_table_mdoc(&one, &p->out);
		if (is_unbuilt(t, &t->rows[i]))
			buf_add_str(&p->out, "It is not part of this version "
			    "and is refused.\n");
	}
	buf_add_str(&p->out, ".El\n");
}

static int
print_names(void)
{
	const struct option_table *t;
	size_t i, k;

	for (i = 0; (t = option_tables[i]) != NULL; i++) {
		for (k = 0; k < t->n; k++)
			printf("%s\t%s\n", t->of, t->rows[k].name);
	}
	return 0;
}

/* ---- processes ----------------------------------------------------------- */

static enum role
role_find(struct span name)
{
	unsigned role;

	for (role = 0; role < ROLE_COUNT; role++) {
		if (span_eq_str(name, role_name((enum role)role)))
			break;
	}
	return (enum role)role;
}

/* Those that work once and end are none. */
static bool
is_daemon(enum role role)
{
	return role != ROLE_LOADER && role != ROLE_KEYS;
}

/*
 * In the list a role that is left open stands for the daemons, and what goes
 * to all of them does not go to master. Keys go to those who have any.
 */
static bool
says(unsigned type, enum role from, enum role to)
{
	const struct message_row *row = message_row(type);

	if (!message_allowed(type, from, to))
		return false;
	if (type == MSG_KEYS)
		return to == ROLE_SMTPD || to == ROLE_OUT;
	if (!is_daemon(from) || !is_daemon(to))
		return row->from != ROLE_COUNT && row->to != ROLE_COUNT;
	return to != ROLE_MASTER || row->to == ROLE_MASTER;
}

/* "word NAME, NAME" of all messages that go this way. */
static void
put_messages(struct buf *out, const char *word, enum role from, enum role to)
{
	bool any = false;
	unsigned type;

	for (type = 0; type < MSG_COUNT; type++) {
		if (!says(type, from, to))
			continue;
		if (any)
			buf_add_str(out, " ,\n");
		else
			buf_addf(out, "%s\n", word);
		buf_addf(out, ".Dv %s", message_name(type));
		any = true;
	}
	if (any)
		buf_add_str(out, " .\n");
}

static void
put_peers(struct page *p, struct span name)
{
	enum role self = role_find(name), other;
	unsigned i;

	if (self == ROLE_COUNT) {
		page_error(p, "there is no role", name);
		return;
	}
	buf_add_str(&p->out, ".Bl -tag -width spoold-reader\n");
	for (i = 0; i < ROLE_COUNT; i++) {
		other = (enum role)i;
		if (other == self || (self != ROLE_MASTER &&
		    other != ROLE_MASTER && !role_talks(self, other)))
			continue;
		buf_addf(&p->out, ".It Sy %s\n", role_name(other));
		put_messages(&p->out, "Sends", self, other);
		put_messages(&p->out, "Takes", other, self);
	}
	buf_add_str(&p->out, ".El\n");
}

static void
put_account(struct page *p, struct span name)
{
	enum role role = role_find(name);

	if (role == ROLE_COUNT)
		page_error(p, "there is no role", name);
	else
		buf_addf(&p->out, ".Sy %s\n", role_user(role));
}

static void
put_template(struct page *p, struct span name)
{
	char text[20] = "";

	if (name.len < sizeof(text))
		memcpy(text, name.p, name.len);
	if (template_mdoc(&p->out, text) == -1)
		page_error(p, "templates have no", name);
}

static void
put_modules(struct page *p, struct span name)
{
	size_t i;

	(void)name;
	buf_add_str(&p->out, ".Bl -tag -width kumo.counter_series(7)\n");
	for (i = 0; libraries[i] != NULL; i++)
		buf_addf(&p->out, ".It Xr %s 7\n%s\n", libraries[i]->name,
		    libraries[i]->title);
	buf_add_str(&p->out, ".El\n");
}

/* ---- examples ------------------------------------------------------------ */

/* Number of problems, which are printed under that file's name. */
static int
yaml_check(const char *file, int line, struct span text)
{
	struct problems problems = { .v = NULL };
	struct value *v = yaml_parse(text, NULL);
	struct suite s;
	size_t i;
	int n = 0;

	if (v != NULL) {
		unbuilt_check_yaml(v, &problems);
		log_templates_check_yaml(v, &problems);
	}
	value_free(&v);
	if (suite_load_text(text, &s, &problems) == 0) {
		suite_finish(&s, &problems);
		suite_free(&s);
	}
	for (i = 0; i < problems.n; i++) {
		if (problems.v[i].notice)
			continue;
		fprintf(stderr, "%s:%d: example: %s\n", file,
		    line + problems.v[i].line, problems.v[i].text);
		n++;
	}
	problems_free(&problems);
	return n;
}

/* Follows marked displays; the text goes to the page in any case. */
static void
example_line(struct page *p, struct span line)
{
	bool begins = span_starts(line, ".Bd");

	if (p->in_example == EXAMPLE_MARKED && begins) {
		p->in_example = EXAMPLE_INSIDE;
		p->example_line = p->line;
		buf_clear(&p->example, READ_CHUNK);
	} else if (p->in_example == EXAMPLE_MARKED) {
		page_error(p, "@example without a display behind it",
		    span_of(""));
		p->in_example = EXAMPLE_NO;
	} else if (p->in_example == EXAMPLE_INSIDE &&
	    span_starts(line, ".Ed")) {
		p->errors += yaml_check(p->file, p->example_line,
		    buf_span(&p->example));
		p->in_example = EXAMPLE_NO;
	} else if (p->in_example == EXAMPLE_INSIDE) {
		buf_add_span(&p->example, line);
		buf_add_byte(&p->example, '\n');
	}
}

/* ---- the page ------------------------------------------------------------ */

static const struct {
	const char *word;
	void (*put)(struct page *p, struct span name);
} marks[] = {
	{ ".\\\" @options ", put_options },
	{ ".\\\" @peers ", put_peers },
	{ ".\\\" @account ", put_account },
	{ ".\\\" @template ", put_template },
	{ ".\\\" @modules", put_modules },
};

static void
page_line(struct page *p, struct span line)
{
	size_t i;

	for (i = 0; i < sizeof(marks) / sizeof(*marks); i++) {
		if (span_starts(line, marks[i].word)) {
			marks[i].put(p, span_from(line,
			    strlen(marks[i].word)));
			return;
		}
	}
	if (span_eq_str(line, ".\\\" @example")) {
		p->in_example = EXAMPLE_MARKED;
		return;
	}
	if (span_starts(line, ".\\\" @") && !span_eq_str(line,
	    ".\\\" @policy"))
		page_error(p, "a mark that is not known:", line);
	example_line(p, line);
	buf_add_span(&p->out, line);
	buf_add_byte(&p->out, '\n');
}

static int
read_file(const char *file, struct buf *out)
{
	FILE *f = fopen(file, "re");
	size_t n;

	if (f == NULL) {
		fprintf(stderr, "%s: %s\n", file, strerror(errno));
		return -1;
	}
	while ((n = fread(buf_reserve(out, READ_CHUNK), 1, READ_CHUNK,
	    f)) > 0)
		buf_commit(out, n);
	fclose(f);
	return 0;
}

static int
print_page(const char *file)
{
	struct page p = { .file = file };
	struct buf text = { 0 };
	struct span left, line;
	ptrdiff_t end;

	if (read_file(file, &text) != 0)
		return 1;
	left = buf_span(&text);
	while (left.len > 0) {
		end = span_find(left, '\n');
		line = span_make(left.p, end < 0 ? left.len : (size_t)end);
		left = span_from(left, end < 0 ? left.len : (size_t)end + 1);
		p.line++;
		page_line(&p, line);
	}
	if (p.in_example != EXAMPLE_NO)
		page_error(&p, "an example without an end", span_of(""));
	if (p.errors == 0)
		fwrite(buf_data(&p.out), 1, buf_len(&p.out), stdout);
	buf_free(&p.out);
	buf_free(&p.example);
	buf_free(&text);
	return p.errors == 0 && fflush(stdout) == 0 ? 0 : 1;
}

static int
check_yaml(const char *file)
{
	struct buf text = { 0 };
	int n;

	if (read_file(file, &text) != 0)
		return 1;
	n = yaml_check(file, 0, buf_span(&text));
	buf_free(&text);
	return n == 0 ? 0 : 1;
}

int
main(int argc, char **argv)
{
	log_init("mdoc-options", NULL, LOG_LEVEL_INFO);
	if (argc == 2 && strcmp(argv[1], "--names") == 0)
		return print_names();
	if (argc == 3 && strcmp(argv[1], "--yaml") == 0)
		return check_yaml(argv[2]);
	if (argc == 2 && argv[1][0] != '-')
		return print_page(argv[1]);
	fputs("usage: mdoc-options PAGE.in | --names | --yaml FILE\n", stderr);
	return 2;
}
