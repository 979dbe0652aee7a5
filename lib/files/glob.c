/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/files/glob.h"

#include <dirent.h>
#include <errno.h>
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "lib/base/alloc.h"
#include "lib/base/text.h"
#include "lib/files/files.h"

enum {
	PATTERNS_MAX = 256,   /* that braces make of one */
	PATTERN_MAX = 4096,
	DEPTH_MAX = 64,
	LOOKED_AT_MAX = 500000, /* names */
};

struct walk {
	struct value *found;
	size_t looked_at;
	struct buf *why;
};

static int
because(struct walk *w, const char *text)
{
	buf_clear(w->why, 4096);
	buf_add_str(w->why, text);
	return -1;
}

static int
found(struct walk *w, const char *path)
{
	if (!text_is_utf8(span_of(path)))
		return because(w, "a name in it is not UTF-8");
	if (w->found->u.list.n >= FILES_NAMES_MAX)
		return because(w, "it names more than 50000 files");
	value_list_add(w->found, value_text(0, span_of(path)));
	return 0;
}

/* ---- walking ------------------------------------------------------------ */

static char *
path_join(const char *folder, const char *name)
{
	size_t len = strlen(folder);

	return xasprintf("%s%s%s", folder,
	    len == 0 || folder[len - 1] == '/' ? "" : "/", name);
}

static int walk(struct walk *w, const char *folder, const char *pattern,
    unsigned depth);

static bool
is_folder(const char *path, bool follow)
{
	struct stat st;

	return (follow ? stat(path, &st) : lstat(path, &st)) == 0 &&
	    S_ISDIR(st.st_mode);
}

/* One name of a folder against the first part; rest is NULL at the end. */
static int
walk_name(struct walk *w, const char *folder, const char *name,
    const char *part, const char *rest, unsigned depth)
{
	char *path;
	int status = 0;

	if (++w->looked_at > LOOKED_AT_MAX)
		return because(w, "it looks at more than 500000 names");
	if (fnmatch(part, name, FNM_PERIOD) != 0)
		return 0;
	path = path_join(folder, name);
	if (rest == NULL)
		status = found(w, path);
	else if (is_folder(path, true))
		status = walk(w, path, rest, depth + 1);
	free(path);
	return status;
}

/* "**" once more below each folder; links to folders are not followed. */
static int
walk_deep(struct walk *w, const char *folder, const char *name,
    const char *pattern, unsigned depth)
{
	char *path;
	int status = 0;

	if (++w->looked_at > LOOKED_AT_MAX)
		return because(w, "it looks at more than 500000 names");
	if (name[0] == '.')
		return 0;
	path = path_join(folder, name);
	if (is_folder(path, false))
		status = walk(w, path, pattern, depth + 1);
	free(path);
	return status;
}

static int
walk_names(struct walk *w, const char *folder, const char *pattern,
    const char *part, const char *rest, unsigned depth)
{
	DIR *dir = opendir(*folder == '\0' ? "." : folder);
	const struct dirent *e;
	int status = 0;

	while (dir != NULL && status == 0 && (e = readdir(dir)) != NULL) {
		if (strcmp(e->d_name, ".") == 0 ||
		    strcmp(e->d_name, "..") == 0)
			continue;
		status = part == NULL ?
		    walk_deep(w, folder, e->d_name, pattern, depth) :
		    walk_name(w, folder, e->d_name, part, rest, depth);
	}
	if (dir != NULL)
		closedir(dir);
	return status;
}

/* A part without wildcards needs no reading of the folder. */
static int
walk_plain(struct walk *w, const char *folder, const char *part,
    const char *rest, unsigned depth)
{
	char *path = path_join(folder, part);
	struct stat st;
	int status = 0;

	if (rest != NULL)
		status = walk(w, path, rest, depth + 1);
	else if (lstat(path, &st) == 0)
		status = found(w, path);
	free(path);
	return status;
}

static int
walk(struct walk *w, const char *folder, const char *pattern, unsigned depth)
{
	const char *slash = strchr(pattern, '/'), *rest;
	char *part;
	int status;

	if (depth > DEPTH_MAX)
		return because(w, "folders are too deep in each other");
	while (slash != NULL && slash == pattern) {
		pattern++;
		slash = strchr(pattern, '/');
	}
	rest = slash == NULL ? NULL : slash + 1;
	while (rest != NULL && *rest == '/')
		rest++;
	part = slash == NULL ? xstrdup(pattern) :
	    xmemdupz(pattern, (size_t)(slash - pattern));
	if (strcmp(part, "**") == 0) {
		/* None of them, then one more and again. */
		status = walk(w, folder, rest == NULL ? "*" : rest,
		    depth + 1);
		if (status == 0)
			status = walk_names(w, folder, pattern, NULL, NULL,
			    depth);
	} else if (strpbrk(part, "*?[\\") != NULL)
		status = walk_names(w, folder, NULL, part, rest, depth);
	else if (*part == '\0')
		status = 0;
	else
		status = walk_plain(w, folder, part, rest, depth);
	free(part);
	return status;
}

