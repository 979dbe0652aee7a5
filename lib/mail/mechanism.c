/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/mail/mechanism.h"

#include <stddef.h>

static const struct {
	const char *name;
	enum mechanism bit;
} mechanisms[] = {
	{ "PLAIN", MECHANISM_PLAIN },
	{ "LOGIN", MECHANISM_LOGIN },
	{ "CRAM-MD5", MECHANISM_CRAM_MD5 },
	{ "XOAUTH2", MECHANISM_XOAUTH2 },
	{ "OAUTHBEARER", MECHANISM_OAUTHBEARER },
	{ "EXTERNAL", MECHANISM_EXTERNAL },
	{ "SCRAM-SHA-256", MECHANISM_SCRAM_SHA_256 },
};

unsigned
mechanism_of(struct span name)
{
	size_t i;

	for (i = 0; i < sizeof(mechanisms) / sizeof(*mechanisms); i++) {
		if (span_ieq_str(name, mechanisms[i].name))
			return mechanisms[i].bit;
	}
	return 0;
}
