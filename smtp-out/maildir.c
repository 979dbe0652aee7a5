/* SPDX-License-Identifier: Apache-2.0 */
#include "smtp-out/maildir.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include "lib/base/text.h"
#include "lib/mail/queue_name.h"

enum { MAILDIR_PATH_MAX = 3000, MAILDIR_NAME_MAX = 240 };

/* ---- the template ------------------------------------------------------- */

/*
 * A value as part of one path component: '/' and controls, '%' itself, and a
 * dot in front (so that "." and ".." are names like others) as %XX. Different
 * values stay different.
 */
static void
put_encoded(struct buf *out, struct span value)
{
	size_t i;

	for (i = 0; i < value.len; i++) {
		unsigned char c = (unsigned char)value.p[i];

		if (c == '/' || c == '%' || c < ' ' || c == 0x7f ||
		    (c == '.' && i == 0))
			buf_addf(out, "%%%02X", c);
		else
			buf_add_byte(out, c);
	}
}

/* The part of an address before or behind its last '@'. */
static struct span
address_part(struct span address, bool domain)
{
	size_t at = address.len;

	while (at > 0 && address.p[at - 1] != '@')
		at--;
	if (at == 0)
		return domain ? span_make(NULL, 0) : address;
	return domain ? span_from(address, at) :
	    span_make(address.p, at - 1);
}

/* Metadata values are JSON; only texts and plain numbers make sense here. */
static int
meta_value(const struct envelope *env, struct span key, struct span *out)
{
	struct span v;
	size_t i;

	if (!pairs_find(env->meta, key, &v) || v.len == 0 ||
	    span_eq_str(v, "null")) {
		*out = span_make(NULL, 0);
		return 0;
	}
	if (v.p[0] != '"') {
		*out = v;
		return v.p[0] == '{' || v.p[0] == '[' ? -1 : 0;
	}
	*out = span_make(v.p + 1, v.len >= 2 ? v.len - 2 : 0);
	for (i = 0; i < out->len; i++) {
		if (out->p[i] == '\\')
			return -1; /* what is escaped in JSON is no path */
	}
	return 0;
}

/* meta.KEY, meta["KEY"], meta['KEY'] */
static int
meta_key(struct span name, struct span *key_out)
{
	size_t n = name.len;

	if (span_starts(name, "meta.") && n > 5) {
		*key_out = span_from(name, 5);
		return 0;
	}
	if (!span_starts(name, "meta[") || n < 8 || name.p[n - 1] != ']' ||
	    (name.p[5] != '"' && name.p[5] != '\'') ||
	    name.p[n - 2] != name.p[5])
		return -1;
	*key_out = span_make(name.p + 6, n - 8);
	return 0;
}

static int
variable(struct span name, const struct envelope *env, struct span rcpt,
    struct span *out)
{
	struct queue_name q;
	struct span key;
	const struct {
		const char *name;
		struct span value;
	} of_address[] = {
		{ "email", rcpt },
		{ "local_part", address_part(rcpt, false) },
		{ "domain_part", address_part(rcpt, true) },
		{ "sender_email", env->sender },
		{ "sender_local_part", address_part(env->sender, false) },
		{ "sender_domain_part", address_part(env->sender, true) },
		{ "queue", env->queue },
	};
	size_t i;

	for (i = 0; i < sizeof(of_address) / sizeof(*of_address); i++) {
		if (span_eq_str(name, of_address[i].name)) {
			*out = of_address[i].value;
			return 0;
		}
	}
	if (meta_key(name, &key) == 0)
		return meta_value(env, key, out);
	if (queue_name_parse(env->queue, &q) != 0)
		return -1;
	if (span_eq_str(name, "campaign"))
		*out = q.campaign;
	else if (span_eq_str(name, "tenant"))
		*out = q.tenant;
	else if (span_eq_str(name, "domain"))
		*out = q.domain;
	else if (span_eq_str(name, "routing_domain"))
		*out = q.routing_domain;
	else
		return -1;
	return 0;
}

/* Where "}}" begins behind `from`, or the length. */
static size_t
find_close(struct span s, size_t from)
{
	while (from + 1 < s.len && (s.p[from] != '}' || s.p[from + 1] != '}'))
		from++;
	return from + 1 < s.len ? from : s.len;
}