/* ---- braces ------------------------------------------------------------- */

struct patterns {
	char *v[PATTERNS_MAX];
	size_t n;
};

/* The comma or brace that ends a choice at p; NULL: there is none. */
static const char *
choice_end(const char *p)
{
	unsigned open = 0;

	for (; *p != '\0'; p++) {
		if (*p == '\\' && p[1] != '\0')
			p++;
		else if (*p == '{')
			open++;
		else if (*p == '}' && open-- == 0)
			return p;
		else if (*p == ',' && open == 0)
			return p;
	}
	return NULL;
}

/* Takes the pattern over. -1: too many, or braces that do not match. */
static int
patterns_add(struct patterns *all, char *pattern)
{
	char *open = strchr(pattern, '{');
	const char *from, *end, *tail;
	int status = 0;

	if (open == NULL) {
		if (all->n >= PATTERNS_MAX || strlen(pattern) > PATTERN_MAX) {
			free(pattern);
			return -1;
		}
		all->v[all->n++] = pattern;
		return 0;
	}
	for (tail = open + 1; (tail = choice_end(tail)) != NULL &&
	    *tail == ','; tail++)
		;
	if (tail == NULL) {
		free(pattern);
		return -1;
	}
	for (from = open + 1; status == 0; from = end + 1) {
		end = choice_end(from);
		status = patterns_add(all, xasprintf("%.*s%.*s%s",
		    (int)(open - pattern), pattern, (int)(end - from), from,
		    tail + 1));
		if (end == tail)
			break;
	}
	free(pattern);
	return status;
}

/* ---- the list ----------------------------------------------------------- */

static int
by_text(const void *a, const void *b)
{
	const struct value *const *x = a, *const *y = b;

	return strcmp((*x)->u.text.p, (*y)->u.text.p);
}

/* In order, each once, without the prefix. */
static struct value *
list_finish(struct value *list, const char *relative_to)
{
	size_t len = strlen(relative_to), i;
	struct value *out = value_list(0);
	const char *path, *last = NULL;

	if (list->u.list.n > 0)
		qsort(list->u.list.v, list->u.list.n,
		    sizeof(*list->u.list.v), by_text);
	while (len > 0 && relative_to[len - 1] == '/')
		len--;
	for (i = 0; i < list->u.list.n; i++) {
		path = list->u.list.v[i]->u.text.p;
		if (last != NULL && strcmp(last, path) == 0)
			continue;
		last = path;
		if (len > 0 && strncmp(path, relative_to, len) == 0 &&
		    path[len] == '/')
			path += len + 1;
		value_list_add(out, value_text(0, span_of(path)));
	}
	value_free(&list);
	return out;
}

struct value *
glob_expand(const char *pattern, const char *relative_to, struct buf *why)
{
	struct walk w = { .found = value_list(0), .why = why };
	struct patterns all = { .n = 0 };
	const char *one;
	int status = 0;
	size_t i;

	if (strlen(pattern) > PATTERN_MAX ||
	    patterns_add(&all, xstrdup(pattern)) == -1)
		status = because(&w, "its braces do not match, or make too "
		    "many patterns");
	for (i = 0; i < all.n && status == 0; i++) {
		one = all.v[i];
		status = walk(&w, *one == '/' ? "/" : relative_to, one, 0);
	}
	for (i = 0; i < all.n; i++)
		free(all.v[i]);
	if (status == 0)
		return list_finish(w.found, relative_to);
	value_free(&w.found);
	return NULL;
}

struct value *
glob_folder(const char *path, struct buf *why)
{
	struct walk w = { .found = value_list(0), .why = why };
	DIR *dir = opendir(path);
	const struct dirent *e;
	int status = dir == NULL ? -1 : 0;
	char *whole;

	while (status == 0 && (e = readdir(dir)) != NULL) {
		if (strcmp(e->d_name, ".") == 0 ||
		    strcmp(e->d_name, "..") == 0)
			continue;
		whole = path_join(path, e->d_name);
		status = found(&w, whole);
		free(whole);
	}
	if (dir != NULL)
		closedir(dir);
	if (status == 0)
		return list_finish(w.found, "");
	value_free(&w.found);
	return NULL;
}
