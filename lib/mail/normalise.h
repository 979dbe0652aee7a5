/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Replies of servers with what differs from message to message replaced by
 * tokens, so that alike ones can be counted together. A best effort: what it
 * leaves may still name people.
 */
#ifndef LIB_MAIL_NORMALISE_H
#define LIB_MAIL_NORMALISE_H

#include "lib/base/buf.h"
#include "lib/base/span.h"

/*
 * Appends the words of text, parted by single spaces. Of each the part between
 * brackets, quotes and marks at its ends, and the part behind a '=', becomes
 * {timestamp}, {uuid}, {hash}, {ipaddr}, {base64} or {email} where it is such.
 */
void normalise_response(struct span text, struct buf *out);

#endif
