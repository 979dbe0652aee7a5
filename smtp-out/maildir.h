/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Delivery into a maildir: a file per recipient, written and synced in tmp,
 * renamed into new, the folder synced. The path is a template; what comes from
 * a message is encoded before it becomes part of a path, and below the part
 * that the operator wrote no symbolic link is followed.
 */
#ifndef SMTP_OUT_MAILDIR_H
#define SMTP_OUT_MAILDIR_H

#include <stddef.h>
#include <stdint.h>

#include "lib/base/buf.h"
#include "lib/base/span.h"
#include "lib/mail/envelope.h"

/*
 * Expands "{{ name }}" for one recipient: meta.KEY, queue, campaign, tenant,
 * domain, routing_domain, email, local_part, domain_part, sender_email,
 * sender_local_part, sender_domain_part. fixed_out counts the bytes in front
 * that the operator wrote. 0, or -1 and a reason.
 */
int maildir_path(struct span template, const struct envelope *env,
    struct span rcpt, struct buf *out, size_t *fixed_out,
    const char **why_out);

struct maildir_file {
	struct span path;    /* expanded */
	size_t fixed;
	int32_t dir_mode, file_mode; /* -1: the umask decides */
	struct span name;    /* unique in this folder */
	struct span prefix, body;
};

/* 0, or -1 and a reason. */
int maildir_write(const struct maildir_file *f, const char **why_out);

#endif
