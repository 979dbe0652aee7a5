/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The terms of a session as the queue manager sent them: egress path, source,
 * protocol. Options that this build cannot honour are found here, so that they
 * fail the mail instead of being passed over.
 */
#ifndef SMTP_OUT_TERMS_H
#define SMTP_OUT_TERMS_H

#include <stdbool.h>

#include "lib/base/span.h"
#include "lib/settings/egress_path.h"
#include "lib/settings/egress_source.h"
#include "lib/settings/queue_config.h"

struct terms {
	struct egress_path path;
	struct egress_source source;
	struct protocol protocol;
	bool damaged;
};

/* Empty text means defaults; terms that cannot be read are never met. */
void terms_read(struct terms *t, struct span path, struct span source,
    struct span protocol);
void terms_free(struct terms *t);
/* "option NAME ..." of the first one that is asked for in vain, or NULL. */
const char *terms_unmet(const struct terms *t);
/* Is STARTTLS used when offered, and must it be? */
bool terms_tls_required(const struct terms *t);
bool terms_tls_opportunistic(const struct terms *t);
bool terms_tls_verified(const struct terms *t);

#endif
