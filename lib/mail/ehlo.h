/* SPDX-License-Identifier: Apache-2.0 */
/* What a server offers in its answer to EHLO (or LHLO). */
#ifndef LIB_MAIL_EHLO_H
#define LIB_MAIL_EHLO_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/mail/reply.h"

struct ehlo {
	bool pipelining;
	bool eight_bit_mime;
	bool smtputf8;
	bool starttls;
	bool enhanced_codes;
	bool chunking;
	bool dsn;
	bool xclient;
	bool has_size;
	uint64_t size;       /* 0: no fixed limit */
	unsigned mechanisms; /* enum mechanism */
};

/* From a 250 reply; what is unknown or malformed is passed over. */
void ehlo_parse(const struct reply *r, struct ehlo *out);

#endif