int
maildir_path(struct span template, const struct envelope *env,
    struct span rcpt, struct buf *out, size_t *fixed_out,
    const char **why_out)
{
	size_t at = 0, close, i;
	struct span value;
	bool fixed = true;

	*fixed_out = 0;
	while (at < template.len) {
		if (at + 1 >= template.len || template.p[at] != '{' ||
		    template.p[at + 1] != '{') {
			buf_add_byte(out, (uint8_t)template.p[at++]);
			continue;
		}
		if (fixed) {
			/* Up to the folder in which values begin. */
			for (i = buf_len(out); i > 0 &&
			    buf_data(out)[i - 1] != '/'; i--)
				;
			*fixed_out = i;
			fixed = false;
		}
		close = find_close(template, at + 2);
		if (close == template.len ||
		    variable(span_trim(span_make(template.p + at + 2,
		    close - at - 2)), env, rcpt, &value) != 0) {
			*why_out = "maildir_path has an expression that is "
			    "not understood";
			return -1;
		}
		put_encoded(out, value);
		at = close + 2;
	}
	if (fixed)
		*fixed_out = buf_len(out);
	if (buf_len(out) == 0 || buf_data(out)[0] != '/' ||
	    buf_len(out) > MAILDIR_PATH_MAX) {
		*why_out = "maildir_path does not give a usable absolute path";
		return -1;
	}
	return 0;
}

/* ---- writing ------------------------------------------------------------ */

/*
 * One folder below another, made if need be. A name with a mode is given it
 * whatever the umask says. follow: may it be a symbolic link?
 */
static int
folder_open(int below, const char *name, int32_t mode, bool follow)
{
	int flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC |
	    (follow ? 0 : O_NOFOLLOW);
	int fd = openat(below, name, flags);
	bool made;

	if (fd != -1 || errno != ENOENT)
		return fd;
	made = mkdirat(below, name, mode >= 0 ? (mode_t)mode : 0777) == 0;
	if (!made && errno != EEXIST)
		return -1;
	fd = openat(below, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC |
	    O_NOFOLLOW);
	if (fd == -1 || !made)
		return fd;
	/* The new name must last, too: it is the way to the message. */
	if ((mode >= 0 && fchmod(fd, (mode_t)mode) == -1) ||
	    (below != AT_FDCWD && fsync(below) == -1)) {
		close(fd);
		return -1;
	}
	return fd;
}

/* Every folder of the path, one after the other. */
static int
path_open(const struct maildir_file *f)
{
	char *path = span_dup(f->path), *at = path + 1, *slash;
	int fd = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC), next;

	while (fd != -1 && *at != '\0') {
		slash = strchr(at, '/');
		if (slash != NULL)
			*slash = '\0';
		if (*at != '\0') {
			next = folder_open(fd, at, f->dir_mode,
			    (size_t)(at - path) < f->fixed);
			close(fd);
			fd = next;
		}
		at = slash != NULL ? slash + 1 : at + strlen(at);
	}
	free(path);
	return fd;
}

static int
write_all(int fd, const struct maildir_file *f)
{
	struct iovec v[2] = {
		{ (void *)(uintptr_t)f->prefix.p, f->prefix.len },
		{ (void *)(uintptr_t)f->body.p, f->body.len } };
	struct iovec *at = v;
	int left = 2;
	ssize_t n;

	while (left > 0) {
		if (at->iov_len == 0) {
			at++;
			left--;
			continue;
		}
		n = writev(fd, at, left);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return -1;
		for (; left > 0 && (size_t)n >= at->iov_len; at++, left--)
			n -= (ssize_t)at->iov_len;
		if (left > 0) {
			at->iov_base = (char *)at->iov_base + n;
			at->iov_len -= (size_t)n;
		}
	}
	return 0;
}

static int
file_write(int tmp, int fresh, const char *name, const struct maildir_file *f)
{
	int fd = openat(tmp, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC |
	    O_NOFOLLOW, f->file_mode >= 0 ? (mode_t)f->file_mode : 0666);
	bool moved = false;
	int saved;

	if (fd == -1)
		return -1;
	if ((f->file_mode < 0 || fchmod(fd, (mode_t)f->file_mode) == 0) &&
	    write_all(fd, f) == 0 && fsync(fd) == 0) {
		moved = renameat(tmp, name, fresh, name) == 0;
		if (moved && fsync(fresh) == 0) {
			close(fd);
			return 0;
		}
	}
	saved = errno;
	close(fd);
	unlinkat(moved ? fresh : tmp, name, 0);
	errno = saved;
	return -1;
}

int
maildir_write(const struct maildir_file *f, const char **why_out)
{
	int base = path_open(f), tmp = -1, fresh = -1, cur = -1, rc = -1;
	char name[MAILDIR_NAME_MAX + 1];

	if (f->name.len > MAILDIR_NAME_MAX) {
		errno = ENAMETOOLONG;
		goto out;
	}
	memcpy(name, f->name.p, f->name.len);
	name[f->name.len] = '\0';
	if (base == -1 ||
	    (cur = folder_open(base, "cur", f->dir_mode, false)) == -1 ||
	    (tmp = folder_open(base, "tmp", f->dir_mode, false)) == -1 ||
	    (fresh = folder_open(base, "new", f->dir_mode, false)) == -1)
		goto out;
	rc = file_write(tmp, fresh, name, f);
out:
	*why_out = rc == 0 ? NULL : strerror(errno);
	if (cur != -1)
		close(cur);
	if (tmp != -1)
		close(tmp);
	if (fresh != -1)
		close(fresh);
	if (base != -1)
		close(base);
	return rc;
}
