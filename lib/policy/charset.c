/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/policy/charset.h"

#include <stddef.h>

#include "lib/mail/charset.h"

/* Of the process, as the files are that they were read from. */
static struct charsets *charsets;

void
policy_charsets_open(void)
{
	if (charsets != NULL)
		return;
	charsets = charsets_open();
	charsets_open_encoders(charsets);
}

const struct charsets *
policy_charsets(void)
{
	return charsets;
}
