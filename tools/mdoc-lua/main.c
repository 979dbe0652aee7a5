/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mdoc-lua: the manual page, section 7, of a module that policies may use,
 * printed from the tables that the module is opened from, so that neither has
 * what the other lacks. Used at build time only.
 *
 * mdoc-lua MODULE prints its page, --list the names of all modules, and --names
 * "module<TAB>function<TAB>arguments" of all that can be called, methods as
 * "Type:method" and fields as "Type.field". A row without words for the page
 * is an error of every call.
 */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "lib/base/buf.h"
#include "lib/base/span.h"
#include "lib/policy/library.h"

/* ---- rows without words -------------------------------------------------- */

static int faults;

static void
want(const char *module, const char *type, const char *name,
    const char *what, const char *given)
{
	if (given != NULL && given[0] != '\0')
		return;
	fprintf(stderr, "mdoc-lua: %s: %s%s%s has no %s\n", module,
	    type, type[0] != '\0' ? ":" : "", name, what);
	faults++;
}

static void
functions_check(const char *module, const char *type,
    const struct library_function *f)
{
	for (; f != NULL && f->name != NULL; f++) {
		want(module, type, f->name, "arguments", f->args);
		want(module, type, f->name, "text", f->text);
	}
}

static void
type_check(const char *module, const struct library_type *type)
{
	const struct library_field *f;

	want(module, "", type->name, "about", type->about);
	functions_check(module, type->name, type->methods);
	for (f = type->fields; f != NULL && f->name != NULL; f++) {
		want(module, type->name, f->name, "type", f->type);
		want(module, type->name, f->name, "text", f->text);
	}
}

static void
library_check_words(const struct library *lib)
{
	size_t i;

	want(lib->name, "", "it", "title", lib->title);
	want(lib->name, "", "it", "about", lib->about);
	functions_check(lib->name, "", lib->functions);
	for (i = 0; lib->types != NULL && lib->types[i] != NULL; i++)
		type_check(lib->name, lib->types[i]);
}

/* ---- the page ------------------------------------------------------------ */

/* Does a sentence end before text[at], a blank? */
static bool
sentence_ends(struct span text, size_t at)
{
	size_t end = at, next = at;

	while (next < text.len && text.p[next] == ' ')
		next++;
	if (next == text.len || text.p[next] < 'A' || text.p[next] > 'Z')
		return false;
	if (end > 0 && (text.p[end - 1] == ')' || text.p[end - 1] == '"'))
		end--;
	return end > 0 && strchr(".?!", text.p[end - 1]) != NULL;
}

/* mdoc wants each sentence to begin on a line of its own. */
static void
put_line(struct buf *out, struct span line)
{
	bool is_macro = line.len > 0 && line.p[0] == '.';
	size_t i;

	for (i = 0; i < line.len; i++) {
		if (is_macro || line.p[i] != ' ' || !sentence_ends(line, i)) {
			buf_add_byte(out, line.p[i]);
			continue;
		}
		while (line.p[i + 1] == ' ')
			i++;
		buf_add_byte(out, '\n');
	}
	buf_add_byte(out, '\n');
}

static void
put_text(struct buf *out, const char *text)
{
	struct span left = span_of(text);
	ptrdiff_t end;

	while (left.len > 0) {
		end = span_find(left, '\n');
		put_line(out, end < 0 ? left : span_make(left.p, (size_t)end));
		left = span_from(left, end < 0 ? left.len : (size_t)end + 1);
	}
}

/* One argument of a macro, whatever is in it. */
static void
put_argument(struct buf *out, const char *text)
{
	buf_add_byte(out, '"');
	for (; *text != '\0'; text++) {
		if (*text == '"')
			buf_add_byte(out, '"');
		buf_add_byte(out, *text);
		if (*text == '\\')
			buf_add_byte(out, 'e');
	}
	buf_add_byte(out, '"');
}

static void
put_functions(struct buf *out, const char *before,
    const struct library_function *f)
{
	if (f == NULL || f->name == NULL)
		return;
	buf_add_str(out, ".Bl -tag -width Ds\n");
	for (; f->name != NULL; f++) {
		buf_addf(out, ".It Ic %s%s Ns Li ", before, f->name);
		put_argument(out, f->args);
		buf_add_byte(out, '\n');
		put_text(out, f->text);
	}
	buf_add_str(out, ".El\n");
}

