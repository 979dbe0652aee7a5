/* SPDX-License-Identifier: Apache-2.0 */
/* SASL mechanism names that mean something to us, as bits. */
#ifndef LIB_MAIL_MECHANISM_H
#define LIB_MAIL_MECHANISM_H

#include "lib/base/span.h"

enum mechanism {
	MECHANISM_PLAIN = 1,
	MECHANISM_LOGIN = 2,
	MECHANISM_CRAM_MD5 = 4,
	MECHANISM_XOAUTH2 = 8,
	MECHANISM_OAUTHBEARER = 16,
	MECHANISM_EXTERNAL = 32,
	MECHANISM_SCRAM_SHA_256 = 64,
};

/* Its bit, or 0 for any other name. */
unsigned mechanism_of(struct span name);

#endif
