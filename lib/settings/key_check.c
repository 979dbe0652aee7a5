/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/settings/key_check.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/base/alloc.h"
#include "lib/settings/key_list.h"
#include "lib/settings/option.h"
#include "lib/settings/problem.h"

/* ---- files --------------------------------------------------------------- */

enum file_fault { FILE_GOOD, FILE_ERRNO, FILE_NOT_PLAIN, FILE_TOO_LONG };

static bool
is_plain(int fd)
{
	struct stat st;

	return fstat(fd, &st) == 0 && S_ISREG(st.st_mode);
}

/*
 * Opening a device can do something, and opening a pipe can wait: look first
 * at what it is, then open that very thing. In a jail /proc is closed, and
 * there we have no more rights than whoever started us: the name will do.
 */
static int
plain_open(const char *path, bool lenient, enum file_fault *fault_out)
{
	const int how = O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK;
	int at = open(path, O_PATH | O_CLOEXEC), fd = -1, saved;
	char again[64];

	*fault_out = FILE_ERRNO;
	if (at == -1)
		return -1;
	if (is_plain(at)) {
		snprintf(again, sizeof(again), "/proc/self/fd/%d", at);
		fd = open(lenient ? path : again, how);
	} else
		*fault_out = FILE_NOT_PLAIN;
	saved = errno;
	close(at);
	errno = saved;
	return fd;
}

/* At most KEY_FILE_MAX bytes into buf, which has one more. */
static enum file_fault
file_read(const char *path, bool lenient, uint8_t *buf, size_t *len_out)
{
	enum file_fault fault;
	int fd = plain_open(path, lenient, &fault);
	size_t got = 0;
	ssize_t n = -1;
	int saved;

	if (fd == -1)
		return fault;
	while (got <= KEY_FILE_MAX &&
	    (n = read(fd, buf + got, KEY_FILE_MAX + 1 - got)) > 0)
		got += (size_t)n;
	saved = errno;
	close(fd);
	errno = saved;
	*len_out = got;
	return got > KEY_FILE_MAX ? FILE_TOO_LONG :
	    n == 0 ? FILE_GOOD : FILE_ERRNO;
}

static void
say_fault(const struct key_item *item, enum file_fault fault, bool lenient,
    struct problems *problems)
{
	int error = errno;

	if (item->guess)
		problem_notice(problems, 0, "%s: the file '%s' cannot be read "
		    "(%s): it is left out", item->where,
		    item->name, fault == FILE_ERRNO ? strerror(error) :
		    "it is no file of at most 1 MiB");
	else if (fault == FILE_ERRNO && error == EACCES && lenient)
		problem_notice(problems, 0, "%s: the file '%s' is not checked: "
		    "this account may not read it", item->where, item->name);
	else if (fault == FILE_ERRNO)
		problem_add(problems, 0, "%s: the file '%s' cannot be read: "
		    "%s; put it there or name another", item->where,
		    item->name, strerror(error));
	else if (fault == FILE_NOT_PLAIN)
		problem_add(problems, 0, "%s: '%s' is no plain file: name the "
		    "file itself", item->where, item->name);
	else
		problem_add(problems, 0, "%s: the file '%s' is larger than "
		    "1 MiB: name one that holds keys alone", item->where,
		    item->name);
}

int
key_list_read_files(struct key_list *l, bool lenient,
    struct problems *problems)
{
	uint8_t *buf = xmalloc(KEY_FILE_MAX + 1);
	size_t before = problems->errors, i, len, sum = 0;
	enum file_fault fault;

	for (i = 0; i < l->n; i++) {
		if (!l->v[i].known) {
			fault = file_read(l->v[i].name, lenient, buf,
			    &len);
			if (fault == FILE_GOOD)
				key_item_fill(&l->v[i], span_make(buf, len));
			else
				say_fault(&l->v[i], fault, lenient, problems);
		}
		sum += l->v[i].len;
		if (sum > KEY_BYTES_MAX) {
			problem_add(problems, 0, "%s: the key files are larger "
			    "than 64 MiB together: name fewer",
			    l->v[i].where);
			break;
		}
	}
	explicit_bzero(buf, KEY_FILE_MAX + 1);
	free(buf);
	return problems->errors == before ? 0 : -1;
}

/* ---- what they hold ------------------------------------------------------ */

/* "'/etc/x.pem'", or "the text of key_data". */
static const char *
item_name(const struct key_item *item, char *out, size_t size)
{
	if (strncmp(item->name, KEY_HELD, strlen(KEY_HELD)) == 0)
		return "the text of key_data";
	snprintf(out, size, "'%s'", item->name);
	return out;
}

/* False when something was wrong, which was said once then. */
static bool
item_check(const struct key_item *item, const struct tls_pem *pem,
    struct problems *problems)
{
	static const enum tls_pem_use uses[] = { TLS_PEM_CHAIN, TLS_PEM_KEY,
		TLS_PEM_AUTHORITIES };
	char name[4100];
	const char *fault;
	size_t i;

	/* Else anything at all would go through. */
	if (item->uses == 0) {
		problem_add(problems, 0, "%s: the file %s is wanted for "
		    "nothing", item->where, item_name(item, name,
		    sizeof(name)));
		return false;
	}
	for (i = 0; i < sizeof(uses) / sizeof(*uses); i++) {
		if ((item->uses & uses[i]) == 0 ||
		    (fault = tls_pem_fault(pem, uses[i])) == NULL)
			continue;
		problem_add(problems, 0, "%s: %s %s", item->where,
		    item_name(item, name, sizeof(name)), fault);
		return false;
	}
	return true;
}

static void
pair_check(const struct key_list *l, const struct key_pair *pair,
    struct tls_pem *const *pems, struct problems *problems)
{
	char chain[4100], key[4100], *fault;

	if (pems[pair->chain] == NULL || pems[pair->key] == NULL)
		return;
	fault = tls_pem_pair_fault(pems[pair->chain], pems[pair->key]);
	if (fault == NULL)
		return;
	problem_add(problems, 0, "%s: %s does not serve with the certificate "
	    "in %s: %s; renew both together", pair->where,
	    item_name(&l->v[pair->key], key, sizeof(key)),
	    item_name(&l->v[pair->chain], chain, sizeof(chain)), fault);
	free(fault);
}

int
key_list_check(const struct key_list *l, struct problems *problems)
{
	struct tls_pem **pems = xcalloc(l->n + 1, sizeof(*pems));
	size_t before = problems->errors, i;

	for (i = 0; i < l->n; i++) {
		if (!l->v[i].known)
			continue;
		pems[i] = tls_pem_read(span_make(l->v[i].p, l->v[i].len));
		if (!item_check(&l->v[i], pems[i], problems))
			tls_pem_free(&pems[i]);
	}
	for (i = 0; i < l->n_pairs; i++)
		pair_check(l, &l->pairs[i], pems, problems);
	for (i = 0; i < l->n; i++)
		tls_pem_free(&pems[i]);
	free(pems);
	return problems->errors == before ? 0 : -1;
}