static void
put_fields(struct buf *out, const struct library_field *f)
{
	if (f == NULL || f->name == NULL)
		return;
	buf_add_str(out, ".Bl -tag -width Ds\n");
	for (; f->name != NULL; f++) {
		buf_addf(out, ".It Va %s , Li ", f->name);
		put_argument(out, f->type);
		if (f->set != NULL)
			buf_add_str(out, " , No \"can be set\"");
		buf_add_byte(out, '\n');
		put_text(out, f->text);
	}
	buf_add_str(out, ".El\n");
}

static void
put_type(struct buf *out, const struct library_type *type)
{
	buf_addf(out, ".Ss %s\n", type->name);
	put_text(out, type->about);
	put_functions(out, ":", type->methods);
	put_fields(out, type->fields);
}

static void
put_page(struct buf *out, const struct library *lib)
{
	const char *dot = strrchr(lib->name, '.');
	const char *word = dot != NULL ? dot + 1 : lib->name;
	char title[100];
	size_t i;

	snprintf(title, sizeof(title), "%s", lib->name);
	for (i = 0; title[i] != '\0'; i++)
		title[i] = (char)toupper((unsigned char)title[i]);
	buf_addf(out, ".\\\" SPDX-License-Identifier: Apache-2.0\n"
	    ".\\\" Made by mdoc-lua from the tables of the module.\n"
	    ".Dd November 22, 2026\n.Dt %s 7\n.Os Ekiden\n"
	    ".Sh NAME\n.Nm %s\n.Nd %s\n.Sh SYNOPSIS\n"
	    ".Dl local %s = require '%s'\n.Sh DESCRIPTION\n", title,
	    lib->name, lib->title, word, lib->name);
	put_text(out, lib->about);
	if (lib->functions != NULL && lib->functions->name != NULL)
		buf_add_str(out, ".Sh FUNCTIONS\n");
	put_functions(out, "", lib->functions);
	if (lib->types != NULL && lib->types[0] != NULL)
		buf_add_str(out, ".Sh OBJECTS\n");
	for (i = 0; lib->types != NULL && lib->types[i] != NULL; i++)
		put_type(out, lib->types[i]);
	buf_add_str(out, ".Sh SEE ALSO\n.Xr ekiden-policy 7\n");
}

static int
print_page(const char *name)
{
	struct buf out = { 0 };
	size_t i;

	for (i = 0; libraries[i] != NULL; i++) {
		if (strcmp(libraries[i]->name, name) == 0)
			break;
	}
	if (libraries[i] == NULL) {
		fprintf(stderr, "mdoc-lua: there is no module %s\n", name);
		return 1;
	}
	put_page(&out, libraries[i]);
	fwrite(buf_data(&out), 1, buf_len(&out), stdout);
	buf_free(&out);
	return 0;
}

/* ---- names --------------------------------------------------------------- */

static void
print_functions(const char *module, const char *type,
    const struct library_function *f)
{
	for (; f != NULL && f->name != NULL; f++)
		printf("%s\t%s%s%s\t%s\n", module, type,
		    type[0] != '\0' ? ":" : "", f->name, f->args);
}

static int
print_names(void)
{
	const struct library_type *const *type;
	const struct library_field *f;
	size_t i;

	for (i = 0; libraries[i] != NULL; i++) {
		const char *module = libraries[i]->name;

		print_functions(module, "", libraries[i]->functions);
		type = libraries[i]->types;
		for (; type != NULL && *type != NULL; type++) {
			printf("%s\t%s\tobject\n", module, (*type)->name);
			print_functions(module, (*type)->name,
			    (*type)->methods);
			f = (*type)->fields;
			for (; f != NULL && f->name != NULL; f++)
				printf("%s\t%s.%s\t%s\n", module,
				    (*type)->name, f->name, f->type);
		}
	}
	return 0;
}

static int
print_list(void)
{
	size_t i;

	for (i = 0; libraries[i] != NULL; i++)
		puts(libraries[i]->name);
	return 0;
}

int
main(int argc, char **argv)
{
	int result;
	size_t i;

	if (argc != 2) {
		fputs("usage: mdoc-lua MODULE | --list | --names\n", stderr);
		return 2;
	}
	for (i = 0; libraries[i] != NULL; i++)
		library_check_words(libraries[i]);
	if (faults > 0)
		return 1;
	if (strcmp(argv[1], "--list") == 0)
		result = print_list();
	else if (strcmp(argv[1], "--names") == 0)
		result = print_names();
	else
		result = print_page(argv[1]);
	return fflush(stdout) == 0 ? result : 1;
}
